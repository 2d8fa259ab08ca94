"""Structured logs: one JSON object a line on stderr. No prompts, no keys, no query strings."""

from __future__ import annotations

import json
import logging
import sys
import time

log = logging.getLogger("ozora.serve")

_PLAIN = {*vars(logging.LogRecord("", 0, "", 0, "", (), None)), "message", "taskName"}


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time, level, event, and the fields given with ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        told = {
            "time": f"{moment}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **{
                name: value for name, value in vars(record).items()
                if name not in _PLAIN and name[0] != "_"  # libraries hang marks of their own on records
            },
        }
        if record.exc_info:
            told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told, ensure_ascii=False, default=str)


class ToStderr(logging.Handler):
    """Lines to whatever ``sys.stderr`` is when they are written; what it was may be closed by then."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception:
            self.handleError(record)


def start_logging(level: str = "info") -> None:
    """Send our own log, and warnings of libraries, to stderr as JSON lines."""
    handler = ToStderr()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    log.setLevel(level.upper())
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
