"""English for more than one of a kind: plural nouns, number words, and what a group of a kind is called."""

from __future__ import annotations

from random import Random

NUMBERS = {1: "one", 2: "two", 3: "three", 4: "four", 5: "five"}

_IRREGULAR = {
    "wolf": "wolves", "grey wolf": "grey wolves", "person": "people", "man": "men", "woman": "women",
    "deer": "deer", "fish": "fish", "goldfish": "goldfish", "koi": "koi", "torus": "tori",
    "bird of prey": "birds of prey",
}  # fmt: skip

_GROUPS = {
    **dict.fromkeys(("bird",), "flock"),
    **dict.fromkeys(("wolf", "dog"), "pack"),
    **dict.fromkeys(("horse", "deer", "elephant", "giraffe"), "herd"),
    **dict.fromkeys(("whale", "dolphin"), "pod"),
    "fish": "school", "sailboat": "fleet", "car": "line", "truck": "line",
}  # fmt: skip
"""What three or more of a kind are called, where they are not just a group."""


def plural(noun: str) -> str:
    """ "foxes", "butterflies", "people", "birds of prey"."""
    if noun in _IRREGULAR:
        return _IRREGULAR[noun]
    if noun.endswith(("s", "sh", "ch", "x", "z")):
        return f"{noun}es"
    if noun.endswith("y") and noun[-2] not in "aeiou":
        return f"{noun[:-1]}ies"
    return f"{noun}s"


def counted(kind: str, count: int, nouns: str, rng: Random) -> str:
    """So many of them, for nouns in the plural: "three foxes", "a pair of horses", "a flock of 4 birds"."""
    number = str(count) if rng.random() < 0.2 else NUMBERS[count]
    drawn = rng.random()
    if drawn < 0.7:
        return f"{number} {nouns}"
    if count == 2:
        return f"a {rng.choice(('pair', 'pair', 'couple'))} of {nouns}"
    group = _GROUPS.get(kind, "group") if drawn < 0.9 else "group"
    return f"a {group} of {number} {nouns}"
