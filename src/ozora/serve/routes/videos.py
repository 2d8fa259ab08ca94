"""Videos: create, list, retrieve, delete, content."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ozora.serve.admission import take_order
from ozora.serve.blobs.protocol import UnreachableError
from ozora.serve.door import identify
from ozora.serve.house import Caller, House
from ozora.serve.sending import send_blob
from ozora.serve.store import jobs, queue
from ozora.serve.store.engine import now
from ozora.serve.store.jobs import Job
from ozora.serve.wire.errors import ApiError, bad, not_found
from ozora.serve.wire.schemas import binary, body_of, replies
from ozora.serve.wire.video import POLL_HEADER, deletion, page, to_video
from ozora.serve.wishes import create_fields, wish_to_create

router = APIRouter()

Known = Annotated[Caller, Depends(identify)]
Limit = Annotated[int, Query(ge=0, le=100, description="How many at most.")]
Order = Annotated[Literal["asc", "desc"], Query(description="By creation time.")]
After = Annotated[str | None, Query(max_length=128, description="Id of the last one of the page before.")]

VARIANTS = {
    "video": ("video.mp4", "video/mp4", "mp4"),
    "thumbnail": ("thumbnail.webp", "image/webp", "webp"),
    "spritesheet": ("spritesheet.jpg", "image/jpeg", "jpg"),
}
_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


def house_of(request: Request) -> House:
    """The house this request came to."""
    house: House = request.app.state.house
    return house


def checked_id(name: str, what: str = "video") -> str:
    """An id that can be one; anything else does not exist."""
    if not _ID.fullmatch(name):
        raise not_found(what, name)
    return name


async def find_job(house: House, caller: Caller, name: str) -> Job:
    """A job of this caller; raises 404, for a foreign one too."""
    job = await house.look(jobs.find, house.store, caller.owner, checked_id(name))
    if job is None:
        raise not_found("video", name)
    return job


@router.post(
    "/videos", operation_id="createVideo", summary="Film a prompt",
    responses=replies("Video"), openapi_extra=body_of(create_fields(20)),
)  # fmt: skip
async def create(request: Request, caller: Known) -> Response:
    """Queue a film and return at once."""
    house = house_of(request)
    fields = create_fields(house.settings.longest_step)
    return await take_order(request, house, caller, "create", fields, wish_to_create)


@router.get("/videos", operation_id="listVideos", summary="List videos", responses=replies("VideoList"))
async def listing(
    request: Request, caller: Known, limit: Limit = 20, order: Order = "desc", after: After = None
) -> Response:
    """One page of your videos."""
    house = house_of(request)

    def look() -> tuple[list[Job], bool] | None:
        return jobs.listed(house.store, caller.owner, after=after, limit=limit, newest_first=order == "desc")

    found = await house.look(look)
    if found is None:
        raise bad("invalid_value", f"Invalid value for 'after': no video '{(after or '')[:80]}'.", "after")
    rows, more = found
    return JSONResponse(page([to_video(job) for job in rows], more))


@router.get(
    "/videos/{video_id}", operation_id="getVideo", summary="Retrieve a video", responses=replies("Video")
)
async def retrieve(request: Request, caller: Known, video_id: str) -> Response:
    """How a video stands. A failed one is a reply like any other: ``status`` and ``error`` say so."""
    house = house_of(request)
    job = await find_job(house, caller, video_id)
    headers = {} if job.terminal else {POLL_HEADER: str(house.settings.poll_ms)}
    return JSONResponse(await house.look(in_full, house, job), headers=headers)


def in_full(house: House, job: Job) -> dict[str, Any]:
    """A Video with what only a look at the queue and its siblings can tell."""
    extra: dict[str, Any] = {"callback_secret": (job.callback or {}).get("secret")}
    if job.group is not None:
        extra["video_ids"] = list(jobs.siblings(house.store, job))
    if job.status == "queued":
        extra["queue_position"] = queue.ahead_of(house.store, job)
        extra["eta_seconds"] = eta(house, job.length, extra["queue_position"])
    return to_video(job, **extra)


def eta(house: House, seconds: float, ahead: int) -> int | None:
    """Seconds until a film of so many seconds is likely to be done; ``None`` before any film was."""
    import time

    moment, kept = house.remembered.get("costs", (0.0, None))
    if kept is None or time.monotonic() - moment > 5:
        kept = (
            queue.recent_costs(house.store),
            max(1, len(queue.live_workers(house.store, 3 * house.settings.heartbeat))),
        )
        house.remembered["costs"] = (time.monotonic(), kept)
    costs, workers = kept
    filmed = sum(length for length, _ in costs)
    if not filmed:
        return None
    work = sum(spent for _, spent in costs)
    return round(ahead * work / len(costs) / workers + seconds * work / filmed)


@router.delete(
    "/videos/{video_id}", operation_id="deleteVideo", summary="Delete a video",
    responses=replies("VideoDeleted"),
)
async def remove(request: Request, caller: Known, video_id: str) -> Response:
    """Delete a video in whatever state it is; a running one stops at its next step."""
    house = house_of(request)
    job = await house.do(jobs.delete, house.store, caller.owner, checked_id(video_id))
    if job is None:
        raise not_found("video", video_id)
    if job.status != "in_progress":
        # A running job's folder is its worker's until it has stopped.
        with suppress(UnreachableError):  # housekeeping empties what is left
            await house.do(house.blobs.drop, f"videos/{job.id}")
    return JSONResponse(deletion(job.id))


@router.get(
    "/videos/{video_id}/content", operation_id="getVideoContent", summary="Download a film or its pictures",
    responses=binary("video/mp4", "image/webp", "image/jpeg"),
)  # fmt: skip
async def content(
    request: Request, caller: Known, video_id: str,
    variant: Annotated[
        Literal["video", "thumbnail", "spritesheet"], Query(description="Which file.")
    ] = "video",
) -> Response:  # fmt: skip
    """The film (MP4), a thumbnail (WebP) or a sprite sheet (JPEG, its grid in ``x-sprite-…`` headers)."""
    house = house_of(request)
    job = await find_job(house, caller, video_id)
    if job.status == "failed":
        raise bad("video_failed", f"Video '{job.id}' failed: {job.error_message or 'no reason is known'}")
    if job.status != "completed":
        raise bad("video_not_ready", f"Video '{job.id}' is not ready: it is {job.status}.")
    file, kind, ending = VARIANTS[variant]
    headers = {}
    if variant == "spritesheet":
        grid = (job.made or {}).get("sprites", {})
        headers = {
            f"x-sprite-{name}": str(grid[name]) for name in (
                "columns", "rows", "width", "height"
            ) if name in grid
        }
        headers["x-sprite-seconds"] = ",".join(f"{second:g}" for second in grid.get("seconds", ()))
    name = job.id if variant == "video" else f"{job.id}-{variant}"
    reply = None if job.emptied or (job.expires or 0) < now() else await send_blob(
        request, house, f"videos/{job.id}/{file}", kind=kind, filename=f"{name}.{ending}", headers=headers
    )
    if reply is None:
        raise ApiError(404, "video_expired", f"The files of video '{job.id}' have expired.")
    return reply
