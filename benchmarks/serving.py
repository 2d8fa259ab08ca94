"""How quickly the server answers while thousands of jobs wait, and how much memory it takes in the long run.

    python benchmarks/serving.py [--queued 10000] [--rate 100] [--seconds 20]
    python benchmarks/serving.py --minutes 30 --rate 25

Fills the store with queued jobs, starts `ozora serve` in a process of its own, and asks it at a steady rate,
each request at its own moment whether or not the ones before have been answered. Without ``--minutes``: no
worker, a third each list, retrieve and create; prints medians and 99th percentiles in milliseconds. With
``--minutes``: a worker films, films are fetched and expire, as many jobs are deleted as are made; prints the
least memory that server and worker had in every minute, and how fast that grows in the second half.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import re
import statistics
import sys
import tempfile
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from itertools import cycle
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "serve"))
BAR = 30.0
"""Milliseconds that 99 of 100 answers may take."""

LINE_LIFE = 30.0
"""Seconds after which an unused connection is not used again; the server hangs up after 75."""

MOST_GROWTH = 10.0
"""MiB an hour that a process may grow in the second half of a long run."""


def fill(folder: Path, count: int) -> list[str]:
    """Write ``count`` queued jobs straight into the store; returns their ids."""
    from sqlalchemy import insert

    from ozora.serve.render.order import Order
    from ozora.serve.store.engine import Store, new_id, now
    from ozora.serve.store.tables import jobs

    folder.mkdir(parents=True)
    store = Store(f"sqlite:///{folder / 'ozora.db'}")
    moment = now() - 3_600_000_000
    rows = [
        {
            "id": new_id("video"), "owner": "local", "verb": "create", "status": "queued",
            "created": moment + number,
            "model": "sora-2", "served_model": "painter", "prompt": f"ball {number}", "size": "1280x720",
            "seconds": "4", "length": 4.0, "seed": number, "fingerprint": "x",
            "order": Order("create", f"ball {number}", 1280, 720, 48, number).to_json(),
        }
        for number in range(count)
    ]  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(jobs), rows)
    store.close()
    return [str(row["id"]) for row in rows]


def computed(pid: int) -> float:
    """Seconds of processor time of a process: what it took, however busy the machine was."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """MiB of memory of a process that are its own (not those of files it maps)."""
    found = re.search(r"RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) / 1024


class Lines:
    """Kept-alive connections to one server: a client so light that the times are the server's."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.idle: deque[tuple[float, asyncio.StreamReader, asyncio.StreamWriter]] = deque()

    async def ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, bytes]:
        """Status and body of one request."""
        data = b"" if body is None else json.dumps(body).encode()
        head = f"{method} /v1{path} HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n"
        while self.idle and self.idle[0][0] < time.monotonic() - LINE_LIFE:
            self.idle.popleft()[2].close()
        line = self.idle.pop()[1:] if self.idle else await asyncio.open_connection("127.0.0.1", self.port)
        line[1].write(f"{head}content-length: {len(data)}\r\n\r\n".encode() + data)
        told = (await line[0].readuntil(b"\r\n\r\n")).lower()
        length = re.search(rb"\r\ncontent-length: (\d+)", told)
        assert length is not None
        came = await line[0].readexactly(int(length[1]))
        self.idle.append((time.monotonic(), *line))
        return int(told[9:12]), came

    async def well(self, method: str, path: str, body: dict[str, Any] | None = None) -> bytes:
        """The body of a request that must go well."""
        status, came = await self.ask(method, path, body)
        assert status == 200, came
        return came


async def steadily(rate: float, count: int, one: Callable[[int], Awaitable[None]]) -> None:
    """Begin ``count`` requests at a steady rate, and wait for all of them."""
    began, under_way = time.perf_counter(), set()
    for number in range(count):
        await asyncio.sleep(max(0.0, began + number / rate - time.perf_counter()))
        task = asyncio.ensure_future(one(number))
        under_way.add(task)
        task.add_done_callback(under_way.discard)
        if task.done():
            task.result()
    await asyncio.gather(*under_way)


