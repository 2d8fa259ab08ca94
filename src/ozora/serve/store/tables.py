"""Tables, and how an older database becomes a newer one."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    func,
    insert,
    inspect,
    select,
)

from ozora.errors import OzoraError

metadata = MetaData()

# All times are whole microseconds since 1970, UTC: exact, sortable, the same in every database.

jobs = Table(
    "jobs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("verb", String(16), nullable=False),
    Column("status", String(16), nullable=False),
    Column("progress", Integer, nullable=False, default=0),
    Column("priority", Integer, nullable=False, default=0),
    Column("created", BigInteger, nullable=False),
    Column("started", BigInteger),
    Column("completed", BigInteger),
    Column("expires", BigInteger),
    Column("deleted", BigInteger),
    Column("emptied", Boolean, nullable=False, default=False),
    Column("model", String(128), nullable=False),
    Column("served_model", String(128), nullable=False),
    Column("prompt", Text, nullable=False),
    Column("size", String(16), nullable=False),
    Column("seconds", String(16), nullable=False),
    Column("length", Float, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("source", String(64)),
    Column("group", String(64)),
    Column("labels", JSON),
    Column("order", JSON, nullable=False),
    Column("made", JSON),
    Column("receipt", JSON),
    Column("error_code", String(64)),
    Column("error_message", Text),
    Column("callback", JSON),
    Column("fingerprint", String(64), nullable=False),
    Column("worker", String(64)),
    Column("lease", BigInteger),
    Column("attempts", Integer, nullable=False, default=0),
    Column("stopping", Boolean, nullable=False, default=False),
    Index("jobs_queue", "status", "owner", "priority", "created"),
    Index("jobs_waiting", "status", "created"),
    Index("jobs_listed", "owner", "created", "id"),
    Index("jobs_expiring", "emptied", "expires"),
    Index("jobs_recent", "status", "completed"),
    Index("jobs_group", "group"),
)

answered = Table(
    "answered",
    metadata,
    Column("owner", String(64), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("object", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("reply", JSON),
    Index("answered_twins", "owner", "fingerprint"),
)

workers = Table(
    "workers",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("started", BigInteger, nullable=False),
    Column("seen", BigInteger, nullable=False),
    Column("ready", Boolean, nullable=False, default=False),
    Column("model", String(128), nullable=False),
    Column("job", String(64)),
)

keys = Table(
    "keys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("removed", BigInteger),
    Column("rate_per_minute", Integer),
    Column("budget", Float),
    Column("models", JSON),
)

characters = Table(
    "characters",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("name", String(80), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("words", Text, nullable=False),
    Column("seen", JSON, nullable=False),
)

files = Table(
    "files",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("deleted", BigInteger),
    Column("bytes", BigInteger, nullable=False),
    Column("name", String(255), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("expires", BigInteger),
    Index("files_listed", "owner", "created", "id"),
)

batches = Table(
    "batches",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("input_file", String(64), nullable=False),
    Column("labels", JSON),
    Column("output_life", Integer),
    Column("expires", BigInteger, nullable=False),
    Column("position", BigInteger, nullable=False, default=0),
    Column("line", Integer, nullable=False, default=0),
    Column("bytes", BigInteger, nullable=False, default=0),
    Column("total", Integer, nullable=False, default=0),
    Column("completed", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("ending", String(16)),
    Column("errors", JSON),
    Column("output_file", String(64)),
    Column("error_file", String(64)),
    Column("started", BigInteger),
    Column("finalizing", BigInteger),
    Column("cancelling", BigInteger),
    Column("ended", BigInteger),
    Index("batches_listed", "owner", "created", "id"),
    Index("batches_open", "ended"),
)

batch_lines = Table(
    "batch_lines",
    metadata,
    Column("batch", String(64), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("custom_id", String(256), nullable=False),
    Column("job", String(64)),
    Column("refusal", JSON),
    Column("settled", String(16)),
    Index("batch_lines_open", "batch", "settled"),
    Index("batch_lines_recent", "owner", "created"),
)

previews = Table(
    "previews",
    metadata,
    Column("job", String(64), primary_key=True),
    Column("made", BigInteger, nullable=False),
    Column("picture", LargeBinary, nullable=False),
)

endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("deleted", BigInteger),
    Column("name", String(255), nullable=False),
    Column("url", Text, nullable=False),
    Column("events", JSON, nullable=False),
    Column("secret", String(128), nullable=False),
    Column("old_secret", String(128)),
    Column("old_until", BigInteger),
    Index("endpoints_listed", "owner", "created", "id"),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("event", String(64), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("endpoint", String(64)),
    Column("url", Text, nullable=False),
    Column("secret", String(128)),
    Column("body", Text, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False, default=0),
    Column("done", BigInteger),
    Column("outcome", String(200)),
    Index("outbox_due", "done", "due"),
)

versions = Table("versions", MetaData(), Column("version", Integer, primary_key=True))



def _add_batches(connection: Connection) -> None:
    """Batches, previews, expiring files, and answers to every POST; nothing where they are already."""
    for table, name, kind in ((answered, "reply", "JSON"), (files, "expires", "BIGINT")):
        if name not in {column["name"] for column in inspect(connection).get_columns(table.name)}:
            connection.exec_driver_sql(f"ALTER TABLE {table.name} ADD COLUMN {name} {kind}")
    metadata.create_all(connection)
    for index in answered.indexes:
        index.create(connection, checkfirst=True)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (metadata.create_all, _add_batches)
"""Step ``i`` takes a database from version ``i`` to ``i + 1``. Steps are added at the end, never changed."""


def migrate(
    connection: Connection, steps: tuple[Callable[[Connection], None], ...] = MIGRATIONS
) -> tuple[int, int]:
    """Bring a database to this program's version, in the caller's transaction; returns (before, after).

    Raises ``OzoraError`` for a database that a newer program wrote.
    """
    versions.create(connection, checkfirst=True)
    before = int(connection.scalar(select(func.max(versions.c.version))) or 0)
    if before == 0 and "jobs" in inspect(connection).get_table_names():
        raise OzoraError(
            "store: holds tables of another program, allowed: an empty database or one of Ozora's."
        )
    if before > len(steps):
        raise OzoraError(f"store: is of version {before}, and this Ozora knows versions up to {len(steps)}.")
    for number in range(before, len(steps)):
        steps[number](connection)
        connection.execute(insert(versions).values(version=number + 1))
    return before, len(steps)
