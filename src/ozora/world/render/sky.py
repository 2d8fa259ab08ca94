"""The open sky: gradient, sun or moon, and clouds."""

from __future__ import annotations

import torch
from torch import Tensor

from ozora.world.render import textures
from ozora.world.render.light import Light


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


def aurora(direction: Tensor, family: int, seconds: float) -> Tensor:
    """Light (3, N) of waving curtains: rays that begin sharply below, green, and fade upwards to violet."""
    turn, up = torch.atan2(direction[0], -direction[2]), direction[1]
    total = torch.zeros_like(direction)
    for number, (low, wide, pace) in enumerate(((0.055, 0.24, 0.21), (0.15, 0.34, -0.16))):
        start = 2.1 * family + 1.7 * number
        fold = torch.sin(1.7 * turn + start + pace * seconds) * 0.035
        fold = fold + torch.sin(4.3 * turn - start + 0.6 * pace * seconds) * 0.016
        height = (up - low - fold) / wide
        rays = 0.62 + 0.38 * torch.sin(46 * turn + 9 * torch.sin(3 * turn + start) + 1.1 * seconds)
        rays = rays * (0.70 + 0.30 * torch.sin(17 * turn + start - 0.7 * seconds))
        patch = (0.55 + 0.45 * torch.sin(1.1 * turn + 2.6 * start + 0.3 * pace * seconds)).clamp(min=0)
        shine = torch.sigmoid(height * 40) * torch.exp(-height.clamp(min=0) * 2.2) * rays * patch
        green = torch.tensor([[0.10], [1.05], [0.46]], device=up.device)
        violet = torch.tensor([[0.60], [0.14], [0.85]], device=up.device)
        total = total + mix(green, violet, ramp(height, 0.15, 0.9)) * shine
    return total


def sky(light: Light, direction: Tensor, family: int, seconds: float, pixel: float) -> tuple[Tensor, Tensor]:
    """Colour (3, N) of the sky with sun and clouds, and how much cloud covers each direction (N,)."""
    colour = air(light, direction)
    facing = light.seen_sun @ direction
    airless = light.cover < 0
    if light.aurora > 0:
        colour = colour + aurora(direction, family, seconds) * light.aurora
    if light.disc > 0:
        radius = 0.030 - 0.006 * min(max(2 * light.stars - 0.5, 0.0), 1.0)
        angle = torch.sqrt((2 - 2 * facing).clamp(min=0))
        disc = ((radius - angle) / max(pixel, 1e-4) + 0.5).clamp(0, 1)
        colour = colour + light.glow[:, None] * (disc * light.disc)
        if airless:
            return colour, torch.zeros_like(facing)
        colour = colour + light.glow[:, None] * (0.35 * min(light.disc, 2.0) * torch.exp(-angle * 18))
    if airless:
        return colour, torch.zeros_like(facing)
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
