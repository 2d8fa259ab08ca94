"""The same shot filmed with a mistake on purpose: its subject left out, or twice as many of it.

The camera, the light and everything else stay: what a metric then notices is the mistake.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from ozora.errors import OzoraError
from ozora.evaluate.films import Frames, checked
from ozora.world import terrain
from ozora.world.bodies import ELLIPSOID, Stage
from ozora.world.film import film
from ozora.world.framing import extents
from ozora.world.rigs import stage as set_up
from ozora.world.shot import MOST_ALIKE, Shot, validate

SPECK = 1e-3
"""Metres: what is left out shrinks to less than this, too little to be seen or to cast a shadow."""


def film_without(shot: Shot, width: int, height: int, frames: int) -> Frames:
    """The shot without any of its first subject: the camera films the empty place. uint8 (T, H, W, 3)."""
    stage = set_up(shot, terrain.ground(shot))
    bodies = stage.bodies
    kind, middle, axes, size = (v.clone() for v in (bodies.kind, bodies.a, bodies.axes, bodies.size))
    for number in (number for number, index in enumerate(shot.instances, 1) if index == 0):
        # A camera is placed by the box about each body: axes as long as the speck is small keep that box.
        mine = bodies.subject == number
        low, high = extents(stage, [number])  # (F, 1, 3)
        kind[mine], middle[:, mine], size[:, mine] = ELLIPSOID, (low + high) / 2, SPECK
        axes[:, mine] = torch.diag_embed((high - low) / (2 * SPECK))
    left = replace(bodies, kind=kind, a=middle, axes=axes, size=size)
    empty = Stage(left, stage.centre, stage.extent, stage.heading, stage.touches)
    return checked(film(shot, width, height, frames=range(frames), stage=empty).frames.numpy())


def doubled(shot: Shot) -> Shot | None:
    """The shot with twice as many of its first subject (at most ``MOST_ALIKE``), or None if it cannot be."""
    first = shot.subjects[0]
    more = replace(first, count=min(MOST_ALIKE, 2 * first.count), then="none")
    changed = replace(shot, subjects=(more, *shot.subjects[1:]))
    try:
        validate(changed)
    except OzoraError:
        return None
    return changed if more.count > first.count else None
