"""What flies on engines: an aeroplane that banks a little, and a rocket that climbs on its flame."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ozora.world.rigs.blocks import Bar, Block, Panel, Piece, lay, paints
from ozora.world.rigs.frame import Frame, Parts, Skin
from ozora.world.rigs.paths import SPEEDS, Path, Scene, level
from ozora.world.shot import Subject

AEROPLANE: tuple[Piece, ...] = (
    Bar("body", (2.9, 0.0, 0.0), (-1.8, 0.0, 0.0), (0.60, 0.62), 0.08),
    Bar("body", (-1.8, 0.0, 0.0), (-4.1, 0.36, 0.0), (0.62, 0.15), 0.08),
    Block("egg", "body", (3.1, -0.03, 0.0), (0.95, 0.55, 0.55), blend=0.08),
    Block("egg", "glass", (3.42, 0.22, 0.0), (0.40, 0.20, 0.41)),
    *(Block("box", "glass", (x, 0.16, 0.0), (0.13, 0.11, 0.625), rounding=0.08)
      for x in (2.1, 1.4, 0.7, 0.0, -0.7, -1.4)),
    Panel("pale", ((1.25, -0.30, 0.40), (-0.75, -0.30, 0.40), (-1.75, 0.16, 4.5), (-0.95, 0.16, 4.5)), 0.145,
          mirrored=True),
    Panel("accent", ((-0.98, 0.16, 4.46), (-1.75, 0.16, 4.46), (-1.95, 0.85, 4.66)), 0.12, mirrored=True),
    Panel("pale", ((-3.0, 0.28, 0.1), (-3.9, 0.34, 0.1), (-4.35, 0.45, 1.75), (-3.85, 0.45, 1.75)), 0.12,
          mirrored=True),
    Panel("accent", ((-2.55, 0.45, 0.0), (-4.0, 0.45, 0.0), (-4.75, 2.05, 0.0), (-4.0, 2.05, 0.0)), 0.15),
    Block("drum", "steel", (0.70, -0.62, 1.75), (0.25, 0.62, 0.36), axis="forward", rounding=0.06,
          mirrored=True),
    Block("drum", "trim", (1.30, -0.62, 1.75), (0.28, 0.05, 0.28), axis="forward", rounding=0.02,
          mirrored=True),
)  # fmt: skip
"""Metres about the middle of the cabin; nine metres from nose to tail and as wide. Wings are thick enough to
be more than a pixel in a small picture."""

SPAN = 9.3
AEROPLANE_PACE = 6.2

_FIN = ((0.45, 2.0), (1.38, 0.65), (1.38, 0.0), (0.45, 0.72))

ROCKET: tuple[Piece, ...] = (
    Block("drum", "body", (0.0, 1.45, 0.0), (0.52, 0.95, 0.74), rounding=0.02, blend=0.10),
    Block("drum", "body", (0.0, 3.25, 0.0), (0.74, 0.95, 0.66), rounding=0.02, blend=0.10),
    Block("drum", "accent", (0.0, 4.72, 0.0), (0.655, 0.55, 0.36), rounding=0.02, blend=0.05),
    Block("drum", "accent", (0.0, 5.62, 0.0), (0.37, 0.40, 0.03), rounding=0.02, blend=0.05),
    Block("drum", "steel", (0.0, 3.45, 0.0), (0.37, 0.755, 0.37), axis="right", rounding=0.05),
    Block("drum", "glass", (0.0, 3.45, 0.0), (0.27, 0.775, 0.27), axis="right", rounding=0.05),
    Block("drum", "accent", (0.0, 2.10, 0.0), (0.745, 0.10, 0.765), rounding=0.02),
    Block("drum", "trim", (0.0, 0.34, 0.0), (0.46, 0.24, 0.34), rounding=0.03),
    *(Panel("accent", tuple((x * c, y, x * s) for x, y in _FIN), 0.13)
      for c, s in ((1.0, 0.0), (-1.0, 0.0), (0.0, 1.0), (0.0, -1.0))),
)  # fmt: skip
"""Metres over the tips of its fins; six metres tall."""

THRUST = 1.25
"""Metres per second squared by which a medium rocket gains speed at normal speed."""


def aeroplane_speed(word: str, scale: float) -> float:
    """Metres per second through the air."""
    return AEROPLANE_PACE * SPEEDS[word] * scale**0.5


def aeroplane(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """An aeroplane low over the land: primitives and middle (F, 3)."""
    times = scene.times
    phase = float(chance.uniform(0, 2 * np.pi))
    height = float(chance.uniform(4.5, 7.0)) * scale
    position, _ = path.at(times)
    wave = 2 * torch.pi * 0.13 * times + phase
    floor = scene.heights(position).amax()
    frame = level(path, scene, floor + height + 0.25 * scale * torch.sin(wave), scale)
    body = frame.child(pitch=0.05 + 0.035 * torch.cos(wave), roll=0.16 * torch.sin(0.9 * wave + 1.0))
    parts = Parts(frame, blend=0.0)
    lay(parts, body, AEROPLANE, paints(subject, 0.5))
    # Lamps at the wing tips: red on the left, green on the right, blinking together.
    blink = 0.05 + 0.06 * (torch.sin(2 * torch.pi * 1.3 * times + phase) > 0)
    for side, colour in ((-1.0, (1.0, 0.05, 0.03)), (1.0, (0.05, 0.9, 0.2))):
        lamp = Skin(colour, glow=0.9)
        parts.ellipsoid(lamp, body.child(-1.0, 0.17, side * 4.5), (2 * blink, blink, blink))
    return parts, frame.origin


def rocket_height(word: str, scale: float, times: Tensor) -> Tensor:
    """Metres (F,) of the fins over the ground: even acceleration from a start just before the clip."""
    return 0.35 * scale + 0.5 * THRUST * SPEEDS[word] * scale**0.5 * (times + 0.4).square()


def rocket(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A rocket that rises ever faster on its flame: primitives and middle (F, 3)."""
    times = scene.times
    phase = float(chance.uniform(0, 2 * np.pi))
    position, _ = path.at(times)
    floor = scene.heights(position).amax()
    height = rocket_height(subject.speed, scale, times)
    frame = level(path, scene, floor + height, scale)
    tremble = 0.006 * torch.sin(29.0 * times + phase)
    body = frame.child(yaw=0.35 * torch.sin(phase + 0.30 * times), pitch=tremble)
    parts = Parts(frame, blend=0.0)
    lay(parts, body, ROCKET, paints(subject, 0.4))
    _flame(parts, body, height / scale, times, phase)
    return parts, body.at(0.0, 2.9)


def _flame(parts: Parts, body: Frame, height: Tensor, times: Tensor, phase: float) -> None:
    """Three tongues, the hottest short and wide; none reaches below the ground."""
    flicker = 1 + 0.10 * torch.sin(37.0 * times + phase) + 0.06 * torch.sin(61.0 * times)
    tongues = (
        ((1.0, 0.24, 0.03), 0.32, 2.50, 0.07, 0.8), ((1.0, 0.50, 0.08), 0.36, 1.60, 0.17, 0.95),
        ((1.0, 0.84, 0.45), 0.39, 0.75, 0.24, 1.0),
    )  # fmt: skip
    for colour, radius, length, tip, glow in tongues:
        reach = torch.minimum(length * flicker, height + 0.16 - tip)
        skin = Skin(colour, glow=glow, blend=0.10)
        parts.cone(skin, body.at(0.0, 0.20), body.at(0.0, 0.20 - reach), radius, tip)
