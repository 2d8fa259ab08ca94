"""Training what reads the camera: it learns, the rest of the probe stays, and a mirror changes no move."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ozora.errors import OzoraError
from ozora.evaluate.probe import load_probe
from ozora.model.checkpoint import load_weights, save_weights
from ozora.model.motion import GRID, STEPS
from ozora.model.probe import Probe, probe_config
from ozora.train.camera import CAMERA_WIDTH, CameraTask, spoilt_motion
from ozora.train.footage import shoot
from ozora.train.loop import Report, train
from ozora.train.losses_probe import UNKNOWN
from ozora.train.recipe import CameraRecipe, Stage
from ozora.train.recipes import get_recipe
from ozora.train.tasks import Inputs
from ozora.world import concepts

BLOCKS = GRID[0] * GRID[1]


def small() -> CameraRecipe:
    recipe = replace(get_recipe("micro_camera"), stages=(Stage(1.0, 9, 4),), sample_every=2.0, learnt=24)
    assert isinstance(recipe, CameraRecipe)
    return recipe


@pytest.fixture(scope="module")
def moves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight short clips, filmed by several cameras."""
    folder = tmp_path_factory.mktemp("moves") / "clips"
    shoot(folder, 8, seed=3, width=64, height=32, frames=9)
    return folder


@pytest.fixture(scope="module")
def probe(moves: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("probe")
    recipe = replace(get_recipe("micro_probe"), stages=(Stage(1.0, 9, 2),), sample_every=2.0)
    train(recipe, out=out, footage=[moves], steps=2, quiet=True)
    return out


def test_the_camera_is_learnt_and_the_rest_of_the_probe_stays(
    probe: Path, moves: Path, tmp_path: Path
) -> None:
    report = train(small(), out=tmp_path / "a", footage=[moves], start=probe, steps=60, quiet=True)
    lines = map(json.loads, (tmp_path / "a" / "losses.jsonl").read_text().splitlines())
    totals = [line["total"] for line in lines if "total" in line]
    assert sum(totals[-5:]) < 0.8 * sum(totals[:5])
    before, after = load_weights(probe / "probe.safetensors")[0], load_weights(report.weights)[0]
    learnt = {name for name in after if name.startswith("camera.")}
    gone = {name for name in before if name.startswith("answers.camera.")}
    assert after.keys() - learnt == before.keys() - gone and learnt and gone
    assert all(torch.equal(before[name], after[name]) for name in before.keys() - gone)
    assert load_probe(report.weights).config.camera == CAMERA_WIDTH
    assert load_probe(probe / "probe.safetensors").config.camera == 0


def test_a_stopped_run_goes_on_and_one_from_nothing_is_refused(
    probe: Path, moves: Path, tmp_path: Path
) -> None:
    train(small(), out=tmp_path / "b", footage=[moves], start=probe, steps=6, pause=3, quiet=True)
    report = train(small(), out=tmp_path / "b", footage=[moves], resume=tmp_path / "b", steps=6, quiet=True)
    assert load_probe(report.weights).config.camera == CAMERA_WIDTH
    with pytest.raises(OzoraError, match=r"probe\.safetensors"):
        train(small(), out=tmp_path / "c", footage=[moves], steps=2, quiet=True)


def test_a_probe_of_few_words_learns_every_move_and_keeps_its_words(moves: Path, tmp_path: Path) -> None:
    known = {
        "subject": ("fox", "bird"), "place": ("sea",), "time": ("day", "night"), "action": ("walk", "run"),
        "camera": ("static", "pan"),
    }  # fmt: skip
    young = Probe(replace(probe_config(concepts.AXES), axes=tuple(known.items())))
    facts = {"network": "probe", "config": young.config.to_json(), "ledger_root": "known"}
    (tmp_path / "young").mkdir()
    save_weights(tmp_path / "young" / "probe.safetensors", young.state_dict(), facts)
    run, out = {"footage": [moves], "steps": 4, "quiet": True}, tmp_path / "d"
    train(small(), out=out, start=tmp_path / "young", pause=2, **run)  # type: ignore[arg-type]
    report = train(small(), out=out, resume=out, **run)  # type: ignore[arg-type]
    grown = dict(load_probe(report.weights).config.axes)
    assert grown == {**known, "camera": tuple(concepts.AXES["camera"])}


def test_what_was_looked_at_is_learnt_from_again_and_the_oldest_of_it_forgotten(moves: Path) -> None:
    task = CameraTask(replace(small(), kept=10), Inputs(footage=(moves,)), torch.device("cpu"))
    generator, sizes = torch.Generator().manual_seed(1), []
    for _ in range(6):
        losses = task.losses(generator, Stage(1.0, 9, 4), 0.5)
        assert torch.isfinite(losses["total"]) and 0 <= float(losses["right"]) <= 1
        sizes.append(len(task.looked))
    assert sizes == sorted(sizes) and sizes[-1] == 10
    clips = task.bank.draw(generator, 8, 9)
    asked = [not shot.cuts for shot in clips.shots]  # across a cut no move is asked for
    assert (task._moves(clips) != UNKNOWN).tolist() == asked


def test_films_are_looked_at_through_an_autoencoder_too(begun: Report, moves: Path) -> None:
    recipe = replace(small(), decoded_share=1.0)
    inputs = Inputs(footage=(moves,), autoencoder=begun.weights)
    task = CameraTask(recipe, inputs, torch.device("cpu"))
    with torch.autocast("cpu", torch.bfloat16):  # as the loop has it
        losses = task.losses(torch.Generator().manual_seed(1), Stage(1.0, 9, 4), 0.5)
    seen = torch.stack([motion for motion, _ in task.looked])
    assert torch.isfinite(losses["total"]) and seen.dtype == torch.float32 and seen.isfinite().all()


def test_motion_is_mirrored_as_a_picture_would_be_and_otherwise_little_changed() -> None:
    drift = torch.zeros(64, 20, len(STEPS), *GRID, 3)
    drift[..., 0] = torch.arange(GRID[1]).float() + 1  # every column goes right, each faster than the last
    drift[..., 2] = 1.0
    told = spoilt_motion(drift.flatten(3, 4), torch.Generator().manual_seed(2))
    assert told.shape[0] == 64 and 13 <= told.shape[1] <= 20 and told.shape[2:] == (len(STEPS), BLOCKS, 3)
    columns = told[..., 0].unflatten(3, GRID).mean((1, 2, 3))  # (64, 7)
    mirrored = columns.mean(1) < 0
    assert 0.25 < mirrored.float().mean() < 0.75
    assert (columns[~mirrored].diff(dim=1) > 0).all() and (columns[mirrored].diff(dim=1) > 0).all()
    assert told[..., 1].abs().mean() < 0.3
    assert 0.85 < told[..., 2].mean() < 0.95
