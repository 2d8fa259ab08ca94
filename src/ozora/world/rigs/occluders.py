"""Things to pass behind: trees, rocks and walls, grown to hide what crosses behind them."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs.frame import FUR, Frame, Parts, Skin
from ozora.world.rigs.palette import shade
from ozora.world.rigs.paths import Scene

HIDDEN_SECONDS = 0.55
STONE: RGB = (0.20, 0.19, 0.18)
SANDSTONE: RGB = (0.34, 0.20, 0.11)
BARK: RGB = (0.085, 0.048, 0.028)
NEEDLES: RGB = (0.030, 0.090, 0.045)
LEAVES: RGB = (0.055, 0.150, 0.030)
OLIVE: RGB = (0.110, 0.130, 0.050)
SNOW: RGB = (0.80, 0.82, 0.86)


def depth_of(kind: str, half_width: float) -> float:
    """Half the room in metres that an occluder takes along the line of sight."""
    return {"wall": 0.12 * half_width + 0.06, "rock": 0.62 * half_width, "tree": 0.95 * half_width}[kind]


def build(
    kind: str, at: tuple[float, float], half_width: float, top: float, scene: Scene, chance: np.random.Generator
) -> Parts:
    """An occluder standing at (x, z) that covers ``half_width`` metres either side up to ``top`` metres high."""
    ground = float(scene.heights(torch.tensor([at]))[0])
    origin = torch.tensor([at[0], ground, at[1]]).expand(scene.frames, 3)
    # Facing the camera side: x to the right of the picture, z towards the camera.
    frame = Frame(origin, torch.eye(3).expand(scene.frames, 3, 3))
    parts = Parts(frame, blend=0.12 * half_width)
    grow = {"tree": _fir if scene.place in ("snowfield", "meadow", "sea") else _bush, "rock": _rock, "wall": _wall}
    grow[kind](parts, frame, half_width, top, scene.place, chance)
    return parts


def _fir(parts: Parts, frame: Frame, width: float, top: float, place: str, chance: np.random.Generator) -> None:
    """Tiers of boughs to the ground, under snow where there is snow."""
    wide = 1.12 * width
    height = max(2.9 * wide, 2.0 * top)
    # A fir narrows upwards: widen it until it still covers the top of what passes.
    wide *= 1 + 0.75 * top / height
    green = Skin(NEEDLES if place != "meadow" else shade(NEEDLES, 0.04), gloss=0.02, pattern=FUR, blend=0.05 * wide)
    bark = Skin(BARK, gloss=0.0, blend=0.0)
    parts.cone(bark, frame.at(0.0, -0.2), frame.at(0.0, 0.5 * height), 0.16 * wide, 0.06 * wide)
    tiers = 4
    for tier in range(tiers):
        share = tier / tiers
        low, high = (0.02 + 0.90 * share) * height, (0.36 + 0.90 * share) * height
        radius = wide * (1 - 0.86 * share)
        sway = 0.03 * wide * float(chance.uniform(-1, 1))
        parts.cone(green, frame.at(sway, low + 0.30 * radius), frame.at(0.0, min(high, height)), radius, 0.05 * wide)
        if place == "snowfield" and tier > 0:
            snow = Skin(SNOW, gloss=0.1, blend=0.08 * wide)
            up = low + 0.52 * radius
            parts.cone(snow, frame.at(sway, up), frame.at(0.0, min(high, height) + 0.02 * wide), 0.80 * radius, 0.05 * wide)


def _bush(parts: Parts, frame: Frame, width: float, top: float, place: str, chance: np.random.Generator) -> None:
    """A broad tree of the dry lands, its crown down to the sand."""
    height = max(1.5 * width, 1.45 * top)
    leaf = Skin(OLIVE, gloss=0.02, pattern=FUR, blend=0.16 * width)
    parts.cone(Skin(BARK, blend=0.0), frame.at(0.0, -0.2), frame.at(0.05 * width, 0.7 * height), 0.14 * width, 0.08 * width)
    crowns = ((0.0, 0.42, 0.0, 1.12, 0.50), (-0.55, 0.62, 0.12, 0.62, 0.36), (0.58, 0.58, -0.08, 0.60, 0.38), (0.08, 0.86, 0.0, 0.66, 0.34))
    for x, y, z, across, tall in crowns:
        shift = 0.04 * float(chance.uniform(-1, 1))
        centre = frame.child((x + shift) * width, y * height, z * width)
        parts.ellipsoid(leaf, centre, (across * width, tall * height, 0.80 * across * width))


def _rock(parts: Parts, frame: Frame, width: float, top: float, place: str, chance: np.random.Generator) -> None:
    """Boulders grown into one another."""
    tall = 1.30 * top
    stone = Skin(SANDSTONE if place == "dunes" else STONE, gloss=0.02, pattern=FUR, blend=0.14 * width)
    wide = 1.28 * width
    parts.ellipsoid(stone, frame.child(0.0, 0.22 * tall, yaw=0.12), (wide, 1.0 * tall, 0.46 * wide))
    lean = 1.0 if chance.uniform() < 0.5 else -1.0
    parts.ellipsoid(stone, frame.child(0.66 * lean * wide, 0.10 * tall, 0.10 * wide, roll=0.3), (0.52 * wide, 0.62 * tall, 0.40 * wide))
    parts.ellipsoid(stone, frame.child(-0.60 * lean * wide, 0.10 * tall, -0.02 * wide, pitch=0.2), (0.50 * wide, 0.78 * tall, 0.38 * wide))
    if place == "snowfield":
        parts.ellipsoid(Skin(SNOW, gloss=0.1, blend=0.06 * width), frame.child(0.0, 0.86 * tall), (0.72 * wide, 0.40 * tall, 0.36 * wide))


def _wall(parts: Parts, frame: Frame, width: float, top: float, place: str, chance: np.random.Generator) -> None:
    """A dry-stone wall with a coping and a pillar at each end."""
    tall, thick = 1.16 * top, 0.10 * width + 0.05
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
    if kind == "tree":
        return 1.12 * half_width * (1 + 0.75 * top / max(2.9 * 1.12 * half_width, 2.0 * top)) * 1.02 + 0.05 * half_width
    return 1.65 * half_width if kind == "rock" else 1.2 * half_width


def tallest(kind: str, position: Tensor, high: Tensor, gap: float) -> float:
    """Height in metres an occluder needs to cover ``high`` from a camera that looks down over it."""
    return float(high.amax() - position[1]) + 0.35 * gap
