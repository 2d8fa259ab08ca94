"""Balls, cubes, cones, cylinders and rings: how they look, and how they move where a formula tells it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ozora.world.rigs.frame import CHEQUERS, STRIPES, Frame, Parts, rotation
from ozora.world.rigs.gait import GRAVITIES, GRAVITY
from ozora.world.rigs.palette import coat, shade
from ozora.world.rigs.paths import SPEEDS, Path, Scene, spot
from ozora.world.shot import Subject

RADIUS = {"tabletop": 0.11}
BALL_RADIUS = 0.45
SIDE = {"tabletop": 0.20}
CUBE_SIDE = 0.80
CUBE_ROUNDING = 0.09  # of its edges, as a share of its side
RESTITUTION = 0.84
SPIN = 1.5  # radians per second
ON_TABLE = 0.25  # how large toys are on a table, as a share of their size outdoors
CONE = (0.46, 1.05)  # metres: radius of the foot and height
CONE_TIP = 0.02  # radius of its blunt tip, as a share of the foot's
CYLINDER = (0.40, 0.95)  # metres: radius and height
RING = (0.40, 0.115)  # metres: radius of the middle of the tube, and of the tube
THUD = 0.42  # restitution of what falls


def radius_of(place: str, scale: float) -> float:
    """Radius of a ball in metres: a toy on a table, a big ball outdoors."""
    return RADIUS.get(place, BALL_RADIUS) * scale


def side_of(place: str, scale: float) -> float:
    """Side of a cube in metres."""
    return SIDE.get(place, CUBE_SIDE) * scale


def ball_speed(action: str, word: str, radius: float, place: str) -> float:
    """Metres per second, so that a rolling ball turns about half round in a second, and stays on a table."""
    pace = {"bounce": 1.9, "roll": 2.1 if place == "tabletop" else 3.4}.get(action, 0.0)
    return radius * SPEEDS[word] * pace


def cube_speed(action: str, word: str, side: float) -> float:
    """Metres per second at the push; a spinning cube stays where it is."""
    return 1.9 * side * SPEEDS[word] if action == "slide" else 0.0


def ball(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A ball that rolls without slipping, or bounces on exact parabolas: primitives and middle (F, 3)."""
    radius = radius_of(scene.place, scale)
    if subject.action == "stand":
        floor = _standing(subject, path, scene, chance, radius)
        return shown(subject, floor.child(0.0, radius), radius / BALL_RADIUS)
    position, direction = path.at(scene.times)
    if subject.action == "bounce":
        height = _bounce(path, scene, radius, chance)
        turned = path.distance(scene.times) / radius * 0.6
    else:
        height = scene.heights(position) + radius
        turned = None
    centre = torch.stack([position[:, 0], height, position[:, 1]], -1)
    if turned is None:
        steps = centre.diff(dim=0).norm(dim=-1)
        turned = torch.cat([torch.zeros(1), steps.cumsum(0)]) / radius
    heading = -torch.atan2(direction[:, 1], direction[:, 0])
    start = rotation(0.0, 0.6, 0.5, scene.frames)
    axes = rotation(heading, -turned, 0.0, scene.frames) @ start
    return shown(subject, Frame(centre, axes), radius / BALL_RADIUS)


def _bounce(path: Path, scene: Scene, radius: float, chance: np.random.Generator) -> Tensor:
    """Height (F,) of the ball's middle: free fall between impacts, each hop lower than the last."""
    gravity = GRAVITIES.get(scene.place, GRAVITY)
    first_top = radius * float(chance.uniform(3.4, 4.6))
    fall = (2 * first_top / gravity) ** 0.5
    launch = gravity * fall
    last = float(scene.times[-1])
    impacts = [fall * float(chance.uniform(0.35, 0.95))]
    flights = [2 * launch]
    speed = launch
    while impacts[-1] <= last:
        # Below this the ball lies still for the eye, and hops would pile up without end.
        speed = max(speed * RESTITUTION, 0.6 * gravity * fall * RESTITUTION**5)
        impacts.append(impacts[-1] + 2 * speed / gravity)
        flights.append(speed)
    moments = torch.tensor([impacts[0] - 2 * launch / gravity, *impacts], dtype=torch.float64)
    floors = scene.heights(path.at(moments.float())[0]).double() + radius
    times = scene.times.double()
    hop = torch.searchsorted(moments, times, right=True).clamp(1, len(moments) - 1) - 1
    start, end, low, high = moments[hop], moments[hop + 1], floors[hop], floors[hop + 1]
    # The launch that lands on the next floor after just this time aloft.
    up = (high - low) / (end - start) + 0.5 * gravity * (end - start)
    gone = times - start
    return (low + up * gone - 0.5 * gravity * gone.square()).float()


