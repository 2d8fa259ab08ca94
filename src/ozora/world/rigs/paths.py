"""Where a subject goes: gently curved paths over the ground, as exact functions of time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from ozora.world.rigs.frame import Frame, rotation
from ozora.world.shot import Subject

if TYPE_CHECKING:
    from ozora.world.rigs.course import Course

Ground = Callable[[Tensor], Tensor]
"""Terrain height: points (..., 2) of x and z in metres to heights (...)."""

SPEEDS = {"slow": 0.65, "normal": 1.0, "fast": 1.4}
ANGLES = {"right": 0.0, "towards": np.pi / 2, "left": np.pi, "away": -np.pi / 2}
SIDES = {"left": -1.0, "centre": 0.0, "right": 1.0}


@dataclass(frozen=True)
class Scene:
    """What every rig needs to know of the shot."""

    times: Tensor  # (F,) seconds
    ground: Ground
    place: str
    time: str

    @property
    def frames(self) -> int:
        return len(self.times)

    def heights(self, xz: Tensor) -> Tensor:
        """Height (...) of the ground, or of the calm sea, under points (..., 2)."""
        if self.place == "sea":
            return torch.zeros(xz.shape[:-1])
        return self.ground(xz).float()


@dataclass(frozen=True)
class Path:
    """An arc of a circle over the ground, travelled at constant speed or braking to a halt.

    A ``course`` goes before all that: a way with changes of speed and heading, told about the same point.
    """

    x: float
    z: float
    angle: float  # direction at the middle of the clip: (cos, sin) in the x-z plane
    curvature: float  # radians per metre
    speed: float  # metres per second when the clip begins
    middle: float  # seconds
    braking: float = 0.0  # metres per second squared
    course: Course | None = None

    def distance(self, times: Tensor) -> Tensor:
        """Metres travelled at times (...), counted from where the subject is at the middle of the clip."""
        if self.course is not None:
            return self.course.travelled_at(times)
        return self._travelled(times) - self._travelled(torch.tensor(self.middle))

    def _travelled(self, times: Tensor) -> Tensor:
        if self.braking > 0:
            times = times.clamp(max=self.speed / self.braking)
        return self.speed * times - 0.5 * self.braking * times.square()

    def at(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """Positions and unit directions, each (..., 2) in the x-z plane, at times (...)."""
        if self.course is not None:
            offset, angle = self.course.at(times)
            ahead = torch.stack([angle.cos(), angle.sin()], -1)
            return torch.tensor([self.x, self.z]) + offset, ahead
        return self.along(self.distance(times))

    def along(self, distance: Tensor) -> tuple[Tensor, Tensor]:
        """Positions and unit directions, each (..., 2), so many metres (...) along the arc."""
        turned = self.curvature * distance
        chord = distance * torch.sinc(turned / (2 * torch.pi))
        bearing, angle = self.angle + turned / 2, self.angle + turned
        centre = torch.tensor([self.x, self.z])
        position = centre + chord[..., None] * torch.stack([bearing.cos(), bearing.sin()], -1)
        return position, torch.stack([angle.cos(), angle.sin()], -1)


def plan_path(
    subject: Subject, speed: float, room: float, seconds: float, chance: np.random.Generator, *, oblique: bool
) -> Path:
    """A path for a subject of radius ``room`` metres whose middle lies at the place its position names.

    ``oblique`` turns towards and away far enough aside that something can stand between it and the camera.
    """
    aside, bend = chance.uniform(-1, 1), chance.uniform(-1, 1)
    angle = ANGLES[subject.direction]
    side = 1.0 if aside >= 0 else -1.0
    if subject.direction in ("towards", "away"):
        angle += side * (0.7 if oblique else 0.2 + 0.22 * abs(aside))
    else:
        angle += 0.14 * aside
    length = max(speed * seconds, 1e-3)
    curvature = 0.0 if oblique or speed == 0 else 0.16 * bend / length
    x = SIDES[subject.position] * 1.4 * room
    return Path(x, 0.0, float(angle), float(curvature), speed, seconds / 2)


def follow(path: Path, scene: Scene, base: float, scale: float) -> Frame:
    """The frame of a body that travels the path on the ground, pitched to the slope under ``base`` metres."""
    position, direction = path.at(scene.times)
    ahead, behind = (scene.heights(position + side * base / 2 * direction) for side in (1, -1))
    here = scene.heights(position)
    yaw = -torch.atan2(direction[:, 1], direction[:, 0])
    pitch = torch.atan2(ahead - behind, torch.tensor(base))
    height = (ahead + behind + here) / 3
    origin = torch.stack([position[:, 0], height, position[:, 1]], -1)
    return Frame(origin, rotation(yaw, pitch, 0.0, scene.frames), scale)


def spot(path: Path, scene: Scene, ahead: float, half: float) -> tuple[Tensor, Tensor, Tensor]:
    """Where something that lies across the way touches the ground, for a path without turns.

    ``ahead`` metres along the way from the path's own point, reaching ``half`` metres to either side: the
    ground's point (F, 3) under its middle, the yaw of the way, and the roll of the ground, radians (F,).
    """
    if path.course is None and path.speed > 0:
        position, direction = path.at(scene.times + ahead / path.speed)
    else:
        position, direction = path.along(path.distance(scene.times) + ahead)
    right = half * torch.stack([-direction[:, 1], direction[:, 0]], -1)
    low, high = scene.heights(position + right), scene.heights(position - right)
    origin = torch.stack([position[:, 0], (low + high) / 2, position[:, 1]], -1)
    roll = torch.atan2(high - low, torch.tensor(2 * half))
    return origin, -torch.atan2(direction[:, 1], direction[:, 0]), roll


def level(path: Path, scene: Scene, height: Tensor | float, scale: float) -> Frame:
    """The level frame of a body that travels the path at a given height, for what flies or floats."""
    position, direction = path.at(scene.times)
    yaw = -torch.atan2(direction[:, 1], direction[:, 0])
    up = torch.as_tensor(height, dtype=torch.float32).expand(scene.frames)
    origin = torch.stack([position[:, 0], up, position[:, 1]], -1)
    return Frame(origin, rotation(yaw, 0.0, 0.0, scene.frames), scale)
