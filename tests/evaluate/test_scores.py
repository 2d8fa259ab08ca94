"""The scorecard's arithmetic, exact on cases worked out by hand."""

from __future__ import annotations

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.evaluate.scores import Share, blind_guess, floor, share_right, way

WORDS = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=2, max_size=5)


def test_wilson_interval_matches_the_published_example() -> None:
    # 81 of 263: Newcombe, Statistics in Medicine 17 (1998), table I, score method without correction.
    low, high = Share(81, 263).interval
    assert (round(low, 4), round(high, 4)) == (0.2553, 0.3662)
    assert Share(0, 20).interval == pytest.approx((0.0, 0.1611), abs=1e-4)
    assert Share(20, 20).interval[1] == 1.0
    assert Share(0, 0).interval == (0.0, 1.0)


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_share_lies_in_its_interval(case: tuple[int, int]) -> None:
    share = Share(*case)
    low, high = share.interval
    assert 0 <= low <= share.value + 1e-12 and share.value - 1e-12 <= high <= 1


@given(WORDS)
def test_floor_is_the_mean_over_all_derangements(pairs: list[tuple[str, str]]) -> None:
    asked, shown = [a for a, _ in pairs], [b for _, b in pairs]
    orders = permutations(range(len(pairs)))
    deranged = [order for order in orders if all(place != film for place, film in enumerate(order))]
    mean = sum(share_right(asked, [shown[i] for i in order]).value for order in deranged) / len(deranged)
    assert floor(asked, shown) == pytest.approx(mean)


def test_floor_of_films_that_all_show_the_same_is_their_score() -> None:
    asked = ["fox", "horse", "bird", "ball"]
    assert floor(asked, ["fox"] * 4) == share_right(asked, ["fox"] * 4).value == 0.25
    assert floor(asked, asked) == 0.0
    with pytest.raises(ValueError, match="two or more"):
        floor(["fox"], ["fox"])


def test_way_from_floor_to_ceiling() -> None:
    assert way(0.6, 0.2, 1.0) == pytest.approx(0.5)
    assert way(0.2, 0.2, 0.9) == 0.0
    assert way(0.9, 0.2, 0.9) == pytest.approx(1.0)
    assert way(0.5, 0.4, 0.4) is None


def test_blind_guess_takes_the_commonest_answer_of_each_group() -> None:
    asked = ["walk", "walk", "run", "fly", "fly"]
    assert blind_guess(asked) == 2 / 5
    assert blind_guess(asked, ["fox", "fox", "fox", "bird", "bird"]) == 4 / 5
