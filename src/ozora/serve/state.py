"""What an interrupted job goes on from, kept where a worker on another machine finds it."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

from sqlalchemy import select

from ozora.serve.blobs.protocol import Blobs
from ozora.serve.render.order import STATE
from ozora.serve.store.engine import Store
from ozora.serve.store.jobs import TERMINAL
from ozora.serve.store.tables import jobs

EVERY = 5.0
"""Seconds between copies of a job's state: as much denoising may be repeated on another machine."""

SWEEP_EVERY = 600.0


class JobState:
    """A job's state, from and to remote blobs. A folder that all share is where it is filmed, too: no copies.

    Used by the worker's heartbeat, so that the film does not wait for the copies.
    """

    def __init__(self, blobs: Blobs, job: str, work: Path) -> None:
        self.blobs, self.folder, self.work = blobs, f"videos/{job}/state", work
        self._kept: dict[str, int] = {}
        self._due = 0.0

    def fetch(self) -> None:
        """Bring what an earlier attempt left, unless this machine has it; raises ``UnreachableError``."""
        if not self.blobs.remote or any(self.work.glob(STATE)):
            return
        for name in self.blobs.names(self.folder):
            found = self.blobs.path(name)
            if found is not None:
                shutil.copyfile(found, self.work / Path(name).name)

    def keep(self, *, at_once: bool = False) -> None:
        """Copy what changed, a few seconds after the last time; raises ``UnreachableError``."""
        if not self.blobs.remote or (time.monotonic() < self._due and not at_once):
            return
        for path in self.work.glob(STATE):
            try:
                # It is replaced whole: what is read is one moment of it.
                marked, data = path.stat().st_mtime_ns, path.read_bytes()
            except FileNotFoundError:
                continue
            if self._kept.get(path.name) != marked:
                self.blobs.put(f"{self.folder}/{path.name}", data)
                self._kept[path.name] = marked
                self._due = time.monotonic() + EVERY


def sweep_work(store: Store, data: Path) -> None:
    """Remove what is left on this machine of jobs that ended on another."""
    for folder in (data / "work").glob("*"):
        with store.read() as connection:
            status = connection.scalar(select(jobs.c.status).where(jobs.c.id == folder.name))
        if status is None or status in TERMINAL:
            shutil.rmtree(folder, ignore_errors=True)
