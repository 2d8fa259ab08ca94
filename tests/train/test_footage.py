"""Footage: the same plan gives the same bytes, a broken shoot goes on, and no clip is without its row."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import save_file

from ozora.errors import OzoraError
from ozora.rights.ledger import Ledger
from ozora.train import footage
from ozora.train.banks import FootageBank, mirrored
from ozora.train.footage import ShootProgress, check_footage, shoot
from ozora.world.held_out import is_held_out
from ozora.world.sampling import sample_shot

TINY = {"seed": 5, "width": 32, "height": 32, "frames": 1}


@pytest.fixture
def one_clip_shards(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shard holds one clip, so that a few clips make several shards."""
    monkeypatch.setattr(footage, "SHARD_BYTES", 1)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_the_same_plan_gives_the_same_bytes_in_one_process_or_two(tmp_path: Path) -> None:
    first = shoot(tmp_path / "a", 3, workers=1, **TINY)
    again = shoot(tmp_path / "b", 3, workers=2, **TINY)
    assert first == again
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


@pytest.mark.usefixtures("one_clip_shards")
def test_an_interrupted_shoot_goes_on_to_the_same_footage(tmp_path: Path) -> None:
    whole = shoot(tmp_path / "whole", 3, **TINY)

    def pull_the_plug(progress: ShootProgress) -> None:
        if progress.clips == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shoot(tmp_path / "broken", 3, on_progress=pull_the_plug, **TINY)
    (tmp_path / "broken" / "shard-00002.1.part").write_bytes(b"half a shard")
    with (tmp_path / "broken" / "ledger.jsonl").open("a") as ledger:
        ledger.write('{"half a row')
    seen: list[int] = []
    again = shoot(tmp_path / "broken", 3, on_progress=lambda p: seen.append(p.clips), **TINY)
    (tmp_path / "broken" / "shard-00002.1.part").unlink()
    assert again == whole
    assert seen == [1, 2, 3]
    assert contents(tmp_path / "broken") == contents(tmp_path / "whole")


@pytest.mark.usefixtures("one_clip_shards")
def test_a_shoot_stopped_between_shard_and_ledger_mends_itself(tmp_path: Path) -> None:
    root = shoot(tmp_path, 2, **TINY)
    path = tmp_path / "ledger.jsonl"
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    assert shoot(tmp_path, 2, **TINY) == root


def test_more_clips_may_be_added(tmp_path: Path) -> None:
    shoot(tmp_path / "grown", 1, **TINY)
    shoot(tmp_path / "grown", 3, **TINY)
    shoot(tmp_path / "whole", 3, **TINY)
    assert contents(tmp_path / "grown") == contents(tmp_path / "whole")


def test_every_clip_has_a_row_and_changed_pixels_are_found(stills: Path, tmp_path: Path) -> None:
    assert check_footage(stills) == 6
    rows = list(Ledger(stills / "ledger.jsonl").rows())
    assert {row.licence for row in rows} == {"own"}
    copy = tmp_path / "copy"
    shutil.copytree(stills, copy)
    path = copy / "shard-00000.safetensors"
    with safe_open(path, framework="pt") as shard:
        tensors = {name: shard.get_tensor(name) for name in ("frames", "ids")}
        header = shard.metadata()
    tensors["frames"][4, 0, 0, 0, 0] += 1
    save_file(tensors, path, metadata=header)
    with pytest.raises(OzoraError, match="clip 4"):
        check_footage(copy)


def test_a_clip_without_a_row_is_not_trained_on(stills: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(stills, copy)
    path = copy / "ledger.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:5]))
    with pytest.raises(OzoraError, match="no row in the ledger"):
        FootageBank(copy)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"width": 40}, "size"),
        ({"frames": 6}, "frames"),
        ({"frames": 53}, "frames"),
        ({"seed": 6}, "seed"),
    ],
)
def test_bad_and_mixed_plans_are_refused_by_field(
    tmp_path: Path, changes: dict[str, int], field: str
) -> None:
    shoot(tmp_path, 1, **TINY)
    before = contents(tmp_path)
    with pytest.raises(OzoraError, match=field):
        shoot(tmp_path, 1, **{**TINY, **changes})
    assert contents(tmp_path) == before


def test_batches_have_both_sizes_and_depend_on_the_generator_only(stills: Path, clips: Path) -> None:
    bank = FootageBank([stills, clips])
    batch = bank.draw(torch.Generator().manual_seed(1), 4, 5)
    again = bank.draw(torch.Generator().manual_seed(1), 4, 5)
    assert batch.large.shape == (4, 5, 3, 32, 64)
    assert batch.small.shape == (4, 5, 3, 16, 32)
    assert torch.equal(batch.large, again.large)
    assert batch.shots == again.shots
    assert batch.large.min() >= -1
    assert batch.large.max() <= 1
    # The small film is the area mean of the large one, and both say what the pixels say.
    pooled = torch.nn.functional.avg_pool2d(batch.pixels.movedim(-1, 2).float().flatten(0, 1), 2)
    assert torch.allclose(batch.small.flatten(0, 1), pooled / 127.5 - 1, atol=1e-6)
    assert {int(i) for i in batch.ids.unique()} != {0}


def test_pictures_may_come_from_inside_longer_clips(clips: Path) -> None:
    bank = FootageBank(clips)
    batch = bank.draw(torch.Generator().manual_seed(2), 32, 1)
    whole = bank.take(5, 32, 64, range(3))
    starts = {(shot.seed, start) for shot, start in zip(batch.shots, batch.starts, strict=True)}
    assert len(starts) > 3
    for pixels, shot, start in zip(batch.pixels, batch.shots, batch.starts, strict=True):
        clip = whole.shots.index(shot)
        assert torch.equal(pixels[0], whole.pixels[clip, start - whole.starts[clip]])


def test_the_mirror_swaps_left_and_right_in_picture_and_words(clips: Path) -> None:
    batch = FootageBank(clips).take(5, 32, 64, range(3))
    other = batch.mirrored()
    assert torch.equal(other.large, batch.large.flip(-1))
    assert torch.equal(other.ids, batch.ids.flip(-1))
    for seed in range(50):
        shot = sample_shot(seed)
        assert mirrored(mirrored(shot)) == shot
        pairs = zip(shot.subjects, mirrored(shot).subjects, strict=True)
        assert all({a.direction, b.direction} in ({"left", "right"}, {a.direction}) for a, b in pairs)


def test_held_out_footage_is_for_measuring_only(tmp_path: Path) -> None:
    shoot(tmp_path, 2, width=32, height=32, stills=True, held_out=True)
    with pytest.raises(OzoraError, match="held out"):
        FootageBank(tmp_path)
    bank = FootageBank(tmp_path, held_out=True)
    assert all(is_held_out(shot) for shot in bank.take(1, 32, 32, [0, 1]).shots)


def test_training_footage_holds_nothing_held_out(stills: Path) -> None:
    header = json.loads((stills / "plan.json").read_text())
    assert header["held_out"] is False
    assert not any(is_held_out(footage.read_plan(stills).shot(clip)[0]) for clip in range(200))
