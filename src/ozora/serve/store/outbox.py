"""Webhook endpoints, and the outbox of events that are still to be delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select, update

from ozora.serve.store.engine import Store, micros, now
from ozora.serve.store.jobs import beyond, page_of
from ozora.serve.store.tables import endpoints, outbox

HOLD = micros(60)
"""How long a letter is one postman's before another may take it."""


@dataclass(frozen=True)
class Letter:
    """An event for one address; ``secrets`` sign it, the newest first."""

    id: str
    event: str
    url: str
    body: str
    tries: int
    secrets: tuple[str, ...] = field(repr=False)


def take_due(store: Store, limit: int) -> list[Letter]:
    """Letters that are due, held back from other postmen for a minute."""
    moment = now()
    letters: list[Letter] = []
    with store.read() as connection:
        waiting = and_(outbox.c.done.is_(None), outbox.c.due <= moment)
        if connection.scalar(select(outbox.c.id).where(waiting).limit(1)) is None:
            return []
    with store.write() as connection:
        rows = connection.execute(select(outbox).where(waiting).order_by(outbox.c.due).limit(limit)).all()
        for row in rows:
            held = update(outbox).where(
                outbox.c.id == row.id, outbox.c.due == row.due, outbox.c.done.is_(None)
            )
            if not connection.execute(held.values(due=moment + HOLD)).rowcount:
                continue
            keys: tuple[str, ...] = (row.secret,) if row.secret else ()
            if row.endpoint:
                found = connection.execute(
                    select(endpoints).where(endpoints.c.id == row.endpoint, endpoints.c.deleted.is_(None))
                ).first()
                if found is None:
                    connection.execute(
                        update(outbox).where(outbox.c.id == row.id).values(
                            done=moment, outcome="endpoint deleted"
                        )
                    )
                    continue
                keys = (found.secret,)
                if found.old_secret and (found.old_until or 0) > moment:
                    keys = (found.secret, found.old_secret)
            letters.append(Letter(row.id, row.event, row.url, row.body, row.tries, keys))
    return letters


def settle(store: Store, letter: Letter, *, done: bool, told: str, wait: int | None) -> None:
    """Note how a delivery went; ``wait`` seconds until the next attempt, ``None`` gives up."""
    moment = now()
    with store.write() as connection:
        values: dict[str, Any] = {"tries": letter.tries + 1, "outcome": told[:200]}
        if done or wait is None:
            values["done"] = moment
        else:
            values["due"] = moment + micros(wait)
        connection.execute(update(outbox).where(outbox.c.id == letter.id).values(**values))


def deliveries(store: Store, endpoint: str, limit: int = 50) -> list[dict[str, Any]]:
    """The delivery log of an endpoint, the newest first."""
    with store.read() as connection:
        rows = connection.execute(
            select(outbox.c.event, outbox.c.created, outbox.c.done, outbox.c.tries, outbox.c.outcome)
            .where(outbox.c.endpoint == endpoint)
            .order_by(outbox.c.created.desc())
            .limit(limit)
        )
        return [dict(row._mapping) for row in rows]


def add_endpoint(connection: Connection, values: dict[str, Any]) -> None:
    """Write an endpoint down, in the caller's transaction."""
    connection.execute(insert(endpoints), values)


def find_endpoint(store: Store, owner: str, name: str) -> dict[str, Any] | None:
    """An endpoint of this owner."""
    with store.read() as connection:
        row = connection.execute(select(endpoints).where(_mine(owner, name))).first()
    return None if row is None else dict(row._mapping)


def change_endpoint(connection: Connection, owner: str, name: str, **values: Any) -> dict[str, Any]:
    """Change an endpoint, in the caller's transaction; returns it as it is now."""
    mine = _mine(owner, name)
    connection.execute(update(endpoints).where(mine).values(updated=now(), **values))
    if "url" in values:
        # What waits goes to the new address.
        waiting = update(outbox).where(outbox.c.endpoint == name, outbox.c.done.is_(None))
        connection.execute(waiting.values(url=values["url"]))
    row = connection.execute(select(endpoints).where(endpoints.c.id == name)).one()
    return dict(row._mapping)


def list_endpoints(
    store: Store, owner: str, *, after: str | None, limit: int, newest_first: bool
) -> tuple[list[dict[str, Any]], bool] | None:
    """A page of endpoints; ``None`` when ``after`` names none."""
    with store.read() as connection:
        query = page_of(
            select(endpoints).where(endpoints.c.deleted.is_(None)), endpoints, owner, newest_first
        )
        if after is not None:
            place = connection.execute(
                select(endpoints.c.created, endpoints.c.id).where(
                    endpoints.c.id == after, endpoints.c.owner == owner
                )
            ).first()
            if place is None:
                return None
            query = query.where(beyond(place.created, place.id, newest_first, endpoints))
        rows = connection.execute(query.limit(limit + 1)).all()
    return [dict(row._mapping) for row in rows[:limit]], len(rows) > limit


def prune(store: Store, before: int) -> None:
    """Forget letters that were settled long ago."""
    with store.write() as connection:
        connection.execute(delete(outbox).where(outbox.c.done < before))


def _mine(owner: str, name: str) -> Any:
    return and_(endpoints.c.id == name, endpoints.c.owner == owner, endpoints.c.deleted.is_(None))
