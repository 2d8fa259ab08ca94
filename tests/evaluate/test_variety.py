"""Copies are found, variety is a share of real variety, and neither hangs on order or place."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ozora.evaluate.variety import diversity, memorisation

Points = NDArray[np.float64]

FRESH = np.arange(1.0, 102.0)[:, None]
"""Fresh films at distances 1, 2, … 101 from the one training clip at 0; one in twenty is nearer than 6."""

TRAINING = np.array([[0.0], [-1000.0]])


def drawn(seed: int, count: int = 40, channels: int = 5) -> Points:
    return np.random.default_rng(seed).normal(size=(count, channels))


def test_who_is_nearer_than_one_fresh_film_in_twenty_is_a_copy() -> None:
    made = np.array([[5.9], [6.1], [3.0], [50.0]])
    assert memorisation(made, TRAINING, FRESH) == 0.5
    assert memorisation(made, TRAINING, FRESH, quantile=0.6) == 1.0
    assert memorisation(made[1:2], TRAINING, FRESH) == 0.0
    assert memorisation(-1000 - made, TRAINING, FRESH) == 0.5  # near any training clip will do


@given(seed=st.integers(0, 1000), moved=st.floats(-50, 50))
def test_memorisation_does_not_hang_on_place_or_order(seed: int, moved: float) -> None:
    rng = np.random.default_rng(seed)
    training, fresh = drawn(seed), drawn(seed + 1)
    made = np.concatenate([training[:10] + 0.01 * drawn(seed + 2)[:10], drawn(seed + 3)])
    share = memorisation(made, training, fresh)
    assert 0.2 <= share < 0.5  # the ten copies of fifty, and few by chance
    assert memorisation(made + moved, training + moved, fresh + moved) == share
    assert memorisation(rng.permutation(made), rng.permutation(training), rng.permutation(fresh)) == share


@given(quantile=st.floats(0.0, 1.0))
def test_fresh_films_are_copies_as_often_as_was_said(quantile: float) -> None:
    assert memorisation(FRESH, TRAINING, FRESH, quantile) == pytest.approx(quantile, abs=1.01 / len(FRESH))


def test_the_softer_a_copy_the_less_it_is_one() -> None:
    training, fresh, noise = drawn(0), drawn(1), drawn(2)
    shares = [memorisation(training + soft * noise, training, fresh) for soft in (0.0, 0.3, 1.0, 10.0)]
    assert shares[0] == 1 and shares == sorted(shares, reverse=True) and shares[-1] == 0


def test_diversity_is_the_ratio_of_mean_distances() -> None:
    real = np.array([[-1.0], [1.0]])
    assert diversity(np.array([[0.0], [3.0]]), real) == pytest.approx(1.5)
    # Three films in a row: the pairs are 1, 1 and 2 apart, on average 4/3.
    assert diversity(np.array([[0.0], [1.0], [2.0]]), real) == pytest.approx(4 / 3 / 2)


@given(seed=st.integers(0, 1000), times=st.floats(0.1, 10), moved=st.floats(-50, 50))
def test_diversity_grows_with_the_films_wherever_they_lie(seed: int, times: float, moved: float) -> None:
    real = drawn(seed)
    assert diversity(real, real) == pytest.approx(1)
    assert diversity(times * real[::-1] + moved, real) == pytest.approx(times, rel=1e-6)


@given(copies=st.integers(2, 6))
def test_few_films_over_and_over_are_hardly_varied(copies: int) -> None:
    real = drawn(3, count=6)
    again = np.repeat(real, copies, axis=0)
    # Of all pairs those of a film with itself are no distance apart.
    alike = 6 * copies * (copies - 1) / (6 * copies * (6 * copies - 1))
    assert diversity(again, real) == pytest.approx(1 - alike)


def test_every_channel_counts_alike_however_loud_it_is() -> None:
    real, made = drawn(4), drawn(5)
    louder = np.array([1.0, 100.0, 1.0, 1000.0, 1.0])
    assert diversity(made * louder, real * louder) == pytest.approx(diversity(made, real), rel=0.01)
    assert diversity(made * louder, real) > 10