async def answers(port: int, ids: list[str], rate: float, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of every answer, by operation."""
    lines, found = Lines(port), {"list": [], "retrieve": [], "create": []}  # type: Lines, dict[str, list[float]]

    async def one(number: int) -> None:
        kind = ("list", "retrieve", "create")[number % 3]
        began = time.perf_counter()
        if kind == "list":
            await lines.well("GET", f"/videos?limit=20&after={ids[-number % len(ids)]}")
        elif kind == "retrieve":
            await lines.well("GET", f"/videos/{ids[number * 7919 % len(ids)]}")
        else:
            await lines.well("POST", "/videos", {"prompt": f"a ball {number}", "size": "1280x720"})
        found[kind].append((time.perf_counter() - began) * 1000)

    await steadily(rate, 3, one)  # connections are made before the clock runs
    for times in found.values():
        times.clear()
    await steadily(rate, int(rate * seconds), one)
    return found


async def live(lines: Lines, ids: deque[str], rate: float, seconds: float) -> int:
    """The same with films fetched as long as they are there, and as many jobs deleted as are made.

    Returns how many films were fetched. ``ids`` are the jobs that are there, the oldest first.
    """
    fetched, places = 0, cycle(range(400))

    async def look(name: str) -> None:
        nonlocal fetched
        if json.loads(await lines.well("GET", f"/videos/{name}"))["status"] != "completed":
            return
        status, film = await lines.ask("GET", f"/videos/{name}/content")
        fetched += status == 200 and film[4:8] == b"ftyp"
        if status == 404 and name in ids:  # expired
            ids.remove(name)
            await lines.well("DELETE", f"/videos/{name}")

    async def one(number: int) -> None:
        kind = number % 4
        if kind == 0:
            await lines.well("GET", f"/videos?limit=20&after={ids[number * 7919 % len(ids)]}")
        elif kind == 1:
            await look(ids[next(places)])
        elif kind == 2:
            made = await lines.well("POST", "/videos", {"prompt": f"a ball {number}", "size": "1280x720"})
            ids.append(json.loads(made)["id"])
        else:
            await lines.well("DELETE", f"/videos/{ids.pop()}")

    await steadily(rate, int(rate * seconds), one)
    return fetched


def growth(minutes: list[float]) -> float:
    """MiB an hour that the second half of a series of MiB, one a minute, grows by (least squares)."""
    late = minutes[len(minutes) // 2 :]
    return statistics.linear_regression(range(len(late)), late).slope * 60


def quick(folder: Path, arguments: argparse.Namespace) -> bool:
    """Measure and print how quickly the server answers; whether the bar holds."""
    from processes import Served

    ids = fill(folder, arguments.queued)
    served = Served(folder, workers=0).start()
    try:
        busy, before = os.getloadavg()[0], computed(served.process.pid)
        found = asyncio.run(answers(served.port, ids, arguments.rate, arguments.seconds))
        spent = computed(served.process.pid) - before
    finally:
        served.stop()
    print(f"{arguments.queued} jobs queued, {arguments.rate:g} requests a second for {arguments.seconds:g} s")
    print(f"{os.cpu_count()} cores, load {busy:.1f} before and {os.getloadavg()[0]:.1f} after")
    count = sum(len(times) for times in found.values())
    print(f"{1000 * spent / count:.1f} ms of processor time for each of {count} answers")
    print(f"{'':10}{'answers':>9}{'median':>9}{'p99':>9}{'worst':>9}  ms")
    worst = 0.0
    for kind, times in found.items():
        p99 = statistics.quantiles(times, n=100)[98]
        worst = max(worst, p99)
        print(f"{kind:10}{len(times):9}{statistics.median(times):9.1f}{p99:9.1f}{max(times):9.1f}")
    return worst <= BAR


async def lasting(folder: Path, arguments: argparse.Namespace) -> bool:
    """Measure and print how memory grows; whether it is flat."""
    from processes import Served

    ids = deque(fill(folder, arguments.queued))
    # Films expire within the run, so that housekeeping has something to do.
    served = Served(folder, "--keep-hours", "0.03", workers=1).start()
    served.wait()
    lines, fetched = Lines(served.port), 0
    print(f"{arguments.queued} jobs queued, {arguments.rate:g} requests a second")
    print(f"{'':9}{'MiB of memory':>18}{'MiB on disk':>18}")
    names = ("minute", "server", "worker", "store", "films", "queued", "fetched")
    print("".join(f"{name:>9}" for name in names))
    found: dict[str, list[float]] = {"server": [], "worker": []}
    try:
        for minute in range(arguments.minutes + 1):
            pids = {"server": served.process.pid, "worker": served.workers()[0]}
            work = live(lines, ids, arguments.rate, 60 if minute else 1)
            fetched += await watched(work, pids, found)
            store, films = on_disk(folder, "ozora.db*"), on_disk(folder, "videos/*/*")
            waiting = json.loads(await lines.well("GET", "/queue"))["queued"]
            row = (found["server"][-1], found["worker"][-1], store, films)
            told = "".join(f"{value:9.1f}" for value in row)
            print(f"{minute:9}{told}{waiting:9}{fetched:9}", flush=True)
    finally:
        served.stop()
    grown = {name: growth(values) for name, values in found.items()}
    told = " and ".join(f"{value:+.1f} MiB an hour ({name})" for name, value in grown.items())
    print(f"the second half grows by {told}")
    return max(grown.values()) <= MOST_GROWTH


async def watched(work: Coroutine[Any, Any, int], pids: dict[str, int], found: dict[str, list[float]]) -> int:
    """Do some work, and add the least memory each process had meanwhile: a worker's between two films."""
    task = asyncio.ensure_future(work)
    least = dict.fromkeys(pids, float("inf"))
    while not task.done():
        await asyncio.wait([task], timeout=0.2)
        least = {name: min(before, memory(pids[name])) for name, before in least.items()}
    for name, value in least.items():
        found[name].append(value)
    return task.result()


def on_disk(folder: Path, pattern: str) -> float:
    """MiB of the files of a pattern; some may vanish meanwhile."""
    sizes = 0
    for path in folder.glob(pattern):
        with contextlib.suppress(FileNotFoundError):
            sizes += path.stat().st_size
    return sizes / 2**20


def main() -> None:
    """Measure and print the table; the exit status says whether the bar holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--minutes", type=int, default=0)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ozora-") as folder:
        data = Path(folder) / "data"
        well = asyncio.run(lasting(data, arguments)) if arguments.minutes else quick(data, arguments)
    sys.exit(0 if well else 1)


if __name__ == "__main__":
    main()
