"""Explore, not gamble: cheap drafts, ranked, of which one is finished.

A draft is the beginning of a film: the first steps of the final's own schedule, kept to the bit, and one look
ahead from there, a single pass, to see where the film is heading. The look is judged and thrown away; the
steps are what the final goes on from, so that finishing a draft gives exactly the film that would have been
made without any drafts. See docs/takes.md for what this costs and how well it predicts.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ozora.backends.backend import Backend, Card
from ozora.backends.machine import computing
from ozora.director.auditions import KEPT_STEPS, begun
from ozora.director.filming import begin_window, given_latents
from ozora.director.fit import Fit
from ozora.director.generate import backend_named, describe_take
from ozora.director.library import DRAFT, DRAFT_ENDING, Library
from ozora.director.plan import Plan, plan, words_of
from ozora.director.ranking import Verdict, folded, judge, ranked
from ozora.director.request import HIGHEST_SEED, MOST_TAKES, Request
from ozora.director.states import Progress, Waiting, save_waiting
from ozora.director.take import OnPhase, Stopwatch
from ozora.errors import refuse
from ozora.media.clip import Clip, Frames
from ozora.media.files import require_writable, whole_file, write_sidecar
from ozora.media.images import write_image
from ozora.media.sheets import contact_sheet
from ozora.model.sampler import Moment


@dataclass(frozen=True)
class Draft:
    """One draft: its name in the library, the state to go on from, where it is heading, how it is judged."""

    name: str
    seed: int
    moment: Moment
    heading: Tensor  # (1, L, C, h, w) clean latents as the look ahead sees them
    preview: Frames  # (L, 4h, 4w, 3)
    moments: Frames  # (N, H, W, 3) some of it decoded, which the eyes saw
    verdict: Verdict
    twin_of: str = ""


@dataclass(frozen=True)
class Asked:
    """What all drafts of a request share: the words as the backend reads them, and what is given."""

    words: Any
    negative: Any
    reading: Mapping[str, tuple[str, float]]
    given: Tensor | None  # (1, L, C, h, w)


OnDraft = Callable[[Draft], None]


def with_finals(request: Request, card: Card) -> Request:
    """The request as it is explored: in quality "high", unless it says otherwise.

    A film of twice the steps costs a fifth more, and one that was chosen is worth it.
    """
    asked = any(value is not None for value in (request.quality, request.steps, request.guidance))
    quality = None if asked or card.quality(None).guidance > 1 else "high"
    return replace(request, quality=quality or request.quality, drafts=1)


def explore(
    backend: Backend,
    request: Request,
    library: Library,
    *,
    drafts: int = 8,
    name: str = "",
    on_draft: OnDraft | None = None,
    on_phase: OnPhase | None = None,
) -> list[Draft]:
    """Make drafts with seeds counting up from the request's, keep them in the library, return them ranked.

    Beside each draft lies what :func:`ozora.director.finish.finish` needs; broken ones say why,
    near-duplicates name the better draft that they repeat. A sheet of all is written as ``NAME-sheet.png``.
    Raises ``OzoraError`` for what cannot be filmed, before any compute.
    """
    require_drafts(drafts)
    request = with_finals(request, backend.card)
    first = secrets.randbelow(2**32) if request.seed is None else request.seed
    if first + drafts - 1 > HIGHEST_SEED:
        raise refuse("seed", first, f"0 to {HIGHEST_SEED}, with room for {drafts} drafts")
    planned = plan(request, backend.card)
    if planned.windows != 1:
        allowed = f"at most {backend.card.grid.seconds:g} for drafts: what the model films at once"
        raise refuse("seconds", f"{request.seconds or 0:g}", allowed)
    library.folder.mkdir(parents=True, exist_ok=True)
    name = name or library.free_name(request.prompt)
    sheet = require_writable(library.folder / f"{name}-sheet.png")
    made: list[Draft] = []
    with computing(request.threads, request.precision):
        watch = Stopwatch(on_phase)
        common = describe_take(planned, backend.card, first)
        asked = _asked(backend, planned, common, watch)
        for number in range(drafts):
            about = {**common, "seed": first + number}
            draft = _draft(backend, f"{name}-{number + 1}", about, planned, asked, watch)
            _keep(library, draft, about, backend, watch)
            watch = Stopwatch(on_phase)  # what all drafts share counts as the first one's
            made.append(draft)
            if on_draft is not None:
                on_draft(draft)
        order = ranked([draft.verdict for draft in made])
        made = _folded(library, made, order)
        best = [made[number] for number in order]
        draw_sheet(best, request.prompt, sheet)
    return best


def require_drafts(drafts: int) -> None:
    """Refuse no drafts, or too many."""
    if not 1 <= drafts <= MOST_TAKES:
        raise refuse("drafts", drafts, f"1 to {MOST_TAKES}")


def _asked(backend: Backend, planned: Plan, about: Mapping[str, Any], watch: Stopwatch) -> Asked:
    """Read what is the same for all drafts."""
    with watch.phase("load"):
        backend.load()
        backend.preview(_nothing(backend, planned.fit))  # the preview's matrix is fitted once
    with watch.phase("words"):
        words, negative = backend.understand(words_of(about)), backend.understand(about["negative"])
        return Asked(words, negative, backend.reading(words), given_latents(backend, planned))


def _draft(
    backend: Backend, name: str, about: Mapping[str, Any], planned: Plan, asked: Asked, watch: Stopwatch
) -> Draft:
    sampling = {each: about["settings"][each] for each in ("steps", "guidance")}
    kept = min(KEPT_STEPS, sampling["steps"])
    with watch.phase("denoise", kept + 1) as step:
        start = begin_window(backend, planned, planned.line.windows[0], asked.given, about["seed"])
        moment, heading = begun(
            backend, asked.words, asked.negative, start, **sampling,
            on_moment=lambda now: step(now.step, kept + 1),
        )  # fmt: skip
    with watch.phase("decode"):
        look, preview = backend.look(heading), backend.preview(heading)
    verdict = judge(asked.reading, look.shows, preview)
    return Draft(name, about["seed"], moment, heading, preview, look.frames, verdict)


def _nothing(backend: Backend, fitted: Fit) -> Tensor:
    """An empty film's latents, of one frame."""
    empty = backend.begin(cells=fitted.cells, latents=1, seed=0, conditions=[])
    return empty.state.clean


