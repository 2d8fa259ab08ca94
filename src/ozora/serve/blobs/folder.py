"""Blobs in a local folder."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path, PurePosixPath

from ozora.errors import refuse
from ozora.media.files import whole_file
from ozora.serve.blobs.protocol import Kept


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


def _settle(path: Path) -> None:
    """Bring a file to the disk before anybody is told that it is there."""
    with path.open("rb") as opened:
        os.fsync(opened.fileno())
