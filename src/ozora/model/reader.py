"""The reader: says what latents show, so that drafts can be ranked before anything is decoded.

A small network of our own over single latent frames, some hundred thousand parameters: pennies beside one
denoising step. It was taught on the latents of footage under noise, and it is not the evaluation probe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


@dataclass(frozen=True)
class ReaderConfig:
    """Channels of the latents it reads, its own width, and what it answers: (axis, values) pairs."""

    channels: int
    axes: tuple[tuple[str, tuple[str, ...]], ...]
    width: int = 96

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ReaderConfig:
        """Read a configuration from a weights file's metadata."""
        axes = tuple((str(axis), tuple(map(str, of))) for axis, of in values["axes"])
        return cls(int(values["channels"]), axes, int(values["width"]))


class Reader(nn.Module):
    """Latents to logits per axis."""

    def __init__(self, config: ReaderConfig) -> None:
        super().__init__()
        self.config = config
        self.enter = nn.Conv2d(config.channels + 1, config.width, 3, padding=1)
        self.look = nn.Conv2d(config.width, config.width, 3, padding=1)
        self.gather = nn.Linear(3 * config.width, config.width)
        self.answers = nn.ModuleDict({axis: nn.Linear(config.width, len(of)) for axis, of in config.axes})

    def forward(self, latents: Tensor) -> dict[str, Tensor]:
        """Latents (B, L, C, h, w) to logits per axis, (B, values) each: the mean over latent frames.

        The first latent frame holds one frame of film and the others four, so that it is told apart.
        """
        batch, length = latents.shape[:2]
        first = torch.zeros_like(latents[:, :, :1])
        first[:, 0] = 1
        x = torch.cat([latents, first], 2).flatten(0, 1)  # (B·L, C + 1, h, w)
        x = F.gelu(self.enter(x))
        x = x + F.gelu(self.look(x))
        rows = torch.cat([x.mean((2, 3)), x.amax((2, 3)), x.std((2, 3))], 1)  # (B·L, 3·width)
        hidden = F.gelu(self.gather(rows)).unflatten(0, (batch, length)).mean(1)  # (B, width)
        return {axis: answer(hidden) for axis, answer in self.answers.items()}

    @torch.no_grad()
    def read(self, latents: Tensor) -> dict[str, dict[str, float]]:
        """What one film (1, L, C, h, w) seems to show: axis to value to probability."""
        answers = self(latents)
        return {
            axis: dict(zip(values, answers[axis][0].softmax(-1).tolist(), strict=True))
            for axis, values in self.config.axes
        }
