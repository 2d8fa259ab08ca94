"""Prompts as people type them: denials, odd signs, numbers, mixed writing, and nothing lost in silence."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.director.understanding import Reading, understand
from ozora.director.understanding.recaption import caption_for, compose, recaption
from ozora.world import concepts

FOX = "a red fox runs in the snow at night"
FOX_READ = {
    "subject": "fox", "count": "1", "colour": "red", "action": "run", "place": "snowfield", "time": "night",
}  # fmt: skip
EMOJIS = ("🦊", "❄️", "🏃‍♂️", "👍🏽", "1️⃣"[1:], "✨", "‼️", "🇫🇷")


def told(reading: Reading) -> set[str]:
    """Every word of which the reading says that it had no effect."""
    return {one.word for one in (*reading.unknown, *reading.unused)}


# --- what is denied -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("prompt", "denied", "kept"), [
    ("a cat that is not black sits on a table", ("colour", "black"), {"action": "stand"}),
    ("a cat that is not black is on a table", ("colour", "black"), {"place": "tabletop"}),
    ("a fox runs but not fast in the snow", ("speed", "fast"), {"action": "run", "place": "snowfield"}),
    ("a fox doesn't run, it walks in the snow", ("action", "run"), {"action": "walk", "subject": "fox"}),
    ("a fox does not run, it walks in the snow", ("action", "run"), {"action": "walk", "subject": "fox"}),
    ("no fox, just a cat runs in the forest", ("subject", "fox"), {"subject": "cat", "action": "run"}),
    ("not a dog but a cat runs in the forest", ("subject", "dog"), {"subject": "cat", "place": "forest"}),
    ("no black dog, a cat walks", ("subject", "dog"), {"subject": "cat", "action": "walk"}),
    ("the fox isn't red, it runs", ("colour", "red"), {"subject": "fox", "action": "run"}),
    ("a fox, neither red nor white, runs", ("colour", "red"), {"subject": "fox", "action": "run"}),
    ("a fox without snow in the forest", ("place", "snowfield"), {"subject": "fox", "place": "forest"}),
])  # fmt: skip
def test_a_denial_reaches_what_it_denies_and_no_further(
    prompt: str, denied: tuple[str, str], kept: dict[str, str]
) -> None:
    reading = understand(prompt)
    values = reading.values()
    axis, value = denied
    assert denied in reading.without and values.get(axis) != value
    assert {name: values.get(name) for name in kept} == kept


def test_of_two_denials_in_a_row_both_hold() -> None:
    assert {("colour", "red"), ("colour", "white")} <= set(
        understand("a fox, neither red nor white, runs").without
    )
    rain = understand("no rain no fog no snow, a fox walks")
    assert {("weather", "rain"), ("weather", "fog")} <= set(rain.without) and "weather" not in rain.scene


# --- signs, emojis, shouting --------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", [
    "A RED FOX RUNS IN THE SNOW AT NIGHT!!!", "a  red\tfox\nruns   in the snow at night",
    "«a red fox runs in the snow at night»", "a fox (red) runs in the snow [at night]",
    "  a red fox runs in the snow at night  ", "“A red fox runs in the snow — at night”",
    "a red fox runs 🏃‍♂️ in the snow ❄️ at night ✨", "*a red fox* runs in the snow at night",
    "ａ ｒｅｄ ｆｏｘ ｒｕｎｓ in the snow at night",
])  # fmt: skip
def test_signs_and_case_change_nothing_of_what_is_meant(prompt: str) -> None:
    reading = understand(prompt)
    assert reading.values() == FOX_READ
    assert not told(reading) and not reading.corrections and len(reading.beats) == 1


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 8), st.sampled_from(EMOJIS)), max_size=6))
def test_emojis_between_words_are_decoration(put: list[tuple[int, str]]) -> None:
    words = FOX.split()
    for at, emoji in put:
        words.insert(at, emoji)
    reading = understand(" ".join(words))
    assert reading.values() == FOX_READ
    assert not told(reading)


@pytest.mark.parametrize("prompt", ["", "   \n\t ", "...", "?!", "🦊", "❄️❄️❄️", ",,,", "—"])
def test_a_prompt_without_words_names_nobody_and_fails_nowhere(prompt: str) -> None:
    reading = understand(prompt)
    assert not reading.subjects and not reading.scene and not told(reading)
    assert "subjects" in reading.open
    assert recaption(prompt).text == prompt and recaption(prompt).changed == 0
    assert caption_for(prompt) is None


def test_a_very_long_prompt_is_read_to_its_end() -> None:
    filler = "it is so very nice and lovely, " * 120
    reading = understand(f"a red fox runs, {filler} in the snow at night")
    assert {name: reading.values().get(name) for name in FOX_READ} == FOX_READ
    again = understand(". ".join([FOX] * 40))
    assert again.values()["subject"] == "fox" and not told(again)


# --- numbers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", range(1, 6))
def test_numbers_mean_the_same_in_digits_and_in_words(number: int) -> None:
    word = ("one", "two", "three", "four", "five")[number - 1]
    noun = "fox" if number == 1 else "foxes"
    counts = {understand(f"{one} {noun} in the snow").values()["count"] for one in (str(number), word)}
    assert counts == {str(number)}


@pytest.mark.parametrize("prompt", ["12 foxes run in the snow", "10 horses on the beach", "seven white cats"])
def test_more_than_can_be_filmed_is_told_and_not_cut_down_in_silence(prompt: str) -> None:
    reading = understand(prompt)
    (conflict,) = [one for one in reading.conflicts if one.field == "count"]
    assert conflict.taken == reading.values()["count"] == "5" and "5" in conflict.why
    (start, end), *_ = conflict.spans
    assert prompt[start:end] in ("12", "10", "seven")
    assert conflict.values[0] in ("12", "10", "7")


@pytest.mark.parametrize(
    ("prompt", "asked"),
    [("a dozen foxes", "12"), ("twenty birds over the sea", "20"), ("hundreds of birds", "200")],
)
def test_great_numbers_are_numbers_too(prompt: str, asked: str) -> None:
    reading = understand(prompt)
    assert reading.subjects[0].fields["count"].value == "5"
    assert [conflict.values for conflict in reading.conflicts] == [(asked,)] and not reading.unknown


@pytest.mark.parametrize(
    ("prompt", "seconds"),
    [
        ("a 3.5s shot of a fox", "3.5"), ("a fox for 3s", "3"), ("a 12sec film of a fox", "12"),
        ("a 30s film of a fox", "30"), ("a one-minute film of a fox", "60"), ("a 1min film of a fox", "60"),
        ("5s 一只狐狸", "5"), ("un film d'une minute, un renard", "60"),
    ],
)  # fmt: skip
def test_a_length_is_read_with_its_unit_stuck_on_and_in_minutes(prompt: str, seconds: str) -> None:
    reading = understand(prompt)
    assert reading.scene["seconds"].value == seconds and not reading.unknown
    assert [subject.kind for subject in reading.subjects] == ["fox"]


@pytest.mark.parametrize("prompt", ["a man in his 30s walks", "a car of the 50s", "an 80s car"])
def test_years_are_no_length(prompt: str) -> None:
    assert "seconds" not in understand(prompt).scene


def test_no_conflict_is_told_of_as_many_as_can_be_filmed() -> None:
    for number in range(1, 6):
        assert not understand(f"{number} birds over the sea").conflicts


def test_each_subject_has_its_own_number() -> None:
    first, second = understand("3 foxes and 2 cats run in the meadow").subjects
    assert (first.kind, first.fields["count"].value) == ("fox", "3")
    assert (second.kind, second.fields["count"].value) == ("cat", "2")


# --- two answers to one question ----------------------------------------------------------------------------


@pytest.mark.parametrize(("prompt", "field", "values"), [
    ("a red blue ball on a table", "colour", {"red", "blue"}),
    ("a small big fox in the snow", "size", {"small", "large"}),
    ("a glossy matte ball", "material", {"glossy", "matte"}),
])  # fmt: skip
def test_two_traits_of_one_kind_are_a_conflict(prompt: str, field: str, values: set[str]) -> None:
    reading = understand(prompt)
    (conflict,) = [one for one in reading.conflicts if one.field == field]
    assert set(conflict.values) == values and conflict.taken == reading.values()[field]
    assert len(conflict.spans) == 2


def test_a_word_that_is_colour_and_material_is_what_is_still_open() -> None:
    values = understand("a chalky orange cone slides over a meadow").values()
    assert (values["colour"], values["material"]) == ("orange", "matte")


# --- who does what to whom ----------------------------------------------------------------------------------


@pytest.mark.parametrize("prompt", [
    "a white rabbit is chased by a red fox", "a red fox chases a white rabbit",
    "a white rabbit being chased by a red fox in the snow", "a white rabbit pursued by a red fox",
])  # fmt: skip
def test_who_chases_is_the_same_in_the_passive(prompt: str) -> None:
    reading = understand(prompt)
    assert [one.kind for one in reading.subjects] == ["fox", "rabbit"]
    assert [one.fields["colour"].value for one in reading.subjects] == ["red", "white"]
    assert reading.values()["relation"] == "chasing"
    assert "fox" in compose(reading).split("chasing")[0]


@pytest.mark.parametrize("prompt", ["a fox runs from right to left", "a fox runs right to left"])
def test_right_to_left_is_leftwards_with_and_without_from(prompt: str) -> None:
    assert understand(prompt).values()["direction"] == "left"
    swapped = prompt.replace("right", "X").replace("left", "right").replace("X", "left")
    assert understand(swapped).values()["direction"] == "right"


@pytest.mark.parametrize("clothes", ["wearing a red coat", "in a red coat", "with a red jacket"])
def test_what_somebody_wears_is_no_deed(clothes: str) -> None:
    reading = understand(f"a person {clothes} walks down the street at night")
    values = reading.values()
    assert (values["action"], values["colour"], values["subject"]) == ("walk", "red", "person")
    assert not reading.corrections


def test_birds_fly_over_the_sea_and_cameras_over_the_scene() -> None:
    for prompt in ("birds fly over the sea", "a bird is flying over a lake", "an eagle flies over the sea"):
        values = understand(prompt).values()
        assert values["action"] == "fly" and "camera" not in values
    for prompt in ("fly-over shot of a horse", "a horse, fly-over", "the camera flies over a horse"):
        values = understand(prompt).values()
        assert values["camera"] == "fly-over" and "action" not in values


# --- several writings ---------------------------------------------------------------------------------------


def test_a_sign_of_another_writing_does_not_hide_the_words_around_it() -> None:
    reading = understand("a red fox 跑 in the snow at night")
    assert reading.language == "en" and told(reading) == {"跑"}
    assert reading.values() == {name: value for name, value in FOX_READ.items() if name != "action"}
    chinese = understand("一只红色的狐狸在雪地上奔跑 4k")
    assert chinese.language == "zh" and chinese.values()["subject"] == "fox"


def test_of_mixed_languages_what_is_not_read_is_named() -> None:
    reading = understand("a renard runs in the neige")
    everything = " ".join(sorted(told(reading))) + " ".join(reading.values().values())
    assert reading.values()["subject"] == "fox" or "renard" in everything
    assert reading.values().get("action") == "run" or "runs" in everything


@pytest.mark.parametrize(("prompt", "colour"), [
    ("一个粉红色的气球在湖面上空升起", "pink"), ("一个红色的气球在湖面上空升起", "red"),
    ("一个粉红色的球", "pink"), ("一只白色的猫", "white"),
])  # fmt: skip
def test_a_chinese_colour_that_holds_another_is_itself(prompt: str, colour: str) -> None:
    assert understand(prompt).values()["colour"] == colour


# --- nothing is lost in silence -----------------------------------------------------------------------------


@settings(max_examples=40)
@given(
    st.sampled_from(sorted(concepts.SUBJECTS)),
    st.sampled_from(("xyzzyq", "qwrtpl", "zzkkvv", "blorptix")),
    st.integers(0, 3),
)
def test_a_word_that_means_nothing_is_named_wherever_it_stands(kind: str, word: str, at: int) -> None:
    noun = concepts.synonyms("subject", kind)[0]
    words = ["the", noun, "at", "dusk"]
    prompt = " ".join([*words[:at], word, *words[at:]])
    reading = understand(prompt)
    assert word in {one.word for one in reading.unknown}
    assert all(prompt[one.span[0] : one.span[1]] == one.word for one in reading.unknown)
    assert reading.values()["subject"] == kind


@pytest.mark.parametrize(("axis", "pattern"), [
    ("time", "a fox, {}"), ("place", "a fox, {}"), ("weather", "a fox in a meadow, {}"),
    ("look", "a fox, {}"), ("camera", "a fox, {}"), ("framing", "a fox, {}"), ("height", "a fox, {}"),
])  # fmt: skip
def test_every_synonym_of_the_registry_is_read_as_its_value(axis: str, pattern: str) -> None:
    names = {word for kind in concepts.SUBJECTS for word in concepts.synonyms("subject", kind)}  # "truck"
    for value in concepts.AXES[axis]:
        for word in concepts.synonyms(axis, value):
            if value != "natural" and word not in names:
                assert understand(pattern.format(word)).values().get(axis) == value, (axis, value, word)
