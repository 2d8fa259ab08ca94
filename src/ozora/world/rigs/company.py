"""Subjects in company: groups of one kind, and two subjects that stand to each other as the camera sees them.

The first camera looks along −z, give or take some 22 degrees (``framing.compose``): what lies to the left on
the set lies to the left in the picture, what has more z is nearer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from ozora.world.bodies import Bodies, bounds
from ozora.world.framing import usual_azimuth
from ozora.world.relations import travels
from ozora.world.rigs.frame import Parts
from ozora.world.rigs.paths import ANGLES, SIDES, Path, Scene
from ozora.world.shot import Shot, Subject

Pose = Callable[[Subject, Path, Scene, np.random.Generator, float], tuple[Parts, Tensor]]

MEMBER_SCALE = 0.06
"""How much larger or smaller than the first of a group the others are, at most."""

LONGEST_PASSING = 1.9
"""Seconds for which two subjects that cross cover each other, at most."""


@dataclass(frozen=True)
class Plan:
    """One subject before it is posed: its way, and where about it every instance goes."""

    subject: Subject
    pose: Pose
    path: Path
    room: float  # metres about its way that one instance takes on the ground
    scale: float
    chance: np.random.Generator
    offsets: tuple[tuple[float, float], ...] = ((0.0, 0.0),)  # x and z of every instance, metres
    lift: float = 0.0  # metres it is raised
    placed: bool = False  # where a relation puts it, not where there is room

    @property
    def radius(self) -> float:
        """Metres about its way that all its instances take."""
        return self.room + max(float(np.hypot(*offset)) for offset in self.offsets)


@dataclass(frozen=True)
class _Extent:
    """How far a subject reaches from its way, in the whole clip."""

    across: float  # metres to the left and right
    deep: float  # metres to and fro
    lowest: float  # metres, of the lowest point
    highest: float

    @property
    def height(self) -> float:
        return self.highest - self.lowest


def arrange(shot: Shot, plans: list[Plan], scene: Scene) -> list[Plan]:
    """The plans with groups spread out and the first two subjects placed as the shot's relation says."""
    solo = [_extent(plan, scene) for plan in plans]
    plans = [_spread(plan, extent, shot, index) if plan.subject.count > 1 else plan
             for index, (plan, extent) in enumerate(zip(plans, solo, strict=True))]  # fmt: skip
    if shot.relation == "none":
        return plans
    chance = np.random.Generator(np.random.Philox(key=[shot.seed % 2**64, 50]))
    first, second = (_whole(plan, extent) for plan, extent in zip(plans[:2], solo[:2], strict=True))
    pair = _PLACED[shot.relation]((plans[0], first), (plans[1], second), chance, usual_azimuth(shot))
    return [*(replace(plan, placed=True) for plan in pair), *plans[2:]]


def members(plan: Plan, seed: int, index: int) -> list[tuple[Path, np.random.Generator, float]]:
    """Way, luck and scale of every instance of a subject; the first has the subject's own."""
    ways = []
    for number, (x, z) in enumerate(plan.offsets):
        chance, scale = plan.chance, plan.scale
        if number:
            chance = np.random.Generator(np.random.Philox(key=[seed % 2**64, index + 100 * number]))
            scale *= 1 + MEMBER_SCALE * float(chance.uniform(-1, 1))
        ways.append((replace(plan.path, x=plan.path.x + x, z=plan.path.z + z), chance, scale))
    return ways


def raised(bodies: Bodies, centre: Tensor, height: float) -> tuple[Bodies, Tensor]:
    """Bodies and their middle (F, 3), so many metres higher."""
    up = torch.tensor([0.0, height, 0.0])
    return replace(bodies, a=bodies.a + up, b=bodies.b + up, c=bodies.c + up), centre + up


def _extent(plan: Plan, scene: Scene) -> _Extent:
    """Measured on one instance, posed with a copy of its luck."""
    luck = np.random.Generator(np.random.Philox(key=[1, 1]))
    luck.bit_generator.state = plan.chance.bit_generator.state
    parts, _ = plan.pose(plan.subject, plan.path, scene, luck, plan.scale)
    low, high = bounds(parts.bodies(1))
    position, _ = plan.path.at(scene.times)
    away = torch.maximum(high.amax(1)[:, [0, 2]] - position, position - low.amin(1)[:, [0, 2]]).amax(0)
    return _Extent(float(away[0]), float(away[1]), float(low[..., 1].amin()), float(high[..., 1].amax()))


