"""What swims at the surface, as data: fish, whale and dolphin, and the one rig that bends and leaps them.

Leaps are free fall with the velocity they left the water with; between leaps the animal passes just under
the surface. Tails beat sideways in fish and up and down in whales and dolphins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs.frame import Frame, Parts, Skin
from ozora.world.rigs.gait import GRAVITY
from ozora.world.rigs.palette import DARK, coat, shade
from ozora.world.rigs.paths import SPEEDS, Path, Scene, level
from ozora.world.shot import Subject

SURFACES = ("sea", "lake")
"""Places whose ground is the water's surface; anywhere else swimmers stay above the ground."""


@dataclass(frozen=True)
class Swimmer:
    """Proportions in metres at medium size, angles in radians, colours in linear RGB."""

    body: tuple[float, float, float]  # radii: length, depth, width
    head: tuple[float, float, float, float]  # how far ahead of the middle, and radii: length, depth, width
    snout: tuple[float, float, float]  # length, radius at head, radius at tip; no snout if the length is 0
    stalk: tuple[float, float]  # length of each of the tail's three joints, depth where it starts
    fluke: tuple[float, float]  # half span and chord of the tail's fin
    fin: tuple[float, float, float]  # back fin: how far ahead of the middle, length of its base, height
    flipper: tuple[float, float]  # how far ahead of the middle, length
    eye: tuple[float, float, float, float]  # forward, up and to the right of the head's middle, and radius
    belly: RGB
    fins: float  # how much darker than the coat
    upright: bool  # the tail's fin stands up and beats sideways, as in fish
    beat: float  # strokes of the tail per second
    bend: float  # how far each joint of the tail turns
    pace: float  # metres per second at normal speed
    ride: float  # height of the middle over the water while swimming
    leap: float = 0.0  # height of a leap, of the middle over the water; 0 for what never leaps
    under: float = 1.0  # seconds between leaps
    flatness: float = 7.0  # how soon the water stops the fall
    roll_over: float = 0.0  # how far a whale lifts its head and then its tail
    spout: bool = False


FISH = Swimmer(
    body=(0.25, 0.120, 0.070), head=(0.15, 0.130, 0.088, 0.062), snout=(0.0, 0.0, 0.0), stalk=(0.062, 0.068),
    fluke=(0.135, 0.125), fin=(0.06, 0.22, 0.085), flipper=(0.06, 0.11), eye=(0.050, 0.018, 0.0, 0.0175),
    belly=(0.86, 0.70, 0.50), fins=-0.10, upright=True, beat=3.0, bend=0.24, pace=1.25, ride=0.055,
    leap=0.30, under=0.80, flatness=40.0,
)  # fmt: skip
DOLPHIN = Swimmer(
    body=(0.86, 0.245, 0.225), head=(0.66, 0.36, 0.185, 0.180), snout=(0.30, 0.080, 0.045),
    stalk=(0.26, 0.165), fluke=(0.36, 0.26), fin=(0.05, 0.36, 0.29), flipper=(0.40, 0.38),
    eye=(0.16, 0.01, 0.0, 0.026), belly=(0.62, 0.64, 0.66), fins=-0.22, upright=False, beat=1.3, bend=0.16,
    pace=3.1, ride=0.03, leap=0.85, under=0.70, flatness=14.0,
)  # fmt: skip
WHALE = Swimmer(
    body=(2.15, 0.98, 0.98), head=(1.35, 1.75, 0.86, 0.90), snout=(0.0, 0.0, 0.0), stalk=(0.78, 0.62),
    fluke=(1.25, 0.75), fin=(-0.75, 0.62, 0.26), flipper=(0.55, 1.45), eye=(0.75, 0.16, 0.0, 0.10),
    belly=(0.66, 0.69, 0.72), fins=-0.25, upright=False, beat=0.22, bend=0.30, pace=1.7, ride=0.22,
    roll_over=0.17, spout=True,
)  # fmt: skip

SWIMMERS: dict[str, Swimmer] = {"fish": FISH, "whale": WHALE, "dolphin": DOLPHIN}

FOAM = Skin((0.84, 0.88, 0.90), gloss=0.1, glow=0.04)


def speed(swimmer: Swimmer, action: str, word: str, scale: float) -> float:
    """Metres per second through the water."""
    return {"swim": swimmer.pace}[action] * SPEEDS[word] * scale**0.5


