"""What attention costs a training step on a processor, by kernel, in one run.

    python benchmarks/attention.py [--threads 1] [--width 32] [--heads 8] [--rounds 5]

For batches of a film's training a row each: forwards and backwards through one layer in bfloat16, words
included, in milliseconds, best of ``--rounds`` taken by turns; and how far the gradients of "pieces" are from
the plain products', relative to their size.
"""

from __future__ import annotations

import argparse
from time import perf_counter

import torch
import torch.nn.functional as F
from rich.console import Console
from rich.table import Table
from torch import Tensor

from ozora.model.attention import attend

WORDS = 44
BATCHES = {
    "48 pictures, 112 cells": (48, 112),
    "16 films, 364 cells": (16, 364),
    "4 films, 1456 cells": (4, 1456),
}
NAMES = ("stock", "matrix product", "pieces")


def one(kernel: str, parts: list[Tensor], slope: Tensor, mask: Tensor) -> tuple[float, list[Tensor]]:
    """Milliseconds of one layer with its gradients, and the gradients."""
    begun = perf_counter()
    query, key, value = parts
    mixed = attend(query, key, value, mask, kernel)
    gradients = torch.autograd.grad(mixed, parts, slope)
    return 1000 * (perf_counter() - begun), list(gradients)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--heads", type=int, default=8)
    parser.add_argument("--width", type=int, default=32, help="of a head")
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    torch.set_num_threads(asked.threads)
    table = Table("batch", *NAMES, "differ by", title=f"one layer, ms, {asked.threads} threads")
    for name, (batch, cells) in BATCHES.items():
        shape = (batch, asked.heads, WORDS + cells, asked.width)
        query, key = (F.normalize(torch.randn(shape), dim=-1) * asked.width**0.5 for _ in range(2))
        parts = [part.bfloat16().requires_grad_() for part in (query, key, torch.randn(shape))]
        slope = torch.randn(shape, dtype=torch.bfloat16)
        mask = torch.ones(batch, 1, 1, shape[2], dtype=torch.bool)
        mask[..., WORDS // 2 : WORDS] = False  # a short caption in a batch with a long one
        times: dict[str, list[float]] = {kernel: [] for kernel in NAMES}
        gradients: dict[str, list[Tensor]] = {}
        for _ in range(asked.rounds):
            for kernel in NAMES:
                took, gradients[kernel] = one(kernel, parts, slope, mask)
                times[kernel].append(took)
        pairs = zip(gradients["matrix product"], gradients["pieces"], strict=True)
        apart = max(float((near - plain).float().norm() / plain.float().norm()) for plain, near in pairs)
        table.add_row(name, *(f"{min(times[kernel]):.0f}" for kernel in NAMES), f"{apart:.1%}")
    Console().print(table)


if __name__ == "__main__":
    main()
