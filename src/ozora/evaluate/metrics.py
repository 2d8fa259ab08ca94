"""The scorecard's metrics: what each measures, where it comes from, and which mistakes it must notice.

A metric is judged before it judges: ``trials`` runs every one on fresh footage and on footage that was spoilt
on purpose. One that does not tell a mistake it ``notices`` from the original is not printed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from ozora.evaluate import adherence, distances, permanence, physics, steadiness, variety
from ozora.evaluate.adherence import Viewing
from ozora.evaluate.distances import Points
from ozora.evaluate.sight import FilmSight

SWAPPED = "another's film"
"""Every prompt is shown the next prompt's film: what chance scores."""

ONE_FOR_ALL, COPIES = "one film for all", "copies of training clips"
"""Mistakes of a whole set of films."""

REMOVED, DOUBLED, VANISHING = "subject removed", "subjects doubled", "subject vanishes"
"""Mistakes that are filmed."""


@dataclass(frozen=True)
class Metric:
    """A figure of one film, or None where the film was not asked; a yes counts 1 and a no 0."""

    name: str
    about: str
    measure: Callable[[Viewing], float | bool | None]
    notices: tuple[str, ...]
    higher_is_better: bool = True
    share: bool = True  # printed in per cent


@dataclass(frozen=True)
class SetMetric:
    """A figure of a set of films beside a set of real ones (points of the eyes' features each)."""

    name: str
    about: str
    points: Callable[[Sequence[FilmSight]], Points]
    measure: Callable[[Points, Points], float]
    notices: tuple[str, ...]
    higher_is_better: bool = False


def _skill(name: str, *notices: str) -> Metric:
    function = adherence.SKILLS[name]
    about = " ".join((function.__doc__ or "").split()).rstrip(".")
    return Metric(name, about, function, (SWAPPED, *notices))


def _film(function: Callable[[FilmSight], float | None]) -> Callable[[Viewing], float | None]:
    return lambda view: function(view.sight)


METRICS: tuple[Metric, ...] = (
    _skill("presence", REMOVED),
    _skill("count", DOUBLED, REMOVED),
    _skill("colour", "hue-swapped"),
    _skill("size", REMOVED),
    _skill("relation", "mirrored"),
    _skill("action", REMOVED),
    _skill("direction", "mirrored", "played backwards"),
    _skill("speed", "hurried", "frozen"),
    _skill("order", "played backwards"),
    _skill("place"),
    _skill("time"),
    _skill("weather"),
    _skill("camera", "frozen"),
    _skill("look"),
    Metric(
        "permanence", "share of actors that neither vanish nor appear in the open, nor come back as others",
        _film(permanence.permanence), (VANISHING, "shuffled"),
    ),
    Metric(
        "sameness", "overlap of the main actor's kind and colour before and after the cut or the middle",
        _film(permanence.sameness), ("hue-swapped later",),
    ),
    Metric(
        "free fall", "log ratio of the acceleration of a fall to the real one",
        physics.free_fall, ("hurried", "frozen"), higher_is_better=False, share=False,
    ),
    Metric(
        "restitution", "log ratio of how bounces shrink to how they do in the real film",
        physics.restitution, ("frozen", "played backwards"), higher_is_better=False, share=False,
    ),
    Metric(
        "flicker", "change of brightness from frame to frame that motion does not explain",
        _film(steadiness.flicker), ("flickering", "shuffled"), higher_is_better=False,
    ),
    Metric(
        "luminance drift", "slope of the mean brightness per 10 s",
        _film(steadiness.luminance_drift), ("drifting",), higher_is_better=False,
    ),
    Metric(
        "saturation drift", "slope of the mean saturation per 10 s",
        _film(steadiness.saturation_drift), ("drifting",), higher_is_better=False,
    ),
    Metric(
        "sharpness drift", "slope of the sharpness per 10 s, as a share of it",
        _film(steadiness.sharpness_drift), ("drifting",), higher_is_better=False,
    ),
)  # fmt: skip
"""Metrics of single films, in the order of the scorecard."""

SET_METRICS: tuple[SetMetric, ...] = (
    SetMetric("frames, Fréchet", "distance of single frames from real ones", distances.frame_points,
              distances.frechet, ("blurred", "hue-swapped")),
    SetMetric("frames, kernel", "distance of single frames from real ones, fair to small sets",
              distances.frame_points, distances.kernel_distance, ("blurred", "hue-swapped")),
    SetMetric("clips, Fréchet", "distance of whole films from real ones, changes over time included",
              distances.clip_points, distances.frechet, ("blurred", "frozen", "shuffled")),
    SetMetric("clips, kernel", "distance of whole films from real ones, fair to small sets",
              distances.clip_points, distances.kernel_distance, ("blurred", "frozen", "shuffled")),
    SetMetric("tracks, Fréchet", "distance of who moves how from real films", distances.track_points,
              distances.frechet, ("frozen", "shuffled", REMOVED)),
    SetMetric("tracks, kernel", "distance of who moves how from real films, fair to small sets",
              distances.track_points, distances.kernel_distance, ("frozen", "shuffled", REMOVED)),
    SetMetric("diversity", "how far films are apart, as a share of how far real ones are",
              distances.clip_points, variety.diversity, (ONE_FOR_ALL,), higher_is_better=True),
)  # fmt: skip
"""Metrics of whole sets of films."""

MEMORISATION = "memorisation"
"""The metric that needs a third set, the films of training."""

NAMES: tuple[str, ...] = (
    *(metric.name for metric in METRICS), *(metric.name for metric in SET_METRICS), MEMORISATION
)  # fmt: skip


def skills_among(names: Sequence[str]) -> Mapping[str, Callable[[Viewing], bool | None]]:
    """The skills of prompt adherence that are among ``names``: what *accepted* asks for."""
    return {name: skill for name, skill in adherence.SKILLS.items() if name in names}
