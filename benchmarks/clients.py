"""The matrix of clients: unmodified, pinned, each in an environment of its own, against one server.

    python benchmarks/clients.py [--folder build/clients] [--only python-2.3.0,node-latest,…]

Starts `ozora serve` with the painter of the tests (a renderer that needs no weights), makes each environment
once (pip and npm download what is pinned below), runs the same steps with each client and prints a table.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HERE = ROOT / "tests" / "serve" / "clients"
sys.path.insert(0, str(ROOT / "tests" / "serve"))

PYTHON = {
    "python-2.3.0": ("openai_python.py", ["openai==2.3.0"]),
    "python-2.24.0": ("openai_python.py", ["openai==2.24.0"]),
    "python-2.54.0": ("openai_python.py", ["openai==2.54.0"]),
    "python-3.52.0": ("openai_python.py", ["openai==3.52.0"]),
    "litellm-1.106.2": ("litellm_python.py", ["litellm==1.106.2"]),
}
NODE = {
    "node-6.2.0": ("openai_node.mjs", ["openai@6.2.0"]),
    "node-7.55.0": ("openai_node.mjs", ["openai@7.55.0"]),
    "tanstack-0.23.1": ("tanstack_node.mjs", ["@tanstack/ai-openai@0.23.1", "openai@6.2.0"]),
}


def python_command(folder: Path, script: str, packages: list[str]) -> list[str]:
    """The command that runs a script with these packages; makes their environment the first time."""
    found = folder / "bin" / "python"
    if not found.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        subprocess.run([str(found), "-m", "pip", "install", "--quiet", *packages], check=True)
    return [str(found), str(HERE / script)]


def node_command(folder: Path, script: str, packages: list[str]) -> list[str]:
    """The same for Node."""
    if not (folder / "node_modules").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text('{"type": "module"}')
        subprocess.run(["npm", "install", "--silent", *packages], cwd=folder, check=True)
    shutil.copy(HERE / script, folder / script)
    return ["node", str(folder / script)]


def steps_of(command: list[str], url: str) -> dict[str, str]:
    """What a client did, step by step: "ok", or what went wrong."""
    told = {**os.environ, "OPENAI_BASE_URL": f"{url}/v1", "OPENAI_API_KEY": "none", "PYTHONPATH": ""}
    done = subprocess.run(command, env=told, capture_output=True, text=True, timeout=300, check=False)
    try:
        found: dict[str, str] = json.loads(done.stdout.strip().splitlines()[-1])
    except (ValueError, IndexError):
        return {"start": (done.stderr or done.stdout).strip()[-300:]}
    return found


def main() -> None:
    """Run the matrix and print it; the exit status says whether every step went well."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "clients")
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    wanted = [name for name in arguments.only.split(",") if name] or [
        *PYTHON, *(NODE if shutil.which("node") else {})
    ]
    from processes import Served

    worst = 0
    with tempfile.TemporaryDirectory(prefix="ozora-") as data:
        served = Served(Path(data) / "data", workers=1, lease=30).start()
        try:
            for name in wanted:
                make, (script, packages) = (
                    (python_command, PYTHON[name]) if name in PYTHON else (node_command, NODE[name])
                )
                steps = steps_of(make(arguments.folder / name, script, packages), served.url)
                wrong = {step: told for step, told in steps.items() if told != "ok"}
                worst = max(worst, len(wrong))
                well = f"{len(steps) - len(wrong):3} of {len(steps):3} steps"
                print(f"{name:18} {well}  {wrong or ''}", flush=True)
        finally:
            served.stop()
    sys.exit(1 if worst else 0)


if __name__ == "__main__":
    main()
