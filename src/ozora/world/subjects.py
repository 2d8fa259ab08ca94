"""Everybody and everything that can act, as data: what it can do, where it can be, how large, what colour."""

from __future__ import annotations

from ozora.world.concept import SubjectConcept, by_name

_LAND = ("snowfield", "meadow", "dunes", "forest", "savannah", "valley", "canyon", "beach")
_OPEN_AIR = (*_LAND, "sea", "lake")
_TOWN = ("street", "night city")
_ROADS = ("snowfield", "meadow", "dunes", "savannah", "valley", "canyon", "beach", *_TOWN)
_WILD = ("snowfield", "meadow", "forest", "valley", "canyon")
_PETS = ("snowfield", "meadow", "forest", "valley", "beach", "street", "night city", "room")
_PEOPLE = (*_LAND, *_TOWN, "moon", "room")
_TOYS = (
    "snowfield", "meadow", "dunes", "tabletop", "savannah", "canyon", "beach", "moon", "street", "room",
    "underwater",
)  # fmt: skip
_GAITS = ("stand", "walk", "run", "jump", "turn")
_HEAVY = ("stand", "walk", "run", "turn")  # no elephant leaps
_WHEELS = ("drive", "stand")
_PAINTS = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "white", "black", "brown")

SUBJECTS: dict[str, SubjectConcept] = by_name(
    SubjectConcept(
        "fox", ("fox", "vixen"), "quadruped", _GAITS, _LAND, 0.5, 0.9,
        "red", (0.56, 0.15, 0.03), ("natural", "white", "black", "brown"),
    ),
    SubjectConcept(
        "horse", ("horse", "mare", "stallion", "pony"), "quadruped", _GAITS, _LAND, 1.7, 2.3,
        "brown", (0.17, 0.066, 0.025), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "wolf", ("wolf", "grey wolf"), "quadruped", _GAITS, _WILD, 0.9, 1.5,
        "grey", (0.20, 0.19, 0.185), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "dog", ("dog", "hound", "puppy", "retriever"), "quadruped", _GAITS, _PETS, 0.75, 1.1,
        "golden", (0.52, 0.27, 0.085), ("natural", "white", "black", "brown"),
    ),
    SubjectConcept(
        "cat", ("cat", "kitten", "tomcat"), "quadruped", _GAITS, _PETS, 0.4, 0.7,
        "orange", (0.62, 0.25, 0.06), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "deer", ("deer", "stag", "buck"), "quadruped", _GAITS, _WILD, 1.9, 1.5,
        "brown", (0.34, 0.16, 0.065), ("natural", "white"),
    ),
    SubjectConcept(
        "bear", ("bear", "grizzly"), "quadruped", _GAITS, _WILD, 1.3, 1.9,
        "brown", (0.13, 0.055, 0.022), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "rabbit", ("rabbit", "bunny", "hare"), "quadruped", _GAITS, _WILD, 0.38, 0.36,
        "brown", (0.34, 0.24, 0.16), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "elephant", ("elephant",), "quadruped", _HEAVY,
        ("savannah", "meadow", "dunes", "forest", "canyon"), 2.9, 3.6,
        "grey", (0.185, 0.175, 0.17), ("natural",),
    ),
    SubjectConcept(
        "giraffe", ("giraffe",), "quadruped", _HEAVY, ("savannah", "meadow", "dunes"), 4.7, 2.2,
        "yellow", (0.46, 0.20, 0.06), ("natural",),
    ),
    SubjectConcept(
        "bird", ("bird", "gull", "seabird", "seagull"), "bird", ("fly",), _OPEN_AIR, 0.35, 1.2,
        "black", (0.028, 0.028, 0.034), ("natural", "white", "brown"),
    ),
    SubjectConcept(
        "person", ("person", "figure", "hiker", "man", "woman", "traveller"), "biped", _GAITS, _PEOPLE,
        1.75, 0.5, "blue", (0.04, 0.08, 0.25), ("natural", "red", "yellow", "white", "black", "green"),
    ),
    SubjectConcept(
        "ball", ("ball", "sphere"), "solid",
        ("roll", "bounce", "fall", "collide", "stack", "topple", "stand"), _TOYS, 0.5, 0.5,
        "red", (0.60, 0.035, 0.03), _PAINTS,
    ),
    SubjectConcept(
        "cube", ("cube", "block", "box"), "solid",
        ("spin", "slide", "fall", "tumble", "collide", "push", "stack", "topple", "stand"), _TOYS, 0.5, 0.5,
        "blue", (0.025, 0.10, 0.58), _PAINTS,
    ),
    SubjectConcept(
        "balloon", ("hot-air balloon", "balloon", "hot air balloon"), "balloon", ("rise", "drift"), _OPEN_AIR,
        18.0, 13.0, "red", (0.60, 0.035, 0.03),
        ("red", "orange", "yellow", "blue", "green", "purple", "pink", "white"),
    ),
    SubjectConcept(
        "sailboat", ("sailboat", "sailing boat", "yacht", "boat"),
        "boat", ("sail",), ("sea", "lake"), 9.0, 7.0,
        "white", (0.80, 0.80, 0.77), ("white", "red", "orange", "yellow", "blue", "green", "black"),
    ),
    SubjectConcept(
        "car", ("car", "automobile", "sedan"), "vehicle", _WHEELS, _ROADS, 1.35, 4.2,
        "red", (0.60, 0.035, 0.03), ("red", "blue", "yellow", "white", "black", "green", "orange"),
    ),
    SubjectConcept(
        "truck", ("truck", "lorry"), "vehicle", _WHEELS, _ROADS, 3.3, 6.9,
        "blue", (0.025, 0.10, 0.58), ("blue", "red", "orange", "yellow", "green", "white"),
    ),
    SubjectConcept(
        "train", ("train", "steam train", "railway train"), "vehicle", _WHEELS, _LAND, 3.3, 13.7,
        "green", (0.05, 0.36, 0.07), ("green", "red", "blue", "black", "brown"),
    ),
    SubjectConcept(
        "aeroplane", ("aeroplane", "plane", "airplane", "jet"), "vehicle", ("fly",), _OPEN_AIR, 2.6, 9.0,
        "white", (0.80, 0.80, 0.77), ("white", "red", "blue", "yellow", "orange", "green"),
    ),
    SubjectConcept(
        "rocket", ("rocket", "spaceship", "rocket ship"), "vehicle", ("rise",), (*_OPEN_AIR, "moon"),
        6.0, 2.8,
        "white", (0.80, 0.80, 0.77), ("white", "red", "blue", "yellow", "orange", "green"),
    ),
    SubjectConcept(
        "fish", ("fish", "goldfish", "koi"), "fish", ("swim",), ("sea", "lake"), 0.25, 0.65,
        "orange", (0.76, 0.22, 0.02), ("natural", "red", "yellow", "blue", "white"),
    ),
    SubjectConcept(
        "whale", ("whale", "blue whale", "humpback whale"), "fish", ("swim",), ("sea",), 2.0, 6.8,
        "blue", (0.040, 0.095, 0.21), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "dolphin", ("dolphin", "porpoise"), "fish", ("swim",), ("sea",), 0.6, 2.4,
        "grey", (0.20, 0.23, 0.27), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "robot", ("robot", "android", "metal robot"), "biped", _GAITS, _PEOPLE, 1.85, 0.6,
        "grey", (0.19, 0.205, 0.23), ("natural", "red", "yellow", "white", "blue", "green"),
    ),
    SubjectConcept(
        "butterfly", ("butterfly",), "insect", ("fly",), ("meadow", "forest", "valley", "savannah"),
        0.2, 0.45,
        "orange", (0.76, 0.22, 0.02), ("natural", "blue", "yellow", "white", "purple", "pink"),
    ),
    SubjectConcept(
        "eagle", ("eagle", "bald eagle", "bird of prey"), "bird", ("fly",), _OPEN_AIR, 0.5, 1.9,
        "brown", (0.085, 0.045, 0.022), ("natural", "black", "white"),
    ),
    SubjectConcept(
        "cone", ("cone",), "solid",
        ("spin", "slide", "fall", "tumble", "collide", "stack", "stand"), _TOYS, 0.6, 0.5,
        "orange", (0.76, 0.22, 0.02), _PAINTS,
    ),
    SubjectConcept(
        "cylinder", ("cylinder", "drum", "tube"), "solid",
        ("roll", "spin", "fall", "tumble", "collide", "push", "stack", "topple", "stand"), _TOYS,
        0.5, 0.5, "green", (0.05, 0.36, 0.07), _PAINTS,
    ),
    SubjectConcept(
        "ring", ("ring", "hoop", "torus"), "solid",
        ("roll", "spin", "fall", "tumble", "collide", "stack", "stand"), _TOYS, 0.55, 0.55,
        "yellow", (0.80, 0.56, 0.04), _PAINTS,
    ),
)
