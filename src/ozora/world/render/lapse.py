"""Time lapse: the light of a shot in which one time of day becomes another."""

from __future__ import annotations

from dataclasses import fields, replace

import torch
from torch import Tensor

from ozora.world import concepts
from ozora.world.concepts import RGB
from ozora.world.render.light import Air, Light, light
from ozora.world.shot import Shot

CLOUDS = 9.0
"""How many times faster clouds pass in a time lapse."""


class Lapse:
    """The light at any share of a shot that begins at ``shot.time`` and ends at ``shot.later``."""

    def __init__(self, shot: Shot, focus: float, air: Air, ground: RGB) -> None:
        self._lights = [
            light(replace(shot, time=time), focus, air, ground)
            for time in concepts.times_between(shot.time, shot.later)
        ]

    def at(self, share: float) -> Light:
        """The light after a ``share`` (0..1) of the clip; it rests a little at both ends."""
        eased = min(max((share - 0.06) / 0.88, 0.0), 1.0) * (len(self._lights) - 1)
        before = min(int(eased), len(self._lights) - 2)
        return mixed(self._lights[before], self._lights[before + 1], eased - before)


def mixed(one: Light, other: Light, share: float) -> Light:
    """A light between two: ``share`` 0 is the first, 1 the second; directions stay of unit length."""
    values: dict[str, float | Tensor] = {}
    for field in fields(Light):
        a, b = getattr(one, field.name), getattr(other, field.name)
        values[field.name] = a + (b - a) * share
    for name in ("sun", "seen_sun"):
        direction = values[name]
        assert isinstance(direction, Tensor)
        values[name] = torch.nn.functional.normalize(direction, dim=0)
    return Light(**values)  # type: ignore[arg-type]
