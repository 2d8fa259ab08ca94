"""What test_distributed runs under ``torchrun``: the same toy runs in this process or in several together.

``several.py FOLDER``; FOLDER holds ``latents.safetensors``, ``stills`` and the first half of a run. The last
run goes on until the processes are killed, politely; each that ends well then leaves a file to say so.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch.distributed as dist

from ozora.cli import run
from ozora.model.text import TEXT_SIZES, TextConfig
from ozora.model.transformer import TRANSFORMER_SIZES, TransformerConfig
from ozora.train.loop import Report, train

STEPS, HALF = 24, 12
TEXT_SIZES["toy"] = TextConfig(byte_width=16, byte_layers=1, width=48, layers=1, heads=3, hidden=56)
TRANSFORMER_SIZES["toy"] = TransformerConfig(
    4, 48, layers=3, heads=3, hidden=72, registers=3, low_rank=5, early_after=2, routed=(1, 2)
)
"""Rows that no two processes can halve evenly, and matrices of several shapes."""

TRANSFORMER = (
    "mixed=false", "size=toy", "micro_batches=2", "stages.0.batch=8", "stages.1.batch=4", "stages.2.batch=4",
    "route=0.5", "stages.1.frames=2", "stages.2.frames=3", "sample_every=0.9", "sample_steps=1",
)  # fmt: skip
AUTOENCODER = (
    "mixed=false", "micro_batches=2", "stages.0.until=1.0", "stages.0.batch=4", "stages.1.frames=1",
    "stages.2.frames=1", "statistics_clips=8", "sample_every=0.9",
)  # fmt: skip

STUDENT = (
    "mixed=false", "micro_batches=2", "stages.0.until=0.2", "stages.0.batch=4", "stages.1.frames=3",
    "stages.1.batch=2", "teacher_steps=8", "best_steps=8", "sample_every=0.9",
)  # fmt: skip
"""Each step passes through teacher and student as often as it draws: alike in all processes, or they wait
for each other for ever."""

STOPPED = ("size=toy", "shots=24", "stages.0.batch=4", "sample_every=0.9", "save_every=3600")


def film(folder: Path, name: str, pause: float | None = None, resume: Path | None = None) -> Report:
    """The toy transformer, with its text encoder and alignment: whole, or up to ``pause``, or from there."""
    return train(
        "micro_transformer", out=folder / name, latents=[folder / "latents.safetensors"], steps=STEPS,
        pause=pause, resume=resume, overrides=TRANSFORMER, device="cpu", quiet=True,
    )  # fmt: skip


def picture(folder: Path, name: str) -> Report:
    """An autoencoder, whose networks no process shares out."""
    return train(
        "micro_autoencoder", out=folder / name, footage=[folder / "stills"], steps=3, overrides=AUTOENCODER,
        device="cpu", quiet=True,
    )  # fmt: skip


def learn(folder: Path, name: str) -> Report:
    """A student of what `film` trained first."""
    return train(
        "micro_student", out=folder / name, latents=[folder / "latents.safetensors"], teacher=folder / "one",
        steps=10, overrides=STUDENT, device="cpu", quiet=True,
    )  # fmt: skip


def main(folder: Path) -> None:
    """Train in several processes, and go on with what one process began."""
    dist.init_process_group("gloo")
    film(folder, "two", pause=HALF)
    if dist.get_rank() == 0:
        shutil.copytree(folder / "two", folder / "two-then-one")
    film(folder, "two", resume=folder / "two")
    film(folder, "one-then-two", resume=folder / "one-then-two")
    picture(folder, "pictures-two")
    learn(folder, "student-two")
    small = [word for override in STOPPED for word in ("--set", override)]
    code = run(["train", "micro_text", "--out", str(folder / "stopped"), "--device", "cpu", *small])
    (folder / f"ended-{dist.get_rank()}").write_text(str(code))
    dist.destroy_process_group()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
