"""The verb `resume`: finish the takes that were stopped or killed, with the bytes they would have had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

from ozora.backends.backend import Backend
from ozora.backends.machine import computing_as, settings_here
from ozora.director.generate import describe_take, film_take
from ozora.director.plan import Plan, plan
from ozora.director.reproduce import request_of
from ozora.director.request import Request
from ozora.director.states import Keeper, Waiting, unfinished
from ozora.director.take import OnPhase, Take
from ozora.director.timeline import kept_at
from ozora.errors import OzoraError, refuse

Open = Callable[[str | None], Backend]
"""Gives the backend whose weights lie in a folder."""


def resume(
    path: str | Path, open_backend: Open, *, on_phase: OnPhase | None = None
) -> Iterator[tuple[Path, Take]]:
    """Finish what waits in the folder ``path``, or the one take whose film is ``path``.

    Yields each film with its take; takes on which a living process works are left to it. Raises
    ``OzoraError`` for a take of other weights, or of a given picture that is gone or has changed.
    """
    for film, waiting in list(unfinished(Path(path))):
        yield film, finish_waiting(film, waiting, open_backend, on_phase)


def finish_waiting(
    film: Path, waiting: Waiting, open_backend: Open, on_phase: OnPhase | None = None
) -> Take:
    """Finish one waiting take into ``film``."""
    backend = open_backend(waiting.order.get("weights"))
    made_by = waiting.about["weights"]
    if made_by["hash"] != backend.card.hash:
        allowed = f"weights {made_by['name']} {made_by['hash'][:12]}, with which {film} was begun"
        raise refuse("weights", f"{backend.card.name} {backend.card.hash[:12]}", allowed)
    about = {**waiting.about, "settings": settings_here(waiting.about["settings"])}
    keeper = Keeper(film, replace(waiting, about=about), about, waiting.order)
    with computing_as(about["settings"]):
        return film_take(backend, keeper, _planned(film, waiting, backend), on_phase=on_phase)


def _planned(film: Path, waiting: Waiting, backend: Backend) -> Plan:
    """The take's plan. Of films from words and pictures, a state holds all: the pictures may have gone."""
    about, begun = waiting.about, waiting.moment is not None or waiting.latents is not None
    if begun and not about.get("parts"):
        planned = plan(request_of(about), backend.card)
        if not about["given"] or waiting.latents is not None:
            return planned
        if planned.windows == 1 and waiting.moment is not None:
            held = waiting.moment.state.given[0].nonzero().flatten().tolist()
            return replace(planned, line=kept_at(planned.line, held, backend.card.grid))
    if waiting.order.get("request") is None:
        lost = "had not begun" if not begun else "was not finished"
        raise OzoraError(f"resume: {film} {lost}, and its clips were only in memory: ask again.")
    planned = plan(Request.from_json(waiting.order["request"]), backend.card)
    told = describe_take(planned, backend.card, int(about["seed"]))
    if any(told.get(name) != about.get(name) for name in ("given", "parts", "parents")):
        raise OzoraError(f"resume: a picture or clip that {film} begins from has changed since it was asked.")
    return planned
