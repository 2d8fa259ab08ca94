"""Refiners begin silent, see the layout, and learn to put back what it lacks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from ozora.errors import OzoraError
from ozora.model.checkpoint import load_weights
from ozora.model.refining import REFINING_SHIFT, refine
from ozora.model.sampler import Guidance, Moment, Predictor, denoise, step_levels
from ozora.model.state import State
from ozora.model.text import TextConfig, TextEncoder, encode
from ozora.model.transformer import Transformer, TransformerConfig
from ozora.train import transformer as training
from ozora.train.latents import LatentBank
from ozora.train.layouts import hazy
from ozora.train.loop import train
from ozora.train.recipe import RefinerRecipe
from ozora.train.recipes import get_recipe
from ozora.train.refiner import RefinerTask
from ozora.train.tasks import Inputs

TOY = TransformerConfig(
    channels=4, width=64, layers=3, heads=2, hidden=96, time_features=32, early_after=2, routed=(1, 2)
)
TOY_TEXT = TextConfig(out_width=64, byte_width=32, byte_layers=1, width=64, layers=1, heads=2, hidden=64)
FILMS = 48
SMALL = (
    "stages.0.until=0.2", "stages.0.batch=8", "stages.1.until=0.2", "stages.2.frames=4", "stages.2.batch=8",
)  # fmt: skip


@pytest.fixture(scope="module")
def pair(encoded: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Films on 2x4 cells, and the same on 4x8: each cell's four parts differ from it by one pattern."""
    folder = tmp_path_factory.mktemp("latents")
    layout = torch.randn(FILMS, 4, 4, 2, 4, generator=torch.Generator().manual_seed(1))
    inside = torch.tensor([[0.5, -0.5], [-0.5, 0.5]])
    clear = layout.repeat_interleave(2, -1).repeat_interleave(2, -2) + inside.repeat(2, 4)
    files = folder / "clear.safetensors", folder / "small.safetensors"
    return encoded(files[0], clear), encoded(files[1], layout)


@pytest.fixture
def toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(training.TRANSFORMER_SIZES, "micro", TOY)
    monkeypatch.setitem(training.TEXT_SIZES, "micro", TOY_TEXT)


def test_a_batch_brings_the_layouts_of_its_own_clips(pair: tuple[Path, Path]) -> None:
    clear, small = pair
    bank = LatentBank(clear, layouts=[small])
    batch = bank.draw(torch.Generator().manual_seed(2), 6, 3)
    assert batch.layout is not None and batch.layout.shape == (6, 3, 4, 2, 4)
    means = batch.clean.unflatten(-1, (4, 2)).unflatten(-3, (2, 2)).mean((-1, -3))  # of four parts each
    assert torch.allclose(means, batch.layout, atol=5e-3)
    assert LatentBank(clear).draw(torch.Generator().manual_seed(2), 6, 3).layout is None


def test_layouts_of_other_footage_are_refused(
    pair: tuple[Path, Path], tmp_path: Path, encoded: Callable[..., Path]
) -> None:
    clear, small = pair
    other = encoded(tmp_path / "other.safetensors", torch.randn(FILMS, 4, 4, 2, 4), first=8)
    for wrong in ([other], [clear], [small, other]):
        with pytest.raises(OzoraError, match=r"^layouts: got .*allowed: "):
            LatentBank(clear, layouts=wrong)


