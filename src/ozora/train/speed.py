"""How fast a run is, and how much of the machine it uses."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache

import torch

from ozora.model.precision import has_bfloat16
from ozora.train import distributed
from ozora.train.flops import Flops


class Work:
    """What a task has done in this process so far; a task that keeps one is told its speed."""

    def __init__(self) -> None:
        self.tokens, self.flops = 0.0, 0.0

    def add(self, tokens: float, flops: Flops) -> None:
        """Count one micro-batch: its tokens (cells and words) and its arithmetic, gradients included."""
        self.tokens += tokens
        self.flops += flops.step


@dataclass(frozen=True)
class Speed:
    """Tokens and floating-point operations per second of all devices together.

    ``mfu`` (model FLOPs utilisation, arXiv 2204.02311) is the share that this is of what the devices reach in
    large matrix products at the working precision, as measured (``matmul``, per device), not as promised.
    """

    tokens_per_second: float
    flops_per_second: float
    mfu: float
    matmul: float

    def told(self) -> dict[str, float]:
        """Rounded, for a line of the log."""
        return {
            "tokens_per_second": round(self.tokens_per_second, 1),
            "tflops_per_second": round(self.flops_per_second / 1e12, 4),
            "mfu": round(self.mfu, 4),
        }


class Speedometer:
    """Takes the time of steps only: sheets of samples and saved states are not training."""

    def __init__(self, work: Work | None, device: torch.device) -> None:
        self.work = work
        self._matmul = 0.0 if work is None else matmul_rate(device)
        self._all, self._line = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]  # seconds, tokens, flops
        self._before = (0.0, 0.0) if work is None else (work.tokens, work.flops)

    def step(self, seconds: float) -> None:
        """Note a step that took so many seconds."""
        if self.work is not None:
            now = (self.work.tokens, self.work.flops)
            done = (seconds, now[0] - self._before[0], now[1] - self._before[1])
            self._before = now
            for sums in (self._all, self._line):
                sums[:] = [total + part for total, part in zip(sums, done, strict=True)]

    def since_last(self) -> Speed | None:
        """The speed since this was last asked."""
        speed, self._line = self._speed(self._line), [0.0, 0.0, 0.0]
        return speed

    def overall(self) -> Speed | None:
        """The speed of this call's whole training."""
        return self._speed(self._all)

    def _speed(self, sums: list[float]) -> Speed | None:
        seconds, tokens, flops = sums
        if not seconds or not flops:
            return None
        count = distributed.count()  # every process does its equal share
        rate = flops / seconds
        return Speed(count * tokens / seconds, count * rate, rate / self._matmul, self._matmul)


@cache
def matmul_rate(device: torch.device, seconds: float = 0.1) -> float:
    """FLOP/s that ``device`` reaches in large square products: the best of those that fit into ``seconds``.

    In bfloat16 where that is quick and float32 elsewhere, as training works.
    """
    on_gpu = device.type == "cuda"
    size, kind = 8192 if on_gpu else 768, torch.bfloat16 if has_bfloat16(device) else torch.float32
    a, b = (torch.randn(size, size, device=device, dtype=kind) for _ in range(2))
    a @ b  # the first one also wakes the machine
    best, until = float("inf"), time.perf_counter() + seconds
    while best == float("inf") or time.perf_counter() < until:
        if on_gpu:
            torch.cuda.synchronize(device)
        started = time.perf_counter()
        a @ b
        if on_gpu:
            torch.cuda.synchronize(device)
        best = min(best, time.perf_counter() - started)
    return 2.0 * size**3 / best