def _whole(plan: Plan, extent: _Extent) -> _Extent:
    """How far all instances of a subject reach."""
    x, z = (max(abs(offset[axis]) for offset in plan.offsets) for axis in (0, 1))
    return replace(extent, across=extent.across + x, deep=extent.deep + z)


def _spread(plan: Plan, extent: _Extent, shot: Shot, index: int) -> Plan:
    """A loose group, side by side in the picture and by turns nearer and farther."""
    chance = np.random.Generator(np.random.Philox(key=[shot.seed % 2**64, 60 + index]))
    across, deep = 1.04 * extent.across, 1.04 * extent.deep
    count, turn = plan.subject.count, 1.0 if chance.uniform() < 0.5 else -1.0
    # Many long bodies in two lanes may overlap a little in the picture; what is narrow needs some air.
    long = deep < 0.45 * across
    step = (1.8 if long and count > 3 else 2.15 if deep < 1.3 * across else 2.7) * across
    lane = 2.3 * deep if long else 0.8 * min(across, deep)
    x = step * (np.arange(count) - (count - 1) / 2) + step * chance.uniform(0.0, 0.12, count)
    z = 0.5 * lane * turn * (-1.0) ** np.arange(count) * chance.uniform(1.0, 1.25, count)
    x, z = x - x.mean(), z - z.mean()
    if chance.uniform() < 0.5:
        x = -x
    return replace(plan, offsets=tuple((float(a), float(b)) for a, b in zip(x, z, strict=True)))


# --- relations ----------------------------------------------------------------------------------------------

_Party = tuple[Plan, _Extent]
_Placing = Callable[[_Party, _Party, np.random.Generator, float], tuple[Plan, Plan]]
"""The last is from where the camera looks, radians about the vertical."""


def _together(first: Plan, second: Plan) -> tuple[Plan, Plan]:
    """Both at one pace: between their own if they travel, the slower one's if they stay."""
    one, two = first.path, second.path
    if travels(first.subject) and travels(second.subject):
        pace = (one.speed * two.speed) ** 0.5
    else:
        pace = min(one.speed, two.speed)
    # Who does not move may face wherever it likes.
    way = (one.angle, one.curvature) if pace > 0 else (two.angle, two.curvature)
    return (
        replace(first, path=replace(one, speed=pace, braking=0.0)),
        replace(second, path=replace(two, speed=pace, braking=0.0, angle=way[0], curvature=way[1])),
    )


def _at(plan: Plan, x: float, z: float) -> Plan:
    return replace(plan, path=replace(plan.path, x=x, z=z))


def _side(first: Subject, second: Subject, chance: np.random.Generator) -> float:
    """−1 if the first goes to the left, as the positions say if they say anything."""
    drawn = -1.0 if chance.uniform() < 0.5 else 1.0
    said = SIDES[first.position] - SIDES[second.position]
    return float(np.sign(said)) if said else drawn


def _abreast(side: float | None, least: float, most: float) -> _Placing:
    """Side by side with a gap, in shares of their mean width; the first on ``side``, or where it says."""

    def place(
        one: _Party, two: _Party, chance: np.random.Generator, azimuth: float
    ) -> tuple[Plan, Plan]:
        (first, a), (second, b) = one, two
        first, second = _together(first, second)
        # What is narrow for its height needs air too.
        gap = float(chance.uniform(least, most)) * (a.across + b.across) + 0.05 * (a.height + b.height)
        way = _side(first.subject, second.subject, chance) if side is None else side
        apart = a.across + b.across + gap
        middle = way * 0.5 * (apart + b.across - a.across)  # of the picture that holds both
        return _at(first, middle, 0.0), _at(second, middle - way * apart, 0.0)

    return place


