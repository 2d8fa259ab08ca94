"""Rigs: how subjects are built and move. ``stage`` works a shot's action out, frame by frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from ozora.errors import refuse
from ozora.world.bodies import Bodies, Stage, bounds, join, move, reach
from ozora.world.concepts import SIZE_SCALE, SUBJECTS
from ozora.world.physics import cast
from ozora.world.rigs import (
    aircraft,
    animals,
    bird,
    butterfly,
    company,
    motion,
    occluders,
    person,
    played,
    quadruped,
    robot,
    solids,
    swimmers,
    vehicles,
    vessels,
)
from ozora.world.rigs.company import Pose
from ozora.world.rigs.gait import GRAVITIES, GRAVITY
from ozora.world.rigs.paths import Ground, Path, Scene, plan_path
from ozora.world.shot import Shot, Subject

__all__ = ["Ground", "stage"]


@dataclass(frozen=True)
class Rig:
    """What staging needs of a kind of subject, each from the subject, the place's name and the scale."""

    speed: Callable[[Subject, str, float], float]  # metres per second
    room: Callable[[str, float], float]  # radius in metres that it takes on the ground
    pose: Pose
    leg: Callable[[float], float] | None = None  # metres, of what walks
    leap: tuple[float, float, float] = (1.0, 1.0, 0.26)  # agility, reach and depth of ``motion.Build``


def _quadruped(animal: animals.Animal) -> Rig:
    return Rig(
        lambda subject, place, scale: quadruped.GAITS[subject.action].speed(
            animal.leg * scale, subject.speed
        ),
        lambda place, scale: (0.5 * animal.length + animal.chest[0] + 0.8 * animal.tail[0]) * scale,
        partial(quadruped.pose, animal=animal),
        lambda scale: animal.leg * scale,
        (animal.agility, 1.0, 0.20 if animal.hooves else 0.26),
    )


def _vehicle(vehicle: vehicles.Vehicle) -> Rig:
    return Rig(
        lambda subject, place, scale: vehicles.speed(vehicle, subject.action, subject.speed, scale),
        lambda place, scale: 0.55 * vehicle.length * scale,
        partial(vehicles.pose, vehicle=vehicle),
    )


def _bird(kind: bird.Bird) -> Rig:
    return Rig(
        lambda subject, place, scale: bird.speed(subject.speed, scale, kind),
        lambda place, scale: (kind.arm + kind.hand + 0.08) * scale,
        partial(bird.pose, bird=kind),
    )


def _biped(pose: Pose) -> Rig:
    return Rig(
        lambda subject, place, scale: person.GAITS[subject.action].speed(person.LEG * scale, subject.speed),
        lambda place, scale: 0.5 * scale,
        pose,
        lambda scale: person.LEG * scale,
        (0.85, 0.55, 0.26),
    )


def _swimmer(swimmer: swimmers.Swimmer) -> Rig:
    return Rig(
        lambda subject, place, scale: swimmers.speed(swimmer, subject.action, subject.speed, scale),
        lambda place, scale: (swimmer.body[0] + 2 * swimmer.stalk[0] + swimmer.fluke[1]) * scale,
        partial(swimmers.pose, swimmer=swimmer),
    )


def _solid(radius: float, pose: Pose) -> Rig:
    return Rig(
        lambda subject, place, scale: solids.speed(
            radius * solids.size_of(place, scale), subject.action, subject.speed
        ),
        lambda place, scale: 1.4 * radius * solids.size_of(place, scale),
        pose,
    )


