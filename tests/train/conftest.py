"""Footage small enough for tests: 64×32 pixels, filmed once by the real set."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from ozora.model.text import TextConfig, TextEncoder
from ozora.model.transformer import Transformer, TransformerConfig
from ozora.train.footage import shoot
from ozora.train.tasks import export

Untrained = Callable[[Path, str, TransformerConfig, TextConfig, str], Path]


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
