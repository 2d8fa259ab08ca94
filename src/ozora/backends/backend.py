"""Who renders a take: the one interface between the director's verbs and the networks behind them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from torch import Tensor

from ozora.backends.grid import Grid
from ozora.media.clip import Frames
from ozora.model.conditions import Condition

OnStep = Callable[[int, int], None]
"""Called with (done, total) after each unit of work; may raise to stop it."""


@dataclass(frozen=True)
class Sampling:
    """How a model is best denoised. ``shift`` moves noise levels; ``None`` takes it from the film's size."""

    steps: int = 8
    guidance: float = 3.0
    shift: float | None = None


@dataclass(frozen=True)
class Card:
    """What a backend says of itself; ``hash`` names its weights to the bit."""

    name: str
    hash: str
    grid: Grid
    sampling: Sampling
    recipe: str = ""
    ledger_root: str = ""


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

    def denoise(
        self,
        words: Any,
        negative: Any,
        *,
        cells: tuple[int, int],
        latents: int,
        seed: int,
        steps: int,
        guidance: float,
        conditions: Sequence[Condition],
        on_step: OnStep,
        first: int = 0,
    ) -> Tensor:
        """Latents (1, L, C, h, w) of a seed: same arguments, same bits on one kind of machine.

        ``first`` is where in a longer film this window begins: each latent of a film has noise of its own.
        """

    def stream(self, latents: Tensor, scale: int) -> Iterator[Frames]:
        """Decode latents (1, L, C, h, w) one by one in constant memory: one frame, then four at a time."""

    def decode(self, latents: Tensor, scale: int, on_step: OnStep) -> Frames:
        """Latents (1, L, C, h, w) to frames (4L - 3, H, W, 3)."""
