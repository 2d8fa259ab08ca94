"""A probe comes back from its weights as it went in, and nothing else passes for one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from ozora.errors import OzoraError, WeightsError
from ozora.evaluate.looking import MAIN_AXES
from ozora.evaluate.probe import load_probe
from ozora.model.checkpoint import save_weights
from ozora.model.probe import Probe, ProbeConfig
from ozora.world.concepts import AXES


def config(*axes: str) -> ProbeConfig:
    return ProbeConfig(axes=tuple((axis, AXES[axis]) for axis in axes), channels=(8, 16), hidden=16)


def test_comes_back_with_its_words_and_nearly_its_numbers(tmp_path: Path) -> None:
    torch.manual_seed(0)
    probe = Probe(config(*MAIN_AXES)).eval()
    path = tmp_path / "probe.safetensors"
    save_weights(path, probe.state_dict(), {"network": "probe", "config": probe.config.to_json()})
    again = load_probe(path)
    assert again.config == probe.config and not again.training
    video = torch.rand(2, 9, 3, 32, 48) * 2 - 1
    before, after = probe.predict(video), again.predict(video)
    for axis in MAIN_AXES:  # 8 bits per number are kept
        assert torch.allclose(before[axis], after[axis], atol=0.02)


def test_what_is_no_probe_is_refused(tmp_path: Path) -> None:
    probe = Probe(config("subject", "place"))
    cases = {
        "missing": None,
        "text network": {"network": "text", "config": {}},
        "not readable": {"network": "probe", "config": {"axes": []}},
        "time, action, camera": {"network": "probe", "config": probe.config.to_json()},
    }
    for name, metadata in cases.items():
        path = tmp_path / f"{len(name)}.safetensors"
        if metadata is not None:
            save_weights(path, probe.state_dict(), metadata)
        with pytest.raises(WeightsError, match=name if metadata is not None else None):
            load_probe(path)
    path = tmp_path / "other.safetensors"
    save_weights(path, probe.state_dict(), {"network": "probe", "config": config(*MAIN_AXES).to_json()})
    with pytest.raises(OzoraError, match=r"answers\.action\.bias"):
        load_probe(path)
