"""What lies on the ground by the hundred: pebbles, tufts, foam. It shows how the camera moves.

Marks repeat in a box of the world about the camera and shrink to nothing at its rim, so that none comes or
goes at once. Each is a soft picture a few pixels wide, drawn where its foot stands: blended by its share of
every pixel, so that none flickers.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.render.light import Light
from ozora.world.render.relief import Relief
from ozora.world.render.sky import haze
from ozora.world.render.textures import on_one_thread

Shape = Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]
"""From places across −1..1 and up −1..1 of a mark (n, p, p), a number (n, 1, 1) of each one's own and the
size of a pixel there (n, 1, 1) to how much of each pixel is covered."""

Where = Callable[[Tensor, Tensor, float, int], Tensor]
"""From x and z (n,) in metres, the scene's scale and its family to whether a mark may lie there."""

REACHES = (3, 8, 22)
"""Radii in pixels, of a picture 128 pixels high, up to which marks are drawn with one size of patch."""


@dataclass(frozen=True)
class Mark:
    """One kind of mark. Lengths are shares of the camera's distance to its subject."""

    shape: Shape
    colours: tuple[RGB, RGB]  # each mark's is between these two
    radius: float
    side: float  # of the box that repeats
    count: int  # in that box
    tall: float = 0.6  # radii that it is high; 0 lies flat
    shadow: float = 0.5
    where: Where | None = None
    afloat: bool = False  # it bobs and drifts
    seed: int = 0


def strewn(
    shape: Shape, colours: tuple[RGB, RGB], *, size: float = 1.0, share: float = 1.0, tall: float = 0.6,
    shadow: float = 0.5, where: Where | None = None, afloat: bool = False, seed: int = 0,
) -> tuple[Mark, ...]:  # fmt: skip
    """Marks of one kind in three sizes: small ones near the camera, large ones far off."""
    layers = ((0.006, 2.4, 130), (0.014, 6.5, 150), (0.036, 20.0, 150))
    return tuple(
        Mark(shape, colours, radius * size, side, round(count * share), tall, shadow, where, afloat, seed + i)
        for i, (radius, side, count) in enumerate(layers)
    )


@dataclass(frozen=True)
class Strewn:
    """All marks of a place: one row each."""

    place: Tensor  # (n, 2) shares of the box
    own: Tensor  # (n,) 0..1
    radius: Tensor  # (n,) shares of the focus
    side: Tensor  # (n,)
    colour: Tensor  # (n, 3) linear
    tall: Tensor  # (n,)
    shadow: Tensor  # (n,)
    kind: Tensor  # (n,) index of the mark


@lru_cache(maxsize=64)
@on_one_thread
def _all(marks: tuple[Mark, ...], family: int) -> Strewn:
    rows: list[list[Tensor]] = []
    for index, mark in enumerate(marks):
        draw = torch.rand(mark.count, 5, generator=torch.Generator().manual_seed(mark.seed * 64 + family))
        first, second = (torch.tensor(colour) for colour in mark.colours)
        one = torch.ones(mark.count)
        rows.append([
            draw[:, :2], draw[:, 2], mark.radius * (0.55 + 1.1 * draw[:, 3].square()), one * mark.side,
            first + (second - first) * draw[:, 4:], one * mark.tall, one * mark.shadow, one * index,
        ])  # fmt: skip
    return Strewn(*(torch.cat(column) for column in zip(*rows, strict=True)))


@dataclass(frozen=True)
class View:
    """One frame as marks need it."""

    position: Tensor  # (3,)
    rotation: Tensor  # (3, 3)
    tan_up: float
    focus: float  # metres to the subject
    scale: float
    family: int
    seconds: float
    ways: Tensor  # (m, 3) x, z and radius in metres of what must not be stood in


