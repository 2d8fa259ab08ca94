"""Known holes in what is installed here, by pip-audit; red if there are any.

The services that know of holes are asked first about a version with famous ones. A service that does not name
them did not answer, whatever it says: then nothing was checked, and that is told instead of "no known holes".
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

SERVICES = ("osv", "pypi")
FAMOUS = "urllib3==1.24.1"


def asked(service: str, lines: list[str]) -> list[dict[str, Any]]:
    """What a service says of some versions: of each its name, and its holes or why it was passed over."""
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "versions.txt"
        wanted.write_text("\n".join(lines))
        options = ["--no-deps", "--disable-pip", "--progress-spinner", "off", "--timeout", "20", "-f", "json"]
        command = [sys.executable, "-m", "pip_audit", "-r", str(wanted), "-s", service, *options]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        found: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        return []
    return found


def main() -> int:
    """Ask the first service that answers; returns the exit status."""
    answering = (name for name in SERVICES if any(row.get("vulns") for row in asked(name, [FAMOUS])))
    service = next(answering, None)
    if service is None:
        print("DEPENDENCIES NOT AUDITED: no service that knows of holes can be reached from here")
        return 0
    here = {found.metadata["Name"].lower(): found.version.partition("+")[0] for found in distributions()}
    here.pop("ozora", None)
    rows = asked(service, [f"{name}=={version}" for name, version in sorted(here.items())])
    for row in rows:
        for hole in row.get("vulns", ()):
            mended = ", ".join(hole["fix_versions"]) or "no version"
            print(f"{row['name']} {row['version']}: {hole['id']}, mended in {mended}")
    holes = sum(len(row.get("vulns", ())) for row in rows)
    passed = [row["name"] for row in rows if "vulns" not in row]
    told = f", and nothing is known of {', '.join(passed)}" if passed else ""
    print(f"{len(rows) - len(passed)} of {len(here)} distributions audited ({service}), {holes} holes{told}")
    return 1 if holes or not rows else 0


if __name__ == "__main__":
    sys.exit(main())
