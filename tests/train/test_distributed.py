"""Several processes train the same run as one does; real processes, on a CPU."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ozora.errors import OzoraError
from ozora.model.checkpoint import load_weights
from ozora.train.loop import Report, sample_key, split, train
from ozora.train.recipes import get_recipe
from ozora.world.sampling import sample_shot

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
import several  # noqa: E402

TORCHRUN = (sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
ALONE = {**os.environ, "OMP_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Runs:
    """The folder of all runs, and the reports of those that this process made."""

    folder: Path
    whole: Report
    resumed: Report


def read(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def losses(folder: Path) -> dict[int, float]:
    lines = [json.loads(line) for line in read(folder / "losses.jsonl")]
    return {line["step"]: line["total"] for line in lines if "total" in line}


def write_latents(path: Path) -> None:
    """Six clips of three latents as `ozora encode` would leave them."""
    shots = [sample_shot(number).to_json() for number in range(6)]
    luck = torch.Generator().manual_seed(1)
    tensors = {
        "3.2.3": torch.randn(6, 3, 4, 2, 3, generator=luck).half(),
        "3.2.3.shares": torch.randint(0, 120, (6, 3, 2, 2, 3), generator=luck, dtype=torch.uint8),
    }
    told = {"shots": json.dumps({"3.2.3": shots}), "fps": "12", "ledger_root": "0" * 64, "autoencoder": ""}
    save_file(tensors, path, metadata=told)


@pytest.fixture(scope="module")
def runs(stills: Path, tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The same toy run in one process, in two, and handed over halfway in either direction."""
    folder = tmp_path_factory.mktemp("runs")
    write_latents(folder / "latents.safetensors")
    shutil.copytree(stills, folder / "stills")
    whole = several.film(folder, "one")
    several.film(folder, "one-then-two", pause=several.HALF)
    process = subprocess.Popen(
        (*TORCHRUN, str(HERE / "several.py"), str(folder)), env=ALONE, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        last, until = folder / "stopped" / "losses.jsonl", time.monotonic() + 900
        while process.poll() is None and time.monotonic() < until and len(read(last)) < 3:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=60)
    finally:
        process.kill()
    assert len(read(last)) >= 3, said
    resumed = several.film(folder, "two-then-one", resume=folder / "two-then-one")
    several.picture(folder, "pictures-one")
    several.learn(folder, "student-one")
    return Runs(folder, whole, resumed)


def test_two_processes_have_the_losses_of_one(runs: Runs) -> None:
    one, two = losses(runs.folder / "one"), losses(runs.folder / "two")
    assert list(one) == list(two) == list(range(1, several.STEPS + 1))
    assert one[several.STEPS] < 0.8 * one[1]
    assert list(two.values()) == pytest.approx(list(one.values()), rel=2e-3)
    assert list(two.values())[:6] == pytest.approx(list(one.values())[:6], rel=1e-5)


def test_a_student_s_steps_pass_now_more_now_less_often_but_alike_in_two_processes(runs: Runs) -> None:
    one, two = losses(runs.folder / "student-one"), losses(runs.folder / "student-two")
    assert list(one) == list(two) == list(range(1, 11))
    assert list(two.values()) == pytest.approx(list(one.values()), rel=2e-3)


@pytest.mark.parametrize("name", ["one-then-two", "two-then-one"])
def test_a_run_goes_on_in_another_number_of_processes_without_a_jump(runs: Runs, name: str) -> None:
    one, handed_over = losses(runs.folder / "one"), losses(runs.folder / name)
    assert list(handed_over) == list(one)
    assert list(handed_over.values()) == pytest.approx(list(one.values()), rel=2e-3)


def test_weights_of_two_processes_are_those_of_one_in_form_and_nearly_in_value(runs: Runs) -> None:
    for name in ("transformer", "text", "alignment"):
        ours, facts = load_weights(runs.folder / "one" / f"{name}.safetensors")
        theirs, told = load_weights(runs.folder / "two" / f"{name}.safetensors")
        assert {k: (v.shape, v.dtype) for k, v in ours.items()} == {
            k: (v.shape, v.dtype) for k, v in theirs.items()
        }
        assert facts.keys() == told.keys() and told["steps"] == several.STEPS
        for path, tensor in ours.items():
            step = tensor.abs().amax() / 127 + 1e-6  # weights are rounded to 255 levels
            assert float((tensor - theirs[path]).abs().max()) < 2 * step, path


def test_each_process_keeps_its_own_part_of_the_state(runs: Runs) -> None:
    (folder,) = (runs.folder / "two").glob("state-*")
    parts = {path.name: path.stat().st_size for path in folder.glob("*.distcp")}
    assert len(parts) == 2 and max(parts.values()) < 1.5 * min(parts.values())
    assert not (runs.folder / "two" / "state.pt").exists()
    assert not list((runs.folder / "two-then-one").glob("state-*"))  # one process has gone on since


def test_networks_that_stay_whole_train_alike_too(runs: Runs) -> None:
    one, two = (losses(runs.folder / f"pictures-{name}") for name in ("one", "two"))
    assert list(two.values()) == pytest.approx(list(one.values()), rel=1e-4)
    files = (runs.folder / f"pictures-{name}" / "autoencoder.safetensors" for name in ("one", "two"))
    ours, theirs = (load_weights(file)[0] for file in files)
    assert torch.allclose(ours["std"], theirs["std"], rtol=1e-3)


def test_a_polite_kill_saves_and_ends_every_process(runs: Runs) -> None:
    assert [(runs.folder / f"ended-{rank}").read_text() for rank in (0, 1)] == ["0", "0"]
    out = runs.folder / "stopped"
    (folder,) = out.glob("state-*")
    step = json.loads((folder / "run.json").read_text())["step"]
    before = list(losses(out))  # by the clock a line is written every so often, so that quick steps share one
    assert step >= 3 and before == sorted(set(before)) and before[-1] <= step
    assert load_weights(out / "text.safetensors")[1]["steps"] == step
    again = train(
        "micro_text", out=out, resume=out, steps=step + 2, overrides=several.STOPPED, device="cpu", quiet=True
    )
    assert again.finished and list(losses(out)) == [*before, step + 1, step + 2]


def test_what_cannot_be_split_is_refused_before_compute(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OzoraError, match=r"stages\.0\.batch: got .64., allowed: multiples of the 3"):
        split(get_recipe("micro_transformer", ["micro_batches=3"]), None)
    monkeypatch.setattr("ozora.train.distributed.count", lambda: 4)
    with pytest.raises(OzoraError, match="a divisor of the run's 6 micro-batches"):
        split(get_recipe("micro_transformer"), {"micro_batches": 6})


def test_every_sample_has_dice_of_its_own() -> None:
    keys = {sample_key(seed, sample) for seed in range(8) for sample in range(500)}
    assert len(keys) == 4000 and all(0 <= key < 2**63 for key in keys)
