"""English noun phrases: a subject with what is said of its size, material, colour and number."""

from __future__ import annotations

from random import Random

from ozora.world import concepts
from ozora.world.languages.english.grammar import with_article
from ozora.world.languages.english.plurals import counted, plural
from ozora.world.shot import Subject

ANIMAL_COLOURS = {
    ("fox", "red"): ("red", "red", "rust-red", "reddish"),
    ("horse", "brown"): ("brown", "brown", "chestnut", "dark brown"),
    ("bird", "black"): ("black", "dark"),
}
_PAINTED = ("solid", "balloon", "boat", "vehicle")
PERSON_SIZES = {"small": ("small", "short", "little"), "large": ("tall", "large", "big")}
PERSON_WEAR = ("coat", "jacket", "parka")


def noun_phrase(subject: Subject, facts: frozenset[str], rng: Random, *, article: bool = True) -> str:
    """ "a small shiny red ball", "a person in a blue coat", "a sailboat with a white sail"."""
    concept = concepts.SUBJECTS[subject.kind]
    noun = concept.synonyms[0] if rng.random() < 0.6 else rng.choice(concept.synonyms)
    if _names_other_colour(noun, subject):
        noun = concept.synonyms[0]
    noun, many = (plural(noun), True) if subject.count > 1 else (noun, False)
    before: list[str] = []
    after = ""
    if "size" in facts and (subject.size != "medium" or rng.random() < 0.3):
        before.append(_size_word(subject, rng))
    if "material" in facts and subject.material != "natural":
        before.append(_synonym("material", subject.material, rng))
    # A person's default coat is seldom worth a word.
    plain_coat = subject.kind == "person" and subject.colour == "natural"
    if "colour" in facts and not (plain_coat and rng.random() < 0.7):
        colour = _colour_word(subject, concept, rng)
        if subject.kind == "person":
            wear = f"{colour} {rng.choice(PERSON_WEAR)}"
            after = f" in {plural(wear) if many else with_article(wear)}"
        elif subject.kind == "sailboat" and rng.random() < 0.4:
            sails = f"{colour} sails"
            after = f" with {rng.choice((sails if many else with_article(sails[:-1]), sails))}"
        elif noun.split(" ")[0] != colour:  # no "grey grey wolf"
            before.append(colour)
            # "a red metal ball" as well as "a metal red ball"
            if len(before) > 1 and subject.material == "metal" and "material" in facts and rng.random() < 0.6:
                before[-1], before[-2] = before[-2], before[-1]
    words = " ".join([*before, noun]) + after
    if many:
        return counted(subject.kind, subject.count, words, rng)
    return with_article(words) if article else words


def _names_other_colour(noun: str, subject: Subject) -> bool:
    """Whether a name says another colour than is seen: "a white grey wolf"."""
    told = noun.split(" ")[0]
    return told in concepts.COLOURS and told != concepts.visible_colour(subject.kind, subject.colour)


def _size_word(subject: Subject, rng: Random) -> str:
    if subject.kind == "person" and subject.size in PERSON_SIZES:
        return rng.choice(PERSON_SIZES[subject.size])
    return _synonym("size", subject.size, rng)


def _colour_word(subject: Subject, concept: concepts.SubjectConcept, rng: Random) -> str:
    colour = concepts.visible_colour(subject.kind, subject.colour)
    if concept.family in _PAINTED:
        return _synonym("colour", colour, rng)
    return rng.choice(ANIMAL_COLOURS.get((subject.kind, colour), (colour,)))


def _synonym(axis: str, value: str, rng: Random) -> str:
    words = concepts.synonyms(axis, value)
    return words[0] if rng.random() < 0.65 else rng.choice(words)
