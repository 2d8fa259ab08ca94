"""Where rays meet the ground, and the air between it and the eye."""

from __future__ import annotations

import torch
from torch import Tensor

from ozora.world.render.light import Light
from ozora.world.render.relief import Relief
from ozora.world.render.sky import haze, mix

FAR = 420.0
"""Metres beyond which the ground is lost in the air."""


def meet(land: Relief, origin: Tensor, direction: Tensor, steps: int = 7) -> Tensor:
    """Distance (N,) along unit rays from one ``origin`` (3,) to the ground; inf where they miss it.

    Starts at the plane above all relief and steps by the height over the ground divided by the steepest
    approach, as in sphere tracing (Hart 1996), so that no crest is skipped.
    """
    down = direction[1]
    if land.texture is None:
        t = -origin[1] / down
        return torch.where((down < -1e-4) & (t > 0), t, torch.inf)
    top = land.peak + 0.02
    height = float(origin[1])
    t = torch.full_like(down, 0.02)
    if height > top:
        t = torch.where(down < 0, (top - height) / down.clamp(max=-1e-5), torch.inf)
    possible = (t < FAR) & (down < 0.12)
    ray = torch.nonzero(possible)[:, 0]
    x0, z0 = direction[0, ray], direction[2, ray]
    y0, t = down[ray], t[ray]
    rate = 1 / (0.2 - y0).clamp(min=0.12)
    gap = t
    for _ in range(steps):
        gap = origin[1] + y0 * t - land.height(origin[0] + x0 * t, origin[2] + z0 * t)
        t = (t + gap * rate).clamp(min=0.02)
    # Grazing rays that have not settled go on to the level ground ahead of them, if they ever reach it.
    loose = gap * rate > 0.02 * t + 0.02
    ahead = torch.where(y0 < -1e-4, gap.clamp(min=0) / (-y0).clamp(min=1e-4), torch.inf)
    t = torch.where(loose, t + (ahead - gap * rate).clamp(min=0), t)
    t = torch.where((t > FAR) | (loose & (y0 > -1e-4)), torch.inf, t)
    result = torch.full_like(down, torch.inf)
    result[ray] = t
    return result


def distance_haze(light: Light, direction: Tensor, t: Tensor, colour: Tensor) -> Tensor:
    """Lay ``t`` metres of air over ``colour`` (3, N)."""
    lost = 1 - torch.exp(-((t / light.reach) ** 1.15))
    return mix(colour, haze(light, direction), lost)
