"""Leaps are free fall, changes are smooth, feet stand still, and words name both actions in order."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.errors import OzoraError
from ozora.world import concepts
from ozora.world.bodies import ROUND_CONE, Stage, bounds
from ozora.world.captions import LENGTHS, caption, shot_fields
from ozora.world.film import film
from ozora.world.languages import CODES, LANGUAGES, STYLES
from ozora.world.languages import caption as told
from ozora.world.languages.english.sequels import AFTERWARDS
from ozora.world.rigs import stage
from ozora.world.rigs.gait import GRAVITY
from ozora.world.rigs.leaps import Leaps, spring
from ozora.world.sampling import sample_shot
from ozora.world.shot import CHANGE_SHARE, Camera, Shot, Subject, moment_of, validate
from ozora.world.truth import Event

CHANGES = [
    (kind, action, then)
    for kind in ("fox", "horse", "rabbit", "elephant", "person")
    for action in concepts.SUBJECTS[kind].actions
    for then in concepts.thens(kind, action)
]


def flat(xz: Tensor) -> Tensor:
    return torch.zeros(xz.shape[:-1])


def hilly(xz: Tensor) -> Tensor:
    return 0.12 * torch.sin(0.7 * xz[..., 0] + 0.4) + 0.09 * torch.cos(0.8 * xz[..., 1])


def only(kind: str, action: str, then: str = "none", fps: int = 24, seed: int = 3, **rest: str) -> Shot:
    place = concepts.SUBJECTS[kind].places[0]
    return Shot((Subject(kind, action=action, then=then, **rest),), place=place, fps=fps, seed=seed)


def soles(staged: Stage, ground: Callable[[Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Metres (F, K) of cone ends over the ground, and how far (F-1, K) each moves along it."""
    bodies = staged.bodies
    cones = bodies.kind == ROUND_CONE
    tip, radius = bodies.b[:, cones], bodies.size[:, cones, 1]
    above = tip[..., 1] - radius - ground(tip[..., [0, 2]])
    return above, (tip[1:] - tip[:-1])[..., [0, 2]].norm(dim=-1)


@pytest.mark.parametrize("kind", ["fox", "horse", "cat", "rabbit", "bear", "person", "robot"])
def test_a_leap_is_free_fall_between_two_stands(kind: str) -> None:
    staged = stage(only(kind, "jump", fps=60), flat)
    height = staged.centre[:, 0, 1].double()
    fall = (height[2:] - 2 * height[1:-1] + height[:-2]) * 60**2
    above, _ = soles(staged, flat)
    aloft = (above > 0.01).all(1)[1:-1]
    assert 0.1 < aloft.float().mean() < 0.6
    # Wholly in the air, its middle has no other acceleration than that of gravity.
    inside = aloft[2:] & aloft[1:-1] & aloft[:-2]
    assert (fall[1:-1][inside] + GRAVITY).abs().max() < 0.12
    forward = staged.centre[1:, 0, [0, 2]].diff(dim=0).norm(dim=-1)[1:-1]
    assert torch.allclose(forward[inside], forward[inside].mean().expand_as(forward[inside]), rtol=0.02)
    assert int((aloft[1:] & ~aloft[:-1]).sum()) >= 2  # again and again
    assert height.min() < height[0] - 0.02 or height.min() < height.median() - 0.02  # legs bend


@settings(max_examples=40, deadline=None)
@given(leg=st.floats(0.1, 2.0), pace=st.sampled_from([0.65, 1.0, 1.4]), depth=st.floats(0.1, 0.3))
def test_the_height_of_a_leap_and_its_speed_never_jump(leg: float, pace: float, depth: float) -> None:
    one = spring(leg, pace, 1.0, 1.0, depth)
    times = np.arange(-2.5, 3.5, 1e-4)
    leaps = Leaps(one, (0.0, one.period))
    height, ahead = leaps.height(times), leaps.ahead(times)
    assert height.max() == pytest.approx(one.stretch + one.height, rel=1e-3)
    assert height.min() == pytest.approx(-max(one.depth, one.give), rel=1e-3)
    speed = np.diff(height) / 1e-4
    assert np.abs(speed).max() <= one.launch * 1.01
    hardest = max(one.launch**2 / (2 * (one.stretch + one.give)), 6 * one.depth / one.crouch**2, GRAVITY)
    assert np.abs(np.diff(speed)).max() < 1.1 * hardest * 1e-4
    assert np.abs(np.diff(ahead)).max() < 1e-4 * 1.01 * one.far / min(one.push, one.landing)
    assert (leaps.flown(times)[(times < 0) | ((times > one.flight) & (times < one.period))] == 0).all()


