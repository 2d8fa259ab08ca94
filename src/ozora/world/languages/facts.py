"""Which facts of a Shot a caption tells, in any language: the remarkable mostly, the unremarkable seldom."""

from __future__ import annotations

from random import Random
from typing import Literal

from ozora.world import concepts
from ozora.world.shot import Shot
from ozora.world.visible import hidden

Length = Literal["terse", "medium", "full"]
LENGTHS: tuple[Length, ...] = ("terse", "medium", "full")

Chances = tuple[float, float, float]
_SAID: dict[str, tuple[Chances, Chances]] = {
    # fact: chance to be said when remarkable, and when not, in (terse, medium, full)
    "colour": ((0.9, 1, 1), (0.5, 0.5, 0.6)),
    "material": ((0.7, 0.9, 1), (0.1, 0.3, 0.6)),
    "size": ((0.7, 0.95, 1), (0, 0, 0.06)),
    "speed": ((0.5, 0.85, 1), (0, 0.03, 0.1)),
    "direction": ((0.5, 0.85, 1), (0.15, 0.4, 0.7)),
    "position": ((0.15, 0.5, 0.85), (0, 0.03, 0.12)),
    "occluder": ((0.55, 0.95, 1), (0, 0, 0)),
    "time": ((0.9, 1, 1), (0.9, 1, 1)),
    "weather": ((0.8, 1, 1), (0, 0.06, 0.25)),
    "camera": ((0.35, 0.75, 1), (0, 0.08, 0.45)),
    "framing": ((0.25, 0.6, 0.95), (0, 0.05, 0.2)),
    "height": ((0.15, 0.5, 0.9), (0, 0.03, 0.12)),
    "look": ((0.85, 1, 1), (0, 0, 0.04)),
    "cut": ((0.3, 0.85, 1), (0, 0, 0)),
    "light": ((0, 0.1, 0.75), (0, 0.1, 0.75)),
    "mood": ((0, 0.05, 0.45), (0, 0.05, 0.45)),
}
EXPENDABLE = (
    "mood", "light", "height", "position", "direction", "framing", "speed", "cut", "camera", "material",
    "size", "occluder", "look", "weather", "time", "colour",
)  # fmt: skip
"""What is left out first when a caption grows too long."""
GREY_LOOKS = ("black-and-white", "sepia")
WITHOUT_WEATHER = ("tabletop", "room", "underwater", "moon")


def light_of(shot: Shot) -> str:
    """Which light the shot is in: that of its time, unless weather or water soften it."""
    if shot.place == "underwater":
        return "underwater"
    muted = shot.weather in ("fog", "snow", "cloud", "rain", "storm") and shot.time != "night"
    return "soft" if muted else shot.time


def shot_fields(shot: Shot) -> dict[str, str]:
    """The shot's exact labels, one value of ``concepts.FIELDS`` for every axis.

    Subject axes tell of the first subject. The colour is the visible one: a natural fox is labelled red.
    """
    first = shot.subjects[0]
    return {
        "subject": first.kind,
        "action": first.action,
        "speed": first.speed,
        "direction": first.direction,
        "position": first.position,
        "size": first.size,
        "colour": concepts.visible_colour(first.kind, first.colour),
        "material": first.material,
        "place": shot.place,
        "time": shot.time,
        "weather": shot.weather,
        "camera": shot.camera.move,
        "framing": shot.camera.framing,
        "height": shot.camera.height,
        "look": shot.look,
        "occluder": shot.occluder,
        "later": shot.later,
        "second_subject": shot.subjects[1].kind if len(shot.subjects) > 1 else "none",
        "then": first.then,
        "cut": "cut" if shot.cuts else "none",
        "relation": shot.relation,
        "count": str(first.count),
    }


def told(shot: Shot, length: Length, rng: Random) -> frozenset[str]:
    """The facts that one caption of this length tells, drawn by ``rng``; never what the picture hides."""
    column = LENGTHS.index(length)
    remarkable = _remarkable(shot)
    said = set()
    for fact, (when_remarkable, when_not) in _SAID.items():
        chance = when_remarkable if fact in remarkable else when_not
        if rng.random() < chance[column]:
            said.add(fact)
    if shot.later != "none":
        said = (said | {"time", "later"}) - {"light"}
    return frozenset(said) - hidden(shot)


def _remarkable(shot: Shot) -> set[str]:
    first = shot.subjects[0]
    tests = {
        "colour": first.colour != "natural",
        "material": first.material in ("glossy", "metal"),
        "size": first.size != "medium",
        "speed": first.speed != "normal",
        "direction": first.direction in ("towards", "away"),
        "position": first.position != "centre",
        "occluder": shot.occluder != "none",
        "weather": shot.weather != "clear",
        "camera": shot.camera.move != "static",
        "framing": shot.camera.framing != "medium",
        "height": shot.camera.height != "eye",
        "look": shot.look != "natural",
        "cut": bool(shot.cuts),
    }
    return {fact for fact, holds in tests.items() if holds}


def mood_of(shot: Shot) -> str:
    if shot.subjects[0].speed == "fast":
        return "fast"
    if shot.weather == "fog":
        return "fog"
    return "night" if shot.time == "night" else "calm"
