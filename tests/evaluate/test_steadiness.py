"""What flickers, fades or bleaches is measured in the units it says; what holds still measures nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ozora.evaluate.steadiness import flicker, luminance_drift, saturation_drift, sharpness_drift

SECONDS = 24 / 12
"""From the first to the last of 25 frames, twelve a second."""

DRIFTS = (luminance_drift, saturation_drift, sharpness_drift)


def plain(levels: Sequence[float], colour: tuple[float, float, float] = (1, 1, 1)) -> torch.Tensor:
    """Frames of one colour each, as bright as these levels."""
    frames = torch.tensor(levels)[:, None] * torch.tensor(colour)
    return frames[:, :, None, None].expand(-1, 3, 8, 14).clone()


def noise(frames: int = 25, seed: int = 0) -> torch.Tensor:
    return torch.rand(frames, 3, 8, 14, generator=torch.Generator().manual_seed(seed))


def test_a_lamp_that_flickers_counts_by_its_swing(hand: SimpleNamespace) -> None:
    # The median cell changes by a tenth, and so does the whole picture.
    lamp = hand.staged(light=plain([0.4, 0.5] * 12))
    assert flicker(lamp) == pytest.approx(0.2, abs=1e-6)
    half = hand.staged(light=plain([0.4, 0.4, 0.5, 0.5] * 6))
    assert flicker(half) == pytest.approx(0.2 * 11 / 23, abs=1e-6)  # every other step, but for one


def test_places_that_change_against_each_other_flicker_too(hand: SimpleNamespace) -> None:
    signs = (torch.arange(8)[:, None] + torch.arange(14)) % 2 * 2.0 - 1
    turns = torch.tensor([(-1.0) ** frame for frame in range(24)])[:, None, None, None]
    board = (0.5 + 0.1 * signs * turns).expand(-1, 3, -1, -1)
    assert flicker(hand.staged(light=board)) == pytest.approx(0.2, abs=1e-6)  # the mean stays the same


@given(high=st.floats(0.2, 1.0))
def test_flicker_is_in_proportion(hand: SimpleNamespace, high: float) -> None:
    light = noise()
    whole, dim = flicker(hand.staged(light=light)), flicker(hand.staged(light=high * light))
    assert whole is not None and whole > 0.1
    assert dim == pytest.approx(high * whole, rel=1e-4)


def test_what_moves_does_not_flicker(hand: SimpleNamespace) -> None:
    slope = torch.arange(14) / 40
    light = torch.stack([slope - frame / 40 for frame in range(10)])  # goes a cell to the right every frame
    light = (0.4 + light)[:, None, None, :].expand(-1, 3, 8, -1)
    followed, unfollowed = (flicker(hand.staged(light=light, flow=flow)) for flow in (4.0, 0.0))
    assert unfollowed == pytest.approx(2 / 40, abs=1e-5)
    assert followed == pytest.approx(1 / 40 / 14, abs=1e-5)  # only the last column has nowhere to go
    backwards = flicker(hand.staged(light=light, flow=-4.0))
    assert backwards is not None and unfollowed is not None and backwards > 1.8 * unfollowed


def test_a_cut_is_no_flicker(hand: SimpleNamespace) -> None:
    light = plain([0.2] * 10 + [0.8] * 15)
    assert flicker(hand.staged(light=light, cuts=(10,))) == pytest.approx(0, abs=1e-6)
    for missed in ((), (9,), (11,)):
        found = flicker(hand.staged(light=light, cuts=missed))
        assert found is not None and found > 0.04


def test_one_frame_cannot_flicker(hand: SimpleNamespace) -> None:
    assert flicker(hand.staged(light=plain([0.5]))) is None
    assert flicker(hand.staged(light=plain([0.2, 0.8]), cuts=(1,))) is None


@given(change=st.floats(-0.4, 0.4), start=st.floats(0.4, 0.6))
def test_a_drift_is_the_change_in_ten_seconds_without_its_sign(
    hand: SimpleNamespace, change: float, start: float
) -> None:
    levels = np.linspace(start, start + change, 25).tolist()
    film = hand.staged(light=plain(levels))
    assert luminance_drift(film) == pytest.approx(abs(change) / SECONDS * 10, abs=1e-4)
    assert saturation_drift(film) == pytest.approx(0, abs=1e-6)  # grey stays grey


def test_green_is_brighter_than_red_and_red_than_blue(hand: SimpleNamespace) -> None:
    levels = np.linspace(0.2, 0.4, 25).tolist()
    colours = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    drifts = [luminance_drift(hand.staged(light=plain(levels, colour))) for colour in colours]
    assert drifts == pytest.approx([0.2126, 0.7152, 0.0722], rel=1e-3)  # a fifth in 2 s is a whole in 10 s


@pytest.mark.parametrize("drift", DRIFTS)
def test_a_film_played_backwards_drifts_as_much(hand: SimpleNamespace, drift) -> None:  # type: ignore[no-untyped-def]
    levels = torch.linspace(0.3, 1, 25)[:, None, None, None]
    sharp = np.linspace(0.1, 0.2, 25) ** 2
    forth = replace(hand.staged(light=levels * noise(1)), sharpness=sharp)
    back = replace(hand.staged(light=(levels * noise(1)).flip(0)), sharpness=sharp[::-1].copy())
    assert drift(forth) > 0.1 and drift(back) == pytest.approx(drift(forth), rel=1e-5)


def test_what_bleaches_drifts_in_saturation(hand: SimpleNamespace) -> None:
    spread = torch.linspace(0.4, 0.1, 25)
    light = torch.full((25, 3, 8, 14), 0.3)
    light[:, 1] += spread[:, None, None]
    assert saturation_drift(hand.staged(light=light)) == pytest.approx(0.3 / SECONDS * 10, rel=1e-4)
    # However bright it is besides, and whichever colour it is.
    brighter = light.flip(1) + torch.linspace(0, 0.2, 25)[:, None, None, None]
    again = saturation_drift(hand.staged(light=brighter[:, [1, 0, 2]]))
    assert again == pytest.approx(0.3 / SECONDS * 10, rel=1e-4)


@given(sharp=st.floats(0.01, 0.5))
def test_sharpness_drifts_as_a_share_of_itself(hand: SimpleNamespace, sharp: float) -> None:
    film = replace(hand.staged(), sharpness=sharp * np.linspace(1.0, 2.0, 25))
    assert sharpness_drift(film) == pytest.approx(1 / SECONDS * 10 / 1.5, rel=1e-6)


def test_a_film_without_any_edge_has_no_sharpness_to_lose(hand: SimpleNamespace) -> None:
    assert sharpness_drift(replace(hand.staged(), sharpness=np.zeros(25))) == 0


@pytest.mark.parametrize("drift", DRIFTS)
def test_half_a_second_is_enough_and_less_is_not(hand: SimpleNamespace, drift) -> None:  # type: ignore[no-untyped-def]
    assert drift(hand.staged(frames=5)) is None
    assert drift(hand.staged(frames=6)) == pytest.approx(0, abs=1e-6)
    assert drift(replace(hand.staged(frames=6), fps=24.0)) is None  # six frames are now a quarter
