"""Plans add up, and a run tells how fast it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ozora.cli import run
from ozora.cli.plans import short
from ozora.train.flops import Flops
from ozora.train.loop import train
from ozora.train.plan import plan
from ozora.train.recipes import RECIPES, get_recipe
from ozora.train.speed import Speedometer, Work, matmul_rate


@pytest.mark.parametrize("name", ["micro_transformer", "base_transformer", "large_transformer"])
def test_the_time_of_a_plan_is_its_arithmetic_over_its_speed(name: str) -> None:
    recipe = RECIPES[name]()
    found = plan(recipe)
    speed = recipe.machine.matmul * recipe.machine.mfu * recipe.devices
    assert found.flops / speed == pytest.approx(recipe.minutes * 60)
    assert found.cost == pytest.approx(found.device_hours * recipe.machine.price)
    assert found.memory > found.state + found.gathered


@pytest.mark.parametrize("name", [name for name in RECIPES if name.startswith(("mini_", "base_", "large_"))])
def test_every_run_on_a_gpu_fits_into_its_memory(name: str) -> None:
    assert plan(RECIPES[name]()).memory < 130e9  # of the 139 GiB of an H200


@pytest.mark.parametrize("name", sorted(RECIPES))
def test_every_recipe_can_be_planned(name: str) -> None:
    found = plan(RECIPES[name]())
    assert all(part.clips > 0 and part.activations > 0 for part in found.stages)
    assert found.flops > 1e9 and all(count > 1e4 for count in found.parameters.values())


def test_a_student_costs_its_teachers_passes_too() -> None:
    student, teacher = (
        plan(RECIPES[f"micro_{name}"]()).stages[-1].per_clip for name in ("student", "transformer")
    )
    # By its recipe 8.4 passes of the teacher and 1.9 of its own before the one that it learns from.
    assert 8 < student.forward / teacher.forward < 11.4
    assert student.backward < teacher.backward


def test_a_verdict_on_films_costs_three_more_looks_at_them() -> None:
    plain, told = (
        plan(get_recipe("micro_matching", [f"verdict={weight}"])) for weight in (0.0, 0.5)
    )
    one = plan(RECIPES["micro_transformer"]()).stages[-1].per_clip
    more = told.stages[-1].per_clip.forward - plain.stages[-1].per_clip.forward
    assert 2.4 < more / one.forward < 3.4
    assert told.parameters.keys() - plain.parameters.keys() == {"verdict"}


def test_a_decoder_of_refined_films_paints_four_times_the_pixels() -> None:
    full, half = (
        plan(get_recipe("micro_clear", [f"half_size={share}"])).stages[-1].per_clip.forward
        for share in (0.0, 1.0)
    )
    assert 2.0 < full / half < 4.0  # the head of half-size batches paints some frames twice as large


def test_the_larger_sizes_are_as_large_as_they_say() -> None:
    base, large = (plan(RECIPES[f"{size}_transformer"]()) for size in ("base", "large"))
    assert 290e6 < base.parameters["transformer"] < 310e6
    assert 1.95e9 < large.parameters["transformer"] < 2.1e9
    assert base.memory < large.memory < 80e9  # what a usual GPU has
    for found in (base, large):
        # Six for each parameter and token, as is often said, and attention on top of it.
        per_token = found.stages[-1].per_clip
        cells = found.recipe.cells[0] * found.recipe.cells[1] * 13
        plain = 6 * found.parameters["transformer"] * cells
        assert 0.6 * plain < per_token.step - per_token.attention < 1.1 * plain


def test_more_devices_see_more_clips_and_hold_less() -> None:
    some, more = (plan(get_recipe("base_transformer", [f"devices={count}"])) for count in (2, 8))
    assert more.stages[-1].clips == pytest.approx(4 * some.stages[-1].clips)
    assert more.state == pytest.approx(some.state / 4)
    assert more.cost == pytest.approx(4 * some.cost)


def test_routing_makes_clips_cheaper() -> None:
    routed, dense = (plan(get_recipe("base_transformer", [f"route={share}"])) for share in (0.5, 0.0))
    assert routed.stages[0].per_clip.step < 0.8 * dense.stages[0].per_clip.step
    assert routed.stages[-1].clips > dense.stages[-1].clips


def test_the_command_shows_one_plan_or_compares_several(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["plan", "base_transformer", "--set", "machine.price=2"]) == 0
    told = capsys.readouterr().out
    assert "298 M" in told and "192.00 USD" in told
    assert run(["plan", "base_transformer", "micro_text"]) == 0
    told = capsys.readouterr().out
    assert "micro_text" in told and "240.00" in told and "4 min" in told
    assert run(["plan", "huge_transformer"]) == 2
    assert (short(999), short(31_100_000), short(2.4e21)) == ("999", "31.1 M", "2.4 Z")


def test_a_speedometer_counts_steps_only_and_forgets_after_each_line() -> None:
    work, device = Work(), torch.device("cpu")
    meter = Speedometer(work, device)
    assert meter.overall() is None
    for seconds in (1.0, 3.0):
        work.add(tokens=8, flops=Flops(1e9, 2e9))
        meter.step(seconds)
        speed = meter.since_last()
        assert speed is not None and speed.flops_per_second == pytest.approx(3e9 / seconds)
    whole = meter.overall()
    assert whole is not None and whole.tokens_per_second == pytest.approx(16 / 4)
    assert whole.mfu == pytest.approx(1.5e9 / matmul_rate(device))
    assert Speedometer(None, device).overall() is None


def test_a_run_logs_its_speed_against_the_machine_s_matrix_product(tmp_path: Path) -> None:
    small = ("shots=24", "stages.0.batch=8", "sample_every=0.9")
    report = train("micro_text", out=tmp_path, steps=3, overrides=small, device="cpu", quiet=True)
    lines = [json.loads(line) for line in (tmp_path / "losses.jsonl").read_text().splitlines()]
    assert all(line["mfu"] > 0 for line in lines if "total" in line)
    assert lines[-1]["overall"]["tokens_per_second"] > 0
    assert report.speed is not None
    assert report.speed.mfu == pytest.approx(report.speed.flops_per_second / matmul_rate(torch.device("cpu")))
