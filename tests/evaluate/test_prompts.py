"""The shipped suite covers the film set, and what it says about itself is true."""

from __future__ import annotations

import json
import re
from collections import Counter
from pathlib import Path

import pytest

from ozora.backends.weights import find_probe
from ozora.errors import OzoraError
from ozora.evaluate.probe import load_probe
from ozora.evaluate.prompts import FIRST_UNSEEN_SEED, Prompt, read_prompts
from ozora.model.probe import PROBE_AXES
from ozora.world import concepts
from ozora.world.captions import shot_fields
from ozora.world.held_out import HELD_OUT, is_held_out
from ozora.world.shot import Camera, Shot, Subject

FIRST = read_prompts("first")


def test_sixty_prompts_twenty_of_them_held_out() -> None:
    assert len(FIRST) == 60 and len({prompt.text for prompt in FIRST}) == 60
    assert sum(prompt.held_out for prompt in FIRST) == 20
    assert all(prompt.held_out == is_held_out(prompt.shot) for prompt in FIRST)
    held = {(p.asked("subject"), p.asked("place"), p.asked("time")) for p in FIRST if p.held_out}
    assert len(held) == 20 and held <= set(HELD_OUT)


@pytest.mark.parametrize("axis", ["subject", "place", "time", "action", "camera", "weather"])
def test_every_value_is_asked(axis: str) -> None:
    asked = Counter(prompt.asked(axis) for prompt in FIRST)
    known = set(dict(load_probe(find_probe()).config.axes)[axis])
    if axis == "camera":  # the suite is older than the seven moves that the probe reads beside its five
        known &= {"static", "pan", "dolly", "orbit", "follow"}
    assert set(asked) == known
    if axis in ("time", "camera"):
        assert set(asked.values()) == {12}


def test_the_words_name_what_the_shot_says() -> None:
    for prompt in FIRST:
        words = prompt.text.lower()
        for axis in ("subject", "place"):
            said = concepts.synonyms(axis, prompt.asked(axis))
            assert any(word in words for word in said), (axis, prompt.text)
        colour = prompt.shot.subjects[0].colour
        assert colour == "natural" or colour in words, prompt.text


def test_nothing_is_followed_that_stays_in_its_place() -> None:
    for prompt in FIRST:
        if prompt.asked("camera") == "follow":
            assert concepts.ACTIONS[prompt.asked("action")].travels, prompt.text


def filmed(move: str, speed: str = "normal") -> Shot:
    return Shot((Subject("fox", action="walk", speed=speed),), place="meadow", camera=Camera(move))


@pytest.mark.parametrize(
    ("text", "move", "named"),
    [
        ("A fox walks, the camera pans across the scene.", "pan", True),
        ("A fox walks, followed by the camera.", "follow", True),
        ("A low-angle tracking shot of a fox.", "follow", True),
        ("A wide shot of a fox.", "pan", False),
        ("A fox walks towards the camera.", "static", False),
        ("A fox looks into the camera while the camera orbits it.", "orbit", True),
        ("A fox walks; slow push in.", "dolly", True),
        ("A fox walks over a meadow, filmed by hand.", "handheld", True),
        ("A fox walks, still frame.", "static", True),
        ("A fox crosses the crane.", "crane", False),
        ("", "pan", True),
    ],
)
def test_a_camera_is_judged_where_the_words_name_one(text: str, move: str, named: bool) -> None:
    assert Prompt(text, filmed(move), False).tells("camera") is named


def test_a_speed_is_judged_where_an_adverb_or_the_verb_itself_tells_it() -> None:
    assert Prompt("a fox walks slowly", filmed("pan", "slow"), False).tells("speed")
    assert not Prompt("a fox walks", filmed("pan", "slow"), False).tells("speed")
    running = Shot((Subject("fox", action="run", speed="fast"),), place="meadow")
    assert Prompt("a fox sprints over a meadow", running, False).tells("speed")
    assert not Prompt("a fox runs over a breakfast", running, False).tells("speed")


