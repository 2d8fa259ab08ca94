"""Kill -9 films in the making at random moments, resume them, and compare the bytes with films nobody killed.

    python benchmarks/killing.py [--moments 50] [--weights micro] [--quality standard]

Each moment is a child process that is killed by signal 9 after a random time, anywhere between its first
breath and its last file, while it films two takes, or makes a draft's final, or films in several windows, in
turn. What is on the disk then is looked at (half files?), resumed, and compared. The table tells how far the
first unfinished take had come.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from rich.console import Console
from rich.table import Table

from ozora import Ozora, Request
from ozora.backends.embedded import EmbeddedBackend
from ozora.director.explore import explore
from ozora.director.finish import finish
from ozora.director.library import Library
from ozora.director.resume import resume
from ozora.director.states import find_waiting, read_waiting
from ozora.media.video import read_clip

PROMPT = "a red fox runs across a snowy field at dusk"
NOTHING = "nothing asked yet"


@dataclass(frozen=True)
class Scene:
    """What a child does in a folder, and what lies there when it begins."""

    name: str
    work: Callable[[Path], None]
    begun: Path | None = None

    def lay(self, folder: Path) -> None:
        """Put what is there from the start."""
        if self.begun is not None:
            shutil.copytree(self.begun, folder, dirs_exist_ok=True)


def scenes(backend: EmbeddedBackend, quality: str, drafts: Path) -> list[Scene]:
    """Two takes; the final of a draft that lies in ``drafts``; a film of several windows."""
    shared = {"seed": 1, "threads": 1, "quality": quality}
    two, long = Request(PROMPT, count=2, **shared), Request(PROMPT, seconds=8, **shared)  # type: ignore[arg-type]
    draft = explore(backend, Request(PROMPT, **shared), Library(drafts), drafts=1)[0]  # type: ignore[arg-type]

    def film(request: Request) -> Callable[[Path], None]:
        def work(folder: Path) -> None:
            outputs = [folder / f"fox-{number}.mp4" for number in range(1, request.count + 1)]
            list(Ozora(backend=backend).takes(request, outputs=outputs, keep_latents=True))

        return work

    def final(folder: Path) -> None:
        finish(backend, Library(folder), draft.name, output=folder / "final.mp4")

    return [
        Scene("two takes", film(two)),
        Scene("a draft's final", final, drafts),
        Scene("several windows", film(long)),
    ]


def stage(folder: Path) -> str:
    """How far the first unfinished take had come."""
    for hidden in find_waiting(folder):
        waiting = read_waiting(hidden)  # raises if the file is half
        take = hidden.name[1:].split(".")[0]
        if waiting.latents is not None:
            return f"{take}: denoised, decoding or writing"
        if waiting.progress.window:
            return f"{take}: denoising window {waiting.progress.window + 1}"
        return f"{take}: asked, not begun" if waiting.moment is None else f"{take}: denoising"
    return "all done" if list(folder.glob("*.mp4")) else NOTHING


def contents(folder: Path) -> dict[str, bytes]:
    """All files with their bytes; of sidecars, which tell what a run cost, only that they are there."""
    return {
        path.name: b"" if path.suffix == ".json" else path.read_bytes() for path in sorted(folder.iterdir())
    }


def kill_once(
    backend: EmbeddedBackend, scene: Scene, folder: Path, delay: float, wanted: dict[str, bytes]
) -> tuple[str, bool, bool]:
    """Returns (how far it had come, whether every file there was whole, whether all came out the same)."""
    scene.lay(folder)
    before = contents(folder)
    child = os.fork()
    if child == 0:
        scene.work(folder)
        os._exit(0)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    reached = stage(folder)
    whole = all(len(read_clip(path)) > 0 for path in folder.glob("*.mp4"))
    for _ in resume(folder, lambda weights: backend):
        pass
    return reached, whole, contents(folder) == (before if reached == NOTHING else wanted)


def main() -> None:
    """Kill, resume, compare, and print the table; fails if anything was lost."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--moments", type=int, default=50)
    parser.add_argument("--weights")
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    backend = EmbeddedBackend(arguments.weights)
    torch.set_num_threads(1)
    backend.load()
    dice, rows = random.Random(arguments.seed), Counter[tuple[str, str, bool, bool]]()
    with tempfile.TemporaryDirectory() as drafts:
        played, wanted, lasted = scenes(backend, arguments.quality, Path(drafts)), {}, {}
        for scene in played:
            with tempfile.TemporaryDirectory() as name:
                scene.lay(Path(name))
                began = time.perf_counter()
                scene.work(Path(name))
                lasted[scene.name], wanted[scene.name] = time.perf_counter() - began, contents(Path(name))
        for moment in range(arguments.moments):
            scene = played[moment % len(played)]
            with tempfile.TemporaryDirectory() as name:
                delay = dice.uniform(0, lasted[scene.name])
                told = kill_once(backend, scene, Path(name), delay, wanted[scene.name])
                rows[(scene.name, *told)] += 1
    table = Table(title=f"{arguments.moments} kills")
    for title in ("while filming", "killed at", "times", "files whole", "same bytes after resume"):
        table.add_column(title, justify="right" if title == "times" else "left")
    for (name, reached, whole, same), times in sorted(rows.items()):
        table.add_row(name, reached, str(times), "yes" if whole else "NO", "yes" if same else "NO")
    Console().print(table)
    if not all(whole and same for _, _, whole, same in rows):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
