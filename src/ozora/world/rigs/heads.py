"""Heads and tails of four-legged animals: faces, ears, antlers, trunks, manes, brushes and stubs."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs.animals import Animal
from ozora.world.rigs.frame import PLAIN, Frame, Number, Parts, Skin
from ozora.world.rigs.palette import DARK, shade

IVORY: RGB = (0.78, 0.72, 0.58)
HORN: RGB = (0.30, 0.19, 0.10)


def head(parts: Parts, animal: Animal, skin: Skin, neck: Frame, bearing: Frame) -> None:
    """All of the head: ``neck`` from the shoulders, ``bearing`` at its end, as the face is held."""
    long, _, thick, thin = animal.neck
    size, deep, _ = animal.head
    parts.cone(skin, neck.at(-0.12 * long, -0.06 * long), neck.at(long, 0.0), thick, thin)
    plain = skin.but(pattern=PLAIN) if animal.hooves else skin
    parts.ellipsoid(plain, bearing.child(0.45 * size, 0.12 * deep), animal.head)
    if animal.trunk > 0:
        _trunk(parts, animal, skin, bearing)
    elif animal.hooves:
        _long_face(parts, animal, plain, bearing)
    else:
        _short_face(parts, animal, skin, bearing)
    _ears(parts, animal, plain, bearing)
    if animal.antlers > 0:
        _antlers(parts, animal, bearing)
    if animal.horns > 0:
        for side in (-1.0, 1.0):
            foot = bearing.at(0.15 * size, 0.9 * deep, side * 0.35 * deep)
            top = bearing.at(0.10 * size, 0.9 * deep + animal.horns, side * 0.45 * deep)
            parts.cone(Skin(HORN, blend=0.02), foot, top, 0.16 * animal.horns, 0.22 * animal.horns)
    if animal.mane > 0:
        hair = skin.but(colour=animal.accents[2], blend=0.10 * animal.mane)
        crest = neck.child(0.56 * long, 1.12 * thin, pitch=-0.12)
        parts.ellipsoid(hair, crest, (0.64 * long, 0.70 * animal.mane, 0.50 * animal.mane))


def _long_face(parts: Parts, animal: Animal, skin: Skin, bearing: Frame) -> None:
    """The face of those that graze: long, blunt, dark at the nose."""
    size, deep, _ = animal.head
    length, near, far = animal.muzzle
    start, end = 0.75 * size, 0.75 * size + length
    bridge = bearing.at(start + 0.72 * length, -0.18 * deep)
    parts.cone(skin, bearing.at(start, 0.0), bridge, near, far * 1.05)
    nose = skin.but(colour=animal.accents[1], blend=0.05 * length)
    parts.cone(
        nose,
        bearing.at(start + 0.72 * length, -0.2 * deep),
        bearing.at(end, -0.26 * deep),
        far * 1.04,
        far * 0.95,
    )


def _short_face(parts: Parts, animal: Animal, skin: Skin, bearing: Frame) -> None:
    """The face of those that hunt, and of rabbits: a muzzle with a paler jaw, a nose, eyes."""
    size, deep, wide = animal.head
    length, near, far = animal.muzzle
    start, end = 0.75 * size, 0.75 * size + length
    parts.cone(skin, bearing.at(start, -0.04 * deep), bearing.at(end, -0.34 * deep), near, far)
    jaw = skin.but(colour=animal.accents[1], blend=0.012)
    parts.cone(
        jaw,
        bearing.at(0.50 * size, -0.40 * deep),
        bearing.at(end - 0.10 * length, -0.56 * deep),
        0.74 * wide,
        far,
    )
    nose = Skin(DARK, gloss=0.5, blend=0.0)
    tip = min(far, 0.030 * (animal.leg / 0.5) ** 0.5)
    parts.ellipsoid(nose, bearing.child(end + 0.3 * far, -0.28 * deep), (1.15 * tip, 0.95 * tip, 1.1 * tip))
    # One bar through the skull makes both eyes.
    eyes = Skin(DARK, gloss=0.8, blend=0.0)
    parts.ellipsoid(eyes, bearing.child(0.98 * size, 0.34 * deep), (0.16 * size, 0.19 * deep, 0.90 * wide))


def _trunk(parts: Parts, animal: Animal, skin: Skin, bearing: Frame) -> None:
    """A trunk that hangs and curls forward at its tip, and a pair of tusks."""
    size, deep, wide = animal.head
    _, near, far = animal.muzzle
    angle, at, radius = -1.02, bearing.child(0.95 * size, -0.22 * deep), near
    for share in (0.30, 0.27, 0.24, 0.19):
        at = at.child(0.0, 0.0, pitch=angle)
        length = share * animal.trunk
        thinner = radius * 0.76
        parts.cone(skin, at.at(0.0, 0.0), at.at(length, 0.0), radius, thinner)
        at, radius, angle = at.child(length, 0.0), thinner, 0.20
    for side in (-1.0, 1.0):
        root = bearing.at(0.75 * size, -0.55 * deep, side * 0.55 * wide)
        tip = bearing.at(1.95 * size, -1.05 * deep, side * 0.62 * wide)
        parts.cone(Skin(IVORY, gloss=0.4, blend=0.02), root, tip, 0.34 * far, 0.10 * far)
    eyes = Skin(DARK, gloss=0.8, blend=0.0)
    parts.ellipsoid(eyes, bearing.child(0.80 * size, 0.20 * deep), (0.09 * size, 0.08 * deep, 0.93 * wide))


def _ears(parts: Parts, animal: Animal, skin: Skin, bearing: Frame) -> None:
    size, deep, _ = animal.head
    tall, broad, apart = animal.ears
    inner = skin.but(blend=0.12 * tall)
    for side in (-1.0, 1.0):
        if animal.ear_shape == "pointed":
            base = bearing.at(0.12 * size, 0.62 * deep, side * apart)
            back = 0.2 * tall if animal.hooves else (-0.55 * tall if animal.leaps else -0.05 * tall)
            out = 2.2 if animal.hooves and animal.antlers > 0 else 1.45
            tip = bearing.at(-0.02 * size + back, 0.7 * deep + tall, side * apart * out)
            parts.cone(inner, base, tip, broad, (0.75 if animal.leaps else 0.10) * broad)
        elif animal.ear_shape == "round":
            parts.ellipsoid(
                inner, bearing.child(0.05 * size, 0.95 * deep, side * apart), (0.5 * broad, tall, broad)
            )
        elif animal.ear_shape == "hanging":
            flap = inner.but(colour=shade(skin.colour, -0.30), pattern=PLAIN, blend=0.05 * tall)
            base = bearing.at(0.15 * size, 0.62 * deep, side * apart)
            tip = bearing.at(0.30 * size, 0.62 * deep - tall, side * apart * 1.30)
            parts.cone(flap, base, tip, 0.55 * broad, broad)
        else:
            fan = inner.but(colour=shade(skin.colour, -0.12), blend=0.06 * tall)
            hinge = bearing.child(-0.18 * size, 0.10 * deep, side * 0.98 * apart, yaw=side * 0.62)
            parts.ellipsoid(fan, hinge.child(-0.62 * broad, -0.10 * tall), (broad, tall, 0.07 * tall))


def _antlers(parts: Parts, animal: Animal, bearing: Frame) -> None:
    """Two beams that sweep back and out, three tines each."""
    size, deep, _ = animal.head
    bone, long = Skin(HORN, gloss=0.1, blend=0.012), animal.antlers
    for side in (-1.0, 1.0):
        foot = bearing.child(0.05 * size, 0.85 * deep, side * 0.45 * deep)
        bends = ((0.0, 0.0, 0.0), (-0.16, 0.42, 0.30), (0.02, 0.78, 0.46), (0.22, 1.00, 0.42))
        points = [foot.at(x * long, y * long, side * z * long) for x, y, z in bends]
        for i, (near, far) in enumerate(pairwise(points)):
            parts.cone(bone, near, far, (0.058 - 0.012 * i) * long, (0.046 - 0.012 * i) * long)
        for (x, y, z), (dx, dy) in zip(bends[:3], ((0.30, 0.16), (0.30, 0.18), (-0.16, 0.26)), strict=True):
            root = foot.at(x * long, (y + 0.06) * long, side * z * long)
            tip = foot.at((x + dx) * long, (y + 0.06 + dy) * long, side * (z + 0.04) * long)
            parts.cone(bone, root, tip, 0.034 * long, 0.014 * long)


def tail(
    parts: Parts,
    animal: Animal,
    skin: Skin,
    rear: Frame,
    cycles: Tensor,
    sway: Tensor,
    droop: Number,
    wave: Number,
) -> None:
    """The tail, hung by ``droop`` and swung by ``sway``; ``wave`` is how much each beat lifts it."""
    long, thick, _ = animal.tail
    lag = 2 * torch.pi
    end = skin.but(colour=animal.accents[2])
    root = (-0.82 * animal.rump, 0.28 * animal.rump)
    if animal.tail_shape == "stub":
        stub = rear.child(root[0] - 0.2 * animal.rump, root[1], yaw=torch.pi + sway, pitch=-droop)
        puff = end.but(blend=0.25 * thick, pattern=PLAIN)
        parts.ellipsoid(puff, stub.child(0.35 * long, 0.0), (0.6 * long, thick, thick))
        return
    first = rear.child(*root, yaw=torch.pi + sway, pitch=-droop + wave * torch.sin(lag * cycles))
    # A bushy tail curls up at the end; hair hangs.
    curl: Number = animal.tail_curl
    if isinstance(wave, Tensor) and animal.tail_curl > 0.08:
        curl = curl + (0.08 - curl) * ((wave - 0.03) / 0.13)
    elif not isinstance(wave, Tensor) and wave > 0.1 and animal.tail_curl > 0.08:
        curl = 0.08
    second = first.child(
        0.38 * long, 0.0, yaw=0.9 * sway, pitch=curl + wave * torch.sin(lag * (cycles - 0.14))
    )
    third = second.child(
        0.34 * long, 0.0, yaw=0.6 * sway, pitch=curl + wave * torch.sin(lag * (cycles - 0.28))
    )
    if animal.tail_shape == "hair":
        parts.cone(end, first.at(0.0, 0.0), second.at(0.0, 0.0), 0.60 * thick, thick)
        parts.cone(end, second.at(0.0, 0.0), third.at(0.28 * long, 0.0), thick, 0.30 * thick)
        return
    slim = animal.tail_shape == "rope"
    parts.cone(skin, first.at(0.0, 0.0), second.at(0.0, 0.0), (1.15 if slim else 0.46) * thick, 0.98 * thick)
    parts.cone(skin, second.at(0.0, 0.0), third.at(0.0, 0.0), 0.98 * thick, 0.86 * thick)
    parts.cone(
        end.but(blend=0.3 * thick),
        third.at(0.02 * long, 0.0),
        third.at(0.26 * long, 0.0),
        0.84 * thick,
        (0.75 if slim else 0.16) * thick,
    )
