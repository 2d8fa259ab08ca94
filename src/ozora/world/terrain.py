"""The lie of the land: one height field per shot, the same for the rigs that walk on it and the renderer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ozora.world.render import textures
from ozora.world.shot import Shot

FAMILIES = 6
"""Reliefs per place; a shot's seed picks one and shifts it, so that textures are made once and shared."""

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

    def _swell(self, x: Tensor, z: Tensor) -> Tensor:
        """Share of the full relief at a place: gentle at the origin, full at 40 m, gone at the horizon."""
        radius = torch.sqrt(x * x + z * z)
        near = ((radius - CALM_RADIUS) / 35).clamp(0, 1)
        far = (1 - (radius - 130) / 120).clamp(0, 1)
        return (0.3 + 0.7 * near * near * (3 - 2 * near)) * far

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


@lru_cache(maxsize=16)
def _field(place: str, family: int) -> Tensor:
    """Heights (s, s) in metres of one tile."""
    seed = 7000 + family * 32
    if place == "snowfield":
        drifts = textures.noise(seed, 6, 22, 1.4)
        return textures.noise(seed + 1, 1, 5, 1.4) * 0.34 + drifts * 0.045
    if place == "meadow":
        return textures.noise(seed + 2, 1, 5, 1.5) * 0.34 + textures.noise(seed + 3, 6, 16, 1.3) * 0.02
    # Dunes: long crests with a sharp lee side, bent by a slow warp.
    size = textures.SIZE
    across = (torch.arange(size) / size)[None, :]
    down = (torch.arange(size) / size)[:, None]
    warp = textures.noise(seed + 4, 1, 4, 1.6)
    phase = (across * 3 + down * 2 + warp * 0.13) % 1
    crest = torch.where(phase < 0.68, phase / 0.68, (1 - phase) / 0.32)
    crest = crest * crest * (3 - 2 * crest)
    crest = crest * (0.75 + 0.25 * textures.noise(seed + 5, 1, 4, 1.5).clamp(-2, 2))
    return crest * 2.6 + textures.noise(seed + 6, 2, 9, 1.5) * 0.1


TILES = {"snowfield": 96.0, "meadow": 110.0, "dunes": 120.0}
"""Metres of one tile side, for places that are not flat."""


@lru_cache(maxsize=32)
def _textures(place: str, family: int, device: str) -> tuple[Tensor, Tensor]:
    field = _field(place, family)
    field = field - field.mean()
    gradient = textures.slopes(field) / TILES[place]
    return textures.wrap(field[None]).to(device), textures.wrap(gradient).to(device)


def relief(shot: Shot, device: str | torch.device = "cpu") -> Relief:
    """The ground of a shot: flat on the sea and the table top, rolling elsewhere."""
    if shot.place not in TILES:
        return Relief(None, None, 1.0, (0.0, 0.0), 0.0, 0.0)
    height, gradient = _textures(shot.place, shot.seed % FAMILIES, str(device))
    draw = torch.rand(2, generator=torch.Generator().manual_seed(shot.seed + 31)).tolist()
    shift = (float(draw[0]), float(draw[1]))
    raw = Relief(height, gradient, TILES[shot.place], shift, 0.0, 0.0)
    origin = torch.zeros(1, device=device)
    base = float(raw.height(origin, origin)[0])
    return Relief(height, gradient, TILES[shot.place], shift, base, float(height.max()) - base)


def ground(shot: Shot) -> Callable[[Tensor], Tensor]:
    """Height of the ground: a function from positions xz (..., 2) to y (...), all in metres."""

    def height(xz: Tensor) -> Tensor:
        flat = xz.reshape(-1, 2).float()
        land = relief(shot, xz.device)
        return land.height(flat[:, 0].contiguous(), flat[:, 1].contiguous()).reshape(xz.shape[:-1])

    return height
