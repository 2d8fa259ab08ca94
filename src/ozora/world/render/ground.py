"""The ground: where rays meet it, and how snow, grass, sand, water and wood look."""

from __future__ import annotations

import torch
from torch import Tensor

from ozora.world.render import textures
from ozora.world.render.light import Light
from ozora.world.render.sky import air, haze, mix, ramp, room
from ozora.world.render.textures import unit
from ozora.world.terrain import Relief

FAR = 420.0
"""Metres beyond which the ground is lost in the air."""

TABLE = (5.5, 3.2)
"""Half sides of the table top along x and z in metres, per metre of the scale of the scene."""


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


def _seen(octave: int, tile: float, footprint: Tensor) -> Tensor:
    low, high = textures.OCTAVES[octave]
    return textures.resolved(tile / (0.35 * low + 0.65 * high), footprint)


def _octaves(family: int, x: Tensor, z: Tensor, tile: float, footprint: Tensor) -> list[Tensor]:
    """Four detail bands (N,) at x, z (N,), each faded where a pixel cannot resolve it."""
    value = textures.sample(textures.detail(family, str(x.device)), x / tile, z / tile)  # (4, N)
    return [value[i] * _seen(i, tile, footprint) for i in range(4)]


def _bumps(
    family: int, x: Tensor, z: Tensor, tile: float, footprint: Tensor, gains: tuple[float, float, float]
) -> tuple[Tensor, Tensor]:
    """Slopes (N,) along x and z of three weighted octaves, faded likewise."""
    value = textures.sample(textures.bumps(family, str(x.device)), x / tile, z / tile)  # (6, N)
    across, deep = torch.zeros_like(x), torch.zeros_like(x)
    for i, gain in enumerate(gains):
        seen = _seen(i, tile, footprint) * (gain / tile)
        across, deep = torch.addcmul(across, value[i], seen), torch.addcmul(deep, value[3 + i], seen)
    return across, deep


def _tilt(slope_x: Tensor, slope_z: Tensor) -> Tensor:
    """Unit normals (3, N) of a height field with these slopes."""
    length = torch.rsqrt(slope_x * slope_x + slope_z * slope_z + 1)
    return torch.stack((-slope_x * length, length, -slope_z * length))


