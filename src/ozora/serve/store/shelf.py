"""Files and characters that clients keep here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from ozora.serve.store.engine import Store, now
from ozora.serve.store.jobs import beyond, page_of
from ozora.serve.store.tables import characters, files


def add_file(connection: Connection, values: dict[str, Any]) -> None:
    """Write a file's record down, in the caller's transaction; its bytes are kept already."""
    connection.execute(insert(files), values)


def find_file(store: Store, owner: str, name: str) -> dict[str, Any] | None:
    """A file of this owner."""
    with store.read() as connection:
        row = connection.execute(
            select(files).where(files.c.id == name, files.c.owner == owner, _there())
        ).first()
    return None if row is None else dict(row._mapping)


def delete_file(store: Store, owner: str, name: str) -> bool:
    """Make a file a tombstone; ``False`` when there is none."""
    with store.write() as connection:
        mine = and_(files.c.id == name, files.c.owner == owner, files.c.deleted.is_(None))
        return bool(connection.execute(update(files).where(mine).values(deleted=now())).rowcount)


def expired_files(store: Store, limit: int = 500) -> list[str]:
    """Files whose time is over, and whose bytes are still to go."""
    over = and_(files.c.deleted.is_(None), files.c.expires < now())
    with store.read() as connection:
        return list(connection.scalars(select(files.c.id).where(over).limit(limit)))


def bury_files(store: Store, names: list[str]) -> None:
    """Their bytes are gone: make the records tombstones."""
    with store.write() as connection:
        connection.execute(update(files).where(files.c.id.in_(names)).values(deleted=now()))


def known_files(store: Store, names: list[str]) -> set[str]:
    """Which of these ids are files that are there."""
    with store.read() as connection:
        found = select(files.c.id).where(files.c.id.in_(names), files.c.deleted.is_(None))
        return set(connection.scalars(found))


def _there() -> Any:
    """Neither deleted nor expired."""
    return and_(files.c.deleted.is_(None), or_(files.c.expires.is_(None), files.c.expires > now()))


def list_files(
    store: Store, owner: str, *, after: str | None, limit: int, newest_first: bool, purpose: str | None
) -> tuple[list[dict[str, Any]], bool] | None:
    """A page of files; ``None`` when ``after`` names none."""
    with store.read() as connection:
        query = page_of(select(files).where(_there()), files, owner, newest_first)
        if purpose is not None:
            query = query.where(files.c.purpose == purpose)
        if after is not None:
            place = connection.execute(
                select(files.c.created, files.c.id).where(files.c.id == after, files.c.owner == owner)
            ).first()
            if place is None:
                return None
            query = query.where(beyond(place.created, place.id, newest_first, files))
        rows = connection.execute(query.limit(limit + 1)).all()
    return [dict(row._mapping) for row in rows[:limit]], len(rows) > limit


def add_character(connection: Connection, values: dict[str, Any]) -> None:
    """Write a character down, in the caller's transaction."""
    connection.execute(insert(characters), values)


def find_character(store: Store, owner: str, name: str) -> dict[str, Any] | None:
    """A character of this owner."""
    with store.read() as connection:
        row = connection.execute(
            select(characters).where(characters.c.id == name, characters.c.owner == owner)
        ).first()
    return None if row is None else dict(row._mapping)
