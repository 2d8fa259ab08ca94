"""Explore, not gamble, behind the server: drafts, the best of some, and the final that a draft becomes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ozora.errors import OzoraError
from ozora.serve.render.order import Given, Order, Rendered, Tell
from ozora.serve.render.telling import Teller, rendered

if TYPE_CHECKING:
    from ozora.backends.backend import Backend
    from ozora.director.explore import Draft
    from ozora.director.request import Request

Ask: TypeAlias = "Callable[[], Request]"
"""Gives the request of an order; the final of a draft needs none, for the draft holds its own."""

NAME = "draft"
STATE = f"{NAME}.draft.safetensors"
FILES = (STATE, f"{NAME}.json", f"{NAME}.png")
"""What finishing a draft needs, by the names it is kept under."""

EXPLORED = 0.4
"""The share of the work that drafts are given, where the best of them is finished."""


def _explored(
    backend: Backend, request: Request, order: Order, work: Path, tell: Tell, until: float
) -> tuple[list[Draft], Any]:
    """Drafts, the best first, and the library they lie in."""
    from ozora.director.explore import explore
    from ozora.director.library import Library

    library = Library(work / "drafts")
    done = 0

    def next_one(draft: Draft) -> None:
        nonlocal done
        done += 1
        tell(round(until * done / order.candidates, 6), draft.preview)

    def check(_: Any) -> None:
        tell(round(until * done / order.candidates, 6))

    found = explore(
        backend, request, library, drafts=order.candidates, name=NAME, on_draft=next_one,
        on_phase=check,
    )  # fmt: skip
    return found, library


def _told(drafts: list[Draft]) -> list[dict[str, Any]]:
    """How the drafts were judged, the best first."""
    return [
        {
            "seed": draft.seed, "score": round(draft.verdict.score, 4),
            **({"dropped": draft.verdict.why} if draft.verdict.why else {}),
            "shows": {axis: value for axis, (value, _) in draft.verdict.shows.items()},
        }
        for draft in drafts
    ]  # fmt: skip


def _draft(backend: Backend, ask: Ask, order: Order, given: Given, work: Path, tell: Tell) -> Rendered:
    """Where the best of some drafts is heading, decoded whole; its state is kept for :func:`_finalize`."""
    from ozora.director.filming import decode_film
    from ozora.director.finish import heading_of
    from ozora.director.plan import plan
    from ozora.director.states import read_waiting
    from ozora.media.clip import Clip

    request = ask()
    drafts, library = _explored(backend, request, order, work, tell, 0.7)
    best = drafts[0]
    fitted = plan(request, backend.card).fit

    def step(done: int, total: int) -> None:
        tell(0.7 + 0.3 * done / total)

    heading = heading_of(backend, read_waiting(library.get(best.name).draft))
    frames = decode_film(backend, heading, fitted, step)
    about = {name: value for name, value in library.get(best.name).about.items() if name != "receipt"}
    keep = {}
    for name in FILES:
        path = library.folder / name.replace(NAME, best.name, 1)
        keep[name] = path
    receipt = {"seconds": library.get(best.name).about["receipt"]["seconds"], "notes": [], "reading": {}}
    told = {"seed": best.seed, "draft": True, "candidates": _told(drafts)}
    tell(1.0)
    return Rendered(Clip(frames, fitted.fps, about), keep, receipt, told)


def _best(backend: Backend, ask: Ask, order: Order, given: Given, work: Path, tell: Tell) -> Rendered:
    """The final of the best draft: the film that its seed alone would have given."""
    from ozora.director.finish import finish

    drafts, library = _explored(backend, ask(), order, work, tell, EXPLORED)
    teller = Teller(tell, EXPLORED)
    film, take = finish(
        backend, library, drafts[0].name, output=work / "native.mp4", on_phase=teller.phase,
        on_preview=teller.show,
    )  # fmt: skip
    return rendered(take, film, seed=take.seed, candidates=_told(drafts))


def _finalize(backend: Backend, ask: Ask, order: Order, given: Given, work: Path, tell: Tell) -> Rendered:
    """The final of a kept draft."""
    from ozora.director.finish import STRENGTH, finish
    from ozora.director.library import Library

    if given.draft is None:
        raise OzoraError("draft: its files are gone.")
    teller = Teller(tell)
    film, take = finish(
        backend, Library(given.draft.parent), NAME, output=work / "native.mp4", way=order.way,
        steps=order.steps, strength=STRENGTH if order.strength is None else order.strength,
        on_phase=teller.phase, on_preview=teller.show,
    )  # fmt: skip
    return rendered(take, film, seed=take.seed)


MAKERS: dict[str, Callable[..., Rendered]] = {"draft": _draft, "best": _best, "finalize": _finalize}
