"""Simulate solids with MuJoCo: free fall, friction, restitution, and everything that follows when they meet.

Scenes have unit size; a film plays them larger or smaller by Froude's law (lengths by s, times by the root of
s), which is exact for rigid bodies under gravity. The world's axes are those of the film set: x is the way
the first solid goes, y is up, z is to its right; the ground is y = 0 and the second solid stands over the
origin. The engine: Todorov, Erez and Tassa 2012, "MuJoCo: a physics engine for model-based control", needed
here only.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any
from zlib import crc32

import numpy as np

from ozora.errors import OzoraError
from ozora.world.physics.cast import RATE, Scene
from ozora.world.physics.library import Motion
from ozora.world.rigs import solids
from ozora.world.rigs.gait import GRAVITY

LONGEST = 6.0
"""Seconds after which a recording ends, at rest or not."""

_STEPS = 64  # of the simulation from one pose to the next
_HARD = 2.5e5  # 1/s²: stiffness of a contact per mass; a bounce lasts about six milliseconds
_STILL = (0.006, 0.012)  # metres and radians per second of what has come to rest
_APPROACH = 1.15  # seconds from the start to the blow
_BLOW = {"slow": 2.1, "normal": 3.0, "fast": 4.1}  # metres per second
_SHOVE = {"slow": 0.65, "normal": 0.95, "fast": 1.35}
_DROP = {"slow": 0.8, "normal": 1.2, "fast": 1.8}  # metres
_TOP = {"slow": 0.9, "normal": 1.3, "fast": 1.9}  # metres
_THROW = {"slow": 1.3, "normal": 1.9, "fast": 2.6}  # metres per second
_SMASH = {"slow": 3.5, "normal": 4.4, "fast": 5.4}
_STRIKER = 3.0  # times the density of others: what knocks a stack over
_HEAVY = 60.0  # times the density of others: what shoves
RESTITUTION = {"ball": 0.74, "cube": 0.38, "cone": 0.34, "cylinder": 0.38, "ring": 0.45}
"""Share of its speed with which a solid leaves the ground when it falls on one point."""

_UP = (1.0, 0.0, 0.0, 0.0)
_ON_SIDE = (math.sqrt(0.5), math.sqrt(0.5), 0.0, 0.0)  # the own y axis along the world's z
_LYING = (math.sqrt(0.5), -math.sqrt(0.5), 0.0, 0.0)  # the own z axis along the world's y


@dataclass(frozen=True)
class Start:
    """One solid when a scene begins."""

    kind: str
    size: float
    position: tuple[float, float, float]
    turn: tuple[float, float, float, float] = _UP  # quaternion w, x, y, z
    velocity: tuple[float, float, float] = (0.0, 0.0, 0.0)
    spin: tuple[float, float, float] = (0.0, 0.0, 0.0)  # radians per second about the world's axes
    density: float = 1.0
    friction: float = 0.45
    restitution: float | None = None
    leads: bool = False  # its friction and restitution hold against other solids too


def height_of(kind: str, *, lying: bool = False) -> float:
    """Height in metres of a solid's middle over the ground when it rests in its usual way, at unit size."""
    if kind == "ring":
        return solids.RING[1] if lying else sum(solids.RING)
    return {"ball": solids.BALL_RADIUS, "cube": 0.5 * solids.CUBE_SIDE, "cone": 0.5 * solids.CONE[1],
            "cylinder": solids.CYLINDER[0] if lying else 0.5 * solids.CYLINDER[1]}[kind]  # fmt: skip


def reach_of(kind: str) -> float:
    """Half of what a solid measures across the way it goes, at unit size."""
    return {"ball": solids.BALL_RADIUS, "cube": 0.5 * solids.CUBE_SIDE, "cone": solids.CONE[0],
            "cylinder": solids.CYLINDER[0], "ring": sum(solids.RING)}[kind]  # fmt: skip


def standing(kind: str, under: float = 0.0) -> Start:
    """A solid at rest over the origin, ``under`` metres above the ground: a ring lies."""
    lies = kind == "ring"
    return Start(kind, 1.0, (0.0, under + height_of(kind, lying=lies), 0.0), _LYING if lies else _UP)


