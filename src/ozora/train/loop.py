"""One loop for every network: time-boxed, resumable, honest about what it does.

``train(recipe, minutes=…, out=…)`` builds the recipe's task, runs it until the time is up and exports
weights. In ``out``: ``state.pt`` (everything needed to go on), ``losses.jsonl``, ``samples/`` and the
exported weights. Under ``torchrun`` the same call trains in several processes; see ``distributed``.

Nothing is drawn from a generator that runs on. A batch goes through in micro-batches, and each draws its
clips, words and noise from a generator of its own, keyed by the seed and by the number of its first sample
among all that the run has seen. So neither an interruption nor the number of processes changes a run.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TextIO

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from ozora.errors import OzoraError, refuse
from ozora.model.precision import has_bfloat16
from ozora.train import distributed
from ozora.train.journal import Means, StopGently, forget_after, open_lines, sheets, show_progress
from ozora.train.makers import make_task
from ozora.train.optimisers import MovingAverage, build, schedule, set_rates
from ozora.train.recipe import PLANNED, Recipe, Stage
from ozora.train.recipes import get_recipe
from ozora.train.speed import Speed, Speedometer
from ozora.train.states import Place, Trained, has_state, load_state, restore, save_state
from ozora.train.tasks import Inputs, Task, begin_with

_BEGUN = "begun.json"
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
    speed: Speed | None = None  # of this call's training, where the task counts its work


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
    layouts: Sequence[str | Path] = (),
    autoencoder: str | Path | None = None,
    text: str | Path | None = None,
    teacher: str | Path | None = None,
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
        layouts: as many files of the same footage on half as many cells a side (refiner).
        autoencoder: trained autoencoder weights (transformer: to show samples; probe: to see through them).
        text: pre-trained text encoder weights (transformer).
        teacher: folder with the trained transformer and text encoder that a student learns from.
        eyes: weights of eyes trained for perception (autoencoder: a perceptual loss).
        start: folder of an earlier run's exported weights, or of weights that ship, which the networks begin
            with; unlike ``resume`` this is a new run with a budget and stages of its own. ``text``, where it
            is given, goes before the folder's.
        overrides: dotted changes to the recipe, as ``optimiser.rate=1e-3``.
        device: "cpu", "cuda", …; a GPU if there is one.
        steps: count steps instead of minutes; the run is then the same to the bit however often interrupted.
        pause: stop this call after so many minutes (or at that step, when steps are counted) and export; the
            schedule stays that of the whole run, so a later ``resume`` goes on as if nothing had happened.
        quiet: no progress bar and no table.
    """
    chosen = get_recipe(recipe, overrides) if isinstance(recipe, str) else recipe
    budget = _budget(chosen, minutes, steps, pause)
    out = Path(out)
    with distributed.joined(device) as place:
        state = load_state(Path(resume), chosen) if resume is not None else None
        if state is None and has_state(out):
            raise refuse("out", str(out), f"a new folder, or --resume {out} to go on with the run it holds")
        split(chosen, state)
        distributed.wait()  # nobody has written to ``out`` before everybody has looked
        seed_everything(chosen.seed)
        inputs = Inputs(
            tuple(map(Path, footage)),
            tuple(map(Path, latents)),
            tuple(map(Path, layouts)),
            autoencoder=_path(autoencoder),
            text=_path(text),
            eyes=_path(eyes),
            out=out,
            start=_path(start),
            teacher=_path(teacher),
        )
        task = make_task(chosen, inputs, place)
        if start is not None:
            note_beginning(out, begin_with(task, Path(start)))
        elif resume is None and (wanted := getattr(task, "begins_with", "")):
            raise refuse("start", "nothing", wanted)
        elif resume is not None:
            note_beginning(out, noted_beginning(Path(resume)))
        torch.set_flush_denormal(True)  # moments of rarely used weights fade into numbers CPUs are slow with
        try:
            console = Console(quiet=quiet or not distributed.leads())
            return run(chosen, task, budget, out, place, state, console)
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
    micro_batches = split(recipe, state)
    distributed.share_out(task.networks, device)
    mixed = recipe.mixed and has_bfloat16(device)
    optimisers = build(recipe.optimiser, task.networks, task.rate_factors, task.is_matrix, mixed=mixed)
    average = MovingAverage(task.networks, recipe.optimiser.average)
    trained = Trained(task.networks, optimisers, average)
    step, before, samples = 0, 0.0, 0
    if state is not None:
        step, before, samples = state["step"], state["elapsed"], state.get("samples", 0)
        restore(state, trained)
        forget_after(out, step)

    def save(elapsed: float) -> None:
        save_state(out, Place(recipe.name, recipe.size, step, elapsed, samples, micro_batches), trained)

    if recipe.compile if device.type == "cuda" else recipe.compile_on_cpu:
        task.compile()
    elapsed, here, stopped = before, 0.0, False
    progress, told = budget.progress(step, before), Means()
    speedometer = Speedometer(getattr(task, "work", None), device)
    started = saved = time.monotonic()
    next_sample = (int(progress / recipe.sample_every) + 1) * recipe.sample_every
    next_line = progress
    with StopGently() as stop:
        with show_progress(console) as bar, open_lines(out) as lines:
            row = bar.add_task(recipe.name, total=1.0, loss="", step=step)
            while progress < 1.0 and not budget.paused(step, here) and not stopped:
                stage = stage_at(recipe, progress)
                step_started = time.monotonic()
                set_rates(optimisers, schedule(recipe.optimiser, progress))
                drawn = drawn_at(recipe, stage, samples, micro_batches)
                losses = one_step(task, optimisers, recipe, drawn, micro_batches, samples, progress, device)
                step, samples = step + 1, samples + drawn.batch
                average.update(step)
                told.add(losses)
                # The first process has the clock; whoever is asked to stop, stops all.
                now = time.monotonic()
                speedometer.step(now - step_started)
                clock = (now - started, now - saved) if distributed.leads() else (0.0, 0.0)
                here, unsaved, asked = distributed.agree(*clock, float(stop.asked))
                elapsed, stopped = before + here, bool(asked)
                progress = budget.progress(step, elapsed)
                if progress >= next_line or progress >= 1.0:
                    means = told.take()
                    line = {"step": step, "seconds": round(elapsed, 2), "frames": stage.frames, **means}
                    line |= _told(speedometer.since_last())
                    lines.write(json.dumps(line) + "\n")
                    lines.flush()
                    next_line = progress + 1 / LOG_LINES
                    bar.update(row, completed=progress, loss=f"{means['total']:.4f}", step=step)
                if progress >= next_sample and progress < 1.0:
                    next_sample += recipe.sample_every
                    measures = _show(task, average, out, stage, step, lines)
                if unsaved > recipe.save_every:
                    saved = now
                    save(elapsed)
            bar.update(row, completed=progress)
        elapsed = before + distributed.agree(time.monotonic() - started)[0]
        save(elapsed)
        settings = {name: value for name, value in asdict(recipe).items() if name not in PLANNED}
        facts = {"recipe": recipe.name, "settings": settings, "steps": step}
        facts |= {"seconds": round(elapsed, 1), "begun_with": noted_beginning(out)}
        with open_lines(out) as lines:
            measures = {}
            if not (stopped and distributed.count() > 1):  # a cluster that kills politely does not wait long
                measures = _show(task, average, out, stage_at(recipe, progress), step, lines)
            speed = speedometer.overall()
            if speed is not None:
                lines.write(json.dumps({"step": step, "overall": _told(speed)}) + "\n")
        with average.applied():
            weights = task.export(out, {**facts, "measures": measures})
        distributed.wait()
    report = Report(out, step, elapsed, told.last, measures, weights, progress >= 1.0, speed)
    console.print(_table(recipe, report))
    return report


