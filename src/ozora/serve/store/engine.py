"""Opening the database, and transactions on it: SQLite in a file by default, PostgreSQL by its URL."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import (
    ArgumentError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
    TimeoutError,
)

from ozora.errors import OzoraError, refuse
from ozora.serve.store.tables import migrate

PATIENCE = 30.0
"""Seconds a transaction waits for another one's lock."""


UNREACHABLE = (OperationalError, InterfaceError, TimeoutError)
"""What a database that went away raises, one that is starting again, or one that is too busy: it may be asked
again. Whether the last transaction was committed is not known then."""

SIGNS_OF_LIFE = {
    "connect_timeout": 10, "keepalives_idle": 30, "keepalives_interval": 10, "keepalives_count": 3,
    "application_name": "ozora",
}  # fmt: skip
"""Seconds until a machine that is silent, not only a server that refuses, is noticed."""


class Store:
    """A database, open. Safe for many threads and many processes; close it when done.

    Raises ``OzoraError`` when it cannot be opened, or was written by a newer program.
    """

    def __init__(self, url: str) -> None:
        try:
            self.url = make_url(url)
            backend = self.url.get_backend_name()
        except (ArgumentError, NoSuchModuleError) as error:
            raise refuse("store", url.partition(":")[0], "a URL such as sqlite:///ozora.db") from error
        if backend not in ("sqlite", "postgresql"):
            raise refuse("store", backend, "sqlite or postgresql")
        if backend == "postgresql" and self.url.drivername == "postgresql":
            self.url = self.url.set(drivername="postgresql+psycopg")
        self.sqlite = backend == "sqlite"
        # One writer at a time in this process: waiting here is fair and quick, in SQLite it is neither.
        self._writing = threading.Lock()
        if self.sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
        try:
            self._engine = self._open()
            with self.write() as connection:
                self.one_at_a_time(connection, "migrate")
                self.version = migrate(connection)
        except (SQLAlchemyError, ImportError) as error:
            reason = str(getattr(error, "orig", None) or error).splitlines()[0]
            where = self.url.render_as_string(hide_password=True)
            raise OzoraError(f"store: {where} cannot be opened ({reason}).") from error

    def _open(self) -> Any:
        if not self.sqlite:
            return create_engine(
                self.url, pool_size=16, max_overflow=16, pool_pre_ping=True, connect_args=SIGNS_OF_LIFE
            )
        # Transactions begin where we say so: the driver's own beginnings come too late for a snapshot.
        options = {"timeout": PATIENCE, "isolation_level": None}
        engine = create_engine(self.url, pool_size=16, max_overflow=16, connect_args=options)

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _: Any) -> None:
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            # A reply follows a commit: it must survive the power going out, not only the process.
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.close()

        return engine

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot to read from."""
        with self._engine.connect() as connection:
            if self.sqlite:
                connection.exec_driver_sql("BEGIN")
            try:
                yield connection
            finally:
                if self.sqlite:
                    connection.exec_driver_sql("ROLLBACK")

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends well, else as if it had never been."""
        if not self.sqlite:
            with self._engine.begin() as connection:
                yield connection
            return
        with self._writing, self._engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                connection.exec_driver_sql("ROLLBACK")
                raise
            connection.exec_driver_sql("COMMIT")

    def one_at_a_time(self, connection: Connection, name: str) -> None:
        """Hold others who write under the same name back until this transaction ends.

        SQLite has one writer anyhow; PostgreSQL is asked for a lock.
        """
        if not self.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(hashtext(:name))"), {"name": name})

    def check(self) -> None:
        """Ask the database for one row; raises what the database raises."""
        with self.read() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def micros(seconds: float) -> int:
    """Seconds as microseconds."""
    return round(seconds * 1_000_000)


def new_id(prefix: str) -> str:
    """An id that cannot be guessed: a prefix and 48 hexadecimal digits."""
    return f"{prefix}_{secrets.token_hex(24)}"
