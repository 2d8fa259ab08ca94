"""What training never sees: combinations of subject, place and time kept for measuring."""

from __future__ import annotations

from functools import cache
from zlib import crc32

from ozora.world import concepts
from ozora.world.shot import Shot

_FIRST_HELD_OUT = (
    ("fox", "snowfield", "sunset"),
    ("fox", "meadow", "night"),
    ("fox", "dunes", "dawn"),
    ("horse", "snowfield", "night"),
    ("horse", "meadow", "dusk"),
    ("horse", "dunes", "noon"),
    ("bird", "snowfield", "noon"),
    ("bird", "dunes", "dusk"),
    ("bird", "sea", "sunset"),
    ("person", "snowfield", "dawn"),
    ("person", "meadow", "sunset"),
    ("person", "dunes", "night"),
    ("ball", "meadow", "dusk"),
    ("ball", "tabletop", "dawn"),
    ("cube", "snowfield", "dusk"),
    ("cube", "meadow", "noon"),
    ("cube", "tabletop", "night"),
    ("balloon", "dunes", "sunset"),
    ("balloon", "sea", "noon"),
    ("sailboat", "sea", "dawn"),
)
"""Chosen by hand when there were eight subjects in five places, and kept: scores are compared with them."""

_FIRST_SUBJECTS = tuple(dict.fromkeys(kind for kind, _, _ in _FIRST_HELD_OUT))
_FIRST_PLACES = ("snowfield", "meadow", "dunes", "sea", "tabletop")


def _held_out() -> tuple[tuple[str, str, str], ...]:
    """One time of every other pair of subject and place that is new, by a checksum of their names."""
    more = []
    for subject in concepts.SUBJECTS.values():
        for place in subject.places:
            times = concepts.PLACES[place].times
            number = crc32(f"{subject.name} in {place}".encode())
            new = subject.name not in _FIRST_SUBJECTS or place not in _FIRST_PLACES
            if new and number % 2 == 0:
                more.append((subject.name, place, times[number // 2 % len(times)]))
    return (*_FIRST_HELD_OUT, *more)


HELD_OUT: tuple[tuple[str, str, str], ...] = _held_out()
"""(subject, place, time) that training never sees, to measure whether a model composes what it knows.

At most one time for each subject and place: every pair of words still meets in training.
"""

_SET = frozenset(HELD_OUT)


def is_held_out(shot: Shot) -> bool:
    """Whether any subject of the shot stands in a combination that training must never see."""
    times = (shot.time,) if shot.later == "none" else concepts.times_between(shot.time, shot.later)
    return any((subject.kind, shot.place, time) in _SET for subject in shot.subjects for time in times)


@cache
def legal_combinations() -> tuple[tuple[str, str, str], ...]:
    """Every (subject, place, time) that can be filmed, held out or not."""
    return tuple(
        (subject.name, place, time)
        for subject in concepts.SUBJECTS.values()
        for place in subject.places
        for time in concepts.PLACES[place].times
    )


def held_out_of(kind: str, place: str, time: str) -> bool:
    """Whether training must not see a subject of this kind in this place at this time."""
    return (kind, place, time) in _SET
