"""Draw the camera of a random shot: a move that can be seen, a framing, a height, perhaps a cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Protocol

from ozora.world import concepts
from ozora.world.physics import cast
from ozora.world.shot import Camera, Cut, Subject

Weights = Mapping[str, float]


_CAMERA: Weights = {
    "static": 0.47, "pan": 0.17, "dolly": 0.15, "orbit": 0.14, "follow": 0.28,
    "tilt": 0.09, "zoom": 0.09, "crane": 0.09, "fly-over": 0.09, "handheld": 0.09, "truck": 0.09,
    "pull-back": 0.09,
}  # fmt: skip
_FRAMING: Weights = {"wide": 0.2, "medium": 0.65, "close": 0.15}
_HEIGHT: Weights = {"low": 0.17, "eye": 0.65, "high": 0.18}
_FAR = ("run", "fly", "roll", "slide")  # actions that leave a still picture in four seconds
_CUT_SHARE = 0.1
_SHORTEST_CUT_SECONDS = 1.5
_DEPTHWISE = ("dolly", "zoom", "pull-back", "pan", "truck")
"""Moves that what comes or goes would hide: it grows and shrinks by itself."""
_LEISURELY = (
    ("whale", "swim"), ("giraffe", "walk"), ("train", "drive"), ("elephant", "walk"), ("robot", "walk"),
    ("deer", "walk"), ("person", "walk"), ("truck", "drive"),
)  # fmt: skip
"""Who goes less than one and a third widths of a usual picture in four seconds."""


class Luck(Protocol):
    """What ``sampling`` draws from."""

    @property
    def fixed(self) -> Mapping[str, str]: ...

    def __call__(self, axis: str, weights: Weights) -> str: ...

    def free(self, axis: str, weights: Weights) -> str: ...

    def happens(self, axis: str, share: float) -> bool: ...

    def stream(self, axis: str) -> Random: ...


def camera(draw: Luck, first: Subject) -> Camera:
    """How the camera of a shot of this first subject stands and moves."""
    weights = dict(_CAMERA)
    played = first.action in cast.TOGETHER or cast.plays(first.kind, first.action)
    if played or not concepts.ACTIONS[first.action].travels:
        # Following what stays in place would be a static camera by another name.
        del weights["follow"]
    elif not _passes_things(first):
        # Too little would go by: it would look like a camera that stands still.
        weights["follow"] = 0.0
    if concepts.ACTIONS[first.action].travels and first.direction in ("towards", "away"):
        weights |= dict.fromkeys(_DEPTHWISE, 0.0)
    if _outruns(first):
        # A camera that has to turn is not still: it pans, or goes along.
        for move in ("pan", "follow" if weights.get("follow") else "pan"):
            weights[move] += weights["static"] / 2
        weights["static"] = 0.0
    move = draw("camera", weights)
    # These have a height of their own, which no word for a standing camera fits; and from high up a lens that
    # draws nearer loses the horizon as a crane does.
    height = {"eye": 1.0} if move in ("crane", "fly-over") else _HEIGHT
    height = {**_HEIGHT, "high": 0.0} if move == "zoom" else height
    # From afar, flown over: nobody would be seen.
    framing = {**_FRAMING, "wide": 0.0} if move == "fly-over" else _FRAMING
    return Camera(move, draw("framing", framing), draw("height", height))


def _passes_things(first: Subject) -> bool:
    """Whether a camera that follows has enough go by to be seen to move."""
    if first.action in ("drift", "sail", "jump") or first.speed == "slow":
        return False
    return first.speed == "fast" or (first.kind, first.action) not in _LEISURELY


def _outruns(first: Subject) -> bool:
    """Whether it goes too far across the picture for a camera that stays still."""
    if first.kind == "rocket" and first.action == "rise":
        return True
    if first.action == "fall" and not cast.plays(first.kind, first.action):
        return True
    fast = first.speed == "fast" and concepts.ACTIONS[first.action].travels
    far = first.action in (*_FAR, "drift", "jump") or (first.kind, first.action) == ("fish", "swim")
    return first.direction in ("left", "right") and (far or fast)


def near_enough(draw: Luck, camera: Camera, subjects: tuple[Subject, ...]) -> Camera:
    """The camera, near enough to tell the members of a company: from afar they would be dots."""
    crowd = len(subjects) > 1 or subjects[0].count > 2
    if crowd and camera.framing == "wide" and "framing" not in draw.fixed:
        camera = replace(camera, framing="medium")
    if subjects[0].count > 2 and camera.move == "fly-over" and "camera" not in draw.fixed:
        camera = replace(camera, move="crane")
    return camera


def cuts(draw: Luck, camera: Camera, seconds: float, fps: int) -> tuple[Cut, ...]:
    """Perhaps one cut near the middle, on a frame, to a camera that clearly differs."""
    wanted = draw.happens("cut", _CUT_SHARE) and seconds >= _SHORTEST_CUT_SECONDS
    if draw("cut", {"cut" if wanted else "none": 1}) == "none":
        return ()
    # What moves needs half of the clip to be told, what stands still less.
    least = 0.35 if camera.move == "static" else 0.5
    at = round(seconds * draw.stream("cut time").uniform(least, 0.65) * fps) / fps
    framing = draw.free("cut framing", {name: 1 for name in _FRAMING if name != camera.framing})
    move = draw.free("cut camera", {"static": 0.6, "pan": 0.15, "dolly": 0.25})
    return (Cut(at, Camera(move, framing, draw.free("cut height", _HEIGHT))),)


def apart(camera: Camera, cuts: tuple[Cut, ...]) -> tuple[Cut, ...]:
    """The cuts, none of them to the camera that films already: one that came nearer may be it."""
    close = replace(camera, framing="close")
    return tuple(replace(cut, camera=close) if cut.camera == camera else cut for cut in cuts)
