"""A worker: claims jobs, films them with a renderer that stays warm, lives through whatever a job does."""

from __future__ import annotations

import contextlib
import os
import shutil
import threading
import time
from collections.abc import Callable
from typing import Any, TypeVar

from ozora.errors import OzoraError
from ozora.media.clip import Frames
from ozora.serve.blobs.opening import open_blobs
from ozora.serve.blobs.protocol import Blobs, UnreachableError
from ozora.serve.logs import log
from ozora.serve.render.deliver import deliver, moving_picture
from ozora.serve.render.drafts import FILES as DRAFT_FILES
from ozora.serve.render.drafts import STATE as DRAFT
from ozora.serve.render.order import Given, Order, Renderer, load_renderer
from ozora.serve.settings import Settings
from ozora.serve.state import SWEEP_EVERY, JobState, sweep_work
from ozora.serve.store import queue
from ozora.serve.store.engine import UNREACHABLE, Store
from ozora.serve.store.jobs import Job
from ozora.serve.wire.sizes import told_seconds

IDLE = 0.25
"""Seconds between looks into an empty queue."""

GLANCE = 0.2
"""Seconds between looks whether a job was cancelled; a step of any model takes about as long."""

RETRY = 1.0
"""Seconds between attempts to reach records or files that are away."""

RENDERING, WRITING = 0.85, 0.14
"""Shares of a job's progress; the last hundredth is the film lying safely on the disk."""

AWAY = (*UNREACHABLE, UnreachableError)
"""What records or files raise that cannot be reached: a worker waits for them, a film for its worker."""

Result = TypeVar("Result")

SHOW = 1.0
"""Seconds between live previews."""

FILES = ("video.mp4", "thumbnail.webp", "spritesheet.jpg")
BESIDE = ("source.latents.safetensors", "second.latents.safetensors")


class CancelledError(Exception):
    """The job was cancelled, deleted or taken over."""


class LeavingError(Exception):
    """The worker is asked to stop and cannot wait for the job's end."""


class LateError(Exception):
    """The job took longer than any may."""


