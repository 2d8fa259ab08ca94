"""Latents of footage, small enough to keep all of them in memory: what the transformer learns from.

``encode_footage`` runs the trained autoencoder once over footage and writes one file; ``LatentBank`` reads
it. A clip's first latents are the latents of its first frames (the autoencoder is causal), so whole clips
also serve the stages that want short clips or pictures.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ozora.errors import refuse
from ozora.model.autoencoder import Autoencoder
from ozora.model.sizes import TEMPORAL_FACTOR
from ozora.train.banks import FootageBank
from ozora.world.shot import Shot


@torch.no_grad()
def encode_footage(
    autoencoder: Autoencoder,
    bank: FootageBank,
    out: str | Path,
    *,
    mirror: bool = True,
    name: str = "",
    batch: int = 32,
    on_progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Encode every clip of ``bank`` and write latents (float16), shots and the ledger's root into one file.

    ``mirror`` also encodes every clip's mirror image, with left and right exchanged in its shot: twice the
    footage for nothing. ``name`` says which weights encoded, for the record. ``batch`` is for single frames;
    longer clips go through in smaller batches.
    """
    out = Path(out)
    tensors: dict[str, Tensor] = {}
    shots: dict[str, list[dict[str, object]]] = {}
    done, total = 0, len(bank)
    sums = torch.zeros(3, autoencoder.config.latent_channels, dtype=torch.float64)
    for (frames, height, width), count in bank.lengths().items():
        parts: list[list[Tensor]] = [[], []]
        told: list[list[dict[str, object]]] = [[], []]
        size = max(1, batch // (1 + (frames - 1) // TEMPORAL_FACTOR))
        for start in range(0, count, size):
            clips = bank.take(frames, height, width, range(start, min(start + size, count)))
            for side in range(2 if mirror else 1):
                clips = clips.mirrored() if side else clips
                latents = autoencoder.normalise(autoencoder.distribution(clips.small).mean).cpu()
                parts[side].append(latents.half())
                told[side] += [shot.to_json() for shot in clips.shots]
                values = latents.double()
                each = torch.stack([torch.ones_like(values), values, values.square()])
                sums += each.sum((1, 2, 4, 5))
            done += len(clips.shots)
            if on_progress is not None:
                on_progress(done, total)
        latents = torch.cat(parts[0] + parts[1])  # (N, L, C, h, w)
        key = ".".join(str(side) for side in (latents.shape[1], *latents.shape[3:]))
        if key in tensors:
            latents, told = torch.cat([tensors[key], latents]), [shots[key], *told]
        tensors[key], shots[key] = latents, [shot for side_shots in told for shot in side_shots]
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


@dataclass(frozen=True)
class LatentBatch:
    """B clips of L latents: what to predict, which shots they show (as numbers in the bank), and when."""

    clean: Tensor  # (B, L, C, h, w)
    shots: list[int]
    seconds: Tensor  # (B, L) from the clip's start


class LatentBank:
    """All latents of one or several files, in memory, with their shots."""

    def __init__(self, paths: str | Path | Sequence[str | Path], device: str | torch.device = "cpu") -> None:
        paths = [paths] if isinstance(paths, str | Path) else list(paths)
        if not paths:
            raise refuse("latents", "no file", "one or more files written by `ozora encode`")
        self.device = torch.device(device)
        self.shots: list[Shot] = []
        self.autoencoder = ""
        self._groups: list[tuple[Tensor, int]] = []  # latents (N, L, C, h, w), number of the first one's shot
        roots, rates = [], set()
        for path in map(Path, paths):
            try:
                with safe_open(path, framework="pt") as file:
                    metadata = file.metadata()
                    described = json.loads(metadata["shots"])
                    for key in sorted(described):
                        self._groups.append((file.get_tensor(key).to(self.device), len(self.shots)))
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
        return {(group.shape[1], *group.shape[3:]): len(group) for group, _ in self._groups}

    def draw(self, generator: torch.Generator, batch: int, latents: int) -> LatentBatch:
        """``batch`` random clips of ``latents`` latents on one cell grid; of longer clips, their start."""
        able = [(group, first) for group, first in self._groups if group.shape[1] >= latents]
        if not able:
            most = max(group.shape[1] for group, _ in self._groups)
            raise refuse(
                "frames of a stage", latents, f"at most {most} latents, the longest clips of this bank"
            )
        ends = _running([len(group) for group, _ in able])
        lead = int(torch.randint(ends[-1], (1,), generator=generator))
        grid = able[bisect_right(ends, lead) - 1][0].shape[3:]
        alike = [(group, first) for group, first in able if group.shape[3:] == grid]
        ends = _running([len(group) for group, _ in alike])
        picks = torch.randint(ends[-1], (batch,), generator=generator).tolist()
        where = [bisect_right(ends, pick) - 1 for pick in picks]
        rows = torch.tensor([pick - ends[w] for w, pick in zip(where, picks, strict=True)])
        clean = torch.empty(batch, latents, self.channels, *grid, device=self.device)
        for number, (group, _) in enumerate(alike):
            here = torch.tensor([w == number for w in where])
            clean[here.to(self.device)] = group[rows[here].to(self.device), :latents].float()
        shots = [alike[w][1] + pick - ends[w] for w, pick in zip(where, picks, strict=True)]
        return LatentBatch(clean, shots, latent_seconds(latents, self.fps, self.device).expand(batch, -1))


def latent_seconds(latents: int, fps: float, device: str | torch.device = "cpu") -> Tensor:
    """When each latent of a clip happens, in seconds from its start: (L,)."""
    return torch.arange(latents, device=device) * (TEMPORAL_FACTOR / fps)


def _running(counts: Sequence[int]) -> list[int]:
    ends = [0]
    for count in counts:
        ends.append(ends[-1] + count)
    return ends
