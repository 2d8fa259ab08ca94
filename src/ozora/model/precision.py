"""Which numbers this processor multiplies quickly."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

PRECISIONS = ("float32", "bfloat16", "int8")
"""In which numbers films may be computed, from the most exact to the least."""

_BFLOAT16 = {"avx512_bf16", "amx_bf16"}
_INT8 = {"avx512_vnni", "avx_vnni", "amx_int8"}


@cache
def quick_precisions(cpuinfo: Path = Path("/proc/cpuinfo")) -> tuple[str, ...]:
    """Those of ``PRECISIONS`` that this processor has instructions for.

    Without them bfloat16 is many times slower than float32. Where the processor does not tell what it has,
    float32 alone.
    """
    import torch

    try:
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("flags")]
        has = {word for line in lines for word in line.split()}
    except OSError:
        has = set()
    if not has & _BFLOAT16 or not torch.backends.mkldnn.is_available():
        return PRECISIONS[:1]
    return PRECISIONS if has & _INT8 else PRECISIONS[:2]


def best_precision() -> str:
    """What films are computed in, unless a take asks otherwise: bfloat16 where the processor has it.

    Its films are those of float32 to more than 50 dB, in a third to three quarters of the time
    (docs/speed.md).
    """
    return "bfloat16" if "bfloat16" in quick_precisions() else "float32"


def has_bfloat16(device: torch.device) -> bool:
    """Whether ``device`` is quick in bfloat16: then training takes its products in it."""
    return device.type == "cuda" or "bfloat16" in quick_precisions()
