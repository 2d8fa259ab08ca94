"""Rays against bodies: sphere tracing with soft edges, and shadows in closed form."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.render.solid import Solid, distance, homogeneous
from ozora.world.render.textures import unit


@dataclass(frozen=True)
class Hits:
    """Rays that meet a body: their index, distance along the ray, and how much of the pixel is covered."""

    ray: Tensor  # (M,) int64
    distance: Tensor  # (M,) metres
    coverage: Tensor  # (M,) 0..1


def _nothing(device: torch.device) -> Hits:
    empty = torch.zeros(0, device=device)
    return Hits(torch.zeros(0, dtype=torch.int64, device=device), empty, empty)


def _window(solid: Solid, origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Rays (n,) that meet any primitive's sphere, with where they enter the first and leave the last."""
    start = origin - solid.centre[:, None]
    along = (start * direction).sum(0)
    gap = (start * start).sum(0) - along * along
    ray = torch.nonzero((gap < solid.radius**2) & (along < solid.radius))[:, 0]
    if ray.numel() == 0:
        return ray, along[:0], along[:0]
    single = start.shape[1] == 1
    start = start if single else start[:, ray]
    direction = direction[:, ray]
    centres, radii = solid.bound[:, :3], solid.bound[:, 3:]
    closest = centres @ direction - (along[ray])[None]  # (K, n)
    square = (centres * centres).sum(1, keepdim=True) - 2 * centres @ start + (start * start).sum(0)
    chord = radii * radii - square + closest * closest
    meets = chord > 0
    chord = chord.clamp_(min=0).sqrt_()
    enter = torch.where(meets, closest - chord, torch.inf).amin(0).clamp_(min=1e-3)
    leave = torch.where(meets, closest + chord, -torch.inf).amax(0)
    keep = torch.nonzero(leave > enter)[:, 0]
    return ray[keep], enter[keep], leave[keep]


def trace(solid: Solid, origin: Tensor, direction: Tensor, pixel: float, steps: int = 20) -> Hits:
    """Sphere-trace rays from ``origin`` (3, 1) or (3, N) along unit ``direction`` (3, N).

    ``pixel`` is the angle of one pixel in radians: bodies shrink by half a pixel and fade out over the next,
    so that edges come out smooth without extra samples (cone marching, Crassin et al. 2011).
    """
    ray, t, leave = _window(solid, origin, direction)
    if ray.numel() == 0:
        return _nothing(direction.device)
    start = origin - solid.centre[:, None]
    single = start.shape[1] == 1
    best = torch.full_like(t, torch.inf)
    best_t = t.clone()
    live = torch.arange(ray.numel(), device=ray.device)
    to = direction[:, ray]
    origin_live = start if single else start[:, ray]
    t_live, leave_live, best_live, best_t_live = t, leave, best.clone(), best_t.clone()
    for step in range(steps):
        gap = distance(solid, torch.addcmul(origin_live, to, t_live))
        width = t_live * pixel
        ratio = gap / width + 0.5
        better = ratio < best_live
        best_live = torch.where(better, ratio, best_live)
        best_t_live = torch.where(better, t_live, best_t_live)
        t_live = t_live + torch.maximum(gap + width * 0.4, width * 0.8)
        if step % 2 == 1:
            best[live], best_t[live] = best_live, best_t_live
            on = torch.nonzero((best_live > 0.12) & (t_live < leave_live))[:, 0]
            if on.numel() == 0:
                break
            live, to = live[on], to[:, on]
            origin_live = origin_live if single else origin_live[:, on]
            t_live, leave_live = t_live[on], leave_live[on]
            best_live, best_t_live = best_live[on], best_t_live[on]
    hit = torch.nonzero(best < 1)[:, 0]
    return Hits(ray[hit], best_t[hit], (1.08 - best[hit]).clamp(0, 1))


_TETRAHEDRON = torch.tensor([[1.0, -1.0, -1.0, 1.0], [-1.0, -1.0, 1.0, 1.0], [-1.0, 1.0, -1.0, 1.0]])


def normals(solid: Solid, points: Tensor, reach: Tensor) -> Tensor:
    """Unit normals (3, N) at relative points, by four differences at ``reach`` (N,) metres."""
    corners = _TETRAHEDRON.to(points.device)
    around = points[:, None] + corners[:, :, None] * reach  # (3, 4, N)
    gaps = distance(solid, around.reshape(3, -1)).reshape(4, -1)
    return unit(corners @ gaps)


def _soft(gap: Tensor, toward: Tensor, spread: float) -> Tensor:
    """Shade 0..1 of a ray that passes ``gap`` metres outside a caster ``toward`` metres away."""
    width = (toward.clamp(min=0) * spread).add_(0.012)
    edge = (0.5 - gap / (2 * width)).clamp_(0, 1)
    edge = edge * edge * (3 - 2 * edge)
    return edge * (toward * 40).clamp_(0, 1)


