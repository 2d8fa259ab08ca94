"""What a run tells while it goes on: lines of losses, a bar, a table; and how it is asked to stop."""

from __future__ import annotations

import json
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from torch import Tensor

from ozora.train import distributed

LOSSES = "losses.jsonl"


class Means:
    """Means of losses since the last line, over all processes."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self.last: dict[str, float] = {}

    def add(self, micro_batches: list[dict[str, Tensor]]) -> None:
        """Take in the losses of this process's micro-batches."""
        for losses in micro_batches:
            for name, value in losses.items():
                self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value
                self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        """The means, the same in every process; all must call this together."""
        mine = {name: (float(value), self._counts[name]) for name, value in self._sums.items()}
        totals: dict[str, tuple[float, int]] = {}
        for theirs in distributed.gathered(mine):
            for name, (total, count) in theirs.items():
                before = totals.get(name, (0.0, 0))
                totals[name] = (before[0] + total, before[1] + count)
        self.last = {name: round(total / count, 6) for name, (total, count) in totals.items()}
        self._sums, self._counts = {}, {}
        return self.last


class StopGently:
    """Ctrl-C (or a polite kill) ends the run after the step at hand, all saved; once more ends it at once.

    Within a second it is the same wish: ``torchrun`` passes a terminal's Ctrl-C on to those who have had it.
    """

    def __init__(self) -> None:
        self.asked = False
        self._since = 0.0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopGently:
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                self._before[number] = signal.signal(number, self._ask)
            except ValueError:  # not in the main thread: nobody can press Ctrl-C here
                break
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _ask(self, number: int, _: object) -> None:
        if self.asked and time.monotonic() - self._since > 1.0:
            raise KeyboardInterrupt
        if not self.asked:
            self.asked, self._since = True, time.monotonic()


def open_lines(out: Path) -> TextIO:
    """The file of losses, to go on with; of several processes one writes it."""
    path = out / LOSSES if distributed.leads() else Path(os.devnull)
    return path.open("a", encoding="utf-8")


def forget_after(out: Path, step: int) -> None:
    """Drop lines of steps that a crash undid: they come again."""
    path = out / LOSSES
    if distributed.leads() and path.exists():
        lines = path.read_text().splitlines(keepends=True)
        known = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
        path.write_text("".join(known))


@contextmanager
def sheets(out: Path) -> Iterator[Path]:
    """Where sheets of samples go: all processes make them together, one keeps them."""
    if distributed.leads():
        yield out / "samples"
        return
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def show_progress(console: Console) -> Progress:
    """The bar of a run, with its step and loss."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("step {task.fields[step]} loss {task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=console.quiet,
    )
