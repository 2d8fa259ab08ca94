"""What comes second is told in every language: how a collision ends, what a second subject goes over to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ozora.world.languages import CODES, LANGUAGES, caption
from ozora.world.languages.english.grammar import inflect
from ozora.world.languages.lexicon import wordings
from ozora.world.outcome import outcome
from ozora.world.shot import Shot, Subject

COLLISIONS = [
    Shot((Subject(one, action="collide", size=mine, speed=speed), Subject(other, size=theirs)), "tabletop")
    for one, other in (("ball", "cylinder"), ("ball", "ring"))
    for mine, theirs in (("large", "small"), ("medium", "medium"), ("small", "large"))
    for speed in ("slow", "normal", "fast")
]
PARTING = Shot((Subject("fox", action="walk"), Subject("horse", action="stand", then="run")), "snowfield")
SIGNS = {  # one of these stands in every outcome, and nowhere else in a caption of solids that meet
    "over": {"es": "derriba vuelca", "fr": "renverse basculer", "de": "um", "zh": "倒",
             "ja": "倒れる ひっくり返る",
             "hi": "गिर पलट", "ar": "تقع فيقع ينقلب تنقلب"},
    "away": {"es": "empuja deslizarse rodar rodando", "fr": "repousse glisser rouler",
             "de": "fort weg Rollen", "zh": "开 滑 滚",
             "ja": "押しやられる 滑り 転が", "hi": "सरक लुढ़क", "ar": "بعيدًا"},
    "back": {"es": "rebot", "fr": "rebondit repart", "de": "prallt", "zh": "自己",
             "ja": "跳ね返る はじき返される", "hi": "वापस", "ar": "الوراء"},
}  # fmt: skip


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("found", SIGNS)
def test_how_a_collision_ends_is_said_about_half_the_time(code: str, found: str) -> None:
    shot = next(shot for shot in COLLISIONS if outcome(shot) == found)
    kind = shot.subjects[1].kind
    stems = SIGNS[found][code].split()
    for wording in wordings(LANGUAGES[code], "outcome", found, kind):
        assert all(any(stem in form for stem in stems) for form in wording)
    captions = {caption(shot, "medium", seed, code) for seed in range(60)}
    said = sum(any(stem in text for stem in stems) for text in captions)
    assert 0.15 * len(captions) < said
    assert not any("{" in text or "}" in text for text in captions)


def test_nothing_is_made_up_of_a_collision_that_ends_in_nothing_much() -> None:
    shot = next(shot for shot in COLLISIONS if not outcome(shot))
    for code, stems in SIGNS["back"].items():
        if code != "de":  # its word for hitting is one of them
            texts = [caption(shot, "full", seed, code) for seed in range(30)]
            assert not any(stem in text for text in texts for stem in stems.split())


@pytest.mark.parametrize("code", CODES)
def test_the_second_subject_goes_over_to_something_too(code: str) -> None:
    calm = Shot((PARTING.subjects[0], replace(PARTING.subjects[1], then="none")), "snowfield")
    moving = {caption(PARTING, "medium", seed, code) for seed in range(40)}
    still = {caption(calm, "medium", seed, code) for seed in range(40)}
    if code == "en":
        stems = ("start", "break", "run", "gallop", "dash")
    else:
        stems = tuple(form for one in wordings(LANGUAGES[code], "then", "run", "stand") for form in one)
    assert all(any(stem in text for stem in stems) for text in moving)
    assert code == "en" or not any(stem in text for text in still for stem in stems)


def test_english_doubles_the_last_letter_of_tip() -> None:
    assert inflect("tip it over", "participle") == "tipping it over"
