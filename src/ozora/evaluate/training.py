"""Training footage as the eyes feel it, to look for copies of it among generated films."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from ozora.evaluate.distances import Points, clip_points
from ozora.evaluate.sight import see
from ozora.model.eyes import Eyes
from ozora.train.banks import FootageBank


def training_points(
    eyes: Eyes, folders: Sequence[str | Path], *, clips: int = 128, frames: int = 49
) -> Points:
    """Clip features (N, C) of up to ``clips`` clips drawn from folders of footage, always the same ones."""
    bank = FootageBank(list(folders))
    length = min(frames, max(size[0] for size in bank.lengths()))
    generator = torch.Generator().manual_seed(0)
    drawn = (bank.draw(generator, 1, length) for _ in range(min(clips, len(bank))))
    return clip_points([see(eyes, clip.pixels[0].numpy(), bank.fps) for clip in drawn])
