"""Draw random shots worth filming, the same for the same seed, and keep some combinations out of training.

Every axis is drawn from its own stream, keyed by (seed, axis), so that fixing one axis leaves the luck of the
others alone. Weights say how often a value should be seen: subjects and times evenly, the unremarkable mostly
(medium framing, clear weather, natural look), the rare often enough to be learnt.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from random import Random

from ozora.errors import refuse
from ozora.world import concepts, meetings, operating, pairing
from ozora.world.held_out import held_out_of, legal_combinations
from ozora.world.physics import cast
from ozora.world.shot import Camera, Shot, Subject, validate

Weights = Mapping[str, float]


_PLACE: Weights = {**dict.fromkeys(concepts.PLACES, 1), "tabletop": 2}
# Slightly uneven, to even out what is held out.
_TIME: Weights = {"dawn": 1.25, "noon": 1, "sunset": 1, "dusk": 1, "night": 1.05}
_ACTION: Weights = {"stand": 0.5, "run": 1.25}
_WEATHER: dict[str, Weights] = {
    "snowfield": {"clear": 0.5, "fog": 0.12, "snow": 0.27, "cloud": 0.06, "storm": 0.02, "rain": 0.03},
    "meadow": {"clear": 0.55, "fog": 0.15, "snow": 0.1, "cloud": 0.08, "rain": 0.08, "storm": 0.04},
    "dunes": {"clear": 0.74, "fog": 0.14, "cloud": 0.08, "storm": 0.04},
    "sea": {"clear": 0.58, "fog": 0.15, "snow": 0.07, "cloud": 0.08, "rain": 0.06, "storm": 0.06},
    "tabletop": {"clear": 1.0},
    "forest": {"clear": 0.54, "fog": 0.17, "snow": 0.12, "cloud": 0.05, "rain": 0.09, "storm": 0.03},
    "savannah": {"clear": 0.74, "fog": 0.1, "cloud": 0.07, "rain": 0.05, "storm": 0.04},
    "valley": {"clear": 0.57, "fog": 0.13, "snow": 0.11, "cloud": 0.08, "rain": 0.07, "storm": 0.04},
    "canyon": {"clear": 0.78, "fog": 0.09, "cloud": 0.08, "storm": 0.05},
    "beach": {"clear": 0.72, "fog": 0.11, "cloud": 0.08, "rain": 0.05, "storm": 0.04},
    "lake": {"clear": 0.6, "fog": 0.14, "snow": 0.08, "cloud": 0.07, "rain": 0.07, "storm": 0.04},
    "underwater": {"clear": 1.0},
    "moon": {"clear": 1.0},
    "street": {"clear": 0.55, "fog": 0.12, "snow": 0.11, "cloud": 0.07, "rain": 0.11, "storm": 0.04},
    "night city": {"clear": 0.62, "fog": 0.14, "rain": 0.2, "storm": 0.04},
    "room": {"clear": 1.0},
}
_AURORA_SHARE = 0.25
"""Of the clear nights in places where one can be seen."""
_SPEED: Weights = {"slow": 0.2, "normal": 0.6, "fast": 0.2}
_DIRECTION: Weights = {"left": 0.42, "right": 0.42, "towards": 0.08, "away": 0.08}
_POSITION: Weights = {"left": 0.2, "centre": 0.6, "right": 0.2}
_SIZE: Weights = {"small": 0.15, "medium": 0.7, "large": 0.15}
_MATERIAL: Weights = {"matte": 0.45, "glossy": 0.35, "metal": 0.2}
_LOOK: Weights = {
    "natural": 0.76, "black-and-white": 0.06, "clay": 0.03, "cartoon": 0.03, "watercolour": 0.03,
    "neon": 0.03, "paper": 0.03, "sepia": 0.03,
}  # fmt: skip
_OCCLUDER: Weights = {"tree": 0.4, "rock": 0.35, "wall": 0.25}

_NATURAL_SHARE = {"quadruped": 0.7, "bird": 0.7, "biped": 0.35, "fish": 0.7, "insect": 0.35}
_LATER_ACTIONS = {"jump": 0.14, "turn": 0.14, "stand": 0.12}
"""Actions that joined when others were drawn already, and their share: jump and turn, and for vehicles stand.

