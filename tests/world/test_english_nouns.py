"""English names that tell a colour agree with the colour that is seen, and no word is said twice."""

from __future__ import annotations

import re

import pytest

from ozora.world import concepts
from ozora.world.languages import STYLES, caption
from ozora.world.shot import Shot, Subject

NAMED_BY_COLOUR = [
    (kind, noun.split(" ")[0])
    for kind, concept in concepts.SUBJECTS.items()
    for noun in concept.synonyms
    if noun.split(" ")[0] in concepts.COLOURS
]


def captions(subject: Subject, place: str) -> list[str]:
    shot = Shot((subject,), place, "noon")
    return [caption(shot, style, seed).lower() for style in STYLES for seed in range(60)]


def test_some_names_tell_a_colour() -> None:
    assert {("wolf", "grey"), ("whale", "blue")} <= set(NAMED_BY_COLOUR)


@pytest.mark.parametrize(("kind", "named"), NAMED_BY_COLOUR)
@pytest.mark.parametrize("count", [1, 3])
def test_a_name_that_tells_a_colour_is_used_of_that_colour_only(kind: str, named: str, count: int) -> None:
    concept = concepts.SUBJECTS[kind]
    for colour in concept.colours:
        is_seen = concepts.visible_colour(kind, colour)
        action, place = concept.actions[-1], concept.places[0]
        texts = captions(Subject(kind, colour, action=action, count=count), place)
        for text in texts:
            told = set(re.findall(rf"\b({'|'.join(concepts.COLOURS)}) (?={kind[:3]})", text))
            assert told <= {is_seen}, text
            assert not re.search(r"\b(\w+) \1\b", text), text
        # The name itself is still in use where it is true.
        plainly = any(re.search(rf"\b{named} {kind[:3]}", text) for text in texts)
        assert plainly == (is_seen == named)


@pytest.mark.parametrize("place", ["street", "beach", "night city"])
def test_a_verb_with_along_takes_along_no_second_time(place: str) -> None:
    time = "night" if place == "night city" else "noon"
    for speed in ("slow", "normal", "fast"):
        shot = Shot((Subject("car", "red", action="drive", speed=speed),), place, time)
        texts = [caption(shot, style, seed) for style in STYLES for seed in range(80)]
        assert any(" along " in text for text in texts)
        assert not [text for text in texts if "along along" in text]
