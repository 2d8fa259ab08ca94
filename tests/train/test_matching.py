"""A student matched to its teacher films what the teacher would, and says nothing where they agree."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ozora.model.checkpoint import load_weights
from ozora.model.sampler import Guidance, Moment, Predictor, denoise, step_levels
from ozora.model.state import State
from ozora.model.text import TextConfig, encode
from ozora.model.transformer import Transformer, TransformerConfig
from ozora.train import transformer as training
from ozora.train.latents import latent_seconds
from ozora.train.loop import Report, train
from ozora.train.matching import MatchingTask
from ozora.train.recipe import MatchingRecipe, Stage
from ozora.train.recipes import get_recipe
from ozora.train.student import Lesson
from ozora.train.tasks import Inputs, begin_with

TOY = TransformerConfig(
    channels=4, width=64, layers=3, heads=2, hidden=96, time_features=32, early_after=2, routed=(1, 2)
)
TOY_TEXT = TextConfig(out_width=64, byte_width=32, byte_layers=1, width=64, layers=1, heads=2, hidden=64)
SMALL = ("stages.0.until=0", "stages.1.frames=4", "stages.1.batch=4", "best_steps=8", "teacher_steps=8")


@pytest.fixture(scope="module")
def teacher(untrained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return untrained(tmp_path_factory.mktemp("teacher"), "transformer", TOY, TOY_TEXT, "known")


@pytest.fixture(scope="module")
def footage(encoded: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("latents") / "latents.safetensors"
    return encoded(path, torch.randn(8, 4, 4, 2, 3, generator=dice(1)))


def run(teacher: Path, footage: Path, out: Path, *more: str, **settings: object) -> Report:
    given = {"latents": [footage], "teacher": teacher, "overrides": [*SMALL, *more], "device": "cpu"}
    return train("micro_matching", out=out, quiet=True, **{**given, **settings})  # type: ignore[arg-type]


def task(teacher: Path, footage: Path, *overrides: str) -> MatchingTask:
    recipe = get_recipe("micro_matching", [*SMALL, *overrides])
    assert isinstance(recipe, MatchingRecipe)
    return MatchingTask(recipe, Inputs(latents=(footage,), teacher=teacher), torch.device("cpu"))


def dice(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def one_lesson(one: MatchingTask, count: int = 6) -> Lesson:
    batch = one.bank.draw(dice(5), count, 4)
    return Lesson(batch.clean.float(), batch.seconds, encode(one.text, ["a fox"] * count))


def test_a_film_in_training_is_the_film_that_is_sampled(teacher: Path, footage: Path) -> None:
    one = task(teacher, footage)
    lesson = one_lesson(one)
    for seed in range(4):
        state = one.beginning(lesson, dice(seed))
        film = one.film(lesson, state, 4)
        own, _ = one.predictors(lesson.text, None)
        sampled = denoise(own, Moment(0, state), step_levels(4, one.shift(film)), order=1).state.latent
        assert torch.allclose(film, sampled, atol=1e-5)
        assert torch.equal(film[state.given], state.clean[state.given])
        film.square().mean().backward()  # all steps learn: where a step aims is read by all but the last
        assert one.student.aim_in is not None and one.student.aim_in.weight.grad is not None


def test_where_echo_and_teacher_agree_nothing_is_to_be_learnt(teacher: Path, footage: Path) -> None:
    for guidance, agree in (("1.0", True), ("3.0", False)):
        one = task(teacher, footage, f"guidance={guidance}")
        lesson = one_lesson(one)
        state = one.beginning(lesson, dice(1))
        film = one.film(lesson, state, 2).detach().requires_grad_()
        one.apart(film, state, lesson, dice(2)).backward()
        assert film.grad is not None
        moved = film.grad.abs().amax((2, 3, 4))  # (B, L)
        assert bool((moved[~state.given] > 1e-6).all()) is not agree
        assert not moved[state.given].any()
        if agree:
            assert float(moved.max()) < 1e-7


def test_the_gradient_leads_to_what_the_teacher_sees(teacher: Path, footage: Path) -> None:
    one = task(teacher, footage)
    lesson = one_lesson(one)
    state = one.beginning(lesson, dice(1))
    free = ~state.given
    film = one.film(lesson, state, 2).detach().requires_grad_()
    one.apart(film, state, lesson, dice(2)).backward()
    assert film.grad is not None
    with torch.no_grad():
        level, noisy = one._noisy(film, state, dice(2))
        there = replace(state, latent=noisy)
        _, guided = one.predictors(lesson.text, None)
        towards = guided(there, level, level, 0) - one._hear(noisy, level, state, lesson).clean
    along = torch.nn.functional.cosine_similarity(-film.grad[free].flatten(1), towards[free].flatten(1))
    assert float(along.min()) > 0.999


def test_between_two_kinds_of_film_a_student_learns_to_decide(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, encoded: Callable[..., Path]
) -> None:
    monkeypatch.setitem(training.TRANSFORMER_SIZES, "micro", TOY)
    monkeypatch.setitem(training.TEXT_SIZES, "micro", TOY_TEXT)
    pattern = torch.randn(4, 4, 2, 3, generator=dice(3)).sign()  # footage is this or its opposite
    sides = torch.tensor([1.0, -1.0]).repeat(16)[:, None, None, None, None]
    clips = sides * pattern + 0.1 * torch.randn(32, 4, 4, 2, 3, generator=dice(4))
    footage = encoded(tmp_path / "sides.safetensors", clips)
    taught = tmp_path / "teacher"
    train(
        "micro_transformer", out=taught, latents=[footage], steps=300, device="cpu", quiet=True,
        overrides=[
            "stages.0.until=0", "stages.1.until=0", "stages.2.frames=4", "stages.2.batch=8",
            "stages.2.shorter=0.0", "align_weight=0.0", "optimiser.rate=4e-3", "optimiser.average=0.95",
        ],
    )  # fmt: skip
    told = run(
        taught, footage, tmp_path / "run", "guidance=1.0", "step_counts=2,2,2", "remixed=0.0", "asked=0.0",
        "alone=0.1", "optimiser.rate=3e-4", "optimiser.matrix_rate=3e-4", "optimiser.average=0.95",
        "stages.1.batch=8", "stages.1.shorter=0.0", steps=150,
    )  # fmt: skip
    one = task(taught, footage)
    state = replace(State.blank(4, (4, 2, 3), range(48)), seconds=latent_seconds(4, 12).expand(48, -1))
    text = encode(one.text, ["a fox"])

    def sides_of(network: Transformer) -> Tensor:
        """On which side each film of two steps is, and how clearly: near 1 or -1 for footage."""
        own = Predictor(network.eval(), text, None, Guidance(text=1.0))
        films = denoise(own, Moment(0, state), step_levels(2, 1.0), order=1).state.latent
        return (films * pattern).mean((1, 2, 3, 4))

    with torch.no_grad():
        before = sides_of(one.student)
        one.student.load_state_dict(load_weights(told.weights)[0])
        after = sides_of(one.student)
    undecided, decided = (float((1 - sides.abs()).clamp(min=0).mean()) for sides in (before, after))
    assert decided < 0.6 * undecided
    assert float(after.abs().max()) < 1.3  # and no further than footage goes


def test_it_goes_on_from_the_teachers_student(
    teacher: Path, footage: Path, tmp_path: Path, untrained: Callable[..., Path]
) -> None:
    for name in ("transformer", "text"):
        (tmp_path / f"{name}.safetensors").write_bytes((teacher / f"{name}.safetensors").read_bytes())
    (tmp_path / "other").mkdir()
    untrained(tmp_path / "other", "student", replace(TOY, aims=True), TOY_TEXT, "known")
    (tmp_path / "student.safetensors").write_bytes((tmp_path / "other/student.safetensors").read_bytes())
    plain, grown = (task(folder, footage).student for folder in (teacher, tmp_path))
    assert plain.aim_in is not None and grown.aim_in is not None
    assert not plain.aim_in.weight.any() and grown.aim_in.weight.any()


def test_an_interrupted_run_is_the_same_to_the_bit(teacher: Path, footage: Path, tmp_path: Path) -> None:
    settings = ("asked=0.5", "alone=0.3")
    whole = run(teacher, footage, tmp_path / "whole", *settings, steps=4)
    run(teacher, footage, tmp_path / "parts", *settings, steps=4, pause=2)
    parts = run(teacher, footage, tmp_path / "parts", *settings, steps=4, resume=tmp_path / "parts")
    one, other = load_weights(whole.weights)[0], load_weights(parts.weights)[0]
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_losses_tell_what_the_step_was_about(teacher: Path, footage: Path) -> None:
    one = task(teacher, footage, "asked=0.0", "alone=0.2")
    one.begin_step(dice(1))
    early = one.losses(dice(2), Stage(1.0, 4, 4), 0.1)
    late = one.losses(dice(2), Stage(1.0, 4, 4), 0.5)
    assert early.keys() == {"total", "question", "echo"} and late.keys() == {"total", "apart", "echo"}
    for told in (early, late):  # both networks learn in every step
        for network in one.networks.values():
            network.zero_grad()
        told["total"].backward()
        assert all(
            any(p.grad is not None and bool(p.grad.any()) for p in network.parameters())
            for network in one.networks.values()
        )


def test_footage_pulls_at_films_beside_the_teacher(teacher: Path, footage: Path) -> None:
    one = task(teacher, footage, "verdict=1.0")
    lesson = one_lesson(one)
    state = one.beginning(lesson, dice(1))
    assert one.verdict is not None
    tells = one.verdict
    learnt = torch.optim.Adam([*one.echo.parameters(), *one.verdict.parameters()], 3e-3)
    film = one.film(lesson, state, 2).detach()
    before = float(one._echoed(film, state, lesson, dice(0))["verdict"].detach())
    for step in range(60):
        learnt.zero_grad()
        one._echoed(film, state, lesson, dice(step))["verdict"].backward()
        learnt.step()
    after = float(one._echoed(film, state, lesson, dice(0))["verdict"].detach())
    assert after < 0.6 * before  # it tells them apart

    def pulled(verdict: nn.Module | None) -> Tensor:
        films = film.clone().requires_grad_()
        optimiser = torch.optim.Adam([films], 0.05)
        one.verdict = verdict
        for step in range(40):
            optimiser.zero_grad()
            one.apart(films, state, lesson, dice(step)).backward()
            optimiser.step()
        assert films.grad is not None and not films.grad[state.given].any()
        return films.detach()

    alone, beside = pulled(None), pulled(tells)

    def footage_like(films: Tensor) -> float:
        return float(one._told(films, state, lesson, dice(7)).mean())

    with torch.no_grad():
        assert footage_like(beside) > footage_like(alone) + 0.2


def test_what_tells_footage_from_films_goes_on_after_an_interruption(
    teacher: Path, footage: Path, tmp_path: Path
) -> None:
    settings = ("asked=0.0", "alone=0.3", "verdict=0.5")
    whole = run(teacher, footage, tmp_path / "whole", *settings, steps=4)
    run(teacher, footage, tmp_path / "parts", *settings, steps=4, pause=2)
    parts = run(teacher, footage, tmp_path / "parts", *settings, steps=4, resume=tmp_path / "parts")
    one, other = load_weights(whole.weights)[0], load_weights(parts.weights)[0]
    assert all(torch.equal(one[name], other[name]) for name in one)
    begun = task(teacher, footage, "verdict=0.5")
    begin_with(begun, whole.weights.parent)  # goes on from the film-maker alone
    assert torch.equal(begun.student.head.out.weight, one["head.out.weight"].float())
