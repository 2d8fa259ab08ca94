"""What a picture cannot show: facts that a shot's look or place hides and no caption may tell."""

from __future__ import annotations

from ozora.world import concepts
from ozora.world.shot import Shot

_LOW_SUN = ("dawn", "sunset", "dusk")
"""Hours that only the colour of their light tells apart."""

_HUELESS = ("black-and-white", "sepia")
_DRAWN = ("clay", "cartoon", "watercolour", "neon", "paper")
"""Looks in which nothing shines."""

_OVERHEAD = ("cloud", "aurora")
"""Weathers that only the sky shows, which no high camera sees."""

_LEVEL = ("static", "pan", "dolly", "orbit", "follow", "handheld", "truck", "pull-back")
"""Camera moves that keep to the height at which they began."""

_AIRLESS = {"clay": ("clear", "cloud", "fog"), "paper": ("fog",), "neon": ("clear", "cloud", "fog")}
"""Weathers that look like one another in a look that shows no air."""

_LINES = "neon"
"""The look that shows edges and hues, and neither light nor air."""


def hidden(shot: Shot) -> frozenset[str]:
    """The facts, named as in ``captions``, that nobody could tell from the picture.

    A time lapse shows its hours by their change, so that it hides none of them.
    """
    away = set()
    first = concepts.visible_colour(shot.subjects[0].kind, shot.subjects[0].colour)
    if shot.look in concepts.COLOURLESS and (shot.look == "clay" or first not in ("white", "black")):
        away.add("colour")
    if shot.look in _DRAWN:
        away.add("material")
    if shot.later == "none" and _hides_hour(shot):
        away |= {"time", "light"}
    if shot.weather in _AIRLESS.get(shot.look, ()):
        away.add("weather")
    cameras = (shot.camera, *(cut.camera for cut in shot.cuts))
    if shot.weather in _OVERHEAD and all(one.height == "high" and one.move in _LEVEL for one in cameras):
        away.add("weather")
    if shot.look in _HUELESS and shot.weather == "aurora":
        away.add("weather")  # green and violet are all that tells it from cloud
    return frozenset(away)


def _hides_hour(shot: Shot) -> bool:
    if shot.look == _LINES:
        return True
    if shot.place == "underwater" and shot.time == "dawn":
        return True  # a morning's gold does not reach the floor of the sea
    # The moon has no air that a low sun could redden.
    return shot.time in _LOW_SUN and (shot.look in _HUELESS or shot.place == "moon")
