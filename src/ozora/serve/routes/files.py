"""Files that clients keep here, so that ``file_id`` and batches work."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ozora.serve.house import Caller, House
from ozora.serve.once import Write, once
from ozora.serve.routes.videos import After, Known, Limit, Order, checked_id, house_of
from ozora.serve.sending import send_blob
from ozora.serve.store import shelf
from ozora.serve.store.engine import micros, new_id, now
from ozora.serve.wire.body import read_body
from ozora.serve.wire.errors import bad, not_found
from ozora.serve.wire.fields import Field, choice, lifetime, read_fields, reference, wrong_type
from ozora.serve.wire.schemas import binary, body_of, replies
from ozora.serve.wire.video import deletion, page, second

router = APIRouter()

PURPOSES = ("vision", "user_data", "assistants", "batch", "evals", "fine-tune")
FIELDS: tuple[Field, ...] = (
    reference("file", {}, about="The file.", required=True),
    choice("purpose", PURPOSES, about="What it is for.", required=True),
    lifetime("expires_after", about="When it goes by itself: seconds after its creation."),
)


@router.post(
    "/files", operation_id="createFile", summary="Upload a file", responses=replies("File"),
    openapi_extra=body_of(FIELDS, json=False),
)  # fmt: skip
async def create(request: Request, caller: Known) -> Response:
    """Keep a file; a picture can then be a first frame by its ``file_id``."""
    house = house_of(request)
    values = read_fields(await read_body(request), FIELDS)
    upload = values["file"].upload
    if upload is None:
        raise wrong_type("file", {}, "a file")
    name = "".join(letter for letter in upload.name if letter.isprintable())[-255:] or "upload"
    row: dict[str, Any] = {
        "id": new_id("file"), "owner": caller.owner, "created": now(), "deleted": None,
        "bytes": len(upload.data), "name": name, "purpose": values["purpose"], "expires": None,
    }  # fmt: skip
    if "expires_after" in values:
        row["expires"] = row["created"] + micros(values["expires_after"])

    def write(connection: Connection) -> dict[str, Any]:
        shelf.add_file(connection, row)
        return _file(row)

    def keep() -> tuple[Write, Callable[[], None]]:
        house.blobs.put(f"files/{row['id']}/content", upload.data)
        return write, lambda: house.blobs.drop(f"files/{row['id']}")

    return await once(request, house, caller, "create file", values, keep)


@router.get("/files", operation_id="listFiles", summary="List files", responses=replies("FileList"))
async def listing(
    request: Request, caller: Known, limit: Limit = 20, order: Order = "desc", after: After = None,
    purpose: Annotated[str | None, Query(max_length=32, description="Only those of one purpose.")] = None,
) -> Response:  # fmt: skip
    """One page of your files."""
    house = house_of(request)

    def look() -> tuple[list[dict[str, Any]], bool] | None:
        return shelf.list_files(
            house.store, caller.owner, after=after, limit=limit, newest_first=order == "desc", purpose=purpose
        )

    found = await house.look(look)
    if found is None:
        raise bad("invalid_value", f"Invalid value for 'after': no file '{(after or '')[:80]}'.", "after")
    return JSONResponse(page([_file(row) for row in found[0]], found[1]))


@router.get("/files/{file_id}", operation_id="getFile", summary="Retrieve a file", responses=replies("File"))
async def retrieve(request: Request, caller: Known, file_id: str) -> Response:
    """A file's record."""
    return JSONResponse(_file(await _find(house_of(request), caller, file_id)))


@router.get(
    "/files/{file_id}/content", operation_id="getFileContent", summary="Download a file",
    responses=binary("application/octet-stream"),
)  # fmt: skip
async def content(request: Request, caller: Known, file_id: str) -> Response:
    """A file's bytes, as they came; never shown by a browser, only saved."""
    house = house_of(request)
    row = await _find(house, caller, file_id)
    reply = await send_blob(
        request, house, f"files/{row['id']}/content", kind="application/octet-stream", filename=row["name"]
    )
    if reply is None:
        raise not_found("file", file_id)
    return reply


@router.delete(
    "/files/{file_id}", operation_id="deleteFile", summary="Delete a file", responses=replies("FileDeleted")
)
async def remove(request: Request, caller: Known, file_id: str) -> Response:
    """Delete a file; films made from it stay."""
    house = house_of(request)
    name = checked_id(file_id, "file")
    if not await house.do(shelf.delete_file, house.store, caller.owner, name):
        raise not_found("file", file_id)
    await house.do(house.blobs.drop, f"files/{name}")
    return JSONResponse(deletion(name, "file"))


async def _find(house: House, caller: Caller, name: str) -> dict[str, Any]:
    row = await house.look(shelf.find_file, house.store, caller.owner, checked_id(name, "file"))
    if row is None:
        raise not_found("file", name)
    return row


def _file(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"], "object": "file", "bytes": row["bytes"], "created_at": second(row["created"]),
        "filename": row["name"], "purpose": row["purpose"], "status": "processed",
        "expires_at": second(row["expires"]),
    }  # fmt: skip
