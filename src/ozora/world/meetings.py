"""Who meets whom: drawing shots in which one solid does something to others."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol

from ozora.world import concepts
from ozora.world.physics import cast
from ozora.world.shot import Subject

ALONE_SHARE = 0.2
"""Of solids that fall or tumble as they were simulated, among those that can."""

MEETING_SHARE = 0.3
"""Of shots whose first subject is a solid and meets others."""

_ACTIONS = {"collide": 1.0, "push": 0.6, "stack": 0.6, "topple": 0.6}
_APART = {"relation": "none", "count": "1", "then": "none"}
"""What else several solids could be asked for, and its plain value."""

_START = {"right": "left", "left": "right"}


class Draw(Protocol):
    """One seed's luck, as ``sampling`` has it."""

    @property
    def fixed(self) -> Mapping[str, str]:
        """The axes that are not left to luck."""

    def __call__(self, axis: str, weights: Mapping[str, float]) -> str:
        """The fixed value of the axis, or one drawn by weight."""

    def free(self, axis: str, weights: Mapping[str, float]) -> str:
        """A value drawn by weight."""

    def happens(self, axis: str, share: float) -> bool:
        """Whether something happens that does in this share of shots."""


def partners(action: str, kind: str, second: str | None, possible: Callable[[str], bool]) -> list[str]:
    """Kinds of those to whom a solid may do this, parted by a space; its own kind only when asked for."""
    return [
        " ".join(others)
        for one, *others in cast.CASTS[action]
        if one == kind
        and second in (None, others[0])
        and (second is not None or kind not in others)
        and all(map(possible, others))
    ]


def choose(draw: Draw, first: Subject, possible: Callable[[str], bool]) -> tuple[str, tuple[str, ...]] | None:
    """An action of several solids and the kinds of the others; None for a shot without.

    ``possible`` says of a kind whether it may be in this place at this time.
    """
    second = draw.fixed.get("second_subject")
    if first.action in cast.TOGETHER:
        wanted = [first.action]
    elif (
        concepts.SUBJECTS[first.kind].family == "solid"
        and not {"action", "position", "occluder", "second_subject"} & set(draw.fixed)
        and all(draw.fixed.get(axis, plain) == plain for axis, plain in _APART.items())
        and draw.happens("meeting", MEETING_SHARE)
    ):
        wanted = [action for action in _ACTIONS if partners(action, first.kind, second, possible)]
    else:
        return None
    if not wanted:
        return None
    action = draw.free("meeting", {action: _ACTIONS[action] for action in wanted})
    kinds = partners(action, first.kind, second, possible)
    return action, tuple(draw.free("met", dict.fromkeys(kinds, 1.0)).split(" "))


def arranged(draw: Draw, first: Subject, others: list[Subject]) -> tuple[Subject, ...]:
    """The subjects, fit to meet: the others stand, in a size that was simulated, where the first goes."""
    kinds = tuple(subject.kind for subject in (first, *others))
    fitting = cast.fitting_sizes(first.action, kinds, first.size)
    size = others[0].size if others[0].size in fitting else draw.free("met size", dict.fromkeys(fitting, 1.0))
    travels = concepts.ACTIONS[first.action].travels
    start = draw("position", {_START.get(first.direction, "centre") if travels else "centre": 1})
    end = {"left": "right", "right": "left", "centre": "centre"}[start]
    return (
        replace(first, position=start),
        *(
            replace(other, action="stand", speed="normal", direction="right", size=size, position=end)
            for other in others
        ),
    )