def test_a_refiner_learns_what_the_layout_lacks(pair: tuple[Path, Path], tmp_path: Path, toy: None) -> None:
    clear, small = pair
    report = train(
        "micro_refiner", out=tmp_path / "run", latents=[clear], layouts=[small], device="cpu", quiet=True,
        steps=150, overrides=[*SMALL, "layouts.noise=0.0", "optimiser.average=0.97", "optimiser.rate=4e-3"],
    )  # fmt: skip
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
    train(
        "micro_transformer", out=tmp_path / "plain", latents=[clear], steps=2, device="cpu", quiet=True,
        overrides=SMALL,
    )  # fmt: skip
    train(
        "micro_refiner", out=tmp_path / "grown", latents=[clear], layouts=[small], start=tmp_path / "plain",
        steps=1, device="cpu", quiet=True,
        overrides=[*SMALL, "optimiser.rate=0.0", "optimiser.matrix_rate=0.0"],
    )  # fmt: skip
    plain, grown = (load_weights(tmp_path / run / "transformer.safetensors")[0] for run in ("plain", "grown"))
    assert not grown["layout_in.weight"].any() and grown.keys() - plain.keys() == {"layout_in.weight"}
    assert torch.allclose(grown["blocks.0.qkv.weight"], plain["blocks.0.qkv.weight"], atol=0.02)


def test_a_teacher_films_the_asked_share_of_layouts_anew(
    pair: tuple[Path, Path], tmp_path: Path, toy: None, untrained: Callable[..., Path]
) -> None:
    teacher = untrained(tmp_path, "student", replace(TOY, aims=True), TOY_TEXT, "known")
    inputs = Inputs(latents=(pair[0],), layouts=(pair[1],), teacher=teacher)
    recipe = get_recipe("micro_refiner", ["layouts.noise=0.0"])
    assert isinstance(recipe, RefinerRecipe)
    layouts = {}
    for share in (0.0, 0.5, 1.0):
        shared = replace(recipe, layouts=replace(recipe.layouts, filmed=share))
        task = RefinerTask(shared, inputs, torch.device("cpu"))
        batch = task.bank.draw(torch.Generator().manual_seed(1), 40, 4)
        tokens, mask = task.captions.draw(batch.shots, torch.Generator().manual_seed(2))
        told = task._more(batch, tokens, mask, torch.Generator().manual_seed(3))
        layouts[share] = (told["layout"] - batch.layout).square().mean((1, 2, 3, 4))
    assert not layouts[0.0].any() and bool((layouts[1.0] > 0).all())
    assert 10 <= int((layouts[0.5] > 0).sum()) <= 30
    assert bool(torch.isfinite(layouts[1.0]).all())


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


def test_a_refiners_student_learns_what_its_guided_teacher_does(
    pair: tuple[Path, Path], tmp_path: Path, untrained: Callable[..., Path]
) -> None:
    untrained(tmp_path, "student", replace(TOY, aims=True), TOY_TEXT, "known")
    teacher = untrained(tmp_path, "refiner", replace(TOY, refines=True), TOY_TEXT, "known")
    told = {}
    for steps in (1, 90):
        report = train(
            "micro_student", out=tmp_path / str(steps), latents=[pair[0]], layouts=[pair[1]], teacher=teacher,
            steps=steps, device="cpu", quiet=True,
            overrides=[
                "stages.0.until=0", "stages.1.frames=4", "stages.1.batch=4", "best_steps=8",
                "teacher_steps=8", "guidance=3.0", "optimiser.rate=3e-3",
            ],
        )  # fmt: skip
        told[steps] = report.measures
    for steps in (2, 4):
        assert told[90][f"student_{steps}"] < 0.8 * told[1][f"student_{steps}"]
    tensors, about = load_weights(report.weights)
    assert about["config"]["aims"] and about["config"]["refines"]
    student = Transformer(replace(TOY, aims=True, refines=True))
    student.load_state_dict(tensors)
    text = encode(TextEncoder(TOY_TEXT), ["a fox"])
    layout, seconds = torch.randn(1, 4, 4, 2, 4), torch.arange(4).expand(1, -1) / 3
    film = refine(student.eval(), text, layout, seed=3, seconds=seconds, steps=3)
    state = replace(State.blank(4, (4, 4, 8), [3]), seconds=seconds)
    predictor = Predictor(student, text, None, Guidance(1.0), layout=layout)
    with torch.no_grad():  # it knows where it steps to, so nothing is expected from steps before
        straight = denoise(predictor, Moment(0, state), step_levels(3, REFINING_SHIFT), order=1).state.latent
    assert torch.equal(film, straight)
