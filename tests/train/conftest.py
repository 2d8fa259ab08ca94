"""Footage small enough for tests: 64×32 pixels, filmed once by the real set."""

from __future__ import annotations

from pathlib import Path

import pytest

from ozora.train.footage import shoot


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
