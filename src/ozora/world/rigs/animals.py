"""Four-legged animals as data: proportions and colours for each, read by the one rig of them all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ozora.world.concepts import RGB
from ozora.world.rigs.frame import FUR, PATCHES
from ozora.world.rigs.palette import DARK, PALE

Ears = Literal["pointed", "round", "hanging", "fan"]
TailShape = Literal["brush", "hair", "rope", "stub"]


@dataclass(frozen=True)
class Animal:
    """Proportions in metres at medium size, angles in radians, colours in linear RGB."""

    shoulder: float  # height of the shoulder joint
    hip: float
    length: float  # from hip to shoulder
    chest: tuple[float, float, float]  # radii: length, depth, width
    waist: float
    rump: float
    neck: tuple[float, float, float, float]  # length, raised by, radius at chest, radius at head
    head: tuple[float, float, float]  # radii: length, depth, width
    muzzle: tuple[float, float, float]  # length, radius at head, radius at nose
    ears: tuple[float, float, float]  # length, radius, apart
    legs: tuple[float, float, float, float]  # radius of thigh, joint, ankle, foot
    stance: float  # half distance between left and right feet
    tail: tuple[float, float, float]  # length, thickness, droop when standing
    running_tail: float  # droop when running
    running_neck: float  # how much lower the neck is held when running
    nod: float  # angle of the head below the neck's own line
    flex: float  # how far the spine stretches and gathers in a gallop, as a share of length
    accents: tuple[RGB, RGB, RGB]  # lower legs, belly and muzzle, tail's end
    mane: float = 0.0  # length of hair
    hooves: bool = False  # and with them the long face of those that graze
    bib: bool = True  # a pale throat, for those without hooves
    ear_shape: Ears = "pointed"
    tail_shape: TailShape = "brush"
    tail_curl: float = 0.26  # how much each third of the tail rises, standing
    antlers: float = 0.0  # length of each beam
    horns: float = 0.0
    trunk: float = 0.0
    belly: float = 0.80  # depth of the barrel, in depths of the chest
    hump: float = 0.0  # radius of muscle above the shoulders
    pattern: int = FUR
    agility: float = 1.0  # how high it leaps for its legs
    leaps: bool = False  # runs by bounds of both hind feet at once

    @property
    def leg(self) -> float:
        """Working length of a leg."""
        return 0.5 * (self.shoulder + self.hip)


_GREY: RGB = (0.34, 0.31, 0.29)

FOX = Animal(
    shoulder=0.335, hip=0.345, length=0.37, chest=(0.145, 0.112, 0.086), waist=0.064, rump=0.080,
    neck=(0.160, 0.80, 0.078, 0.056), head=(0.084, 0.070, 0.076), muzzle=(0.122, 0.045, 0.013),
    ears=(0.108, 0.040, 0.048), legs=(0.050, 0.027, 0.019, 0.023), stance=0.056,
    tail=(0.47, 0.074, 0.56), running_tail=0.06, running_neck=0.40, nod=0.98, flex=0.10,
    accents=(DARK, PALE, (0.84, 0.82, 0.78)),
)  # fmt: skip
WOLF = Animal(
    shoulder=0.66, hip=0.66, length=0.60, chest=(0.24, 0.185, 0.135), waist=0.105, rump=0.125,
    neck=(0.27, 0.62, 0.145, 0.098), head=(0.135, 0.108, 0.112), muzzle=(0.185, 0.072, 0.034),
    ears=(0.125, 0.052, 0.070), legs=(0.082, 0.046, 0.034, 0.042), stance=0.090,
    tail=(0.50, 0.075, 1.05), running_tail=0.30, running_neck=0.40, nod=0.82, flex=0.09,
    accents=(_GREY, (0.62, 0.58, 0.52), DARK), mane=0.0, tail_curl=0.10,
)  # fmt: skip
DOG = Animal(
    shoulder=0.50, hip=0.50, length=0.50, chest=(0.21, 0.165, 0.125), waist=0.098, rump=0.115,
    neck=(0.21, 0.98, 0.108, 0.082), head=(0.122, 0.110, 0.108), muzzle=(0.115, 0.068, 0.052),
    ears=(0.155, 0.050, 0.088), legs=(0.076, 0.046, 0.036, 0.044), stance=0.084,
    tail=(0.40, 0.048, -0.55), running_tail=-0.25, running_neck=0.34, nod=1.02, flex=0.10,
    accents=((0.60, 0.36, 0.15), (0.72, 0.52, 0.30), (0.74, 0.56, 0.34)), ear_shape="hanging",
    tail_curl=0.30,
)  # fmt: skip
CAT = Animal(
    shoulder=0.235, hip=0.245, length=0.29, chest=(0.105, 0.078, 0.064), waist=0.062, rump=0.066,
    neck=(0.085, 0.78, 0.058, 0.050), head=(0.070, 0.066, 0.072), muzzle=(0.030, 0.034, 0.020),
    ears=(0.075, 0.036, 0.042), legs=(0.040, 0.023, 0.018, 0.022), stance=0.042,
    tail=(0.36, 0.021, -0.95), running_tail=-0.30, running_neck=0.34, nod=0.80, flex=0.13,
    accents=((0.80, 0.76, 0.70), (0.80, 0.76, 0.70), (0.34, 0.10, 0.02)), tail_shape="rope", tail_curl=0.20,
    agility=1.25,
)  # fmt: skip
HORSE = Animal(
    shoulder=1.17, hip=1.20, length=0.93, chest=(0.42, 0.325, 0.265), waist=0.25, rump=0.28,
    neck=(0.76, 0.92, 0.215, 0.120), head=(0.185, 0.135, 0.105), muzzle=(0.40, 0.116, 0.074),
    ears=(0.17, 0.042, 0.075), legs=(0.152, 0.076, 0.054, 0.060), stance=0.165,
    tail=(1.08, 0.135, 1.05), running_tail=0.34, running_neck=0.36, nod=1.60, flex=0.03,
    accents=((0.045, 0.022, 0.013), (0.075, 0.040, 0.026), (0.022, 0.014, 0.011)),
    mane=0.20, hooves=True, tail_shape="hair", tail_curl=-0.12,
)  # fmt: skip
DEER = Animal(
    shoulder=0.98, hip=1.02, length=0.76, chest=(0.30, 0.205, 0.165), waist=0.155, rump=0.185,
    neck=(0.60, 1.08, 0.130, 0.078), head=(0.115, 0.088, 0.074), muzzle=(0.235, 0.072, 0.042),
    ears=(0.185, 0.048, 0.075), legs=(0.105, 0.046, 0.030, 0.036), stance=0.115,
    tail=(0.16, 0.060, 0.90), running_tail=-0.7, running_neck=0.34, nod=1.62, flex=0.06,
    accents=((0.13, 0.062, 0.028), (0.62, 0.50, 0.38), (0.84, 0.82, 0.78)),
    hooves=True, tail_shape="stub", antlers=0.56,
)  # fmt: skip
BEAR = Animal(
    shoulder=0.78, hip=0.76, length=0.92, chest=(0.40, 0.37, 0.30), waist=0.33, rump=0.35,
    neck=(0.34, 0.34, 0.290, 0.205), head=(0.195, 0.180, 0.180), muzzle=(0.165, 0.105, 0.070),
    ears=(0.085, 0.072, 0.130), legs=(0.200, 0.135, 0.118, 0.130), stance=0.205,
    tail=(0.10, 0.075, 0.9), running_tail=0.5, running_neck=0.20, nod=0.52, flex=0.08,
    accents=((0.075, 0.030, 0.013), (0.27, 0.14, 0.065), (0.10, 0.04, 0.018)), bib=False,
    ear_shape="round", tail_shape="stub", hump=0.27, belly=0.98, agility=0.6,
)  # fmt: skip
RABBIT = Animal(
    shoulder=0.150, hip=0.170, length=0.165, chest=(0.076, 0.062, 0.054), waist=0.062, rump=0.078,
    neck=(0.060, 0.95, 0.050, 0.046), head=(0.062, 0.052, 0.048), muzzle=(0.026, 0.035, 0.025),
    ears=(0.145, 0.023, 0.022), legs=(0.050, 0.025, 0.018, 0.022), stance=0.040,
    tail=(0.045, 0.042, -0.2), running_tail=-0.4, running_neck=0.30, nod=0.86, flex=0.18,
    accents=((0.52, 0.44, 0.36), (0.80, 0.77, 0.72), (0.88, 0.87, 0.85)), tail_shape="stub",
    leaps=True, belly=0.90, agility=1.15,
)  # fmt: skip
ELEPHANT = Animal(
    shoulder=1.92, hip=1.86, length=1.45, chest=(0.72, 0.74, 0.60), waist=0.66, rump=0.66,
    neck=(0.52, 0.40, 0.56, 0.46), head=(0.44, 0.52, 0.40), muzzle=(0.20, 0.30, 0.19),
    ears=(0.62, 0.50, 0.46), legs=(0.36, 0.250, 0.225, 0.250), stance=0.40,
    tail=(0.95, 0.050, 1.35), running_tail=0.9, running_neck=0.10, nod=0.52, flex=0.02,
    accents=((0.16, 0.155, 0.155), (0.24, 0.225, 0.215), DARK), bib=False, ear_shape="fan",
    tail_shape="rope", tail_curl=-0.05, trunk=1.95, belly=0.98, pattern=FUR,
)  # fmt: skip
GIRAFFE = Animal(
    shoulder=2.55, hip=2.30, length=1.12, chest=(0.50, 0.42, 0.31), waist=0.29, rump=0.33,
    neck=(2.10, 1.16, 0.300, 0.145), head=(0.22, 0.165, 0.135), muzzle=(0.40, 0.125, 0.085),
    ears=(0.22, 0.055, 0.120), legs=(0.190, 0.096, 0.070, 0.085), stance=0.21,
    tail=(1.05, 0.045, 1.30), running_tail=0.7, running_neck=0.30, nod=1.46, flex=0.03,
    accents=((0.66, 0.50, 0.28), (0.68, 0.55, 0.36), DARK),
    hooves=True, tail_shape="rope", tail_curl=-0.05, horns=0.20, pattern=PATCHES,
)  # fmt: skip

ANIMALS = {
    "fox": FOX,
    "wolf": WOLF,
    "dog": DOG,
    "cat": CAT,
    "horse": HORSE,
    "deer": DEER,
    "bear": BEAR,
    "rabbit": RABBIT,
    "elephant": ELEPHANT,
    "giraffe": GIRAFFE,
}
"""Kind of subject → its proportions."""
