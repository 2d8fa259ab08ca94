"""What a wording may mean, and how patterns with slots fall apart into what stands before and after them."""

from __future__ import annotations

import re
from dataclasses import dataclass

_SLOT = re.compile(r"\{[a-z_]+\}| … ")


@dataclass(frozen=True)
class Sense:
    """One meaning of a wording: a value of an axis, for some subjects only (none named means all).

    ``role`` tells senses of one axis apart: "several" for a plural noun, "before" and "after" for words that
    stand before or after the subject they speak of, "near" for where the second one is, "by" for what the
    second one does to the first, "shot" for what needs the word shot beside it, "weak" for what only counts
    where nothing better is said. ``tells`` are further axes that the same words settle: a light that only
    dusk has, a verb that is fast.
    """

    axis: str
    value: str
    kinds: tuple[str, ...] = ()
    role: str = ""
    tells: tuple[tuple[str, str], ...] = ()


def parts(pattern: str) -> tuple[str, ...]:
    """What stands before, between and after the slots of a pattern.

    >>> parts("chases {other} away")
    ('chases ', ' away')
    """
    return tuple(_SLOT.split(pattern))
