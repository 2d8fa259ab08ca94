"""What a language is to captions: tables of words, patterns of sentences, and how words agree.

Everything is written as text, so that a language is one file to read. In a table the wordings of a value are
parted by " | ", the forms of a wording by "/": "rojo/roja" is one word in two genders. A key "red:fox" goes
before "red" when a fox is spoken of. A noun is "word/kind/other form", where its kind is a gender or, in
languages that count with measure words, the measure word.

In a pattern "{who}" is a slot; what stands in brackets is left out when one of its slots is empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from random import Random

from ozora.errors import refuse
from ozora.world.languages.plural import Plural, Table

Forms = tuple[str, ...]

_GROUP = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([a-z_]+)\}")


@dataclass(frozen=True, eq=False)
class Language:
    """One language of captions.

    ``words`` holds a table for every axis of the registry, and those of ``TABLES`` that only sentences need.
    ``patterns`` holds the sentence patterns. ``references`` are words that agree with a noun: articles,
    pronouns, "the fox". ``genders`` names the kinds of noun in the order in which forms are listed.
    """

    name: str
    words: Mapping[str, Table]
    patterns: Table
    references: Table = field(default_factory=dict)
    pronouns: tuple[str, ...] = ()
    genders: str = ""
    comma: str = ", "
    full_stop: str = ". "
    run_on: str = ", "
    spaced: bool = True
    polish: Callable[[str], str] = str
    plural: Plural | None = None
    governed: Callable[[Forms, str], str] | None = None  # adjectives of an "object", by forms and gender


@dataclass(frozen=True)
class Noun:
    """A noun, its gender or measure word, its one other form (oblique or definite), and how many it names."""

    word: str
    kind: str = ""
    other: str = ""
    count: int = 1


TABLES = (
    "crossing", "staying", "above", "when", "amid", "moves", "facing", "cut", "light", "grey_light", "mood",
    "near", "then", "meets", "meeting", "outcome",
)  # fmt: skip
"""Tables that sentences need beside those of the axes; "doing" and "going" may add verb forms.

"meets" and "meeting" are verbs with an object, "{whom}": finite, and as they stand before a noun or after it.
The pattern "whom" says the object where it is not in the form of "noun", and after a stroke the form of
adjective for each gender; "both" joins two objects. Either may be for one action: "whom:topple". "outcome" is
how a collision ends, "outcome" among patterns how that follows; "back" agrees with who hits, the others with
what is hit.
"""


@cache
def wordings(language: Language, table: str, value: str, kind: str = "") -> tuple[Forms, ...]:
    """Every wording of a value, each as its forms; those for this kind of subject if it has its own.

    Raises OzoraError where the language has no word.
    """
    entries = language.words.get(table, {})
    # A name may be one word here and two there: "night_city", "night city".
    value = value.replace("_", " ")
    text = entries.get(f"{value}:{kind}") or entries.get(value)
    if text is None:
        raise refuse(f"{table} in {language.name}", value, ", ".join(entries))
    return tuple(tuple(wording.split("/")) for wording in text.split(" | "))


def draw(language: Language, table: str, value: str, rng: Random, kind: str = "") -> Forms:
    """One wording of a value, the plainest more often than the others."""
    choices = wordings(language, table, value, kind)
    return choices[0] if rng.random() < 0.4 else rng.choice(choices)


def agree(language: Language, forms: Forms, gender: str) -> str:
    """The form that goes with a gender: the first where there is no form of its own."""
    index = language.genders.find(gender) if gender else 0
    return forms[index] if 0 <= index < len(forms) else forms[0]


def refer(language: Language, noun: Noun) -> dict[str, str]:
    """Slots that speak of a noun: the noun itself, its article, pronouns and definite forms."""
    slots = {"noun": noun.word, "kind": noun.kind, "other": noun.other or noun.word}
    several = language.plural if noun.count > 1 else None
    for name, text in {**language.references, **(several.references if several else {})}.items():
        slots[name] = fill(agree(language, tuple(text.split("/")), noun.kind), slots)
    return slots


def fill(pattern: str, slots: Mapping[str, str]) -> str:
    """The pattern with its slots filled; bracketed parts with an empty slot vanish."""
    kept = _GROUP.sub(lambda found: found[1] if _filled(found[1], slots) else "", pattern)
    return _SLOT.sub(lambda found: slots[found[1]], kept)


def fitting(patterns: str, slots: Mapping[str, str]) -> list[str]:
    """Of patterns parted by " | ", those of which every slot outside brackets can be filled."""
    return [one for one in patterns.split(" | ") if _filled(_GROUP.sub("", one), slots)]


def columns(names: Sequence[str], rows: Mapping[str, Sequence[str]]) -> dict[str, dict[str, str]]:
    """Tables from rows: one table for each name, one entry in it for each row."""
    return {name: {value: row[index] for value, row in rows.items()} for index, name in enumerate(names)}


def _filled(pattern: str, slots: Mapping[str, str]) -> bool:
    return all(slots.get(name) for name in _SLOT.findall(pattern))
