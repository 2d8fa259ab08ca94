"""What rolls on wheels, as data: car, truck and train, and the one rig that drives them.

A wheel's middle is always one radius above the ground under it, and it turns by distance over radius; the
body lies over its axles as on springs.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ozora.world.rigs.blocks import Bar, Block, Panel, Piece, lay, paints
from ozora.world.rigs.frame import CHEQUERS, Frame, Number, Parts, Skin, rotation
from ozora.world.rigs.paths import SPEEDS, Path, Scene, spot
from ozora.world.shot import Subject


@dataclass(frozen=True)
class Axle:
    """A pair of wheels ``x`` metres ahead of the carriage's middle, or with no ``track`` one wide roller."""

    x: float
    radius: float
    width: float  # half the tyre's width
    track: float  # from the midline to a wheel's middle
    hub: float = 0.58  # radius, as a share of the wheel's


@dataclass(frozen=True)
class Carriage:
    """One body on its axles. Pieces are in metres over the ground under its middle."""

    length: float
    axles: tuple[Axle, ...]
    pieces: tuple[Piece, ...]
    crank: float = 0.0  # radius at which a rod joins the wheels of a steam engine
    chimney: tuple[float, float] | None = None  # forward and up: where steam comes out


@dataclass(frozen=True)
class Vehicle:
    """Carriages one behind the other, the first in front."""

    carriages: tuple[Carriage, ...]
    pace: float  # metres per second at medium size and normal speed
    gap: float = 0.0  # metres between carriages
    sway: float = 0.010  # radians that the springs let the body roll

    @property
    def length(self) -> float:
        """Metres from end to end."""
        return sum(one.length for one in self.carriages) + self.gap * (len(self.carriages) - 1)


def _window(x: float, y: float, half_length: float, half_height: float, half_width: float) -> Block:
    """A pane that shows on both sides of a body."""
    return Block("box", "glass", (x, y, 0.0), (half_length, half_height, half_width), rounding=0.04)


CAR = Vehicle((Carriage(4.2, (Axle(1.28, 0.35, 0.12, 0.77), Axle(-1.28, 0.35, 0.12, 0.77)), (
    Block("box", "body", (0.0, 0.57, 0.0), (2.04, 0.22, 0.85), rounding=0.17, blend=0.06),
    Block("box", "body", (1.22, 0.73, 0.0), (0.76, 0.14, 0.77), pitch=-0.07, rounding=0.12, blend=0.06),
    Block("box", "body", (-1.52, 0.77, 0.0), (0.46, 0.14, 0.77), rounding=0.12, blend=0.06),
    Block("box", "glass", (-0.25, 1.03, 0.0), (0.66, 0.25, 0.71), rounding=0.06),
    Block("box", "glass", (0.64, 0.93, 0.0), (0.42, 0.16, 0.71), pitch=-0.60, rounding=0.06),
    Block("box", "glass", (-1.02, 0.95, 0.0), (0.34, 0.16, 0.71), pitch=0.72, rounding=0.06),
    Block("box", "roof", (-0.24, 1.29, 0.0), (0.68, 0.045, 0.67), rounding=0.045, blend=0.03),
    Bar("body", (1.06, 0.82, 0.71), (0.42, 1.28, 0.64), (0.045, 0.045), 0.03, mirrored=True),
    Bar("body", (-1.40, 0.84, 0.71), (-0.90, 1.28, 0.64), (0.055, 0.045), 0.03, mirrored=True),
    Block("box", "body", (-0.15, 1.03, 0.0), (0.05, 0.26, 0.725)),
    Block("box", "trim", (0.0, 0.38, 0.0), (1.92, 0.10, 0.82), rounding=0.06),
    Block("box", "steel", (0.0, 0.47, 0.0), (2.10, 0.05, 0.80), rounding=0.05),
    Block("box", "trim", (1.98, 0.60, 0.0), (0.075, 0.075, 0.36), rounding=0.05),
    Block("egg", "lamp", (1.95, 0.68, 0.60), (0.11, 0.10, 0.15), mirrored=True),
    Block("egg", "stop", (-1.98, 0.70, 0.62), (0.09, 0.09, 0.16), mirrored=True),
)),), pace=3.9, sway=0.018)  # fmt: skip

