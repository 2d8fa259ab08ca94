"""Wild land: forest, savannah, mountain valley, canyon and beach."""

from __future__ import annotations

import torch
from torch import Tensor

from ozora.world.render import scatter, textures
from ozora.world.render.far import Range, far_range, ridge, trees
from ozora.world.render.marks import Mark, leaf, stone, strewn, tuft
from ozora.world.render.places.land import TUFTS, grass
from ozora.world.render.places.scenery import Scenery
from ozora.world.render.places.water import sea
from ozora.world.render.scatter import Scatter
from ozora.world.render.sky import mix, ramp
from ozora.world.render.spot import Spot, tilt


def _gentle(family: int) -> Tensor:
    seed = 7100 + family * 32
    return textures.noise(seed, 1, 5, 1.5) * 0.30 + textures.noise(seed + 1, 6, 16, 1.3) * 0.03


def _forest_floor(spot: Spot) -> Tensor:
    bands, coarse = spot.bands, spot.coarse
    moss = torch.sigmoid(1.8 * coarse[1] + 1.2 * coarse[2] + 0.8 * bands[0])
    albedo = mix(spot.colour(0.105, 0.062, 0.030), spot.colour(0.060, 0.120, 0.022), moss)
    litter = (1 + 0.22 * bands[1] + 0.24 * bands[2] + 0.20 * bands[3]).clamp(0.3, 1.9)
    return spot.lit(albedo * litter, tilt(spot.slope[0], spot.slope[1]), 0.2)


def _forest_far(family: int) -> tuple[Range, ...]:
    seed = 540 + family * 40
    hills = (ridge(seed, 3, 30, 1.2) * 14 + 46).clamp(min=0)
    wall = trees(seed + 1, 110, 900, 17, True) + 6
    return (far_range(420, hills, "3d5f48"), far_range(110, wall, "24402c"))


_FIR = ((0.07, 0.045, 0.03), (0.032, 0.110, 0.040))
_OAK = ((0.085, 0.055, 0.035), (0.050, 0.125, 0.022))
FOREST = Scenery(
    _forest_floor,
    (0.10, 0.11, 0.04),
    110.0,
    _gentle,
    _forest_far,
    scatter=(
        Scatter(scatter.trunk, 0.60, _OAK, (9.0, 15.0), 4.2, 0.66, widest=0.19, seed=1),
        Scatter(scatter.fir, 0.08, _FIR, (2.0, 8.0), 5.0, 0.55, widest=0.27, seed=2),
    ),
    marks=(
        *strewn(leaf, ((0.16, 0.07, 0.02), (0.42, 0.19, 0.04)), share=0.9, tall=0.0, shadow=0.25, seed=25),
        *strewn(tuft, ((0.03, 0.10, 0.02), (0.08, 0.20, 0.04)), size=1.5, share=0.5, tall=1.1, shadow=0.3,
                lift=0.85, seed=29),
    ),
)


def _golden_grass(spot: Spot) -> Tensor:
    bands, coarse, light = spot.bands, spot.coarse, spot.light
    bare = torch.sigmoid(2.0 * coarse[1] + 1.0 * coarse[2] - 1.2)
    albedo = mix(spot.colour(0.50, 0.35, 0.105), spot.colour(0.42, 0.235, 0.12), bare)
    blades = (1 + 0.14 * bands[1] + 0.20 * bands[2] + 0.20 * bands[3]).clamp(0.35, 1.7)
    albedo = albedo * mix(blades, torch.ones_like(blades), 0.6 * bare)
    through = ((light.sun @ spot.direction).clamp(min=0) ** 4) * 0.4
    colour = spot.lit(albedo, tilt(spot.slope[0], spot.slope[1]), 0.2)
    return colour + albedo * light.sunlight[:, None] * (through * spot.sunny)


def _savannah_far(family: int) -> tuple[Range, ...]:
    seed = 580 + family * 40
    plateau = (ridge(seed, 2, 20, 1.3) * 30 + 52).clamp(0, 80)
    wood = trees(seed + 1, 260, 90, 8, False)
    return (far_range(1800, plateau, "8a7a86"), far_range(260, wood, "6d6a30"))


