"""Batches: many films in one file. Lines become jobs a few at a time, in the transaction that moves the place
in the file; a line is settled in the transaction that counts it. So no death at any moment loses or doubles
one, and any number of servers may work on the same batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy import Connection, and_, insert, select, update

from ozora.serve.store.engine import Store, now
from ozora.serve.store.jobs import COLUMNS, Job, add_jobs, beyond, month_start, page_of, spent_since, to_job
from ozora.serve.store.queue import announce, fail
from ozora.serve.store.tables import batch_lines, batches, files, jobs

ENDED = ("completed", "failed", "expired", "cancelled")


@dataclass(frozen=True)
class Batch:
    """One row of ``batches``. Times in microseconds; ``position`` is the byte where reading goes on."""

    id: str
    owner: str
    status: str
    created: int
    input_file: str
    labels: dict[str, str] | None
    output_life: int | None
    expires: int
    position: int = 0
    line: int = 0
    bytes: int = 0
    total: int = 0
    completed: int = 0
    failed: int = 0
    ending: str | None = None
    errors: list[dict[str, Any]] | None = None
    output_file: str | None = None
    error_file: str | None = None
    started: int | None = None
    finalizing: int | None = None
    cancelling: int | None = None
    ended: int | None = None


@dataclass(frozen=True)
class Line:
    """A line that has its turn: a job, or the reply that refuses it ({"status_code", "body"})."""

    number: int
    custom_id: str
    job: Job | None = None
    refusal: Mapping[str, Any] | None = None


COLUMNS_OF_BATCH = [batches.c[found.name] for found in fields(Batch)]


def add_batch(connection: Connection, batch: Batch) -> None:
    """Write a new batch down, in the caller's transaction."""
    connection.execute(insert(batches), {found.name: getattr(batch, found.name) for found in fields(Batch)})


def find_batch(store: Store, owner: str | None, name: str) -> Batch | None:
    """A batch of this owner (None: of anybody)."""
    query = select(*COLUMNS_OF_BATCH).where(batches.c.id == name)
    with store.read() as connection:
        row = connection.execute(query if owner is None else query.where(batches.c.owner == owner)).first()
    return None if row is None else Batch(*row)


def list_batches(
    store: Store, owner: str, *, after: str | None, limit: int, newest_first: bool
) -> tuple[list[Batch], bool] | None:
    """A page of batches; ``None`` when ``after`` names none."""
    with store.read() as connection:
        query = page_of(select(*COLUMNS_OF_BATCH), batches, owner, newest_first)
        if after is not None:
            mine = and_(batches.c.id == after, batches.c.owner == owner)
            place = connection.execute(select(batches.c.created, batches.c.id).where(mine)).first()
            if place is None:
                return None
            query = query.where(beyond(place.created, place.id, newest_first, batches))
        rows = connection.execute(query.limit(limit + 1)).all()
    return [Batch(*row) for row in rows[:limit]], len(rows) > limit


def open_batches(store: Store) -> list[Batch]:
    """Every batch that has not ended, the oldest first."""
    query = select(*COLUMNS_OF_BATCH).where(batches.c.ended.is_(None)).order_by(batches.c.created)
    with store.read() as connection:
        return [Batch(*row) for row in connection.execute(query)]


def _move(connection: Connection, batch: Batch, **values: Any) -> bool:
    """Change a batch that still stands as it was read; ``False`` when somebody else was first."""
    as_read = and_(
        batches.c.id == batch.id, batches.c.status == batch.status, batches.c.position == batch.position
    )
    return bool(connection.execute(update(batches).where(as_read).values(**values)).rowcount)


def begin(store: Store, batch: Batch, total: int, size: int) -> bool:
    """All lines are well formed: let their films be made. ``size`` bytes of file."""
    with store.write() as connection:
        return _move(connection, batch, status="in_progress", started=now(), total=total, bytes=size)


def refuse_batch(store: Store, batch: Batch, errors: Sequence[Mapping[str, Any]]) -> bool:
    """The file is no batch: it fails with its errors, and nothing is filmed."""
    moment = now()
    with store.write() as connection:
        done = _move(connection, batch, status="failed", ended=moment, errors=list(errors))
        if done:
            announce(connection, batch.owner, "batch.failed", batch.id)
    return done


def feed(
    store: Store, batch: Batch, lines: Sequence[Line], *, position: int, line: int, budget: float | None
) -> bool:
    """Give lines their turn and move on to ``position``; ``False``, and nothing, when somebody else did.

    What the owner's ``budget`` (seconds of film a month) does not allow is refused line by line.
    """
    with store.write() as connection:
        store.one_at_a_time(connection, f"admit {batch.owner}")
        if not _move(connection, batch, position=position, line=line):
            return False
        left = float("inf")
        if budget is not None:
            left = budget - spent_since(connection, batch.owner, month_start(now()))
        allowed, rows = [], []
        for one in lines:
            job, refusal = one.job, one.refusal
            if job is not None and job.length > left:
                job, refusal = None, _over_budget(budget or 0.0)
            if job is not None:
                left -= job.length
                allowed.append(job)
            rows.append({
                "batch": batch.id, "line": one.number, "owner": batch.owner, "created": now(),
                "custom_id": one.custom_id, "job": None if job is None else job.id,
                "refusal": None if refusal is None else dict(refusal),
                "settled": None if job is not None else "refused",
            })  # fmt: skip
        add_jobs(connection, allowed)
        if rows:
            connection.execute(insert(batch_lines), rows)
        refused = sum(row["settled"] is not None for row in rows)
        connection.execute(
            update(batches).where(batches.c.id == batch.id).values(failed=batches.c.failed + refused)
        )
    return True


