"""A tiny preview decoder: latents to small pictures by one matrix, to watch a film while it is made.

Each latent cell becomes 4×4 pixels (a film of 7×4 cells is 28×16 pixels small): a linear map fitted by least
squares to the autoencoder's own decoder. It shows light, place and where
the subject stands; fine parts are beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ozora.model.autoencoder import Autoencoder
from ozora.model.noise import latent_noise
from ozora.model.sizes import SPATIAL_FACTOR, TEMPORAL_FACTOR

CELL = 4
"""Pixels of preview a side of each latent cell."""

_FILMS, _CELLS, _RIDGE, _STRENGTH = 16, (4, 7), 1e-3, 0.5


@dataclass(frozen=True)
class PreviewDecoder:
    """The matrix (1 + C, 3·CELL²): a constant, then one row for each latent channel."""

    matrix: Tensor

    def __call__(self, latents: Tensor) -> np.ndarray:
        """Latents (1, L, C, h, w) to small frames uint8 (L, CELL·h, CELL·w, 3), one a latent."""
        cells = latents[0].movedim(1, -1).to(self.matrix)  # (L, h, w, C)
        patches = _with_constant(cells) @ self.matrix  # (L, h, w, 3·CELL²)
        video = F.pixel_shuffle(patches.movedim(-1, 1), CELL)  # (L, 3, CELL·h, CELL·w)
        small = ((video + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
        frames: np.ndarray = small.movedim(1, -1).contiguous().cpu().numpy()
        return frames


@torch.no_grad()
def fit_preview(autoencoder: Autoencoder) -> PreviewDecoder:
    """Fit the matrix to an autoencoder's decoder: a fraction of a second, the same for the same weights.

    It is asked to decode noise, which moves every channel, in films of two latents that are the same: of what
    changes from latent to latent a decoder that holds still shows only a part.
    """
    channels = autoencoder.config.latent_channels
    latents = _STRENGTH * latent_noise(0, range(_FILMS), (channels, *_CELLS))  # (N, C, h, w)
    video = autoencoder.decode(torch.stack([latents, latents], 1))[:, -TEMPORAL_FACTOR:]  # (N, 4, 3, H, W)
    small = F.avg_pool2d(video.mean(1), SPATIAL_FACTOR // CELL)  # (N, 3, CELL·h, CELL·w)
    wanted = F.pixel_unshuffle(small, CELL).movedim(1, -1).flatten(0, 2).double()  # (N·h·w, 3·CELL²)
    given = _with_constant(latents.movedim(1, -1).flatten(0, 2)).double()  # (N·h·w, 1 + C)
    ridge = _RIDGE * len(given) * torch.eye(given.shape[1], dtype=torch.float64)
    matrix = torch.linalg.solve(given.T @ given + ridge, given.T @ wanted)
    return PreviewDecoder(matrix.float())


def _with_constant(cells: Tensor) -> Tensor:
    """(…, C) to (…, 1 + C)."""
    return torch.cat([torch.ones_like(cells[..., :1]), cells], -1)
