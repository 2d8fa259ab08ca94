"""`ozora serve`: the application, its workers and its housekeeping in one command."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ozora.backends.machine import share_memory
from ozora.errors import OzoraError
from ozora.serve.app import create_app
from ozora.serve.batches.keeping import keeping
from ozora.serve.blobs.opening import open_blobs
from ozora.serve.callbacks import deliver_due
from ozora.serve.cluster import require_ray
from ozora.serve.house import House
from ozora.serve.housekeeping import tidy
from ozora.serve.logs import log, start_logging
from ozora.serve.render.order import load_renderer
from ozora.serve.settings import ENVIRONMENT, Settings, require_folder
from ozora.serve.store.engine import UNREACHABLE, Store
from ozora.serve.store.keys import any_keys
from ozora.serve.store.queue import release_worker

LOOK, TIDY_EVERY, POST_EVERY = 0.25, 10.0, 0.5
"""Seconds between looks at the workers, rounds of housekeeping, and rounds of the postman."""

TURN = 0.0005
"""Seconds until a thread lets another one run."""

QUICK_DEATH, LONGEST_PAUSE = 5.0, 30.0


def open_house(settings: Settings) -> House:
    """Open the store and the folder, and read what the model films; raises ``OzoraError``."""
    require_folder(settings.data)
    store = Store(settings.store_url)
    return House(settings, store, open_blobs(settings), load_renderer(settings).card())


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C; then finish what can be finished in ``settings.drain`` seconds."""
    import uvicorn

    start_logging()
    share_memory()
    # The threads that commit creates share the interpreter with the loop; 5 ms is a long wait for a turn.
    sys.setswitchinterval(TURN)
    if settings.cluster:
        require_ray()
    house = open_house(settings)
    check_exposure(house)
    app = create_app(house, lifespan)
    config = uvicorn.Config(
        app, host=settings.host, port=settings.port, log_config=None, access_log=False,
        timeout_graceful_shutdown=5, server_header=False, timeout_keep_alive=75,
    )  # fmt: skip
    log.info(
        "serving", extra={
            "address": f"http://{settings.host}:{settings.port}/v1", "data": str(settings.data)
        }
    )
    # The web server raises the signal that ended it once more; that must not end us before all is closed.
    signal.signal(signal.SIGTERM, lambda *_: None)
    try:
        uvicorn.Server(config).run()
    finally:
        house.store.close()
        log.info("stopped")


def check_exposure(house: House) -> None:
    """Refuse to listen where others can reach us while anybody may call."""
    if not house.settings.loopback and not any_keys(house.store):
        raise OzoraError(
            f"host: got {house.settings.host!r}, which other machines reach, and there are no API keys; "
            "allowed: 127.0.0.1, or any address after 'ozora keys add NAME'."
        )


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Start workers and housekeeping with the application, and stop them with it."""
    house: House = app.state.house
    crew = Crew(house.settings, house.store)
    crew.start()
    ended = threading.Event()
    rounds = [
        threading.Thread(target=_every, args=(POST_EVERY, ended, _post, house), daemon=True, name="postman"),
        threading.Thread(
            target=_every, args=(TIDY_EVERY, ended, tidy, house), daemon=True, name="housekeeper"
        ),
    ]
    for thread in rounds:
        thread.start()
    try:
        async with keeping(house):
            yield
    finally:
        house.draining = True
        log.info("stopping", extra={"drain": house.settings.drain})
        ended.set()
        await asyncio.to_thread(crew.stop)
        for thread in rounds:
            await asyncio.to_thread(thread.join, 12)


def _post(house: House) -> None:
    for outcome in deliver_due(house.store, house.settings.trusted):
        house.metrics.deliveries.labels("delivered" if outcome.well else "failed").inc()


def _every(seconds: float, ended: threading.Event, call: object, house: House) -> None:
    while not ended.wait(seconds):
        try:
            call(house)  # type: ignore[operator]
        except Exception:
            log.exception("housekeeping failed", extra={"what": getattr(call, "__name__", "")})


class Crew:
    """The worker processes of a server: started with it, started again when they die, stopped with it."""

    def __init__(self, settings: Settings, store: Store) -> None:
        self.settings, self.store = settings, store
        self._posts: list[_Post] = []
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look, name="crew", daemon=True)

    def start(self) -> None:
        """Start every worker and the one who looks after them."""
        stem = f"{os.uname().nodename[:24]}-{os.getpid()}"
        # On a cluster one process places the workers; Ray looks after them.
        count = 1 if self.settings.cluster else self.settings.workers
        self._posts = [_Post(f"{stem}-{number}", self.settings) for number in range(count)]
        for post in self._posts:
            post.start()
        self._watch.start()

    def stop(self) -> None:
        """Ask all to stop, wait for the drain and a little more, then end those that are left."""
        self._ended.set()
        self._watch.join(timeout=5)
        for post in self._posts:
            if post.process is not None and post.process.poll() is None:
                post.process.terminate()
        ends = time.monotonic() + self.settings.drain + 5
        for post in self._posts:
            if post.process is None:
                continue
            with contextlib.suppress(subprocess.TimeoutExpired):
                post.process.wait(max(0.1, ends - time.monotonic()))
            if post.process.poll() is None:
                post.process.kill()
                post.process.wait()
            with contextlib.suppress(*UNREACHABLE):  # then the lease runs out instead
                release_worker(self.store, post.name, self.settings.most_attempts)

    def _look(self) -> None:
        while not self._ended.wait(LOOK):
            for post in self._posts:
                try:
                    if post.process is not None and post.process.poll() is not None:
                        log.warning(
                            "worker died", extra={"worker": post.name, "code": post.process.returncode}
                        )
                        post.died()
                        # Its job need not wait for the lease to run out: we know that it is gone.
                        release_worker(self.store, post.name, self.settings.most_attempts)
                    if post.process is None and time.monotonic() >= post.rests_until:
                        post.start()
                except Exception:
                    log.exception("crew failed", extra={"worker": post.name})


class _Post:
    """One worker's place: whoever dies at it is replaced, ever more slowly if they die at once."""

    def __init__(self, stem: str, settings: Settings) -> None:
        self.stem, self.settings = stem, settings
        self.name, self.process = stem, None  # type: tuple[str, subprocess.Popen[bytes] | None]
        self.starts, self.pause, self.began, self.rests_until = 0, 0.0, 0.0, 0.0

    def died(self) -> None:
        """Note a death: whoever dies at once is replaced after a pause, each time twice as long."""
        self.process = None
        quick = time.monotonic() - self.began < QUICK_DEATH
        self.pause = min(LONGEST_PAUSE, max(0.5, self.pause * 2)) if quick else 0.0
        self.rests_until = time.monotonic() + self.pause

    def start(self) -> None:
        """Start a worker under a name that none before it had."""
        self.starts, self.began = self.starts + 1, time.monotonic()
        self.name = f"{self.stem}-{self.starts}"
        command = [sys.executable, "-m", "ozora", "worker", "--name", self.name, "--parent", str(os.getpid())]
        environment = {**os.environ, ENVIRONMENT: self.settings.to_json()}
        self.process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL)
