"""Flow: mixing noise in, the mixture of patterns, and a loss that looks only at what must be filmed."""

from __future__ import annotations

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.errors import OzoraError
from ozora.model.flow import (
    CONTEXT_NOISE,
    PATTERNS,
    NoisePlan,
    draw_timesteps,
    flow_loss,
    natural_shift,
    noised,
    plan_noise,
    shifted,
    velocity_error,
)
from ozora.model.text import TextOutput
from ozora.model.transformer import Transformer, TransformerConfig

TOY = TransformerConfig(
    channels=4, width=32, layers=3, heads=2, hidden=32, time_features=16, early_after=2, routed=(1, 2)
)
NAMES = [pattern.name for pattern in PATTERNS]


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def words(batch: int) -> TextOutput:
    return TextOutput(torch.randn(batch, 3, 32), None, torch.randn(batch, 32), {})


def test_noising_runs_from_clean_to_noise_frame_by_frame() -> None:
    clean, noise = torch.randn(2, 1, 3, 4, 2, 2)
    mixed = noised(clean, noise, torch.tensor([[0.0, 1.0, 0.25]]))
    assert torch.equal(mixed[:, 0], clean[:, 0]) and torch.equal(mixed[:, 1], noise[:, 1])
    assert torch.allclose(mixed[:, 2], 0.75 * clean[:, 2] + 0.25 * noise[:, 2])


@given(st.floats(0, 1), st.floats(0.2, 8))
@example(1.0, 0.2)
@settings(deadline=None)
def test_shift_keeps_the_ends_and_can_be_undone(level: float, shift: float) -> None:
    moved = shifted(torch.tensor(level, dtype=torch.float64), shift)
    assert 0 <= float(moved) <= 1
    assert float(shifted(moved, 1 / shift)) == pytest.approx(level, abs=1e-9)
    assert shifted(torch.tensor([0.0, 1.0]), shift).tolist() == pytest.approx([0.0, 1.0])


def test_larger_films_are_trained_at_more_noise() -> None:
    assert natural_shift(4096) == 1.0 and natural_shift(4 * 4096) == 2.0
    small, large = (draw_timesteps((20000,), shift, generator()) for shift in (1.0, 3.0))
    assert float(small.mean()) == pytest.approx(0.5, abs=0.02)
    assert float(large.mean()) > 0.65
    assert bool((large >= 0).all() and (large <= 1).all())
    assert float((small < 0.02).float().mean()) > 0.001  # the uniform share reaches the ends


@pytest.fixture(scope="module")
def plan() -> NoisePlan:
    return plan_noise(20000, 13, 2.0, generator())


def chosen(plan: NoisePlan, name: str) -> tuple[Tensor, Tensor]:
    rows = plan.pattern == NAMES.index(name)
    return plan.timestep[rows], plan.given[rows]


def test_patterns_are_drawn_in_their_shares(plan: NoisePlan) -> None:
    for index, pattern in enumerate(PATTERNS):
        assert float((plan.pattern == index).float().mean()) == pytest.approx(pattern.share, abs=0.012)
    assert sum(pattern.share for pattern in PATTERNS) == pytest.approx(1.0)


def test_a_film_always_has_something_to_be_filmed(plan: NoisePlan) -> None:
    assert not bool(plan.given.all(dim=1).any())
    assert float(plan.timestep[plan.given].max()) <= CONTEXT_NOISE
    assert float((plan.timestep[plan.given] == 0).float().mean()) == pytest.approx(0.5, abs=0.05)
    assert bool((plan.timestep >= 0).all() and (plan.timestep <= 1).all())


