"""How well the eyes see: on fresh footage of all skills, against the film set's truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from random import Random

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from ozora.evaluate.prompts import MOST_DRAWN, skilled_shot
from ozora.evaluate.scores import Share
from ozora.evaluate.tracks import Sighting, sightings
from ozora.model.eyes import Eyes
from ozora.train.losses_eyes import measures, targets, trait_of
from ozora.train.truths import WINDOW, truths_of
from ozora.world.film import film
from ozora.world.shot import Shot

SUITE = 901
"""The number of the drawn suite that eyesight is measured on."""

SMALLEST = 4
"""Cells of 4×4 pixels that an instance must own to be asked for."""

SIZES = ((SMALLEST, 20), (20, 80), (80, None))
"""Cells of small, middling and large instances: up to 18, up to 36 and more pixels along each side."""

CLASS_BAR, COUNT_BAR = 0.95, 0.90
"""What eyes should reach before they judge: subjects named right, frames counted right."""


@dataclass(frozen=True)
class Eyesight:
    """The figures. Shares of instances are of those that were found; counts are of frames."""

    found: Share  # instances that some sighting stands for
    kind: Share  # of the instances, found and named right
    colour: Share
    size: Share
    direction: Share
    action: Share
    counted: Share  # frames with as many sightings as instances
    kind_by_size: dict[str, Share]  # ``kind``, of instances of so many cells
    cells: dict[str, float]  # shares of cells and frames, errors: see ``losses_eyes.measures``

    def to_json(self) -> dict[str, object]:
        """As JSON values."""
        return asdict(self)


@torch.no_grad()
def eyesight(
    eyes: Eyes,
    *,
    shots: int = 90,
    width: int = 224,
    height: int = 128,
    on_progress: Callable[[int, int], None] | None = None,
) -> Eyesight:
    """Film a moment of each of ``shots`` fresh shots and compare what is seen with the truth."""
    tallies: dict[str, list[int]] = {}
    cells: dict[str, list[float]] = {}
    for index in range(shots):
        shot = skilled_shot(SUITE * MOST_DRAWN + index)
        start = Random(index).randrange(shot.frames - WINDOW)
        span = range(start, start + WINDOW)
        filmed = film(shot, width, height, frames=span)
        truth = truths_of(shot, span, filmed.ids)
        video = filmed.frames.movedim(-1, 1).float().div(127.5).sub(1)[None].clone()
        seen = eyes(video)
        for name, value in measures(eyes, seen, targets(eyes.config, truth, [shot])).items():
            cells.setdefault(name, []).append(value)
        middle = sightings(eyes, video, seen)[1]
        _compare(eyes, shot, truth.ids[0, 1], middle, tallies)
        if on_progress is not None:
            on_progress(index + 1, shots)
    shares = {name: Share(sum(values), len(values)) for name, values in tallies.items()}
    names = ("found", "kind", "colour", "size", "direction", "action", "counted")
    return Eyesight(
        **{name: shares.get(name, Share(0, 0)) for name in names},
        kind_by_size={size: shares.get(f"kind {size}", Share(0, 0)) for size in map(_size, SIZES)},
        cells={name: float(np.mean(values)) for name, values in cells.items()},
    )


def _compare(
    eyes: Eyes, shot: Shot, ids: Tensor, seen: list[Sighting], tallies: dict[str, list[int]]
) -> None:
    """Stand sightings for instances by their places, and tally what is right."""
    height, width = ids.shape
    there, cells = {}, {}
    for number in range(1, len(shot.instances) + 1):
        rows, columns = torch.nonzero(ids == number, as_tuple=True)
        if len(rows) >= SMALLEST:
            cells[number] = len(rows)
            spread = max(2.0, float(np.sqrt(len(rows))))
            there[number] = (float(columns.float().mean()) + 0.5, float(rows.float().mean()) + 0.5, spread)

    def tally(name: str, right: bool) -> None:
        tallies.setdefault(name, []).append(int(right))

    tally("counted", len(seen) == len(there))
    stands: dict[int, Sighting] = {}
    if there and seen:
        numbers = list(there)
        places = np.array([(one.x * width, one.y * height) for one in seen])  # (S, 2)
        truth = np.array([there[number] for number in numbers])  # (N, 3)
        gaps = np.linalg.norm(places[None] - truth[:, None, :2], axis=-1) / truth[:, 2:]
        for row, column in zip(*linear_sum_assignment(gaps), strict=True):
            if gaps[row, column] <= 1.0:
                stands[numbers[row]] = seen[column]
    first, words = eyes.config.first_subject, dict(eyes.config.traits)
    for number in there:
        sight = stands.get(number)
        tally("found", sight is not None)
        kind = shot.subjects[shot.instances[number - 1]].kind
        named = None if sight is None else eyes.config.classes[first + int(sight.kinds.argmax())]
        tally("kind", named == kind)
        size = next(size for size in SIZES if size[1] is None or cells[number] < size[1])
        tally(f"kind {_size(size)}", named == kind)
        for axis, values in words.items():
            asked = trait_of(shot, number, axis)
            if sight is not None and asked is not None:
                tally(axis, values[int(sight.traits[axis].argmax())] == asked)


def _size(cells: tuple[int, int | None]) -> str:
    """How a size is called."""
    least, most = cells
    return f"{least} cells and more" if most is None else f"{least} to {most - 1} cells"
