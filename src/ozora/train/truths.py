"""Ground truth beside footage: for every cell of 4×4 pixels its depth, where it goes, what and whose it is.

Footage keeps frames and subject ids only. The set films the same shot again to the bit, so the rest can be
told at any later time, and at a quarter of the size it costs a fraction of filming. ``tell_truth`` writes
``truth-00000.safetensors`` beside every shard, ``TruthBank`` hands out frames and truth together.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from torch import Tensor

from ozora.errors import refuse
from ozora.rights.ledger import Ledger
from ozora.train.banks import FootageBank, FootageBatch
from ozora.train.footage import Plan, open_shard, quiet_worker, read_plan, shard_paths
from ozora.train.streamed import StreamedClip, StreamedFootage, film_clip, read_stream, together
from ozora.world.film import film
from ozora.world.shot import Shot
from ozora.world.truth import truth_class

CELL = 4
"""Pixels of the delivered size along each side of a cell."""

WINDOW = 3
"""Frames of a window of truth: before, now, after."""

WINDOWS = 6
"""Windows told of a whole clip, spread evenly."""

UNKNOWN = 255
"""Class of a cell that is neither surely a subject's nor surely not."""

PAIRED = ("flow", "seen")
"""What is told of a frame and the next."""

STREAMED_CLIPS = 2048
"""Clips of five frames kept while streaming: at 224×128 about 1.2 gigabytes."""

OWNED = 0.35
"""Share of a cell that a subject must cover to own it: less than half, for legs and wings are thin."""


@dataclass(frozen=True)
class Truths:
    """What is known of B windows of T frames, by cells (h, w) of ``CELL`` × ``CELL`` pixels."""

    depth: Tensor  # float16 (B, T, h, w) metres; inf where there is only sky
    flow: Tensor  # float16 (B, T-1, h, w, 2) pixels of the delivered size, right and down
    seen: Tensor  # bool (B, T-1, h, w) whether the next frame shows that point, so that its flow can be seen
    classes: Tensor  # uint8 (B, T, h, w) index in ``world.truth.CLASSES``, or ``UNKNOWN``
    ids: Tensor  # uint8 (B, T, h, w): 0 nobody, 1.. instances
    exact: Tensor  # bool (B, T, h, w) whether depth and flow are those of whom the cell belongs to

    def mirrored(self) -> Truths:
        """The truth about the same films seen in a mirror."""
        flipped = {entry.name: getattr(self, entry.name).flip(3) for entry in fields(self)}
        flow = self.flow.flip(3) * torch.tensor([-1.0, 1.0], device=self.flow.device, dtype=self.flow.dtype)
        return Truths(**{**flipped, "flow": flow})


@dataclass(frozen=True)
class Lesson:
    """Frames and the truth about them."""

    clips: FootageBatch
    truths: Truths

    def mirrored(self) -> Lesson:
        """The same lesson seen in a mirror."""
        return Lesson(self.clips.mirrored(), self.truths.mirrored())

    def zoomed(self, generator: torch.Generator, most: float) -> Lesson:
        """The same lesson through a longer lens, up to ``most`` times, on a random part of each clip.

        Nearer things look so: depth shrinks as motion grows.
        """
        height, width = self.truths.ids.shape[-2:]
        factor = 1 + (most - 1) * float(torch.rand(1, generator=generator))
        rows, columns = round(height / factor), round(width / factor)
        spare = torch.rand(len(self.clips.shots), 2, generator=generator)
        corners = (spare * torch.tensor([height - rows + 1, width - columns + 1])).long()
        parts = [
            _enlarged(self.clips, self.truths, number, (top, left, rows, columns))
            for number, (top, left) in enumerate(corners.tolist())
        ]
        clips = replace(
            self.clips,
            pixels=torch.cat([clip.pixels for clip, _ in parts]),
            ids=torch.cat([clip.ids for clip, _ in parts]),
        )
        truths = {
            entry.name: torch.cat([getattr(told, entry.name) for _, told in parts])
            for entry in fields(Truths)
        }
        return Lesson(clips, Truths(**truths))


