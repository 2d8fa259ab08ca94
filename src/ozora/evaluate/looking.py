"""Making films to look at, and looking at them with the probe."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F

from ozora.evaluate.films import Frames, checked, to_frames, to_video
from ozora.evaluate.prompts import Prompt
from ozora.model.autoencoder import Autoencoder
from ozora.model.probe import Probe
from ozora.world.film import film
from ozora.world.shot import Shot

MAIN_AXES = ("subject", "place", "time", "action", "camera")
"""What every prompt says, and what a film must show, all of it, to be accepted."""

OTHER_AXES = ("weather", "colour", "direction")
"""Scored as well, for information. Not every prompt names a direction: only those that do are counted."""


@dataclass(frozen=True)
class Sight:
    """What the probe sees in one film: per axis its answer, and the probability of what was asked."""

    shows: dict[str, str]
    sure: dict[str, float]


def look(probe: Probe, frames: Frames, prompt: Prompt, fps: float) -> Sight:
    """What ``probe`` sees in frames uint8 (T, H, W, 3), on the axes that prompts ask."""
    answers = probe.predict(to_video(frames), fps)
    shows: dict[str, str] = {}
    sure: dict[str, float] = {}
    for axis, values in probe.config.axes:
        if axis not in (*MAIN_AXES, *OTHER_AXES):
            continue
        shares = answers[axis][0]
        shows[axis] = values[int(shares.argmax())]
        asked = prompt.asked(axis)
        sure[axis] = float(shares[values.index(asked)]) if asked in values else 0.0
    return Sight(shows, sure)


def film_unseen(shot: Shot, width: int, height: int, frames: int) -> Frames:
    """``frames`` frames of the shot as the world films it: uint8 (T, H, W, 3)."""
    longest = replace(shot, seconds=max(shot.seconds, frames / shot.fps))
    return checked(film(longest, width, height, frames=range(frames)).frames.numpy())


@torch.no_grad()
def through_autoencoder(autoencoder: Autoencoder, frames: Frames, scale: int = 2) -> Frames:
    """Frames (T, H, W, 3) encoded and decoded by the head of ``scale``, as a generated film is delivered.

    At scale 2 they are encoded at half their size. T is cut to the form 1 + 4k; H and W must be multiples of
    16 · ``scale``.
    """
    video = to_video(frames[: 1 + 4 * ((len(frames) - 1) // 4)])
    small = F.avg_pool2d(video.flatten(0, 1), scale).unflatten(0, video.shape[:2])  # (1, T, 3, H/scale, …)
    return to_frames(autoencoder.decode(autoencoder.encode(small), scale=scale).clamp(-1, 1))
