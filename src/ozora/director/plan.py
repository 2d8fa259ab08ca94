"""Everything about a request that can be known before any compute: size, length, what is given, windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ozora.backends.backend import Card
from ozora.backends.grid import Grid
from ozora.director.conditions import Given
from ozora.director.fit import Fit, fit
from ozora.director.parts import Fresh
from ozora.director.qualities import sampling_for
from ozora.director.request import Request
from ozora.director.sources import Source
from ozora.director.timeline import Timeline, describe_parts, fresh_line, kept_at, lay, read_sources
from ozora.director.turning import turns_from
from ozora.errors import refuse
from ozora.media.clip import Clip

LEAST_REFINING = 2
"""Steps in which a film too large for the decoder alone is refined even as a draft."""


@dataclass(frozen=True, eq=False)
class Plan:
    """A request laid on the model's grid: the film to be made, what is given, and its time line."""

    request: Request
    fit: Fit
    given: Given
    line: Timeline
    fine: Plan | None = None
    """The same on twice as many cells a side, for the refiner; None where the film stays as laid out."""
    refining: int = 0

    @property
    def windows(self) -> int:
        """How many times the transformer films; 0 where everything is given."""
        return len(self.line.windows)

    @property
    def prompts(self) -> tuple[str, ...]:
        """All words the film is made from, each once, the request's own first."""
        found = [self.request.prompt, *self.line.words]
        found += [words for words in self.line.old_words if words is not None]
        found += [words for window in self.line.windows if (words := turns_from(self.line, window))]
        return tuple(dict.fromkeys(found))

    def read_as(self, prompt: str) -> str:
        """What the model reads for ``prompt``: the request's own words and a part's may have a caption."""
        said = {part.words: part.caption for part in self.request.parts if isinstance(part, Fresh)}
        caption = self.request.caption if prompt == self.request.prompt else said.get(prompt)
        return caption or prompt

    def describe(self) -> dict[str, Any]:
        """What a film's metadata tells of verb, parts and parents; no paths."""
        told: dict[str, Any] = {"given": self.given.hashes()}
        if self.request.verb != "generate":
            told["verb"] = self.request.verb
        if self.request.verb == "animate":
            told["image"] = _name(self.request.image)
        if self.request.stills:
            told["stills"] = [
                {"seconds": still.seconds, "part": still.part, "name": _name(still.image)}
                for still in self.request.stills
            ]
        if self.request.parts:
            told |= describe_parts(self.request, self.line.sources)
            told["ring"] = self.request.ring
            told["parents"] = [_parent(source) for source in self.line.sources]
        return told


def plan(request: Request, card: Card) -> Plan:
    """Read what is given and lay the request out; raises ``OzoraError`` for all that cannot be filmed."""
    grid = card.grid
    sources = read_sources(request, card)
    if request.parts:
        fitted = fit(request, grid, size=sources[0].size if sources else None)
    else:
        fitted = fit(request, grid)
        if fitted.latents == 1 and (request.image or request.head or request.tail or request.stills):
            came = "a given picture or clip for a film of one frame"
            raise refuse("image", came, "films of several frames")
    steps = refining_steps(sampling_for(request, card).refining, fitted)
    if not steps:
        if request.refining:
            told = f"{fitted.size} is not refined: it is as small as films are laid out"
            fitted = replace(fitted, notes=(*fitted.notes, told))
        return _laid(request, fitted, sources, grid)
    fine = finer(fitted)
    clear = [found for source in sources if (found := source.finer(fine.cells)) is not None]
    if len(clear) < len(sources):
        if fitted.scale > 2:
            raise refuse("size", fitted.size, "smaller ones: the film it goes on from was never refined")
        told = "not refined, since the film it goes on from was not"
        return _laid(request, replace(fitted, notes=(*fitted.notes, told)), sources, grid)
    laid = _laid(request, fitted, sources, grid)
    return replace(laid, fine=_laid(request, fine, clear, grid), refining=steps)


def _laid(request: Request, fitted: Fit, sources: list[Source], grid: Grid) -> Plan:
    """The plan of a film on ``fitted``'s cells."""
    if not request.parts:
        line = fresh_line(fitted.latents, request.prompt, grid)
    else:
        line = lay(request, sources, fitted.cells, grid)
        notes = fitted.notes + line.notes
        fitted = replace(
            fitted, latents=line.length, openings=line.openings, ring=line.ring, notes=notes
        )
    given = Given(request, fitted, line.part_starts)
    line = kept_at(line, given.places, grid)
    filmed = sum(len(window) * (3 if turns_from(line, window) else 1) for window in line.windows)
    return Plan(request, replace(fitted, filmed=filmed), given, line)


def finer(fitted: Fit) -> Fit:
    """The same film on twice as many cells a side, decoded at half the scale."""
    wide, high = fitted.cells
    return replace(fitted, cells=(2 * wide, 2 * high), scale=fitted.scale // 2)


def refining_steps(asked: int, fitted: Fit) -> int:
    """How many steps a film is refined in: the smallest cannot be, the largest must."""
    if fitted.scale == 1:
        return 0
    return max(asked, LEAST_REFINING) if fitted.scale > 2 else asked


def words_of(about: Mapping[str, Any]) -> str:
    """The words that the model read for a take, by its metadata."""
    return str(about.get("caption") or about["prompt"])


def _name(image: str | Path | Clip | None) -> str | None:
    """The file name of a picture; None for none, or for one that was only in memory."""
    return None if image is None or isinstance(image, Clip) else Path(image).name


def _parent(source: Source) -> dict[str, Any]:
    """Where a film comes from: the parent's file name and hash, and the hash of its latents' recipe."""
    told: dict[str, Any] = {"name": source.name, "hash": source.hash}
    if "ozora" in source.metadata:
        told["seed"] = source.metadata.get("seed")
        told["prompt"] = source.metadata.get("prompt")
    return told
