"""The lie of the land: one height field per shot, the same for the rigs that walk on it and the renderer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache

import torch
from torch import Tensor

from ozora.world.concepts import SIZE_SCALE
from ozora.world.physics.cast import plays
from ozora.world.render import textures
from ozora.world.render.places import SCENERY
from ozora.world.render.relief import Relief
from ozora.world.shot import Shot

LEVEL_RADIUS = 9.0
"""Metres around the origin that are level for simulated solids of medium size."""

FAMILIES = 6
"""Reliefs per place; a shot's seed picks one and shifts it, so that textures are made once and shared."""

@lru_cache(maxsize=32)
@textures.on_one_thread
def _textures(place: str, family: int, device: str) -> tuple[Tensor, Tensor]:
    scenery = SCENERY[place]
    assert scenery.relief is not None
    field = scenery.relief(family)
    field = field - field.mean()
    gradient = textures.slopes(field) / scenery.tile
    return textures.wrap(field[None]).to(device), textures.wrap(gradient).to(device)


def relief(shot: Shot, device: str | torch.device = "cpu") -> Relief:
    """The ground of a shot: flat on water and indoors, rolling elsewhere."""
    tile = SCENERY[shot.place].tile
    if not tile:
        return Relief(None, None, 1.0, (0.0, 0.0), 0.0, 0.0)
    height, gradient = _textures(shot.place, shot.seed % FAMILIES, str(device))
    draw = torch.rand(2, generator=torch.Generator().manual_seed(shot.seed + 31)).tolist()
    shift = (float(draw[0]), float(draw[1]))
    raw = Relief(height, gradient, tile, shift, 0.0, 0.0)
    slides = shot.place == "moon" and any(subject.action == "slide" for subject in shot.subjects)
    if slides or any(plays(subject.kind, subject.action) for subject in shot.subjects):
        # What a physics engine moved, it moved on level ground; and nothing slides through a crater's rim.
        room = LEVEL_RADIUS * max(SIZE_SCALE[subject.size] for subject in shot.subjects)
        return replace(raw, peak=float(height.max()), calm=room, gentle=0.0)
    origin = torch.zeros(1, device=device)
    base = float(raw.height(origin, origin)[0])
    return replace(raw, base=base, peak=float(height.max()) - base)


def ground(shot: Shot) -> Callable[[Tensor], Tensor]:
    """Height of the ground: a function from positions xz (..., 2) to y (...), all in metres."""

    def height(xz: Tensor) -> Tensor:
        flat = xz.reshape(-1, 2).float()
        land = relief(shot, xz.device)
        return land.height(flat[:, 0].contiguous(), flat[:, 1].contiguous()).reshape(xz.shape[:-1])

    return height