def coming(kind: str, size: float, gap: float, blow: float, aside: float) -> Start:
    """A solid on its way that will be ``gap`` metres from the origin at the blow: rolling, or sliding."""
    rolls = kind in ("ball", "cylinder", "ring")
    friction = 0.45 if rolls else 0.16
    loss = _APPROACH * (0.54 if rolls else friction * GRAVITY)
    start = blow + loss
    x = -gap - 0.5 * (blow + start) * _APPROACH
    radius = size * (solids.CYLINDER[0] if kind == "cylinder" else reach_of(kind))
    height = radius if rolls else size * height_of(kind)
    turn = _ON_SIDE if kind == "cylinder" else _UP
    spin = (0.0, 0.0, -start / radius) if rolls else (0.0, 0.0, 0.0)
    return Start(kind, size, (x, height, aside), turn, (start, 0.0, 0.0), spin, friction=friction)


def starts(scene: Scene) -> tuple[Start, ...]:
    """Where everybody is, and how they move, when a scene begins."""
    chance = np.random.Generator(np.random.PCG64(crc32(scene.key.encode())))
    first, *others = scene.kinds
    size = scene.sizes[0]
    if scene.action == "collide":
        aside = float(chance.uniform(0.10, 0.24)) * reach_of(first)
        gap = size * reach_of(first) + reach_of(others[0])
        blow = _BLOW[scene.speed] * max(1.0, size) ** 0.5
        return (coming(first, size, gap, blow, aside), standing(others[0]))
    if scene.action == "topple":
        striker = coming(first, size, reach_of(first) + reach_of(others[0]), _SMASH[scene.speed],
                         float(chance.uniform(0.04, 0.1)) * reach_of(first))
        foot, top = others
        upper = standing(top, 2 * height_of(foot))
        return (
            replace(striker, density=_STRIKER), standing(foot),
            replace(upper, friction=0.15, leads=True),
        )  # fmt: skip
    if scene.action == "push":
        gap, speed = size * reach_of(first) + reach_of(others[0]), _SHOVE[scene.speed] * size**0.5
        pusher = Start(
            first, size, (-gap - 0.55 * speed, size * height_of(first), 0.0), velocity=(speed, 0.0, 0.0),
            density=_HEAVY, friction=0.006, restitution=0.02, leads=True,
        )  # fmt: skip
        return (pusher, standing(others[0]))
    if scene.action == "stack":
        return (_dropped(first, size, others[0], _DROP[scene.speed], chance), standing(others[0]))
    drawn = chance.normal(size=4)
    w, x, y, z = (drawn / np.linalg.norm(drawn)).tolist()
    if scene.action == "fall":
        return (Start(first, 1.0, (0.0, 0.6 + _TOP[scene.speed], 0.0), (w, x, y, z)),)
    roll, yaw = chance.uniform(-1.0, 1.0, 2).tolist()
    spin = (roll, yaw, -float(chance.uniform(2.5, 4.0)))
    return (Start(first, 1.0, (0.0, 1.3, 0.0), (w, x, y, z), (_THROW[scene.speed], 0.6, 0.0), spin),)


def _dropped(kind: str, size: float, onto: str, drop: float, chance: np.random.Generator) -> Start:
    """A solid let go over one at the origin, level and about in the middle: it stays where it lands."""
    lies = kind == "ring"
    half = size * height_of(kind, lying=lies)
    under = {"ring": 0.0}.get(onto, 2 * height_of(onto))
    exactly = "ring" in (kind, onto)
    x, z = (0.0 if exactly else float(chance.uniform(-0.07, 0.07)) for _ in "xz")
    angle = 0.0 if exactly else 0.5 * float(chance.uniform(-0.5, 0.5))
    turn = _LYING if lies else (math.cos(angle), 0.0, math.sin(angle), 0.0)
    return Start(kind, size, (x, under + half + drop, z), turn, restitution=0.12, friction=0.6, leads=True)


def simulate(scene: Scene) -> Motion:
    """Simulate one scene until everything rests. Raises OzoraError where MuJoCo is not installed."""
    cast = starts(scene)
    if scene.action != "topple":
        return run(cast)
    # Some stacks only slide at first: hit those harder, until the upper solid is on the ground.
    for harder in (1.0, 1.12, 1.25, 1.4, 1.6):
        striker = _at_speed(cast[0], harder)
        motion = run((striker, *cast[1:]))
        if motion.position[-1, 2, 1] < 2 * height_of(scene.kinds[1]):
            break
    return motion


