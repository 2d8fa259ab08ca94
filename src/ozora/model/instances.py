"""Who is in a frame: cells of a subject, each given to the centre it points at."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from ozora.model.eyes import Seen

LEAST_CENTRE = 0.3
"""Probability from which a place counts as somebody's centre."""

LEAST_SILHOUETTE = 1.0
"""Logit from which a cell is a subject's: more than even, for eyes are taught that to miss one is worse."""

LEAST_CELLS = 2
"""Cells of 4×4 pixels that make an instance."""


@dataclass(frozen=True)
class Instance:
    """One instance in one frame, as the eyes see it."""

    frame: int
    cells: Tensor  # bool (h, w): its own
    score: float  # probability of its centre


def instances(seen: Seen, film: int = 0) -> list[Instance]:
    """Everybody whom the eyes see in one film, frame by frame."""
    found = []
    for frame in range(seen.depth.shape[1]):
        member, scores = _members(
            seen.silhouette[film, frame].float(),
            seen.centre[film, frame].float(),
            seen.offset[film, frame].float(),
        )
        for number, score in enumerate(scores.tolist()):
            own = member == number  # (h, w)
            if int(own.sum()) >= LEAST_CELLS:
                found.append(Instance(frame, own, score))
    return found


def _members(silhouette: Tensor, centre: Tensor, offset: Tensor) -> tuple[Tensor, Tensor]:
    """The instance of every cell (h, w), −1 for nobody's; and the probabilities of their centres (N,)."""
    share = centre.sigmoid()
    top = F.max_pool2d(share[None, None], 5, 1, 2)[0, 0]
    peaks = torch.nonzero((share == top) & (share > LEAST_CENTRE))  # (N, 2) row and column
    member = torch.full(share.shape, -1, dtype=torch.long, device=share.device)
    inside = torch.nonzero(silhouette > LEAST_SILHOUETTE)  # (M, 2)
    if len(peaks) and len(inside):
        rows, columns = inside.unbind(1)
        way = offset[:, rows, columns]  # (2, M) right, down
        aim = torch.stack((rows + way[1], columns + way[0]), 1)
        member[rows, columns] = torch.cdist(aim, peaks.to(aim)).argmin(1)
    return member, share[peaks[:, 0], peaks[:, 1]]