def test_each_pattern_is_what_its_name_says(plan: NoisePlan) -> None:
    level, given_ = chosen(plan, "shared")
    assert not given_.any() and torch.equal(level, level[:, :1].expand_as(level))
    _, given_ = chosen(plan, "prefix")
    assert bool((given_.int().diff(dim=1) <= 0).all()) and set(given_.sum(1).tolist()) == {1, 2, 3, 5, 9}
    _, given_ = chosen(plan, "suffix")
    assert bool((given_.int().diff(dim=1) >= 0).all()) and bool(given_[:, -1].all())
    _, given_ = chosen(plan, "both ends")
    assert bool(given_[:, 0].all() and given_[:, -1].all()) and not given_[:, 6].any()
    _, given_ = chosen(plan, "scattered")
    assert 0.25 < float(given_.float().mean()) < 0.5
    level, given_ = chosen(plan, "ramp")
    assert bool((level.masked_fill(given_, 0).diff(dim=1) >= 0).all()) and bool((level[:, -1] == 1).any())
    level, given_ = chosen(plan, "independent")
    assert not given_.any() and float(level.std(dim=1).mean()) > 0.1


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_short_films_never_are_given_whole(frames: int) -> None:
    plan = plan_noise(2000, frames, 1.0, generator())
    assert not bool(plan.given.all(dim=1).any())
    assert bool(plan.given.any()) == (frames > 1)


def test_given_frames_contribute_no_loss() -> None:
    clean, guess = torch.randn(2, 2, 3, 4, 2, 2)
    given_ = torch.tensor([[True, False, False], [False, False, True]])
    level = torch.rand(2, 3)
    loss = velocity_error(guess, clean, level, given_)
    spoiled = torch.where(given_[:, :, None, None, None], guess + 1000, guess)
    assert torch.equal(velocity_error(spoiled, clean, level, given_), loss)
    assert velocity_error(guess + 1, clean, level, given_) != loss


def test_the_loss_is_the_error_of_the_velocity() -> None:
    clean, noise, guess = torch.randn(3, 2, 3, 4, 2, 2)
    level = 0.1 + 0.8 * torch.rand(2, 3)
    wide = level[:, :, None, None, None]
    velocity = (noised(clean, noise, level) - guess) / wide
    expected = (velocity - (noise - clean)).square().mean()
    loss = velocity_error(guess, clean, level, torch.zeros(2, 3, dtype=torch.bool))
    assert float(loss) == pytest.approx(float(expected), rel=1e-4)


def test_given_frames_send_no_gradient_from_their_own_output() -> None:
    torch.manual_seed(0)
    transformer = Transformer(TOY)
    clean = torch.randn(2, 3, 4, 2, 2)
    plan = NoisePlan(torch.full((2, 3), 0.5), torch.tensor([[True, False, False]] * 2), torch.zeros(2))
    seconds = (torch.arange(3) / 3).expand(2, -1)
    seen: list[Tensor] = []
    transformer.head.out.register_full_backward_hook(lambda module, into, out: seen.append(out[0]))
    flow_loss(transformer, clean, words(2), seconds, generator(), plan=plan).total.backward()
    assert not seen[0][:, 0].any() and bool(seen[0][:, 1:].any())


def test_same_generator_same_loss_and_the_early_head_counts_a_quarter() -> None:
    torch.manual_seed(0)
    transformer, clean, text = Transformer(TOY), torch.randn(4, 3, 4, 2, 2), words(4)
    seconds = (torch.arange(3) / 3).expand(4, -1)
    first, second = (flow_loss(transformer, clean, text, seconds, generator(5), route=0.5) for _ in range(2))
    assert torch.equal(first.total, second.total)
    parts = first.parts
    assert float(first.total.detach()) == pytest.approx(float(parts["final"] + 0.25 * parts["early"]))
    assert not torch.equal(first.total, flow_loss(transformer, clean, text, seconds, generator(6)).total)


def test_misfits_are_refused_with_both_shapes() -> None:
    with pytest.raises(OzoraError, match=r"\(2, 4\).*\(2, 3, 4, 2, 2\)"):
        flow_loss(Transformer(TOY), torch.randn(2, 3, 4, 2, 2), words(2), torch.rand(2, 4), generator())
