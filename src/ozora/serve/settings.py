"""All that can be set about a server, in one frozen place; a worker gets the same values as the server."""

from __future__ import annotations

import ipaddress
import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ozora.errors import OzoraError, refuse

ENVIRONMENT = "OZORA_SERVE"
"""Name of the environment variable that carries a server's settings to its workers, as JSON."""

DIRECTOR = "ozora.serve.render.filming:DirectorRenderer"
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Settings:
    """A server: where it listens and keeps things, what it films with, and its limits.

    ``store`` is a SQLAlchemy URL; empty means SQLite in ``data``. ``blobs`` is where films are kept, as
    ``s3://bucket/prefix``; empty means in ``data``. ``cluster`` is the address of a Ray cluster whose
    machines film; ``workers`` then counts those of each machine without a GPU. ``renderer`` is
    ``module:Class``. ``strict`` refuses what the model does not film itself instead of scaling and joining.
    ``trusted`` are hosts and networks that picture addresses and webhooks may reach although not public.
    Times are seconds unless the name says otherwise.
    """

    data: Path = Path("ozora-data")
    store: str = ""
    blobs: str = ""
    cluster: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    renderer: str = DIRECTOR
    weights: str = ""
    strict: bool = False
    queue_limit: int = 1000
    rate_per_minute: int = 600
    longest_step: int = 20
    longest_film: int = 120
    keep_hours: float = 24.0
    tombstone_days: float = 30.0
    lease: float = 30.0
    heartbeat: float = 5.0
    most_attempts: int = 3
    most_render: float = 3600.0
    worker_grace: float = 300.0
    drain: float = 30.0
    most_body: int = 64 * MEBIBYTE
    most_batch_file: int = 200 * MEBIBYTE
    poll_ms: int = 2000
    trusted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", Path(self.data))
        object.__setattr__(self, "trusted", tuple(self.trusted))
        for name, lowest, highest in (
            ("port", 0, 65535), ("workers", 0, 64), ("queue_limit", 1, 10**7), ("rate_per_minute", 1, 10**6),
            ("longest_step", 1, 600), ("longest_film", 1, 600), ("keep_hours", 0.001, 24 * 3650),
            ("lease", 1, 3600), ("heartbeat", 0.05, 600), ("most_attempts", 1, 100), ("drain", 0, 3600),
            ("most_body", 2**16, 2**32), ("poll_ms", 1, 60_000),
        ):  # fmt: skip
            value = getattr(self, name)
            if not lowest <= value <= highest:
                raise refuse(name.replace("_", "-"), value, f"{lowest} to {highest}")
        if self.heartbeat * 2 > self.lease:
            raise refuse("lease", self.lease, f"at least twice the heartbeat of {self.heartbeat:g} s")

    @property
    def store_url(self) -> str:
        """Where the records are."""
        return self.store or f"sqlite:///{self.data / 'ozora.db'}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the address that is listened on."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False

    def to_json(self) -> str:
        """Text for a worker's environment."""
        return json.dumps({**asdict(self), "data": str(self.data.absolute())})

    def with_values(self, values: Mapping[str, Any]) -> Settings:
        """These settings with some replaced; raises ``OzoraError`` for a name that is none."""
        known = {found.name for found in fields(self)}
        for name in values:
            if name not in known:
                raise refuse("settings", name, ", ".join(sorted(known)))
        return replace(self, **values)


def require_folder(folder: Path) -> None:
    """Make the data folder if it is not there; raises ``OzoraError`` where none can be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        told = f"a folder that can be written, and here the system says {reason!r}"
        raise refuse("data", str(folder), told) from error


def from_environment() -> Settings:
    """The settings a server left for its worker, or the defaults."""
    return from_json(os.environ.get(ENVIRONMENT, ""))


def from_json(text: str) -> Settings:
    """Read what :meth:`Settings.to_json` wrote; the defaults where it is empty."""
    try:
        return Settings().with_values(json.loads(text) if text else {})
    except (ValueError, TypeError) as error:
        if isinstance(error, OzoraError):
            raise
        raise OzoraError(f"{ENVIRONMENT}: cannot be read as settings ({error}).") from error
