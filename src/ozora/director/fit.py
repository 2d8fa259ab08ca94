"""What was asked, laid on the model's grid; every change is told in a line."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ozora.backends.grid import FRAMES_PER_LATENT, PIXELS_PER_CELL, Grid
from ozora.director.request import Request, parse_size
from ozora.errors import refuse

WIDEST_MISFIT = 2.0  # how far the nearest shape may be from the asked one, as a ratio of aspects


@dataclass(frozen=True)
class Fit:
    """The film to be made: cells (wide, high), decoder scale, latents in time, rate; what was changed."""

    cells: tuple[int, int]
    scale: int
    latents: int
    fps: int
    notes: tuple[str, ...] = ()

    @property
    def width(self) -> int:
        return self.cells[0] * PIXELS_PER_CELL * self.scale

    @property
    def height(self) -> int:
        return self.cells[1] * PIXELS_PER_CELL * self.scale

    @property
    def frames(self) -> int:
        return 1 + FRAMES_PER_LATENT * (self.latents - 1)

    @property
    def size(self) -> str:
        return f"{self.width}x{self.height}"


def fit(request: Request, grid: Grid) -> Fit:
    """Choose the nearest film the model can make, or refuse what is not near any.

    The shape nearest in aspect wins, then the scale nearest in area; seconds go to whole latents.
    """
    notes: list[str] = []
    cells, scale = _fit_size(request, grid, notes)
    fps = grid.fps
    if request.fps is not None and request.fps != fps:
        notes.append(f"{request.fps:g} fps → {fps} fps: the model films at {fps} frames per second")
    return Fit(cells, scale, _fit_seconds(request, grid, notes), fps, tuple(notes))


def _fit_size(request: Request, grid: Grid, notes: list[str]) -> tuple[tuple[int, int], int]:
    if request.size is None:
        return grid.cells[0], grid.scales[0]
    width, height = parse_size(request.size)
    choices = ", ".join(f"{wide}x{high}" for wide, high in grid.sizes())

    def misfit(choice: tuple[tuple[int, int], int]) -> tuple[float, float]:
        (wide, high), scale = choice
        area = wide * high * (PIXELS_PER_CELL * scale) ** 2
        return abs(math.log(wide * height / (high * width))), abs(math.log(area / (width * height)))

    best = min(((cells, scale) for cells in grid.cells for scale in grid.scales), key=misfit)
    if misfit(best)[0] > math.log(WIDEST_MISFIT):
        raise refuse("size", request.size, f"shapes near one of {choices}")
    (wide, high), scale = best
    made = f"{wide * PIXELS_PER_CELL * scale}x{high * PIXELS_PER_CELL * scale}"
    if made != f"{width}x{height}":
        notes.append(f"{width}x{height} → {made}: the nearest size the model films (it films {choices})")
    return best


def _fit_seconds(request: Request, grid: Grid, notes: list[str]) -> int:
    if request.still:
        return 1
    if request.seconds is None:
        return grid.latents
    latents = 1 + round(request.seconds * grid.fps / FRAMES_PER_LATENT)
    if latents > grid.latents:
        allowed = f"more than 0 and at most {grid.seconds:g} ({grid.frames} frames at {grid.fps} fps)"
        raise refuse("seconds", f"{request.seconds:g}", allowed)
    frames = 1 + FRAMES_PER_LATENT * (latents - 1)
    # One frame more than asked is how films count here: 4 s are 49 frames, first and last moment included.
    if abs(frames - 1 - request.seconds * grid.fps) > 0.5 or latents == 1:
        notes.append(f"{request.seconds:g} s → {frames / grid.fps:.2f} s: films come in steps of four frames")
    return latents
