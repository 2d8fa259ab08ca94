"""What a run leaves is enough to go on: its state exactly, its shipped weights nearly."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from ozora.errors import OzoraError
from ozora.model.checkpoint import load_training_state, load_weights, save_training_state, save_weights
from ozora.model.text import TEXT_SIZES, TextConfig
from ozora.model.transformer import TRANSFORMER_SIZES
from ozora.train.loop import Report, train

SETTINGS = (
    "size=toy", "shots=24", "typo_share=0", "stages.0.batch=32", "sample_every=0.9", "optimiser.warm_up=0",
    "optimiser.decay=0.01",
)  # fmt: skip


@pytest.fixture(autouse=True)
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(TEXT_SIZES, "toy", TextConfig(byte_width=16, width=48, layers=1, heads=3, hidden=56))


def run(out: Path, steps: int, start: Path | None = None, resume: Path | None = None) -> Report:
    return train(
        "micro_text", out=out, steps=steps, start=start, resume=resume, overrides=SETTINGS, device="cpu",
        quiet=True,
    )  # fmt: skip


def losses(folder: Path) -> list[float]:
    lines = [json.loads(line) for line in (folder / "losses.jsonl").read_text().splitlines()]
    return [line["total"] for line in lines if "total" in line]


def test_weights_that_travelled_in_int8_shards_go_on_without_a_jump(tmp_path: Path) -> None:
    limit = 24_000
    first = run(tmp_path / "first", 60)
    tensors, facts = load_weights(first.weights)
    save_weights(tmp_path / "travelled" / "text.safetensors", tensors, facts, shard_bytes=limit)
    files = list((tmp_path / "travelled").iterdir())
    assert len(files) >= 3 and all(file.stat().st_size <= limit for file in files)
    run(tmp_path / "second", 12, start=tmp_path / "travelled")
    before, after = losses(tmp_path / "first"), losses(tmp_path / "second")
    reached = sum(before[-6:]) / 6
    assert reached < 0.8 * before[0]
    assert max(after[:3]) < reached + 0.1 * (before[0] - reached)
    assert sum(after[-6:]) / 6 < reached


def test_tensors_larger_than_a_shard_have_a_file_to_themselves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ozora.train.tasks.SHARD_BYTES", 4000)
    report = run(tmp_path, 1)
    sizes = [file.stat().st_size for file in tmp_path.glob("text*.safetensors")]
    assert len(sizes) > 2 and max(sizes) < 40_000
    assert load_weights(report.weights)[1]["steps"] == 1


def test_a_state_of_before_samples_were_counted_is_taken_up(tmp_path: Path) -> None:
    run(tmp_path, 2)
    state = load_training_state(tmp_path / "state.pt")
    assert (state.pop("samples"), state.pop("micro_batches")) == (64, 1)
    save_training_state(tmp_path / "state.pt", state)
    assert run(tmp_path, 3, resume=tmp_path).step == 3


def test_a_state_of_other_networks_is_refused_by_the_tensor_that_does_not_fit(tmp_path: Path) -> None:
    run(tmp_path, 1)
    state = load_training_state(tmp_path / "state.pt")
    state["networks"]["text"]["word_in.weight"] = torch.zeros(3, 3)
    save_training_state(tmp_path / "state.pt", state)
    with pytest.raises(OzoraError, match=r"text\.word_in\.weight \(3, 3\)"):
        run(tmp_path, 2, resume=tmp_path)


def test_a_half_written_state_of_several_processes_is_no_state(tmp_path: Path) -> None:
    run(tmp_path, 1)
    (tmp_path / "state-0000009").mkdir()
    assert run(tmp_path, 2, resume=tmp_path).step == 2
    assert not list(tmp_path.glob("state-*"))


def test_sizes_of_a_name_fit_together() -> None:
    for name in ("micro", "mini", "base", "large"):
        assert TEXT_SIZES[name].out_width == TRANSFORMER_SIZES[name].width
