"""A Ray cluster on this machine, and what becomes of films when parts of it are killed in mid-job.

    pip install 'ozora[cluster]' && python benchmarks/cluster.py [--director] [--seconds 6]

Starts a head and three nodes of one processor each, and `ozora serve --cluster`. First films undisturbed;
then the same again while a node, a worker's process, the process that places workers, and the server are
killed. Every film must end completed, once, with the same bytes as undisturbed. Prints a table; the exit
status says whether all of that held. With `--director` the shipped weights film, not the tests' painter.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "serve"))
NODES = 3


class Trial:
    """A server on a cluster, and the films it is asked for."""

    def __init__(self, folder: Path, cluster: Any, renderer: str, seconds: float) -> None:
        from processes import Served

        options = ["--cluster", cluster.address, "--drain", "3"]
        self.served = Served(folder / "data", *options, workers=1, lease=15)
        if renderer:
            place = self.served.command.index("--renderer")
            del self.served.command[place : place + 2]
        # The painter takes a fifth of a second for a frame; the director films at twelve frames a second.
        self.wish = {"prompt": "a slow ball", "size": "96x64", "num_frames": max(5, round(seconds * 5))}
        if renderer:
            self.wish = {"prompt": "a red fox runs across a snowy field", "seconds": str(round(seconds))}
        self.count = 0

    def ask(self) -> list[str]:
        """One film for each node, always the same ones."""
        self.count += 1
        return [
            self.served.create(f"{self.count}-{seed}", seed=seed, **self.wish) for seed in range(NODES)
        ]

    def films(self, names: list[str]) -> list[str]:
        """How each ended: the film's hash, or what the error says."""
        found = []
        for name in names:
            video = self.served.finished(name, within=400)
            if video["status"] != "completed":
                found.append(str(video["error"]))
                continue
            film = self.served.http.get(f"/videos/{name}/content").content
            found.append(hashlib.sha256(film).hexdigest()[:12])
        return found

    def attempts(self, names: list[str]) -> int:
        """Attempts in all."""
        return sum(self.served.http.get(f"/videos/{name}/receipt").json()["attempts"] for name in names)

    def workers(self, count: int, within: float = 240) -> None:
        """Wait until so many workers live."""
        ends = time.monotonic() + within
        while True:
            with suppress(Exception):
                if self.served.http.get("/queue").json()["workers"] == count:
                    return
            if time.monotonic() > ends:
                raise SystemExit((self.served.folder / "log").read_text()[-4000:])
            time.sleep(0.2)

    def busy(self, names: list[str]) -> None:
        """Wait until every one of them is being filmed, and a little longer."""
        for name in names:
            ends = time.monotonic() + 120
            while self.served.http.get(f"/videos/{name}").json()["status"] == "queued":
                if time.monotonic() > ends:
                    raise SystemExit((self.served.folder / "log").read_text()[-4000:])
                time.sleep(0.05)
        time.sleep(1)


def stations() -> list[int]:
    """Process ids of workers that Ray runs."""
    found = subprocess.run(["pgrep", "-f", "^ray::Station"], capture_output=True, text=True, check=False)
    return [int(line) for line in found.stdout.split()]


def main() -> None:
    """Run all disturbances and print what became of the films."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--director", action="store_true", help="film with the shipped weights")
    parser.add_argument("--seconds", type=float, default=6, help="how long a film takes or lasts")
    arguments = parser.parse_args()
    # Ray makes workers nice (15) by default, and on a busy machine they would starve.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    from processes import ENVIRONMENT
    from ray.cluster_utils import Cluster

    os.environ["PYTHONPATH"] = ENVIRONMENT["PYTHONPATH"]
    quiet: dict[str, Any] = {"include_dashboard": False, "object_store_memory": 100 * 2**20}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **quiet})
    nodes = [cluster.add_node(num_cpus=1, **quiet) for _ in range(NODES)]
    right = True
    with tempfile.TemporaryDirectory(prefix="ozora-") as folder:
        renderer = "ozora.serve.render.filming:DirectorRenderer" if arguments.director else ""
        trial = Trial(Path(folder), cluster, renderer, arguments.seconds)
        served = trial.served.start()

        def node() -> None:
            cluster.remove_node(nodes.pop(0), allow_graceful=False)

        def worker() -> None:
            os.kill(stations()[0], signal.SIGKILL)

        def placer() -> None:
            os.kill(served.workers()[0], signal.SIGKILL)

        def everything() -> None:
            served.kill("both")
            served.start()

        def leave() -> None:
            code = served.stop(60)
            assert code in (0, -15), code
            served.start()

        try:
            trial.workers(NODES)
            reference = trial.films(trial.ask())
            heads = f"{'films':>6}{'same bytes':>12}{'attempts':>10}{'seconds':>9}"
            print(f"{'disturbance':44}{heads}", flush=True)
            disturbances: list[tuple[str, Callable[[], None]]] = [
                ("a worker's process, kill -9", worker), ("a node, kill -9", node),
                ("the process that places workers, kill -9", placer),
                ("server and placing process, kill -9", everything), ("SIGTERM to the server", leave),
            ]  # fmt: skip
            for told, disturb in disturbances:
                names = trial.ask()
                trial.busy(names)
                began = time.monotonic()
                disturb()
                films = trial.films(names)
                same = sum(mine == theirs for mine, theirs in zip(films, reference, strict=True))
                spent = time.monotonic() - began
                print(f"{told:44}{len(films):6}{same:12}{trial.attempts(names):10}{spent:9.1f}", flush=True)
                right = right and films == reference
                if len(nodes) < NODES:
                    nodes.append(cluster.add_node(num_cpus=1, **quiet))
                    began = time.monotonic()
                    trial.workers(NODES)
                    spent = time.monotonic() - began
                    print(f"  a worker on the node that came in its place after {spent:.1f} s")
                trial.workers(NODES)
            cluster.add_node(num_cpus=1, num_gpus=2, **quiet)
            trial.workers(NODES + 2)
            print("  a node that says it has two GPUs gets two workers")
            listed = served.http.get("/videos", params={"limit": 100}).json()["data"]
            right = right and len(listed) == trial.count * NODES
            print(f"accepted {trial.count * NODES}, listed {len(listed)}; "
                  f"completed {sum(video['status'] == 'completed' for video in listed)}")
        finally:
            served.stop()
            cluster.shutdown()
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