They have luck of their own, so that a seed that has none of it keeps the action it had.
"""
_THEN_SHARE = 0.12  # of the subjects that can go over to another action
_SECOND_SUBJECT_SHARE = 0.13
_THIRD_SUBJECT_SHARE = 0.45  # of the shots with two that only share a place: about 0.05 of all
_OCCLUDED_SHARE = 0.3  # of the shots in which passing behind something makes sense
_LAPSE_SHARE = 0.05
_LOOKING_PAST = ("orbit", "tilt", "crane", "fly-over")  # moves that may miss what happens at an occluder
_CROSSING = ("walk", "run", "jump", "roll", "slide", "fly", "drive", "swim")
_LONGEST_HIDDEN = 5.0  # metres: nothing on the set hides a train
_LARGEST_RATIO = 3.0  # of two subjects in one frame, so that the smaller is still seen
_MOST_ATTEMPTS = 300
"""Shots drawn until one has the relation that is asked for."""


def sample_shot(
    seed: int, *, held_out: bool = False, seconds: float = 4.0, fps: int = 12, **fixed: str
) -> Shot:
    """Draw one shot: the same seed gives the same shot, on any machine.

    ``fixed`` pins axes of the first subject and the shot by their names in ``concepts.FIELDS``
    (``sample_shot(1, subject="fox", place="meadow", cut="none")``). With ``held_out`` only combinations of
    ``held_out.HELD_OUT`` are drawn, without it never one of them. Raises OzoraError if what is fixed cannot
    be.
    """
    for axis, value in fixed.items():
        if axis not in concepts.FIELDS:
            raise refuse("fixed axis", axis, concepts.allowed(axis, tuple(concepts.FIELDS)))
        if value not in concepts.FIELDS[axis]:
            raise refuse(axis, value, concepts.allowed(str(value), concepts.FIELDS[axis]))
    related = fixed.get("relation", "none") != "none"
    for attempt in range(_MOST_ATTEMPTS if related else 1):
        shot = _shot(_Draw(f"{seed} again {attempt}" if attempt else seed, fixed), held_out, seconds, fps)
        if not related or shot.relation == fixed["relation"]:
            return shot
    came = ", ".join(f"{axis}={value}" for axis, value in fixed.items())
    raise refuse("fixed", came, "axes that go together: no two such subjects stand in that relation")


def _shot(draw: _Draw, held_out: bool, seconds: float, fps: int) -> Shot:
    kind, place, time = _combination(draw, held_out)
    first = _subject(draw, kind)
    met = subjects = _meeting(draw, first, place, time, held_out)
    second = None if met else _second_subject(draw, first, place, time, held_out)
    first = met[0] if met else first
    camera = operating.camera(draw, first)
    occluder = "none" if met else _occluder(draw, first, camera, place)
    cuts = operating.cuts(draw, camera, seconds, fps)
    relation, plain = "none", occluder == "none" and not cuts and not met
    if not met:
        first = replace(first, count=pairing.count(draw, kind, occluder))
        first = _changing(draw, first, alone=second is None, plain=plain and first.count == 1)
        subjects = (first,)
    if second is not None:
        pair = _side_by_side(draw, first, second)
        relation, *pair_in_relation = pairing.relation(draw, *pair, camera, occluder)
        third = None if cuts or occluder != "none" else _third_subject(draw, pair, place, time, held_out)
        subjects = (*pair_in_relation, *((third,) if third is not None else ()))
    camera = operating.near_enough(draw, camera, subjects)
    cuts = operating.apart(camera, cuts)
    weather = _weather(draw, place, time)
    shot = Shot(
        subjects=subjects,
        place=place,
        time=time,
        weather=weather,
        camera=camera,
        look=draw("look", _LOOK),
        occluder=occluder,
        cuts=cuts,
        seconds=seconds,
        fps=fps,
        seed=draw.stream("seed").getrandbits(31),
        later=_later(draw, subjects, place, time, weather, held_out),
        relation=relation,
    )
    validate(shot)
    return shot


def _later(
    draw: _Draw, subjects: tuple[Subject, ...], place: str, time: str, weather: str, held_out: bool
) -> str:
    """Perhaps another time of day to end with, never passing through one that training must not see."""
    kinds = [subject.kind for subject in subjects]
    possible = [last for last in concepts.TIMES if _lapses(kinds, place, time, last, held_out)]
    happens = possible and weather != "aurora" and draw.happens("later", _LAPSE_SHARE)
    return draw("later", dict.fromkeys(possible, 1.0) if happens else {"none": 1.0})


def _lapses(kinds: Iterable[str], place: str, time: str, later: str, held_out: bool) -> bool:
    """Whether the day may pass from one time to another here, without what training must never see."""
    if later == "none":
        return True
    if later == time or not concepts.PLACES[place].lapses:
        return False
    between = concepts.times_between(time, later)
    return held_out or not any(held_out_of(kind, place, each) for kind in kinds for each in between)


def _weather(draw: _Draw, place: str, time: str) -> str:
    weather = draw("weather", _WEATHER[place])
    could = "aurora" in concepts.PLACES[place].weathers and time in concepts.DARK_TIMES
    could = could and draw.fixed.get("later", "none") == "none"
    if "weather" not in draw.fixed and weather == "clear" and could and draw.happens("aurora", _AURORA_SHARE):
        return "aurora"
    return weather


class _Draw:
    """One seed's luck: an independent stream for every axis, and the axes that are not left to it."""

    def __init__(self, seed: int | str, fixed: Mapping[str, str]) -> None:
        self.seed = seed
        self.fixed = fixed

    def stream(self, axis: str) -> Random:
        return Random(f"ozora shot {self.seed} {axis}")

    def __call__(self, axis: str, weights: Weights) -> str:
        """The fixed value of the axis, or one drawn by weight."""
        return self.fixed[axis] if axis in self.fixed else self.free(axis, weights)

    def free(self, axis: str, weights: Weights) -> str:
        return self.stream(axis).choices(list(weights), list(weights.values()))[0]

    def happens(self, axis: str, share: float) -> bool:
        return self.stream(f"{axis} at all").random() < share


