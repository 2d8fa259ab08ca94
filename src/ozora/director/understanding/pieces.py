"""A prompt cut into pieces: the longest wordings that a vocabulary knows, and the words between them."""

from __future__ import annotations

from dataclasses import dataclass

from ozora.director.understanding.spelling import candidates
from ozora.world.languages.sense import Sense
from ozora.world.languages.tokens import Token
from ozora.world.languages.vocabulary import Node, Vocabulary

_PER_PIECE = {True: 1.2, False: 0.4}
"""What every piece costs, where words are parted by spaces and where not: few long pieces beat many short."""
_PER_SLIP = 1.7
_LONGEST = 40
_End = tuple[Node, int, float, tuple[str, ...], bool]
"""Where a phrase has come to: in the tree, in the text, its cost, its words, whether they can stand alone."""


@dataclass(frozen=True)
class Piece:
    """Neighbouring tokens that mean something together, or one that means nothing (no senses).

    ``cost`` is that of the slips of the pen in it, ``words`` are what its tokens were read as.
    """

    tokens: tuple[Token, ...]
    senses: tuple[Sense, ...] = ()
    cost: float = 0.0
    words: tuple[str, ...] = ()

    @property
    def span(self) -> tuple[int, int]:
        """Where it stands in the prompt."""
        return self.tokens[0].start, self.tokens[-1].end

    @property
    def is_sign(self) -> bool:
        """Whether it is a comma or a full stop."""
        return len(self.tokens) == 1 and self.tokens[0].is_sign

    @property
    def key(self) -> str:
        """The words as they were read, parted by spaces."""
        return " ".join(self.words or (token.key for token in self.tokens))

    @property
    def sure(self) -> float:
        """How surely these are the words that were meant."""
        return round(max(0.3, 0.98 - 0.16 * self.cost), 2)

    def of(self, axis: str) -> tuple[Sense, ...]:
        """Its senses on one axis."""
        return tuple(sense for sense in self.senses if sense.axis == axis)


def cut(vocabulary: Vocabulary, text: tuple[Token, ...]) -> tuple[tuple[Piece, ...], float]:
    """The pieces of a text in its order, and how well the vocabulary explains it (0 for not at all)."""
    best: list[tuple[float, Piece | None]] = [(0.0, None)] * (len(text) + 1)
    for start in range(len(text) - 1, -1, -1):
        skipped = best[start + 1][0]
        best[start] = (skipped, None)
        for piece in _phrases(vocabulary, text, start):
            gain = _worth(piece, vocabulary.spaced) + best[start + len(piece.tokens)][0]
            if gain > best[start][0]:
                best[start] = (gain, piece)
    pieces, place = [], 0
    while place < len(text):
        piece = best[place][1] or _alone(text[place])
        pieces.append(piece)
        place += len(piece.tokens)
    return tuple(pieces), best[0][0]


def _alone(token: Token) -> Piece:
    """A token that no phrase has: a number, a sign or a word that means nothing."""
    if token.key.replace(".", "", 1).isdecimal():
        return Piece((token,), (Sense("count", token.key),))
    return Piece((token,))


def _phrases(vocabulary: Vocabulary, text: tuple[Token, ...], start: int) -> list[Piece]:
    """Every phrase of the vocabulary that may begin here, slips of the pen allowed for."""
    found: list[Piece] = []
    open_ends: list[_End] = [(vocabulary.root, start, 0.0, (), True)]
    while open_ends:
        node, place, cost, words, alone = open_ends.pop()
        if node.senses and (alone or len(words) > 1):
            found.append(Piece(text[start:place], tuple(node.senses), cost, words))
        if place == len(text) or place - start >= _LONGEST:
            continue
        for one in reversed(candidates(vocabulary.code, text[place].key)):  # the cheapest is looked at first
            after = node.after.get(one.word)
            if after is not None:
                open_ends.append((after, place + 1, cost + one.cost, (*words, one.word), alone and one.alone))
    return found


def _worth(piece: Piece, spaced: bool) -> float:
    letters = sum(max(2, len(token.key)) for token in piece.tokens) if spaced else len(piece.words)
    plain = all(sense.axis == "glue" for sense in piece.senses)
    return letters * (0.9 if plain else 1.0) - _PER_PIECE[spaced] - _PER_SLIP * piece.cost
