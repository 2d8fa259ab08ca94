"""What stands about in a place by the hundred: trees, rocks, weeds, one to a cell of an endless grid.

Each is a solid of revolution about an upright axis, given by its outline: how wide it is at each height.
A ray is judged where it passes its axis, so that any outline costs the same and edges come out smooth.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.render.light import Light
from ozora.world.render.rays import Rays, Seen
from ozora.world.render.relief import Relief
from ozora.world.render.sky import mix

Outline = Callable[[Tensor, Tensor], Tensor]
"""From height (N,) in 0..1 and a number (N,) in 0..1 of each one's own, to half width in heights."""


@dataclass(frozen=True)
class Scatter:
    """One kind of thing and how it is strewn. Lengths are metres."""

    outline: Outline
    stem: float  # height in 0..1 up to which it is stem
    colours: tuple[RGB, RGB]  # of stem and crown
    height: tuple[float, float]
    spacing: float
    share: float = 1.0  # of cells that hold one
    widest: float = 0.5  # half width at the widest, in heights
    sway: float = 0.0  # how far the top bends, in heights, as under water
    glow: float = 0.0
    seed: int = 0


@dataclass(frozen=True)
class Grove:
    """What is strewn about one shot, outside a clearing about the action and the camera."""

    scatter: Scatter
    clearing: float  # metres around the origin that stay open
    depth: float  # metres beyond the clearing that are grown over
    family: int


@dataclass(frozen=True)
class _Passing:
    """Rays that pass an axis: M of them."""

    ray: Tensor  # (M,) int64
    distance: Tensor  # (M,) metres
    tall: Tensor  # (M,) metres
    own: Tensor  # (M,) 0..1, each one's own number
    y: Tensor  # (M,) 0..1 of its height
    aside: Tensor  # (M,) metres between ray and axis, signed
    radius: Tensor  # (M,) half width in heights


def _chance(column: Tensor, row: Tensor, seed: int) -> list[Tensor]:
    """Four numbers (N,) in 0..1 for each cell: an integer hash (Jarzynski and Olano, JCGT 9, 2020)."""
    value = (column * 1664525 + row * 1013904223 + seed * 69069 + 12345) & 0xFFFFFFFF
    drawn = []
    for _ in range(4):
        value = value ^ (value >> 16)
        value = (value * 0x45D9F3B) & 0xFFFFFFFF
        value = value ^ (value >> 16)
        drawn.append((value & 0xFFFF).float() / 65536)
    return drawn


def look(grove: Grove, land: Relief, rays: Rays) -> Seen:
    """What rays meet of a grove, nearest first."""
    kind, seen = grove.scatter, Seen.nothing(rays.to)
    for one in _passes(grove, land, rays.origin[:, None], rays.to, rays.limit, covered=seen.cover):
        bend = kind.sway * one.tall * one.y.square()
        aside = one.aside + bend * torch.sin(1.3 * rays.seconds + one.own * 6.28 + 2 * one.y)
        half = one.radius * one.tall
        cover = ((half - aside.abs()) / (one.distance.clamp(min=0.05) * rays.pixel) + 0.5).clamp(0, 1)
        fresh = torch.nonzero((cover > 0.02) & (seen.cover[one.ray] == 0))[:, 0]
        if fresh.numel() == 0:
            continue
        where = one.ray[fresh]
        seen.cover[where] = cover[fresh]
        seen.distance[where] = one.distance[fresh]
        turn = (aside / half.clamp(min=1e-3)).clamp(-1, 1)[fresh]
        seen.colour[:, where] = _lit(kind, rays.light, rays.to[:, where], one.y[fresh], turn, one.own[fresh])
    return seen


def shade(grove: Grove, land: Relief, sun: Tensor, points: Tensor) -> Tensor:
    """Sunlight (N,) that the grove lets through to points (3, N) of the ground."""
    through = torch.ones_like(points[0])
    limit = torch.full_like(through, math.inf)
    for one in _passes(grove, land, points, sun[:, None].expand_as(points), limit, most=5):
        dark = ((one.radius * one.tall - one.aside.abs()) / (0.05 * one.tall) + 0.5).clamp(0, 1)
        through[one.ray] = through[one.ray] * (1 - 0.75 * dark)
    return through


