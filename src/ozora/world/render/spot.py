"""What a place's ground is shaded from: points with light, detail and shadows, and the tools to do it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ozora.world.render import textures
from ozora.world.render.light import Light
from ozora.world.render.textures import unit


@dataclass(frozen=True)
class Spot:
    """N points of the ground, as one frame's rays from ``origin`` meet them."""

    light: Light
    time: str
    family: int  # which of a place's textures
    scale: float  # metres; the size of the scene, to which table tops and rooms are built
    seconds: float
    origin: Tensor  # (3,)
    direction: Tensor  # (3, N) unit
    t: Tensor  # (N,) metres along the rays
    pixel: float  # radians
    slope: Tensor  # (2, N) rise per metre along x and z
    sunny: Tensor  # (N,) sun that bodies let through
    open_sky: Tensor  # (N,) sky that bodies let through

    @cached_property
    def x(self) -> Tensor:
        return self.origin[0] + self.direction[0] * self.t

    @cached_property
    def z(self) -> Tensor:
        return self.origin[2] + self.direction[2] * self.t

    @cached_property
    def footprint(self) -> Tensor:
        """Size (N,) in metres of a pixel on the ground."""
        return self.t * self.pixel / (-self.direction[1]).clamp(min=0.02).pow(0.7)

    @cached_property
    def bands(self) -> list[Tensor]:
        """Fine detail: four octaves (N,) of a tile of seven metres."""
        return octaves(self.family, self.x, self.z, 7.0, self.footprint)

    @cached_property
    def coarse(self) -> list[Tensor]:
        """Broad detail: four octaves (N,) of a tile of 61 metres."""
        return octaves(self.family, self.x, self.z, 61.0, self.footprint * 0.5)

    def colour(self, *rgb: float) -> Tensor:
        """A linear colour as (3, 1) beside the points."""
        return torch.tensor([[part] for part in rgb], device=self.t.device)

    def lit(self, albedo: Tensor, normal: Tensor, wrap: float) -> Tensor:
        """Colour (3, N) of matte ground under sun and sky; ``wrap`` lets light reach round the edge."""
        light = self.light
        incidence = (light.sun @ normal + wrap).clamp(min=0) / (1 + wrap)
        ambient = light.skylight[:, None] * ((0.62 + 0.38 * normal[1]) * self.open_sky)
        return albedo * (ambient + light.sunlight[:, None] * (incidence * self.sunny))

    def shine(self, normal: Tensor) -> Tensor:
        """Cosine (N,) between the normal and the direction halfway between sun and eye (Blinn 1977)."""
        halfway = unit(self.light.sun[:, None] - self.direction)
        return (halfway * normal).sum(0).clamp(min=0.1)


def seen_octave(octave: int, tile: float, footprint: Tensor) -> Tensor:
    """How much (N,) of one band of detail a pixel of this footprint still shows."""
    low, high = textures.OCTAVES[octave]
    return textures.resolved(tile / (0.35 * low + 0.65 * high), footprint)


def octaves(family: int, x: Tensor, z: Tensor, tile: float, footprint: Tensor) -> list[Tensor]:
    """Four detail bands (N,) at x, z (N,), each faded where a pixel cannot resolve it."""
    value = textures.sample(textures.detail(family, str(x.device)), x / tile, z / tile)  # (4, N)
    return [value[i] * seen_octave(i, tile, footprint) for i in range(4)]


def bumps(
    family: int, x: Tensor, z: Tensor, tile: float, footprint: Tensor, gains: tuple[float, float, float]
) -> tuple[Tensor, Tensor]:
    """Slopes (N,) along x and z of three weighted octaves, faded likewise."""
    value = textures.sample(textures.bumps(family, str(x.device)), x / tile, z / tile)  # (6, N)
    across, deep = torch.zeros_like(x), torch.zeros_like(x)
    for i, gain in enumerate(gains):
        seen = seen_octave(i, tile, footprint) * (gain / tile)
        across, deep = torch.addcmul(across, value[i], seen), torch.addcmul(deep, value[3 + i], seen)
    return across, deep


def tilt(slope_x: Tensor, slope_z: Tensor) -> Tensor:
    """Unit normals (3, N) of a height field with these slopes."""
    length = torch.rsqrt(slope_x * slope_x + slope_z * slope_z + 1)
    return torch.stack((-slope_x * length, length, -slope_z * length))
