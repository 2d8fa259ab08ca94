"""Footage: clips filmed by our own world, kept in shards on the disk, each with a row in a ledger.

A folder of footage holds ``plan.json`` (what is shot, fixed at the first start), ``shard-00000.safetensors``
… (frames and subject ids with their shots in the header) and ``ledger.jsonl``. A shard is written whole or
not at all, so that a run may be stopped at any moment and started again; the same plan gives the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ozora.errors import OzoraError, refuse
from ozora.rights.ledger import Entry, Ledger
from ozora.world.film import film
from ozora.world.sampling import sample_shot
from ozora.world.shot import Shot

SHARD_BYTES = 12 * 2**20
"""About how much one shard holds: small enough that little is lost when a run is stopped."""


@dataclass(frozen=True)
class Plan:
    """What a folder of footage holds. ``frames`` 0 means whole shots; fewer are taken from a random start."""

    seed: int
    width: int
    height: int
    frames: int
    seconds: float
    fps: int
    held_out: bool
    device: str = "cpu"  # pixels differ in their last bits from device to device

    @property
    def length(self) -> int:
        """Frames of each clip."""
        return self.frames or 1 + 4 * max(0, round(self.seconds * self.fps / 4))

    @property
    def clips_per_shard(self) -> int:
        """Clips of one shard: as many as fit ``SHARD_BYTES``, at most 128."""
        return max(1, min(128, SHARD_BYTES // (self.length * self.width * self.height * 4)))

    def shot(self, clip: int) -> tuple[Shot, int]:
        """The clip's shot and the first frame taken of it; depends on the plan's seed and the number only."""
        draw = int.from_bytes(hashlib.sha256(f"{self.seed} {clip}".encode()).digest()[:8], "big")
        shot = sample_shot(draw >> 33, held_out=self.held_out, seconds=self.seconds, fps=self.fps)
        return shot, (draw & 0xFFFFFFFF) % (shot.frames - self.length + 1)


@dataclass(frozen=True)
class ShootProgress:
    """How far a shoot has come."""

    clips: int
    of: int
    root: str


def shoot(
    out: str | Path,
    clips: int,
    *,
    seed: int = 0,
    width: int = 224,
    height: int = 128,
    seconds: float = 4.0,
    frames: int | None = None,
    fps: int = 12,
    workers: int = 1,
    stills: bool = False,
    held_out: bool = False,
    device: str = "cpu",
    on_progress: Callable[[ShootProgress], None] | None = None,
) -> str:
    """Film ``clips`` random shots into the folder ``out`` and return the ledger's root.

    Started again on the same folder it goes on where it stopped; with more ``clips`` it adds to them.
    ``frames`` takes that many consecutive frames (1 + 4k) from a random start of each shot, ``stills`` one
    frame. ``workers`` processes film with one thread each, or this one does with ``workers`` 0 or 1.
    ``held_out`` films the combinations that training never sees, for measuring only. ``width`` and ``height``
    are the delivered (×2) size, multiples of 32; the autoencoder sees half of it.
    """
    plan = Plan(seed, width, height, 1 if stills else frames or 0, seconds, fps, held_out, device)
    out = Path(out)
    _check(plan, clips)
    _agree(out, plan)
    ledger = Ledger(out / "ledger.jsonl")
    ledger.verify()
    for first, hashes in _shards_in_order(out, plan, clips, workers):
        # Row number = clip number, so a run that stopped between a shard and its rows mends itself.
        new = list(enumerate(hashes, start=first))[max(0, len(ledger) - first) :]
        if new:
            ledger.append_all(
                Entry("ozora.world", "own", content, f"clip {clip} of plan seed {seed}")
                for clip, content in new
            )
        if on_progress is not None:
            on_progress(ShootProgress(min(first + len(hashes), clips), clips, ledger.root()))
    return ledger.root()


def content_hash(frames: Tensor, ids: Tensor) -> str:
    """SHA-256 of one clip: its shape, its frames (T, H, W, 3) and its subject ids (T, H, W), both uint8."""
    digest = hashlib.sha256(repr(tuple(frames.shape)).encode())
    digest.update(frames.contiguous().numpy().tobytes())
    digest.update(ids.contiguous().numpy().tobytes())
    return digest.hexdigest()


def check_footage(folder: str | Path) -> int:
    """Hash every clip of a folder again and compare with its ledger row; returns the number of clips.

    Raises ``OzoraError`` naming the first clip whose pixels are not those the ledger knows.
    """
    folder = Path(folder)
    if not shard_paths(folder):
        raise refuse("footage", str(folder), "a folder that `ozora world shoot` filled")
    ledger = Ledger(folder / "ledger.jsonl")
    ledger.verify()
    rows = ledger.rows()
    count = 0
    for path in shard_paths(folder):
        with open_shard(path) as shard:
            frames, ids = shard.get_tensor("frames"), shard.get_tensor("ids")
        for clip, marks in zip(frames, ids, strict=True):
            row = next(rows, None)
            if row is None or row.content_hash != content_hash(clip, marks):
                raise OzoraError(
                    f"footage {folder.name}: clip {count} in {path.name} is not the one in its ledger."
                )
            count += 1
    return count


def shard_paths(folder: Path) -> list[Path]:
    """The finished shards of a folder, in order."""
    return sorted(folder.glob("shard-*.safetensors"))


def open_shard(path: Path) -> safe_open:
    """Open a shard or its truth to read from; refuses one that was cut short or is none, naming the file."""
    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise refuse("footage", str(path), "a whole shard; delete it and shoot again") from error


def read_plan(folder: Path) -> Plan:
    """The plan a folder was started with."""
    try:
        return Plan(**json.loads((folder / "plan.json").read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise refuse("footage", str(folder), "a folder that `ozora world shoot` has filled") from error


def _check(plan: Plan, clips: int) -> None:
    if clips < 1:
        raise refuse("clips", clips, "1 or more")
    if plan.width < 32 or plan.height < 32 or plan.width % 32 or plan.height % 32:
        raise refuse("size", f"{plan.width}x{plan.height}", "multiples of 32, from 32x32")
    if plan.device != "cpu" and not torch.cuda.is_available():
        raise refuse("device", plan.device, "cpu: this machine has no GPU that PyTorch can use")
    whole = Plan(**{**asdict(plan), "frames": 0}).length
    if plan.length % 4 != 1 or not 1 <= plan.length <= whole:
        raise refuse("frames", plan.length, f"1, 5, 9, … up to {whole}, the whole shot")


def _agree(out: Path, plan: Plan) -> None:
    """Write the plan at the first start; at a later one refuse to mix two plans in one folder."""
    if not (out / "plan.json").exists():
        if out.exists() and any(out.iterdir()):
            raise refuse("out", str(out), "an empty or new folder, or one with footage of the same plan")
        out.mkdir(parents=True, exist_ok=True)
        (out / "plan.json").write_text(json.dumps(asdict(plan), indent=1) + "\n")
    before = read_plan(out)
    if before != plan:
        changed = [name for name, value in asdict(before).items() if getattr(plan, name) != value]
        name = changed[0]
        raise refuse(name, getattr(plan, name), f"{getattr(before, name)!r}, as the folder {out.name} began")


def _shards_in_order(out: Path, plan: Plan, clips: int, workers: int) -> Iterator[tuple[int, list[str]]]:
    """Film what is missing and yield (first clip, content hashes) shard by shard, in order."""
    size = plan.clips_per_shard
    spans = [(first, min(size, clips - first)) for first in range(0, clips, size)]
    if workers <= 1 or plan.device != "cpu":
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # vector and scalar paths split differently with more: the bytes would too
        try:
            for first, count in spans:
                yield first, _shoot_shard(out, plan, first, count)
        finally:
            torch.set_num_threads(threads)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context, initializer=quiet_worker)
    waiting: list[tuple[int, Future[list[str]]]] = []
    try:
        for first, count in spans:
            waiting.append((first, pool.submit(_shoot_shard, out, plan, first, count)))
            while len(waiting) > 2 * workers:
                done, future = waiting.pop(0)
                yield done, future.result()
        for done, future in waiting:
            yield done, future.result()
    finally:
        pool.shutdown(cancel_futures=True)


def quiet_worker() -> None:
    """One thread per process, and Ctrl-C is the parent's business: it lets started shards finish."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    torch.set_num_threads(1)


def _shoot_shard(out: Path, plan: Plan, first: int, count: int) -> list[str]:
    """Film one shard unless it is there already, and return its clips' content hashes."""
    path = out / f"shard-{first // plan.clips_per_shard:05d}.safetensors"
    if path.exists():
        with open_shard(path) as shard:
            header = json.loads(shard.metadata()["footage"])
        if len(header) >= count:
            return [str(clip["sha256"]) for clip in header]
    frames, ids, header = [], [], []
    for clip in range(first, first + count):
        shot, start = plan.shot(clip)
        filmed = film(
            shot, plan.width, plan.height, frames=range(start, start + plan.length), device=plan.device
        )
        frames.append(filmed.frames.cpu())
        ids.append(filmed.ids.cpu())
        header.append({"shot": shot.to_json(), "start": start, "sha256": content_hash(frames[-1], ids[-1])})
    part = path.with_suffix(f".{os.getpid()}.part")
    save_file(
        {"frames": torch.stack(frames), "ids": torch.stack(ids)},
        part,
        metadata={"footage": json.dumps(header)},
    )
    part.replace(path)
    return [str(clip["sha256"]) for clip in header]
