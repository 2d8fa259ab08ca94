"""The registry of concepts: every word a Shot may use, as data for rigs, renderer, captions and probes.

Adding a subject, place or colour is one entry here (plus its rig or its ground). Lengths are metres; colours
are linear RGB albedo in 0..1. The first synonym of a value is its plain English name.
"""

from __future__ import annotations

from difflib import get_close_matches

from ozora.world.concept import (
    RGB,
    ActionConcept,
    ColourConcept,
    Concept,
    PlaceConcept,
    SubjectConcept,
    by_name,
)
from ozora.world.subjects import SUBJECTS

__all__ = ["RGB", "SUBJECTS", "Concept", "SubjectConcept"]

_WEATHERS = ("clear", "fog", "snow", "cloud", "rain", "storm", "aurora")
_WARM = ("clear", "fog", "cloud", "rain", "storm")
ACTIONS: dict[str, ActionConcept] = by_name(
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
    ActionConcept("fall", ("fall", "drop"), False),
    ActionConcept("jump", ("jump", "spring", "bound", "jump up"), True),
    ActionConcept("turn", ("turn around", "turn round", "turn back", "wheel around"), False),
    ActionConcept("tumble", ("tumble", "roll over"), True),
    ActionConcept("collide", ("collide", "crash", "bump", "hit", "strike"), True),
    ActionConcept("push", ("push", "shove", "nudge"), True),
    ActionConcept("stack", ("stack", "pile up", "land on"), False),
    ActionConcept("topple", ("topple", "knock over", "knock down", "upset"), True),
)

PLACES: dict[str, PlaceConcept] = by_name(
    PlaceConcept(
        "snowfield",
        ("snowfield", "snowy field", "snow", "field of snow", "snowy plain", "snow-covered field"),
        _WEATHERS, ("none", "tree", "rock", "wall"),
    ),
    PlaceConcept(
        "meadow",
        ("meadow", "grassy field", "green field", "grass", "grassland", "field of grass", "pasture"),
        _WEATHERS, ("none", "tree", "rock", "wall"),
    ),
    PlaceConcept(
        "dunes", ("dunes", "sand dunes", "desert", "sand", "sandy desert", "dune"),
        ("clear", "fog", "snow", "cloud", "storm", "aurora"), ("none", "tree", "rock", "wall"),
    ),
    PlaceConcept(
        "sea", ("sea", "ocean", "open sea", "open water", "waves", "water"),
        _WEATHERS, ("none", "rock"),
    ),
    PlaceConcept(
        "tabletop", ("table top", "table", "wooden table", "tabletop", "desk"), ("clear",), ("none",), False,
    ),
    PlaceConcept(
        "forest", ("forest", "woods", "woodland", "forest clearing"),
        _WEATHERS, ("none", "tree", "rock"),
    ),
    PlaceConcept(
        "savannah", ("savannah", "savanna", "golden grassland", "dry plain"),
        _WARM, ("none", "tree", "rock"),
    ),
    PlaceConcept(
        "valley", ("mountain valley", "valley", "alpine meadow"),
        _WEATHERS, ("none", "tree", "rock", "wall"),
    ),
    PlaceConcept(
        "canyon", ("canyon", "red canyon", "red desert", "gorge"),
        ("clear", "fog", "cloud", "storm"), ("none", "rock"),
    ),
    PlaceConcept("beach", ("beach", "seashore", "sandy beach", "shore"), _WARM, ("none", "rock")),
    PlaceConcept("lake", ("lake", "calm lake", "still lake", "mountain lake"), _WEATHERS,
                 ("none", "rock")),
    PlaceConcept("underwater", ("underwater", "seabed", "bottom of the sea", "reef"), ("clear",),
                 ("none", "rock"), False),
    PlaceConcept("moon", ("moon", "surface of the moon", "lunar plain"), ("clear",), ("none", "rock"), False),
    PlaceConcept(
        "street", ("city street", "street", "road in town"),
        ("clear", "fog", "snow", "cloud", "rain", "storm"), ("none",), False,
    ),
    PlaceConcept(
        "night city", ("night city", "neon city", "city of lights", "city at night", "neon-lit city"),
        ("clear", "fog", "rain", "storm"), ("none",), False, ("dusk", "night"),
    ),
    PlaceConcept("room", ("room", "living room", "wooden floor"), ("clear",), ("none",), False),
)