class Worker:
    """One process's loop. ``stop`` ends it after the present job, or ``settings.drain`` seconds later."""

    def __init__(self, settings: Settings, name: str, *, parent: int | None = None) -> None:
        self.settings, self.name, self.parent = settings, name, parent
        self.store = Store(settings.store_url)
        self.blobs: Blobs = open_blobs(settings)
        self.renderer: Renderer = load_renderer(settings)
        self.model = self.renderer.card().name
        self.ready = False
        self._job: Job | None = None
        self._state: JobState | None = None
        self._sweep_at = 0.0
        self._progress = 0
        self._lost = False
        self._ended = threading.Event()
        self._stopping = threading.Event()
        self._leave_at = float("inf")

    def stop(self, *_: object) -> None:
        """Claim no more jobs; put the present one back if it does not end in time."""
        if not self._stopping.is_set():
            self._leave_at = time.monotonic() + self.settings.drain
        self._stopping.set()

    def run(self) -> None:
        """Film until stopped."""
        beats = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        beats.start()
        try:
            self.renderer.load()
            self.ready = True
            self._surely(queue.report_worker, self.store, self.name, self.model, ready=True)
            log.info("worker ready", extra={"worker": self.name, "model": self.model})
            while not self._stopping.is_set():
                try:
                    if not self.step():
                        self._rest()
                except AWAY as error:
                    self._wait_for(error)
        except LeavingError:
            pass
        finally:
            self._ended.set()
            beats.join(timeout=5)
            with contextlib.suppress(Exception):
                queue.remove_worker(self.store, self.name)
            self.store.close()
            log.info("worker stopped", extra={"worker": self.name})

    def _rest(self) -> None:
        if time.monotonic() >= self._sweep_at:
            sweep_work(self.store, self.settings.data)
            self._sweep_at = time.monotonic() + SWEEP_EVERY
        self._stopping.wait(IDLE)

    def _wait_for(self, error: Exception) -> None:
        """A moment until records or files may answer again; raises ``LeavingError`` when it is time to go."""
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        log.warning("storage unreachable", extra={"worker": self.name, "reason": reason})
        if self._stopping.is_set() and time.monotonic() > self._leave_at:
            raise LeavingError
        self._ended.wait(RETRY)

    def _surely(self, call: Callable[..., Result], *arguments: Any, **values: Any) -> Result:
        """What ``call`` returns, asked until records and files answer: what was filmed is not lost with them.

        Raises ``LeavingError`` when the worker must go before they do.
        """
        while True:
            try:
                return call(*arguments, **values)
            except AWAY as error:
                self._wait_for(error)

    def step(self) -> bool:
        """Film one job, if there is one; returns whether there was."""
        job = queue.claim(
            self.store, self.name, lease=self.settings.lease, most_attempts=self.settings.most_attempts
        )
        if job is None:
            return False
        self._job, self._progress, self._lost = job, job.progress, False
        log.info("job begun", extra={"worker": self.name, "job": job.id, "attempt": job.attempts})
        began = time.monotonic()
        try:
            outcome = self._film(job)
        finally:
            self._job = self._state = None
        spent = round(time.monotonic() - began, 3)
        log.info(
            "job ended", extra={"worker": self.name, "job": job.id, "outcome": outcome, "seconds": spent}
        )
        return True

    def _film(self, job: Job) -> str:
        """Film a job and write down what became of it; a job's fault never ends the worker."""
        try:
            self._make(job)
        except CancelledError:
            return self._fail(job, "cancelled", "The job was cancelled.")
        except LeavingError:
            with contextlib.suppress(*AWAY):  # then the lease runs out instead
                if self._state is not None:
                    self._state.keep(at_once=True)
                queue.give_back(self.store, job)
            return "given back"
        except LateError:
            limit = f"{self.settings.most_render:g}"
            return self._fail(job, "timeout", f"The film was not finished within {limit} seconds.")
        except OzoraError as error:
            return self._fail(job, "invalid_input", str(error))
        except MemoryError:
            return self._fail(job, "out_of_memory", "The machine has too little memory for this film.")
        except Exception as error:
            log.exception("job broke", extra={"worker": self.name, "job": job.id})
            if "out of memory" in str(error).lower():
                return self._fail(job, "out_of_memory", "The machine has too little memory for this film.")
            return self._fail(job, "server_error", "The film could not be made; the server's log says why.")
        return "completed"

    def _make(self, job: Job) -> None:
        order = Order.from_json(job.order)
        folder = f"videos/{job.id}"
        work = self.settings.data / "work" / job.id
        work.mkdir(parents=True, exist_ok=True)
        state = JobState(self.blobs, job.id, work)
        self._surely(state.fetch)
        given, self._state = self._given(order, folder), state
        began, cpu = time.monotonic(), time.process_time()
        glanced = showed = 0.0

        def tell(share: float, preview: Frames | None = None) -> None:
            nonlocal glanced, showed
            self._progress = max(self._progress, int(100 * share))
            moment = time.monotonic()
            if self._lost:
                raise CancelledError
            if self._stopping.is_set() and moment > self._leave_at:
                raise LeavingError
            if moment - began > self.settings.most_render:
                raise LateError
            if moment - glanced >= GLANCE:
                glanced = moment
                with contextlib.suppress(*UNREACHABLE):
                    if queue.asked_to_stop(self.store, job):
                        raise CancelledError
            if preview is not None and moment - showed >= SHOW:
                showed = moment
                with contextlib.suppress(*UNREACHABLE):
                    queue.show_preview(self.store, job, moving_picture(preview))

        def rendering(share: float, preview: Frames | None = None) -> None:
            tell(RENDERING * share, preview)

        def writing(share: float, preview: Frames | None = None) -> None:
            tell(RENDERING + WRITING * share)

        rendered = self.renderer.render(order, given, work, rendering)
        made = deliver(rendered.clip, order, work, writing)
        made |= rendered.about
        for name, path in ({name: work / name for name in FILES} | dict(rendered.keep)).items():
            self._surely(self.blobs.put, f"{folder}/{name}", path)
        receipt = {
            **rendered.receipt, "wall_seconds": round(time.monotonic() - began, 3),
            "cpu_seconds": round(time.process_time() - cpu, 3), "attempts": job.attempts,
        }  # fmt: skip
        self._state = None
        done = self._surely(
            queue.complete, self.store, job, seconds=told_seconds(made["num_frames"], made["fps"]), made=made,
            receipt=receipt, keep_hours=self.settings.keep_hours,
        )  # fmt: skip
        if not done:
            raise CancelledError
        shutil.rmtree(work, ignore_errors=True)
        if self.blobs.remote:
            with contextlib.suppress(UnreachableError):
                self.blobs.drop(f"{folder}/state")

    def _given(self, order: Order, folder: str) -> Given:
        """Local copies of what an order comes with; of latents beside a film too."""
        names = ("image", "source.mp4", "second.mp4", *BESIDE, *DRAFT_FILES, *order.pictures)
        paths = {name: self._surely(self.blobs.path, f"{folder}/{name}") for name in names}
        pictures = {name: path for name in order.pictures if (path := paths[name]) is not None}
        return Given(paths["image"], paths["source.mp4"], paths["second.mp4"], paths[DRAFT], pictures)

    def _fail(self, job: Job, code: str, message: str) -> str:
        if self._surely(queue.fail_held, self.store, job, code, message):
            shutil.rmtree(self.settings.data / "work" / job.id, ignore_errors=True)
            with contextlib.suppress(UnreachableError):  # housekeeping empties what is left
                self.blobs.drop(f"videos/{job.id}")
        return code

    def _beat(self) -> None:
        """Renew the lease, report progress, and notice a server that died."""
        while not self._ended.wait(self.settings.heartbeat if self._job is None else self._pace()):
            if self.parent is not None and os.getppid() != self.parent:
                # Whoever started us is gone; a new server brings its own workers.
                self._leave_at = 0.0
                self._stopping.set()
            try:
                self._report()
                if (state := self._state) is not None:
                    state.keep()
            except AWAY as error:
                reason = str(getattr(error, "orig", None) or error).splitlines()[0]
                log.warning("heartbeat failed", extra={"worker": self.name, "reason": reason})
            except Exception:
                log.exception("heartbeat failed", extra={"worker": self.name})

    def _pace(self) -> float:
        return min(1.0, self.settings.heartbeat)

    def _report(self) -> None:
        job = self._job
        name = None if job is None else job.id
        queue.report_worker(self.store, self.name, self.model, ready=self.ready, job=name)
        if job is not None and queue.beat(self.store, job, self._progress, self.settings.lease) != "go":
            # Also so when the job ended this very moment: then nobody listens.
            self._lost = self._job is job
