"""From a plan to latents, window by window, and from latents to frames, a film at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ozora.backends.backend import Backend, OnStep
from ozora.director.fit import Fit
from ozora.director.plan import Plan
from ozora.director.timeline import WARM_UP, Timeline, reopened
from ozora.director.windows import Window
from ozora.media.clip import Frames
from ozora.model.conditions import Condition, FirstFrame, Renoised, Span


def film_latents(
    backend: Backend,
    plan: Plan,
    understood: Mapping[str, Any],
    negative: Any,
    *,
    seed: int,
    steps: int,
    guidance: float,
    on_step: OnStep,
) -> Tensor:
    """Latents (1, L, C, h, w) of a plan; ``understood`` holds all its prompts as the backend read them.

    Steps are counted over all windows. What is kept comes out bit for bit.
    """
    line, known = plan.line, _known(backend, plan)
    for number, window in enumerate(line.windows):

        def step(now: int, of: int, before: int = number * steps) -> None:
            on_step(before + now, plan.windows * steps)

        first = window.new[0]
        latents = backend.denoise(
            understood[line.words[first]],
            negative,
            cells=plan.fit.cells,
            latents=len(window),
            seed=seed,
            steps=steps,
            guidance=guidance,
            conditions=conditions(backend, line, window, known),
            on_step=step,
            first=window.start,
        )
        known = torch.zeros_like(latents[:, :1]).repeat(1, line.length, 1, 1, 1) if known is None else known
        for index in window.new:
            known[:, index] = latents[:, index - window.start]
    assert known is not None
    return known


def conditions(
    backend: Backend, line: Timeline, window: Window, known: Tensor | None
) -> list[Condition]:
    """What a window is given: history, what is kept, what is only noised; ``known`` (1, L, C, h, w)."""
    if known is None:
        return []
    found: list[Condition] = []
    strength, new = line.strength, set(window.new)
    # Past the end of a ring comes its second latent: the first, the opening, is not part of it.
    places = [
        index if index < line.length else index - line.length + 1
        for index in range(window.start, window.stop)
    ]

    def run(begin: int, end: int) -> Tensor:
        return known[:, places[begin:end]]

    kept = [index not in new for index in places]
    if window.reopened:
        found.append(FirstFrame(reopened(backend, known, window.start)))
        kept[0] = False
    edges = [number for number in range(1, len(places)) if kept[number] != kept[number - 1]]
    for begin, end in pairwise([0, *edges, len(places)]):
        if kept[begin]:
            found.append(Span(run(begin, end), begin))
    for number, index in enumerate(places):
        if index in new and 0 < strength[index] < 1:
            found.append(Renoised(run(number, number + 1), strength[index], number))
    return found


def _known(backend: Backend, plan: Plan) -> Tensor | None:
    """What is given of the whole film; None where nothing is and one window makes it all."""
    laid = [stretch.give(backend) if stretch.give else None for stretch in plan.line.stretches]
    pinned = plan.given.latents(backend)
    sample = next((latents for latents in (*laid, *pinned.values()) if latents is not None), None)
    if sample is None:
        return None
    parts = [
        sample.new_zeros(1, stretch.length, *sample.shape[2:]) if latents is None else latents
        for stretch, latents in zip(plan.line.stretches, laid, strict=True)
    ]
    known = torch.cat(parts, 1)  # (1, L, C, h, w)
    for index, latents in pinned.items():
        known[:, index : index + latents.shape[1]] = latents
    return known


def decode_film(backend: Backend, latents: Tensor, fit: Fit, on_step: OnStep) -> Frames:
    """All frames (T, H, W, 3) of a film."""
    if fit.openings == (0,) and not fit.ring:
        return backend.decode(latents, fit.scale, on_step)
    return np.concatenate(list(frames_of(backend, latents, fit, on_step)))


def frames_of(backend: Backend, latents: Tensor, fit: Fit, on_step: OnStep) -> Iterator[Frames]:
    """The frames of a film latent by latent, in constant memory.

    Each opening begins a decoder of its own, so that nothing flows across a cut; a ring is entered from its
    own end, so that the first frame follows on the last.
    """
    if fit.ring:
        before = latents[:, -WARM_UP:]
        parts = backend.stream(torch.cat([before, latents[:, 1:]], 1), fit.scale)
        for _ in range(before.shape[1]):
            next(parts)
        yield from _counted(parts, fit.latents, on_step, 1)
        return
    done = 0
    for begin, end in pairwise([*fit.openings, fit.latents]):
        yield from _counted(backend.stream(latents[:, begin:end], fit.scale), fit.latents, on_step, done)
        done += end - begin


def _counted(parts: Iterator[Frames], total: int, on_step: OnStep, done: int) -> Iterator[Frames]:
    for part in parts:
        done += 1
        yield part
        on_step(done, total)
