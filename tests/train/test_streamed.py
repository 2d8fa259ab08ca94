"""Footage filmed while training: in the ledger before it is used, newest kept, never filmed twice."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from ozora.errors import OzoraError
from ozora.rights.ledger import Ledger
from ozora.train.footage import Plan, content_hash, shoot
from ozora.train.loop import train
from ozora.train.streamed import StreamedFootage, open_footage
from ozora.world.held_out import is_held_out

PLAN = Plan(seed=3, width=32, height=32, frames=5, seconds=4.0, fps=12, held_out=False)


@pytest.fixture
def stream(tmp_path: Path) -> Iterator[StreamedFootage]:
    source = StreamedFootage(PLAN, Ledger(tmp_path / "ledger.jsonl"), workers=1, capacity=4, least=2)
    yield source
    source.close()


def test_clips_are_the_plan_s_and_in_the_ledger_before_they_are_handed_out(
    stream: StreamedFootage, tmp_path: Path
) -> None:
    luck = torch.Generator().manual_seed(1)
    batch = stream.draw(luck, 3, 5)
    assert batch.pixels.shape == (3, 5, 32, 32, 3) and batch.small.shape == (3, 5, 3, 16, 16)
    rows = [row.content_hash for row in Ledger(tmp_path / "ledger.jsonl").rows()]
    drawn = {content_hash(frames, ids) for frames, ids in zip(batch.pixels, batch.ids, strict=True)}
    assert drawn <= set(rows) and stream.ledger_root() == Ledger(tmp_path / "ledger.jsonl").root()
    # The same plan on the disk, filmed by fresh processes too, holds the same clips in the same order.
    shoot(tmp_path / "disk", len(rows), seed=3, width=32, height=32, frames=5, workers=2)
    assert [row.content_hash for row in Ledger(tmp_path / "disk" / "ledger.jsonl").rows()] == rows
    assert not any(is_held_out(shot) for shot in batch.shots)


def test_new_clips_push_old_ones_out_and_another_run_goes_on_behind_them(
    stream: StreamedFootage, tmp_path: Path
) -> None:
    luck = torch.Generator().manual_seed(1)
    until = time.monotonic() + 60
    while sum(1 for _ in stream.ledger.rows()) < 7 and time.monotonic() < until:
        stream.draw(luck, 1, 1)
        time.sleep(0.02)
    assert len(stream) == 4, "no more than its capacity"
    known = [row.content_hash for row in stream.ledger.rows()]
    stream.close()
    again = StreamedFootage(PLAN, Ledger(tmp_path / "ledger.jsonl"), workers=1, capacity=4, least=1)
    again.draw(luck, 1, 1)
    rows = [row.content_hash for row in again.ledger.rows()]
    again.close()
    assert rows[: len(known)] == known and len(set(rows)) == len(rows) > len(known)


def test_a_batch_longer_than_the_clips_is_refused(stream: StreamedFootage) -> None:
    with pytest.raises(OzoraError, match="frames: got '9', allowed: at most 5"):
        stream.draw(torch.Generator(), 1, 9)


@pytest.mark.parametrize(
    ("given", "told"),
    [("world:64", "world:WIDTHxHEIGHT"), ("world:50x32", "multiples of 32"), ("world:64x32:0", "one worker")],
)
def test_what_cannot_be_streamed_is_refused(given: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(OzoraError, match=told):
        open_footage([Path(given)], tmp_path, torch.device("cpu"))
    with pytest.raises(OzoraError, match="a folder filled by"):
        open_footage([Path("world:64x32"), tmp_path], tmp_path, torch.device("cpu"))


def test_several_processes_want_footage_from_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ozora.train.distributed.count", lambda: 2)
    with pytest.raises(OzoraError, match="folders shot before"):
        open_footage([Path("world:64x32")], tmp_path, torch.device("cpu"))
    assert not list(tmp_path.iterdir())


def test_a_network_trains_on_what_is_filmed_meanwhile(tmp_path: Path) -> None:
    report = train(
        "micro_autoencoder", out=tmp_path / "run", footage=["world:64x32:1"], steps=2, quiet=True,
        device="cpu",
        overrides=["stages.0.batch=2", "stages.1.batch=1", "stages.2.batch=1", "stages.2.frames=5"],
    )  # fmt: skip
    rows = list(Ledger(tmp_path / "run" / "ledger.jsonl").rows())
    assert len(rows) >= 8 and report.weights.exists()
    assert {(row.source, row.licence) for row in rows} == {("ozora.world", "own")}