@pytest.mark.parametrize(("kind", "action", "then"), CHANGES)
def test_changes_are_smooth_and_nobody_slides(kind: str, action: str, then: str) -> None:
    size = {"fox": 0.35, "horse": 1.2, "rabbit": 0.16, "elephant": 1.9, "person": 0.9}[kind]
    for seed, ground in ((3, hilly), (11, flat)):
        staged = stage(only(kind, action, then, seed=seed), ground)
        above, moved = soles(staged, ground)
        tall = ("fox", "rabbit", "person")
        assert above.min() > -0.02 and bounds(staged.bodies)[0][..., 1].min() > -0.2
        touching = above < 0.004
        slip = moved[touching[1:] & touching[:-1]]
        if kind in tall or "jump" not in (action, then):  # a horse's tail may brush the grass
            assert slip.max() < 0.011
        speed = staged.centre[:, 0].diff(dim=0) * 24
        assert speed.norm(dim=-1).max() < 12
        kicks = speed.diff(dim=0)[:, [0, 2]].norm(dim=-1).max() * 24
        # No faster than a push-off on legs of that length.
        assert kicks < (60 if "jump" in (action, then) else 9 + 3 * size)
        turned = (staged.heading[1:, 0] * staged.heading[:-1, 0]).sum(-1).clamp(-1, 1).acos()
        assert turned.max() < 0.25


def test_before_and_after_the_moment_it_does_one_and_then_the_other() -> None:
    for kind, action, then in (("fox", "walk", "run"), ("horse", "run", "stand"), ("car", "drive", "stand"),
                               ("person", "stand", "walk"), ("train", "stand", "drive")):  # fmt: skip
        for seed in range(2):
            shot = only(kind, action, then, seed=seed)
            speed = stage(shot, flat).centre[:, 0].diff(dim=0).norm(dim=-1) * 24
            moment = moment_of(shot, 0)
            assert CHANGE_SHARE[0] * 4 <= moment <= CHANGE_SHARE[1] * 4
            before, after = speed[: int(moment * 24) - 1], speed[int((moment + 1.15) * 24) + 1 :]
            plain = {}
            for name in (action, then):
                steps = stage(only(kind, name, seed=seed), flat).centre[:, 0].diff(dim=0).norm(dim=-1)
                plain[name] = float(steps.mean()) * 24
            assert (before - plain[action]).abs().max() < 0.02 + 0.03 * plain[action]
            assert (after - plain[then]).abs().max() < 0.02 + 0.03 * plain[then]


def test_who_turns_back_goes_the_other_way_and_who_turns_goes_round() -> None:
    for kind in ("fox", "giraffe", "robot"):
        back = stage(only(kind, "walk", "turn"), flat)
        assert (back.heading[0, 0] * back.heading[-1, 0]).sum() < -0.9
        assert (back.centre[-1] - back.centre[-8])[0, 0] < 0 < (back.centre[8] - back.centre[0])[0, 0]
        round_about = stage(only(kind, "turn"), flat)
        cosine = (round_about.heading[1:, 0] * round_about.heading[:-1, 0]).sum(-1).clamp(-1, 1)
        assert cosine.acos().sum() > 1.8
        way = round_about.centre[:, 0, [0, 2]]
        assert (way - way.mean(0)).norm(dim=-1).max() < 1.2 * round_about.extent[0, 0]


def test_a_standing_car_stands_and_its_wheels_roll_to_a_stop() -> None:
    parked = stage(only("car", "stand"), hilly)
    assert torch.equal(parked.bodies.a[0], parked.bodies.a[-1])
    stops = stage(only("car", "drive", "stand"), flat)
    wheel = int((stops.bodies.size[0, :, 0] - 0.35).abs().argmin())
    turns = stops.bodies.axes[1:, wheel] @ stops.bodies.axes[:-1, wheel].transpose(1, 2)
    angle = ((turns.diagonal(dim1=1, dim2=2).sum(-1) - 1) / 2).clamp(-1, 1).acos()
    gone = stops.centre[:, 0].diff(dim=0).norm(dim=-1)
    assert torch.allclose(angle, gone / 0.35, atol=0.02)
    assert gone[-1] < 1e-4 < 0.1 < gone[0]


def test_the_moment_is_told_and_the_film_keeps_its_subject_in_view() -> None:
    shot = only("fox", "stand", "run", fps=6, seed=5)
    filmed = film(shot, 96, 56, frames=[0, 12, shot.frames - 1], truth=True)
    assert filmed.truth is not None
    assert filmed.truth.events == (Event("action", 1, moment_of(shot, 0), shot.seconds),)
    assert ((filmed.ids == 1).sum((1, 2)) > 20).all()