TIMES: dict[str, Concept] = by_name(
    Concept("dawn", ("dawn", "daybreak", "sunrise", "early morning", "first light")),
    Concept("noon", ("noon", "midday", "bright daylight", "daytime", "the middle of the day")),
    Concept("sunset", ("sunset", "golden hour", "sundown", "the setting sun")),
    Concept("dusk", ("dusk", "twilight", "nightfall", "violet evening", "blue hour", "evening")),
    Concept("night", ("night", "nighttime", "moonlight", "starry sky", "the stars", "dark")),
)

DARK_TIMES = ("night",)
"""When an aurora can be seen."""


def times_between(first: str, last: str) -> tuple[str, ...]:
    """The times of day from ``first`` on to ``last``, both included: the day goes round."""
    day = tuple(TIMES)
    start = day.index(first)
    hours = (*day[start:], *day[:start])
    return hours[: hours.index(last) + 1]


WEATHERS: dict[str, Concept] = by_name(
    Concept("clear", ("clear", "clear sky", "clear weather", "cloudless")),
    Concept("fog", ("fog", "mist", "foggy", "misty", "haze")),
    Concept("snow", ("falling snow", "snowfall", "snowing", "snowflakes", "snow falls", "snow is falling")),
    Concept("cloud", ("cloudy", "overcast", "grey sky", "clouds")),
    Concept("rain", ("rain", "rainy", "raining", "rainfall", "drizzle")),
    Concept("storm", ("storm", "stormy", "thunderstorm", "lightning", "thunder")),
    Concept("aurora", ("aurora", "northern lights", "polar lights")),
)

MOVES: dict[str, Concept] = by_name(
    Concept("static", ("static camera", "still camera", "fixed camera", "locked-off shot", "still frame")),
    Concept("pan", ("pan", "camera pans", "panning shot", "camera turns")),
    Concept("dolly", ("dolly", "camera pushes in", "camera moves forward", "camera moves closer")),
    Concept("orbit", ("orbit", "camera circles", "camera orbits", "orbiting camera", "circling shot")),
    Concept("follow", ("follow", "camera follows", "tracking shot", "camera tracks", "following shot")),
    Concept("tilt", ("tilt", "camera tilts", "tilting shot", "vertical pan", "tilt up", "tilt down")),
    Concept("zoom", ("zoom", "camera zooms in", "zoom in", "zooming shot", "lens zooms")),
    Concept("crane", ("crane shot", "crane", "camera cranes", "boom shot", "camera rises", "camera sinks")),
    Concept("fly-over", ("fly-over", "camera flies over", "aerial shot", "drone shot", "flyover")),
    Concept("handheld", ("handheld camera", "handheld", "hand-held camera", "shaky camera")),
    Concept("truck", ("truck", "trucking shot", "camera slides sideways", "sideways dolly", "lateral dolly")),
    Concept("pull-back", ("pull back", "camera pulls back", "camera moves back", "dolly out", "pull-back")),
)

FRAMINGS: dict[str, Concept] = by_name(
    Concept("wide", ("wide shot", "wide view", "from afar", "long shot", "in the distance")),
    Concept("medium", ("medium shot", "mid shot", "medium view")),
    Concept("close", ("close-up", "close shot", "close view", "up close")),
)

HEIGHTS: dict[str, Concept] = by_name(
    Concept("low", ("low angle", "from low down", "from ground level", "low camera")),
    Concept("eye", ("eye level", "eye height")),
    Concept("high", ("high angle", "from above", "from high up", "high camera")),
)

SPEEDS: dict[str, Concept] = by_name(
    Concept("slow", ("slowly", "gently", "unhurriedly", "slow")),
    Concept("normal", ("steadily", "at an even pace", "normal")),
    Concept("fast", ("fast", "quickly", "swiftly", "at full speed")),
)

DIRECTIONS: dict[str, Concept] = by_name(
    Concept("left", ("to the left", "leftwards", "from right to left", "left")),
    Concept("right", ("to the right", "rightwards", "from left to right", "right")),
    Concept("towards", ("towards the camera", "towards us", "towards the viewer", "closer")),
    Concept("away", ("away from the camera", "into the distance", "away from us", "away")),
)

