"""Alignment to the ground truth: the transformer's middle features must tell who covers which cell.

Representation alignment (REPA, arXiv 2410.06940) teaches a generator's features to resemble those of a
network that sees. Our films come with the truth itself, so no such network is needed: from the features of a
noisy film a linear layer names, for every cell, the subject there, its colour, its action and its direction.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.world import concepts

ALIGNED = ("subject", "colour", "action", "direction")
"""What is asked of the cells that a subject covers; of all others, that nobody is there."""


class Alignment(nn.Module):
    """The linear layer, used in training only."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.sizes = [1 + len(concepts.FIELDS[axis]) for axis in ALIGNED]
        self.out = nn.Linear(width, sum(self.sizes))

    def forward(self, features: Tensor, shares: Tensor, labels: Mapping[str, Tensor]) -> Tensor:
        """Mean cross-entropy over cells and axes: a scalar.

        ``features`` (B, L, h·w, d); ``shares`` (B, L, 2, h, w) of each cell that the two subjects cover;
        ``labels`` the fields of the B shots, (B,) each. A second subject is asked for its kind only.
        """
        told = self.out(F.rms_norm(features.float(), features.shape[-1:])).split(self.sizes, dim=-1)
        first, second = shares.flatten(3).unbind(2)  # (B, L, h·w)
        losses = []
        for axis, logits in zip(ALIGNED, told, strict=True):
            label = labels[axis].to(logits.device)
            truth = first[..., None] * _one_hot(label + 1, logits)  # (B, L, h·w, classes)
            weight = torch.ones_like(first)
            if axis == "subject":
                kind = labels["second_subject"].to(logits.device)  # 0 is nobody, as it is here
                truth = truth + second[..., None] * _one_hot(kind, logits)
            else:
                weight = weight - second
            truth[..., 0] += (1 - truth.sum(-1)).clamp(min=0)
            each = -(truth * logits.log_softmax(-1)).sum(-1)  # (B, L, h·w)
            losses.append((weight * each).sum() / weight.sum().clamp(min=1))
        return torch.stack(losses).mean()


def _one_hot(classes: Tensor, logits: Tensor) -> Tensor:
    """Classes (B,) as (B, 1, 1, classes) of the same kind as ``logits``."""
    return F.one_hot(classes, logits.shape[-1]).to(logits.dtype)[:, None, None]
