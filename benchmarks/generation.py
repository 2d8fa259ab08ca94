"""How long the shipped model takes to film, phase by phase, and how that compares with the film's own length.

    python benchmarks/generation.py [--weights micro] [--repeat 5] [--size 224x128] [--seconds 4] [--steps 8]

"Cold" is the first take of a fresh process: imports and loading included. "Warm" is the median of the takes
that follow. A ratio above 1 means that the film is made faster than it plays.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

PHASES = ("load", "words", "denoise", "decode", "write")
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
    parser.add_argument("--prompt", default=PROMPT)
    parser.add_argument("--repeat", type=int, default=5, help="warm takes")
    parser.add_argument("--size")
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--quality")
    return parser.parse_args()


def main() -> None:
    """Film once cold and ``--repeat`` times warm, and print the table."""
    arguments = read_arguments()
    began = time.perf_counter()
    import torch
    from rich.console import Console
    from rich.table import Table

    from ozora import Ozora
    from ozora.director.request import Request

    maker = Ozora(arguments.weights)
    imported = time.perf_counter() - began
    asked = {name: getattr(arguments, name) for name in ("size", "seconds", "steps", "quality")}
    settings: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    takes, walls = [], []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1 + arguments.repeat):
            began = time.perf_counter()
            request = Request(arguments.prompt, seed=number, **settings)
            takes.append(next(maker.takes(request, outputs=[Path(folder) / f"{number}.mp4"])))
            walls.append(time.perf_counter() - began)
    clip = takes[0].clip
    plays = len(clip) / clip.fps
    cold, warm = takes[0].receipt.seconds, [take.receipt.seconds for take in takes[1:]]

    title = f"{maker.card.name}: {len(clip)} frames, {clip.width}x{clip.height}, plays {plays:.2f} s"
    table = Table(title=title)
    for name in ("phase", "cold s", "warm s", "film / warm"):
        table.add_column(name, justify="left" if name == "phase" else "right")

    def row(name: str, first: float, later: float) -> None:
        ratio = f"{plays / later:.1f}" if later > 0.0005 else "–"
        table.add_row(name, f"{first:.3f}", f"{later:.3f}", ratio)

    row("import and check", imported, 0.0)
    for phase in PHASES:
        later = statistics.median(seconds.get(phase, 0.0) for seconds in warm) if warm else 0.0
        row(phase, cold.get(phase, 0.0), later)
    table.add_section()
    row("all", imported + walls[0], statistics.median(walls[1:]) if warm else 0.0)
    console = Console()
    console.print(table)
    threads = torch.get_num_threads()
    console.print(f"{processor()}, {os.cpu_count()} cores, {threads} threads, PyTorch {torch.__version__}")


if __name__ == "__main__":
    main()
