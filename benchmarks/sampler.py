"""What a denoising step costs on this processor, beside public transformers of equal size in the same run.

    python benchmarks/sampler.py [--sizes micro mini] [--precisions float32 bfloat16 int8] [--threads 1]

For each size and film: milliseconds a step (one pass), its operations a second and their share of what a
large matrix product reaches in turn with it (in bfloat16 where that is asked for), seconds of film a second
at the default steps (decoding left out), and memory. `LTX` and `Wan` are
the transformers of `diffusers` (pip install diffusers), with random weights, equal width, tokens and words,
and as many layers as give them the parameters of ours; without diffusers those columns stay empty. The
candidates take turns; with one thread the processor's own seconds are counted, so that figures hold on a busy
machine too.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ozora.backends.machine import tune_machine
from ozora.model.packed import packed
from ozora.model.precision import PRECISIONS, quick_precisions
from ozora.model.text import TextOutput
from ozora.model.transformer import TRANSFORMER_SIZES, Transformer

FILMS = {"224x128": (13, 4, 7), "320x192": (13, 6, 10), "512x288": (13, 9, 16)}
"""Delivered size → latent frames, cells high and wide: 49 frames, 4.08 s, decoded at twice the side."""

WORDS = 24
SIDE = 1024
"""Rows and columns of the matrices whose product is the measure."""

NUMBERS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
STEPS = {False: 12 * 2, True: 4}
"""Passes of a whole film: 12 guided steps, or 4 of a student's, which need no guidance."""

Step = Callable[[], Tensor]


