"""Videos from videos: remix, edits, extensions; and characters."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ozora.serve.admission import take_order
from ozora.serve.casting import look_at
from ozora.serve.changes import (
    BLEND_FIELDS,
    EDIT_FIELDS,
    FINALIZE_FIELDS,
    REMIX_FIELDS,
    extension_fields,
    wish_to_blend,
    wish_to_edit,
    wish_to_extend,
    wish_to_finalize,
    wish_to_remix,
)
from ozora.serve.once import Write, nothing, once
from ozora.serve.pictures import check_film
from ozora.serve.routes.videos import Known, checked_id, house_of
from ozora.serve.store import shelf
from ozora.serve.store.engine import new_id, now
from ozora.serve.wire.body import read_body
from ozora.serve.wire.errors import not_found
from ozora.serve.wire.fields import Field, read_fields, reference, text, wrong_type
from ozora.serve.wire.schemas import body_of, replies
from ozora.serve.wire.video import second

router = APIRouter()
with_id = APIRouter()

CHARACTER_FIELDS: tuple[Field, ...] = (
    text("name", 80, about="What prompts call it.", required=True),
    reference("video", {}, about="A film of it, 1 to 20 seconds.", required=True),
)
SHORTEST, LONGEST = 0.4, 20.0


@router.post(
    "/videos/edits", operation_id="editVideo", summary="Edit a video", responses=replies("Video"),
    openapi_extra=body_of(EDIT_FIELDS),
)  # fmt: skip
async def edit(request: Request, caller: Known) -> Response:
    """Film a video again under new words: what they say differently changes, the rest stays."""
    return await take_order(request, house_of(request), caller, "edit", EDIT_FIELDS, wish_to_edit)


@router.post(
    "/videos/extensions", operation_id="extendVideo", summary="Extend a video", responses=replies("Video"),
    openapi_extra=body_of(extension_fields(20)),
)  # fmt: skip
async def extend(request: Request, caller: Known) -> Response:
    """Film what comes after a video; the result is both, stitched, and ``seconds`` its whole length."""
    house = house_of(request)
    fields = extension_fields(house.settings.longest_step)
    return await take_order(request, house, caller, "extend", fields, wish_to_extend)


@with_id.post(
    "/videos/{video_id}/remix", operation_id="remixVideo", summary="Remix a video",
    responses=replies("Video"), openapi_extra=body_of(REMIX_FIELDS),
)  # fmt: skip
async def remix(request: Request, caller: Known, video_id: str) -> Response:
    """Film a video again under a new prompt; size, length and model stay."""
    video = checked_id(video_id)
    make = partial(_remix, video=video)
    return await take_order(request, house_of(request), caller, f"remix {video}", REMIX_FIELDS, make)


@with_id.post(
    "/videos/{video_id}/finalize", operation_id="finalizeVideo", summary="Finish a draft",
    responses=replies("Video"), openapi_extra=body_of(FINALIZE_FIELDS),
)  # fmt: skip
async def finalize(request: Request, caller: Known, video_id: str) -> Response:
    """Make the film that a draft is the beginning of; resumed it is, to the bit, what its seed films."""
    video = checked_id(video_id)
    make = partial(_finalize, video=video)
    return await take_order(request, house_of(request), caller, f"finalize {video}", FINALIZE_FIELDS, make)


async def _finalize(
    house: Any, caller: Any, values: dict[str, Any], fingerprint: str, *, video: str
) -> Any:
    return await wish_to_finalize(house, caller, values, fingerprint, video)


@router.post(
    "/videos/blends", operation_id="blendVideos", summary="Blend two videos", responses=replies("Video"),
    openapi_extra=body_of(BLEND_FIELDS),
)  # fmt: skip
async def blend(request: Request, caller: Known) -> Response:
    """Film what leads from one video to another, on one time line."""
    return await take_order(request, house_of(request), caller, "blend", BLEND_FIELDS, wish_to_blend)


async def _remix(house: Any, caller: Any, values: dict[str, Any], fingerprint: str, *, video: str) -> Any:
    return await wish_to_remix(house, caller, values, fingerprint, video)


@router.post(
    "/videos/characters", operation_id="createVideoCharacter", summary="Create a character",
    responses=replies("Character"), openapi_extra=body_of(CHARACTER_FIELDS, json=False),
)  # fmt: skip
async def create_character(request: Request, caller: Known) -> Response:
    """Give a subject of a film a name. The model knows it by the words that describe it, see ``words``."""
    house = house_of(request)
    values = read_fields(await read_body(request), CHARACTER_FIELDS)
    upload = values["video"].upload
    if upload is None:
        raise wrong_type("video", {}, "a file")

    def look() -> tuple[Write, Callable[[], None]]:
        check_film(upload.data, "video", LONGEST)
        words, seen = look_at(upload.data, house.card.fps)
        row = {"id": new_id("char"), "owner": caller.owner, "name": values["name"], "created": now()}
        row |= {"words": words, "seen": seen}

        def write(connection: Connection) -> dict[str, Any]:
            shelf.add_character(connection, row)
            return _character(row)

        return write, nothing

    return await once(request, house, caller, "create character", values, look)


@router.get(
    "/videos/characters/{character_id}", operation_id="getVideoCharacter", summary="Retrieve a character",
    responses=replies("Character"),
)  # fmt: skip
async def get_character(request: Request, caller: Known, character_id: str) -> Response:
    """A character of yours."""
    house = house_of(request)
    name = checked_id(character_id, "character")
    found = await house.do(shelf.find_character, house.store, caller.owner, name)
    if found is None:
        raise not_found("character", character_id)
    return JSONResponse(_character(found))


def _character(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": row["id"], "object": "character", "name": row["name"], "created_at": second(row["created"]),
        "words": row["words"],
    }  # fmt: skip
