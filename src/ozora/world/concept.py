"""What a concept is: one value of one axis of a Shot, with what filming and saying it need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Concept:
    """One value of one axis and the English words that mean it, the plainest first."""

    name: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True)
class SubjectConcept(Concept):
    """Something that acts: what it can do, where it can be, how large it really is, its colour by nature.

    ``height`` and ``length`` are metres at size "medium". ``natural_colour`` is the colour word people would
    use for the "natural" look, ``natural_rgb`` its albedo; ``colours`` suit it, the likeliest first.
    """

    family: str
    actions: tuple[str, ...]
    places: tuple[str, ...]
    height: float
    length: float
    natural_colour: str
    natural_rgb: RGB
    colours: tuple[str, ...]


@dataclass(frozen=True)
class ActionConcept(Concept):
    """Something a subject does. ``travels``: it crosses the set, so that a direction has meaning."""

    travels: bool


@dataclass(frozen=True)
class PlaceConcept(Concept):
    """Where a shot happens, and which weathers and occluders are possible there.

    ``lapses``: the day can pass there in one shot, for all its light comes from the sky. ``times`` of day
    when it is what it is called: a night city glows after sunset.
    """

    weathers: tuple[str, ...]
    occluders: tuple[str, ...]
    lapses: bool = True
    times: tuple[str, ...] = ("dawn", "noon", "sunset", "dusk", "night")


@dataclass(frozen=True)
class ColourConcept(Concept):
    """A colour word and its linear RGB albedo."""

    rgb: RGB


AnyConcept = TypeVar("AnyConcept", bound=Concept)


def by_name(*concepts: AnyConcept) -> dict[str, AnyConcept]:
    return {concept.name: concept for concept in concepts}
