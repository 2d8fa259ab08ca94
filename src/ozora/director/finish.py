"""The verb `finish`: the final descends from the chosen draft's own latents.

Three ways, each named for what it is: **resume** makes the remaining steps of the draft's own schedule, and
the film is to the bit what it would have been without a draft; **lift** goes on from where the draft was
heading, re-noised to a strength, perhaps larger or in more steps, and keeps its composition; **new take**
films the same words and seed anew with other settings, and keeps nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from ozora.backends.backend import Backend
from ozora.backends.machine import computing_as, settings_here
from ozora.director.generate import backend_named, film_take
from ozora.director.library import FINAL, Entry, Library, read_entry
from ozora.director.plan import Plan, plan, words_of
from ozora.director.reproduce import request_of
from ozora.director.states import Keeper, Progress, Waiting, read_waiting, same_take, waiting_path
from ozora.director.take import OnPhase, OnPreview, Take
from ozora.errors import OzoraError, refuse
from ozora.media.files import require_writable
from ozora.model.conditions import Condition, Renoised

RESUME, LIFT, NEW = "resume", "lift", "new take"
STRENGTH = 0.8
"""How much of a lifted film is noise again: the level of the draft's look ahead."""


@dataclass(frozen=True)
class Ending:
    """How a draft is finished: what the film's metadata says, its plan, where to go on and what to keep."""

    about: Mapping[str, Any]
    plan: Plan
    progress: Progress = field(default_factory=Progress)
    more: Callable[[], list[Condition]] = list


def finish(
    backend: Backend,
    library: Library,
    name: str,
    *,
    output: Path | None = None,
    way: str = RESUME,
    size: str | None = None,
    steps: int | None = None,
    strength: float = STRENGTH,
    on_phase: OnPhase | None = None,
    on_preview: OnPreview | None = None,
) -> tuple[Path, Take]:
    """Finish the draft ``name`` of a library; gives the film's path and the take.

    ``size`` of another shape or ``steps`` need ``lift`` or ``new take``. Raises ``OzoraError`` for a take
    that is no draft, other weights than the draft's, and settings that do not fit the way.
    """
    entry = library.get(name)
    if not entry.draft.is_file():
        raise refuse("take", name, "a draft, as `ozora explore` makes them")
    draft = read_waiting(entry.draft)
    made_by = draft.about["weights"]
    if made_by["hash"] != backend.card.hash:
        allowed = f"weights {made_by['name']} {made_by['hash'][:12]}, which made this draft"
        raise refuse("weights", f"{backend.card.name} {backend.card.hash[:12]}", allowed)
    if way not in _WAYS:
        raise refuse("way", way, ", ".join(_WAYS))
    if not 0.0 < strength <= 1.0:
        raise refuse("strength", strength, "above 0 (nearly unchanged) up to 1 (all new)")
    if output is not None:
        require_writable(output)
    ending = _WAYS[way](backend, draft, size, steps, strength)
    ending = replace(ending, about={**ending.about, "settings": settings_here(ending.about["settings"])})
    film = output or require_writable(_free_final(library, entry.name, ending.about))
    again = _same_final(film, ending.about)  # whose mark is somebody's word and stays
    mark = {"mark": again.mark} if again is not None and again.mark != "none" else {}
    beside = {"take": {"kind": FINAL, "parents": [entry.name], "way": way, **mark}}
    order = {"keep_latents": True, "beside": beside, **backend_named(backend)}
    found = same_take(waiting_path(film), ending.about) or Waiting(ending.about, order, ending.progress)
    keeper = Keeper(film, found, ending.about, order)
    with computing_as(ending.about["settings"]):
        take = film_take(
            backend, keeper, ending.plan, more=ending.more, on_phase=on_phase, on_preview=on_preview
        )
    return film, take


