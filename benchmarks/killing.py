"""Kill -9 a film in the making at random moments, resume it, and compare the bytes with a film nobody killed.

    python benchmarks/killing.py [--moments 50] [--weights micro] [--steps 12] [--seconds 4]

Each moment is a child process that films two takes and is killed by signal 9 after a random time, anywhere
between its first breath and its last file. What is on the disk then is looked at (half files?), resumed, and
compared. The table tells how far the first unfinished take had come.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ozora import Ozora, Request
from ozora.backends.embedded import EmbeddedBackend
from ozora.director.resume import resume
from ozora.director.states import find_waiting, read_waiting
from ozora.media.video import read_clip

PROMPT = "a red fox runs across a snowy field at dusk"


def film(backend: EmbeddedBackend, request: Request, folder: Path) -> list[Path]:
    """Two takes with sidecars and latents."""
    outputs = [folder / f"fox-{number}.mp4" for number in range(1, request.count + 1)]
    list(Ozora(backend=backend).takes(request, outputs=outputs, keep_latents=True))
    return outputs


def stage(folder: Path) -> str:
    """How far the first unfinished take had come."""
    for hidden in find_waiting(folder):
        waiting = read_waiting(hidden)  # raises if the file is half
        take = hidden.name[1:].split(".")[0]
        if waiting.latents is not None:
            return f"{take}: denoised, decoding or writing"
        if waiting.moment is None:
            return f"{take}: asked, not begun"
        return f"{take}: denoising"
    return "all done" if list(folder.glob("*.mp4")) else "nothing asked yet"


def kill_once(
    backend: EmbeddedBackend, request: Request, folder: Path, delay: float, wanted: dict[str, bytes]
) -> tuple[str, bool, bool]:
    """Returns (how far it had come, whether every file there was whole, whether all came out the same)."""
    child = os.fork()
    if child == 0:
        film(backend, request, folder)
        os._exit(0)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    reached = stage(folder)
    whole = all(len(read_clip(path)) > 0 for path in folder.glob("*.mp4"))
    for _ in resume(folder, lambda weights: backend):
        pass
    if reached == "nothing asked yet":
        return reached, whole, not list(folder.iterdir())
    same = {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix != ".json"} == wanted
    return reached, whole, same and len(list(folder.glob("*.json"))) == request.count


def main() -> None:
    """Kill, resume, compare, and print the table; fails if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--weights")
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    settings = {"steps": arguments.steps, "seconds": arguments.seconds}
    request = Request(PROMPT, seed=1, count=2, threads=1, **settings)
    backend = EmbeddedBackend(arguments.weights)
    backend.load()
    dice = random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        began = time.perf_counter()
        film(backend, request, Path(name))
        lasted = time.perf_counter() - began
        wanted = {path.name: path.read_bytes() for path in Path(name).iterdir() if path.suffix != ".json"}
    rows: Counter[tuple[str, bool, bool]] = Counter()
    for _ in range(arguments.moments):
        with tempfile.TemporaryDirectory() as name:
            rows[kill_once(backend, request, Path(name), dice.uniform(0, lasted), wanted)] += 1
    table = Table(title=f"{arguments.moments} kills, two takes, {lasted:.1f} s uninterrupted")
    for title in ("killed while", "times", "files whole", "same bytes after resume"):
        table.add_column(title, justify="right" if title == "times" else "left")
    for (reached, whole, same), times in sorted(rows.items()):
        table.add_row(reached, str(times), "yes" if whole else "NO", "yes" if same else "NO")
    Console().print(table)
    if not all(whole and same for _, whole, same in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
