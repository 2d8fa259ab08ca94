"""Refiners begin silent, see the layout, and learn to put back what it lacks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from ozora.errors import OzoraError
from ozora.model.checkpoint import load_weights
from ozora.model.refining import refine
from ozora.model.text import TextConfig, TextEncoder, encode
from ozora.model.transformer import Transformer, TransformerConfig
from ozora.train import transformer as training
from ozora.train.latents import LatentBank
from ozora.train.loop import train
from ozora.train.refiner import hazy
from ozora.world.sampling import sample_shot

TOY = TransformerConfig(
    channels=4, width=64, layers=3, heads=2, hidden=96, time_features=32, early_after=2, routed=(1, 2)
)
SMALL = (
    "stages.0.until=0.2", "stages.0.batch=8", "stages.1.until=0.2", "stages.2.frames=4", "stages.2.batch=8",
)  # fmt: skip


def write(path: Path, latents: torch.Tensor, seeds: range) -> Path:
    """Clips (N, L, C, h, w) as `ozora encode` writes them."""
    clips, frames, _, high, wide = latents.shape
    key = f"{frames}.{high}.{wide}"
    shares = torch.zeros(clips, frames, 2, high, wide, dtype=torch.uint8)
    shots = json.dumps({key: [sample_shot(seed).to_json() for seed in seeds]})
    about = {"shots": shots, "fps": "12", "ledger_root": "known", "autoencoder": "toy"}
    about |= {"mean": "[0,0,0,0]", "deviation": "[1,1,1,1]"}
    save_file({key: latents.half(), f"{key}.shares": shares}, path, metadata=about)
    return path


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Eight films on 2x4 cells, and the same on 4x8: each cell's four parts differ from it by one pattern."""
    folder = tmp_path_factory.mktemp("latents")
    layout = torch.randn(8, 4, 4, 2, 4, generator=torch.Generator().manual_seed(1))
    inside = torch.tensor([[0.5, -0.5], [-0.5, 0.5]])
    clear = layout.repeat_interleave(2, -1).repeat_interleave(2, -2) + inside.repeat(2, 4)
    files = folder / "clear.safetensors", folder / "small.safetensors"
    return write(files[0], clear, range(8)), write(files[1], layout, range(8))


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(training.TRANSFORMER_SIZES, "micro", TOY)
    small = TextConfig(out_width=64, byte_width=32, byte_layers=1, width=64, layers=1, heads=2, hidden=64)
    monkeypatch.setitem(training.TEXT_SIZES, "micro", small)


def test_a_batch_brings_the_layouts_of_its_own_clips(pair: tuple[Path, Path]) -> None:
    clear, small = pair
    bank = LatentBank(clear, layouts=[small])
    batch = bank.draw(torch.Generator().manual_seed(2), 6, 3)
    assert batch.layout is not None and batch.layout.shape == (6, 3, 4, 2, 4)
    means = batch.clean.unflatten(-1, (4, 2)).unflatten(-3, (2, 2)).mean((-1, -3))  # of four parts each
    assert torch.allclose(means, batch.layout, atol=5e-3)
    assert LatentBank(clear).draw(torch.Generator().manual_seed(2), 6, 3).layout is None


def test_layouts_of_other_footage_are_refused(pair: tuple[Path, Path], tmp_path: Path) -> None:
    clear, small = pair
    other = write(tmp_path / "other.safetensors", torch.randn(8, 4, 4, 2, 4), range(8, 16))
    for wrong in ([other], [clear], [small, other]):
        with pytest.raises(OzoraError, match=r"^layouts: got .*allowed: "):
            LatentBank(clear, layouts=wrong)


def test_a_refiner_learns_what_the_layout_lacks(pair: tuple[Path, Path], tmp_path: Path, toy: None) -> None:
    clear, small = pair
    settings = {"device": "cpu", "quiet": True, "steps": 160, "overrides": [*SMALL, "layout_noise=0.1"]}
    report = train("micro_refiner", out=tmp_path / "run", latents=[clear], layouts=[small], **settings)
    tensors, about = load_weights(report.weights)
    assert about["config"]["refines"]
    refiner = Transformer(replace(TOY, refines=True))
    refiner.load_state_dict(tensors)
    text_tensors, told = load_weights(tmp_path / "run" / "text.safetensors")
    text = TextEncoder(TextConfig.from_dict(told["config"]))
    text.load_state_dict(text_tensors)
    layout = torch.randn(1, 4, 4, 2, 4, generator=torch.Generator().manual_seed(9))  # of no film it has seen
    seconds = torch.arange(4).expand(1, -1) / 3
    film = refine(refiner.eval(), encode(text.eval(), ["a fox"]), layout, seed=3, seconds=seconds, steps=6)
    large = layout.repeat_interleave(2, -1).repeat_interleave(2, -2)
    wanted = large + torch.tensor([[0.5, -0.5], [-0.5, 0.5]]).repeat(2, 4)
    assert (film - wanted).square().mean() < 0.5 * (large - wanted).square().mean()


def test_a_refiner_begins_as_the_transformer_it_grew_from(
    pair: tuple[Path, Path], tmp_path: Path, toy: None
) -> None:
    clear, small = pair
    given = {"latents": [clear], "device": "cpu", "quiet": True, "overrides": SMALL}
    train("micro_transformer", out=tmp_path / "plain", steps=2, **given)
    begun = [*SMALL, "optimiser.rate=0.0", "optimiser.matrix_rate=0.0"]
    given = {**given, "overrides": begun, "layouts": [small], "start": tmp_path / "plain"}
    train("micro_refiner", out=tmp_path / "grown", steps=1, **given)
    plain, grown = (load_weights(tmp_path / run / "transformer.safetensors")[0] for run in ("plain", "grown"))
    assert not grown["layout_in.weight"].any() and grown.keys() - plain.keys() == {"layout_in.weight"}
    assert torch.allclose(grown["blocks.0.qkv.weight"], plain["blocks.0.qkv.weight"], atol=0.02)


def test_without_layouts_nothing_is_refined(
    pair: tuple[Path, Path], tmp_path: Path, toy: None
) -> None:
    with pytest.raises(OzoraError, match=r"^layouts: got 'nothing'"):
        train("micro_refiner", out=tmp_path / "run", latents=[pair[0]], steps=1, device="cpu", quiet=True)


def test_haze_spares_some_and_drowns_none() -> None:
    layout = torch.ones(400, 2, 3, 4, 4)
    seen = hazy(layout, 0.5, torch.Generator().manual_seed(0))
    off = (seen - layout).square().mean((1, 2, 3, 4)).sqrt()
    assert off.min() < 0.02 and 0.5 < off.max() < 0.9
