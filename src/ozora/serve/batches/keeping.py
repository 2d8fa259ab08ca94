"""The keeper of batches: checks files, feeds lines to the queue, ends what has ended.

Each step reads how a batch stands and moves it on in one transaction that fails if another server was first;
whatever dies in between, the next round finds the batch as it was before or after, and never in the middle.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from ozora.serve.batches.reading import FaultError, Row, check_lines, raw_lines, read_row
from ozora.serve.batches.writing import write_results
from ozora.serve.door import broken
from ozora.serve.house import LOCAL, Caller, House
from ozora.serve.logs import log
from ozora.serve.store import batches
from ozora.serve.store.batches import Batch, Line
from ozora.serve.store.engine import micros, new_id, now
from ozora.serve.store.jobs import BATCH_LEVEL, Job
from ozora.serve.store.keys import find_key
from ozora.serve.wire.body import Body, fingerprint
from ozora.serve.wire.errors import ApiError, bad
from ozora.serve.wire.fields import read_fields
from ozora.serve.wishes import Wish, create_fields, drop_files, keep_files, wish_to_create

ROUND = 0.25
"""Seconds between rounds."""

AHEAD = 32
"""Films of one batch that wait or run at the same time: the rest stay in their file."""

LIFE = micros(24 * 3600)
"""How long a batch may take, and how long its films stay after it."""


@asynccontextmanager
async def keeping(house: House) -> AsyncIterator[None]:
    """Keep batches going while the block runs."""
    task = asyncio.create_task(_rounds(house))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def _rounds(house: House) -> None:
    while True:
        await asyncio.sleep(ROUND)
        try:
            await advance_all(house)
        except Exception:
            log.exception("batches failed")


async def advance_all(house: House) -> None:
    """One round: every batch that has not ended takes a step, if it can."""
    for batch in await house.do(batches.open_batches, house.store):
        try:
            await _STEPS[batch.status](house, batch)
        except Exception:
            log.exception("batch failed", extra={"batch": batch.id})


def input_name(batch: str) -> str:
    """The blob that holds a batch's own copy of its file."""
    return f"batches/{batch}/input"


async def _validate(house: House, batch: Batch) -> None:
    def check() -> None:
        path = house.blobs.path(input_name(batch.id))
        if path is None:
            batches.refuse_batch(house.store, batch, [_gone()])
            return
        total, faults = check_lines(path)
        if faults:
            if batches.refuse_batch(house.store, batch, faults):
                house.blobs.drop(f"batches/{batch.id}")
        else:
            batches.begin(house.store, batch, total, path.stat().st_size)

    await house.do(check)


def _gone() -> dict[str, Any]:
    return FaultError("file_not_found", "The input file is gone.").told(None)


async def _go_on(house: House, batch: Batch) -> None:
    waiting = await house.do(batches.settle, house.store, batch)
    if now() > batch.expires:
        await house.do(batches.expire_batch, house.store, batch)
    elif batch.position < batch.bytes:
        if waiting <= AHEAD // 2:
            await _feed(house, batch, AHEAD - waiting)
    elif not waiting:
        await house.do(batches.finalize, house.store, batch)


async def _feed(house: House, batch: Batch, count: int) -> None:
    """Give the next ``count`` lines their turn."""
    path = await house.do(house.blobs.path, input_name(batch.id))
    if path is None:
        raise FileNotFoundError(input_name(batch.id))
    taken = await house.do(_take, path, batch, count)
    caller = await house.do(_caller_of, house, batch.owner)
    lines, wishes = [], []
    for number, _, row in taken:
        if row is None:
            continue
        line, wish = await _prepare(house, caller, batch, number, row)
        lines.append(line)
        if wish is not None:
            wishes.append(wish)
    position, last = (taken[-1][1], taken[-1][0]) if taken else (batch.bytes, batch.line)

    def write() -> None:
        for wish in wishes:
            keep_files(house, wish)
        budget = caller.budget if caller is not None else None
        made = batches.feed(house.store, batch, lines, position=position, line=last, budget=budget)
        written = batches.fed(house.store, lines) if made else set()
        drop_files(house, (job for wish in wishes for job in wish.jobs if job.id not in written))
        if written:
            house.metrics.admitted.labels("create").inc(len(written))

    await house.do(write)


