"""The server's log: one JSON object a line, on whatever is stderr at the time."""

from __future__ import annotations

import io
import json
import logging
import sys
from collections.abc import Iterator

import pytest

from ozora.serve.logs import log, start_logging


@pytest.fixture
def restored() -> Iterator[None]:
    """Logging as it was before."""
    root = logging.getLogger()
    before = root.handlers[:], root.level, log.level
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    log.setLevel(before[2])


@pytest.mark.usefixtures("restored")
def test_a_record_is_one_json_line_on_the_stderr_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", first)
    start_logging("info")
    first.close()
    monkeypatch.setattr(sys, "stderr", second)
    log.info("request", extra={"status": 200, "path": "/v1/videos\nforged"})
    (line,) = second.getvalue().splitlines()
    told = json.loads(line)
    assert (told["event"], told["status"], told["path"]) == ("request", 200, "/v1/videos\nforged")
    assert told["level"] == "info"


@pytest.mark.usefixtures("restored")
def test_what_is_below_the_level_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    start_logging("error")
    log.info("request")
    logging.getLogger("httpx").info("a library's chatter")
    logging.getLogger("httpx").warning("a library's warning")
    assert [json.loads(line)["event"] for line in stream.getvalue().splitlines()] == ["a library's warning"]
