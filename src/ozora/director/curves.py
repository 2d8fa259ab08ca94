"""Influence curves of a blend: how much the second film shows over time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ozora.director.parts import Points

PRESETS: dict[str, tuple[Points, float]] = {
    "fade": (((0.3, 0.0), (0.7, 1.0)), 0.4),
    "morph": (((0.2, 0.0), (0.8, 1.0)), 0.85),
    "mix": (((0.0, 0.5),), 0.85),
}
"""Points in shares of the length, and how far the most even mixture is noised."""

POINTS_STRENGTH = 0.85
LEAST_INFLUENCE = 0.02
"""Less than this of the other film is none."""


def influence(points: Points, second: float) -> float:
    """The value of a curve at a moment: straight lines between points, level before and after.

    >>> influence(((1.0, 0.0), (3.0, 1.0)), 2.0)
    0.5
    """
    if second <= points[0][0]:
        return points[0][1]
    for (before, low), (after, high) in pairwise(points):
        if second <= after:
            return low + (high - low) * (second - before) / (after - before)
    return points[-1][1]


def drawn(curve: str | Points, seconds: float) -> tuple[Points, float]:
    """The points of a curve over a film of ``seconds``, and the strength of its most even mixture."""
    if not isinstance(curve, str):
        return curve, POINTS_STRENGTH
    points, strength = PRESETS[curve]
    return tuple((share * seconds, value) for share, value in points), strength


def strengths(influences: Sequence[float], peak: float) -> list[float]:
    """How far each mixture is noised: not at all where one film shows alone, to ``peak`` where both do."""
    return [peak * (4 * share * (1 - share)) ** 0.5 for share in influences]


def settled(share: float) -> float:
    """A share so near to one film that it is that film."""
    if share < LEAST_INFLUENCE:
        return 0.0
    return 1.0 if share > 1 - LEAST_INFLUENCE else share
