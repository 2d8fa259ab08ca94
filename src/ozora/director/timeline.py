"""A request's parts laid on one time line of latents: what is given, what is filmed, in which windows."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import torch
from torch import Tensor

from ozora.backends.backend import Backend, Card
from ozora.backends.grid import FRAMES_PER_LATENT, Grid
from ozora.director.curves import drawn, influence, settled, strengths
from ozora.director.parts import Blend, Fresh, Part, Play, given_films, part_to_json
from ozora.director.request import Request
from ozora.director.sources import Source, read_source
from ozora.director.windows import Window, history, outlook, plan_windows
from ozora.errors import refuse

Give = Callable[[Backend], Tensor]
"""Encodes what is given of a stretch: (1, length, C, h, w)."""


@dataclass(frozen=True, eq=False)
class Stretch:
    """The latents that one part fills: how far each is noised (0 kept, 1 new), and where they come from."""

    strength: tuple[float, ...]
    words: str
    give: Give | None = None
    openings: tuple[int, ...] = ()
    old_words: str | None = None
    shows: tuple[str, str] | None = None
    """The words that what is given was made from, at its beginning and at its end, where they are known."""

    @property
    def length(self) -> int:
        return len(self.strength)


@dataclass(frozen=True, eq=False)
class Timeline:
    """Stretches in a row on a grid of cells, and the windows they are filmed in."""

    stretches: tuple[Stretch, ...]
    windows: tuple[Window, ...]
    openings: tuple[int, ...]
    ring: bool
    sources: tuple[Source, ...]
    notes: tuple[str, ...] = ()
    part_starts: tuple[int, ...] = (0,)

    @property
    def length(self) -> int:
        """Latents in all."""
        return sum(stretch.length for stretch in self.stretches)

    @property
    def strength(self) -> list[float]:
        """Per latent: 0 is kept, 1 is new."""
        return [value for stretch in self.stretches for value in stretch.strength]

    @property
    def words(self) -> list[str]:
        """Per latent, the words it is filmed from."""
        return [stretch.words for stretch in self.stretches for _ in stretch.strength]

    @property
    def shown(self) -> list[str | None]:
        """Per latent, the words it shows: those it is filmed from, or those a given film was made from."""
        found: list[str | None] = []
        for stretch in self.stretches:
            for index, strength in enumerate(stretch.strength):
                made = stretch.shows and stretch.shows[2 * index >= stretch.length]
                found.append(stretch.words if strength else made or None)
        return found

    @property
    def old_words(self) -> list[str | None]:
        """Per latent, the words it was made from, where the difference of words is what changes it."""
        return [stretch.old_words for stretch in self.stretches for _ in stretch.strength]

    def part_of(self, index: int) -> int:
        """The number of the stretch that a latent belongs to."""
        ends = accumulate(stretch.length for stretch in self.stretches)
        return next(number for number, end in enumerate(ends) if index < end)


def read_sources(request: Request, card: Card) -> list[Source]:
    """Look at every film the parts name, once each and in their order."""
    found = []
    for part in request.parts:
        if isinstance(part, Play):
            found.append(read_source(part.source, "source", card))
        elif isinstance(part, Blend):
            found.append(read_source(part.first, "first", card))
            found.append(read_source(part.second, "second", card))
    return found


def lay(request: Request, sources: list[Source], cells: tuple[int, int], grid: Grid) -> Timeline:
    """Lay the parts of a request on one time line; raises ``OzoraError`` for what cannot be laid so."""
    fitted = [source.on(cells) for source in sources]
    parts, owners, rest = _expanded(request.parts, list(fitted), grid)
    if request.ring and len(parts) == 1 and isinstance(parts[0], Fresh):
        parts, owners = _there_and_back(parts[0], grid), [0, 0]
    stretches: list[Stretch] = []
    notes: list[str] = [note for source in fitted for note in source.notes]
    for number, part in enumerate(parts):
        opens = number == 0 or part.cut
        after = parts[number + 1] if number + 1 < len(parts) else None
        ahead = after is not None and not isinstance(after, Fresh) and not after.cut
        words = part.words or request.prompt
        if isinstance(part, Fresh):
            ahead = ahead or (request.ring and after is None)
            stretches.append(_fresh(part, words, opens, ahead, grid))
        elif isinstance(part, Play):
            source = rest.pop(0)
            stretches.append(_play(part, source, words, opens, grid, keep_end=after is not None))
        else:
            stretches.append(_blend(part, rest.pop(0), rest.pop(0), words, opens, grid, notes))
    line = _timeline(stretches, request.ring, grid, tuple(fitted), tuple(notes))
    starts: dict[int, int] = {}
    for number, owner in enumerate(owners):
        starts.setdefault(owner, sum(stretch.length for stretch in stretches[:number]))
    return replace(line, part_starts=tuple(starts.values()))


def fresh_line(latents: int, words: str, grid: Grid) -> Timeline:
    """The time line of a film from words of any length."""
    return _timeline([Stretch((1.0,) * latents, words, openings=(0,))], False, grid, (), ())


def kept_at(line: Timeline, indices: list[int], grid: Grid) -> Timeline:
    """The same time line with some latents given, by pictures that are shown there."""
    pinned, stretches, position = set(indices), [], 0
    for stretch in line.stretches:
        strength = tuple(
            0.0 if position + number in pinned else value for number, value in enumerate(stretch.strength)
        )
        stretches.append(replace(stretch, strength=strength))
        position += stretch.length
    return _timeline(stretches, line.ring, grid, line.sources, line.notes)


def latent_at(second: float, fps: int, openings: tuple[int, ...] = (0,), start: int = 0) -> int:
    """The latent that shows a moment after latent ``start``: an opening holds one frame, others four."""
    left, index = round(second * fps), start
    while left > 0:
        index += 1
        left -= 1 if index in openings else FRAMES_PER_LATENT
    return index


def _timeline(
    stretches: list[Stretch], ring: bool, grid: Grid, sources: tuple[Source, ...], notes: tuple[str, ...]
) -> Timeline:
    starts = [sum(stretch.length for stretch in stretches[:number]) for number in range(len(stretches))]
    opened = zip(starts, stretches, strict=True)
    openings = sorted({start + index for start, stretch in opened for index in stretch.openings})
    free = [value > 0 for stretch in stretches for value in stretch.strength]
    if ring and len(openings) > 1:
        raise refuse("source", "a film with cuts", "films without cuts, to be made a loop")
    windows = plan_windows(free, grid.latents, openings=openings, breaks=starts, ring=ring)
    return Timeline(tuple(stretches), tuple(windows), tuple(openings), ring, sources, notes)


def _fresh(part: Fresh, words: str, opens: bool, ahead: bool, grid: Grid) -> Stretch:
    seen = outlook(grid.latents) if ahead else 0
    if part.seconds is None:
        before = 0 if opens else history(grid.latents)
        length = max(1, grid.latents - before - seen)
    else:
        length = max(1, round(part.seconds * grid.fps / FRAMES_PER_LATENT)) + opens
    return Stretch((1.0,) * length, words, openings=(0,) if opens else ())


def _play(
    part: Play, source: Source, words: str, opens: bool, grid: Grid, *, keep_end: bool
) -> Stretch:
    begin, end = _trimmed(part, source, grid)
    inside = tuple(index - begin for index in source.openings if begin < index < end)
    openings = ((0,) if opens else ()) + inside
    skip = 0 if opens else 1
    if not opens:
        openings = tuple(index - 1 for index in inside)
    kept = _kept(part, end - begin, grid)
    strength = tuple(0.0 if index in kept else part.strength for index in range(skip, end - begin))
    if part.strength and not any(strength):
        raise refuse("keep", list(part.keep), f"spans that leave some of {source.role} to be filmed")

    def give(backend: Backend) -> Tensor:
        return _latents(source, backend, begin, end, opens, keep_end)

    old = source.words if part.by_words else None
    return Stretch(strength, words, give, openings, old, source.scenes)


def _blend(
    part: Blend, first: Source, second: Source, words: str, opens: bool, grid: Grid, notes: list[str]
) -> Stretch:
    length = min(first.length, second.length)
    if first.length != second.length:
        longer = max(first, second, key=lambda source: source.length)
        notes.append(f"{longer.name or longer.role} is longer: its first {length} steps are blended")
    skip = 0 if opens else 1
    moments = [index * FRAMES_PER_LATENT / grid.fps for index in range(length)]
    points, peak = drawn(part.curve, moments[-1])
    shares = [settled(influence(points, moment)) for moment in moments]

    def give(backend: Backend) -> Tensor:
        one = _latents(first, backend, 0, length, True, False)
        other = _latents(second, backend, 0, length, True, False)
        share = torch.tensor(shares)[None, :, None, None, None]
        # Where one shows alone the product with zero must not touch its bits.
        mixed = (1 - share) * one + share * other  # (1, length, C, h, w)
        return one.where(share == 0, other.where(share == 1, mixed))[:, skip:]

    return Stretch(tuple(strengths(shares, peak)[skip:]), words, give, (0,) if opens else ())


def _latents(
    source: Source, backend: Backend, begin: int, end: int, opens: bool, keep_end: bool
) -> Tensor:
    """Latents ``begin`` to ``end`` of a source; without the first where they go on from something else."""
    latents = backend.encode(source.frames(keep_end)) if source.latents is None else source.latents
    part = latents[:, begin:end]
    if not opens:
        return part[:, 1:]
    if begin in source.openings:
        return part
    return torch.cat([reopened(backend, latents, begin), part[:, 1:]], 1)


def reopened(backend: Backend, latents: Tensor, index: int) -> Tensor:
    """The last frame of latent ``index``, encoded as the one frame that opens a film: (1, 1, C, h, w).

    A few latents before it bring the decoder's memory up to date.
    """
    frames = backend.decode(latents[:, max(0, index - WARM_UP) : index + 1], 1, lambda done, of: None)
    return backend.encode(frames[-1:])


WARM_UP = 3
"""Latents after which a decoder's memory of what it began with has faded."""


