"""The cosine basis that an autoencoder's linear path starts from: fair pictures before any training.

The discrete cosine transform (Ahmed, Natarajan & Rao 1974) is near the best linear code for natural pictures.
Of the coefficients of a block of 4 frames × 16 × 16 pixels × 3 colours, those with the largest expected
deviation are kept: energy falls with frequency in space, faster with that in time, and most is brightness.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.model.sizes import SPATIAL_FACTOR, TEMPORAL_FACTOR

_COLOURS = ((1.0, 1.0, 1.0), (1.0, 0.0, -1.0), (1.0, -2.0, 1.0))  # brightness, warm to cold, magenta to green
_COLOUR_SHARES = (1.0, 0.5, 0.2)
_MEAN_DEVIATION = 20.0  # of a block's mean brightness, pixels in [−1, 1], measured on footage
_DETAIL_DEVIATION = 3.0  # at frequency 1, likewise
_DETAIL_FALL = -0.9
_TIME_FACTOR = 4  # how many steps of frequency in space one in time counts for
_LATENT_DEVIATION = 0.8


def cosines(size: int) -> Tensor:
    """The orthonormal DCT-II of ``size`` values, (frequency, position)."""
    frequency, position = torch.arange(size)[:, None], torch.arange(size)[None]
    basis = torch.cos(math.pi * frequency * (position + 0.5) / size) * math.sqrt(2 / size)
    basis[0] /= math.sqrt(2)
    return basis


def linear_path(channels: int) -> tuple[Tensor, Tensor]:
    """Return (to latents, to pixels), each (channels, 4·3·16·16), so that latents deviate by nearly 1.

    Columns run over frames, colours, rows and columns of a block. ``latents @ to_pixels`` undoes
    ``pixels @ to_latents.T`` as well as so few coefficients can.
    """
    colours = torch.tensor(_COLOURS)
    colours = colours / colours.norm(dim=1, keepdim=True)
    space = torch.arange(SPATIAL_FACTOR).square()
    time = (_TIME_FACTOR * torch.arange(TEMPORAL_FACTOR)).square()
    frequency = (time[:, None, None] + space[:, None] + space).float().sqrt()  # (t, y, x)
    detail = _DETAIL_DEVIATION * frequency.clamp_min(1).pow(_DETAIL_FALL)
    strength = torch.where(frequency == 0, _MEAN_DEVIATION, detail)
    deviation = torch.einsum("a,tyx->tayx", torch.tensor(_COLOUR_SHARES), strength)
    chosen = deviation.flatten().argsort(descending=True, stable=True)[:channels]
    # Not by torch.unravel_index, which loads a computer algebra system to check its arguments.
    places = []
    for size in reversed(deviation.shape):
        places.append(chosen % size)
        chosen = chosen // size
    x, y, a, t = places
    in_time, in_space = cosines(TEMPORAL_FACTOR), cosines(SPATIAL_FACTOR)
    basis = torch.einsum("nt,na,ny,nx->ntayx", in_time[t], colours[a], in_space[y], in_space[x]).flatten(1)
    scale = deviation[t, a, y, x][:, None] / _LATENT_DEVIATION
    return basis / scale, basis * scale


class CosineCode(nn.Module):
    """The fixed linear code as a layer; nothing of it is learnt or stored."""

    to_latents: Tensor
    to_pixels: Tensor

    def __init__(self, channels: int, patch: int) -> None:
        super().__init__()
        self.patch = patch
        to_latents, to_pixels = linear_path(channels)
        self.register_buffer("to_latents", to_latents[:, :, None, None], persistent=False)
        self.register_buffer("to_pixels", to_pixels.T[:, :, None, None].contiguous(), persistent=False)

    def encode(self, frames: Tensor, first: bool) -> Tensor:
        """Frames (B, T, 3, H, W) to latents (B, k, C, h, w); the first frame of a film stands for four."""
        if first:
            frames = torch.cat([frames[:, :1].expand(-1, TEMPORAL_FACTOR - 1, -1, -1, -1), frames], 1)
        x = F.pixel_unshuffle(frames.unflatten(1, (-1, TEMPORAL_FACTOR)), SPATIAL_FACTOR)
        x = x.flatten(2, 3).flatten(0, 1)  # (B·k, 4·3·16·16, h, w)
        return F.conv2d(x.contiguous(memory_format=torch.channels_last), self.to_latents).unflatten(
            0, (len(frames), -1)
        )

    def decode(self, latents: Tensor, batch: int, first: bool) -> Tensor:
        """Latents (L·B, C, h, w) to frames (T·B, 3·patch², 4h, 4w), cut in patches."""
        x = F.conv2d(latents, self.to_pixels).unflatten(1, (TEMPORAL_FACTOR, -1)).unflatten(0, (-1, batch))
        x = x.transpose(1, 2).flatten(0, 2)  # (4L·B, 3·16·16, h, w)
        x = x[(TEMPORAL_FACTOR - 1) * batch :] if first else x
        patches = F.pixel_unshuffle(F.pixel_shuffle(x, SPATIAL_FACTOR), self.patch)
        return patches.contiguous(memory_format=torch.channels_last)
