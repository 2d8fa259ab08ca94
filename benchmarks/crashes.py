"""kill -9 at random moments under load: is every accepted job finished once, or failed with a reason?

    python benchmarks/crashes.py [--moments 100] [--seed 0]

Starts `ozora serve` with two workers and the painter of the tests, keeps creating films, and at random
moments kills a worker, the server, or everything, starting again what does not start by itself. At the end
every job must be terminal, none lost, none made twice, every completed film on the disk and of the right
length. Prints a table; the exit status says whether all of that held.
"""

from __future__ import annotations

import argparse
import collections
import random
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "serve"))


def main() -> None:
    """Run the moments and print what became of every job."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--moments", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    from processes import Served

    from ozora.media.video import measure

    chance, began = random.Random(arguments.seed), time.monotonic()
    killed: collections.Counter[str] = collections.Counter()
    names: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="ozora-") as folder:
        served = Served(Path(folder) / "data", workers=2, lease=6).start()
        try:
            for moment in range(arguments.moments):
                for _ in range(2):
                    key = f"job-{len(names)}"
                    words = chance.choice(("a ball", "a slow ball"))
                    names[key] = served.create(key, prompt=words, size="96x64", num_frames=6)
                time.sleep(chance.uniform(0, 0.8))
                what = chance.choices(("worker", "server", "both"), (6, 3, 1))[0]
                served.kill(what)
                killed[what] += 1
                if what != "worker":
                    served.start()
                if moment % 10 == 9:
                    print(f"{moment + 1} moments, {time.monotonic() - began:.0f} s", flush=True)
            ends: collections.Counter[str] = collections.Counter()
            wrong = []
            for name in names.values():
                video = served.finished(name, within=300)
                ends[video["status"] if video["status"] == "completed" else video["error"]["code"]] += 1
                if video["status"] == "completed":
                    film = Path(folder) / "film.mp4"
                    film.write_bytes(served.http.get(f"/videos/{name}/content").content)
                    if measure(film) != (96, 64, 12.0, 0.5):
                        wrong.append(name)
                elif not video["error"]["message"]:
                    wrong.append(name)
            listed = []
            after = None
            while True:
                page = served.http.get(
                    "/videos", params={"limit": 100, **({"after": after} if after else {})}
                ).json()
                listed += [video["id"] for video in page["data"]]
                if not page["has_more"]:
                    break
                after = page["last_id"]
        finally:
            served.stop()
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
