"""What a place for files promises, wherever it is."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class UnreachableError(Exception):
    """The files are somewhere that does not answer; it may be asked again."""


@dataclass(frozen=True)
class Kept:
    """What is known of a blob without reading it: bytes, a mark that changes with them, when it was put."""

    size: int
    etag: str
    modified: float


class Blobs(Protocol):
    """A place for bytes under names that the server makes; no name ever comes from a client.

    A name is ``folder/id/file``. A ``remote`` store (S3, say) keeps a local copy for :meth:`path`, raises
    ``UnreachableError`` when it cannot be asked, and holds what an interrupted job left, too.
    """

    remote: bool

    def put(self, name: str, source: Path | bytes) -> None:
        """Keep bytes, or a file (which is moved), under a name; whole or not at all."""

    def path(self, name: str) -> Path | None:
        """A local file with the bytes of a name, or ``None``."""

    def look(self, name: str) -> Kept | None:
        """What is known of a name, or ``None``."""

    def read(self, name: str, begin: int, end: int) -> AsyncIterator[bytes]:
        """Bytes ``begin`` to ``end`` (not included) of a name, in pieces."""

    def names(self, folder: str) -> list[str]:
        """Every name under a folder."""

    def copy(self, source: str, target: str) -> bool:
        """Keep the bytes of one name under another too; ``False`` when there are none."""

    def drop(self, folder: str) -> None:
        """Forget everything under ``folder/id``; nothing happens when there is nothing."""

    def folders(self, kind: str, older_than: float) -> Iterator[str]:
        """Names ``kind/id`` whose folder has not changed for so many seconds."""
