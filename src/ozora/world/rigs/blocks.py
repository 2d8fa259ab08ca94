"""Things built of blocks: shapes written down as data, and the one function that lays them in a frame."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs.frame import Frame, Parts, Skin
from ozora.world.rigs.palette import STEEL, coat, shade
from ozora.world.shot import Subject

Point = tuple[float, float, float]
"""Metres forward, up and to the right."""

Paint = Literal[
    "body", "roof", "shaded", "accent", "glass", "rubber", "trim", "steel", "brass", "pale", "lamp", "stop",
]  # fmt: skip

BRASS: RGB = (0.62, 0.36, 0.09)
WHITE: RGB = (0.80, 0.79, 0.76)


@dataclass(frozen=True)
class Block:
    """A box, an egg (ellipsoid) or a drum (flat-ended cone) at a point, in metres.

    ``size``: half sizes of a box, radii of an egg; for a drum low radius, half height, high radius, its axis
    along ``axis``. ``pitch`` (radians) lifts the forward end. ``mirrored``: another on the left.
    """

    shape: Literal["box", "egg", "drum"]
    paint: Paint
    at: Point
    size: Point
    pitch: float = 0.0
    axis: Literal["forward", "up", "right"] = "up"
    rounding: float = 0.03
    blend: float = 0.0
    mirrored: bool = False


@dataclass(frozen=True)
class Bar:
    """A tapered capsule between two points."""

    paint: Paint
    start: Point
    end: Point
    radii: tuple[float, float]
    blend: float = 0.0
    mirrored: bool = False


@dataclass(frozen=True)
class Panel:
    """A flat plate with three corners or more, each joined to the first by triangles."""

    paint: Paint
    corners: tuple[Point, ...]
    thickness: float
    blend: float = 0.0
    mirrored: bool = False


Piece = Block | Bar | Panel


def paints(subject: Subject, gloss: float = 0.45) -> dict[Paint, Skin]:
    """Every paint that pieces name: the subject's own colour and the materials that stay the same."""
    body = coat(subject, gloss)
    # What is to stand out from the body: red, unless the body is, and then a pale cream.
    red_body = body.colour[0] > 2.5 * max(body.colour[1], body.colour[2])
    return {
        "body": body,
        "roof": body.but(colour=shade(body.colour, 0.16)),
        "shaded": body.but(colour=shade(body.colour, -0.45)),
        "accent": body.but(colour=WHITE if red_body else (0.55, 0.045, 0.03)),
        "glass": Skin((0.018, 0.026, 0.036), gloss=0.68),
        "rubber": Skin((0.016, 0.016, 0.018), gloss=0.06),
        "trim": Skin((0.028, 0.028, 0.032), gloss=0.25),
        "steel": Skin(STEEL, gloss=0.6),
        "brass": Skin(BRASS, gloss=0.65),
        "pale": Skin(WHITE, gloss=0.2),
        "lamp": Skin((1.0, 0.90, 0.66), gloss=0.3, glow=0.75),
        "stop": Skin((0.80, 0.03, 0.02), gloss=0.3, glow=0.45),
    }


def lay(parts: Parts, frame: Frame, pieces: Sequence[Piece], paint: Mapping[Paint, Skin]) -> None:
    """Lay pieces in a frame, mirrored ones on both sides."""
    for piece in pieces:
        skin = paint[piece.paint].but(blend=piece.blend)
        for side in (1.0, -1.0) if piece.mirrored else (1.0,):
            if isinstance(piece, Block):
                _block(parts, frame, piece, skin, side)
            elif isinstance(piece, Bar):
                start, end = (_at(frame, point, side) for point in (piece.start, piece.end))
                parts.cone(skin, start, end, *piece.radii)
            else:
                first, *rest = (_at(frame, point, side) for point in piece.corners)
                for second, third in pairwise(rest):
                    parts.sheet(skin, first, second, third, piece.thickness)


def _at(frame: Frame, point: Point, side: float) -> Tensor:
    return frame.at(point[0], point[1], side * point[2])


def _block(parts: Parts, frame: Frame, block: Block, skin: Skin, side: float) -> None:
    x, y, z = block.at
    place = frame.child(x, y, side * z, pitch=block.pitch)
    if block.shape == "box":
        parts.box(skin, place, block.size, block.rounding)
    elif block.shape == "egg":
        parts.ellipsoid(skin, place, block.size)
    else:
        quarter = 1.5707963
        if block.axis == "forward":
            place = place.child(pitch=-quarter)
        elif block.axis == "right":
            place = place.child(roll=quarter)
        parts.drum(skin, place, block.size, block.rounding)
