"""What the server is told of a film: how far it is, what it looks like, what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ozora.media.clip import Frames
from ozora.serve.render.order import Rendered, Tell

if TYPE_CHECKING:
    from ozora.director.take import Phase, Take

SHARES = {
    "load": (0, 0.01), "words": (0.01, 0.02), "denoise": (0.02, 0.5), "refine": (0.5, 0.7),
    "decode": (0.7, 0.98), "write": (0.98, 1),
}  # fmt: skip
"""Where each phase begins and ends, as shares of a film's time."""


class Teller:
    """Passes the director's phases and previews on, as shares of the work between ``begin`` and ``end``."""

    def __init__(self, tell: Tell, begin: float = 0.0, end: float = 1.0) -> None:
        self.tell, self.begin, self.end, self.share = tell, begin, end, begin

    def phase(self, phase: Phase) -> None:
        """How far it is."""
        begins, ends = SHARES[phase.name]
        share = begins + (ends - begins) * phase.done / max(1, phase.total)
        self.share = round(self.begin + (self.end - self.begin) * share, 6)
        self.tell(self.share)

    def show(self, frames: Frames) -> None:
        """What it looks like so far."""
        self.tell(self.share, frames)


def rendered(take: Take, film: Path, **about: Any) -> Rendered:
    """A take that was saved as ``film``, with its latents, and what is to be told of it."""
    from ozora.director.latents import kept_path

    receipt = {
        "seconds": {name: round(spent, 3) for name, spent in take.receipt.seconds.items()},
        "notes": list(take.receipt.notes),
        "reading": {axis: [value, round(sure, 3)] for axis, (value, sure) in take.receipt.reading.items()},
    }
    keep = {film.name: film, kept_path(film).name: kept_path(film)}
    return Rendered(take.clip, keep, receipt, about)
