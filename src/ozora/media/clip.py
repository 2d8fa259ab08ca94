"""The Clip: what people see and files hold."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ozora.errors import refuse

Frames = NDArray[np.uint8]
HIGHEST_FPS = 240.0


@dataclass(frozen=True, eq=False)
class Clip:
    """Frames ``uint8 (T, H, W, 3)`` in sRGB, frames per second, and what is known about them.

    A picture is a clip of one frame. Frames are read-only: a clip handed out cannot change under its holder.
    Raises ``OzoraError`` when frames are not such an array or ``fps`` is not in (0, 240].
    """

    frames: Frames
    fps: float = 12.0
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        frames = np.asarray(self.frames)
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[-1] != 3 or 0 in frames.shape:
            raise refuse("frames", f"{frames.dtype} {frames.shape}", "uint8 (T, H, W, 3), none of them empty")
        if not (math.isfinite(self.fps) and 0 < self.fps <= HIGHEST_FPS):
            raise refuse("fps", self.fps, f"more than 0 and at most {HIGHEST_FPS:g}")
        frames = frames.view()
        frames.flags.writeable = False
        object.__setattr__(self, "frames", frames)
        object.__setattr__(self, "metadata", MappingProxyType(dict(self.metadata)))

    def __len__(self) -> int:
        return int(self.frames.shape[0])

    @property
    def height(self) -> int:
        return int(self.frames.shape[1])

    @property
    def width(self) -> int:
        return int(self.frames.shape[2])

    @property
    def seconds(self) -> float:
        """How long the clip plays."""
        return len(self) / self.fps