POSITIONS: dict[str, Concept] = by_name(
    Concept("left", ("on the left", "on the left side of the frame", "left of centre")),
    Concept("centre", ("in the centre", "in the middle", "in the middle of the frame")),
    Concept("right", ("on the right", "on the right side of the frame", "right of centre")),
)

SIZES: dict[str, Concept] = by_name(
    Concept("small", ("small", "little", "tiny")),
    Concept("medium", ("medium-sized", "medium", "middle-sized")),
    Concept("large", ("large", "big", "huge")),
)
SIZE_SCALE: dict[str, float] = {"small": 0.65, "medium": 1.0, "large": 1.5}
"""How many times its real height a subject of each size has."""

COLOURS: dict[str, ColourConcept] = by_name(
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

MATERIALS: dict[str, Concept] = by_name(
    Concept("natural", ("natural", "plain")),
    Concept("matte", ("matte", "dull", "chalky")),
    Concept("glossy", ("glossy", "shiny", "polished")),
    Concept("metal", ("metal", "metallic", "steel")),
)

OCCLUDERS: dict[str, Concept] = by_name(
    Concept("none", ("nothing", "none")),
    Concept("tree", ("tree", "pine", "fir tree", "bush")),
    Concept("rock", ("rock", "boulder", "stone")),
    Concept("wall", ("wall", "low wall", "stone wall")),
)

RELATIONS: dict[str, Concept] = by_name(
    Concept("none", ("unrelated", "none")),
    Concept("left of", ("left of", "to the left of", "on the left of")),
    Concept("right of", ("right of", "to the right of", "on the right of")),
    Concept("in front of", ("in front of", "before")),
    Concept("behind", ("behind", "at the back of")),
    Concept("beside", ("beside", "next to", "alongside", "side by side with")),
    Concept("above", ("above", "over", "overhead")),
    Concept("chasing", ("chasing", "chases", "chase", "runs after", "running after", "pursues", "pursuing")),
    Concept("crossing", ("passing in front of", "passes in front of", "passes", "crosses paths with",
                         "crossing paths with", "cross paths")),
)  # fmt: skip
"""How the first subject stands to the second, as the camera sees them."""

COUNTS = ("1", "2", "3", "4", "5")

LOOKS: dict[str, Concept] = by_name(
    Concept("natural", ("natural colours", "full colour", "natural")),
    Concept("black-and-white", ("black and white", "monochrome", "black-and-white film", "greyscale")),
    Concept("clay", ("clay", "claymation", "clay model", "plasticine", "made of clay")),
    Concept("cartoon", ("cartoon", "cel-shaded", "comic", "drawn cartoon", "animated cartoon")),
    Concept("watercolour", ("watercolour", "watercolor", "watercolour painting", "painted in watercolour")),
    Concept("neon", ("neon", "glowing neon lines", "neon outlines", "neon glow")),
    Concept("paper", ("paper cut-out", "cut paper", "paper", "papercraft", "paper collage")),
    Concept("sepia", ("sepia", "sepia-toned", "old photograph", "sepia film")),
)

COLOURLESS = ("black-and-white", "clay", "sepia")
"""Looks in which a subject's own colour cannot be seen."""

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
    "later": {"none": Concept("none", ("no lapse",)), **TIMES},
    "relation": RELATIONS,
}

AXES: dict[str, tuple[str, ...]] = {axis: tuple(values) for axis, values in _REGISTRY.items()}
"""Axis name → its values, in a fixed order: the index of a value is its class for heads and probes."""

CHANGING = ("quadruped", "biped", "vehicle")
"""Families whose subjects can go over from one action to another within a clip."""


def thens(kind: str, action: str) -> tuple[str, ...]:
    """The actions that a subject of this kind can go over to from this one, in the registry's order."""
    subject = SUBJECTS[kind]
    changes = subject.family in CHANGING and action in subject.actions
    return tuple(other for other in subject.actions if changes and other != action)


_SEQUELS = {then for kind in SUBJECTS for action in ACTIONS for then in thens(kind, action)}

FIELDS: dict[str, tuple[str, ...]] = {
    **AXES,
    "second_subject": ("none", *SUBJECTS),
    "then": ("none", *(action for action in ACTIONS if action in _SEQUELS)),
    "cut": ("none", "cut"),
    "count": COUNTS,
}
"""What ``captions.shot_fields`` labels: every axis, the second subject's kind, what the first subject does
after its action, whether the clip cuts, and how many the first subject is."""

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
