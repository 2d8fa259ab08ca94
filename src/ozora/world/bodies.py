"""Bodies: what the rigs pose and the renderer shades. A few dozen soft primitives per frame."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

ROUND_CONE, ELLIPSOID, BOX, RING, SHEET = range(5)
"""Primitive kinds: tapered capsule, ellipsoid, rounded box, torus, thin triangle (sail, wing)."""


@dataclass(frozen=True)
class Bodies:
    """Primitives of every body of one shot in world space (metres, y up, right-handed), F frames, K primitives.

    Reading by kind:
      ROUND_CONE: from ``a`` with radius ``size[0]`` to ``b`` with radius ``size[1]``.
      ELLIPSOID:  centre ``a``, radii ``size``, turned by ``axes`` (columns are the body's own x, y, z).
      BOX:        centre ``a``, half sizes ``size``, turned by ``axes``, edges rounded by ``rounding``.
      RING:       centre ``a``, axis = third column of ``axes``, radius ``size[0]``, tube radius ``size[1]``.
      SHEET:      triangle ``a``, ``b``, ``c``, thickness ``size[0]``.
    Primitives of one subject melt into each other over ``blend`` metres; different subjects never do.
    """

    kind: Tensor  # (K,) int64
    subject: Tensor  # (K,) int64: 1.. for the shot's subjects in order, 100.. for occluders and props
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
    pattern: Tensor  # (K,) int64: 0 plain, 1 fur or feather mottling, 2 stripes along the body's y axis (balloon), 3 chequered (ball, cube)


@dataclass(frozen=True)
class Stage:
    """A shot's action, worked out: every body in every frame, and where each subject is for the camera to frame."""

    bodies: Bodies
    centre: Tensor  # (F, S, 3) middle of each subject, metres
    extent: Tensor  # (F, S) radius of a sphere about ``centre`` that holds the subject
    heading: Tensor  # (F, S, 3) unit vector it faces or travels along
