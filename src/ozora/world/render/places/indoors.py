"""Indoors: a wooden table in a room that is out of focus."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ozora.world.render import textures
from ozora.world.render.light import Light, paint
from ozora.world.render.places.scenery import Scenery
from ozora.world.render.sky import mix, ramp
from ozora.world.render.spot import Spot, octaves


def _table(spot: Spot) -> Tensor:
    # Boards run along x; grain is noise stretched along them.
    light, scale = spot.light, spot.scale
    u, v = spot.x / scale, spot.z / scale
    footprint = spot.footprint / scale
    board = v / 0.42
    number = board.floor()
    seam = (board - number - 0.5).abs()
    edge = ramp(seam, 0.5 - 0.012, 0.5) * textures.resolved(0.016, footprint)
    shift = (number * 0.618) % 1
    end = ((u / 2.3 + shift * 3.7) % 1 - 0.5).abs() * 2.3  # where one board ends and the next begins
    edge = torch.maximum(edge, ramp(end, 0.014, 0.004) * textures.resolved(0.016, footprint))
    bands = octaves(spot.family, u * 0.10 + shift * 3.1, v * 1.0 + shift, 1.2, footprint * 0.9)
    rings = torch.sin(v * 22 + bands[0] * 2.2 + bands[1] * 0.9 + shift * 40)
    rings = rings * textures.resolved(0.2, footprint)
    tone = 0.5 + 0.16 * rings + 0.09 * bands[2] + 0.06 * bands[3] + 0.34 * (shift - 0.5)
    dark, pale = spot.colour(0.21, 0.095, 0.042), spot.colour(0.56, 0.33, 0.165)
    albedo = mix(dark, pale, tone.clamp(0, 1)) * (1 - 0.6 * edge)
    normal_up = light.sun[1].clamp(min=0.05)
    lamp = torch.exp(-(u * u + v * v) * 0.10)  # a pool of light
    ambient = light.skylight[:, None] * (spot.open_sky * 0.9)
    direct = normal_up * 1.15 * spot.sunny * (0.45 + 0.55 * lamp)
    colour = albedo * (ambient + light.sunlight[:, None] * direct)
    mirror = torch.stack((spot.direction[0], -spot.direction[1], spot.direction[2]))
    fresnel = 0.03 + 0.5 * (1 - (-spot.direction[1]).clamp(0, 1)).pow(5)
    gleam = room(light, spot.time, spot.family, mirror, 4.0)
    return mix(colour, gleam, fresnel * (0.4 + 0.6 * spot.open_sky) * (1 - edge))


_ROOMS = {  # wall, floor of wall, window, lamp
    "dawn": ("a9909c", "6b5560", "ffd9d0", "e0a080", 1.0, 0.2),
    "noon": ("b9b2a2", "7f7364", "eaf6ff", "ffe9c0", 1.7, 0.0),
    "sunset": ("9c5a38", "4e2a22", "ffa03c", "ffb060", 1.6, 0.3),
    "dusk": ("5a4a78", "332a4c", "a58be0", "ffb878", 0.8, 1.1),
    "night": ("1c2238", "0d1020", "35508f", "ffc070", 0.55, 1.3),
}


def room(light: Light, time: str, family: int, direction: Tensor, blur: float) -> Tensor:
    """Colour (3, N) of a softly blurred room seen over a table: wall, a tall window, a lamp and bokeh."""
    device = direction.device
    wall, foot, window, lamp = (paint(code).to(device)[:, None] for code in _ROOMS[time][:4])
    bright, glow = float(_ROOMS[time][4]), float(_ROOMS[time][5])
    turn = torch.atan2(direction[0], -direction[2])
    up = direction[1]
    colour = mix(foot, wall, ramp(up, -0.22, 0.24))
    side = -1.0 if float(light.sun[0]) < 0 else 1.0

    def pane(middle: float, half: float, low: float, high: float, soft: float) -> Tensor:
        gap = (turn - middle + math.pi) % (2 * math.pi) - math.pi
        across = torch.sigmoid((half - gap.abs()) / (soft * blur))
        return across * torch.sigmoid((up - low) / (soft * blur)) * torch.sigmoid((high - up) / (soft * blur))

    for turned in (0.0, 1.9, 3.6):
        middle = side * 0.27 + turned
        opening = (
            pane(middle - 0.085, 0.07, -0.05, 0.30, 0.012) + pane(middle + 0.085, 0.07, -0.05, 0.30, 0.012)
        ).clamp(max=1)
        spill = torch.exp(-((((turn - middle + math.pi) % (2 * math.pi) - math.pi) / 0.35) ** 2)) * 0.22
        colour = colour + window * (bright * spill)
        colour = mix(colour, window * (1.1 * bright), opening * 0.85)
    generator = torch.Generator().manual_seed(900 + family)
    for where, high, size, warm in torch.rand(22, 4, generator=generator).tolist():
        gap = (turn - (where * 2 - 1) * math.pi + math.pi) % (2 * math.pi) - math.pi
        radius = 0.018 + 0.028 * size
        angle = ((gap * gap) + (up - 0.28 * high + 0.06) ** 2).sqrt()
        dot = torch.sigmoid((radius - angle) / (0.005 * blur))
        colour = colour + mix(lamp, window, 1.0 if warm > 0.6 else 0.0) * dot * (0.10 + 0.32 * glow)
    if glow > 0:
        gap = (turn + side * 0.33 + math.pi) % (2 * math.pi) - math.pi
        angle = (gap * gap + (up - 0.10) ** 2).sqrt()
        colour = colour + lamp * glow * (torch.exp(-angle * 9) * 0.5 + torch.sigmoid((0.045 - angle) / 0.012))
    return colour


TABLETOP = Scenery(_table, (0.40, 0.24, 0.13), air="room", room=room, half_sides=(5.5, 3.2))