def _combination(draw: _Draw, held_out: bool) -> tuple[str, str, str]:
    """Subject evenly, then a place it can be in, then a time; only those that fit what is fixed."""
    left = _combinations_left(frozenset(draw.fixed.items()), held_out)
    if not left:
        came = ", ".join(f"{axis}={value}" for axis, value in draw.fixed.items())
        which = "held out of" if held_out else "seen in"
        raise refuse("fixed", came, f"axes that go together, in a subject, place and time {which} training")
    kind = draw.free("subject", dict.fromkeys([kind for kind, _, _ in left], 1.0))
    place = draw.free("place", {place: _PLACE[place] for subject, place, _ in left if subject == kind})
    time = draw.free("time", {time: _TIME[time] for *pair, time in left if pair == [kind, place]})
    return kind, place, time


@cache
def _combinations_left(
    fixed_items: frozenset[tuple[str, str]], held_out: bool
) -> tuple[tuple[str, str, str], ...]:
    fixed = dict(fixed_items)
    return tuple(
        (kind, place, time)
        for kind, place, time in legal_combinations()
        if held_out_of(kind, place, time) == held_out
        and fixed.get("subject", kind) == kind
        and fixed.get("place", place) == place
        and fixed.get("time", time) == time
        and _actions(kind, fixed.get("action"), fixed.get("then", "none"))
        and fixed.get("weather", "clear") in concepts.PLACES[place].weathers
        and (fixed.get("weather") != "aurora" or time in concepts.DARK_TIMES)
        and (fixed.get("weather") != "aurora" or fixed.get("later", "none") == "none")
        and fixed.get("occluder", "none") in concepts.PLACES[place].occluders
        and _lapses((kind,), place, time, fixed.get("later", "none"), held_out)
        and _possible(fixed.get("second_subject", "none"), place, time, held_out, fixed.get("later", "none"))
        and (
            fixed.get("action") not in cast.TOGETHER
            or meetings.partners(
                fixed["action"], kind, fixed.get("second_subject"),
                lambda other, place=place, time=time: _possible(  # type: ignore[misc]
                    other, place, time, held_out, fixed.get("later", "none")
                ),
            )
        )
    )


