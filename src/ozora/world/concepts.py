"""The registry of concepts: every word a Shot may use, as data for rigs, renderer, captions and probes.

Adding a subject, place or colour is one entry here (plus its rig or its ground). Lengths are metres; colours
are linear RGB albedo in 0..1. The first synonym of a value is its plain English name.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from typing import TypeVar

RGB = tuple[float, float, float]


@dataclass(frozen=True)
class Concept:
    """One value of one axis and the English words that mean it, the plainest first."""

    name: str
    synonyms: tuple[str, ...]


@dataclass(frozen=True)
class SubjectConcept(Concept):
    """Something that acts: what it can do, where it can be, how large it really is, its colour by nature.

    ``height`` and ``length`` are metres at size "medium". ``natural_colour`` is the colour word people would
    use for the "natural" look, ``natural_rgb`` its albedo; ``colours`` suit it, the likeliest first.
    """

    family: str
    actions: tuple[str, ...]
    places: tuple[str, ...]
    height: float
    length: float
    natural_colour: str
    natural_rgb: RGB
    colours: tuple[str, ...]


@dataclass(frozen=True)
class ActionConcept(Concept):
    """Something a subject does. ``travels``: it crosses the set, so that a direction has meaning."""

    travels: bool


@dataclass(frozen=True)
class PlaceConcept(Concept):
    """Where a shot happens, and which weathers and occluders are possible there."""

    weathers: tuple[str, ...]
    occluders: tuple[str, ...]


@dataclass(frozen=True)
class ColourConcept(Concept):
    """A colour word and its linear RGB albedo."""

    rgb: RGB


AnyConcept = TypeVar("AnyConcept", bound=Concept)


def _by_name(*concepts: AnyConcept) -> dict[str, AnyConcept]:
    return {concept.name: concept for concept in concepts}


_LAND = ("snowfield", "meadow", "dunes")
_OPEN_AIR = (*_LAND, "sea")
_GAITS = ("stand", "walk", "run")
_PAINTS = ("red", "blue", "green", "yellow", "orange", "purple", "pink", "white", "black", "brown")

SUBJECTS: dict[str, SubjectConcept] = _by_name(
    SubjectConcept(
        "fox", ("fox", "vixen"), "quadruped", _GAITS, _LAND, 0.5, 0.9,
        "red", (0.56, 0.15, 0.03), ("natural", "white", "black", "brown"),
    ),
    SubjectConcept(
        "horse", ("horse", "mare", "stallion", "pony"), "quadruped", _GAITS, _LAND, 1.7, 2.3,
        "brown", (0.17, 0.066, 0.025), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "wolf", ("wolf", "grey wolf"), "quadruped", _GAITS, _LAND, 0.9, 1.5,
        "grey", (0.20, 0.19, 0.185), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "dog", ("dog", "hound", "puppy", "retriever"), "quadruped", _GAITS, _LAND, 0.75, 1.1,
        "golden", (0.52, 0.27, 0.085), ("natural", "white", "black", "brown"),
    ),
    SubjectConcept(
        "cat", ("cat", "kitten", "tomcat"), "quadruped", _GAITS, _LAND, 0.4, 0.7,
        "orange", (0.62, 0.25, 0.06), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "deer", ("deer", "stag", "buck"), "quadruped", _GAITS, _LAND, 1.9, 1.5,
        "brown", (0.34, 0.16, 0.065), ("natural", "white"),
    ),
    SubjectConcept(
        "bear", ("bear", "grizzly"), "quadruped", _GAITS, _LAND, 1.3, 1.9,
        "brown", (0.13, 0.055, 0.022), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "rabbit", ("rabbit", "bunny", "hare"), "quadruped", _GAITS, _LAND, 0.38, 0.36,
        "brown", (0.34, 0.24, 0.16), ("natural", "white", "black"),
    ),
    SubjectConcept(
        "elephant", ("elephant",), "quadruped", _GAITS, _LAND, 2.9, 3.6,
        "grey", (0.185, 0.175, 0.17), ("natural",),
    ),
    SubjectConcept(
        "giraffe", ("giraffe",), "quadruped", _GAITS, _LAND, 4.7, 2.2,
        "yellow", (0.46, 0.20, 0.06), ("natural",),
    ),
    SubjectConcept(
        "bird", ("bird", "gull", "seabird", "seagull"), "bird", ("fly",), _OPEN_AIR, 0.35, 1.2,
        "black", (0.028, 0.028, 0.034), ("natural", "white", "brown"),
    ),
    SubjectConcept(
        "person", ("person", "figure", "hiker", "man", "woman", "traveller"), "biped", _GAITS, _LAND,
        1.75, 0.5, "blue", (0.04, 0.08, 0.25), ("natural", "red", "yellow", "white", "black", "green"),
    ),
    SubjectConcept(
        "ball", ("ball", "sphere"), "solid", ("roll", "bounce"), (*_LAND, "tabletop"), 0.5, 0.5,
        "red", (0.60, 0.035, 0.03), _PAINTS,
    ),
    SubjectConcept(
        "cube", ("cube", "block", "box"), "solid", ("spin", "slide"), (*_LAND, "tabletop"), 0.5, 0.5,
        "blue", (0.025, 0.10, 0.58), _PAINTS,
    ),
    SubjectConcept(
        "balloon", ("hot-air balloon", "balloon", "hot air balloon"), "balloon", ("rise", "drift"), _OPEN_AIR,
        18.0, 13.0, "red", (0.60, 0.035, 0.03),
        ("red", "orange", "yellow", "blue", "green", "purple", "pink", "white"),
    ),
    SubjectConcept(
        "sailboat", ("sailboat", "sailing boat", "yacht", "boat"), "boat", ("sail",), ("sea",), 9.0, 7.0,
        "white", (0.80, 0.80, 0.77), ("white", "red", "orange", "yellow", "blue", "green", "black"),
    ),
    SubjectConcept(
        "car", ("car", "automobile", "sedan"), "vehicle", ("drive",), _LAND, 1.35, 4.2,
        "red", (0.60, 0.035, 0.03), ("red", "blue", "yellow", "white", "black", "green", "orange"),
    ),
    SubjectConcept(
        "truck", ("truck", "lorry"), "vehicle", ("drive",), _LAND, 3.3, 6.9,
        "blue", (0.025, 0.10, 0.58), ("blue", "red", "orange", "yellow", "green", "white"),
    ),
    SubjectConcept(
        "train", ("train", "steam train", "railway train"), "vehicle", ("drive",), _LAND, 3.3, 13.7,
        "green", (0.05, 0.36, 0.07), ("green", "red", "blue", "black", "brown"),
    ),
    SubjectConcept(
        "aeroplane", ("aeroplane", "plane", "airplane", "jet"), "vehicle", ("fly",), _OPEN_AIR, 2.6, 9.0,
        "white", (0.80, 0.80, 0.77), ("white", "red", "blue", "yellow", "orange", "green"),
    ),
    SubjectConcept(
        "rocket", ("rocket", "spaceship", "rocket ship"), "vehicle", ("rise",), _OPEN_AIR, 6.0, 2.8,
        "white", (0.80, 0.80, 0.77), ("white", "red", "blue", "yellow", "orange", "green"),
    ),
    SubjectConcept(
        "fish", ("fish", "goldfish", "koi"), "fish", ("swim",), ("sea",), 0.25, 0.65,
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
        "robot", ("robot", "android", "metal robot"), "biped", _GAITS, _LAND, 1.85, 0.6,
        "grey", (0.19, 0.205, 0.23), ("natural", "red", "yellow", "white", "blue", "green"),
    ),
    SubjectConcept(
        "butterfly", ("butterfly",), "insect", ("fly",), ("meadow",), 0.2, 0.45,
        "orange", (0.76, 0.22, 0.02), ("natural", "blue", "yellow", "white", "purple", "pink"),
    ),
    SubjectConcept(
        "eagle", ("eagle", "bald eagle", "bird of prey"), "bird", ("fly",), _OPEN_AIR, 0.5, 1.9,
        "brown", (0.085, 0.045, 0.022), ("natural", "black", "white"),
    ),
    SubjectConcept(
        "cone", ("cone",), "solid", ("spin", "slide", "fall"), (*_LAND, "tabletop"), 0.6, 0.5,
        "orange", (0.76, 0.22, 0.02), _PAINTS,
    ),
    SubjectConcept(
        "cylinder", ("cylinder", "drum", "tube"), "solid", ("roll", "spin", "fall"), (*_LAND, "tabletop"),
        0.5, 0.5, "green", (0.05, 0.36, 0.07), _PAINTS,
    ),
    SubjectConcept(
        "ring", ("ring", "hoop", "torus"), "solid", ("roll", "spin"), (*_LAND, "tabletop"), 0.55, 0.55,
        "yellow", (0.80, 0.56, 0.04), _PAINTS,
    ),
)

ACTIONS: dict[str, ActionConcept] = _by_name(
    ActionConcept("stand", ("stand", "wait", "pause", "rest"), False),
    ActionConcept("walk", ("walk", "stroll", "wander", "stride", "pad", "amble", "trudge"), True),
    ActionConcept("run", ("run", "gallop", "sprint", "dash", "race", "jog", "canter"), True),
    ActionConcept("fly", ("fly", "glide", "soar", "flap", "wing its way"), True),
    ActionConcept("roll", ("roll", "trundle"), True),
    ActionConcept("bounce", ("bounce", "hop"), False),
    ActionConcept("spin", ("spin", "turn", "rotate", "twirl"), False),
    ActionConcept("slide", ("slide", "glide", "skid"), True),
    ActionConcept("rise", ("rise", "lift", "climb", "ascend"), False),
    ActionConcept("drift", ("drift", "float", "glide"), True),
    ActionConcept("sail", ("sail", "cruise", "glide"), True),
    ActionConcept("drive", ("drive", "roll along", "travel"), True),
    ActionConcept("swim", ("swim", "dive", "leap"), True),
    ActionConcept("fall", ("fall", "drop", "tumble"), False),
)

PLACES: dict[str, PlaceConcept] = _by_name(
    PlaceConcept(
        "snowfield",
        ("snowfield", "snowy field", "snow", "field of snow", "snowy plain", "snow-covered field"),
        ("clear", "fog", "snow"), ("none", "tree", "rock", "wall"),
    ),
    PlaceConcept(
        "meadow",
        ("meadow", "grassy field", "green field", "grass", "grassland", "field of grass", "pasture"),
        ("clear", "fog", "snow"), ("none", "tree", "rock", "wall"),
    ),
    PlaceConcept(
        "dunes", ("dunes", "sand dunes", "desert", "sand", "sandy desert", "dune"),
        ("clear", "fog", "snow"), ("none", "tree", "rock", "wall"),
    ),
    PlaceConcept(
        "sea", ("sea", "ocean", "open sea", "open water", "waves", "water"),
        ("clear", "fog", "snow"), ("none", "rock"),
    ),
    PlaceConcept(
        "tabletop", ("table top", "table", "wooden table", "tabletop", "desk"), ("clear",), ("none",)
    ),
)

TIMES: dict[str, Concept] = _by_name(
    Concept("dawn", ("dawn", "daybreak", "sunrise", "early morning", "first light")),
    Concept("noon", ("noon", "midday", "bright daylight", "daytime", "the middle of the day")),
    Concept("sunset", ("sunset", "golden hour", "sundown", "the setting sun")),
    Concept("dusk", ("dusk", "twilight", "nightfall", "violet evening", "blue hour", "evening")),
    Concept("night", ("night", "nighttime", "moonlight", "starry sky", "the stars", "dark")),
)

WEATHERS: dict[str, Concept] = _by_name(
    Concept("clear", ("clear", "clear sky", "clear weather", "cloudless")),
    Concept("fog", ("fog", "mist", "foggy", "misty", "haze")),
    Concept("snow", ("falling snow", "snowfall", "snowing", "snowflakes", "snow falls", "snow is falling")),
)

MOVES: dict[str, Concept] = _by_name(
    Concept("static", ("static camera", "still camera", "fixed camera", "locked-off shot", "still frame")),
    Concept("pan", ("pan", "camera pans", "panning shot", "camera turns")),
    Concept("dolly", ("dolly", "camera pushes in", "camera moves forward", "camera moves closer")),
    Concept("orbit", ("orbit", "camera circles", "camera orbits", "orbiting camera", "circling shot")),
    Concept("follow", ("follow", "camera follows", "tracking shot", "camera tracks", "following shot")),
)

FRAMINGS: dict[str, Concept] = _by_name(
    Concept("wide", ("wide shot", "wide view", "from afar", "long shot", "in the distance")),
    Concept("medium", ("medium shot", "mid shot", "medium view")),
    Concept("close", ("close-up", "close shot", "close view", "up close")),
)

HEIGHTS: dict[str, Concept] = _by_name(
    Concept("low", ("low angle", "from low down", "from ground level", "low camera")),
    Concept("eye", ("eye level", "eye height")),
    Concept("high", ("high angle", "from above", "from high up", "high camera")),
)

SPEEDS: dict[str, Concept] = _by_name(
    Concept("slow", ("slowly", "gently", "unhurriedly", "slow")),
    Concept("normal", ("steadily", "at an even pace", "normal")),
    Concept("fast", ("fast", "quickly", "swiftly", "at full speed")),
)

DIRECTIONS: dict[str, Concept] = _by_name(
    Concept("left", ("to the left", "leftwards", "from right to left", "left")),
    Concept("right", ("to the right", "rightwards", "from left to right", "right")),
    Concept("towards", ("towards the camera", "towards us", "towards the viewer", "closer")),
    Concept("away", ("away from the camera", "into the distance", "away from us", "away")),
)

POSITIONS: dict[str, Concept] = _by_name(
    Concept("left", ("on the left", "on the left side of the frame", "left of centre")),
    Concept("centre", ("in the centre", "in the middle", "in the middle of the frame")),
    Concept("right", ("on the right", "on the right side of the frame", "right of centre")),
)

SIZES: dict[str, Concept] = _by_name(
    Concept("small", ("small", "little", "tiny")),
    Concept("medium", ("medium-sized", "medium", "middle-sized")),
    Concept("large", ("large", "big", "huge")),
)
SIZE_SCALE: dict[str, float] = {"small": 0.65, "medium": 1.0, "large": 1.5}
"""How many times its real height a subject of each size has."""

COLOURS: dict[str, ColourConcept] = _by_name(
    ColourConcept("natural", ("natural",), (0.5, 0.5, 0.5)),
    ColourConcept("red", ("red", "scarlet", "crimson"), (0.60, 0.035, 0.03)),
    ColourConcept("orange", ("orange",), (0.76, 0.22, 0.02)),
    ColourConcept("yellow", ("yellow", "lemon-yellow"), (0.80, 0.56, 0.04)),
    ColourConcept("green", ("green", "emerald"), (0.05, 0.36, 0.07)),
    ColourConcept("blue", ("blue", "azure"), (0.025, 0.10, 0.58)),
    ColourConcept("purple", ("purple", "violet"), (0.24, 0.04, 0.44)),
    ColourConcept("white", ("white", "pure white"), (0.83, 0.83, 0.81)),
    ColourConcept("black", ("black", "jet-black", "dark"), (0.022, 0.022, 0.026)),
    ColourConcept("brown", ("brown", "chestnut", "dark brown"), (0.17, 0.066, 0.025)),
    ColourConcept("grey", ("grey", "gray", "silver-grey"), (0.20, 0.19, 0.185)),
    ColourConcept("golden", ("golden", "honey-coloured"), (0.52, 0.27, 0.085)),
    ColourConcept("pink", ("pink", "rose-pink"), (0.80, 0.24, 0.40)),
)

MATERIALS: dict[str, Concept] = _by_name(
    Concept("natural", ("natural", "plain")),
    Concept("matte", ("matte", "dull", "chalky")),
    Concept("glossy", ("glossy", "shiny", "polished")),
    Concept("metal", ("metal", "metallic", "steel")),
)

OCCLUDERS: dict[str, Concept] = _by_name(
    Concept("none", ("nothing", "none")),
    Concept("tree", ("tree", "pine", "fir tree", "bush")),
    Concept("rock", ("rock", "boulder", "stone")),
    Concept("wall", ("wall", "low wall", "stone wall")),
)

LOOKS: dict[str, Concept] = _by_name(
    Concept("natural", ("natural colours", "full colour", "natural")),
    Concept("black-and-white", ("black and white", "monochrome", "black-and-white film", "greyscale")),
)

_REGISTRY: dict[str, dict[str, Concept]] = {
    "subject": dict(SUBJECTS),
    "action": dict(ACTIONS),
    "speed": SPEEDS,
    "direction": DIRECTIONS,
    "position": POSITIONS,
    "size": SIZES,
    "colour": dict(COLOURS),
    "material": MATERIALS,
    "place": dict(PLACES),
    "time": TIMES,
    "weather": WEATHERS,
    "camera": MOVES,
    "framing": FRAMINGS,
    "height": HEIGHTS,
    "look": LOOKS,
    "occluder": OCCLUDERS,
}

AXES: dict[str, tuple[str, ...]] = {axis: tuple(values) for axis, values in _REGISTRY.items()}
"""Axis name → its values, in a fixed order: the index of a value is its class for heads and probes."""

FIELDS: dict[str, tuple[str, ...]] = {
    **AXES,
    "second_subject": ("none", *SUBJECTS),
    "cut": ("none", "cut"),
}
"""What ``captions.shot_fields`` labels: every axis, the second subject's kind, and whether the clip cuts."""


def synonyms(axis: str, value: str) -> tuple[str, ...]:
    """English words for one value of an axis, the plainest first. Raises KeyError for an unknown one."""
    return _REGISTRY[axis][value].synonyms


def albedo(kind: str, colour: str) -> RGB:
    """Linear RGB of a subject's main colour: its own for "natural" and for the word that names it."""
    subject = SUBJECTS[kind]
    visible = visible_colour(kind, colour)
    return subject.natural_rgb if visible == subject.natural_colour else COLOURS[visible].rgb


def visible_colour(kind: str, colour: str) -> str:
    """The colour word an onlooker would use, never "natural": a natural fox is red, a natural horse brown."""
    return SUBJECTS[kind].natural_colour if colour == "natural" else colour


def allowed(word: str, values: tuple[str, ...]) -> str:
    """What a refusal tells: all values, and the nearest one when ``word`` looks like a slip of the pen."""
    near = get_close_matches(word.lower(), values, n=1, cutoff=0.6)
    return ", ".join(values) + (f" (did you mean {near[0]!r}?)" if near else "")
