"""What makes a place: its ground, its relief, its far land, what grows or stands there, and its air."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.render.far import Range
from ozora.world.render.light import Air, Light
from ozora.world.render.marks import Mark
from ozora.world.render.rays import Rays, Seen
from ozora.world.render.scatter import Scatter
from ozora.world.render.spot import Spot

Room = Callable[[Light, str, int, Tensor, float], Tensor]
"""What stands around a set indoors: light, time, family, rays (3, N) and blur to colours (3, N)."""


def nothing_far(family: int) -> tuple[Range, ...]:
    """No far land."""
    return ()


@dataclass(frozen=True)
class Scenery:
    """A place as the renderer sees it. ``family`` picks one of a few variations of each texture."""

    ground: Callable[[Spot], Tensor]  # colour (3, N) of points of the ground
    bounce: RGB  # the ground's colour, as bodies above it are lit from below
    tile: float = 0.0  # metres of one side of the relief's tile; 0 for level ground
    relief: Callable[[int], Tensor] | None = None  # heights (s, s) in metres of one tile
    far: Callable[[int], tuple[Range, ...]] = nothing_far  # farthest first
    air: Air = "open"
    water: bool = False  # mirrors bodies
    wet: float = 0.0  # how much of what is built the ground mirrors
    scatter: tuple[Scatter, ...] = ()  # what grows or lies about, nearest kinds first
    marks: tuple[Mark, ...] = ()  # what lies on the ground, the action's too
    built: Callable[[Rays], Seen] | None = None  # walls and houses
    room: Room | None = None  # instead of the sky
    half_sides: tuple[float, float] | None = None  # where the ground ends, per metre of the scene's scale
