"""The matrix of clients: unmodified, pinned, each in an environment of its own, against one server.

    python benchmarks/clients.py [--folder build/clients] [--only python-2.3.0,node-7.55.0,…] [--real]

Starts `ozora serve` with the painter of the tests (a renderer that needs no weights; ``--real``: with the
shipped weights instead), makes each environment once (pip and npm fetch what is pinned below), runs the same
steps with each client and prints a table. The exit status is not 0 if a step went wrong, or a client could
not be fetched. Without Node its clients are left out, and that is said.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tests" / "serve" / "clients"
sys.path.insert(0, str(ROOT / "tests" / "serve"))

PATIENCE = {False: 120, True: 3600}
"""Seconds a client waits for a film: one of the painter's, a real one in a queue of others."""


@dataclass(frozen=True)
class Client:
    """A client: the script with its steps, and the packages that it runs with."""

    script: str
    packages: tuple[str, ...]

    @property
    def node(self) -> bool:
        """Whether it runs in Node."""
        return self.script.endswith(".mjs")

    def command(self, folder: Path) -> list[str]:
        """What runs it, once it was installed into a folder."""
        if self.node:
            shutil.copy(HERE / self.script, folder / self.script)
            return ["node", str(folder / self.script)]
        return [str(folder / "bin" / "python"), str(HERE / self.script)]


CLIENTS = {
    "python-2.3.0": Client("openai_python.py", ("openai==2.3.0",)),
    "python-2.24.0": Client("openai_python.py", ("openai==2.24.0",)),
    "python-2.54.0": Client("openai_python.py", ("openai==2.54.0",)),
    "python-3.52.0": Client("openai_python.py", ("openai==3.52.0",)),
    "litellm-1.106.2": Client("litellm_python.py", ("litellm==1.106.2",)),
    "standardwebhooks": Client("standardwebhooks_python.py", ("standardwebhooks==1.1.0",)),
    "node-6.2.0": Client("openai_node.mjs", ("openai@6.2.0",)),
    "node-7.55.0": Client("openai_node.mjs", ("openai@7.55.0",)),
    "tanstack-0.23.1": Client("tanstack_node.mjs", ("@tanstack/ai-openai@0.23.1", "openai@6.2.0")),
}


def install(client: Client, folder: Path) -> str:
    """Make a client's environment if it is not there; says what went wrong, or nothing."""
    done = folder / "installed"
    if done.exists():
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    steps = (npm if client.node else pip)(client, folder)
    for step in steps:
        came = subprocess.run(step, cwd=folder, capture_output=True, text=True, check=False)
        if came.returncode:
            return (came.stderr or came.stdout).strip()[-300:]
    done.touch()
    return ""


def pip(client: Client, folder: Path) -> tuple[list[str], ...]:
    """An environment on top of this one: pip brings what is pinned, and what it needs and is not here."""
    place = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    place.mkdir(parents=True)
    (place / "below.pth").write_text(sysconfig.get_path("purelib"))
    python = str(folder / "bin" / "python")
    return (
        [sys.executable, "-m", "venv", "--without-pip", str(folder)],
        [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *client.packages],
    )


def npm(client: Client, folder: Path) -> tuple[list[str], ...]:
    """A folder of packages."""
    (folder / "package.json").write_text('{"type": "module"}')
    return (["npm", "install", "--silent", "--no-audit", "--no-fund", *client.packages],)


def steps_of(command: list[str], url: str, real: bool) -> dict[str, str]:
    """What a client did, step by step: "ok", or what went wrong."""
    told = {**os.environ, "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "none", "PYTHONPATH": ""}
    told |= {"OZORA_PATIENCE": str(PATIENCE[real]), "OZORA_REAL": "1" if real else ""}
    try:
        done = subprocess.run(
            command, env=told, capture_output=True, text=True, timeout=3 * PATIENCE[real], check=False
        )
        found: dict[str, str] = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        return {"end": "never came"}
    except (ValueError, IndexError):
        return {"start": (done.stderr or done.stdout).strip()[-300:]}
    return found


def main() -> None:
    """Run the matrix and print it; the exit status says whether every step went well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "clients")
    parser.add_argument("--only", default="")
    parser.add_argument("--real", action="store_true")
    arguments = parser.parse_args()
    wanted = [name for name in arguments.only.split(",") if name] or list(CLIENTS)
    if not shutil.which("node") or not shutil.which("npm"):
        left = [name for name in wanted if CLIENTS[name].node]
        wanted = [name for name in wanted if name not in left]
        print(f"no Node on this machine, so these were not tried: {', '.join(left)}")
    from processes import Served

    began, wrong = time.monotonic(), 0
    renderer = ("--renderer", "") if arguments.real else ()
    with tempfile.TemporaryDirectory(prefix="ozora-") as data, ThreadPoolExecutor(3) as threads:
        folders = {name: arguments.folder.absolute() / name for name in wanted}
        coming = {name: threads.submit(install, CLIENTS[name], folders[name]) for name in wanted}
        served = Served(Path(data) / "data", "--trust", "127.0.0.1", *renderer, workers=1, lease=30).start()
        try:
            served.wait()
            for name in wanted:
                trouble = coming[name].result()
                steps = {"install": trouble} if trouble else steps_of(
                    CLIENTS[name].command(folders[name]), served.url, arguments.real
                )
                failed = {step: told for step, told in steps.items() if told != "ok"}
                wrong += len(failed)
                well = f"{len(steps) - len(failed):3} of {len(steps):3} steps"
                print(f"{name:18} {well}  {failed or ''}", flush=True)
        finally:
            served.stop()
    print(f"{wrong or 'no'} steps went wrong, {time.monotonic() - began:.0f} s")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
