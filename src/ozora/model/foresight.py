"""Where a film is heading after its first steps, by one pass: what a draft shows."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ozora.model.flow import natural_shift
from ozora.model.sampler import Guidance, Moment, Predictor, step_levels
from ozora.model.text import TextOutput
from ozora.model.transformer import Transformer

AHEAD = 0.8
"""Noise level at which a film that has not come so far is looked at."""


@torch.no_grad()
def foresee(
    transformer: Transformer,
    text: TextOutput,
    moment: Moment,
    *,
    steps: int,
    shift: float | None = None,
) -> Tensor:
    """Guess the clean latents (1, L, C, h, w) that the film of ``moment`` ends in, by one unguided pass.

    ``moment`` has made at least one of ``steps``, by this transformer or by another. From there the film goes
    on towards its last guess, as its next step would begin, but without a pass and down to ``AHEAD``; there a
    student that aims is asked for the end at once, and any other for its guess. Given frames are returned
    bit for bit.
    """
    guess = moment.preview
    if moment.step >= steps:
        return guess
    values = moment.state.latent[0].numel()
    levels = step_levels(steps, natural_shift(values) if shift is None else shift)
    now = float(levels[moment.step])
    state = moment.state.to(next(transformer.parameters()).device)
    given = state.given[:, :, None, None, None]
    if moment.step and now > AHEAD:
        guess = guess.to(state.latent)
        latent = torch.where(given, state.clean, guess + AHEAD / now * (state.latent - guess))
        state, now = replace(state, latent=latent), AHEAD
    level = torch.where(state.given, state.noise_level, now * state.noise_level)  # (1, L)
    lower = torch.where(state.given, state.noise_level, 0.0)
    guess = Predictor(transformer, text, None, Guidance(text=1.0))(state, level, lower, moment.step + 1)
    return torch.where(given, state.clean, guess)
