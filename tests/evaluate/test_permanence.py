"""Nobody vanishes in the open, and whoever comes back is still the same: on films whose ending is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.evaluate.permanence import permanence, sameness
from ozora.evaluate.sight import FilmSight
from ozora.evaluate.tracks import follow

Places = list[tuple[float, float] | None]


def between(places: Sequence[tuple[float, float]], first: int, last: int) -> Places:
    """These places, seen from the first to the last frame only."""
    return [place if first <= frame <= last else None for frame, place in enumerate(places)]


def reversed_film(hand: SimpleNamespace, film: FilmSight) -> FilmSight:
    """The same film played backwards."""
    last = film.frames - 1
    people = [[replace(one, frame=last - one.frame) for one in here] for here in reversed(film.people)]
    return replace(film, people=tuple(map(tuple, people)), tracks=follow(hand.CONFIG, people, film.fps))


@pytest.mark.parametrize("edge", [(0.03, 0.5), (0.97, 0.5), (0.5, 0.04), (0.5, 0.96)])
def test_one_may_come_in_and_go_out_at_every_edge(hand: SimpleNamespace, edge: tuple[float, float]) -> None:
    inwards = [*[None] * 8, *hand.line(edge, (0.5, 0.5), 17)]
    for places in (inwards, inwards[::-1]):
        assert permanence(hand.staged([hand.Actor(places)])) == 1


@pytest.mark.parametrize(("first", "last", "stays"), [(0, 24, 1), (2, 22, 1), (8, 24, 0), (0, 16, 0)])
def test_in_the_open_one_must_be_there_from_the_first_to_the_last(
    hand: SimpleNamespace, first: int, last: int, stays: float
) -> None:
    places = between(hand.line((0.3, 0.5), (0.6, 0.5)), first, last)
    assert permanence(hand.staged([hand.Actor(places)])) == stays


@given(
    first=st.integers(0, 10), last=st.integers(14, 24), start=st.floats(0.05, 0.9), end=st.floats(0.05, 0.9)
)  # fmt: skip
def test_a_film_played_backwards_is_as_permanent(
    hand: SimpleNamespace, first: int, last: int, start: float, end: float
) -> None:
    film = hand.staged([hand.Actor(between(hand.line((start, 0.5), (end, 0.5)), first, last))])
    assert permanence(film) == permanence(reversed_film(hand, film))


def test_a_cut_excuses_who_is_gone_beside_it_and_nobody_else(hand: SimpleNamespace) -> None:
    gone = hand.Actor(between([(0.5, 0.5)] * 25, 0, 11))
    assert permanence(hand.staged([gone], cuts=(12,))) == 1
    assert permanence(hand.staged([gone], cuts=(20,))) == 0
    new = hand.Actor(between([(0.5, 0.5)] * 25, 12, 24))
    assert permanence(hand.staged([new], cuts=(12,))) == 1
    assert permanence(hand.staged([new], cuts=(2,))) == 0


def test_it_is_the_share_of_those_who_stay(hand: SimpleNamespace) -> None:
    stay = [hand.Actor([(x, 0.3)] * 25) for x in (0.3, 0.7)]
    vanish = hand.Actor(between([(0.5, 0.8)] * 25, 0, 14))
    assert permanence(hand.staged([*stay, vanish])) == pytest.approx(2 / 3)
    assert permanence(hand.staged(stay)) == 1


def test_passers_by_are_no_actors(hand: SimpleNamespace) -> None:
    glimpse = hand.Actor(between([(0.5, 0.8)] * 25, 10, 15))
    assert permanence(hand.staged([glimpse])) is None
    assert permanence(hand.staged([glimpse, hand.Actor([(0.3, 0.3)] * 25)])) == 1


@pytest.mark.parametrize(("colour", "stays"), [("red", 1), ("green", 0)])
def test_who_comes_out_from_hiding_has_not_changed_colour(
    hand: SimpleNamespace, colour: str, stays: float
) -> None:
    way = hand.line((0.3, 0.5), (0.6, 0.5))
    before, after = hand.Actor(between(way, 0, 9)), hand.Actor(between(way, 16, 24), colour=colour)
    film = hand.staged([before, after])
    assert len(film.tracks) == 1  # one who was hidden, not two
    assert permanence(film) == stays


def test_a_blink_is_no_hiding(hand: SimpleNamespace) -> None:
    way = hand.line((0.3, 0.5), (0.6, 0.5))
    before, after = hand.Actor(between(way, 0, 9)), hand.Actor(between(way, 11, 24), colour="green")
    film = hand.staged([before, after])
    assert len(film.tracks) == 1 and permanence(film) == 1


def overlap(values: int, sure: float = 0.9) -> float:
    """Of two distributions over so many values, each sure of another one."""
    rest = (1 - sure) / (values - 1)
    return 2 * (sure * rest) ** 0.5 + (values - 2) * rest


def test_sameness_is_the_overlap_of_both_sides(hand: SimpleNamespace) -> None:
    colours = len(dict(hand.CONFIG.traits)["colour"])
    way = hand.line((0.2, 0.5), (0.6, 0.5))
    for cut in (5, 12, 20):  # wherever the cut is, there it is compared
        before, after = between(way, 0, cut - 1), between(way, cut, 24)
        film = hand.staged([hand.Actor(before), hand.Actor(after, colour="blue")], cuts=(cut,))
        assert sameness(film) == pytest.approx(overlap(colours), rel=1e-6)
        same = hand.staged([hand.Actor(before), hand.Actor(after)], cuts=(cut,))
        assert sameness(same) == pytest.approx(1)


def test_without_a_cut_the_halves_are_compared(hand: SimpleNamespace) -> None:
    way = hand.line((0.3, 0.5), (0.6, 0.5))

    def changes(frame: int) -> float:
        actors = [hand.Actor(between(way, 0, frame - 1)), hand.Actor(between(way, frame, 24), colour="blue")]
        found = sameness(hand.staged(actors))
        assert found is not None
        return found

    # A change in the middle is seen whole; the nearer to an end, the more of both sides is alike.
    scores = [changes(frame) for frame in (12, 15, 18, 21)]
    assert scores == sorted(scores) and 0 < scores[0] < scores[-1] < 1


def test_sameness_needs_somebody_on_both_sides(hand: SimpleNamespace) -> None:
    assert sameness(hand.staged()) is None
    only_early = hand.staged([hand.Actor(between([(0.5, 0.5)] * 25, 0, 10))])
    assert sameness(only_early) is None
    assert sameness(reversed_film(hand, only_early)) is None


def test_whoever_is_seen_longest_is_the_one_compared(hand: SimpleNamespace) -> None:
    main = hand.Actor([(0.3, 0.5)] * 25, kind="car", colour="white")
    guests = [hand.Actor(between([(0.7, 0.3)] * 25, 0, 11)),
              hand.Actor(between([(0.7, 0.7)] * 25, 13, 22), colour="blue")]  # fmt: skip
    assert sameness(hand.staged([*guests, main])) == pytest.approx(1)
