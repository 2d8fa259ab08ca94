"""Where training pixels come from: footage on the disk; ``streamed`` films while training instead.

Both answer ``draw`` with a batch that carries the video at the delivered (×2) size, the same video at half
the size (what the autoencoder sees), the subject ids and the shots. Every clip handed out has a row in a
ledger.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor

from ozora.errors import OzoraError, refuse
from ozora.rights.ledger import Ledger
from ozora.train.footage import open_shard, read_plan, shard_paths
from ozora.world.relations import MIRRORED
from ozora.world.shot import Shot, Subject


@dataclass(frozen=True)
class FootageBatch:
    """B clips of T frames of one size, as filmed; ``small`` and ``large`` turn them into networks' input."""

    pixels: Tensor  # (B, T, H, W, 3) uint8
    ids: Tensor  # (B, T, H, W) uint8: 0 is nobody, 1.. the shot's instances in order
    shots: tuple[Shot, ...]
    starts: tuple[int, ...]  # frame of the shot that each clip begins with

    @cached_property
    def large(self) -> Tensor:
        """The delivered size: (B, T, 3, H, W) float32 in [−1, 1]."""
        return self.pixels.movedim(-1, 2).float().contiguous().div_(127.5).sub_(1)

    @cached_property
    def small(self) -> Tensor:
        """What the autoencoder sees, the mean of each 2×2 pixels: (B, T, 3, H/2, W/2) float32 in [−1, 1]."""
        return F.avg_pool2d(self.large.flatten(0, 1), 2).unflatten(0, self.pixels.shape[:2])

    @cached_property
    def who(self) -> Tensor:
        """``ids`` with one number for each subject, 1.. in order, whatever its count: (B, T, H, W) uint8."""
        rows = []
        for ids, shot in zip(self.ids, self.shots, strict=True):
            subject = torch.arange(256, device=ids.device, dtype=torch.uint8)
            for number, index in enumerate(shot.instances, 1):
                subject[number] = index + 1
            rows.append(subject[ids.long()])
        return torch.stack(rows)

    def at(self, frames: Sequence[int]) -> FootageBatch:
        """Some frames only, to be made into networks' input without the rest."""
        chosen = list(frames)
        return FootageBatch(self.pixels[:, chosen], self.ids[:, chosen], self.shots, self.starts)

    def clips(self, count: int) -> FootageBatch:
        """The first ``count`` clips only."""
        return FootageBatch(self.pixels[:count], self.ids[:count], self.shots[:count], self.starts[:count])

    def cropped(self, width: int, generator: torch.Generator) -> FootageBatch:
        """Windows ``width`` pixels wide (even) over the full height, each about its first subject or near it.

        Sky and ground are soon learnt; who acts covers a few cells of a picture and needs most lessons.
        """
        return self.windows(self.about_subjects(width, generator), width)

    def about_subjects(self, width: int, generator: torch.Generator, step: int = 2) -> list[int]:
        """The left edges of such windows, multiples of ``step`` pixels (even, as ×2 is)."""
        columns = torch.arange(self.pixels.shape[-2], device=self.ids.device, dtype=torch.float32)
        seen = (self.who == 1).float().sum((1, 2))  # (B, W): how much of the subject stands in each column
        middle = (seen @ columns + columns.mean()) / (seen.sum(-1) + 1)  # (B,)
        jitter = (torch.rand(len(middle), generator=generator).to(middle) - 0.5) * width / 2
        left = (middle + jitter - width / 2).clamp(0, max(0, len(columns) - width))
        return ((left / step).long() * step).tolist()

    def windows(self, left: Sequence[int], width: int) -> FootageBatch:
        """Of every clip the window ``width`` pixels wide that begins at ``left``."""
        rows = [
            (pixels[..., x : x + width, :], ids[..., x : x + width])
            for pixels, ids, x in zip(self.pixels, self.ids, left, strict=True)
        ]
        pixels, ids = (torch.stack(parts) for parts in zip(*rows, strict=True))
        return FootageBatch(pixels, ids, self.shots, self.starts)

    def mirrored(self) -> FootageBatch:
        """The same clips seen in a mirror, with left and right exchanged in their shots too."""
        return FootageBatch(
            self.pixels.flip(-2), self.ids.flip(-1), tuple(map(mirrored, self.shots)), self.starts
        )