def draw(
    marks: tuple[Mark, ...], land: Relief, light: Light, view: View, picture: Tensor, depth: Tensor,
    sunny: Tensor, airy: bool,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """The picture (3, H, W) in scene light and its depth (H, W) with marks on the ground.

    ``sunny`` (H, W) is the sun that reaches the ground; ``airy`` says whether distance fades.
    """
    height, width = depth.shape
    device, position, rotation, focus = depth.device, view.position, view.rotation, view.focus
    every = _all(marks, view.family)
    side = every.side.to(device) * focus
    at = every.place.to(device) * side[:, None]
    afloat = torch.tensor([mark.afloat for mark in marks], device=device)[every.kind.to(device).long()]
    at = at + afloat[:, None] * (view.seconds * 0.012 * focus)
    eye = position[[0, 2]]
    offset = (at - eye + side[:, None] / 2) % side[:, None] - side[:, None] / 2
    away = offset.norm(dim=-1)
    scale = height / (2 * view.tan_up)  # pixels at one metre of one metre
    fade = ((side / 2 - away) / (0.12 * side)).clamp(0, 1)
    radius = every.radius.to(device) * focus * fade
    xz = eye + offset
    ahead_flat = offset @ -rotation[[0, 2], 2]
    keep = (fade > 0) & ((ahead_flat > -0.5 * away) | (rotation[1, 2] > 0.6))
    for index, mark in enumerate(marks):
        if mark.where is not None:
            mine = every.kind.to(device) == index
            keep &= ~mine | mark.where(xz[:, 0], xz[:, 1], view.scale, view.family)
    chosen = torch.nonzero(keep)[:, 0]
    xz, radius, own = xz[chosen], radius[chosen], every.own.to(device)[chosen]
    if view.ways.shape[0]:
        gap = (xz[:, None] - view.ways[None, :, :2]).norm(dim=-1) - view.ways[None, :, 2]
        radius = torch.minimum(radius, (0.06 * focus + gap.amin(1)).clamp(min=0.012 * focus))
    tall = every.tall.to(device)[chosen]
    foot = torch.stack((xz[:, 0], land.height(xz[:, 0].contiguous(), xz[:, 1].contiguous()), xz[:, 1]), -1)
    bob = torch.sin(1.7 * view.seconds + 40 * own) * 0.15 * radius * afloat[chosen] * (tall > 0)
    foot[:, 1] += 0.35 * radius * tall + bob
    own_axes = (foot - position) @ rotation  # right, up, backward
    ahead = -own_axes[:, 2]
    column = own_axes[:, 0] / ahead.clamp(min=1e-3) * scale + width / 2
    row = height / 2 - own_axes[:, 1] / ahead.clamp(min=1e-3) * scale
    pixels = radius / ahead.clamp(min=1e-3) * scale
    most = REACHES[-1] * height / 128
    seen = (ahead > 0.12 * focus) & (pixels > 0.35) & (pixels < most)
    seen &= (column > -3 * pixels) & (column < width + 3 * pixels)
    seen &= (row > -3 * pixels) & (row < height + 3 * pixels)
    if not bool(seen.any()):
        return picture, depth
    left = torch.nonzero(seen)[:, 0]
    chosen, own, tall, radius = chosen[left], own[left], tall[left], radius[left]
    column, row, pixels = column[left], row[left], pixels[left]
    to = foot[left] - position
    t = to.norm(dim=-1)
    to = to / t[:, None]
    kind = every.kind.to(device)[chosen]
    flat_depth = depth.reshape(-1)
    sun_here = sunny.reshape(-1)[
        (row + pixels * 0.5).long().clamp(0, height - 1) * width + column.long().clamp(0, width - 1)
    ]
    near = torch.full_like(flat_depth, math.inf)
    veil, dark, total = (torch.zeros_like(flat_depth) for _ in range(3))
    tint = torch.zeros(3, height * width, device=device)
    frame = _Frame(light, rotation, width, height, flat_depth)
    low = 0.0
    for reach in REACHES:
        high = reach * height / 128
        for index, mark in enumerate(marks):
            these = torch.nonzero((pixels > low) & (pixels <= high) & (kind == index))[:, 0]
            if these.numel() == 0:
                continue
            albedo = every.colour.to(device)[chosen[these]]
            batch = _Batch(
                column[these], row[these], pixels[these], radius[these], to[these], t[these], own[these],
                albedo, tall[these], every.shadow.to(device)[chosen[these]], sun_here[these],
            )  # fmt: skip
            place, cover, shade, colour = _patches(frame, mark, batch, high, airy)
            veil.index_add_(0, place, torch.log1p(-cover.clamp(max=0.995)))
            dark.index_add_(0, place, torch.log1p(-shade.clamp(max=0.9)))
            total.index_add_(0, place, cover)
            tint.index_add_(1, place, colour)
            sure = torch.nonzero(cover > 0.5)[:, 0]
            across = batch.t[:, None].expand(-1, cover.numel() // batch.t.numel()).reshape(-1)
            near.scatter_reduce_(0, place[sure], across[sure], "amin")
        low = high
    share, shadowed = 1 - veil.exp(), dark.exp()
    under = picture.reshape(3, -1) * shadowed
    mixed = under + (tint / total.clamp(min=1e-6) - under) * share
    closer = torch.minimum(flat_depth, torch.where(share > 0.5, near, math.inf))
    return mixed.view_as(picture), closer.view(height, width)


@dataclass(frozen=True)
class _Frame:
    light: Light
    rotation: Tensor
    width: int
    height: int
    depth: Tensor  # (H * W,)


@dataclass(frozen=True)
class _Batch:
    """n marks of one kind that are drawn with one size of patch."""

    column: Tensor  # (n,) pixels
    row: Tensor
    pixels: Tensor  # (n,) radius
    radius: Tensor  # (n,) metres
    to: Tensor  # (n, 3) unit, from the eye
    t: Tensor  # (n,) metres from the eye
    own: Tensor
    albedo: Tensor  # (n, 3)
    tall: Tensor
    shadow: Tensor
    sunny: Tensor


def _patches(
    frame: _Frame, mark: Mark, batch: _Batch, high: float, airy: bool
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Which pixels n marks touch, (n·p·p,), how much they cover and shade each, and colours (3, n·p·p)."""
    light, rotation = frame.light, frame.rotation
    wide = 2.4 if mark.shadow else 1.1
    reach = math.ceil(wide * high + 1)
    steps = torch.arange(-reach, reach + 1, device=batch.row.device)
    x = batch.column.floor().long()[:, None, None] + steps[None, None, :]
    y = batch.row.floor().long()[:, None, None] + steps[None, :, None]
    size = batch.pixels.clamp(min=0.8)[:, None, None]
    small = (batch.pixels / size[:, 0, 0]).square()[:, None, None]  # what is under a pixel fades instead
    down = (-batch.to[:, 1]).clamp(0.04, 1.0)[:, None, None]  # sine of the angle it is seen under
    level = (1 - down * down).sqrt()
    stature = ((batch.tall[:, None, None] * level).square() + down * down).sqrt()
    u = (x + 0.5 - batch.column[:, None, None]) / size
    rise = -(y + 0.5 - batch.row[:, None, None]) / size
    v = rise / stature
    cover = mark.shape(u, v, batch.own[:, None, None], 1 / size) * small
    # The shadow: how far each pixel's place on the ground is from the line along which it falls.
    away = torch.stack((-light.sun[0], -light.sun[2]))
    long = (batch.tall / light.sun[1].clamp(min=0.12)).clamp(0.3, 2.2)[:, None, None]
    away = away / away.norm().clamp(min=1e-3)
    right, back = rotation[[0, 2], 0], rotation[[0, 2], 2]
    aside, beyond = float(right @ away), float(-back @ away) / float(back.norm().clamp(min=0.05))
    on_u, on_v = u, (rise + 0.35 * batch.tall[:, None, None] * level) / down
    along = (on_u * aside + on_v * beyond).clamp(min=0).minimum(long)
    gap = (on_u - along * aside).square() + (on_v - along * beyond).square()
    faint = 0.35 + 0.65 * batch.sunny[:, None, None] * float(light.sunlight.mean().clamp(max=1.0))
    shade = torch.exp(-1.6 * gap) * batch.shadow[:, None, None] * faint * small * (1 - 0.5 * along / 2.2)
    # Light on a rounded body.
    bulge = (1 - (u * u + v * v)).clamp(min=0).sqrt() * (1.0 if mark.tall else 0.0)
    axes = rotation  # columns: right, up, backward
    normal_y = axes[1, 0] * u + axes[1, 1] * v + axes[1, 2] * bulge if mark.tall else torch.ones_like(u)
    facing = light.sun @ axes
    incidence = facing[0] * u + facing[1] * v + facing[2] * bulge if mark.tall else light.sun[1].expand_as(u)
    lit = (incidence + 0.25).clamp(0, 1.25) / 1.25 * batch.sunny[:, None, None]
    open_sky = (0.62 + 0.38 * normal_y.clamp(-1, 1)) * (0.75 + 0.25 * v.clamp(-1, 1))
    hazed = torch.ones_like(batch.t)
    if airy:
        hazed = torch.exp(-((batch.t / light.reach) ** 1.15))
    air = haze(light, batch.to.T)  # (3, n)
    ok = (x >= 0) & (x < frame.width) & (y >= 0) & (y < frame.height)
    place = (y.clamp(0, frame.height - 1) * frame.width + x.clamp(0, frame.width - 1)).reshape(-1)
    behind = frame.depth[place].view_as(cover)
    slack = (2.0 * batch.radius + 0.03 * batch.t)[:, None, None]
    cover = cover * ok * (behind > batch.t[:, None, None] - slack)
    # Only what lies at the mark's own distance is ground that it can shade.
    shade = shade * ok * ((behind - batch.t[:, None, None]).abs() < 3 * slack)
    colours = []
    for channel in range(3):
        bare = batch.albedo[:, channel, None, None] * (
            light.skylight[channel] * open_sky + light.sunlight[channel] * lit
        )
        part = hazed[:, None, None]
        colours.append(((bare * part + air[channel][:, None, None] * (1 - part)) * cover).reshape(-1))
    return place, cover.reshape(-1), shade.reshape(-1), torch.stack(colours)


# --- shapes -------------------------------------------------------------------------------------------------


def stone(u: Tensor, v: Tensor, own: Tensor, pixel: Tensor) -> Tensor:
    """A rounded stone, a little out of true."""
    bent = 1 - 0.16 * torch.sin(3.0 * u + 40 * own) - 0.10 * torch.sin(4.0 * v + 70 * own)
    return ((bent - (u * u + v * v).sqrt()) / pixel + 0.5).clamp(0, 1)


def tuft(u: Tensor, v: Tensor, own: Tensor, pixel: Tensor) -> Tensor:
    """Blades that fan out from one foot."""
    up = ((v + 0.9) / 1.9).clamp(0, 1)
    fan = u / (0.22 + 0.78 * up)
    blade = ((fan * 2.3 + 3 * own) % 1 - 0.5).abs() * 2  # 0 in the middle of a blade
    drawn = ((0.95 * (1 - up) - blade) / (2.3 * pixel).clamp(min=0.08) + 0.5).clamp(0, 1)
    plain = (1 - up) * 0.8
    fine = (1.6 - 6 * pixel).clamp(0, 1)
    inside = ((1 - fan.abs()) / pixel + 0.5).clamp(0, 1) * ((v + 0.95) / pixel + 0.5).clamp(0, 1)
    return (plain + (drawn - plain) * fine) * inside * (v < 1)


def leaf(u: Tensor, v: Tensor, own: Tensor, pixel: Tensor) -> Tensor:
    """A pointed leaf that lies at any angle."""
    turn = own * 2 * math.pi
    a, b = u * turn.cos() + v * turn.sin(), v * turn.cos() - u * turn.sin()
    return ((0.5 * (1 - a * a).clamp(min=0) - b.abs()) / pixel + 0.5).clamp(0, 1) * (a.abs() < 1)


def pad(u: Tensor, v: Tensor, own: Tensor, pixel: Tensor) -> Tensor:
    """A lily pad: a disc with a notch."""
    turn = torch.atan2(v, u) - (own * 2 - 1) * math.pi
    notch = torch.cos(turn) > 0.93
    return ((0.95 - (u * u + v * v).sqrt()) / pixel + 0.5).clamp(0, 1) * (1 - 0.85 * notch.float())


def foam(u: Tensor, v: Tensor, own: Tensor, pixel: Tensor) -> Tensor:
    """A fleck of foam, broken and soft."""
    gap = u * u + v * v
    torn = 0.72 + 0.28 * torch.sin(5 * u + 30 * own) * torch.sin(4 * v + 50 * own)
    return torch.exp(-2.6 * gap) * torn * 0.75 * (gap < 1.2)


def buoy(u: Tensor, v: Tensor, own: Tensor, pixel: Tensor) -> Tensor:
    """A tapering buoy with a knob on top."""
    body = 0.42 - 0.34 * (v + 0.8).clamp(0, 1.4)
    half = torch.maximum(body, torch.where(v > 0.55, (0.04 - (v - 0.74).square()).clamp(min=0).sqrt(), 0.0 * v))
    return ((half - u.abs()) / pixel + 0.5).clamp(0, 1) * ((v + 0.8) / pixel + 0.5).clamp(0, 1) * (v < 0.95)
