"""Seamless noise made once by filtering white noise in frequency space, then read by bilinear look-ups.

Every texture is band-limited by construction, so that a reader can fade exactly those octaves that a pixel
can no longer resolve: nothing flickers when the camera moves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import ParamSpec, TypeVar

import torch
import torch.nn.functional as F
from torch import Tensor

Given = ParamSpec("Given")
Made = TypeVar("Made")

SIZE = 512
"""Texels along one side of a tile."""

OCTAVES = ((5.0, 10.0), (11.0, 21.0), (23.0, 43.0), (46.0, 90.0))
"""Bands of the detail texture in cycles per tile."""


def noise(seed: int, low: float, high: float, slope: float, size: int = SIZE) -> Tensor:
    """Tileable noise (size, size) with zero mean and unit deviation, ``low`` to ``high`` cycles per tile.

    Amplitude falls as frequency to the power of minus ``slope`` (spectral synthesis, Saupe 1988).
    """
    generator = torch.Generator().manual_seed(seed)
    white = torch.randn(size, size, generator=generator)
    spectrum = torch.fft.rfft2(white)
    down = torch.fft.fftfreq(size, 1 / size)[:, None]
    across = torch.fft.rfftfreq(size, 1 / size)[None, :]
    frequency = torch.sqrt(down * down + across * across)
    band = torch.sigmoid((frequency - low) * 2) * torch.sigmoid((high - frequency) * 2)
    field = torch.fft.irfft2(spectrum * band * frequency.clamp(min=1).pow(-slope), s=(size, size))
    return (field - field.mean()) / field.std()


def slopes(field: Tensor) -> Tensor:
    """Derivatives (2, size, size) of a tileable field along x (columns) and z (rows), per tile side."""
    size = field.shape[-1]
    along_x = (torch.roll(field, -1, 1) - torch.roll(field, 1, 1)) * (size / 2)
    along_z = (torch.roll(field, -1, 0) - torch.roll(field, 1, 0)) * (size / 2)
    return torch.stack((along_x, along_z))


def wrap(texture: Tensor) -> Tensor:
    """Repeat the first row and column at the end: (C, s, s) becomes (1, C, s+1, s+1), for ``sample``."""
    return F.pad(texture[None], (0, 1, 0, 1), mode="circular").contiguous()


def sample(texture: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Bilinear look-up (C, N) of a wrapped texture at tile coordinates u (x) and v (z), any real number."""
    grid = torch.stack((u - u.floor(), v - v.floor()), -1).mul_(2).sub_(1)
    return F.grid_sample(texture, grid[None, None], align_corners=True)[0, :, 0]


def line(texture: Tensor, u: Tensor) -> Tensor:
    """Linear look-up (C, N) of rings (1, C, 1, s+1) at u, one turn per unit."""
    x = (u - u.floor()).mul_(2).sub_(1)
    grid = torch.stack((x, torch.zeros_like(x)), -1)
    return F.grid_sample(texture, grid[None, None], align_corners=True)[0, :, 0]


def on_one_thread(make: Callable[Given, Made]) -> Callable[Given, Made]:
    """Make what is kept and shared on one thread: the same bits, however many threads film with it later."""

    @wraps(make)
    def made(*given: Given.args, **named: Given.kwargs) -> Made:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            return make(*given, **named)
        finally:
            torch.set_num_threads(threads)

    return made


@lru_cache(maxsize=8)
@on_one_thread
def _bands(family: int) -> Tensor:
    return torch.stack([noise(family * 16 + i, low, high, 0.5) for i, (low, high) in enumerate(OCTAVES)])


@lru_cache(maxsize=8)
@on_one_thread
def detail(family: int, device: str) -> Tensor:
    """The octaves (1, 4, s+1, s+1) of one tile, each with unit deviation."""
    return wrap(_bands(family)).to(device)


@lru_cache(maxsize=8)
@on_one_thread
def bumps(family: int, device: str) -> Tensor:
    """Slopes (1, 6, s+1, s+1) of the first three octaves: three along x, three along z, per tile side."""
    gradients = torch.stack([slopes(field) for field in _bands(family)[:3]])
    return wrap(torch.cat((gradients[:, 0], gradients[:, 1]))).to(device)


@lru_cache(maxsize=8)
@on_one_thread
def clouds(family: int, device: str) -> Tensor:
    """Cloud cover (1, 4, s+1, s+1): billows in three bands, and streaks for high thin cloud."""
    billows = [noise(family * 16 + 5, 2, 5, 1.0), noise(family * 16 + 6, 5, 14, 1.0)]
    fine = noise(family * 16 + 7, 14, 60, 1.2)
    streaks = noise(family * 16 + 8, 2, 40, 1.6)
    return wrap(torch.stack((*billows, fine, streaks))).to(device)


@lru_cache(maxsize=8)
@on_one_thread
def flowers(family: int, device: str) -> Tensor:
    """Meadow flowers (1, 3, s+1, s+1): soft dots of three kinds on one tile, 0..1."""
    generator = torch.Generator().manual_seed(family * 16 + 9)
    layers = []
    for count in (210, 160, 120):
        spots = torch.rand(count, 2, generator=generator)
        size = torch.rand(count, generator=generator) * 0.9 + 1.3
        clump = noise(family * 16 + 10, 1, 4, 1.0)
        axis = torch.arange(SIZE) / SIZE
        gap = (axis[:, None] - spots[:, 0] + 0.5) % 1 - 0.5  # (s, n) rows
        rows = torch.exp(-((gap * SIZE / size) ** 2))
        gap = (axis[:, None] - spots[:, 1] + 0.5) % 1 - 0.5
        columns = torch.exp(-((gap * SIZE / size) ** 2))
        layers.append((rows @ columns.T).clamp(max=1) * torch.sigmoid(clump * 4 + 0.5))
    return wrap(torch.stack(layers)).to(device)


def resolved(wavelength: float, footprint: Tensor) -> Tensor:
    """How much of a wave a pixel of this footprint still shows: 1 below a third of it, 0 above 2/3."""
    return (2 - footprint * (3 / wavelength)).clamp_(0, 1)


def unit(vectors: Tensor) -> Tensor:
    """Vectors (3, N) scaled to length one."""
    return vectors * torch.rsqrt((vectors * vectors).sum(0).clamp(min=1e-20))
