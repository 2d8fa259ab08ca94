"""Captions and judges leave out what a look hides."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ozora.evaluate.prompts import Prompt
from ozora.world import concepts
from ozora.world.captions import LENGTHS, caption
from ozora.world.languages import caption as in_language
from ozora.world.languages.english import phrases
from ozora.world.shot import Camera, Cut, Shot, Subject
from ozora.world.visible import hidden

DUSK = Shot((Subject("ball", "red", "metal", action="roll"),), place="meadow", time="dusk", weather="cloud")
HOURS = [word for time in ("dusk",) for word in (*concepts.synonyms("time", time), *phrases.LIGHTS[time])]


@pytest.mark.parametrize("look", concepts.LOOKS)
def test_no_caption_tells_what_a_look_hides(look: str) -> None:
    shot = replace(DUSK, look=look)
    away = hidden(shot)
    said = [caption(shot, length, seed) for length in LENGTHS for seed in range(12)]
    said += [in_language(shot, style, seed) for style in ("rich", "tags") for seed in range(12)]
    told = " ".join(said).lower()
    words = {
        "time": HOURS, "colour": concepts.synonyms("colour", "red"),
        "material": concepts.synonyms("material", "metal"), "weather": ("overcast", "cloudy"),
    }  # fmt: skip
    for fact, names in words.items():
        assert any(name in told for name in names) != (fact in away), (fact, away)


def test_a_natural_picture_hides_nothing_and_a_lapse_shows_its_hours() -> None:
    assert not hidden(DUSK)
    assert "time" in hidden(replace(DUSK, look="sepia"))
    assert "time" not in hidden(replace(DUSK, look="sepia", later="night"))
    assert "time" not in hidden(replace(DUSK, look="sepia", time="noon"))
    white = (Subject("ball", "white", action="roll"),)
    assert "colour" not in hidden(replace(DUSK, look="sepia", subjects=white))


def test_weathers_of_the_sky_alone_are_not_told_from_above() -> None:
    above = replace(DUSK, camera=Camera(height="high"))
    assert "weather" in hidden(above) and "weather" not in hidden(replace(above, weather="rain"))
    assert "weather" not in hidden(replace(above, camera=Camera("crane", height="high")))
    assert "weather" not in hidden(replace(above, cuts=(Cut(1.0, Camera()),)))
    assert "weather" in hidden(replace(DUSK, look="clay", weather="fog"))


def test_a_judge_asks_only_for_what_can_be_seen() -> None:
    prompt = Prompt("a red ball rolls over grass at dusk, in neon", replace(DUSK, look="neon"), False)
    assert not prompt.tells("time") and prompt.tells("subject")
    assert Prompt("a red ball at dusk", DUSK, False).tells("time")
