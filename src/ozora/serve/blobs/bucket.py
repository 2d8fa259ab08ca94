"""Blobs in S3, or in whatever speaks its protocol: the same files for servers and workers on any machine."""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

from ozora.errors import OzoraError, refuse
from ozora.media.files import whole_file
from ozora.serve.blobs.protocol import Kept, UnreachableError

CACHE_LIFE = 6 * 3600.0
"""Seconds that a local copy stays after it was last asked for; no job may take as long."""

ROUNDS = 3600.0
"""Seconds between two looks through the whole bucket for what is nobody's: listing is paid for."""

PIECE = 2**20


class BucketBlobs:
    """Blobs under a prefix of a bucket; credentials, region and endpoint come from AWS' own variables.

    ``cache`` is a local folder for copies of what was asked for by :meth:`path`. Raises ``OzoraError`` when
    the library is missing or the address is none; ``UnreachableError`` when the service does not answer.
    """

    remote = True

    def __init__(self, address: str, cache: Path) -> None:
        self.address, self.cache = address, cache
        bucket, _, prefix = address.removeprefix("s3://").partition("/")
        if not address.startswith("s3://") or not bucket:
            raise refuse("blobs", address, "s3://BUCKET or s3://BUCKET/PREFIX")
        try:
            import obstore
            from obstore.exceptions import BaseError
            from obstore.store import S3Store
        except ImportError as error:
            raise OzoraError("blobs: S3 needs obstore; install it with: pip install 'ozora[s3]'.") from error
        self._s3, self._error = obstore, BaseError
        endpoint = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL", "")
        where: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
        try:
            self._bucket: Any = S3Store(
                bucket, prefix=prefix.strip("/") or None, **where,
                client_options={"allow_http": endpoint.startswith("http://"), "timeout": "60s"},
                retry_config={"max_retries": 5, "retry_timeout": timedelta(seconds=30)},
            )  # fmt: skip
        except (BaseError, ValueError, TypeError) as error:
            raise OzoraError(f"blobs: {address} cannot be opened ({_first_line(error)}).") from error
        self._swept = 0.0
        self._fetching = threading.Lock()

    def put(self, name: str, source: Path | bytes) -> None:
        """Keep bytes or a file (which is then removed); a reader sees all of it or what was there before."""
        with self._reached():
            self._s3.put(self._bucket, _checked(name), source)
        self._copy_of(name).unlink(missing_ok=True)
        if isinstance(source, Path):
            source.unlink(missing_ok=True)

    def path(self, name: str) -> Path | None:
        """A local copy of what is kept under a name; names stand for the same bytes as long as they live."""
        place = self._copy_of(name)
        # One at a time in this process: the same film is not fetched twice.
        with self._fetching:
            self._forget_copies()
            if not place.is_file():
                place.parent.mkdir(parents=True, exist_ok=True)
                try:
                    with self._reached():
                        found = self._s3.get(self._bucket, name)
                except FileNotFoundError:
                    return None
                with self._reached(), whole_file(place) as temporary, temporary.open("wb") as opened:
                    for piece in found.stream(min_chunk_size=PIECE):
                        opened.write(piece)
            os.utime(place)
        return place

    def look(self, name: str) -> Kept | None:
        """Size and mark of a name, or ``None``."""
        try:
            with self._reached():
                found = self._s3.head(self._bucket, _checked(name))
        except FileNotFoundError:
            return None
        return Kept(int(found["size"]), str(found["e_tag"] or ""), found["last_modified"].timestamp())

    async def read(self, name: str, begin: int, end: int) -> AsyncIterator[bytes]:
        """Bytes ``begin`` to ``end`` (not included) in pieces."""
        with self._reached():
            found = await self._s3.get_async(self._bucket, _checked(name), options={"range": (begin, end)})
            async for piece in found.stream(min_chunk_size=PIECE):
                yield bytes(piece)

    def copy(self, source: str, target: str) -> bool:
        """Keep the bytes of one name under another; they do not pass through this machine."""
        try:
            with self._reached():
                self._s3.copy(self._bucket, _checked(source), _checked(target))
        except FileNotFoundError:
            return False
        return True

    def drop(self, folder: str) -> None:
        """Delete everything under a folder, and local copies of it."""
        with self._reached():
            for rows in self._s3.list(self._bucket, _checked(folder)):
                self._s3.delete(self._bucket, [row["path"] for row in rows])
        shutil.rmtree(self.cache.joinpath(*folder.split("/")), ignore_errors=True)

    def names(self, folder: str) -> list[str]:
        """Every name under a folder."""
        with self._reached():
            return [row["path"] for rows in self._s3.list(self._bucket, _checked(folder)) for row in rows]

    def folders(self, kind: str, older_than: float) -> Iterator[str]:
        """Folders of a kind whose newest file is so old; looks once an hour and is empty in between."""
        if time.monotonic() - self._swept < ROUNDS and self._swept:
            return
        self._swept, newest = time.monotonic(), dict[str, float]()
        with self._reached():
            for rows in self._s3.list(self._bucket, _checked(kind)):
                for row in rows:
                    folder = "/".join(row["path"].split("/")[:2])
                    newest[folder] = max(newest.get(folder, 0.0), row["last_modified"].timestamp())
        latest = time.time() - older_than
        yield from (folder for folder, moment in newest.items() if moment < latest)

    @contextmanager
    def _reached(self) -> Iterator[None]:
        """What the service raises, as ours; ``FileNotFoundError`` passes."""
        try:
            yield
        except FileNotFoundError:
            raise
        except self._error as error:
            raise UnreachableError(f"{self.address}: {_first_line(error)}") from error

    def _copy_of(self, name: str) -> Path:
        return self.cache.joinpath(*_checked(name).split("/"))

    def _forget_copies(self) -> None:
        before = time.time() - CACHE_LIFE
        for found in self.cache.rglob("*"):
            if found.is_file() and found.stat().st_mtime < before:
                found.unlink(missing_ok=True)


def _checked(name: str) -> str:
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise refuse("blob", name, "names such as videos/video_1/film.mp4")
    return name


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:300]
