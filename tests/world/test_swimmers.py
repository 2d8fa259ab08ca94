"""Leaps are parabolas, backs break the surface, flukes lift, and tails beat the right way."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ozora.world.bodies import SHEET, bounds
from ozora.world.rigs import stage, swimmers
from ozora.world.rigs.gait import GRAVITY
from ozora.world.shot import Shot, Subject

LEAPERS = ("fish", "dolphin")


def flat(xz: Tensor) -> Tensor:
    return torch.zeros(xz.shape[:-1])


def swim(kind: str, **changes: object) -> Shot:
    return Shot((Subject(kind, action="swim"),), place="sea", **{"seed": 3, "fps": 48, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", LEAPERS)
@pytest.mark.parametrize("scale", [0.65, 1.0, 1.5])
def test_a_leap_is_a_parabola(kind: str, scale: float) -> None:
    swimmer, times = swimmers.SWIMMERS[kind], torch.arange(0, 6, 0.005, dtype=torch.float64)
    height, rate = swimmers.course(swimmer, scale, times, 0.2)
    ride = swimmer.ride * scale
    flying = height > ride + 0.01
    inside = flying[2:] & flying[1:-1] & flying[:-2]
    fall = (height[2:] - 2 * height[1:-1] + height[:-2]) / 0.005**2
    assert int(inside.sum()) > 50
    assert torch.allclose(fall[inside], torch.full_like(fall[inside], -GRAVITY), atol=1e-3)
    assert float(height.max()) == pytest.approx(swimmer.leap * scale, abs=0.01)
    # Between leaps it goes under, but never deep, and the path has no jumps and no corners.
    assert ride - 0.6 * scale < float(height.min()) < ride
    assert float((height.diff() / 0.005 - (rate[1:] + rate[:-1]) / 2).abs().max()) < 0.3


@pytest.mark.parametrize("kind", LEAPERS)
def test_the_body_points_along_its_leap(kind: str) -> None:
    bodies = stage(swim(kind), flat).bodies
    centre, forward = bodies.a[:, 0], bodies.axes[:, 0, :, 0]
    climbing = (centre[1:, 1] - centre[:-1, 1]) * 48 > 0.8
    sinking = (centre[1:, 1] - centre[:-1, 1]) * 48 < -0.8
    assert (forward[1:][climbing, 1] > 0.1).all() and (forward[1:][sinking, 1] < -0.1).all()
    assert climbing.any() and sinking.any()


@pytest.mark.parametrize("kind", tuple(swimmers.SWIMMERS))
def test_something_of_it_always_shows_above_the_water(kind: str) -> None:
    for seed in range(4):
        low, high = bounds(stage(swim(kind, seed=seed), flat).bodies)
        assert (high[..., 1].amax(1) > 0.02).all()
        assert (low[..., 1].amin(1) < 0).float().mean() > 0.3


def test_a_whale_lifts_its_flukes_and_blows() -> None:
    shot = swim("whale", seconds=6.0, fps=12)
    bodies = stage(shot, flat).bodies
    fluke = (bodies.kind == SHEET).nonzero()[:4, 0]
    height = bodies.b[:, fluke, 1].amax(-1)
    assert height.max() > 1.0 and height.max() - height.min() > 0.8
    blow = (bodies.colour == torch.tensor(swimmers.FOAM.colour)).all(-1)
    size = bodies.size[:, blow, 0].amax(-1)
    assert size.max() > 0.3 and size.min() < 0.05


@pytest.mark.parametrize(("kind", "upright"), [("fish", True), ("dolphin", False), ("whale", False)])
def test_tails_beat_sideways_in_fish_and_up_and_down_in_whales(kind: str, upright: bool) -> None:
    bodies = stage(swim(kind), flat).bodies
    first = int((bodies.kind == SHEET).nonzero()[0, 0])
    # The tail's notch, seen from the frame of the body.
    notch = (bodies.axes[:, 0].transpose(1, 2) @ (bodies.c[:, first] - bodies.a[:, 0])[..., None])[..., 0]
    swing = notch.amax(0) - notch.amin(0)
    assert (swing[2] > 4 * swing[1]) == upright
    assert max(float(swing[1]), float(swing[2])) > 0.05 * swimmers.SWIMMERS[kind].body[0]
