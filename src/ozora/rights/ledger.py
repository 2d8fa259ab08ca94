"""The ledger: an append-only record of where every training clip came from and under which licence.

One JSON object per line. Each row carries the hash of the row before it, so that nothing can be changed,
dropped or reordered without every later hash disagreeing. The hash of the last row is the ledger's root;
every checkpoint names it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ozora.errors import OzoraError, refuse

LICENCES = ("own", "commissioned", "CC0-1.0", "CC-BY-4.0", "written")
"""What footage may be used under: made by us or for us, given freely, or licensed to us in writing."""

EMPTY_ROOT = "0" * 64
"""What the first row points back to, and the root of a ledger without rows."""

log = logging.getLogger("ozora")


@dataclass(frozen=True)
class Entry:
    """What somebody says about one clip: its source, its licence, the SHA-256 of its content, and a note."""

    source: str
    licence: str
    content_hash: str
    note: str = ""


@dataclass(frozen=True)
class Row:
    """One line of the ledger: an entry, its place, the hash of the row before it, and its own hash."""

    index: int
    source: str
    licence: str
    content_hash: str
    note: str
    previous: str
    hash: str

    def expected_hash(self) -> str:
        """The SHA-256 over every other field, in canonical JSON."""
        fields = {name: value for name, value in asdict(self).items() if name != "hash"}
        return hashlib.sha256(_canonical(fields).encode()).hexdigest()


def _canonical(fields: dict[str, object]) -> str:
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _row(line: str) -> Row:
    fields = json.loads(line)
    row = Row(**fields)
    words = [value for name, value in fields.items() if name != "index"]
    if not isinstance(row.index, int) or not all(isinstance(word, str) for word in words):
        raise TypeError("a field has another type than the ledger writes")
    return row


class Ledger:
    """An append-only JSON-lines file with a hash chain. Safe for many threads of one process.

    A last line that a crash left half-written is dropped, with a notice in the log, when the file is opened.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._lock = threading.Lock()
        self._count = 0
        self._root = EMPTY_ROOT
        if self.path.exists():
            self._open_existing()

    def __len__(self) -> int:
        return self._count

    def root(self) -> str:
        """The hash of the last row: it stands for the whole history."""
        return self._root

    def append(self, source: str, licence: str, content_hash: str, note: str = "") -> Row:
        """Add one row and return it; refused when the licence is not one of ``LICENCES``."""
        return self.append_all([Entry(source, licence, content_hash, note)])[0]

    def append_all(self, entries: Iterable[Entry]) -> list[Row]:
        """Add rows in order with one write and one flush to the disk; when one is refused, none is added."""
        entries = list(entries)
        for entry in entries:
            _check(entry)
        with self._lock:
            rows: list[Row] = []
            previous = self._root
            for index, entry in enumerate(entries, start=self._count):
                row = Row(index=index, previous=previous, hash="", **asdict(entry))
                row = Row(**{**asdict(row), "hash": row.expected_hash()})
                rows.append(row)
                previous = row.hash
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("a", encoding="utf-8") as file:
                file.write("".join(_canonical(asdict(row)) + "\n" for row in rows))
                file.flush()
                os.fsync(file.fileno())
            self._count += len(rows)
            self._root = previous
            return rows

    def rows(self) -> Iterator[Row]:
        """Every row in order, as the file has it; ``verify`` says whether it may be believed."""
        if not self.path.exists():
            return
        with self.path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                try:
                    yield _row(line)
                except (ValueError, TypeError) as error:
                    raise _broken(self.path, number, "cannot be read") from error

    def verify(self) -> int:
        """Walk the chain from its first row and return how many rows there are.

        Raises ``OzoraError`` naming the first broken row and what is wrong with it.
        """
        previous, count = EMPTY_ROOT, 0
        for number, row in enumerate(self.rows(), start=1):
            if row.index != number - 1:
                raise _broken(self.path, number, f"says it is row {row.index + 1}")
            if row.previous != previous:
                raise _broken(self.path, number, "does not follow the row before it")
            if row.hash != row.expected_hash():
                raise _broken(self.path, number, "was changed after it was written")
            previous, count = row.hash, number
        if (count, previous) != (self._count, self._root):
            raise _broken(self.path, count + 1, "is missing: the file has lost rows since it was opened")
        return count

    def _open_existing(self) -> None:
        """Take count and root from the file, first cutting off a last line that was never finished."""
        content = self.path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            log.warning("%s: dropped a half-written last row (%d bytes)", self.path, len(content) - whole)
            with self.path.open("r+b") as file:
                file.truncate(whole)
        lines = content[:whole].splitlines()
        self._count = len(lines)
        if lines:
            try:
                self._root = _row(lines[-1].decode()).hash
            except (ValueError, TypeError) as error:
                raise _broken(self.path, len(lines), "cannot be read") from error


def _check(entry: Entry) -> None:
    if entry.licence not in LICENCES:
        raise refuse("licence", entry.licence, ", ".join(LICENCES))
    if len(entry.content_hash) != 64 or not set(entry.content_hash) <= set("0123456789abcdef"):
        raise refuse("content_hash", entry.content_hash, "a SHA-256 as 64 lower-case hexadecimal digits")
    if not entry.source.strip():
        raise refuse("source", entry.source, "words that say where the clip comes from")


def _broken(path: Path, number: int, what: str) -> OzoraError:
    return OzoraError(f"ledger {path.name}: row {number} {what}.")
