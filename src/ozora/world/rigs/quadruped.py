"""Four-legged animals: one rig that poses them all, by the proportions of ``animals``."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import partial

import numpy as np
import torch
from torch import Tensor

from ozora.world.rigs import heads
from ozora.world.rigs.animals import Animal
from ozora.world.rigs.course import Course, Hips, footsteps
from ozora.world.rigs.frame import Frame, Number, Parts, Skin
from ozora.world.rigs.gait import Feet, Gait, bend, plant
from ozora.world.rigs.palette import coat, shade
from ozora.world.rigs.paths import Path, Scene, follow
from ozora.world.rigs.styles import Styles, mixed
from ozora.world.shot import Subject

# Feet in the order left hind, left fore, right hind, right fore.
STAND = Gait("stand", 0.0, (0.0, 0.25, 0.5, 0.75), 1.0, 0.0)
WALK = Gait("walk", 0.17, (0.0, 0.25, 0.5, 0.75), 0.65, 0.16)
GALLOP = Gait("run", 0.95, (0.0, 0.42, 0.12, 0.54), 0.34, 0.34)
BOUND = Gait("run", 0.95, (0.0, 0.45, 0.0, 0.52), 0.30, 0.42)
GAITS = {"stand": STAND, "walk": WALK, "run": GALLOP, "jump": STAND, "turn": STAND}
BOUNDS = {"walk": BOUND, "run": BOUND}


@dataclass(frozen=True)
class Swing:
    """How the trunk moves: each a value per frame (F,), in the animal's units or radians."""

    bob: Tensor
    pitch: Tensor
    stretch: Tensor
    neck: Tensor
    look: Tensor
    sway: Tensor


def pose(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float, animal: Animal
) -> tuple[Parts, Tensor]:
    """The animal in every frame: its primitives, and its middle (F, 3)."""
    gait = BOUND if animal.leaps and subject.action != "stand" else GAITS[subject.action]
    frequency = gait.frequency(animal.leg * scale, path.speed)
    phase = float(chance.uniform())
    root = follow(path, scene, animal.length * scale, scale)
    half = animal.length / 2
    sides = (-animal.stance, -animal.stance, animal.stance, animal.stance)
    reaches = (-half - 0.07 * animal.leg, half, -half - 0.07 * animal.leg, half)
    # A standing animal does not square its feet.
    ease = 0.07 * animal.leg
    shifts = (ease, -0.3 * ease, -ease, 0.6 * ease)
    squared = tuple((x * scale, z * scale) for x, z in zip(reaches, sides, strict=True))
    eased = tuple(((x + dx) * scale, z * scale) for x, dx, z in zip(reaches, shifts, sides, strict=True))
    styles: Styles = {gait.name: 1.0}
    if path.course is None:
        cycles = frequency * scene.times + phase
        hips = list(eased if gait is STAND else squared)
        feet = plant(gait, frequency, phase, path, scene, hips, animal.leg * scale)
    else:
        styles, cycles = _styles(path.course, animal, scene.times), path.course.stride(scene.times)
        places = Hips(squared, eased, (False, True, False, True), animal.leg * scale)
        feet = footsteps(path.course, path, scene, BOUNDS if animal.leaps else GAITS, places)
    swing = _swing(styles, animal, cycles, scene.times, chance)
    if path.course is not None:
        swing = _moved(swing, path.course, scene.times, scale)
    middle_height = 0.5 * (animal.shoulder + animal.hip)
    trunk = root.child(0.0, middle_height + swing.bob, 0.0, pitch=swing.pitch)
    parts = Parts(root, blend=0.10 * animal.shoulder)
    skin = coat(subject).but(pattern=animal.pattern)
    rear = trunk.child(-half * swing.stretch, animal.hip - middle_height)
    fore = trunk.child(half * swing.stretch, animal.shoulder - middle_height)
    _torso(parts, animal, skin, rear, fore, trunk)
    _head(parts, animal, skin, fore, styles, swing)
    droop = mixed(styles, partial(_droop, animal))
    if path.course is not None:  # no tail under the ground where the body is low
        droop = droop + path.course.keyed(scene.times, -0.40, -0.25, -0.25, -0.40)
    wave = mixed(styles, lambda style: 0.16 if style == "run" else 0.03)
    heads.tail(parts, animal, skin, rear, cycles, swing.sway, droop, wave)
    _legs(parts, animal, skin, root, rear, fore, feet)
    centre = root.at(0.06 * animal.length, middle_height * 0.92, 0.0)
    if path.course is not None:
        centre = centre + path.course.height(scene.times)[:, None] * torch.tensor([0.0, 1.0, 0.0])
    return parts, centre


