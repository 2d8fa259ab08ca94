"""What was asked, laid on the model's grid; every change is told in a line."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ozora.backends.grid import FRAMES_PER_LATENT, PIXELS_PER_CELL, Grid
from ozora.director.parts import LONGEST_SECONDS
from ozora.director.request import Request, parse_size
from ozora.errors import refuse

WIDEST_MISFIT = 2.0  # how far the nearest shape may be from the asked one, as a ratio of aspects


@dataclass(frozen=True)
class Fit:
    """The film to be made: cells (wide, high), decoder scale, latents in time, rate; what was changed.

    ``openings`` are the latents at which the film begins, anew after each cut: they hold one frame. The
    opening of a ``ring`` is not shown, since the film comes round to it. ``filmed`` counts the latents
    that go through the transformer, those that several windows see as often; None stands for all, once.
    """

    cells: tuple[int, int]
    scale: int
    latents: int
    fps: int
    notes: tuple[str, ...] = ()
    openings: tuple[int, ...] = (0,)
    ring: bool = False
    filmed: int | None = None

    @property
    def width(self) -> int:
        return self.cells[0] * PIXELS_PER_CELL * self.scale

    @property
    def height(self) -> int:
        return self.cells[1] * PIXELS_PER_CELL * self.scale

    @property
    def frames(self) -> int:
        frames = FRAMES_PER_LATENT * self.latents - (FRAMES_PER_LATENT - 1) * len(self.openings)
        return frames - 1 if self.ring else frames

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"


def fit(request: Request, grid: Grid, *, size: tuple[int, int] | None = None) -> Fit:
    """Choose the nearest film the model can make, or refuse what is not near any.

    The shape nearest in aspect wins, then the scale nearest in area; seconds go to whole latents. ``size`` is
    that of a given film: it decides where no size is asked, and is cut to the nearest shape however far.
    """
    notes: list[str] = []
    if request.size is None and size is not None:
        cells, scale = _cut_size(size, grid, notes)
    else:
        cells, scale = _fit_size(request, grid, notes)
    fps = grid.fps
    if request.fps is not None and request.fps != fps:
        notes.append(f"{request.fps:g} fps → {fps} fps: the model films at {fps} frames per second")
    return Fit(cells, scale, _fit_seconds(request, grid, notes), fps, tuple(notes))


def _fit_size(request: Request, grid: Grid, notes: list[str]) -> tuple[tuple[int, int], int]:
    if request.size is None:
        return grid.cells[0], grid.scales[0]
    size = parse_size(request.size)
    best = _nearest(size, grid)
    if _misfit(size, best)[0] > math.log(WIDEST_MISFIT):
        raise refuse("size", request.size, f"shapes near one of {_choices(grid)}")
    made, asked = _pixels(best), f"{size[0]}x{size[1]}"
    if made != asked:
        notes.append(f"{asked} → {made}: the nearest size the model films (it films {_choices(grid)})")
    return best


def _cut_size(
    size: tuple[int, int], grid: Grid, notes: list[str]
) -> tuple[tuple[int, int], int]:
    """The size nearest to a given film's."""
    best = _nearest(size, grid)
    made, came = _pixels(best), f"{size[0]}x{size[1]}"
    if made != came:
        notes.append(f"{came} → {made}: the given film is cut and scaled to the nearest size the model films")
    return best


Choice = tuple[tuple[int, int], int]
"""Cells (wide, high) and the decoder's scale."""


def _choices(grid: Grid) -> str:
    return ", ".join(f"{wide}x{high}" for scale in grid.scales for wide, high in grid.sizes(scale))


def _pixels(choice: Choice) -> str:
    (wide, high), scale = choice
    return f"{wide * PIXELS_PER_CELL * scale}x{high * PIXELS_PER_CELL * scale}"


def _misfit(size: tuple[int, int], choice: Choice) -> tuple[float, float]:
    """How far a choice is from a size: in aspect, then in area, as logarithms of ratios."""
    (width, height), ((wide, high), scale) = size, choice
    area = wide * high * (PIXELS_PER_CELL * scale) ** 2
    return abs(math.log(wide * height / (high * width))), abs(math.log(area / (width * height)))


def _nearest(size: tuple[int, int], grid: Grid) -> Choice:
    choices = ((cells, scale) for cells in grid.cells for scale in grid.scales)
    return min(choices, key=lambda choice: _misfit(size, choice))


def _fit_seconds(request: Request, grid: Grid, notes: list[str]) -> int:
    if request.still:
        return 1
    if request.seconds is None:
        return grid.latents
    latents = 1 + round(request.seconds * grid.fps / FRAMES_PER_LATENT)
    if request.seconds > LONGEST_SECONDS:
        raise refuse("seconds", f"{request.seconds:g}", f"more than 0 and at most {LONGEST_SECONDS:g}")
    frames = 1 + FRAMES_PER_LATENT * (latents - 1)
    # One frame more than asked is how films count here: 4 s are 49 frames, first and last moment included.
    if abs(frames - 1 - request.seconds * grid.fps) > 0.5 or latents == 1:
        notes.append(f"{request.seconds:g} s → {frames / grid.fps:.2f} s: films come in steps of four frames")
    return latents