def _actions(kind: str, action: str | None, then: str) -> list[str]:
    """What a subject may do first, if this action or this second one is asked for."""
    return [
        one
        for one in concepts.SUBJECTS[kind].actions
        if action in (None, one) and (then == "none" or then in concepts.thens(kind, one))
    ]


def _possible(kind: str, place: str, time: str, held_out: bool, later: str) -> bool:
    """Whether a second subject may be here: it fits the place, and training may see it there and then."""
    if kind == "none":
        return True
    seen = not held_out_of(kind, place, time) and _lapses((kind,), place, time, later, held_out)
    return place in concepts.SUBJECTS[kind].places and (held_out or seen)


def _subject(draw: _Draw, kind: str) -> Subject:
    concept = concepts.SUBJECTS[kind]
    action = _action(draw, concept)
    travels = concepts.ACTIONS[action].travels
    # A direction that nothing shows (a spinning cube has none) stays at its default.
    faces = travels or action == "stand"
    return Subject(
        kind,
        colour=draw("colour", _colours(concept)),
        material=draw("material", _MATERIAL if concept.family == "solid" else {"natural": 1}),
        size=draw("size", _SIZE),
        action=action,
        speed=draw("speed", {"normal": 1} if action == "stand" else _SPEED),
        direction=draw("direction", _DIRECTION if faces else {"right": 1}),
        position=draw("position", {"centre": 1} if travels else _POSITION),
    )


def _action(draw: _Draw, concept: concepts.SubjectConcept) -> str:
    possible = _actions(concept.name, draw.fixed.get("action"), draw.fixed.get("then", "none"))
    vehicle = concept.family == "vehicle"
    later = [one for one in possible if one in _LATER_ACTIONS and vehicle == (one == "stand")]
    first = [one for one in possible if one not in later]
    for one in later:
        if not first or draw.happens(f"action {one}", _LATER_ACTIONS[one]):
            return one
    if concept.family == "solid":
        # What was simulated has luck of its own.
        first = [one for one in first if one != "stand" and not cast.plays(concept.name, one)] or first
    action = draw("action", {one: _ACTION.get(one, 1.0) for one in first})
    alone = [name for name, kinds in cast.ALONE.items() if concept.name in kinds]
    if alone and "action" not in draw.fixed and draw.happens("simulated", meetings.ALONE_SHARE):
        action = draw.free("simulated", dict.fromkeys(alone, 1.0))
    return action


def _changing(draw: _Draw, first: Subject, *, alone: bool, plain: bool) -> Subject:
    """The subject, with a second action perhaps: not where a cut or something to hide it would mask that."""
    possible = concepts.thens(first.kind, first.action)
    happens = bool(possible) and plain and draw.happens("then", _THEN_SHARE)
    then = draw("then", dict.fromkeys(possible, 1.0) if happens else {"none": 1.0})
    if then == "none":
        return first
    travels = concepts.ACTIONS[then].travels
    if travels and first.action == "turn":
        first = replace(first, direction=draw("direction", _DIRECTION))
    if travels and alone and "position" not in draw.fixed:
        first = replace(first, position="centre")
    return replace(first, then=then)


def _colours(concept: concepts.SubjectConcept) -> Weights:
    share = _NATURAL_SHARE.get(concept.family)
    if share is None:
        return dict.fromkeys(concept.colours, 1.0)
    others = [colour for colour in concept.colours if colour != "natural"]
    if not others:
        return {"natural": 1.0}
    return {"natural": share, **dict.fromkeys(others, (1 - share) / len(others))}


def _second_subject(draw: _Draw, first: Subject, place: str, time: str, held_out: bool) -> Subject | None:
    if "second_subject" in draw.fixed:
        kind = draw.fixed["second_subject"]
    elif draw.fixed.get("relation", "none") != "none" or draw.happens(
        "second subject", _SECOND_SUBJECT_SHARE
    ):
        later = draw.fixed.get("later", "none")
        kinds = [kind for kind in concepts.SUBJECTS if _suits(kind, first.kind, place, time, held_out, later)]
        kind = draw.free("second subject", dict.fromkeys(kinds, 1.0)) if kinds else "none"
    else:
        kind = "none"
    if kind == "none":
        return None
    # Its luck is its own: what is fixed was meant for the first subject.
    own = _Draw(f"{draw.seed} second", {})
    second = replace(_subject(own, kind), count=pairing.second_count(own, kind), size=_fair(first, own, kind))
    both_travel = concepts.ACTIONS[first.action].travels and concepts.ACTIONS[second.action].travels
    if both_travel and draw.happens("same way", 0.6):
        return replace(second, direction=first.direction)
    return second


