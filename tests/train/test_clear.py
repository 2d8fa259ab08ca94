"""A decoder learns to paint at full size what a refiner makes, and nothing that latents rest on moves."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ozora.errors import OzoraError
from ozora.model.checkpoint import load_weights
from ozora.model.text import TextConfig
from ozora.model.transformer import TransformerConfig
from ozora.train.banks import FootageBank
from ozora.train.clear import ClearTask
from ozora.train.loop import Report, train
from ozora.train.recipe import ClearRecipe
from ozora.train.recipes import get_recipe
from ozora.train.refilming import REFINER, Refilmer
from ozora.train.tasks import Inputs, load_autoencoder

TOY = TransformerConfig(
    channels=48, width=64, layers=3, heads=2, hidden=96, time_features=32, early_after=2, routed=(1, 2),
    aims=True, refines=True,
)
TEXT = TextConfig(out_width=64, byte_width=32, byte_layers=1, width=64, layers=1, heads=2, hidden=64)
SMALL = ("stages.0.frames=5", "window=32", "losses.large_share=0.6", "sample_every=0.9")


@pytest.fixture(scope="module")
def refining(untrained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A refiner that makes something definite, though nothing sensible."""
    return untrained(tmp_path_factory.mktemp("refining"), "refiner", TOY, TEXT, "known")


def clear(begun: Report, teacher: Path | None, clips: Path, out: Path, *more: str, **settings: Any) -> Report:
    given = {"start": begun.weights.parent, "footage": [clips], "teacher": teacher, "steps": 3}
    given |= {"device": "cpu", "quiet": True, **settings}
    return train("micro_clear", out=out, overrides=[*SMALL, *more], **given)


def test_footage_refined_again_has_four_times_the_cells_and_drifts_away_with_noise(
    begun: Report, refining: Path, clips: Path
) -> None:
    autoencoder = load_autoencoder(begun.weights)
    batch = FootageBank(clips).draw(torch.Generator().manual_seed(1), 2, 5)
    with torch.no_grad():
        clean = autoencoder.distribution(batch.large).mean
        layout = autoencoder.distribution(batch.small).mean
    assert clean.shape[-2] == 2 * layout.shape[-2] and clean.shape[-1] == 2 * layout.shape[-1]
    refilmer = Refilmer(refining, torch.device("cpu"), role=REFINER, haze=0.2)
    apart = []
    for level in (1e-4, 0.3, 0.9):
        again = refilmer(autoencoder, batch, (level, level), torch.Generator().manual_seed(2))
        assert again.shape == clean.shape
        apart.append(float((again - clean).square().mean()))
    assert apart == sorted(apart)
    assert apart[0] < 1e-3 < apart[-1]
    same = refilmer(autoencoder, batch, (0.9, 0.9), torch.Generator().manual_seed(2))
    assert torch.equal(same, again)
    plain = Refilmer(refining, torch.device("cpu"), role=REFINER)  # which sees layouts without haze
    assert not torch.equal(plain(autoencoder, batch, (0.9, 0.9), torch.Generator().manual_seed(2)), again)


def test_a_run_moves_the_decoder_alone_and_shows_what_it_did(
    begun: Report, refining: Path, clips: Path, tmp_path: Path
) -> None:
    report = clear(begun, refining, clips, tmp_path, "half_size=0.0", "refined=1.0")
    assert "refined_charbonnier" in report.losses
    assert {"psnr", "psnr_40", "psnr_70", "psnr_90"} <= report.measures.keys()
    assert sorted(path.name for path in tmp_path.glob("*.safetensors")) == ["autoencoder.safetensors"]
    assert list((tmp_path / "samples").glob("*.png"))
    before, after = load_autoencoder(begun.weights), load_autoencoder(report.weights)
    picture = torch.rand(1, 1, 3, 32, 48) * 2 - 1
    latents = before.encode(picture)
    assert torch.allclose(latents, after.encode(picture), atol=1e-5)
    assert not torch.allclose(before.decode(latents, 1), after.decode(latents, 1), atol=1e-4)
    told = load_weights(report.weights)[1]
    assert told["refilmed_by"]


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        (("half_size=1.0",), "half_size"),
        (("half_size=0.0", "refined=0.0"), "encoded"),
        (("half_size=0.0", "refined=1.0", "window_share=1.0"), "refined"),
    ],
)
def test_batches_are_what_the_recipe_says(
    begun: Report, refining: Path, clips: Path, settings: tuple[str, ...], told: str
) -> None:
    recipe = get_recipe("micro_clear", [*SMALL, *settings])
    assert isinstance(recipe, ClearRecipe)
    one = ClearTask(recipe, Inputs(footage=(clips,), teacher=refining), torch.device("cpu"))
    seen = []
    one.autoencoder.decoder.register_forward_pre_hook(lambda _, given: seen.append(given[0].shape))
    losses = one.losses(torch.Generator().manual_seed(3), recipe.stages[0], 0.5)
    assert losses.keys() == {"total", f"{told}_charbonnier"}
    height = FootageBank(clips).draw(torch.Generator(), 1, 5).pixels.shape[2]
    if recipe.window_share == 1.0:
        assert seen[0][-2:] == (height // 16, 32 // 16)  # windows are cut from latents by whole cells
    losses["total"].backward()
    assert all(parameter.grad is None for parameter in one.autoencoder.encoder.parameters())
    assert any(p.grad is not None and bool(p.grad.any()) for p in one.autoencoder.decoder.parameters())


def test_an_interrupted_run_is_the_same_to_the_bit(
    begun: Report, refining: Path, clips: Path, tmp_path: Path
) -> None:
    whole = clear(begun, refining, clips, tmp_path / "whole", steps=4)
    clear(begun, refining, clips, tmp_path / "parts", steps=4, pause=2)
    parts = clear(begun, refining, clips, tmp_path / "parts", steps=4, resume=tmp_path / "parts", start=None)
    one, other = load_weights(whole.weights)[0], load_weights(parts.weights)[0]
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("change", "told"), [("decoder_only=false", "decoder_only"), ("window=48", "window")]
)
def test_a_run_that_makes_no_sense_says_why(
    begun: Report, refining: Path, clips: Path, tmp_path: Path, change: str, told: str
) -> None:
    with pytest.raises(OzoraError, match=f"^{told}: "):
        clear(begun, refining, clips, tmp_path, "window_share=1.0", change)


def test_somebody_must_refine(begun: Report, clips: Path, tmp_path: Path) -> None:
    with pytest.raises(OzoraError, match=r"^teacher: .*refiner"):
        clear(begun, None, clips, tmp_path)
    with pytest.raises(OzoraError, match=r"refiner\.safetensors.* is not there"):
        clear(begun, tmp_path, clips, tmp_path / "none")