def _trimmed(part: Play, source: Source, grid: Grid) -> tuple[int, int]:
    begin = round(part.start * grid.fps / FRAMES_PER_LATENT)
    end = source.length
    if part.stop is not None:
        end = min(end, 1 + round(part.stop * grid.fps / FRAMES_PER_LATENT))
    if end - begin < 2:
        seconds = (source.length - 1) * FRAMES_PER_LATENT / grid.fps
        came = f"{part.start:g} to {seconds if part.stop is None else part.stop:g}"
        raise refuse("start", came, f"a part of {source.role}, which lasts {seconds:g} seconds")
    return begin, end


def _kept(part: Play, length: int, grid: Grid) -> set[int]:
    """The latents of a part that stay, to the nearest step; all of them where there is no strength."""
    if not part.strength:
        return set(range(length))
    kept: set[int] = set()
    rate = grid.fps / FRAMES_PER_LATENT
    for begin, end in part.keep:
        if begin * rate > length - 1:
            allowed = f"spans that begin before {(length - 1) / rate:g} seconds, where the film ends"
            raise refuse("keep", f"{begin:g}-{end:g}", allowed)
        first, last = math.ceil(begin * rate - 0.5), math.floor(end * rate + 0.5)
        kept |= set(range(max(0, first), min(length, last + 1)))
    return kept