RIGS: dict[str, Rig] = {
    **{name: _quadruped(animal) for name, animal in animals.ANIMALS.items()},
    **{name: _bird(kind) for name, kind in bird.BIRDS.items()},
    "person": _biped(person.pose),
    "robot": _biped(robot.pose),
    "butterfly": Rig(
        lambda s, place, scale: butterfly.speed(s.speed, scale),
        lambda place, scale: 0.3 * scale,
        butterfly.pose,
    ),
    "ball": Rig(
        lambda s, place, scale: solids.ball_speed(s.action, s.speed, solids.radius_of(place, scale), place),
        solids.radius_of,
        solids.ball,
    ),
    "cube": Rig(
        lambda s, place, scale: solids.cube_speed(s.action, s.speed, solids.side_of(place, scale)),
        lambda place, scale: 0.72 * solids.side_of(place, scale),
        solids.cube,
    ),
    "cone": _solid(solids.CONE[0], solids.cone),
    "cylinder": _solid(solids.CYLINDER[0], solids.cylinder),
    "ring": _solid(sum(solids.RING), solids.ring),
    "balloon": Rig(
        lambda s, place, scale: vessels.balloon_speed(s.action, s.speed, scale),
        lambda place, scale: 1.06 * vessels.BALLOON_RADIUS * scale,
        vessels.balloon,
    ),
    "sailboat": Rig(
        lambda s, place, scale: vessels.boat_speed(s.speed, scale),
        lambda place, scale: 2.3 * scale,
        vessels.sailboat,
    ),
    **{name: _vehicle(vehicle) for name, vehicle in vehicles.VEHICLES.items()},
    "aeroplane": Rig(
        lambda s, place, scale: aircraft.aeroplane_speed(s.speed, scale),
        lambda place, scale: 0.5 * aircraft.SPAN * scale,
        aircraft.aeroplane,
    ),
    **{name: _swimmer(swimmer) for name, swimmer in swimmers.SWIMMERS.items()},
    "rocket": Rig(lambda s, place, scale: 0.0, lambda place, scale: 1.4 * scale, aircraft.rocket),
}
"""Kind of subject → its rig."""


FRAMING = {"wide": 0.22, "medium": 0.42, "close": 0.64}
"""About the share of the frame's width that the subject takes."""


@dataclass(frozen=True)
class _Obstacle:
    """A circle on the ground that moves: nobody else may enter it."""

    position: Tensor  # (F, 2)
    radius: float


def stage(shot: Shot, ground: Ground, device: str | torch.device = "cpu") -> Stage:
    """Work the action of a shot out: K primitives in F = ``shot.frames`` frames at times i/fps.

    ``ground`` gives the terrain's height (...) in metres at points (..., 2) of x and z; the sea is calm at 0.
    Everything is computed on the CPU from the shot and its seed, then moved to ``device``: the same shot
    gives the same bodies everywhere. Instances are numbered 1.. in the shot's order, an occluder 100. Raises
    OzoraError for a kind or an action that no rig knows.
    """
    times = torch.arange(shot.frames, dtype=torch.float32) / shot.fps
    scene = Scene(times, ground, shot.place, shot.time)
    if shot.subjects[0].action in cast.TOGETHER:
        return _meeting(shot, scene, device)
    plans = [_plan(shot, index, scene) for index in range(len(shot.subjects))]
    if shot.relation != "none" or len(shot.instances) > len(shot.subjects):
        plans = company.arrange(shot, plans, scene)
    touches: tuple[tuple[float, int], ...] = ()
    obstacles: list[_Obstacle] = []
    bodies: list[Bodies] = []
    props: list[Bodies] = []
    centres, extents, headings = [], [], []
    for index, plan in enumerate(plans):
        if not plan.placed:
            plan = replace(plan, path=_find_room(plan.path, scene, plan.radius, obstacles))
        group: list[tuple[Bodies, Tensor]] = []
        for way, chance, scale in company.members(plan, shot.seed, index):
            parts, centre = plan.pose(plan.subject, way, scene, chance, scale)
            body = parts.bodies(sum(one.subject.count for one in plans[:index]) + len(group) + 1)
            group.append(company.raised(body, centre, plan.lift) if plan.lift else (body, centre))
            obstacles.append(_Obstacle(way.at(times)[0], plan.room))
            if isinstance(way, played.PlayedPath):
                number = len(group) + sum(one.subject.count for one in plans[:index])
                touches += tuple((seconds, number) for seconds in way.landings(float(times[-1])))
        bodies += [body for body, _ in group]
        middle = group[0][1] if len(group) == 1 else torch.stack([centre for _, centre in group]).mean(0)
        centres.append(middle)
        extents.append(torch.stack([reach(body, middle) for body, _ in group]).amax().expand(shot.frames))
        direction = plan.path.at(times)[1]
        headings.append(torch.stack([direction[:, 0], torch.zeros(shot.frames), direction[:, 1]], -1))
        if index == 0 and shot.occluder != "none":
            # Whoever is nearest to the camera goes close behind it.
            nearest = max(range(len(group)), key=lambda number: plan.offsets[number][1])
            way = company.members(plan, shot.seed, index)[nearest][0]
            others = [one.path.at(times)[0] for one in plans[1:] if one.placed]
            prop, obstacle = _hide(shot, group[nearest][0], way, others, plan.room, scene, plan.chance)
            props.append(prop)
            obstacles.append(obstacle)
    return Stage(
        bodies=move(join(bodies + props), device),
        centre=torch.stack(centres, 1).to(device),
        extent=torch.stack(extents, 1).to(device),
        heading=torch.stack(headings, 1).to(device),
        touches=touches,
    )


