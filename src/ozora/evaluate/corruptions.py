"""Ways to spoil a film on purpose, to check that the probe notices what it should, and only that.

Every function takes and gives frames ``uint8 (T, H, W, 3)`` and changes nothing else than its name says.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from numpy.typing import NDArray

from ozora.train.augment_probe import blur

Frames = NDArray[np.uint8]


def shuffled(frames: Frames) -> Frames:
    """The same frames in another, fixed order: every picture is right, every motion is wrong."""
    return frames[np.random.default_rng(len(frames)).permutation(len(frames))]


def frozen(frames: Frames) -> Frames:
    """The middle frame throughout: nothing moves, neither subject nor camera."""
    return np.repeat(frames[len(frames) // 2][None], len(frames), 0)


def played_backwards(frames: Frames) -> Frames:
    """Last frame first: what went right goes left."""
    return np.ascontiguousarray(frames[::-1])


def hue_swapped(frames: Frames) -> Frames:
    """Red becomes green, green blue, blue red: shapes, light and motion stay, colours do not."""
    return np.ascontiguousarray(frames[..., [2, 0, 1]])


def blurred(frames: Frames) -> Frames:
    """A Gaussian blur as wide as 6 % of the picture's height: large shapes stay, legs and wings go."""
    film = torch.from_numpy(np.array(frames)).movedim(-1, 1).float()  # (T, 3, H, W)
    soft = blur(film, max(0.5, 0.06 * frames.shape[1]))
    return soft.round().clamp(0, 255).to(torch.uint8).movedim(1, -1).contiguous().numpy()


def mirrored(frames: Frames) -> Frames:
    """Left becomes right."""
    return np.ascontiguousarray(frames[:, :, ::-1])


def hurried(frames: Frames) -> Frames:
    """Twice as fast to the end, and then the last frame stands still."""
    fast = frames[::2]
    return np.concatenate([fast, np.repeat(fast[-1:], len(frames) - len(fast), 0)])


def flickering(frames: Frames) -> Frames:
    """Every frame a little brighter or darker than it should be, at random but the same for every film."""
    gains = np.random.default_rng(len(frames)).uniform(0.88, 1.12, (len(frames), 1, 1, 1))
    return (frames * gains).clip(0, 255).astype(np.uint8)


def drifting(frames: Frames) -> Frames:
    """Brighter, paler and softer from the first frame to the last: how long generated films go wrong."""
    ramp = np.linspace(0, 1, len(frames), dtype=np.float32)[:, None, None, None]
    grey = frames.mean(-1, keepdims=True)
    pale = frames * (1 - 0.5 * ramp) + grey * 0.5 * ramp + 40 * ramp
    soft = blurred(frames).astype(np.float32) - frames
    return (pale + soft * 0.5 * ramp).clip(0, 255).astype(np.uint8)


def hue_swapped_later(frames: Frames) -> Frames:
    """From the middle on, everything and everybody has another colour."""
    middle = len(frames) // 2
    return np.concatenate([frames[:middle], hue_swapped(frames[middle:])])


CORRUPTIONS: dict[str, Callable[[Frames], Frames]] = {
    "blurred": blurred,
    "hue-swapped": hue_swapped,
    "shuffled": shuffled,
    "played backwards": played_backwards,
    "frozen": frozen,
}
"""Name → what it does to the frames, in the order the calibration table prints them."""

MORE: dict[str, Callable[[Frames], Frames]] = {
    "mirrored": mirrored,
    "hurried": hurried,
    "flickering": flickering,
    "drifting": drifting,
    "hue-swapped later": hue_swapped_later,
}
"""What metrics that the probe takes no part in must notice as well."""
