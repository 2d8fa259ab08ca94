"""Who renders a take: the one interface between the director's verbs and the networks behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from torch import Tensor

from ozora.backends.grid import Grid
from ozora.media.clip import Frames
from ozora.model.conditions import Condition
from ozora.model.sampler import Moment, OnMoment

OnStep = Callable[[int, int], None]
"""Called with (done, total) after each unit of work; may raise to stop it."""


QUALITIES = ("draft", "standard", "high", "best")
"""What a film may be asked for by name, from the quickest to the best that the weights can do."""

MOST_TAKES = 64
"""Takes that are made at once, and beginnings that one is chosen from, at most."""


@dataclass(frozen=True)
class Sampling:
    """How a model is best denoised. ``shift`` moves noise levels; ``None`` takes it from the film's size.

    ``guidance`` 1 is none: then a few-step student films, where the weights have one. ``refining`` are the
    steps in which a refiner makes the film clear on twice as many cells a side; 0 leaves it as laid out.
    ``drafts`` are the beginnings of which the best becomes the film.
    """

    steps: int = 8
    guidance: float = 3.0
    shift: float | None = None
    refining: int = 0
    drafts: int = 1


@dataclass(frozen=True)
class Card:
    """What a backend says of itself; ``hash`` names its weights to the bit.

    ``sampling`` is that of the transformer itself, with guidance; ``qualities`` has one for each of
    ``QUALITIES``.
    """

    name: str
    hash: str
    grid: Grid
    sampling: Sampling
    recipe: str = ""
    ledger_root: str = ""
    qualities: Mapping[str, Sampling] = field(default_factory=dict)

    def quality(self, name: str | None) -> Sampling:
        """The sampling of one of ``QUALITIES``, by default "standard"."""
        return self.qualities.get(name or "standard", self.sampling)


@dataclass(frozen=True)
class Look:
    """A few moments of a film, decoded, and what they seem to show: axis to value to probability."""

    frames: Frames  # (N, H, W, 3)
    shows: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


class Backend(Protocol):
    """Turns words and conditions into latents, and latents into frames."""

    @property
    def card(self) -> Card:
        """Name, weights and abilities; known before the networks are loaded."""

    def load(self) -> None:
        """Bring the networks into memory; a second call does nothing."""

    def understand(self, prompt: str) -> Any:
        """Read words; the result is handed back to :meth:`denoise` as ``words`` or ``negative``."""

    def reading(self, words: Any) -> Mapping[str, tuple[str, float]]:
        """What the model took from the words: axis to (value, how sure from 0 to 1)."""

    def encode(self, frames: Frames) -> Tensor:
        """Frames (1 + 4k, H, W, 3) on the grid at scale 1 to latents (1, 1 + k, C, h, w)."""

    def begin(
        self,
        *,
        cells: tuple[int, int],
        latents: int,
        seed: int,
        conditions: Sequence[Condition],
        first: int = 0,
    ) -> Moment:
        """The film before its first step: noise, and what the conditions pin.

        ``first`` is where in a longer film this window begins: each latent of a film has noise of its own.
        """

    def go_on(
        self,
        words: Any,
        negative: Any,
        moment: Moment,
        *,
        steps: int,
        guidance: float,
        until: int | None = None,
        on_moment: OnMoment | None = None,
    ) -> Moment:
        """Denoise from ``moment`` to the end, or ``until`` a step; stopped or not, the same bits."""

    def foresee(self, words: Any, moment: Moment, *, steps: int) -> Tensor:
        """Where a film begun in so many steps is heading, by a single pass: clean latents (1, L, C, h, w)."""

    def look(self, latents: Tensor) -> Look:
        """A few moments of the film of latents (1, L, C, h, w); they show nothing where nobody can tell."""

    def preview(self, latents: Tensor) -> Frames:
        """Latents (1, L, C, h, w) to tiny frames (L, 4h, 4w, 3), hardly at any cost."""

    def edit(
        self,
        old: Any,
        new: Any,
        negative: Any,
        *,
        source: Tensor,
        seed: int,
        steps: int,
        strength: float,
        guidance: float,
        conditions: Sequence[Condition],
        on_step: OnStep,
        first: int = 0,
    ) -> Tensor:
        """Latents (1, L, C, h, w) of ``source``, changed by the difference of ``old`` and ``new`` words."""

    def refine(
        self,
        words: Any,
        layout: Tensor,
        *,
        seed: int,
        steps: int,
        conditions: Sequence[Condition],
        on_step: OnStep,
        first: int = 0,
    ) -> Tensor:
        """Latents (1, L, C, 2h, 2w) that make clear what ``layout`` (1, L, C, h, w) shows."""

    def stream(self, latents: Tensor, scale: int) -> Iterator[Frames]:
        """Decode latents (1, L, C, h, w) one by one in constant memory: one frame, then four at a time."""

    def decode(self, latents: Tensor, scale: int, on_step: OnStep) -> Frames:
        """Latents (1, L, C, h, w) to frames (4L - 3, H, W, 3)."""
