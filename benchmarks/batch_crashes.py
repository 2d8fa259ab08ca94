"""kill -9 at random moments while batches are made, checked, filmed and finished: is every line there once?

    python benchmarks/batch_crashes.py [--batches 4] [--lines 40] [--kills 12] [--seed 0]

Starts `ozora serve` with two workers and the painter of the tests, sends batches (every POST with an
Idempotency-Key, again until it is answered), and kills the server, its workers or both meanwhile. At the end
each batch must be completed, each `custom_id` stand in its files exactly once, each film be there, and no
video be in the list that no line knows. The exit status says whether all of that held.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import json
import random
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "serve"))


def lines_of(batch: int, count: int) -> bytes:
    """A file of creates, one in ten of which will be refused."""
    rows = []
    for number in range(count):
        body = {"prompt": f"ball {number}", "size": "96x64", "num_frames": 2, "seed": number}
        body |= {"sise": 1} if number % 10 == 9 else {}
        row = {"custom_id": f"{batch}-{number}", "method": "POST", "url": "/v1/videos", "body": body}
        rows.append(json.dumps(row))
    return "\n".join(rows).encode()


def insist(http: httpx.Client, method: str, path: str, within: float = 240, **body: Any) -> Any:
    """Ask until there is an answer, as a careful client does."""
    ends = time.monotonic() + within
    while True:
        with contextlib.suppress(httpx.HTTPError):
            reply = http.request(method, path, **body)
            if reply.status_code == 200:
                return reply
            assert reply.status_code in (429, 503), reply.text
        assert time.monotonic() < ends, path
        time.sleep(0.1)


def send(http: httpx.Client, number: int, count: int) -> str:
    """Upload a file and create its batch; returns the batch's id."""
    parts = {"files": {"file": ("lines.jsonl", lines_of(number, count))}, "data": {"purpose": "batch"}}
    file = insist(http, "POST", "/files", headers={"idempotency-key": f"file-{number}"}, **parts).json()
    body = {"input_file_id": file["id"], "endpoint": "/v1/videos", "completion_window": "24h"}
    key = {"idempotency-key": f"batch-{number}"}
    return str(insist(http, "POST", "/batches", headers=key, json=body).json()["id"])


def rows_of(http: httpx.Client, batch: dict[str, Any]) -> list[dict[str, Any]]:
    """Every line of a batch's two files."""
    found: list[dict[str, Any]] = []
    for name in (batch["output_file_id"], batch["error_file_id"]):
        if name is not None:
            text = insist(http, "GET", f"/files/{name}/content").text
            found += [json.loads(line) for line in text.splitlines()]
    return found


def main() -> None:
    """Kill, wait, count."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--batches", type=int, default=4)
    parser.add_argument("--lines", type=int, default=40)
    parser.add_argument("--kills", type=int, default=12)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    from processes import Served

    chance, killed = random.Random(arguments.seed), collections.Counter[str]()
    names: list[str] = []
    with tempfile.TemporaryDirectory(prefix="ozora-") as folder:
        served = Served(Path(folder) / "data", workers=2, lease=6).start()

        def ask() -> None:
            with httpx.Client(base_url=served.http.base_url, timeout=20) as http:
                for number in range(arguments.batches):
                    names.append(send(http, number, arguments.lines))

        asking = threading.Thread(target=ask)
        asking.start()
        try:
            for _ in range(arguments.kills):
                time.sleep(chance.uniform(0, 2))
                what = chance.choice(("worker", "server", "both"))
                served.kill(what)
                killed[what] += 1
                if what != "worker":
                    served.start()
            asking.join()
            rows, states, began = [], collections.Counter[str](), time.monotonic()
            for name in names:
                batch = insist(served.http, "GET", f"/batches/{name}").json()
                while batch["status"] in ("validating", "in_progress", "finalizing"):
                    assert time.monotonic() - began < 600, batch
                    time.sleep(0.2)
                    batch = insist(served.http, "GET", f"/batches/{name}").json()
                states[batch["status"]] += 1
                rows += rows_of(served.http, batch)
            films, missing = [], 0
            for row in rows:
                body = row["response"]["body"]
                if row["response"]["status_code"] == 200:
                    films.append(body["id"])
                    film = insist(served.http, "GET", f"/videos/{body['id']}/content").content
                    missing += film[4:8] != b"ftyp"
            listed: list[str] = []
            more = True
            while more:
                after = {"after": listed[-1]} if listed else {}
                told = insist(served.http, "GET", "/videos", params={"limit": 100, **after}).json()
                listed += [video["id"] for video in told["data"]]
                more = told["has_more"]
        finally:
            served.stop()
    wanted = {f"{batch}-{n}" for batch in range(arguments.batches) for n in range(arguments.lines)}
    given = collections.Counter(row["custom_id"] for row in rows)
    lost, twice = wanted - set(given), sum(count - 1 for count in given.values())
    print(f"killed        {dict(killed)}")
    print(f"batches       {len(set(names))} of {arguments.batches}: {dict(states)}")
    print(f"lines         {len(given)}, lost {len(lost)}, twice {twice}")
    print(f"films         {len(films)}, without a file {missing}")
    print(f"of no line    {len(set(listed) - set(films))}")
    well = len(set(names)) == arguments.batches == states["completed"] and set(films) == set(listed)
    sys.exit(0 if well and not lost and not twice and not missing else 1)


if __name__ == "__main__":
    main()
