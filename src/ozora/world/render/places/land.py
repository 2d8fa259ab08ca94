"""Open land: snow, meadow, dunes."""

from __future__ import annotations

import torch
from torch import Tensor

from ozora.world.render import textures
from ozora.world.render.far import Range, far_range, ridge, trees
from ozora.world.render.marks import Mark, bush, fir, stone, strewn, tuft
from ozora.world.render.places.scenery import Scenery
from ozora.world.render.sky import mix
from ozora.world.render.spot import Spot, bumps, tilt


def _snow(spot: Spot) -> Tensor:
    across, deep = bumps(spot.family, spot.x * 0.55, spot.z, 7.0, spot.footprint, (0.020, 0.011, 0.004))
    normal = tilt(spot.slope[0] + across * 0.55, spot.slope[1] + deep)
    bands, light = spot.bands, spot.light
    albedo = spot.colour(0.80, 0.85, 0.93) * (1 + 0.012 * bands[1] + 0.012 * spot.coarse[1])
    colour = spot.lit(albedo, normal, 0.12)
    shine = spot.shine(normal)
    # Sparkle: single crystals near the camera, gone before they would shimmer.
    crystal = ((bands[3] + bands[2]) - 2.1).clamp(0, 1.2) * shine.pow(6)
    colour = colour + light.sunlight[:, None] * (crystal * spot.sunny * 0.30)
    return colour + light.sunlight[:, None] * (shine.pow(24) * 0.10 * spot.sunny)


def _snow_relief(family: int) -> Tensor:
    seed = 7000 + family * 32
    drifts = textures.noise(seed, 6, 22, 1.4)
    return textures.noise(seed + 1, 1, 5, 1.4) * 0.34 + drifts * 0.045


def _snow_far(family: int) -> tuple[Range, ...]:
    seed = 500 + family * 40
    peaks = (ridge(seed, 3, 60, 1.05) * 70 + 95).clamp(min=0)
    hills = (ridge(seed + 1, 4, 40, 1.2) * 14 + 22).clamp(min=0)
    firs = trees(seed + 2, 190, 260, 12, True) + (ridge(seed + 3, 3, 20, 1.2) * 1.2 + 1.0).clamp(min=0)
    return (
        far_range(1600, peaks, "9fb2cc", 1.0),
        far_range(600, hills, "aebccd"),
        far_range(190, firs, "34525a"),
    )


SNOWFIELD = Scenery(
    _snow,
    (0.80, 0.84, 0.92),
    96.0,
    _snow_relief,
    _snow_far,
    marks=(
        *strewn(tuft, ((0.20, 0.13, 0.06), (0.38, 0.28, 0.15)), size=1.2, share=0.6, tall=1.3,
                lift=0.85, seed=1),
        *strewn(stone, ((0.16, 0.17, 0.19), (0.34, 0.35, 0.38)), share=0.3, seed=5),
        Mark(fir, ((0.05, 0.10, 0.08), (0.12, 0.19, 0.16)), 0.10, 16.0, 22, 2.4, 0.35, lift=0.95, seed=8),
    ),
)


def grass(spot: Spot) -> Tensor:
    """Meadow: lush and dry by patches, with flowers."""
    bands, coarse, light = spot.bands, spot.coarse, spot.light
    normal = tilt(spot.slope[0], spot.slope[1])
    dry = torch.sigmoid(1.5 * coarse[0] + 1.1 * coarse[1] + 0.5 * bands[0] - 0.5)
    blades = (1 + 0.16 * bands[0] + 0.15 * bands[1] + 0.17 * bands[2] + 0.14 * bands[3]).clamp(0.35, 1.7)
    albedo = mix(spot.colour(0.085, 0.235, 0.035), spot.colour(0.36, 0.37, 0.075), dry) * blades
    bloom = textures.sample(textures.flowers(spot.family, str(spot.t.device)), spot.x / 5.0, spot.z / 5.0)
    bloom = bloom * textures.resolved(0.10, spot.footprint)
    for i, tint in enumerate(((0.9, 0.85, 0.75), (0.95, 0.62, 0.04), (0.62, 0.10, 0.16))):
        albedo = mix(albedo, spot.colour(*tint), bloom[i] * 0.85)
    # Grass lets low light through: it glows towards the sun.
    through = ((light.sun @ spot.direction).clamp(min=0) ** 4) * 0.5
    return spot.lit(albedo, normal, 0.25) + albedo * light.sunlight[:, None] * (through * spot.sunny)