def _meeting(shot: Shot, scene: Scene, device: str | torch.device) -> Stage:
    """The action of solids that meet, as it was simulated."""
    chance = np.random.Generator(np.random.Philox(key=[shot.seed % 2**64, 0]))
    play = played.meeting(shot, scene, chance)
    floor = float(scene.heights(torch.zeros(1, 2))[0])
    bodies, centres, extents = [], [], []
    sizes = [play.size * cast.RATIO**play.step, *(play.size for _ in shot.subjects[1:])]
    for number, (subject, frame, size) in enumerate(
        zip(shot.subjects, play.frames(scene.times), sizes, strict=True), 1
    ):
        lifted = replace(frame, origin=frame.origin + torch.tensor([0.0, floor, 0.0]))
        parts, centre = solids.shown(subject, lifted, size)
        body = parts.bodies(number)
        bodies.append(body)
        centres.append(centre)
        extents.append(reach(body, centre).amax().expand(scene.frames))
    way = torch.tensor([math.cos(play.angle), 0.0, math.sin(play.angle)])
    return Stage(
        bodies=move(join(bodies), device),
        centre=torch.stack(centres, 1).to(device),
        extent=torch.stack(extents, 1).to(device),
        heading=way.expand(scene.frames, len(shot.subjects), 3).to(device),
        touches=play.touches(float(scene.times[-1])),
    )


def _build(rig: Rig, subject: Subject, place: str, scale: float) -> motion.Build:
    """What planning a change needs to know of the subject."""
    speeds = {
        action: rig.speed(replace(subject, action=action), place, scale)
        for action in SUBJECTS[subject.kind].actions
        if action not in motion.FORMS
    }
    half = 0.6 * rig.room(place, scale)
    if rig.leg is None:
        return motion.Build(speeds, half)
    leg = rig.leg(scale)
    return motion.Build(speeds, half, leg, partial(person.WALK.frequency, leg), *rig.leap,
                        GRAVITIES.get(place, GRAVITY))


def _plan(shot: Shot, index: int, scene: Scene) -> company.Plan:
    """Where a subject would go if it were alone."""
    seconds = float(scene.times[-1])
    subject = shot.subjects[index]
    rig = RIGS.get(subject.kind)
    if rig is None:
        raise refuse(f"subjects[{index}].kind", subject.kind, ", ".join(RIGS))
    scale = SIZE_SCALE[subject.size]
    chance = np.random.Generator(np.random.Philox(key=[shot.seed % 2**64, index]))
    room = rig.room(shot.place, scale)
    try:
        speed = rig.speed(subject, shot.place, scale)
    except KeyError:
        raise refuse(
            f"subjects[{index}].action", subject.action, f"what a {subject.kind} can do"
        ) from None
    hides = index == 0 and shot.occluder != "none"
    path = plan_path(subject, speed, room, seconds, chance, oblique=hides)
    if subject.action == "slide":
        # Friction brings it to rest shortly before the end.
        path = replace(path, braking=speed / max(0.9 * seconds, 1e-3))
    if motion.has_course(subject):
        path = motion.planned(path, subject, shot, index, _build(rig, subject, shot.place, scale))
    if cast.plays(subject.kind, subject.action):
        path = played.alone(subject, path, scene, chance)
        return company.Plan(subject, played.pose, path, room, scale, chance)
    return company.Plan(subject, rig.pose, path, room, scale, chance)


