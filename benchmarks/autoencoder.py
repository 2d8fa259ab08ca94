"""What encoding and decoding a film costs on this processor, beside public autoencoders in the same run.

    python benchmarks/autoencoder.py [--sizes micro mini] [--films …] [--precisions float32 bfloat16]
    python benchmarks/autoencoder.py --memory [--sizes micro]

A film is 49 frames (4.08 s) at 12 a second. Ours are told as *streamed* (latent by latent, as films are made)
and *batched* (all latents at once). The public designs are those of LTX-Video and Wan 2.2 in `diffusers`
(pip install diffusers), with random weights, as they do not change times. Made equal: 16 × 16 × 4 pixels a
latent cell, 48 channels, and, by their width, the parameters. They paint as many pixels as they read, so the
films that our ×2 head paints have four times the cells for them (and for a transformer too);
the ratios are of time for the same delivered film.

The candidates take turns; with one thread the processor's own seconds are counted, so that figures hold on a
busy machine too. ``--memory`` streams films of 4 and of 120 s, each in a process of its own, and tells the
most memory that the process had.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor, nn

from ozora.backends.machine import tune_machine
from ozora.model.autoencoder import Autoencoder
from ozora.model.packed import packed_autoencoder
from ozora.model.precision import best_precision, quick_precisions
from ozora.model.sizes import SIZES

LATENTS, FRAMES, CHANNELS = 13, 49, 48
PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
Work = Callable[[], object]


@dataclass(frozen=True)
class Film:
    """A film to deliver: cells high and wide for ours, and the head that paints them."""

    high: int
    wide: int
    scale: int

    @property
    def read(self) -> tuple[int, int]:
        """Height and width that ours encodes."""
        return 16 * self.high, 16 * self.wide

    @property
    def delivered(self) -> tuple[int, int]:
        return 16 * self.high * self.scale, 16 * self.wide * self.scale


FILMS = {
    "128x128": Film(8, 8, 1),
    "224x128": Film(4, 7, 2),
    "512x288": Film(9, 16, 2),
    "512x512": Film(16, 16, 2),
}


def main() -> None:
    arguments = _arguments()
    tune_machine()
    torch.set_num_threads(arguments.threads or torch.get_num_threads())
    if arguments.alone:
        print(memory_of(arguments.sizes[0], FILMS[arguments.films[0]], arguments.alone))
        return
    console = Console(width=130)
    told = f"{torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}"
    console.print(f"{told}, PyTorch {torch.__version__}")
    if arguments.memory:
        memory(console, arguments)
        return
    precisions = [name for name in arguments.precisions if name in quick_precisions()]
    if precisions != arguments.precisions:
        console.print("bfloat16 left out: this processor has no instructions for it")
    columns = (
        "size", "film", "numbers", "encode, streamed", "batched", "decode, streamed", "batched",
        "LTX encode, decode", "÷ ours", "Wan encode, decode", "÷ ours",
    )  # fmt: skip
    table = Table(*columns, title="Seconds a film of 49 frames; ÷ ours, streamed: above 1, ours is quicker")
    for size in arguments.sizes:
        for name in arguments.films:
            for precision in precisions:
                row = compare(size, FILMS[name], precision, arguments.repeat, console)
                table.add_row(size, name, precision, *row)
                console.print(size, name, precision, *row)  # a table's last rows may take long to come
    console.print(table)


def compare(size: str, film: Film, precision: str, repeat: int, console: Console) -> list[str]:
    """One row: ours and the public designs, in turn."""
    torch.manual_seed(0)
    dtype = PRECISIONS[precision]
    ours = packed_autoencoder(Autoencoder(SIZES[size]).eval().requires_grad_(False), precision)
    video = torch.randn(1, FRAMES, 3, *film.read).clamp(-1, 1)
    latents = torch.randn(1, LATENTS, CHANNELS, film.high, film.wide)
    works: dict[str, Work] = {
        "encode": lambda: ours.encode(video),
        "encode batched": lambda: ours.distribution(video),
        "decode": lambda: ours.decode(latents, film.scale),
        "decode batched": lambda: ours.pixels(ours.features(latents), film.scale),
    }
    parameters = sum(parameter.numel() for parameter in ours.parameters())
    for name, build in PUBLIC.items():
        network = as_large(build, parameters)
        if network is None:
            continue
        console.print(f"{size} {parameters / 1e6:.2f} M, {name} {_count(network) / 1e6:.2f} M")
        works |= public_works(name, network.to(dtype), film, dtype)
    seconds = take_turns(works, repeat)
    row = [f"{seconds[name]:.2f}" for name in ("encode", "encode batched", "decode", "decode batched")]
    for name in PUBLIC:
        if f"{name} encode" not in seconds:
            row += ["–", "–"]
            continue
        both = [seconds[f"{name} {verb}"] for verb in ("encode", "decode")]
        ratios = [theirs / seconds[verb] for theirs, verb in zip(both, ("encode", "decode"), strict=True)]
        row += [" ".join(f"{value:.2f}" for value in both), " ".join(f"{value:.1f}" for value in ratios)]
    return row


def public_works(name: str, network: nn.Module, film: Film, dtype: torch.dtype) -> dict[str, Work]:
    """Encoding and decoding of the delivered film by a public design."""
    high, wide = film.delivered
    video = torch.randn(1, 3, FRAMES, high, wide, dtype=dtype).clamp(-1, 1)
    latents = torch.randn(1, CHANNELS, LATENTS, high // 16, wide // 16, dtype=dtype)
    return {
        f"{name} encode": lambda: network.encode(video).latent_dist.mode(),  # type: ignore[operator]
        f"{name} decode": lambda: network.decode(latents).sample,  # type: ignore[operator]
    }


def ltx(width: int) -> nn.Module:
    """LTX-Video's design: patches of four, residual blocks in space and time, two halvings."""
    from diffusers import AutoencoderKLLTXVideo

    channels, blocks, halved = (width, 2 * width, 4 * width), (2, 2, 2, 2), (True, True, False)
    return AutoencoderKLLTXVideo(
        latent_channels=CHANNELS, block_out_channels=channels, decoder_block_out_channels=channels,
        layers_per_block=blocks, decoder_layers_per_block=blocks, spatio_temporal_scaling=halved,
        decoder_spatio_temporal_scaling=halved, decoder_inject_noise=(False,) * 4, patch_size=4,
        downsample_type=("conv",) * 3, upsample_residual=(False,) * 3, upsample_factor=(1, 1, 1),
        down_block_types=("LTXVideoDownBlock3D",) * 3,
    )  # fmt: skip