_ACACIA = ((0.12, 0.075, 0.045), (0.095, 0.135, 0.030))
_TUSSOCK = ((0.3, 0.2, 0.1), (0.40, 0.31, 0.12))
SAVANNAH = Scenery(
    _golden_grass,
    (0.42, 0.30, 0.11),
    110.0,
    _gentle,
    _savannah_far,
    scatter=(
        Scatter(scatter.acacia, 0.72, _ACACIA, (5.0, 9.0), 17.0, 0.5, widest=0.85, seed=3),
        Scatter(scatter.boulder, 0.0, _TUSSOCK, (0.5, 1.1), 9.0, 0.35, widest=1.25, seed=4),
    ),
    marks=(
        *strewn(tuft, ((0.22, 0.15, 0.05), (0.58, 0.45, 0.15)), size=1.4, share=0.9, tall=1.3, shadow=0.35,
                lift=0.85, seed=33),
        *strewn(stone, ((0.20, 0.13, 0.09), (0.40, 0.29, 0.20)), share=0.3, seed=37),
    ),
)


def _valley_far(family: int) -> tuple[Range, ...]:
    seed = 620 + family * 40
    high = (ridge(seed, 4, 90, 0.95) * 170 + 430).clamp(min=60)
    middle = (ridge(seed + 1, 4, 60, 1.0) * 90 + 190).clamp(min=20)
    wood = trees(seed + 2, 240, 420, 16, True) + (ridge(seed + 3, 3, 20, 1.2) * 4 + 9).clamp(min=0)
    return (
        far_range(1500, high, "7d8ea6", 1.0),
        far_range(800, middle, "5f7d6a"),
        far_range(240, wood, "2f5238"),
    )


def _valley_relief(family: int) -> Tensor:
    seed = 7200 + family * 32
    return textures.noise(seed, 1, 4, 1.5) * 0.75 + textures.noise(seed + 1, 6, 16, 1.3) * 0.03


_GRANITE = ((0.3, 0.3, 0.3), (0.32, 0.32, 0.33))
VALLEY = Scenery(
    grass,
    (0.18, 0.28, 0.09),
    120.0,
    _valley_relief,
    _valley_far,
    scatter=(
        Scatter(scatter.fir, 0.08, _FIR, (5.0, 12.0), 9.0, 0.42, widest=0.27, seed=5),
        Scatter(scatter.boulder, 0.0, _GRANITE, (0.4, 1.6), 8.0, 0.22, widest=1.25, seed=6),
    ),
    marks=(
        *TUFTS,
        *strewn(stone, ((0.22, 0.22, 0.22), (0.46, 0.46, 0.45)), size=1.1, share=0.5, seed=41),
    ),
)


def _red_rock(spot: Spot) -> Tensor:
    bands, coarse = spot.bands, spot.coarse
    dust = torch.sigmoid(1.6 * coarse[1] + 0.9 * bands[0])
    albedo = mix(spot.colour(0.42, 0.150, 0.060), spot.colour(0.60, 0.290, 0.135), dust)
    stones = (1 + 0.10 * bands[1] + 0.16 * bands[2] + 0.14 * bands[3]).clamp(0.4, 1.6)
    return spot.lit(albedo * stones, tilt(spot.slope[0], spot.slope[1]), 0.05)


def _mesas(family: int) -> tuple[Range, ...]:
    seed = 660 + family * 40

    def stepped(wave: Tensor, high: float, low: float) -> Tensor:
        """Flat tops, sheer sides and a foot of rubble."""
        top = torch.sigmoid((wave - 0.15) * 30) * high + torch.sigmoid((wave + 0.75) * 22) * low
        return top + (wave * 0.04 * high) * (top > 0.5 * high) + 2

    return (
        far_range(1300, stepped(ridge(seed, 3, 26, 0.9), 190, 60), "a8625a"),
        far_range(480, stepped(ridge(seed + 1, 3, 22, 0.9), 92, 26), "b3583a"),
        far_range(190, stepped(ridge(seed + 2, 4, 20, 0.9), 44, 9), "a84a26"),
    )


