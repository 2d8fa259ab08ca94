"""`--cluster`: Ray places workers on the machines of a cluster, starts them again and moves them.

Ray decides where a worker runs and brings it back when its process or its machine dies. What is to be filmed,
by whom, and whether that worker still lives stays in the store, in the leases of :mod:`ozora.serve.worker`,
so that nothing of a job is lost with Ray.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from ozora.errors import OzoraError, refuse
from ozora.serve.logs import log, start_logging
from ozora.serve.settings import Settings, from_json, require_folder
from ozora.serve.store.engine import UNREACHABLE, Store
from ozora.serve.store.queue import live_workers, release_worker

LOOK = 1.0
"""Seconds between looks at the cluster."""

LONGEST_PAUSE = 30.0
"""Seconds, at most, until a worker that died at once is tried again."""

NAMESPACE = "ozora"


@dataclass(frozen=True)
class Device:
    """What one worker films on: a GPU, or none, and its share of its machine's processors."""

    gpus: int
    processors: int


def devices(machines: Iterable[Mapping[str, Any]], workers: int) -> Counter[Device]:
    """Every device of a cluster, as ``ray.nodes()`` tells of it: how many workers, and on what.

    A machine with GPUs has a worker for each; one without has ``workers``, which share its processors.
    """
    found: Counter[Device] = Counter()
    for machine in machines:
        has = machine.get("Resources", {})
        gpus, processors = int(has.get("GPU", 0)), int(has.get("CPU", 0))
        if not machine["Alive"]:
            continue
        if gpus:
            found[Device(1, processors // gpus)] += gpus
        elif processors and workers:
            found[Device(0, max(1, processors // workers))] += min(workers, processors)
    return found


class Station:
    """A worker's process, where Ray put it. ``run`` films until ``stop``; two threads of one actor."""

    def __init__(self, settings: str) -> None:
        start_logging()
        self.settings = from_json(settings)
        self._worker: Any = None
        self._leaving = False

    def run(self, name: str) -> None:
        """Film under a name until asked to stop; raises what keeps a worker from starting."""
        from ozora.serve.worker import Worker

        require_folder(self.settings.data)
        self._worker = Worker(self.settings, name)
        if self._leaving:
            self._worker.stop()
        self._worker.run()

    def stop(self) -> None:
        """Finish the present job, or give it back in time."""
        self._leaving = True
        if self._worker is not None:
            self._worker.stop()


class Post:
    """A worker that Ray keeps: the actor, the run it is at, and the name of that run in the store."""

    def __init__(self, actor: Any, stem: str, device: Device) -> None:
        self.actor, self.stem, self.device = actor, stem, device
        self.starts, self.pause, self.rests_until = 0, 0.0, 0.0
        self.name, self.run = "", None  # type: tuple[str, Any]

    def start(self) -> None:
        """Have it run under a name that no run before had; Ray holds the call until there is a place."""
        self.starts += 1
        self.name = f"{self.stem}-{self.starts}"
        self.run = self.actor.run.remote(self.name)


class Placement:
    """The workers of one server on a cluster: one for each device that was ever seen, whichever it is on.

    A machine that goes away leaves its worker waiting at Ray's for the next device that comes free, and an
    autoscaler sees what is wanted. Machines that come get workers of their own.
    """

    def __init__(self, ray: Any, settings: Settings, name: str) -> None:
        self.ray, self.settings, self.name = ray, settings, name
        self.store = Store(settings.store_url)
        self.posts: list[Post] = []

    def look(self) -> None:
        """One round: workers for new devices; those that died are taken out of the records and run again."""
        have = Counter(post.device for post in self.posts)
        for device, count in devices(self.ray.nodes(), self.settings.workers).items():
            for _ in range(count - have[device]):
                self._hire(device)
        running = [post.run for post in self.posts if post.run is not None]
        ended = set(self.ray.wait(running, num_returns=len(running), timeout=0)[0]) if running else set()
        for post in self.posts:
            if post.run in ended:
                self._bury(post)
            if post.run is None and time.monotonic() >= post.rests_until:
                post.start()

    def _hire(self, device: Device) -> None:
        actor = self.ray.remote(Station).options(
            num_gpus=device.gpus, num_cpus=device.processors, max_restarts=-1, max_task_retries=0,
            max_concurrency=2, scheduling_strategy="SPREAD",
        ).remote(self.settings.to_json())  # fmt: skip
        post = Post(actor, f"{self.name}-{len(self.posts)}", device)
        self.posts.append(post)
        post.start()
        log.info("worker placed", extra={"worker": post.name, "gpus": device.gpus, "cpus": device.processors})

    def _bury(self, post: Post) -> None:
        """A run ended that should not have: its job goes back at once, and it is run again."""
        reason = "returned"
        try:
            self.ray.get(post.run)
        except self.ray.exceptions.RayTaskError as error:
            reason = str(error.cause)
        except self.ray.exceptions.RayError as error:
            reason = type(error).__name__
        # Ray says at once that it has no place yet; that is no death.
        if reason != "ActorUnavailableError":
            log.warning("worker died", extra={"worker": post.name, "reason": reason})
        release_worker(self.store, post.name, self.settings.most_attempts)
        post.run = None
        post.pause = min(LONGEST_PAUSE, max(LOOK, post.pause * 2)) if reason not in MOVES else 0.0
        post.rests_until = time.monotonic() + post.pause

    def leave(self) -> None:
        """Ask all to stop, wait for the drain, and take what did not stop in time out of the records."""
        alive = {row["id"] for row in live_workers(self.store, 3 * self.settings.heartbeat)}
        busy = [post for post in self.posts if post.name in alive and post.run is not None]
        for post in busy:
            post.actor.stop.remote()
        if busy:
            runs = [post.run for post in busy]
            self.ray.wait(runs, num_returns=len(runs), timeout=self.settings.drain + 3)
        for post in self.posts:
            self.ray.kill(post.actor)
        for post in busy:
            with suppress(*UNREACHABLE):  # then the lease runs out instead
                release_worker(self.store, post.name, self.settings.most_attempts)
        self.store.close()


MOVES = ("ActorDiedError", "ActorUnavailableError")
"""What Ray raises when it is already bringing a worker back, here or elsewhere."""


def place(settings: Settings, name: str, *, parent: int | None = None) -> None:
    """Keep workers on a cluster until SIGTERM, Ctrl-C, or ``parent`` is gone. Raises ``OzoraError``."""
    ended = threading.Event()
    ray = connect(settings.cluster)
    for kind in (signal.SIGTERM, signal.SIGINT):  # after Ray, which has handlers of its own
        signal.signal(kind, lambda *_: ended.set())
    found = Placement(ray, settings, name)
    try:
        while not ended.wait(LOOK):
            if parent is not None and os.getppid() != parent:
                break
            try:
                found.look()
            except UNREACHABLE as error:
                log.warning("storage unreachable", extra={"worker": name, "reason": first_line(error)})
        found.leave()
    finally:
        ray.shutdown()


def require_ray() -> None:
    """Raises ``OzoraError`` where Ray is not installed."""
    if find_spec("ray") is None:
        raise OzoraError("cluster: needs ray; install it with: pip install 'ozora[cluster]'.")


def connect(address: str) -> Any:
    """Ray, connected to a cluster that runs; raises ``OzoraError``."""
    require_ray()
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray

    try:
        _knock(address if address != "auto" else os.environ.get("RAY_ADDRESS", ""))
        ray.init(
            address=address, namespace=NAMESPACE, log_to_driver=False, logging_level="error",
            configure_logging=False,
        )  # fmt: skip
    except (ConnectionError, ValueError, RuntimeError, OSError) as error:
        told = f"auto or the HOST:PORT of a Ray cluster that this machine is part of ({first_line(error)})"
        raise refuse("cluster", address, told) from error
    return ray


def _knock(address: str) -> None:
    """Raise ``OSError`` at once where nobody listens: Ray itself would wait for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host.strip("[]"), int(port)), timeout=5).close()


def survey(settings: Settings) -> str:
    """Try from every machine of a cluster what its workers will need; returns a line about the cluster.

    Raises ``OzoraError`` for the first machine that has another Ozora, or does not see records or files.
    """
    from ozora.serve.blobs.opening import open_blobs

    ray = connect(settings.cluster)
    blobs, trial = open_blobs(settings), f"trials/{os.urandom(8).hex()}"
    try:
        machines = [machine for machine in ray.nodes() if machine["Alive"]]
        wanted = devices(machines, settings.workers)
        if not wanted:
            raise refuse("cluster", settings.cluster, "a Ray cluster with a GPU or a processor for a worker")
        addresses = {machine["NodeManagerAddress"] for machine in machines}
        if len(addresses) > 1 and settings.store_url.startswith("sqlite"):
            told = f"postgresql://… on a cluster: its {len(addresses)} machines cannot share SQLite's file"
            raise refuse("store", "sqlite", told)
        blobs.put(f"{trial}/mark", b"ozora")
        pinned = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
        filming = [machine for machine in machines if devices([machine], settings.workers)]
        tasks = [
            ray.remote(try_here)
            .options(num_cpus=0, scheduling_strategy=pinned(machine["NodeID"], soft=False))
            .remote(settings.to_json(), f"{trial}/mark", version())
            for machine in filming
        ]
        for told in ray.get(tasks, timeout=120):
            if told:
                raise OzoraError(told)
        workers = sum(wanted.values())
        return f"{len(tasks)} machines with {workers} workers see the same records and files"
    except ray.exceptions.RayError as error:
        raise OzoraError(f"cluster: a machine cannot run Ozora ({first_line(error)}).") from error
    finally:
        blobs.drop(trial)
        ray.shutdown()


def try_here(settings: str, mark: str, asked: str) -> str:
    """Run on a machine of the cluster: what its workers lack, in a sentence, or nothing."""
    from ozora.serve.blobs.opening import open_blobs

    where, found = f"cluster: {os.uname().nodename}", from_json(settings)
    if version() != asked:
        return f"{where} has Ozora {version()}, allowed: {asked}, as here."
    try:
        require_folder(found.data)
        Store(found.store_url).close()
        if open_blobs(found).path(mark) is None:
            kept = found.blobs or found.data
            return f"{where} does not see the files of {kept}; allowed: a folder all machines share, or S3."
    except Exception as error:
        return f"{where}: {first_line(error)}."
    return ""


def version() -> str:
    """This machine's Ozora."""
    from ozora import __version__

    return __version__


def first_line(error: BaseException) -> str:
    """What an error says, in a line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200].rstrip(".")
