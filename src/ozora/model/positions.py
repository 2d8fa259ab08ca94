"""Where a token stands: rotary angles for cells of a film (time, height, width) and words in a line."""

from __future__ import annotations

import torch
from torch import Tensor

from ozora.errors import refuse

TIME_UNITS_PER_SECOND = 3.0
"""Time is counted in thirds of a second: one latent of a 12 fps film is one unit, and other rates follow."""

TIME_BASE, SPACE_BASE, WORD_BASE = 1000.0, 100.0, 1000.0
"""Longest wavelengths over shortest: films run for minutes, frames are a few tens of cells."""


def axis_widths(head_width: int) -> tuple[int, int, int]:
    """Split a head between time, height and width: a quarter for time, the rest shared by the two of space.

    >>> axis_widths(64)
    (16, 24, 24)
    """
    time = head_width // 4
    if head_width % 16:
        raise refuse("head width", head_width, "multiples of 16, such as 32, 48 or 64")
    space = (head_width - time) // 2
    return time, space, space


def _angles(position: Tensor, width: int, base: float) -> Tensor:
    """Rotary angles (RoPE, arXiv 2104.09864) in radians: ``position`` (...) to (..., width / 2)."""
    power = torch.arange(0, width, 2, device=position.device, dtype=torch.float32) / width
    return position.float().unsqueeze(-1) * base**-power


def cell_angles(seconds: Tensor, height: int, width: int, head_width: int) -> Tensor:
    """Angles of every cell of a film; attention then feels only differences of time and of place.

    ``seconds`` (B, L) is when each latent frame happens; ``height`` × ``width`` cells are counted from the
    middle of the frame, so that another aspect ratio only adds cells at the rim.
    Returns (B, L·height·width, head_width / 2).
    """
    time_width, row_width, column_width = axis_widths(head_width)
    batch, frames = seconds.shape
    rows = torch.arange(height, device=seconds.device) - (height - 1) / 2
    columns = torch.arange(width, device=seconds.device) - (width - 1) / 2
    time = _angles(seconds * TIME_UNITS_PER_SECOND, time_width, TIME_BASE)  # (B, L, t/2)
    row = _angles(rows, row_width, SPACE_BASE)  # (h, r/2)
    column = _angles(columns, column_width, SPACE_BASE)  # (w, c/2)
    shape = (batch, frames, height, width, -1)
    parts = (time[:, :, None, None].expand(shape), row[:, None].expand(shape), column.expand(shape))
    return torch.cat(parts, dim=-1).flatten(1, 3)  # (B, L·h·w, d/2)


PLACE_WAVELENGTHS = (4.0, 8.0, 16.0, 32.0, 64.0)
PLACE_FEATURES = 4 * len(PLACE_WAVELENGTHS)
"""Waves whose sines and cosines tell a cell where in the frame it lies, in cells of a frame that has 28."""

_PLACE_CELLS = 28


def place_features(height: int, width: int, device: torch.device | None = None) -> Tensor:
    """Where each cell lies from the middle of the frame, (height·width, PLACE_FEATURES).

    Rotary angles only tell cells apart from each other; that sky is above takes this. Waves stretch with the
    frame, so that a film laid out on few cells is laid out alike on many.
    """
    stretch = (height * width / _PLACE_CELLS) ** 0.5
    rate = 2 * torch.pi / (stretch * torch.tensor(PLACE_WAVELENGTHS, device=device))
    rows = (torch.arange(height, device=device) - (height - 1) / 2)[:, None] * rate  # (h, waves)
    columns = (torch.arange(width, device=device) - (width - 1) / 2)[:, None] * rate  # (w, waves)
    row = torch.cat((rows.sin(), rows.cos()), dim=-1)[:, None].expand(-1, width, -1)
    column = torch.cat((columns.sin(), columns.cos()), dim=-1).expand(height, -1, -1)
    return torch.cat((row, column), dim=-1).flatten(0, 1)


def word_angles(count: int, head_width: int, device: torch.device | None = None) -> Tensor:
    """Angles of ``count`` words standing in a line: (1, count, head_width / 2)."""
    return _angles(torch.arange(count, device=device), head_width, WORD_BASE)[None]


def rotate(heads: Tensor, cosine: Tensor, sine: Tensor) -> Tensor:
    """Turn pairs (first half, second half) of ``heads`` (..., d) by angles that broadcast to (..., d/2)."""
    first, second = heads.chunk(2, dim=-1)
    return torch.cat((first * cosine - second * sine, second * cosine + first * sine), dim=-1)
