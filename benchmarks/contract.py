"""Whether the server keeps its own OpenAPI document, asked by schemathesis with thousands of odd requests.

    pip install 'ozora[conformance]'
    python benchmarks/contract.py [--examples 20] [--seed 1]

Starts `ozora serve` with the painter of the tests (a renderer that needs no weights), has schemathesis read
`/openapi.json` and try every operation: examples, boundary values, random requests, and chains of them. The
table counts answers by operation and status as the server's own meters do. The exit status is nonzero when
an answer was 5xx, but for a 503 where the document promises one, or was not what the document says.
"""

from __future__ import annotations

import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "serve"))

CHECKS = (
    "not_a_server_error", "status_code_conformance", "content_type_conformance",
    "response_headers_conformance", "response_schema_conformance", "use_after_free", "unsupported_method",
)  # fmt: skip
METER = re.compile(r'ozora_requests_total\{method="(\w+)",route="([^"]*)",status="(\d+)"\} (\S+)')


def find_tool(given: str) -> list[str]:
    """The command that runs schemathesis; raises ``SystemExit`` where there is none."""
    beside = Path(given) if given else Path(sys.executable).with_name("schemathesis")
    if not beside.exists():
        raise SystemExit(f"contract: {beside} is not there; pip install 'ozora[conformance]', or --tool PATH")
    return [str(beside.absolute())]


def promised(document: dict[str, object]) -> set[tuple[str, str]]:
    """Operations (method, path) that say that they may answer 503."""
    paths: dict[str, dict[str, dict[str, dict[str, object]]]] = document["paths"]  # type: ignore[assignment]
    return {
        (method.upper(), path)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if "503" in operation["responses"]
    }


def main() -> None:
    """Run schemathesis against a server and print what was answered."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--examples", type=int, default=20, help="random requests for each operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tool", default="", help="the schemathesis command, if it is elsewhere")
    arguments = parser.parse_args()
    tool = find_tool(arguments.tool)
    from processes import Served

    answers: collections.Counter[tuple[str, str, str]] = collections.Counter()
    with tempfile.TemporaryDirectory(prefix="ozora-") as folder:
        served = Served(Path(folder) / "data", workers=1, lease=30).start()
        try:
            served.wait("/ready")
            document = served.http.get(f"{served.url}/openapi.json").json()
            allowed = promised(document)
            (Path(folder) / "schemathesis.toml").write_text("".join(
                f'[[operations]]\ninclude-name = "{method} {path}"\n'
                '[operations.checks.not_a_server_error]\nexpected-statuses = ["2xx", "3xx", "4xx", "503"]\n'
                for method, path in sorted(allowed)
            ))  # fmt: skip
            command = [
                *tool, "run", f"{served.url}/openapi.json", "--checks", ",".join(CHECKS), "--no-color",
                "--max-examples", str(arguments.examples), "--seed", str(arguments.seed),
                "--continue-on-failure", "--warnings", "off", "--generation-database", "none",
            ]  # fmt: skip
            # In the temporary folder: schemathesis leaves a folder of its own where it runs.
            environment = {**os.environ, "PYTHONPATH": ""}
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
            text = served.http.get(f"{served.url}/metrics").text
        finally:
            served.stop()
    known = {(method.upper(), path) for path, ways in document["paths"].items() for method in ways}
    for method, route, status, count in METER.findall(text):
        path = route if (method, route) in known else f"/v1{route}"
        where = (method, path) if (method, path) in known else ("other", "methods and paths")
        answers[(*where, status)] += int(float(count))
    statuses = sorted({status for _, _, status in answers})
    print(f"{'':52}" + "".join(f"{status:>6}" for status in statuses))
    for method, route in sorted({(method, route) for method, route, _ in answers}):
        counts = [answers[method, route, status] for status in statuses]
        print(f"{method:8}{route:44}" + "".join(f"{count or '':>6}" for count in counts))
    broken = sum(
        count for (method, route, status), count in answers.items()
        if status[0] == "5" and not (status == "503" and (method, route) in allowed)
    )  # fmt: skip
    print(f"{sum(answers.values())} answers, {broken} of them 5xx that the document does not promise")
    told = done.stdout[done.stdout.find("= FAILURES =") :] if done.returncode else done.stdout[-700:]
    print(told.strip()[-12_000:] or done.stderr[-2000:])
    sys.exit(1 if broken or done.returncode else 0)


if __name__ == "__main__":
    main()
