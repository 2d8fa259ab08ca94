"""Falls and bounces built from their formulas are measured as what they are, and compared without favour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from ozora.evaluate.adherence import Viewing
from ozora.evaluate.physics import WORST, acceleration, bounce_ratio, free_fall, heights, restitution
from ozora.evaluate.prompts import Prompt
from ozora.evaluate.sight import FilmSight
from ozora.world.shot import Shot, Subject

Path = NDArray[np.float64]
FALLS = Subject("ball", action="fall")


def thrown(gravity: float, upwards: float = 0.0, frames: int = 20, fps: float = 24.0) -> Path:
    """Seconds and height of a ball thrown upwards that falls back."""
    seconds = np.arange(frames) / fps
    return np.stack((seconds, 0.8 + upwards * seconds - gravity * seconds**2 / 2), 1)


def bounces(tops: Sequence[float], frames: int = 16, fps: float = 24.0) -> Path:
    """Seconds and height of a ball that comes off the ground to one height after the other."""
    steps = np.linspace(0, 1, frames, endpoint=False)
    ups = [top * (1 - (2 * step - 1) ** 2) for top in tops for step in steps]
    return np.stack((np.arange(len(ups) + 1) / fps, [*ups, 0.0]), 1)


def filmed(hand: SimpleNamespace, path: Path, kind: str = "ball") -> FilmSight:
    """A film of somebody who takes this path, one place after the other."""
    actor = hand.Actor([(0.5, 1 - height) for height in path[:, 1]], kind=kind)
    film = hand.staged([actor])
    assert len(film.tracks) == 1
    return film


def view(made: FilmSight, real: FilmSight | None, subject: Subject = FALLS) -> Viewing:
    return Viewing(Prompt("", Shot((subject,)), False), made, None, real)


@given(
    gravity=st.floats(0.5, 4.0), downwards=st.floats(0.0, 0.5), high=st.floats(-3, 3),
    fps=st.sampled_from([8.0, 12.0, 24.0, 30.0]),
)  # fmt: skip
def test_gravity_is_read_off_a_fall_however_fast_it_began(
    gravity: float, downwards: float, high: float, fps: float
) -> None:
    path = thrown(gravity, -downwards, frames=16, fps=fps)
    assert acceleration(path) == pytest.approx(gravity, rel=1e-6)
    path[:, 1] += high  # how high up it happens changes nothing
    assert acceleration(path) == pytest.approx(gravity, rel=1e-6)


@given(seen=st.sets(st.integers(0, 23), min_size=4))
def test_who_is_hidden_in_a_fall_has_not_fallen_differently(seen: set[int]) -> None:
    path = thrown(2.0, frames=24)[sorted(seen)]
    found = acceleration(path)
    assert found is None if path[0, 1] - path[-1, 1] < 0.04 else found == pytest.approx(2.0, rel=1e-6)


def test_of_a_throw_only_the_way_down_counts() -> None:
    path = thrown(2.0, upwards=0.5, frames=24)
    path[:6, 1] = 0.8 + 0.1 * path[:6, 0]  # the hand still pushes: no law of motion yet
    assert acceleration(path) == pytest.approx(2.0, rel=1e-6)


def test_what_hardly_sinks_or_is_hardly_seen_has_not_fallen() -> None:
    assert acceleration(None) is None
    assert acceleration(thrown(0.05)) is None
    assert acceleration(thrown(8.0, frames=3)) is None
    assert acceleration(thrown(8.0, frames=4)) == pytest.approx(8.0)
    assert acceleration(thrown(-2.0)) is None  # it rises


def test_the_longest_of_two_falls_counts() -> None:
    short, long = thrown(1.0, frames=12), thrown(3.0, frames=16)
    for first, then in ((short, long), (long, short)):
        later = then + np.array([first[-1, 0] + 1 / 24, 0.5])
        assert acceleration(np.concatenate([first, later])) == pytest.approx(3.0, rel=1e-6)


def test_heights_are_up_in_seconds_and_those_of_whoever_is_seen_longest(hand: SimpleNamespace) -> None:
    high, low = hand.Actor([(0.2, 0.1)] * 25), hand.Actor([(0.8, 0.75)] * 8 + [None] * 17)
    found = heights(hand.staged([low, high]), "fox")
    assert found is not None and found.shape == (25, 2)
    assert np.allclose(found[:, 0], np.arange(25) / hand.FPS) and np.allclose(found[:, 1], 0.9)
    assert heights(hand.staged([low, high]), "ball") is None


@given(gravities=st.tuples(st.floats(0.4, 1.2), st.floats(0.4, 1.2)))
def test_falls_are_compared_by_the_ratio_either_way(
    hand: SimpleNamespace, gravities: tuple[float, float]
) -> None:
    one, other = (filmed(hand, thrown(gravity, frames=12, fps=hand.FPS)) for gravity in gravities)
    apart = abs(np.log(gravities[0] / gravities[1]))
    assert free_fall(view(one, other)) == pytest.approx(apart, abs=1e-6)
    assert free_fall(view(other, one)) == pytest.approx(apart, abs=1e-6)


def test_a_film_at_double_speed_falls_four_times_as_fast(hand: SimpleNamespace) -> None:
    path = thrown(0.4, frames=21, fps=hand.FPS)
    assert free_fall(view(filmed(hand, path[::2]), filmed(hand, path))) == pytest.approx(np.log(4), rel=1e-6)


def test_what_brakes_flies_up_or_stays_away_is_the_worst_fall(hand: SimpleNamespace) -> None:
    real = filmed(hand, thrown(1.0, frames=12, fps=hand.FPS))
    braking = thrown(-0.5, upwards=-0.6, frames=12, fps=hand.FPS)
    for made in (filmed(hand, braking), filmed(hand, thrown(-0.8, frames=12, fps=hand.FPS)), hand.staged()):
        assert free_fall(view(made, real)) == WORST
    crawling = thrown(0.02, upwards=-0.1, frames=12, fps=hand.FPS)
    assert free_fall(view(filmed(hand, crawling), real)) == WORST  # fifty times too slow, and no worse


def test_where_the_real_film_shows_no_fall_nothing_is_asked(hand: SimpleNamespace) -> None:
    falls = filmed(hand, thrown(1.0, frames=12, fps=hand.FPS))
    rises = filmed(hand, thrown(-0.8, frames=12, fps=hand.FPS))
    brakes = filmed(hand, thrown(-0.5, upwards=-0.6, frames=12, fps=hand.FPS))
    for real in (None, hand.staged(), rises, brakes):
        assert free_fall(view(falls, real)) is None
    for real in (None, hand.staged(), falls):
        assert restitution(view(falls, real)) is None
    rolls = replace(FALLS, action="roll")
    assert free_fall(view(falls, falls, rolls)) is None and restitution(view(falls, falls, rolls)) is None


@given(share=st.floats(0.5, 1.5), times=st.floats(0.8, 2.0), fps=st.sampled_from([12.0, 24.0, 50.0]))
def test_bounces_have_one_ratio_at_any_scale_and_speed(share: float, times: float, fps: float) -> None:
    tops = [0.3 * times * share**number for number in range(3)]
    assert bounce_ratio(bounces(tops, fps=fps)) == pytest.approx(share, rel=1e-6)


def test_two_rises_make_a_ratio_and_one_makes_none() -> None:
    assert bounce_ratio(None) is None
    assert bounce_ratio(bounces([0.4])) is None
    assert bounce_ratio(bounces([0.4, 0.01])) is None  # that was no bounce
    assert bounce_ratio(bounces([0.4, 0.2])) == pytest.approx(0.5)
    # Shares are averaged as factors: half and then double is what it was.
    assert bounce_ratio(bounces([0.4, 0.2, 0.4])) == pytest.approx(1.0)


def test_restitution_is_the_ratio_of_ratios(hand: SimpleNamespace) -> None:
    def ball(share: float) -> FilmSight:
        return filmed(hand, bounces([0.4 * share**number for number in range(3)], frames=24))

    bouncing = replace(FALLS, action="bounce")
    assert restitution(view(ball(0.7), ball(0.7), bouncing)) == pytest.approx(0, abs=1e-6)
    assert restitution(view(ball(0.45), ball(0.9), bouncing)) == pytest.approx(np.log(2), rel=1e-6)
    assert restitution(view(ball(0.9), ball(0.45), bouncing)) == pytest.approx(np.log(2), rel=1e-6)
    falls = filmed(hand, thrown(1.0, frames=12, fps=hand.FPS))
    assert restitution(view(falls, ball(0.7), bouncing)) == WORST