def note_beginning(out: Path, roots: Sequence[str]) -> None:
    """Keep beside a run which ledgers the weights that it began with had learnt from, if any."""
    if roots and distributed.leads():
        out.mkdir(parents=True, exist_ok=True)
        (out / _BEGUN).write_text(json.dumps(list(roots)) + "\n", encoding="utf-8")


def noted_beginning(folder: Path) -> list[str]:
    """What ``note_beginning`` kept; empty for a run that began from nothing."""
    path = folder / _BEGUN
    return list(json.loads(path.read_text(encoding="utf-8"))) if path.is_file() else []


def split(recipe: Recipe, state: dict[str, Any] | None) -> int:
    """Into how many micro-batches each batch of a run is split, by all processes together.

    A run keeps what it began with, so that it stays the same run on another number of processes. Raises
    ``OzoraError`` where that does not go into equal parts.
    """
    processes = distributed.count()
    parts = recipe.micro_batches or (state or {}).get("micro_batches", 0) or processes
    if parts < 1 or parts % processes:
        allowed = f"a divisor of the run's {parts} micro-batches (--set micro_batches=… for other numbers)"
        raise refuse("processes", processes, allowed)
    start = 0.0
    for number, stage in enumerate(recipe.stages):
        reached, start = start < min(stage.until, 1.0), max(start, stage.until)
        if reached and stage.batch % parts:
            raise refuse(f"stages.{number}.batch", stage.batch, f"multiples of the {parts} micro-batches")
    return parts


