"""Sky and far land: gradient, sun or moon, clouds, and the silhouettes of hills and trees at the horizon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ozora.world.render import textures
from ozora.world.render.light import Light, paint


def mix(first: Tensor, second: Tensor, share: Tensor | float) -> Tensor:
    """Blend ``second`` over ``first`` by ``share``."""
    return first + (second - first) * share


def ramp(value: Tensor, low: float, high: float) -> Tensor:
    """Smooth step from 0 at ``low`` to 1 at ``high``."""
    x = ((value - low) / (high - low)).clamp(0, 1)
    return x * x * (3 - 2 * x)


def air(light: Light, direction: Tensor) -> Tensor:
    """Colour (3, N) of the empty sky: height gradient and the glow around the sun."""
    up = direction[1].clamp(min=0)
    colour = mix(light.horizon[:, None], light.middle[:, None], ramp(up, -0.02, 0.13))
    colour = mix(colour, light.zenith[:, None], ramp(up, 0.07, 0.40))
    facing = (light.sun @ direction).clamp(min=-1)
    near = torch.exp((facing - 1) * light.halo)
    low = torch.exp(-up * 5)
    return mix(colour, light.glow[:, None], (near * (0.35 + 0.5 * low)).clamp(max=0.95))


def haze(light: Light, direction: Tensor) -> Tensor:
    """Colour (3, N) that distance fades to, warmer towards the sun."""
    facing = (light.sun @ direction).clamp(min=-1)
    return mix(
        light.haze[:, None], light.glow[:, None], 0.55 * torch.exp((facing - 1) * max(light.halo, 4.0))
    )


def sky(light: Light, direction: Tensor, family: int, seconds: float, pixel: float) -> tuple[Tensor, Tensor]:
    """Colour (3, N) of the sky with sun and clouds, and how much cloud covers each direction (N,)."""
    colour = air(light, direction)
    facing = light.seen_sun @ direction
    if light.disc > 0:
        radius = 0.030 if light.stars < 0.5 else 0.024
        angle = torch.sqrt((2 - 2 * facing).clamp(min=0))
        disc = ((radius - angle) / max(pixel, 1e-4) + 0.5).clamp(0, 1)
        colour = colour + light.glow[:, None] * (disc * light.disc)
        colour = colour + light.glow[:, None] * (0.35 * min(light.disc, 2.0) * torch.exp(-angle * 18))
    up = direction[1].clamp(min=0.0)
    scale = 0.16 / (up + 0.075)
    u = direction[0] * scale + seconds * 0.0012 + family * 0.37
    v = direction[2] * scale + seconds * 0.0005
    texture = textures.clouds(family, str(direction.device))
    value = textures.sample(texture, u, v)
    fine = textures.resolved(1 / 30, pixel * scale / (up + 0.075) * 0.4)
    body = value[0] * 0.9 + value[1] * 0.55 + value[2] * 0.3 * fine
    threshold = 1.5 - 2.6 * light.cover
    dense = ramp(body, threshold - 0.25, threshold + 0.95)
    dense = torch.maximum(dense, 0.55 * ramp(value[3], 0.5, 2.4) * light.cover)
    dense = dense * ramp(up, 0.0, 0.06) * 0.94
    toward = light.sun[0] * 0.02 + 0.004
    thick = textures.sample(texture[:, :2], u + toward, v + light.sun[2] * 0.02)
    relief = (body - thick[0] * 0.9 - thick[1] * 0.55).mul_(0.9).add_(0.55 - 0.25 * dense).clamp_(0, 1)
    cloud = mix(light.cloud_shade[:, None], light.cloud_lit[:, None], relief)
    cloud = mix(cloud, light.glow[:, None] * 1.15, (0.6 * torch.exp((facing - 1) * light.halo * 1.5)))
    cloud = mix(cloud, haze(light, direction), torch.exp(-up * 14) * 0.7)
    return mix(colour, cloud, dense), dense


RING = 4096
"""Samples of one silhouette around the horizon."""


@dataclass(frozen=True)
class Range:
    """One ring of far land: how far, its outline and how it is coloured."""

    distance: float
    outline: Tensor  # (1, 1, 1, RING + 1) height in metres
    colour: Tensor  # (3,) albedo
    snowline: float  # metres above which it is snowed on, or 0


def _ridge(seed: int, low: int, high: int, slope: float) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    turns = torch.arange(RING) / RING * 2 * math.pi
    wave = torch.zeros(RING)
    for k in range(low, high):
        phase = float(torch.rand((), generator=generator)) * 2 * math.pi
        strength = float(torch.randn((), generator=generator))
        wave = wave + torch.sin(turns * k + phase) * strength * k**-slope
    return wave / wave.std()


def _trees(seed: int, distance: float, count: int, height: float, pointed: bool) -> Tensor:
    """Outline (RING,) of a loose line of trees, in metres: firs are pointed, broadleaf trees are round."""
    generator = torch.Generator().manual_seed(seed)
    turns = torch.arange(RING) / RING
    clump = _ridge(seed + 1, 2, 14, 0.6)
    outline = torch.zeros(RING)
    draws = torch.rand(count, 3, generator=generator).tolist()
    for where, tall, wide in draws:
        density = float(clump[int(where * RING) % RING])
        size = height * (0.45 + 0.55 * tall) * min(max(0.75 + 0.4 * density, 0.0), 1.25)
        if size < 0.2 * height:
            continue
        half = size * ((0.17 + 0.08 * wide) if pointed else (0.42 + 0.25 * wide)) / (2 * math.pi * distance)
        gap = ((turns - where + 0.5) % 1 - 0.5).abs() / half
        shape = (1 - gap).clamp(min=0) if pointed else (1 - gap * gap).clamp(min=0).sqrt()
        outline = torch.maximum(outline, shape * size)
    leaves = _ridge(seed + 2, 300, 420, 0.0) * (0.0 if pointed else 0.045 * height)
    return outline + leaves * (outline / height).clamp(0, 0.4)


@lru_cache(maxsize=24)
def ranges(place: str, family: int, device: str) -> tuple[Range, ...]:
    """Far land of a place, farthest first."""
    seed = 500 + family * 40

    def made(distance: float, outline: Tensor, colour: str, snowline: float = 0.0) -> Range:
        ring = textures.F.pad(outline[None, None, None], (0, 1, 0, 0), mode="circular")
        return Range(distance, ring.to(device), paint(colour).to(device), snowline)

    if place == "snowfield":
        peaks = (_ridge(seed, 3, 60, 1.05) * 70 + 95).clamp(min=0)
        hills = (_ridge(seed + 1, 4, 40, 1.2) * 14 + 22).clamp(min=0)
        firs = _trees(seed + 2, 190, 260, 12, True) + (_ridge(seed + 3, 3, 20, 1.2) * 1.2 + 1.0).clamp(min=0)
        return (made(1600, peaks, "9fb2cc", 1.0), made(600, hills, "aebccd"), made(190, firs, "34525a"))
    if place == "meadow":
        far = (_ridge(seed, 3, 40, 1.2) * 45 + 80).clamp(min=0)
        hills = (_ridge(seed + 1, 3, 30, 1.25) * 12 + 22).clamp(min=0)
        trees = _trees(seed + 2, 170, 230, 11, False) + (_ridge(seed + 3, 3, 20, 1.2) * 1.2 + 1.2).clamp(
            min=0
        )
        return (made(1700, far, "5f7f8f"), made(560, hills, "7fa24e"), made(170, trees, "4d7a30"))
    if place == "dunes":
        far = (_ridge(seed, 3, 24, 1.3).abs() * -34 + 78).clamp(min=0)
        near = (_ridge(seed + 1, 3, 18, 1.4).abs() * -12 + 24).clamp(min=0)
        last = (_ridge(seed + 2, 4, 16, 1.4).abs() * -4.5 + 8).clamp(min=0)
        return (made(1500, far, "b98a62"), made(520, near, "c9935f"), made(210, last, "d09a60"))
    if place == "sea":
        isles = (_ridge(seed, 2, 40, 1.0) * 60 - 55).clamp(min=0)
        return (made(2600, isles, "5c6f7c"),)
    return ()


def horizon(
    light: Light, place: str, family: int, origin: Tensor, direction: Tensor, ground: Tensor, pixel: float,
    colour: Tensor,
) -> Tensor:  # fmt: skip
    """Lay the silhouettes of far land over ``colour`` (3, N); ``ground`` (N,) is how far nearer ground is."""
    for ring in ranges(place, family, str(direction.device)):
        flat = (direction[0] * direction[0] + direction[2] * direction[2]).sqrt().clamp(min=1e-4)
        forward = (origin[0] * direction[0] + origin[2] * direction[2]) / flat
        along = ring.distance - forward  # horizontal metres to the ring
        x, z = origin[0] + direction[0] / flat * along, origin[2] + direction[2] / flat * along
        turn = torch.atan2(x, z) / (2 * math.pi)
        height = textures.line(ring.outline, turn)[0]
        level = origin[1] + direction[1] / flat * along
        cover = ((height - level) / (along * pixel) + 0.5).clamp(0, 1) * (height > 0.01)
        cover = cover * (ground > along)
        facing = (light.sun @ direction).clamp(min=-1)
        lit = ring.colour[:, None] * (light.skylight * 0.75)[:, None]
        lit = lit + ring.colour[:, None] * light.sunlight[:, None] * (0.25 + 0.16 * (1 - facing))
        if ring.snowline:
            white = ramp(height * 0.35 - (height - level), -12.0, 22.0) * 0.7
            lit = mix(lit, (light.skylight + light.sunlight * 0.3)[:, None] * 0.85, white)
        air_colour = haze(light, direction)
        lost = 1 - math.exp(-ring.distance / (light.reach * 1.6))
        base = torch.exp(-level.clamp(min=0) / (0.35 * height + 1e-3)) * 0.3  # mist gathers at the foot
        lit = mix(lit, air_colour, (lost + (1 - lost) * base).clamp(0, 1))
        colour = mix(colour, lit, cover)
    return colour


_ROOMS = {  # wall, floor of wall, window, lamp
    "dawn": ("a9909c", "6b5560", "ffd9d0", "e0a080", 1.0, 0.2),
    "noon": ("b9b2a2", "7f7364", "eaf6ff", "ffe9c0", 1.7, 0.0),
    "sunset": ("9c5a38", "4e2a22", "ffa03c", "ffb060", 1.6, 0.3),
    "dusk": ("5a4a78", "332a4c", "a58be0", "ffb878", 0.8, 1.1),
    "night": ("1c2238", "0d1020", "35508f", "ffc070", 0.55, 1.3),
}


def room(light: Light, time: str, family: int, direction: Tensor, blur: float = 1.0) -> Tensor:
    """Colour (3, N) of a softly blurred room seen over a table: wall, a tall window, a lamp and bokeh."""
    device = direction.device
    wall, foot, window, lamp = (paint(code).to(device)[:, None] for code in _ROOMS[time][:4])
    bright, glow = float(_ROOMS[time][4]), float(_ROOMS[time][5])
    turn = torch.atan2(direction[0], -direction[2])
    up = direction[1]
    colour = mix(foot, wall, ramp(up, -0.22, 0.24))
    side = -1.0 if float(light.sun[0]) < 0 else 1.0

    def pane(middle: float, half: float, low: float, high: float, soft: float) -> Tensor:
        gap = (turn - middle + math.pi) % (2 * math.pi) - math.pi
        across = torch.sigmoid((half - gap.abs()) / (soft * blur))
        return across * torch.sigmoid((up - low) / (soft * blur)) * torch.sigmoid((high - up) / (soft * blur))

    for turned in (0.0, 1.9, 3.6):
        middle = side * 0.27 + turned
        opening = (
            pane(middle - 0.085, 0.07, -0.05, 0.30, 0.012) + pane(middle + 0.085, 0.07, -0.05, 0.30, 0.012)
        ).clamp(max=1)
        spill = torch.exp(-((((turn - middle + math.pi) % (2 * math.pi) - math.pi) / 0.35) ** 2)) * 0.22
        colour = colour + window * (bright * spill)
        colour = mix(colour, window * (1.1 * bright), opening * 0.85)
    generator = torch.Generator().manual_seed(900 + family)
    for where, high, size, warm in torch.rand(22, 4, generator=generator).tolist():
        gap = (turn - (where * 2 - 1) * math.pi + math.pi) % (2 * math.pi) - math.pi
        radius = 0.018 + 0.028 * size
        angle = ((gap * gap) + (up - 0.28 * high + 0.06) ** 2).sqrt()
        dot = torch.sigmoid((radius - angle) / (0.005 * blur))
        colour = colour + mix(lamp, window, 1.0 if warm > 0.6 else 0.0) * dot * (0.10 + 0.32 * glow)
    if glow > 0:
        gap = (turn + side * 0.33 + math.pi) % (2 * math.pi) - math.pi
        angle = (gap * gap + (up - 0.10) ** 2).sqrt()
        colour = colour + lamp * glow * (torch.exp(-angle * 9) * 0.5 + torch.sigmoid((0.045 - angle) / 0.012))
    return colour
