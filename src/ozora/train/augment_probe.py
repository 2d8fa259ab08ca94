"""Augmentations that teach the probe to judge generated film fairly.

A generated film is softer, noisier and slightly off in colour beside footage. A probe that has only seen
crisp footage would fail it for that; these changes make the probe ignore softness and keep to what is shown.
Nothing here mirrors or turns the picture or reorders frames: direction, camera and action live there.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Generator, Tensor
from torch.nn import functional as F


def augment_film(video: Tensor, generator: Generator, shares: Tensor | None = None) -> tuple[Tensor, Tensor]:
    """Return ``video`` (B, T, 3, H, W) in [−1, 1] with softness, crop, noise and colour shift per clip.

    The size stays. About one clip in four passes untouched, so that the probe stays right on footage as well.
    ``generator`` (on the CPU) decides everything: the same generator state gives the same result. What
    ``shares`` (B, T, ·, h, w) tells of places in the picture is cropped alike, and comes back beside it.
    """
    films = []
    shares = video[:, :, :0] if shares is None else shares.clone()
    for row, film in enumerate(video):
        draw = torch.rand(6, generator=generator).tolist()
        if draw[0] < 0.25:
            films.append(film)
            continue
        if draw[1] < 0.5:
            window = torch.rand(3, generator=generator).tolist()
            film = crop(film, window)
            if shares.numel():
                shares[row] = crop(shares[row], window)
        if draw[2] < 0.35:
            film = soften(film, 1.0 + 1.5 * draw[3])
        elif draw[2] < 0.6:
            film = blur(film, 0.4 + 0.8 * draw[3])
        if draw[4] < 0.5:
            film = shift_colour(film, generator)
        if draw[5] < 0.5:
            film = add_noise(film, 0.08 * draw[5], generator)
        films.append(film)
    return torch.stack(films), shares


def blur(film: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of every frame of (T, 3, H, W); ``sigma`` in pixels."""
    radius = max(1, round(2.5 * sigma))
    offsets = torch.arange(-radius, radius + 1, device=film.device, dtype=film.dtype)
    weights = torch.exp(-0.5 * (offsets / sigma) ** 2)
    weights = (weights / weights.sum()).expand(3, 1, 1, -1)
    wide = F.pad(film, (radius, radius, radius, radius), mode="replicate")
    return F.conv2d(F.conv2d(wide, weights, groups=3), weights.transpose(2, 3), groups=3)


def soften(film: Tensor, factor: float) -> Tensor:
    """Lose fine detail as an autoencoder does: shrink (T, 3, H, W) by ``factor`` and grow it back."""
    height, width = film.shape[-2:]
    small = (max(4, round(height / factor)), max(4, round(width / factor)))
    shrunk = F.interpolate(film, size=small, mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(shrunk, size=(height, width), mode="bilinear", align_corners=False)


def crop(film: Tensor, window: Sequence[float], smallest: float = 0.85) -> Tensor:
    """One window for all frames of (T, 3, H, W), ≥ ``smallest`` of each side, grown back to full size.

    ``window`` says, in 0 … 1 each, how large it is and how far down and across it lies.
    """
    height, width = film.shape[-2:]
    scale, down, across = window
    rows = max(4, round(height * (smallest + (1 - smallest) * scale)))
    columns = max(4, round(width * (smallest + (1 - smallest) * scale)))
    top, left = round(down * (height - rows)), round(across * (width - columns))
    seen = film[..., top : top + rows, left : left + columns]
    return F.interpolate(seen, size=(height, width), mode="bilinear", align_corners=False)


def shift_colour(film: Tensor, generator: Generator) -> Tensor:
    """Small changes of contrast, brightness and white balance: far less than lie between two times of day."""
    gain = 0.9 + 0.2 * torch.rand(1, generator=generator)
    cast = 0.06 * torch.randn(3, generator=generator)
    return (film * gain.to(film.device) + cast.to(film.device)[:, None, None]).clamp(-1, 1)


def add_noise(film: Tensor, amount: float, generator: Generator) -> Tensor:
    """Grain of standard deviation ``amount`` that changes from frame to frame."""
    return (film + amount * torch.randn(film.shape, generator=generator).to(film)).clamp(-1, 1)
