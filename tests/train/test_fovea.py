"""Training a second look: the eyes stay as they are, the fovea learns, and knows whom it was not asked."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ozora.errors import OzoraError
from ozora.model.checkpoint import load_weights
from ozora.model.eyes import Seen, load_eyes
from ozora.train.eyes import eyes_config
from ozora.train.footage import shoot
from ozora.train.fovea import FoveaTask, _stands_for, glimpse_loss, questions, shaken
from ozora.train.loop import train
from ozora.train.losses_eyes import NOT_ASKED
from ozora.train.recipe import FoveaRecipe, Stage
from ozora.train.recipes import get_recipe
from ozora.train.tasks import Inputs
from ozora.train.truths import TruthBank


def small(sample_every: float = 2.0) -> FoveaRecipe:
    recipe = replace(get_recipe("micro_fovea"), stages=(Stage(1.0, 1, 4),), sample_every=sample_every)
    assert isinstance(recipe, FoveaRecipe)
    return recipe


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Eight stills with somebody in them."""
    folder = tmp_path_factory.mktemp("people") / "stills"
    shoot(folder, 8, seed=11, width=128, height=64, frames=1)
    return folder


@pytest.fixture(scope="module")
def eyes(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of eyes after a few steps on footage whose truth was never told."""
    out = tmp_path_factory.mktemp("eyes")
    recipe = replace(get_recipe("micro_eyes"), stages=(Stage(1.0, 1, 2),), sample_every=2.0, ids_only=True)
    train(recipe, out=out, footage=[clips], steps=2, quiet=True)
    return out


def test_a_fovea_learns_and_the_eyes_stay_as_they_are(eyes: Path, clips: Path, tmp_path: Path) -> None:
    recipe = small(sample_every=0.5)
    report = train(recipe, out=tmp_path / "a", footage=[clips], start=eyes, steps=30, quiet=True)
    lines = map(json.loads, (tmp_path / "a" / "losses.jsonl").read_text().splitlines())
    totals = [line["total"] for line in lines if "total" in line]
    assert sum(totals[-6:]) < 0.85 * sum(totals[:6])
    before, after = load_weights(eyes / "eyes.safetensors")[0], load_weights(report.weights)[0]
    near = {name for name in after if name.startswith("fovea.")}
    assert after.keys() - near == before.keys() and near
    assert all(torch.equal(before[name], after[name]) for name in before)
    seen = load_eyes(report.weights, "evaluation")
    assert seen.config.fovea and seen.fovea is not None
    assert list((tmp_path / "a" / "samples").glob("*.png"))


def test_the_same_steps_in_two_parts_are_the_same_fovea(eyes: Path, clips: Path, tmp_path: Path) -> None:
    whole = train(small(), out=tmp_path / "a", footage=[clips], start=eyes, steps=6, quiet=True)
    first = {"out": tmp_path / "b", "footage": [clips], "steps": 6, "quiet": True}
    train(small(), start=eyes, pause=3, **first)  # type: ignore[arg-type]
    again = train(small(), resume=tmp_path / "b", **first)  # type: ignore[arg-type]
    one, other = (load_weights(report.weights)[0] for report in (whole, again))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_what_to_begin_with_is_said_and_a_second_look_is_not_lost_by_accident(
    eyes: Path, clips: Path, tmp_path: Path
) -> None:
    given = {"footage": [clips], "steps": 1, "quiet": True}
    with pytest.raises(OzoraError, match=r"^start: got 'nothing', allowed: a folder with eyes"):
        train(small(), out=tmp_path / "a", **given)  # type: ignore[arg-type]
    assert not (tmp_path / "a").exists()
    seeing = train(small(), out=tmp_path / "b", start=eyes, **given).weights  # type: ignore[arg-type]
    again = replace(get_recipe("micro_eyes"), stages=(Stage(1.0, 1, 2),), sample_every=2.0, ids_only=True)
    with pytest.raises(OzoraError, match=r"'eyes.safetensors with a fovea', allowed: those .* fovea=true"):
        train(again, out=tmp_path / "c", start=seeing.parent, **given)  # type: ignore[arg-type]
    kept = train(replace(again, fovea=True), out=tmp_path / "d", start=seeing.parent, **given).weights  # type: ignore
    one, other = load_weights(seeing)[0], load_weights(kept)[0]
    near = [name for name in one if name.startswith("fovea.")]
    assert near and all(torch.equal(one[name], other[name]) for name in near)
    assert any(not torch.equal(one[name], other[name]) for name in one if name not in near)


def test_two_copies_differ_and_say_what_they_are_for() -> None:
    judge, teacher = (get_recipe(name) for name in ("micro_fovea", "micro_fovea_perception"))
    assert isinstance(judge, FoveaRecipe) and isinstance(teacher, FoveaRecipe)
    assert judge.seed != teacher.seed and judge.spoil != teacher.spoil
    assert (judge.purpose, teacher.purpose) == ("evaluation", "perception")


def test_found_half_found_and_mistaken() -> None:
    ids = torch.zeros(8, 14, dtype=torch.uint8)
    ids[2:6, 2:6] = 1
    ids[0, 12:14] = 2  # too small to be asked for
    own = torch.zeros(8, 14, dtype=torch.bool)

    def found(rows: slice, columns: slice) -> int | None:
        here = own.clone()
        here[rows, columns] = True
        return _stands_for(here, ids)

    assert found(slice(2, 6), slice(2, 6)) == 1
    assert found(slice(2, 6), slice(3, 8)) == 1
    assert found(slice(2, 6), slice(5, 9)) is None or found(slice(2, 6), slice(5, 9)) == 0
    assert found(slice(2, 4), slice(2, 4)) is None  # a quarter: neither it nor nobody
    assert found(slice(6, 8), slice(8, 12)) == 0
    assert found(slice(0, 2), slice(11, 14)) is None  # whoever is there is too small to say
    assert _stands_for(own | True, torch.zeros_like(ids)) == 0


def test_questions_are_about_whom_the_eyes_found_and_whom_they_missed(
    clips: Path, seen_by_hand: Callable[..., Seen]
) -> None:
    lesson = TruthBank([clips], ids_only=True).draw(torch.Generator().manual_seed(3), 1, 1)
    shot, ids = lesson.clips.shots[0], lesson.truths.ids[0, 0]
    config = eyes_config("micro")
    task = FoveaTask(small(), Inputs(footage=(clips,)), torch.device("cpu"))
    height, width = ids.shape
    empty = next(
        (row, column)
        for row in range(1, height - 1)
        for column in range(1, width - 1)
        if not bool(ids[max(0, row - 2) : row + 3, max(0, column - 2) : column + 3].any())
    )
    seen = seen_by_hand(config, [(*empty, 0)], height, width)
    video = lesson.clips.large
    asked = questions(task.eyes, seen, lesson, video, everybody=True)
    nobody = len(config.subjects)
    assert int(asked.kinds[0]) == nobody
    assert all(int(labels[0]) == NOT_ASKED for labels in asked.traits.values())
    there = [int(n) for n in ids.unique() if n > 0 and int((ids == n).sum()) >= 4]
    assert there
    kinds = [shot.subjects[shot.instances[n - 1]].kind for n in there]
    assert [config.subjects[int(k)] for k in asked.kinds[1:]] == kinds
    assert bool((asked.cells[1:].sum((1, 2)) >= 4).all()) and asked.pictures.shape[0] == 1 + len(there)
    only_found = questions(task.eyes, seen, lesson, video, everybody=False)
    assert only_found.kinds.tolist() == [nobody]


def test_a_batch_in_which_nobody_is_teaches_nothing(clips: Path, seen_by_hand: Callable[..., Seen]) -> None:
    task = FoveaTask(small(), Inputs(footage=(clips,)), torch.device("cpu"))
    lesson = TruthBank([clips], ids_only=True).draw(torch.Generator().manual_seed(0), 1, 1)
    seen = seen_by_hand(task.eyes.config, [], *lesson.truths.ids.shape[-2:])
    asked = questions(task.eyes, seen, lesson, lesson.clips.large, everybody=False)
    assert len(asked.kinds) == 0 and asked.pictures.shape[0] == 0
    assert task.eyes.fovea is not None
    told = task.eyes.fovea(torch.zeros(0, 4, 64, 64), torch.zeros(0, 3))
    total, parts = glimpse_loss(told, asked, 0.5)
    total.backward()
    assert float(total.detach()) == 0 and set(parts) == {"kinds", "traits"}


def test_windows_shake_within_their_bounds_and_repeat_themselves() -> None:
    around = torch.tensor([[50.0, 40.0, 30.0]]).expand(200, 3)
    once, again = (shaken(around, 0.1, 0.5, torch.Generator().manual_seed(2)) for _ in range(2))
    assert torch.equal(once, again)
    assert float((once[:, :2] - around[:, :2]).abs().max()) <= 3.0 + 1e-4
    assert 20.0 - 1e-3 <= float(once[:, 2].min()) < 21 and 44 < float(once[:, 2].max()) <= 45.0 + 1e-3
