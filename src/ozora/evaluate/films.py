"""Films on the disk, so that an evaluation that was stopped goes on where it was. Lossless.

A film is one PNG, its frames one under the other, with a note that says what it is. A film with another note
(another prompt, seed, generator or size) is not taken for the one that is wanted: it is made again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin
from torch import Tensor

from ozora.errors import OzoraError

Frames = NDArray[np.uint8]
Note = Mapping[str, object]


def kept(path: Path | None, note: Note, make: Callable[[], Frames]) -> Frames:
    """The film at ``path`` if it is there with this note, else a new one from ``make``, kept for next time.

    Frames are uint8 (T, H, W, 3). Without a ``path`` the film is made and not kept.
    """
    if path is None:
        return checked(make())
    there = read_film(path, note)
    if there is not None:
        return there
    frames = checked(make())
    write_film(path, frames, note)
    return frames


def write_film(path: Path, frames: Frames, note: Note) -> None:
    """Write frames (T, H, W, 3) whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    words = PngImagePlugin.PngInfo()
    words.add_text("ozora", json.dumps({"note": dict(note), "frames": len(frames)}, sort_keys=True))
    part = path.with_suffix(f".{os.getpid()}.part")
    try:
        column = Image.fromarray(frames.reshape(-1, *frames.shape[2:]))
        column.save(part, "PNG", pnginfo=words, compress_level=1)
        part.replace(path)
    except OSError as error:
        raise OzoraError(f"out: {path} cannot be written ({error.strerror or error}).") from error
    finally:
        part.unlink(missing_ok=True)


def read_film(path: Path, note: Note) -> Frames | None:
    """The frames at ``path``, or None if there is no whole film with exactly this note."""
    try:
        with Image.open(path) as column:
            words = json.loads(str(column.info["ozora"]))
            if words["note"] != json.loads(json.dumps(dict(note))):
                return None
            pixels = np.array(column.convert("RGB"))
        return pixels.reshape(words["frames"], -1, *pixels.shape[1:])
    except (OSError, KeyError, ValueError):  # not there, cut off, or somebody else's picture
        return None


def checked(frames: Frames) -> Frames:
    """``frames`` if they are a film, uint8 (T, H, W, 3) with T ≥ 1; a mistake of the generator otherwise."""
    if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or not frames.size:
        raise ValueError(f"a film must be uint8 (T, H, W, 3), got {frames.dtype} {frames.shape}")
    return frames


def to_video(frames: Frames) -> Tensor:
    """uint8 (T, H, W, 3) → float32 (1, T, 3, H, W) in [−1, 1]."""
    return torch.from_numpy(np.array(frames)).movedim(-1, 1).float().div_(127.5).sub_(1)[None]


def to_frames(video: Tensor) -> Frames:
    """Float (1, T, 3, H, W) in [−1, 1] → uint8 (T, H, W, 3)."""
    pixels = (video[0].float() + 1) * 127.5
    result: Frames = pixels.round().clamp(0, 255).to(torch.uint8).movedim(1, -1).contiguous().cpu().numpy()
    return result
