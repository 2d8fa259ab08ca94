"""Birds: a body that beats two-jointed wings and glides between. Each kind is a line of proportions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs.frame import Frame, Number, Parts, Skin
from ozora.world.rigs.palette import DARK, PALE, coat, shade
from ozora.world.rigs.paths import SPEEDS, Path, Scene, level
from ozora.world.shot import Subject

BEAK: RGB = (0.72, 0.30, 0.03)
YELLOW: RGB = (0.80, 0.50, 0.04)
WHITE: RGB = (0.82, 0.80, 0.76)


@dataclass(frozen=True)
class Bird:
    """Proportions in metres at medium size, colours in linear RGB."""

    arm: float  # from shoulder to wrist
    hand: float  # from wrist to wing tip
    chord: float  # depth of the wings, in those of a gull
    size: float  # of the body, in that of a gull
    beats: float  # wing beats per second at normal speed
    stroke: float  # how far the wings swing, in strokes of a gull
    glide: float  # 0 flaps mostly, 1 glides mostly
    bank: float  # radians it rolls to either side
    raised: float  # radians its wings are held up in a glide
    pace: float  # metres per second at normal speed
    height: tuple[float, float]  # metres over the ground, between these
    beak: RGB = BEAK
    hooked: bool = False
    head: RGB | None = None  # colours of head and tail, where they are not the body's
    tail: RGB | None = None
    belly: RGB | None = PALE  # None for the body's own
    fingers: int = 0  # spread feathers at the tip of each wing
    thickness: float = 1.0  # of the wings, in that of a gull's


GULL = Bird(
    arm=0.27, hand=0.40, chord=1.0, size=1.0, beats=2.1, stroke=1.0, glide=0.0, bank=0.10, raised=0.16,
    pace=2.6, height=(1.9, 3.0),
)  # fmt: skip
EAGLE = Bird(
    arm=0.44, hand=0.42, chord=1.9, size=1.42, beats=1.15, stroke=0.95, glide=0.30, bank=0.34, raised=0.20,
    pace=3.4, height=(2.6, 4.0), beak=YELLOW, hooked=True, head=WHITE, tail=WHITE, belly=None, fingers=4,
    thickness=1.7,
)  # fmt: skip
BIRDS: dict[str, Bird] = {"bird": GULL, "eagle": EAGLE}


def speed(word: str, scale: float, bird: Bird = GULL) -> float:
    """Metres per second through the air."""
    return bird.pace * SPEEDS[word] * scale**0.5


def pose(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float, bird: Bird = GULL
) -> tuple[Parts, Tensor]:
    """The bird in every frame: primitives, and the middle of its flight (F, 3) without the beat's bounce."""
    height, phase = float(chance.uniform(*bird.height)), float(chance.uniform(0, 2 * np.pi))
    times = scene.times
    wave = torch.sin(2 * torch.pi * 0.17 * times + phase)
    position, _ = path.at(times)
    floor = scene.heights(position).amax()
    flight = level(path, scene, floor + height + 0.22 * wave, scale)
    beats = bird.beats * SPEEDS[subject.speed] ** 0.5 / scale**0.4
    cycles = 2 * torch.pi * beats * times + phase
    # Strokes swell and fade: some seconds of flapping, then a glide.
    power = torch.sigmoid(6 * torch.sin(2 * torch.pi * 0.30 * times + phase) + 2.6 - 3.4 * bird.glide)
    power = 0.10 + 0.90 * power
    stroke = torch.sin(cycles)
    body = flight.child(
        0.0, -0.045 * power * stroke, 0.0,
        pitch=0.07 + 0.05 * power * torch.cos(cycles) + 0.10 * torch.cos(2 * torch.pi * 0.17 * times + phase),
        roll=bird.bank * torch.sin(2 * torch.pi * 0.23 * times + phase),
    )  # fmt: skip
    parts = Parts(flight, blend=0.03)
    skin = coat(subject, 0.08)
    _body(parts, skin, body, bird)
    for side in (-1.0, 1.0):
        _wing(parts, skin, body, side, power, cycles, bird)
    return parts, flight.origin


