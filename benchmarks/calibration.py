"""Whether the probe may judge: its score on fresh footage, through the autoencoder, and on spoilt footage.

    python benchmarks/calibration.py --probe PROBE.safetensors [--autoencoder AUTOENCODER.safetensors]
        [--clips 64] [--size 224x128] [--out FOLDER]

Ends with 1, naming what is out of order, if a corruption goes unnoticed.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from ozora.evaluate import calibrate
from ozora.evaluate.probe import load_probe
from ozora.train.tasks import load_autoencoder


def main() -> int:
    """Film the clips, print the table, and tell which laws of order are broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--probe", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path)
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--size", default="224x128")
    parser.add_argument("--out", type=Path, help="keep the clips and calibration.json here")
    arguments = parser.parse_args()
    width, height = (int(side) for side in arguments.size.split("x"))
    autoencoder = None if arguments.autoencoder is None else load_autoencoder(arguments.autoencoder)
    console = Console()
    with Progress(console=console, transient=True) as progress:
        clips = progress.add_task("clips", total=arguments.clips)
        result = calibrate(
            load_probe(arguments.probe),
            clips=arguments.clips,
            width=width,
            height=height,
            autoencoder=autoencoder,
            out=arguments.out,
            on_progress=lambda done, _: progress.update(clips, completed=done),
        )
    console.print(result.table())
    if arguments.out is not None:
        told = json.dumps(result.to_json(), indent=1) + "\n"
        (arguments.out / "calibration.json").write_text(told, encoding="utf-8")
    for law in result.broken():
        console.print(f"out of order: {law}")
    return 1 if result.broken() else 0


if __name__ == "__main__":
    sys.exit(main())