def test_a_leap_stays_in_the_frame() -> None:
    for kind in ("rabbit", "person"):
        shot = replace(only(kind, "stand", "jump", fps=8), camera=Camera("static", "close"))
        seen = film(shot, 96, 56, frames=list(range(14, 30, 2))).ids == 1
        assert not seen[:, 0].any() and not seen[:, -1].any() and not seen[:, :, [0, -1]].any()
        tops = seen.any(2).int().argmax(1)
        assert tops.max() - tops.min() > 4  # of 56 rows: it leaps, and no camera follows it up


def test_a_second_action_survives_json_and_must_be_possible() -> None:
    shot = only("fox", "walk", "jump")
    assert Shot.from_json(json.loads(json.dumps(shot.to_json()))) == shot
    assert shot_fields(shot)["then"] == "jump" and shot_fields(only("fox", "walk"))["then"] == "none"
    for kind, action, then, says in (
        ("fox", "walk", "fly", "subjects[0].then: got 'fly', allowed: none, stand, run, jump, turn for fox"),
        ("fox", "walk", "walk", "after walk"),
        ("elephant", "walk", "jump", "allowed: none, stand, run, turn for elephant"),
        ("ball", "roll", "bounce", "allowed: none for ball"),
        ("fox", "walk", "jmup", "did you mean 'jump'?"),
    ):
        with pytest.raises(OzoraError) as caught:
            validate(only(kind, action, then))
        assert says in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(("kind", "action", "then"), [*CHANGES, ("car", "drive", "stand")])
def test_captions_name_both_actions_in_their_order(kind: str, action: str, then: str) -> None:
    later = {base for key, bases in AFTERWARDS.items() if key.split()[0] == then for base in bases}
    stems = "|".join(re.escape(base.split()[0][:3]) for base in later)
    for seed in range(8):
        shot = replace(only(kind, action, then), seed=seed)
        for length in LENGTHS:
            text = caption(shot, length, seed).lower()
            assert re.search(rf".+(, then|and then|before) ({stems})", text), text
        for style in ("tags", "rich"):
            assert re.search(rf"(then|before) ({stems})", told(shot, style, seed).lower())
        for code, language in LANGUAGES.items():
            after = " | ".join(text for key, text in language.words["then"].items() if key.startswith(then))
            words = [word for forms in after.split(" | ") for word in forms.split("/")]
            text = told(shot, "medium", seed, code)
            assert any(word in text for word in words), text


def test_one_action_is_said_as_ever() -> None:
    for seed in range(6):
        for code in CODES:
            for style in STYLES:
                words = told(only("horse", "walk", seed=seed), style, seed, code).lower()
                assert not re.search(r"\b(then|luego|puis|dann|ثم)\b|随后|その後|और फिर", words), words


def test_the_sampler_draws_second_actions_apart_from_everything_else() -> None:
    changing = 0
    for seed in range(300):
        shot = sample_shot(seed)
        plain = sample_shot(seed, then="none")
        first, still = shot.subjects[0], plain.subjects[0]
        free = {"then": "none", "position": still.position, "direction": still.direction}
        assert replace(shot, subjects=(replace(first, **free), *shot.subjects[1:])) == plain
        changing += first.then != "none"
        assert first.then == "none" or (shot.occluder == "none" and not shot.cuts)
    assert 0.03 < changing / 300 < 0.12


def test_the_second_subjects_change_is_said_of_it() -> None:
    others = (Subject("fox", action="run"), Subject("horse", action="walk", then="stand", position="right"))
    for seed in range(20):
        text = caption(Shot(others, place="meadow"), "full", seed).lower()
        assert re.search(r"(horse|mare|stallion|pony) .*(then|before) (stop|com|stand)", text), text


def test_on_the_moon_a_leap_is_higher_and_falls_by_the_moons_gravity() -> None:
    earth, moon = (spring(0.9, 1.0, 1.0, 1.0, 0.26, gravity) for gravity in (9.81, 1.62))
    assert 1.3 * earth.height < moon.height < 3 * earth.height and moon.flight > 2.5 * earth.flight
    heights = Leaps(moon, (1.0,)).height(np.linspace(1.0, 1.0 + moon.flight, 60)[1:-1])
    bend = np.diff(heights, 2) / (moon.flight / 59) ** 2
    assert np.allclose(bend, -1.62, rtol=1e-3)
