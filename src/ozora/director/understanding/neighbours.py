"""The nearest thing that the film set has to a word it does not know, where there is a sensible one."""

from __future__ import annotations

_NEAREST: dict[str, str] = {
    "cat": "lion tiger leopard cheetah lynx panther puma jaguar",
    "horse": "donkey mule zebra unicorn camel cow bull ox buffalo",
    "wolf": "coyote jackal hyena", "deer": "moose elk antelope gazelle goat", "bear": "panda koala",
    "rabbit": "squirrel mouse rat hamster beaver hedgehog", "elephant": "rhino rhinoceros hippo mammoth",
    "bird": "pigeon dove swan duck goose stork parrot robin swallow crane",
    "eagle": "hawk falcon owl vulture dragon",
    "person": "knight soldier astronaut dancer princess pirate wizard king queen farmer doctor teacher "
        "policeman",
    "fish": "shark salmon trout piranha", "whale": "walrus", "dolphin": "seal",
    "car": "bus van taxi jeep tractor suv limousine", "truck": "firetruck ambulance",
    "sailboat": "ship ferry canoe kayak galleon", "aeroplane": "helicopter glider drone biplane",
    "rocket": "ufo satellite",
    "butterfly": "bee moth dragonfly ladybird bat",
    "cube": "dice crate brick cuboid",
    "ball": "balloon globe orange apple football basketball egg", "cylinder": "barrel can bottle pipe",
    "train": "tram subway metro", "robot": "cyborg", "balloon": "zeppelin airship blimp",
    "valley": "mountain hill hills cliff volcano",
    "lake": "river stream pool",
    "street": "village square bridge alley",
    "night city": "cyberpunk skyscraper skyline",
    "room": "supermarket office shop museum school hospital library",
    "sea": "bay harbour", "meadow": "park garden farm", "forest": "rainforest bamboo swamp",
    "underwater": "aquarium", "snowfield": "arctic antarctica glacier",
    "storm": "hurricane tornado typhoon", "watercolour": "oil sketch",
}  # fmt: skip
_BY_WORD = {word: concept for concept, words in _NEAREST.items() for word in words.split()}


def nearest(word: str) -> str | None:
    """The nearest concept to an English word, or None."""
    return _BY_WORD.get(word) or _BY_WORD.get(word.removesuffix("s"))
