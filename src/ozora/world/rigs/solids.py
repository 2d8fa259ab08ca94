"""Balls and cubes, moving by the laws of mechanics in closed form."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ozora.world.rigs.frame import CHEQUERS, Frame, Parts, rotation
from ozora.world.rigs.gait import GRAVITY
from ozora.world.rigs.palette import coat, shade
from ozora.world.rigs.paths import SPEEDS, Path, Scene
from ozora.world.shot import Subject

RADIUS = {"tabletop": 0.11}
BALL_RADIUS = 0.45
SIDE = {"tabletop": 0.20}
CUBE_SIDE = 0.80
RESTITUTION = 0.84
SPIN = 1.5  # radians per second


def radius_of(place: str, scale: float) -> float:
    """Radius of a ball in metres: a toy on a table, a big ball outdoors."""
    return RADIUS.get(place, BALL_RADIUS) * scale


def side_of(place: str, scale: float) -> float:
    """Side of a cube in metres."""
    return SIDE.get(place, CUBE_SIDE) * scale


def ball_speed(action: str, word: str, radius: float, place: str) -> float:
    """Metres per second, so that a rolling ball turns about half round in a second, and stays on a table."""
    pace = 1.9 if action == "bounce" else (2.1 if place == "tabletop" else 3.4)
    return radius * SPEEDS[word] * pace


def cube_speed(action: str, word: str, side: float) -> float:
    """Metres per second at the push; a spinning cube stays where it is."""
    return 1.9 * side * SPEEDS[word] if action == "slide" else 0.0


def ball(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A ball that rolls without slipping, or bounces on exact parabolas: primitives and middle (F, 3)."""
    radius = radius_of(scene.place, scale)
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
    frame = Frame(centre, axes)
    parts = Parts(frame, blend=0.0)
    skin = coat(subject, 0.30).but(pattern=CHEQUERS)
    parts.ellipsoid(skin, frame, (radius, radius, radius))
    return parts, centre


def _bounce(path: Path, scene: Scene, radius: float, chance: np.random.Generator) -> Tensor:
    """Height (F,) of the ball's middle: free fall between impacts, each hop lower than the last."""
    first_top = radius * float(chance.uniform(3.4, 4.6))
    fall = (2 * first_top / GRAVITY) ** 0.5
    launch = GRAVITY * fall
    last = float(scene.times[-1])
    impacts = [fall * float(chance.uniform(0.35, 0.95))]
    flights = [2 * launch]
    speed = launch
    while impacts[-1] <= last:
        # Below this the ball lies still for the eye, and hops would pile up without end.
        speed = max(speed * RESTITUTION, 0.6 * GRAVITY * fall * RESTITUTION**5)
        impacts.append(impacts[-1] + 2 * speed / GRAVITY)
        flights.append(speed)
    moments = torch.tensor([impacts[0] - 2 * launch / GRAVITY, *impacts], dtype=torch.float64)
    floors = scene.heights(path.at(moments.float())[0]).double() + radius
    times = scene.times.double()
    hop = torch.searchsorted(moments, times, right=True).clamp(1, len(moments) - 1) - 1
    start, end, low, high = moments[hop], moments[hop + 1], floors[hop], floors[hop + 1]
    # The launch that lands on the next floor after just this time aloft.
    up = (high - low) / (end - start) + 0.5 * GRAVITY * (end - start)
    gone = times - start
    return (low + up * gone - 0.5 * GRAVITY * gone.square()).float()


def cube(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A cube that spins upright, or slides until friction stops it: primitives and middle (F, 3)."""
    side = side_of(scene.place, scale)
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
    centre = floor + 0.5 * side * normal
    frame = Frame(centre, axes)
    parts = Parts(frame, blend=0.0)
    skin = coat(subject, 0.22)
    half = 0.5 * side
    parts.box(skin, frame, (half, half, half), 0.09 * side)
    # Two bars through the cube show as inset tiles: light on two opposite faces, dark on two others.
    inset, proud = 0.52 * half, 1.012 * half
    parts.box(skin.but(colour=shade(skin.colour, 0.55)), frame, (inset, inset, proud), 0.02 * side)
    parts.box(skin.but(colour=shade(skin.colour, -0.55)), frame, (proud, inset, inset), 0.02 * side)
    return parts, centre
