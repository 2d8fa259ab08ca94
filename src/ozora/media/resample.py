"""Any film a user brings, at the rate that is wanted: by the time of each frame, not by its number."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from ozora.errors import OzoraError, refuse
from ozora.media.clip import Clip, Frames
from ozora.media.images import cover
from ozora.media.video import embedded, open_film, upright

LARGEST_SIDE = 512
"""Frames are brought down to this while reading, so that a minute of 4K does not fill the memory."""

SHARE_READ = 0.98
"""A file that says how many frames it holds must give nearly all of them, or it was cut short."""


def read_at(path: str | Path, fps: float, *, seconds: float, field: str) -> tuple[Clip, tuple[str, ...]]:
    """Read the first ``seconds`` of a film at ``fps``: at each moment the frame that is on screen then.

    Whatever its own rate, steady or not; larger films come smaller, sound stays behind. Also returns what
    was changed, a line each. Raises ``OzoraError``, naming ``field``, for a file that is missing, no film,
    without frames or cut short.
    """
    path = Path(path)
    if not path.is_file():
        raise refuse(field, str(path), "a film file that exists")
    frames: list[Frames] = []
    decoded = 0
    try:
        with open_film(path, field) as container:
            stream = container.streams.video[0]
            declared = int(stream.frames or 0)
            rate = float(stream.average_rate or stream.guessed_rate or Fraction(24))
            notes = _left_behind(path, container, rate, fps)
            metadata = embedded(container.metadata)
            before: Frames | None = None
            began = last = 0.0
            for picture, time in upright(stream, container):
                now = decoded / rate if time is None else time
                began = now if decoded == 0 else began
                last = now - began
                decoded += 1
                # A frame is on screen from its own time until the next one's.
                while before is not None and len(frames) / fps < last - 1e-6:
                    frames.append(before)
                before = _small(picture)
                if len(frames) / fps >= seconds:
                    break
            else:
                _check_whole(path, decoded, declared, field)
                end = last + 1 / rate
                while before is not None and len(frames) / fps < end - 1e-6:
                    frames.append(before)
    except av.FFmpegError as error:
        if decoded:
            raise OzoraError(f"{field}: {path} is cut short ({decoded} frames can be read).") from error
        raise OzoraError(f"{field}: {path} cannot be read ({error.strerror}).") from error
    most = round(seconds * fps) + 1
    if len(frames) > most:
        frames = frames[:most]
    if not frames:
        raise OzoraError(f"{field}: {path} holds no frames.")
    return Clip(np.stack(frames), fps, metadata), notes


def _check_whole(path: Path, decoded: int, declared: int, field: str) -> None:
    if decoded == 0:
        raise OzoraError(f"{field}: {path} holds no frames.")
    if decoded < SHARE_READ * declared - 1:
        raise OzoraError(f"{field}: {path} is cut short ({decoded} of {declared} frames can be read).")


def _left_behind(path: Path, container: Any, rate: float, fps: float) -> tuple[str, ...]:
    notes = []
    if container.streams.audio:
        notes.append(f"{path.name}: its sound is left out, this model films without")
    if abs(rate - fps) > 0.01:
        notes.append(f"{path.name}: {rate:g} → {fps:g} frames per second")
    return tuple(notes)


def _small(picture: Frames) -> Frames:
    height, width = picture.shape[:2]
    if max(height, width) <= LARGEST_SIDE:
        return picture
    share = LARGEST_SIDE / max(height, width)
    return cover(picture, max(1, round(width * share)), max(1, round(height * share)))
