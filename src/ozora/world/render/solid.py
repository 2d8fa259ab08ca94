"""One subject's primitives in one frame, packed so that distances to all of them are one matrix product.

Every primitive's local coordinates, and the squared distance to a cone's foot, are linear in
(x, y, z, |p|², 1); so a pack is a matrix of such rows plus a few constants per primitive. Distance formulas
follow I. Quilez, "Distance functions" (2008 on); primitives melt through a sum of exponentials.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.bodies import BOX, DRUM, ELLIPSOID, RING, ROUND_CONE, SHEET, Bodies

MELT = 0.36
"""Exponential fall-off per metre of ``blend``: gives the same bulge as a polynomial melt of that width."""

CRISP = 0.0015
"""Fall-off in metres of primitives that do not melt."""


@dataclass(frozen=True)
class Solid:
    """K primitives around ``centre``, sorted by kind. Points are given as (3, N) relative to ``centre``."""

    subject: int
    centre: Tensor  # (3,)
    radius: float
    counts: tuple[int, int, int, int, int, int]  # cones, ellipsoids, boxes, rings, sheets, drums
    rows: Tensor  # (R, 5) acting on (x, y, z, |p|², 1)
    cone: Tensor  # (3, cones, 1): squared length, first radius, change of radius
    ends: Tensor  # (2, cones, 3) both ends, relative
    ellipsoid: Tensor  # (3, ellipsoids, 1) one over radii
    box: Tensor  # (4, boxes, 1) half sizes without rounding, rounding
    ring: Tensor  # (2, rings, 1) radius, tube
    sheet: Tensor  # (sheets, 1) thickness
    facing: Tensor  # (sheets, 4, 3) outward normals of a triangle's edges, and its own
    drum: Tensor  # (5, drums, 1) mean radius, its growth along the axis, side's cosine, half height, rounding
    turn: Tensor  # (K', 3, 3) rows are the axes of ellipsoids, boxes, rings and drums in order
    bound: Tensor  # (K, 4) centre and radius of a sphere about each primitive
    falloff: Tensor  # (K, 1)
    uniform: bool
    colour: Tensor  # (K, 3)
    gloss: Tensor  # (K,)
    glow: Tensor  # (K,)
    pattern: Tensor  # (K,)
    frame: Tensor  # (K, 3, 4) world-to-own axes and offset, to lay patterns on


def _sheet_planes(a: Tensor, b: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """Frames of triangles: own axes (F, k, 3, 3) as rows, and four planes (F, k, 4, 4) as normal and offset.

    Three planes stand on the edges and look outward, the fourth is the triangle's own.
    """
    along = torch.nn.functional.normalize(b - a, dim=-1)
    normal = torch.nn.functional.normalize(torch.linalg.cross(b - a, c - a), dim=-1)
    side = torch.linalg.cross(normal, along)
    planes = []
    for first, second in ((a, b), (b, c), (c, a)):
        outward = torch.nn.functional.normalize(torch.linalg.cross(second - first, normal), dim=-1)
        planes.append(torch.cat((outward, -(outward * first).sum(-1, keepdim=True)), -1))
    planes.append(torch.cat((normal, -(normal * a).sum(-1, keepdim=True)), -1))
    return torch.stack((along, side, normal), -2), torch.stack(planes, -2)


def members(bodies: Bodies, subject: int) -> Tensor:
    """Which primitives (K,) are a subject's, in the order of a pack: by kind."""
    mine = torch.nonzero(bodies.subject == subject)[:, 0]
    return mine[torch.argsort(bodies.kind[mine], stable=True)]


