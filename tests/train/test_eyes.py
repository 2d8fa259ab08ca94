"""Training eyes: they learn, their weights say what they are for, and nobody else may use them."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ozora.cli import run
from ozora.errors import OzoraError, WeightsError
from ozora.model.checkpoint import load_weights
from ozora.model.eyes import load_eyes
from ozora.train.augment_eyes import SpoilSettings, spoil_film
from ozora.train.eyes import EyesTask, eyes_config
from ozora.train.loop import train
from ozora.train.losses_eyes import NOT_ASKED, centre_loss, depth_loss, targets, trait_of
from ozora.train.recipe import Stage
from ozora.train.recipes import get_recipe
from ozora.train.tasks import Inputs
from ozora.train.truths import TruthBank, tell_truth
from ozora.world.shot import Shot, Subject


@pytest.fixture(scope="module")
def told(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("told") / "clips"
    shutil.copytree(clips, folder)
    tell_truth(folder)
    return folder


@pytest.fixture(scope="module")
def trained(told: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Weights of both copies after a few steps."""
    found = {}
    for name in ("micro_eyes", "micro_eyes_perception"):
        recipe = replace(get_recipe(name), stages=(Stage(0.5, 1, 1), Stage(1.0, 3, 1)), sample_every=2.0)
        out = tmp_path_factory.mktemp(name)
        found[name] = train(recipe, out=out, footage=[told], steps=2, quiet=True).weights
    return found


def test_both_copies_differ_in_all_that_could_make_them_alike(trained: dict[str, Path]) -> None:
    judge, teacher = (get_recipe(name) for name in ("micro_eyes", "micro_eyes_perception"))
    assert judge.seed != teacher.seed and judge.size != teacher.size
    assert judge.spoil != teacher.spoil  # type: ignore[attr-defined]
    about = {name: load_weights(path)[1] for name, path in trained.items()}
    assert about["micro_eyes"]["purpose"] == "evaluation"
    assert about["micro_eyes_perception"]["purpose"] == "perception"
    assert about["micro_eyes"]["config"] != about["micro_eyes_perception"]["config"]


def test_who_judges_never_teaches(trained: dict[str, Path], clips: Path, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="trained for evaluation, not for perception"):
        train("micro_autoencoder", out=tmp_path / "a", footage=[clips], eyes=trained["micro_eyes"], steps=1)
    assert not (tmp_path / "a").exists()  # refused before anything was begun
    with pytest.raises(WeightsError, match="trained for perception, not for evaluation"):
        load_eyes(trained["micro_eyes_perception"], "evaluation")
    assert load_eyes(trained["micro_eyes"], "evaluation").config.name == "micro"


def test_an_autoencoder_feels_what_the_eyes_feel_only_if_it_is_given_eyes(
    trained: dict[str, Path], clips: Path, tmp_path: Path
) -> None:
    settings = ["window=0", "statistics_clips=8", "stages.2.frames=5"]
    runs = [
        train(
            "micro_autoencoder", out=tmp_path / name, footage=[clips], steps=1, overrides=settings,
            quiet=True, eyes=eyes,
        )
        for name, eyes in (("a", None), ("b", trained["micro_eyes_perception"]))
    ]  # fmt: skip
    plain, felt = runs
    assert "perceptual" not in plain.losses and felt.losses["perceptual"] > 0
    expected = plain.losses["total"] + 0.1 * felt.losses["perceptual"]
    assert felt.losses["total"] == pytest.approx(expected, rel=1e-3)


def test_eyes_that_ship_can_be_asked_for_by_that_word(clips: Path, tmp_path: Path) -> None:
    few = ["window=0", "statistics_clips=8", "stages.2.frames=5"]
    asked = [word for override in few for word in ("--set", override)]
    arguments = ["--out", str(tmp_path / "a"), "--footage", str(clips), "--eyes", "shipped", "--steps", "1"]
    assert run(["train", "micro_autoencoder", *arguments, *asked]) == 0
    first = json.loads((tmp_path / "a" / "losses.jsonl").read_text().splitlines()[0])
    assert first["perceptual"] > 0