_SANDSTONE = ((0.3, 0.1, 0.05), (0.49, 0.185, 0.08))
CANYON = Scenery(
    _red_rock,
    (0.52, 0.24, 0.11),
    100.0,
    _gentle,
    _mesas,
    scatter=(
        Scatter(scatter.boulder, 0.0, _SANDSTONE, (0.5, 2.6), 8.0, 0.45, widest=1.25, seed=7),
        Scatter(scatter.pillar, 0.0, _SANDSTONE, (14.0, 34.0), 38.0, 0.45, widest=0.27, seed=8),
    ),
    marks=(
        *strewn(stone, ((0.26, 0.09, 0.04), (0.62, 0.30, 0.15)), share=0.9, seed=45),
        *strewn(tuft, ((0.16, 0.13, 0.05), (0.36, 0.28, 0.10)), size=1.3, share=0.25, tall=1.2,
                lift=0.85, seed=49),
    ),
)

SHORE = 0.9
"""How far behind the action the water begins, in scales of the scene."""


def _beach(spot: Spot) -> Tensor:
    bands, coarse, light = spot.bands, spot.coarse, spot.light
    line = -SHORE * max(spot.scale, 1.5) + 0.35 * coarse[0] + 0.5 * torch.sin(spot.x * 0.21 + spot.family)
    breath = 0.35 * torch.sin(torch.tensor(0.9 * spot.seconds)) * (1 + 0.4 * torch.sin(spot.x * 0.33))
    into = line + breath - spot.z  # metres into the water; below 0 on the sand
    damp = ramp(into, -1.3, -0.2)
    albedo = spot.colour(0.70, 0.56, 0.36) * (1 + 0.05 * coarse[1] + 0.05 * bands[2] + 0.04 * bands[3])
    albedo = albedo * (1 - 0.5 * damp)
    sand = spot.lit(albedo, tilt(0.02 * bands[1], 0.02 * bands[2]), 0.05)
    wet = ramp(into, -0.05, 0.05)
    water = mix(sea(spot), sand * spot.colour(0.45, 0.85, 0.85), torch.exp(-into.clamp(min=0) / 2.2) * 0.75)
    colour = mix(sand, water, wet)
    # Foam at the edge, and one breaker behind it that rolls in.
    roll = (into - 3.4 + 1.6 * torch.sin(torch.tensor(0.9 * spot.seconds + 0.7)) + 0.5 * coarse[1]) / 0.45
    froth = torch.exp(-((into - 0.12) / 0.16).square()) + 0.8 * torch.exp(-roll.square())
    lace = 1.05 - 0.42 * bands[2].abs() - 0.20 * bands[1].abs()  # threads about holes, not spots
    froth = (froth * lace * wet).clamp(0, 0.92)
    white = (light.skylight * 1.1 + light.sunlight * 0.45)[:, None] * spot.colour(0.9, 0.93, 0.95)
    return mix(colour, white, froth)


def _coast(family: int) -> tuple[Range, ...]:
    isles = (ridge(700 + family * 40, 2, 40, 1.0) * 70 - 62).clamp(min=0)
    return (far_range(2600, isles, "5c7c7c"),)



def _dry(x: Tensor, z: Tensor, scale: float, family: int) -> Tensor:
    """Whether a place of the beach stays above the waves."""
    return z > 1.5 - SHORE * max(scale, 1.5) - 0.5 * torch.sin(x * 0.21 + family)


BEACH = Scenery(
    _beach,
    (0.62, 0.50, 0.32),
    far=_coast,
    marks=(
        *strewn(stone, ((0.22, 0.18, 0.14), (0.86, 0.78, 0.66)), share=0.7, where=_dry, seed=53),
        Mark(stone, ((0.14, 0.13, 0.12), (0.26, 0.24, 0.22)), 0.10, 14.0, 18, 0.6, 0.5, seed=56),
        *strewn(tuft, ((0.06, 0.09, 0.03), (0.16, 0.17, 0.06)), share=0.2, tall=0.6, where=_dry, seed=57),
    ),
)
