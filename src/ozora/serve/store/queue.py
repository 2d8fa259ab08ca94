"""The queue seen from a worker: claim, beat, report, finish; and who takes over when a worker dies."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, and_, bindparam, case, delete, func, insert, select, update

from ozora.serve.store.engine import Store, micros, new_id, now
from ozora.serve.store.jobs import BATCH_CEILING, COLUMNS, Job, to_job
from ozora.serve.store.tables import endpoints, jobs, outbox, previews, workers

BATCH_KEEP = micros(50 * 3600)
"""Films of a batch stay at least so long: until its day is over, and a day after. Its end sets the hour."""

# Put together once, for they are asked with every poll and every create.
_AHEAD = select(func.count()).where(jobs.c.status == "queued", jobs.c.created < bindparam("moment"))
_ALIVE = select(workers).where(workers.c.seen > bindparam("since"))


def claim(store: Store, worker: str, *, lease: float, most_attempts: int) -> Job | None:
    """Take the next job for ``worker``, or ``None``.

    Jobs whose worker stopped beating come back first. Then keys take turns: the one with the fewest jobs
    running, among those the one that waited longest; within a key the highest priority, then the oldest.
    Lines of batches wait until nobody else's film does.
    """
    moment = now()
    with store.write() as connection:
        take_back(connection, moment, most_attempts)
        while (candidate := _next(connection, False) or _next(connection, True)) is not None:
            taken = connection.execute(
                update(jobs)
                .where(jobs.c.id == candidate, jobs.c.status == "queued", jobs.c.deleted.is_(None))
                .values(
                    status="in_progress", worker=worker, lease=moment + micros(lease), started=moment,
                    attempts=jobs.c.attempts + 1,
                )
            )  # fmt: skip
            if taken.rowcount == 1:
                row = connection.execute(select(*COLUMNS).where(jobs.c.id == candidate)).one()
                connection.execute(update(workers).where(workers.c.id == worker).values(job=candidate))
                return to_job(row)
    return None


def _next(connection: Connection, batched: bool) -> str | None:
    level = jobs.c.priority <= BATCH_CEILING if batched else jobs.c.priority > BATCH_CEILING
    queued = and_(jobs.c.status == "queued", jobs.c.deleted.is_(None), level)
    owners = list(connection.scalars(select(jobs.c.owner).where(queued).distinct()))
    if not owners:
        return None
    running = dict.fromkeys(owners, 0)
    served = dict.fromkeys(owners, 0)
    if len(owners) > 1:
        counted = select(jobs.c.owner, func.count()).where(jobs.c.status == "in_progress")
        for owner, count in connection.execute(counted.group_by(jobs.c.owner)):
            running[owner] = count
        for owner in owners:
            begun = select(func.max(jobs.c.started)).where(jobs.c.owner == owner)
            served[owner] = int(connection.scalar(begun) or 0)
    owner = min(owners, key=lambda name: (running[name], served[name], name))
    found: str | None = connection.scalar(
        select(jobs.c.id)
        .where(queued, jobs.c.owner == owner)
        .order_by(jobs.c.priority.desc(), jobs.c.created, jobs.c.id)
        .limit(1)
        # PostgreSQL leaves out what another worker is claiming this moment; SQLite has one writer anyhow.
        .with_for_update(skip_locked=True)
    )
    return found


def take_back(connection: Connection, moment: int, most_attempts: int, worker: str | None = None) -> int:
    """Put jobs back whose lease ran out (or that ``worker``, known to be dead, held); returns how many.

    A job that was tried ``most_attempts`` times fails with a reason instead.
    """
    lost = jobs.c.lease < moment if worker is None else jobs.c.worker == worker
    rows = connection.execute(select(*COLUMNS).where(jobs.c.status == "in_progress", lost)).all()
    for job in map(to_job, rows):
        if job.deleted is not None or job.stopping:
            fail(connection, job, "cancelled", "The job was cancelled.")
        elif job.attempts >= most_attempts:
            told = f"The worker stopped {job.attempts} times while filming it."
            fail(connection, job, "server_error", told)
        else:
            connection.execute(
                update(jobs)
                .where(jobs.c.id == job.id, jobs.c.attempts == job.attempts, jobs.c.status == "in_progress")
                .values(status="queued", worker=None, lease=None)
            )
    return len(rows)


def release_worker(store: Store, worker: str, most_attempts: int) -> int:
    """A worker is known to be gone: its job goes back to the queue at once."""
    with store.write() as connection:
        connection.execute(delete(workers).where(workers.c.id == worker))
        return take_back(connection, now(), most_attempts, worker)


def give_back(store: Store, job: Job) -> None:
    """A worker that is asked to stop puts its job back; this does not count as an attempt."""
    with store.write() as connection:
        connection.execute(
            update(jobs)
            .where(*_held(job))
            .values(status="queued", worker=None, lease=None, attempts=jobs.c.attempts - 1)
        )


def _held(job: Job) -> tuple[Any, ...]:
    # The attempt is the fence: a worker that was given up for dead cannot finish what another took over.
    return (
        jobs.c.id == job.id, jobs.c.status == "in_progress",
        jobs.c.worker == job.worker, jobs.c.attempts == job.attempts,
    )  # fmt: skip


def beat(store: Store, job: Job, progress: int, lease: float) -> str:
    """Renew a job's lease and note its progress; says ``go``, ``stop`` (cancelled) or ``lost``."""
    with store.write() as connection:
        done = connection.execute(
            update(jobs)
            .where(*_held(job))
            .values(
                lease=now() + micros(lease), progress=_larger(min(99, progress)),
            )
        )  # fmt: skip
        if done.rowcount == 0:
            return "lost"
        return "stop" if connection.scalar(select(jobs.c.stopping).where(jobs.c.id == job.id)) else "go"


