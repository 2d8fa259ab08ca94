"""Are quotes right? Ask for one, film, compare; once more with another film each time.

    python benchmarks/quotes.py [--requests 10] [--learn 3] [--weights micro]

The first request is quoted from the calibration alone; then ``--learn`` films teach, and ``--requests`` of
other sizes, lengths, steps and counts are quoted and filmed. Wall seconds are what a user sees, and depend on
who else uses the machine; processor seconds hardly do. Bar: within 25 % for nine of ten.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from ozora import Ozora, Request
from ozora.backends.embedded import EmbeddedBackend
from ozora.director.quotes import Quote, Rates, Timings, learn, quote

PROMPT = "a red fox runs across a snowy field at dusk"
REQUESTS: tuple[dict[str, Any], ...] = (
    {}, {"seconds": 2}, {"steps": 6}, {"guidance": 1}, {"size": "112x64"}, {"count": 2},
    {"steps": 20}, {"seconds": 1, "steps": 24}, {"seconds": 3, "size": "112x64"}, {"still": True, "count": 4},
)  # fmt: skip


def main() -> None:
    """Quote, film, compare, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--requests", type=int, default=len(REQUESTS))
    parser.add_argument("--learn", type=int, default=3)
    parser.add_argument("--weights")
    arguments = parser.parse_args()
    backend = EmbeddedBackend(arguments.weights)
    table = Table(title="quoted and measured seconds")
    for name in ("request", "quoted", "took", "off", "quoted CPU", "took CPU", "off CPU"):
        table.add_column(name, justify="left" if name == "request" else "right")
    offs: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory() as folder:
        timings = Timings(Path(folder) / "timings.json")

        def film(settings: dict[str, Any], number: int) -> tuple[Quote, float, float]:
            request = Request(PROMPT, seed=number, threads=1, **settings)
            asked = quote(backend, request, timings, Rates())
            outputs = [Path(folder) / f"{number}-{take}.mp4" for take in range(request.count)]
            began = time.perf_counter(), time.process_time()
            takes = list(Ozora(backend=backend).takes(request, outputs=outputs))
            took = time.perf_counter() - began[0], time.process_time() - began[1]
            for take in takes:
                learn(backend, request, take.fit, take.receipt, timings)
            return asked, *took

        def row(name: str, asked: Quote, wall: float, cpu: float) -> tuple[float, float]:
            off = asked.seconds / wall - 1, asked.cpu_seconds / cpu - 1
            table.add_row(
                name, f"{asked.seconds:.2f}", f"{wall:.2f}", f"{off[0]:+.0%}",
                f"{asked.cpu_seconds:.2f}", f"{cpu:.2f}", f"{off[1]:+.0%}",
            )  # fmt: skip
            return off

        row("first, from calibration", *film({}, 0))
        for number in range(arguments.learn):
            film({}, 1 + number)
        # The networks are in memory by now: a quote for a new process counts their loading, this does not.
        for key in timings.known:
            timings.known[key].pop("load", None)
        table.add_section()
        for number, settings in enumerate(REQUESTS[: arguments.requests]):
            name = ", ".join(f"{key} {value}" for key, value in settings.items()) or "the default film"
            offs.append(row(name, *film(settings, 100 + number)))
    console = Console()
    console.print(table)
    for what, side in (("wall", 0), ("processor", 1)):
        within = sum(abs(off[side]) <= 0.25 for off in offs)
        console.print(f"{what} seconds within 25 %: {within} of {len(offs)}")
    console.print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
