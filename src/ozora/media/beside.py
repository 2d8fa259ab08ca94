"""A film written by a second thread while its frames are still being made."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from ozora.media.clip import Frames
from ozora.media.files import require_writable

WAITING_FRAMES = 32
"""Frames that may wait for the encoder: so much memory, however long the film."""


class _StoppedError(Exception):
    """Ends the writing of a film that nobody will finish."""


class FilmBeside:
    """Writes an MP4 in a thread of its own, whose codec leaves Python's lock alone.

    The file, which is what :func:`ozora.media.video.write_frames` writes, appears at :meth:`finish`; leaving
    the ``with`` block without it leaves no file. Raises what that function raises, at the next
    :meth:`add` or at :meth:`finish`.
    """

    def __init__(
        self, path: str | Path, *, width: int, height: int, fps: float, metadata: Mapping[str, Any]
    ) -> None:
        self.path = require_writable(path)
        self._frames: queue.Queue[Frames | _StoppedError | None] = queue.Queue(WAITING_FRAMES)
        self._failure: BaseException | None = None
        self._settings = {"width": width, "height": height, "fps": fps, "metadata": metadata}
        self._thread = threading.Thread(target=self._write, name="ozora-encoder", daemon=True)

    def __enter__(self) -> FilmBeside:
        self._thread.start()
        return self

    def add(self, frames: Frames) -> None:
        """Take the next frames (T, H, W, 3); they must not change afterwards."""
        for frame in frames:
            self._put(frame)

    def finish(self) -> Path:
        """Wait for the last frame to be written; the film is there, whole."""
        self._put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        return self.path

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._thread.is_alive():
            self._put(_StoppedError())
            self._thread.join()

    def _put(self, item: Frames | _StoppedError | None) -> None:
        while True:
            try:
                self._frames.put(item, timeout=0.1)
                return
            except queue.Full:
                if self._failure is not None and not isinstance(item, _StoppedError):
                    raise self._failure from None
                if not self._thread.is_alive():
                    return

    def _write(self) -> None:
        # Loading the codecs takes a while the first time: here it happens while the film is being decoded.
        from ozora.media.video import write_frames

        try:
            write_frames(self._arriving(), self.path, **self._settings)  # type: ignore[arg-type]
        except _StoppedError:
            pass
        except BaseException as error:
            self._failure = error

    def _arriving(self) -> Iterator[Frames]:
        while (item := self._frames.get()) is not None:
            if isinstance(item, _StoppedError):
                raise item
            yield item