def test_eyes_learn_what_they_are_shown(told: Path, tmp_path: Path) -> None:
    recipe = replace(get_recipe("micro_eyes"), stages=(Stage(1.0, 3, 2),), sample_every=2.0)
    report = train(recipe, out=tmp_path, footage=[told], steps=24, quiet=True)
    lines = map(json.loads, (tmp_path / "losses.jsonl").read_text().splitlines())
    totals = [line["total"] for line in lines if "total" in line]
    assert sum(totals[-5:]) < 0.75 * sum(totals[:5])
    assert report.measures["clean_class_cells"] > 0.3


def test_a_zoomed_lesson_is_drawn_under_mixed_precision(told: Path) -> None:
    """As on a GPU: truth in float16 is put together, and the loss is that of float32 nearly."""
    recipe = replace(get_recipe("micro_eyes"), zoomed=1.0, decoded_share=0.0)
    torch.manual_seed(0)
    task = EyesTask(recipe, Inputs(footage=(told,)), torch.device("cpu"))
    totals = []
    for mixed in (False, True):
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            losses = task.losses(torch.Generator().manual_seed(7), Stage(1.0, 3, 2), 0.0)
        totals.append(float(losses["total"].detach()))
    assert totals[1] == pytest.approx(totals[0], rel=0.03) and totals[0] != totals[1]


def test_targets_ask_only_what_a_picture_tells(told: Path) -> None:
    lesson = TruthBank([told]).draw(torch.Generator().manual_seed(0), 2, 1)
    config = eyes_config("micro")
    truth = targets(config, lesson.truths, lesson.clips.shots)
    nobody = lesson.truths.ids == 0
    assert all(bool((labels[nobody] == NOT_ASKED).all()) for labels in truth.traits.values())
    aims = truth.offset.round()
    for row, ids in enumerate(lesson.truths.ids[:, 0]):
        for number in {int(n) for n in ids.unique()} - {0}:
            rows, columns = torch.nonzero(ids == number, as_tuple=True)
            right, down = aims[row, 0][:, ids == number]
            goal = torch.stack((columns + right, rows + down))
            assert len(goal.unique(dim=1)[0]) == 1  # all cells of an instance point at one place
    grey = Shot((Subject("fox"),), look="sepia")
    assert trait_of(grey, 1, "colour") is None and trait_of(grey, 1, "size") == "medium"
    changing = Shot((Subject("fox", action="walk", then="run"),))
    assert trait_of(changing, 1, "action") is None


def test_losses_are_least_at_the_truth() -> None:
    centre = torch.zeros(1, 1, 8, 8)
    centre[..., 3, 4] = 1.0
    right, wrong = 8 * (2 * centre - 1), 8 * (1 - 2 * centre)
    assert centre_loss(right, centre) < 0.01 < centre_loss(wrong, centre)
    depth = torch.rand(1, 1, 8, 8)
    all_of_it = torch.ones(1, 1, 8, 8, dtype=torch.bool)
    assert float(depth_loss(depth, depth, all_of_it)) == 0
    assert float(depth_loss(depth + 1, depth, all_of_it)) == pytest.approx(0.5)  # scale alone counts half
    assert float(depth_loss(depth + 1, depth, ~all_of_it)) == 0


def test_spoiling_keeps_size_and_range_and_repeats_itself() -> None:
    film = torch.rand(4, 3, 3, 32, 64) * 2 - 1
    always = SpoilSettings(untouched=0)
    once, again = (spoil_film(film, torch.Generator().manual_seed(1), always) for _ in range(2))
    assert once.shape == film.shape and torch.equal(once, again) and not torch.equal(once, film)
    assert float(once.abs().max()) <= 1.2
    untouched = spoil_film(film, torch.Generator().manual_seed(1), SpoilSettings(untouched=1.1))
    assert torch.equal(untouched, film)


def test_a_purpose_must_be_known(told: Path, tmp_path: Path) -> None:
    with pytest.raises(OzoraError, match="purpose"):
        train("micro_eyes", out=tmp_path / "x", footage=[told], steps=1, overrides=["purpose=both"])
