"""Draw how many a subject is and how the first stands to the second, and suit the second to that."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from ozora.errors import OzoraError
from ozora.world import concepts
from ozora.world.relations import ALOFT, OPPOSITE, SIDE, travels, validate_relation
from ozora.world.shot import Camera, Subject

_COUNT = {"2": 0.4, "3": 0.3, "4": 0.15, "5": 0.15}
_GROUPED_SHARE = 0.175  # of the first subjects that come in groups: about 0.12 of all shots
_SECOND_GROUPED_SHARE = 0.1
_ALONE = ("train", "rocket", "aeroplane")
_SOLID = "solid"
_NO_PREY = ("cube", "cone", "cylinder")

_RELATION = {
    "left of": 1.6, "right of": 1.6, "in front of": 1.0, "behind": 1.0, "beside": 0.7, "above": 5.0,
    "chasing": 2.4, "crossing": 2.0,
}  # fmt: skip
_RELATED_SHARE = 0.77  # of two subjects without an occluder; some can stand in no relation
_WHOLLY_TRUE = {"orbit": ("beside", "above", "chasing"), "fly-over": ("beside", "chasing")}
"""What a camera that goes round or over the two cannot turn into something else."""


class Luck(Protocol):
    """What ``sampling`` draws from."""

    @property
    def fixed(self) -> Mapping[str, str]: ...

    def free(self, axis: str, weights: Mapping[str, float]) -> str: ...

    def happens(self, axis: str, share: float) -> bool: ...


def count(draw: Luck, kind: str, occluder: str) -> int:
    """How many the first subject is. Nothing hides a whole group, so there is none where something stands."""
    if "count" in draw.fixed:
        return int(draw.fixed["count"])
    single = occluder != "none" or draw.fixed.get("then", "none") != "none"
    return 1 if single else _drawn_count(draw, kind, _GROUPED_SHARE)


def second_count(draw: Luck, kind: str) -> int:
    """How many the second subject is, from its own luck."""
    return _drawn_count(draw, kind, _SECOND_GROUPED_SHARE)


def _drawn_count(draw: Luck, kind: str, share: float) -> int:
    grouped = concepts.SUBJECTS[kind].family != _SOLID and kind not in _ALONE
    return int(draw.free("count", _COUNT)) if grouped and draw.happens("count", share) else 1


def relation(
    draw: Luck, first: Subject, second: Subject, camera: Camera, occluder: str
) -> tuple[str, Subject, Subject]:
    """A relation that the two can have before this camera, or "none"; and the two, suited to it."""
    fixed = draw.fixed.get("relation")
    if fixed is not None:
        possible = [fixed] if fixed != "none" else []
        shown = "camera" in draw.fixed or all(sees(name, camera.move) for name in possible)
    else:
        possible = [name for name in _RELATION if sees(name, camera.move)]
        shown = occluder == "none" and draw.happens("relation", _RELATED_SHARE)
    here = [name for name in possible if side(name, first) in ("", first.position)]
    pairs = {name: pair for name in here if (pair := suited(name, first, second)) is not None}
    if not pairs or not shown:
        return "none", first, second
    name = draw.free("relation", {name: _RELATION[name] for name in pairs})
    return name, *pairs[name]


def fits(relation: str, kind: str, action: str) -> bool:
    """Whether a first subject may have this relation to some other one while it does this."""
    moves = concepts.ACTIONS[action].travels
    if relation == "above":
        return action in ALOFT and kind != "rocket"
    if relation == "chasing":
        return moves and action != "walk" and concepts.SUBJECTS[kind].family not in (_SOLID, "balloon")
    return moves if relation == "crossing" else True


def sees(relation: str, move: str) -> bool:
    """Whether the relation is true before a camera that moves so."""
    return relation in _WHOLLY_TRUE.get(move, _RELATION) and (relation, move) != ("crossing", "follow")


def side(relation: str, first: Subject) -> str:
    """The side of the frame on which the relation puts the first subject; empty for either."""
    if relation == "chasing":  # who chases to the right comes from the left
        return OPPOSITE.get(first.direction, "")
    return SIDE.get(relation, "")


def suited(relation: str, first: Subject, second: Subject) -> tuple[Subject, Subject] | None:
    """The two as the relation needs them, or None: the second takes up the first one's pace and way."""
    if not fits(relation, first.kind, first.action):
        return None
    if relation == "chasing" and second.kind in _NO_PREY:
        return None
    if relation == "beside" and (first.action in ALOFT) != (second.action in ALOFT):
        return None
    if relation == "crossing" and max(first.count, second.count) > 1:
        return None
    pair = first, _keeping_up(relation, first, second)
    try:
        validate_relation(relation, pair)
    except OzoraError:
        return None
    return pair


def _keeping_up(relation: str, first: Subject, second: Subject) -> Subject:
    """The second subject, travelling as the first does or staying as it does, if it can."""
    actions = concepts.SUBJECTS[second.kind].actions
    moving = travels(first)
    like = [action for action in actions if concepts.ACTIONS[action].travels == moving]
    if relation == "above":
        like = [action for action in like if action not in ALOFT]
    if not like:
        return second
    if not moving:
        return second if second.action in like else replace(second, action=like[0], speed="normal")
    unlike = {"walk": "run", "run": "walk"}.get(first.action, "walk")
    pace = [action for action in like if action == first.action] or [a for a in like if a != unlike] or like
    way = OPPOSITE.get(first.direction, first.direction) if relation == "crossing" else first.direction
    return replace(second, action=pace[0], speed=first.speed, direction=way)
