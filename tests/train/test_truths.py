"""The truth beside footage is that of its very frames."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch

from ozora.errors import OzoraError
from ozora.train.banks import FootageBank
from ozora.train.truths import CELL, UNKNOWN, TruthBank, open_truths, tell_truth, told_by_ids, truths_of
from ozora.world.film import film
from ozora.world.truth import CLASSES


@pytest.fixture(scope="module")
def told(clips: Path, stills: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Footage with its truth; two shards of pictures, of which one is not told."""
    folders = []
    for source in (clips, stills):
        folder = tmp_path_factory.mktemp("told") / source.name
        shutil.copytree(source, folder)
        assert tell_truth(folder) == 1
        folders.append(folder)
    return folders


def test_a_cell_belongs_to_whom_the_frame_shows_there(told: list[Path]) -> None:
    lesson = TruthBank(told).draw(torch.Generator().manual_seed(0), 4, 3)
    truths, ids = lesson.truths, lesson.clips.ids
    assert truths.classes.shape == (4, 3, 8, 16) and truths.flow.shape == (4, 2, 8, 16, 2)
    whole = ids.unflatten(2, (8, CELL)).unflatten(4, (16, CELL))  # (4, 3, 8, CELL, 16, CELL)
    low, high = whole.amin((3, 5)), whole.amax((3, 5))
    sure = (low == high) & (low < 100)
    assert sure.any() and torch.equal(truths.ids[sure], low[sure])
    for row, shot in zip(range(4), lesson.clips.shots, strict=True):
        kinds = {CLASSES[int(c)] for c in truths.classes[row][truths.ids[row] > 0].unique()}
        assert kinds <= {subject.kind for subject in shot.subjects}
        ground = truths.classes[row][(truths.ids[row] == 0) & (truths.classes[row] != UNKNOWN)].unique()
        assert {CLASSES[int(c)] for c in ground} <= {"backdrop", shot.place, shot.occluder}


def test_depth_is_that_of_the_whole_film(clips: Path) -> None:
    batch = FootageBank(clips).draw(torch.Generator().manual_seed(1), 1, 1)
    shot, start = batch.shots[0], batch.starts[0]
    told = truths_of(shot, [start], batch.ids[0])
    full = film(shot, 64, 32, frames=[start]).depth[0].float()
    near = full.unflatten(0, (8, CELL)).unflatten(2, (16, CELL))
    least, most = near.amin((1, 3)), near.amax((1, 3))
    depth = told.depth[0, 0].float()
    inside = (depth >= 0.98 * least) & (depth <= 1.02 * most) | torch.isinf(most)
    assert inside.float().mean() > 0.97
    ids_only = told_by_ids(shot, batch.ids[0])
    assert torch.equal(ids_only.ids, told.ids) and not ids_only.exact.any()


def test_the_mirror_image_of_a_mirror_image_is_itself(told: list[Path]) -> None:
    lesson = TruthBank(told).draw(torch.Generator().manual_seed(2), 2, 3)
    once, twice = lesson.mirrored(), lesson.mirrored().mirrored()
    assert torch.equal(once.truths.flow[..., 0], -lesson.truths.flow[..., 0].flip(3))
    assert torch.equal(once.truths.ids, lesson.truths.ids.flip(3))
    for name in ("depth", "flow", "seen", "classes", "ids", "exact"):
        assert torch.equal(getattr(twice.truths, name), getattr(lesson.truths, name))
    assert twice.clips.shots == lesson.clips.shots


def test_a_longer_lens_shows_a_part_larger_and_nearer_with_its_truth(told: list[Path]) -> None:
    lesson = TruthBank(told).draw(torch.Generator().manual_seed(2), 4, 3)
    once = lesson.zoomed(torch.Generator().manual_seed(0), 1.0)  # no longer at all
    assert torch.equal(once.clips.pixels, lesson.clips.pixels)
    for name in ("depth", "flow", "seen", "classes", "ids", "exact"):
        assert torch.equal(getattr(once.truths, name), getattr(lesson.truths, name))
    for seed in range(6):
        near = lesson.zoomed(torch.Generator().manual_seed(seed), 2.0)
        assert near.clips.pixels.shape == lesson.clips.pixels.shape
        whole = near.clips.ids.unflatten(2, (8, CELL)).unflatten(4, (16, CELL))
        low, high = whole.amin((3, 5)), whole.amax((3, 5))
        sure = (low == high) & (low < 100)  # cells that show one alone
        assert (near.truths.ids[sure] == low[sure]).float().mean() > 0.95
        for row in range(4):
            farthest = [float(one.truths.depth[row].max()) for one in (near, lesson)]
            assert farthest[0] <= farthest[1]
            shown, before = (set(one.truths.ids[row].unique().tolist()) for one in (near, lesson))
            assert shown <= before


def test_older_footage_lends_its_ids_and_nothing_is_filmed_for_it(clips: Path, tmp_path: Path) -> None:
    folder = tmp_path / "older"
    shutil.copytree(clips, folder)
    assert tell_truth(folder, ids_only=True) == 1
    truths = TruthBank([folder]).draw(torch.Generator().manual_seed(0), 3, 3).truths
    assert not truths.exact.any() and not truths.seen.any()
    assert set(truths.classes[truths.ids == 0].tolist()) == {UNKNOWN}


def test_footage_without_truth_is_refused_in_one_sentence(clips: Path, tmp_path: Path) -> None:
    with pytest.raises(OzoraError, match="ozora world truth"):
        TruthBank([clips])
    with pytest.raises(OzoraError, match="ozora world shoot"):
        tell_truth(tmp_path)
    (tmp_path / "empty").mkdir()


def test_pictures_lend_no_motion_and_clips_both(told: list[Path]) -> None:
    bank = TruthBank(told)
    assert bank.draw(torch.Generator().manual_seed(3), 5, 1).truths.flow.shape[1] == 0
    with pytest.raises(OzoraError, match="at most 3"):
        bank.draw(torch.Generator().manual_seed(3), 1, 5)
    same = [bank.draw(torch.Generator().manual_seed(4), 2, 3).truths.depth for _ in range(2)]
    assert torch.equal(*same)


def test_streamed_truth_is_that_of_the_streamed_frames(tmp_path: Path) -> None:
    bank = open_truths([Path("world:64x32:1")], tmp_path, torch.device("cpu"))
    lesson = bank.draw(torch.Generator().manual_seed(0), 2, 3)
    bank.source.close()  # type: ignore[union-attr]
    for row in range(2):
        start = lesson.clips.starts[row]
        again = truths_of(lesson.clips.shots[row], range(start, start + 3), lesson.clips.ids[row])
        assert torch.equal(again.depth[0], lesson.truths.depth[row])
        assert torch.equal(again.flow[0], lesson.truths.flow[row])
    assert bank.ledger_root()
