"""Any legal Shot comes back from JSON; what is not legal is refused by field, value and choice."""

from __future__ import annotations

import json
import re
from copy import deepcopy
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ozora.errors import OzoraError
from ozora.world import concepts
from ozora.world.sampling import sample_shot
from ozora.world.shot import Shot, moment_of

SEEDS = st.integers(0, 10**9)
WORDS = {  # where a word stands in the JSON, and the axis it is of
    ("subjects", 0, "kind"): "subject", ("subjects", 0, "colour"): "colour",
    ("subjects", 0, "material"): "material", ("subjects", 0, "size"): "size",
    ("subjects", 0, "action"): "action", ("subjects", 0, "speed"): "speed",
    ("subjects", 0, "direction"): "direction", ("subjects", 0, "position"): "position",
    ("subjects", 0, "then"): "then", ("place",): "place", ("time",): "time", ("weather",): "weather",
    ("look",): "look", ("occluder",): "occluder", ("later",): "later", ("relation",): "relation",
    ("camera", "move"): "camera", ("camera", "framing"): "framing", ("camera", "height"): "height",
}  # fmt: skip
NO_WORDS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.lists(st.text(), max_size=2),
    st.dictionaries(st.text(), st.integers(), max_size=1), st.text(max_size=12),
)  # fmt: skip


def put(record: dict[str, Any], path: tuple[str | int, ...], value: object) -> dict[str, Any]:
    changed: Any = deepcopy(record)
    inner = changed
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return changed


def field_of(path: tuple[str | int, ...]) -> str:
    """ "subjects[0].kind", as refusals write it."""
    return "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in path).removeprefix(".")


def refusal(record: object) -> str:
    with pytest.raises(OzoraError) as caught:
        Shot.from_json(record)
    return str(caught.value)


@settings(max_examples=250)
@given(SEEDS, st.sampled_from(sorted(WORDS, key=str)), NO_WORDS)
def test_what_is_no_word_of_its_axis_is_refused_by_field_with_every_choice(
    seed: int, path: tuple[str | int, ...], junk: object
) -> None:
    allowed = concepts.FIELDS[WORDS[path]]
    assume(not (isinstance(junk, str) and junk in allowed))
    message = refusal(put(sample_shot(seed).to_json(), path, junk))
    assert message.startswith(f"{field_of(path)}: got "), message
    assert "\n" not in message and message.endswith(".")
    assert all(value in message for value in allowed), message


@settings(max_examples=200)
@given(SEEDS, st.sampled_from(sorted(WORDS, key=str)), st.data())
def test_any_word_of_an_axis_makes_a_shot_or_one_sentence(
    seed: int, path: tuple[str | int, ...], data: st.DataObject
) -> None:
    value = data.draw(st.sampled_from(concepts.FIELDS[WORDS[path]]))
    record = put(sample_shot(seed).to_json(), path, value)
    try:
        shot = Shot.from_json(record)
    except OzoraError as refused:
        assert re.fullmatch(r"[a-z]+(\[\d\])?(\.[a-z]+)?: got '.*', allowed: .+\.", str(refused)), refused
        return
    assert shot.to_json() == record


@settings(max_examples=200)
@given(SEEDS)
def test_a_shot_survives_text_and_back(seed: int) -> None:
    shot = sample_shot(seed, held_out=seed % 3 == 0)
    text = json.dumps(shot.to_json())
    assert Shot.from_json(json.loads(text)) == shot
    assert json.dumps(Shot.from_json(json.loads(text)).to_json()) == text


@settings(max_examples=100)
@given(SEEDS, st.text(min_size=1, max_size=10), st.sampled_from(("", "subjects", "camera")))
def test_an_unknown_key_is_named_wherever_it_stands(seed: int, key: str, where: str) -> None:
    record = sample_shot(seed).to_json()
    inner: Any = {"": record, "subjects": record["subjects"][0], "camera": record["camera"]}[where]
    assume(key not in inner)
    inner[key] = 1
    name = {"": "shot", "subjects": "subjects[0]", "camera": "camera"}[where]
    message = refusal(record)
    assert message.startswith(f"{name} field: got ") and all(one in message for one in set(inner) - {key})


@pytest.mark.parametrize(("field", "least", "most"), [("fps", 1, 60), ("seed", 0, 2**63 - 1)])
@given(number=st.one_of(st.integers(-(10**20), 10**20), st.floats(), st.booleans(), st.none()))
def test_whole_numbers_are_taken_inside_their_range_and_refused_outside(
    field: str, least: int, most: int, number: object
) -> None:
    record = {"subjects": [{"kind": "fox"}], field: number}
    if type(number) is int and least <= number <= most:
        assert getattr(Shot.from_json(record), field) == number
        return
    message = refusal(record)
    assert message.startswith(f"{field}: got ") and f"from {least} to {most}" in message


@given(number=st.one_of(st.integers(-3, 9), st.floats(-2, 8), st.booleans(), st.none(), st.text(max_size=3)))
def test_a_count_is_one_to_five(number: object) -> None:
    record = {"subjects": [{"kind": "fox", "action": "run", "count": number}]}
    if type(number) is int and 1 <= number <= 5:
        shot = Shot.from_json(record)
        assert shot.subjects[0].count == number and shot.instances == (0,) * number
        return
    message = refusal(record)
    assert message.startswith("subjects[0].count: got ") and "1 to 5" in message


@given(
    st.lists(st.floats(-1, 6, allow_nan=False), min_size=1, max_size=4),
    st.floats(0.5, 5, allow_nan=False),
)
def test_cuts_are_taken_in_order_inside_the_clip_only(times: list[float], seconds: float) -> None:
    cuts = [{"at": at, "camera": {"framing": "close"}} for at in times]
    record = {"subjects": [{"kind": "fox"}], "seconds": seconds, "cuts": cuts}
    ordered = all(one < other for one, other in pairwise(times))
    if ordered and times[0] > 0 and times[-1] < seconds:
        assert [cut.at for cut in Shot.from_json(record).cuts] == times
        return
    message = refusal(record)
    wrong = int(re.match(r"cuts\[(\d)\]\.at: got ", message)[1])  # type: ignore[index]
    before = times[wrong - 1] if wrong else 0.0
    assert not before < times[wrong] < seconds  # the very cut that is named


@settings(max_examples=200)
@given(st.floats(0.01, 60), st.integers(1, 60))
def test_frames_are_one_and_fours_and_nearest_to_the_seconds(seconds: float, fps: int) -> None:
    shot = Shot.from_json({"subjects": [{"kind": "fox"}], "seconds": seconds, "fps": fps})
    assert shot.frames >= 1 and shot.frames % 4 == 1
    assert abs((shot.frames - 1) - seconds * fps) <= 2 + 1e-6


@settings(max_examples=150)
@given(SEEDS)
def test_a_second_action_begins_in_the_middle_of_the_clip(seed: int) -> None:
    shot = sample_shot(seed)
    length = (shot.frames - 1) / shot.fps
    for index in range(len(shot.subjects)):
        moment = moment_of(shot, index)
        assert 0.4 * length <= moment <= 0.6 * length and moment == moment_of(shot, index)
