"""Everything the eyes see in one film, looked at once and asked many times."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from ozora.evaluate.films import Frames, to_video
from ozora.evaluate.tracks import Sighting, Track, follow, sightings
from ozora.model.eyes import CELL, Eyes, EyesConfig, fitted

CHUNK, MARGIN = 25, 4
"""Frames looked at together, and how many more on both sides they are looked at with: so far the eyes see."""

SURE = 0.12
"""Confidence from which a track counts as somebody."""

CUT_CHANGE, CUT_TIMES = 0.10, 5.0
"""A cut changes the mean cell by this much of black to white, and so many times the median change."""

Values = NDArray[np.float64]


@dataclass(frozen=True)
class FilmSight:
    """What the eyes see in a film of T frames, by cells (h, w) of ``CELL`` pixels."""

    config: EyesConfig
    fps: float
    light: Tensor  # (T, 3, h, w) mean colour of every cell, 0 … 1
    flow: Tensor  # (T-1, 2, h, w) pixels right and down to the next frame
    subject: Tensor  # (T, h, w) probability that a subject is there
    people: tuple[tuple[Sighting, ...], ...]
    tracks: tuple[Track, ...]
    cuts: tuple[int, ...]  # first frames after a cut
    scene: dict[str, Values]  # per axis the mean probability of every value
    features: Tensor  # (T, C) what the eyes feel of every frame as a whole
    sharpness: Values  # (T,) mean absolute difference of neighbouring pixels, 0 … 1

    @property
    def frames(self) -> int:
        """Length of the film."""
        return len(self.light)

    @cached_property
    def sure(self) -> tuple[Track, ...]:
        """Tracks that count as somebody."""
        return tuple(track for track in self.tracks if track.confidence >= SURE)

    def of_kind(self, kind: str) -> tuple[Track, ...]:
        """Sure tracks of one kind."""
        return tuple(track for track in self.sure if track.kind == kind)

    def likeliest(self, axis: str) -> str:
        """The scene's likeliest value on an axis."""
        words = dict(self.config.scene)[axis]
        return words[int(self.scene[axis].argmax())]


@torch.no_grad()
def see(eyes: Eyes, frames: Frames, fps: float) -> FilmSight:
    """Look at a film, uint8 (T, H, W, 3), of any size."""
    config = eyes.config
    video = fitted(to_video(frames), config)
    total = video.shape[1]
    people: list[list[Sighting]] = []
    flows: list[Tensor] = []
    subject: list[Tensor] = []
    features: list[Tensor] = []
    scene: dict[str, list[Tensor]] = {axis: [] for axis, _ in config.scene}
    for start in range(0, total, CHUNK):
        low, high = max(0, start - MARGIN), min(total, start + CHUNK + MARGIN)
        seen = eyes(video[:, low:high])
        mine = slice(start - low, start - low + min(CHUNK, total - start))
        people += sightings(eyes, video[:, low:high], seen, first_frame=low)[mine]
        flows.append(seen.flow[0, mine])
        subject.append(seen.silhouette[0, mine].sigmoid())
        for axis, values in scene.items():
            values.append(seen.scene[axis][0, mine].softmax(-1))
        features.append(torch.cat([level[0, mine].mean((-2, -1)) for level in seen.features[1:]], 1))
    pixels = (video[0] + 1) / 2  # (T, 3, H, W)
    light = F.avg_pool2d(pixels, CELL)
    cuts = cut_frames(light)
    edges = (pixels[..., 1:] - pixels[..., :-1]).abs().mean((1, 2, 3))
    edges = edges + (pixels[..., 1:, :] - pixels[..., :-1, :]).abs().mean((1, 2, 3))
    return FilmSight(
        config=config,
        fps=fps,
        light=light,
        flow=torch.cat(flows)[: total - 1],
        subject=torch.cat(subject),
        people=tuple(map(tuple, people)),
        tracks=follow(config, people, fps, cuts),
        cuts=cuts,
        scene={axis: torch.cat(values).mean(0).double().numpy() for axis, values in scene.items()},
        features=torch.cat(features).double(),
        sharpness=edges.double().numpy(),
    )


@torch.no_grad()
def glance(eyes: Eyes, frames: Frames) -> dict[str, dict[str, float]]:
    """What pictures (N, H, W, 3) show, each looked at by itself: axis to value to probability, their mean.

    Of every subject the likeliest sighting counts, so that shares of several may add up to more than one, and
    where nobody is seen all have none. As one film they would seem to move: the eyes compare neighbours.
    """
    config = eyes.config
    video = fitted(to_video(frames), config).transpose(0, 1)  # each a film of one frame
    seen = eyes(video)
    kinds = config.subjects
    here = [sightings(eyes, video, seen, film=number)[0] for number in range(len(frames))]
    likeliest = [np.max([one.kinds for one in people], axis=0) for people in here if people]
    subjects = np.sum(likeliest, axis=0) / len(frames) if likeliest else np.zeros(len(kinds))
    shares = {"subject": subjects.tolist()}
    shares |= {axis: seen.scene[axis][:, 0].softmax(-1).mean(0).tolist() for axis, _ in config.scene}
    values = {"subject": kinds, **dict(config.scene)}
    return {axis: dict(zip(values[axis], found, strict=True)) for axis, found in shares.items()}


def cut_frames(light: Tensor) -> tuple[int, ...]:
    """First frames after a cut, from the colours (T, 3, h, w) of cells: a jump that is no motion."""
    if len(light) < 3:
        return ()
    change = (light[1:] - light[:-1]).abs().mean((1, 2, 3))
    high = (change > CUT_CHANGE) & (change > CUT_TIMES * change.median().clamp(min=1e-3))
    return tuple(int(i) + 1 for i in torch.nonzero(high)[:, 0])
