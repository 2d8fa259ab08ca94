"""What a collision comes to, read from its recording, so that captions may tell it."""

from __future__ import annotations

import math

import torch

from ozora.world.concepts import SIZE_SCALE
from ozora.world.physics import cast
from ozora.world.physics.library import motion
from ozora.world.rigs.gait import GRAVITIES, GRAVITY
from ozora.world.rigs.played import BEFORE, unit_of
from ozora.world.shot import Shot

_TIPPED = 0.6  # cosine of the angle from the upright
_AWAY = 0.8  # metres, of the recording
_BACK = -0.22


def outcome(shot: Shot) -> str:
    """What the second solid of a collision has done when the clip ends, however it was begun.

    "over": it was knocked over; "away": it was sent off; "back": it hardly moved, and the first came back; ""
    where nothing of the kind can be said. Raises OzoraError for a scene that was never simulated.
    """
    first, second = shot.subjects
    step = cast.SIZES.index(first.size) - cast.SIZES.index(second.size)
    recorded = motion(cast.Scene(first.action, (first.kind, second.kind), step, first.speed))
    size = SIZE_SCALE[second.size] * unit_of(shot.place)
    pace = math.sqrt(size * GRAVITY / GRAVITIES.get(shot.place, GRAVITY))
    left = (1 - BEFORE[first.action][1]) * (shot.frames - 1) / shot.fps / pace
    times = torch.tensor([recorded.moment - 0.02, recorded.moment + left], dtype=torch.float64)
    position, axes = recorded.at(times)
    if second.kind in ("cube", "cone", "cylinder") and float(axes[1, 1, 1, 1]) < _TIPPED:
        return "over"
    if float((position[1, 1] - position[0, 1]).norm()) > _AWAY:
        return "away"
    return "back" if float(position[1, 0, 0] - position[0, 0, 0]) < _BACK else ""
