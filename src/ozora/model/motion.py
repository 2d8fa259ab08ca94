"""How the camera moves, read from how the parts of a picture move.

A film of any shape is looked at as 112×64 grey pixels. Of 4×7 overlapping blocks of 32×32 the displacement to
the next frame, and to the one three frames on, is found by phase correlation (Kuglin and Hines, "The Phase
Correlation Image Alignment Method", 1975): the spectra of two blocks that differ by a shift differ in phase
alone, so their quotient, turned back, has its peak where the shift is. How high the peak stands says how far
to believe it: a blue sky has none. Pan, truck and orbit, dolly and zoom differ in which blocks move how much
and when, and that is what a few convolutions over time learn.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

SEEN = (64, 112)
"""Rows and columns of pixels that a film is looked at with."""

BLOCK = 32
"""Pixels along each side of a block."""

GRID = (4, 7)
"""Rows and columns of blocks."""

STEPS = (1, 3)
"""Frames (of ``FPS``) between those that are compared."""

FPS = 12

_SHIFT = 10
"""Pixels up to which a block may have moved; farther ones no longer share half of what they show."""

_CHANNELS = len(STEPS) * 3 * GRID[0] * GRID[1] + 1

_AT_ONCE = 48
"""Frames whose blocks are held at a time."""


def displacements(video: Tensor, step: int = 1) -> Tensor:
    """Where every block of (B, T, 3, H, W) in [−1, 1] has gone ``step`` frames later.

    (B, T, rows · columns, 3): right and down, in pixels of ``SEEN``, and from 0 to 1 how sure that is. The
    last frames are compared with the last one.
    """
    clips, frames = video.shape[:2]
    grey = F.interpolate(video.flatten(0, 1).mean(1, keepdim=True), SEEN, mode="bilinear", antialias=True)
    grey = grey.unflatten(0, (clips, frames))[:, :, 0]  # (B, T, 64, 112)
    later = (torch.arange(frames, device=video.device) + step).clamp(max=frames - 1)
    spans = torch.arange(frames, device=video.device).split(_AT_ONCE)
    return torch.cat([_shifts(grey[:, span], grey[:, later[span]]) for span in spans], 1)


def _shifts(now: Tensor, then: Tensor) -> Tensor:
    """Displacements (B, T, blocks, 3) from frames (B, T, 64, 112) to others."""
    first, second = _spectra(now), _spectra(then)
    cross = second * first.conj()  # (B, T, blocks, 32, 17)
    energy = cross.abs()
    # Where both blocks have next to nothing, phase is noise: it counts for as little as it has.
    phase = cross / (energy + 0.02 * energy.mean((-2, -1), keepdim=True) + 1e-6)
    surface = torch.fft.irfft2(phase * _softness(now.device), s=(BLOCK, BLOCK))  # (B, T, blocks, 32, 32)
    surface = torch.roll(surface, (_SHIFT, _SHIFT), (-2, -1))
    return _peak(surface[..., : 2 * _SHIFT + 1, : 2 * _SHIFT + 1])


def _spectra(grey: Tensor) -> Tensor:
    """Of the blocks of frames (B, T, 64, 112): (B, T, blocks, 32, 17)."""
    tops, lefts = (_edges(side, count) for side, count in zip(SEEN, GRID, strict=True))
    rows = torch.stack([grey[..., top : top + BLOCK, :] for top in tops], 2)  # (B, T, r, 32, 112)
    blocks = torch.stack([rows[..., left : left + BLOCK] for left in lefts], 3)  # (B, T, r, c, 32, 32)
    blocks = blocks.flatten(2, 3)
    return torch.fft.rfft2((blocks - blocks.mean((-2, -1), keepdim=True)) * _window(grey.device))


def _edges(side: int, count: int) -> list[int]:
    return [round(at * (side - BLOCK) / (count - 1)) for at in range(count)]


def _window(device: torch.device) -> Tensor:
    """A block's margins count less: what leaves it on one side and enters on the other is no shift."""
    side = torch.hann_window(BLOCK, periodic=False, device=device)
    return side[:, None] * side[None, :]


