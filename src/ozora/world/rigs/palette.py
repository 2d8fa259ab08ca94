"""Surfaces of subjects: the registry's colours, the accents that every animal and thing keeps, and gloss."""

from __future__ import annotations

from ozora.world.concepts import RGB, albedo
from ozora.world.rigs.frame import Skin
from ozora.world.shot import Subject

PALE: RGB = (0.80, 0.75, 0.66)
DARK: RGB = (0.030, 0.024, 0.022)
STEEL: RGB = (0.50, 0.52, 0.55)
WOOD: RGB = (0.36, 0.20, 0.09)

GLOSS = {"matte": 0.0, "glossy": 0.65, "metal": 1.0}


def coat(subject: Subject, gloss: float = 0.05) -> Skin:
    """The skin of a subject's main part: its colour, and the gloss of its material or its own."""
    return Skin(albedo(subject.kind, subject.colour), gloss=GLOSS.get(subject.material, gloss))


def shade(colour: RGB, amount: float) -> RGB:
    """The colour mixed towards white by a positive amount or towards black by a negative one."""
    goal = 1.0 if amount > 0 else 0.0
    red, green, blue = (part + (goal - part) * abs(amount) for part in colour)
    return red, green, blue
