"""kill -9 at random moments under load: is every accepted job finished once, or failed with a reason?

    python benchmarks/crashes.py [--moments 100] [--seed 0] [--store postgresql]

Starts `ozora serve` with two workers and the painter of the tests, keeps creating films, and at random
moments kills a worker, the server, or everything, starting again what does not start by itself. At the end
every job must be terminal, none lost, none made twice, every completed film on the disk and of the right
length. Prints a table; the exit status says whether all of that held.

With `--store postgresql` two servers answer for one database, asked by turns; the database is a throwaway
server from the binaries on this machine and is killed and started again, too. `--store postgresql://…` takes
one that is there, and leaves it alive.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "serve"))


class Servers:
    """Servers of one store, asked by turns."""

    def __init__(self, servers: list[Any], database: Any = None) -> None:
        self.servers, self.database, self.turn = servers, database, 0

    def next(self) -> Any:
        """The server whose turn it is."""
        self.turn += 1
        return self.servers[self.turn % len(self.servers)]

    def kill(self, what: str, chance: random.Random) -> None:
        """Kill something, and start again what does not start by itself."""
        if what == "database":
            self.database.stop()
            time.sleep(chance.uniform(0, 2))
            self.database.start()
            return
        victims = self.servers if what == "everything" else [chance.choice(self.servers)]
        for victim in victims:
            victim.kill("both" if what == "everything" else what)
        for victim in victims:
            if what != "worker":
                victim.start()

    def create(self, key: str, **values: Any) -> str:
        """Ask one server after the other until one accepts."""
        ends = time.monotonic() + 120
        while True:
            with contextlib.suppress(httpx.HTTPError):
                reply = self.next().http.post("/videos", json=values, headers={"idempotency-key": key})
                if reply.status_code == 200:
                    return str(reply.json()["id"])
                assert reply.status_code in (429, 503), reply.text
            assert time.monotonic() < ends
            time.sleep(0.1)

    def ended(self, name: str, within: float = 300) -> dict[str, Any]:
        """A job's end, as one server and then the other tells it."""
        ends = time.monotonic() + within
        while True:
            with contextlib.suppress(httpx.HTTPError):
                reply = self.next().http.get(f"/videos/{name}")
                if reply.status_code == 200 and reply.json()["status"] in ("completed", "failed"):
                    return dict(reply.json())
                assert reply.status_code in (200, 503), reply.text
            assert time.monotonic() < ends, name
            time.sleep(0.05)

    def listed(self) -> list[str]:
        """Ids of all jobs, a page from each server in turn."""
        found: list[str] = []
        while True:
            after = {"after": found[-1]} if found else {}
            page = self.next().http.get("/videos", params={"limit": 100, **after}).json()
            found += [video["id"] for video in page["data"]]
            if not page["has_more"]:
                return found


def main() -> None:
    """Run the moments and print what became of every job."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--moments", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", default="", help="postgresql, or the URL of an empty database")
    arguments = parser.parse_args()
    from processes import Served
    from stores import Postgres, schema_url

    from ozora.media.video import measure

    chance, began = random.Random(arguments.seed), time.monotonic()
    killed: collections.Counter[str] = collections.Counter()
    ends: collections.Counter[str] = collections.Counter()
    names: dict[str, str] = {}
    wrong = []
    with tempfile.TemporaryDirectory(prefix="ozora-") as folder, contextlib.ExitStack() as stack:
        database = None
        if arguments.store == "postgresql":
            database = Postgres().start()
            stack.callback(database.remove)
        base = database.url if database else arguments.store
        store = schema_url(base, folder) if base else ""
        count = 2 if store else 1
        served = Servers(
            [Served(Path(folder) / "data", workers=2 // count, lease=6, store=store) for _ in range(count)],
            database,
        )
        kinds = {"worker": 6, "server": 3, "everything": 1, **({"database": 2} if database else {})}
        for each in served.servers:
            each.start()
            stack.callback(each.stop)
        for moment in range(arguments.moments):
            for _ in range(2):
                key = f"job-{len(names)}"
                words = chance.choice(("a ball", "a slow ball"))
                names[key] = served.create(key, prompt=words, size="96x64", num_frames=6)
            time.sleep(chance.uniform(0, 0.8))
            what = chance.choices(list(kinds), list(kinds.values()))[0]
            served.kill(what, chance)
            killed[what] += 1
            if moment % 10 == 9:
                print(f"{moment + 1} moments, {time.monotonic() - began:.0f} s", flush=True)
        for name in names.values():
            video = served.ended(name)
            ends[video["status"] if video["status"] == "completed" else video["error"]["code"]] += 1
            if video["status"] == "completed":
                film = Path(folder) / "film.mp4"
                film.write_bytes(served.next().http.get(f"/videos/{name}/content").content)
                if measure(film) != (96, 64, 12.0, 0.5):
                    wrong.append(name)
            elif not video["error"]["message"]:
                wrong.append(name)
        listed = served.listed()
    lost, extra = set(names.values()) - set(listed), set(listed) - set(names.values())
    print(f"killed      {dict(killed)}")
    print(f"accepted    {len(names)}")
    print(f"ended       {dict(ends)}")
    print(f"lost        {len(lost)}")
    print(f"made twice  {len(extra) + len(names) - len(set(names.values()))}")
    print(f"wrong film  {len(wrong)}")
    sys.exit(1 if lost or extra or wrong or len(set(names.values())) != len(names) else 0)


if __name__ == "__main__":
    main()
