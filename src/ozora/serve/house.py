"""What every operation of one server shares, and who is calling."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from anyio import CapacityLimiter, to_thread

from ozora.serve.blobs.protocol import Blobs
from ozora.serve.metrics import Metrics
from ozora.serve.render.order import Card
from ozora.serve.settings import Settings
from ozora.serve.store.engine import Store, now
from ozora.serve.store.jobs import Bounds

Result = TypeVar("Result")

LOCAL = "local"
"""The owner of everything where no keys are used."""


@dataclass
class House:
    """One server's state: its settings, records, files, what its workers film, and its meters."""

    settings: Settings
    store: Store
    blobs: Blobs
    card: Card
    metrics: Metrics = field(default_factory=Metrics)
    began: int = field(default_factory=now)
    draining: bool = False
    remembered: dict[str, tuple[float, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        # Fewer threads than the pool has connections, so that none waits for one in vain.
        self._threads = CapacityLimiter(24)

    async def do(self, call: Callable[..., Result], *arguments: Any) -> Result:
        """Run something that waits for the database or the disk, without holding others up."""
        return await to_thread.run_sync(call, *arguments, limiter=self._threads)


    async def look(self, call: Callable[..., Result], *arguments: Any) -> Result:
        """Run something that only reads a few rows.

        From a file on this machine that is quicker than handing it to a thread; from a server elsewhere it
        is not.
        """
        return call(*arguments) if self.store.sqlite else await self.do(call, *arguments)


@dataclass(frozen=True)
class Caller:
    """Who calls: the owner of what is made, and what the key allows."""

    owner: str
    rate_per_minute: int
    budget: float | None = None
    models: tuple[str, ...] | None = None

    def bounds(self, house: House) -> Bounds:
        """What a create is held to."""
        return Bounds(house.settings.queue_limit, self.rate_per_minute, self.budget)