def cube(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A cube that spins upright, or slides until friction stops it: primitives and middle (F, 3)."""
    side = side_of(scene.place, scale)
    floor = _standing(subject, path, scene, chance, side)
    axes = floor.axes
    centre = floor.origin + 0.5 * side * axes[:, :, 1]
    return shown(subject, Frame(centre, axes), side / CUBE_SIDE)


def _standing(subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, side: float) -> Frame:
    """The ground under a solid that stands on a foot ``side`` metres wide, spinning or facing its way."""
    position, direction = path.at(scene.times)
    turn = torch.full((scene.frames,), float(chance.uniform(0.3, 1.2)))
    if subject.action == "spin":
        way = 1.0 if subject.direction in ("right", "towards") else -1.0
        turn = turn + way * SPIN * SPEEDS[subject.speed] * scene.times
    else:
        turn = turn - 0.5 * torch.pi - torch.atan2(direction[:, 1], direction[:, 0])
    step = 0.5 * side
    east, north = torch.tensor([step, 0.0]), torch.tensor([0.0, step])
    rise_x = (scene.heights(position + east) - scene.heights(position - east)) / side
    rise_z = (scene.heights(position + north) - scene.heights(position - north)) / side
    normal = torch.stack([-rise_x, torch.ones_like(rise_x), -rise_z], -1)
    normal = normal / normal.norm(dim=-1, keepdim=True)
    spun = rotation(turn, 0.0, 0.0, scene.frames)
    forward = spun[:, :, 0] - (spun[:, :, 0] * normal).sum(-1, keepdim=True) * normal
    forward = forward / forward.norm(dim=-1, keepdim=True)
    axes = torch.stack([forward, normal, torch.linalg.cross(forward, normal)], -1)
    floor = torch.stack([position[:, 0], scene.heights(position), position[:, 1]], -1)
    return Frame(floor, axes)


def size_of(place: str, scale: float) -> float:
    """How many times its outdoor size a cone, cylinder or ring has."""
    return scale * (ON_TABLE if place == "tabletop" else 1.0)


def speed(radius: float, action: str, word: str) -> float:
    """Metres per second of a cone, cylinder or ring whose outer radius is given in metres."""
    return {"roll": 2.9, "slide": 3.4}.get(action, 0.0) * radius * SPEEDS[word]


def cone(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A cone that spins, slides until it stops, or falls on its foot: primitives and middle (F, 3)."""
    size = size_of(scene.place, scale)
    return shown(subject, _upright(subject, path, scene, chance, CONE[0] * size, CONE[1] * size), size)


def cylinder(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A cylinder that spins upright, falls on its end, or rolls on its side: primitives and middle (F, 3)."""
    size = size_of(scene.place, scale)
    radius, height = CYLINDER[0] * size, CYLINDER[1] * size
    if subject.action == "roll":
        frame = _rolling(path, scene, radius, 0.5 * height).child(roll=0.5 * torch.pi)
    else:
        frame = _upright(subject, path, scene, chance, radius, height)
    return shown(subject, frame, size)


def _upright(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, radius: float, height: float
) -> Frame:
    """The frame about the middle of a solid that stays on its foot, metres."""
    floor = _standing(subject, path, scene, chance, 1.4 * radius)
    return _dropped(subject, floor, scene, chance, height).child(0.0, 0.5 * height)


def ring(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A ring that rolls like a hoop, or spins about its upright diameter: primitives and middle (F, 3)."""
    size = size_of(scene.place, scale)
    radius, tube = RING[0] * size, RING[1] * size
    if subject.action == "roll":
        frame = _rolling(path, scene, radius + tube, tube)
    elif subject.action == "stand":
        # Nothing holds a ring on its edge: it lies.
        frame = _standing(subject, path, scene, chance, 2 * radius).child(0.0, tube, roll=0.5 * torch.pi)
    else:
        frame = _standing(subject, path, scene, chance, 2 * tube).child(0.0, radius + tube)
    return shown(subject, frame, size)


def shown(subject: Subject, frame: Frame, size: float) -> tuple[Parts, Tensor]:
    """A solid, ``size`` times as large as outdoors, in a frame about its middle: primitives and middle."""
    parts = Parts(frame, blend=0.0)
    if subject.kind == "ball":
        radius = BALL_RADIUS * size
        parts.ellipsoid(coat(subject, 0.30).but(pattern=CHEQUERS), frame, (radius, radius, radius))
    elif subject.kind == "ring":
        parts.ring(coat(subject, 0.30).but(pattern=CHEQUERS), frame, RING[0] * size, RING[1] * size)
    elif subject.kind == "cube":
        side = CUBE_SIDE * size
        skin, half = coat(subject, 0.22), 0.5 * side
        parts.box(skin, frame, (half, half, half), CUBE_ROUNDING * side)
        # Two bars through the cube show as inset tiles: light on two opposite faces, dark on two others.
        inset, proud = 0.52 * half, 1.012 * half
        parts.box(skin.but(colour=shade(skin.colour, 0.55)), frame, (inset, inset, proud), 0.02 * side)
        parts.box(skin.but(colour=shade(skin.colour, -0.55)), frame, (proud, inset, inset), 0.02 * side)
    else:
        radius, height = ((part * size) for part in (CONE if subject.kind == "cone" else CYLINDER))
        top = CONE_TIP * radius if subject.kind == "cone" else radius
        skin = coat(subject, 0.22).but(pattern=STRIPES)
        parts.drum(skin, frame, (radius, 0.5 * height, top), 0.05 * radius)
    return parts, frame.origin


def _rolling(path: Path, scene: Scene, radius: float, half: float) -> Frame:
    """The frame of what rolls without slipping: x and y turn with it, z is its axis, to the right."""
    origin, yaw, roll = spot(path, scene, 0.0, half)
    lying = Frame(origin, rotation(yaw, 0.0, roll, scene.frames))
    return lying.child(0.0, radius, pitch=-path.distance(scene.times) / radius)


def _dropped(
    subject: Subject, floor: Frame, scene: Scene, chance: np.random.Generator, height: float
) -> Frame:
    """The frame lifted, if it is falling, to where free fall and ever lower bounces have it."""
    if subject.action != "fall":
        return floor
    top = float(chance.uniform(1.5, 1.9)) * height / SPEEDS[subject.speed]
    lift = fallen(scene.times, top, GRAVITIES.get(scene.place, GRAVITY))
    up = torch.tensor([0.0, 1.0, 0.0])
    return Frame(floor.origin + lift[:, None] * up, floor.axes, floor.scale)


def fallen(times: Tensor, top: float, gravity: float = GRAVITY) -> Tensor:
    """Height (F,) in metres over its rest of what is let go ``top`` metres up when the clip begins."""
    landing = (2 * top / gravity) ** 0.5
    height = top - 0.5 * gravity * times.square()
    start, launch = landing, THUD * gravity * landing
    while launch > 0.06 * gravity * landing:
        since = times - start
        height = torch.where(since > 0, launch * since - 0.5 * gravity * since.square(), height)
        start, launch = start + 2 * launch / gravity, THUD * launch
    return torch.where(times > start, torch.zeros_like(times), height).clamp(min=0)
