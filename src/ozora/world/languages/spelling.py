"""Slips of the pen, so that whoever learns from captions also learns to read hurried hands."""

from __future__ import annotations

import unicodedata
from functools import cache
from random import Random

from ozora.errors import refuse

_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤرلىةوزظ")
_ALPHABETS = ("LATIN", "GREEK", "CYRILLIC", "ARABIC")
"""Scripts of single letters. Elsewhere a lost sign is another word, or a vowel left without its consonant."""


def typo(text: str, rate: float, seed: int) -> str:
    """Misspell letters of the text as a hurried hand would, each with chance ``rate`` (0..1), by the seed.

    Letters are dropped, doubled, swapped with the next or replaced by a neighbour on the keyboard. Digits,
    spaces and punctuation stay, and so does writing that is not of single letters: Chinese, Japanese, Hindi.
    """
    if not 0.0 <= rate <= 1.0:
        raise refuse("rate", rate, "0 to 1")
    rng = Random(f"ozora typo {seed}")
    out: list[str] = []
    index = 0
    while index < len(text):
        letter = text[index]
        index += 1
        marked = index < len(text) and unicodedata.combining(text[index]) > 0
        if not letter.isalpha() or marked or not _is_single(letter) or rng.random() >= rate:
            out.append(letter)
            continue
        slip = rng.choice(("drop", "double", "swap", "neighbour"))
        if slip == "double":
            out.append(letter * 2)
        elif slip == "neighbour":
            out.append(_neighbour(letter, rng))
        elif slip == "swap" and _may_swap(text[index : index + 2]):
            out.append(text[index] + letter)
            index += 1
    return "".join(out)


@cache
def _is_single(letter: str) -> bool:
    """Whether a letter stands for itself, so that a slip spoils one letter and no more."""
    return unicodedata.name(letter, "").split(" ")[0] in _ALPHABETS


def _may_swap(following: str) -> bool:
    """Whether the next letter may come first: it is one, and carries no mark that would lose it."""
    marked = unicodedata.combining(following[1:] or " ") > 0
    return following[:1].isalpha() and _is_single(following[0]) and not marked


def _neighbour(letter: str, rng: Random) -> str:
    for row in _KEYBOARD:
        at = row.find(letter.lower())
        if at >= 0:
            near = rng.choice([row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)])
            return near.upper() if letter.isupper() else near
    return letter
