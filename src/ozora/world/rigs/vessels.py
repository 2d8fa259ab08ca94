"""Hot-air balloons and sailboats."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs.frame import STRIPES, Parts, Skin
from ozora.world.rigs.palette import DARK, WOOD, coat, shade
from ozora.world.rigs.paths import SPEEDS, Path, Scene, level
from ozora.world.shot import Subject

BALLOON_RADIUS = 2.0
BASKET_TO_MIDDLE = 3.9  # metres from the basket's floor to the envelope's widest part
FLAME: RGB = (1.0, 0.50, 0.12)
CANVAS: RGB = (0.84, 0.82, 0.76)
CLIMB = 0.62  # metres per second


def balloon_speed(action: str, word: str, scale: float) -> float:
    """Metres per second over the ground."""
    return (1.25 if action == "drift" else 0.22) * SPEEDS[word] * scale**0.5


def boat_speed(word: str, scale: float) -> float:
    """Metres per second over the water."""
    return 1.35 * SPEEDS[word] * scale**0.5


def balloon(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A balloon that drifts or climbs, its burner lit now and then: primitives and middle (F, 3)."""
    times = scene.times
    phase = float(chance.uniform(0, 2 * np.pi))
    position, _ = path.at(times)
    floor = scene.heights(position).amax()
    climb = CLIMB * SPEEDS[subject.speed] * scale**0.5
    if subject.action == "rise":
        basket = 1.2 + climb * path.middle + climb * (times - path.middle)
    else:
        basket = float(chance.uniform(2.6, 4.0)) + 0.16 * torch.sin(2 * torch.pi * 0.21 * times + phase)
    root = level(path, scene, floor + basket, scale)
    swing = 0.035 * torch.sin(2 * torch.pi * 0.26 * times + phase)
    body = root.child(0.0, BASKET_TO_MIDDLE, 0.0, yaw=0.10 * times + phase, pitch=swing)
    parts = Parts(body, blend=0.10)
    # After dark the envelope glows like a lantern.
    lantern = {"night": 0.16, "dusk": 0.07, "dawn": 0.03}.get(scene.time, 0.0)
    skin = coat(subject, 0.10).but(pattern=STRIPES, glow=lantern, blend=0.12)
    parts.ellipsoid(skin, body, (BALLOON_RADIUS, BALLOON_RADIUS * 1.03, BALLOON_RADIUS))
    parts.cone(skin, body.at(0.0, -1.22), body.at(0.0, -2.60), 1.62, 0.44)
    skirt = skin.but(colour=shade(skin.colour, -0.45), pattern=0, blend=0.0)
    parts.ellipsoid(skirt, body.child(0.0, -2.62), (0.46, 0.20, 0.46))
    wicker = Skin(WOOD, gloss=0.02, blend=0.0)
    parts.box(wicker, body.child(0.0, -BASKET_TO_MIDDLE + 0.28), (0.36, 0.28, 0.36), 0.09)
    parts.box(
        wicker.but(colour=shade(WOOD, -0.5)),
        body.child(0.0, -BASKET_TO_MIDDLE + 0.56),
        (0.40, 0.045, 0.40),
        0.04,
    )
    rope = Skin(DARK, blend=0.0)
    for x, z in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        parts.cone(rope, body.at(0.31 * x, -3.35, 0.31 * z), body.at(0.25 * x, -2.72, 0.25 * z), 0.022, 0.022)
    fire = torch.sigmoid(14 * (torch.sin(2 * torch.pi * 0.34 * times + 2 * phase) - 0.25))
    flicker = 1 + 0.15 * torch.sin(37.0 * times)
    size = 0.012 + fire * flicker
    flame = Skin(FLAME, glow=1.0, blend=0.0)
    parts.ellipsoid(flame, body.child(0.0, -2.98 + 0.20 * fire), (0.10 * size, 0.30 * size, 0.10 * size))
    return parts, body.at(0.0, -0.95)


def sailboat(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """A sailboat that heels and rides the swell: primitives and middle (F, 3)."""
    times = scene.times
    phase, side = float(chance.uniform(0, 2 * np.pi)), 1.0 if chance.uniform() < 0.5 else -1.0
    slow = 2 * torch.pi * 0.36 * times + phase
    heave = 0.09 * torch.sin(slow) + 0.04 * torch.sin(1.7 * slow + 1.0)
    root = level(path, scene, scale * heave, scale)
    deck = root.child(
        0.0, 0.30, 0.0,
        pitch=0.045 * torch.cos(slow) + 0.02, roll=side * (0.14 + 0.045 * torch.sin(0.8 * slow + 0.5)),
        yaw=0.02 * torch.sin(0.6 * slow),
    )  # fmt: skip
    parts = Parts(root, blend=0.05)
    paint = coat(subject, 0.35)
    canvas = Skin(CANVAS if subject.colour == "natural" else paint.colour, gloss=paint.gloss * 0.3, blend=0.0)
    jib = Skin(CANVAS, gloss=0.05, blend=0.0)
    hull = paint if subject.colour != "natural" else paint.but(colour=(0.045, 0.10, 0.20))
    # Rounded slabs, plan like a leaf: two thick triangles share the midship beam.
    stern_left, stern_right = deck.at(-1.75, -0.10, -0.42), deck.at(-1.75, -0.10, 0.42)
    beam_left, beam_right = deck.at(-0.10, -0.14, -0.62), deck.at(-0.10, -0.14, 0.62)
    bow = deck.at(2.10, 0.16)
    parts.sheet(hull, beam_left, beam_right, bow, 0.23)
    parts.sheet(hull, stern_left, beam_right, beam_left, 0.23)
    parts.sheet(hull, stern_left, stern_right, beam_right, 0.23)
    planks = Skin(WOOD, gloss=0.2, blend=0.0)
    parts.sheet(planks, deck.at(-1.60, 0.11, -0.30), deck.at(-1.60, 0.11, 0.30), deck.at(1.60, 0.28), 0.05)
    parts.box(planks.but(colour=CANVAS), deck.child(-0.25, 0.28), (0.48, 0.14, 0.28), 0.07)
    spar = Skin((0.22, 0.12, 0.06), gloss=0.2, blend=0.0)
    parts.cone(spar, deck.at(0.35, 0.0), deck.at(0.28, 4.25), 0.050, 0.026)
    out = side * 0.34  # the boom swings to leeward, the side the boat leans to
    reach = 1.75
    clew = (float(0.30 - reach * np.cos(out)), 0.72, float(reach * np.sin(out)))
    parts.cone(spar, deck.at(0.33, 0.66), deck.at(*clew), 0.034, 0.030)
    # A fold along the middle gives the sail its belly.
    belly = deck.at(0.30 - 0.55 * reach * np.cos(out), 2.05, 0.55 * reach * np.sin(out) + side * 0.11)
    tack, head = deck.at(0.26, 0.80), deck.at(0.26, 4.15)
    clew_point = deck.at(clew[0], clew[1] + 0.08, clew[2])
    parts.sheet(canvas, tack, head, belly, 0.016)
    parts.sheet(canvas, tack, belly, clew_point, 0.016)
    parts.sheet(canvas, belly, head, clew_point, 0.016)
    parts.sheet(jib, deck.at(1.98, 0.42), deck.at(0.42, 3.55), deck.at(0.10, 0.62, side * 0.42), 0.014)
    return parts, deck.at(0.05, 1.65)
