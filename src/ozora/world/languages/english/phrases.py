"""English for captions, as data: verbs, prepositions, light, camera, mood. ``captions`` puts them together.

Nouns and adjectives that name a concept live in ``concepts``; here is what a sentence needs around them.
"""

from __future__ import annotations

from dataclasses import dataclass

from ozora.world.subjects import SUBJECTS

ANY_SPEED = ("slow", "normal", "fast")


@dataclass(frozen=True)
class Verb:
    """A verb in its base form (only its first word is inflected), and which subjects, places, speeds it fits.

    No subjects or places named means all. ``tells_speed``: the verb alone already says how fast.
    """

    base: str
    subjects: tuple[str, ...] = ()
    speeds: tuple[str, ...] = ANY_SPEED
    places: tuple[str, ...] = ()
    tells_speed: bool = False


_UNHURRIED, _BRISK = ("slow", "normal"), ("normal", "fast")
SOLIDS = ("ball", "cube", "cone", "cylinder", "ring")
_ROLLING, _SLIDING, _FLAT = ("ball", "cylinder", "ring"), ("cube", "cone"), SOLIDS[1:]
_ALIVE = tuple(kind for kind, concept in SUBJECTS.items() if concept.family != "solid")
_UPRIGHT = (*_ALIVE, "cube", "cone", "cylinder")
_WINGED = ("bird", "eagle", "butterfly")

VERBS: dict[str, tuple[Verb, ...]] = {
    "stand": (
        Verb("stand", _UPRIGHT), Verb("stand still", _UPRIGHT), Verb("wait", _ALIVE), Verb("pause", _ALIVE),
        Verb("lie", ("ball", "ring")), Verb("lie still", ("ball", "ring")), Verb("rest", SOLIDS),
    ),
    "walk": (
        Verb("walk"),
        Verb("pad", ("fox",), _UNHURRIED),
        Verb("amble", ("horse",), ("slow",), tells_speed=True),
        Verb("stroll", ("person",), _UNHURRIED),
        Verb("wander", (), ("slow",), tells_speed=True),
        Verb("trudge", ("person",), ("slow",), ("snowfield", "dunes"), tells_speed=True),
        Verb("stride", ("person",), ("fast",), tells_speed=True),
    ),
    "run": (
        Verb("run"),
        Verb("gallop", ("horse",), _BRISK),
        Verb("canter", ("horse",), _UNHURRIED),
        Verb("trot", ("fox", "horse"), ("slow",), tells_speed=True),
        Verb("jog", ("person",), ("slow",), tells_speed=True),
        Verb("sprint", ("person", "fox"), ("fast",), tells_speed=True),
        Verb("dash", ("fox", "person"), ("fast",), tells_speed=True),
        Verb("race", (), ("fast",), tells_speed=True),
    ),
    "fly": (
        Verb("fly"),
        Verb("glide", (), _UNHURRIED),
        Verb("soar", (*_WINGED, "aeroplane")),
        Verb("flap", _WINGED),
        Verb("flutter", ("butterfly",)),
        Verb("wing its way", _WINGED),
    ),
    "roll": (Verb("roll"), Verb("trundle", (), ("slow",), tells_speed=True)),
    "bounce": (Verb("bounce"), Verb("bounce up and down"), Verb("hop", (), _UNHURRIED)),
    "spin": (
        Verb("spin"),
        Verb("rotate", (), _UNHURRIED),
        Verb("turn", (), _UNHURRIED),
        Verb("spin around"),
        Verb("twirl", (), ("fast",)),
    ),
    "slide": (Verb("slide"), Verb("glide", (), _UNHURRIED), Verb("skid", (), ("fast",))),
    "rise": (
        Verb("rise"),
        Verb("climb"),
        Verb("ascend"),
        Verb("lift off", (), _BRISK),
        Verb("float up", ("balloon",)),
    ),
    "drift": (Verb("drift"), Verb("float"), Verb("glide")),
    "sail": (Verb("sail"), Verb("cruise"), Verb("glide"), Verb("sail along")),
    "drive": (
        Verb("drive"),
        Verb("roll along", (), _UNHURRIED),
        Verb("steam along", ("train",)),
        Verb("speed along", (), ("fast",), tells_speed=True),
    ),
    "swim": (Verb("swim"), Verb("swim along"), Verb("leap", ("dolphin", "fish")), Verb("dive", ("whale",))),
    "fall": (Verb("fall"), Verb("drop")),
    "jump": (
        Verb("jump"),
        Verb("leap"),
        Verb("spring", (), _BRISK),
        Verb("bound", ("fox", "wolf", "dog", "deer", "rabbit"), _BRISK),
        Verb("hop", ("rabbit", "person", "robot"), _UNHURRIED),
    ),
    "turn": (
        Verb("turn around"),
        Verb("turn round"),
        Verb("turn in a circle"),
        Verb("turn on the spot"),
        Verb("wheel around", (), ("fast",)),
    ),
    "tumble": (
        Verb("tumble"), Verb("tumble over and over"), Verb("roll head over heels", ("cone", "cylinder")),
        Verb("tumble along", (), _BRISK),
    ),
    "collide": (
        Verb("roll into {whom}", _ROLLING),
        Verb("slide into {whom}", _SLIDING),
        Verb("collide with {whom}"),
        Verb("hit {whom}"),
        Verb("bump into {whom}", (), _UNHURRIED),
        Verb("strike {whom}", (), _BRISK),
        Verb("crash into {whom}", (), ("fast",), tells_speed=True),
    ),
    "push": (
        Verb("push {whom}"),
        Verb("push {whom} along"),
        Verb("shove {whom} along", (), _BRISK),
        Verb("push {whom} ahead of it"),
        Verb("nudge {whom} along", (), ("slow",), tells_speed=True),
    ),
    "stack": (
        Verb("drop onto {whom} and& stay there", _FLAT),
        Verb("land on {whom} and& stay there", _FLAT),
        Verb("fall onto {whom} and& come to rest on it", _FLAT),
        Verb("drop into {whom} and& stay there", ("ball",)),
        Verb("land in {whom} and& stay there", ("ball",)),
    ),
    "topple": (
        Verb("topple a stack of {whom}"),
        Verb("knock over a stack of {whom}"),
        Verb("knock down a stack of {whom}"),
        Verb("roll into a stack of {whom} and& topple it", _ROLLING),
        Verb("slide into a stack of {whom} and& topple it", _SLIDING),
        Verb("crash into a stack of {whom} and& knock it over", (), ("fast",), tells_speed=True),
    ),
}

