"""The moon: grey dust, craters, a black sky and the earth in it."""

from __future__ import annotations

import torch
from torch import Tensor

from ozora.world.render import scatter, textures
from ozora.world.render.far import Range, far_range, ridge
from ozora.world.render.marks import stone, strewn
from ozora.world.render.places.scenery import Scenery
from ozora.world.render.rays import Rays, Seen
from ozora.world.render.scatter import Scatter
from ozora.world.render.sky import mix
from ozora.world.render.spot import Spot, bumps, tilt

CRATERS = 46


def _dust(spot: Spot) -> Tensor:
    across, deep = bumps(spot.family, spot.x, spot.z, 7.0, spot.footprint, (0.035, 0.022, 0.010))
    normal = tilt(spot.slope[0] + across, spot.slope[1] + deep)
    tone = (1 + 0.10 * spot.coarse[0] + 0.08 * spot.coarse[1] + 0.06 * spot.bands[2]).clamp(0.4, 1.6)
    return spot.lit(spot.colour(0.30, 0.295, 0.285) * tone, normal, 0.0)


def _craters(family: int) -> Tensor:
    """Bowls with raised rims, few large and many small, on a rolling plain."""
    generator = torch.Generator().manual_seed(7300 + family)
    axis = torch.arange(textures.SIZE) / textures.SIZE
    ground = textures.noise(7320 + family, 1, 6, 1.4) * 0.25
    for x, z, size, _ in torch.rand(CRATERS, 4, generator=generator).tolist():
        radius = 0.012 + 0.055 * size**3
        across = (axis - x + 0.5) % 1 - 0.5
        down = (axis - z + 0.5) % 1 - 0.5
        gap = (across[None] ** 2 + down[:, None] ** 2).sqrt() / radius
        bowl = -(1 - gap * gap).clamp(min=0) * 1.0 + torch.exp(-(((gap - 1.08) / 0.16) ** 2)) * 0.42
        ground = ground + bowl * radius * 34
    return ground


def _hills(family: int) -> tuple[Range, ...]:
    hills = (ridge(820 + family * 40, 3, 40, 1.1) * 34 + 60).clamp(min=4)
    return (far_range(900, hills, "7d7c7a"),)


def _earth(rays: Rays) -> Seen:
    """The earth above the horizon: blue, with clouds and land, lit from the sun's side."""
    seen = Seen.nothing(rays.to)
    side = -1.0 if float(rays.light.seen_sun[0]) > 0 else 1.0
    middle = torch.tensor([side * 0.30, 0.15, -0.942], device=rays.to.device)
    middle = middle / middle.norm()
    right = torch.linalg.cross(middle, torch.tensor([0.0, 1.0, 0.0], device=rays.to.device))
    right = right / right.norm()
    up = torch.linalg.cross(right, middle)
    radius = 0.062
    x, y = (right @ rays.to) / radius, (up @ rays.to) / radius
    gap = (x * x + y * y).sqrt()
    ahead = (middle @ rays.to) > 0
    cover = ((1 - gap) * radius / rays.pixel + 0.5).clamp(0, 1) * ahead * torch.isinf(seen.distance)
    cover = cover * (rays.limit >= 400)
    ball = (1 - gap * gap).clamp(min=0).sqrt()
    clouds = textures.sample(textures.clouds(rays.family, str(x.device)), x * 0.09 + 0.3, y * 0.12)
    blue = torch.tensor([[0.02], [0.10], [0.42]], device=x.device).expand(3, len(x))
    land = torch.tensor([[0.10], [0.16], [0.05]], device=x.device)
    white = torch.tensor([[0.85], [0.9], [0.95]], device=x.device)
    colour = mix(blue, land, (clouds[0] - 0.4).clamp(0, 1))
    colour = mix(colour, white, (clouds[1] * 0.8 + clouds[2] * 0.3).clamp(0, 1))
    day = (0.25 + 0.75 * ball - 0.55 * side * x).clamp(0.02, 1.3)
    seen.cover[:] = cover
    seen.distance[:] = torch.where(cover > 0.5, torch.full_like(cover, 1e4), seen.distance)
    seen.colour[:] = colour * day * 1.6
    return seen


_ROCK = ((0.2, 0.2, 0.2), (0.27, 0.265, 0.26))
MOON = Scenery(
    _dust,
    (0.28, 0.28, 0.27),
    90.0,
    _craters,
    _hills,
    air="none",
    built=_earth,
    scatter=(
        Scatter(scatter.boulder, 0.0, _ROCK, (0.25, 1.0), 5.0, 0.35, widest=1.25, seed=12),
    ),
    marks=strewn(stone, ((0.13, 0.13, 0.13), (0.36, 0.355, 0.35)), seed=77),
)
