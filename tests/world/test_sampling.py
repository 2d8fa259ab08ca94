"""Sampled shots are legal, balanced and repeatable, and what is held out never enters training."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.errors import OzoraError
from ozora.world import concepts
from ozora.world.captions import caption, shot_fields
from ozora.world.held_out import HELD_OUT, is_held_out, legal_combinations
from ozora.world.languages.english.plurals import plural
from ozora.world.physics.cast import TOGETHER
from ozora.world.sampling import sample_shot
from ozora.world.shot import Shot, Subject, validate

MANY = tuple(sample_shot(seed) for seed in range(4000))

NEW_MOVES = ("tilt", "zoom", "crane", "fly-over", "handheld", "truck", "pull-back")


def share(holds: Callable[[Shot], bool]) -> float:
    return sum(map(holds, MANY)) / len(MANY)


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 2**62), st.booleans(), st.floats(0.5, 60), st.integers(1, 60))
def test_every_sampled_shot_can_be_filmed_and_survives_json(
    seed: int, held_out: bool, seconds: float, fps: int
) -> None:
    shot = sample_shot(seed, held_out=held_out, seconds=seconds, fps=fps)
    validate(shot)
    assert Shot.from_json(json.loads(json.dumps(shot.to_json()))) == shot
    assert (shot.seconds, shot.fps) == (seconds, fps)
    assert is_held_out(shot) == held_out


def test_the_same_seed_gives_the_same_shot_and_others_differ() -> None:
    assert tuple(sample_shot(seed) for seed in range(50)) == MANY[:50]
    assert len(set(MANY)) == len(MANY)


def test_sampling_is_the_same_on_every_machine() -> None:
    fields = shot_fields(sample_shot(20))
    axes = ("subject", "action", "place", "time", "weather", "camera")
    assert [fields[axis] for axis in axes] == ["eagle", "fly", "beach", "dawn", "clear", "pull-back"]


def test_held_out_is_a_tenth_or_so_of_what_is_legal_and_spread_over_everything() -> None:
    legal = legal_combinations()
    assert set(HELD_OUT) <= set(legal)
    assert len(set(HELD_OUT)) == len(HELD_OUT) >= 20
    assert 0.08 <= len(HELD_OUT) / len(legal) <= 0.17
    settled = {kind for kind, one in concepts.SUBJECTS.items() if len(one.places) > 2}
    assert {kind for kind, _, _ in HELD_OUT} >= settled
    assert {place for _, place, _ in HELD_OUT} == set(concepts.PLACES)
    assert {time for _, _, time in HELD_OUT} == set(concepts.TIMES)


def test_every_pair_of_words_still_meets_in_training() -> None:
    trained = set(legal_combinations()) - set(HELD_OUT)
    for one, two in ((0, 1), (1, 2)):
        assert {(c[one], c[two]) for c in trained} == {(c[one], c[two]) for c in legal_combinations()}


def test_held_out_combinations_are_seen_only_when_asked_for() -> None:
    seen = {(subject.kind, shot.place, shot.time) for shot in MANY for subject in shot.subjects}
    assert not seen & set(HELD_OUT)
    asked = [sample_shot(seed, held_out=True) for seed in range(1600)]
    assert {(shot.subjects[0].kind, shot.place, shot.time) for shot in asked} == set(HELD_OUT)


def test_a_second_subject_counts_too() -> None:
    kind, place, time = HELD_OUT[0]
    free = Shot((Subject("horse", action="run"),), place=place, time=time)
    assert not is_held_out(free)
    assert is_held_out(replace(free, subjects=(*free.subjects, Subject(kind, action="run"))))


def test_subjects_times_and_places_are_balanced() -> None:
    kinds = Counter(shot.subjects[0].kind for shot in MANY)
    evenly = len(MANY) / len(concepts.SUBJECTS)
    assert all(0.7 <= kinds[kind] / evenly <= 1.3 for kind in concepts.SUBJECTS)
    times = Counter(shot.time for shot in MANY)
    evenly = len(MANY) / len(concepts.TIMES)
    assert all(0.75 <= times[time] / evenly <= 1.25 for time in concepts.TIMES)
    places = Counter(shot.place for shot in MANY)
    assert all(places[place] >= 0.004 * len(MANY) for place in concepts.PLACES)


def test_every_value_of_every_axis_is_sampled() -> None:
    seen: dict[str, set[str]] = {axis: set() for axis in concepts.FIELDS}
    for shot in MANY:
        for axis, value in shot_fields(shot).items():
            seen[axis].add(value)
    for axis, values in concepts.FIELDS.items():
        # Labels name the visible colour; a rocket would draw the camera away from whom it is beside.
        never = {"colour": {"natural"}, "second_subject": {"rocket"}}
        expected = set(values) - never.get(axis, set())
        assert seen[axis] == expected, axis


def test_the_rare_is_as_rare_as_meant() -> None:
    assert 0.08 <= share(lambda shot: shot.weather == "fog") <= 0.18
    assert 0.05 <= share(lambda shot: shot.weather == "snow") <= 0.15
    assert all(0.01 <= share(lambda shot, w=w: shot.weather == w) <= 0.1 for w in ("rain", "storm", "aurora"))
    assert 0.15 <= share(lambda shot: shot.camera.move == "static") <= 0.28
    assert 0.25 <= share(lambda shot: shot.camera.move in NEW_MOVES) <= 0.50
    assert 0.11 <= share(lambda shot: len(shot.subjects) == 2) <= 0.19
    assert 0.03 <= share(lambda shot: shot.occluder != "none") <= 0.11
    assert 0.07 <= share(lambda shot: bool(shot.cuts)) <= 0.13
    assert 0.55 <= share(lambda shot: shot.camera.framing == "medium") <= 0.75
    assert 0.70 <= share(lambda shot: shot.look == "natural") <= 0.82
    animals = [shot for shot in MANY if shot.subjects[0].kind in ("fox", "horse", "bird")]
    natural = sum(shot.subjects[0].colour == "natural" for shot in animals) / len(animals)
    assert 0.62 <= natural <= 0.78


def test_occluders_stand_only_where_something_crosses_the_frame() -> None:
    for shot in MANY:
        if shot.occluder != "none":
            assert concepts.ACTIONS[shot.subjects[0].action].travels
            assert shot.subjects[0].direction in ("left", "right")


def test_two_subjects_stand_apart_and_are_not_alike() -> None:
    for shot in MANY:
        if len(shot.subjects) == 2:
            first, second = shot.subjects
            assert first.kind != second.kind
            assert first.position != second.position or first.action in TOGETHER


def test_fixed_axes_hold_and_leave_the_others_luck_alone() -> None:
    free = sample_shot(7)
    wish = {"subject": "fox", "place": "snowfield", "time": "dusk", "action": "run", "colour": "white"}
    for seed in range(50):
        fields = shot_fields(sample_shot(seed, **wish))
        assert {axis: fields[axis] for axis in wish} == wish
    fogless = shot_fields(sample_shot(7, look="black-and-white"))
    assert {**fogless, "look": free.look} == shot_fields(free)


@pytest.mark.parametrize(
    "wish",
    [
        {"subject": "ball", "second_subject": "cube", "place": "tabletop"},
        {"action": "fly"},
        {"weather": "snow", "camera": "orbit"},
        {"occluder": "rock", "subject": "fox"},
        {"cut": "cut"},
        {"then": "run"},
        {"then": "stand", "subject": "car"},
        {"then": "jump", "action": "walk", "direction": "left"},
        {"cut": "none", "second_subject": "none"},
        {"material": "metal", "subject": "cube", "size": "large", "position": "left"},
    ],
)
def test_any_axis_can_be_fixed(wish: dict[str, str]) -> None:
    for seed in range(20):
        fields = shot_fields(sample_shot(seed, **wish))
        assert {axis: fields[axis] for axis in wish} == wish


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"subject": "dragon"}, "subject: got 'dragon', allowed: fox"),
        ({"subjects": "fox"}, "did you mean 'subject'"),
        ({"subject": "sailboat", "place": "dunes"}, "fixed: got 'subject=sailboat, place=dunes'"),
        (dict(zip(("subject", "place", "time"), HELD_OUT[0], strict=True)), "seen in training"),
    ],
)
def test_wishes_that_cannot_be_filmed_are_refused(wish: dict[str, str], says: str) -> None:
    with pytest.raises(OzoraError) as caught:
        sample_shot(0, **wish)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_three_share_a_picture_at_times_and_are_all_named() -> None:
    shots = [shot for shot in map(sample_shot, range(1200)) if len(shot.subjects) == 3]
    assert 0.02 * 1200 < len(shots) < 0.08 * 1200
    for shot in shots[:20]:
        text = caption(shot, "full", 0).lower()
        words = [concepts.synonyms("subject", one.kind) for one in shot.subjects]
        assert all(any(word in text or plural(word) in text for word in some) for some in words), text


def test_a_move_is_drawn_where_it_can_be_told() -> None:
    shots = [sample_shot(seed) for seed in range(900)]
    for shot in shots:
        first, camera = shot.subjects[0], shot.camera
        if first.direction in ("towards", "away") and concepts.ACTIONS[first.action].travels:
            assert camera.move not in ("dolly", "zoom", "pull-back", "pan", "truck")
        if camera.move == "follow":
            assert first.speed != "slow" and (first.speed == "fast" or first.kind not in ("whale", "train"))
        assert (camera.move, camera.height) != ("zoom", "high")
        if shot.cuts and camera.move != "static":
            assert shot.cuts[0].at >= 0.5 * shot.seconds - 1 / shot.fps
    assert {shot.camera.move for shot in shots} == set(concepts.MOVES)