def _larger(progress: int) -> Any:
    return case((jobs.c.progress < progress, progress), else_=jobs.c.progress)


def asked_to_stop(store: Store, job: Job) -> bool:
    """Whether a running job is cancelled, deleted or taken over by another worker."""
    with store.read() as connection:
        return connection.scalar(select(jobs.c.stopping).where(*_held(job))) is not False


def show_preview(store: Store, job: Job, picture: bytes) -> None:
    """Keep the latest live preview of a running job."""
    with store.write() as connection:
        if connection.scalar(select(jobs.c.id).where(*_held(job))) is None:
            return
        values = {"made": now(), "picture": picture}
        done = connection.execute(update(previews).where(previews.c.job == job.id).values(**values))
        if not done.rowcount:
            connection.execute(insert(previews), {"job": job.id, **values})


def preview_of(store: Store, job: str, after: int) -> tuple[int, bytes] | None:
    """A live preview newer than ``after``, and when it was made."""
    newer = select(previews.c.made, previews.c.picture).where(previews.c.job == job, previews.c.made > after)
    with store.read() as connection:
        row = connection.execute(newer).first()
    return None if row is None else (int(row.made), bytes(row.picture))


def complete(
    store: Store, job: Job, *, seconds: str, made: dict[str, Any], receipt: dict[str, Any], keep_hours: float
) -> bool:
    """The film is on disk, ``seconds`` long: say so. ``False`` when the job was cancelled or taken over."""
    moment = now()
    with store.write() as connection:
        done = connection.execute(
            update(jobs)
            .where(*_held(job), jobs.c.deleted.is_(None), jobs.c.stopping.is_(False))
            .values(
                status="completed", progress=100, completed=moment,
                expires=moment + max(micros(keep_hours * 3600), BATCH_KEEP if job.batched else 0),
                seconds=seconds, made=made, receipt=receipt, lease=None,
            )
        )  # fmt: skip
        if done.rowcount:
            connection.execute(delete(previews).where(previews.c.job == job.id))
            _notify(connection, job, "video.completed")
            return True
        # Asked again after a commit whose answer was lost: this very attempt did complete it.
        ended = (jobs.c.id == job.id, jobs.c.worker == job.worker, jobs.c.attempts == job.attempts)
        return connection.scalar(select(jobs.c.status).where(*ended)) == "completed"


def fail_held(store: Store, job: Job, code: str, message: str) -> bool:
    """A worker reports that its job failed; ``False`` when it was no longer its own."""
    with store.write() as connection:
        held = connection.scalar(select(func.count()).where(*_held(job)))
        if held:
            fail(connection, job, code, message)
    return bool(held)


def cancel(store: Store, owner: str, name: str) -> Job | None:
    """Ask for a job to stop: a queued one fails at once, a running one at its next step. Returns it."""
    with store.write() as connection:
        mine = and_(jobs.c.id == name, jobs.c.owner == owner, jobs.c.deleted.is_(None))
        # Held until the end: no worker claims it between the look and the deed.
        row = connection.execute(select(*COLUMNS).where(mine).with_for_update()).first()
        connection.execute(update(jobs).where(mine, jobs.c.status == "in_progress").values(stopping=True))
        if row is not None and row.status == "queued":
            fail(connection, to_job(row), "cancelled", "The job was cancelled before it began.")
            row = connection.execute(select(*COLUMNS).where(mine)).first()
    return None if row is None else to_job(row)


