"""Whether who is in a film stays there and stays the same: behind a tree, across a cut, to the end."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from ozora.evaluate.sight import FilmSight
from ozora.evaluate.tracks import Track

BORDER = 0.12
"""Share of the picture from whose edge inwards one may leave it or come into it."""

LASTING = 0.35
"""Share of a film for which a track must be seen to be one of its actors."""


def permanence(film: FilmSight) -> float | None:
    """Share of the actors that neither vanish nor appear in the open: from an actor's first sighting to its
    last must be all of the film, but for what happens at the picture's edge or beside a cut, and whoever
    comes back from hiding must be of the same kind and colour. None if nobody is there to stay.

    After the tests of object permanence in IntPhys (Riochet et al., 2018).
    """
    actors = _actors(film)
    if not actors:
        return None
    return float(np.mean([_stays(film, track) for track in actors]))


def sameness(film: FilmSight) -> float | None:
    """How alike the main actor is before and after the cut, or in both halves of a film without one.

    Overlap (Bhattacharyya 1943) of its kind and colour as the eyes see them, 0 … 1; None if it is not seen in
    both.
    """
    middle = film.cuts[0] if film.cuts else film.frames // 2
    actors = sorted(film.sure, key=lambda track: -len(track.sightings))
    if not actors:
        return None
    kind = actors[0].kind
    sides = [
        [one for track in film.of_kind(kind) for one in track.sightings if (one.frame < middle) is before]
        for before in (True, False)
    ]
    if not all(sides):
        return None
    alike = 1.0
    for shares in (
        [np.mean([one.kinds for one in side], 0) for side in sides],
        [np.mean([one.traits["colour"] for one in side], 0) for side in sides],
    ):
        alike *= float(np.sqrt(shares[0] * shares[1]).sum())
    return alike


def _actors(film: FilmSight) -> list[Track]:
    """The sure tracks that are seen for long enough."""
    return [track for track in film.sure if track.visible.mean() >= LASTING]


def _stays(film: FilmSight, track: Track) -> bool:
    slack = max(2, round(0.25 * film.fps))
    ends = ((track.first, track.sightings[0], track.first <= slack),
            (track.last, track.sightings[-1], track.last >= film.frames - 1 - slack))  # fmt: skip
    for frame, sight, whole in ends:
        at_edge = min(sight.x, 1 - sight.x) < BORDER or min(sight.y, 1 - sight.y) < BORDER
        at_cut = any(abs(frame - cut) <= slack for cut in film.cuts)
        if not (whole or at_edge or at_cut):
            return False
    frames = [one.frame for one in track.sightings]
    for before, after in pairwise(frames):
        if after - before > slack and not _same(track, before, after):
            return False
    return True


def _same(track: Track, before: int, after: int) -> bool:
    """Whether a track's likeliest kind and colour are the same on both sides of a gap."""
    sides = [
        [one for one in track.sightings if low <= one.frame <= high]
        for low, high in ((before - 5, before), (after, after + 5))
    ]
    kinds, colours = (
        [int(np.mean([read(one) for one in side], 0).argmax()) for side in sides]
        for read in (lambda one: one.kinds, lambda one: one.traits["colour"])
    )
    return kinds[0] == kinds[1] and colours[0] == colours[1]
