"""Answers that were given before: what makes a POST safe to send twice, for everything that is no film.

Films find their twins among the jobs themselves (see ``jobs.admit``); the keys are the same, in one table.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, select

from ozora.serve.store.engine import Store, now
from ozora.serve.store.jobs import KEY_LIFE, RETRY_WINDOW, RefusedError
from ozora.serve.store.tables import answered

Reply = dict[str, Any]
NAMELESS = " "
"""Begins the place of answers without a key: no header's value can."""


def find_answer(
    connection: Connection, owner: str, key: str, fingerprint: str, repeated: bool
) -> Reply | None:
    """What the same request was answered; raises ``RefusedError`` for a key of another request."""
    moment = now()
    if key:
        mine = and_(answered.c.owner == owner, answered.c.key == key)
        row = connection.execute(select(answered).where(mine)).first()
        if row is not None and row.created >= moment - KEY_LIFE:
            if row.fingerprint != fingerprint or row.reply is None:
                raise RefusedError("reuse")
            return dict(row.reply)
    if not repeated:
        return None
    twin = connection.execute(
        select(answered.c.reply)
        .where(
            answered.c.owner == owner, answered.c.fingerprint == fingerprint,
            answered.c.created > moment - RETRY_WINDOW, answered.c.reply.is_not(None),
        )
        .order_by(answered.c.created.desc())
        .limit(1)
    ).first()  # fmt: skip
    return None if twin is None else dict(twin.reply)


def look_up(store: Store, owner: str, key: str, fingerprint: str, repeated: bool) -> Reply | None:
    """The same, before any work is begun; :func:`answer_once` decides."""
    with store.read() as connection:
        return find_answer(connection, owner, key, fingerprint, repeated)


def answer_once(
    store: Store,
    owner: str,
    key: str,
    fingerprint: str,
    repeated: bool,
    write: Callable[[Connection], Reply],
) -> tuple[Reply, bool]:
    """What ``write`` answers, in one transaction with the note that it did; or what was answered before.

    Returns the answer and whether it is an earlier one. Raises ``RefusedError``; nothing is written then.
    """
    with store.write() as connection:
        store.one_at_a_time(connection, f"answer {owner}")
        known = find_answer(connection, owner, key, fingerprint, repeated)
        if known is not None:
            return known, True
        reply = write(connection)
        if key:
            connection.execute(delete(answered).where(answered.c.owner == owner, answered.c.key == key))
        place = key or NAMELESS + secrets.token_hex(16)
        row = {"owner": owner, "key": place, "fingerprint": fingerprint, "reply": reply, "created": now()}
        connection.execute(insert(answered), {**row, "object": str(reply.get("id", ""))[:64]})
    return reply, False