def one_step(
    task: Task,
    optimisers: list[torch.optim.Optimizer],
    recipe: Recipe,
    stage: Stage,
    micro_batches: int,
    samples: int,
    progress: float,
    device: torch.device,
) -> list[dict[str, Tensor]]:
    """Draw a batch, take its gradients, clip them, move; non-finite values stop the run.

    ``samples`` is how many came before this batch. Returns the losses of each micro-batch of this process.
    """
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    part = replace(stage, batch=stage.batch // micro_batches)
    mine = micro_batches // distributed.count()
    told = []
    begin_step = getattr(task, "begin_step", None)
    if begin_step is not None:
        own_key = sample_key(recipe.seed, -1 - samples)  # no micro-batch is drawn with it
        begin_step(torch.Generator().manual_seed(own_key))
    for number in range(distributed.rank() * mine, (distributed.rank() + 1) * mine):
        key = sample_key(recipe.seed, samples + number * part.batch)
        seed_everything(key)  # for layers that draw without being handed a generator
        with torch.autocast(device.type, torch.bfloat16, enabled=recipe.mixed and has_bfloat16(device)):
            losses = task.losses(torch.Generator().manual_seed(key), part, progress)
        (losses["total"] / mine).backward()
        told.append({name: value.detach() for name, value in losses.items()})
    parameters = [p for group in optimisers for entry in group.param_groups for p in entry["params"]]
    distributed.average_gradients(parameters)
    norm = distributed.whole(torch.nn.utils.clip_grad_norm_(parameters, recipe.optimiser.clip))
    finite = all(bool(torch.isfinite(losses["total"] + norm)) for losses in told)
    (broken,) = distributed.agree(float(not finite))
    if broken:
        raise OzoraError(f"training stopped: {_culprit(told, task)} is not finite.")
    for optimiser in optimisers:
        optimiser.step()
    return [{**losses, "gradient_norm": norm.detach()} for losses in told]


def sample_key(seed: int, sample: int) -> int:
    """The seed of what is drawn for sample number ``sample`` of a run and those that go through with it."""
    return int.from_bytes(hashlib.sha256(f"{seed} {sample}".encode()).digest()[:8], "big") >> 1


def stage_at(recipe: Recipe, progress: float) -> Stage:
    """The stage that a run is in."""
    return next((s for s in recipe.stages if progress < s.until or s.until >= 1.0), recipe.stages[-1])


def drawn_at(recipe: Recipe, stage: Stage, samples: int, micro_batches: int) -> Stage:
    """What the step after so many samples draws: the stage's clips or, now and then, shorter ones.

    These are pictures or a quarter, half or three quarters of the clip; as many that a step takes about as
    long, words reckoned as one more frame.
    """
    dice = random.Random(sample_key(recipe.seed, samples))
    if dice.random() >= stage.shorter:
        return stage
    rest = stage.frames - 1
    quarters = 0 if dice.random() < 0.5 else dice.randint(1, 3)
    frames = 1 + rest * quarters // 4
    clips = stage.batch * (stage.frames + 1) // (frames + 1)
    return replace(stage, frames=frames, batch=clips - clips % micro_batches)


def seed_everything(seed: int) -> None:
    """Seed the generators that layers use without being handed one."""
    random.seed(seed)
    torch.manual_seed(seed)


def _show(
    task: Task, average: MovingAverage, out: Path, stage: Stage, step: int, lines: TextIO
) -> dict[str, float]:
    """Let the task show itself with averaged parameters, disturbing no generator, and note the measures."""
    with average.applied(), torch.random.fork_rng(), sheets(out) as folder:
        for network in task.networks.values():
            network.eval()
        measures = task.samples(folder, stage, f"{step:07d}")
        for network in task.networks.values():
            network.train()
    if measures:
        lines.write(json.dumps({"step": step, **{name: round(v, 5) for name, v in measures.items()}}) + "\n")
    return measures


def _told(speed: Speed | None) -> dict[str, float]:
    return {} if speed is None else speed.told()


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


def _culprit(told: list[dict[str, Tensor]], task: Task) -> str:
    """Name what went wrong first: a loss, else the gradient of a parameter."""
    for losses in told:
        for name, value in losses.items():
            if name != "total" and not bool(torch.isfinite(value).all()):
                return f"the loss {name!r}"
    for name, network in task.networks.items():
        for path, parameter in network.named_parameters():
            gradient = None if parameter.grad is None else distributed.local(parameter.grad)
            if gradient is not None and not bool(torch.isfinite(gradient).all()):
                return f"the gradient of {name}.{path}"
    return "the total loss"


def _table(recipe: Recipe, report: Report) -> Table:
    table = Table(title=f"{recipe.name}: {'finished' if report.finished else 'paused'}")
    table.add_column("what")
    table.add_column("value", justify="right")
    table.add_row("steps", str(report.step))
    table.add_row("minutes", f"{report.seconds / 60:.1f}")
    for name, value in (report.losses | report.measures).items():
        table.add_row(name, f"{value:.5f}")
    if report.speed is not None:
        table.add_row("tokens/s", f"{report.speed.tokens_per_second:,.0f}")
        table.add_row("TFLOP/s", f"{report.speed.flops_per_second / 1e12:.3g}")
        share = f"{report.speed.mfu:.1%} of {report.speed.matmul / 1e12:.3g} TFLOP/s"
        table.add_row("MFU, of a measured matrix product", share)
    table.add_row("weights", str(report.weights))
    return table


def _path(path: str | Path | None) -> Path | None:
    return None if path is None else Path(path)