def _fair(beside: Subject, own: _Draw, kind: str) -> str:
    """The size that its luck gives a subject, or that of the one ``beside`` it where one would be lost."""
    drawn = _subject(own, kind).size
    spans = [max(concepts.SUBJECTS[one].height, concepts.SUBJECTS[one].length) * concepts.SIZE_SCALE[size]
             for one, size in ((kind, drawn), (beside.kind, beside.size))]  # fmt: skip
    return drawn if max(spans) <= _LARGEST_RATIO * min(spans) else beside.size


def _third_subject(
    draw: _Draw, pair: tuple[Subject, Subject], place: str, time: str, held_out: bool
) -> Subject | None:
    """Perhaps one more, between the two or behind them, going their way."""
    if "second_subject" in draw.fixed or not draw.happens("third subject", _THIRD_SUBJECT_SHARE):
        return None
    later = draw.fixed.get("later", "none")
    taken = [one.kind for one in pair]
    kinds = [kind for kind in concepts.SUBJECTS if kind not in taken
             and all(_suits(kind, one, place, time, held_out, later) for one in taken)]  # fmt: skip
    if not kinds:
        return None
    own = _Draw(f"{draw.seed} third", {})
    third = replace(_subject(own, own.free("third subject", dict.fromkeys(kinds, 1.0))), position="centre")
    third = replace(third, size=_fair(pair[0], own, third.kind))
    return replace(third, direction=pair[0].direction if concepts.ACTIONS[third.action].travels else "right")


def _meeting(draw: _Draw, first: Subject, place: str, time: str, held_out: bool) -> tuple[Subject, ...]:
    """A solid and those to whom it does something; nobody in most shots."""
    later = draw.fixed.get("later", "none")
    chosen = meetings.choose(draw, first, lambda kind: _possible(kind, place, time, held_out, later))
    if chosen is None:
        return ()
    action, kinds = chosen
    first = _subject(_Draw(draw.seed, {**draw.fixed, "action": action}), first.kind)
    others = [_subject(_Draw(f"{draw.seed} met {i}", {}), kind) for i, kind in enumerate(kinds)]
    return meetings.arranged(draw, first, others)


def _suits(kind: str, beside: str, place: str, time: str, held_out: bool, later: str) -> bool:
    pair = (concepts.SUBJECTS[kind], concepts.SUBJECTS[beside])
    smaller, larger = sorted(max(concept.height, concept.length) for concept in pair)
    in_scale = larger / smaller <= _LARGEST_RATIO and "rocket" not in (kind, beside)
    return kind != beside and in_scale and _possible(kind, place, time, held_out, later)


def _side_by_side(draw: _Draw, first: Subject, second: Subject) -> tuple[Subject, Subject]:
    """Two subjects on opposite sides of the frame, the first where it is fixed to be."""
    side = draw("position", {"left": 1, "right": 1})
    opposite = {"left": "right", "right": "left", "centre": "right"}[side]
    return replace(first, position=side), replace(second, position=opposite)


def _occluder(draw: _Draw, first: Subject, camera: Camera, place: str) -> str:
    short = concepts.SUBJECTS[first.kind].length <= _LONGEST_HIDDEN
    crosses = short and first.action in _CROSSING and first.direction in ("left", "right")
    here = concepts.PLACES[place].occluders
    possible = {name: weight for name, weight in _OCCLUDER.items() if name in here}
    sees = camera.move not in _LOOKING_PAST and camera.framing != "close"
    fits = crosses and len(possible) > 1 and sees
    hidden = fits and draw.happens("occluder", _OCCLUDED_SHARE)
    return draw("occluder", possible if hidden else {"none": 1})
