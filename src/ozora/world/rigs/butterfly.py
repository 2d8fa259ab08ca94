"""Butterflies: four broad wings that clap and open, on a fluttering way low over the ground."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from ozora.world.rigs.frame import Frame, Parts, Skin
from ozora.world.rigs.palette import DARK, coat
from ozora.world.rigs.paths import SPEEDS, Path, Scene, level
from ozora.world.shot import Subject

PACE = 0.42  # metres per second of a medium one at normal speed
BEATS = 2.3  # per second: slow for its size, so that every frame of a film shows the stroke
RIM = Skin(DARK, gloss=0.1)
SPOT = Skin((0.86, 0.83, 0.74))

FORE_WING = (0.068, 0.148, 0.092)
HIND_WING = (-0.082, 0.088, 0.074)
"""Middle of a wing's rounded end, metres forward and outward of its hinge, and its radius."""


def speed(word: str, scale: float) -> float:
    """Metres per second through the air."""
    return PACE * SPEEDS[word] * scale**0.5


def pose(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """The butterfly in every frame: primitives, and the middle of its flight (F, 3)."""
    times = scene.times
    height, phase = float(chance.uniform(0.38, 0.62)), float(chance.uniform(0, 2 * np.pi))
    position, _ = path.at(times)
    flight = level(path, scene, scene.heights(position) + height * scale, scale)
    cycles = 2 * torch.pi * BEATS * SPEEDS[subject.speed] ** 0.5 / scale**0.3 * times + phase
    stroke = torch.sin(cycles)
    # Each stroke of such large wings throws the small body up; the way itself wavers.
    flutter = 2 * torch.pi * 0.55 * times + phase
    body = flight.child(
        0.0, -0.028 * stroke + 0.05 * torch.sin(flutter), 0.03 * torch.sin(0.8 * flutter + 1.0),
        yaw=0.22 * torch.sin(0.8 * flutter), pitch=0.35 + 0.10 * torch.cos(cycles),
        roll=0.16 * torch.sin(0.8 * flutter + 2.0),
    )  # fmt: skip
    parts = Parts(flight, blend=0.0)
    skin = coat(subject, 0.10)
    fur = Skin(DARK, gloss=0.15, blend=0.004)
    parts.cone(fur, body.at(0.020, 0.0), body.at(-0.105, -0.012), 0.014, 0.006)
    parts.ellipsoid(fur, body.child(0.012, 0.002), (0.030, 0.019, 0.018))
    parts.ellipsoid(fur, body.child(0.050, 0.006), (0.015, 0.014, 0.016))
    for side in (-1.0, 1.0):
        feeler = body.at(0.125, 0.040, 0.040 * side)
        parts.cone(fur, body.at(0.060, 0.010, 0.006 * side), feeler, 0.0028, 0.0022)
        _wings(parts, skin, body, side, stroke, torch.sin(cycles - 0.45))
    return parts, flight.origin


def _wings(parts: Parts, skin: Skin, body: Frame, side: float, stroke: Tensor, behind: Tensor) -> None:
    """A fore wing and a hind wing, each a dark plate with a coloured one a little thicker inside it."""
    fore = body.child(0.018, 0.008, 0.008 * side, roll=-side * (0.40 + 0.78 * stroke))
    hind = body.child(-0.018, 0.004, 0.008 * side, roll=-side * (0.34 + 0.72 * behind))
    for wing, (x, z, radius) in ((fore, FORE_WING), (hind, HIND_WING)):
        _plate(parts, RIM, wing, side, (x, z), radius, 0.0, 0.0046)
        _plate(parts, skin, wing, side, (x, z), radius, 0.021, 0.0070)
    spots = (fore, 0.112, 0.212, 0.009), (fore, 0.070, 0.232, 0.008), (hind, -0.125, 0.125, 0.009)
    for wing, x, z, size in spots:
        parts.drum(SPOT, wing.child(x, 0.0, z * side), (size, 0.0068, size), 0.002)


def _plate(
    parts: Parts, skin: Skin, hinge: Frame, side: float, middle: tuple[float, float], radius: float,
    margin: float, thickness: float,
) -> None:  # fmt: skip
    """A teardrop: a disc, and the triangle of its tangents from the hinge, all drawn in by a margin."""
    x, z = middle
    away = math.hypot(x, z)
    inner = radius - margin
    parts.drum(skin, hinge.child(x, 0.0, side * z), (inner, thickness, inner), 0.8 * thickness)
    # The tangents touch the disc a little nearer than its middle.
    nearer, wide = inner * inner / away, inner * math.sqrt(1 - (inner / away) ** 2)
    touch = (1 - nearer / away) * x, (1 - nearer / away) * z
    corners = [hinge.at(1.4 * margin * x / away, 0.0, side * 1.4 * margin * z / away)]
    for aside in (wide, -wide):
        forward, out = touch[0] + aside * z / away, touch[1] - aside * x / away
        corners.append(hinge.at(forward, 0.0, side * out))
    parts.sheet(skin, corners[0], corners[1], corners[2], thickness)
