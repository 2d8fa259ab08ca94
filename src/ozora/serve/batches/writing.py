"""What became of a batch, as files in the line format that clients of batches read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

from ozora.serve.batches.reading import FaultError, raw_lines, read_row
from ozora.serve.store import batches
from ozora.serve.store.batches import Batch
from ozora.serve.store.engine import Store
from ozora.serve.store.jobs import Job
from ozora.serve.wire.video import second, to_video

PAGE = 500
WHY = {
    "batch_expired": "This request could not be executed before the completion window expired.",
    "batch_cancelled": "This request was not executed, because the batch was cancelled.",
    "video_deleted": "The video of this request was deleted.",
}
"""Codes of lines that have no film through no fault of their own, and their sentences."""

UNFINISHED = {"expired": "batch_expired", "cancelled": "batch_cancelled", "completed": "cancelled"}


def write_results(
    store: Store, batch: Batch, source: Path | None, folder: Path, keep_until: int
) -> dict[str, Path]:
    """Write ``output.jsonl`` and ``error.jsonl``, each only if it has a line; returns those by their kind.

    The output holds every line whose film was made or failed; the error file the lines that were refused,
    and those that were not filmed any more.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = {kind: folder / f"{kind}.jsonl" for kind in ("output", "error")}
    found: dict[str, Path] = {}
    with ExitStack() as stack:
        opened: dict[str, BinaryIO] = {}
        for kind, told in _results(store, batch, source, keep_until):
            if kind not in opened:
                opened[kind] = stack.enter_context(paths[kind].open("wb"))
                found[kind] = paths[kind]
            opened[kind].write(json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")
    return found


def _results(
    store: Store, batch: Batch, source: Path | None, keep_until: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    last = 0
    while page := batches.lines_after(store, batch, last, PAGE):
        for number, custom_id, refusal, job in page:
            yield _result(batch, number, custom_id, refusal, job, keep_until)
        last = page[-1][0]
    if source is None:
        return
    never = UNFINISHED[batch.ending or "cancelled"]
    for number, _, line in raw_lines(source, batch.position, batch.line):
        try:
            yield "error", _line(batch, number, read_row(number, line).custom_id, code=never)
        except FaultError:
            continue  # no line of a file that was checked


def _result(
    batch: Batch,
    number: int,
    custom_id: str,
    refusal: Mapping[str, Any] | None,
    job: Job | None,
    keep_until: int,
) -> tuple[str, dict[str, Any]]:
    if refusal is not None:
        return "error", _line(batch, number, custom_id, reply=refusal)
    if job is None:
        return "error", _line(batch, number, custom_id, code="video_deleted")
    if job.status == "completed":
        video = {**to_video(job), "expires_at": second(keep_until)}
        return "output", _line(batch, number, custom_id, reply={"status_code": 200, "body": video})
    stopped = batch.ending != "completed" and job.error_code in ("batch_expired", "cancelled")
    asked_before = (job.completed or 0) < (batch.cancelling or batch.finalizing or 0)
    if not stopped or asked_before:
        return "output", _line(batch, number, custom_id, reply={"status_code": 200, "body": to_video(job)})
    code = UNFINISHED[batch.ending or "cancelled"]
    video = {**to_video(job), "status": "expired"} if code == "batch_expired" else to_video(job)
    return "error", _line(batch, number, custom_id, reply={"status_code": 200, "body": video}, code=code)


def _line(
    batch: Batch, number: int, custom_id: str, *, reply: Mapping[str, Any] | None = None, code: str = ""
) -> dict[str, Any]:
    """One line: the same ids however often it is written."""
    name = hashlib.sha256(f"{batch.id} {number}".encode()).hexdigest()[:32]
    response = None if reply is None else {
        "status_code": reply["status_code"], "request_id": f"req_{name}", "body": reply["body"]
    }
    return {
        "id": f"batch_req_{name}", "custom_id": custom_id, "response": response,
        "error": {"code": code, "message": WHY[code]} if code else None,
    }  # fmt: skip
