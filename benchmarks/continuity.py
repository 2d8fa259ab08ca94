"""Whether random shots are in order: subjects seen, feet on the ground, no flicker.

    python benchmarks/continuity.py [--shots 2000] [--seed 0] [--workers 2] [--out FILE.jsonl]

Prints a table of how many shots pass each check and the worst ones; ends with 1 if more than 1 % fail one.
Every finding is written to FILE.jsonl at once: a run that was stopped goes on where it was, and several runs
over other seeds may be joined with ``cat``.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import track
from rich.table import Table

from ozora.world.captions import caption
from ozora.world.continuity import REVEALING, Findings, inspect
from ozora.world.sampling import sample_shot

LIMITS = {
    "seen": (">=", 0.85),
    "inside": (">=", 0.85),
    "sunk": ("<=", 0.08),
    "afloat": ("<=", 0.08),
    "flicker": ("<=", 0.04),
    "popped": ("<=", 0.02),
    "contrast": (">=", 0.03),
}
FAILURES = 0.01


REVEALED = 0.4
"""What "seen" and "inside" must reach when the camera's move is to come upon the subject or to leave it."""


def passes(name: str, row: dict[str, Any]) -> bool:
    """Whether a finding is within its limit."""
    sign, limit = LIMITS[name]
    if row["reveals"] and name in ("seen", "inside"):
        limit = REVEALED
    return bool(row[name] >= limit if sign == ">=" else row[name] <= limit)


def look(seed: int, seconds: float) -> dict[str, Any]:
    """The findings of one random shot."""
    torch.set_num_threads(1)
    shot = sample_shot(seed, seconds=seconds)
    findings: Findings = inspect(shot)
    reveals = any(camera.move in REVEALING for camera in (shot.camera, *(cut.camera for cut in shot.cuts)))
    return {"seed": seed, "caption": caption(shot, "full", 0), "reveals": reveals, **asdict(findings)}


def known(path: Path) -> list[dict[str, Any]]:
    """The findings that a file holds, none if there is no such file; a line cut short is left out."""
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
    return [json.loads(line) for line in lines if line.endswith("\n")]


def main() -> int:
    """Inspect the shots, print the table, tell whether all checks hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--shots", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--out", type=Path, help="one JSON line for each shot; what it holds is not redone")
    arguments = parser.parse_args()
    seeds = range(arguments.seed, arguments.seed + arguments.shots)
    console = Console()
    rows = [row for row in known(arguments.out) if row["seed"] in seeds] if arguments.out else []
    done = {row["seed"] for row in rows}
    left = [seed for seed in seeds if seed not in done]
    with ProcessPoolExecutor(arguments.workers) as pool:
        found = pool.map(partial(look, seconds=arguments.seconds), left, chunksize=4)
        for row in track(found, "shots", len(left), console=console, transient=True):
            rows.append(row)
            if arguments.out:
                with arguments.out.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(row) + "\n")
    table = Table(title=f"{len(rows)} random shots from seed {arguments.seed}")
    for column in ("check", "limit", "pass %", "median", "worst", "worst seeds"):
        table.add_column(column, justify="left" if column in ("check", "worst seeds") else "right")
    broken = False
    for name, (sign, limit) in LIMITS.items():
        share = sum(passes(name, row) for row in rows) / len(rows)
        values = sorted(rows, key=lambda row: (passes(name, row), row[name] * (1 if sign == ">=" else -1)))
        broken |= share < 1 - FAILURES
        worst = " ".join(str(row["seed"]) for row in values[:6])
        table.add_row(
            name, f"{sign} {limit:g}", f"{100 * share:.1f}", f"{values[len(values) // 2][name]:.4f}",
            f"{values[0][name]:.4f}", worst,
        )  # fmt: skip
    console.print(table)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
