"""From what the asker gives (pictures, a clip) to conditions on latents."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import Tensor

from ozora.backends.backend import Backend
from ozora.backends.grid import FRAMES_PER_LATENT, PIXELS_PER_CELL
from ozora.director.fit import Fit
from ozora.director.request import Request
from ozora.director.timeline import latent_at
from ozora.errors import refuse
from ozora.media.clip import Clip, Frames
from ozora.media.images import cover, read_image


@dataclass(frozen=True, eq=False)
class Pinned:
    """Frames that give the latents from ``index`` on; ``lead`` latents in front are encoded and dropped."""

    frames: Frames
    index: int
    lead: int = 0

    @property
    def places(self) -> range:
        """The latents that are given."""
        return range(self.index, self.index + 1 + (len(self.frames) - 1) // FRAMES_PER_LATENT - self.lead)

    def latents(self, backend: Backend) -> Tensor:
        """Encode them: (1, k, C, h, w)."""
        return backend.encode(self.frames)[:, self.lead :]


class Given:
    """The pixels that pin parts of a film, read and fitted before any compute."""

    def __init__(self, request: Request, fit: Fit) -> None:
        pinned: dict[str, Pinned] = {}
        if request.image is not None:
            pinned["image"] = Pinned(_picture(request.image, fit), 0)
        if request.head is not None:
            pinned["head"] = Pinned(_whole_latents(_fitted(request.head.frames, fit), "head", fit), 0)
        if request.tail is not None:
            # The first latent of any clip holds one frame only; inside a film a latent holds four, so
            # the tail is encoded with one frame more in front, and that frame's latent is dropped.
            frames = _whole_latents(_fitted(request.tail.frames, fit)[::-1], "tail", fit)[::-1]
            length = (len(frames) - 1) // FRAMES_PER_LATENT
            pinned["tail"] = Pinned(frames, fit.latents - length, lead=1)
        for still in request.stills:
            index = _still_index(still.seconds, fit)
            taken = {place for found in pinned.values() for place in found.places}
            if index in taken:
                told = "the end" if still.seconds is None else f"{still.seconds:g}"
                raise refuse("keyframes", told, f"moments at least {1 / _rate(fit):.2f} seconds apart")
            frames = _picture(still.image, fit)
            if index:
                frames = np.repeat(frames, 1 + FRAMES_PER_LATENT * (1 + _STEADY), axis=0)
            name = "last" if still.seconds is None else f"keyframe {still.seconds:g}"
            pinned[name] = Pinned(frames, index, lead=1 + _STEADY if index else 0)
        self.pinned: Mapping[str, Pinned] = pinned

    @property
    def places(self) -> list[int]:
        """The latents that are given."""
        return sorted(place for found in self.pinned.values() for place in found.places)

    def hashes(self) -> dict[str, str]:
        """SHA-256 of what is given, by name, for a film's metadata."""
        return {
            name: hashlib.sha256(
                repr(found.frames.shape).encode() + np.ascontiguousarray(found.frames).tobytes()
            ).hexdigest()
            for name, found in self.pinned.items()
        }

    def latents(self, backend: Backend) -> dict[int, Tensor]:
        """Encode what is given: (1, k, C, h, w) from each place on."""
        return {found.index: found.latents(backend) for found in self.pinned.values()}


_STEADY = 2
"""Latents of a held picture before the one that is used: by then the encoder's memory has settled."""


def _rate(fit: Fit) -> float:
    return fit.fps / FRAMES_PER_LATENT


def _still_index(second: float | None, fit: Fit) -> int:
    last = fit.latents - 1
    if second is None:
        return last
    index = latent_at(second, fit.fps)
    if index > last:
        raise refuse("keyframes", f"{second:g}", f"times up to {last / _rate(fit):g} seconds, the film's end")
    return index


def _picture(image: str | Path | Clip, fit: Fit) -> Frames:
    read = image if isinstance(image, Clip) else read_image(Path(image))
    return _fitted(read.frames[:1], fit)


def _fitted(frames: Frames, fit: Fit) -> Frames:
    width, height = (side * PIXELS_PER_CELL for side in fit.cells)
    return np.stack([cover(frame, width, height) for frame in frames])


def _whole_latents(frames: Frames, name: str, fit: Fit) -> Frames:
    """Keep one frame and as many groups of four as there are; at least one group, and not the whole film."""
    groups = min((len(frames) - 1) // FRAMES_PER_LATENT, fit.latents - 1)
    if name == "tail" and groups < 1:
        raise refuse("tail", f"{len(frames)} frames", f"{1 + FRAMES_PER_LATENT} frames or more")
    return frames[: 1 + groups * FRAMES_PER_LATENT]
