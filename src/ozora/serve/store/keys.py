"""API keys: shown once, kept as hashes, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select, update

from ozora.serve.store.engine import Store, now
from ozora.serve.store.tables import keys

PREFIX = "sk-ozora-"

_IN_USE = select(keys).where(keys.c.removed.is_(None))
_ONE = _IN_USE.where(keys.c.id == bindparam("name"))
_ANY = _IN_USE.with_only_columns(keys.c.id).limit(1)


@dataclass(frozen=True)
class Key:
    """A key's record: never the key itself."""

    id: str
    name: str
    created: int
    rate_per_minute: int | None
    budget: float | None
    models: tuple[str, ...] | None
    hash: str = field(repr=False)


def add_key(
    store: Store,
    name: str,
    *,
    rate_per_minute: int | None = None,
    budget: float | None = None,
    models: list[str] | None = None,
) -> tuple[Key, str]:
    """Make a key; the text is returned once and kept nowhere. 256 random bits need no slow hash."""
    ident, secret, moment = secrets.token_hex(8), secrets.token_urlsafe(32), now()
    row = {
        "id": f"key_{ident}", "name": name, "hash": _hash(secret), "created": moment,
        "rate_per_minute": rate_per_minute, "budget": budget, "models": models,
    }  # fmt: skip
    with store.write() as connection:
        connection.execute(insert(keys), row)
    allowed = None if models is None else tuple(models)
    key = Key(f"key_{ident}", name, moment, rate_per_minute, budget, allowed, _hash(secret))
    return key, f"{PREFIX}{ident}-{secret}"


def check_key(store: Store, text: str) -> Key | None:
    """The key that a client's text is, or ``None``; as long for a wrong secret as for a right one."""
    ident, _, secret = text.removeprefix(PREFIX).partition("-")
    shaped = text.startswith(PREFIX) and ident.isalnum() and ident.isascii() and len(text) <= 200
    found = find_key(store, f"key_{ident}") if shaped else None
    expected = found.hash if found is not None else "0" * 64
    right = hmac.compare_digest(_hash(secret), expected)
    return found if right else None


def list_keys(store: Store) -> list[Key]:
    """All keys in use, the oldest first."""
    with store.read() as connection:
        rows = connection.execute(_IN_USE.order_by(keys.c.created))
        return [_to_key(row) for row in rows]


def any_keys(store: Store) -> bool:
    """Whether keys are in use."""
    with store.read() as connection:
        return connection.scalar(_ANY) is not None


def remove_key(store: Store, name: str) -> bool:
    """Take a key out of use, by its id or its name; ``False`` when there is none."""
    with store.write() as connection:
        known = (keys.c.id == name) | (keys.c.name == name)
        done = connection.execute(update(keys).where(known, keys.c.removed.is_(None)).values(removed=now()))
    return bool(done.rowcount)


def find_key(store: Store, name: str) -> Key | None:
    """A key in use by its id."""
    with store.read() as connection:
        row = connection.execute(_ONE, {"name": name}).first()
    return None if row is None else _to_key(row)


def _to_key(row: Any) -> Key:
    models = None if row.models is None else tuple(row.models)
    return Key(row.id, row.name, row.created, row.rate_per_minute, row.budget, models, row.hash)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
