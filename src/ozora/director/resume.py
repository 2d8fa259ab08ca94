"""The verb `resume`: finish the takes that were stopped or killed, with the bytes they would have had."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from ozora.backends.backend import Backend
from ozora.backends.machine import using_threads
from ozora.director.conditions import Given
from ozora.director.fit import Fit, fit
from ozora.director.generate import describe_take, film_take
from ozora.director.reproduce import request_of
from ozora.director.request import Request
from ozora.director.states import Keeper, Waiting, unfinished
from ozora.director.take import OnPhase, Take
from ozora.errors import OzoraError, refuse
from ozora.model.conditions import Condition

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
    keeper = Keeper(film, waiting, waiting.about, waiting.order)
    with using_threads(int(waiting.about["settings"]["threads"])):
        fitted, conditions = _prepared(film, waiting, backend)
        return film_take(backend, keeper, fitted, conditions, on_phase)


def _prepared(
    film: Path, waiting: Waiting, backend: Backend
) -> tuple[Fit, Callable[[], list[Condition]]]:
    """The take's fit, and what gives its conditions if denoising never began."""
    if waiting.moment is not None or waiting.latents is not None:
        # All that the given pictures say is in the state already: the files may have gone.
        return fit(request_of(waiting.about), backend.card.grid), list
    if waiting.order.get("request") is None:
        raise OzoraError(f"resume: {film} had not begun, and its clips were only in memory: ask again.")
    request = Request.from_json(waiting.order["request"])
    fitted = fit(request, backend.card.grid)
    given = Given(request, fitted)
    about = describe_take(request, fitted, given, backend.card, int(waiting.about["seed"]))
    if about["given"] != waiting.about["given"]:
        raise OzoraError(f"resume: a picture or clip that {film} begins from has changed since it was asked.")
    return fitted, lambda: given.conditions(backend)