def course(swimmer: Swimmer, scale: float, times: Tensor, phase: float) -> tuple[Tensor, Tensor]:
    """Height of the middle over the water and its rate of change (F,), metres and metres per second.

    ``phase`` (0..1) is how much of a leap and the swim after it is over when the clip begins.
    """
    if swimmer.leap == 0:
        return torch.full_like(times, swimmer.ride * scale), torch.zeros_like(times)
    start, leap = swimmer.ride * scale, (swimmer.leap - swimmer.ride) * scale
    under = swimmer.under * scale**0.5
    launch = (2 * GRAVITY * leap) ** 0.5
    aloft = 2 * launch / GRAVITY
    moment = torch.remainder(times + phase * (aloft + under), aloft + under)
    share = ((moment - aloft) / under).clamp(0, 1)
    # Water stops the fall soon: a dip that begins and ends at the speed of the leap but is flat between.
    curve, flatness = share * (1 - share), swimmer.flatness
    dip = launch * under * curve / (1 + flatness * curve)
    rate = launch * (1 - 2 * share) / (1 + flatness * curve).square()
    flying = moment < aloft
    height = torch.where(flying, launch * moment - 0.5 * GRAVITY * moment.square(), -dip)
    return start + height, torch.where(flying, launch - GRAVITY * moment, -rate)


def pose(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float, swimmer: Swimmer
) -> tuple[Parts, Tensor]:
    """The swimmer in every frame: primitives, and its middle (F, 3) on a level way."""
    times = scene.times
    phase = float(chance.uniform())
    height, rate = course(swimmer, scale, times, phase)
    position, _ = path.at(times)
    floor = scene.heights(position)
    submerged = scene.place not in SURFACES
    if submerged:
        floor = floor.amax() + scale * (3.0 * swimmer.body[1] + 2.0 * swimmer.fluke[0])
        height, rate = torch.zeros_like(times), torch.zeros_like(times)
    strokes = swimmer.beat * SPEEDS[subject.speed] ** 0.5 / scale**0.4
    cycle = 2 * torch.pi * (strokes * times + phase)
    lift = swimmer.roll_over * torch.sin(cycle)
    heave = 0.10 * swimmer.roll_over / 0.16 * torch.sin(cycle + 0.9) * scale
    frame = level(path, scene, floor + height + heave, scale)
    steep = torch.atan2(rate, torch.full_like(rate, max(path.speed, 1e-3)))
    rise = (0.7 if swimmer.upright else 0.85) * steep
    sideways = 0.5 * swimmer.bend * torch.cos(cycle) if swimmer.upright else 0.0
    body = frame.child(pitch=rise + lift, yaw=sideways, roll=0.04 * torch.sin(0.7 * cycle + phase))
    parts = Parts(frame, blend=0.12 * swimmer.body[1])
    skin = coat(subject, 0.45).but(blend=0.35 * swimmer.body[1])
    _body(parts, swimmer, skin, body)
    _tail(parts, swimmer, skin, body, cycle, rise)
    _fins(parts, swimmer, skin, body, cycle)
    if swimmer.spout and not submerged:
        _spout(parts, swimmer, body, frame, cycle)
    middle = level(path, scene, floor + swimmer.ride * scale + 0.5 * swimmer.leap * scale, scale)
    return parts, middle.at(-0.25 * swimmer.body[0], 0.0)


def _body(parts: Parts, swimmer: Swimmer, skin: Skin, body: Frame) -> None:
    long, deep, wide = swimmer.body
    ahead, head_long, head_deep, head_wide = swimmer.head
    pale = skin.but(colour=swimmer.belly, blend=0.06 * deep)
    parts.ellipsoid(skin, body, swimmer.body)
    head = body.child(ahead, -0.04 * deep, pitch=-0.06)
    parts.ellipsoid(skin, head, (head_long, head_deep, head_wide))
    # A pale throat and belly, a little lower and narrower than the back.
    parts.ellipsoid(
        pale, body.child(0.22 * long, -0.20 * deep, pitch=0.03), (0.92 * long, 0.84 * deep, 0.90 * wide)
    )
    length, root, tip = swimmer.snout
    if length > 0:
        nose = head.at(head_long + 0.55 * length, -0.42 * head_deep)
        parts.cone(skin.but(blend=0.3 * root), head.at(0.70 * head_long, -0.25 * head_deep), nose, root, tip)
    else:
        throat = head.child(0.10 * head_long, -0.26 * head_deep)
        parts.ellipsoid(pale, throat, (0.88 * head_long, 0.76 * head_deep, 0.93 * head_wide))
    forward, up, _, radius = swimmer.eye
    # On the flank of the head, wherever its surface is at that point.
    out = head_wide * max(1 - (forward / head_long) ** 2 - (up / head_deep) ** 2, 0.05) ** 0.5
    for side in (-1.0, 1.0):
        place = head.child(forward, up, side * (out - 0.25 * radius))
        if swimmer.upright:
            white = Skin((0.85, 0.80, 0.66), gloss=0.6, blend=0.0)
            parts.ellipsoid(white, place, (1.5 * radius, 1.5 * radius, 0.8 * radius))
        parts.ellipsoid(Skin(DARK, gloss=0.9, blend=0.0), place, (radius, radius, 1.05 * radius))