TRUCK = Vehicle((Carriage(6.9, tuple(Axle(x, 0.50, 0.17, 0.90) for x in (2.35, -1.30, -2.42)), (
    Block("box", "trim", (0.0, 0.80, 0.0), (3.25, 0.13, 0.72), rounding=0.05),
    Block("box", "body", (2.58, 1.55, 0.0), (0.82, 0.80, 1.02), rounding=0.16, blend=0.05),
    Block("box", "body", (2.40, 2.30, 0.0), (0.62, 0.26, 0.97), pitch=-0.20, rounding=0.16, blend=0.05),
    Block("box", "glass", (3.34, 1.88, 0.0), (0.10, 0.32, 0.90), pitch=0.0, rounding=0.08),
    _window(2.85, 1.88, 0.36, 0.28, 1.035),
    Block("box", "pale", (-0.95, 2.12, 0.0), (2.42, 1.16, 1.13), rounding=0.07),
    Block("box", "body", (-0.95, 1.62, 0.0), (2.435, 0.30, 1.145), rounding=0.05),
    Block("box", "steel", (-0.95, 0.98, 0.0), (2.44, 0.06, 1.14), rounding=0.03),
    Block("box", "steel", (3.33, 0.80, 0.0), (0.14, 0.20, 1.00), rounding=0.09),
    Block("box", "trim", (3.38, 1.20, 0.0), (0.04, 0.16, 0.56), rounding=0.04),
    Block("drum", "steel", (0.72, 0.74, 0.80), (0.27, 0.50, 0.27), axis="forward", mirrored=True),
    Bar("steel", (1.62, 1.0, 0.98), (1.62, 3.15, 0.98), (0.075, 0.075), mirrored=True),
    Block("egg", "lamp", (3.40, 1.06, 0.78), (0.10, 0.12, 0.17), mirrored=True),
    Block("box", "stop", (-3.36, 0.98, 0.92), (0.05, 0.07, 0.16), mirrored=True),
)),), pace=3.6, sway=0.014)  # fmt: skip

_ENGINE = Carriage(5.3, tuple(Axle(x, 0.56, 0.10, 0.66, 0.80) for x in (1.25, 0.0, -1.25)), (
    Block("box", "trim", (0.05, 1.02, 0.0), (2.40, 0.16, 0.62)),
    Block("drum", "body", (0.55, 1.88, 0.0), (0.68, 1.55, 0.68), axis="forward"),
    Block("drum", "trim", (2.22, 1.88, 0.0), (0.71, 0.32, 0.71), axis="forward", rounding=0.05),
    Block("egg", "steel", (2.54, 1.88, 0.0), (0.09, 0.46, 0.46)),
    Block("drum", "brass", (1.30, 1.88, 0.0), (0.70, 0.05, 0.70), axis="forward", rounding=0.02),
    Block("drum", "brass", (0.10, 1.88, 0.0), (0.70, 0.05, 0.70), axis="forward", rounding=0.02),
    Block("drum", "trim", (2.22, 2.90, 0.0), (0.17, 0.42, 0.34)),
    Block("egg", "brass", (0.75, 2.55, 0.0), (0.32, 0.38, 0.32)),
    Block("box", "body", (-1.65, 2.05, 0.0), (0.82, 0.95, 0.88), rounding=0.05),
    _window(-1.60, 2.48, 0.42, 0.30, 0.895),
    Block("box", "shaded", (-1.65, 3.05, 0.0), (1.02, 0.08, 1.02), rounding=0.07),
    Block("box", "accent", (2.50, 1.02, 0.0), (0.09, 0.20, 0.88)),
    Panel("accent", ((2.50, 0.92, 0.0), (2.45, 0.92, 0.76), (2.45, 0.38, 0.70), (2.98, 0.38, 0.0)), 0.12,
          mirrored=True),
    Block("egg", "lamp", (2.52, 2.70, 0.0), (0.14, 0.17, 0.17)),
), crank=0.27, chimney=(2.22, 3.40))  # fmt: skip
_COACH = Carriage(3.9, (Axle(1.15, 0.44, 0.10, 0.66, 0.70), Axle(-1.15, 0.44, 0.10, 0.66, 0.70)), (
    Block("box", "trim", (0.0, 0.92, 0.0), (2.16, 0.14, 0.60)),
    Block("box", "body", (0.0, 1.75, 0.0), (1.86, 0.76, 0.90), rounding=0.06),
    Block("box", "pale", (0.0, 1.38, 0.0), (1.87, 0.055, 0.91)),
    *(_window(x, 1.92, 0.36, 0.27, 0.912) for x in (-1.15, 0.0, 1.15)),
    Block("box", "shaded", (0.0, 2.60, 0.0), (1.98, 0.14, 0.92), rounding=0.13),
))  # fmt: skip
TRAIN = Vehicle((_ENGINE, _COACH, _COACH), pace=4.4, gap=0.30, sway=0.008)

VEHICLES: dict[str, Vehicle] = {"car": CAR, "truck": TRUCK, "train": TRAIN}

RUBBER = Skin((0.016, 0.016, 0.018), gloss=0.06)
RIM = Skin((0.045, 0.045, 0.05), gloss=0.2, pattern=CHEQUERS)
ROD = Skin((0.55, 0.56, 0.58), gloss=0.7)
STEAM = Skin((0.86, 0.86, 0.88), glow=0.06)
PUFFS = 4


def speed(vehicle: Vehicle, action: str, word: str, scale: float) -> float:
    """Metres per second over the ground."""
    return {"drive": vehicle.pace, "stand": 0.0}[action] * SPEEDS[word] * scale**0.5


