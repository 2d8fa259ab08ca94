"""One loop for every network: time-boxed, resumable, honest about what it does.

``train(recipe, minutes=…, out=…)`` builds the recipe's task, runs it until the time is up and exports
weights. In ``out``: ``state.pt`` (everything needed to go on), ``losses.jsonl``, ``samples/`` and the
exported weights.
"""

from __future__ import annotations

import json
import random
import signal
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TextIO

import torch
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.table import Table
from torch import Tensor

from ozora.errors import OzoraError, refuse
from ozora.train.makers import make_task
from ozora.train.optimisers import MovingAverage, build, schedule, set_rates
from ozora.train.recipes import Recipe, Stage, get_recipe
from ozora.train.states import load_state, restore, save_state
from ozora.train.tasks import Inputs, Task, begin_with

LOG_LINES = 2000
"""About how many lines a run writes to ``losses.jsonl``, however many steps it takes."""


@dataclass(frozen=True)
class Report:
    """What came out of a run, or of its part so far when ``finished`` is False."""

    out: Path
    step: int
    seconds: float
    losses: dict[str, float]
    measures: dict[str, float]
    weights: Path
    finished: bool


@dataclass(frozen=True)
class Budget:
    """How long a run takes, by the clock or by count; ``pause`` stops this call earlier."""

    seconds: float
    steps: int | None = None
    pause: float | None = None  # in seconds of this call, or in steps of the run when steps are counted

    def progress(self, step: int, elapsed: float) -> float:
        """Share of the budget that is used, 0..1."""
        used = step / self.steps if self.steps is not None else elapsed / self.seconds
        return min(1.0, used)

    def paused(self, step: int, this_call: float) -> bool:
        """Whether this call should stop although the run is not over."""
        if self.pause is None:
            return False
        return (step if self.steps is not None else this_call) >= self.pause


def train(
    recipe: str | Recipe,
    *,
    minutes: float | None = None,
    out: str | Path,
    resume: str | Path | None = None,
    footage: Sequence[str | Path] = (),
    latents: Sequence[str | Path] = (),
    autoencoder: str | Path | None = None,
    text: str | Path | None = None,
    eyes: str | Path | None = None,
    start: str | Path | None = None,
    overrides: Sequence[str] = (),
    device: str | None = None,
    steps: int | None = None,
    pause: float | None = None,
    quiet: bool = False,
) -> Report:
    """Run a recipe until its time is up and export what it trained.

    Args:
        recipe: a name in ``recipes.RECIPES``, or a recipe.
        minutes: the whole run's budget, over all resumed parts; the recipe's own if not given.
        out: folder for state, losses, samples and weights.
        resume: folder of an earlier part of the same run; ``out`` may be the same folder.
        footage: folders filled by ``shoot`` (autoencoder, probe).
        latents: files written by ``encode_footage`` (transformer).
        autoencoder: trained autoencoder weights (transformer: to show samples; probe: to see through them).
        text: pre-trained text encoder weights (transformer).
        eyes: weights of eyes trained for perception (autoencoder: a perceptual loss).
        start: folder of an earlier run's exported weights, which the networks begin with; unlike ``resume``
            this is a new run with a budget and stages of its own.
        overrides: dotted changes to the recipe, as ``optimiser.rate=1e-3``.
        device: "cpu", "cuda", …; a GPU if there is one.
        steps: count steps instead of minutes; the run is then the same to the bit however often interrupted.
        pause: stop this call after so many minutes (or at that step, when steps are counted) and export; the
            schedule stays that of the whole run, so a later ``resume`` goes on as if nothing had happened.
        quiet: no progress bar and no table.
    """
    chosen = get_recipe(recipe, overrides) if isinstance(recipe, str) else recipe
    budget = _budget(chosen, minutes, steps, pause)
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    out = Path(out)
    state = load_state(Path(resume), chosen) if resume is not None else None
    if state is None and (out / "state.pt").exists():
        raise refuse("out", str(out), f"a new folder, or --resume {out} to go on with the run it holds")
    seed_everything(chosen.seed)
    inputs = Inputs(
        tuple(map(Path, footage)), tuple(map(Path, latents)), _path(autoencoder), _path(text), _path(eyes),
        out,
    )
    task = make_task(chosen, inputs, place)
    if start is not None:
        begin_with(task, Path(start))
    torch.set_flush_denormal(True)  # moments of rarely used weights fade into numbers that CPUs are slow with
    try:
        return run(chosen, task, budget, out, place, state, Console(quiet=quiet))
    finally:
        torch.set_flush_denormal(False)  # the processor's state is the whole program's


