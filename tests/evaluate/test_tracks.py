"""Whoever is seen is followed: past each other, behind things, across cuts."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.evaluate.tracks import both, follow, sightings
from ozora.model.eyes import Eyes, Seen
from ozora.model.fovea import Glimpsed

shares_of_five = st.lists(st.floats(0.01, 1.0), min_size=5, max_size=5)


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


def test_sightings_are_read_off_centres_and_offsets(
    hand: SimpleNamespace, seen_by_hand: Callable[..., Seen]
) -> None:
    seen = seen_by_hand(hand.CONFIG, [(2, 3, 0), (2, 6, 1)])  # two that touch
    (here,) = sightings(Eyes(hand.CONFIG), torch.zeros(1, 1, 3, 32, 56), seen)
    assert [(round(one.x * 14 - 0.5, 6), round(one.y * 8 - 0.5, 6)) for one in here] == [(3, 2), (6, 2)]
    assert [int(one.kinds.argmax()) for one in here] == [0, 1]
    assert all(one.area == 9 / (8 * 14) for one in here)


def test_a_second_look_corrects_the_first_and_may_find_nobody(
    hand: SimpleNamespace, seen_by_hand: Callable[..., Seen], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Said by hand: the first is a kind that the first look did not think of, the second nobody."""
    kinds = len(hand.CONFIG.subjects)

    def glimpse(eyes: Eyes, pictures: torch.Tensor, cells: torch.Tensor) -> Glimpsed:
        assert pictures.shape == (2, 3, 32, 56) and cells.sum((1, 2)).tolist() == [9, 9]
        told = torch.zeros(2, kinds + 1)
        told[0, 5], told[1, -1] = 40.0, 40.0
        traits = {axis: torch.zeros(2, len(words)) for axis, words in hand.CONFIG.traits}
        traits["colour"][0, 3] = traits["size"][0, 2] = 40.0
        return Glimpsed(told, traits)

    monkeypatch.setattr(Eyes, "glimpse", glimpse)
    seen = seen_by_hand(hand.CONFIG, [(2, 3, 0), (2, 6, 1)])
    ((one,),) = sightings(Eyes(hand.CONFIG), torch.zeros(1, 1, 3, 32, 56), seen)
    assert int(one.kinds.argmax()) == 5 and one.kinds.sum() == pytest.approx(1)
    assert int(one.traits["colour"].argmax()) == 3
    assert one.traits["size"].max() == pytest.approx(1 / len(one.traits["size"]))  # the whole picture tells


@given(first=shares_of_five, second=shares_of_five)
def test_two_looks_together_never_rule_out_and_the_nearer_one_decides(
    first: list[float], second: list[float]
) -> None:
    one, other = (torch.tensor(values, dtype=torch.float64) / sum(values) for values in (first, second))
    told = both(one, other)
    assert float(told.sum()) == pytest.approx(1) and bool((told > 0).all())
    even = torch.full((5,), 0.2, dtype=torch.float64)
    assert int(both(even, other).argmax()) == int(other.argmax())  # who cannot tell does not vote
    assert bool((both(one, even).diff() * one.diff() >= 0).all())  # nor does he change an order
    certain = torch.eye(5, dtype=torch.float64)[2]
    assert int(both(torch.full((5,), 0.2, dtype=torch.float64), certain).argmax()) == 2
