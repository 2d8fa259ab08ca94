"""Housekeeping: what expired is emptied, what was deleted goes from the disk, what died is taken back."""

from __future__ import annotations

import shutil

from sqlalchemy import delete, select, update

from ozora.serve.house import House
from ozora.serve.store import outbox, queue, shelf
from ozora.serve.store.batches import known_batches
from ozora.serve.store.engine import Store, micros, now
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
    for name in (over := shelf.expired_files(house.store)):
        house.blobs.drop(f"files/{name}")
    if over:
        shelf.bury_files(house.store, over)
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
    for kind, find in (("videos", _known_jobs), ("files", shelf.known_files), ("batches", known_batches)):
        found = list(house.blobs.folders(kind, ORPHAN_AGE))
        for begin in range(0, len(found), 500):
            names = {folder.partition("/")[2]: folder for folder in found[begin : begin + 500]}
            for name in names.keys() - find(house.store, list(names)):
                house.blobs.drop(names[name])


def _known_jobs(store: Store, names: list[str]) -> set[str]:
    with store.read() as connection:
        return set(connection.scalars(select(jobs.c.id).where(jobs.c.id.in_(names))))