def _styles(course: Course, animal: Animal, times: Tensor) -> Styles:
    """What moves by bounds does so at any speed."""
    styles = course.styles(times)
    if animal.leaps and "walk" in styles:
        styles["run"] = styles.get("run", torch.zeros_like(times)) + styles.pop("walk")
    return styles


def _moved(swing: Swing, course: Course, times: Tensor, scale: float) -> Swing:
    """The trunk's motion with what leaps and turns add to it."""
    leap = course.share("jump", times)
    follows = (-0.55 * course.row(course.turning, times)).clamp(-0.6, 0.6)
    calm = 1 - 0.8 * torch.maximum(leap, course.share("turn", times))
    return replace(
        swing,
        bob=swing.bob + course.height(times) / scale,
        pitch=swing.pitch + course.keyed(times, -0.07, 0.30, 0.04, -0.24),
        neck=swing.neck + course.keyed(times, -0.10, 0.12, 0.0, 0.16),
        # The head goes first, the tail swings out.
        look=swing.look * calm + follows,
        sway=swing.sway - 0.4 * follows,
    )


def _swing(
    styles: Styles, animal: Animal, cycles: Tensor, times: Tensor, chance: np.random.Generator
) -> Swing:
    ease, start = chance.uniform(0.8, 1.2), float(chance.uniform(0, 2 * np.pi))
    swings = {style: _styled(style, animal, cycles, times, ease, start) for style in styles}

    def part(name: str) -> Tensor:
        return torch.as_tensor(mixed(styles, lambda style: getattr(swings[style], name)))

    return Swing(**{item.name: part(item.name) for item in fields(Swing)})


def _styled(
    style: str, animal: Animal, cycles: Tensor, times: Tensor, ease: float, start: float
) -> Swing:
    turn = 2 * torch.pi
    size = animal.leg
    if style == "stand":
        breath = torch.sin(turn * 0.45 * times + start)
        glance = torch.tanh(1.8 * torch.sin(turn * 0.23 * ease * times + start))
        return Swing(
            bob=0.008 * size * breath,
            pitch=0.006 * breath,
            stretch=torch.ones_like(times),
            neck=0.07 * torch.sin(turn * 0.31 * times + start),
            look=0.62 * glance,
            sway=0.17 * torch.sin(turn * 0.55 * times + start),
        )
    if style == "walk":
        return Swing(
            bob=0.016 * size * torch.cos(turn * 2 * (cycles - 0.08)),
            pitch=0.014 * torch.sin(turn * 2 * cycles),
            stretch=torch.ones_like(times),
            neck=0.065 * torch.sin(turn * 2 * (cycles - 0.15)),
            look=0.10 * torch.sin(turn * 0.21 * times + start),
            sway=0.15 * torch.sin(turn * cycles),
        )
    return Swing(
        bob=0.075 * size * torch.cos(turn * (cycles - 0.94)),
        pitch=0.115 * torch.cos(turn * (cycles - 0.20)),
        stretch=1 - animal.flex * torch.cos(turn * (cycles - 0.94)),
        neck=-0.13 * torch.cos(turn * (cycles - 0.26)),
        look=torch.zeros_like(times),
        sway=0.07 * torch.sin(turn * cycles),
    )