def _at_speed(start: Start, factor: float) -> Start:
    """The same striker, faster and from farther off, so that it arrives at about the same time."""
    (x, y, z), (u, v, w), (a, b, c) = start.position, start.velocity, start.spin
    farther = x - (factor - 1) * u * 0.85 * _APPROACH
    return replace(
        start, position=(farther, y, z), velocity=(factor * u, v, w), spin=(a, b, factor * c)
    )


def run(cast: Sequence[Start], longest: float = LONGEST) -> Motion:
    """Simulate solids on level ground until they rest, ``longest`` seconds at most.

    Raises OzoraError where MuJoCo is not installed.
    """
    mujoco = _engine()
    model = mujoco.MjModel.from_xml_string(_world(cast))
    data = mujoco.MjData(model)
    for index, start in enumerate(cast):
        data.qpos[7 * index : 7 * index + 7] = (*start.position, *start.turn)
        # The engine takes turning about the solid's own axes.
        data.qvel[6 * index : 6 * index + 6] = (*start.velocity, *(_matrix(start.turn).T @ start.spin))
    owner = np.asarray(model.geom_bodyid) - 1
    touches: dict[tuple[int, int], float] = {}
    poses, still, seen = [data.qpos.reshape(-1, 7).copy()], 0, -1
    while len(poses) <= longest * RATE and still < 0.4 * RATE:
        for step in range(_STEPS):
            mujoco.mj_step(model, data)
            if data.ncon != seen or step % 4 == 0:
                seen = data.ncon
                for pair in _touching(data, owner):
                    touches.setdefault(pair, float(data.time))
        poses.append(data.qpos.reshape(-1, 7).copy())
        speeds = np.abs(data.qvel.reshape(-1, 6))
        rests = speeds[:, :3].max() < _STILL[0] and speeds[:, 3:].max() < _STILL[1]
        still = still + 1 if rests else 0
    path = np.stack(poses[: len(poses) - max(still - 6, 0)])
    # What touches from the start rests there.
    told = sorted((seconds, *pair) for pair, seconds in touches.items() if seconds > 0.1)
    return Motion(path[..., :3], path[..., 3:], tuple(told))


def _engine() -> Any:
    try:
        import mujoco
    except ImportError as error:
        raise OzoraError(
            "mujoco: got nothing installed, allowed: the extra of new motions, pip install 'ozora[physics]'."
        ) from error
    return mujoco


def _touching(data: Any, owner: np.ndarray) -> set[tuple[int, int]]:
    """Pairs of solids that touch now, by number, the smaller first; -1 in second place is the ground."""
    pairs = owner[data.contact.geom[data.contact.dist < 0.004]]
    ordered = {(min(pair), max(pair)) for pair in map(tuple, pairs.tolist())}
    return {(high, low) if low < 0 else (low, high) for low, high in ordered if low != high}


# --- the world, in the engine's own words -------------------------------------------------------------------


def _world(cast: Sequence[Start]) -> str:
    meshes = "".join(_mesh(index, start) for index, start in enumerate(cast))
    bodies = "".join(_body(index, start) for index, start in enumerate(cast))
    return f"""<mujoco>
  <option timestep="{1 / (RATE * _STEPS)!r}" gravity="0 {-GRAVITY!r} 0" cone="elliptic" impratio="5"
          tolerance="1e-12" iterations="60"><flag multiccd="enable"/></option>
  <asset>{meshes}</asset>
  <worldbody>
    <geom type="plane" size="0 0 1" euler="-90 0 0" condim="6" solimp="0.99 0.99 0.001" {_solref(0.9)}/>
    {bodies}
  </worldbody>
</mujoco>"""


def _solref(restitution: float) -> str:
    """Stiffness and damping of a contact that gives back this share of the speed."""
    low, high = 0.0, 0.99999
    for _ in range(60):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if given_back(middle) > restitution else (low, middle)
    return f'solref="{-_HARD!r} {-2 * low * math.sqrt(_HARD)!r}"'


