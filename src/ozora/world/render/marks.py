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

REACHES = (4.5, 15)
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
    lift: float = 0.35  # heights of it that its middle is over the ground
    seed: int = 0


def strewn(
    shape: Shape, colours: tuple[RGB, RGB], *, size: float = 1.0, share: float = 1.0, tall: float = 0.6,
    shadow: float = 0.5, where: Where | None = None, afloat: bool = False, lift: float = 0.35, seed: int = 0,
) -> tuple[Mark, ...]:  # fmt: skip
    """Marks of one kind in three sizes: small ones near the camera, large ones far off."""
    layers = ((0.006, 2.4, 120), (0.014, 6.5, 120), (0.036, 20.0, 120))
    return tuple(
        Mark(shape, colours, radius * size, side, round(count * share), tall, shadow, where, afloat, lift,
             seed + i)
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
    shape: Tensor  # (n,) index of its shape among those of the place
    lift: Tensor  # (n,)
    afloat: Tensor  # (n,) 0 or 1


@lru_cache(maxsize=64)
@on_one_thread
def _all(marks: tuple[Mark, ...], family: int, device: str) -> Strewn:
    rows: list[list[Tensor]] = []
    shapes = _shapes(marks)
    for index, mark in enumerate(marks):
        draw = torch.rand(mark.count, 5, generator=torch.Generator().manual_seed(mark.seed * 64 + family))
        first, second = (torch.tensor(colour) for colour in mark.colours)
        one = torch.ones(mark.count)
        rows.append([
            draw[:, :2], draw[:, 2], mark.radius * (0.55 + 1.1 * draw[:, 3].square()), one * mark.side,
            first + (second - first) * draw[:, 4:], one * mark.tall, one * mark.shadow, one * index,
            one * shapes.index(mark.shape), one * mark.lift, one * mark.afloat,
        ])  # fmt: skip
    return Strewn(*(torch.cat(column).to(device) for column in zip(*rows, strict=True)))


def _shapes(marks: tuple[Mark, ...]) -> list[Shape]:
    return list(dict.fromkeys(mark.shape for mark in marks))


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
    bold: float  # radius in pixels, of a picture 128 high, from which a mark is worth an outline


def draw(
    marks: tuple[Mark, ...], land: Relief, light: Light, view: View, picture: Tensor, depth: Tensor,
    sunny: Tensor, airy: bool,
) -> tuple[Tensor, Tensor, Tensor]:  # fmt: skip
    """The picture (3, H, W) in scene light and its depth (H, W) with marks on the ground.

    The last is the depth with marks of ``view.bold`` pixels and more alone: what a brush would draw.

    ``sunny`` (H, W) is the sun that reaches the ground; ``airy`` says whether distance fades.
    """
    height, width = depth.shape
    device, position, rotation, focus = depth.device, view.position, view.rotation, view.focus
    every = _all(marks, view.family, str(device))
    side = every.side * focus
    drift = every.afloat * (view.seconds * 0.012 * focus)
    eye = position[[0, 2]]
    offset = (every.place * side[:, None] + drift[:, None] - eye + side[:, None] / 2) % side[:, None]
    offset = offset - side[:, None] / 2
    away = offset.norm(dim=-1)
    fade = ((side / 2 - away) / (0.12 * side)).clamp(0, 1)
    keep = (fade > 0) & ((offset @ -rotation[[0, 2], 2] > -0.1 * away) | (rotation[1, 2] > 0.5))
    for index, mark in enumerate(marks):
        if mark.where is not None:
            xz = eye + offset
            keep &= (every.kind != index) | mark.where(xz[:, 0], xz[:, 1], view.scale, view.family)
    chosen = torch.nonzero(keep)[:, 0]
    xz, own, tall = eye + offset[chosen], every.own[chosen], every.tall[chosen]
    radius = every.radius[chosen] * focus * fade[chosen]
    if view.ways.shape[0]:  # only pebbles lie where somebody passes
        gap = (xz[:, None] - view.ways[None, :, :2]).norm(dim=-1) - view.ways[None, :, 2]
        radius = torch.minimum(radius, (0.06 * focus + gap.amin(1)).clamp(min=0.012 * focus))
    foot = torch.stack((xz[:, 0], land.height(xz[:, 0].contiguous(), xz[:, 1].contiguous()), xz[:, 1]), -1)
    bob = torch.sin(1.7 * view.seconds + 40 * own) * 0.15 * every.afloat[chosen]
    foot[:, 1] += radius * tall * (every.lift[chosen] + bob)
    own_axes = (foot - position) @ rotation  # right, up, backward
    ahead = -own_axes[:, 2]
    scale = height / (2 * view.tan_up) / ahead.clamp(min=1e-3)  # pixels of one metre there
    column, row = own_axes[:, 0] * scale + width / 2, height / 2 - own_axes[:, 1] * scale
    pixels = radius * scale
    most, span = REACHES[-1] * height / 128, pixels * tall.clamp(min=1.5)
    seen = (ahead > 0.12 * focus) & (pixels > 0.35) & (pixels < most)
    seen &= (column > -span) & (column < width + span) & (row > -span) & (row < height + span)
    left = torch.nonzero(seen)[:, 0]
    if left.numel() == 0:
        return picture, depth, depth
    to = foot[left] - position
    t = to.norm(dim=-1)
    chosen, row, column, pixels = chosen[left], row[left], column[left], pixels[left]
    under = (row + pixels * 0.5).long().clamp(0, height - 1) * width + column.long().clamp(0, width - 1)
    # What is close to the lens, or smaller than a pixel, fades instead of popping up.
    strength = ((most - pixels) / (0.3 * most)).clamp(max=1) * (pixels / 0.8).clamp(max=1).square()
    rows = torch.stack((
        column, row, pixels, radius[left], t, own[left], tall[left], every.shadow[chosen],
        sunny.reshape(-1)[under], strength, *(to / t[:, None]).T, *every.colour[chosen].T,
    ))  # fmt: skip
    flat_depth = depth.reshape(-1)
    near, outlined = torch.full_like(flat_depth, math.inf), torch.full_like(flat_depth, math.inf)
    veil, dark, total = (torch.zeros_like(flat_depth) for _ in range(3))
    tint = torch.zeros(3, height * width, device=device)
    frame = _Frame(light, rotation, width, height, flat_depth)
    edges = torch.tensor([reach * height / 128 for reach in REACHES], device=device)
    reached = torch.bucketize(pixels, edges)
    shape = every.shape[chosen]
    for size, reach in enumerate(REACHES):
        mine = torch.nonzero(reached == size)[:, 0]
        if mine.numel() == 0:
            continue
        batch, kinds = rows[:, mine], shape[mine]
        shapes = [(one, torch.nonzero(kinds == i)[:, 0]) for i, one in enumerate(_shapes(marks))]
        place, cover, shade, colour = _patches(frame, shapes, batch, reach * height / 128, airy)
        veil.index_add_(0, place, torch.log1p(-cover.clamp(max=0.995)))
        if shade is not None:
            dark.index_add_(0, place, torch.log1p(-shade.clamp(max=0.9)))
        total.index_add_(0, place, cover)
        tint.index_add_(1, place, colour)
        sure = torch.nonzero(cover > 0.5)[:, 0]
        each = cover.numel() // batch.shape[1]
        near.scatter_reduce_(0, place[sure], batch[4][sure // each], "amin")
        large = sure[batch[2][sure // each] > view.bold * height / 128]
        outlined.scatter_reduce_(0, place[large], batch[4][large // each], "amin")
    share, shadowed = 1 - veil.exp(), dark.exp()
    under = picture.reshape(3, -1) * shadowed
    mixed = under + (tint / total.clamp(min=1e-6) - under) * share
    covered = share > 0.5
    closer, bold = (
        torch.minimum(flat_depth, torch.where(covered, t, math.inf)).view(height, width)
        for t in (near, outlined)
    )
    return mixed.view_as(picture), closer, bold


@dataclass(frozen=True)
class _Frame:
    light: Light
    rotation: Tensor
    width: int
    height: int
    depth: Tensor  # (H * W,)


def _patches(
    frame: _Frame, shapes: list[tuple[Shape, Tensor]], batch: Tensor, high: float, airy: bool
) -> tuple[Tensor, Tensor, Tensor | None, Tensor]:
    """Which pixels marks (16, n) touch, (n·p·p,), how much they cover and shade each, and colours (3, n·p·p).

    Rows: column, row and radius in pixels; radius and distance in metres; own number, stature, shadow, sun
    and strength; the way from the eye; albedo. ``shapes`` come with the marks (m,) that have them.
    """
    light, axes = frame.light, frame.rotation  # columns: right, up, backward
    column, row, pixels, radius, t, own, tall, shadow, sunny, strength = batch[:10, :, None, None].unbind(0)
    to, albedo = batch[10:13], batch[13:16]
    down = (-to[1]).clamp(0.04, 1.0)[:, None, None]  # sine of the angle they are seen under
    level = (1 - down * down).sqrt()
    stature = ((tall * level).square() + down * down).sqrt()
    shades = high > REACHES[0] * frame.height / 128 and float(batch[7].max()) > 0
    reach = math.ceil(high * (1.7 if shades else 1.05) + 1)
    upright = max(reach, math.ceil(high * 1.05 * float(stature.max())) + 1)
    device = batch.device
    x = column.floor().long() + torch.arange(-reach, reach + 1, device=device)[None, None, :]
    y = row.floor().long() + torch.arange(-upright, upright + 1, device=device)[None, :, None]
    size = pixels.clamp(min=0.8)
    u = (x + 0.5 - column) / size
    rise = -(y + 0.5 - row) / size
    v = rise / stature
    behind = (x >= 0) & (x < frame.width) & (y >= 0) & (y < frame.height)
    place = (y.clamp(0, frame.height - 1) * frame.width + x.clamp(0, frame.width - 1)).reshape(-1)
    gap = frame.depth[place].view_as(behind) - t
    slack = 2.0 * radius * tall.clamp(min=1.0) + 0.03 * t
    cover = strength * (behind & (gap > -slack))
    for shape, mine in shapes:
        if mine.numel():
            cover[mine] = cover[mine] * shape(u[mine], v[mine], own[mine], 1 / size[mine])
    shade = None
    if shades:
        # How far each pixel's place on the ground is from the line along which the shadow falls.
        away = torch.stack((-light.sun[0], -light.sun[2]))
        away = away / away.norm().clamp(min=1e-3)
        aside = float(axes[[0, 2], 0] @ away)
        beyond = float(-axes[[0, 2], 2] @ away) / float(axes[[0, 2], 2].norm().clamp(min=0.05))
        long = (tall / light.sun[1].clamp(min=0.12)).clamp(0.3, 1.5)
        deep = (rise + 0.35 * tall * level) / down
        along = (u * aside + deep * beyond).clamp(min=0).minimum(long)
        off = (u - along * aside).square() + (deep - along * beyond).square()
        faint = 0.35 + 0.65 * sunny * float(light.sunlight.mean().clamp(max=1.0))
        # Only what lies at the mark's own distance is ground that it can shade.
        shade = torch.exp(-1.6 * off) * (shadow * faint * strength * (behind & (gap.abs() < 3 * slack)))
        shade = shade.reshape(-1)
    # Light on a rounded body; what lies flat is lit from above.
    round_ = (tall > 0).float()
    if not shades:  # too small for light and dark sides
        u = v = torch.zeros_like(t)
    bulge = (1 - (u * u + v * v)).clamp(min=0).sqrt()
    facing = light.sun @ axes
    incidence = (facing[0] * u + facing[1] * v + facing[2] * bulge) * round_ + light.sun[1] * (1 - round_)
    up = (axes[1, 0] * u + axes[1, 1] * v + axes[1, 2] * bulge).clamp(-1, 1) * round_ + (1 - round_)
    lit = (incidence + 0.25).clamp(0, 1.25) * (sunny / 1.25)
    open_sky = (0.62 + 0.38 * up) * (0.8 + 0.2 * v.clamp(-1, 1) * round_)
    clear = torch.exp(-((t / light.reach) ** 1.15)) if airy else torch.ones_like(t)
    air = haze(light, to)[:, :, None, None] * (1 - clear)
    bare = (albedo[:, :, None, None] * clear).unbind(0)
    shone = (light.skylight[i] * open_sky + light.sunlight[i] * lit for i in range(3))
    colours = [(bare[i] * each + air[i]) * cover for i, each in enumerate(shone)]
    return place, cover.reshape(-1), shade, torch.stack(colours).view(3, -1)


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


def fir(u: Tensor, v: Tensor, own: Tensor, pixel: Tensor) -> Tensor:
    """A young fir: tiers of branches to a point."""
    up = ((v + 1) / 2).clamp(0, 1)
    half = (1 - up) * (1.1 - 0.4 * ((up * (4 + 3 * own)) % 1))
    half = torch.where(up < 0.08, torch.full_like(up, 0.09), half)
    return ((half - u.abs()) / pixel + 0.5).clamp(0, 1) * ((v + 1) / pixel + 0.5).clamp(0, 1) * (v < 1)


def bush(u: Tensor, v: Tensor, own: Tensor, pixel: Tensor) -> Tensor:
    """A round bush, ragged at its rim."""
    turn = torch.atan2(v, u)
    rim = 0.90 + 0.06 * torch.sin(7 * turn + 40 * own) + 0.04 * torch.sin(13 * turn + 90 * own)
    return ((rim - (u * u + v * v).sqrt()) / pixel + 0.5).clamp(0, 1)


def buoy(u: Tensor, v: Tensor, own: Tensor, pixel: Tensor) -> Tensor:
    """A tapering buoy with a knob on top."""
    body = 0.42 - 0.34 * (v + 0.8).clamp(0, 1.4)
    knob = torch.where(v > 0.55, (0.04 - (v - 0.74).square()).clamp(min=0).sqrt(), 0.0 * v)
    half = torch.maximum(body, knob)
    return ((half - u.abs()) / pixel + 0.5).clamp(0, 1) * ((v + 0.8) / pixel + 0.5).clamp(0, 1) * (v < 0.95)
