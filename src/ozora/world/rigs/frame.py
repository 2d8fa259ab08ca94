"""Frames of reference and the workbench on which rigs lay their primitives."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ozora.world.bodies import BOX, DRUM, ELLIPSOID, RING, ROUND_CONE, SHEET, Bodies

Number = float | Tensor
"""A value for the whole shot, or one per frame (F,)."""

PLAIN, FUR, STRIPES, CHEQUERS, PATCHES = range(5)


def per_frame(value: Number, frames: int) -> Tensor:
    """The value as one number per frame (F,)."""
    if isinstance(value, Tensor):
        return value.float().expand(frames)
    return torch.full((frames,), float(value))


def rotation(yaw: Number, pitch: Number, roll: Number, frames: int) -> Tensor:
    """Rotations (F, 3, 3) of a body whose x is forward, y up, z right; radians.

    Yaw turns left, pitch lifts the nose, roll drops the right side. Applied roll first, then pitch, then yaw.
    """
    angles = torch.stack([per_frame(angle, frames) for angle in (yaw, pitch, roll)])
    (cy, cp, cr), (sy, sp, sr) = angles.cos(), angles.sin()
    entries = (
        cy * cp, sy * sr - cy * sp * cr, cy * sp * sr + sy * cr,
        sp, cp * cr, -cp * sr,
        -sy * cp, sy * sp * cr + cy * sr, cy * cr - sy * sp * sr,
    )  # fmt: skip
    return torch.stack(entries, -1).reshape(frames, 3, 3)


@dataclass(frozen=True)
class Frame:
    """A moving frame of reference: x forward, y up, z right, and how many metres one of its units is."""

    origin: Tensor  # (F, 3)
    axes: Tensor  # (F, 3, 3), columns forward, up, right
    scale: float = 1.0

    def at(self, x: Number, y: Number, z: Number = 0.0) -> Tensor:
        """World position (F, 3) of a local point."""
        frames = len(self.origin)
        if not (isinstance(x, Tensor) or isinstance(y, Tensor) or isinstance(z, Tensor)):
            return self.origin + self.axes @ (torch.tensor([x, y, z], dtype=torch.float32) * self.scale)
        local = torch.stack([per_frame(v, frames) for v in (x, y, z)], -1) * self.scale
        return self.origin + (self.axes @ local[..., None])[..., 0]

    def child(
        self,
        x: Number = 0.0,
        y: Number = 0.0,
        z: Number = 0.0,
        *,
        yaw: Number = 0.0,
        pitch: Number = 0.0,
        roll: Number = 0.0,
    ) -> Frame:
        """A frame carried along by this one, at a local point and turned."""
        turn = rotation(yaw, pitch, roll, len(self.origin))
        return Frame(self.at(x, y, z), self.axes @ turn, self.scale)


@dataclass(frozen=True)
class Skin:
    """How a primitive looks. ``blend`` in units of the rig; None takes the rig's own."""

    colour: tuple[float, float, float]
    gloss: float = 0.05
    glow: float = 0.0
    pattern: int = PLAIN
    blend: float | None = None

    def but(self, **changes: object) -> Skin:
        """The same skin with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]


class Parts:
    """Collects the primitives of one subject. Radii are in the rig's units, points in the world."""

    def __init__(self, frame: Frame, blend: float) -> None:
        self.frame, self.blend = frame, blend
        self.frames = len(frame.origin)
        self._rows: list[tuple[int, Tensor, Tensor, Tensor, Tensor, Tensor]] = []
        self._skins: list[Skin] = []
        self._rounding: list[float] = []

    def cone(self, skin: Skin, a: Tensor, b: Tensor, radius_a: Number, radius_b: Number) -> None:
        """A tapered capsule from a to b."""
        self._add(ROUND_CONE, skin, a, b, a, self.frame.axes, (radius_a, radius_b, 0.0))

    def ellipsoid(self, skin: Skin, frame: Frame, radii: tuple[Number, Number, Number]) -> None:
        """An ellipsoid in a frame."""
        self._add(ELLIPSOID, skin, frame.origin, frame.origin, frame.origin, frame.axes, radii)

    def box(self, skin: Skin, frame: Frame, half: tuple[Number, Number, Number], rounding: float) -> None:
        """A box in a frame, its edges rounded."""
        self._add(BOX, skin, frame.origin, frame.origin, frame.origin, frame.axes, half, rounding)

    def ring(self, skin: Skin, frame: Frame, radius: float, tube: float) -> None:
        """A torus about the frame's third axis."""
        self._add(RING, skin, frame.origin, frame.origin, frame.origin, frame.axes, (radius, tube, 0.0))

    def drum(self, skin: Skin, frame: Frame, shape: tuple[Number, Number, Number], rounding: float) -> None:
        """A flat-ended cone about the frame's y axis: low radius, half height, high radius; edges rounded."""
        self._add(DRUM, skin, frame.origin, frame.origin, frame.origin, frame.axes, shape, rounding)

    def sheet(self, skin: Skin, a: Tensor, b: Tensor, c: Tensor, thickness: float) -> None:
        """A thin triangle."""
        self._add(SHEET, skin, a, b, c, self.frame.axes, (thickness, 0.0, 0.0))

    def _add(
        self,
        kind: int,
        skin: Skin,
        a: Tensor,
        b: Tensor,
        c: Tensor,
        axes: Tensor,
        size: tuple[Number, Number, Number],
        rounding: float = 0.0,
    ) -> None:
        if any(isinstance(v, Tensor) for v in size):
            sizes = torch.stack([per_frame(v, self.frames) for v in size], -1)
        else:
            sizes = torch.tensor(size, dtype=torch.float32).expand(self.frames, 3)
        self._rows.append((kind, a, b, c, axes, sizes * self.frame.scale))
        self._skins.append(skin)
        self._rounding.append(rounding * self.frame.scale)

    def bodies(self, subject: int) -> Bodies:
        """Everything collected, under one subject number."""
        kinds, a, b, c, axes, size = zip(*self._rows, strict=True)
        skins, scale = self._skins, self.frame.scale
        blends = [self.blend if skin.blend is None else skin.blend for skin in skins]
        return Bodies(
            kind=torch.tensor(kinds),
            subject=torch.full((len(kinds),), subject),
            a=torch.stack(a, 1),
            b=torch.stack(b, 1),
            c=torch.stack(c, 1),
            axes=torch.stack([one.expand(self.frames, 3, 3) for one in axes], 1),
            size=torch.stack(size, 1),
            rounding=torch.tensor(self._rounding),
            blend=torch.tensor(blends) * scale,
            colour=torch.tensor([skin.colour for skin in skins]),
            gloss=torch.tensor([skin.gloss for skin in skins]),
            glow=torch.tensor([skin.glow for skin in skins]),
            pattern=torch.tensor([skin.pattern for skin in skins]),
        )