def run(
    recipe: Recipe,
    task: Task,
    budget: Budget,
    out: Path,
    device: torch.device,
    state: dict[str, Any] | None,
    console: Console,
) -> Report:
    """Train ``task`` within ``budget``; see ``train``."""
    out.mkdir(parents=True, exist_ok=True)
    optimisers = build(recipe.optimiser, task.networks, task.rate_factors, task.is_matrix)
    average = MovingAverage(task.networks, recipe.optimiser.average)
    generator = torch.Generator().manual_seed(recipe.seed)
    step, before = 0, 0.0
    if state is not None:
        step, before = state["step"], state["elapsed"]
        restore(state, task.networks, optimisers, average, generator)
        _forget_after(out / "losses.jsonl", step)
    if device.type == "cuda" and recipe.compile:
        task.compile()
    started = saved = time.monotonic()
    progress, told = budget.progress(step, before), _Means()
    next_sample = (int(progress / recipe.sample_every) + 1) * recipe.sample_every
    next_line = progress
    with _bar(console) as bar, (out / "losses.jsonl").open("a") as lines, _stop_gently() as stop:
        row = bar.add_task(recipe.name, total=1.0, loss="", step=step)
        while progress < 1.0 and not budget.paused(step, time.monotonic() - started) and not stop:
            stage = stage_at(recipe, progress)
            set_rates(optimisers, schedule(recipe.optimiser, progress))
            losses = one_step(task, optimisers, generator, stage, progress, recipe.optimiser.clip, device)
            step += 1
            average.update(step)
            told.add(losses)
            now = time.monotonic()
            elapsed = before + now - started
            progress = budget.progress(step, elapsed)
            if progress >= next_line or progress >= 1.0:
                means = told.take()
                line = {"step": step, "seconds": round(elapsed, 2), "frames": stage.frames, **means}
                lines.write(json.dumps(line) + "\n")
                lines.flush()
                next_line = progress + 1 / LOG_LINES
                bar.update(row, completed=progress, loss=f"{means['total']:.4f}", step=step)
            if progress >= next_sample and progress < 1.0:
                next_sample += recipe.sample_every
                measures = _show(task, average, out, stage, step, lines)
            if now - saved > recipe.save_every:
                saved = now
                save_state(out, recipe, step, elapsed, task.networks, optimisers, average, generator)
        bar.update(row, completed=progress)
    elapsed = before + time.monotonic() - started
    save_state(out, recipe, step, elapsed, task.networks, optimisers, average, generator)
    facts = {"recipe": recipe.name, "settings": asdict(recipe), "steps": step, "seconds": round(elapsed, 1)}
    with (out / "losses.jsonl").open("a") as lines:
        measures = _show(task, average, out, stage_at(recipe, progress), step, lines)
    with average.applied():
        weights = task.export(out, {**facts, "measures": measures})
    report = Report(out, step, elapsed, told.last, measures, weights, progress >= 1.0)
    console.print(_table(recipe, report))
    return report


def one_step(
    task: Task,
    optimisers: list[torch.optim.Optimizer],
    generator: torch.Generator,
    stage: Stage,
    progress: float,
    clip: float,
    device: torch.device,
) -> dict[str, Tensor]:
    """Draw a batch, take its gradients, clip them, move; returns losses. Non-finite values stop the run."""
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        losses = task.losses(generator, stage, progress)
    losses["total"].backward()
    parameters = [p for group in optimisers for entry in group.param_groups for p in entry["params"]]
    norm = torch.nn.utils.clip_grad_norm_(parameters, clip)
    if not bool(torch.isfinite(losses["total"].detach() + norm)):
        raise OzoraError(f"training stopped: {_culprit(losses, task)} is not finite.")
    for optimiser in optimisers:
        optimiser.step()
    return {**{name: value.detach() for name, value in losses.items()}, "gradient_norm": norm.detach()}


