"""Birds: a body that beats two-jointed wings and glides between."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs.frame import Frame, Parts, Skin
from ozora.world.rigs.palette import DARK, PALE, coat, shade
from ozora.world.rigs.paths import SPEEDS, Path, Scene, level
from ozora.world.shot import Subject

BEAK: RGB = (0.72, 0.30, 0.03)
BEATS = 2.1  # wing beats per second of a medium bird at normal speed
ARM, HAND = 0.27, 0.40  # metres from shoulder to wrist and from wrist to wing tip


def speed(word: str, scale: float) -> float:
    """Metres per second through the air."""
    return 2.6 * SPEEDS[word] * scale**0.5


def pose(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """The bird in every frame: primitives, and the middle of its flight (F, 3) without the beat's bounce."""
    height, phase = float(chance.uniform(1.9, 3.0)), float(chance.uniform(0, 2 * np.pi))
    times = scene.times
    wave = torch.sin(2 * torch.pi * 0.17 * times + phase)
    position, _ = path.at(times)
    floor = scene.heights(position).amax()
    flight = level(path, scene, floor + height + 0.22 * wave, scale)
    beats = BEATS * SPEEDS[subject.speed] ** 0.5 / scale**0.4
    cycles = 2 * torch.pi * beats * times + phase
    # Strokes swell and fade: some seconds of flapping, then a glide.
    power = torch.sigmoid(6 * torch.sin(2 * torch.pi * 0.30 * times + phase) + 2.6)
    power = 0.10 + 0.90 * power
    stroke = torch.sin(cycles)
    body = flight.child(
        0.0, -0.045 * power * stroke, 0.0,
        pitch=0.07 + 0.05 * power * torch.cos(cycles) + 0.10 * torch.cos(2 * torch.pi * 0.17 * times + phase),
        roll=0.10 * torch.sin(2 * torch.pi * 0.23 * times + phase),
    )  # fmt: skip
    parts = Parts(flight, blend=0.03)
    skin = coat(subject, 0.08)
    _body(parts, skin, body)
    for side in (-1.0, 1.0):
        _wing(parts, skin, body, side, power, cycles)
    return parts, flight.origin


def _body(parts: Parts, skin: Skin, body: Frame) -> None:
    belly = skin.but(colour=PALE, blend=0.006)
    parts.ellipsoid(skin, body.child(0.0, 0.0), (0.215, 0.074, 0.080))
    parts.ellipsoid(belly, body.child(0.045, -0.036), (0.165, 0.060, 0.068))
    parts.ellipsoid(skin, body.child(0.215, 0.048), (0.070, 0.057, 0.054))
    parts.cone(Skin(BEAK, gloss=0.3, blend=0.005), body.at(0.265, 0.044), body.at(0.365, 0.018), 0.024, 0.004)
    parts.ellipsoid(Skin(DARK, gloss=0.8, blend=0.0), body.child(0.242, 0.066), (0.013, 0.013, 0.0535))
    tail = skin.but(colour=shade(skin.colour, -0.25), blend=0.008)
    for side in (-1.0, 1.0):
        parts.sheet(
            tail,
            body.at(-0.13, 0.02),
            body.at(-0.40, 0.03, side * 0.015),
            body.at(-0.37, 0.03, side * 0.12),
            0.010,
        )


def _wing(parts: Parts, skin: Skin, body: Frame, side: float, power: Tensor, cycles: Tensor) -> None:
    raised = 0.16 + 0.66 * power * torch.sin(cycles)
    # The hand trails the arm by a fifth of a beat and folds back on the upstroke.
    droop = -0.10 + 0.62 * power * torch.sin(cycles - 1.15)
    fold = 0.10 + 0.26 * power * torch.cos(cycles).clamp(min=0)
    root = body.child(0.055, 0.038, side * 0.055)
    inner_out, inner_up = ARM * raised.cos(), ARM * raised.sin()
    wrist = root.child(0.045, inner_up, side * inner_out)
    tilt = raised + droop
    tip = wrist.at(
        -HAND * fold.sin() - 0.03, HAND * fold.cos() * tilt.sin(), side * HAND * fold.cos() * tilt.cos()
    )
    back_tip = wrist.at(
        -HAND * fold.sin() * 0.8 - 0.13,
        0.62 * HAND * fold.cos() * tilt.sin(),
        side * 0.62 * HAND * fold.cos() * tilt.cos(),
    )
    front, back = root.at(0.075, 0.0), root.at(-0.135, -0.012)
    lead, trail = wrist.at(0.060, 0.0), wrist.at(-0.130, -0.008)
    feather = skin.but(blend=0.006)
    dark = feather.but(colour=shade(skin.colour, -0.55))
    parts.sheet(feather, front, back, lead, 0.012)
    parts.sheet(feather, back, trail, lead, 0.011)
    parts.sheet(dark, lead, trail, tip, 0.009)
    parts.sheet(dark, trail, back_tip, tip, 0.008)
