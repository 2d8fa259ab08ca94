"""Prompts are understood: exactly where captions say what is true, and honestly everywhere else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.director.understanding import Reading, understand
from ozora.director.understanding.explaining import document
from ozora.director.understanding.knowledge import axes_of, never_seen
from ozora.director.understanding.measure import FIELDS, measure
from ozora.director.understanding.recaption import compose, filled, recaption, to_shot
from ozora.director.understanding.spelling import candidates, distance
from ozora.errors import OzoraError
from ozora.world.captions import shot_fields
from ozora.world.languages import CODES
from ozora.world.languages.tokens import tokens
from ozora.world.languages.vocabulary import vocabulary


def fields(prompt: str) -> dict[str, str]:
    return understand(prompt).values()


def words_of(reading: Reading, field: str) -> list[str]:
    read = reading.scene.get(field) or reading.subjects[0].fields[field]
    return [reading.prompt[start:end] for start, end in read.spans]


# --- against captions, of which every truth is known --------------------------------------------------------


@pytest.mark.parametrize("code", CODES)
def test_captions_are_read_as_they_were_meant(code: str) -> None:
    score = measure(code, range(50_000, 50_006))
    assert score.captions == 30
    told, right = sum(score.told.values()), sum(score.right.values())
    assert right >= 0.985 * told > 200, score.wrong[:5]
    for name in ("subject", "count", "place", "time", "colour", "camera"):
        assert score.share(name) >= 0.96, (name, [one for one in score.wrong if one.field == name][:3])
    assert sum(score.invented.values()) <= 0.01 * sum(score.untold.values())
    assert score.unused == 0


@pytest.mark.parametrize("code", ["en", "ar"])
def test_slips_of_the_pen_are_read_over(code: str) -> None:
    score = measure(code, range(51_100, 51_112), typos=0.1, styles=("medium", "full"))
    assert sum(score.right.values()) >= 0.82 * sum(score.told.values())
    assert sum(score.invented.values()) <= 0.03 * sum(score.untold.values())


def test_every_measured_field_is_one_of_a_shot() -> None:
    from ozora.world.sampling import sample_shot

    assert set(FIELDS) == set(shot_fields(sample_shot(1)))


# --- free words ---------------------------------------------------------------------------------------------


def test_where_each_value_was_read_is_told_by_characters() -> None:
    reading = understand("Two small RED balls bounce on a wooden table at dusk")
    assert fields(reading.prompt) == {
        "subject": "ball", "count": "2", "size": "small", "colour": "red", "action": "bounce",
        "place": "tabletop", "time": "dusk",
    }  # fmt: skip
    assert words_of(reading, "colour") == ["RED"] and words_of(reading, "count") == ["Two"]
    assert words_of(reading, "place") == ["wooden table"] and words_of(reading, "time") == ["at dusk"]
    assert {"weather", "look", "subjects[0].speed", "seconds"} <= set(reading.open)


@pytest.mark.parametrize(("prompt", "expected"), [
    ("un zorro rojo corre por la nieve de noche", ("es", "fox", "red", "run", "snowfield", "night")),
    ("un cheval blanc galope sur la plage au coucher du soleil",
     ("fr", "horse", "white", "run", "beach", "sunset")),
    ("ein schwarzer Wolf läuft nachts durch den Wald", ("de", "wolf", "black", "run", "forest", "night")),
    ("一只白色的猫黎明时分在森林里奔跑", ("zh", "cat", "white", "run", "forest", "dawn")),
    ("夜の森で白い猫が走っている", ("ja", "cat", "white", "run", "forest", "night")),
    ("रात में एक सफ़ेद बिल्ली जंगल में दौड़ रही है", ("hi", "cat", "white", "run", "forest", "night")),
    ("قطة بيضاء تركض في غابة في الليل", ("ar", "cat", "white", "run", "forest", "night")),
])  # fmt: skip
def test_eight_languages(prompt: str, expected: tuple[str, ...]) -> None:
    reading, values = understand(prompt), fields(prompt)
    assert (reading.language, *(values[name] for name in
            ("subject", "colour", "action", "place", "time"))) == expected  # fmt: skip
    assert not reading.unknown


def test_each_subject_has_its_own_colour_and_deed() -> None:
    reading = understand("a white cat sits on the left while a big black dog runs to the right over grass")
    first, second = reading.subjects
    assert [first.fields[name].value for name in ("kind", "colour", "action")] == ["cat", "white", "stand"]
    assert second.kind == "dog" and second.fields["size"].value == "large"
    assert second.fields["colour"].value == "black" and second.fields["direction"].value == "right"
    assert "size" not in first.fields and "direction" not in first.fields


@pytest.mark.parametrize(("prompt", "field", "value"), [
    ("a dog chases a cat through the forest", "relation", "chasing"),
    ("a rabbit to the left of a brown bear", "relation", "left of"),
    ("a fox walks in the snow and then jumps", "then", "jump"),
    ("a horse passes behind a big tree", "occluder", "tree"),
    ("a time lapse until night over a meadow with a horse", "later", "night"),
    ("a fox in a meadow, then cut to a close-up", "cut", "cut"),
    ("five geese... no, 5 birds fly over the sea", "count", "5"),
    ("two huskies run on a frozen lake", "subject", "dog"),
    ("the camera slowly pushes in on a fox in the woods", "camera", "dolly"),
    ("a person in a yellow coat walks down the street", "colour", "yellow"),
    ("a ball rolls left on the table", "direction", "left"),
    ("a grey wolf", "colour", "grey"),
    ("a fox in the snow, black and white, low angle shot", "height", "low"),
])  # fmt: skip
def test_what_people_write(prompt: str, field: str, value: str) -> None:
    assert fields(prompt)[field] == value


def test_seconds_in_digits_and_words() -> None:
    assert understand("a fox runs, 6 seconds").scene["seconds"].value == "6"
    assert understand("a 2.5 second clip of a fox").scene["seconds"].value == "2.5"
    assert understand("ein Fuchs rennt fünf Sekunden lang").scene["seconds"].value == "5"
    too_long = understand("a fox runs for 90 seconds")
    assert "seconds" not in too_long.scene
    assert [one.field for one in too_long.conflicts] == ["seconds"] and "60" in too_long.conflicts[0].why


@pytest.mark.parametrize(("prompt", "denied"), [
    ("a fox in the forest without people, no rain", {("subject", "person"), ("weather", "rain")}),
    ("un perro en la playa sin lluvia", {("weather", "rain")}),
    ("ein Hund im Wald ohne Nebel", {("weather", "fog")}),
    ("一只狐狸在雪地上奔跑，没有雾", {("weather", "fog")}),
])  # fmt: skip
def test_what_is_denied_is_not_asked_for(prompt: str, denied: set[tuple[str, str]]) -> None:
    reading = understand(prompt)
    assert denied <= set(reading.without)
    assert "weather" not in reading.scene and len(reading.subjects) == 1
    assert all(shot_fields(to_shot(reading, seed)).get(axis) != value
               for seed in range(12) for axis, value in denied)  # fmt: skip


def test_words_without_a_meaning_are_named_with_what_is_nearest() -> None:
    reading = understand("a dragon in a supermarket, flibbertigibbet")
    assert not reading.subjects and "subjects" in reading.open
    assert {(one.word, one.nearest) for one in reading.unknown} == {
        ("dragon", "eagle"), ("supermarket", "room"), ("flibbertigibbet", None),
    }  # fmt: skip
    assert all(reading.prompt[slice(*one.span)] == one.word for one in reading.unknown)


def test_nothing_that_is_known_is_dropped_in_silence() -> None:
    reading = understand("red blue in the forest, chasing")
    assert {one.word for one in reading.unused} == {"red", "blue", "chasing"}
    assert any(title == "no effect" for title in document(reading, {})["notes"])


def test_conflicts_are_told() -> None:
    reading = understand("a fox in the forest at noon at night")
    conflict = next(one for one in reading.conflicts if one.field == "time")
    assert conflict.values == ("noon", "night") and conflict.taken == "noon"
    assert reading.scene["time"].sure <= 0.5
    assert any("cannot fly" in one.why for one in understand("a flying fox").conflicts)
    assert any(one.field == "weather" for one in understand("a ball on a table in the rain").conflicts)


# --- slips of the pen ---------------------------------------------------------------------------------------


def test_a_known_word_is_never_turned_into_another() -> None:
    for code in CODES:
        for word in list(vocabulary(code).words)[:300]:
            assert [one.word for one in candidates(code, word)] == [word]
    assert "subject" not in fields("a house on a hill") and "subject" not in fields("a bog")


def test_misspelt_words_are_corrected_and_told() -> None:
    reading = understand("two wolfs runing throgh a forrest at dsuk")
    assert fields(reading.prompt)["place"] == "forest" and fields(reading.prompt)["time"] == "dusk"
    assert ("dsuk", "dusk") in {(one.word, one.read_as) for one in reading.corrections}
    assert reading.scene["time"].sure < understand("two wolves at dusk").scene["time"].sure


@pytest.mark.parametrize(
    ("prompt", "subject", "more"),
    [
        ("a red foks runs acros snw", "fox", {"colour": "red", "action": "run", "place": "snowfield"}),
        ("a wite elefant in a meddow", "elephant", {"colour": "white", "place": "meadow"}),
        ("a kat at nite", "cat", {"time": "night"}),
        ("a hors galops in the forrest", "horse", {"action": "run", "place": "forest"}),
        ("ein roter Fuks rennt", "fox", {"colour": "red", "action": "run"}),
        ("un gato vlanco", "cat", {"colour": "white"}),
    ],
)
def test_words_written_by_ear_are_read(prompt: str, subject: str, more: dict[str, str]) -> None:
    read = understand(prompt)
    assert read.values()["subject"] == subject and read.values() | more == read.values()
    assert read.values().get("count", "1") == "1"  # what stands after "a" is one


def test_the_likelier_of_words_as_near_is_meant() -> None:
    read = understand("a doge runs")  # dog, dogs, done, dove and doe are one slip away
    assert read.values()["subject"] == "dog" and read.values()["count"] == "1"
    assert [one.read_as for one in read.corrections] == ["dog"]


@given(st.text("abcdefgh", min_size=1, max_size=9), st.text("abcdefgh", min_size=1, max_size=9))
@settings(max_examples=60, deadline=None)
def test_distance_is_none_only_between_equals(word: str, other: str) -> None:
    assert (distance(word, other) == 0) == (word == other)
    assert distance(word, other) <= 1.3 * max(len(word), len(other))


@given(st.text(max_size=80))
@settings(max_examples=80, deadline=None)
def test_any_text_can_be_read(text: str) -> None:
    reading = understand(text)
    assert reading == understand(text)
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
    assert all(text[slice(*one.span)] == one.word for one in (*reading.unknown, *reading.corrections))


# --- beats, captions, what weights know ---------------------------------------------------------------------


def test_sentences_become_cards() -> None:
    reading = understand("A fox walks in the snow. Then it jumps. The camera turns to the mountains.")
    assert [beat.words for beat in reading.beats] == [
        "A fox walks in the snow.", "Then it jumps.", "The camera turns to the mountains.",
    ]  # fmt: skip
    assert [beat.subjects[0].fields["action"].value for beat in reading.beats[:2]] == ["walk", "jump"]
    assert [beat.scene["place"].value for beat in reading.beats] == ["snowfield", "snowfield", "valley"]
    assert reading.beats[2].scene["camera"].value == "pan" and "camera" not in reading.beats[0].scene
    assert sum(beat.seconds for beat in reading.beats) == pytest.approx(4, abs=0.01)
    assert reading.values()["then"] == "jump" and reading.values()["place"] == "snowfield"
    assert not reading.conflicts


def test_remarks_on_one_moment_are_one_card() -> None:
    prompt = "A red fox runs across a snowy field at dusk. The camera follows. Soft violet light."
    assert len(understand(prompt).beats) == 1
    assert [beat.seconds for beat in understand("A fox runs, 6 seconds. Then it stops.").beats] == [3, 3]


def test_a_caption_says_what_was_understood_and_nothing_else() -> None:
    said = recaption("pls make a vid of a lil red ball rollin left on the grass at nite, 4k, dolly in")
    assert said.text == "A red ball rolls to the left across a meadow at night. The camera pushes in."
    assert 0.3 < said.changed < 1
    assert recaption(said.prompt, as_is=True).text == said.prompt
    assert recaption("a dragon").text == "a dragon" and recaption("a dragon").changed == 0
    with pytest.raises(OzoraError, match="subjects: got 'nobody'"):
        compose(understand("a dragon"))


@pytest.mark.parametrize("code", CODES)
def test_a_caption_composed_from_a_reading_reads_the_same(code: str) -> None:
    from ozora.world.languages import caption
    from ozora.world.sampling import sample_shot

    for seed in range(52_000, 52_005):
        reading = understand(caption(sample_shot(seed), "full", seed, code))
        again = understand(compose(reading), "en").values()
        lost = {name: value for name, value in reading.values().items() if again.get(name) != value}
        assert not set(lost) - {"relation", "second_subject", "speed", "material", "position", "cut"}, lost


def test_what_is_open_is_drawn_and_what_is_said_stays() -> None:
    reading = understand("a white fox jumps in the forest at dawn, tracking shot")
    for seed in range(5):
        shot = to_shot(reading, seed)
        assert shot == to_shot(reading, seed)
        assert {"subject": "fox", "colour": "white", "action": "jump", "place": "forest", "time": "dawn",
                "camera": "follow"}.items() <= shot_fields(shot).items()  # fmt: skip
    assert len({filled(reading, seed) for seed in range(5)}) > 1
    with pytest.raises(OzoraError):
        to_shot(understand("a whale swims in a room"))


def test_what_weights_have_never_seen_is_not_what_the_film_set_has_not() -> None:
    axes = axes_of("micro")
    reading = understand("a cat jumps in the snow at noon")
    assert never_seen(reading, axes) == {"subject": "cat", "action": "jump"}
    assert never_seen(understand("a fox runs in the snow at noon"), axes) == {}
    assert never_seen(understand("two foxes"), axes) == {"count": "2"}
