"""Training the fovea: the eyes as they are find somebody, and it learns who, or that nobody is there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.errors import refuse
from ozora.model.eyes import CELL, Eyes, Seen
from ozora.model.fovea import Glimpsed, glimpses, windows
from ozora.model.instances import instances
from ozora.train.augment_eyes import spoil_film
from ozora.train.eyes import EyesTask
from ozora.train.losses_eyes import NOT_ASKED, trait_of
from ozora.train.recipe import FoveaRecipe, Stage
from ozora.train.sheets import save_sheet
from ozora.train.tasks import Inputs
from ozora.train.truths import Lesson

LEAST_CELLS = 4
"""Cells of an instance that is asked for: smaller ones nobody could name."""

FOUND, MISTAKEN = 0.3, 0.15
"""Cells in common with an instance, over the cells of either: from so many on it was found; below so few what
was found is nobody. In between nothing is asked."""

_MEASURED, _SHOWN = 4, 8


@dataclass(frozen=True)
class Asked:
    """N glimpses and what is there."""

    pictures: Tensor  # (N, 3, H, W)
    cells: Tensor  # bool (N, h, w)
    kinds: Tensor  # (N,) index of the subject, or their number: nobody
    traits: dict[str, Tensor]  # per axis (N,), or ``NOT_ASKED``


class FoveaTask(EyesTask):
    """What the loop needs to train a fovea, with ``--start`` from eyes; see ``tasks.Task``."""

    def __init__(self, recipe: FoveaRecipe, inputs: Inputs, device: torch.device) -> None:
        super().__init__(recipe, inputs, device)
        self.near = recipe
        self.eyes.requires_grad_(False)
        if self.eyes.fovea is None:
            raise refuse("fovea", False, "true: it is what this recipe trains")
        self.begins_with = "a folder with eyes (eyes.safetensors) that have learnt to find somebody"
        self.eyes.fovea.requires_grad_(True)
        self.grown += [f"fovea.{name}" for name in self.eyes.fovea.state_dict()]

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """The 3×3 convolutions are Muon's, a row for each filter."""
        return parameter.ndim == 4 and parameter.shape[-1] == 3

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """Names and traits of everybody found, and of everybody there, in one spoilt batch."""
        lesson = self._lesson(generator, stage)
        video = spoil_film(self._seen_through(lesson, generator, stage), generator, self.recipe.spoil)
        told, asked = self._glimpsed(lesson, video, generator)
        total, parts = glimpse_loss(told, asked, self.near.traits)
        return {"total": total, **parts}

    def _glimpsed(
        self, lesson: Lesson, video: Tensor, generator: torch.Generator | None
    ) -> tuple[Glimpsed, Asked]:
        """What the fovea sees, and what it should; with ``generator`` its windows shake."""
        with torch.no_grad():
            seen = self.eyes(video)
            asked = questions(self.eyes, seen, lesson, video, everybody=generator is not None)
        around = windows(asked.cells, CELL)
        if generator is not None:
            around = shaken(around, self.near.shift, self.near.grow, generator)
        assert self.eyes.fovea is not None
        told: Glimpsed = self.eyes.fovea(*glimpses(asked.pictures, asked.cells, around))
        return told, asked

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """A sheet of glimpses; shares named right of those found in a fixed draw of unspoilt clips."""
        generator = torch.Generator().manual_seed(5)
        right: dict[str, list[Tensor]] = {}
        for number in range(_MEASURED):
            lesson = self.bank.draw(generator, stage.batch, stage.frames)
            told, asked = self._glimpsed(lesson, lesson.clips.large, None)
            nobody = len(self.eyes.config.subjects)
            named = told.kinds.argmax(1) == asked.kinds
            for name, answer, label_of in (
                ("kind", told.kinds, asked.kinds.masked_fill(asked.kinds == nobody, NOT_ASKED)),
                *((axis, told.traits[axis], labels) for axis, labels in asked.traits.items()),
            ):
                here = label_of != NOT_ASKED
                right.setdefault(name, []).append((answer.argmax(1) == label_of)[here].float())
            right.setdefault("nobody", []).append(named[asked.kinds == nobody].float())
            if number == 0:
                self._show(lesson, folder / f"{label}.png")
        means = {name: torch.cat(values) for name, values in right.items()}
        return {f"clean_{name}": float(values.mean()) for name, values in means.items() if len(values)}


    def _show(self, lesson: Lesson, path: Path) -> None:
        """A sheet of the glimpses of everybody who is there."""
        video = lesson.clips.large
        asked = questions(self.eyes, self.eyes(video), lesson, video, everybody=True)
        near, _ = glimpses(asked.pictures, asked.cells, windows(asked.cells, CELL))
        rows = [row for row in near[:, :3].split(_SHOWN) if len(row) == _SHOWN] or [near[:1, :3]]
        if len(near):
            save_sheet(path, rows)


