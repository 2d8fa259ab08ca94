"""Each metric says what it is for on films made by hand, and the opposite on the opposite."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.evaluate import adherence as skills
from ozora.evaluate.adherence import Viewing
from ozora.evaluate.distances import frechet, kernel_distance, track_points
from ozora.evaluate.permanence import permanence, sameness
from ozora.evaluate.physics import WORST, acceleration, bounce_ratio, free_fall
from ozora.evaluate.prompts import Prompt
from ozora.evaluate.sight import cut_frames
from ozora.evaluate.steadiness import flicker, luminance_drift, saturation_drift
from ozora.evaluate.variety import diversity, memorisation
from ozora.world.shot import Shot, Subject


def ask(sight, *subjects: Subject, real=None, **shot) -> Viewing:  # type: ignore[no-untyped-def]
    return Viewing(Prompt("", Shot(subjects, **shot), False), sight, None, real)


def test_presence_count_and_colour(hand: SimpleNamespace) -> None:
    two = hand.staged([hand.Actor(hand.line((0.1, y), (0.8, y))) for y in (0.3, 0.7)])
    assert skills.presence(ask(two, Subject("fox"))) and not skills.presence(ask(two, Subject("car")))
    assert skills.count(ask(two, Subject("fox", count=2))) and not skills.count(ask(two, Subject("fox")))
    assert not skills.count(ask(hand.staged(), Subject("fox")))
    assert skills.colour(ask(two, Subject("fox")))  # a natural fox is red
    assert not skills.colour(ask(two, Subject("fox", colour="white")))
    assert skills.colour(ask(two, Subject("fox"), look="sepia")) is None
    assert skills.size(ask(two, Subject("fox"))) is None  # nobody asked
    assert not skills.size(ask(two, Subject("fox", size="large")))


def test_direction_and_speed_are_against_the_background(hand: SimpleNamespace) -> None:
    runs = Subject("fox", action="run", direction="right")
    goes = hand.Actor(hand.line((0.2, 0.5), (0.8, 0.5)))
    stays = hand.Actor([(0.5, 0.5)] * 25)
    plain, followed = hand.staged([goes]), hand.staged([stays], flow=-1.4)  # the camera follows
    assert skills.direction(ask(plain, runs)) and skills.direction(ask(followed, runs))
    left = replace(runs, direction="left")
    assert not skills.direction(ask(plain, left)) and not skills.direction(ask(followed, left))
    assert skills.direction(ask(plain, Subject("fox", action="stand"))) is None
    assert skills.speed(ask(followed, runs, real=plain)) and skills.speed(ask(plain, runs)) is None
    slow = hand.staged([hand.Actor(hand.line((0.2, 0.5), (0.4, 0.5)))])
    assert not skills.speed(ask(slow, runs, real=plain))


def test_action_and_order(hand: SimpleNamespace) -> None:
    way = hand.line((0.2, 0.5), (0.8, 0.5))
    first = hand.staged([hand.Actor(way, action="walk", then="run")])
    walks = Subject("fox", action="walk", then="run")
    assert skills.order(ask(first, walks)) and skills.action(ask(first, walks)) is None
    backwards = hand.staged([hand.Actor(way, action="run", then="walk")])
    assert not skills.order(ask(backwards, walks)) and skills.order(ask(first, Subject("fox"))) is None
    assert skills.action(ask(hand.staged([hand.Actor(way)]), Subject("fox", action="run")))


@pytest.mark.parametrize(
    ("relation", "fox", "car", "opposite"),
    [
        ("left of", (0.2, 0.5, 8), (0.8, 0.5, 8), "right of"),
        ("in front of", (0.5, 0.6, 5), (0.5, 0.5, 20), "behind"),
        ("beside", (0.4, 0.5, 8), (0.6, 0.5, 8), None),
    ],
)
def test_relations(hand: SimpleNamespace, relation, fox, car, opposite) -> None:  # type: ignore[no-untyped-def]
    both = ((fox, "fox"), (car, "car"))
    actors = [hand.Actor([place[:2]] * 25, kind=kind, depth=place[2]) for place, kind in both]
    film, pair = hand.staged(actors), (Subject("fox"), Subject("car"))
    assert skills.relation(ask(film, *pair, relation=relation))
    if opposite is not None:
        assert not skills.relation(ask(film, *pair, relation=opposite))
    assert skills.relation(ask(film, *pair)) is None


def test_chasing_is_not_crossing(hand: SimpleNamespace) -> None:
    fox = hand.Actor(hand.line((0.1, 0.5), (0.5, 0.5)))
    after = [fox, hand.Actor(hand.line((0.4, 0.5), (0.8, 0.5)), kind="car")]
    past = [fox, hand.Actor(hand.line((0.8, 0.7), (0.4, 0.7)), kind="car")]
    pair = (Subject("fox", action="run"), Subject("car", action="drive"))
    for actors, told, other in ((after, "chasing", "crossing"), (past, "crossing", "chasing")):
        film = hand.staged(actors)
        assert skills.relation(ask(film, *pair, relation=told))
        assert not skills.relation(ask(film, *pair, relation=other))


def test_accepted_asks_for_everything_that_was_asked(hand: SimpleNamespace) -> None:
    film = hand.staged([hand.Actor(hand.line((0.2, 0.5), (0.8, 0.5)))])
    asked = {name: skills.SKILLS[name] for name in ("presence", "colour", "size", "direction")}
    assert skills.accepted(ask(film, Subject("fox", action="run")), asked)
    assert not skills.accepted(ask(film, Subject("fox", action="run", colour="black")), asked)


def test_actors_must_not_vanish_in_the_open(hand: SimpleNamespace) -> None:
    way = hand.line((0.2, 0.5), (0.6, 0.5))
    assert permanence(hand.staged([hand.Actor(way)])) == 1
    assert permanence(hand.staged([hand.Actor([*way[:12], *[None] * 13])])) == 0
    leaves = [*hand.line((0.3, 0.5), (0.97, 0.5), 14), *[None] * 11]
    assert permanence(hand.staged([hand.Actor(leaves)])) == 1  # one may go out at the side
    hidden = [None if 9 <= t <= 15 else p for t, p in enumerate(way)]
    assert permanence(hand.staged([hand.Actor(hidden)])) == 1  # and behind a tree
    assert permanence(hand.staged()) is None


def test_sameness_falls_when_somebody_changes(hand: SimpleNamespace) -> None:
    way = hand.line((0.2, 0.5), (0.6, 0.5))
    before, after = [*way[:12], *[None] * 13], [*[None] * 12, *way[12:]]
    same = hand.staged([hand.Actor(before), hand.Actor(after)], cuts=(12,))
    other = hand.staged([hand.Actor(before), hand.Actor(after, colour="green")], cuts=(12,))
    assert sameness(same) == pytest.approx(1) and sameness(other) < 0.8


def test_cuts_are_found_and_motion_is_none() -> None:
    light = torch.rand(2, 3, 8, 14, generator=torch.Generator().manual_seed(0))
    film = torch.cat([light[:1] + 0.003 * t for t in range(6)] + [light[1:] + 0.003 * t for t in range(6)])
    assert cut_frames(film) == (6,) and cut_frames(film[:6]) == ()


@given(gravity=st.floats(0.2, 3.0), noise=st.floats(0, 1e-3))
@settings(max_examples=20, deadline=None)
def test_the_acceleration_of_a_fall_is_found(gravity: float, noise: float) -> None:
    seconds = np.arange(0, min(1.5, (1.6 / gravity) ** 0.5), 1 / 24)
    height = 0.9 - gravity * seconds**2 / 2 + noise * np.sin(40 * seconds)
    found = acceleration(np.stack((seconds, height), 1))
    if height[0] - height[-1] > 0.06:
        assert found == pytest.approx(gravity, rel=0.15)


def test_falls_are_compared_with_the_real_one(hand: SimpleNamespace) -> None:
    def fall(gravity: float):  # type: ignore[no-untyped-def]
        places = [(0.5, 0.2 + gravity * (t / 12) ** 2 / 2) for t in range(13)]
        return hand.staged([hand.Actor(places, kind="ball")])

    ball = Subject("ball", action="fall")
    assert free_fall(ask(fall(1.0), ball, real=fall(1.0))) == pytest.approx(0, abs=1e-6)
    assert free_fall(ask(fall(0.5), ball, real=fall(1.0))) == pytest.approx(np.log(2), rel=0.05)
    still = hand.staged([hand.Actor([(0.5, 0.4)] * 13, kind="ball")])
    assert free_fall(ask(still, ball, real=fall(1.0))) == WORST
    assert free_fall(ask(fall(1.0), Subject("fox"), real=fall(1.0))) is None


def test_bounces_shrink_by_their_restitution() -> None:
    tops = [0.4 * 0.6**n for n in range(4)]
    path = [h * (1 - (2 * s - 1) ** 2) for h in tops for s in np.linspace(0, 1, 12, endpoint=False)]
    timed = np.stack((np.arange(len(path)) / 24, path), 1)
    assert bounce_ratio(timed) == pytest.approx(0.6, rel=0.05)
    timed[:, 1] = timed[::-1, 1]  # backwards they grow
    assert bounce_ratio(timed) > 1.4


def test_flicker_and_drift(hand: SimpleNamespace) -> None:
    steady = torch.rand(1, 3, 8, 14, generator=torch.Generator().manual_seed(0)).expand(25, -1, -1, -1) * 0.5
    swing = torch.tensor([1 + 0.1 * (-1) ** t for t in range(25)])[:, None, None, None]
    ramp = torch.linspace(0, 0.2, 25)[:, None, None, None]
    assert flicker(hand.staged(light=steady)) == pytest.approx(0, abs=1e-4)
    assert flicker(hand.staged(light=steady * swing)) > 0.02
    assert luminance_drift(hand.staged(light=steady)) == pytest.approx(0, abs=1e-4)
    assert luminance_drift(hand.staged(light=steady + ramp)) == pytest.approx(0.2 / (24 / 12) * 10, rel=0.02)
    grey = steady.mean(1, keepdim=True)
    pale = steady + (grey - steady) * torch.linspace(0, 1, 25)[:, None, None, None]
    assert saturation_drift(hand.staged(light=pale)) > 0.2
    assert luminance_drift(hand.staged(light=steady[:3])) is None


@given(shift=st.floats(0.5, 3))
@settings(max_examples=10, deadline=None)
def test_distances_grow_with_what_differs(shift: float) -> None:
    rng = np.random.default_rng(0)
    real, fresh = rng.normal(size=(400, 6)), rng.normal(size=(400, 6))
    for distance in (frechet, kernel_distance):
        near, far = distance(fresh, real), distance(fresh + shift, real)
        assert near < 0.2 and far > near + 0.2
        assert distance(fresh + 2 * shift, real) > far
        assert distance(fresh[rng.permutation(400)], real) == pytest.approx(near)
    assert frechet(real, real) == pytest.approx(0, abs=1e-6)


def test_tracks_of_films_without_anybody_count_too(hand: SimpleNamespace) -> None:
    films = [hand.staged([hand.Actor(hand.line((0.1 * k, 0.5), (0.8, 0.5)))]) for k in range(1, 8)]
    points = track_points(films)
    assert points.shape == (7, 10) and np.isfinite(points).all()
    empty = track_points([hand.staged() for _ in films])
    assert frechet(empty, points) > frechet(points[::-1], points) + 1


def test_diversity_and_memorisation() -> None:
    rng = np.random.default_rng(1)
    training, fresh, made = (rng.normal(size=(60, 8)) for _ in range(3))
    assert diversity(made, fresh) == pytest.approx(1, abs=0.15)
    assert diversity(np.repeat(made[:1], 60, 0), fresh) == 0
    assert memorisation(training + 0.01, training, fresh) == 1
    assert memorisation(made, training, fresh) < 0.2
