"""Refining: a film laid out on few cells, made clear on four times as many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch
from torch import Tensor

from ozora.model.conditions import Condition, apply_all
from ozora.model.sampler import Guidance, Moment, OnMoment, Predictor, denoise, step_levels
from ozora.model.state import State
from ozora.model.text import TextOutput
from ozora.model.transformer import Transformer

REFINING_SHIFT = 2.0
"""How far the steps are moved towards noise: as in training (``RefinerRecipe``)."""


@torch.no_grad()
def refine(
    refiner: Transformer,
    text: TextOutput,
    layout: Tensor,
    *,
    seed: int,
    seconds: Tensor,
    steps: int = 8,
    shift: float = REFINING_SHIFT,
    negative: TextOutput | None = None,
    guidance: float = 1.0,
    conditions: Sequence[Condition] = (),
    first: int = 0,
    on_moment: OnMoment | None = None,
) -> Tensor:
    """Make one film clear: ``layout`` (1, L, C, h, w) becomes clean latents (1, L, C, 2h, 2w).

    ``text`` is what it was filmed from; ``seconds`` (1, L) when each latent happens. ``conditions`` pin what
    is clear already, in latents (1, k, C, 2h, 2w). ``first`` is the latent of a longer film that the layout
    begins at: noise depends on the ``seed`` and on the place in the film. Raises OzoraError where shapes do
    not fit.
    """
    _, frames, channels, height, width = layout.shape
    state = State.blank(frames, (channels, 2 * height, 2 * width), [seed], first=first)
    state = apply_all(replace(state, seconds=seconds), conditions)
    predictor = Predictor(refiner, text, negative, Guidance(guidance), layout=layout)
    levels = step_levels(steps, shift)
    order = 1 if refiner.config.aims else 2  # a student knows where it steps to
    return denoise(predictor, Moment(0, state), levels, order, tell=on_moment).state.latent
