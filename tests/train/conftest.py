"""Footage small enough for tests: 64×32 pixels, filmed once by the real set; and networks as small."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ozora.model.text import TextConfig, TextEncoder
from ozora.model.transformer import Transformer, TransformerConfig
from ozora.train.footage import shoot
from ozora.train.loop import Report, train
from ozora.train.tasks import export
from ozora.world.sampling import sample_shot

Untrained = Callable[[Path, str, TransformerConfig, TextConfig, str], Path]
Encoded = Callable[..., Path]


@pytest.fixture(scope="session")
def stills(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six pictures."""
    folder = tmp_path_factory.mktemp("footage") / "stills"
    shoot(folder, 6, seed=3, width=64, height=32, stills=True)
    return folder


@pytest.fixture(scope="session")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three clips of five frames."""
    folder = tmp_path_factory.mktemp("footage") / "clips"
    shoot(folder, 3, seed=4, width=64, height=32, frames=5)
    return folder


@pytest.fixture(scope="session")
def begun(clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """An autoencoder after two steps."""
    stages = ("stages.0.until=1.0", "stages.0.batch=2", "stages.1.frames=1", "stages.2.frames=1")
    return train(
        "micro_autoencoder", out=tmp_path_factory.mktemp("begun"), footage=[clips], steps=2, device="cpu",
        quiet=True, overrides=[*stages, "sample_every=0.9", "statistics_clips=8"],
    )  # fmt: skip


@pytest.fixture(scope="session")
def untrained() -> Untrained:
    """Writes a transformer of a name, and its text encoder, that film something definite, though nothing
    sensible, for every prompt."""

    def write(folder: Path, name: str, film: TransformerConfig, words: TextConfig, root: str) -> Path:
        torch.manual_seed(3)
        transformer, text = Transformer(film), TextEncoder(words)
        for parameter in transformer.parameters():
            if not bool(parameter.any()):
                torch.nn.init.normal_(parameter, std=0.08)
        for file, kind, network, config in (
            (name, "transformer", transformer, film), ("text", "text", text, words),
        ):  # fmt: skip
            path = folder / f"{file}.safetensors"
            export(network, path, kind=kind, config=asdict(config), ledger_root=root, facts={})
        return folder

    return write


@pytest.fixture(scope="session")
def encoded() -> Encoded:
    """Writes clips (N, L, C, h, w) as `ozora encode` does, of shots drawn with seeds from ``first`` on."""

    def write(path: Path, latents: torch.Tensor, *, first: int = 0, root: str = "known") -> Path:
        count, frames, channels, high, wide = latents.shape
        key = f"{frames}.{high}.{wide}"
        shares = torch.zeros(count, frames, 2, high, wide, dtype=torch.uint8)
        shots = json.dumps({key: [sample_shot(first + number).to_json() for number in range(count)]})
        about = {"shots": shots, "fps": "12", "ledger_root": root, "autoencoder": "toy"}
        about |= {"mean": json.dumps([0] * channels), "deviation": json.dumps([1] * channels)}
        save_file({key: latents.half(), f"{key}.shares": shares}, path, metadata=about)
        return path

    return write