def wan(width: int) -> nn.Module:
    """Wan 2.2's design: patches of two, causal residual blocks, three halvings, two of them in time."""
    from diffusers import AutoencoderKLWan

    return AutoencoderKLWan(
        base_dim=width, decoder_base_dim=width, z_dim=CHANNELS, dim_mult=[1, 2, 4, 4], num_res_blocks=2,
        attn_scales=[], temperal_downsample=[False, True, True], is_residual=True, patch_size=2,
        in_channels=12, out_channels=12, scale_factor_temporal=4, scale_factor_spatial=16,
        latents_mean=[0.0] * CHANNELS, latents_std=[1.0] * CHANNELS,
    )  # fmt: skip


PUBLIC: dict[str, Callable[[int], nn.Module]] = {"LTX": ltx, "Wan": wan}


def as_large(build: Callable[[int], nn.Module], parameters: int) -> nn.Module | None:
    """The design in the width whose parameters come nearest; None without `diffusers`."""

    def size(width: int) -> int:
        with torch.device("meta"):
            return _count(build(width))

    try:
        width = min(range(8, 96, 4), key=lambda width: abs(size(width) - parameters))
    except ImportError:
        return None
    return build(width).eval().requires_grad_(False)


@torch.inference_mode()
def take_turns(works: dict[str, Work], repeat: int) -> dict[str, float]:
    """Median seconds of each, measured in turn after one round that does not count."""
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(1 + repeat):
        for name, work in works.items():
            began = clock()
            work()
            times[name].append(clock() - began)
    return {name: statistics.median(found[1:]) for name, found in times.items()}


def clock() -> float:
    """Seconds of the processor for one thread; by the wall for several, which wait for each other."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def memory(console: Console, arguments: argparse.Namespace) -> None:
    """Most memory of streamed decoding, short and long, each in a fresh process."""
    table = Table("size", "film", "4 s MiB", "120 s MiB", "ratio", title="Memory of streamed decoding")
    for size in arguments.sizes:
        for film in arguments.films:
            found = []
            for latents in (LATENTS, 361):
                command = [sys.executable, __file__, "--sizes", size, "--films", film]
                command += ["--alone", str(latents), "--threads", str(torch.get_num_threads())]
                told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                found.append(float(told) / 2**20)
            table.add_row(size, film, *(f"{value:.0f}" for value in found), f"{found[1] / found[0]:.2f}")
    console.print(table)


@torch.inference_mode()
def memory_of(size: str, film: Film, length: int) -> int:
    """Most bytes that this process had at once while it streamed a film, which nobody keeps."""
    torch.manual_seed(0)
    plain = Autoencoder(SIZES[size]).eval().requires_grad_(False)
    stream = packed_autoencoder(plain, best_precision()).stream(film.scale)
    for number in range(length):
        generator = torch.Generator().manual_seed(number)
        frames: Tensor = stream.push(torch.randn(1, CHANNELS, film.high, film.wide, generator=generator))
        assert bool(torch.isfinite(frames).all())
    # Not what resource tells: there a child counts what its parent had before it began.
    told = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()
    return int(told[0]) * 1024


def _count(network: nn.Module) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", nargs="+", default=["micro", "mini"], choices=list(SIZES))
    parser.add_argument("--films", nargs="+", default=["128x128", "512x288", "512x512"], choices=list(FILMS))
    parser.add_argument("--precisions", nargs="+", default=list(PRECISIONS), choices=list(PRECISIONS))
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--threads", type=int, help="all cores by default")
    parser.add_argument("--memory", action="store_true", help="memory instead of time")
    parser.add_argument("--alone", type=int, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
