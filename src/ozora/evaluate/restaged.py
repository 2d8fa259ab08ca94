"""The same shot filmed with a mistake on purpose: its subject left out, or twice as many of it.

The camera, the light and everything else stay: what a metric then notices is the mistake.
"""

from __future__ import annotations

from dataclasses import replace

import torch

from ozora.errors import OzoraError
from ozora.evaluate.films import Frames, checked
from ozora.world import terrain
from ozora.world.bodies import Stage
from ozora.world.film import film
from ozora.world.rigs import stage as set_up
from ozora.world.shot import MOST_ALIKE, Shot, validate

BURIED = 1000.0
"""Metres under the ground: where what is left out waits, casting no shadow."""


def film_without(shot: Shot, width: int, height: int, frames: int) -> Frames:
    """The shot without any of its first subject: the camera films the empty place. uint8 (T, H, W, 3)."""
    stage = set_up(shot, terrain.ground(shot))
    gone = [number for number, index in enumerate(shot.instances, 1) if index == 0]
    down = torch.where(torch.isin(stage.bodies.subject, torch.tensor(gone)), BURIED, 0.0)  # (K,)
    deep = torch.stack((torch.zeros_like(down), -down, torch.zeros_like(down)), -1)
    bodies = stage.bodies
    left = replace(bodies, a=bodies.a + deep, b=bodies.b + deep, c=bodies.c + deep)
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
