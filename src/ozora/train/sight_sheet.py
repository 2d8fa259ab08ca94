"""What the eyes see, as pictures: classes, depth, motion and centres in colours."""

from __future__ import annotations

import colorsys

import torch
import torch.nn.functional as F
from torch import Tensor

from ozora.model.eyes import CELL, EyesConfig, Seen

BRIGHTEST_FLOW = 8.0
"""Pixels of motion that are painted in full colour."""


def sight_rows(config: EyesConfig, video: Tensor, seen: Seen, count: int, frame: int = 0) -> list[Tensor]:
    """Rows of a sheet, each (N, 3, H, W) in [−1, 1]: frames, classes, depth, centres, flow of one frame."""
    rows = [video[:count, frame]]
    palette = class_colours(config).to(video)
    rows.append(_grown(palette[seen.classes[:count, frame].argmax(1)].movedim(-1, 1)))
    rows.append(_grown(depth_picture(seen.depth[:count, frame])))
    inside = torch.stack(
        (seen.silhouette[:count, frame].sigmoid(), seen.centre[:count, frame].sigmoid()), 1
    )
    rows.append(_grown(torch.cat([inside, inside[:, :1]], 1) * 2 - 1))
    if seen.flow.shape[1] > frame:
        rows.append(_grown(flow_picture(seen.flow[:count, frame])))
    return rows


def class_colours(config: EyesConfig) -> Tensor:
    """A colour in [−1, 1] for every class (K, 3): pale for scenery, strong for who acts."""
    colours = []
    for index in range(len(config.classes)):
        acts = index >= config.first_subject
        hue = (index * 0.381966) % 1.0
        colours.append(colorsys.hsv_to_rgb(hue, 0.95 if acts else 0.25, 1.0 if acts else 0.55))
    return torch.tensor(colours) * 2 - 1


def depth_picture(log_depth: Tensor) -> Tensor:
    """Near is bright: (N, h, w) logarithms of metres → (N, 3, h, w) in [−1, 1], each picture by itself."""
    least, most = (log_depth.flatten(1).quantile(q, 1)[:, None, None] for q in (0.02, 0.98))
    near = 1 - ((log_depth - least) / (most - least).clamp(min=1e-3)).clamp(0, 1)
    return (near[:, None].expand(-1, 3, -1, -1) * 2 - 1).contiguous()


def flow_picture(flow: Tensor) -> Tensor:
    """Motion (N, 2, h, w) as colours: hue is the direction, brightness the length (Baker et al., 2011)."""
    angle = torch.atan2(flow[:, 1], flow[:, 0])
    strength = (flow.square().sum(1).sqrt() / BRIGHTEST_FLOW).clamp(0, 1)
    channels = [0.5 + 0.5 * torch.cos(angle - turn) for turn in (0.0, 2.0944, 4.1888)]
    return torch.stack(channels, 1) * strength[:, None] * 2 - 1


def _grown(picture: Tensor) -> Tensor:
    return F.interpolate(picture.float(), scale_factor=float(CELL), mode="nearest")
