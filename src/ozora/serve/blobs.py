"""Files that belong to records, asked for by name: films, thumbnails, what a job was given."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Protocol

from ozora.errors import refuse
from ozora.media.files import whole_file

if TYPE_CHECKING:
    from ozora.serve.settings import Settings


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


class FolderBlobs:
    """Blobs in a local folder; workers and servers on one machine (or one shared disk) see the same."""

    remote = False

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, name: str, source: Path | bytes) -> None:
        target = self._place(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(source, bytes):
            with whole_file(target) as temporary:
                temporary.write_bytes(source)
                _settle(temporary)
            return
        _settle(source)
        shutil.move(source, target)

    def path(self, name: str) -> Path | None:
        found = self._place(name)
        return found if found.is_file() else None

    def look(self, name: str) -> Kept | None:
        try:
            found = self._place(name).stat()
        except FileNotFoundError:
            return None
        return Kept(found.st_size, f'"{found.st_mtime_ns:x}-{found.st_size:x}"', found.st_mtime)

    async def read(self, name: str, begin: int, end: int) -> AsyncIterator[bytes]:
        import anyio

        async with await anyio.open_file(self._place(name), "rb") as opened:
            await opened.seek(begin)
            while begin < end and (piece := await opened.read(min(2**20, end - begin))):
                begin += len(piece)
                yield piece

    def names(self, folder: str) -> list[str]:
        found = self._place(folder).rglob("*")
        return sorted(path.relative_to(self.root).as_posix() for path in found if path.is_file())

    def copy(self, source: str, target: str) -> bool:
        place = self._place(target)
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            # A second name for the same bytes: files here are replaced, never written into.
            os.link(self._place(source), place)
        except FileExistsError:
            return True
        except FileNotFoundError:
            return False
        except OSError:
            shutil.copyfile(self._place(source), place)
        return True

    def drop(self, folder: str) -> None:
        shutil.rmtree(self._place(folder), ignore_errors=True)

    def folders(self, kind: str, older_than: float) -> Iterator[str]:
        root = self._place(kind)
        latest = time.time() - older_than
        for found in root.iterdir() if root.is_dir() else ():
            try:
                if found.is_dir() and found.stat().st_mtime < latest:
                    yield f"{kind}/{found.name}"
            except FileNotFoundError:
                continue

    def _place(self, name: str) -> Path:
        parts = PurePosixPath(name).parts
        if not parts or any(part in ("..", "/", ".") or part.startswith("/") for part in parts):
            raise refuse("blob", name, "names such as videos/video_1/film.mp4")
        return self.root.joinpath(*parts)


def open_blobs(settings: Settings) -> Blobs:
    """Where a server's files are: its folder, or the bucket that its settings name. Raises ``OzoraError``."""
    if not settings.blobs:
        return FolderBlobs(settings.data)
    from ozora.serve.bucket import BucketBlobs

    return BucketBlobs(settings.blobs, settings.data / "cache")


def _settle(path: Path) -> None:
    """Bring a file to the disk before anybody is told that it is there."""
    with path.open("rb") as opened:
        os.fsync(opened.fileno())