PLACE_NOUNS: dict[str, tuple[str, ...]] = {
    "snowfield": ("the snow", "a snowy field", "a snowfield", "a snow-covered field", "a snowy plain",
                  "a field of snow", "fresh snow"),
    "meadow": ("a meadow", "the grass", "a grassy field", "a green meadow", "a field of grass", "a pasture",
               "the meadow"),
    "dunes": ("the dunes", "sand dunes", "the desert", "the sand", "a sandy desert", "desert dunes"),
    "sea": ("the sea", "the ocean", "the open sea", "open water", "the waves", "the water"),
    "tabletop": ("a table", "a wooden table", "a tabletop", "a table top", "the table", "a desk"),
    "forest": ("a forest", "the forest", "the woods", "a forest clearing", "a woodland"),
    "savannah": ("the savannah", "a golden savannah", "dry golden grassland", "the savanna"),
    "valley": ("a mountain valley", "an alpine meadow", "a green valley under snowy mountains"),
    "canyon": ("a red canyon", "a canyon", "the red desert among mesas", "a desert canyon"),
    "beach": ("a beach", "a sandy beach", "the beach", "the shore"),
    "lake": ("a lake", "a calm lake", "a mountain lake", "the still lake"),
    "underwater": ("the seabed", "the bottom of the sea", "a reef"),
    "moon": ("the moon", "the surface of the moon", "a lunar plain"),
    "street": ("a street", "a city street", "the street", "a road in town"),
    "night city": ("a neon-lit city", "a city of lights", "a city at night", "a neon city"),
    "room": ("a room", "a living room", "the floor of a room"),
}

