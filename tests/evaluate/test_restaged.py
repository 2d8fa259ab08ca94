"""A mistake on purpose is that mistake and no other: who is left out is gone, who is doubled is two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.errors import OzoraError
from ozora.evaluate.restaged import doubled, film_without
from ozora.world.film import film
from ozora.world.shot import MOST_ALIKE, Camera, Shot, Subject, validate

WIDTH, HEIGHT = 64, 32


def test_only_the_first_subject_is_left_out_and_all_of_it() -> None:
    foxes, car = Subject("fox", count=2), Subject("car")
    shot = Shot((foxes, car), place="snowfield", seconds=1.0, relation="left of")
    whole = film(shot, WIDTH, HEIGHT, frames=range(1))
    left = film_without(shot, WIDTH, HEIGHT, 1)
    ids = whole.ids.numpy()
    change = np.abs(whole.frames.numpy().astype(int) - left).max(-1)
    assert {1, 2, 3} <= set(np.unique(ids).tolist())  # two foxes and the car
    assert all((change[ids == number] > 8).mean() > 0.5 for number in (1, 2))
    assert (change[ids == 3] > 8).mean() < 0.1  # the car stays as it was
    # Whoever comes first is left out, not whoever has a certain name.
    turned = replace(shot, subjects=(car, foxes), relation="right of")
    whole, left = film(turned, WIDTH, HEIGHT, frames=range(1)), film_without(turned, WIDTH, HEIGHT, 1)
    ids, change = whole.ids.numpy(), np.abs(whole.frames.numpy().astype(int) - left).max(-1)
    assert (change[ids == 1] > 8).mean() > 0.5 and (change[ids > 1] > 8).mean() < 0.1


def test_the_camera_moves_as_if_somebody_were_there() -> None:
    """What a camera follows need not be there: the empty place goes by as it would."""
    shot = Shot((Subject("fox", action="run"),), place="dunes", seconds=1.0, camera=Camera("follow"))
    whole, empty = film(shot, WIDTH, HEIGHT, frames=range(13)), film_without(shot, WIDTH, HEIGHT, 13)
    sky = np.s_[:, :6]  # above all heads
    assert np.abs(whole.frames.numpy()[sky].astype(int) - empty[sky]).max() <= 2
    assert np.abs(empty[0].astype(int) - empty[12]).mean() > 1  # and it does move
    assert np.array_equal(empty[:2], film_without(shot, WIDTH, HEIGHT, 2))


def test_more_frames_than_the_shot_has_are_refused() -> None:
    shot = Shot((Subject("fox"),), seconds=1.0)
    with pytest.raises(OzoraError, match=r"^frames: got .* allowed: numbers from 0 to 12"):
        film_without(shot, WIDTH, HEIGHT, 14)


@given(count=st.integers(1, MOST_ALIKE), seed=st.integers(0, 2**40), then=st.sampled_from(["none", "run"]))
def test_there_are_twice_as_many_and_all_else_is_as_it_was(count: int, seed: int, then: str) -> None:
    then = "none" if count > 1 else then
    first = Subject("fox", "white", size="large", action="walk", then=then, count=count)
    shot = Shot((first, Subject("dog")), place="forest", time="dusk", seed=seed)
    validate(shot)
    more = doubled(shot)
    if count == MOST_ALIKE:
        assert more is None  # no shot holds more
        return
    assert more is not None
    validate(more)
    assert more.subjects[0].count == min(2 * count, MOST_ALIKE)
    # A group does not go over to another action together, so that is given up; nothing else is.
    restored = replace(more.subjects[0], count=count, then=first.then)
    assert replace(more, subjects=(restored, *more.subjects[1:])) == shot


def test_those_who_meet_as_simulated_cannot_be_doubled() -> None:
    shot = Shot((Subject("cube", action="push"), Subject("cube", action="stand")), place="tabletop")
    validate(shot)
    assert doubled(shot) is None