def test_nearly_all_of_the_shipped_suite_names_its_camera_and_of_a_drawn_one_two_in_three() -> None:
    assert sum(prompt.tells("camera") for prompt in FIRST) >= 57
    drawn = read_prompts("skills:77:60")
    assert 30 <= sum(prompt.tells("camera") for prompt in drawn) <= 45


def test_shots_use_seeds_that_training_never_draws() -> None:
    seeds = [prompt.shot.seed for prompt in (*FIRST, *read_prompts("seed:1:12"))]
    assert min(seeds) >= FIRST_UNSEEN_SEED and len(set(seeds)) == len(seeds)


def test_a_suite_is_drawn_from_a_seed() -> None:
    once, again, other = read_prompts("seed:5:12"), read_prompts("seed:5:12"), read_prompts("seed:6:12")
    assert once == again and once != other
    assert [prompt.held_out for prompt in once] == [False, False, True] * 4
    assert all(len(prompt.shot.subjects) == 1 and not prompt.shot.cuts and prompt.text for prompt in once)


def test_a_direction_is_asked_for_only_by_name() -> None:
    told = [prompt for prompt in FIRST if prompt.tells("direction")]
    assert 2 <= len(told) < len(FIRST) / 2
    assert all(re.search("left|right|camera|distance|us|away", prompt.text) for prompt in told)
    assert all(prompt.tells("weather") and prompt.tells("accepted") for prompt in FIRST)
    shot = Shot((Subject("fox", action="run", direction="left"),), place="meadow")
    assert Prompt("a fox runs leftwards", shot, False).tells("direction")
    assert not Prompt("a fox leaps right over a log", shot, False).tells("direction")


def test_a_drawn_suite_asks_only_what_the_probe_knows() -> None:
    words = {"subject": ("fox", "cube"), "place": ("meadow", "tabletop", "snowfield")}
    suite = read_prompts("seed:5:20", words)
    assert len(suite) == 20
    assert all(prompt.asked(axis) in values for prompt in suite for axis, values in words.items())
    assert {prompt.held_out for prompt in suite} == {True, False}
    with pytest.raises(OzoraError, match="at most 0 prompts of the words that the probe knows"):
        read_prompts("seed:5:20", {"subject": ("unicorn",)})


@pytest.mark.parametrize(
    ("suite", "told"),
    [("nowhere", "first"), ("seed:x", "seed:N"), ("seed:1:1", "2 to 10000"), ("seed:1:2:3", "seed:N")],
)
def test_a_suite_that_is_not_there_is_refused(suite: str, told: str) -> None:
    with pytest.raises(OzoraError, match=told):
        read_prompts(suite)


def test_a_suite_file_with_a_mistake_is_refused_by_its_place(tmp_path: Path) -> None:
    good = {"prompt": "a fox", "held_out": False, "shot": {"subjects": [{"kind": "fox"}]}}
    cases = {
        "held_out": {**good, "held_out": True},
        "place": {**good, "shot": {**good["shot"], "place": "moon"}},  # type: ignore[dict-item]
        "an object with prompt": {**good, "prompt": " "},
    }
    for told, broken in cases.items():
        path = tmp_path / "suite.json"
        path.write_text(json.dumps([good, broken]))
        with pytest.raises(OzoraError, match=rf"prompts\[1\].*{told}"):
            read_prompts(path)
    path.write_text(json.dumps([good, {**good, "prompt": "another fox"}]))
    assert [prompt.text for prompt in read_prompts(path)] == ["a fox", "another fox"]
    path.write_text("[]")
    with pytest.raises(OzoraError, match="one or more"):
        read_prompts(path)


def test_what_is_asked_is_what_a_probe_is_taught() -> None:
    """A natural fox is red to the eye: prompts and training must agree on that, or no film is ever right."""
    for prompt in FIRST:
        fields = shot_fields(prompt.shot)
        assert all(prompt.asked(axis) == fields[axis] for axis in PROBE_AXES)
    assert {p.asked("colour") for p in FIRST if p.shot.subjects[0].colour == "natural"} >= {"red", "brown"}
