"""Runs are data: complete, changed by typed overrides only, and refused by name otherwise."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ozora.errors import OzoraError
from ozora.train.loop import drawn_at, stage_at
from ozora.train.recipe import AutoencoderRecipe, Stage, TransformerRecipe
from ozora.train.recipes import RECIPES, get_recipe, micro_transformer


@pytest.mark.parametrize("name", RECIPES)
def test_every_run_is_named_after_itself_and_its_stages_fill_it(name: str) -> None:
    recipe = get_recipe(name)
    assert recipe.name == name
    ends = [stage.until for stage in recipe.stages]
    assert ends == sorted(set(ends))
    assert ends[-1] == 1.0
    assert all(stage.batch > 0 and stage.frames > 0 for stage in recipe.stages)


def test_the_transformer_sees_pictures_then_short_then_whole_clips() -> None:
    recipe = micro_transformer()
    frames = [stage_at(recipe, share).frames for share in (0.0, 0.35, 0.99, 1.0)]
    assert frames == [1, 5, 13, 13]


def test_now_and_then_clips_are_shorter_and_more_of_them() -> None:
    recipe, stage = micro_transformer(), Stage(1.0, 13, 16, shorter=0.3)
    drawn = [drawn_at(recipe, stage, samples, 2) for samples in range(0, 16000, 16)]
    assert drawn == [drawn_at(recipe, stage, samples, 2) for samples in range(0, 16000, 16)]
    shorter = [(each.frames, each.batch) for each in drawn if each != stage]
    assert 0.25 < len(shorter) / len(drawn) < 0.35
    assert set(shorter) == {(1, 112), (4, 44), (7, 28), (10, 20)}  # a step's work stays what it was
    assert 0.4 < sum(frames == 1 for frames, _ in shorter) / len(shorter) < 0.6
    assert drawn_at(recipe, replace(stage, shorter=0.0), 16, 2).frames == 13
    assert all(
        drawn_at(recipe, replace(stage, batch=3, shorter=1.0), samples, 3).batch % 3 == 0
        for samples in range(50)
    )
    with pytest.raises(OzoraError, match=r"shorter: got '1\.5', allowed: a share"):
        get_recipe("micro_transformer", ["stages.2.shorter=1.5"])


def test_overrides_reach_nested_fields_with_their_types() -> None:
    recipe = get_recipe(
        "micro-transformer",
        [
            "optimiser.rate=3e-4",
            "stages.1.batch=7",
            "seed=5",
            "compile=false",
            "optimiser.betas=0.8, 0.95",
            "captions=0.1,0.2,0.3,0.4",
        ],
    )
    assert isinstance(recipe, TransformerRecipe)
    assert recipe.optimiser.rate == 3e-4
    assert recipe.stages[1].batch == 7
    assert recipe.stages[0] == micro_transformer().stages[0]
    assert (recipe.seed, recipe.compile) == (5, False)
    assert recipe.optimiser.betas == (0.8, 0.95)
    assert recipe.captions == (0.1, 0.2, 0.3, 0.4)
    losses = get_recipe("micro_autoencoder", ["losses.kl=0.5"])
    assert isinstance(losses, AutoencoderRecipe)
    assert losses.losses.kl == 0.5


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("optimiser.rat=1", "did you mean 'rate'"),
        ("optimiser.rate=fast", "a number"),
        ("seed=1.5", "a whole number"),
        ("compile=maybe", "true or false"),
        ("stages.9.batch=1", "0 to 2"),
        ("stages.0.batch.x=1", "plain value"),
        ("optimiser=adam", "one of its own fields"),
        ("optimiser.betas=0.9", "2 values"),
        ("seed", "field=value"),
    ],
)
def test_bad_overrides_are_refused_by_name(override: str, told: str) -> None:
    with pytest.raises(OzoraError, match=told) as caught:
        get_recipe("micro_transformer", [override])
    assert override.split("=")[0].split(".")[0] in str(caught.value)


def test_an_unknown_run_is_told_which_exist() -> None:
    with pytest.raises(OzoraError, match=r"allowed: micro_autoencoder, .* `ozora plan` lists"):
        get_recipe("micro_autoencode")
    with pytest.raises(OzoraError, match=r"allowed: .*`ozora plan` lists"):
        get_recipe("xyz")


def test_a_run_may_be_cut_down_to_one_stage() -> None:
    first = get_recipe("micro_transformer", ["stages.0.until=1.0"])
    last = get_recipe("micro_transformer", ["stages.0.until=0", "stages.1.until=0"])
    assert {stage_at(first, share).frames for share in (0.0, 0.5, 1.0)} == {1}
    assert {stage_at(last, share).frames for share in (0.0, 0.5, 1.0)} == {13}


def test_what_is_larger_than_micro_is_reckoned_for_a_gpu() -> None:
    for name in RECIPES:
        recipe = get_recipe(name)
        assert (recipe.machine.name == "2 cores") == name.startswith("micro_"), name
