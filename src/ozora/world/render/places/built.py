"""Built places: a city street, a city at night, a room."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.render import textures
from ozora.world.render.far import RING, Range, far_range
from ozora.world.render.light import Light, paint
from ozora.world.render.marks import leaf, strewn
from ozora.world.render.places.scenery import Scenery
from ozora.world.render.rays import Rays, Seen
from ozora.world.render.sky import mix, ramp
from ozora.world.render.spot import Spot, tilt


@dataclass(frozen=True)
class Block:
    """A row of houses along both sides of a street. Lengths are metres."""

    lot: float  # width of a house
    height: tuple[float, float]
    storey: float
    window: float  # from one window to the next
    walls: tuple[RGB, ...]
    lit: float  # share of windows lit when it is dark
    neon: bool
    rows: tuple[float, ...]  # how far behind the kerb each row of houses stands


def _number(value: Tensor, seed: int) -> Tensor:
    """A number in 0..1 for each whole number of a tensor."""
    return (torch.sin(value * 12.9898 + seed * 4.1414) * 43758.547) % 1


def _fronts(block: Block, rays: Rays) -> Seen:
    """The house fronts that rays meet, nearest row first."""
    seen = Seen.nothing(rays.to)
    dark = {"dusk": 0.75, "night": 1.0, "sunset": 0.25, "dawn": 0.3}.get(rays.time, 0.0)
    for number, behind in enumerate(block.rows):
        plane = (rays.clearing + 2.0 + behind) * torch.sign(rays.to[2])
        t = (plane - rays.origin[2]) / torch.where(rays.to[2].abs() < 1e-4, torch.inf, rays.to[2])
        x, y = rays.origin[0] + rays.to[0] * t, rays.origin[1] + rays.to[1] * t
        side = (rays.to[2] > 0).float() * 50 + number * 17 + rays.family
        house = torch.floor(x / block.lot + 0.31 * number)
        own = _number(house + side * 3.7, 1)
        low, high = block.height
        tall = (low + (high - low) * own) * (1 + 0.7 * number)
        tall = torch.floor(tall / block.storey) * block.storey
        footprint = t * rays.pixel
        cover = ((tall - y) / footprint + 0.5).clamp(0, 1) * (t > 0) * (t < rays.limit) * (seen.cover < 0.5)
        hit = torch.nonzero(cover > 0.02)[:, 0]
        if hit.numel() == 0:
            continue
        seen.colour[:, hit] = _front(
            block, rays, x[hit], y[hit], house[hit] + side[hit], own[hit], tall[hit], footprint[hit], dark
        )
        seen.cover[hit] = cover[hit]
        seen.distance[hit] = t[hit]
    return seen


def _front(
    block: Block, rays: Rays, x: Tensor, y: Tensor, house: Tensor, own: Tensor, tall: Tensor,
    footprint: Tensor, dark: float,
) -> Tensor:  # fmt: skip
    """Colour (3, N) of points of house fronts."""
    light, device = rays.light, x.device
    palette = torch.tensor(block.walls, device=device)
    wall = palette[(_number(house, 2) * len(block.walls)).long().clamp(max=len(block.walls) - 1)].T
    wall = wall * (0.85 + 0.3 * own)
    column, storey = torch.floor(x / block.window), torch.floor(y / block.storey)
    across = (x / block.window - column - 0.5).abs() * block.window
    up = (y / block.storey - storey - 0.5).abs() * block.storey
    half, half_up = 0.32 * block.window, 0.33 * block.storey
    soft = footprint.clamp(min=0.03)
    pane = ((half - across) / soft + 0.5).clamp(0, 1) * ((half_up - up) / soft + 0.5).clamp(0, 1)
    fine = textures.resolved(2.2 * block.window, footprint)
    pane = pane * fine + 0.42 * (1 - fine)
    chance = _number(column * 7.13 + storey * 3.31 + house, 3)
    on = (chance < block.lit).float() * dark
    warm = torch.tensor([[1.5], [0.95], [0.42]], device=device)
    cool = torch.tensor([[0.7], [1.0], [1.5]], device=device)
    lamp = mix(warm, cool, (chance * 9.7 % 1 > 0.75).float())
    flat = light.skylight[:, None] * 0.8 + light.sunlight[:, None] * (0.30 + 0.25 * light.sun[1])
    colour = wall * flat
    glass = light.skylight[:, None] * torch.tensor([[0.25], [0.32], [0.40]], device=device)
    colour = mix(colour, mix(glass, lamp, on), pane)
    colour = _shop(block, rays, x, y, house, soft, wall * flat, glass, dark, colour)
    if block.neon:
        column = _number(house, 7)
        near = ((x / block.lot) % 1 - column).abs() * block.lot
        sign = ((0.9 - near) / soft + 0.5).clamp(0, 1) * ramp(y, 5.0, 6.0) * ramp(y / tall, 0.75, 0.70)
        hue = _number(house, 8) * 2 * math.pi
        glow = torch.stack([0.55 + 0.55 * torch.cos(hue + shift) for shift in (0.0, 2.1, 4.2)])
        letters = 0.55 + 0.45 * torch.sign(torch.sin(y * 2.6 + house))
        lit = sign * (_number(house, 9) < 0.6) * dark
        colour = mix(colour, glow * 1.9 * letters, lit * 0.95)
        halo = torch.exp(-near / 2.2) * (_number(house, 9) < 0.6) * dark * ramp(y, 2.0, 6.0)
        colour = colour + glow * (0.22 * halo)
    edge = torch.exp(-(tall - y).clamp(min=0) / 0.35)
    return colour * (1 - 0.35 * edge)


def _shop(
    block: Block, rays: Rays, x: Tensor, y: Tensor, house: Tensor, soft: Tensor, wall: Tensor,
    glass: Tensor, dark: float, colour: Tensor
) -> Tensor:  # fmt: skip
    """Lay the ground floor over ``colour`` (3, N): a door, an awning, shop windows that glow at night."""
    along = x / block.lot
    along = along - torch.floor(along)
    tint = torch.stack([0.55 + 0.6 * _number(house, n) for n in (4, 5, 6)])
    colour = mix(colour, wall * 0.62, ramp(y, 3.3, 3.1))

    def panel(left: float, right: float, low: float, high: float) -> Tensor:
        across = torch.minimum(along - left, right - along) * block.lot
        up = torch.minimum(y - low, high - y)
        return (torch.minimum(across, up) / soft + 0.5).clamp(0, 1)

    inside = mix(glass, tint * torch.tensor([[1.2], [1.0], [0.75]], device=x.device), 0.15 + 0.75 * dark)
    for left, right in ((0.06, 0.34), (0.38, 0.62), (0.80, 0.95)):
        colour = mix(colour, inside, panel(left, right, 0.55, 2.45))
    colour = mix(colour, wall * 0.25, panel(0.67, 0.76, 0.0, 2.35))
    stripe = (torch.sin(x * 2 * math.pi / 0.8) > 0).float()
    sky = rays.light.skylight[:, None]
    cloth = mix(tint * sky * 1.1, torch.ones_like(tint) * sky, stripe)
    return mix(colour, cloth, panel(0.03, 0.97, 2.55, 3.15) * (_number(house, 10) < 0.7))


def _road(spot: Spot, lamps: float) -> Tensor:
    """Asphalt with a dashed line, kerbs and pavements; ``lamps`` light the kerb in the dark."""
    bands = spot.bands
    half = 1.35 * max(spot.scale, 1.5)  # half width of the road
    grain = 1 + 0.10 * bands[2] + 0.12 * bands[3] + 0.06 * spot.coarse[1]
    soft = spot.footprint.clamp(min=0.02)
    away = spot.z.abs()
    pavement = ((away - half) / soft + 0.5).clamp(0, 1)
    slabs = ramp(((spot.x / 1.2) % 1 - 0.5).abs(), 0.47, 0.5) * textures.resolved(0.3, spot.footprint)
    albedo = mix(
        spot.colour(0.075, 0.076, 0.080) * grain,
        spot.colour(0.36, 0.345, 0.325) * grain * (1 - 0.35 * slabs),
        pavement,
    )
    width = 0.045 * half
    dash = ((width - (away - 0.0)) / soft + 0.5).clamp(0, 1) * (((spot.x / (1.1 * half)) % 1) < 0.55)
    edge = ((width * 0.8 - (away - 0.88 * half).abs()) / soft + 0.5).clamp(0, 1)
    albedo = mix(albedo, spot.colour(0.72, 0.70, 0.62), (dash + edge).clamp(0, 1) * 0.85)
    normal = tilt(0.01 * bands[1], 0.01 * bands[2])
    colour = spot.lit(albedo, normal, 0.05)
    dark = {"dusk": 0.6, "night": 1.0}.get(spot.time, 0.0)
    if lamps and dark:
        # Pools of lamplight along the kerb.
        step = 7.0 * half
        gap = ((spot.x / step) % 1 - 0.5) * step
        pool = torch.exp(-(gap * gap + (away - half).square()) / (2.4 * half * half))
        colour = colour + albedo * spot.colour(1.5, 1.0, 0.52) * (pool * lamps * dark * spot.open_sky)
    return colour


def _roofs(family: int) -> tuple[Range, ...]:
    """A skyline of towers around the horizon."""
    generator = torch.Generator().manual_seed(860 + family * 40)

    def row(count: int, low: float, high: float) -> Tensor:
        edges = torch.sort((torch.rand(count, generator=generator) * RING).long()).values
        heights = low + (high - low) * torch.rand(count, generator=generator) ** 2
        return heights[torch.bucketize(torch.arange(RING), edges).clamp(max=count - 1)]

    return (far_range(900, row(240, 40, 210), "7f8894"), far_range(420, row(200, 20, 80), "6c6f78"))


def _day_fronts(rays: Rays) -> Seen:
    return _fronts(_STREET, rays)


def _night_fronts(rays: Rays) -> Seen:
    return _fronts(_TOWERS, rays)


def _day_road(spot: Spot) -> Tensor:
    return _road(spot, lamps=1.0)


def _boulevard(spot: Spot) -> Tensor:
    return _road(spot, lamps=0.35)


_STREET = Block(
    9.0, (9.0, 17.0), 3.2, 2.3,
    ((0.52, 0.24, 0.16), (0.62, 0.50, 0.34), (0.66, 0.62, 0.56), (0.40, 0.43, 0.47), (0.58, 0.36, 0.22)),
    0.5, False, (0.0,),
)  # fmt: skip
_TOWERS = Block(
    15.0, (22.0, 60.0), 3.4, 1.9, ((0.05, 0.06, 0.09), (0.07, 0.06, 0.08), (0.04, 0.07, 0.09)), 0.55, True,
    (16.0, 46.0),
)  # fmt: skip

STREET = Scenery(
    _day_road, (0.16, 0.16, 0.16), far=_roofs, built=_day_fronts,
    marks=strewn(leaf, ((0.34, 0.13, 0.02), (0.60, 0.34, 0.05)), share=0.8, size=1.2,
                  tall=0.0, shadow=0.25, seed=81),
)  # fmt: skip
NIGHT_CITY = Scenery(_boulevard, (0.10, 0.08, 0.14), far=_roofs, built=_night_fronts, wet=0.75)


def _wall(half: float, origin: Tensor, to: Tensor) -> Tensor:
    """How far (N,) it is to the wall ahead of two at ``half`` metres; inf along them."""
    along = to.abs() < 1e-5
    return torch.where(along, torch.inf, (half * torch.sign(to) - origin) / torch.where(along, 1.0, to))


def _walls(rays: Rays) -> Seen:
    """The inside of a room: two windows behind, a picture and a door at the sides, a ceiling."""
    light, device = rays.light, rays.to.device
    half_x, half_z = 1.5 * rays.clearing, 1.15 * rays.clearing
    high = max(2.7, 1.0 * rays.clearing)
    origin, to = rays.origin, rays.to
    far_x = _wall(half_x, origin[0], to[0])
    far_z = _wall(half_z, origin[2], to[2])
    far_y = torch.where(to[1] > 1e-4, (high - origin[1]) / to[1].clamp(min=1e-4), torch.inf)
    t = torch.minimum(torch.minimum(far_x, far_z), far_y)
    x, y, z = (origin[i] + to[i] * t for i in range(3))
    ceiling, sides = far_y <= t, (far_x <= t) & (far_y > t)
    paper = torch.tensor([[0.56], [0.50], [0.42]], device=device)
    side_wall = torch.tensor([[0.47], [0.44], [0.40]], device=device)
    albedo = torch.where(sides, side_wall, paper)
    albedo = torch.where(ceiling, torch.full_like(paper, 0.72), albedo)
    corner = torch.exp(-(half_x - x.abs()).clamp(min=0) / (0.10 * half_x)) + torch.exp(
        -(half_z - z.abs()).clamp(min=0) / (0.10 * half_z)
    )
    shaded = 1 - 0.18 * (corner - 1).clamp(0, 1) - 0.16 * torch.exp(-(high - y) / (0.12 * high))
    colour = albedo * (light.skylight * 0.95 + light.sunlight * 0.16)[:, None] * shaded
    soft = (t * rays.pixel).clamp(min=0.004 * half_x)

    def panel(u: Tensor, v: Tensor, middle: float, low: float, wide: float, tall: float) -> Tensor:
        """Cover (N,) of an upright rectangle, in shares of the wall."""
        across = ((wide - (u - middle).abs()) / (soft / half_x) + 0.5).clamp(0, 1)
        up = (torch.minimum(v - low, low + tall - v) / (soft / high) + 0.5).clamp(0, 1)
        return across * up

    u, v = x / half_x, y / high
    back = (~sides & ~ceiling & (z < 0)).float()
    outside = mix(light.horizon[:, None], light.zenith[:, None], ramp(v, 0.3, 0.85)) * 1.15
    frame = torch.tensor([[0.62], [0.60], [0.56]], device=device) * light.skylight[:, None]
    for middle in (-0.42, 0.42):
        colour = mix(colour, frame, back * panel(u, v, middle, 0.20, 0.215, 0.50))
        bars = ((u - middle).abs() < 0.008) | ((v - 0.45).abs() < 0.012)
        colour = mix(colour, outside, back * panel(u, v, middle, 0.225, 0.19, 0.45) * (~bars))
    skirting = ramp(v, 0.055, 0.05) * (~ceiling)
    colour = mix(colour, frame * 0.9, skirting)
    beside = sides.float() * panel(z / half_z, v, -0.2, 0.38, 0.22, 0.28)
    art = torch.stack([0.3 + 0.25 * torch.sin(z / half_z * 9 + v * 14 + n) for n in (0.0, 1.3, 3.0)])
    colour = mix(colour, art * (light.skylight.mean() + 0.2 * light.sunlight.mean()), beside)
    if rays.time in ("dusk", "night"):
        side = -1.0 if float(light.sun[0]) < 0 else 1.0
        lamp = torch.tensor([side * 0.80 * half_x, 0.52 * high, -0.80 * half_z], device=device)
        gap = (torch.stack((x, y, z)) - lamp[:, None]).norm(dim=0) / high
        warm = torch.tensor([[1.3], [0.81], [0.36]], device=device)
        colour = colour + albedo * warm * torch.exp(-gap * 3.0)
    return Seen((t < rays.limit).float(), t, colour)


def _planks(spot: Spot) -> Tensor:
    """A floor of boards with a round rug."""
    light, scale = spot.light, max(spot.scale, 0.8)
    board = spot.z / (0.13 * scale)
    number = board.floor()
    seam = ramp((board - number - 0.5).abs(), 0.46, 0.5) * textures.resolved(0.05 * scale, spot.footprint)
    end = ((spot.x / (1.1 * scale) + number * 0.618) % 1 - 0.5).abs() * 1.1 * scale
    joint = ramp(end, 0.012 * scale, 0.004 * scale) * textures.resolved(0.05 * scale, spot.footprint)
    seam = torch.maximum(seam, joint)
    tone = 0.5 + 0.5 * torch.sin(number * 12.9) + 0.10 * spot.bands[2] + 0.12 * spot.bands[3]
    albedo = mix(spot.colour(0.30, 0.165, 0.082), spot.colour(0.42, 0.25, 0.13), tone.clamp(0, 1))
    albedo = albedo * (1 - 0.5 * seam)
    radius = (spot.x.square() + (1.25 * spot.z).square()).sqrt() / (1.05 * scale)
    soft = (spot.footprint / scale).clamp(min=0.01)
    rug = ((1 - radius) / soft + 0.5).clamp(0, 1)
    rings = ((((radius * 5) % 1) - 0.5).abs() < 0.13).float()
    wool = mix(spot.colour(0.30, 0.075, 0.070), spot.colour(0.58, 0.46, 0.30), rings)
    albedo = mix(albedo, wool * (1 + 0.08 * spot.bands[3]), rug)
    colour = spot.lit(albedo, tilt(torch.zeros_like(radius), torch.zeros_like(radius)), 0.1)
    # Window light on the boards.
    gleam = (1 - (-spot.direction[1]).clamp(0, 1)).pow(4) * 0.25 * (1 - rug)
    return mix(colour, light.horizon[:, None] * 0.8 * torch.ones_like(colour), gleam * spot.open_sky)


def _hall(light: Light, time: str, family: int, direction: Tensor, blur: float) -> Tensor:
    """What polished bodies mirror in a room."""
    wall = paint("9a8f80").to(direction.device)[:, None] * light.skylight[:, None] * 1.6
    return mix(wall, light.horizon[:, None] * 1.2, ramp(direction[2], -0.4, -0.95))


ROOM = Scenery(_planks, (0.34, 0.24, 0.16), air="room", room=_hall, built=_walls)