def shade(
    land: Relief, place: str, time: str, light: Light, family: int, scale: float, origin: Tensor,
    direction: Tensor, t: Tensor, pixel: float, seconds: float, sunny: Tensor, open_sky: Tensor,
) -> Tensor:  # fmt: skip
    """Colour (3, N) of ground points at distance ``t`` along ``direction``.

    ``sunny`` (N,) is the sun that bodies let through, ``open_sky`` (N,) the ambient light they let through,
    ``scale`` the size of the scene in metres (table tops are built to it).
    """
    x, z = origin[0] + direction[0] * t, origin[2] + direction[2] * t
    facing = (-direction[1]).clamp(min=0.02)
    footprint = t * pixel / facing.pow(0.7)
    sun = light.sun
    slope = land.slope(x, z)
    if place == "sea":
        return _sea(light, family, scale, direction, x, z, footprint, seconds, sunny, open_sky)
    if place == "tabletop":
        return _table(light, time, family, scale, direction, x, z, footprint, sunny, open_sky)
    bands = _octaves(family, x, z, 7.0, footprint)
    coarse = _octaves(family, x, z, 61.0, footprint * 0.5)
    if place == "snowfield":
        across, deep = _bumps(family, x * 0.55, z, 7.0, footprint, (0.020, 0.011, 0.004))
        normal = _tilt(slope[0] + across * 0.55, slope[1] + deep)
        albedo = torch.tensor([[0.80], [0.85], [0.93]], device=t.device) * (
            1 + 0.012 * bands[1] + 0.012 * coarse[1]
        )
        wrap = 0.12
    elif place == "meadow":
        normal = _tilt(slope[0], slope[1])
        dry = torch.sigmoid(1.5 * coarse[0] + 1.1 * coarse[1] + 0.5 * bands[0] - 0.5)
        lush = torch.tensor([[0.085], [0.235], [0.035]], device=t.device)
        gold = torch.tensor([[0.36], [0.37], [0.075]], device=t.device)
        blades = (1 + 0.16 * bands[0] + 0.15 * bands[1] + 0.17 * bands[2] + 0.14 * bands[3]).clamp(0.35, 1.7)
        albedo = mix(lush, gold, dry) * blades
        bloom = textures.sample(textures.flowers(family, str(t.device)), x / 5.0, z / 5.0)
        bloom = bloom * textures.resolved(0.10, footprint)
        for i, tint in enumerate(((0.9, 0.85, 0.75), (0.95, 0.62, 0.04), (0.62, 0.10, 0.16))):
            albedo = mix(albedo, torch.tensor(tint, device=t.device)[:, None], bloom[i] * 0.85)
        wrap = 0.25
    else:
        phase = (x * 0.5 + z * 0.87 + 0.10 * coarse[2] + 0.05 * coarse[3] + 0.012 * bands[0]) * 21.0
        seen = textures.resolved(0.30, footprint) * (0.65 + 0.35 * coarse[1]).clamp(0.15, 1)
        ripple, crest = torch.sin(phase), torch.cos(phase) * seen * 0.26
        normal = _tilt(slope[0] + crest * 0.5, slope[1] + crest * 0.87)
        sand = torch.tensor([[0.64], [0.395], [0.195]], device=t.device)
        albedo = sand * (1 + 0.05 * coarse[0] + 0.025 * bands[2] + 0.06 * ripple * seen)
        wrap = 0.05
    incidence = (sun @ normal + wrap).clamp(min=0) / (1 + wrap)
    ambient = light.skylight[:, None] * ((0.62 + 0.38 * normal[1]) * open_sky)
    colour = albedo * (ambient + light.sunlight[:, None] * (incidence * sunny))
    halfway = unit(sun[:, None] - direction)
    shine = (halfway * normal).sum(0).clamp(min=0.1)
    if place == "snowfield":
        # Sparkle: single crystals near the camera, gone before they would shimmer.
        crystal = ((bands[3] + bands[2]) - 2.1).clamp(0, 1.2) * shine.pow(6)
        colour = colour + light.sunlight[:, None] * (crystal * sunny * 0.30)
        colour = colour + light.sunlight[:, None] * (shine.pow(24) * 0.10 * sunny)
    elif place == "meadow":
        # Grass lets low light through: it glows towards the sun.
        through = ((sun @ direction).clamp(min=0) ** 4) * 0.5
        colour = colour + albedo * light.sunlight[:, None] * (through * sunny)
    else:
        colour = colour + light.sunlight[:, None] * (shine.pow(18) * 0.06 * sunny)
    return colour


def ripples(
    family: int, x: Tensor, z: Tensor, footprint: Tensor, seconds: float, scale: float
) -> tuple[Tensor, Tensor, Tensor]:
    """Slopes of moving water along x and z, and the spread of slopes (N,) too fine for the pixel to show."""
    swell = max(1.0, min(scale / 6.0, 3.0))
    texture = textures.bumps(family, str(x.device))
    total_x, total_z = torch.zeros_like(x), torch.zeros_like(x)
    lost = torch.zeros_like(x)
    for tile, drift_x, drift_z, strength in ((47.0, 1.5, 0.5, 0.105), (13.0, -0.5, 0.8, 0.040)):
        tile = tile * swell
        rate = swell**0.5 * seconds
        value = textures.sample(texture, (x + drift_x * rate) / tile, (z + drift_z * rate) / tile)
        for i in range(3):
            gain = strength * swell * (0.8, 0.5, 0.32)[i] / tile
            seen = _seen(i, tile, footprint)
            total_x = torch.addcmul(total_x, value[i], seen * gain)
            total_z = torch.addcmul(total_z, value[3 + i], seen * gain)
            steep = gain * 4.4 * sum(textures.OCTAVES[i]) / 2
            lost = lost + (1 - seen) * (steep * steep)
    return total_x, total_z, lost