def _take(path: Path, batch: Batch, count: int) -> list[tuple[int, int, Row | None]]:
    """The next lines: number, where the one after begins, and the create."""
    found: list[tuple[int, int, Row | None]] = []
    for number, behind, line in islice(raw_lines(path, batch.position, batch.line), count):
        try:
            found.append((number, behind, read_row(number, line)))
        except FaultError:
            found.append((number, behind, None))  # cannot be: the file was checked, and is our own copy
    return found


def _caller_of(house: House, owner: str) -> Caller | None:
    """Whoever made the batch, with what the key allows now; ``None`` when it was removed."""
    if owner == LOCAL:
        return Caller(LOCAL, house.settings.rate_per_minute)
    key = find_key(house.store, owner)
    if key is None:
        return None
    return Caller(key.id, key.rate_per_minute or house.settings.rate_per_minute, key.budget, key.models)


async def _prepare(
    house: House, caller: Caller | None, batch: Batch, number: int, row: Row
) -> tuple[Line, Wish | None]:
    """A line as a job, checked as any create is; or as the reply that refuses it."""
    try:
        if caller is None:
            raise ApiError(401, "invalid_api_key", "The API key of this batch was removed.")
        given = {name: value for name, value in row.body.items() if value is not None}
        values = read_fields(Body(given, form=False), create_fields(house.settings.longest_step))
        if values.get("n", 1) != 1:
            raise bad("unsupported_parameter", "Unsupported parameter: 'n'. One line is one film.", "n")
        mark = fingerprint("batch", [batch.id, row.custom_id])
        wish = await wish_to_create(house, caller, values, mark)
    except ApiError as refused:
        return Line(number, row.custom_id, refusal=_reply(refused)), None
    except Exception:
        log.exception("line broke", extra={"batch": batch.id, "line": number})
        return Line(number, row.custom_id, refusal=_reply(broken())), None
    job: Job = wish.jobs[0]
    job = replace(job, priority=BATCH_LEVEL + job.priority)
    return Line(number, row.custom_id, job), replace(wish, jobs=(job,))


def _reply(error: ApiError) -> dict[str, Any]:
    return {"status_code": error.status, "body": error.body()}


async def _end_when_still(house: House, batch: Batch) -> None:
    """Wait for what still runs, then write the files and the end."""
    if await house.do(batches.settle, house.store, batch) == 0:
        await house.do(_end, house, batch)


def _end(house: House, batch: Batch) -> None:
    moment = now()
    keep_until = moment + max(LIFE, micros(house.settings.keep_hours * 3600))
    # Servers that come to this at the same time write into folders of their own.
    folder = house.settings.data / "work" / new_id(f"{batch.id}-end")
    try:
        source = house.blobs.path(input_name(batch.id))
        paths = write_results(house.store, batch, source, folder, keep_until)
        made: dict[str, dict[str, Any]] = {}
        for kind, path in paths.items():
            row = {
                "id": new_id("file"), "owner": batch.owner, "created": moment, "deleted": None,
                "bytes": path.stat().st_size, "name": f"{batch.id}_{kind}.jsonl", "purpose": "batch_output",
                "expires": moment + micros(batch.output_life) if batch.output_life else None,
            }  # fmt: skip
            house.blobs.put(f"files/{row['id']}/content", path)
            made[kind] = row
        done = batches.end(
            house.store, batch, batch.ending or "completed", moment, keep_until, made
        )
        if done:
            house.blobs.drop(f"batches/{batch.id}")
        else:
            for row in made.values():
                house.blobs.drop(f"files/{row['id']}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


_STEPS: dict[str, Callable[[House, Batch], Awaitable[None]]] = {
    "validating": _validate,
    "in_progress": _go_on,
    "finalizing": _end_when_still,
    "cancelling": _end_when_still,
}
