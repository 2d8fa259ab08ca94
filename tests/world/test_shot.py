"""A shot survives JSON, and whatever cannot be filmed is refused in one sentence that names the field."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.errors import OzoraError
from ozora.world import concepts
from ozora.world.physics.cast import TOGETHER
from ozora.world.shot import Camera, Cut, Shot, Subject, read_shot, validate

FOX = {"kind": "fox", "action": "run"}


def refusal(record: object) -> str:
    with pytest.raises(OzoraError) as caught:
        Shot.from_json(record)
    message = str(caught.value)
    assert "\n" not in message
    assert message.count("allowed:") == 1
    assert message.endswith(".")
    return message


@st.composite
def shots(draw: st.DrawFn) -> Shot:
    """Any legal shot whatsoever, far wider than what the sampler draws."""

    def pick(values: tuple[str, ...]) -> str:
        return draw(st.sampled_from(values))

    def camera() -> Camera:
        return Camera(*(pick(concepts.AXES[axis]) for axis in ("camera", "framing", "height")))

    place = concepts.PLACES[pick(concepts.AXES["place"])]
    kinds = tuple(kind for kind, subject in concepts.SUBJECTS.items() if place.name in subject.places)
    subjects = []
    for _ in range(draw(st.integers(1, 3))):
        kind = pick(kinds)
        action = pick(tuple(a for a in concepts.SUBJECTS[kind].actions if a not in TOGETHER))
        axes = ("colour", "material", "size", "speed", "direction", "position")
        rest = {axis: pick(concepts.AXES[axis]) for axis in axes}
        subjects.append(Subject(kind, action=action, **rest))
    seconds = draw(st.floats(0.1, 60.0))
    times = sorted(draw(st.sets(st.floats(0.01, 0.99), max_size=2)))
    weather = pick(place.weathers)
    return Shot(
        subjects=tuple(subjects),
        place=place.name,
        time=pick(concepts.DARK_TIMES if weather == "aurora" else place.times),
        weather=weather,
        camera=camera(),
        look=pick(concepts.AXES["look"]),
        occluder=pick(place.occluders),
        cuts=tuple(Cut(seconds * time, camera()) for time in times),
        seconds=seconds,
        fps=draw(st.integers(1, 60)),
        seed=draw(st.integers(0, 2**63 - 1)),
    )


@settings(max_examples=60, deadline=None)
@given(shots())
def test_every_legal_shot_survives_json_exactly(shot: Shot) -> None:
    validate(shot)
    assert Shot.from_json(json.loads(json.dumps(shot.to_json()))) == shot
    assert shot.frames % 4 == 1


def test_left_out_fields_take_defaults_and_the_subjects_own_first_action() -> None:
    shot = Shot.from_json({"subjects": [{"kind": "balloon"}]})
    assert shot == Shot(subjects=(Subject("balloon", action=concepts.SUBJECTS["balloon"].actions[0]),))


def test_read_shot_reads_what_to_json_wrote(tmp_path: Path) -> None:
    shot = Shot((Subject("horse", action="walk"),), place="dunes", cuts=(Cut(1.5, Camera("orbit")),))
    path = tmp_path / "shot.json"
    path.write_text(json.dumps(shot.to_json()))
    assert read_shot(path) == shot


@pytest.mark.parametrize(
    ("changes", "field", "says"),
    [
        ({"subjects": [{"kind": "dragon"}]}, "subjects[0].kind", "fox, horse, "),
        ({"subjects": [{"kind": "foxx"}]}, "subjects[0].kind", "did you mean 'fox'"),
        ({"subjects": [{"kind": 7}]}, "subjects[0].kind", "fox, horse"),
        ({"subjects": [{"kind": ["fox"]}]}, "subjects[0].kind", "fox, horse"),
        ({"subjects": [{"colour": "red"}]}, "subjects[0].kind", "fox, horse"),
        ({"subjects": [FOX, {**FOX, "colour": "puce"}]}, "subjects[1].colour", "red, orange"),
        ({"subjects": [{"kind": "ball", "action": "fly"}]}, "subjects[0].action", "roll, bounce, fall"),
        ({"subjects": [{**FOX, "wings": 2}]}, "subjects[0] field", "kind, colour"),
        ({"subjects": []}, "subjects", "1 to 3"),
        ({"subjects": [FOX] * 4}, "subjects", "1 to 3"),
        ({"subjects": "fox"}, "subjects", "a list"),
        ({"subjects": ["fox"]}, "subjects[0]", "an object"),
        ({"subjects": [{"kind": "sailboat"}], "place": "dunes"}, "place", "sea, lake for sailboat"),
        ({"place": "tabletop"}, "place", "beach for fox"),
        ({"place": "meadows"}, "place", "did you mean 'meadow'"),
        ({"subjects": [{"kind": "cube"}], "place": "tabletop", "weather": "fog"}, "weather", "clear at"),
        ({"subjects": [{"kind": "bird"}], "place": "sea", "occluder": "tree"}, "occluder", "none, rock at"),
        ({"time": None}, "time", "dawn, noon"),
        ({"weather": "sunny"}, "weather", "clear, fog, snow"),
        ({"look": "cubist"}, "look", "natural, black-and-white"),
        ({"camera": {"move": "swoop"}}, "camera.move", "static, pan"),
        ({"camera": {"lens": "50mm"}}, "camera field", "move, framing, height"),
        ({"camera": "pan"}, "camera", "an object"),
        ({"seconds": 0}, "seconds", "more than 0 and at most 60"),
        ({"seconds": 60.1}, "seconds", "at most 60"),
        ({"seconds": float("nan")}, "seconds", "at most 60"),
        ({"seconds": 10**400}, "seconds", "at most 60"),
        ({"seconds": True}, "seconds", "at most 60"),
        ({"fps": 0}, "fps", "1 to 60"),
        ({"fps": 12.5}, "fps", "whole number"),
        ({"seed": -1}, "seed", "whole number"),
        ({"cuts": [{"at": 4.0}]}, "cuts[0].at", "less than the clip's 4 seconds"),
        ({"cuts": [{"at": 9.0}]}, "cuts[0].at", "inside the clip"),
        ({"cuts": [{"at": 2.0}, {"at": 1.0}]}, "cuts[1].at", "more than 2"),
        ({"cuts": [{"camera": {}}]}, "cuts[0].at", "seconds"),
        ({"cuts": [{"at": 1, "camera": {"framing": "tight"}}]}, "cuts[0].camera.framing", "wide, medium"),
        ({"plaze": "sea"}, "shot field", "did you mean 'place'"),
    ],
)
def test_what_cannot_be_filmed_is_refused_by_name(changes: dict[str, Any], field: str, says: str) -> None:
    message = refusal({"subjects": [FOX], **changes})
    assert message.startswith(f"{field}: got ")
    assert says in message


def test_a_shot_is_an_object_with_subjects() -> None:
    assert refusal([]).startswith("shot: got '[]', allowed: an object")
    assert refusal({}).startswith("subjects: got 'nothing'")


def test_files_that_are_no_shots_are_refused_by_name(tmp_path: Path) -> None:
    broken, pixels = tmp_path / "broken.json", tmp_path / "pixels.json"
    broken.write_text('{"subjects": [')
    pixels.write_bytes(b"\xff\xd8\xff\xe0")
    for path in (tmp_path / "missing.json", broken, pixels, tmp_path):
        with pytest.raises(OzoraError, match=r"^shot file: got '.*', allowed: a [^\n]*\.$") as caught:
            read_shot(path)
        assert path.name[:20] in str(caught.value)


def test_every_action_place_and_colour_of_a_subject_is_itself_a_concept() -> None:
    for subject in concepts.SUBJECTS.values():
        assert set(subject.actions) <= set(concepts.AXES["action"])
        assert set(subject.places) <= set(concepts.AXES["place"])
        assert {*subject.colours, subject.natural_colour} <= set(concepts.AXES["colour"])
        assert subject.height > 0
        assert subject.length > 0
        natural = concepts.albedo(subject.name, "natural")
        assert natural == concepts.albedo(subject.name, subject.natural_colour)
        albedos = [concepts.albedo(subject.name, colour) for colour in concepts.COLOURS]
        assert all(0 <= channel <= 1 for albedo in albedos for channel in albedo)


def test_words_of_one_axis_never_mean_two_values() -> None:
    for axis, values in concepts.AXES.items():
        if axis == "action":  # a ball and a cube both glide
            continue
        words = [word for value in values for word in concepts.synonyms(axis, value)]
        assert len(words) == len(set(words)), axis


def test_a_shot_is_never_changed_in_place() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Shot((Subject("fox"),)).place = "sea"  # type: ignore[misc]