PREPOSITIONS: dict[str, dict[str, tuple[str, ...]]] = {
    "crossing": {
        "forest": ("through", "across"),
        "savannah": ("across", "over", "through"),
        "valley": ("through", "across"),
        "canyon": ("through", "across"),
        "beach": ("along", "across", "on"),
        "underwater": ("across", "along", "over"),
        "moon": ("across", "over", "on"),
        "street": ("down", "along", "on"),
        "night city": ("through", "along"),
        "room": ("through", "across"),
        "snowfield": ("across", "over", "through", "in"),
        "meadow": ("across", "through", "over", "in"),
        "dunes": ("across", "over", "through", "in"),
        "tabletop": ("across", "on", "along"),
    },
    "staying": {
        "forest": ("in",),
        "savannah": ("in", "on"),
        "valley": ("in",),
        "canyon": ("in",),
        "beach": ("on",),
        "lake": ("on",),
        "underwater": ("on",),
        "moon": ("on",),
        "street": ("in", "on"),
        "night city": ("in",),
        "room": ("in",),
        "snowfield": ("in", "on"),
        "meadow": ("in", "on"),
        "dunes": ("in", "on"),
        "sea": ("on",),
        "tabletop": ("on", "on top of"),
    },
    "above": dict.fromkeys(PLACE_NOUNS, ("over", "above")),
    "afloat": {"sea": ("on", "across", "over"), "lake": ("on", "across")},
    "swimming": {"sea": ("in", "through", "across"), "lake": ("in", "through", "across")},
}
"""How a subject is in a place: crossing it, staying in it, above it or afloat on it."""

AWKWARD = {
    ("in", "a snowy plain"),
    ("on", "the desert"),
    ("on", "a sandy desert"),
    ("in", "the floor of a room"),
    ("through", "the floor of a room"),
    ("in", "a road in town"),
}
"""Preposition and noun that do not go together."""

MANNER = {
    **dict.fromkeys(("walk", "run", "jump", "roll", "slide", "drive", "tumble", "push"), "crossing"),
    **dict.fromkeys(
        ("stand", "bounce", "spin", "fall", "turn", "collide", "stack", "topple"), "staying"
    ),
    **dict.fromkeys(("fly", "rise", "drift"), "above"),
    "sail": "afloat",
    "swim": "swimming",
}

TIMES: dict[str, tuple[str, ...]] = {
    "dawn": ("at dawn", "at daybreak", "at sunrise", "in the early morning", "at first light"),
    "noon": ("at noon", "at midday", "in bright daylight", "in the middle of the day", "in the daytime"),
    "sunset": ("at sunset", "at sundown", "at golden hour", "in the light of the setting sun"),
    "dusk": ("at dusk", "at twilight", "in the evening", "during the blue hour", "in violet evening light"),
    "night": ("at night", "in the dark", "by night", "in the moonlight"),
}
SKIES: dict[str, tuple[str, ...]] = {
    "dawn": ("under a pale dawn sky", "as the sun comes up at dawn"),
    "noon": ("under the midday sun", "on a sunny day at noon"),
    "sunset": ("under a sunset sky", "as the sun sets"),
    "dusk": ("under a violet evening sky", "under a dusky twilight sky"),
    "night": ("under a starry sky", "on a starry night", "under the stars at night"),
}
"""Times told by an open, clear sky: not for table tops, fog or snowfall."""

TIMES_AND_WEATHERS: dict[tuple[str, str], tuple[str, ...]] = {
    ("dawn", "fog"): ("in the misty dawn", "on a foggy morning at dawn"),
    ("noon", "fog"): ("on a foggy day at noon", "in the midday haze"),
    ("sunset", "fog"): ("in a hazy sunset", "in the fog at sunset"),
    ("dusk", "fog"): ("on a foggy evening", "in the misty twilight"),
    ("night", "fog"): ("on a foggy night", "on a misty night"),
    ("dawn", "snow"): ("on a snowy dawn", "in the early morning snowfall"),
    ("noon", "snow"): ("in the midday snowfall", "at noon on a day of falling snow"),
    ("sunset", "snow"): ("in a snowfall at sunset",),
    ("dusk", "snow"): ("on an evening of falling snow", "in a snowfall at dusk"),
    ("night", "snow"): ("on a night of falling snow", "in a snowfall at night"),
    ("noon", "clear"): ("on a clear day at noon",),
    ("dusk", "clear"): ("on a clear evening",),
    ("night", "clear"): ("on a clear night",),
}
WEATHERS: dict[str, tuple[str, ...]] = {
    "clear": ("under a clear sky", "in clear weather", "under a cloudless sky"),
    "fog": ("in fog", "in the mist", "in thick fog", "in the haze"),
    "snow": ("in falling snow", "as snow falls", "while it is snowing", "as snowflakes drift down"),
    "cloud": ("under an overcast sky", "under grey clouds", "on a cloudy day"),
    "rain": ("in the rain", "as rain falls", "while it is raining", "in steady rain"),
    "storm": ("in a thunderstorm", "in a storm with lightning", "as a storm rages"),
    "aurora": ("under the northern lights", "under an aurora", "as an aurora glows in the sky"),
}

