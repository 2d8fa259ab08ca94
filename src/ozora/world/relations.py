"""How the first subject of a shot may stand to the second: what each relation asks of the two."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ozora.errors import refuse
from ozora.world import concepts

if TYPE_CHECKING:
    from ozora.world.shot import Subject

ALOFT = ("fly", "rise", "drift")
"""Actions in the air."""

OPPOSITE = {"left": "right", "right": "left"}
MIRRORED = {"left of": "right of", "right of": "left of"}
"""What a relation is called in a mirror, where that is another one."""

SIDE = {"left of": "left", "right of": "right"}
"""Where the first subject is when the relation says so."""

_STANDING = ("left of", "right of", "in front of", "behind", "beside")
_LEVEL = ("in front of", "behind", "crossing")
_OWN_WAY = ("jump", "turn", "tumble", "fall", "push", "collide", "topple", "stack")
_PREY_ONLY = ("solid", "balloon")


def travels(subject: Subject) -> bool:
    """Whether it crosses the set."""
    return concepts.ACTIONS[subject.action].travels


def validate_relation(relation: str, subjects: Sequence[Subject]) -> None:
    """Refuse a relation that these subjects cannot have, in one sentence with the field and what is allowed.

    Raises OzoraError: a relation needs two subjects; those that stand to each other in one place go the same
    way or both stay, and depth is seen only at one height; whoever is above is in the air and the other is
    not; a chase goes one way, and what rolls or drifts chases nobody; those that cross go left and right.
    """
    if relation == "none":
        return
    if len(subjects) < 2:
        raise refuse("relation", relation, "none with one subject")
    first, second = subjects[0], subjects[1]
    if first.then != "none" or second.then != "none":
        raise refuse("relation", relation, "none where a subject goes over to another action")
    for subject in (first, second):
        if subject.action in _OWN_WAY:
            raise refuse("relation", relation, f"none where a subject's action is {subject.action}")
    moving, other = travels(first), travels(second)
    alike = moving == other and (not moving or first.direction == second.direction)
    if relation in _STANDING and not alike:
        raise refuse("relation", relation, "two subjects that both stay or travel the same way")
    level = (first.action in ALOFT) == (second.action in ALOFT)
    if relation in _LEVEL and not level:
        raise refuse("relation", relation, "two subjects that are both in the air or both not")
    if relation == "above":
        if first.action not in ALOFT or second.action in ALOFT:
            raise refuse("relation", relation, "a first subject in the air and a second that is not")
        if other and not alike:
            raise refuse("relation", relation, "a second subject that stays or travels the first one's way")
    if relation == "chasing":
        if not (moving and alike):
            raise refuse("relation", relation, "two subjects that travel the same way")
        if concepts.SUBJECTS[first.kind].family in _PREY_ONLY:
            raise refuse("relation", relation, f"a first subject that can chase, not a {first.kind}")
    if relation == "crossing":
        against = OPPOSITE.get(first.direction) == second.direction
        if not (moving and other and against):
            raise refuse("relation", relation, "two subjects of which one travels left and one right")
    side = SIDE.get(relation)
    if side is not None:
        for index, (subject, wrong) in enumerate(((first, OPPOSITE[side]), (second, side))):
            if subject.position == wrong:
                allowed = f"{OPPOSITE[wrong]} or centre where the first subject is {relation} the second"
                raise refuse(f"subjects[{index}].position", wrong, allowed)