def _body(parts: Parts, skin: Skin, body: Frame, bird: Bird) -> None:
    s = bird.size
    crown = skin if bird.head is None else skin.but(colour=bird.head, blend=0.012)
    parts.ellipsoid(skin, body.child(0.0, 0.0), (0.215 * s, 0.074 * s, 0.080 * s))
    if bird.belly is not None:
        belly = skin.but(colour=bird.belly, blend=0.006)
        parts.ellipsoid(belly, body.child(0.045 * s, -0.036 * s), (0.165 * s, 0.060 * s, 0.068 * s))
    wide = 1.0 if bird.head is None else 1.25
    crown_size = (0.070 * s * wide, 0.057 * s * wide, 0.054 * s * wide)
    parts.ellipsoid(crown, body.child(0.215 * s, 0.048 * s), crown_size)
    horn = Skin(bird.beak, gloss=0.3, blend=0.005)
    if bird.hooked:
        bridge = body.at(0.325 * s, 0.052 * s)
        parts.cone(horn, body.at(0.265 * s, 0.050 * s), bridge, 0.032 * s, 0.022 * s)
        parts.cone(horn, bridge, body.at(0.345 * s, 0.010 * s), 0.020 * s, 0.004 * s)
    else:
        parts.cone(horn, body.at(0.265 * s, 0.044 * s), body.at(0.365 * s, 0.018 * s), 0.024 * s, 0.004 * s)
    eye = body.child(0.242 * s, 0.066 * s)
    parts.ellipsoid(Skin(DARK, gloss=0.8, blend=0.0), eye, (0.013 * s, 0.013 * s, 0.0535 * s * wide))
    colour = shade(skin.colour, -0.25) if bird.tail is None else bird.tail
    tail, spread = skin.but(colour=colour, blend=0.008), 1.0 if bird.tail is None else 1.5
    for side in (-1.0, 1.0):
        parts.sheet(
            tail,
            body.at(-0.13 * s, 0.02 * s),
            body.at(-0.40 * s, 0.03 * s, side * 0.015 * s),
            body.at(-0.37 * s, 0.03 * s, side * 0.12 * spread * s),
            0.010 * bird.thickness,
        )


def _wing(
    parts: Parts, skin: Skin, body: Frame, side: float, power: Tensor, cycles: Tensor, bird: Bird
) -> None:
    raised = bird.raised + (0.66 * bird.stroke) * power * torch.sin(cycles)
    # The hand trails the arm by a fifth of a beat and folds back on the upstroke.
    droop = -0.10 + (0.62 * bird.stroke) * power * torch.sin(cycles - 1.15)
    fold = 0.10 + 0.26 * power * torch.cos(cycles).clamp(min=0)
    root = body.child(0.055 * bird.size, 0.038 * bird.size, side * 0.055 * bird.size)
    inner_out, inner_up = bird.arm * raised.cos(), bird.arm * raised.sin()
    wrist = root.child(0.045, inner_up, side * inner_out)
    tilt = raised + droop
    hand, chord = bird.hand, bird.chord

    def beyond(back: Number, share: float) -> Tensor:
        """A point of the hand so far behind the wrist, at a share of the way out to the tip."""
        reach = share * hand * fold.cos()
        return wrist.at(back, reach * tilt.sin(), side * reach * tilt.cos())

    tip = beyond(-hand * fold.sin() - 0.03, 1.0)
    back_tip = beyond(-hand * fold.sin() * 0.8 - 0.13 * chord, 0.80 if bird.fingers else 0.62)
    front, back = root.at(0.075 * chord, 0.0), root.at(-0.135 * chord, -0.012)
    lead, trail = wrist.at(0.060 * chord, 0.0), wrist.at(-0.130 * chord, -0.008)
    feather = skin.but(blend=0.006)
    dark = feather.but(colour=shade(skin.colour, -0.55))
    thick = bird.thickness
    # Bones along the front edge: feathers seen edge-on would be too thin for a wing to hang together.
    shoulder = root.at(0.02 * chord, -0.03 * bird.size)
    parts.cone(feather, shoulder, lead, 0.048 * bird.size, 0.023 * thick)
    parts.cone(dark, lead, tip, 0.023 * thick, 0.008 * thick)
    parts.sheet(feather, front, back, lead, 0.012 * thick)
    parts.sheet(feather, back, trail, lead, 0.011 * thick)
    parts.sheet(dark, lead, trail, tip, 0.009 * thick)
    parts.sheet(dark, trail, back_tip, tip, 0.008 * thick)
    for number in range(bird.fingers):
        share = number / (bird.fingers - 1)
        start = tip + (back_tip - tip) * (0.10 + 0.75 * share)
        end = beyond(-hand * fold.sin() + 0.06 - (0.30 * chord) * share * share, 1.46 - 0.22 * share)
        parts.cone(dark, start, end, 0.030, 0.010)