def pack(bodies: Bodies, subject: int, frames: Sequence[int]) -> list[Solid]:
    """The primitives of one subject in each of ``frames``, ready to be marched."""
    mine = members(bodies, subject)
    kind = bodies.kind[mine]
    when = torch.as_tensor(list(frames), device=kind.device)

    def pick(value: Tensor) -> Tensor:
        return value[when][:, mine].float()

    a, b, c, axes, size = (pick(v) for v in (bodies.a, bodies.b, bodies.c, bodies.axes, bodies.size))
    rounding = bodies.rounding[mine].float()
    is_cone, is_ellipsoid, is_box, is_ring, is_sheet, is_drum = (
        kind == k for k in (ROUND_CONE, ELLIPSOID, BOX, RING, SHEET, DRUM)
    )
    # A sphere about each primitive, then one about them all.
    middle, reach = a.clone(), size.norm(dim=-1)
    middle[:, is_cone] = (a[:, is_cone] + b[:, is_cone]) / 2
    reach[:, is_cone] = (b[:, is_cone] - a[:, is_cone]).norm(dim=-1) / 2 + size[:, is_cone, :2].amax(-1)
    reach[:, is_ellipsoid] = size[:, is_ellipsoid].amax(-1)
    reach[:, is_ring] = size[:, is_ring, 0] + size[:, is_ring, 1]
    corners = torch.stack((a, b, c))[:, :, is_sheet]
    middle[:, is_sheet] = corners.mean(0)
    reach[:, is_sheet] = (corners - middle[:, is_sheet]).norm(dim=-1).amax(0) + size[:, is_sheet, 0]
    reach = reach + bodies.blend[mine] * 0.35 + 1e-3
    low, high = (middle - reach[..., None]).amin(1), (middle + reach[..., None]).amax(1)
    centre = (low + high) / 2  # (F, 3)
    radius = ((middle - centre[:, None]).norm(dim=-1) + reach).amax(1).tolist()
    a, b, c = a - centre[:, None], b - centre[:, None], c - centre[:, None]
    middle = middle - centre[:, None]

    turn = axes.transpose(-1, -2).contiguous()
    sheet_turn, planes = _sheet_planes(a[:, is_sheet], b[:, is_sheet], c[:, is_sheet])
    turn[:, is_sheet] = sheet_turn
    span = b[:, is_cone] - a[:, is_cone]
    square = (span * span).sum(-1) + 1e-9
    nil = torch.zeros_like(square)
    along = torch.cat((span, nil[..., None], -(a[:, is_cone] * span).sum(-1, keepdim=True)), -1)
    along = along / square[..., None]
    foot = (a[:, is_cone] * a[:, is_cone]).sum(-1)
    away = torch.cat((-2 * a[:, is_cone], (nil + 1)[..., None], foot[..., None]), -1)

    def own_rows(which: Tensor) -> Tensor:
        offset = -(turn[:, which] @ a[:, which, :, None])  # (F, k, 3, 1)
        own = torch.cat((turn[:, which], torch.zeros_like(offset), offset), -1)  # (F, k, 3, 5)
        if which is is_ellipsoid:
            own = own / size[:, which, :, None]
        return own.transpose(1, 2).reshape(len(radius), -1, 5)

    rows = [along, away, *(own_rows(which) for which in (is_ellipsoid, is_box, is_ring))]
    flat = torch.cat(
        (planes[..., :3], torch.zeros_like(planes[..., :1]), planes[..., 3:]), -1
    )  # (F, k, 4, 5)
    rows += [flat.transpose(1, 2).reshape(len(radius), -1, 5), own_rows(is_drum)]
    matrix = torch.cat(rows, 1)
    frame = torch.cat((turn, -(turn @ a[..., None])), -1)  # (F, K, 3, 4)
    falloff = (bodies.blend[mine].float() * MELT).clamp(min=CRISP)[:, None]
    uniform = bool((falloff.max() - falloff.min()) < 1e-6)
    cones = torch.stack((square, size[:, is_cone, 0], size[:, is_cone, 1] - size[:, is_cone, 0]), 1)[
        ..., None
    ]
    edge = rounding[is_box].expand(len(radius), -1)[:, None]
    half = torch.cat((size[:, is_box].transpose(1, 2) - edge, edge), 1)[..., None]
    foot, height, top = size[:, is_drum].unbind(-1)
    growth = (top - foot) / (2 * height)
    drums = (foot + top) / 2, growth, (1 + growth * growth).rsqrt(), height, rounding[is_drum].expand_as(foot)
    drum = torch.stack(drums, 1)[..., None]
    counts = tuple(int(w.sum()) for w in (is_cone, is_ellipsoid, is_box, is_ring, is_sheet, is_drum))
    bound = torch.cat((middle, reach[..., None]), -1)
    own = torch.cat([turn[:, w] for w in (is_ellipsoid, is_box, is_ring, is_drum)], 1)
    albedo, gloss, glow = bodies.colour[mine].float(), bodies.gloss[mine].float(), bodies.glow[mine].float()
    return [
        Solid(
            subject, centre[i], radius[i], counts, matrix[i], cones[i],  # type: ignore[arg-type]
            torch.stack((a[i, is_cone], b[i, is_cone])), 1 / size[i, is_ellipsoid].T[..., None], half[i],
            size[i, is_ring, :2].T[..., None], size[i, is_sheet, :1], planes[i, :, :, :3],
            drum[i], own[i], bound[i], falloff, uniform, albedo, gloss, glow,
            bodies.pattern[mine], frame[i],
        )
        for i in range(len(radius))
    ]  # fmt: skip


