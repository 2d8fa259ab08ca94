"""Conditions: what each pins, how lists of them combine, and what they refuse."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.errors import OzoraError
from ozora.model.conditions import (
    Condition,
    FirstFrame,
    Head,
    Keyframe,
    Renoised,
    Ring,
    Span,
    Tail,
    apply_all,
)
from ozora.model.state import State

CELL = (4, 2, 3)


def blank(films: int = 2, frames: int = 6) -> State:
    return State.blank(frames, CELL, list(range(films)))


def latents(count: int, films: int = 1) -> torch.Tensor:
    return torch.randn(films, count, *CELL, generator=torch.Generator().manual_seed(count))


def test_a_blank_state_is_noise_that_depends_on_seed_and_position_alone() -> None:
    state = State.blank(6, CELL, [3, 4], seconds_per_latent=0.5)
    assert torch.equal(state.latent[1:], State.blank(6, CELL, [4]).latent)
    assert torch.equal(state.latent[:, :3], State.blank(3, CELL, [3, 4]).latent)
    later = State.blank(3, CELL, [3], first=2, seconds_per_latent=0.5)
    assert torch.equal(later.latent[0], state.latent[0, 2:5])
    assert torch.equal(later.seconds, state.seconds[:1, 2:5])
    assert not state.given.any() and bool((state.noise_level == 1).all())
    assert state.seconds[0].tolist() == [0, 0.5, 1, 1.5, 2, 2.5]


@pytest.mark.parametrize(
    ("condition", "frames"),
    [
        (FirstFrame(latents(1)), [0]),
        (Head(latents(3)), [0, 1, 2]),
        (Tail(latents(2)), [4, 5]),
        (Span(latents(2), start=2), [2, 3]),
        (Keyframe(latents(1), index=3), [3]),
        (Keyframe(latents(1), index=-1), [5]),
    ],
)
def test_a_condition_pins_its_frames_and_no_others(condition: Condition, frames: list[int]) -> None:
    before = blank()
    after = condition.apply_to(before)
    others = [frame for frame in range(6) if frame not in frames]
    known = latents(len(frames)).expand(2, -1, -1, -1, -1)
    assert after.given[0].nonzero().flatten().tolist() == frames
    assert torch.equal(after.latent[:, frames], known) and torch.equal(after.clean[:, frames], known)
    assert torch.equal(after.latent[:, others], before.latent[:, others])
    assert not after.noise_level[:, frames].any() and bool((after.noise_level[:, others] == 1).all())
    assert not before.given.any()  # the state before is untouched


def test_each_film_may_have_its_own_latents() -> None:
    own = latents(2, films=2)
    after = Head(own, level=0.05).apply_to(blank())
    assert torch.equal(after.clean[:, :2], own)
    assert after.noise_level[0].tolist() == pytest.approx([0.05, 0.05, 1, 1, 1, 1])


@given(st.integers(1, 6), st.integers(0, 5))
@settings(max_examples=30, deadline=None)
def test_a_span_at_either_end_is_a_head_or_a_tail(count: int, start: int) -> None:
    state, known = blank(1), latents(count)
    if start + count > 6:
        with pytest.raises(OzoraError, match="span"):
            Span(known, start).apply_to(state)
        return
    span = Span(known, start).apply_to(state)
    assert int(span.given.sum()) == count
    if start == 0:
        assert torch.equal(span.latent, Head(known).apply_to(state).latent)
    if start + count == 6:
        assert torch.equal(span.latent, Tail(known).apply_to(state).latent)


def test_lists_of_conditions_make_verbs_and_later_ones_win() -> None:
    fill = apply_all(blank(), [Head(latents(2)), Tail(latents(2))])
    assert fill.given[0].tolist() == [True, True, False, False, True, True]
    ring = apply_all(blank(), [FirstFrame(latents(1)), Ring(level=0.1)])
    assert torch.equal(ring.latent[:, 0], ring.latent[:, -1]) and bool(ring.given[:, -1].all())
    assert float(ring.noise_level[0, -1]) == pytest.approx(0.1)
    won = apply_all(blank(), [Head(latents(2)), Keyframe(latents(1), 1)])
    assert torch.equal(won.clean[0, 1], latents(1)[0, 0])


def test_renoised_mixes_and_leaves_given_frames_alone() -> None:
    source = latents(6)
    state = apply_all(blank(), [FirstFrame(latents(1)), Renoised(source, 0.25)])
    assert torch.equal(state.latent[:, 0], latents(1)[:, 0].expand(2, -1, -1, -1))
    expected = 0.75 * source[:, 1:] + 0.25 * blank().latent[:, 1:]
    assert torch.allclose(state.latent[:, 1:], expected)
    assert state.noise_level[0].tolist() == pytest.approx([0.0] + [0.25] * 5)


@pytest.mark.parametrize(
    ("condition", "message"),
    [
        (Head(torch.zeros(1, 7, *CELL)), r"head: latents \(1, 7, 4, 2, 3\).*\(2, 6, 4, 2, 3\)"),
        (Tail(torch.zeros(1, 2, 4, 3, 2)), r"tail: latents \(1, 2, 4, 3, 2\).*\(2, 6, 4, 2, 3\)"),
        (Span(torch.zeros(3, 1, *CELL), 0), r"span: latents \(3, 1, 4, 2, 3\).*\(2, 6, 4, 2, 3\)"),
        (Tail(torch.zeros(*CELL)), r"tail: latents \(4, 2, 3\)"),
        (FirstFrame(torch.zeros(1, 2, *CELL)), r"keyframe: latents \(1, 2, 4, 2, 3\).*one latent frame"),
        (Keyframe(torch.zeros(1, 1, *CELL), 6), r"keyframe index: got '6', allowed: -6 to 5"),
        (Ring(), "ring: .*not given"),
        (Renoised(torch.zeros(1, 6, *CELL), 0.0), "strength"),
        (Renoised(torch.zeros(1, 9, *CELL), 0.5), r"renoised: latents \(1, 9"),
    ],
)
def test_misfits_are_refused_with_both_shapes(condition: Condition, message: str) -> None:
    with pytest.raises(OzoraError, match=message):
        condition.apply_to(blank())


def test_a_state_of_many_films_splits_into_single_ones() -> None:
    state = apply_all(blank(3), [Head(latents(1, films=3))])
    alone = state.select(2)
    assert len(alone) == 1 and len(state) == 3 and alone.frames == 6
    assert torch.equal(alone.clean[0], state.clean[2])
