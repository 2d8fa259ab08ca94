"""The verb `generate`: words, and whatever pins the film, become takes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from ozora.backends.backend import Backend, Card
from ozora.backends.machine import computing, precision, thread_count
from ozora.director.filming import decode_film, film_latents
from ozora.director.latents import kept_path, save_latents
from ozora.director.plan import Plan, plan
from ozora.director.qualities import sampling_for
from ozora.director.refining import refined_latents
from ozora.director.request import HIGHEST_SEED, Request
from ozora.director.states import Keeper, Progress, same_take, sweep, waiting_path
from ozora.director.take import OnPhase, OnPreview, Stopwatch, Take
from ozora.errors import OzoraError, refuse
from ozora.media.beside import FilmBeside
from ozora.media.clip import Clip
from ozora.media.files import require_writable
from ozora.media.images import is_picture
from ozora.model.conditions import Condition


def generate(
    backend: Backend,
    request: Request,
    *,
    outputs: Sequence[Path] = (),
    keep_latents: bool = True,
    on_phase: OnPhase | None = None,
    on_preview: OnPreview | None = None,
) -> Iterator[Take]:
    """Make the request's takes one by one, seeds counting up from ``request.seed`` (drawn if ``None``).

    With ``outputs`` (one path a take) each take is also saved. Until it is, a hidden file beside it holds how
    far it came, from the start for all takes, so that a kill at any moment loses none:
    :func:`ozora.director.resume.resume` finishes them, and so does asking for the same again. With
    ``keep_latents`` the latents of a film stay beside it, where the verbs find them, so that no join is ever
    encoded again. All that can be checked is checked on the first ``next()``, before the networks load.
    Raises ``OzoraError`` for what cannot be filmed.
    """
    if outputs and len(outputs) != request.count:
        raise refuse("output", f"{len(outputs)} paths for {request.count} takes", "one path for each take")
    for path in outputs:
        require_writable(path)
    first = secrets.randbelow(2**32) if request.seed is None else request.seed
    if first + request.count - 1 > HIGHEST_SEED:
        raise refuse("seed", first, f"0 to {HIGHEST_SEED}, with room for {request.count} takes")
    planned = plan(request, backend.card)
    with computing(request.threads, request.precision):
        abouts = [describe_take(planned, backend.card, first + number) for number in range(request.count)]
    order = {"request": _written(request), "keep_latents": keep_latents, **backend_named(backend)}
    films: list[Path | None] = list(outputs) or [None] * request.count
    keepers = [
        Keeper(path, same_take(waiting_path(path), about) if path else None, about, order)
        for path, about in zip(films, abouts, strict=True)
    ]
    try:
        for keeper in keepers:
            keeper.save()
        for keeper in keepers:
            with computing(request.threads, request.precision):
                take = film_take(backend, keeper, planned, on_phase=on_phase, on_preview=on_preview)
            yield take
    except GeneratorExit:
        # Whoever wants no more of the takes does not want those that were never begun.
        for keeper in keepers:
            if keeper.now.steps_done == 0:
                keeper.drop()


def film_take(
    backend: Backend,
    keeper: Keeper,
    planned: Plan,
    *,
    more: Callable[[], Sequence[Condition]] = tuple,
    on_phase: OnPhase | None = None,
    on_preview: OnPreview | None = None,
) -> Take:
    """Film one take from wherever its keeper's waiting file stands to the end.

    What was denoised by an earlier run is not denoised again, and the film has the same bytes. Whatever stops
    it, the hidden file stays, for ``ozora resume``; only what fails before the first step is not kept.
    ``more`` gives conditions beside those of the plan.
    """
    about, start, watch = keeper.now.about, keeper.now, Stopwatch(on_phase, dict(keeper.now.spent))
    fitted, settings = planned.fit, about["settings"]
    notes, reading = fitted.notes, {}
    steps, latents = int(settings["steps"]), start.latents
    total = steps * planned.windows
    if start.steps_done:
        done = total if latents is not None else start.steps_done
        notes = (*notes, f"{done} of {total} steps were made by an earlier run")

    def kept(now: Progress) -> None:
        keeper.save(now, spent=watch.so_far())
        if on_preview is not None and now.moment is not None and now.moment.guess is not None:
            on_preview(backend.preview(now.moment.preview))

    try:
        with watch.phase("load"):
            backend.load()
        if latents is None or planned.fine is not None:
            with watch.phase("words"):
                words = {prompt: backend.understand(planned.read_as(prompt)) for prompt in planned.prompts}
                negative = backend.understand(about["negative"])
                reading = dict(backend.reading(words[planned.request.prompt]))
        if latents is None:
            conditions = () if start.moment is not None else more()
            with watch.phase("denoise", total) as step:
                latents = film_latents(
                    backend,
                    planned,
                    words,
                    negative,
                    seed=about["seed"],
                    steps=steps,
                    guidance=settings["guidance"],
                    drafts=settings.get("drafts", 1),
                    start=start.progress,
                    more=conditions,
                    on_progress=kept,
                    on_step=step,
                )
            keeper.save(Progress(planned.windows), latents, watch.so_far())
    except OzoraError:
        if not keeper.now.steps_done:
            keeper.drop()
        raise
    refined, shown = None, fitted
    if planned.fine is not None:
        shown = planned.fine.fit
        with watch.phase("refine", planned.fine.windows * planned.refining) as step:
            refined = refined_latents(backend, planned, latents, words, seed=about["seed"], on_step=step)
    film = keeper.film if keeper.film is not None and not is_picture(keeper.film) else None
    if keeper.film is not None:
        sweep(keeper.film)
    with ExitStack() as stack:
        beside = None
        if film is not None:  # encoded by another thread while the next frames are decoded
            size = {"width": fitted.width, "height": fitted.height}
            beside = stack.enter_context(FilmBeside(film, **size, fps=fitted.fps, metadata=about))
        with watch.phase("decode", fitted.latents) as step:
            told = beside.add if beside else None
            frames = decode_film(backend, latents if refined is None else refined, shown, step, told)
        whole = not start.steps_done
        receipt = watch.receipt(notes, reading, whole)
        take = Take(Clip(frames, fitted.fps, about), latents, fitted, receipt, refined)
        if keeper.film is None:
            return take
        with watch.phase("write"):
            if keeper.now.order.get("keep_latents") and film is not None:
                save_latents(kept_path(film), latents, about, refined)
            if beside is not None:
                beside.finish()
            else:
                take.save(keeper.film, sidecar=False)
    take = replace(take, receipt=watch.receipt(notes, reading, whole))
    take.save_sidecar(keeper.film, keeper.now.order.get("beside"))
    keeper.drop()
    return take


def _written(request: Request) -> dict[str, Any] | None:
    """The request as plain values; None where it holds clips that are only in memory."""
    try:
        return request.to_json()
    except OzoraError:
        return None


def backend_named(backend: Backend) -> dict[str, Any]:
    """Where the weights lie, so that another process can finish a take without being told."""
    weights = getattr(backend, "weights", None)
    return {} if weights is None else {"weights": str(weights.folder.resolve())}


def describe_take(planned: Plan, card: Card, seed: int) -> dict[str, Any]:
    """All that reproduces a take, and nothing that differs between two runs of it: no times, no paths."""
    from ozora import __version__

    request, fitted = planned.request, planned.fit
    sampling = sampling_for(request, card)
    return {
        "ozora": __version__,
        "generated_by": "artificial intelligence",
        "prompt": request.prompt,
        **({} if request.caption is None else {"caption": request.caption}),
        "negative": request.negative,
        "seed": seed,
        "settings": {
            "size": fitted.size,
            "frames": fitted.frames,
            "fps": fitted.fps,
            "steps": sampling.steps,
            "guidance": sampling.guidance,
            **({"refining": planned.refining} if planned.refining else {}),
            **({"drafts": sampling.drafts} if sampling.drafts > 1 else {}),
            "threads": thread_count(),
            "precision": precision(),
            **({} if fitted.openings == (0,) else {"openings": list(fitted.openings)}),
        },
        **planned.describe(),
        "weights": {
            "name": card.name,
            "hash": card.hash,
            "recipe": card.recipe,
            "ledger_root": card.ledger_root,
        },
    }