def pose(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float, vehicle: Vehicle
) -> tuple[Parts, Tensor]:
    """The vehicle in every frame: primitives and middle (F, 3)."""
    phase = float(chance.uniform(0, 2 * np.pi))
    front = 0.5 * vehicle.length
    parts: Parts | None = None
    middles: list[Tensor] = []
    for carriage in vehicle.carriages:
        ahead = (front - 0.5 * carriage.length) * scale
        front -= carriage.length + vehicle.gap
        frame, turned = _on_axles(carriage, path, scene, ahead, scale)
        going = _going(path, scene, subject)
        shake = 2 * torch.pi * scene.times / scale**0.5 + phase + 1.7 * len(middles)
        body = frame.child(
            0.0, going * (0.012 * torch.sin(2.1 * shake)), 0.0,
            pitch=going * (0.5 * vehicle.sway * torch.sin(1.3 * shake)),
            roll=going * (vehicle.sway * torch.sin(0.9 * shake + 1)),
        )  # fmt: skip
        parts = parts or Parts(frame, blend=0.0)
        lay(parts, body, carriage.pieces, paints(subject))
        for axle in carriage.axles:
            _wheels(parts, axle, path, scene, ahead, scale)
        _engine(parts, carriage, body, turned, path, scene, scale)
        middles.append(frame.at(0.0, 1.0))
    assert parts is not None
    return parts, torch.stack(middles).mean(0)


def _going(path: Path, scene: Scene, subject: Subject) -> Number:
    """How much it drives rather than stands: springs are still in what stands."""
    if path.course is not None:
        return path.course.share("drive", scene.times)
    return 1.0 if subject.action == "drive" else 0.0


def _on_axles(
    carriage: Carriage, path: Path, scene: Scene, ahead: float, scale: float
) -> tuple[Frame, Tensor]:
    """The frame of a carriage, on the ground under its axles, and how far (F,) its wheels have turned."""
    first, last = carriage.axles[0], carriage.axles[-1]
    fore, _, roll = spot(path, scene, ahead + first.x * scale, first.track * scale)
    rear, _, other = spot(path, scene, ahead + last.x * scale, last.track * scale)
    base = fore - rear
    yaw = -torch.atan2(base[:, 2], base[:, 0])
    pitch = torch.atan2(base[:, 1], base[:, [0, 2]].norm(dim=-1))
    share = -last.x / (first.x - last.x)
    axes = rotation(yaw, pitch, (roll + other) / 2, scene.frames)
    turned = path.distance(scene.times) / (first.radius * scale)
    return Frame(rear + share * base, axes, scale), turned


def _wheels(parts: Parts, axle: Axle, path: Path, scene: Scene, ahead: float, scale: float) -> None:
    ground, yaw, roll = spot(path, scene, ahead + axle.x * scale, axle.track * scale)
    turned = path.distance(scene.times) / (axle.radius * scale)
    level = Frame(ground, rotation(yaw, 0.0, roll, scene.frames), scale)
    # Forward is nose down: the top of a wheel goes ahead.
    spun = level.child(0.0, axle.radius, 0.0, pitch=-turned)
    for side in (1.0, -1.0):
        wheel = spun.child(0.0, 0.0, side * axle.track, roll=0.5 * math.pi)
        parts.drum(RUBBER, wheel, (axle.radius, axle.width, axle.radius), min(0.05, 0.5 * axle.width))
    # One drum through both wheels shows as a hub on either side.
    hub = axle.hub * axle.radius
    parts.drum(
        RIM, spun.child(roll=0.5 * math.pi), (hub, axle.track + axle.width + 0.012, hub), 0.01
    )


def _engine(
    parts: Parts, carriage: Carriage, body: Frame, turned: Tensor, path: Path, scene: Scene, scale: float
) -> None:
    """Rods and steam of an engine that has them."""
    first, last = carriage.axles[0], carriage.axles[-1]
    if carriage.crank > 0:
        across, up = carriage.crank * torch.sin(turned), carriage.crank * torch.cos(turned)
        middle = (first.x + last.x) / 2
        rod = body.child(middle + across, first.radius + up)
        half = (first.x - last.x) / 2 + 0.14
        parts.box(ROD, rod, (half, 0.065, first.track + first.width + 0.06), 0.04)
    if carriage.chimney is None:
        return
    x, y = carriage.chimney
    for number in range(PUFFS):
        # Each puff leaves the chimney, lags behind and thins out; then another takes its turn.
        age = torch.remainder(scene.times * 0.9 + number / PUFFS, 1.0)
        size = 0.12 + 0.42 * age.sqrt() * (1 - age.pow(4))
        puff = body.child(x - 1.7 * age, y + 0.10 + 0.75 * age.sqrt())
        parts.ellipsoid(STEAM.but(blend=0.12), puff, (1.15 * size, 0.85 * size, size))
