"""Whether a long film drifts, and what it costs beside one that the model makes in one go.

    python benchmarks/long_film.py [--weights micro] [--seconds 60] [--seed 1] [--sheet FILE.png]

Luminance, saturation and sharpness (mean absolute gradient) of every frame; their slope by least squares, as
a share of their mean, for each 10 seconds. Time per second of film, and peak memory, each in a process of its
own. Ends with 1 if a bar does not hold.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ozora import Clip, Ozora, Request
from ozora.media.images import write_image
from ozora.media.sheets import contact_sheet
from ozora.media.video import read_clip

PROMPT = "a hot-air balloon drifts over a meadow at dawn"
DRIFT, MEMORY = 0.02, 1.2


def tones(frames: np.ndarray) -> dict[str, np.ndarray]:
    """Luminance, saturation and sharpness of each frame, (T,) each."""
    luma = frames @ np.array([0.2126, 0.7152, 0.0722])  # (T, H, W)
    return {
        "luminance": luma.mean((1, 2)),
        "saturation": (frames.max(-1).astype(float) - frames.min(-1)).mean((1, 2)),
        "sharpness": np.abs(np.diff(luma, axis=2)).mean((1, 2)) + np.abs(np.diff(luma, axis=1)).mean((1, 2)),
    }


def drift(values: np.ndarray, fps: float) -> float:
    """Slope over 10 seconds as a share of the mean."""
    slope = np.polyfit(np.arange(len(values)) / fps, values, 1)[0]
    return float(10 * slope / values.mean())


def film(weights: str | None, seconds: float, prompt: str, seed: int, path: Path) -> dict[str, float]:
    """Film into ``path`` and tell seconds of processor time and bytes of peak memory of this process."""
    maker = Ozora(weights)
    maker.backend.load()
    began = time.process_time()
    next(maker.takes(Request(prompt, seconds=seconds, seed=seed), outputs=[path]))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"processor_seconds": time.process_time() - began, "peak_bytes": float(peak)}


def main() -> int:
    """Film short and long, each in a process of its own, and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--prompt", default=PROMPT)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        costs = film(
            arguments.weights, arguments.seconds, arguments.prompt, arguments.seed, arguments.only
        )
        print(json.dumps(costs))
        return 0
    console, costs = Console(), {}
    with tempfile.TemporaryDirectory() as folder:
        for seconds in (4.0, arguments.seconds):
            path = Path(folder) / f"{seconds:g}.mp4"
            command = [sys.executable, __file__, "--only", str(path), "--seconds", str(seconds)]
            command += ["--prompt", arguments.prompt, "--seed", str(arguments.seed)]
            command += ["--weights", arguments.weights] if arguments.weights else []
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            costs[seconds] = json.loads(done.stdout)
        clip = read_clip(path)
    table = Table(title=f"{arguments.prompt}: {clip.seconds:.0f} s, drift a 10 s (bar ±{DRIFT:.0%})")
    found = {name: drift(values, clip.fps) for name, values in tones(clip.frames).items()}
    for name in found:
        table.add_column(name, justify="right")
    table.add_row(*(f"{100 * value:+.2f} %" for value in found.values()))
    console.print(table)
    short, long = costs[4.0], costs[arguments.seconds]
    memory = long["peak_bytes"] / short["peak_bytes"]
    each = [cost["processor_seconds"] / seconds for seconds, cost in costs.items()]
    console.print(f"processor seconds per second of film: {each[0]:.2f} for 4 s, {each[1]:.2f} for this")
    peak = f"{long['peak_bytes'] / 2**20:.0f} MiB"
    console.print(f"peak memory {peak}, {memory:.2f} of a 4 s film's (bar {MEMORY})")
    if arguments.sheet:
        rows = np.array_split(np.arange(len(clip)), 6)
        clips = [Clip(clip.frames[row], clip.fps) for row in rows]
        labels = [f"from second {row[0] / clip.fps:.0f}" for row in rows]
        write_image(contact_sheet(clips, labels, columns=1, frames=10, width=112), arguments.sheet)
    return int(memory > MEMORY or any(abs(value) > DRIFT for value in found.values()))


if __name__ == "__main__":
    sys.exit(main())