def _free_final(library: Library, name: str, about: Mapping[str, Any]) -> Path:
    """Where a final goes if nobody says: where it lies already, else where no other final lies or waits."""
    for number in count(1):
        film = library.folder / f"{name}-final{'' if number == 1 else f'-{number}'}.mp4"
        waiting = waiting_path(film)
        if film.is_file() and _same_final(film, about) is None:
            continue
        if not waiting.is_file() or same_take(waiting, about):
            return film
    raise AssertionError("numbers do not end")


def _same_final(film: Path, about: Mapping[str, Any]) -> Entry | None:
    """The take that lies at ``film``, if it is of exactly this order."""
    told = read_entry(film.with_suffix(".json")) if film.is_file() else None
    plain = json.loads(json.dumps(about))
    return told if told is not None and all(told.about.get(key) == plain[key] for key in plain) else None


def _resumed(
    backend: Backend, draft: Waiting, size: str | None, steps: int | None, strength: float
) -> Ending:
    if steps is not None:
        raise refuse("steps", steps, "none for resume, which makes the draft's own: take --way lift")
    planned, about = plan(request_of(draft.about), backend.card), draft.about
    if size is not None:
        other = plan(replace(request_of(draft.about), size=size), backend.card)
        if other.fit.cells != planned.fit.cells:
            raise refuse("size", size, f"{planned.fit.size}, or its other scale, for resume; take --way lift")
        # The scale is the decoder's alone: the same latents, larger or smaller.
        planned = other
        about = {**about, "settings": {**about["settings"], "size": other.fit.size}}
    return Ending(about, planned, draft.progress)


def _lifted(backend: Backend, draft: Waiting, size: str | None, steps: int | None, strength: float) -> Ending:
    assert draft.moment is not None
    request = request_of(draft.about)
    planned = plan(replace(request, size=size or request.size), backend.card)
    heading = heading_of(backend, draft)
    wide, high = planned.fit.cells
    lifted = enlarged(heading, wide, high)
    digest = hashlib.sha256(heading.numpy().tobytes()).hexdigest()
    settings = {**draft.about["settings"], "size": planned.fit.size, "strength": strength}
    settings["steps"] = settings["steps"] if steps is None else steps
    about = {**draft.about, "settings": settings, "given": {**draft.about["given"], "draft": digest}}
    replace(request, steps=settings["steps"])  # refuses steps out of range
    return Ending(about, planned, more=lambda: [Renoised(lifted, strength)])


def _taken_anew(
    backend: Backend, draft: Waiting, size: str | None, steps: int | None, strength: float
) -> Ending:
    if draft.about["given"]:
        raise OzoraError("way: a new take needs the pictures and clips again, use `ozora generate`.")
    request = replace(request_of(draft.about), size=size or draft.about["settings"]["size"])
    planned = plan(request, backend.card)
    settings = {**draft.about["settings"], "size": planned.fit.size}
    settings["steps"] = request.steps if steps is None else steps
    replace(request, steps=settings["steps"])
    return Ending({**draft.about, "settings": settings}, planned)


_WAYS: dict[str, Callable[[Backend, Waiting, str | None, int | None, float], Ending]] = {
    RESUME: _resumed,
    LIFT: _lifted,
    NEW: _taken_anew,
}


def heading_of(backend: Backend, draft: Waiting) -> Tensor:
    """Where a kept draft was heading, the whole film: (1, L, C, h, w)."""
    if draft.moment is None:
        raise refuse("take", "a take that had not begun", "a draft")
    settings = draft.about["settings"]
    with computing_as(settings):
        words = backend.understand(words_of(draft.about))
        return backend.foresee(words, draft.moment, steps=settings["steps"])


def enlarged(latents: Tensor, wide: int, high: int) -> Tensor:
    """Latents (1, L, C, h, w) on a grid of ``high`` by ``wide`` cells, interpolated."""
    if latents.shape[-2:] == (high, wide):
        return latents
    frames = F.interpolate(latents[0], size=(high, wide), mode="bilinear", align_corners=False)
    return frames[None]
