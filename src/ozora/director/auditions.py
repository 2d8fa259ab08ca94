"""Auditions: several beginnings of a film, of which the ranker's choice is filmed to its end.

What `ozora explore` shows somebody to choose from is chosen here without asking. A beginning costs three
passes over a layout and four small pictures: eight of them cost less than a second take that is refined.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from torch import Tensor

from ozora.backends.backend import Backend
from ozora.director.ranking import judge, ranked
from ozora.director.request import HIGHEST_SEED
from ozora.model.sampler import Moment, OnMoment

KEPT_STEPS = 2
"""Steps of the final's own schedule that a draft makes and keeps."""


def begun(
    backend: Backend,
    words: Any,
    negative: Any,
    start: Moment,
    *,
    steps: int,
    guidance: float,
    on_moment: OnMoment | None = None,
) -> tuple[Moment, Tensor]:
    """A film's first steps, kept to the bit, and where it is heading: clean latents (1, L, C, h, w)."""
    kept = min(KEPT_STEPS, steps)
    moment = backend.go_on(
        words, negative, start, steps=steps, guidance=guidance, until=kept, on_moment=on_moment
    )
    return moment, backend.foresee(words, moment, steps=steps)


def audition(
    backend: Backend,
    words: Any,
    negative: Any,
    begin: Callable[[int], Moment],
    *,
    seed: int,
    drafts: int,
    steps: int,
    guidance: float,
) -> Moment:
    """The most promising of so many beginnings; ``begin`` makes one of a seed.

    The first is that of ``seed`` itself, and so is the film if nobody does better.
    """
    asked, made, verdicts = backend.reading(words), [], []
    for number in range(drafts):
        start = begin(seed_of(seed, number))
        moment, heading = begun(backend, words, negative, start, steps=steps, guidance=guidance)
        made.append(moment)
        verdicts.append(judge(asked, backend.look(heading).shows, backend.preview(heading)))
    return made[ranked(verdicts)[0]]


def seed_of(seed: int, number: int) -> int:
    """The seed of an audition's draft: far from those of other takes, which count up from the first's."""
    if number == 0:
        return seed
    digest = hashlib.sha256(f"{seed} {number}".encode()).digest()
    return int.from_bytes(digest[:8]) % (HIGHEST_SEED + 1)
