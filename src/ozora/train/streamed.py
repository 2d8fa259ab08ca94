"""Footage in memory only: worker processes film ahead while the networks train, and the newest clips stay.

A network that trains for hours sees every shot a few times instead of hundreds of times, and no disk fills.
"""

from __future__ import annotations

import multiprocessing
import re
import weakref
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.pool import AsyncResult
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ozora.errors import refuse
from ozora.rights.ledger import Entry, Ledger
from ozora.train import distributed
from ozora.train.banks import FootageBank, FootageBatch, FootageSource
from ozora.train.footage import Plan, content_hash, quiet_worker
from ozora.world.film import film
from ozora.world.shot import Shot

CAPACITY = 384
"""Clips kept: at 224×128 and 49 frames about two gigabytes."""

LEAST = 8
"""Clips that must be there before the first batch is drawn."""

_FORM = re.compile(r"world:(\d{1,4})x(\d{1,4})(?::(\d{1,3}))?")
_FORMS = "a folder filled by `ozora world shoot`, or world:WIDTHxHEIGHT or world:WIDTHxHEIGHT:WORKERS"


@dataclass(frozen=True)
class StreamedClip:
    """One clip as a worker hands it over."""

    frames: np.ndarray[Any, np.dtype[np.uint8]]  # (T, H, W, 3)
    ids: np.ndarray[Any, np.dtype[np.uint8]]  # (T, H, W)
    shot: Shot
    start: int
    extra: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)


class StreamedFootage:
    """The clips of a plan one after another, filmed by ``workers`` processes ahead of their use.

    Batches are drawn from the newest ``capacity`` clips, so what a batch holds depends on how fast the
    machine films; the ledger has a row for every clip before it can be drawn. The plan goes on after the rows
    that its ledger has already: an interrupted run films no clip again.
    """

    def __init__(
        self, plan: Plan, ledger: Ledger, *, workers: int = 2, capacity: int = CAPACITY, least: int = LEAST,
        device: str | torch.device = "cpu", work: Callable[[Plan, int], StreamedClip] | None = None,
    ) -> None:  # fmt: skip
        self.plan, self.ledger, self.device = plan, ledger, torch.device(device)
        self.fps, self.least = plan.fps, min(least, capacity)
        self._clips: deque[StreamedClip] = deque(maxlen=capacity)
        self._next, self._ahead = sum(1 for _ in ledger.rows()), 2 * workers
        self._waiting: deque[AsyncResult[StreamedClip]] = deque()
        self._pool = multiprocessing.get_context("spawn").Pool(workers, initializer=quiet_worker)
        self._work = work or film_clip
        # The workers end with the source or with the program, whichever is first.
        weakref.finalize(self, self._pool.terminate)

    def __len__(self) -> int:
        return len(self._clips)

    def ledger_root(self) -> str:
        """The root over every clip filmed so far."""
        return self.ledger.root()

    def draw(self, generator: torch.Generator, batch: int, frames: int) -> FootageBatch:
        """``batch`` random clips of the newest, ``frames`` frames of each from a random start.

        Takes in what has been filmed since; waits only for the first ``least`` clips. Raises OzoraError for
        more frames than the plan's clips have.
        """
        if frames > self.plan.length:
            raise refuse("frames", frames, f"at most {self.plan.length}, the length of these clips")
        clips = self.newest(generator, batch)
        cuts = torch.randint(self.plan.length - frames + 1, (batch,), generator=generator).tolist()
        return together(clips, cuts, frames, self.device)

    def newest(self, generator: torch.Generator, batch: int) -> list[StreamedClip]:
        """``batch`` random clips of the newest, after taking in what has been filmed since."""
        self._take_in()
        while len(self._clips) < self.least:
            self._waiting[0].wait()
            self._take_in()
        picks = torch.randint(len(self._clips), (batch,), generator=generator).tolist()
        return [self._clips[pick] for pick in picks]

    def close(self) -> None:
        """End the worker processes; what they are filming is lost."""
        self._pool.terminate()
        self._pool.join()

    def _take_in(self) -> None:
        """Keep what is finished, in the plan's order, and have as many filmed in its place."""
        entries = []
        while self._waiting and self._waiting[0].ready():
            clip = self._waiting.popleft().get()
            self._clips.append(clip)
            content = content_hash(torch.from_numpy(clip.frames), torch.from_numpy(clip.ids))
            about = f"streamed shot seed {clip.shot.seed} frames {clip.start}+{len(clip.frames)}"
            entries.append(Entry("ozora.world", "own", content, about))
        if entries:
            self.ledger.append_all(entries)
        while len(self._waiting) < self._ahead:
            self._waiting.append(self._pool.apply_async(self._work, (self.plan, self._next)))
            self._next += 1


def open_footage(given: Sequence[Path], out: Path | None, device: torch.device) -> FootageSource:
    """Folders of footage, or ``world:WIDTHxHEIGHT[:WORKERS]`` to film while training, its ledger in ``out``.

    Raises OzoraError for what is neither, for both at once, and for filming in several processes.
    """
    stream = read_stream(given, out, frames=0)
    if stream is None:
        return FootageBank(given, device=device)
    plan, ledger, workers = stream
    return StreamedFootage(plan, ledger, workers=workers, device=device)


def read_stream(
    given: Sequence[Path], out: Path | None, frames: int
) -> tuple[Plan, Ledger, int] | None:
    """Plan, ledger and number of workers of ``world:…``, or None for folders; ``frames`` as in a ``Plan``."""
    names = [str(path) for path in given]
    if not any(name.startswith("world:") for name in names):
        return None
    found = _FORM.fullmatch(names[0])
    if len(names) > 1 or found is None or out is None:
        raise refuse("footage", " and ".join(names), _FORMS)
    if distributed.count() > 1:
        allowed = "folders shot before: one process films while it trains, several would film the same"
        raise refuse("footage", names[0], allowed)
    width, height, workers = int(found[1]), int(found[2]), int(found[3] or 2)
    if width % 32 or height % 32 or not (width and height and workers):
        raise refuse("footage", names[0], "sides that are multiples of 32, and one worker or more")
    plan = Plan(seed=0, width=width, height=height, frames=frames, seconds=4.0, fps=12, held_out=False)
    out.mkdir(parents=True, exist_ok=True)
    return plan, Ledger(out / "ledger.jsonl"), workers


def together(
    clips: Sequence[StreamedClip], cuts: Sequence[int], frames: int, device: torch.device
) -> FootageBatch:
    """``frames`` frames of every clip from its cut on."""
    spans = [slice(cut, cut + frames) for cut in cuts]
    pixels = torch.from_numpy(np.stack([clip.frames[s] for clip, s in zip(clips, spans, strict=True)]))
    ids = torch.from_numpy(np.stack([clip.ids[s] for clip, s in zip(clips, spans, strict=True)]))
    starts = tuple(clip.start + cut for clip, cut in zip(clips, cuts, strict=True))
    return FootageBatch(pixels.to(device), ids.to(device), tuple(clip.shot for clip in clips), starts)


def film_clip(plan: Plan, number: int) -> StreamedClip:
    """Film one clip of a plan."""
    shot, start = plan.shot(number)
    filmed = film(shot, plan.width, plan.height, frames=range(start, start + plan.length))
    return StreamedClip(filmed.frames.numpy(), filmed.ids.numpy(), shot, start)
