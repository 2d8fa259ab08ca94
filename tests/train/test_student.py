"""Students begin as their teacher, learn what several guided steps do, and film without guidance."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from ozora.errors import OzoraError
from ozora.model.checkpoint import load_weights
from ozora.model.sampler import Guidance, Moment, Predictor, denoise, sample, step_levels
from ozora.model.state import State
from ozora.model.text import TextConfig, TextEncoder, encode
from ozora.model.transformer import Transformer, TransformerConfig
from ozora.train.latents import latent_seconds
from ozora.train.loop import Report, train
from ozora.train.recipe import Stage
from ozora.train.recipes import get_recipe
from ozora.train.student import Lesson, StudentTask
from ozora.train.tasks import Inputs

TOY = TransformerConfig(
    channels=4, width=64, layers=3, heads=2, hidden=96, time_features=32, early_after=2, routed=(1, 2)
)
TOY_TEXT = TextConfig(out_width=64, byte_width=32, byte_layers=1, width=64, layers=1, heads=2, hidden=64)
SMALL = ("stages.0.until=0", "stages.1.frames=4", "stages.1.batch=4", "best_steps=16", "teacher_steps=8")


@pytest.fixture(scope="module")
def teacher(untrained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A transformer that films something definite, though nothing sensible, for every prompt."""
    return untrained(tmp_path_factory.mktemp("teacher"), "transformer", TOY, TOY_TEXT, "known+older")


@pytest.fixture(scope="module")
def footage(encoded: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("latents") / "latents.safetensors"
    clips = torch.randn(8, 4, 4, 2, 3, generator=torch.Generator().manual_seed(1))
    return encoded(path, clips, root="known+newer")


def run(teacher: Path | None, footage: Path, out: Path, *more: str, **settings: object) -> Report:
    given = {"latents": [footage], "teacher": teacher, "overrides": [*SMALL, *more], "device": "cpu"}
    return train("micro_student", out=out, quiet=True, **{**given, **settings})  # type: ignore[arg-type]


def task(teacher: Path, footage: Path, *overrides: str) -> StudentTask:
    recipe = get_recipe("micro_student", [*SMALL, *overrides])
    return StudentTask(recipe, Inputs(latents=(footage,), teacher=teacher), torch.device("cpu"))  # type: ignore[arg-type]


def test_with_nothing_to_learn_the_loss_is_zero(teacher: Path, footage: Path) -> None:
    # Unguided, and as many steps as the student's: the teacher does what its untrained copy does.
    same = task(teacher, footage, "guidance=1.0", "step_counts=8,8,8")
    other = task(teacher, footage, "guidance=3.0", "step_counts=8,8,8")
    for seed in range(3):
        alike, different = (
            float(one.losses(torch.Generator().manual_seed(seed), Stage(1.0, 4, 4), 0.5)["total"].detach())
            for one in (same, other)
        )
        assert alike < 1e-8 < 1e-5 < different


def test_the_target_leads_in_one_step_where_the_teacher_went_in_several(teacher: Path, footage: Path) -> None:
    one = task(teacher, footage, "guidance=2.0", "step_counts=2,2,2", "remixed=0.0")
    batch = one.bank.draw(torch.Generator().manual_seed(5), 6, 4)
    text = encode(one.text, ["a fox"] * 6)
    lesson = Lesson(batch.clean.float(), batch.seconds, text)
    ended = set()
    for seed in range(6):
        one.begin_step(torch.Generator().manual_seed(seed))
        asked = one.question(lesson, torch.Generator().manual_seed(seed))
        free = ~asked.state.given
        assert bool((asked.lower[free] < asked.level[free]).all())
        assert torch.equal(asked.lower[~free], asked.level[~free])
        if bool((asked.lower[free] == 0).all()):  # the last phase ends at the teacher's film itself
            levels = step_levels(8, 1.0)[4:]
            guided = Predictor(one.teacher, text, encode(one.text, [""]), Guidance(text=2.0))
            film = denoise(guided, Moment(0, asked.state), levels, order=2).state.latent
            assert torch.allclose(film[free], asked.target[free], atol=1e-5)
        ended.add(bool((asked.lower[free] == 0).all()))
    assert ended == {True, False}


def test_a_student_learns_to_film_in_few_steps_without_guidance(
    teacher: Path, footage: Path, tmp_path: Path
) -> None:
    short = run(teacher, footage, tmp_path / "short", steps=1)
    report = run(teacher, footage, tmp_path / "long", "optimiser.rate=3e-3", steps=90)
    for steps in (2, 4, 8):
        assert report.measures[f"student_{steps}"] < 0.8 * short.measures[f"student_{steps}"]
    tensors, about = load_weights(report.weights)
    assert about["config"]["aims"] is True
    assert about["ledger_root"] == "known+older+newer"
    student = Transformer(TransformerConfig(**{**about["config"], "routed": (1, 2)}))
    student.load_state_dict(tensors)
    state = State.blank(4, (4, 2, 3), [9])
    prompt = encode(TextEncoder(TOY_TEXT), ["a fox"])
    film = sample(student, prompt, None, state, steps=4, guidance=1.0)
    assert torch.equal(film, sample(student, prompt, None, state, steps=4, guidance=1.0, order=1))
    assert torch.isfinite(film).all()


def test_an_interrupted_run_is_the_same_to_the_bit(teacher: Path, footage: Path, tmp_path: Path) -> None:
    whole = run(teacher, footage, tmp_path / "whole", steps=4)
    run(teacher, footage, tmp_path / "parts", steps=4, pause=2)
    parts = run(teacher, footage, tmp_path / "parts", steps=4, resume=tmp_path / "parts")
    one, other = load_weights(whole.weights)[0], load_weights(parts.weights)[0]
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_only_a_network_that_aims_reads_where_it_steps_to() -> None:
    for aims in (False, True):
        torch.manual_seed(0)
        network = Transformer(TransformerConfig(**{**asdict(TOY), "aims": aims}))
        for parameter in network.parameters():
            if not bool(parameter.any()):
                torch.nn.init.normal_(parameter, std=0.1)
        state = State.blank(4, (4, 2, 3), [1])
        seconds, level = latent_seconds(4, 12)[None], torch.full((1, 4), 0.7)
        text = encode(TextEncoder(TOY_TEXT), ["a fox"])
        near, far = (
            network(state.latent, level, state.given, seconds, text, aim=level - gap).clean
            for gap in (0.0, 0.5)
        )
        assert torch.equal(near, network(state.latent, level, state.given, seconds, text).clean)
        assert torch.equal(near, far) is not aims


def test_what_a_student_needs_is_asked_for(teacher: Path, footage: Path, tmp_path: Path) -> None:
    with pytest.raises(OzoraError, match=r"^teacher: got .*nothing.*, allowed: a folder"):
        run(None, footage, tmp_path / "none", steps=1)
    with pytest.raises(OzoraError, match=r"^weights: .*nosuch.* is not there"):
        run(tmp_path / "nosuch", footage, tmp_path / "lost", steps=1)


def test_a_student_teaches_nobody(
    footage: Path, tmp_path: Path, untrained: Callable[..., Path]
) -> None:
    aiming = TransformerConfig(**{**asdict(TOY), "aims": True})
    untrained(tmp_path, "transformer", aiming, TOY_TEXT, "known")
    with pytest.raises(OzoraError, match=r"^teacher: got .*student itself.*, allowed: one that takes many"):
        task(tmp_path, footage)
