"""The Shot: one camera take, described. The common tongue of world, captions, prompts and evaluation."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from random import Random
from typing import Any, TypeVar

from ozora.errors import refuse
from ozora.world import concepts
from ozora.world.physics import cast
from ozora.world.relations import validate_relation

LONGEST_SECONDS = 60.0
FASTEST_FPS = 60
MOST_SUBJECTS = 3
CHANGE_SHARE = (0.4, 0.6)
"""Of the clip, where a second action begins."""
MOST_ALIKE = 5
"""Instances of one subject."""


@dataclass(frozen=True)
class Subject:
    """Somebody or something that acts. Every word is a name in ``ozora.world.concepts``.

    ``count`` is how many of them there are: all alike but for small differences of size and phase.
    """

    kind: str
    colour: str = "natural"
    material: str = "natural"
    size: str = "medium"
    action: str = "stand"
    speed: str = "normal"
    direction: str = "right"
    position: str = "centre"
    then: str = "none"  # an action that takes over in the middle of the clip
    count: int = 1


@dataclass(frozen=True)
class Camera:
    """How the camera stands and moves."""

    move: str = "static"
    framing: str = "medium"
    height: str = "eye"


@dataclass(frozen=True)
class Cut:
    """A change to another camera inside the clip, ``at`` seconds from its start."""

    at: float
    camera: Camera


@dataclass(frozen=True)
class Shot:
    """One camera take described: who does what, where, when, in what weather, seen how, looking how.

    ``occluder`` names something the first subject passes behind (or "none"). ``later`` makes a time lapse:
    the time of day at the end of the clip (or "none").
    ``relation`` is how the first subject stands to the second in the first camera's picture.
    ``seed`` decides everything the words leave open: relief, clouds, gait phase, exact camera path.
    """

    subjects: tuple[Subject, ...]
    place: str = "meadow"
    time: str = "noon"
    weather: str = "clear"
    camera: Camera = field(default_factory=Camera)
    look: str = "natural"
    occluder: str = "none"
    cuts: tuple[Cut, ...] = ()
    seconds: float = 4.0
    fps: int = 12
    seed: int = 0
    later: str = "none"
    relation: str = "none"

    @property
    def instances(self) -> tuple[int, ...]:
        """For every instance, with ids 1, 2, … in the ground truth, the index of its subject."""
        return tuple(index for index, one in enumerate(self.subjects) for _ in range(one.count))

    @property
    def frames(self) -> int:
        """Frames of the clip, of the form 1 + 4k that the autoencoder wants."""
        return 1 + 4 * max(0, round(self.seconds * self.fps / 4))

    @property
    def upwards(self) -> bool:
        """Whether a tilt or a crane goes up or down, which the seed decides."""
        return Random(f"ozora way {self.seed}").random() < 0.5

    def to_json(self) -> dict[str, Any]:
        """This shot as plain JSON values; ``Shot.from_json`` gives back an equal shot."""
        record = asdict(self)
        record["subjects"] = list(record["subjects"])
        record["cuts"] = list(record["cuts"])
        return record

    @staticmethod
    def from_json(record: object) -> Shot:
        """Build and validate a shot from JSON values; left-out fields take their defaults.

        A subject without an action takes the first its kind can do. Raises OzoraError naming the field, what
        came and what is allowed.
        """
        values = _known(record, Shot, "shot")
        if "subjects" not in values:
            raise refuse("subjects", "nothing", f"a list of 1 to {MOST_SUBJECTS} subjects")
        values["subjects"] = _each(values["subjects"], "subjects", _subject)
        if "camera" in values:
            values["camera"] = _camera(values["camera"], "camera")
        if "cuts" in values:
            values["cuts"] = _each(values["cuts"], "cuts", _cut)
        shot = Shot(**values)
        validate(shot)
        return shot


def moment_of(shot: Shot, index: int) -> float:
    """Seconds into the clip at which the second action of a subject begins; the seed decides."""
    share = Random(f"ozora then {shot.seed} {index}").uniform(*CHANGE_SHARE)
    return share * (shot.frames - 1) / shot.fps


def read_shot(path: str | Path) -> Shot:
    """Read a shot from a JSON file. Raises OzoraError if it cannot be read, is not JSON or is not a shot."""
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or "not text"
        raise refuse("shot file", f"{path.name} ({reason})", "a readable JSON file") from error
    try:
        record = json.loads(text)
    except (ValueError, RecursionError) as error:
        where = f", line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise refuse("shot file", f"{path.name} (not JSON{where})", "a JSON file of a shot") from error
    return Shot.from_json(record)


def validate(shot: Shot) -> None:
    """Refuse a shot that cannot be filmed.

    Raises OzoraError, one sentence with the field, what came and what is allowed, for unknown words, for
    combinations that cannot be (a sailboat in the dunes, a flying ball) and for times out of range.
    """
    if not isinstance(shot.subjects, tuple) or not 1 <= len(shot.subjects) <= MOST_SUBJECTS:
        count = f"{len(shot.subjects)} subjects" if isinstance(shot.subjects, tuple | list) else shot.subjects
        raise refuse("subjects", count, f"1 to {MOST_SUBJECTS} subjects")
    _word("place", shot.place, "place")
    _word("time", shot.time, "time")
    place = concepts.PLACES[shot.place]
    _one_of("time", shot.time, place.times, f"at {place.name}")
    _one_of("weather", _word("weather", shot.weather, "weather"), place.weathers, f"at {place.name}")
    if shot.weather == "aurora" and shot.time not in concepts.DARK_TIMES:
        raise refuse("weather", f"aurora at {shot.time}", f"aurora at {' or '.join(concepts.DARK_TIMES)}")
    _one_of("occluder", _word("occluder", shot.occluder, "occluder"), place.occluders, f"at {place.name}")
    _word("later", shot.later, "later")
    if shot.later == shot.time:
        raise refuse("later", shot.later, "another time of day than the first, or none")
    if shot.later != "none" and not place.lapses:
        able = ", ".join(name for name, one in concepts.PLACES.items() if one.lapses)
        raise refuse("later", f"{shot.later} at {place.name}", f"none there, or one of {able}")
    if shot.later != "none" and shot.weather == "aurora":
        raise refuse("later", f"{shot.later} under an aurora", "none with an aurora")
    _word("look", shot.look, "look")
    for index, subject in enumerate(shot.subjects):
        _validate_subject(f"subjects[{index}]", subject, shot.place)
    validate_relation(_word("relation", shot.relation, "relation"), shot.subjects)
    _validate_meeting(shot)
    _validate_camera("camera", shot.camera)
    _number("seconds", shot.seconds, 0.0, LONGEST_SECONDS, "seconds")
    _whole("fps", shot.fps, 1, FASTEST_FPS)
    _whole("seed", shot.seed, 0, 2**63 - 1)
    if not isinstance(shot.cuts, tuple):
        raise refuse("cuts", shot.cuts, "a list of cuts")
    earliest = 0.0
    for index, cut in enumerate(shot.cuts):
        _number(f"cuts[{index}].at", cut.at, earliest, shot.seconds, "seconds, inside the clip and in order")
        if cut.at == shot.seconds:
            raise refuse(f"cuts[{index}].at", cut.at, f"less than the clip's {shot.seconds:g} seconds")
        _validate_camera(f"cuts[{index}].camera", cut.camera)
        earliest = cut.at


def _validate_subject(name: str, subject: Subject, place: str) -> None:
    _word(f"{name}.kind", subject.kind, "subject")
    for axis in ("colour", "material", "size", "action", "speed", "direction", "position"):
        _word(f"{name}.{axis}", getattr(subject, axis), axis)
    _whole(f"{name}.count", subject.count, 1, MOST_ALIKE)
    concept = concepts.SUBJECTS[subject.kind]
    _one_of(f"{name}.action", subject.action, concept.actions, f"for {concept.name}")
    if not isinstance(subject.then, str) or subject.then not in concepts.ACTIONS:
        _word(f"{name}.then", subject.then, "then")
    if subject.then != "none":
        possible = concepts.thens(subject.kind, subject.action)
        after = f"for {concept.name} after {subject.action}"
        _one_of(f"{name}.then", subject.then, ("none", *possible), after)
        if subject.count > 1:
            raise refuse(f"{name}.then", f"{subject.then} for {subject.count} at once", "none for a group")
    if place not in concept.places:
        raise refuse("place", place, f"{', '.join(concept.places)} for {concept.name} ({name})")


def _validate_meeting(shot: Shot) -> None:
    """Refuse solids that were never simulated meeting like this."""
    first, *others = shot.subjects
    for index, other in enumerate(others, 1):
        if other.action in cast.TOGETHER:
            only = f"{other.action} for the first subject only"
            raise refuse(f"subjects[{index}].action", other.action, only)
    if first.action not in cast.TOGETHER:
        return
    kinds, casts = tuple(subject.kind for subject in shot.subjects), cast.CASTS[first.action]
    if kinds not in casts:
        partners = ", ".join(" on ".join(reversed(others)) for one, *others in casts if one == first.kind)
        raise refuse("subjects", " and ".join(kinds), f"a {first.kind} with {partners} for {first.action}")
    for index, other in enumerate(others, 1):
        _one_of(f"subjects[{index}].action", other.action, ("stand",), f"until the {first.kind} comes")
    steps = {cast.SIZES.index(first.size) - cast.SIZES.index(other.size) for other in others}
    if len(steps) > 1 or not steps <= set(cast.steps(first.action, kinds)):
        fitting = cast.fitting_sizes(first.action, kinds, first.size)
        came = ", ".join(other.size for other in others)
        raise refuse("subjects[1].size", came, f"{', '.join(fitting)} beside a {first.size} {first.kind}")
    _one_of("occluder", shot.occluder, ("none",), f"for {first.action}")
    _one_of("relation", shot.relation, ("none",), f"for {first.action}")
    for index, subject in enumerate(shot.subjects):
        _whole(f"subjects[{index}].count", subject.count, 1, 1)


def _validate_camera(name: str, camera: Camera) -> None:
    _word(f"{name}.move", camera.move, "camera")
    _word(f"{name}.framing", camera.framing, "framing")
    _word(f"{name}.height", camera.height, "height")


def _word(name: str, came: object, axis: str) -> str:
    if not isinstance(came, str):
        raise refuse(name, came, f"one of {', '.join(concepts.FIELDS[axis])}")
    if came not in concepts.FIELDS[axis]:
        raise refuse(name, came, concepts.allowed(came, concepts.FIELDS[axis]))
    return came


def _one_of(name: str, came: str, possible: tuple[str, ...], why: str) -> None:
    if came not in possible:
        raise refuse(name, came, f"{', '.join(possible)} {why}")


def _number(name: str, came: object, above: float, most: float, unit: str) -> None:
    # NaN and infinity fail the comparison too.
    if not isinstance(came, int | float) or isinstance(came, bool) or not above < came <= most:
        raise refuse(name, came, f"more than {above:g} and at most {most:g} {unit}")


def _whole(name: str, came: object, least: int, most: int) -> None:
    if not isinstance(came, int) or isinstance(came, bool) or not least <= came <= most:
        raise refuse(name, came, f"a whole number from {least} to {most}")


Described = TypeVar("Described")


def _each(came: object, name: str, read: Callable[[object, str], Described]) -> tuple[Described, ...]:
    if not isinstance(came, list | tuple):
        raise refuse(name, came, f"a list of {name}")
    return tuple(read(item, f"{name}[{index}]") for index, item in enumerate(came))


def _subject(came: object, name: str) -> Subject:
    values = _known(came, Subject, name)
    if "kind" not in values:
        raise refuse(f"{name}.kind", "nothing", ", ".join(concepts.AXES["subject"]))
    concept = concepts.SUBJECTS.get(values["kind"]) if isinstance(values["kind"], str) else None
    if concept is not None:
        values.setdefault("action", concept.actions[0])
    return Subject(**values)


def _camera(came: object, name: str) -> Camera:
    return Camera(**_known(came, Camera, name))


def _cut(came: object, name: str) -> Cut:
    values = _known(came, Cut, name)
    if "at" not in values:
        raise refuse(f"{name}.at", "nothing", "seconds from the start of the clip")
    return Cut(at=values["at"], camera=_camera(values.get("camera", {}), f"{name}.camera"))


def _known(came: object, kind: type, name: str) -> dict[str, Any]:
    """The values of a JSON object, if every key is a field of ``kind``."""
    names = tuple(entry.name for entry in fields(kind))
    if not isinstance(came, Mapping):
        raise refuse(name, came, f"an object with {', '.join(names)}")
    for key in came:
        if key not in names:
            raise refuse(f"{name} field", key, concepts.allowed(str(key), names))
    return dict(came)
