"""Four-legged animals: one rig, and a line of proportions for each animal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs.frame import FUR, Frame, Parts, Skin
from ozora.world.rigs.gait import Feet, Gait, bend, plant
from ozora.world.rigs.palette import DARK, PALE, coat, shade
from ozora.world.rigs.paths import Path, Scene, follow
from ozora.world.shot import Subject

# Feet in the order left hind, left fore, right hind, right fore.
STAND = Gait("stand", 0.0, (0.0, 0.25, 0.5, 0.75), 1.0, 0.0)
WALK = Gait("walk", 0.17, (0.0, 0.25, 0.5, 0.75), 0.65, 0.16)
GALLOP = Gait("run", 0.95, (0.0, 0.42, 0.12, 0.54), 0.34, 0.34)
GAITS = {"stand": STAND, "walk": WALK, "run": GALLOP}


@dataclass(frozen=True)
class Animal:
    """Proportions in metres at medium size, angles in radians, colours in linear RGB."""

    shoulder: float  # height of the shoulder joint
    hip: float
    length: float  # from hip to shoulder
    chest: tuple[float, float, float]  # radii: length, depth, width
    waist: float
    rump: float
    neck: tuple[float, float, float, float]  # length, raised by, radius at chest, radius at head
    head: tuple[float, float, float]  # radii: length, depth, width
    muzzle: tuple[float, float, float]  # length, radius at head, radius at nose
    ears: tuple[float, float, float]  # length, radius, apart
    legs: tuple[float, float, float, float]  # radius of thigh, joint, ankle, foot
    stance: float  # half distance between left and right feet
    tail: tuple[float, float, float]  # length, thickness, droop when standing
    running_tail: float  # droop when running
    running_neck: float  # how much lower the neck is held when running
    nod: float  # angle of the head below the neck's own line
    flex: float  # how far the spine stretches and gathers in a gallop, as a share of length
    accents: tuple[RGB, RGB, RGB]  # lower legs, belly and muzzle, tail's end
    mane: float = 0.0  # length of hair
    hooves: bool = False

    @property
    def leg(self) -> float:
        """Working length of a leg."""
        return 0.5 * (self.shoulder + self.hip)


FOX = Animal(
    shoulder=0.335, hip=0.345, length=0.37, chest=(0.145, 0.112, 0.086), waist=0.064, rump=0.080,
    neck=(0.160, 0.80, 0.078, 0.056), head=(0.084, 0.070, 0.076), muzzle=(0.122, 0.045, 0.013),
    ears=(0.108, 0.040, 0.048), legs=(0.050, 0.027, 0.019, 0.023), stance=0.056,
    tail=(0.47, 0.074, 0.56), running_tail=0.06, running_neck=0.40, nod=0.98, flex=0.10,
    accents=(DARK, PALE, (0.84, 0.82, 0.78)),
)  # fmt: skip
HORSE = Animal(
    shoulder=1.17, hip=1.20, length=0.93, chest=(0.42, 0.325, 0.265), waist=0.25, rump=0.28,
    neck=(0.76, 0.92, 0.215, 0.120), head=(0.185, 0.135, 0.105), muzzle=(0.40, 0.116, 0.074),
    ears=(0.17, 0.042, 0.075), legs=(0.152, 0.076, 0.054, 0.060), stance=0.165,
    tail=(1.08, 0.135, 1.05), running_tail=0.34, running_neck=0.36, nod=1.60, flex=0.03,
    accents=((0.045, 0.022, 0.013), (0.075, 0.040, 0.026), (0.022, 0.014, 0.011)),
    mane=0.20, hooves=True,
)  # fmt: skip
ANIMALS = {"fox": FOX, "horse": HORSE}


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
    gait = GAITS[subject.action]
    frequency = gait.frequency(animal.leg * scale, path.speed)
    phase = float(chance.uniform())
    root = follow(path, scene, animal.length * scale, scale)
    half = animal.length / 2
    sides = (-animal.stance, -animal.stance, animal.stance, animal.stance)
    reaches = (-half - 0.07 * animal.leg, half, -half - 0.07 * animal.leg, half)
    # A standing animal does not square its feet.
    ease = 0.07 * animal.leg if gait is STAND else 0.0
    shifts = (ease, -0.3 * ease, -ease, 0.6 * ease)
    hips = [((x + dx) * scale, z * scale) for x, dx, z in zip(reaches, shifts, sides, strict=True)]
    feet = plant(gait, frequency, phase, path, scene, hips, animal.leg * scale)
    swing = _swing(gait, animal, frequency * scene.times + phase, scene.times, chance)
    middle_height = 0.5 * (animal.shoulder + animal.hip)
    trunk = root.child(0.0, middle_height + swing.bob, 0.0, pitch=swing.pitch)
    parts = Parts(root, blend=0.10 * animal.shoulder)
    skin = coat(subject).but(pattern=FUR)
    rear = trunk.child(-half * swing.stretch, animal.hip - middle_height)
    fore = trunk.child(half * swing.stretch, animal.shoulder - middle_height)
    _torso(parts, animal, skin, rear, fore, trunk)
    _head(parts, animal, skin, fore, gait, swing)
    _tail(parts, animal, skin, rear, gait, swing, frequency * scene.times + phase)
    _legs(parts, animal, skin, root, rear, fore, feet)
    centre = root.at(0.06 * animal.length, middle_height * 0.92, 0.0)
    return parts, centre


def _swing(gait: Gait, animal: Animal, cycles: Tensor, times: Tensor, chance: np.random.Generator) -> Swing:
    turn = 2 * torch.pi
    ease, start = chance.uniform(0.8, 1.2), float(chance.uniform(0, 2 * np.pi))
    size = animal.leg
    if gait is STAND:
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
    if gait is WALK:
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
        (0.52 * animal.length, 0.80 * deep, 0.86 * wide),
    )
    if not animal.hooves:  # pale bib and throat
        bib = skin.but(colour=animal.accents[1], blend=0.04 * animal.shoulder)
        parts.ellipsoid(
            bib, fore.child(0.55 * long, 0.02 * deep, pitch=0.9), (0.62 * long, 0.52 * deep, 0.62 * wide)
        )


def _head(parts: Parts, animal: Animal, skin: Skin, fore: Frame, gait: Gait, swing: Swing) -> None:
    long, raised, thick, thin = animal.neck
    lowered = animal.running_neck if gait is GALLOP else (0.16 if gait is WALK else 0.0)
    neck = fore.child(
        0.30 * animal.chest[0], 0.42 * animal.chest[1],
        yaw=0.35 * swing.look, pitch=raised - lowered + swing.neck - 0.7 * swing.pitch,
    )  # fmt: skip
    parts.cone(skin, neck.at(-0.12 * long, -0.06 * long), neck.at(long, 0.0), thick, thin)
    # The head keeps its own bearing: it gives back most of what the neck nods and lowers.
    head = neck.child(long, 0.0, yaw=0.65 * swing.look, pitch=-animal.nod + 0.75 * lowered - 0.6 * swing.neck)
    size, deep, wide = animal.head
    parts.ellipsoid(skin, head.child(0.45 * size, 0.12 * deep), animal.head)
    length, near, far = animal.muzzle
    start, end = 0.75 * size, 0.75 * size + length
    if animal.hooves:
        parts.cone(skin, head.at(start, 0.0), head.at(start + 0.72 * length, -0.18 * deep), near, far * 1.05)
        nose = skin.but(colour=animal.accents[1], blend=0.05 * length)
        parts.cone(
            nose,
            head.at(start + 0.72 * length, -0.2 * deep),
            head.at(end, -0.26 * deep),
            far * 1.04,
            far * 0.95,
        )
    else:
        parts.cone(skin, head.at(start, -0.04 * deep), head.at(end, -0.34 * deep), near, far)
        jaw = skin.but(colour=animal.accents[1], blend=0.012)
        parts.cone(
            jaw,
            head.at(0.50 * size, -0.40 * deep),
            head.at(end - 0.10 * length, -0.56 * deep),
            0.74 * wide,
            far,
        )
        nose = Skin(DARK, gloss=0.5, blend=0.0)
        parts.ellipsoid(nose, head.child(end + 0.3 * far, -0.28 * deep), (1.15 * far, 0.95 * far, 1.1 * far))
        # One bar through the skull makes both eyes.
        eyes = Skin(DARK, gloss=0.8, blend=0.0)
        parts.ellipsoid(eyes, head.child(0.98 * size, 0.34 * deep), (0.16 * size, 0.19 * deep, 0.90 * wide))
    tall, broad, apart = animal.ears
    inner = skin.but(blend=0.12 * tall)
    for side in (-1.0, 1.0):
        base = head.at(0.12 * size, 0.62 * deep, side * apart)
        tip = head.at(
            -0.02 * size + (0.2 * tall if animal.hooves else -0.05 * tall),
            0.7 * deep + tall,
            side * apart * 1.45,
        )
        parts.cone(inner, base, tip, broad, 0.10 * broad)
    if animal.mane > 0:
        hair = skin.but(colour=animal.accents[2], blend=0.10 * animal.mane)
        crest = neck.child(0.56 * long, 1.12 * thin, pitch=-0.12)
        parts.ellipsoid(hair, crest, (0.64 * long, 0.70 * animal.mane, 0.50 * animal.mane))


def _tail(
    parts: Parts, animal: Animal, skin: Skin, rear: Frame, gait: Gait, swing: Swing, cycles: Tensor
) -> None:
    long, thick, droop = animal.tail
    if gait is GALLOP:
        droop = animal.running_tail
    elif gait is WALK:
        droop = 0.72 * droop + 0.28 * animal.running_tail
    wave = 0.16 if gait is GALLOP else 0.03
    lag = 2 * torch.pi
    first = rear.child(
        -0.82 * animal.rump, 0.28 * animal.rump,
        yaw=torch.pi + swing.sway, pitch=-droop + wave * torch.sin(lag * cycles),
    )  # fmt: skip
    # A bushy tail curls up at the end; hair hangs.
    curl = -0.12 if animal.hooves else (0.08 if gait is GALLOP else 0.26)
    second = first.child(
        0.38 * long, 0.0, yaw=0.9 * swing.sway, pitch=curl + wave * torch.sin(lag * (cycles - 0.14))
    )
    third = second.child(
        0.34 * long, 0.0, yaw=0.6 * swing.sway, pitch=curl + wave * torch.sin(lag * (cycles - 0.28))
    )
    end = skin.but(colour=animal.accents[2])
    if animal.hooves:
        parts.cone(end, first.at(0.0, 0.0), second.at(0.0, 0.0), 0.60 * thick, thick)
        parts.cone(end, second.at(0.0, 0.0), third.at(0.28 * long, 0.0), thick, 0.30 * thick)
        return
    parts.cone(skin, first.at(0.0, 0.0), second.at(0.0, 0.0), 0.46 * thick, 0.98 * thick)
    parts.cone(skin, second.at(0.0, 0.0), third.at(0.0, 0.0), 0.98 * thick, 0.86 * thick)
    parts.cone(
        end.but(blend=0.3 * thick),
        third.at(0.02 * long, 0.0),
        third.at(0.26 * long, 0.0),
        0.84 * thick,
        0.16 * thick,
    )


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
