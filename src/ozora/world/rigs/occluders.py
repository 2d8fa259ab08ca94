"""Things to pass behind: trees, rocks and walls, grown to hide what crosses behind them."""

from __future__ import annotations

import numpy as np
import torch

from ozora.world.concepts import RGB
from ozora.world.rigs.frame import FUR, Frame, Parts, Skin
from ozora.world.rigs.palette import shade
from ozora.world.rigs.paths import Scene

HIDDEN_SECONDS = {"tree": 0.6, "rock": 0.7, "wall": 1.0}
STONE: RGB = (0.20, 0.19, 0.18)
SANDSTONE: RGB = (0.34, 0.20, 0.11)
BARK: RGB = (0.085, 0.048, 0.028)
NEEDLES: RGB = (0.030, 0.085, 0.045)
FRESH_NEEDLES: RGB = (0.032, 0.110, 0.035)
OLIVE: RGB = (0.110, 0.130, 0.050)
SNOW: RGB = (0.80, 0.82, 0.86)


def depth_of(kind: str, half_width: float, top: float) -> float:
    """Half the room in metres that an occluder takes along the line of sight."""
    if kind == "tree":
        return half_width * (1.15 if top < 0.85 * half_width else 1.47)
    return 0.12 * half_width + 0.06 if kind == "wall" else 0.60 * half_width


def build(
    kind: str,
    at: tuple[float, float],
    half_width: float,
    top: float,
    scene: Scene,
    chance: np.random.Generator,
) -> Parts:
    """An occluder standing at (x, z) that covers ``half_width`` metres either side, ``top`` metres high."""
    ground = float(scene.heights(torch.tensor([at]))[0])
    origin = torch.tensor([at[0], ground, at[1]]).expand(scene.frames, 3)
    # Facing the camera side: x to the right of the picture, z towards the camera.
    frame = Frame(origin, torch.eye(3).expand(scene.frames, 3, 3))
    parts = Parts(frame, blend=0.12 * half_width)
    grow = {"tree": _bush if scene.place == "dunes" else _fir, "rock": _rock, "wall": _wall}
    grow[kind](parts, frame, half_width, top, scene.place, chance)
    return parts


def _fir(
    parts: Parts, frame: Frame, width: float, top: float, place: str, chance: np.random.Generator
) -> None:
    """Tiers of boughs down to the ground, under snow where there is snow."""
    # What passes low is hidden by the lowest tier alone; what is tall needs those above it as well.
    low = top < 0.85 * width
    wide = 1.10 * width if low else 1.42 * width
    height = 3.9 * (wide if low else max(wide, top / 1.5))
    needles = Skin(
        NEEDLES if place == "snowfield" else FRESH_NEEDLES, gloss=0.02, pattern=FUR, blend=0.02 * wide
    )
    snow = Skin(SNOW, gloss=0.1, blend=0.04 * wide)
    bark = Skin(BARK, blend=0.0)
    parts.cone(bark, frame.at(0.0, -0.3), frame.at(0.0, 0.4 * height), 0.22 * wide, 0.18 * wide)
    tiers = min(max(round(height / (0.95 * wide)), 4), 5)
    for tier in range(tiers):
        radius = wide * (1 - 0.80 * tier / tiers)
        start = 0.42 * wide + (height - 0.9 * wide) * 0.92 * tier / tiers
        end = min(start + 1.5 * height / tiers, height)
        sway = 0.04 * wide * float(chance.uniform(-1, 1))
        parts.cone(needles, frame.at(sway, start), frame.at(0.0, end), radius, 0.04 * wide)
        if place == "snowfield" and tier < 4:
            cap = frame.child(sway, start + 0.56 * radius, 0.0)
            parts.ellipsoid(snow, cap, (0.86 * radius, 0.30 * radius, 0.86 * radius))


