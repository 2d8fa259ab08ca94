"""Slips of the pen, so that whoever learns from captions also learns to read hurried hands."""

from __future__ import annotations

from random import Random

from ozora.errors import refuse

_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


def typo(text: str, rate: float, seed: int) -> str:
    """Misspell letters of the text as a hurried hand would, each with chance ``rate`` (0..1), by the seed.

    Letters are dropped, doubled, swapped with the next or replaced by a neighbour on the keyboard. Digits,
    spaces and punctuation stay.
    """
    if not 0.0 <= rate <= 1.0:
        raise refuse("rate", rate, "0 to 1")
    rng = Random(f"ozora typo {seed}")
    out: list[str] = []
    index = 0
    while index < len(text):
        letter = text[index]
        index += 1
        if not letter.isalpha() or rng.random() >= rate:
            out.append(letter)
            continue
        slip = rng.choice(("drop", "double", "swap", "neighbour"))
        if slip == "double":
            out.append(letter * 2)
        elif slip == "neighbour":
            out.append(_neighbour(letter, rng))
        elif slip == "swap" and index < len(text) and text[index].isalpha():
            out.append(text[index] + letter)
            index += 1
    return "".join(out)


def _neighbour(letter: str, rng: Random) -> str:
    for row in _KEYBOARD:
        at = row.find(letter.lower())
        if at >= 0:
            near = rng.choice([row[i] for i in (at - 1, at + 1) if 0 <= i < len(row)])
            return near.upper() if letter.isupper() else near
    return letter
