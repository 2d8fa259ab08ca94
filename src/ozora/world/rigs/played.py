"""Solids that go where the physics engine had them go: a recorded scene at a shot's size, place and time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ozora.world.concepts import SIZE_SCALE
from ozora.world.physics import cast
from ozora.world.physics.library import Motion, motion
from ozora.world.rigs.frame import Frame, Parts, rotation
from ozora.world.rigs.gait import GRAVITIES, GRAVITY
from ozora.world.rigs.paths import ANGLES, Path, Scene
from ozora.world.rigs.solids import ON_TABLE, shown
from ozora.world.shot import Shot, Subject

BEFORE = {"collide": (0.30, 0.40), "topple": (0.28, 0.36), "push": (0.10, 0.16)}
"""Action → share of the clip that passes, if it can, before the solids meet; others begin with the clip."""

_WAY = 1.7
"""Metres, of the recording, that the first solid has to go when the clip begins."""

_LEAD = 0.55
"""Seconds that should pass before the blow."""


@dataclass(frozen=True)
class Played:
    """One recorded scene on the set: turned, mirrored perhaps, scaled, and begun at some moment of it."""

    motion: Motion
    angle: float  # of the way, radians as in ``Path``
    mirrored: bool
    size: float  # metres for one of the recording's
    step: int  # by how many sizes the first solid is larger than the others
    pace: float  # seconds for one of the recording's, by Froude's law
    start: float  # seconds of the recording at which the clip begins

    def frames(self, times: Tensor) -> list[Frame]:
        """Where every solid is at times (F,), by its middle; the second one starts at the origin."""
        position, axes = self.motion.at(self.start + times / self.pace)
        if self.mirrored:
            flip = torch.tensor([1.0, 1.0, -1.0])
            position, axes = position * flip, flip[:, None] * axes * flip
        turn = rotation(-self.angle, 0.0, 0.0, 1)[0]
        position, axes = position @ turn.T * self.size, turn @ axes
        return [Frame(position[:, solid], axes[:, solid]) for solid in range(position.shape[1])]

    def touches(self, last: float) -> tuple[tuple[float, int], ...]:
        """Seconds of the clip, up to the last, at which a solid, 1.., first touches another or lands."""
        told = []
        for seconds, *pair in self.motion.touches:
            moment = (seconds - self.start) * self.pace
            told += [(moment, solid + 1) for solid in pair if solid >= 0 and 0 <= moment <= last]
        return tuple(told)


@dataclass(frozen=True)
class PlayedPath(Path):
    """The way of one solid that plays a scene alone: where ``at`` says, over the ground."""

    played: Played | None = None

    def at(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """Positions and unit directions, each (..., 2) in the x-z plane, at times (F,)."""
        assert self.played is not None
        way = self.played.frames(times)[0].origin[:, [0, 2]]
        direction = torch.tensor([math.cos(self.angle), math.sin(self.angle)])
        return way + torch.tensor([self.x, self.z]), direction.expand_as(way)

    def frame(self, scene: Scene) -> Frame:
        """The solid's frame, about its middle."""
        assert self.played is not None
        (frame,) = self.played.frames(scene.times)
        middle = torch.tensor([[self.x, self.z]])
        lift = torch.tensor([self.x, float(scene.heights(middle)[0]), self.z])
        return replace(frame, origin=frame.origin + lift)


    def landings(self, last: float) -> tuple[float, ...]:
        """Seconds of the clip, up to the last, at which it lands."""
        assert self.played is not None
        return tuple(seconds for seconds, _ in self.played.touches(last))


def pose(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A solid on its played way, with its middle (F, 3): what rigs do for bodies that move by themselves."""
    assert isinstance(path, PlayedPath) and path.played is not None
    return shown(subject, path.frame(scene), path.played.size)


def unit_of(place: str) -> float:
    """Metres for one of a recording's: toys on a table."""
    return ON_TABLE if place == "tabletop" else 1.0


def meeting(shot: Shot, scene: Scene, chance: np.random.Generator) -> Played:
    """The scene that a shot of several solids plays. Raises OzoraError for one that was never simulated."""
    first, *others = shot.subjects
    kinds = tuple(subject.kind for subject in shot.subjects)
    step = cast.SIZES.index(first.size) - cast.SIZES.index(others[0].size)
    recorded = motion(cast.Scene(first.action, kinds, step, first.speed))
    angle = ANGLES[first.direction]
    if first.direction in ("towards", "away"):
        # Aside, or the one in front would hide what happens.
        angle += float(chance.choice([-1.0, 1.0])) * float(chance.uniform(0.55, 0.8))
    else:
        angle += 0.16 * float(chance.uniform(-1, 1))
    return replace(_play(recorded, first.action, others[0], scene, angle, chance), step=step)


def alone(subject: Subject, path: Path, scene: Scene, chance: np.random.Generator) -> PlayedPath:
    """The path of one solid that falls or tumbles as it was simulated, at mid-clip where the path is."""
    recorded = motion(cast.Scene(subject.action, (subject.kind,), 0, subject.speed))
    played = _play(recorded, subject.action, subject, scene, path.angle, chance)
    x, _, z = played.frames(scene.times)[0].origin[scene.frames // 2].tolist()
    return PlayedPath(path.x - x, path.z - z, path.angle, 0.0, 0.0, path.middle, played=played)


def _play(
    recorded: Motion, action: str, measure: Subject, scene: Scene, angle: float, chance: np.random.Generator
) -> Played:
    size = SIZE_SCALE[measure.size] * unit_of(scene.place)
    pace = math.sqrt(size * GRAVITY / GRAVITIES.get(scene.place, GRAVITY))
    share = float(chance.uniform(*BEFORE.get(action, (0.0, 0.0))))
    start = 0.0
    if action in BEFORE:
        # Near enough to see both well, unless that would begin with the blow.
        near = min(_near(recorded, _WAY), max(_near(recorded, 1.7 * _WAY), recorded.moment - _LEAD / pace))
        start = max(recorded.moment - share * float(scene.times[-1]) / pace, near)
    return Played(recorded, angle, bool(chance.uniform() < 0.5), size, 0, pace, start)


def _near(recorded: Motion, way: float) -> float:
    """Seconds of the recording until its first solid has so many metres to go, or its own size if larger."""
    to_go = recorded.position[:, 1, 0] - recorded.position[:, 0, 0]
    meet = min(round(recorded.moment * cast.RATE), len(to_go) - 1)
    way = max(way, 0.9 * float(to_go[meet]))
    return float((to_go[:meet] - to_go[meet] > way).sum()) / cast.RATE
