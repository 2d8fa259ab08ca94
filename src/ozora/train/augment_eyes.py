"""Spoiling that teaches the eyes to see what generators and autoencoders show: soft, noisy, off in colour.

Nothing moves: every cell keeps its truth.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Generator, Tensor
from torch.nn import functional as F

from ozora.train.augment_probe import add_noise, blur, shift_colour, soften


@dataclass(frozen=True)
class SpoilSettings:
    """How often clips are spoilt, and how much. Two copies of the eyes are taught with different settings."""

    untouched: float = 0.3
    soft: float = 0.3  # shrunk and grown back
    blurred: float = 0.2
    coarse: float = 0.1  # colours and blocks as a careless codec leaves them
    shifted: float = 0.5
    noisy: float = 0.4
    softness: float = 1.5
    sigma: float = 1.6  # pixels
    noise: float = 0.08


def spoil_film(video: Tensor, generator: Generator, settings: SpoilSettings) -> Tensor:
    """``video`` (B, T, 3, H, W) in [−1, 1], each clip spoilt in its own way that ``generator`` decides."""
    films = []
    for film in video:
        draw = torch.rand(6, generator=generator).tolist()
        if draw[0] < settings.untouched:
            films.append(film)
            continue
        how, much = draw[1], draw[2]
        if how < settings.soft:
            film = soften(film, 1.0 + settings.softness * much)
        elif how < settings.soft + settings.blurred:
            film = blur(film, 0.4 + (settings.sigma - 0.4) * much)
        elif how < settings.soft + settings.blurred + settings.coarse:
            film = coarsened(film, 4 + int(12 * much))
        if draw[3] < settings.shifted:
            film = shift_colour(film, generator)
        if draw[4] < settings.noisy:
            film = add_noise(film, settings.noise * draw[5], generator)
        films.append(film)
    return torch.stack(films)


def coarsened(film: Tensor, levels: int, block: int = 8) -> Tensor:
    """Detail within blocks of a film (T, 3, H, W) rounded to ``levels`` values from black to white."""
    height, width = film.shape[-2:]
    padded = F.pad(film, (0, -width % block, 0, -height % block), mode="replicate")
    mean = F.interpolate(F.avg_pool2d(padded, block), scale_factor=float(block), mode="nearest")
    step = 2.0 / levels
    return (mean + ((padded - mean) / step).round() * step)[..., :height, :width].clamp(-1, 1)
