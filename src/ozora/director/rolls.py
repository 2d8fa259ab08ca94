"""A long film's frames on disk, not in memory: written once as they are decoded, read like any array."""

from __future__ import annotations

import mmap
import tempfile
from collections.abc import Iterable, Iterator

import numpy as np

from ozora.media.clip import Frames

LONGEST_IN_MEMORY = 240
"""Frames of a film that is held in memory; a longer one goes to a file without a name."""

DROPPED_EVERY = 32
"""Frames after which what was written is let go of."""


class Roll:
    """Frames (T, H, W, 3) that are on disk; the file has no name and goes when the last user lets go."""

    def __init__(self, frames: int, height: int, width: int) -> None:
        self._shape = frames, height, width, 3
        size = frames * height * width * 3
        with tempfile.TemporaryFile() as file:
            file.truncate(size)
            self._map = mmap.mmap(file.fileno(), size)
        self.frames: Frames = np.frombuffer(self._map, np.uint8).reshape(self._shape)

    def keeping(self, parts: Iterable[Frames]) -> Iterator[Frames]:
        """Pass frames on one by one, (H, W, 3), and keep each."""
        number = 0
        for part in parts:
            for frame in part:
                self.frames[number] = frame
                number += 1
                if number % DROPPED_EVERY == 0:
                    self._let_go()
                yield frame
        self._let_go()

    def _let_go(self) -> None:
        """Write to the file and drop the pages from memory; they come back when they are read."""
        self._map.flush()
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)
