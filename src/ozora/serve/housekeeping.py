"""Housekeeping: what expired is emptied, what was deleted goes from the disk, what died is taken back."""

from __future__ import annotations

import shutil

from sqlalchemy import delete, select, update

from ozora.serve.house import House
from ozora.serve.store import outbox, queue
from ozora.serve.store.engine import micros, now
from ozora.serve.store.jobs import KEY_LIFE
from ozora.serve.store.tables import answered, jobs, workers

ORPHAN_AGE = 3600.0
"""Seconds after which a folder without a record is nobody's: a create that never came to its commit."""


def tidy(house: House) -> None:
    """One round; any number of servers may do it at the same time."""
    moment = now()
    with house.store.write() as connection:
        queue.take_back(connection, moment, house.settings.most_attempts)
        connection.execute(delete(answered).where(answered.c.created < moment - KEY_LIFE))
        connection.execute(delete(workers).where(workers.c.seen < moment - micros(600)))
    _empty(house, moment)
    _forget(house, moment)
    _sweep(house)
    outbox.prune(house.store, moment - micros(86400 * house.settings.tombstone_days))


def _empty(house: House, moment: int) -> None:
    """Remove the files of films that expired, failed or were deleted."""
    with house.store.read() as connection:
        over = (jobs.c.expires < moment) | jobs.c.deleted.is_not(None)
        ended = jobs.c.status.in_(("completed", "failed"))
        query = select(jobs.c.id).where(jobs.c.emptied.is_(False), ended, over).limit(500)
        names = list(connection.scalars(query))
    for name in names:
        house.blobs.drop(f"videos/{name}")
        shutil.rmtree(house.settings.data / "work" / name, ignore_errors=True)
    if names:
        with house.store.write() as connection:
            connection.execute(update(jobs).where(jobs.c.id.in_(names)).values(emptied=True))


def _forget(house: House, moment: int) -> None:
    """Remove tombstones so old that no list is still being paged past them."""
    before = moment - micros(86400 * house.settings.tombstone_days)
    with house.store.write() as connection:
        connection.execute(delete(jobs).where(jobs.c.deleted < before, jobs.c.emptied.is_(True)))


def _sweep(house: House) -> None:
    """Remove folders that no record speaks of."""
    for folder in list(house.blobs.folders("videos", ORPHAN_AGE)):
        with house.store.read() as connection:
            known = connection.scalar(select(jobs.c.id).where(jobs.c.id == folder.partition("/")[2]))
        if known is None:
            house.blobs.drop(folder)