class FootageSource(Protocol):
    """Anything that hands out clips. The same generator state gives the same batch."""

    fps: int

    def draw(self, generator: torch.Generator, batch: int, frames: int) -> FootageBatch:
        """``batch`` random clips of ``frames`` frames (1 + 4k)."""
        ...

    def ledger_root(self) -> str:
        """The root of the ledger that knows every clip handed out so far."""
        ...


@dataclass(frozen=True)
class _Clip:
    """Where one clip lies."""

    shard: int
    row: int
    start: int
    shot: Shot


class FootageBank:
    """Footage on the disk, read where it lies (memory-mapped): nothing is loaded but the frames that are
    asked for.

    ``folders`` are folders filled by ``shoot``; stills, short and whole shots may be mixed. Footage of
    held-out combinations is refused unless ``held_out`` says that it is wanted, for measuring. ``device`` is
    where batches are put.
    """

    def __init__(
        self,
        folders: str | Path | Sequence[str | Path],
        *,
        held_out: bool = False,
        device: str | torch.device = "cpu",
    ) -> None:
        self.folders = [Path(f) for f in ([folders] if isinstance(folders, str | Path) else folders)]
        self.device = torch.device(device)
        self._shards: list[Path] = []
        self._open: dict[int, safe_open] = {}
        self._kept: dict[tuple[int, str], Tensor] = {}
        self._groups: dict[tuple[int, int, int], list[_Clip]] = {}  # (frames, height, width) → clips
        self._roots: list[str] = []
        rates = set()
        for folder in self.folders:
            plan = read_plan(folder)
            if plan.held_out and not held_out:
                raise refuse("footage", str(folder), "footage that was not shot as held out, for training")
            rates.add(plan.fps)
            self._read(folder, self._groups.setdefault((plan.length, plan.height, plan.width), []))
        if len(rates) != 1:
            raise refuse("footage", f"{sorted(rates)} frames per second", "folders that all have the same")
        self.fps = rates.pop()

    def __len__(self) -> int:
        return sum(len(clips) for clips in self._groups.values())

    def ledger_root(self) -> str:
        """The root of the folder's ledger; of several folders, their roots joined by "+"."""
        return "+".join(self._roots)

    def lengths(self) -> dict[tuple[int, int, int], int]:
        """How many clips there are of each (frames, height, width)."""
        return {key: len(clips) for key, clips in sorted(self._groups.items())}

    def draw(self, generator: torch.Generator, batch: int, frames: int) -> FootageBatch:
        """``batch`` random clips of ``frames`` frames, all of one size; longer clips are entered anywhere."""
        groups = [
            (key, clips)
            for key, clips in sorted(self._groups.items(), key=_key)
            if key[0] >= frames and clips
        ]
        if not groups:
            raise refuse(
                "frames", frames, f"at most {max(self._groups)[0]}, the longest clips of this footage"
            )
        (_, height, width), _ = groups[_weighted([len(clips) for _, clips in groups], generator)]
        alike = [(key, clips) for key, clips in groups if key[1:] == (height, width)]
        ends = [0]
        for _, clips in alike:
            ends.append(ends[-1] + len(clips))
        clips, cuts = [], []
        for pick in torch.randint(ends[-1], (batch,), generator=generator).tolist():
            group = bisect_right(ends, pick) - 1
            spare = alike[group][0][0] - frames
            clips.append(alike[group][1][pick - ends[group]])
            cuts.append(int(torch.randint(spare + 1, (1,), generator=generator)) if spare else 0)
        return self._load(clips, cuts, frames)

    def batches(self, frames: int, height: int, width: int, batch: int) -> list[list[int]]:
        """Every clip of one kind in order, as lists of at most ``batch`` indices for ``take``."""
        count = len(self._groups[frames, height, width])
        return [list(range(i, min(i + batch, count))) for i in range(0, count, batch)]

    def take(self, frames: int, height: int, width: int, indices: Sequence[int]) -> FootageBatch:
        """The whole clips of one kind with these indices."""
        clips = [self._groups[frames, height, width][i] for i in indices]
        return self._load(clips, [0] * len(clips), frames)

    def cut(
        self, kind: tuple[int, int, int], indices: Sequence[int], starts: Sequence[int], frames: int
    ) -> FootageBatch:
        """``frames`` frames from ``starts`` of the clips of one kind (frames, height, width)."""
        return self._load([self._groups[kind][i] for i in indices], list(starts), frames)

    def _read(self, folder: Path, clips: list[_Clip]) -> None:
        ledger = Ledger(folder / "ledger.jsonl")
        ledger.verify()
        known = {row.content_hash for row in ledger.rows()}
        for path in shard_paths(folder):
            self._shards.append(path)
            header = json.loads(self._shard(len(self._shards) - 1).metadata()["footage"])
            for row, entry in enumerate(header):
                if entry["sha256"] not in known:
                    raise OzoraError(
                        f"footage {folder.name}: a clip in {path.name} has no row in the ledger."
                    )
                shot = Shot.from_json(entry["shot"])
                clips.append(_Clip(len(self._shards) - 1, row, entry["start"], shot))
        if not clips:
            raise refuse("footage", str(folder), "a folder with at least one finished shard")
        self._roots.append(ledger.root())

    def _shard(self, number: int) -> safe_open:
        if number not in self._open:
            self._open[number] = open_shard(self._shards[number])
        return self._open[number]

    def _stored(self, shard: int, name: str) -> Any:
        """A shard's tensor as something to slice: on the disk for a CPU, in its memory for a GPU."""
        if self.device.type == "cpu":
            return self._shard(shard).get_slice(name)
        if (shard, name) not in self._kept:
            self._kept[shard, name] = self._shard(shard).get_tensor(name).to(self.device)
        return self._kept[shard, name]

    def _load(self, clips: list[_Clip], cuts: list[int], frames: int) -> FootageBatch:
        pixels: list[Tensor] = []
        ids: list[Tensor] = []
        for clip, cut in zip(clips, cuts, strict=True):
            for name, parts in (("frames", pixels), ("ids", ids)):
                parts.append(self._stored(clip.shard, name)[clip.row : clip.row + 1, cut : cut + frames])
        starts = tuple(clip.start + cut for clip, cut in zip(clips, cuts, strict=True))
        shots = tuple(clip.shot for clip in clips)
        return FootageBatch(torch.cat(pixels), torch.cat(ids), shots, starts)


def mirrored(shot: Shot) -> Shot:
    """The shot that describes the mirror image: left becomes right wherever a word says so."""
    relation = MIRRORED.get(shot.relation, shot.relation)
    return replace(shot, subjects=tuple(map(_mirrored_subject, shot.subjects)), relation=relation)


def _mirrored_subject(subject: Subject) -> Subject:
    swap = {"left": "right", "right": "left"}
    return replace(
        subject,
        direction=swap.get(subject.direction, subject.direction),
        position=swap.get(subject.position, subject.position),
    )


def _weighted(weights: list[int], generator: torch.Generator) -> int:
    pick = int(torch.randint(sum(weights), (1,), generator=generator))
    for i, weight in enumerate(weights):
        if pick < weight:
            return i
        pick -= weight
    raise AssertionError("unreachable: pick is below the sum")


def _key(item: tuple[tuple[int, int, int], list[_Clip]]) -> tuple[int, int, int]:
    return item[0]
