"""A Take: one generated result of a request with one seed, and its receipt."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from ozora.director.fit import Fit
from ozora.media.clip import Clip
from ozora.media.images import is_picture, write_image

PHASES = ("load", "words", "denoise", "decode", "write")


@dataclass(frozen=True)
class Phase:
    """Where the work stands: ``done`` of ``total`` units of the phase ``name`` (one of ``PHASES``)."""

    name: str
    done: int
    total: int


OnPhase = Callable[[Phase], None]
"""Told of progress; whatever it raises, ``KeyboardInterrupt`` included, stops the work cleanly."""


@dataclass(frozen=True)
class Receipt:
    """What a take cost, and how it was understood.

    ``seconds`` are wall seconds of each phase; ``notes`` tell what was fitted or reused; ``reading`` is what
    the model took from the words: a Shot's axis to (value, how sure from 0 to 1).
    """

    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()
    reading: Mapping[str, tuple[str, float]] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """Wall seconds in all."""
        return sum(self.seconds.values())


@dataclass(frozen=True, eq=False)
class Take:
    """One film: the clip, the latents (1, L, C, h, w) it was decoded from, how it fits the grid, its receipt.

    ``clip.metadata`` holds all that reproduces it: prompt, seed, settings, and the hash of the weights.
    """

    clip: Clip
    latents: Tensor
    fit: Fit
    receipt: Receipt

    @property
    def seed(self) -> int:
        """The seed it grew from."""
        return int(self.clip.metadata["seed"])

    def save(self, path: str | Path, *, sidecar: bool = True) -> Path:
        """Write the film (.mp4) or its first frame (.png, .jpg, .webp), and ``fox.json`` beside it."""
        if is_picture(path):
            return write_image(self.clip, path, sidecar=sidecar)
        from ozora.media.video import write_clip

        return write_clip(self.clip, path, sidecar=sidecar)


@dataclass
class Stopwatch:
    """Times phases and passes their progress on."""

    on_phase: OnPhase | None = None
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str, total: int = 1) -> Iterator[Callable[[int, int], None]]:
        """Time a block; gives a function to report (done, total) with."""
        self.tell(name, 0, total)
        start = time.perf_counter()
        reported = 0

        def step(done: int, of: int) -> None:
            nonlocal reported
            reported = done
            self.tell(name, done, of)

        yield step
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start
        if reported < total:
            self.tell(name, total, total)

    def tell(self, name: str, done: int, total: int) -> None:
        if self.on_phase is not None:
            self.on_phase(Phase(name, done, total))


def describe(take: Take) -> dict[str, Any]:
    """Plain values for a log or a table: settings and costs."""
    return {**take.clip.metadata, "wall_seconds": {k: round(v, 3) for k, v in take.receipt.seconds.items()}}