def _keep(
    library: Library, draft: Draft, about: Mapping[str, Any], backend: Backend, watch: Stopwatch
) -> None:
    """Write a draft's three files: the state to go on from, a tiny picture, and the sidecar."""
    film = library.folder / f"{draft.name}.png"
    order = {"keep_latents": True, **backend_named(backend)}
    waiting = Waiting(about, order, Progress(0, draft.moment))
    save_waiting(library.folder / f"{draft.name}{DRAFT_ENDING}", waiting)
    write_image(Clip(np.concatenate(list(_spread(draft.preview)), axis=1)[None]), film, quick=True)
    verdict = draft.verdict
    take = {"kind": DRAFT, "score": round(verdict.score, 4), "why": verdict.why, "steps": draft.moment.step}
    take |= {"seems": {axis: [value, round(share, 3)] for axis, (value, share) in verdict.shows.items()}}
    receipt = watch.receipt((), {}).to_json()
    write_sidecar(film, {**about, "receipt": receipt, "take": take})


def _folded(library: Library, made: Sequence[Draft], order: Sequence[int]) -> list[Draft]:
    twins = folded([draft.preview for draft in made], order)
    for number, twin in twins.items():
        why = made[number].verdict.why or f"looks like {made[twin].name}"
        library.change(library.get(made[number].name), why=why, twin_of=made[twin].name)
    return [
        replace(draft, twin_of=made[twins[number]].name) if number in twins else draft
        for number, draft in enumerate(made)
    ]


def draw_sheet(drafts: Sequence[Draft], title: str, path: Path) -> Path:
    """Write a sheet of drafts in the order given: the moments of each that the eyes saw."""
    clips, labels = [], []
    for place, draft in enumerate(drafts, start=1):
        clips.append(Clip(draft.moments))
        number = draft.name.rpartition("-")[2]
        labels.append(f"{place}. Draft {number}, seed {draft.seed}: {_in_short(draft)}")
    sheet = contact_sheet(
        clips, labels, columns=min(2, len(clips)), frames=len(clips[0]), width=160, title=title[:90]
    )
    with whole_file(path) as temporary:
        part = temporary.with_suffix(".png")
        write_image(sheet, part, quick=True)
        part.replace(temporary)
    return path


def told(draft: Draft) -> str:
    """In a few words what became of a draft."""
    if draft.verdict.why:
        return f"dropped, {draft.verdict.why}"
    shows = draft.verdict.shows
    told_axes = [axis for axis in ("subject", "place", "time") if axis in shows]
    seems = [f"{shows[axis][0]} {shows[axis][1]:.0%}" for axis in told_axes]
    twin = f"; looks like {draft.twin_of}" if draft.twin_of else ""
    return f"score {draft.verdict.score:.2f}" + (f" ({', '.join(seems)})" if seems else "") + twin


def _in_short(draft: Draft) -> str:
    """As much as fits under a picture."""
    if draft.verdict.why or draft.twin_of:
        return draft.verdict.why.partition(":")[0] or f"like {draft.twin_of.rpartition('-')[2]}"
    seems = draft.verdict.shows.get("subject")
    return f"{draft.verdict.score:.2f}" + (f", {seems[0]} {seems[1]:.0%}" if seems else "")


def _spread(frames: Frames, count: int = 4) -> Iterator[Frames]:
    for number in range(min(count, len(frames))):
        yield frames[int((number + 0.5) / min(count, len(frames)) * len(frames))]