def clock() -> float:
    """Seconds of the processor for one thread; by the wall for several, which wait for each other."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def main() -> None:
    arguments = _arguments()
    tune_machine()
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    console = Console(width=130)
    console.print(f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}")
    columns = (
        "size", "film", "numbers", "parameters", "ms a step", "GFLOP/s", "of a product's",
        "film s per s", "as a student", "LTX ÷ ours", "Wan ÷ ours",
    )  # fmt: skip
    table = Table(*columns, title="One denoising step; more than 1 in the last columns: ours is quicker")
    for size in arguments.sizes:
        for film in arguments.films:
            for row in compare(size, film, arguments.precisions, arguments.repeat):
                table.add_row(size, film, *row)
    console.print(table)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    console.print(f"peak memory of all of it: {peak:.2f} GiB")


def compare(size: str, film: str, precisions: list[str], repeat: int) -> list[tuple[str, ...]]:
    """Rows of one size and film: every precision of ours beside the others in the number they know best."""
    torch.manual_seed(0)
    ours = Transformer(TRANSFORMER_SIZES[size]).eval().requires_grad_(False)
    parameters = sum(parameter.numel() for parameter in ours.parameters())
    shape = FILMS[film]
    steps: dict[str, Step] = {
        name: our_step(packed(ours, name), shape) for name in precisions
    }
    others = "bfloat16" if "bfloat16" in precisions else "float32"
    for name, build in (("LTX", ltx), ("Wan", wan)):
        step = build(ours, parameters, shape, others)
        if step is not None:
            steps[name] = step
    steps["product"] = matrix_product(others)
    work = flops(ours, shape)
    seconds = take_turns(steps, repeat)
    rate = 2 * SIDE**3 / seconds["product"]
    rows = []
    for name in precisions:
        ratios = [
            f"{seconds[other] / seconds[name]:.2f}" if other in seconds else "–" for other in ("LTX", "Wan")
        ]
        speeds = [f"{49 / 12 / (seconds[name] * passes):.1f}" for passes in STEPS.values()]
        rows.append(
            (name, f"{parameters / 1e6:.1f} M", f"{1000 * seconds[name]:.1f}",
             f"{work / seconds[name] / 1e9:.0f}", f"{work / seconds[name] / rate:.0%}", *speeds, *ratios)
        )  # fmt: skip
    return rows


@torch.inference_mode()
def take_turns(steps: dict[str, Step], repeat: int) -> dict[str, float]:
    """Median seconds of each, measured in turn."""
    for step in steps.values():
        step()
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(repeat):
        for name, step in steps.items():
            began = clock()
            step()
            times[name].append(clock() - began)
    return {name: statistics.median(found) for name, found in times.items()}


@torch.inference_mode()
def flops(ours: Transformer, shape: tuple[int, int, int]) -> int:
    """Operations of a pass: all matrix products, those of attention too, which its own kernel would hide."""
    with FlopCounterMode(display=False) as counter, sdpa_kernel(SDPBackend.MATH):
        our_step(ours, shape)()
    return int(counter.get_total_flops())


def our_step(transformer: Transformer, shape: tuple[int, int, int]) -> Step:
    """One pass of ours over a film of noise."""
    config, (frames, high, wide) = transformer.config, shape
    latents = torch.randn(1, frames, config.channels, high, wide)
    level, given = torch.full((1, frames), 0.7), torch.zeros(1, frames, dtype=torch.bool)
    seconds = torch.arange(frames)[None] / 3
    words = torch.randn(1, WORDS, config.width)
    text = TextOutput(words, None, words.mean(1), {})
    return lambda: transformer(latents, level, given, seconds, text, early=False).clean


def ltx(ours: Transformer, parameters: int, shape: tuple[int, int, int], precision: str) -> Step | None:
    """One pass of the LTX transformer: patches of one cell."""
    try:
        from diffusers import LTXVideoTransformer3DModel as Public
    except ImportError:
        return None
    width, (frames, high, wide) = ours.config.width, shape

    def build(layers: int) -> nn.Module:
        return Public(
            in_channels=ours.config.channels, out_channels=ours.config.channels, num_layers=layers,
            num_attention_heads=ours.config.heads, attention_head_dim=width // ours.config.heads,
            cross_attention_dim=width, caption_channels=width,
        )  # fmt: skip

    network = _as_large(build, parameters).to(NUMBERS[precision])
    latents, words, dtype = _inputs(ours, shape, precision)
    cells = latents.flatten(3).transpose(2, 3).flatten(1, 2)  # (1, L·h·w, C)
    mask, level = torch.ones(1, WORDS), torch.full((1, 1), 700.0, dtype=dtype)
    return lambda: network(
        cells, words, level, mask, num_frames=frames, height=high, width=wide, return_dict=False
    )[0]


def wan(ours: Transformer, parameters: int, shape: tuple[int, int, int], precision: str) -> Step | None:
    """One pass of the Wan transformer: patches of one cell."""
    try:
        from diffusers import WanTransformer3DModel as Public
    except ImportError:
        return None
    width = ours.config.width

    def build(layers: int) -> nn.Module:
        return Public(
            patch_size=(1, 1, 1), in_channels=ours.config.channels, out_channels=ours.config.channels,
            num_layers=layers, num_attention_heads=ours.config.heads, text_dim=width,
            attention_head_dim=width // ours.config.heads, ffn_dim=4 * width,
        )  # fmt: skip

    network = _as_large(build, parameters).to(NUMBERS[precision])
    latents, words, _ = _inputs(ours, shape, precision)
    video, level = latents.transpose(1, 2), torch.tensor([700])  # (1, C, L, h, w)
    return lambda: network(video, level, words, return_dict=False)[0]


def _inputs(ours: Transformer, shape: tuple[int, int, int], precision: str) -> tuple[Tensor, Tensor, Any]:
    frames, high, wide = shape
    dtype = NUMBERS[precision]
    latents = torch.randn(1, frames, ours.config.channels, high, wide, dtype=dtype)
    return latents, torch.randn(1, WORDS, ours.config.width, dtype=dtype), dtype


def _as_large(build: Callable[[int], nn.Module], parameters: int) -> nn.Module:
    """The network with the number of layers whose parameters come nearest."""

    def size(layers: int) -> int:
        with torch.device("meta"):
            return sum(parameter.numel() for parameter in build(layers).parameters())

    layers = min(range(1, 40), key=lambda count: abs(size(count) - parameters))
    return build(layers).eval().requires_grad_(False)


def matrix_product(precision: str) -> Step:
    """A large product of matrices: what the processor can do in these numbers at this moment."""
    left, right = torch.randn(2, SIDE, SIDE, dtype=NUMBERS[precision])
    return lambda: left @ right


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["micro", "mini"], choices=list(TRANSFORMER_SIZES))
    parser.add_argument("--films", nargs="+", default=list(FILMS), choices=list(FILMS))
    parser.add_argument("--precisions", nargs="+", default=list(quick_precisions()), choices=PRECISIONS)
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--threads", type=int, help="all cores by default")
    return parser.parse_args()


if __name__ == "__main__":
    main()