def _passes(
    grove: Grove,
    land: Relief,
    origin: Tensor,
    to: Tensor,
    limit: Tensor,
    most: int = 14,
    covered: Tensor | None = None,
) -> Iterator[_Passing]:
    """Walk rays from cell to cell, nearest first, and tell at each step who passes the axis there.

    Rays that are ``covered`` (N,) by what they have met go no farther.
    """
    kind = grove.scatter
    flat = to[[0, 2]].norm(dim=0).clamp(min=1e-4)  # (N,)
    ahead = to[[0, 2]] / flat  # (2, N) horizontal unit directions
    start = origin[[0, 2]].expand(2, to.shape[1])
    along = (start * ahead).sum(0)
    square = (start * start).sum(0) - along * along
    leave = (grove.clearing**2 - square).clamp(min=0).sqrt() - along  # horizontal metres to the rim
    leave = torch.where(start.square().sum(0) < grove.clearing**2, leave, torch.zeros_like(leave))
    rise = to[1] / flat
    top = kind.height[1] * 1.02 + 0.5
    alive = torch.nonzero((origin[1] + rise * leave < top) & (leave < limit * flat))[:, 0]
    way = leave
    for _ in range(most):
        if alive.numel() == 0:
            return
        d, s = ahead[:, alive], start[:, alive]
        here = s + d * (way[alive] + 1e-3)
        cell = torch.floor(here / kind.spacing)
        # How far to the next cell, each way.
        edge = torch.where(d > 0, cell + 1, cell) * kind.spacing
        step = torch.where(d.abs() < 1e-6, torch.full_like(d, 1e9), (edge - s) / d)
        after = step.amin(0)
        column, row = cell[0].long(), cell[1].long()
        pick, across, deep, own = _chance(column, row, kind.seed + 31 * grove.family)
        axis = torch.stack([cell[0] + 0.2 + 0.6 * across, cell[1] + 0.2 + 0.6 * deep]) * kind.spacing
        offset = axis - s
        forward = (offset * d).sum(0)
        aside = offset[1] * d[0] - offset[0] * d[1]
        widest = kind.widest * kind.height[1] + 0.3
        near = (aside.abs() < widest) & (pick < kind.share) & (forward > 0)
        near &= (forward < limit[alive] * flat[alive]) & (axis.square().sum(0) > grove.clearing**2)
        met = torch.nonzero(near)[:, 0]
        if met.numel():
            yield from _passing(
                kind, land, origin, rise, flat, alive[met], axis[:, met], forward[met], aside[met], own[met]
            )
        at = origin[1] if origin.shape[1] == 1 else origin[1, alive]
        way = way.clone()
        way[alive] = after
        height = at + rise[alive] * after
        keep = (height < top) & (after < limit[alive] * flat[alive]) & (after < leave[alive] + grove.depth)
        if covered is not None:
            keep &= covered[alive] < 0.5
        alive = alive[keep]


def _passing(
    kind: Scatter, land: Relief, origin: Tensor, rise: Tensor, flat: Tensor, ray: Tensor, axis: Tensor,
    forward: Tensor, aside: Tensor, own: Tensor,
) -> Iterator[_Passing]:  # fmt: skip
    """Those of M rays that pass near an axis which also pass within its height and width."""
    tall = kind.height[0] + (kind.height[1] - kind.height[0]) * own
    base = land.height(axis[0].contiguous(), axis[1].contiguous())
    at = origin[1] if origin.shape[1] == 1 else origin[1, ray]
    y = (at + rise[ray] * forward - base) / tall
    radius = kind.outline(y.clamp(0, 1), own)
    met = torch.nonzero((y > -0.02) & (y < 1) & (aside.abs() < radius * tall + 0.35))[:, 0]
    if met.numel():
        yield _Passing(
            ray[met], (forward / flat[ray])[met], tall[met], own[met], y[met].clamp(0, 1), aside[met],
            radius[met],
        )  # fmt: skip


