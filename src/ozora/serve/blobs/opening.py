"""Where a server's files are."""

from __future__ import annotations

from ozora.serve.blobs.folder import FolderBlobs
from ozora.serve.blobs.protocol import Blobs
from ozora.serve.settings import Settings


def open_blobs(settings: Settings) -> Blobs:
    """Where a server's files are: its folder, or the bucket that its settings name. Raises ``OzoraError``."""
    if not settings.blobs:
        return FolderBlobs(settings.data)
    from ozora.serve.blobs.bucket import BucketBlobs

    return BucketBlobs(settings.blobs, settings.data / "cache")
