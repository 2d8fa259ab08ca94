"""The fovea: a second, near look at everybody whom the eyes have found.

The eyes see a whole picture at one scale, and of a subject of 20×20 pixels five cells a side. Whoever wants
a name looks at the thing itself: a window about it, brought to one size (two-stage detection, Girshick et
al., CVPR 2014; glimpses, Mnih et al., NeurIPS 2014). What is small is enlarged, what is large is reduced, so
that the network need know each kind at one size only, and it may also say that nobody is there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.model.residual import Block

SIDE = 64
"""Pixels along each side of a glimpse."""

ROOM = 1.5
"""Side of a window, as a multiple of the longer side of who it is about."""

LEAST_WINDOW = 20.0
"""Pixels of the picture: smaller windows are only more of the same blur."""

FINER = 2
"""A window is read at so many times the glimpse's resolution and averaged: large ones do not flicker."""

_BLOCKS = (1, 2, 2)


@dataclass(frozen=True)
class Glimpsed:
    """What the fovea sees in N glimpses."""

    kinds: Tensor  # (N, S + 1) logits over the subjects; the last one: nobody is there
    traits: dict[str, Tensor]  # per axis (N, V) logits


class Fovea(nn.Module):
    """Names what stands in the middle of a glimpse."""

    def __init__(self, kinds: int, traits: Sequence[tuple[str, int]], widths: tuple[int, int, int]) -> None:
        super().__init__()
        self.traits = tuple(traits)
        self.kinds = kinds
        self.open = nn.Conv2d(4, widths[0], 4, stride=2, padding=1)
        self.scales = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(count)))
            for width, count in zip(widths, _BLOCKS, strict=True)
        )
        self.down = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=2, padding=1) for before, after in pairwise(widths)
        )
        answers = kinds + 1 + sum(values for _, values in self.traits)
        self.name = nn.Sequential(nn.Linear(2 * widths[-1] + 3, 192), nn.ReLU(), nn.Linear(192, answers))
        for module in (self.open, *self.down):
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, glimpses: Tensor, places: Tensor) -> Glimpsed:
        """Look at glimpses (N, 4, SIDE, SIDE) from ``places`` (N, 3), both as ``glimpses`` gives them."""
        x = F.relu(self.open(glimpses))
        for level, blocks in enumerate(self.scales):
            if level:
                x = F.relu(self.down[level - 1](x))
            x = blocks(x)
        told = self.name(torch.cat([x.mean((2, 3)), x.amax((2, 3)), places.to(x)], 1)).float()
        sizes = [self.kinds + 1, *(values for _, values in self.traits)]
        kinds, *traits = told.split(sizes, 1)
        return Glimpsed(kinds, {axis: part for (axis, _), part in zip(self.traits, traits, strict=True)})


def windows(cells: Tensor, pixels: int) -> Tensor:
    """Square windows about instances, (N, 3): centre right and down, and side, in pixels.

    ``cells`` (N, h, w) says whose cells are whose, each ``pixels`` wide; an instance without any has its
    window in the middle.
    """
    height, width = cells.shape[-2:]
    found = []
    for there, length in ((cells.any(1), width), (cells.any(2), height)):
        index = torch.arange(length, device=cells.device).expand(len(cells), -1)
        none = ~there.any(1)
        low = torch.where(there, index, length).amin(1).masked_fill(none, 0)
        high = torch.where(there, index, -1).amax(1).masked_fill(none, length - 1) + 1
        found.append(((low + high) / 2 * pixels, (high - low) * pixels))
    (x, across), (y, down) = found
    side = (torch.maximum(across, down) * ROOM).clamp(min=LEAST_WINDOW)
    return torch.stack((x, y, side), 1)


def glimpses(pictures: Tensor, cells: Tensor, windows: Tensor) -> tuple[Tensor, Tensor]:
    """Windows (N, 3) of pictures (N, 3, H, W) at one size, (N, 4, SIDE, SIDE), and where they lie, (N, 3).

    The fourth channel says whose window it is: ``cells`` (N, h, w) of the instance, in −1 … 1. Beyond a
    picture its edge goes on. Places are the logarithm of the side, and the centre in −1 … 1.
    """
    height, width = pictures.shape[-2:]
    x, y, side = windows.float().unbind(1)
    steps = ((torch.arange(SIDE * FINER, device=pictures.device) + 0.5) / (SIDE * FINER) - 0.5)[None]
    across = (x[:, None] + steps * side[:, None]) * (2 / width) - 1  # (N, S) in −1 … 1
    down = (y[:, None] + steps * side[:, None]) * (2 / height) - 1
    size = (len(x), SIDE * FINER, SIDE * FINER)
    grid = torch.stack((across[:, None].expand(size), down[:, :, None].expand(size)), -1)
    seen = F.grid_sample(pictures.float(), grid, padding_mode="border", align_corners=False)
    own = F.grid_sample(cells[:, None].float(), grid, padding_mode="zeros", align_corners=False)
    places = torch.stack((torch.log(side / SIDE), x * 2 / width - 1, y * 2 / height - 1), 1)
    return F.avg_pool2d(torch.cat((seen, 2 * own - 1), 1), FINER), places
