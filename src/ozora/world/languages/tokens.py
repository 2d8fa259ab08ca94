"""Text to tokens that can be looked up: lower case, no accents, each with its place in the text.

A word is a token, and so is every character of writing without spaces; so is a comma, and a full stop.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

COMMA, STOP = ",", "."
_SIGNS = {
    **dict.fromkeys(",，、،;；:：()（）[]«»\"“”„「」—–", COMMA),
    **dict.fromkeys(".。।!?！？؟…\n", STOP),
}  # fmt: skip
_UNSPACED = ((0x3041, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF), (0x3005, 0x3007))
# Letters that are written for each other.
_ALIKE = str.maketrans({
    "أ": "ا", "إ": "ا", "آ": "ا", "ى": "ي", "ة": "ه", "ـ": "",
    "ँ": "ं", "़": "", "ß": "ss", "œ": "oe", "æ": "ae", "ı": "i",
})  # fmt: skip
_TIMED = re.compile(r"([1-5]?\d(?:\.\d+)?)(s|secs?|min)")
"""From 60 on it is a decade."""
_AGED = ("the", "his", "her", "their", "my", "your", "our", "early", "mid", "late")
"""Before "30s" they tell years."""
_OF_EMOJIS = ("VARIATION SELECTOR", "COMBINING ENCLOSING")
_DROPPED = (0x064B, 0x0652)
"""Arabic vowel signs."""


@dataclass(frozen=True)
class Token:
    """One word: ``key`` is what it is looked up by, ``start`` and ``end`` where it stands in the text."""

    key: str
    start: int
    end: int

    @property
    def is_sign(self) -> bool:
        """Whether it is a comma or a full stop."""
        return self.key in (COMMA, STOP)


@cache
def is_unspaced(character: str) -> bool:
    """True for Chinese characters and kana, which are written without spaces."""
    return any(first <= ord(character) <= last for first, last in _UNSPACED)


def tokens(text: str) -> tuple[Token, ...]:
    """The tokens of a text, in its order; a number's seconds are a word of their own, as in "3.5s".

    >>> [token.key for token in tokens("L’été, 雪地!")]
    ['l', 'ete', ',', '雪', '地', '.']
    """
    found: list[Token] = []
    word, start = "", 0
    for place, character in enumerate(text):
        decimal = character == "." and word.isdecimal() and text[place + 1 : place + 2].isdecimal()
        folded = character if decimal else _fold(character)
        joins = decimal or (folded is not None and not is_unspaced(character))
        if joins and (word or folded):
            start = start if word else place
            word += folded or ""
            continue
        if word:
            found += _parted(word, start, place, found)
            word = ""
        if folded:
            found.append(Token(folded, place, place + 1))
        elif character in _SIGNS:
            found.append(Token(_SIGNS[character], place, place + 1))
    if word:
        found += _parted(word, start, len(text), found)
    return tuple(found)


def _parted(word: str, start: int, end: int, before: list[Token]) -> tuple[Token, ...]:
    timed = _TIMED.fullmatch(word)
    aged = timed is not None and timed[1] in ("20", "30", "40", "50") and before and before[-1].key in _AGED
    if timed is None or aged or len(word) != end - start:
        return (Token(word, start, end),)
    middle = start + timed.end(1)
    return Token(timed[1], start, middle), Token(timed[2], middle, end)


def keys(text: str) -> tuple[str, ...]:
    """The keys of a text's tokens, what a phrase is looked up by."""
    return tuple(token.key for token in tokens(text))


@cache
def _fold(character: str) -> str | None:
    """What a letter or digit is looked up by, "" for a mark that is dropped, None for what parts words."""
    of_emoji = unicodedata.name(character, "").startswith(_OF_EMOJIS)
    if of_emoji or unicodedata.category(character)[0] not in "LMN":
        return None
    whole = unicodedata.normalize("NFKC", character).casefold().translate(_ALIKE)
    kept = []
    for letter in unicodedata.normalize("NFKD", whole):
        accent = 0x0300 <= ord(letter) <= 0x036F
        if accent or _DROPPED[0] <= ord(letter) <= _DROPPED[1]:
            continue
        kept.append(letter)
    if is_unspaced(character):
        return whole
    return "".join(kept).translate(_ALIKE)
