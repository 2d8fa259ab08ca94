"""Opening the database, and transactions on it: SQLite in a file by default, PostgreSQL by its URL."""

from __future__ import annotations

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, NullPool, create_engine, event, text
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

Result = TypeVar("Result")


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
        self._parts: deque[_Part[Any]] = deque()
        self._idle: deque[Connection] = deque()
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
        engine = create_engine(self.url, poolclass=NullPool, connect_args=options)

        @event.listens_for(engine, "connect")
        def prepare(connection: Any, _: Any) -> None:
            cursor = connection.cursor()
            cursor.execute("PRAGMA journal_mode=WAL")
            # A reply follows a commit: it must survive the power going out, not only the process.
            cursor.execute("PRAGMA synchronous=FULL")
            cursor.close()

        return engine

    @contextmanager
    def _borrow(self) -> Iterator[tuple[Connection, Any]]:
        """A connection to SQLite's file and the driver's below it, kept open between uses.

        To check one out of a pool, and to begin and end by way of SQLAlchemy, takes longer than to ask.
        """
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._engine.connect()
        driver: Any = connection.connection.driver_connection
        try:
            yield connection, driver
        finally:
            if driver.in_transaction:
                driver.rollback()
            self._idle.append(connection)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One snapshot to read from."""
        if not self.sqlite:
            with self._engine.connect() as connection:
                yield connection
            return
        with self._borrow() as (connection, driver):
            driver.execute("BEGIN")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction: committed when the block ends well, else as if it had never been."""
        if not self.sqlite:
            with self._engine.begin() as connection:
                yield connection
            return
        with self._writing, self._borrow() as (connection, driver):
            driver.execute("BEGIN IMMEDIATE")
            yield connection
            driver.execute("COMMIT")

    def write_together(self, call: Callable[[Connection], Result]) -> Result:
        """Run ``call`` in one transaction; with SQLite all who wait for their turn share it, and its commit.

        What ``call`` raises undoes its own writes alone. Returns once everything lies on the disk
        (group commit: DeWitt et al., "Implementation techniques for main memory database systems", 1984).
        """
        if not self.sqlite:
            with self.write() as connection:
                return call(connection)
        part = _Part(call)
        self._parts.append(part)
        with self._writing:
            if not part.over:
                self._write_parts([self._parts.popleft() for _ in range(len(self._parts))])
        return part.result()

    def _write_parts(self, parts: list[_Part[Any]]) -> None:
        """Run all parts, each behind a savepoint, and commit once; the caller holds the lock."""
        try:
            with self._borrow() as (connection, driver):
                driver.execute("BEGIN IMMEDIATE")
                for part in parts:
                    driver.execute("SAVEPOINT part")
                    if not part.run(connection):
                        driver.execute("ROLLBACK TO part")
                    driver.execute("RELEASE part")
                driver.execute("COMMIT")
        except BaseException as error:
            for part in parts:
                part.error = part.error or error
        finally:
            for part in parts:
                part.over = True

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
        """Close all connections that nobody uses."""
        while self._idle:
            self._idle.pop().close()
        self._engine.dispose()


class _Part(Generic[Result]):
    """One caller's part of a shared transaction: what to run, and how it went."""

    def __init__(self, call: Callable[[Connection], Result]) -> None:
        self.call, self.over = call, False
        self.value: Result
        self.error: BaseException | None = None

    def run(self, connection: Connection) -> bool:
        """Run it; says whether it went well."""
        try:
            self.value = self.call(connection)
        except BaseException as error:
            self.error = error
        return self.error is None

    def result(self) -> Result:
        """What it returned; raises what it raised, or what the commit did."""
        if self.error is not None:
            raise self.error
        return self.value


def now() -> int:
    """Microseconds since 1970."""
    return time.time_ns() // 1000


def micros(seconds: float) -> int:
    """Seconds as microseconds."""
    return round(seconds * 1_000_000)


def new_id(prefix: str) -> str:
    """An id that cannot be guessed: a prefix and 48 hexadecimal digits."""
    return f"{prefix}_{secrets.token_hex(24)}"
