"""What a model can film: its sizes, rate and length. The grid of cells that every request is fitted to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ozora.errors import WeightsError

FRAMES_PER_LATENT = 4
PIXELS_PER_CELL = 16


@dataclass(frozen=True)
class Grid:
    """Cells (wide, high) a model was trained on, native ones first; frames per second; latent frames at most.

    ``scales`` are what a cell becomes: at scale 2 it is 32 by 32 pixels of film. The decoder has heads for 1
    and 2; 4 needs a refiner, which makes four cells of one.
    """

    cells: tuple[tuple[int, int], ...]
    fps: int = 12
    latents: int = 13
    scales: tuple[int, ...] = (2, 1)

    @property
    def frames(self) -> int:
        """Frames of the longest film: one, then four for each further latent."""
        return 1 + FRAMES_PER_LATENT * (self.latents - 1)

    @property
    def seconds(self) -> float:
        """Length of the longest film in whole latent steps, as people say it: 49 frames at 12 fps are 4 s."""
        return (self.frames - 1) / self.fps

    def sizes(self, scale: int | None = None) -> list[tuple[int, int]]:
        """Film sizes in pixels (width, height) at one scale, by default the largest."""
        factor = PIXELS_PER_CELL * (scale or self.scales[0])
        return [(wide * factor, high * factor) for wide, high in self.cells]

    def to_json(self) -> dict[str, Any]:
        """Return plain values for a manifest."""
        cells = [f"{wide}x{high}" for wide, high in self.cells]
        return {"cells": cells, "fps": self.fps, "latents": self.latents, "scales": list(self.scales)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Grid:
        """Read a manifest's grid; raises ``WeightsError`` when it makes no sense."""
        try:
            cells = tuple(parse_cells(text) for text in values["cells"])
            scales = tuple(int(scale) for scale in values["scales"])
            grid = cls(cells, int(values["fps"]), int(values["latents"]), scales)
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"weights: the manifest's grid cannot be read ({error}).") from error
        wrong = grid.fps < 1 or grid.latents < 1 or not grid.scales or not {*scales} <= {1, 2, 4}
        if not grid.cells or wrong:
            raise WeightsError(f"weights: the manifest's grid makes no sense ({dict(values)}).")
        return grid


def parse_cells(text: str) -> tuple[int, int]:
    """Read ``7x4`` as 7 cells wide, 4 high; raises ``ValueError`` for anything else."""
    found = re.fullmatch(r"([1-9]\d{0,2})x([1-9]\d{0,2})", text)
    if not found:
        raise ValueError(f"cells {text!r} are not of the form 7x4")
    return int(found[1]), int(found[2])
