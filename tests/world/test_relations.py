"""Counts and relations in words: what can be filmed, how it is said, how often it is drawn."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from ozora.errors import OzoraError
from ozora.train.banks import mirrored
from ozora.world import concepts
from ozora.world.captions import LENGTHS, caption, shot_fields
from ozora.world.languages import LANGUAGES, STYLES
from ozora.world.languages import caption as told
from ozora.world.languages.english import phrases
from ozora.world.languages.english.grammar import inflect
from ozora.world.languages.english.plurals import plural
from ozora.world.languages.english.relation_phrases import TAGS
from ozora.world.physics.cast import TOGETHER
from ozora.world.sampling import sample_shot
from ozora.world.shot import Camera, Shot, Subject, validate

MANY = tuple(sample_shot(seed) for seed in range(2500))
RUN = Subject("dog", action="run"), Subject("cat", "black", action="run")
STAND = Subject("rabbit", "white", size="small", action="stand"), Subject("bear", action="stand")


def again(subject: Subject, **changes: object) -> Subject:
    return replace(subject, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("subjects", "relation", "says"),
    [
        (RUN[:1], "chasing", "relation: got 'chasing', allowed: none with one subject"),
        (RUN, "under", "relation: got 'under', allowed: none, left of"),
        ((RUN[0], STAND[1]), "left of", "both stay or travel the same way"),
        ((RUN[0], again(RUN[1], direction="left")), "chasing", "two subjects that travel the same way"),
        (RUN, "crossing", "one travels left and one right"),
        (STAND, "above", "a first subject in the air"),
        ((Subject("ball", action="roll"), RUN[0]), "chasing", "a first subject that can chase, not a ball"),
        ((Subject("bird", action="fly"), RUN[0]), "behind", "both in the air or both not"),
        ((again(STAND[0], position="right"), STAND[1]), "left of", "left or centre where the first"),
        ((again(STAND[0], count=6),), "none", "subjects[0].count: got '6', allowed: a whole number from 1"),
        ((again(STAND[0], count=0),), "none", "whole number"),
    ],
)  # fmt: skip
def test_what_cannot_be_filmed_is_refused_in_one_sentence(
    subjects: tuple[Subject, ...], relation: str, says: str
) -> None:
    with pytest.raises(OzoraError) as caught:
        validate(Shot(subjects, relation=relation))
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_counts_and_relations_survive_json_and_old_records_still_read() -> None:
    shot = Shot((again(RUN[0], count=3), RUN[1]), relation="chasing")
    assert Shot.from_json(json.loads(json.dumps(shot.to_json()))) == shot
    record = shot.to_json()
    del record["relation"], record["subjects"][0]["count"]
    assert Shot.from_json(record) == Shot(RUN)
    fields = shot_fields(shot)
    assert (fields["count"], fields["relation"]) == ("3", "chasing")
    assert concepts.FIELDS["relation"][0] == "none" and concepts.FIELDS["count"] == ("1", "2", "3", "4", "5")


def test_a_mirror_turns_left_into_right() -> None:
    shot = Shot((again(STAND[0], position="left"), STAND[1]), relation="left of")
    other = mirrored(shot)
    validate(other)
    assert other.relation == "right of" and other.subjects[0].position == "right"
    assert mirrored(other) == replace(shot, subjects=(again(shot.subjects[0]), shot.subjects[1]))


@pytest.mark.parametrize(
    ("noun", "nouns"),
    [("fox", "foxes"), ("butterfly", "butterflies"), ("person", "people"), ("wolf", "wolves"),
     ("deer", "deer"), ("box", "boxes"), ("boy", "boys"), ("hot-air balloon", "hot-air balloons"),
     ("woman", "women"), ("bird of prey", "birds of prey"), ("bus", "buses")],
)  # fmt: skip
def test_plurals_are_as_in_english(noun: str, nouns: str) -> None:
    assert plural(noun) == nouns


@pytest.mark.parametrize("kind", ["fox", "person", "bird", "sailboat", "balloon", "fish", "butterfly", "car"])
def test_number_agrees_with_noun_and_verb(kind: str) -> None:
    concept = concepts.SUBJECTS[kind]
    nouns = "|".join(plural(word) for word in concept.synonyms)
    alone = "|".join(inflect(verb.base, "finite") for verb in phrases.VERBS[concept.actions[-1]])
    for count, words in ((2, "two|2|pair of|couple of"), (3, "three|3"), (5, "five|5")):
        several = Subject(kind, action=concept.actions[-1], count=count)
        shot = Shot((several,), concept.places[0], camera=Camera("pan"))
        for style in STYLES:
            for seed in range(40):
                text = told(shot, style, seed).lower()
                assert re.search(rf"\b({words}) [a-z -]*?\b({nouns})\b", text), text
                assert not re.search(rf"\b({nouns})( \w+ly)? (is|{alone})\b", text), text
                assert not re.search(r"\b(an?|single|lone) (\w+ )?(" + nouns + r")\b", text), text
                assert not re.search(r"\bits? (way|moves?|travels|goes|heads|keeps)\b", text), text


def test_what_is_typed_of_groups_is_said() -> None:
    for subject, said in (
        (Subject("fox", action="run", count=2), ("two foxes run", "two foxes running", "2 foxes")),
        (Subject("horse", action="walk", count=2), ("a pair of horses", "two horses walk")),
        (Subject("bird", action="fly", count=5), ("group of five birds", "flock of five birds", "5 birds")),
        (Subject("person", "red", action="walk", count=3), ("three people in red coats",)),
    ):
        shot = Shot((subject,))
        texts = " / ".join(caption(shot, length, seed) for length in LENGTHS for seed in range(500))
        assert all(words in texts.lower() for words in said), said


SAID = [
    ("left of", STAND, ("rabbit left of a brown bear", "bear to its right", "to the left of"), "to its left"),
    ("right of", STAND, ("rabbit right of a brown bear", "bear on its left"), "on its right"),
    ("in front of", STAND, ("in front of a", "behind it"), "in front of it"),
    ("behind", STAND, ("behind a", "in front of it"), "in front of a"),
    ("beside", STAND, ("next to a", "beside it"), "behind"),
    ("above", (Subject("bird", action="fly"), STAND[1]), ("above a", "below it"), "below a"),
    ("chasing", RUN, ("chases a", "is chasing a", "chasing a", "runs after a"), "is chased"),
    ("crossing", (RUN[0], again(RUN[1], direction="left")), ("passes in front of", "cross paths"), "crosses"),
]


@pytest.mark.parametrize(("relation", "subjects", "said", "never"), SAID)
def test_relations_are_said_in_every_caption(
    relation: str, subjects: tuple[Subject, ...], said: tuple[str, ...], never: str
) -> None:
    shot = Shot(subjects, relation=relation)
    texts = [told(shot, style, seed).lower() for style in STYLES for seed in range(150)]
    assert all(any(words in text for text in texts) for words in said)
    assert not [text for text in texts if never in text][:3]
    named = "|".join((*TAGS[relation], *said, "right", "left", "after", "next", "side", "beneath", "under",
                      "pursu", "cross", "pass", "behind it", "in front of it"))  # fmt: skip
    assert all(re.search(named, text) for text in texts)


GROUPED = {  # language: said of three foxes, of a dog after a cat, of a rabbit left of a bear
    "es": ("tres zorros rojos corren", "persiguiendo a un gato negro", "a la izquierda de un oso marrón"),
    "fr": ("trois renards roux courent", "à la poursuite d'un chat noir", "à gauche d'un ours brun"),
    "de": ("drei rote Füchse", "dicht hinter einer schwarzen Katze her", "links von einem braunen Bären"),
    "zh": ("三只红色的狐狸", "追赶着一只黑色的猫", "在一头棕色的熊的左边"),
    "ja": ("三匹の赤い狐", "黒い猫を追いかけている", "茶色い熊の左側にいる"),
    "hi": ("तीन लाल लोमड़ियाँ", "एक काली बिल्ली का पीछा करते हुए", "एक भूरे भालू के बाईं ओर"),
    "ar": ("مجموعة من ثلاثة ثعالب حمراء", "في مطاردة قطة سوداء", "على يسار دب بني"),
}


@pytest.mark.parametrize("code", LANGUAGES)
def test_other_languages_count_and_relate(code: str) -> None:
    shots = (
        Shot((Subject("fox", action="run", count=3),), "snowfield"),
        Shot(RUN, relation="chasing"), Shot(STAND, relation="left of"),
    )  # fmt: skip
    for shot, words in zip(shots, GROUPED[code], strict=True):
        texts = [told(shot, style, seed, code) for style in STYLES for seed in range(120)]
        assert any(words.lower() in text.lower() for text in texts), words
        assert not any(re.search(r"[{}~\[\]]|  ", text) for text in texts)


def test_german_hindi_and_arabic_agree_in_number() -> None:
    two = Shot((Subject("wolf", action="walk", count=2),), "snowfield", occluder="tree")
    for code, said, never in (
        ("de", ("gehen zwei graue Wölfe", "und verschwinden kurz"), r"\b(geht|verschwindet)\b"),
        ("hi", ("दो स्लेटी भेड़िये", "चल रहे हैं", "के पीछे से गुज़रते हैं"), "चल रहा|गुज़रता"),
        ("ar", ("زوج من الذئاب الرمادية", "يمشي زوج"), "ذئبان|تمشي زوج"),
        ("fr", ("deux loups gris marchent",), "loups marche "),
        ("es", ("dos lobos grises caminan",), "lobos camina "),
    ):
        texts = [told(two, style, seed, code) for style in ("medium", "full") for seed in range(250)]
        assert all(any(words.lower() in text.lower() for text in texts) for words in said), said
        assert not [text for text in texts if re.search(never, text)][:3]


def test_groups_and_relations_are_drawn_as_often_as_meant() -> None:
    share = sum(shot.subjects[0].count > 1 for shot in MANY) / len(MANY)
    assert 0.09 <= share <= 0.15
    # Those that collide or push are related by what they do.
    pairs = [
        shot for shot in MANY if len(shot.subjects) == 2 and shot.subjects[0].action not in TOGETHER
    ]
    assert 0.5 <= sum(shot.relation != "none" for shot in pairs) / len(pairs) <= 0.7
    for shot in pairs:
        goes_round = shot.camera.move in ("orbit", "fly-over")
        assert not (goes_round and shot.relation in ("left of", "right of", "in front of", "behind"))
        if shot.relation in ("left of", "right of"):
            assert shot.subjects[0].position == shot.relation.removesuffix(" of")
        assert shot.relation == "none" or shot.occluder == "none"
    assert all(shot.subjects[0].count == 1 for shot in MANY if shot.occluder != "none")


@pytest.mark.parametrize("relation", [name for name in concepts.RELATIONS if name != "none"])
def test_a_relation_can_be_asked_for(relation: str) -> None:
    for seed in range(6):
        assert sample_shot(seed, relation=relation).relation == relation
        assert shot_fields(sample_shot(seed, count="4", subject="bird"))["count"] == "4"
    with pytest.raises(OzoraError, match="no two such subjects"):
        sample_shot(0, relation=relation, second_subject="none")
