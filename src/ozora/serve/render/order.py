"""What is to be filmed, as a job keeps it, and the protocol of whoever films it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

from ozora.errors import OzoraError, refuse
from ozora.media.clip import Clip, Frames
from ozora.serve.settings import Settings

STATE = "*.take"
"""Files of a work folder that an interrupted attempt is gone on from, replaced whole, never written into."""


@dataclass(frozen=True)
class Order:
    """A film to be made: ``frames`` of ``width`` x ``height`` pixels in the file, at the model's rate.

    For ``extend``, ``frames`` counts the new part only; ``before`` are the frames of the source. ``None``
    leaves a setting to the model. A film made of one that was sent is not ``exact``: it may come out a few
    frames shorter, as its source has no whole number of the model's steps.

    ``stills`` are the seconds of the given pictures ``still-0``, ``still-1``…, ``None`` the film's end;
    ``cards`` those of a storyboard, their pictures by name; ``curve`` how a blend goes from one film to the
    other. ``candidates`` drafts are made and the best is finished, or shown if a ``draft`` is asked for;
    ``way`` is how a draft is finished. ``sources`` are the videos a blend is made of.
    """

    verb: str
    prompt: str
    width: int
    height: int
    frames: int
    seed: int
    negative: str = ""
    steps: int | None = None
    guidance: float | None = None
    quality: str | None = None
    strength: float | None = None
    before: int = 0
    exact: bool = True
    stills: tuple[float | None, ...] = ()
    cards: tuple[dict[str, Any], ...] = ()
    curve: str = "morph"
    candidates: int = 1
    draft: bool = False
    way: str = "resume"
    sources: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values for the job's row."""
        usual = {found.name: found.default for found in fields(self)}
        told = {name: value for name, value in asdict(self).items() if value != usual[name]}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in told.items()}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Order:
        """Read what :meth:`to_json` wrote."""
        known = {found.name for found in fields(cls)}
        found = {name: value for name, value in values.items() if name in known}
        listed = {name: tuple(value) for name, value in found.items() if isinstance(value, list)}
        return cls(**{**found, **listed})

    @property
    def pictures(self) -> tuple[str, ...]:
        """Names of the further pictures that it comes with."""
        shown = [f"still-{number}" for number in range(len(self.stills))]
        return (*shown, *(card["picture"] for card in self.cards if "picture" in card))


@dataclass(frozen=True)
class Given:
    """Files an order comes with: a first frame, the film it starts from (latents beside it, if ours), the
    second one of a blend, a draft's state, and further pictures by their names."""

    image: Path | None = None
    source: Path | None = None
    second: Path | None = None
    draft: Path | None = None
    pictures: Mapping[str, Path] = field(default_factory=dict)


@dataclass(frozen=True)
class Card:
    """What a renderer films by itself: native sizes (width, height), the first preferred; frames at most."""

    name: str
    hash: str
    sizes: tuple[tuple[int, int], ...]
    fps: int
    frames: int
    steps: int
    guidance: float


@dataclass(frozen=True)
class Rendered:
    """A film at its native size, and what is to be told of it.

    ``keep`` are further files, by the name to keep them under: latents, the native film. ``receipt`` holds
    seconds by phase, ``notes`` and what was understood; ``about`` is shown with the film.
    """

    clip: Clip
    keep: Mapping[str, Path] = field(default_factory=dict)
    receipt: Mapping[str, Any] = field(default_factory=dict)
    about: Mapping[str, Any] = field(default_factory=dict)


class Tell(Protocol):
    """Told how much is done, 0 to 1, and shown what the film looks like so far; raises to stop the work."""

    def __call__(self, share: float, preview: Frames | None = None) -> None: ...


class Renderer(Protocol):
    """Who films. The same order and files give the same film."""

    def card(self) -> Card:
        """What it films; known without loading anything large."""

    def load(self) -> None:
        """Get ready and stay so; a second call does nothing."""

    def render(self, order: Order, given: Given, work: Path, tell: Tell) -> Rendered:
        """Film. ``work`` is the job's own folder: what an earlier, interrupted attempt left there is of use.

        What matches ``STATE`` there also reaches workers on other machines.

        Raises ``OzoraError`` for what cannot be filmed after all, and passes on what ``tell`` raises.
        """


def load_renderer(settings: Settings) -> Renderer:
    """The renderer that the settings name as ``module:Class``; its constructor takes the settings."""
    module, _, name = settings.renderer.partition(":")
    try:
        found: Renderer = getattr(import_module(module), name)(settings)
    except (ImportError, AttributeError, ValueError, TypeError) as error:
        if isinstance(error, OzoraError):
            raise
        raise refuse("renderer", settings.renderer, f"module:Class that can be imported ({error})") from error
    return found


def nearest(sizes: tuple[tuple[int, int], ...], width: int, height: int) -> tuple[int, int]:
    """The native size whose shape is nearest to what is asked."""
    from math import log

    return min(sizes, key=lambda size: (abs(log(size[0] * height / (size[1] * width))), -size[0] * size[1]))