def _there_and_back(part: Fresh, grid: Grid) -> list[Part]:
    """A ring from words alone: a film, and the way from its end to its beginning in one last window."""
    rate = grid.fps / FRAMES_PER_LATENT
    steps = max(2, round(part.seconds * rate)) if part.seconds else grid.latents - 1
    back = max(1, min(steps // 2, grid.latents - history(grid.latents) - outlook(grid.latents)))
    return [replace(part, seconds=(steps - back) / rate), Fresh(back / rate, part.words)]


def _expanded(
    parts: tuple[Part, ...], sources: list[Source], grid: Grid
) -> tuple[list[Part], list[int], list[Source]]:
    """Blends that only cut become two played parts: there is nothing to be mixed.

    Returns the parts, the number of the asked part that each comes from, and their sources in order.
    """
    found: list[Part] = []
    owners: list[int] = []
    order: list[Source] = []
    for number, part in enumerate(parts):
        for _ in given_films(part):
            order.append(sources.pop(0))
        laid = [part]
        if isinstance(part, Blend) and part.curve == "cut":
            end = (min(order[-2].length, order[-1].length) - 1) * FRAMES_PER_LATENT / grid.fps
            laid = [
                Play(part.first, stop=end / 2, words=part.words, cut=part.cut),
                Play(part.second, start=end / 2, stop=end, words=part.words, cut=True),
            ]
        found += laid
        owners += [number] * len(laid)
    return found, owners, order


def describe_parts(request: Request, sources: tuple[Source, ...]) -> dict[str, Any]:
    """What a film's metadata tells of its parts: no paths, but each given film by its name and hash."""
    rest, told = list(sources), []
    for part in request.parts:
        values = {}
        for name in given_films(part):
            source = rest.pop(0)
            values[name] = {"name": source.name, "hash": source.hash, "used": source.fingerprint()}
        told.append({**part_to_json(part, unsaid=tuple(values)), **values})
    return {"parts": told}