def _bush(
    parts: Parts, frame: Frame, width: float, top: float, place: str, chance: np.random.Generator
) -> None:
    """A broad tree of the dry lands, its crown down to the sand."""
    tall = max(0.75 * width, 0.72 * top)
    leaf = Skin(OLIVE, gloss=0.02, pattern=FUR, blend=0.10 * width)
    parts.cone(Skin(BARK, blend=0.0), frame.at(0.0, -0.3), frame.at(0.0, tall), 0.16 * width, 0.10 * width)
    crowns = (
        (-0.50, 0.55, 0.10, 0.72, 0.75),
        (0.52, 0.50, -0.06, 0.74, 0.72),
        (0.02, 0.62, 0.10, 0.80, 0.86),
        (-0.26, 1.20, 0.0, 0.62, 0.66),
        (0.34, 1.16, -0.05, 0.58, 0.60),
    )
    for x, y, z, across, high in crowns:
        shift = 0.05 * float(chance.uniform(-1, 1))
        centre = frame.child((x + shift) * width, y * tall, z * width)
        parts.ellipsoid(leaf, centre, (across * width, high * tall, 0.72 * width))


def _rock(
    parts: Parts, frame: Frame, width: float, top: float, place: str, chance: np.random.Generator
) -> None:
    """Hewn boulders grown into one another."""
    stone = Skin(SANDSTONE if place == "dunes" else STONE, gloss=0.02, pattern=FUR, blend=0.05 * width)
    edge, lean = 0.16 * width, 1.0 if chance.uniform() < 0.5 else -1.0
    sunk = 0.5 * width
    half = 0.5 * (1.10 * top + sunk)
    middle = half - sunk
    parts.box(stone, frame.child(0.0, middle, roll=0.05 * lean), (0.90 * width, half, 0.40 * width), edge)
    crown = frame.child(-0.22 * lean * width, middle + 0.22 * top, 0.02 * width, yaw=0.35, roll=-0.16 * lean)
    parts.box(stone, crown, (0.60 * width, half, 0.42 * width), 1.2 * edge)
    foot = frame.child(0.68 * lean * width, 0.5 * middle, 0.14 * width, yaw=-0.5, roll=0.24 * lean)
    parts.box(stone, foot, (0.40 * width, 0.66 * half, 0.40 * width), edge)
    other = frame.child(-0.74 * lean * width, 0.25 * middle, 0.16 * width, yaw=0.6, roll=-0.3 * lean)
    parts.box(stone, other, (0.34 * width, 0.50 * half, 0.34 * width), edge)
    if place == "snowfield":
        snow = Skin(SNOW, gloss=0.1, blend=0.05 * width)
        parts.ellipsoid(
            snow, frame.child(-0.1 * lean * width, 1.16 * top), (0.80 * width, 0.16 * width, 0.40 * width)
        )


def _wall(
    parts: Parts, frame: Frame, width: float, top: float, place: str, chance: np.random.Generator
) -> None:
    """A dry-stone wall with a coping and a pillar at each end."""
    tall, thick = 1.05 * top, 0.10 * width + 0.05
    stone = Skin(SANDSTONE if place == "dunes" else STONE, gloss=0.02, pattern=FUR, blend=0.0)
    base = 0.4 + 0.1 * width  # sunk, so that no slope lifts it
    edge = 0.25 * thick
    parts.box(stone, frame.child(0.0, 0.5 * (tall - base)), (1.04 * width, 0.5 * (tall + base), thick), edge)
    cap = stone.but(colour=SNOW if place == "snowfield" else shade(stone.colour, 0.18), pattern=0)
    parts.box(cap, frame.child(0.0, tall + 0.02 * width), (1.10 * width, 0.035 * width, 1.22 * thick), edge)
    for side in (-1.0, 1.0):
        pillar = frame.child(1.06 * side * width, 0.5 * (1.12 * tall - base))
        parts.box(stone, pillar, (0.10 * width, 0.5 * (1.12 * tall + base), 1.3 * thick), edge)


def footprint(kind: str, half_width: float, top: float) -> float:
    """Radius in metres of a circle on the ground about everything ``build`` makes."""
    return half_width * (1.45 if kind != "wall" else 1.2)


def clearance(camera_height: str, gap: float) -> float:
    """Metres an occluder must stand higher, ``gap`` metres before its subject, if the camera looks down."""
    return gap * {"low": 0.02, "eye": 0.16, "high": 0.56}[camera_height]