def stage_at(recipe: Recipe, progress: float) -> Stage:
    """The stage that a run is in."""
    return next((s for s in recipe.stages if progress < s.until or s.until >= 1.0), recipe.stages[-1])


def seed_everything(seed: int) -> None:
    """Seed the generators that layers use without being handed one."""
    random.seed(seed)
    torch.manual_seed(seed)


def _show(
    task: Task, average: MovingAverage, out: Path, stage: Stage, step: int, lines: TextIO
) -> dict[str, float]:
    """Let the task show itself with averaged parameters, disturbing no generator, and note the measures."""
    with average.applied(), torch.random.fork_rng():
        for network in task.networks.values():
            network.eval()
        measures = task.samples(out / "samples", stage, f"{step:07d}")
        for network in task.networks.values():
            network.train()
    if measures:
        lines.write(json.dumps({"step": step, **{name: round(v, 5) for name, v in measures.items()}}) + "\n")
    return measures


def _forget_after(path: Path, step: int) -> None:
    """Drop lines of steps that a crash undid: they come again."""
    if path.exists():
        lines = path.read_text().splitlines(keepends=True)
        known = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
        path.write_text("".join(known))


class _Means:
    """Means of losses since the last line."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = {}
        self.last: dict[str, float] = {}

    def add(self, losses: dict[str, Tensor]) -> None:
        for name, value in losses.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value
            self._counts[name] = self._counts.get(name, 0) + 1

    def take(self) -> dict[str, float]:
        self.last = {name: round(float(value) / self._counts[name], 6) for name, value in self._sums.items()}
        self._sums, self._counts = {}, {}
        return self.last


class _stop_gently:  # noqa: N801 - used like a function
    """Ctrl-C (or a polite kill) ends the run after the step at hand, all saved; twice ends it at once."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def __bool__(self) -> bool:
        return self.asked

    def __enter__(self) -> _stop_gently:
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
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True


def _budget(recipe: Recipe, minutes: float | None, steps: int | None, pause: float | None) -> Budget:
    minutes = recipe.minutes if minutes is None else minutes
    if minutes <= 0:
        raise refuse("minutes", minutes, "more than 0")
    if steps is not None and steps < 1:
        raise refuse("steps", steps, "1 or more")
    if pause is not None and pause <= 0:
        raise refuse("pause", pause, "more than 0")
    in_seconds = pause * 60 if pause is not None and steps is None else pause
    return Budget(minutes * 60, steps, in_seconds)


def _culprit(losses: dict[str, Tensor], task: Task) -> str:
    """Name what went wrong first: a loss, else the gradient of a parameter."""
    for name, value in losses.items():
        if name != "total" and not bool(torch.isfinite(value).all()):
            return f"the loss {name!r}"
    for name, network in task.networks.items():
        for path, parameter in network.named_parameters():
            if parameter.grad is not None and not bool(torch.isfinite(parameter.grad).all()):
                return f"the gradient of {name}.{path}"
    return "the total loss"


def _bar(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("step {task.fields[step]} loss {task.fields[loss]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=console,
        disable=console.quiet,
    )


def _table(recipe: Recipe, report: Report) -> Table:
    table = Table(title=f"{recipe.name}: {'finished' if report.finished else 'paused'}")
    table.add_column("what")
    table.add_column("value", justify="right")
    table.add_row("steps", str(report.step))
    table.add_row("minutes", f"{report.seconds / 60:.1f}")
    for name, value in (report.losses | report.measures).items():
        table.add_row(name, f"{value:.5f}")
    table.add_row("weights", str(report.weights))
    return table


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
