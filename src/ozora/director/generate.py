"""The verb `generate`: words, and whatever pins the film, become takes."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ozora.backends.backend import Backend, Card
from ozora.backends.machine import thread_count, using_threads
from ozora.director.filming import decode_film, film_latents
from ozora.director.latents import find_latents, kept_path, save_latents, waiting_path
from ozora.director.plan import Plan, plan
from ozora.director.request import HIGHEST_SEED, Request
from ozora.director.take import OnPhase, Receipt, Stopwatch, Take
from ozora.errors import refuse
from ozora.media.clip import Clip
from ozora.media.files import require_writable
from ozora.media.images import is_picture


def generate(
    backend: Backend,
    request: Request,
    *,
    outputs: Sequence[Path] = (),
    keep_latents: bool = True,
    on_phase: OnPhase | None = None,
) -> Iterator[Take]:
    """Make the request's takes one by one, seeds counting up from ``request.seed`` (drawn if ``None``).

    With ``outputs`` (one path a take) each take is also saved: its latents before decoding, then the film;
    after that the latents are moved beside the film, where the verbs find them, so that no join is ever
    encoded again; without ``keep_latents``, and for pictures, they are removed. All that can be
    checked is checked on the first ``next()``, before the networks load. Raises ``OzoraError`` for what
    cannot be filmed.
    """
    if outputs and len(outputs) != request.count:
        raise refuse("output", f"{len(outputs)} paths for {request.count} takes", "one path for each take")
    for path in outputs:
        require_writable(path)
    first = secrets.randbelow(2**32) if request.seed is None else request.seed
    if first + request.count - 1 > HIGHEST_SEED:
        raise refuse("seed", first, f"0 to {HIGHEST_SEED}, with room for {request.count} takes")
    planned = plan(request, backend.card)
    for number in range(request.count):
        output = outputs[number] if outputs else None
        with using_threads(request.threads or thread_count()):
            take = _one(backend, planned, first + number, output, keep_latents, on_phase)
        yield take


def _one(
    backend: Backend,
    planned: Plan,
    seed: int,
    path: Path | None,
    keep_latents: bool,
    on_phase: OnPhase | None,
) -> Take:
    watch = Stopwatch(on_phase)
    request, fitted = planned.request, planned.fit
    notes, reading = fitted.notes, {}
    about = describe_take(planned, backend.card, seed)
    with watch.phase("load"):
        backend.load()
    waiting = waiting_path(path) if path is not None else None
    latents = find_latents(waiting, about) if waiting is not None else None
    try:
        if latents is not None:
            notes = (*notes, "denoising was finished by an earlier run: its latents are used")
        else:
            settings = about["settings"]
            with watch.phase("words"):
                words = {prompt: backend.understand(prompt) for prompt in planned.prompts}
                negative = backend.understand(request.negative)
                reading = dict(backend.reading(words[request.prompt]))
            with watch.phase("denoise", settings["steps"] * planned.windows) as step:
                latents = film_latents(
                    backend,
                    planned,
                    words,
                    negative,
                    seed=seed,
                    steps=settings["steps"],
                    guidance=settings["guidance"],
                    on_step=step,
                )
            if waiting is not None:
                save_latents(waiting, latents, about)
        with watch.phase("decode", fitted.latents) as step:
            frames = decode_film(backend, latents, fitted, step)
        take = Take(Clip(frames, fitted.fps, about), latents, fitted, Receipt(watch.seconds, notes, reading))
        if path is not None and waiting is not None:
            with watch.phase("write"):
                take.save(path)
                if keep_latents and not is_picture(path):
                    waiting.replace(kept_path(path))
    except KeyboardInterrupt:
        # Whoever stops a take wants it gone; latents wait only for those whom a failure robbed of their film.
        if waiting is not None:
            waiting.unlink(missing_ok=True)
        raise
    if waiting is not None:
        waiting.unlink(missing_ok=True)
    return take


def describe_take(planned: Plan, card: Card, seed: int) -> dict[str, Any]:
    """All that reproduces a take, and nothing that differs between two runs of it: no times, no paths."""
    from ozora import __version__

    request, fitted = planned.request, planned.fit
    return {
        "ozora": __version__,
        "generated_by": "artificial intelligence",
        "prompt": request.prompt,
        "negative": request.negative,
        "seed": seed,
        "settings": {
            "size": fitted.size,
            "frames": fitted.frames,
            "fps": fitted.fps,
            "steps": card.sampling.steps if request.steps is None else request.steps,
            "guidance": float(card.sampling.guidance if request.guidance is None else request.guidance),
            "threads": thread_count(),
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