def _lit(kind: Scatter, light: Light, to: Tensor, y: Tensor, turn: Tensor, own: Tensor) -> Tensor:
    """Colour (3, M) of points at height ``y`` on things turned away by ``turn`` (−1 left rim .. 1 right)."""
    stem, crown = (torch.tensor(colour, device=to.device)[:, None] for colour in kind.colours)
    soft = ((y - kind.stem) * 24 + 0.5).clamp(0, 1)
    tone = 0.78 + 0.44 * own
    leaf = 1 + 0.22 * torch.sin(y * 39 + own * 40 + turn * 5) * torch.sin(turn * 11 + y * 17 + own * 90)
    albedo = mix(stem.expand(3, len(y)), crown * (tone * leaf), soft)
    flat = to[[0, 2]] / to[[0, 2]].norm(dim=0).clamp(min=1e-4)
    facing = (1 - turn * turn).clamp(min=0).sqrt()
    normal_x = -flat[0] * facing - flat[1] * turn
    normal_z = -flat[1] * facing + flat[0] * turn
    incidence = (light.sun[0] * normal_x + light.sun[2] * normal_z + 0.6 * light.sun[1] + 0.25).clamp(min=0)
    shadowed = 0.45 + 0.55 * y  # less light reaches down among the others
    ambient = light.skylight[:, None] * shadowed
    return albedo * (ambient + light.sunlight[:, None] * (incidence * shadowed / 1.4) + kind.glow)


def fir(y: Tensor, own: Tensor) -> Tensor:
    """A fir: tiers of branches that narrow to a point."""
    tier = (y * (5 + 3 * own)) % 1
    crown = (0.16 + 0.07 * own) * (1 - y) * (1.12 - 0.36 * tier)
    return torch.where(y < 0.09, torch.full_like(y, 0.018), crown)


def trunk(y: Tensor, own: Tensor) -> Tensor:
    """A tall bare trunk with a crown far up, as in an old forest."""
    crown = (1 - ((y - 0.82) / 0.20).square()).clamp(min=0).sqrt() * (0.13 + 0.05 * own)
    return torch.maximum(crown, 0.020 + 0.012 * (0.12 - y).clamp(min=0) / 0.12)


def acacia(y: Tensor, own: Tensor) -> Tensor:
    """A flat crown on a thin stem."""
    crown = (1 - ((y - 0.86) / 0.13).square()).clamp(min=0).sqrt() * (0.62 + 0.2 * own)
    return torch.maximum(crown, torch.full_like(y, 0.022) + 0.10 * (y - 0.55).clamp(min=0))


def boulder(y: Tensor, own: Tensor) -> Tensor:
    """A rounded rock, wider than it is high."""
    return (1 - (y * 0.98).square()).clamp(min=0).sqrt() * (0.75 + 0.5 * own)


def weed(y: Tensor, own: Tensor) -> Tensor:
    """A ribbon of kelp."""
    return (0.045 + 0.02 * own) * (1 - y).clamp(min=0).sqrt() * (1 + 0.5 * torch.sin(y * 26 + own * 20))


def pillar(y: Tensor, own: Tensor) -> Tensor:
    """A tower of rock, wider at its foot."""
    ledges = 1 + 0.10 * torch.sin(y * 23 + own * 30)
    return (0.13 + 0.05 * own + 0.16 * (0.3 - y).clamp(min=0)) * ledges * ((1 - y) * 12).clamp(0, 1)


def coral(y: Tensor, own: Tensor) -> Tensor:
    """A fan of coral that opens upwards."""
    return (0.08 + (0.45 + 0.2 * own) * y * (1.02 - y.pow(6))) * (1 + 0.18 * torch.sin(y * 30 + own * 50))
