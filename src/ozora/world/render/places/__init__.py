"""The places of the film set: name → scenery. A new place is one more entry here and in the registry."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from ozora.world.render.far import Range
from ozora.world.render.places import built, indoors, land, moon, water, wild
from ozora.world.render.places.scenery import Scenery
from ozora.world.render.textures import on_one_thread

__all__ = ["SCENERY", "Scenery", "far_land"]

SCENERY: dict[str, Scenery] = {
    "snowfield": land.SNOWFIELD,
    "meadow": land.MEADOW,
    "dunes": land.DUNES,
    "sea": water.SEA,
    "tabletop": indoors.TABLETOP,
    "forest": wild.FOREST,
    "savannah": wild.SAVANNAH,
    "valley": wild.VALLEY,
    "canyon": wild.CANYON,
    "beach": wild.BEACH,
    "lake": water.LAKE,
    "underwater": water.UNDERWATER,
    "moon": moon.MOON,
    "street": built.STREET,
    "night city": built.NIGHT_CITY,
    "room": built.ROOM,
}


@lru_cache(maxsize=64)
@on_one_thread
def far_land(place: str, family: int, device: str) -> tuple[Range, ...]:
    """The silhouettes around a place, farthest first, on a device."""
    rings = SCENERY[place].far(family)
    return tuple(
        replace(ring, outline=ring.outline.to(device), colour=ring.colour.to(device)) for ring in rings
    )
