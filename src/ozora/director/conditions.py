"""From what the asker gives (a picture, a clip) to conditions on latents."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from ozora.backends.backend import Backend
from ozora.backends.grid import FRAMES_PER_LATENT, PIXELS_PER_CELL
from ozora.director.fit import Fit
from ozora.director.request import Request
from ozora.errors import refuse
from ozora.media.clip import Clip, Frames
from ozora.media.images import cover, read_image
from ozora.model.conditions import Condition, FirstFrame, Head, Tail


class Given:
    """The pixels that pin parts of a film, read and fitted before any compute."""

    def __init__(self, request: Request, fit: Fit) -> None:
        self.image: Frames | None = None
        self.head: Frames | None = None
        self.tail: Frames | None = None
        if request.image is not None:
            image = request.image if isinstance(request.image, Clip) else read_image(Path(request.image))
            self.image = _fitted(image.frames[:1], fit)
        if request.head is not None:
            self.head = _whole_latents(_fitted(request.head.frames, fit), "head", fit)
        if request.tail is not None:
            self.tail = _whole_latents(_fitted(request.tail.frames, fit)[::-1], "tail", fit)[::-1]

    def hashes(self) -> dict[str, str]:
        """SHA-256 of what is given, by name, for a film's metadata."""
        given = {"image": self.image, "head": self.head, "tail": self.tail}
        return {
            name: hashlib.sha256(
                repr(frames.shape).encode() + np.ascontiguousarray(frames).tobytes()
            ).hexdigest()
            for name, frames in given.items()
            if frames is not None
        }

    def conditions(self, backend: Backend) -> list[Condition]:
        """Encode what is given; an empty list means that words alone decide."""
        found: list[Condition] = []
        if self.image is not None:
            found.append(FirstFrame(backend.encode(self.image)))
        if self.head is not None:
            found.append(Head(backend.encode(self.head)))
        if self.tail is not None:
            # The first latent of any clip holds one frame only; inside a film a latent holds four, so
            # the tail is encoded with one frame more in front, and that frame's latent is dropped.
            found.append(Tail(backend.encode(self.tail)[:, 1:]))
        return found


def _fitted(frames: Frames, fit: Fit) -> Frames:
    width, height = (side * PIXELS_PER_CELL for side in fit.cells)
    return np.stack([cover(frame, width, height) for frame in frames])


def _whole_latents(frames: Frames, name: str, fit: Fit) -> Frames:
    """Keep one frame and as many groups of four as there are; at least one group, and not the whole film."""
    groups = min((len(frames) - 1) // FRAMES_PER_LATENT, fit.latents - 1)
    if name == "tail" and groups < 1:
        raise refuse("tail", f"{len(frames)} frames", f"{1 + FRAMES_PER_LATENT} frames or more")
    return frames[: 1 + groups * FRAMES_PER_LATENT]