def _torso(parts: Parts, animal: Animal, skin: Skin, rear: Frame, fore: Frame, trunk: Frame) -> None:
    long, deep, wide = animal.chest
    parts.cone(
        skin,
        rear.at(-0.02 * animal.length, 0.0),
        fore.at(-0.3 * animal.length, 0.0),
        animal.rump,
        animal.waist,
    )
    parts.ellipsoid(skin, fore.child(-0.12 * animal.length, -0.10 * deep, pitch=-0.10), (long, deep, wide))
    parts.ellipsoid(
        skin,
        trunk.child(-0.04 * animal.length, -0.05 * deep),
        (0.52 * animal.length, animal.belly * deep, 0.86 * wide),
    )
    if animal.hump > 0:
        parts.ellipsoid(
            skin,
            fore.child(-0.10 * animal.length, 0.55 * deep),
            (1.25 * animal.hump, animal.hump, 0.85 * animal.hump),
        )
    if animal.bib and not animal.hooves:  # pale bib and throat
        bib = skin.but(colour=animal.accents[1], blend=0.04 * animal.shoulder)
        parts.ellipsoid(
            bib, fore.child(0.55 * long, 0.02 * deep, pitch=0.9), (0.62 * long, 0.52 * deep, 0.62 * wide)
        )


def _head(parts: Parts, animal: Animal, skin: Skin, fore: Frame, styles: Styles, swing: Swing) -> None:
    long, raised, _, _ = animal.neck
    lowered = mixed(styles, lambda style: {"stand": 0.0, "walk": 0.16, "run": animal.running_neck}[style])
    neck = fore.child(
        0.30 * animal.chest[0], 0.42 * animal.chest[1],
        yaw=0.35 * swing.look, pitch=raised - lowered + swing.neck - 0.7 * swing.pitch,
    )  # fmt: skip
    # The head keeps its own bearing: it gives back most of what the neck nods and lowers.
    bearing = neck.child(
        long, 0.0, yaw=0.65 * swing.look, pitch=-animal.nod + 0.75 * lowered - 0.6 * swing.neck
    )
    heads.head(parts, animal, skin, neck, bearing)


def _droop(animal: Animal, style: str) -> Number:
    """How far the tail hangs."""
    standing = animal.tail[2]
    if style == "stand":
        return standing
    return 0.72 * standing + 0.28 * animal.running_tail if style == "walk" else animal.running_tail


def _legs(
    parts: Parts, animal: Animal, skin: Skin, root: Frame, rear: Frame, fore: Frame, feet: Feet
) -> None:
    scale = root.scale
    thigh, joint, ankle, foot = animal.legs
    width = 0.80 * animal.stance
    forward, up = root.axes[:, :, 0], root.axes[:, :, 1]
    sock = skin.but(colour=animal.accents[0], blend=0.25 * joint, pattern=0)
    hoof_height = 1.9 * foot if animal.hooves else 0.0
    ground = torch.tensor([0.0, 1.0, 0.0])
    for index in range(4):
        hind = index % 2 == 0
        side = -width if index < 2 else width
        frame = rear if hind else fore
        top = (
            frame.at(0.0, -0.15 * animal.rump, side)
            if hind
            else frame.at(-0.02 * animal.length, -0.25 * animal.rump, side)
        )
        sole = feet.position[index] + ground * (foot * scale)
        swing = feet.swing[index][:, None]
        folded = torch.sin(torch.pi * swing)
        # A raised foot trails behind its ankle: the ankle runs ahead while the leg folds.
        rise = 0.62 * hoof_height + (0.3 * hoof_height) * folded
        target = sole + scale * (rise * up + (0.55 * hoof_height * folded - 0.28 * hoof_height) * forward)
        # Nearly straight in front and a little bent behind when the animal stands.
        standing = animal.hip - 0.15 * animal.rump if hind else animal.shoulder - 0.25 * animal.rump
        reach = (standing - foot - 0.62 * hoof_height) * (1.05 if hind else 1.004)
        upper, lower = (0.56, 0.46) if hind else (0.53, 0.47)
        pole = forward * (-1.0 if hind else 1.0) + 0.15 * up
        knee = bend(top, target, upper * reach * scale, lower * reach * scale, pole)
        swell = 1.25 if hind else 1.0
        parts.cone(skin, top, knee, thigh * swell, joint)
        parts.cone(sock, knee, target, 0.92 * joint, ankle if animal.hooves else foot)
        if animal.hooves:
            parts.cone(
                sock.but(colour=shade(animal.accents[0], -0.3), gloss=0.3), target, sole, ankle * 0.95, foot
            )
