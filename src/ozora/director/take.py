"""A Take: one generated result of a request with one seed, and its receipt."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from torch import Tensor

from ozora.director.fit import Fit
from ozora.media.clip import Clip, Frames
from ozora.media.files import write_sidecar
from ozora.media.images import is_picture, write_image

PHASES = ("load", "words", "denoise", "refine", "decode", "write")


@dataclass(frozen=True)
class Phase:
    """Where the work stands: ``done`` of ``total`` units of the phase ``name`` (one of ``PHASES``)."""

    name: str
    done: int
    total: int


OnPhase = Callable[[Phase], None]
"""Told of progress; whatever it raises, ``KeyboardInterrupt`` included, stops the work cleanly."""

OnPreview = Callable[[Frames], None]
"""Shown tiny frames (L, 4h, 4w, 3) of what the film looks like so far, after each step."""


@dataclass(frozen=True)
class Receipt:
    """What a take cost, and how it was understood.

    ``seconds`` are wall seconds of each phase; ``notes`` tell what was fitted or reused; ``reading`` is what
    the model took from the words: a Shot's axis to (value, how sure from 0 to 1). ``cpu_seconds`` are
    processor seconds over all cores of the same phases, which a busy machine does not stretch.
    """

    seconds: Mapping[str, float]
    notes: tuple[str, ...] = ()
    reading: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    cpu_seconds: Mapping[str, float] = field(default_factory=dict)
    whole: bool = True  # False where an earlier run had made some of the steps

    @property
    def total(self) -> float:
        """Wall seconds in all."""
        return sum(self.seconds.values())

    def to_json(self) -> dict[str, Any]:
        """Plain values for the sidecar; films themselves carry no costs, for two runs never cost the same."""
        return {
            "seconds": {name: round(value, 3) for name, value in self.seconds.items()},
            "cpu_seconds": {name: round(value, 3) for name, value in self.cpu_seconds.items()},
            "peak_memory_bytes": peak_memory(),
            "understood": {axis: [value, round(sure, 3)] for axis, (value, sure) in self.reading.items()},
        }


@dataclass(frozen=True, eq=False)
class Take:
    """One film: the clip, the latents (1, L, C, h, w) it was laid out in, how it fits the grid, its receipt.

    ``refined`` (1, L, C, 2h, 2w) is what it was decoded from, where it was refined, else ``latents`` are.
    ``clip.metadata`` holds all that reproduces it: prompt, seed, settings, and the hash of the weights.
    """

    clip: Clip
    latents: Tensor
    fit: Fit
    receipt: Receipt
    refined: Tensor | None = None

    @property
    def seed(self) -> int:
        """The seed it grew from."""
        return int(self.clip.metadata["seed"])

    def save(self, path: str | Path, *, sidecar: bool = True) -> Path:
        """Write the film (.mp4) or its first frame (.png, .jpg, .webp), and ``fox.json`` beside it.

        The sidecar holds what the film carries inside, and the receipt.
        """
        if is_picture(path):
            written = write_image(self.clip, path)
        else:
            from ozora.media.video import write_clip

            written = write_clip(self.clip, path)
        if sidecar:
            self.save_sidecar(written)
        return written

    def save_sidecar(self, film: Path, more: Mapping[str, Any] | None = None) -> Path:
        """Write metadata, receipt and ``more`` as JSON beside the film."""
        return write_sidecar(film, {**self.clip.metadata, "receipt": self.receipt.to_json(), **(more or {})})


class Stopwatch:
    """Times phases and passes their progress on; goes on from what earlier runs ``spent``."""

    def __init__(self, on_phase: OnPhase | None = None, spent: Mapping[str, float] | None = None) -> None:
        self.on_phase = on_phase
        self.seconds: dict[str, float] = dict(spent or {})
        self.cpu_seconds: dict[str, float] = {}
        self._running: tuple[str, float, float] | None = None

    @contextmanager
    def phase(self, name: str, total: int = 1) -> Iterator[Callable[[int, int], None]]:
        """Time a block; gives a function to report (done, total) with."""
        self.tell(name, 0, total)
        self._running = name, time.perf_counter(), time.process_time()
        reported = 0

        def step(done: int, of: int) -> None:
            nonlocal reported
            reported = done
            self.tell(name, done, of)

        yield step
        self.seconds = self.so_far()
        self.cpu_seconds[name] = self.cpu_seconds.get(name, 0.0) + time.process_time() - self._running[2]
        self._running = None
        if reported < total:
            self.tell(name, total, total)

    def so_far(self) -> dict[str, float]:
        """Wall seconds by phase, the running one included."""
        if self._running is None:
            return dict(self.seconds)
        name, began, _ = self._running
        return {**self.seconds, name: self.seconds.get(name, 0.0) + time.perf_counter() - began}

    def receipt(
        self, notes: tuple[str, ...], reading: Mapping[str, tuple[str, float]], whole: bool = True
    ) -> Receipt:
        """What it has cost until now."""
        return Receipt(self.so_far(), notes, reading, dict(self.cpu_seconds), whole)

    def tell(self, name: str, done: int, total: int) -> None:
        if self.on_phase is not None:
            self.on_phase(Phase(name, done, total))


def peak_memory() -> int:
    """Most memory, in bytes, that this process has had at once; 0 where the system does not tell.

    Linux counts in ``ru_maxrss`` what the process that started this one had at that moment; ``VmHWM`` begins
    anew with the program (proc_pid_status(5)).
    """
    try:
        told = Path("/proc/self/status").read_text("utf-8")
        return 1024 * next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM:"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        import resource
    except ImportError:
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most if sys.platform == "darwin" else 1024 * most)


def describe(take: Take) -> dict[str, Any]:
    """Plain values for a log or a table: settings and costs."""
    return {**take.clip.metadata, "wall_seconds": {k: round(v, 3) for k, v in take.receipt.seconds.items()}}
