"""Latents of footage, small enough to keep all of them in memory: what the transformer learns from.

``encode_footage`` runs the trained autoencoder once over footage and writes one file; ``LatentBank`` reads
it. A clip's first latents are the latents of its first frames (the autoencoder is causal), so whole clips
also serve the stages that want short clips or pictures.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ozora.errors import refuse
from ozora.model.autoencoder import Autoencoder
from ozora.model.sizes import TEMPORAL_FACTOR
from ozora.train.banks import FootageBank, FootageBatch
from ozora.world.shot import Shot

_SHARES = ".shares"
_LEAST_SEEN = 0.005
"""Share of the frame below which a subject counts as hidden."""


@torch.no_grad()
def encode_footage(
    autoencoder: Autoencoder,
    bank: FootageBank,
    out: str | Path,
    *,
    mirror: bool = True,
    name: str = "",
    batch: int = 32,
    moments: int = 4,
    full_size: bool = False,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Encode every clip of ``bank`` and write latents (float16), shots and the ledger's root into one file.

    ``mirror`` also encodes every clip's mirror image, with left and right exchanged in its shot: twice the
    footage for nothing. ``name`` says which weights encoded, for the record. ``batch`` is for single frames;
    longer clips go through in smaller batches. Beside every clip stands where its subjects are; and of
    ``moments`` frames of every film a picture is encoded too, if its first subject is to be seen there.
    The autoencoder sees footage at half its size, for its ×2 head gives the rest back, or at ``full_size``:
    four times the cells, and a subject that keeps its legs.
    """
    out = Path(out)
    kept = _Encoded(autoencoder, full_size)
    done, total = 0, len(bank)
    for (frames, height, width), count in bank.lengths().items():
        size = max(1, batch // (1 + (frames - 1) // TEMPORAL_FACTOR))
        for start in range(0, count, size):
            clips = bank.take(frames, height, width, range(start, min(start + size, count)))
            for side in (clips, clips.mirrored()) if mirror else (clips,):
                kept.add(side)
                for moment in _moments(frames, moments):
                    seen = [_is_seen(side, row, moment) for row in range(len(side.shots))]
                    if any(seen):
                        kept.add(_picture(side, seen, moment))
            done += len(clips.shots)
            if on_progress is not None:
                on_progress(done, total)
    tensors, shots, sums = kept.tensors(), kept.shots, kept.sums
    mean = sums[1] / sums[0]
    deviation = (sums[2] / sums[0] - mean.square()).sqrt()
    metadata = {
        "shots": json.dumps(shots),
        "fps": str(bank.fps),
        "ledger_root": bank.ledger_root(),
        "autoencoder": name,
        "mean": json.dumps([round(float(v), 4) for v in mean]),
        "deviation": json.dumps([round(float(v), 4) for v in deviation]),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_suffix(".part")
    save_file(tensors, part, metadata=metadata)
    part.replace(out)
    return out


class _Encoded:
    """What has been encoded so far, by the shape of its latents."""

    def __init__(self, autoencoder: Autoencoder, full_size: bool) -> None:
        self.autoencoder, self.full_size = autoencoder, full_size
        self.shots: dict[str, list[dict[str, object]]] = {}
        self.sums = torch.zeros(3, autoencoder.config.latent_channels, dtype=torch.float64)
        self._parts: dict[str, list[Tensor]] = {}

    def add(self, clips: FootageBatch) -> None:
        """Encode a batch of clips and note where its subjects are."""
        mean = self.autoencoder.distribution(clips.large if self.full_size else clips.small).mean
        latents = self.autoencoder.normalise(mean).cpu()  # (B, L, C, h, w)
        values = latents.double()
        self.sums += torch.stack([torch.ones_like(values), values, values.square()]).sum((1, 2, 4, 5))
        key = ".".join(str(side) for side in (latents.shape[1], *latents.shape[3:]))
        self.shots.setdefault(key, []).extend(shot.to_json() for shot in clips.shots)
        self._parts.setdefault(key, []).append(latents.half())
        shares = cell_shares(clips.who, (latents.shape[-2], latents.shape[-1])).mul(255).round().byte().cpu()
        self._parts.setdefault(key + _SHARES, []).append(shares)

    def tensors(self) -> dict[str, Tensor]:
        """Latents (N, L, C, h, w) by key, and the shares of their cells."""
        return {key: torch.cat(parts) for key, parts in self._parts.items()}


def cell_shares(ids: Tensor, cells: tuple[int, int]) -> Tensor:
    """Share of each cell that each of two subjects covers: (B, T, H, W) ids to (B, L, 2, h, w) in [0, 1]."""
    each = torch.stack([(ids == number).float() for number in (1, 2)], 2)  # (B, T, 2, H, W)
    each = F.adaptive_avg_pool2d(each.flatten(0, 1), cells).unflatten(0, ids.shape[:2])
    later = each[:, 1:].unflatten(1, (-1, TEMPORAL_FACTOR)).mean(2) if ids.shape[1] > 1 else each[:, 1:]
    return torch.cat([each[:, :1], later], 1)


def _moments(frames: int, count: int) -> list[int]:
    """Frames of a film, well inside it, that also serve as pictures."""
    return [round(frames * (i + 1) / (count + 1)) for i in range(count)] if frames > count else []


def _is_seen(clips: FootageBatch, row: int, moment: int) -> bool:
    """Whether a frame shows what its caption says: the first subject, before any cut."""
    shot = clips.shots[row]
    second = (clips.starts[row] + moment) / shot.fps
    before_cuts = all(second < cut.at for cut in shot.cuts)
    return before_cuts and float((clips.who[row, moment] == 1).float().mean()) > _LEAST_SEEN


def _picture(clips: FootageBatch, rows: Sequence[bool], moment: int) -> FootageBatch:
    """One frame of some of the clips."""
    chosen = torch.tensor(rows)
    return FootageBatch(
        clips.pixels[chosen, moment : moment + 1],
        clips.ids[chosen, moment : moment + 1],
        tuple(shot for shot, here in zip(clips.shots, rows, strict=True) if here),
        tuple(start + moment for start, here in zip(clips.starts, rows, strict=True) if here),
    )


@dataclass(frozen=True)
class LatentBatch:
    """B clips of L latents: what to predict, which shots they show (as numbers in the bank), and when."""

    clean: Tensor  # (B, L, C, h, w)
    shares: Tensor  # (B, L, 2, h, w) how much of each cell the first and the second subject cover
    shots: list[int]
    seconds: Tensor  # (B, L) from the clip's start
    layout: Tensor | None = None  # (B, L, C, h/2, w/2) the same on half as many cells a side


class LatentBank:
    """All latents of one or several files, with their shots.

    Batches are put on ``device``. The latents themselves lie there too if they leave most of its memory free;
    else they stay on the disk, memory-mapped, and only what is drawn is read. ``layouts`` are as many files
    with the same footage on half as many cells a side, in the same order: every batch then brings both.
    """

    def __init__(
        self,
        paths: str | Path | Sequence[str | Path],
        device: str | torch.device = "cpu",
        layouts: Sequence[str | Path] = (),
    ) -> None:
        paths = [paths] if isinstance(paths, str | Path) else list(paths)
        if not paths:
            raise refuse("latents", "no file", "one or more files written by `ozora encode`")
        self.device = torch.device(device)
        self.shots: list[Shot] = []
        self.autoencoder = ""
        # latents (N, L, C, h, w), shares (N, L, 2, h, w) of 255, number of the first one's shot
        self._groups: list[tuple[Tensor, Tensor, int]] = []
        store = self.device if _fits(paths, self.device) else torch.device("cpu")
        roots, rates = [], set()
        for path in map(Path, paths):
            try:
                with safe_open(path, framework="pt") as file:
                    metadata = file.metadata()
                    described = json.loads(metadata["shots"])
                    for key in sorted(described):
                        pair = [file.get_tensor(name).to(store) for name in (key, key + _SHARES)]
                        self._groups.append((pair[0], pair[1], len(self.shots)))
                        self.shots += [Shot.from_json(shot) for shot in described[key]]
            except (OSError, SafetensorError, KeyError, TypeError) as error:
                raise refuse("latents", str(path), "a file written by `ozora encode`") from error
            roots.append(metadata["ledger_root"])
            rates.add(int(metadata["fps"]))
            self.autoencoder = metadata["autoencoder"]
        if len(rates) != 1:
            raise refuse("latents", f"{sorted(rates)} frames per second", "files that all have the same")
        self.fps = rates.pop()
        self._root = "+".join(roots)
        self._layouts = self._paired(layouts)

    def __len__(self) -> int:
        return len(self.shots)

    @property
    def channels(self) -> int:
        """Channels of the latents."""
        return self._groups[0][0].shape[2]

    def ledger_root(self) -> str:
        """The ledger root of the footage behind the latents."""
        return self._root

    def counts(self) -> dict[tuple[int, int, int], int]:
        """How many clips there are of each (latents, height, width), the latter in cells."""
        counts: Counter[tuple[int, int, int]] = Counter()
        for group, _, _ in self._groups:
            counts[group.shape[1], group.shape[3], group.shape[4]] += len(group)
        return dict(counts)

    def draw(self, generator: torch.Generator, batch: int, latents: int) -> LatentBatch:
        """``batch`` random clips of ``latents`` latents on one cell grid; of longer clips, their start."""
        able = [group for group in self._groups if group[0].shape[1] >= latents]
        if not able:
            most = max(group[0].shape[1] for group in self._groups)
            raise refuse(
                "frames of a stage", latents, f"at most {most} latents, the longest clips of this bank"
            )
        ends = _running([len(group[0]) for group in able])
        lead = int(torch.randint(ends[-1], (1,), generator=generator))
        grid = able[bisect_right(ends, lead) - 1][0].shape[3:]
        alike = [group for group in able if group[0].shape[3:] == grid]
        ends = _running([len(group[0]) for group in alike])
        picks = torch.randint(ends[-1], (batch,), generator=generator).tolist()
        where = [bisect_right(ends, pick) - 1 for pick in picks]
        rows = torch.tensor([pick - ends[w] for w, pick in zip(where, picks, strict=True)])
        clean = torch.empty(batch, latents, self.channels, *grid, device=self.device)
        shares = torch.empty(batch, latents, 2, *grid, device=self.device)
        for number, (group, covered, _) in enumerate(alike):
            here = torch.tensor([w == number for w in where])
            chosen, put = rows[here].to(group.device), here.to(self.device)
            clean[put] = group[chosen, :latents].to(self.device).float()
            shares[put] = covered[chosen, :latents].to(self.device).float() / 255
        layout = None
        if self._layouts:
            half = tuple(side // 2 for side in grid)
            layout = torch.empty(batch, latents, self.channels, *half, device=self.device)
            for number, (_, _, first) in enumerate(alike):
                here = torch.tensor([w == number for w in where])
                pair, put = self._layouts[first], here.to(self.device)
                layout[put] = pair[rows[here].to(pair.device), :latents].to(self.device).float()
        shots = [alike[w][2] + pick - ends[w] for w, pick in zip(where, picks, strict=True)]
        seconds = latent_seconds(latents, self.fps, self.device).expand(batch, -1)
        return LatentBatch(clean, shares, shots, seconds, layout)

    def _paired(self, paths: Sequence[str | Path]) -> dict[int, Tensor]:
        """The layouts of each group, by the number of the group's first shot; empty without files."""
        if not paths:
            return {}
        other = LatentBank(paths, self.device)
        pairs: dict[int, Tensor] = {}
        for (own, _, first), (small, _, begin) in zip(self._groups, other._groups, strict=False):
            half = (*own.shape[:3], own.shape[3] // 2, own.shape[4] // 2)
            same = self.shots[first : first + len(own)] == other.shots[begin : begin + len(small)]
            if tuple(small.shape) != half or not same:
                raise refuse("layouts", f"latents {tuple(small.shape)}", f"{half}, of the same footage")
            pairs[first] = small
        if len(pairs) != len(self._groups) or len(pairs) != len(other._groups):
            came = f"{len(other._groups)} groups of clips"
            raise refuse("layouts", came, f"{len(self._groups)}, one for each of the latents'")
        return pairs


def _fits(paths: Sequence[str | Path], device: torch.device) -> bool:
    """Whether files take less than 40 % of what a GPU has free; a CPU reads them where they lie anyway."""
    if device.type != "cuda":
        return True
    free, _ = torch.cuda.mem_get_info(device)
    return sum(Path(path).stat().st_size for path in paths if Path(path).exists()) < 0.4 * free


def latent_seconds(latents: int, fps: float, device: str | torch.device = "cpu") -> Tensor:
    """When each latent of a clip happens, in seconds from its start: (L,)."""
    return torch.arange(latents, device=device) * (TEMPORAL_FACTOR / fps)


def _running(counts: Sequence[int]) -> list[int]:
    ends = [0]
    for count in counts:
        ends.append(ends[-1] + count)
    return ends
