"""Batches: a file of creates, filmed within a day, in turn after everybody's single films."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ozora.serve.batches.keeping import LIFE, input_name
from ozora.serve.batches.reading import ENDPOINT
from ozora.serve.house import Caller, House
from ozora.serve.once import Write, nothing, once
from ozora.serve.routes.videos import After, Known, Limit, Order, checked_id, house_of
from ozora.serve.store import batches, shelf
from ozora.serve.store.batches import ENDED, Batch
from ozora.serve.store.engine import new_id, now
from ozora.serve.wire.body import read_body
from ozora.serve.wire.errors import NEVER_RETRY, ApiError, bad, not_found
from ozora.serve.wire.fields import Field, choice, labels, lifetime, read_fields, text, wrong_value
from ozora.serve.wire.schemas import body_of, replies
from ozora.serve.wire.video import page, second

router = APIRouter()

FIELDS: tuple[Field, ...] = (
    text("input_file_id", 64, about="A file of JSON lines, sent with the purpose 'batch'.", required=True),
    choice("endpoint", (ENDPOINT,), about="What every line asks for.", required=True),
    choice("completion_window", ("24h",), about="What is not filmed by then expires.", required=True),
    labels(),
    lifetime("output_expires_after", about="When the output and error files go by themselves."),
)


@router.post(
    "/batches", operation_id="createBatch", summary="Film a file of prompts", responses=replies("Batch"),
    openapi_extra=body_of(FIELDS, multipart=False),
)  # fmt: skip
async def create(request: Request, caller: Known) -> Response:
    """Queue a file of creates: up to 50 000 lines ``{custom_id, method, url, body}``, up to 200 MB."""
    house = house_of(request)
    values = read_fields(await read_body(request), FIELDS)

    def copy() -> tuple[Write, Callable[[], None]]:
        name = checked_id(values["input_file_id"], "file")
        found = shelf.find_file(house.store, caller.owner, name)
        if found is None:
            raise not_found("file", name, "input_file_id")
        if found["purpose"] != "batch":
            raise wrong_value("input_file_id", found["purpose"], "a file with the purpose 'batch'")
        moment = now()
        batch = Batch(
            new_id("batch"), caller.owner, "validating", moment, name, values.get("metadata"),
            values.get("output_expires_after"), moment + LIFE,
        )  # fmt: skip
        # A copy of its own: the file may be deleted while the batch still reads it.
        if not house.blobs.copy(f"files/{name}/content", input_name(batch.id)):
            raise not_found("file", name, "input_file_id")

        def write(connection: Connection) -> dict[str, Any]:
            batches.add_batch(connection, batch)
            return to_batch(batch)

        return write, lambda: house.blobs.drop(f"batches/{batch.id}")

    return await once(request, house, caller, "create batch", values, copy)


@router.get("/batches", operation_id="listBatches", summary="List batches", responses=replies("BatchList"))
async def listing(
    request: Request, caller: Known, limit: Limit = 20, order: Order = "desc", after: After = None
) -> Response:
    """One page of your batches."""
    house = house_of(request)

    def look() -> tuple[list[Batch], bool] | None:
        newest = order == "desc"
        return batches.list_batches(house.store, caller.owner, after=after, limit=limit, newest_first=newest)

    found = await house.look(look)
    if found is None:
        raise bad("invalid_value", f"Invalid value for 'after': no batch '{(after or '')[:80]}'.", "after")
    return JSONResponse(page([to_batch(row) for row in found[0]], found[1]))


@router.get(
    "/batches/{batch_id}", operation_id="getBatch", summary="Retrieve a batch", responses=replies("Batch")
)
async def retrieve(request: Request, caller: Known, batch_id: str) -> Response:
    """How a batch stands."""
    return JSONResponse(to_batch(await _find(house_of(request), caller, batch_id)))


@router.post(
    "/batches/{batch_id}/cancel", operation_id="cancelBatch", summary="Cancel a batch",
    responses=replies("Batch"),
)  # fmt: skip
async def cancel(request: Request, caller: Known, batch_id: str) -> Response:
    """End a batch early: what is filmed already is in its output, what is not in its error file."""
    house = house_of(request)
    name = (await _find(house, caller, batch_id)).id

    def stop() -> tuple[Write, Callable[[], None]]:
        while True:
            batch = batches.find_batch(house.store, caller.owner, name)
            if batch is None:
                raise not_found("batch", name)
            told = to_batch(batch)
            if batch.status in ("cancelling", "cancelled"):
                return (lambda connection, told=told: told), nothing
            if batch.status in ENDED or batch.status == "finalizing":
                sentence = f"Cannot cancel a batch with status '{batch.status}'."
                raise ApiError(409, "batch_not_cancellable", sentence, headers=NEVER_RETRY)
            batches.cancel_batch(house.store, batch)  # and look again: it may have moved on meanwhile

    return await once(request, house, caller, f"cancel {name}", {}, stop)


async def _find(house: House, caller: Caller, name: str) -> Batch:
    found = await house.look(batches.find_batch, house.store, caller.owner, checked_id(name, "batch"))
    if found is None:
        raise not_found("batch", name)
    return found


def to_batch(batch: Batch) -> dict[str, Any]:
    """The Batch object: every key of the contract."""
    errors = None if batch.errors is None else {"object": "list", "data": batch.errors}
    counts = {"total": batch.total, "completed": batch.completed, "failed": batch.failed}
    return {
        "id": batch.id,
        "object": "batch",
        "endpoint": ENDPOINT,
        "errors": errors,
        "input_file_id": batch.input_file,
        "completion_window": "24h",
        "status": batch.status,
        "output_file_id": batch.output_file,
        "error_file_id": batch.error_file,
        "created_at": second(batch.created),
        "in_progress_at": second(batch.started),
        "expires_at": second(batch.expires),
        "finalizing_at": second(batch.finalizing),
        **{f"{status}_at": second(batch.ended) if batch.status == status else None for status in ENDED},
        "cancelling_at": second(batch.cancelling),
        "request_counts": counts,
        "metadata": batch.labels,
    }
