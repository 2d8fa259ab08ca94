"""The little English grammar that captions need: articles, capitals and three forms of a regular verb."""

from __future__ import annotations

from typing import Literal

Form = Literal["finite", "participle", "progressive"]

_DOUBLED = {
    "run", "trot", "jog", "spin", "hop", "pad", "flap", "skid", "swim", "drop", "stop", "set", "begin", "hit",
    "tip",
}  # fmt: skip
"""Verbs that double their last letter before -ing."""

AND = " and& "
"""Joins two verbs that both change."""


def inflect(base: str, form: Form, *, plural: bool = False) -> str:
    """A verb in the third person, of which only the first word changes: "runs", "running" or "is running".

    Two verbs joined by ``AND`` both change: "drop and& stay" is "drops and stays".
    """
    if AND in base:
        one, _, other = base.partition(AND)
        second: Form = "participle" if form == "progressive" else form
        return f"{inflect(one, form, plural=plural)} and {inflect(other, second, plural=plural)}"
    first, space, rest = base.partition(" ")
    rest = rest.replace("its ", "their ") if plural else rest
    if form == "finite":
        return (first if plural else _third_person(first)) + space + rest
    participle = _participle(first) + space + rest
    return f"{'are' if plural else 'is'} {participle}" if form == "progressive" else participle


def with_article(words: str) -> str:
    """The words after "a", or "an" before a vowel."""
    return f"{'an' if words[0] in 'aeiou' else 'a'} {words}"


def bare(phrase: str) -> str:
    """The phrase without its article."""
    first, _, rest = phrase.partition(" ")
    return rest if first in ("a", "an", "the") else phrase


def capital(text: str) -> str:
    """The text with a capital first letter, the rest untouched."""
    return text[:1].upper() + text[1:]


def _third_person(verb: str) -> str:
    if verb.endswith(("s", "sh", "ch", "x", "z", "o")):
        return f"{verb}es"
    if verb.endswith("y") and verb[-2] not in "aeiou":
        return f"{verb[:-1]}ies"
    return f"{verb}s"


def _participle(verb: str) -> str:
    if verb.endswith("ie"):
        return f"{verb[:-2]}ying"
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ing"
    return f"{verb[:-1]}ing" if verb.endswith("e") else f"{verb}ing"