def _in_depth(nearer: bool) -> _Placing:
    """One nearer to the camera than the other, and so far aside that it does not hide the other."""

    def place(
        one: _Party, two: _Party, chance: np.random.Generator, azimuth: float
    ) -> tuple[Plan, Plan]:
        (first, a), (second, b) = one, two
        first, second = _together(first, second)
        front, back = (a, b) if nearer else (b, a)
        tall = front.height / max(back.height, 1e-3)
        aside = front.across + 0.35 * back.across if tall > 0.5 else 0.45 * back.across
        deep = a.deep + b.deep + float(chance.uniform(0.10, 0.25)) * (a.across + b.across)
        deep += 0.06 * (a.height + b.height)
        # What is nearer shifts in the picture with the side from which the camera looks.
        slant = float(np.tan(azimuth))
        deep = max(deep, 1.4 * aside * abs(slant)) * (1.0 if nearer else -1.0)
        x = _side(first.subject, second.subject, chance) * aside / float(np.cos(azimuth)) + deep * slant
        return _at(first, 0.5 * x, 0.5 * deep), _at(second, -0.5 * x, -0.5 * deep)

    return place


def _over(one: _Party, two: _Party, chance: np.random.Generator, azimuth: float) -> tuple[Plan, Plan]:
    """The first in the air over the second, clear of it and not far above."""
    (first, a), (second, b) = one, two
    if travels(second.subject):
        first, second = _together(first, second)
    else:
        second = replace(second, path=replace(second.path, speed=0.0))
    size = max(a.height, 0.5 * b.height)
    gap = a.lowest - b.highest
    wanted = min(max(gap, 0.25 * size), 0.9 * size)
    lift = max(0.0, wanted - gap) if first.subject.action == "rise" else wanted - gap
    way = _side(first.subject, second.subject, chance)
    aside = 0.15 * (a.across + b.across)
    return replace(_at(first, way * aside, 0.0), lift=lift), _at(second, -way * aside, 0.0)


def _chase(one: _Party, two: _Party, chance: np.random.Generator, azimuth: float) -> tuple[Plan, Plan]:
    """The first behind the second on one way, always as far."""
    (first, a), (second, b) = one, two
    direction = first.subject.direction
    if direction in ("towards", "away"):  # far enough aside that the nearer one does not hide the other
        sign = np.sign(first.path.angle - ANGLES[direction])
        first = replace(first, path=replace(first.path, angle=ANGLES[direction] + 0.62 * float(sign)))
    first, second = _together(first, second)
    length = a.across + b.across if direction in ("left", "right") else a.deep + b.deep
    apart = length * (1 + float(chance.uniform(0.18, 0.40)))
    x, z = (0.5 * apart * np.cos(first.path.angle), 0.5 * apart * np.sin(first.path.angle))
    return _at(first, float(-x), float(-z)), _at(second, float(x), float(z))


def _pass(one: _Party, two: _Party, chance: np.random.Generator, azimuth: float) -> tuple[Plan, Plan]:
    """Each on a straight way across the picture, the first nearer to the camera."""
    (first, a), (second, b) = one, two
    covering = 2 * (a.across + b.across) / max(first.path.speed + second.path.speed, 1e-3)
    hurry = max(1.0, covering / min(LONGEST_PASSING, max(1.2 * first.path.middle, 0.3)))
    deep = 0.5 * (a.deep + b.deep + float(chance.uniform(0.08, 0.20)) * (a.across + b.across))
    aside = 0.2 * (a.across + b.across)
    ways = []
    for plan, z in ((first, deep), (second, -deep)):
        x, angle = SIDES[plan.subject.position] * aside, float(ANGLES[plan.subject.direction])
        speed = plan.path.speed * hurry
        path = replace(plan.path, x=x, z=z, angle=angle, curvature=0.0, speed=speed, braking=0.0)
        ways.append(replace(plan, path=path))
    return ways[0], ways[1]


_PLACED: dict[str, _Placing] = {
    "left of": _abreast(-1.0, 0.12, 0.35),
    "right of": _abreast(1.0, 0.12, 0.35),
    "beside": _abreast(None, 0.04, 0.12),
    "in front of": _in_depth(True),
    "behind": _in_depth(False),
    "above": _over,
    "chasing": _chase,
    "crossing": _pass,
}
"""Relation → how it places two subjects."""
