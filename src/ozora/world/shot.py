"""The Shot: one camera take, described. The common tongue of world, captions, prompts and evaluation."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Subject:
    """Somebody or something that acts. Every word is a name in ``ozora.world.concepts``."""

    kind: str
    colour: str = "natural"
    material: str = "natural"
    size: str = "medium"
    action: str = "stand"
    speed: str = "normal"
    direction: str = "right"
    position: str = "centre"


@dataclass(frozen=True)
class Camera:
    """How the camera stands and moves."""

    move: str = "static"
    framing: str = "medium"
    height: str = "eye"


@dataclass(frozen=True)
class Cut:
    """A change to another camera inside the clip, ``at`` seconds from its start."""

    at: float
    camera: Camera


@dataclass(frozen=True)
class Shot:
    """One camera take described: who does what, where, when, in what weather, seen how, looking how.

    ``occluder`` names something the first subject passes behind (or "none").
    ``seed`` decides everything the words leave open: relief, clouds, gait phase, exact camera path.
    """

    subjects: tuple[Subject, ...]
    place: str = "meadow"
    time: str = "noon"
    weather: str = "clear"
    camera: Camera = field(default_factory=Camera)
    look: str = "natural"
    occluder: str = "none"
    cuts: tuple[Cut, ...] = ()
    seconds: float = 4.0
    fps: int = 12
    seed: int = 0

    @property
    def frames(self) -> int:
        """Frames of the clip, of the form 1 + 4k that the autoencoder wants."""
        return 1 + 4 * max(0, round(self.seconds * self.fps / 4))
