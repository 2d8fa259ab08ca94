"""Which words of a vocabulary an unknown word may be: a slip of the pen, a particle stuck to it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cache
from itertools import combinations, pairwise

from ozora.director.understanding.common_words import COMMON
from ozora.director.understanding.neighbours import nearest
from ozora.world.languages.tokens import keys
from ozora.world.languages.vocabulary import vocabulary

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm", "ضصثقفغعهخحجد", "شسيبلاتنمكط", "ئءؤرلىةوزظ")
_NEAR = {frozenset(pair) for row in _ROWS for pair in pairwise(row)}
"""Letters beside each other on a keyboard."""
_ALIKE = {frozenset(pair) for pair in ("ck", "cs", "sz", "iy", "bv", "fv")}
"""Letters that sound alike, so that whoever writes by ear takes one for the other."""
_SPELLED = (("ks", "x"), ("ph", "f"), ("ch", "k"))
"""Letters that together sound like one."""
_BY_EAR = 0.5
_SELDOM = 0.3  # over how often captions use the word
_STUCK = {"ar": ("وال", "فال", "بال", "كال", "لل", "ال", "و", "ف", "ب", "ل", "ك")}
"""Particles that Arabic writes together with the word that follows."""
_MOST = 8
_SHORTEST = 3
_RARE, _RARE_SHORTEST = 0.8, 5  # words that hardly anybody uses are seldom what was meant
_MORE = 0.7  # more is allowed inside a phrase, which says by its other words what was meant
_IN_PHRASES = 0.25  # what reading a short or a common word as another costs on top, inside a phrase


@dataclass(frozen=True)
class Candidate:
    """A word that another may be, what it costs to read it so, and whether it may be so on its own.

    Very short and common words are corrected inside a longer phrase only: "form left to right".
    """

    word: str
    cost: float
    alone: bool = True


@cache
def candidates(code: str, word: str) -> tuple[Candidate, ...]:
    """Words of the language's vocabulary that this may be, the cheapest first.

    A word of the vocabulary is itself and nothing else; a common word that is not of the film set is not
    turned into one that is, but where a phrase has no meaning without it.
    """
    book = vocabulary(code)
    known = book.words
    if word in known:  # commas and numbers too, where phrases have them
        return (Candidate(word, 0.0),)
    if word.isdecimal() or not word.isalpha():
        return ()
    alone = len(word) >= _SHORTEST and not is_common(code, word)
    for particle in _STUCK.get(code, ()):
        if word.startswith(particle) and word.removeprefix(particle) in known:
            rest = word.removeprefix(particle)
            return (Candidate(rest, 0.1),) if len(rest) > 1 else ()
    found: dict[str, float] = {}
    for shorter in _shortened(word):
        for other in _index(code).get(shorter, ()):
            cost = distance(word, other) + (_RARE if other in book.rare else _SELDOM / (1 + known[other]))
            guessable = other not in book.rare or len(other) >= _RARE_SHORTEST
            if guessable and cost <= _allowed(word, other) + _MORE:
                found[other] = cost + (0.0 if alone else _IN_PHRASES)
    best = sorted(found.items(), key=lambda item: (item[1], -known[item[0]], len(item[0]), item[0]))[:_MOST]
    return tuple(Candidate(other, cost, alone and cost <= _allowed(word, other)) for other, cost in best)


def distance(word: str, other: str) -> float:
    """Slips between two words, with letters that change places as one (Damerau); likely slips count less.

    Cheapest are letters doubled, written by ear or one for its neighbour on the keyboard, dearest is another
    first letter.
    """
    rows = [[float(j) for j in range(len(other) + 1)]]
    for i, letter in enumerate(word, 1):
        row = [float(i)]
        for j, wanted in enumerate(other, 1):
            change = 0.0 if letter == wanted else _changed(frozenset((letter, wanted)))
            doubled = i > 1 and letter == word[i - 2]
            best = min(rows[-1][j - 1] + change, rows[-1][j] + (0.5 if doubled else 1.1), row[j - 1] + 0.9)
            if i > 1 and j > 1 and letter == other[j - 2] and word[i - 2] == wanted and letter != wanted:
                best = min(best, rows[-2][j - 2] + 0.8)
            for pair, one in _SPELLED:
                if wanted == one and word[max(0, i - 2) : i] == pair:
                    best = min(best, rows[-2][j - 1] + _BY_EAR)
                if letter == one and other[max(0, j - 2) : j] == pair:
                    best = min(best, rows[-1][j - 2] + _BY_EAR)
            row.append(best)
        rows.append(row)
    first = 0.2 if word[0] != other[0] else 0.0
    return rows[-1][-1] + first


def _changed(letters: frozenset[str]) -> float:
    return _BY_EAR if letters in _ALIKE else 0.8 if letters in _NEAR else 1.1


def _allowed(word: str, other: str) -> float:
    """The longer the words, the more slips."""
    length = min(len(word), len(other))
    return 1.15 if length < 3 else 1.15 if length < 5 else 1.7 if length < 6 else 2.4


def _shortened(word: str) -> set[str]:
    """The word with none, one or two letters left out, or as it sounds."""
    most = 2 if len(word) > 4 else 1
    found = {word} | {word.replace(pair, one) for pair, one in _SPELLED}
    for count in range(1, most + 1):
        for places in combinations(range(len(word)), count):
            found.add("".join(letter for place, letter in enumerate(word) if place not in places))
    return found


@cache
def _index(code: str) -> dict[str, tuple[str, ...]]:
    """Words by what is left of them when letters are left out (symmetric deletion)."""
    index: dict[str, set[str]] = defaultdict(set)
    for word in vocabulary(code).words:
        if not word.isdecimal():
            for shorter in _shortened(word):
                index[shorter].add(word)
    return {shorter: tuple(sorted(words)) for shorter, words in index.items()}


def is_common(code: str, word: str) -> bool:
    """Whether this is a word that people use and the film set does not have."""
    return word in _common(code) or (code == "en" and nearest(word) is not None)


@cache
def _common(code: str) -> frozenset[str]:
    return frozenset(keys(COMMON.get(code, "")))