def fail(connection: Connection, job: Job, code: str, message: str) -> None:
    """Write a failure down, with its reason, and tell whoever listens."""
    moment = now()
    done = connection.execute(
        update(jobs)
        .where(jobs.c.id == job.id, jobs.c.status == job.status, jobs.c.attempts == job.attempts)
        .values(
            status="failed", completed=moment, error_code=code, error_message=message, lease=None,
            emptied=False, expires=moment,
        )
    )  # fmt: skip
    if done.rowcount:
        connection.execute(delete(previews).where(previews.c.job == job.id))
    if done.rowcount and job.deleted is None:
        _notify(connection, job, "video.failed")


def _notify(connection: Connection, job: Job, kind: str) -> None:
    """A job has ended: tell who listens."""
    announce(connection, job.owner, kind, job.id, job.callback)


def announce(
    connection: Connection, owner: str, kind: str, name: str, callback: dict[str, str] | None = None
) -> None:
    """Put an event into the outbox, in the transaction that made it true: it is neither lost nor invented."""
    moment, event = now(), new_id("evt")
    body = {"id": event, "object": "event", "created_at": moment // 1_000_000, "type": kind}
    text = json.dumps({**body, "data": {"id": name}}, separators=(",", ":"))
    targets: list[dict[str, Any]] = []
    rows = connection.execute(
        select(endpoints.c.id, endpoints.c.url, endpoints.c.events).where(
            endpoints.c.owner == owner, endpoints.c.deleted.is_(None)
        )
    )
    targets += [{"endpoint": row.id, "url": row.url, "secret": None} for row in rows if kind in row.events]
    if callback:
        targets.append({"endpoint": None, "url": callback["url"], "secret": callback["secret"]})
    for target in targets:
        row = {"id": new_id("out"), "event": event, "owner": owner, "body": text, "tries": 0}
        connection.execute(insert(outbox), {**row, "created": moment, "due": moment, **target})


def report_worker(store: Store, worker: str, model: str, *, ready: bool, job: str | None = None) -> None:
    """A worker says that it lives, what it films with, and with which job it is busy."""
    moment = now()
    with store.write() as connection:
        # A worker's loop and its heartbeat may both be the first to say so.
        store.one_at_a_time(connection, f"worker {worker}")
        values = {"seen": moment, "ready": ready, "model": model, "job": job}
        if not connection.execute(update(workers).where(workers.c.id == worker).values(**values)).rowcount:
            connection.execute(insert(workers), {"id": worker, "started": moment, **values})


def remove_worker(store: Store, worker: str) -> None:
    """A worker says goodbye."""
    with store.write() as connection:
        connection.execute(delete(workers).where(workers.c.id == worker))


def live_workers(store: Store, within: float) -> list[dict[str, Any]]:
    """Workers that beat within the last seconds."""
    with store.read() as connection:
        rows = connection.execute(_ALIVE, {"since": now() - micros(within)})
        return [dict(row._mapping) for row in rows]


def ahead_of(store: Store, job: Job) -> int:
    """How many jobs are likely to begin before this one, in the order they came."""
    with store.read() as connection:
        return int(connection.scalar(_AHEAD, {"moment": job.created}) or 0)


def counts(store: Store, owner: str | None = None) -> dict[str, int]:
    """How many jobs are queued and in progress; of one owner, or of all."""
    query = select(jobs.c.status, func.count()).where(jobs.c.status.in_(("queued", "in_progress")))
    if owner is not None:
        query = query.where(jobs.c.owner == owner)
    with store.read() as connection:
        found = {status: int(count) for status, count in connection.execute(query.group_by(jobs.c.status))}
    return {"queued": found.get("queued", 0), "in_progress": found.get("in_progress", 0)}


def recent_costs(store: Store, limit: int = 20) -> list[tuple[float, float]]:
    """(seconds of film, seconds of work) of the films finished last: what a quote is based on."""
    with store.read() as connection:
        rows = connection.execute(
            select(jobs.c.length, jobs.c.started, jobs.c.completed)
            .where(jobs.c.status == "completed", jobs.c.started.is_not(None))
            .order_by(jobs.c.completed.desc())
            .limit(limit)
        ).all()
    return [(float(row.length), (row.completed - row.started) / 1e6) for row in rows if row.completed]
