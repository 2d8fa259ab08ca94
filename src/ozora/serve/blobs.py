"""Files that belong to records, asked for by name: films, thumbnails, what a job was given."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Protocol

from ozora.errors import refuse
from ozora.media.files import whole_file


class Blobs(Protocol):
    """A place for bytes under names that the server makes; no name ever comes from a client.

    A name is ``folder/id/file``. A store elsewhere (S3, say) keeps a local copy for :meth:`path`.
    """

    def put(self, name: str, source: Path | bytes) -> None:
        """Keep bytes, or a file (which is moved), under a name; whole or not at all."""

    def path(self, name: str) -> Path | None:
        """A local file with the bytes of a name, or ``None``."""

    def copy(self, source: str, target: str) -> bool:
        """Keep the bytes of one name under another too; ``False`` when there are none."""

    def drop(self, folder: str) -> None:
        """Forget everything under ``folder/id``; nothing happens when there is nothing."""

    def folders(self, kind: str, older_than: float) -> Iterator[str]:
        """Names ``kind/id`` whose folder has not changed for so many seconds."""


class FolderBlobs:
    """Blobs in a local folder; workers and servers on one machine (or one shared disk) see the same."""

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
