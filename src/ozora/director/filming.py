"""From a plan to latents, window by window, and from latents to frames, a film at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ozora.backends.backend import Backend, OnStep
from ozora.director.auditions import audition
from ozora.director.fit import Fit
from ozora.director.joins import ANCHORED, anchored, mended
from ozora.director.plan import Plan
from ozora.director.rolls import LONGEST_IN_MEMORY, Roll
from ozora.director.states import Progress
from ozora.director.timeline import WARM_UP, Timeline, reopened
from ozora.director.turning import go_on_turning, scenes, turns_from
from ozora.director.windows import Window
from ozora.media.clip import Frames
from ozora.model.conditions import Condition, FirstFrame, Renoised, Span
from ozora.model.sampler import Moment

OnProgress = Callable[[Progress], None]
"""Called before the first and after each step of a window; may raise to stop."""

OnFrames = Callable[[Frames], None]
"""Given frames (T, H, W, 3) in their order, which stay as they are."""


def film_latents(
    backend: Backend,
    plan: Plan,
    understood: Mapping[str, Any],
    negative: Any,
    *,
    seed: int,
    steps: int,
    guidance: float,
    drafts: int = 1,
    start: Progress,
    more: Sequence[Condition] = (),
    on_progress: OnProgress,
    on_step: OnStep,
) -> Tensor:
    """Latents (1, L, C, h, w) of a plan, from wherever ``start`` stands; the same bits however stopped.

    ``understood`` holds all prompts of the plan as the backend read them; ``more`` are conditions of the
    first window beside the plan's own. Windows that go on from no other are chosen from ``drafts``
    beginnings. ``on_progress`` is told what going on needs, ``on_step`` how many
    steps of all windows are made. What is kept comes out bit for bit.
    """
    line, known, moment = plan.line, start.known, start.moment
    given = given_latents(backend, plan) if _needs_given(plan, start) else None
    known = given if known is None else known
    for number in range(start.window, plan.windows):
        window = line.windows[number]
        first = window.new[0]
        old, words = line.old_words[first], understood[line.words[first]]

        def step(done: int, of: int, before: int = number * steps) -> None:
            on_step(before + done, plan.windows * steps)

        if old is not None and known is not None:
            on_progress(Progress(number, None, known))
            latents = backend.edit(
                understood[old],
                words,
                negative,
                source=_source(backend, window, given),
                seed=seed,
                steps=steps,
                strength=line.strength[first],
                guidance=guidance,
                conditions=kept_in(backend, line, window, known),
                on_step=step,
                first=window.start,
            )
        else:
            turned_from = turns_from(line, window)
            if moment is None:
                begin = partial(begin_window, backend, plan, window, known, more=more if number == 0 else ())
                if drafts > 1 and not window.reopened and turned_from is None:
                    on_progress(Progress(number, None, known))  # who stops here has not chosen yet
                    moment = audition(
                        backend, words, negative, begin,
                        seed=seed, drafts=drafts, steps=steps, guidance=guidance,
                    )  # fmt: skip
                else:
                    moment = begin(seed)
                on_progress(Progress(number, moment, known))

            def after(now: Moment, number: int = number, known: Tensor | None = known) -> None:
                on_progress(Progress(number, now, known))
                step(now.step, steps)

            if turned_from is not None:
                moment = go_on_turning(
                    backend, line, window, words, understood[turned_from], negative, moment,
                    seed=seed, steps=steps, guidance=guidance, on_moment=after,
                )  # fmt: skip
            else:
                moment = backend.go_on(
                    words, negative, moment, steps=steps, guidance=guidance, on_moment=after
                )
            latents, moment = moment.state.latent, None
        if known is None:
            known = torch.zeros_like(latents[:, :1]).repeat(1, line.length, 1, 1, 1)
        known = joined(line, window, known, latents)  # what was told of progress stays as it was told
    assert known is not None
    return known


def begin_window(
    backend: Backend,
    plan: Plan,
    window: Window,
    known: Tensor | None,
    seed: int,
    more: Sequence[Condition] = (),
) -> Moment:
    """A window before its first step; ``known`` (1, L, C, h, w) is what the film holds already."""
    return backend.begin(
        cells=plan.fit.cells,
        latents=len(window),
        seed=seed,
        conditions=[*conditions(backend, plan.line, window, known), *more],
        first=window.start,
    )


def conditions(
    backend: Backend, line: Timeline, window: Window, known: Tensor | None
) -> list[Condition]:
    """What a window is given: history, what is kept, what is only noised; ``known`` (1, L, C, h, w)."""
    if known is None:
        return []
    strength = line.strength
    noised: list[Condition] = [
        Renoised(known[:, index : index + 1], strength[index], index - window.start)
        for index in window.new
        if 0 < strength[index] < 1
    ]
    return [*kept_in(backend, line, window, known), *noised]


def places_of(line: Timeline, window: Window) -> list[int]:
    """The latents of a window. Past the end of a ring comes its second: the opening is not part of it."""
    return [
        index if index < line.length else index - line.length + 1
        for index in range(window.start, window.stop)
    ]


def kept_in(
    backend: Backend, line: Timeline, window: Window, known: Tensor, opening: Tensor | None = None
) -> list[Condition]:
    """What of a window is there already, and the ``opening`` that one inside a film begins with."""
    places = places_of(line, window)
    found: list[Condition] = []
    kept = [index not in window.new for index in places]
    if window.reopened:
        found.append(FirstFrame(_opening(backend, line, window, known) if opening is None else opening))
        kept[0] = False
    edges = [number for number in range(1, len(places)) if kept[number] != kept[number - 1]]
    for begin, end in pairwise([0, *edges, len(places)]):
        if kept[begin]:
            found.append(Span(known[:, places[begin:end]], begin))
    return found


def _needs_given(plan: Plan, start: Progress) -> bool:
    """Whether what is given must be encoded: not to go on with a state that holds it; for edits always."""
    begun = start.known is not None or start.moment is not None
    return not begun or any(words is not None for words in plan.line.old_words)


def _opening(backend: Backend, line: Timeline, window: Window, known: Tensor) -> Tensor:
    """What a window inside a film opens on: (1, 1, C, h, w).

    A long film made of one part opens each window on its own first frame, which keeps place and light from
    drifting away (the sink of Rolling Forcing, arXiv 2509.25161), and a long part that goes on from something
    on a frame of its own first window; elsewhere it is the last frame before the window.
    """
    root = _root(line, window)
    if root is None:
        return reopened(backend, known, window.start)
    if root.start in line.openings:
        return known[:, root.start : root.start + 1]
    return reopened(backend, known, root.start)


def joined(
    line: Timeline, window: Window, known: Tensor, latents: Tensor, anchor: float = ANCHORED
) -> Tensor:
    """What is known of a film (1, L, C, h, w), with what a window made of it, led to meet the rest.

    Later windows of a long part are led back to its first one's colours and contrasts, ``anchor`` of the way.
    """
    new = [index in window.new for index in range(window.start, window.stop)]
    if (beginning := _beginning(line, window, known)) is not None:
        latents = anchored(latents, new, beginning, anchor)
    latents = mended(latents, new, contrasts=beginning is None)
    known = known.clone()
    for index in window.new:
        known[:, index] = latents[:, index - window.start]
    return known


def _beginning(line: Timeline, window: Window, known: Tensor) -> Tensor | None:
    """What a later window of a long part keeps the colours of: what its first window made."""
    root = _root(line, window)
    if not window.reopened or root is None:
        return None
    if root.start in line.openings:
        return known[:, root.start + 1 : root.start + len(window)]
    return known[:, root.start : root.stop]


def _root(line: Timeline, window: Window) -> range | None:
    """What of a part filmed from words its later windows go back to: of its first window, what has turned."""
    part = line.part_of(window.new[0])
    if line.stretches[part].give is not None:
        return None
    start = sum(stretch.length for stretch in line.stretches[:part])
    own = next(found for found in line.windows if found.new[0] >= start).new
    if start not in line.openings:
        turned = scenes(line).turned
        start = next((index for index in own if turned[index] == 1), window.stop)
    return range(start, own[-1] + 1) if start <= min(window.start, own[-1]) else None


def _source(backend: Backend, window: Window, original: Tensor | None) -> Tensor:
    """A window of the film as it was before it is edited."""
    assert original is not None
    part = original[:, window.start : window.stop]
    if window.reopened:
        part = torch.cat([reopened(backend, original, window.start), part[:, 1:]], 1)
    return part


def given_latents(backend: Backend, plan: Plan) -> Tensor | None:
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


def decode_film(
    backend: Backend, latents: Tensor, fit: Fit, on_step: OnStep, on_frames: OnFrames | None = None
) -> Frames:
    """All frames (T, H, W, 3) of a film, told to ``on_frames`` as they come; of a long film, on disk."""
    parts = frames_of(backend, latents, fit, on_step)
    if fit.frames > LONGEST_IN_MEMORY:
        roll = Roll(fit.frames, fit.height, fit.width)
        for frame in roll.keeping(parts):
            if on_frames is not None:
                on_frames(frame[None])
        return roll.frames
    frames: Frames = np.empty((fit.frames, fit.height, fit.width, 3), np.uint8)
    done = 0
    for part in parts:
        frames[done : done + len(part)] = part
        done += len(part)
        if on_frames is not None:
            on_frames(frames[done - len(part) : done])
    return frames


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
