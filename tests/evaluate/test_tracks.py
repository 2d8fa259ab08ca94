"""Whoever is seen is followed: past each other, behind things, across cuts."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.evaluate.tracks import follow, sightings
from ozora.model.eyes import Seen


@given(rows=st.lists(st.floats(0.1, 0.9), min_size=1, max_size=4, unique_by=lambda y: round(y * 4)))
@settings(max_examples=20, deadline=None)
def test_as_many_tracks_as_actors(hand: SimpleNamespace, rows: list[float]) -> None:
    actors = [hand.Actor(hand.line((0.1, y), (0.8, y))) for y in rows]
    tracks = follow(hand.CONFIG, hand.people(actors), hand.FPS)
    assert sorted(round(track.mean("y"), 6) for track in tracks) == sorted(round(y, 6) for y in rows)
    assert all(track.visible.all() and track.kind == "fox" for track in tracks)


def test_those_who_pass_each_other_keep_their_own_track(hand: SimpleNamespace) -> None:
    red = hand.Actor(hand.line((0.1, 0.5), (0.9, 0.5)), colour="red")
    blue = hand.Actor(hand.line((0.9, 0.5), (0.1, 0.5)), colour="blue")
    tracks = follow(hand.CONFIG, hand.people([red, blue]), hand.FPS)
    assert len(tracks) == 2
    for track in tracks:
        xs = track.path()[:, 1]
        assert abs(xs[-1] - xs[0]) > 0.7 and (np.diff(xs) > 0).all() == (track.traits["colour"] == "red")


def test_whoever_is_hidden_comes_back_as_the_same_one(hand: SimpleNamespace) -> None:
    places = [p if not 9 <= t <= 15 else None for t, p in enumerate(hand.line((0.1, 0.5), (0.9, 0.5)))]
    (track,) = follow(hand.CONFIG, hand.people([hand.Actor(places)]), hand.FPS)
    assert track.visible.sum() == 18 and not track.visible[9:16].any()
    # Somebody else who comes out on the other side is somebody else.
    other = hand.Actor([None] * 16 + list(places[16:]), kind="car", colour="white", area=0.1)
    first = hand.Actor([*places[:9], *[None] * 16])
    kinds = {track.kind for track in follow(hand.CONFIG, hand.people([first, other]), hand.FPS)}
    assert kinds == {"fox", "car"}


def test_across_a_cut_looks_tell_who_is_who(hand: SimpleNamespace) -> None:
    places = [*hand.line((0.2, 0.5), (0.3, 0.5), 12), *hand.line((0.85, 0.3), (0.8, 0.3), 13)]
    actor = hand.Actor(places)
    assert len(follow(hand.CONFIG, hand.people([actor]), hand.FPS)) == 2  # nobody jumps like that
    assert len(follow(hand.CONFIG, hand.people([actor]), hand.FPS, cuts=(12,))) == 1


def test_what_is_seen_twice_is_a_slip_of_the_eyes(hand: SimpleNamespace) -> None:
    ghost = hand.Actor([None] * 5 + [(0.5, 0.2)] * 2 + [None] * 18)
    fox = hand.Actor(hand.line((0.1, 0.8), (0.8, 0.8)))
    assert len(follow(hand.CONFIG, hand.people([fox, ghost]), hand.FPS)) == 1


def test_sightings_are_read_off_centres_and_offsets(hand: SimpleNamespace) -> None:
    height, width, first = 8, 14, hand.CONFIG.first_subject
    silhouette = torch.full((1, 1, height, width), -6.0)
    centre, offset = silhouette.clone(), torch.zeros(1, 1, 2, height, width)
    classes = torch.zeros(1, 1, len(hand.CONFIG.classes), height, width)
    for row, column, kind in ((2, 3, 0), (2, 6, 1)):  # two that touch
        silhouette[..., row - 1 : row + 2, column - 1 : column + 2] = 6
        centre[..., row, column] = 4
        classes[0, 0, first + kind, row - 1 : row + 2, column - 1 : column + 2] = 9
        for d in (-1, 0, 1):
            offset[0, 0, 0, row - 1 : row + 2, column + d] = -d
            offset[0, 0, 1, row + d, column - 1 : column + 2] = -d
    traits = {axis: torch.zeros(1, 1, len(words), height, width) for axis, words in hand.CONFIG.traits}
    seen = Seen(classes, traits, {}, torch.zeros(1, 1, height, width), silhouette, centre, offset,
                torch.zeros(1, 0, 2, height, width), ())  # fmt: skip
    (here,) = sightings(hand.CONFIG, seen)
    assert [(one.x * width - 0.5, one.y * height - 0.5) for one in here] == [(3, 2), (6, 2)]
    assert [int(one.kinds.argmax()) for one in here] == [0, 1]
    assert all(one.area == 9 / (height * width) for one in here)
