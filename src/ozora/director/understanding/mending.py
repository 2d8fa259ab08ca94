"""Words misspelt beyond the usual: what a slot that is still open lets them be.

Spelling alone cannot tell whether "hose" is a horse. A sentence can: where many words are misspelt, where
nobody has been named yet and where "a black" stands before it, it is. Which slot is open decides what a word
may be (the noisy channel of Kernighan, Church and Gale, 1990, with the reading itself as the model of
context). What was changed is told like every other correction.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from ozora.director.understanding.beats import Found
from ozora.director.understanding.pieces import Piece, cut
from ozora.director.understanding.spelling import distance, is_common
from ozora.world.languages.tokens import Token
from ozora.world.languages.vocabulary import vocabulary
from ozora.world.shot import MOST_SUBJECTS

_MOST = 6
_NOT_HERE = 0.6
"""What a word costs on top where its slot is not expected."""
_OF_NOUNS = ("colour", "size", "material", "count")
_BEFORE_NOUNS = (
    "a", "an", "the", "of", "one", "two", "three", "un", "una", "une", "el", "la", "le", "los", "les",
    "ein", "eine", "einen", "der", "die", "das",
)  # fmt: skip
_HURRIED = {2: 1.15, 3: 1.3, 4: 1.75, 5: 2.1, 6: 2.4}
_CALM = {2: 0.0, 3: 1.0, 4: 1.15, 5: 1.4, 6: 1.7}
"""The longest distance by the letters of the shorter word, where words were misspelt before and where not."""

Mended = tuple[tuple[Token, ...], tuple[Piece, ...]]


@dataclass(frozen=True)
class _Offer:
    cost: float
    place: int  # of the token
    word: str


def mend(
    code: str, text: tuple[Token, ...], pieces: tuple[Piece, ...], read: Callable[[tuple[Piece, ...]], Found]
) -> Mended:
    """The text and its pieces with misspelt words replaced by what fills an open slot, the likeliest first.

    ``read`` tells what some pieces say. Writing without spaces stays as it is: there a slip is another word.
    """
    if not vocabulary(code).spaced:
        return text, pieces
    hurried = _is_hurried(pieces)
    for _ in range(_MOST):
        best = min(_offers(code, pieces, read(pieces), hurried), key=lambda one: one.cost, default=None)
        if best is None:
            break
        mended = replace(text[best.place], key=best.word)
        text = (*text[: best.place], mended, *text[best.place + 1 :])
        pieces, _ = cut(vocabulary(code), text)
        hurried = True
    return text, pieces


def _is_hurried(pieces: tuple[Piece, ...]) -> bool:
    """Whether words of this prompt were misspelt for sure: two of them, or one of a few."""
    slips = sum(token.key != word and not token.key.endswith(word) for piece in pieces if piece.cost > 0.1
                for token, word in zip(piece.tokens, piece.words, strict=False))  # fmt: skip
    return slips > 1 or (slips == 1 and len(pieces) < 9)


def _offers(code: str, pieces: tuple[Piece, ...], found: Found, hurried: bool) -> Iterator[_Offer]:
    at = 0
    for place, piece in enumerate(pieces):
        token, here = piece.tokens[0], at
        at += len(piece.tokens)
        glue = bool(piece.senses) and all(sense.axis == "glue" for sense in piece.senses)
        if len(piece.tokens) > 1 or piece.is_sign or not token.key.isalpha() or (piece.senses and not glue):
            continue
        if (glue or is_common(code, token.key)) and not (hurried and len(token.key) < 6):
            continue
        for axis, penalty in _open(pieces, place, found, hurried):
            if glue and penalty:
                continue
            for word, cost in _near(code, axis, token.key, hurried):
                yield _Offer(cost + penalty + (0.5 if glue else 0.0), here, word)


def _open(pieces: tuple[Piece, ...], place: int, found: Found, hurried: bool) -> Iterator[tuple[str, float]]:
    """Slots that the word at this place might fill, and what it costs there."""
    before = pieces[place - 1] if place else None
    after = pieces[place + 1] if place + 1 < len(pieces) else None
    noun = before is not None and (any(before.of(axis) for axis in _OF_NOUNS) or before.key in _BEFORE_NOUNS)
    if not found.subjects:
        yield "subject", 0.0 if noun else _NOT_HERE
    elif "action" not in found.subjects[0].fields:
        named = any(piece.of("subject") for piece in pieces[:place])
        yield "action", 0.0 if named else _NOT_HERE
    elif before is not None and before.of("next"):
        yield "action", 0.1
    if found.subjects and hurried and noun and len(found.subjects) < MOST_SUBJECTS and not _names(after):
        yield "subject", 0.3
    if after is not None and after.of("subject") and not _has_colour(pieces, place):
        yield "colour", 0.0
    elif not found.subjects and noun and not _has_colour(pieces, place):
        yield "colour", _NOT_HERE
    for axis in ("place", "time"):
        if axis not in found.scene:
            senses = before.senses if before is not None else ()
            led = bool(senses) and all(sense.axis == "glue" for sense in senses)
            yield axis, 0.1 if led and not noun else 0.3 if led or noun else _NOT_HERE


def _names(piece: Piece | None) -> bool:
    """Whether a noun follows, so that the word before it is none."""
    return piece is not None and any(piece.of(axis) for axis in ("subject", "place", "occluder", *_OF_NOUNS))


def _has_colour(pieces: tuple[Piece, ...], place: int) -> bool:
    near = pieces[max(0, place - 2) : place + 3]
    return any(piece.of("colour") for piece in near)


@cache
def _near(code: str, axis: str, word: str, hurried: bool) -> tuple[tuple[str, float], ...]:
    """The nearest single words of an axis, with their distances."""
    limits = _HURRIED if hurried else _CALM
    found = []
    for other in _words_of(code, axis):
        limit = limits.get(min(len(word), len(other), 6), 0.0)
        if abs(len(word) - len(other)) <= 2 and limit and (cost := distance(word, other)) <= limit:
            found.append((other, cost))
    return tuple(sorted(found, key=lambda one: (one[1], -vocabulary(code).words[one[0]]))[:2])


@cache
def _words_of(code: str, axis: str) -> tuple[str, ...]:
    """Words of captions and everyday speech that alone mean something here; kin is too rare to guess."""
    book = vocabulary(code)
    return tuple(
        word
        for word, node in book.root.after.items()
        if len(word) > 2
        and word not in book.rare
        and any(sense.axis == axis and sense.role != "weak" for sense in node.senses)
    )