ADVERBS: dict[str, tuple[str, ...]] = {
    "slow": ("slowly", "gently", "unhurriedly"),
    "normal": ("steadily", "at an even pace"),
    "fast": ("quickly", "fast", "swiftly", "at full speed"),
}
HEADINGS: dict[str, tuple[str, ...]] = {
    "left": ("to the left", "from right to left", "leftwards"),
    "right": ("to the right", "from left to right", "rightwards"),
    "towards": ("towards the camera", "towards us", "towards the viewer"),
    "away": ("away from the camera", "into the distance", "away from us"),
}
FACINGS: dict[str, tuple[str, ...]] = {
    "left": ("facing left", "looking to the left"),
    "right": ("facing right", "looking to the right"),
    "towards": ("facing the camera", "looking at us"),
    "away": ("facing away from us", "facing away from the camera"),
}
SIDES: dict[str, tuple[str, ...]] = {
    "left": ("on the left", "on the left of the frame", "left of centre"),
    "centre": ("in the centre", "in the middle of the frame"),
    "right": ("on the right", "on the right of the frame", "right of centre"),
}

OCCLUDERS: dict[str, tuple[str, ...]] = {
    "tree": ("tree", "pine", "fir tree"),
    "rock": ("rock", "boulder", "stone"),
    "wall": ("wall", "low wall", "stone wall"),
}
DESERT_OCCLUDERS = {**OCCLUDERS, "tree": ("bush", "tree")}
"""Only bushes grow in the dunes."""

