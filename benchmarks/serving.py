"""How quickly the server answers while thousands of jobs wait.

    python benchmarks/serving.py [--queued 10000] [--rate 100] [--seconds 20]

Fills the store with queued jobs, starts `ozora serve` without workers in a process of its own, and asks it at
a steady rate (a third each: list, retrieve, create), each request at its own moment whether or not the ones
before have been answered. Prints medians and 99th percentiles in milliseconds, and how busy the machine was.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "serve"))
BAR = 30.0


def fill(folder: Path, count: int) -> list[str]:
    """Write ``count`` queued jobs straight into the store; returns their ids."""
    from sqlalchemy import insert

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
            "seconds": "4", "length": 4.0, "seed": number, "order": {}, "fingerprint": "x",
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


async def ask(url: str, ids: list[str], rate: float, seconds: float) -> dict[str, list[float]]:
    """Milliseconds of every answer, by operation."""
    import httpx

    found: dict[str, list[float]] = {"list": [], "retrieve": [], "create": []}
    limits = httpx.Limits(max_connections=64, max_keepalive_connections=64)
    async with httpx.AsyncClient(base_url=f"{url}/v1", timeout=30, limits=limits) as client:

        async def one(number: int) -> None:
            kind = ("list", "retrieve", "create")[number % 3]
            call = {
                "list": lambda: client.get("/videos", params={"limit": 20, "after": ids[-number % len(ids)]}),
                "retrieve": lambda: client.get(f"/videos/{ids[number * 7919 % len(ids)]}"),
                "create": lambda: client.post(
                    "/videos", json={"prompt": f"a ball {number}", "size": "1280x720"}
                ),
            }[kind]
            began = time.perf_counter()
            reply = await call()
            assert reply.status_code == 200, reply.text
            found[kind].append((time.perf_counter() - began) * 1000)

        await asyncio.gather(
            *(one(number) for number in range(3))
        )  # connections are made before the clock runs
        for times in found.values():
            times.clear()
        began, tasks = time.perf_counter(), []
        for number in range(3, 3 + int(rate * seconds)):
            await asyncio.sleep(max(0.0, began + (number - 3) / rate - time.perf_counter()))
            tasks.append(asyncio.create_task(one(number)))
        await asyncio.gather(*tasks)
    return found


def main() -> None:
    """Measure and print the table; the exit status says whether the bar of 30 ms holds."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--queued", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--seconds", type=float, default=20)
    arguments = parser.parse_args()
    from processes import Served

    with tempfile.TemporaryDirectory(prefix="ozora-") as folder:
        data = Path(folder) / "data"
        ids = fill(data, arguments.queued)
        served = Served(data, workers=0).start()
        try:
            busy, before = os.getloadavg()[0], computed(served.process.pid)
            found = asyncio.run(ask(served.url, ids, arguments.rate, arguments.seconds))
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
    sys.exit(0 if worst <= BAR else 1)


if __name__ == "__main__":
    main()
