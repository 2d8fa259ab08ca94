"""Snowflakes and rain in the air, stars in the sky, drawn as soft dots; wet ground and banks of mist."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from ozora.world.render.light import Light
from ozora.world.render.sky import mix, ramp
from ozora.world.render.textures import clouds, sample

FLAKES = 2400
STARS = 420
DROPS = 2600


def dots(
    picture: Tensor, column: Tensor, row: Tensor, radius: Tensor, colour: Tensor, strength: Tensor,
    visible: Tensor, reach: int, stretch: float = 1.0, slant: float = 0.0,
) -> Tensor:  # fmt: skip
    """Blend n soft dots over a picture (3, H, W); column, row, radius (pixels) and strength are (n,).

    ``stretch`` makes them that many times as long as wide and ``slant`` leans them over, for rain.

    ``visible`` (H, W) scales all dots per pixel; ``reach`` is half the side of a dot's patch in pixels.
    """
    height, width = picture.shape[1:]
    steps = torch.arange(-reach, reach + 1, device=picture.device)
    middle_x, middle_y = column.floor().long(), row.floor().long()
    x = middle_x[:, None, None] + steps[None, None, :]
    y = middle_y[:, None, None] + steps[None, :, None]
    fall = y + 0.5 - row[:, None, None]
    aside = x + 0.5 - column[:, None, None] - slant * fall
    square = aside**2 + (fall / stretch) ** 2
    weight = torch.exp(-square / (radius[:, None, None] ** 2)) * strength[:, None, None]
    inside = (x >= 0) & (x < width) & (y >= 0) & (y < height)
    place = (y.clamp(0, height - 1) * width + x.clamp(0, width - 1)).reshape(-1)
    weight = (weight * inside).reshape(-1)
    # Transmittances multiply, so their logarithms add; addition order is fixed on the CPU.
    veil = torch.zeros(height * width, device=picture.device)
    veil.index_add_(0, place, torch.log1p(-weight.clamp(max=0.97)))
    cover = (1 - veil.exp()).view(height, width) * visible
    return picture + (colour[:, None, None] - picture) * cover


def snowfall(
    picture: Tensor, depth: Tensor, seed: int, seconds: float, position: Tensor, rotation: Tensor,
    tan_up: float, focus: float, colour: Tensor,
) -> Tensor:  # fmt: skip
    """Falling flakes in a box around the camera that repeats in world space; near ones large and soft.

    ``depth`` (H, W) metres hides flakes behind bodies and ground. ``focus`` scales the box.
    """
    height, width = depth.shape
    generator = torch.Generator().manual_seed(seed + 404)
    draw = torch.rand(FLAKES, 6, generator=generator).to(picture.device)
    side = 1.9 * focus
    wind = torch.tensor([0.10, -0.30, 0.05], device=picture.device) * side / 2.0
    speed = (0.7 + 0.6 * draw[:, 3:4]) * wind
    sway = torch.sin(seconds * (1.0 + draw[:, 4:5]) * 2 + draw[:, 5:6] * 6.28) * 0.012 * side
    point = draw[:, :3] * side + speed * seconds + sway
    offset = (point - position + side / 2) % side - side / 2  # around the camera
    own = offset @ rotation  # (n, 3) right, up, backward
    ahead = -own[:, 2]
    near = ahead > 0.06 * side
    own, ahead = own[near], ahead[near]
    scale = height / (2 * tan_up)
    column = own[:, 0] / ahead * scale + width / 2
    row = height / 2 - own[:, 1] / ahead * scale
    keep = (column > -6) & (column < width + 6) & (row > -6) & (row < height + 6)
    own, ahead, column, row = own[keep], ahead[keep], column[keep], row[keep]
    if column.numel() == 0:
        return picture
    away = own.norm(dim=-1)
    real = 0.0050 * focus / ahead * scale  # pixels
    radius = real.clamp(0.62, 6.0)
    fade = ((side / 2 - offset[near][keep].abs().amax(-1)) / (0.08 * side)).clamp(0, 1)
    strength = (real / radius).square().clamp(max=1) * 0.95 * fade
    strength = strength * (1.6 / radius.clamp(min=1.6)).sqrt()
    inside_x, inside_y = column.long().clamp(0, width - 1), row.long().clamp(0, height - 1)
    strength = strength * (depth[inside_y, inside_x] > away)
    reach = max(1, min(10, math.ceil(0.0050 * focus / (0.06 * side) * scale * 1.6)))
    return dots(picture, column, row, radius, colour, strength, torch.ones_like(depth), reach)


def rainfall(
    picture: Tensor, depth: Tensor, seed: int, seconds: float, position: Tensor, rotation: Tensor,
    tan_up: float, focus: float, colour: Tensor, share: float,
) -> Tensor:  # fmt: skip
    """Falling rain in a box around the camera that repeats in world space, as slanting streaks.

    ``share`` is how much of all drops fall. Depth and focus as in ``snowfall``.
    """
    height, width = depth.shape
    generator = torch.Generator().manual_seed(seed + 505)
    draw = torch.rand(round(DROPS * share), 3, generator=generator).to(picture.device)
    side = 1.9 * focus
    # A storm drives its rain before it; a shower's falls nearly straight.
    fall = torch.tensor([1.35 if share == 1 else 0.22, -2.6, 0.1], device=picture.device) * side / 2.0
    offset = (draw * side + fall * seconds - position + side / 2) % side - side / 2
    own = offset @ rotation  # (n, 3) right, up, backward
    ahead = -own[:, 2]
    scale = height / (2 * tan_up)
    column = own[:, 0] / ahead.clamp(min=1e-3) * scale + width / 2
    row = height / 2 - own[:, 1] / ahead.clamp(min=1e-3) * scale
    keep = (ahead > 0.12 * side) & (column > -4) & (column < width + 4) & (row > -8) & (row < height + 8)
    offset, own, ahead, column, row = offset[keep], own[keep], ahead[keep], column[keep], row[keep]
    if column.numel() == 0:
        return picture
    near = depth[row.long().clamp(0, height - 1), column.long().clamp(0, width - 1)] > own.norm(dim=-1)
    fade = ((side / 2 - offset.abs().amax(-1)) / (0.08 * side)).clamp(0, 1)
    radius = (0.0022 * focus / ahead * scale).clamp(0.42, 1.4)
    strength = 0.42 * fade * near * (0.4 + 0.6 * (1 - ahead / side).clamp(0, 1))
    slant = -float((fall @ rotation)[0] / (fall @ rotation)[1])
    long = max(3.0, 0.065 * height)
    return dots(
        picture, column, row, radius, colour, strength, torch.ones_like(depth), math.ceil(1.6 * long),
        stretch=long, slant=slant,
    )  # fmt: skip


def mist(family: int, focus: float, points: Tensor, seconds: float) -> Tensor:
    """Share (N,) of drifting banks of mist over points (3, N) of the ground.

    So that fog is seen without a horizon, too. ``focus`` metres to the subject give the banks their size.
    """
    u, v = points[0] / (5 * focus) + 0.02 * seconds, points[2] / (3 * focus)
    return 0.62 * ramp(sample(clouds(family, str(points.device)), u, v)[0], 0.1, 1.7)


def soaked(light: Light, to: Tensor, open_sky: Tensor, colour: Tensor) -> Tensor:
    """Ground (3, N) that it rains on: darker, and shining with the sky where it is seen at a low angle."""
    fresnel = 0.02 + 0.5 * (1 + to[1]).clamp(0, 1).pow(6)
    return mix(colour * 0.68, light.horizon[:, None].expand_as(colour), fresnel * open_sky)


def lightning(seed: int, seconds: float) -> float:
    """How brightly a storm flashes: two or three short double strokes in each four seconds, 0 between."""
    generator = torch.Generator().manual_seed(seed + 606)
    total = 0.0
    for start in (torch.rand(3, generator=generator) * 4.0).tolist():
        for stroke, strength in ((0.0, 1.0), (0.18, 0.6)):
            gone = (seconds % 4.0) - start - stroke
            if gone >= 0:
                total += strength * math.exp(-gone / 0.11)
    return total


def stars(
    picture: Tensor, open_sky: Tensor, seed: int, rotation: Tensor, tan_up: float, strength: float
) -> Tensor:
    """Stars at fixed directions; ``open_sky`` (H, W) is 1 where nothing covers the sky."""
    height, width = open_sky.shape
    generator = torch.Generator().manual_seed(seed + 808)
    draw = torch.rand(STARS, 4, generator=generator).to(picture.device)
    up = draw[:, 0] * 0.62 + 0.02
    turn = draw[:, 1] * 2 * math.pi
    level = (1 - up * up).sqrt()
    own = torch.stack((turn.cos() * level, up, turn.sin() * level), -1) @ rotation
    ahead = -own[:, 2]
    scale = height / (2 * tan_up)
    column = own[:, 0] / ahead.clamp(min=1e-3) * scale + width / 2
    row = height / 2 - own[:, 1] / ahead.clamp(min=1e-3) * scale
    keep = (ahead > 0.1) & (column > -2) & (column < width + 2) & (row > -2) & (row < height + 2)
    if not bool(keep.any()):
        return picture
    size = max(0.6, height / 260)
    bright = (0.25 + 0.75 * draw[:, 2] ** 3)[keep] * strength * ramp_up(up[keep])
    radius = torch.full_like(bright, size)
    white = torch.tensor([0.9, 0.98, 1.25], device=picture.device)
    return dots(picture, column[keep], row[keep], radius, white, bright, open_sky, math.ceil(size * 2))


def ramp_up(height: Tensor) -> Tensor:
    """Stars drown in the air near the horizon."""
    return ((height - 0.02) / 0.12).clamp(0, 1)
