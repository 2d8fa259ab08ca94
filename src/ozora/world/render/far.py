"""Far land: the silhouettes of hills, trees and roofs around the horizon."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.render import textures
from ozora.world.render.light import Light, paint
from ozora.world.render.sky import haze, mix, ramp

RING = 4096
"""Samples of one silhouette around the horizon."""


@dataclass(frozen=True)
class Range:
    """One ring of far land: how far, its outline and how it is coloured."""

    distance: float
    outline: Tensor  # (1, 1, 1, RING + 1) height in metres
    colour: Tensor  # (3,) albedo
    snowline: float  # metres above which it is snowed on, or 0


def ridge(seed: int, low: int, high: int, slope: float) -> Tensor:
    """Outline (RING,) of rolling land with unit deviation, ``low`` to ``high`` hills around the horizon."""
    generator = torch.Generator().manual_seed(seed)
    turns = torch.arange(RING) / RING * 2 * math.pi
    wave = torch.zeros(RING)
    for k in range(low, high):
        phase = float(torch.rand((), generator=generator)) * 2 * math.pi
        strength = float(torch.randn((), generator=generator))
        wave = wave + torch.sin(turns * k + phase) * strength * k**-slope
    return wave / wave.std()


def trees(seed: int, distance: float, count: int, height: float, pointed: bool) -> Tensor:
    """Outline (RING,) of a loose line of trees, in metres: firs are pointed, broadleaf trees are round."""
    generator = torch.Generator().manual_seed(seed)
    turns = torch.arange(RING) / RING
    clump = ridge(seed + 1, 2, 14, 0.6)
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
    leaves = ridge(seed + 2, 300, 420, 0.0) * (0.0 if pointed else 0.045 * height)
    return outline + leaves * (outline / height).clamp(0, 0.4)


def far_range(distance: float, outline: Tensor, colour: str, snowline: float = 0.0) -> Range:
    """A ring of far land from its outline (RING,) in metres and its colour in sRGB hex."""
    ring = textures.F.pad(outline[None, None, None], (0, 1, 0, 0), mode="circular")
    return Range(distance, ring, paint(colour), snowline)


def horizon(
    light: Light, ranges: Sequence[Range], origin: Tensor, direction: Tensor, ground: Tensor, pixel: float,
    colour: Tensor,
) -> Tensor:  # fmt: skip
    """Lay the silhouettes of far land over ``colour`` (3, N); ``ground`` (N,) is how far nearer ground is."""
    for ring in ranges:
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