def _grass_relief(family: int) -> Tensor:
    seed = 7000 + family * 32
    return textures.noise(seed + 2, 1, 5, 1.5) * 0.34 + textures.noise(seed + 3, 6, 16, 1.3) * 0.02


def _grass_far(family: int) -> tuple[Range, ...]:
    seed = 500 + family * 40
    mountains = (ridge(seed, 3, 40, 1.2) * 45 + 80).clamp(min=0)
    hills = (ridge(seed + 1, 3, 30, 1.25) * 12 + 22).clamp(min=0)
    wood = trees(seed + 2, 170, 230, 11, False) + (ridge(seed + 3, 3, 20, 1.2) * 1.2 + 1.2).clamp(min=0)
    return (
        far_range(1700, mountains, "5f7f8f"),
        far_range(560, hills, "7fa24e"),
        far_range(170, wood, "4d7a30"),
    )


TUFTS = strewn(tuft, ((0.035, 0.12, 0.02), (0.30, 0.36, 0.07)), size=1.4, share=0.9, tall=1.2, shadow=0.35,
               lift=0.85, seed=9)
MEADOW = Scenery(
    grass,
    (0.20, 0.28, 0.08),
    110.0,
    _grass_relief,
    _grass_far,
    marks=(
        *TUFTS,
        *strewn(stone, ((0.26, 0.25, 0.23), (0.44, 0.42, 0.38)), share=0.2, seed=13),
        Mark(bush, ((0.04, 0.12, 0.02), (0.10, 0.22, 0.04)), 0.13, 16.0, 22, 0.8, 0.4, lift=0.8, seed=16),
    ),
)


def _sand(spot: Spot) -> Tensor:
    bands, coarse, light = spot.bands, spot.coarse, spot.light
    phase = (spot.x * 0.5 + spot.z * 0.87 + 0.10 * coarse[2] + 0.05 * coarse[3] + 0.012 * bands[0]) * 21.0
    seen = textures.resolved(0.30, spot.footprint) * (0.65 + 0.35 * coarse[1]).clamp(0.15, 1)
    ripple, crest = torch.sin(phase), torch.cos(phase) * seen * 0.26
    normal = tilt(spot.slope[0] + crest * 0.5, spot.slope[1] + crest * 0.87)
    albedo = spot.colour(0.64, 0.395, 0.195) * (
        1 + 0.05 * coarse[0] + 0.025 * bands[2] + 0.06 * ripple * seen
    )
    colour = spot.lit(albedo, normal, 0.05)
    return colour + light.sunlight[:, None] * (spot.shine(normal).pow(18) * 0.06 * spot.sunny)


def _dunes_relief(family: int) -> Tensor:
    """Long crests with a sharp lee side, bent by a slow warp."""
    seed = 7000 + family * 32
    size = textures.SIZE
    across = (torch.arange(size) / size)[None, :]
    down = (torch.arange(size) / size)[:, None]
    warp = textures.noise(seed + 4, 1, 4, 1.6)
    phase = (across * 3 + down * 2 + warp * 0.13) % 1
    crest = torch.where(phase < 0.68, phase / 0.68, (1 - phase) / 0.32)
    crest = crest * crest * (3 - 2 * crest)
    crest = crest * (0.75 + 0.25 * textures.noise(seed + 5, 1, 4, 1.5).clamp(-2, 2))
    return crest * 2.6 + textures.noise(seed + 6, 2, 9, 1.5) * 0.1


def _dunes_far(family: int) -> tuple[Range, ...]:
    seed = 500 + family * 40
    high = (ridge(seed, 3, 24, 1.3).abs() * -34 + 78).clamp(min=0)
    near = (ridge(seed + 1, 3, 18, 1.4).abs() * -12 + 24).clamp(min=0)
    last = (ridge(seed + 2, 4, 16, 1.4).abs() * -4.5 + 8).clamp(min=0)
    return (
        far_range(1500, high, "b98a62"),
        far_range(520, near, "c9935f"),
        far_range(210, last, "d09a60"),
    )


DUNES = Scenery(
    _sand,
    (0.66, 0.45, 0.26),
    120.0,
    _dunes_relief,
    _dunes_far,
    marks=(
        *strewn(stone, ((0.22, 0.13, 0.07), (0.50, 0.32, 0.17)), share=0.5, seed=17),
        *strewn(tuft, ((0.16, 0.14, 0.05), (0.34, 0.28, 0.10)), size=1.3, share=0.35, tall=1.3,
                lift=0.85, seed=21),
        Mark(stone, ((0.30, 0.18, 0.09), (0.44, 0.27, 0.14)), 0.11, 16.0, 16, 0.6, 0.5, seed=24),
    ),
)
