"""Noise is a function of seed, position and purpose, and nothing else; and it is normal."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.errors import OzoraError
from ozora.model.noise import PURPOSES, latent_noise

SHAPE = (3, 4, 5)
seeds = st.integers(0, 2**63 - 1)
places = st.integers(-(2**40), 2**40)


@settings(max_examples=40, deadline=None)
@given(seed=seeds, positions=st.lists(places, min_size=1, max_size=6), data=st.data())
def test_a_position_has_the_same_noise_in_any_company_and_order(
    seed: int, positions: list[int], data: st.DataObject
) -> None:
    together = latent_noise(seed, positions, SHAPE)
    assert together.shape == (len(positions), *SHAPE) and together.dtype == torch.float32
    order = data.draw(st.permutations(range(len(positions))))
    shuffled = latent_noise(seed, [positions[i] for i in order], SHAPE)
    assert torch.equal(shuffled, together[list(order)])
    for row, position in enumerate(positions):
        assert torch.equal(together[row], latent_noise(seed, [position], SHAPE)[0])


@settings(max_examples=40, deadline=None)
@given(seed=seeds, other=seeds, position=places, elsewhere=places)
def test_seed_position_purpose_and_step_each_change_the_noise(
    seed: int, other: int, position: int, elsewhere: int
) -> None:
    noise = latent_noise(seed, [position], SHAPE)
    assert torch.equal(noise, latent_noise(other, [position], SHAPE)) == (seed == other)
    assert torch.equal(noise, latent_noise(seed, [elsewhere], SHAPE)) == (position == elsewhere)
    draws = [latent_noise(seed, [position], SHAPE, purpose=p, step=s) for p in PURPOSES for s in (0, 1)]
    assert len({tuple(draw.flatten().tolist()) for draw in draws}) == 2 * len(PURPOSES)


def test_moments_are_those_of_the_standard_normal() -> None:
    x = latent_noise(7, range(-50, 50), (24, 4, 7)).double()
    assert torch.isfinite(x).all()
    assert x.mean().abs() < 0.01
    assert x.var().item() == pytest.approx(1.0, abs=0.02)
    assert (x**3).mean().abs() < 0.05
    assert (x**4).mean().item() == pytest.approx(3.0, abs=0.1)
    assert (x.abs() < 1).double().mean().item() == pytest.approx(0.6827, abs=0.01)


@pytest.mark.parametrize(
    ("one", "two"), [((1, 0), (2, 0)), ((1, 0), (1, 1)), ((1, 0), (1, -1)), ((0, 0), (1, 0))]
)
def test_neighbouring_streams_do_not_resemble_each_other(one: tuple[int, int], two: tuple[int, int]) -> None:
    a, b = (latent_noise(seed, [position], (64, 16, 16)).flatten() for seed, position in (one, two))
    assert torch.corrcoef(torch.stack([a, b]))[0, 1].abs() < 0.03
    # The same numbers shifted (overlapping counters) would correlate at some lag.
    spectrum = torch.fft.rfft(a) * torch.fft.rfft(b).conj()
    assert torch.fft.irfft(spectrum).abs().max() / len(a) < 0.06


def test_noise_is_the_same_in_another_process_and_for_ever() -> None:
    known = latent_noise(2**63 - 1, [-3, 5], (2, 2))
    code = "from ozora.model.noise import *; print(latent_noise(2**63-1, [-3, 5], (2, 2)).flatten().tolist())"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.strip() == str(known.flatten().tolist())
    torch.testing.assert_close(known, torch.tensor(FOR_EVER), atol=1e-6, rtol=0)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, True, "7"])
def test_seeds_out_of_range_are_refused(seed: object) -> None:
    with pytest.raises(OzoraError, match="seed"):
        latent_noise(seed, [0], (1,))  # type: ignore[arg-type]


def test_unknown_purposes_and_steps_are_refused() -> None:
    with pytest.raises(OzoraError, match="latent, renoise"):
        latent_noise(0, [0], (1,), purpose="confetti")
    with pytest.raises(OzoraError, match="step"):
        latent_noise(0, [0], (1,), step=-1)
    with pytest.raises(OzoraError, match="position"):
        latent_noise(0, [2**62], (1,))


def test_no_positions_give_no_noise() -> None:
    assert latent_noise(0, [], SHAPE).shape == (0, *SHAPE)


FOR_EVER = [
    [[1.9090492, 1.9210504], [-1.1959013, -0.380267]],
    [[-0.4405138, 0.9109855], [-0.2299673, -0.8329828]],
]
