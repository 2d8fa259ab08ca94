"""Tiny random networks in a folder of weights: everything that films, small enough for every test."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, settings

# A busy machine is no fault of the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

TINY_GRID = {"cells": ((3, 2), (2, 2)), "fps": 12, "latents": 4}


def build_tiny_weights(
    folder: Path, seed: int = 0, student: bool = False, refiner: bool = False
) -> Path:
    """Fill ``folder`` with random weights that film 96x64 and 64x64, 13 frames at most.

    With a ``refiner`` they film 192x128 and 128x128, too.
    """
    from ozora.backends.backend import Sampling
    from ozora.backends.grid import Grid
    from ozora.backends.weights import assemble
    from ozora.model.autoencoder import Autoencoder
    from ozora.model.checkpoint import save_weights
    from ozora.model.sizes import AutoencoderConfig
    from ozora.model.text import TextConfig, TextEncoder
    from ozora.model.transformer import Transformer, TransformerConfig

    torch.manual_seed(seed)
    configs = {
        "autoencoder": AutoencoderConfig("tiny", 4, (8, 8, 8), (1, 1, 1), (8, 8, 8, 8), (1, 1, 1, 1)),
        "transformer": TransformerConfig(4, 64, 3, 2, 64, early_after=2, routed=(1, 2)),
        "text": TextConfig(64, 16, 1, 32, 1, 1, 32, (("subject", ("fox", "ball")),)),
    }
    if student:
        configs["student"] = replace(configs["transformer"], aims=True)
    if refiner:
        configs["refiner"] = replace(configs["transformer"], refines=True)
    builders = {"autoencoder": Autoencoder, "text": TextEncoder}
    exports = {}
    for name, config in configs.items():
        network = builders.get(name, Transformer)(config)
        for parameter in network.parameters():
            # Trained networks have no silent layers; these must not either, or every film would be the same.
            if not parameter.any():
                torch.nn.init.normal_(parameter, std=0.1)
        exports[name] = folder.parent / f"{folder.name}-export" / f"{name}.safetensors"
        told = {"config": asdict(config), "recipe": {"name": "tiny"}, "ledger_root": "0" * 64, "steps": 1}
        save_weights(exports[name], network.state_dict(), told)
    grid = Grid(**TINY_GRID, scales=(2, 4, 1) if refiner else (2, 1))
    assemble(folder, **exports, grid=grid, sampling=Sampling(steps=3, guidance=2.0))
    return folder


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of tiny random weights; do not change it."""
    return build_tiny_weights(tmp_path_factory.mktemp("weights") / "tiny")


@pytest.fixture(scope="session")
def tiny_student(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same kind of weights with a few-step student beside the transformer; do not change them."""
    return build_tiny_weights(tmp_path_factory.mktemp("weights") / "tiny", student=True)


@pytest.fixture(autouse=True)
def own_settings(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads or writes the settings and timings of whoever runs it."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("settings")))
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture(scope="session")
def tiny_refiner(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same kind of weights with a refiner beside the transformer; do not change them."""
    return build_tiny_weights(tmp_path_factory.mktemp("weights") / "tiny", refiner=True)


@pytest.fixture
def command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]):
    """Run a command line in an empty folder; returns exit code, stdout and stderr."""
    from ozora.cli import run

    monkeypatch.chdir(tmp_path)

    def call(*arguments: object) -> tuple[int, str, str]:
        code = run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


@pytest.fixture(scope="session")
def seen_by_hand():
    """What eyes would see in a picture of ``height`` × ``width`` cells where people stand on 3×3 each."""
    from ozora.model.eyes import EyesConfig, Seen

    def make(
        config: EyesConfig, people: Sequence[tuple[int, int, int]], height: int = 8, width: int = 14
    ) -> Seen:
        """``people`` as (row, column, number of the kind)."""
        silhouette = torch.full((1, 1, height, width), -6.0)
        centre, offset = silhouette.clone(), torch.zeros(1, 1, 2, height, width)
        classes = torch.zeros(1, 1, len(config.classes), height, width)
        for row, column, kind in people:
            here = slice(row - 1, row + 2), slice(column - 1, column + 2)
            silhouette[0, 0][here] = 6
            centre[..., row, column] = 4
            classes[0, 0, config.first_subject + kind][here] = 9
            for d in (-1, 0, 1):
                offset[0, 0, 0, row - 1 : row + 2, column + d] = -d
                offset[0, 0, 1, row + d, column - 1 : column + 2] = -d
        traits = {axis: torch.zeros(1, 1, len(words), height, width) for axis, words in config.traits}
        flow = torch.zeros(1, 0, 2, height, width)
        depth = torch.zeros(1, 1, height, width)
        return Seen(classes, traits, {}, depth, silhouette, centre, offset, flow, ())

    return make


@pytest.fixture(scope="session")
def contents():
    """All files in a folder, name to bytes."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in files}

    return read
