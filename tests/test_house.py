"""The house holds: floors, types and style are checked like any other behaviour."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST_FILE = 450


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "src", "tests", "benchmarks", "docs"),
        ("mypy", "--python-executable", sys.executable),
    ],
    ids=lambda command: command[0],
)
def test_tool_finds_nothing(command: tuple[str, ...]) -> None:
    done = run(sys.executable, "-m", *command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_floors_import_only_downwards() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = run(str(linter))
    assert done.returncode == 0, done.stdout + done.stderr


def test_files_can_be_read_in_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in (ROOT / "src").rglob("*.py")
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > LONGEST_FILE
    }
    assert not long


def test_importing_ozora_is_light() -> None:
    """``import ozora`` must not pull in torch or a video codec: the command line answers at once."""
    code = "import sys, ozora, ozora.media; print(sorted({'torch', 'av'} & set(sys.modules)))"
    done = run(sys.executable, "-c", code)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_tracked_files_can_travel() -> None:
    """The work tree stays under 56 MiB, weights included."""
    listed = run("git", "ls-files", "-z")
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    files = [ROOT / name for name in listed.stdout.split("\0") if name]
    total = sum(path.stat().st_size for path in files if path.exists())
    assert total < 56 * 2**20
