"""A film that is laid out, made clear window by window on twice as many cells a side.

Composition, light and motion are those of the layout; what is given clear (a picture, a clip, a film that was
refined before) comes out bit for bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from ozora.backends.backend import Backend, OnStep
from ozora.director.filming import given_latents, joined, kept_in, places_of
from ozora.director.plan import Plan
from ozora.director.timeline import Timeline, reopened
from ozora.director.windows import Window

ANCHOR = 0.8
"""How far a refined window is led back to its film's first one: further than layouts, which decide what the
light does; what refining adds to their contrast, window after window, is nobody's wish."""


def refined_latents(
    backend: Backend,
    plan: Plan,
    layout: Tensor,
    understood: Mapping[str, Any],
    *,
    seed: int,
    on_step: OnStep,
) -> Tensor:
    """Refined latents (1, L, C, 2h, 2w) of a plan whose film is laid out in ``layout`` (1, L, C, h, w).

    ``understood`` holds the plan's prompts as the backend read them. Each window sees the end of what is
    clear before it and is led to its colours, as layouts are, so that nothing jumps where windows meet.
    """
    assert plan.fine is not None
    line, steps, total = plan.fine.line, plan.refining, plan.fine.windows * plan.refining
    known = given_latents(backend, plan.fine)
    if known is None:
        batch, length, channels, height, width = layout.shape
        known = layout.new_zeros(batch, length, channels, 2 * height, 2 * width)
    for number, window in enumerate(line.windows):

        def step(done: int, of: int, before: int = number * steps) -> None:
            on_step(before + done, total)

        opening = reopened(backend, known, window.start) if window.reopened else None
        clear = backend.refine(
            understood[line.words[window.new[0]]],
            _laid_out(backend, line, window, layout),
            seed=seed,
            steps=steps,
            conditions=kept_in(backend, line, window, known, opening) if _given(line, window) else [],
            on_step=step,
            first=window.start,
        )
        known = joined(line, window, known, clear, ANCHOR)
    return known


def _given(line: Timeline, window: Window) -> bool:
    """Whether anything of a window is there already."""
    return window.reopened or len(window.new) < len(window)


def _laid_out(backend: Backend, line: Timeline, window: Window, layout: Tensor) -> Tensor:
    """A window of the layout, (1, l, C, h, w); inside a film it opens on one frame, as all films do."""
    part = layout[:, places_of(line, window)]
    if window.reopened:
        part = torch.cat([reopened(backend, layout, window.start), part[:, 1:]], 1)
    return part
