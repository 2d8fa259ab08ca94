"""The house itself: models, the queue, usage, health, readiness, meters."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ozora.serve.house import House
from ozora.serve.routes.videos import Known, house_of
from ozora.serve.store import queue
from ozora.serve.wire.errors import ApiError
from ozora.serve.wire.schemas import errors, replies
from ozora.serve.wire.sizes import check_model, model_names

router = APIRouter()
plain = APIRouter()


@router.get("/models", operation_id="listModels", summary="List models", responses=replies("ModelList"))
async def models(request: Request, caller: Known) -> Response:
    """Every name a create may ask for."""
    house = house_of(request)
    return JSONResponse({"object": "list", "data": [_model(house, name) for name in model_names(house.card)]})


@router.get(
    "/models/{model}", operation_id="getModel", summary="Retrieve a model", responses=replies("Model")
)
async def one_model(request: Request, caller: Known, model: str) -> Response:
    """One model; all names are filmed by ``served_model``."""
    house = house_of(request)
    return JSONResponse(_model(house, check_model(model, house.card)))


def _model(house: House, name: str) -> dict[str, Any]:
    card = house.card
    return {
        "id": name, "object": "model", "created": house.began // 1_000_000, "owned_by": "ozora",
        "served_model": card.name, "weights": card.hash, "fps": card.fps,
        "native_sizes": [f"{wide}x{high}" for wide, high in card.sizes], "native_frames": card.frames,
    }  # fmt: skip


@router.get("/queue", operation_id="getQueue", summary="How full the queue is", responses=replies("Queue"))
async def line(request: Request, caller: Known) -> Response:
    """How much waits and runs, in all and of yours."""
    house = house_of(request)
    everything = await house.do(queue.counts, house.store)
    yours = await house.do(queue.counts, house.store, caller.owner)
    alive = await house.do(queue.live_workers, house.store, 3 * house.settings.heartbeat)
    told = {"object": "queue", **everything, "capacity": house.settings.queue_limit, "workers": len(alive)}
    return JSONResponse({**told, "yours": yours})


@plain.get("/health", operation_id="health", summary="Whether the process lives", responses=errors())
async def health() -> Response:
    """Answers as long as the process does."""
    return JSONResponse({"status": "ok"})


NOT_READY = {**errors()["5XX"], "description": "No worker is ready, or the server is leaving"}


@plain.get(
    "/ready", operation_id="ready", summary="Whether films can be made",
    responses={503: NOT_READY, **errors()},
)  # fmt: skip
async def ready(request: Request) -> Response:
    """200 when the store answers and a worker has its model loaded; else 503 with the reason."""
    house = house_of(request)
    if house.draining:
        raise ApiError(503, "draining", "The server is shutting down.", kind="server_error")
    alive = await house.do(queue.live_workers, house.store, 3 * house.settings.heartbeat)
    if not any(worker["ready"] for worker in alive):
        raise ApiError(
            503, "no_worker", "No worker is ready yet.", kind="server_error", headers={"retry-after": "2"}
        )
    return JSONResponse({"status": "ready", "workers": len(alive), "model": house.card.name})


@plain.get(
    "/metrics", operation_id="metrics", summary="Meters for Prometheus",
    responses={
        200: {"description": "Meters", "content": {"text/plain": {"schema": {"type": "string"}}}}, **errors()
    },
)  # fmt: skip
async def metrics(request: Request, caller: Known) -> Response:
    """Meters in Prometheus' text format; asks for a key where keys are in use."""
    house = house_of(request)
    for status, count in (await house.do(queue.counts, house.store)).items():
        house.metrics.jobs.labels(status).set(count)
    alive = await house.do(queue.live_workers, house.store, 3 * house.settings.heartbeat)
    house.metrics.workers.labels("busy").set(sum(worker["job"] is not None for worker in alive))
    house.metrics.workers.labels("idle").set(sum(worker["job"] is None for worker in alive))
    return Response(house.metrics.text(), media_type="text/plain; version=0.0.4")