def _tail(parts: Parts, swimmer: Swimmer, skin: Skin, body: Frame, cycle: Tensor, rise: Tensor) -> None:
    """Three joints that bend one after the other, and the fin at their end."""
    long, deep, _ = swimmer.body
    joint, thick = swimmer.stalk
    frame = body.child(-0.70 * long, 0.02 * deep)
    # In a leap the tail hangs behind the arc of the body.
    arch = 0.0 if swimmer.upright else 0.13 * rise
    radii = (thick, 0.68 * thick, 0.46 * thick, 0.34 * thick)
    for number in range(3):
        turn = swimmer.bend * torch.sin(cycle - 0.6 * number)
        start = frame.origin
        if swimmer.upright:
            frame = frame.child(yaw=turn).child(-joint)
        else:
            # A whale carries its tail high enough to show the flukes.
            raised = 0.5 * swimmer.bend if swimmer.roll_over else 0.0
            frame = frame.child(pitch=-raised + 0.9 * turn + arch).child(-joint)
        parts.cone(skin.but(blend=0.6 * thick), start, frame.origin, radii[number], radii[number + 1])
    half, chord = swimmer.fluke
    dark = skin.but(colour=shade(skin.colour, swimmer.fins), blend=0.15 * thick)
    swing = 0.85 * swimmer.bend * torch.sin(cycle - 2.0)
    tip = frame.child(yaw=swing) if swimmer.upright else frame.child(pitch=swing, roll=0.5 * torch.pi)
    thickness = 0.10 * thick + 0.02 * half
    # Two lobes, up and down in fish, left and right in whales, with a notch between.
    root, notch = tip.at(0.25 * chord, 0.0), tip.at(-0.55 * chord, 0.0)
    for side in (-half, half):
        edge = tip.at(-0.50 * chord, 0.62 * side)
        parts.sheet(dark, root, edge, notch, thickness)
        parts.sheet(dark, edge, tip.at(-1.05 * chord, side), notch, 0.8 * thickness)


def _fins(parts: Parts, swimmer: Swimmer, skin: Skin, body: Frame, cycle: Tensor) -> None:
    long, deep, wide = swimmer.body
    dark = skin.but(colour=shade(skin.colour, swimmer.fins), blend=0.05 * deep)
    ahead, base, height = swimmer.fin

    def back(x: float) -> float:
        return 0.90 * deep * max(1 - (x / long) ** 2, 0.05) ** 0.5

    if swimmer.upright:
        # A sail of two triangles along the back.
        crest = body.at(ahead, back(ahead) + height)
        low = body.at(ahead - 0.75 * base, back(ahead - 0.75 * base) + 0.55 * height)
        front = body.at(ahead + 0.4 * base, back(ahead + 0.4 * base))
        rear = body.at(ahead - 0.6 * base, 0.6 * deep)
        parts.sheet(dark, front, crest, low, 0.010)
        parts.sheet(dark, front, low, rear, 0.010)
    else:
        crest = body.at(ahead - 0.75 * base, back(ahead) + height)
        foot = 0.93 * back(ahead)
        front, rear = body.at(ahead + 0.5 * base, foot), body.at(ahead - 0.5 * base, foot)
        parts.sheet(dark, front, crest, rear, 0.10 * base)
    ahead, length = swimmer.flipper
    for side in (-1.0, 1.0):
        wave = 0.25 * torch.sin(0.5 * cycle + side)
        root = body.child(ahead, -0.45 * deep, side * 0.80 * wide, roll=side * (0.45 + wave))
        end = root.at(-0.70 * length, 0.0, side * 0.72 * length)
        parts.sheet(dark, root.at(0.20 * length, 0.0), end, root.at(-0.28 * length, 0.0), 0.06 * length)


def _spout(parts: Parts, swimmer: Swimmer, body: Frame, level_frame: Frame, cycle: Tensor) -> None:
    """A bushy blow from the top of the head, as the head comes up."""
    ahead, head_long, head_deep, _ = swimmer.head
    hole = body.at(ahead - 0.15 * head_long, 0.93 * head_deep)
    since = torch.remainder(cycle / (2 * torch.pi) - 0.05, 1.0)
    grown = (since / 0.16).clamp(0, 1).sqrt()
    left = (1 - (since - 0.26) / 0.26).clamp(0, 1)
    strength = grown * left
    up = torch.tensor([0.0, 1.0, 0.0]) * level_frame.scale
    back = -level_frame.axes[:, :, 0] * level_frame.scale
    for height, size, lag in ((0.20, 0.17, 0.0), (0.62, 0.24, 0.05), (1.05, 0.33, 0.15), (1.45, 0.45, 0.35)):
        centre = hole + (height * grown + 0.15 * (1 - left))[:, None] * up + (lag * grown)[:, None] * back
        place = Frame(centre, level_frame.axes, level_frame.scale)
        wide = 0.01 + size * strength
        parts.ellipsoid(FOAM.but(blend=0.25), place, (wide, 1.45 * wide, wide))