def _find_room(path: Path, scene: Scene, room: float, obstacles: list[_Obstacle]) -> Path:
    """The path, moved as little as it takes to stay clear of everybody on the set; behind them if it can."""
    if not obstacles:
        return path
    position, _ = path.at(scene.times)
    step = 0.5 * room + 0.25 * max(other.radius for other in obstacles)
    moves = [(x * step, z * step) for x in range(-8, 9) for z in range(-12, 5)]
    # In front costs more than behind: whoever comes first in the words is seen first.
    moves.sort(key=lambda by: abs(by[0]) * 1.8 + abs(by[1]) * (1.0 if by[1] <= 0 else 2.0))
    shifts = torch.tensor(moves)  # (M, 2)
    clear = torch.ones(len(moves), dtype=torch.bool)
    for other in obstacles:
        away = position[None] + shifts[:, None] - other.position[None]  # (M, F, 2)
        clear &= away.norm(dim=-1).amin(-1) > 1.12 * (room + other.radius)
    x, z = moves[int(clear.int().argmax())]
    return replace(path, x=path.x + x, z=path.z + z)


def _hide(
    shot: Shot, body: Bodies, path: Path, others: list[Tensor], room: float, scene: Scene,
    chance: np.random.Generator,
) -> tuple[Bodies, _Obstacle]:  # fmt: skip
    """The occluder between the camera's side (+z) and where the subject is at the middle of the clip.

    It keeps clear of the ways of ``others``, (F, 2) each. One that does not travel gets its occluder beside
    it: it would never be seen otherwise.
    """
    kind = shot.occluder
    low, high = bounds(body)
    middle = len(scene.times) // 2
    position, direction = path.at(scene.times)
    x, z = position[middle].tolist()
    across = path.speed * abs(float(direction[middle, 0]))
    half = float(torch.maximum(high[middle, :, 0].amax() - x, x - low[middle, :, 0].amin()))
    # What stands nearer the camera looks larger: from about where the framing puts the camera.
    distance = half * (0.6 + 2.34 / FRAMING[shot.camera.framing])
    needed = half + 0.5 * occluders.HIDDEN_SECONDS[kind] * across
    half_width = 0.8 * needed
    floor = float(scene.heights(position[middle : middle + 1])[0])
    top = float(high[..., 1].amax()) - floor
    travels = across * float(scene.times[-1]) > 2.2 * half
    gap = occluders.depth_of(kind, half_width, top)
    if travels:
        # As near as it can stand without being walked into.
        for _ in range(40):
            half_width = needed * min(max(1 - gap / distance, 0.62), 1.0)
            circle = occluders.depth_of(kind, half_width, top)
            sides = (0.0,) if kind == "tree" else (-1.0, -0.5, 0.0, 0.5, 1.0)
            spots = torch.tensor([[x + side * half_width, z + gap] for side in sides])
            ways = torch.stack([position, *others]).flatten(0, 1)
            nearest = float((ways[None] - spots[:, None]).norm(dim=-1).amin())
            if nearest > 1.05 * (circle + 0.75 * room):
                break
            gap += 0.12 * (half_width + room)
        spot = (x, z + gap)
    else:
        aside = 1.0 if chance.uniform() < 0.5 else -1.0
        spot = (x + aside * (1.3 * half + 1.4 * half_width), z - 0.3 * half_width)
    parts = occluders.build(
        kind, spot, half_width, top + occluders.clearance(shot.camera.height, gap), scene, chance
    )
    radius = occluders.footprint(kind, half_width, top)
    return parts.bodies(100), _Obstacle(torch.tensor([spot]).expand(len(scene.times), 2), radius)
