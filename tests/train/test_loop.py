"""The loop: interrupted and resumed runs equal whole ones to the bit, and nothing wrong passes silently."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from rich.console import Console
from torch import Tensor, nn

from ozora.errors import OzoraError
from ozora.model.checkpoint import load_training_state, load_weights
from ozora.train.loop import Budget, Report, run, seed_everything, train
from ozora.train.recipe import OptimiserRecipe, Recipe, Stage
from ozora.train.tasks import Task

QUIET = Console(quiet=True)
TOY = Recipe(
    name="toy",
    size="toy",
    minutes=1,
    stages=(Stage(0.5, 1, 8), Stage(1.0, 1, 4)),
    optimiser=OptimiserRecipe(rate=0.05, matrix_rate=0.05),
)


class Line:
    """A two-layer network with dropout that learns a line: every part of the loop, in milliseconds."""

    def __init__(self, poison_at: int = 10**9) -> None:
        seed_everything(0)
        self.network = nn.Sequential(nn.Linear(2, 8), nn.Dropout(0.1), nn.Linear(8, 1))
        self.networks: dict[str, nn.Module] = {"line": self.network}
        self.rate_factors: dict[str, float] = {}
        self.poison_at, self.calls, self.shown, self.batches = poison_at, 0, 0, []  # type: ignore[var-annotated]

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        return name == "line.0.weight"

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        self.calls += 1
        self.batches.append(stage.batch)
        x = torch.randn(stage.batch, 2, generator=generator)
        error = (self.network(x)[:, 0] - x[:, 0] + 2 * x[:, 1]).square().mean()
        if self.calls == self.poison_at:
            error = error * float("nan")
        return {"total": error, "error": error}

    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        self.shown += 1
        torch.rand(1)  # showing may use any generator without changing the run
        return {"shown": float(self.shown)}

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        path = folder / "line.pt"
        torch.save(self.network.state_dict(), path)
        return path

    def compile(self) -> None:
        raise AssertionError("only on a GPU, or where it is asked for")


def go(task: Task, out: Path, budget: Budget, state: dict[str, Any] | None = None) -> Report:
    return run(TOY, task, budget, out, torch.device("cpu"), state, QUIET)


def lines(folder: Path) -> list[dict[str, float]]:
    return [json.loads(line) for line in (folder / "losses.jsonl").read_text().splitlines()]


def test_interrupted_and_resumed_equals_uninterrupted_to_the_bit(tmp_path: Path) -> None:
    go(Line(), tmp_path / "whole", Budget(60, steps=40))
    for stop in (7, 23, 40):
        path = tmp_path / "parts" / "state.pt"
        state = load_training_state(path) if path.exists() else None
        report = go(Line(), tmp_path / "parts", Budget(60, steps=40, pause=stop), state)
        assert report.step == stop
        assert report.finished == (stop == 40)
    whole, parts = (load_training_state(tmp_path / name / "state.pt") for name in ("whole", "parts"))
    for group in ("networks", "average"):
        flat = [_flat(state[group]) for state in (whole, parts)]
        assert flat[0].keys() == flat[1].keys()
        assert all(torch.equal(flat[0][name], flat[1][name]) for name in flat[0])
    losses = [
        {line["step"]: line["total"] for line in lines(tmp_path / n) if "total" in line}
        for n in ("whole", "parts")
    ]
    assert losses[0] == losses[1]


def test_on_a_processor_networks_are_compiled_when_that_is_asked_for(tmp_path: Path) -> None:
    class Compiled(Line):
        def compile(self) -> None:
            self.network.compile(backend="eager")
            self.compiled = True

    for name, asked in (("as it is", False), ("compiled", True)):
        task, recipe = Compiled(), replace(TOY, compile_on_cpu=asked)
        run(recipe, task, Budget(60, steps=9), tmp_path / name, torch.device("cpu"), None, QUIET)
        assert hasattr(task, "compiled") == asked
    assert [line["total"] for line in lines(tmp_path / "as it is") if "total" in line] == [
        line["total"] for line in lines(tmp_path / "compiled") if "total" in line
    ]


def test_lines_of_steps_that_a_crash_undid_are_forgotten(tmp_path: Path) -> None:
    go(Line(), tmp_path, Budget(60, steps=9, pause=4))
    with (tmp_path / "losses.jsonl").open("a") as file:
        file.write('{"step": 5, "total": 9.0}\n{"step": 6, "tot')
    go(Line(), tmp_path, Budget(60, steps=9), load_training_state(tmp_path / "state.pt"))
    steps = [line["step"] for line in lines(tmp_path) if "total" in line]
    assert steps == list(range(1, 10))
    assert 9.0 not in [line.get("total") for line in lines(tmp_path)]


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, Tensor]:
    flat: dict[str, Tensor] = {}
    for name, value in tree.items():
        flat |= _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name: value}
    return flat


def test_losses_fall_and_the_average_is_exported(tmp_path: Path) -> None:
    task = Line()
    report = go(task, tmp_path, Budget(60, steps=150))
    told = [line["total"] for line in lines(tmp_path) if "total" in line]
    assert sum(told[-10:]) < sum(told[:10]) / 5
    exported = torch.load(report.weights)
    assert not torch.equal(exported["0.weight"], task.network[0].weight)
    state = load_training_state(tmp_path / "state.pt")
    assert torch.equal(exported["0.weight"], state["average"]["line.0.weight"])


def test_the_clock_ends_a_run_and_stages_follow_it(tmp_path: Path) -> None:
    task = Line()
    report = go(task, tmp_path, Budget(1.0))
    assert report.finished
    assert 1.0 <= report.seconds < 3.0
    assert set(task.batches) == {8, 4}
    assert task.batches == sorted(task.batches, reverse=True)
    assert task.shown >= 9


def test_a_pause_keeps_the_clock_of_the_whole_run(tmp_path: Path) -> None:
    first = go(Line(), tmp_path, Budget(1.0, pause=0.3))
    assert not first.finished
    again = go(Line(), tmp_path, Budget(1.0), load_training_state(tmp_path / "state.pt"))
    assert again.finished
    assert again.step > first.step
    assert again.seconds < 2.0


def test_values_that_are_not_finite_stop_the_run_with_the_culprits_name(tmp_path: Path) -> None:
    with pytest.raises(OzoraError, match="the loss 'error' is not finite"):
        go(Line(poison_at=3), tmp_path, Budget(60, steps=10))


def test_a_poisoned_gradient_is_named_by_its_parameter(tmp_path: Path) -> None:
    task = Line()
    task.network[2].weight.register_hook(lambda gradient: gradient * float("inf"))
    with pytest.raises(OzoraError, match=r"the gradient of line\.2\.weight"):
        go(task, tmp_path, Budget(60, steps=10))


SMALL_TEXT = ("shots=24", "stages.0.batch=4", "sample_every=0.9")


def text_run(out: Path, *, resume: Path | None = None, steps: int = 4, pause: float | None = None) -> Report:
    return train(
        "micro_text",
        out=out,
        resume=resume,
        steps=steps,
        pause=pause,
        overrides=SMALL_TEXT,
        device="cpu",
        quiet=True,
    )


def test_a_real_network_resumes_to_the_bit_and_its_export_is_the_same_file(tmp_path: Path) -> None:
    text_run(tmp_path / "whole")
    text_run(tmp_path / "parts", pause=2)
    text_run(tmp_path / "parts", resume=tmp_path / "parts")
    ours, _ = load_weights(tmp_path / "whole" / "text.safetensors")
    theirs, facts = load_weights(tmp_path / "parts" / "text.safetensors")
    assert all(torch.equal(ours[name], theirs[name]) for name in ours)
    assert facts["steps"] == 4
    assert facts["recipe"] == "micro_text"
    assert facts["settings"]["shots"] == 24


def test_a_new_run_may_begin_with_an_earlier_ones_weights(tmp_path: Path) -> None:
    first = text_run(tmp_path / "first", steps=1)
    still = (*SMALL_TEXT, "optimiser.rate=0", "optimiser.matrix_rate=0")
    again = train(
        "micro_text",
        out=tmp_path / "again",
        start=first.out,
        steps=1,
        overrides=still,
        device="cpu",
        quiet=True,
    )
    before, after = load_weights(first.weights)[0], load_weights(again.weights)[0]
    assert again.step == 1
    assert all(torch.allclose(before[name], after[name], atol=1e-6) for name in before)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ({"minutes": 0.0}, "minutes"),
        ({"steps": 0}, "steps"),
        ({"resume": "nowhere"}, "resume"),
        ({"overrides": ("shot=3",)}, "did you mean 'shots'"),
    ],
)
def test_bad_requests_are_refused_before_anything_is_written(
    tmp_path: Path, arguments: dict[str, Any], told: str
) -> None:
    with pytest.raises(OzoraError, match=told):
        train("micro_text", out=tmp_path / "out", quiet=True, device="cpu", **arguments)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("recipe", ["micro_autoencoder", "micro_transformer", "micro_probe"])
def test_a_run_without_its_input_says_where_to_get_it(tmp_path: Path, recipe: str) -> None:
    with pytest.raises(OzoraError, match=r"footage|latents"):
        train(recipe, out=tmp_path / "out", steps=1, quiet=True, device="cpu")
    assert not (tmp_path / "out").exists()


def test_a_folder_with_a_run_is_not_overwritten_and_another_run_not_resumed(tmp_path: Path) -> None:
    go(Line(), tmp_path, Budget(60, steps=1))
    with pytest.raises(OzoraError, match="--resume"):
        text_run(tmp_path)
    with pytest.raises(OzoraError, match="a run of toy"):
        text_run(tmp_path, resume=tmp_path)


def test_a_line_per_step_at_most_and_measures_beside_losses(tmp_path: Path) -> None:
    go(Line(), tmp_path, Budget(60, steps=30))
    written: Sequence[dict[str, float]] = lines(tmp_path)
    assert [line["step"] for line in written if "total" in line] == list(range(1, 31))
    assert [line["step"] for line in written if "shown" in line][-1] == 30