def shadow(solid: Solid, points: Tensor, sun: Tensor, spread: float, clear: float = 0.0) -> Tensor:
    """How much of the sun (N,) a body hides from relative points (3, N): 0 none, 1 all.

    Closed form per primitive: distance of the ray to the body's axis or surface against a penumbra that
    widens with the distance to the caster by ``spread``. Casters nearer than ``clear`` metres are ignored.
    """
    cones, ellipsoids, boxes, rings, sheets, drums = solid.counts
    shade: list[Tensor] = []
    if cones:
        # Seen along the sun every cone is a flat capsule; two axes across the sun make that picture.
        up = torch.zeros_like(sun)
        up[int(sun.abs().argmin())] = 1
        across = unit(torch.linalg.cross(sun, up))
        basis = torch.stack((across, torch.linalg.cross(sun, across), sun))  # (3, 3)
        ends = solid.ends @ basis.T  # (2, k, 3)
        first, span = ends[0], ends[1] - ends[0]
        flat = span[:, :2]
        square = (flat * flat).sum(1, keepdim=True) + 1e-9
        seen = basis @ points  # (3, N)
        along = ((flat @ seen[:2]) - (first[:, :2] * flat).sum(1, keepdim=True)) / square
        away = (
            seen[:2].square().sum(0)
            - 2 * first[:, :2] @ seen[:2]
            + first[:, :2].square().sum(1, keepdim=True)
        )
        clamped = along.clamp(0, 1)
        gap = torch.addcmul(away, clamped * square, clamped - 2 * along).clamp_(min=1e-10).sqrt_()
        radius = solid.cone[1] + solid.cone[2] * clamped
        toward = first[:, 2:] + span[:, 2:] * clamped - seen[2] - clear * radius * 1.6
        shade.append(_soft(gap - radius, toward, spread).amax(0))
    if ellipsoids + boxes + rings + sheets + drums:
        linear = solid.rows[2 * cones :] @ homogeneous(points)
        ray = solid.turn @ sun  # (K', 3)
        at, row = 0, 0

        def own(count: int) -> tuple[Tensor, Tensor]:
            place = linear[row : row + 3 * count].view(3, count, -1)
            return place, ray[at : at + count].T[..., None]

        if ellipsoids:
            place, to = own(ellipsoids)
            to = to * solid.ellipsoid
            speed = (to * to).sum(0)
            toward = -(place * to).sum(0) / speed
            gap = ((place + to * toward).square().sum(0).sqrt() - 1) / speed.sqrt()
            mean = 1 / solid.ellipsoid.mean(0)
            gap = gap * speed.sqrt() * mean
            shade.append(_soft(gap, toward - clear * mean * 1.2, spread).amax(0))
            at, row = at + ellipsoids, row + 3 * ellipsoids
        for count, size in ((boxes, solid.box[:3] + solid.box[3:]), (rings, None)):
            if count and size is not None:
                place, to = own(count)
                safe = torch.where(to.abs() < 1e-5, torch.full_like(to, 1e-5), to)
                middle, half = -place / safe, (size / safe).abs()
                enter, leave = (middle - half).amax(0), (middle + half).amin(0)
                toward = (enter + leave) / 2 - clear * size.amax(0) * 1.1
                shade.append(_soft((enter - leave) / 2, toward, spread).amax(0))
            elif count:
                place, to = own(count)
                toward = -place[2] / torch.where(to[2].abs() < 1e-3, torch.full_like(to[2], 1e-3), to[2])
                meet = place + to * toward
                gap = ((meet[0].square() + meet[1].square()).sqrt() - solid.ring[0]).abs() - solid.ring[1]
                shade.append(_soft(gap, toward - clear * solid.ring[1], spread).amax(0))
            at, row = at + count, row + 3 * count
        if sheets:
            place = linear[row : row + 4 * sheets].view(4, sheets, -1)
            to = (solid.facing @ sun).T[..., None]  # (4, sheets, 1)
            toward = -place[3] / torch.where(to[3].abs() < 1e-3, torch.full_like(to[3], 1e-3), to[3])
            gap = (place[:3] + to[:3] * toward).amax(0)
            shade.append(_soft(gap, toward - clear * 0.05, spread).amax(0))
            row += 4 * sheets
        if drums:
            place, to = own(drums)
            radius, growth, cosine, half, _ = solid.drum
            steep = torch.where(to[1].abs() < 1e-3, torch.full_like(to[1], 1e-3), to[1])
            middle, reach = -place[1] / steep, (half / steep).abs()
            # Between both ends the ray is nearest the side where it enters, leaves or passes the axis.
            level = (to[0].square() + to[2].square()).clamp(min=1e-6)
            passes = -(place[0] * to[0] + place[2] * to[2]) / level
            passes = torch.maximum(torch.minimum(passes, middle + reach), middle - reach)
            toward = torch.stack((middle - reach, passes, middle + reach))  # (3, drums, N)
            across = (place[0] + to[0] * toward).square() + (place[2] + to[2] * toward).square()
            gap = (across.sqrt() - radius - growth * (place[1] + to[1] * toward)) * cosine
            shade.append(_soft(gap, toward - clear * radius * 1.2, spread).amax((0, 1)))
    return torch.stack(shade).amax(0)