def homogeneous(points: Tensor) -> Tensor:
    """Points (3, N) as the columns (5, N) that a pack's rows act on."""
    return torch.cat((points, (points * points).sum(0, keepdim=True), torch.ones_like(points[:1])))


def distances(solid: Solid, points: Tensor) -> Tensor:
    """Signed distance in metres (K, N) from relative points (3, N) to every primitive."""
    cones, ellipsoids, boxes, rings, sheets, drums = solid.counts
    linear = solid.rows @ homogeneous(points)  # (R, N)
    parts = []
    at = 2 * cones
    if cones:
        along, away = linear[:cones], linear[cones:at]
        square, first, change = solid.cone
        clamped = along.clamp(0, 1)
        gap = torch.addcmul(away, clamped * square, clamped - 2 * along).clamp_(min=1e-10).sqrt_()
        parts.append(gap.sub_(first).sub_(clamped.mul_(change)))
    if ellipsoids:
        own = linear[at : at + 3 * ellipsoids].view(3, ellipsoids, -1)
        at += 3 * ellipsoids
        near = own.square().sum(0).clamp_(min=1e-8)
        steep = (own * solid.ellipsoid).square_().sum(0).clamp_(min=1e-8)
        root = near.sqrt()
        parts.append((near - root).div_(steep.sqrt_()))
    if boxes:
        own = linear[at : at + 3 * boxes].view(3, boxes, -1)
        at += 3 * boxes
        beyond = own.abs() - solid.box[:3]
        outer = beyond.clamp(min=0).square_().sum(0).sqrt_()
        parts.append(outer + beyond.amax(0).clamp_(max=0) - solid.box[3])
    if rings:
        own = linear[at : at + 3 * rings].view(3, rings, -1)
        at += 3 * rings
        around = (own[0].square() + own[1].square()).sqrt_() - solid.ring[0]
        parts.append((around.square_() + own[2].square()).sqrt_() - solid.ring[1])
    if sheets:
        own = linear[at : at + 4 * sheets].view(4, sheets, -1)
        at += 4 * sheets
        beyond = torch.maximum(torch.maximum(own[0], own[1]), own[2]).clamp_(min=0)
        parts.append((beyond.square_() + own[3].square()).sqrt_() - solid.sheet)
    if drums:
        own = linear[at:].view(3, drums, -1)
        radius, growth, cosine, half, edge = solid.drum
        # Beyond the side and beyond an end, both drawn in by the rounding.
        side = ((own[0].square() + own[2].square()).sqrt_() - radius - growth * own[1]) * cosine + edge
        end = own[1].abs() - half + edge
        outer = (side.clamp(min=0).square_() + end.clamp(min=0).square_()).sqrt_()
        parts.append(outer + torch.maximum(side, end).clamp_(max=0) - edge)
    return parts[0] if len(parts) == 1 else torch.cat(parts)


def melted(solid: Solid, each: Tensor) -> tuple[Tensor, Tensor]:
    """Distance (N,) to the melted whole, and each primitive's share (K, N) of the nearest surface."""
    scaled = each / solid.falloff
    least = scaled.amin(0)
    # Clamped because numbers near the smallest float are slow.
    share = (least - scaled).clamp_(min=-60).exp_()
    total = share.sum(0)
    share = share / total
    scale = (solid.falloff.T @ share)[0]
    return (least - total.log()) * scale, share


def distance(solid: Solid, points: Tensor) -> Tensor:
    """Distance (N,) from relative points (3, N) to the melted whole; never more than to the nearest part."""
    each = distances(solid, points)
    if each.shape[0] == 1:
        return each[0]
    if solid.uniform:
        falloff = solid.falloff[0]
        return torch.logsumexp(each * (-1 / falloff), 0) * -falloff
    whole, _ = melted(solid, each)
    return torch.minimum(whole, each.amin(0))