def _enlarged(
    clips: FootageBatch, truths: Truths, number: int, window: tuple[int, int, int, int]
) -> tuple[FootageBatch, Truths]:
    """One clip's ``window`` (top, left, rows, columns of cells) at the full size again, and its truth."""
    top, left, rows, columns = window
    height, width = truths.ids.shape[-2:]
    one = slice(number, number + 1)
    place = slice(CELL * top, CELL * (top + rows)), slice(CELL * left, CELL * (left + columns))
    part = clips.pixels[one, :, place[0], place[1]].movedim(-1, 2).flatten(0, 1).float()
    size = clips.pixels.shape[2:4]
    grown = F.interpolate(part, size=size, mode="bilinear", align_corners=False)  # (T, 3, H, W)
    pixels = grown.round().byte().movedim(1, -1)[None]
    marks = F.interpolate(clips.ids[one, :, place[0], place[1]], size=size, mode="nearest-exact")
    down = top + ((torch.arange(height) + 0.5) * rows / height).long()
    across = left + ((torch.arange(width) + 0.5) * columns / width).long()
    told = {
        entry.name: getattr(truths, entry.name)[one][:, :, down][:, :, :, across] for entry in fields(Truths)
    }
    factor = torch.tensor([width / columns, height / rows], device=truths.flow.device)
    told["depth"] = (told["depth"].float() / float(factor.mean())).half()
    told["flow"] = (told["flow"].float() * factor).half()
    return FootageBatch(pixels, marks, clips.shots[one], clips.starts[one]), Truths(**told)


def truths_of(shot: Shot, frames: Sequence[int], ids: Tensor) -> Truths:
    """The truth about some consecutive frames of a shot whose subject ids (T, H, W) are known: B is 1."""
    height, width = ids.shape[1] // CELL, ids.shape[2] // CELL
    filmed = film(shot, width, height, frames=frames, truth=True)
    told = filmed.truth
    assert told is not None
    plain = told_by_ids(shot, ids)
    owner = plain.ids[0]  # (T, h, w)
    hair = (filmed.ids > 0) & (filmed.ids < 100)  # of a subject that does not own the cell
    classes = torch.where((owner > 0) | hair, plain.classes[0], told.classes)
    known = (filmed.ids == owner) | ((filmed.ids >= 100) & (owner == 0))
    flow = (told.flow * CELL).half()
    return Truths(filmed.depth[None], flow[None], told.seen[None], classes[None], owner[None], known[None])


def told_by_ids(shot: Shot, ids: Tensor) -> Truths:
    """What subject ids (T, H, W) alone tell: who is where; nothing of depth, motion and the set. B is 1."""
    owner = _owners(ids)  # (T, h, w)
    classes = torch.full_like(owner, UNKNOWN)
    for number in range(1, len(shot.instances) + 1):
        classes[owner == number] = truth_class(shot, number)
    frames, height, width = owner.shape
    nothing = torch.zeros(1, frames, height, width)
    return Truths(
        depth=nothing.half(),
        flow=torch.zeros(1, frames - 1, height, width, 2, dtype=torch.float16),
        seen=nothing[:, 1:].bool(),
        classes=classes[None],
        ids=owner[None],
        exact=nothing.bool(),
    )


