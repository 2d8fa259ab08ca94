"""What the terminal shows: progress and remarks on stderr, one line a result on stdout."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from ozora.director.take import Phase, Take

told = Console(stderr=True, highlight=False)
said = Console(highlight=False, soft_wrap=True)

WORDS = {
    "load": "loading weights",
    "words": "reading words",
    "denoise": "denoising",
    "refine": "refining",
    "decode": "decoding",
    "write": "writing",
}


def bar() -> Progress:
    """A progress bar with counts, time gone and time left; silent where nobody watches."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(24, complete_style="dark_orange", finished_style="grey50"),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=told,
        disable=not told.is_terminal,
    )


def plain(text: object) -> str:
    """Names and words of users as they are: a bracket in them is a bracket, not markup."""
    return escape(str(text))


def say_take(path: Path, take: Take) -> None:
    """One line for a film that is there."""
    costs = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in take.receipt.seconds.items())
    said.print(
        f"[bold]{plain(path)}[/]  {take.fit.size}, {take.fit.frames} frames at {take.fit.fps} fps, "
        f"seed {take.seed}  [grey50]({costs})[/]"
    )


class PhaseBars:
    """One bar for each phase of each take."""

    def __init__(self, takes: int) -> None:
        self.takes, self.number = takes, 0
        self.progress = bar()
        self.rows: dict[str, TaskID] = {}

    def __enter__(self) -> PhaseBars:
        self.progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.progress.stop()

    def __call__(self, phase: Phase) -> None:
        if phase.name == "load" and phase.done == 0:
            self.number += 1
            self.rows = {}
        if phase.name not in self.rows:
            which = f"take {self.number}/{self.takes} · " if self.takes > 1 else ""
            self.rows[phase.name] = self.progress.add_task(which + WORDS[phase.name], total=phase.total)
        self.progress.update(self.rows[phase.name], completed=phase.done, total=phase.total)
