"""Jobs: committed before the reply, listed, cancelled, deleted to a tombstone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, and_, bindparam, func, insert, or_, select, update
from sqlalchemy import delete as sql_delete

from ozora.serve.store.engine import Store, micros, now
from ozora.serve.store.tables import answered, jobs

TERMINAL = ("completed", "failed")
BATCH_LEVEL, BATCH_CEILING = -1000, -500
"""Priority of a batch's films before its own, and what it is at most: what clients ask for is far above."""

RETRY_WINDOW = micros(120)
"""A create that a client repeats on its own within this time is the same create."""

KEY_LIFE = micros(24 * 3600)
"""How long an Idempotency-Key is remembered."""


@dataclass(frozen=True)
class Job:
    """One row of ``jobs``: what was asked, how it stands, what came of it. Times in microseconds."""

    id: str
    owner: str
    verb: str
    model: str
    served_model: str
    prompt: str
    size: str
    seconds: str
    length: float
    seed: int
    order: dict[str, Any]
    fingerprint: str
    created: int
    status: str = "queued"
    progress: int = 0
    priority: int = 0
    started: int | None = None
    completed: int | None = None
    expires: int | None = None
    deleted: int | None = None
    emptied: bool = False
    source: str | None = None
    group: str | None = None
    labels: dict[str, str] | None = None
    made: dict[str, Any] | None = None
    receipt: dict[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None
    callback: dict[str, str] | None = field(default=None, repr=False)
    worker: str | None = None
    lease: int | None = None
    attempts: int = 0
    stopping: bool = False

    @property
    def terminal(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in TERMINAL

    @property
    def batched(self) -> bool:
        """Whether it is a line of a batch."""
        return self.priority <= BATCH_CEILING


NAMES = tuple(found.name for found in fields(Job))
COLUMNS = [jobs.c[name] for name in NAMES]

# What is asked most is put together once: to build a statement takes longer than to run it.
_NEW = insert(jobs)
_THERE = select(*COLUMNS).where(jobs.c.id == bindparam("name"), jobs.c.deleted.is_(None))
_MINE = _THERE.where(jobs.c.owner == bindparam("owner"))
_PLACE = select(jobs.c.created).where(jobs.c.id == bindparam("name"), jobs.c.owner == bindparam("owner"))
_WAITING = select(func.count()).where(jobs.c.status == "queued")
_MINUTE = select(func.count(), func.min(jobs.c.created), func.max(jobs.c.created)).where(
    jobs.c.owner == bindparam("owner"), jobs.c.created > bindparam("since"),
    jobs.c.priority > BATCH_CEILING,  # what a batch brought is not what its owner may still ask for
)  # fmt: skip


def to_job(row: Any) -> Job:
    """A row of ``COLUMNS`` as a Job."""
    return Job(*row)


@dataclass(frozen=True)
class Bounds:
    """What a create is held to: places in the queue, creates a minute, seconds of film a month (or None)."""

    queue: int
    rate_per_minute: int
    budget: float | None = None


@dataclass(frozen=True)
class Admission:
    """What became of a create: the jobs, whether they had been made before, creates left this minute."""

    jobs: tuple[Job, ...]
    again: bool
    remaining: int
    reset: float


class RefusedError(Exception):
    """A create that is not admitted: ``reason`` is queue, rate, budget or reuse; ``wait`` in seconds."""

    def __init__(self, reason: str, wait: float = 0.0, told: str = "") -> None:
        super().__init__(told or reason)
        self.reason, self.wait, self.told = reason, wait, told


def admit(
    store: Store,
    wanted: Sequence[Job],
    bounds: Bounds,
    *,
    idempotency_key: str = "",
    repeated: bool = False,
) -> Admission:
    """Write jobs down, or find those that the same request made before.

    ``repeated`` says that the client calls this a retry: then an equal create of the last two minutes is
    meant. Raises ``RefusedError``; nothing is written then.
    """
    first = wanted[0]
    owner, fingerprint, moment = first.owner, first.fingerprint, first.created

    def write(connection: Connection) -> Admission:
        store.one_at_a_time(connection, f"admit {owner}")
        known = _answered(connection, owner, idempotency_key, fingerprint) if idempotency_key else None
        if known is None and repeated:
            known = _twin(connection, owner, fingerprint, moment)
        remaining, reset = _left_this_minute(connection, owner, bounds.rate_per_minute, moment)
        if known is not None:
            return Admission(_with_siblings(connection, known), True, remaining, reset)
        if remaining < len(wanted):
            raise RefusedError("rate", reset)
        if bounds.budget is not None:
            spent = spent_since(connection, owner, month_start(moment))
            if spent + sum(job.length for job in wanted) > bounds.budget:
                told = f"{spent:g} of {bounds.budget:g} seconds are spent this month"
                raise RefusedError("budget", told=told)
        if waiting(connection) + len(wanted) > bounds.queue:
            raise RefusedError("queue", 10.0)
        add_jobs(connection, wanted)
        if idempotency_key:
            row = {"owner": owner, "key": idempotency_key, "fingerprint": fingerprint}
            connection.execute(insert(answered), {**row, "object": first.id, "created": moment})
        return Admission(tuple(wanted), False, remaining - len(wanted), reset)

    return store.write_together(write)


def add_jobs(connection: Connection, wanted: Sequence[Job]) -> None:
    """Write jobs down, in the caller's transaction."""
    if wanted:
        connection.execute(_NEW, [_values(job) for job in wanted])


def _values(job: Job) -> dict[str, Any]:
    return {name: getattr(job, name) for name in NAMES}


def _answered(connection: Connection, owner: str, key: str, fingerprint: str) -> Job | None:
    mine = and_(answered.c.owner == owner, answered.c.key == key)
    row = connection.execute(select(answered).where(mine)).first()
    if row is None:
        return None
    old = row.created < now() - KEY_LIFE
    if row.fingerprint != fingerprint and not old:
        raise RefusedError("reuse")
    found = connection.execute(
        select(*COLUMNS).where(jobs.c.id == row.object, jobs.c.deleted.is_(None))
    ).first()
    if found is None or old:
        connection.execute(sql_delete(answered).where(mine))
        return None
    return to_job(found)


def _twin(connection: Connection, owner: str, fingerprint: str, moment: int) -> Job | None:
    found = connection.execute(
        select(*COLUMNS)
        .where(
            jobs.c.owner == owner,
            jobs.c.created > moment - RETRY_WINDOW,
            jobs.c.fingerprint == fingerprint,
            jobs.c.deleted.is_(None),
        )
        .order_by(jobs.c.created.desc(), jobs.c.id)
        .limit(1)
    ).first()
    return None if found is None else to_job(found)


def _with_siblings(connection: Connection, job: Job) -> tuple[Job, ...]:
    if job.group is None:
        return (job,)
    rows = connection.execute(select(*COLUMNS).where(jobs.c.group == job.group).order_by(jobs.c.seed))
    return tuple(to_job(row) for row in rows)


def _left_this_minute(connection: Connection, owner: str, limit: int, moment: int) -> tuple[int, float]:
    """Creates left in the minute that ends now, and seconds until all of them are back."""
    since = moment - micros(60)
    count, oldest, newest = connection.execute(_MINUTE, {"owner": owner, "since": since}).one()
    left = max(0, limit - int(count))
    back = newest if left else oldest
    return left, 0.0 if back is None else max(0.0, (int(back) - since) / 1e6)


def month_start(moment: int) -> int:
    """The first microsecond of the calendar month (UTC) of a moment."""
    from datetime import UTC, datetime

    day = datetime.fromtimestamp(moment / 1e6, UTC)
    return micros(day.replace(day=1, hour=0, minute=0, second=0, microsecond=0).timestamp())


def spent_since(connection: Connection, owner: str, since: int) -> float:
    """Seconds of film that were filmed or are still to be; films that failed cost nothing."""
    total = connection.scalar(
        select(func.sum(jobs.c.length)).where(
            jobs.c.owner == owner, jobs.c.created >= since, jobs.c.status != "failed"
        )
    )
    return float(total or 0.0)


def waiting(connection: Connection) -> int:
    """How many jobs are queued."""
    return int(connection.scalar(_WAITING) or 0)


def find(store: Store, owner: str | None, name: str) -> Job | None:
    """A job by its id; ``None`` when there is none, or not of this ``owner`` (None: of anybody)."""
    query, known = (_THERE, {"name": name}) if owner is None else (_MINE, {"name": name, "owner": owner})
    with store.read() as connection:
        row = connection.execute(query, known).first()
    return None if row is None else to_job(row)


def siblings(store: Store, job: Job) -> tuple[str, ...]:
    """Ids of the jobs that one create asked for, in the order of their seeds."""
    if job.group is None:
        return (job.id,)
    with store.read() as connection:
        query = select(jobs.c.id).where(jobs.c.group == job.group, jobs.c.deleted.is_(None))
        return tuple(connection.scalars(query.order_by(jobs.c.seed)))


def listed(
    store: Store, owner: str, *, after: str | None, limit: int, newest_first: bool
) -> tuple[list[Job], bool] | None:
    """A page of jobs and whether there are more; ``None`` when ``after`` names none.

    ``after`` may be a job that was deleted meanwhile: deleting while listing goes through all of them.
    """
    known: dict[str, Any] = {"owner": owner, "most": limit + 1}
    with store.read() as connection:
        if after is not None:
            created = connection.scalar(_PLACE, {"owner": owner, "name": after})
            if created is None:
                return None
            known |= {"created": created, "name": after}
        rows = connection.execute(_page(newest_first, after is not None), known).all()
    return [to_job(row) for row in rows[:limit]], len(rows) > limit


@cache
def _page(newest_first: bool, goes_on: bool) -> Select[Any]:
    """The statement for a page, from the beginning or beyond ``created`` and ``name``."""
    query = page_of(select(*COLUMNS), jobs, bindparam("owner"), newest_first).where(jobs.c.deleted.is_(None))
    if goes_on:
        query = query.where(beyond(bindparam("created"), bindparam("name"), newest_first))
    return query.limit(bindparam("most"))


def beyond(created: Any, name: Any, newest_first: bool, table: Any = jobs) -> Any:
    """What comes after a place in the order of (created, id)."""
    columns = table.c
    # The first condition says nothing new; it lets the database begin at the right place of its index.
    if newest_first:
        later = or_(columns.created < created, columns.id < name)
        return and_(columns.created <= created, later)
    return and_(columns.created >= created, or_(columns.created > created, columns.id > name))


def delete(store: Store, owner: str, name: str) -> Job | None:
    """Make a job a tombstone: gone for everyone, but its place in lists stays. Returns what it was.

    A running job stops at its next step; whoever films it has nowhere to put the film any more.
    """
    with store.write() as connection:
        mine = and_(jobs.c.id == name, jobs.c.owner == owner, jobs.c.deleted.is_(None))
        row = connection.execute(select(*COLUMNS).where(mine).with_for_update()).first()
        if row is None:
            return None
        values: dict[str, Any] = {"deleted": now(), "stopping": True, "prompt": "", "labels": None}
        values |= {"callback": None, "order": {}}
        if row.status == "queued":
            values["status"] = "failed"
        connection.execute(update(jobs).where(mine).values(**values))
    return to_job(row)


def page_of(query: Select[Any], table: Any, owner: Any, newest_first: bool) -> Select[Any]:
    """Order any owned table's rows as lists are ordered."""
    direction = (table.c.created.desc(), table.c.id.desc()) if newest_first else (table.c.created, table.c.id)
    return query.where(table.c.owner == owner).order_by(*direction)
