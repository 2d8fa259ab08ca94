"""Distances of sets are those of their formulas, and points hold what was filmed: reckoned by hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ozora.evaluate.distances import clip_points, frame_points, frechet, kernel_distance, track_points

Points = NDArray[np.float64]
Distance = Callable[[Points, Points], float]
DISTANCES = (frechet, kernel_distance)


def drawn(seed: int, count: int = 60, channels: int = 4) -> Points:
    return np.random.default_rng(seed).normal(size=(count, channels))


@given(seed=st.integers(0, 100), moved=st.floats(-5, 5), times=st.floats(0.2, 3))
def test_frechet_of_one_channel_is_the_formula_of_two_normals(seed: int, moved: float, times: float) -> None:
    """(difference of means)² + (difference of deviations)², in deviations of the real set."""
    real = drawn(seed, channels=1)
    middle, deviation = real.mean(), real.std()
    made = middle + times * (real - middle) + moved
    unbiased = len(real) / (len(real) - 1)
    wanted = (moved / deviation) ** 2 + (times - 1) ** 2 * unbiased
    assert frechet(made, real) == pytest.approx(wanted, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize(("made", "wanted"), [([1, 1], 0), ([0, 0], -1), ([2, 2], 99), ([-1, 1], -8)])
def test_kernel_distance_of_two_points_each_is_reckoned_by_hand(made: list[int], wanted: float) -> None:
    """With x and y in one channel the kernel is (xy + 1)³; of real points at −1 and 1 it is 0."""
    real = np.array([[-1.0], [1.0]])
    assert kernel_distance(np.array(made, float)[:, None], real) == pytest.approx(wanted)


def test_a_kernel_distance_of_one_film_is_refused() -> None:
    for made, real in ((drawn(0)[:1], drawn(1)), (drawn(0), drawn(1)[:1])):
        with pytest.raises(ValueError, match="two points or more in each set"):
            kernel_distance(made, real)


@pytest.mark.parametrize("distance", DISTANCES)
@given(seed=st.integers(0, 100), moved=st.floats(-20, 20))
def test_only_what_differs_between_both_sets_counts(distance: Distance, seed: int, moved: float) -> None:
    rng = np.random.default_rng(seed)
    real, made = drawn(seed), 1.3 * drawn(seed + 1) + 0.5
    apart = distance(made, real)
    signs, order = rng.choice([-1.0, 1.0], 4), rng.permutation(4)
    assert apart > 0.1
    for change in (lambda p: p + moved, lambda p: p * signs, lambda p: p[:, order], lambda p: p[::-1]):
        assert distance(change(made), change(real)) == pytest.approx(apart, rel=1e-6)


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_channel_in_other_units_changes_nothing(distance: Distance) -> None:
    real, made, units = drawn(0), drawn(1) + 0.7, np.array([1.0, 1000.0, 10.0, 1.0])
    assert distance(made * units, real * units) == pytest.approx(distance(made, real), rel=0.02)


def test_a_channel_that_never_changes_in_real_films_takes_no_part() -> None:
    real, made = drawn(0), drawn(1) + 0.7
    still = np.full((60, 1), 3.0)
    for distance in DISTANCES:
        apart = distance(np.hstack([made, still]), np.hstack([real, still]))
        assert apart == pytest.approx(distance(made, real), rel=1e-6)


def test_more_channels_than_films_are_no_hindrance() -> None:
    real, near, far = drawn(0, 12, 100), drawn(1, 12, 100), drawn(2, 12, 100) + 1.5
    for distance in DISTANCES:
        assert distance(near, real) < distance(far, real) < float("inf")


@given(length=st.integers(1, 30), each=st.integers(2, 8))
def test_frames_are_taken_from_the_first_to_the_last_evenly(
    hand: SimpleNamespace, length: int, each: int
) -> None:
    numbered = torch.arange(length)[:, None].expand(-1, 2)
    films = [hand.staged(frames=length, features=numbered + start) for start in (0.0, 100.0)]
    points = frame_points(films, each)
    assert points.shape == (2 * each, 2) and np.array_equal(points[each:], points[:each] + 100)
    taken = points[:each, 0]
    assert taken[0] == 0 and taken[-1] == length - 1
    assert np.ptp(np.diff(taken)) <= 1  # as even as whole numbers can be


def test_a_clip_is_its_mean_its_changes_and_its_motion(hand: SimpleNamespace) -> None:
    rising = torch.arange(25.0)[:, None] * torch.tensor([1.0, -2.0])
    (point,) = clip_points([hand.staged(features=rising, flow=3.0)])
    mean, soon, later, motion = point[:2], point[2:4], point[4:6], point[6:]
    assert mean == pytest.approx([12, -24])
    assert soon == pytest.approx([1, 2]) and later == pytest.approx([4, 8])
    assert motion == pytest.approx([np.log1p(3), 0, 0])  # three pixels everywhere, always


def test_motion_in_jerks_is_not_even_motion(hand: SimpleNamespace) -> None:
    film = hand.staged(flow=2.0)
    jerky, halved = film.flow.clone(), film.flow.clone()
    jerky[::2], jerky[1::2] = jerky[::2] * 2, 0.0
    halved[..., :7], halved[..., 7:] = halved[..., :7] * 2, 0.0
    points = clip_points([film, replace(film, flow=jerky), replace(film, flow=halved)])[:, -3:]
    assert points[0] == pytest.approx([np.log1p(2), 0, 0], abs=1e-6)
    assert points[1] == pytest.approx(np.log1p([2, 2, 4]), abs=1e-6)
    assert points[2] == pytest.approx(np.log1p([2, 2, 0]), abs=1e-6)  # half the picture moves, but steadily


@given(seed=st.integers(0, 100), length=st.sampled_from([2, 4, 5, 25]))
def test_a_clip_played_backwards_feels_the_same_and_a_shuffled_one_does_not(
    hand: SimpleNamespace, seed: int, length: int
) -> None:
    steps = torch.randn(length, 6, generator=torch.Generator().manual_seed(seed)).cumsum(0)
    order = torch.randperm(length, generator=torch.Generator().manual_seed(seed))
    films = [hand.staged(features=some) for some in (steps, steps.flip(0), steps[order])]
    forth, back, shuffled = clip_points([replace(film, light=film.light[:length]) for film in films])
    assert back == pytest.approx(forth, abs=1e-6) and shuffled[:6] == pytest.approx(forth[:6], abs=1e-6)
    if length == 25:
        assert shuffled[6:12].sum() > 1.2 * forth[6:12].sum()


def test_who_stands_still_is_a_place_and_no_motion(hand: SimpleNamespace) -> None:
    (point,) = track_points([hand.staged([hand.Actor([(0.3, 0.6)] * 25, area=0.05)])])
    sure = 0.8 * 0.9  # of its centres, and of what it is
    assert point == pytest.approx([0.3, 0.6, 0, 0, 0, 0, np.log(0.05), 0, 1, sure], abs=1e-6)


def test_who_runs_has_a_speed_and_who_jerks_changes_it(hand: SimpleNamespace) -> None:
    runs = hand.Actor(hand.line((0.2, 0.5), (0.8, 0.5)))
    jerks = hand.Actor([(0.2 + 0.05 * ((frame + 1) // 2), 0.5) for frame in range(25)])
    even, uneven = track_points([hand.staged([runs]), hand.staged([jerks])])
    # 0.6 of the picture in two seconds; nothing downwards, and the mean is over both.
    assert even[2] == pytest.approx(0.6 / 2 / 2) and uneven[2] == pytest.approx(even[2])
    assert even[3] > 0 and even[4] == pytest.approx(0, abs=1e-6)
    assert even[5] == pytest.approx(0, abs=1e-6) and uneven[5] > 1


def test_a_gap_is_no_leap(hand: SimpleNamespace) -> None:
    way = hand.line((0.2, 0.5), (0.8, 0.5))
    hidden = [None if 9 <= frame <= 14 else place for frame, place in enumerate(way)]
    whole, part = track_points([hand.staged([hand.Actor(way)]), hand.staged([hand.Actor(hidden)])])
    assert part[2] == pytest.approx(whole[2]) and part[5] == pytest.approx(0, abs=1e-6)
    assert whole[8] == 1 and part[8] == pytest.approx(19 / 25)


def test_of_a_crowd_four_count_and_of_an_empty_film_nothing(hand: SimpleNamespace) -> None:
    crowd = hand.staged([hand.Actor([(0.15 + 0.17 * number, 0.5)] * 25) for number in range(5)])
    assert len(crowd.sure) == 5
    points = track_points([crowd, hand.staged(), hand.staged()])
    assert points.shape == (4 + 2, 10)
    assert points[:4].all(0)[0] and not points[4:].any()


@pytest.mark.parametrize("length", [1, 2, 3, 4, 6])
def test_the_shortest_films_have_points_too(hand: SimpleNamespace, length: int) -> None:
    film = hand.staged([hand.Actor([(0.4, 0.5)] * length)], features=torch.ones(length, 6))
    assert len(film.sure) == 1
    for points in (frame_points([film]), clip_points([film]), track_points([film])):
        assert np.isfinite(points).all()
