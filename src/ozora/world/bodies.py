"""Bodies: what the rigs pose and the renderer shades. A few dozen soft primitives per frame."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

ROUND_CONE, ELLIPSOID, BOX, RING, SHEET, DRUM = range(6)
"""Primitive kinds: tapered capsule, ellipsoid, rounded box, torus, thin triangle (sail), flat-ended cone."""


@dataclass(frozen=True)
class Bodies:
    """Primitives of every body of one shot in world space (metres, y up, right-handed), F frames, K of them.

    Reading by kind:
      ROUND_CONE: from ``a`` with radius ``size[0]`` to ``b`` with radius ``size[1]``.
      ELLIPSOID:  centre ``a``, radii ``size``, turned by ``axes`` (columns are the body's own x, y, z).
      BOX:        centre ``a``, half sizes ``size``, turned by ``axes``, edges rounded by ``rounding``.
      RING:       centre ``a``, axis = third column of ``axes``, radius ``size[0]``, tube radius ``size[1]``.
      SHEET:      triangle ``a``, ``b``, ``c``, thickness ``size[0]``.
      DRUM:       centre ``a``, axis = second column of ``axes``, half height ``size[1]``, radius ``size[0]``
                  at its low end and ``size[2]`` at its high end, edges rounded by ``rounding``.
    Primitives of one subject melt into each other over ``blend`` metres; different subjects never do.
    """

    kind: Tensor  # (K,) int64
    subject: Tensor  # (K,) int64: 1.. for the shot's instances in order, 100.. for occluders and props
    a: Tensor  # (F, K, 3)
    b: Tensor  # (F, K, 3)
    c: Tensor  # (F, K, 3)
    axes: Tensor  # (F, K, 3, 3)
    size: Tensor  # (F, K, 3)
    rounding: Tensor  # (K,)
    blend: Tensor  # (K,)
    colour: Tensor  # (K, 3) linear RGB albedo, 0..1
    gloss: Tensor  # (K,) 0 matte .. 1 mirror-like highlight
    glow: Tensor  # (K,) emitted light, for flames and lamps
    pattern: Tensor  # (K,) int64: 0 plain, 1 mottled (fur), 2 stripes along the own y axis, 3 chequered


@dataclass(frozen=True)
class Stage:
    """A shot's action, worked out: every body in every frame, and where each subject is for the camera."""

    bodies: Bodies
    centre: Tensor  # (F, S, 3) middle of each subject, of a group if it is one, metres
    extent: Tensor  # (F, S) radius of a sphere about ``centre`` that holds the subject
    heading: Tensor  # (F, S, 3) unit vector it faces or travels along
    touches: tuple[tuple[float, int], ...] = ()  # seconds at which a subject, 1.., is first hit or lands


def join(pieces: Sequence[Bodies]) -> Bodies:
    """Lay several bodies side by side along K. All must have the same number of frames."""
    per_frame = {"a", "b", "c", "axes", "size"}
    return Bodies(
        **{
            item.name: torch.cat([getattr(piece, item.name) for piece in pieces], int(item.name in per_frame))
            for item in fields(Bodies)
        }
    )


def move(bodies: Bodies, device: str | torch.device) -> Bodies:
    """The same bodies on another device."""
    return Bodies(**{item.name: getattr(bodies, item.name).to(device) for item in fields(Bodies)})


def bounds(bodies: Bodies) -> tuple[Tensor, Tensor]:
    """Lowest and highest corner, each (F, K, 3) in metres, of an upright box about every primitive."""
    kind = bodies.kind[None, :, None]  # (1, K, 1)
    size, axes = bodies.size, bodies.axes
    round_half = (axes * size[:, :, None]).square().sum(-1).sqrt()
    box_half = (axes.abs() * size[:, :, None]).sum(-1)
    ring_half = size[..., :1] * (1 - axes[..., 2].square()).clamp(min=0).sqrt() + size[..., 1:2]
    half = torch.where(kind == ELLIPSOID, round_half, torch.where(kind == BOX, box_half, ring_half))
    thin = size[..., :1]
    cone_low = torch.minimum(bodies.a - size[..., :1], bodies.b - size[..., 1:2])
    cone_high = torch.maximum(bodies.a + size[..., :1], bodies.b + size[..., 1:2])
    sheet_low = torch.minimum(torch.minimum(bodies.a, bodies.b), bodies.c) - thin
    sheet_high = torch.maximum(torch.maximum(bodies.a, bodies.b), bodies.c) + thin
    axis = axes[..., 1]
    across = (1 - axis.square()).clamp(min=0).sqrt()
    foot, top = bodies.a - axis * size[..., 1:2], bodies.a + axis * size[..., 1:2]
    drum_low = torch.minimum(foot - across * size[..., :1], top - across * size[..., 2:])
    drum_high = torch.maximum(foot + across * size[..., :1], top + across * size[..., 2:])
    low = torch.where(kind == ROUND_CONE, cone_low, torch.where(kind == SHEET, sheet_low, bodies.a - half))
    high = torch.where(kind == ROUND_CONE, cone_high, torch.where(kind == SHEET, sheet_high, bodies.a + half))
    return torch.where(kind == DRUM, drum_low, low), torch.where(kind == DRUM, drum_high, high)


def reach(bodies: Bodies, centre: Tensor) -> Tensor:
    """Radius (F,) in metres of a sphere about ``centre`` (F, 3) that holds every primitive."""
    kind, size, middle = bodies.kind[None], bodies.size, centre[:, None]
    from_a, from_b, from_c = ((point - middle).norm(dim=-1) for point in (bodies.a, bodies.b, bodies.c))
    cone = torch.maximum(from_a + size[..., 0], from_b + size[..., 1])
    sheet = torch.maximum(torch.maximum(from_a, from_b), from_c) + size[..., 0]
    ellipsoid = from_a + size.amax(-1)
    box = from_a + size.norm(dim=-1)
    ring = from_a + size[..., 0] + size[..., 1]
    radius = torch.where(kind == ROUND_CONE, cone, torch.where(kind == SHEET, sheet, ellipsoid))
    drum = from_a + (size[..., 1].square() + torch.maximum(size[..., 0], size[..., 2]).square()).sqrt()
    radius = torch.where(kind == BOX, box, torch.where(kind == RING, ring, radius))
    radius = torch.where(kind == DRUM, drum, radius)
    return radius.amax(-1)