def _sea(
    light: Light, family: int, scale: float, direction: Tensor, x: Tensor, z: Tensor, footprint: Tensor,
    seconds: float, sunny: Tensor, open_sky: Tensor,
) -> Tensor:  # fmt: skip
    slope_x, slope_z, lost = ripples(family, x, z, footprint, seconds, scale)
    normal = _tilt(slope_x, slope_z)
    against = -(direction * normal).sum(0)
    mirror = direction + 2 * against.clamp(min=0.02) * normal
    # Waves too small to see still tilt the mirror: it shows sky a little higher up.
    mirror = torch.cat((mirror[:1], (mirror[1:2].abs() + 0.9 * lost.sqrt() * 0.35), mirror[2:]))
    mirror = unit(mirror)
    fresnel = 0.02 + 0.98 * (1 - (against + lost.sqrt() * 0.35).clamp(0, 1)).pow(5)
    deep = torch.tensor([[0.010], [0.055], [0.085]], device=x.device)
    clear = torch.tensor([[0.03], [0.17], [0.18]], device=x.device)
    body = mix(deep, clear, ramp(slope_x * light.sun[0] + slope_z * light.sun[2] + 0.06, 0.0, 0.3) * 0.6)
    body = body * (light.skylight * 1.2 + light.sunlight * 0.55)[:, None] * (0.5 + 0.5 * open_sky)
    colour = mix(body, air(light, mirror), fresnel)
    # Glitter: the sun's mirror image, as wide as the unseen slopes are steep (Beckmann).
    spread = 0.0016 + lost * 0.9
    halfway = unit(light.sun[:, None] - direction)
    cosine = (halfway * normal).sum(0).clamp(min=1e-3)
    square = cosine * cosine
    lobe = ((square - 1) / (square * spread)).clamp_(min=-60).exp_() / (spread * square * square)
    glitter = (lobe * 0.020 * (0.3 + 0.7 * fresnel)).clamp(max=9.0)
    return colour + light.sunlight[:, None] * (glitter * sunny * min(1.0, light.disc))


def _table(
    light: Light, time: str, family: int, scale: float, direction: Tensor, x: Tensor, z: Tensor,
    footprint: Tensor, sunny: Tensor, open_sky: Tensor,
) -> Tensor:  # fmt: skip
    # Boards run along x; grain is noise stretched along them.
    u, v = x / scale, z / scale
    footprint = footprint / scale
    board = v / 0.42
    number = board.floor()
    seam = (board - number - 0.5).abs()
    edge = ramp(seam, 0.5 - 0.012, 0.5) * textures.resolved(0.016, footprint)
    shift = (number * 0.618) % 1
    bands = _octaves(family, u * 0.10 + shift * 3.1, v * 1.0 + shift, 1.2, footprint * 0.9)
    rings = torch.sin(v * 22 + bands[0] * 2.2 + bands[1] * 0.9 + shift * 40) * textures.resolved(
        0.2, footprint
    )
    tone = 0.5 + 0.16 * rings + 0.09 * bands[2] + 0.06 * bands[3] + 0.34 * (shift - 0.5)
    dark = torch.tensor([[0.21], [0.095], [0.042]], device=x.device)
    pale = torch.tensor([[0.56], [0.33], [0.165]], device=x.device)
    albedo = mix(dark, pale, tone.clamp(0, 1)) * (1 - 0.6 * edge)
    normal_up = light.sun[1].clamp(min=0.05)
    lamp = torch.exp(-(u * u + v * v) * 0.10)  # a pool of light
    ambient = light.skylight[:, None] * (open_sky * 0.9)
    colour = albedo * (ambient + light.sunlight[:, None] * (normal_up * 1.15 * sunny * (0.45 + 0.55 * lamp)))
    mirror = torch.stack((direction[0], -direction[1], direction[2]))
    fresnel = 0.03 + 0.5 * (1 - (-direction[1]).clamp(0, 1)).pow(5)
    gleam = room(light, time, family, mirror, blur=4.0)
    return mix(colour, gleam, fresnel * (0.4 + 0.6 * open_sky) * (1 - edge))


def distance_haze(light: Light, direction: Tensor, t: Tensor, colour: Tensor) -> Tensor:
    """Lay ``t`` metres of air over ``colour`` (3, N)."""
    lost = 1 - torch.exp(-((t / light.reach) ** 1.15))
    return mix(colour, haze(light, direction), lost)