def _owners(ids: Tensor) -> Tensor:
    """Instance (T, h, w) that covers most of a cell, if ``OWNED`` of it or more; 0 for none."""
    owner = torch.zeros(ids.shape[0], ids.shape[1] // CELL, ids.shape[2] // CELL, dtype=torch.uint8)
    best = torch.full(owner.shape, OWNED)
    for number in sorted({int(value) for value in ids.unique() if 0 < value < 100}):
        cover = F.avg_pool2d((ids == number).float()[:, None], CELL)[:, 0]
        owner[cover > best] = number
        best = torch.maximum(best, cover)
    return owner


def window_starts(length: int) -> list[int]:
    """First frames of the windows told of a clip of ``length`` frames."""
    if length < WINDOW:
        return [0]
    last = length - WINDOW
    count = min(WINDOWS, last + 1)
    return [round(last * i / max(1, count - 1)) for i in range(count)]


def tell_truth(
    folder: str | Path,
    *,
    workers: int = 1,
    ids_only: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the truth of every shard of a footage folder that has none yet; returns how many shards have it.

    With ``ids_only`` nothing is filmed: only what the footage's own ids tell, all that can still be known of
    footage of a film set that has changed since. May be stopped at any moment and started again. Raises
    OzoraError if the folder is no footage.
    """
    folder = Path(folder)
    read_plan(folder)
    shards = shard_paths(folder)
    if not shards:
        raise refuse("footage", str(folder), "a folder that `ozora world shoot` filled")
    missing = [path for path in shards if not truth_path(path).exists()]
    done = len(shards) - len(missing)
    context = multiprocessing.get_context("spawn")
    if workers <= 1:
        for path in missing:
            _tell(path, ids_only)
            done += 1
            if on_progress is not None:
                on_progress(done, len(shards))
        return done
    with ProcessPoolExecutor(workers, mp_context=context, initializer=quiet_worker) as pool:
        for _ in pool.map(partial(_tell, ids_only=ids_only), missing):
            done += 1
            if on_progress is not None:
                on_progress(done, len(shards))
    return done


def truth_path(shard: Path) -> Path:
    """Where the truth of a shard of footage lies."""
    return shard.with_name(shard.name.replace("shard", "truth"))


def _tell(path: Path, ids_only: bool = False) -> None:
    part = truth_path(path).with_suffix(f".{os.getpid()}.part")
    save_file(_gathered(path, _told_here if ids_only else truths_of), part)
    part.replace(truth_path(path))


def _gathered(
    path: Path, tell: Callable[[Shot, Sequence[int], Tensor], Truths]
) -> dict[str, Tensor]:
    """What ``tell`` says of all windows of a shard's clips, (clips, windows, frames, …), and their starts."""
    with open_shard(path) as shard:
        header = json.loads(shard.metadata()["footage"])
        ids = shard.get_tensor("ids")  # (N, T, H, W)
    starts = window_starts(ids.shape[1])
    span = min(WINDOW, ids.shape[1])
    rows = []
    for clip, marks in zip(header, ids, strict=True):
        shot = Shot.from_json(clip["shot"])
        for start in starts:
            first = clip["start"] + start
            rows.append(tell(shot, range(first, first + span), marks[start : start + span]))
    stored = {
        entry.name: torch.cat([getattr(row, entry.name) for row in rows])
        .unflatten(0, (len(header), len(starts)))
        .contiguous()
        for entry in fields(Truths)
    }
    return {**stored, "starts": torch.tensor(starts)}


def _read(shard: Path) -> dict[str, Tensor]:
    """The truth of a shard: as it was told, or as much as its ids tell."""
    if truth_path(shard).exists():
        return load_file(truth_path(shard))
    return _gathered(shard, _told_here)


def _told_here(shot: Shot, frames: Sequence[int], ids: Tensor) -> Truths:
    return told_by_ids(shot, ids)


class TruthBank:
    """Footage on the disk and the truth beside it, handed out together.

    ``folders`` are folders of footage for which ``tell_truth`` has run; their truth is kept in memory. Of
    shards that came later only what the ids tell is known; with ``ids_only`` of all shards will do.
    """

    def __init__(
        self, folders: Sequence[str | Path], *, ids_only: bool = False, device: str | torch.device = "cpu"
    ) -> None:
        self.bank = FootageBank(folders, device=device)
        self.device, self.fps = torch.device(device), self.bank.fps
        found: dict[tuple[int, int, int], list[dict[str, Tensor]]] = {}
        for folder in self.bank.folders:
            plan = read_plan(folder)
            shards = shard_paths(folder)
            if not ids_only and not any(truth_path(shard).exists() for shard in shards):
                wanted = f"footage with its truth: run `ozora world truth {folder}`"
                raise refuse("footage", str(folder), wanted)
            found.setdefault((plan.length, plan.height, plan.width), []).extend(map(_read, shards))
        self._starts = {kind: [int(s) for s in parts[0]["starts"]] for kind, parts in found.items()}
        self._truths = {
            kind: Truths(
                **{entry.name: torch.cat([part[entry.name] for part in parts]) for entry in fields(Truths)}
            )
            for kind, parts in sorted(found.items())
        }

    def __len__(self) -> int:
        return len(self.bank)

    def ledger_root(self) -> str:
        """The root over all footage."""
        return self.bank.ledger_root()

    def draw(self, generator: torch.Generator, batch: int, frames: int) -> Lesson:
        """``batch`` random windows of ``frames`` frames, all of one kind of clip; at most ``WINDOW``."""
        kinds = [kind for kind, told in self._truths.items() if told.depth.shape[2] >= frames]
        if not kinds:
            raise refuse("frames", frames, f"at most {WINDOW}, and no more than the clips have")
        clips = torch.tensor([float(len(self._truths[kind].depth)) for kind in kinds])
        kind = kinds[int(torch.multinomial(clips, 1, generator=generator))]
        told, starts = self._truths[kind], self._starts[kind]

        def pick(below: int) -> Tensor:
            return torch.randint(below, (batch,), generator=generator)

        rows, windows = pick(len(told.depth)), pick(len(starts))
        firsts = pick(told.depth.shape[2] - frames + 1)
        cuts = (torch.tensor(starts)[windows] + firsts).tolist()
        clip = self.bank.cut(kind, rows.tolist(), cuts, frames)
        parts = {}
        for entry in fields(Truths):
            span = frames - 1 if entry.name in PAIRED else frames
            value = getattr(told, entry.name)[rows, windows]  # (B, window, ...)
            steps = firsts[:, None] + torch.arange(span)
            parts[entry.name] = value[torch.arange(batch)[:, None], steps].to(self.device)
        return Lesson(clip, Truths(**parts))


class StreamedTruths:
    """Footage filmed while training, and its truth: moments of a shot each, seen once or a few times.

    Five frames are filmed of every shot, for more shots teach more than longer ones do.
    """

    def __init__(
        self, plan: Plan, ledger: Ledger, *, workers: int, device: str | torch.device = "cpu"
    ) -> None:
        self.source = StreamedFootage(
            plan, ledger, workers=workers, capacity=STREAMED_CLIPS, least=4 * workers, device=device,
            work=_film_told,
        )  # fmt: skip
        self.device, self.fps = torch.device(device), self.source.fps

    def ledger_root(self) -> str:
        """The root over every clip filmed so far."""
        return self.source.ledger_root()

    def draw(self, generator: torch.Generator, batch: int, frames: int) -> Lesson:
        """``batch`` random windows of ``frames`` frames of the newest clips; at most ``WINDOW``."""
        if frames > WINDOW:
            raise refuse("frames", frames, f"at most {WINDOW}")
        clips = self.source.newest(generator, batch)
        cuts = torch.randint(WINDOW - frames + 1, (batch,), generator=generator).tolist()
        parts = {
            entry.name: torch.cat(
                [
                    torch.from_numpy(clip.extra[entry.name])[:, cut : cut + frames - (entry.name in PAIRED)]
                    for clip, cut in zip(clips, cuts, strict=True)
                ]
            ).to(self.device)
            for entry in fields(Truths)
        }
        return Lesson(together(clips, cuts, frames, self.device), Truths(**parts))


def open_truths(
    given: Sequence[Path], out: Path | None, device: torch.device, *, ids_only: bool = False
) -> TruthBank | StreamedTruths:
    """Folders of footage with their truth, or ``world:WIDTHxHEIGHT[:WORKERS]`` to film while training.

    With ``ids_only`` folders whose truth was never told will do.
    """
    stream = read_stream(given, out, frames=5)
    if stream is None:
        return TruthBank(given, ids_only=ids_only, device=device)
    plan, ledger, workers = stream
    return StreamedTruths(plan, ledger, workers=workers, device=device)


def _film_told(plan: Plan, number: int) -> StreamedClip:
    clip = film_clip(plan, number)
    told = truths_of(clip.shot, range(clip.start, clip.start + WINDOW), torch.from_numpy(clip.ids[:WINDOW]))
    return replace(clip, extra={entry.name: getattr(told, entry.name).numpy() for entry in fields(told)})