def _softness(device: torch.device) -> Tensor:
    """Low frequencies count most: fine detail is what films make anew from frame to frame. (32, 17)."""
    down, across = torch.fft.fftfreq(BLOCK, device=device), torch.fft.rfftfreq(BLOCK, device=device)
    return torch.exp(-(down[:, None].square() + across[None, :].square()) / (2 * 0.14**2))


def _peak(surface: Tensor) -> Tensor:
    """The place of the highest point of (…, s, s), finer than a pixel, and how far it stands out."""
    side = surface.shape[-1]
    flat = surface.flatten(-2)
    top, at = flat.max(-1)
    weights = ((flat - 0.6 * top[..., None]) / (0.4 * top[..., None].clamp(min=1e-9))).clamp(min=0)
    places = torch.arange(side, device=surface.device, dtype=surface.dtype)
    row, column = at // side, at % side
    near = ((places - row[..., None]).abs() <= 2)[..., :, None] & (
        (places - column[..., None]).abs() <= 2
    )[..., None, :]
    weights = weights * near.flatten(-2)
    total = weights.sum(-1).clamp(min=1e-9)
    right = (weights.unflatten(-1, (side, side)).sum(-2) * places).sum(-1) / total - side // 2
    down = (weights.unflatten(-1, (side, side)).sum(-1) * places).sum(-1) / total - side // 2
    spread = flat.std(-1)
    sure = 1 - torch.exp(-0.15 * (top - flat.mean(-1)) / spread.clamp(min=1e-9)).clamp(max=1)
    return torch.stack([right, down, sure], -1)


class CameraReader(nn.Module):
    """Which of ``moves`` camera moves a film shows: ``forward`` gives logits (B, moves)."""

    def __init__(self, moves: int, width: int = 128) -> None:
        super().__init__()
        self.open = nn.Conv1d(_CHANNELS, width, 1)
        self.layers = nn.ModuleList(nn.Conv1d(width, width, 5, padding=2) for _ in range(4))
        self.norms = nn.ModuleList(nn.GroupNorm(8, width) for _ in range(4))
        self.answer = nn.Sequential(nn.Dropout(0.2), nn.Linear(3 * width, moves))

    def forward(self, video: Tensor, fps: float | None = None) -> Tensor:
        """Logits (B, moves) for ``video`` (B, T, 3, H, W) in [−1, 1]; ``fps`` is 12 if not given."""
        return self.told(self.seen(video, fps))

    def seen(self, video: Tensor, fps: float | None = None) -> Tensor:
        """Its ``displacements`` at 12 frames a second, by steps: (B, T, steps, blocks, 3)."""
        if fps is not None and round(fps) != FPS:
            count = max(1, 1 + round((video.shape[1] - 1) * FPS / fps))
            at = torch.linspace(0, video.shape[1] - 1, count, device=video.device).round().long()
            video = video[:, at]
        return torch.stack([displacements(video, step) for step in STEPS], 2)

    def told(self, motion: Tensor) -> Tensor:
        """Logits (B, moves) from what ``seen`` gives."""
        clips, frames = motion.shape[:2]
        shift, sure = motion[..., :2], motion[..., 2:]
        # A displacement counts as far as it is believed.
        scaled = torch.cat([shift * sure / 2, sure], -1).flatten(2)  # (B, T, steps · blocks · 3)
        when = torch.linspace(-1, 1, frames, device=motion.device).expand(clips, frames)[..., None]
        x = self.open(torch.cat([scaled, when], -1).transpose(1, 2))  # (B, C, T)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = x + layer(F.gelu(norm(x)))
        ends = torch.stack([part.mean(-1) for part in x.tensor_split(2, -1)], 1) if frames > 1 else None
        halves = ends.flatten(1) if ends is not None else x.mean(-1).repeat(1, 2)  # (B, 2·C)
        told: Tensor = self.answer(torch.cat([halves, x.amax(-1)], 1))
        return told
