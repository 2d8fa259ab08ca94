"""What the contract never had: quote, cancel, live events, receipts, usage."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from ozora.serve.house import Caller, House
from ozora.serve.once import Write, nothing, once
from ozora.serve.routes.videos import Known, checked_id, eta, find_job, house_of, in_full
from ozora.serve.store import jobs, queue, usage
from ozora.serve.store.engine import now
from ozora.serve.wire.body import read_body
from ozora.serve.wire.errors import bad, not_found
from ozora.serve.wire.fields import read_fields
from ozora.serve.wire.schemas import body_of, errors, replies
from ozora.serve.wire.sizes import asked_frames, asked_size, told_seconds
from ozora.serve.wire.video import second
from ozora.serve.wishes import chosen_model, create_fields, native_note

router = APIRouter()
with_id = APIRouter()

LOOK, KEEP_ALIVE = 0.25, 15.0
"""Seconds between looks at a watched video, and between signs of life on a silent line."""

MOST_WATCHERS = 256

DRAFTS_A_FILM = 8
"""Drafts that take as long as a film (benchmarks/explore.py); the budget counts films alone."""


@router.post(
    "/videos/quote", operation_id="quoteVideo", summary="What a film would cost", responses=replies("Quote"),
    openapi_extra=body_of(create_fields(20)),
)  # fmt: skip
async def quote(request: Request, caller: Known) -> Response:
    """The body of a create, checked the same way; nothing is queued. Times are those of films made before."""
    house = house_of(request)
    values = read_fields(await read_body(request), create_fields(house.settings.longest_step))
    model = chosen_model(values, house, caller)
    width, height = asked_size(values, model, house.card, house.settings)
    frames = asked_frames(values, house.card, house.settings)
    count, drafts = int(values.get("n", 1)), int(values.get("num_candidates", 1))
    wish = (width, height, frames, count, drafts if drafts > count else 0)
    return JSONResponse(await house.do(_quote, house, caller, *wish))


def _quote(
    house: House, caller: Caller, width: int, height: int, frames: int, n: int, drafts: int
) -> dict[str, Any]:
    costs = queue.recent_costs(house.store)
    filmed, work = sum(length for length, _ in costs), sum(spent for _, spent in costs)
    length = n * frames / house.card.fps
    tried = length + drafts / DRAFTS_A_FILM * frames / house.card.fps
    told: dict[str, Any] = {
        "object": "video.quote", "size": f"{width}x{height}", "seconds": told_seconds(
            frames, house.card.fps
        ), "n": n,
        "film_seconds": round(length, 3), "compute_seconds": round(
            tried * work / filmed, 1
        ) if filmed else None,
        "eta_seconds": eta(house, tried, queue.counts(house.store)["queued"]),
        "basis": f"{len(costs)} films made here" if costs else "no film was made here yet",
        "budget_left": None,
    }  # fmt: skip
    if caller.budget is not None:
        with house.store.read() as connection:
            spent = jobs.spent_since(connection, caller.owner, jobs.month_start(now()))
        told["budget_left"] = round(caller.budget - spent, 3)
    return {**told, **native_note(house, width, height, frames)}


@with_id.post(
    "/videos/{video_id}/cancel", operation_id="cancelVideo", summary="Cancel a video",
    responses=replies("Video"),
)
async def cancel(request: Request, caller: Known, video_id: str) -> Response:
    """Stop a film at its next step: ``failed`` with ``error.code`` "cancelled". A finished one stays."""
    house, name = house_of(request), checked_id(video_id)
    await find_job(house, caller, name)

    def stop() -> tuple[Write, Callable[[], None]]:
        job = queue.cancel(house.store, caller.owner, name)
        if job is None:
            raise not_found("video", name)
        told = in_full(house, job)
        return (lambda connection: told), nothing

    return await once(request, house, caller, f"cancel {name}", {}, stop)


@with_id.get(
    "/videos/{video_id}/receipt", operation_id="getVideoReceipt", summary="What a film cost",
    responses=replies("Receipt"),
)  # fmt: skip
async def receipt(request: Request, caller: Known, video_id: str) -> Response:
    """Seconds by phase, attempts, and how the words were understood."""
    job = await find_job(house_of(request), caller, video_id)
    if job.receipt is None:
        raise bad("video_not_ready", f"Video '{job.id}' has no receipt: it is {job.status}.")
    told = {"object": "video.receipt", "id": job.id, "film_seconds": job.length, **job.receipt}
    return JSONResponse({**told, "started_at": second(job.started), "completed_at": second(job.completed)})


@router.get("/usage", operation_id="getUsage", summary="What you used this month", responses=replies("Usage"))
async def get_usage(request: Request, caller: Known) -> Response:
    """Films, seconds of film and of work since the first of the month (UTC), and the key's budget."""
    house = house_of(request)
    since = jobs.month_start(now())
    used = await house.do(usage.used_since, house.store, caller.owner, since)
    return JSONResponse({"object": "usage", "since": second(since), **used, "budget": caller.budget})


@with_id.get(
    "/videos/{video_id}/events", operation_id="watchVideo", summary="Watch a video being made",
    responses={
        200: {
            "description": "Server-sent events", "content": {
                "text/event-stream": {"schema": {  # of one event, as checkers of such documents read it
                    "type": "object", "required": ["data"],
                    "properties": {"event": {"type": "string"}, "data": {"type": "string"}},
                }}
            }
        },
        **errors(),
    },
)  # fmt: skip
async def events(request: Request, caller: Known, video_id: str) -> Response:
    """Events ``video.progress`` with the Video, ``video.preview`` with a small moving picture of what the
    film looks like so far, and at the end ``video.completed`` or ``video.failed``."""
    house = house_of(request)
    job = await find_job(house, caller, video_id)
    watchers = house.remembered.get("watchers", (0.0, 0))[1]
    if watchers >= MOST_WATCHERS:
        from ozora.serve.wire.errors import slow_down

        raise slow_down("rate_limit_exceeded", "Too many are watching; poll instead.", 10)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    return StreamingResponse(_watch(house, caller, job.id), media_type="text/event-stream", headers=headers)


async def _watch(house: House, caller: Caller, name: str) -> AsyncIterator[str]:
    house.remembered["watchers"] = (0.0, house.remembered.get("watchers", (0.0, 0))[1] + 1)
    try:
        before, silent, shown = "", 0.0, 0
        while not house.draining:
            job = await house.do(jobs.find, house.store, caller.owner, name)
            if job is None:
                yield "event: video.deleted\ndata: {}\n\n"
                return
            told = json.dumps(await house.do(in_full, house, job))
            kind = f"video.{job.status}" if job.terminal else "video.progress"
            if told != before:
                yield f"event: {kind}\ndata: {told}\n\n"
                before, silent = told, 0.0
            if job.terminal:
                return
            if job.status == "in_progress":
                found = await house.look(queue.preview_of, house.store, name, shown)
                if found is not None:
                    shown, silent = found[0], 0.0
                    image = "data:image/webp;base64," + base64.b64encode(found[1]).decode()
                    yield f"event: video.preview\ndata: {json.dumps({'id': name, 'image': image})}\n\n"
            await asyncio.sleep(LOOK)
            silent += LOOK
            if silent >= KEEP_ALIVE:
                yield ": still here\n\n"
                silent = 0.0
    finally:
        house.remembered["watchers"] = (0.0, house.remembered["watchers"][1] - 1)
