"""Time lapse: the light passes smoothly from one time of day to another, and captions say so."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ozora.errors import OzoraError
from ozora.world import concepts
from ozora.world.captions import caption, shot_fields
from ozora.world.film import film
from ozora.world.held_out import is_held_out
from ozora.world.render.lapse import Lapse, mixed
from ozora.world.render.light import light
from ozora.world.sampling import sample_shot
from ozora.world.shot import Camera, Shot, Subject, validate

NOON_TO_NIGHT = Shot(
    (Subject("horse"),), place="meadow", time="noon", later="night", camera=Camera("static", "wide"), seed=5
)


def test_a_lapse_begins_and_ends_as_the_plain_shots_do() -> None:
    shot = replace(NOON_TO_NIGHT, later="dusk")  # of these two the camera stands at the same angle to the sun
    last = shot.frames - 1
    lapse = film(shot, 48, 32, frames=(0, last)).frames.float()
    for index, (time, frame) in enumerate((("noon", 0), ("dusk", last))):
        plain = film(replace(shot, time=time, later="none"), 48, 32, frames=(frame,)).frames.float()
        away = (lapse[index] - plain[0]).abs()
        # The clouds have moved on; everything below them is the same.
        assert away[20:].mean() < 1.5, time


def test_it_grows_dark_without_a_jump() -> None:
    frames = film(NOON_TO_NIGHT, 32, 24).frames.float().mean((1, 2, 3))
    assert frames[0] > 2.0 * frames[-1]
    assert frames.diff().abs().max() < 0.12 * (frames.max() - frames.min())


def test_light_between_two_is_between_them_and_the_sun_stays_a_direction() -> None:
    one, other = (light(replace(NOON_TO_NIGHT, time=time, later="none"), 5.0, "open", (0.2, 0.3, 0.1))
                  for time in ("sunset", "dusk"))  # fmt: skip
    half = mixed(one, other, 0.5)
    assert torch.allclose(half.sunlight, (one.sunlight + other.sunlight) / 2)
    assert float(half.sun.norm()) == pytest.approx(1.0, abs=1e-5)
    assert mixed(one, other, 0.0).reach == one.reach and mixed(one, other, 1.0).stars == other.stars


@pytest.mark.parametrize(("first", "last", "hours"), [
    ("noon", "night", ("noon", "sunset", "dusk", "night")), ("night", "dawn", ("night", "dawn")),
    ("dusk", "noon", ("dusk", "night", "dawn", "noon")),
])  # fmt: skip
def test_the_day_goes_round(first: str, last: str, hours: tuple[str, ...]) -> None:
    assert concepts.times_between(first, last) == hours
    shot = replace(NOON_TO_NIGHT, time=first, later=last)
    start = light(replace(shot, later="none"), 5.0, "open", (0.2, 0.3, 0.1))
    assert Lapse(shot, 5.0, "open", (0.2, 0.3, 0.1)).at(0.0).reach == start.reach


def test_what_cannot_lapse_is_refused_with_what_can() -> None:
    for change, words in (
        ({"later": "noon"}, "another time of day"), ({"later": "evening"}, "dusk"),
        ({"later": "night", "place": "street"}, "meadow"),
        ({"time": "night", "later": "dawn", "weather": "aurora"}, "none with an aurora"),
    ):  # fmt: skip
        with pytest.raises(OzoraError, match=words):
            validate(replace(NOON_TO_NIGHT, **change))  # type: ignore[arg-type]


def test_captions_and_labels_tell_of_the_lapse() -> None:
    assert shot_fields(NOON_TO_NIGHT)["later"] == "night"
    for seed in range(20):
        for style in ("terse", "medium", "full"):
            said = caption(NOON_TO_NIGHT, style, seed)
            assert "night" in said and ("time" in said), said


def test_sampled_lapses_never_pass_through_what_is_held_out() -> None:
    shots = [sample_shot(seed, later=("dusk", "dawn")[seed % 2]) for seed in range(300)]
    assert not any(is_held_out(shot) for shot in shots)
    share = sum(sample_shot(seed).later != "none" for seed in range(600)) / 600
    assert 0.015 < share < 0.09
    crossing = replace(NOON_TO_NIGHT, subjects=(Subject("fox"),), place="meadow")
    assert is_held_out(crossing) and not is_held_out(replace(crossing, later="none"))
