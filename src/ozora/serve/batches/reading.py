"""A batch's file: JSON lines, each a create with a name of its own. Checked whole before any is filmed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ENDPOINT, METHOD = "/v1/videos", "POST"
MOST_LINES, MOST_BYTES, LONGEST_LINE = 50_000, 200_000_000, 22 * 2**20
LONGEST_NAME = 256
MOST_ERRORS = 100
"""So many faults are told; who mends those sees the next."""

KEYS = ("custom_id", "method", "url", "body")


@dataclass(frozen=True)
class Row:
    """A line that is a create: its number in the file (from 1), its name, its body."""

    number: int
    custom_id: str
    body: dict[str, Any] = field(repr=False)


class FaultError(Exception):
    """A line that is none: an entry of the batch's ``errors``."""

    def __init__(self, code: str, message: str, param: str | None = None) -> None:
        super().__init__(message)
        self.code, self.param = code, param

    def told(self, line: int | None) -> dict[str, Any]:
        return {"code": self.code, "message": str(self), "param": self.param, "line": line}


def raw_lines(path: Path, position: int = 0, number: int = 0) -> Iterator[tuple[int, int, bytes]]:
    """(number, where the next line begins, bytes) of every line that is not blank, past ``position``.

    A line that is longer than any may be is given cut off; the next one begins behind its end.
    """
    with path.open("rb") as opened:
        opened.seek(position)
        while True:
            line = opened.readline(LONGEST_LINE + 1)
            if not line:
                return
            number += 1
            while not line.endswith(b"\n") and len(line) > LONGEST_LINE:
                rest = opened.readline(LONGEST_LINE + 1)
                if not rest or rest.endswith(b"\n"):
                    break
            if line.strip():
                yield number, opened.tell(), line


def read_row(number: int, line: bytes) -> Row:
    """A line as a create; raises ``FaultError`` for what is none."""
    if len(line) > LONGEST_LINE:
        raise FaultError("line_too_long", f"This line has more than {LONGEST_LINE} bytes.")
    try:
        found = json.loads(line.decode("utf-8-sig" if number == 1 else "utf-8"), parse_constant=_refused)
    except (ValueError, RecursionError):
        raise FaultError("invalid_json_line", "This line is not parseable as valid JSON.") from None
    if not isinstance(found, dict):
        raise FaultError("invalid_json_line", "This line is no JSON object.")
    for name in KEYS:
        if name not in found:
            raise FaultError("missing_required_parameter", f"Missing required parameter: '{name}'.", name)
    for name in found:
        if name not in KEYS:
            raise FaultError("unknown_parameter", f"Unknown parameter: '{name[:80]}'.", name[:80])
    custom_id = found["custom_id"]
    if not isinstance(custom_id, str) or not 1 <= len(custom_id) <= LONGEST_NAME or not _is_text(custom_id):
        told = f"Invalid 'custom_id': expected a string of 1 to {LONGEST_NAME} characters."
        raise FaultError("invalid_custom_id", told, "custom_id")
    if found["method"] != METHOD:
        raise FaultError("invalid_method", "The method of a request must be POST.", "method")
    if found["url"] != ENDPOINT:
        told = f"The URL provided for this request does not match the batch endpoint, {ENDPOINT}."
        raise FaultError("invalid_url", told, "url")
    if not isinstance(found["body"], dict):
        raise FaultError("invalid_body", "The body of a request must be a JSON object.", "body")
    return Row(number, custom_id, found["body"])


def check_lines(path: Path) -> tuple[int, list[dict[str, Any]]]:
    """How many creates a file holds, and its faults (at most ``MOST_ERRORS``): none, or nothing is filmed."""
    if path.stat().st_size > MOST_BYTES:
        return 0, [FaultError("file_too_large", f"The file has more than {MOST_BYTES} bytes.").told(None)]
    names: set[str] = set()
    faults: list[dict[str, Any]] = []
    total = 0
    for number, _, line in raw_lines(path):
        total += 1
        if total > MOST_LINES:
            faults.append(FaultError("too_many_requests", f"The file has more than {MOST_LINES} requests.")
                          .told(number))
            break
        try:
            row = read_row(number, line)
            if row.custom_id in names:
                told = f"The custom_id '{row.custom_id[:80]}' is that of an earlier line."
                raise FaultError("duplicate_custom_id", told, "custom_id")
            names.add(row.custom_id)
        except FaultError as fault:
            faults.append(fault.told(number))
            if len(faults) >= MOST_ERRORS:
                break
    if not total:
        faults.append(FaultError("empty_file", "The file holds no request.").told(None))
    return total, faults


def _refused(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _is_text(value: str) -> bool:
    return "\0" not in value and not any("\ud800" <= letter <= "\udfff" for letter in value)
