"""The arithmetic of the scorecard: shares with intervals, what chance scores, how far a generator has come.

Answers and questions are lists of equal length: ``asked[i]`` is what prompt i asked, ``shown[i]`` what its
film shows. A question may be a tuple of several axes; it is answered right if all of them are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import sqrt


@dataclass(frozen=True)
class Share:
    """``right`` of ``of`` films, with the 95 % interval of the share."""

    right: int
    of: int

    @property
    def value(self) -> float:
        """The share, 0 … 1; 0 of no films."""
        return self.right / self.of if self.of else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Wilson's 95 % score interval (E. B. Wilson, J. Am. Stat. Assoc. 22, 1927); (0, 1) of no films."""
        if not self.of:
            return 0.0, 1.0
        z = 1.959963984540054
        middle = self.value + z * z / (2 * self.of)
        half = z * sqrt(self.value * (1 - self.value) / self.of + z * z / (4 * self.of**2))
        scale = 1 + z * z / self.of
        return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def share_right(asked: Sequence[Hashable], shown: Sequence[Hashable]) -> Share:
    """How many films show what was asked."""
    return Share(sum(a == b for a, b in zip(asked, shown, strict=True)), len(asked))


def floor(asked: Sequence[Hashable], shown: Sequence[Hashable]) -> float:
    """What the same films score when every prompt is given another prompt's film.

    This is the mean over all derangements, exactly: in a random derangement each of the other films is
    equally likely, so the mean is the share of right answers among all pairs of a prompt and another's film.
    """
    count = len(asked)
    if count < 2:
        raise ValueError("a floor needs two or more films")
    films = Counter(shown)
    pairs = sum(films[question] for question in asked) - share_right(asked, shown).right
    return pairs / (count * (count - 1))


def way(score: float, low: float, ceiling: float) -> float | None:
    """How far ``score`` lies on the way from the floor ``low`` to the ceiling: 0 is chance, 1 real footage.

    None where the ceiling is not above the floor: there the probe cannot tell, and no verdict is possible.
    """
    return (score - low) / (ceiling - low) if ceiling > low else None


def blind_guess(asked: Sequence[Hashable], known: Sequence[Hashable] | None = None) -> float:
    """The best share one can get right without looking, knowing only ``known`` of every film (or nothing)."""
    groups: dict[Hashable, Counter[Hashable]] = {}
    for question, hint in zip(asked, known or [None] * len(asked), strict=True):
        groups.setdefault(hint, Counter())[question] += 1
    return sum(max(group.values()) for group in groups.values()) / len(asked)
