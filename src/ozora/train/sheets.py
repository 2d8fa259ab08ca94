"""Sheets of sample frames on the way, so that whoever looks over its shoulder sees what a run learns."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from PIL import Image, ImageDraw
from torch import Tensor

_CAPTION_HEIGHT = 14


def save_sheet(path: Path, rows: Sequence[Tensor], titles: Sequence[str] = ()) -> Path:
    """Write rows of pictures, each (N, 3, H, W) in [−1, 1], one below the other, a title above each row."""
    strips = [_strip(row) for row in rows]
    head = _CAPTION_HEIGHT if titles else 0
    size = (max(strip.width for strip in strips), sum(strip.height + head for strip in strips))
    sheet = Image.new("RGB", size, "white")
    top = 0
    for number, strip in enumerate(strips):
        if titles:
            ImageDraw.Draw(sheet).text((2, top + 1), titles[number][:120], fill="black")
        sheet.paste(strip, (0, top + head))
        top += strip.height + head
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
    return path


def spread(frames: int, count: int) -> list[int]:
    """``count`` frame numbers from the first to the last, evenly spread; fewer when there are not so many."""
    count = min(frames, count)
    return sorted({round(i * (frames - 1) / max(1, count - 1)) for i in range(count)})


def psnr(guess: Tensor, truth: Tensor) -> float:
    """Peak signal-to-noise ratio in dB of videos in [−1, 1], over all their values."""
    error = float((guess.float() - truth.float()).square().mean())
    return float(10 * torch.log10(torch.tensor(4.0 / max(error, 1e-10))))


def _strip(pictures: Tensor) -> Image.Image:
    values = ((pictures.float().cpu().clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)  # (N, 3, H, W)
    wide = values.permute(2, 0, 3, 1).flatten(1, 2)  # (H, N·W, 3)
    return Image.fromarray(wide.contiguous().numpy())