def given_back(damping: float) -> float:
    """Share of its speed that a body keeps after contact with a damped spring that never pulls.

    ``damping`` is a share of the critical one, 0 to 1. Schwager and Pöschel 2007, "Coefficient of restitution
    and linear-dashpot model revisited", Granular Matter 9.
    """
    root = math.sqrt(1 - damping * damping)
    return math.exp(-damping / root * (math.pi - math.atan2(2 * damping * root, 1 - 2 * damping * damping)))


def _body(index: int, start: Start) -> str:
    size = start.size
    restitution = RESTITUTION[start.kind] if start.restitution is None else start.restitution
    rolling = {"ball": 0.035, "cylinder": 0.025, "ring": 0.025}.get(start.kind, 0.005) * size
    look = (
        f'condim="6" friction="{start.friction!r} {0.02 * size!r} {rolling!r}" '
        f'priority="{2 if start.leads else 1}" '
        f'solimp="0.99 0.99 0.001" density="{1000 * start.density!r}" {_solref(restitution)}'
    )
    shapes = _ring(size, start.density, look) if start.kind == "ring" else {
        "ball": f'<geom type="sphere" size="{solids.BALL_RADIUS * size!r}" {look}/>',
        "cylinder": f'<geom type="cylinder" euler="90 0 0" '
                    f'size="{solids.CYLINDER[0] * size!r} {0.5 * solids.CYLINDER[1] * size!r}" {look}/>',
        "cube": f'<geom type="mesh" mesh="shape{index}" {look}/>',
        "cone": f'<geom type="mesh" mesh="shape{index}" {look}/>',
    }[start.kind]  # fmt: skip
    return f"<body><freejoint/>{shapes}</body>"


def _ring(size: float, density: float, look: str, pieces: int = 48) -> str:
    """A torus about the own z axis, of short capsules, with the inertia of a true one."""
    radius, tube = solids.RING[0] * size, solids.RING[1] * size
    angles = 2 * np.pi * np.arange(pieces + 1) / pieces
    points = [(radius * math.cos(angle), radius * math.sin(angle)) for angle in angles.tolist()]
    capsules = "".join(
        f'<geom type="capsule" fromto="{x!r} {y!r} 0 {x2!r} {y2!r} 0" size="{tube!r}" {look}/>'
        for (x, y), (x2, y2) in pairwise(points)
    )
    mass = 1000 * density * 2 * math.pi**2 * radius * tube**2
    across = mass * (0.5 * radius**2 + 0.625 * tube**2)
    along = mass * (radius**2 + 0.75 * tube**2)
    return f'<inertial pos="0 0 0" mass="{mass!r}" diaginertia="{across!r} {across!r} {along!r}"/>{capsules}'


def _mesh(index: int, start: Start) -> str:
    """The hull of a cube or a cone as the renderer rounds it, where the engine has no such shape."""
    if start.kind == "cube":
        half, rounding = 0.5 * solids.CUBE_SIDE, solids.CUBE_ROUNDING * solids.CUBE_SIDE
        grid = np.array([(a, b, 3 - a - b) for a in range(4) for b in range(4 - a)], float)
        ball = grid / np.linalg.norm(grid, axis=1, keepdims=True) * rounding + (half - rounding)
        signs = np.array([(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
        points = (signs[:, None] * ball[None]).reshape(-1, 3)
    elif start.kind == "cone":
        radius, half = solids.CONE[0], 0.5 * solids.CONE[1]
        angles = 2 * np.pi * np.arange(64) / 64
        circle = np.stack([np.cos(angles), np.zeros(64), np.sin(angles)], -1)
        up = np.array([0.0, half, 0.0])
        points = np.concatenate([circle * radius - up, circle * (solids.CONE_TIP * radius) + up])
    else:
        return ""
    listed = " ".join(f"{value:.6f}" for value in (points * start.size).flatten().tolist())
    return f'<mesh name="shape{index}" vertex="{listed}"/>'


def _matrix(turn: Sequence[float]) -> np.ndarray:
    """The rotation (3, 3) of a unit quaternion w, x, y, z."""
    w, x, y, z = turn
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip
