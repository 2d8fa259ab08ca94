"""How long the shipped model takes to film, phase by phase, and how that compares with the film's own length.

    python benchmarks/generation.py [--weights micro] [--repeat 5] [--size 224x128] [--seconds 4] [--steps 8]
    python benchmarks/generation.py --untrained mini --precisions float32 bfloat16

"Cold" is the first take of a fresh process: imports and loading included. "Warm" is the median of the takes
that follow; several precisions take turns. A ratio above 1 means that the film is made faster than it plays.
``--untrained`` times networks of a size that nobody has trained yet: 512x288, in the steps of a student.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

PHASES = ("load", "words", "denoise", "refine", "decode", "write")
PROMPT = "a red fox runs across a snowy field at dusk"


def processor() -> str:
    """The processor's name as the system tells it."""
    listed = Path("/proc/cpuinfo")
    if listed.exists():
        for line in listed.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def read_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--weights", help="name of shipped weights, or a folder")
    parser.add_argument("--untrained", metavar="SIZE", help="instead: random weights of a size, such as mini")
    parser.add_argument("--prompt", default=PROMPT)
    parser.add_argument("--repeat", type=int, default=5, help="warm takes")
    parser.add_argument("--size")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--quality")
    parser.add_argument("--precisions", nargs="+", default=[None], help="float32, bfloat16, int8")
    return parser.parse_args()


def untrained(size: str, folder: Path) -> Path:
    """A folder of random weights of a size: what they film is noise, but in the time that it takes."""
    import torch

    from ozora.backends.backend import Sampling
    from ozora.backends.grid import Grid
    from ozora.backends.weights import assemble
    from ozora.model.autoencoder import Autoencoder
    from ozora.model.checkpoint import save_weights
    from ozora.model.sizes import SIZES
    from ozora.model.text import TEXT_SIZES, TextEncoder
    from ozora.model.transformer import TRANSFORMER_SIZES, Transformer

    torch.manual_seed(0)
    transformer = replace(TRANSFORMER_SIZES[size], channels=SIZES[size].latent_channels)
    networks = {
        "autoencoder": Autoencoder(SIZES[size]),
        "transformer": Transformer(transformer),
        "student": Transformer(replace(transformer, aims=True)),
        "text": TextEncoder(TEXT_SIZES[size]),
    }
    exports = {}
    for name, network in networks.items():
        exports[name] = folder / f"{name}.safetensors"
        told = {"config": asdict(network.config), "recipe": {"name": size}, "ledger_root": "0" * 64}
        save_weights(exports[name], network.state_dict(), {**told, "steps": 0})
    assemble(folder / size, **exports, grid=Grid(((16, 9),)), sampling=Sampling(steps=12, guidance=3.0))
    return folder / size


def likeness(ones: list[Any], others: list[Any]) -> float:
    """Peak signal-to-noise ratio of the same films in other numbers, decibels: the least of all."""
    apart = [
        np.square(one.clip.frames.astype(np.float32) - other.clip.frames.astype(np.float32)).mean()
        for one, other in zip(ones, others, strict=True)
    ]
    return float(10 * np.log10(255**2 / max(1e-9, *apart)))


def main() -> None:
    """Film once cold and ``--repeat`` times warm, each precision in turn, and print the table."""
    arguments = read_arguments()
    with tempfile.TemporaryDirectory() as folder:
        weights = arguments.weights
        if arguments.untrained:
            weights = str(untrained(arguments.untrained, Path(folder)))
        measure(arguments, weights, Path(folder))


def measure(arguments: argparse.Namespace, weights: str | None, folder: Path) -> None:
    began = time.perf_counter()
    import torch
    from rich.console import Console
    from rich.table import Table

    from ozora import Ozora
    from ozora.backends.machine import precision as usual
    from ozora.director.request import Request

    maker = Ozora(weights)
    imported = time.perf_counter() - began
    asked = {name: getattr(arguments, name) for name in ("size", "seconds", "steps", "quality")}
    settings: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    precisions = [usual() if name is None else name for name in arguments.precisions]
    takes: dict[str, list[Any]] = {name: [] for name in precisions}
    walls: dict[str, list[float]] = {name: [] for name in precisions}
    for number in range(1 + arguments.repeat):
        for name in precisions:
            began = time.perf_counter()
            request = Request(arguments.prompt, seed=number, precision=name, **settings)
            takes[name].append(next(maker.takes(request, outputs=[folder / f"{name}-{number}.mp4"])))
            walls[name].append(time.perf_counter() - began)
    clip = takes[precisions[0]][0].clip
    plays = len(clip) / clip.fps
    about = clip.metadata["settings"]

    title = f"{maker.card.name}: {len(clip)} frames, {clip.width}x{clip.height}, plays {plays:.2f} s"
    how = f"{about['steps']} steps, guidance {about['guidance']:g}, refined in {about.get('refining', 0)}"
    table = Table(title=f"{title}; {how}")
    for name in ("phase", "cold s", *(f"{name} s" for name in precisions), "film / it"):
        table.add_column(name, justify="left" if name == "phase" else "right")

    def row(name: str, first: float, later: list[float]) -> None:
        ratios = ", ".join(f"{plays / found:.1f}" if found > 0.0005 else "–" for found in later)
        table.add_row(name, f"{first:.3f}", *(f"{found:.3f}" for found in later), ratios)

    def warm(values: list[float]) -> float:
        return statistics.median(values[1:]) if len(values) > 1 else 0.0

    row("import and check", imported, [0.0 for _ in precisions])
    for phase in PHASES:
        spent = [[take.receipt.seconds.get(phase, 0.0) for take in takes[name]] for name in precisions]
        row(phase, spent[0][0], [warm(values) for values in spent])
    table.add_section()
    row("all", imported + walls[precisions[0]][0], [warm(walls[name]) for name in precisions])
    near = [likeness(takes[precisions[0]], takes[name]) for name in precisions[1:]]
    table.add_row(f"dB beside {precisions[0]}", "", "", *(f"{value:.1f}" for value in near), "")
    console = Console(width=110)
    console.print(table)
    threads = torch.get_num_threads()
    console.print(f"{processor()}, {os.cpu_count()} cores, {threads} threads, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
