"""What an owner used."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select

from ozora.serve.store.engine import Store
from ozora.serve.store.tables import jobs


def used_since(store: Store, owner: str, since: int) -> dict[str, Any]:
    """Films finished since a moment (deleted ones too), their seconds, and the seconds of work they took."""
    with store.read() as connection:
        count, film, work = connection.execute(
            select(func.count(), func.sum(jobs.c.length), func.sum(jobs.c.completed - jobs.c.started)).where(
                jobs.c.owner == owner, jobs.c.status == "completed", jobs.c.created >= since
            )
        ).one()
    return {
        "videos": int(count),
        "film_seconds": round(float(film or 0), 3),
        "compute_seconds": round(float(work or 0) / 1e6, 3),
    }
