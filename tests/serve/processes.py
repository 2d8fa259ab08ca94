"""A server in a process of its own, to be killed."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
from stores import store_url

HERE = Path(__file__).parent
ENVIRONMENT = {
    **os.environ,
    "PYTHONPATH": os.pathsep.join([str(HERE.parents[1] / "src"), str(HERE)]),
    "OMP_NUM_THREADS": "1",
}


class Served:
    """``ozora serve`` with the painter: start it, kill it or its workers, start it again on the same data."""

    def __init__(self, folder, *options, workers=1, lease=6, store=""):
        with socket.socket() as trial:
            trial.bind(("127.0.0.1", 0))
            self.port = trial.getsockname()[1]
        self.folder, self.url = Path(folder), f"http://127.0.0.1:{self.port}"
        self.command = [
            sys.executable, "-m", "ozora", "serve", "--data", str(folder), "--port", str(self.port),
            "--workers", str(workers), "--lease", str(lease), "--renderer", "painter:Painter",
            "--rate", "100000", "--queue", "100000", *options,
        ]  # fmt: skip
        self.store = store or store_url(folder)
        if self.store:
            self.command += ["--store", self.store]
        self.http = httpx.Client(base_url=f"{self.url}/v1", timeout=20)
        self.process = None

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command, env=ENVIRONMENT, stdout=log, stderr=log, start_new_session=True
            )
        self.wait("/health")
        return self

    def wait(self, path="/ready", within=60):
        ends = time.monotonic() + within
        while True:
            with contextlib.suppress(httpx.HTTPError):
                if self.http.get(self.url + path).status_code == 200:
                    return
            if time.monotonic() > ends or self.process.poll() is not None:
                raise AssertionError((self.folder / "log").read_text()[-3000:])
            time.sleep(0.05)

    def workers(self):
        """Process ids of the workers."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid)], capture_output=True, text=True, check=False
        )
        return [int(line) for line in found.stdout.split()]

    def kill(self, what):
        """End the "worker", the "server", or "both", without a word of warning."""
        workers = self.workers()
        if what in ("server", "both"):
            self.process.kill()
            self.process.wait()
        if what in ("worker", "both"):
            for pid in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def stop(self, within=30):
        """Ask it to stop; returns its exit code."""
        if self.process is None or self.process.poll() is not None:
            return None
        workers = self.workers()
        self.process.terminate()
        try:
            return self.process.wait(within)
        finally:
            self.process.kill()
            for pid in workers:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    def create(self, key, within=90, **values):
        """Ask until it is accepted, as a careful client does."""
        ends = time.monotonic() + within
        while True:
            with contextlib.suppress(httpx.HTTPError):
                reply = self.http.post("/videos", json=values, headers={"idempotency-key": key})
                if reply.status_code == 200:
                    return reply.json()["id"]
                assert reply.status_code in (429, 503), reply.text
            assert time.monotonic() < ends
            time.sleep(0.1)

    def finished(self, name, within=120):
        ends = time.monotonic() + within
        while True:
            with contextlib.suppress(httpx.HTTPError):
                video = self.http.get(f"/videos/{name}").json()
                if video["status"] in ("completed", "failed"):
                    return video
            assert time.monotonic() < ends, (self.folder / "log").read_text()[-3000:]
            time.sleep(0.05)