CAMERA_CLAUSES: dict[str, tuple[str, ...]] = {
    "static": ("the camera stands still", "the camera does not move", "the camera is fixed"),
    "pan": ("the camera pans", "the camera pans across the scene", "the camera turns sideways"),
    "dolly": ("the camera pushes in", "the camera moves forward", "the camera dollies in"),
    "orbit": ("the camera circles around {it}", "the camera orbits {it}", "the camera circles the scene"),
    "follow": ("the camera follows", "the camera follows {it}", "the camera tracks {it}"),
    "tilt up": ("the camera tilts up", "the camera tilts up to {it}", "the camera looks up from the ground"),
    "tilt down": ("the camera tilts down", "the camera tilts down to {it}", "the camera comes down to {it}"),
    "zoom": ("the camera zooms in", "the camera zooms in on {it}", "the lens zooms in"),
    "crane up": ("the camera rises", "the camera cranes up", "the camera rises on a crane"),
    "crane down": ("the camera sinks", "the camera cranes down", "the camera comes down on a crane"),
    "fly-over": ("the camera flies over", "the camera flies over {it}", "the camera flies overhead"),
    "handheld": ("the camera is handheld", "filmed by hand", "the handheld camera shakes a little"),
    "truck": ("the camera trucks sideways", "the camera slides past {it}", "the camera glides sideways"),
    "pull-back": ("the camera pulls back", "the camera moves back", "the camera pulls away from {it}"),
}
"""What the camera does; a move that may go up or down has a clause for each."""
CAMERA_SHOTS: dict[str, tuple[str, ...]] = {
    "static": ("static", "still"),
    "pan": ("panning",),
    "dolly": ("dolly",),
    "orbit": ("orbiting", "circling"),
    "follow": ("tracking", "following"),
    "tilt": ("tilting",),
    "zoom": ("zooming", "zoom"),
    "crane": ("crane",),
    "fly-over": ("fly-over", "aerial"),
    "handheld": ("handheld",),
    "truck": ("trucking", "sideways tracking"),
    "pull-back": ("pull-back",),
}
FRAMING_SHOTS: dict[str, str] = {"wide": "wide", "medium": "medium", "close": "close"}
FRAMINGS: dict[str, tuple[str, ...]] = {
    "wide": ("wide shot", "in a wide shot", "seen from afar"),
    "medium": ("medium shot", "in a medium shot"),
    "close": ("close-up", "in close-up", "seen up close"),
}
HEIGHT_SHOTS: dict[str, str] = {"low": "low-angle", "eye": "eye-level", "high": "high-angle"}
HEIGHTS: dict[str, tuple[str, ...]] = {
    "low": ("from a low angle", "seen from low down", "from ground level"),
    "eye": ("at eye level", "from eye height"),
    "high": ("seen from above", "from a high angle", "from high up"),
}
LOOK_SHOTS: dict[str, tuple[str, ...]] = {
    "natural": ("full-colour",),
    "black-and-white": ("black-and-white", "monochrome"),
    "clay": ("clay", "claymation"),
    "cartoon": ("cartoon", "cel-shaded"),
    "watercolour": ("watercolour",),
    "neon": ("neon",),
    "paper": ("paper cut-out", "cut-paper"),
    "sepia": ("sepia", "sepia-toned"),
}
LOOKS: dict[str, tuple[str, ...]] = {
    "natural": ("in natural colours", "in full colour"),
    "black-and-white": ("in black and white", "in monochrome", "black-and-white film"),
    "clay": ("made of clay", "modelled in clay", "a clay animation"),
    "cartoon": ("as a cartoon", "drawn as a cartoon", "in cartoon style"),
    "watercolour": ("painted in watercolour", "as a watercolour", "a watercolour painting"),
    "neon": ("in glowing neon lines", "drawn in neon light", "in neon outlines"),
    "paper": ("cut out of paper", "as a paper cut-out", "made of cut paper"),
    "sepia": ("in sepia", "in sepia tones", "like an old sepia photograph"),
}
CUTS: dict[str, tuple[str, ...]] = {
    "wide": ("then cut to a wide shot", "then the film cuts to a wide view"),
    "medium": ("then cut to another angle", "then the film cuts to a medium shot"),
    "close": ("then cut to a close-up", "then the film cuts to a close view"),
}

LAPSES: dict[str, tuple[str, ...]] = {
    time: (
        f"a time lapse until {noun}", f"as time speeds up and {comes}", f"turning to {noun} in a time lapse",
    )
    for time, noun, comes in (
        ("dawn", "dawn", "a new day breaks"),
        ("noon", "midday", "noon comes"),
        ("sunset", "sunset", "the sun sets"),
        ("dusk", "dusk", "dusk falls"),
        ("night", "night", "night falls"),
    )
}

LIGHTS: dict[str, tuple[str, ...]] = {
    "dawn": ("soft pale light", "pink morning light", "tender first light and long soft shadows"),
    "noon": ("bright clear light", "hard light and short shadows", "crisp white light"),
    "sunset": ("warm golden light", "low orange light and long shadows", "glowing amber light"),
    "dusk": ("cool violet light", "fading purple light", "soft bluish-violet light"),
    "night": ("dim blue light", "faint silvery moonlight", "deep blue darkness"),
}
GREY_LIGHTS: dict[str, tuple[str, ...]] = {
    "dawn": ("soft pale light",),
    "noon": ("bright hard light", "short shadows"),
    "sunset": ("low light and long shadows",),
    "dusk": ("soft fading light",),
    "night": ("dim light and deep shadows",),
}
MOODS: dict[str, tuple[str, ...]] = {
    "fast": ("lively", "energetic", "brisk"),
    "fog": ("mysterious", "hushed and dreamy"),
    "night": ("quiet and still", "calm and secretive"),
    "calm": ("calm", "peaceful", "calm and quiet", "serene"),
}
OPENINGS = ("a video of", "a film of", "a clip of", "footage of")