def _over_budget(budget: float) -> dict[str, Any]:
    told = f"The budget of this key is used up: it has {budget:g} seconds a month."
    error = {"message": told, "type": "insufficient_quota", "param": None, "code": "insufficient_quota"}
    return {"status_code": 429, "body": {"error": error}}


def fed(store: Store, lines: Sequence[Line]) -> set[str]:
    """Which of the jobs of ``lines`` were written down."""
    names = [line.job.id for line in lines if line.job is not None]
    with store.read() as connection:
        return set(connection.scalars(select(jobs.c.id).where(jobs.c.id.in_(names))))


def settle(store: Store, batch: Batch) -> int:
    """Count the lines whose films have ended since; returns how many are still open."""
    unsettled = and_(batch_lines.c.batch == batch.id, batch_lines.c.settled.is_(None))
    query = (
        select(batch_lines.c.line, jobs.c.status, jobs.c.deleted)
        .select_from(batch_lines.outerjoin(jobs, jobs.c.id == batch_lines.c.job))
        .where(unsettled)
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    ended = {
        row.line: "completed" if row.status == "completed" and row.deleted is None else "failed"
        for row in rows
        if row.deleted is not None or row.status in ("completed", "failed", None)
    }
    if not ended:
        return len(rows)
    with store.write() as connection:
        for how in ("completed", "failed"):
            lines = [line for line, outcome in ended.items() if outcome == how]
            done = connection.execute(
                update(batch_lines).where(unsettled, batch_lines.c.line.in_(lines)).values(settled=how)
            )
            counter = batches.c[how]
            connection.execute(
                update(batches).where(batches.c.id == batch.id).values({counter: counter + done.rowcount})
            )
    return len(rows) - len(ended)


def cancel_batch(store: Store, batch: Batch) -> bool:
    """Ask a batch to end: what waits is cancelled, what runs stops at its next step."""
    with store.write() as connection:
        done = _move(connection, batch, status="cancelling", cancelling=now(), ending="cancelled")
        if done:
            _stop_jobs(connection, batch, "cancelled", "The batch was cancelled.")
    return done


def expire_batch(store: Store, batch: Batch) -> bool:
    """Its day is over: what is not filmed will not be."""
    with store.write() as connection:
        done = _move(connection, batch, status="finalizing", finalizing=now(), ending="expired")
        if done:
            _stop_jobs(connection, batch, "batch_expired", "The batch expired before the film was made.")
    return done


def finalize(store: Store, batch: Batch) -> bool:
    """Every line has ended: the files are written next."""
    with store.write() as connection:
        return _move(connection, batch, status="finalizing", finalizing=now(), ending="completed")


def _stop_jobs(connection: Connection, batch: Batch, code: str, told: str) -> None:
    mine = select(batch_lines.c.job).where(
        batch_lines.c.batch == batch.id, batch_lines.c.settled.is_(None), batch_lines.c.job.is_not(None)
    )
    running = and_(jobs.c.id.in_(mine), jobs.c.status == "in_progress")
    connection.execute(update(jobs).where(running).values(stopping=True))
    rows = connection.execute(select(*COLUMNS).where(jobs.c.id.in_(mine), jobs.c.status == "queued")).all()
    for job in map(to_job, rows):
        fail(connection, job, code, told)


def lines_after(
    store: Store, batch: Batch, line: int, limit: int
) -> list[tuple[int, str, Mapping[str, Any] | None, Job | None]]:
    """Some lines past ``line``, in their order: number, custom_id, refusal, and the job if it is there."""
    query = (
        select(batch_lines.c.line, batch_lines.c.custom_id, batch_lines.c.refusal, *COLUMNS)
        .select_from(
            batch_lines.outerjoin(jobs, and_(jobs.c.id == batch_lines.c.job, jobs.c.deleted.is_(None)))
        )
        .where(batch_lines.c.batch == batch.id, batch_lines.c.line > line)
        .order_by(batch_lines.c.line)
        .limit(limit)
    )
    with store.read() as connection:
        rows = connection.execute(query).all()
    return [(row[0], row[1], row[2], None if row[3] is None else to_job(row[3:])) for row in rows]


def end(
    store: Store, batch: Batch, status: str, moment: int, keep_until: int, made: Mapping[str, dict[str, Any]]
) -> bool:
    """The files are there: write them down, tell who listens, and let the films' last day begin.

    ``made`` are rows of ``files``: "output" and "error", where there is one.
    """
    with store.write() as connection:
        names = {kind: made[kind]["id"] if kind in made else None for kind in ("output", "error")}
        done = _move(
            connection, batch, status=status, ended=moment, output_file=names["output"],
            error_file=names["error"],
        )  # fmt: skip
        if done:
            for row in made.values():
                connection.execute(insert(files), row)
            mine = select(batch_lines.c.job).where(batch_lines.c.batch == batch.id)
            films = and_(jobs.c.id.in_(mine), jobs.c.status == "completed", jobs.c.emptied.is_(False))
            connection.execute(update(jobs).where(films).values(expires=keep_until))
            announce(connection, batch.owner, f"batch.{status}", batch.id)
    return done


def known_batches(store: Store, names: Sequence[str]) -> set[str]:
    """Which of these ids are open batches."""
    query = select(batches.c.id).where(batches.c.id.in_(names), batches.c.ended.is_(None))
    with store.read() as connection:
        return set(connection.scalars(query))

