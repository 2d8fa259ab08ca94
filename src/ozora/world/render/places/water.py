"""Water: the open sea, a lake, and the floor of the sea."""

from __future__ import annotations

import torch
from torch import Tensor

from ozora.world.render import scatter, textures
from ozora.world.render.far import Range, far_range, ridge, trees
from ozora.world.render.marks import Mark, buoy, foam, pad, stone, strewn, tuft
from ozora.world.render.places.scenery import Scenery
from ozora.world.render.scatter import Scatter
from ozora.world.render.sky import air, mix, ramp
from ozora.world.render.spot import Spot, seen_octave, tilt
from ozora.world.render.textures import unit


def ripples(
    family: int, x: Tensor, z: Tensor, footprint: Tensor, seconds: float, scale: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Slopes of moving water along x and z, and the spread of slopes (N,) too fine for the pixel to show."""
    swell = max(1.0, min(scale / 6.0, 3.0))
    texture = textures.bumps(family, str(x.device))
    total_x, total_z = torch.zeros_like(x), torch.zeros_like(x)
    lost = torch.zeros_like(x)
    for tile, drift_x, drift_z, strength in ((47.0, 1.5, 0.5, 0.105), (13.0, -0.5, 0.8, 0.040)):
        tile = tile * swell
        rate = swell**0.5 * seconds
        value = textures.sample(texture, (x + drift_x * rate) / tile, (z + drift_z * rate) / tile)
        for i in range(3):
            gain = strength * swell * (0.8, 0.5, 0.32)[i] / tile
            seen = seen_octave(i, tile, footprint)
            total_x = torch.addcmul(total_x, value[i], seen * gain)
            total_z = torch.addcmul(total_z, value[3 + i], seen * gain)
            steep = gain * 4.4 * sum(textures.OCTAVES[i]) / 2
            lost = lost + (1 - seen) * (steep * steep)
    return total_x, total_z, lost


def sea(spot: Spot, calm: float = 1.0) -> Tensor:
    """Moving water that mirrors the sky; ``calm`` scales its waves."""
    light, direction = spot.light, spot.direction
    slope_x, slope_z, lost = ripples(
        spot.family, spot.x, spot.z, spot.footprint, spot.seconds, spot.scale
    )
    slope_x, slope_z, lost = slope_x * calm, slope_z * calm, lost * calm * calm
    normal = tilt(slope_x, slope_z)
    against = -(direction * normal).sum(0)
    mirror = direction + 2 * against.clamp(min=0.02) * normal
    # Waves too small to see still tilt the mirror: it shows sky a little higher up.
    mirror = torch.cat((mirror[:1], (mirror[1:2].abs() + 0.9 * lost.sqrt() * 0.35), mirror[2:]))
    mirror = unit(mirror)
    fresnel = 0.02 + 0.98 * (1 - (against + lost.sqrt() * 0.35).clamp(0, 1)).pow(5)
    deep, clear = spot.colour(0.010, 0.055, 0.085), spot.colour(0.03, 0.17, 0.18)
    body = mix(deep, clear, ramp(slope_x * light.sun[0] + slope_z * light.sun[2] + 0.06, 0.0, 0.3) * 0.6)
    body = body * (light.skylight * 1.2 + light.sunlight * 0.55)[:, None] * (0.5 + 0.5 * spot.open_sky)
    colour = mix(body, air(light, mirror), fresnel)
    # Glitter: the sun's mirror image, as wide as the unseen slopes are steep (Beckmann).
    spread = 0.0016 + lost * 0.9
    halfway = unit(light.sun[:, None] - direction)
    cosine = (halfway * normal).sum(0).clamp(min=1e-3)
    square = cosine * cosine
    lobe = ((square - 1) / (square * spread)).clamp_(min=-60).exp_() / (spread * square * square)
    glitter = (lobe * 0.020 * (0.3 + 0.7 * fresnel)).clamp(max=9.0)
    return colour + light.sunlight[:, None] * (glitter * spot.sunny * min(1.0, light.disc))


def _isles(family: int) -> tuple[Range, ...]:
    isles = (ridge(500 + family * 40, 2, 40, 1.0) * 60 - 55).clamp(min=0)
    return (far_range(2600, isles, "5c6f7c"),)


_FOAM = ((0.62, 0.68, 0.72), (0.86, 0.88, 0.90))
SEA = Scenery(
    sea,
    (0.10, 0.22, 0.30),
    far=_isles,
    water=True,
    marks=(
        *strewn(foam, _FOAM, size=2.0, share=1.1, tall=0.0, shadow=0.0, afloat=True, seed=61),
        Mark(buoy, ((0.70, 0.10, 0.04), (0.75, 0.30, 0.04)), 0.026, 8.0, 20, 1.7, 0.0, afloat=True,
             lift=0.7, seed=65),
        Mark(stone, ((0.08, 0.08, 0.08), (0.15, 0.14, 0.13)), 0.20, 22.0, 14, 0.8, 0.0, seed=68),
    ),
)


def _lake(spot: Spot) -> Tensor:
    return sea(spot, calm=0.35)


def _lake_far(family: int) -> tuple[Range, ...]:
    seed = 740 + family * 40
    mountains = (ridge(seed, 3, 50, 1.05) * 90 + 190).clamp(min=10)
    hills = (ridge(seed + 1, 3, 30, 1.2) * 16 + 34).clamp(min=0)
    wood = trees(seed + 2, 230, 620, 15, True) + 4
    return (
        far_range(1500, mountains, "74889a", 1.0),
        far_range(520, hills, "4f7350"),
        far_range(230, wood, "2a4a34"),
    )


LAKE = Scenery(
    _lake,
    (0.08, 0.18, 0.22),
    far=_lake_far,
    water=True,
    marks=(
        *strewn(pad, ((0.05, 0.17, 0.04), (0.18, 0.34, 0.09)), size=1.7, tall=0.0, shadow=0.25, seed=69),
        *strewn(tuft, ((0.06, 0.13, 0.03), (0.22, 0.26, 0.08)), size=1.3, share=0.16, tall=1.7, shadow=0.0,
                lift=0.85, seed=75),
        Mark(stone, ((0.12, 0.12, 0.12), (0.24, 0.24, 0.23)), 0.09, 14.0, 16, 0.7, 0.0, seed=72),
    ),
)


def _sea_floor(spot: Spot) -> Tensor:
    bands, coarse, light = spot.bands, spot.coarse, spot.light
    ripple = torch.sin((spot.x * 0.4 + spot.z * 0.9 + 0.15 * coarse[2]) * 9.0) * textures.resolved(
        0.7, spot.footprint
    )
    albedo = spot.colour(0.62, 0.55, 0.38) * (1 + 0.06 * coarse[1] + 0.06 * bands[2] + 0.07 * ripple)
    # Caustics: where two drifting sheets of ripples cross, light gathers.
    net = torch.ones_like(spot.x)
    for turn, drift in ((0.4, 0.35), (1.9, -0.30)):
        u = spot.x * float(torch.cos(torch.tensor(turn))) + spot.z * float(torch.sin(torch.tensor(turn)))
        v = spot.z * float(torch.cos(torch.tensor(turn))) - spot.x * float(torch.sin(torch.tensor(turn)))
        value = textures.sample(
            textures.detail(spot.family, str(spot.t.device)),
            (u + drift * spot.seconds) / 9.0,
            (v + 0.2 * spot.seconds) / 9.0,
        )[0]
        net = net * (1 - value.abs() * 1.4).clamp(0, 1)
    net = net * textures.resolved(0.5, spot.footprint)
    colour = spot.lit(albedo, tilt(0.02 * bands[0], 0.02 * bands[1]), 0.3)
    return colour + albedo * light.sunlight[:, None] * (net * spot.sunny * 1.3)


def _reef(family: int) -> tuple[Range, ...]:
    seed = 780 + family * 40
    rocks = (ridge(seed, 4, 50, 0.9) * 3.0 + 2.0).clamp(min=0)
    return (far_range(60, rocks, "1f5a63"),)


_KELP = ((0.05, 0.2, 0.1), (0.06, 0.22, 0.08))
_REEF_ROCK = ((0.3, 0.2, 0.2), (0.34, 0.20, 0.22))
_CORAL = ((0.5, 0.2, 0.2), (0.62, 0.16, 0.13))
UNDERWATER = Scenery(
    _sea_floor,
    (0.40, 0.46, 0.40),
    far=_reef,
    air="water",
    scatter=(
        Scatter(scatter.weed, 0.0, _KELP, (1.2, 3.2), 1.6, 0.40, widest=0.25, sway=0.16, seed=9),
        Scatter(scatter.boulder, 0.0, _REEF_ROCK, (0.4, 1.4), 4.0, 0.4, widest=1.25, seed=10),
        Scatter(scatter.coral, 0.0, _CORAL, (0.4, 1.0), 2.6, 0.4, widest=0.8, seed=11),
    ),
    marks=strewn(stone, ((0.24, 0.17, 0.13), (0.66, 0.55, 0.42)), share=0.6, seed=73),
)
