"""Jobs as clients see them: the Video object, lists, deletions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ozora.serve.store.jobs import Job

SOURCES = {
    "extend": "extended_from_video_id", "edit": "edited_from_video_id",
    "finalize": "finalized_from_video_id",
}  # fmt: skip
"""Under which key a video names the one it was made from, by its verb."""

POLL_HEADER = "openai-poll-after-ms"


def second(moment: int | None) -> int | None:
    """Microseconds as whole seconds since 1970."""
    return None if moment is None else moment // 1_000_000


def to_video(job: Job, **extra: Any) -> dict[str, Any]:
    """The Video object: all thirteen keys of the contract, then ours. No paths, four statuses only."""
    error = None
    if job.status == "failed":
        error = {"code": job.error_code or "server_error", "message": job.error_message or "The job failed."}
    made = job.made or {}
    told: dict[str, Any] = {
        "id": job.id,
        "object": "video",
        "model": job.model,
        "status": job.status,
        "progress": 0 if job.status == "queued" and job.attempts == 0 else job.progress,
        "created_at": second(job.created),
        "completed_at": second(job.completed),
        "expires_at": second(job.expires) if job.status == "completed" else None,
        "prompt": job.prompt,
        "size": job.size,
        "seconds": job.seconds,
        "remixed_from_video_id": job.source if job.verb == "remix" else None,
        "error": error,
        "served_model": job.served_model,
        "seed": made.get("seed", job.seed),
        "priority": job.priority,
    }
    if job.verb in SOURCES and job.source:
        told[SOURCES[job.verb]] = job.source
    if job.order.get("sources"):
        told["blended_from_video_ids"] = job.order["sources"]
    if job.order.get("draft"):
        told["draft"] = True
    for key in ("native_size", "fps", "num_frames", "has_audio", "candidates"):
        if key in made:
            told[key] = made[key]
    if job.order.get("prompt", job.prompt) != job.prompt:
        told["revised_prompt"] = job.order["prompt"]
    if job.labels is not None:
        told["metadata"] = job.labels
    if job.group is not None:
        told["group_id"] = job.group
    return {**told, **{key: value for key, value in extra.items() if value is not None}}


def page(rows: Sequence[dict[str, Any]], more: bool) -> dict[str, Any]:
    """A list object."""
    ids = [row["id"] for row in rows]
    return {
        "object": "list", "data": list(rows), "first_id": ids[0] if ids else None,
        "last_id": ids[-1] if ids else None, "has_more": more,
    }  # fmt: skip


def deletion(name: str, kind: str = "video.deleted") -> dict[str, Any]:
    """What a delete answers."""
    return {"id": name, "object": kind, "deleted": True}