def questions(eyes: Eyes, seen: Seen, lesson: Lesson, video: Tensor, *, everybody: bool) -> Asked:
    """Whom the eyes found in a lesson's films, and with ``everybody`` those they should have found too."""
    config = eyes.config
    nobody = len(config.subjects)
    pictures, cells, kinds = [], [], []
    traits: dict[str, list[int]] = {axis: [] for axis, _ in config.traits}
    values = {axis: {word: i for i, word in enumerate(words)} for axis, words in config.traits}
    for film, shot in enumerate(lesson.clips.shots):
        ids = lesson.truths.ids[film]  # (T, h, w)
        found = [(one.frame, one.cells) for one in instances(seen, film)]
        rows = [(frame, own, _stands_for(own, ids[frame])) for frame, own in found]
        if everybody:
            for frame, here in enumerate(ids):
                there = [(here == number, number) for number in _numbers(here)]
                rows += [(frame, own, number) for own, number in there if int(own.sum()) >= LEAST_CELLS]
        for frame, own, number in rows:
            if number is None:
                continue
            pictures.append(video[film, frame])
            cells.append(own)
            kind = shot.subjects[shot.instances[number - 1]].kind if number else ""
            kinds.append(config.subjects.index(kind) if number else nobody)
            for axis, index in values.items():
                word = trait_of(shot, number, axis) if number else None
                traits[axis].append(index.get(word or "", NOT_ASKED))
    device = video.device
    if not pictures:
        nothing = torch.zeros(0, dtype=torch.long, device=device)
        empty = seen.silhouette.new_zeros(0, *seen.silhouette.shape[-2:]).bool()
        return Asked(video[0, :0], empty, nothing, dict.fromkeys(traits, nothing))
    return Asked(
        torch.stack(pictures),
        torch.stack(cells),
        torch.tensor(kinds, device=device),
        {axis: torch.tensor(labels, device=device) for axis, labels in traits.items()},
    )


def _numbers(ids: Tensor) -> list[int]:
    return sorted({int(n) for n in ids.unique()} - {0})


def _stands_for(own: Tensor, ids: Tensor) -> int | None:
    """Number of the instance that found cells (h, w) stand for, 0 for nobody, None if that cannot be said."""
    shares = {}
    for number in _numbers(ids):
        there = ids == number
        shares[number] = float((own & there).sum() / (own | there).sum())
        if int(there.sum()) < LEAST_CELLS and shares[number] > 0:
            return None
    if not shares or max(shares.values()) < MISTAKEN:
        return 0
    best = max(shares, key=lambda number: shares[number])
    return best if shares[best] >= FOUND else None


def shaken(around: Tensor, shift: float, grow: float, generator: torch.Generator) -> Tensor:
    """Windows (N, 3) moved by up to ``shift`` of their side, up to ``1 + grow`` times larger or smaller."""
    dice = torch.rand(len(around), 3, generator=generator).to(around) * 2 - 1
    side = around[:, 2:]
    return torch.cat((around[:, :2] + shift * side * dice[:, :2], side * (1 + grow) ** dice[:, 2:]), 1)


def glimpse_loss(told: Glimpsed, asked: Asked, traits: float) -> tuple[Tensor, dict[str, Tensor]]:
    """The scalar to descend, ``traits`` being the weight of all traits together, and its parts (detached)."""
    if not len(asked.kinds):
        nothing = told.kinds.sum() * 0
        return nothing, {"kinds": nothing.detach(), "traits": nothing.detach()}
    kinds = F.cross_entropy(told.kinds, asked.kinds, label_smoothing=0.05)
    parts = [
        F.cross_entropy(told.traits[axis], labels, ignore_index=NOT_ASKED, label_smoothing=0.05)
        for axis, labels in asked.traits.items()
        if bool((labels != NOT_ASKED).any())
    ]
    seen = torch.stack(parts).mean() if parts else kinds * 0
    return kinds + traits * seen, {"kinds": kinds.detach(), "traits": seen.detach()}
