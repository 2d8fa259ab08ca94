"""Rolling ground as a height field."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.render import textures

CALM_RADIUS = 5.0
"""Metres around the origin, where the action starts, in which the ground stays gentle."""


@dataclass(frozen=True)
class Relief:
    """Rolling ground. ``height`` and ``slope`` work on flat tensors of x and z in metres."""

    texture: Tensor | None  # (1, 1, s+1, s+1) metres
    gradient: Tensor | None  # (1, 2, s+1, s+1) metres per metre
    tile: float
    shift: tuple[float, float]
    base: float
    peak: float
    calm: float = CALM_RADIUS  # metres around the origin in which the ground is as gentle as ``gentle`` says
    gentle: float = 0.3  # share of the relief that is left there

    def _swell(self, x: Tensor, z: Tensor) -> Tensor:
        """Share of the full relief at a place: gentle at the origin, full at 40 m, gone at the horizon."""
        radius = torch.sqrt(x * x + z * z)
        near = ((radius - self.calm) / 35).clamp(0, 1)
        far = (1 - (radius - 130) / 120).clamp(0, 1)
        return (self.gentle + (1 - self.gentle) * near * near * (3 - 2 * near)) * far

    def height(self, x: Tensor, z: Tensor) -> Tensor:
        """Ground height in metres (N,) at x and z (N,)."""
        if self.texture is None:
            return torch.zeros_like(x)
        raw = textures.sample(self.texture, x / self.tile + self.shift[0], z / self.tile + self.shift[1])[0]
        return raw * self._swell(x, z) - self.base

    def slope(self, x: Tensor, z: Tensor) -> Tensor:
        """Rise per metre along x and z (2, N)."""
        if self.gradient is None:
            return torch.zeros(2, x.shape[0], device=x.device)
        raw = textures.sample(self.gradient, x / self.tile + self.shift[0], z / self.tile + self.shift[1])
        return raw * self._swell(x, z)
