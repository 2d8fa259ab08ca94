"""The published schemas: what replies look like, for OpenAPI and for those who check us against it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ozora.serve.wire.fields import Field, object_schema

_TEXT, _WHOLE = {"type": "string"}, {"type": "integer"}
_MAYBE_TEXT = {"anyOf": [_TEXT, {"type": "null"}]}
_MAYBE_WHOLE = {"anyOf": [_WHOLE, {"type": "null"}]}
_NUMBER = {"type": "number"}
_MAYBE_NUMBER = {"anyOf": [_NUMBER, {"type": "null"}]}


def _object(required: dict[str, Any], extra: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": {**required, **(extra or {})}}


def _list_of(name: str) -> dict[str, Any]:
    rows = {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}}
    return _object(
        {"object": {"const": "list"}, "data": rows, "first_id": _MAYBE_TEXT, "last_id": _MAYBE_TEXT,
         "has_more": {"type": "boolean"}}
    )


def _deleted(kind: str) -> dict[str, Any]:
    return _object({"id": _TEXT, "object": {"const": kind}, "deleted": {"const": True}})


SCHEMAS: dict[str, dict[str, Any]] = {
    "Error": _object(
        {"error": _object({"message": _TEXT, "type": _TEXT, "param": _MAYBE_TEXT, "code": _MAYBE_TEXT})}
    ),
    "Video": _object(
        {
            "id": _TEXT,
            "object": {"const": "video"},
            "model": _TEXT,
            "status": {"enum": ["queued", "in_progress", "completed", "failed"]},
            "progress": {"type": "integer", "minimum": 0, "maximum": 100},
            "created_at": _WHOLE,
            "completed_at": _MAYBE_WHOLE,
            "expires_at": _MAYBE_WHOLE,
            "prompt": _MAYBE_TEXT,
            "size": {"type": "string", "pattern": r"^\d+x\d+$"},
            "seconds": _TEXT,
            "remixed_from_video_id": _MAYBE_TEXT,
            "error": {"anyOf": [_object({"code": _TEXT, "message": _TEXT}), {"type": "null"}]},
        },
        {
            "served_model": _TEXT, "seed": _WHOLE, "priority": _WHOLE, "native_size": _TEXT, "fps": _NUMBER,
            "num_frames": _WHOLE, "has_audio": {"type": "boolean"}, "group_id": _TEXT,
            "video_ids": {"type": "array", "items": _TEXT}, "queue_position": _WHOLE, "eta_seconds": _WHOLE,
            "revised_prompt": _TEXT, "notes": {"type": "array", "items": _TEXT}, "callback_secret": _TEXT,
            "metadata": {"type": "object", "additionalProperties": _TEXT},
            "extended_from_video_id": _TEXT, "edited_from_video_id": _TEXT, "finalized_from_video_id": _TEXT,
            "blended_from_video_ids": {"type": "array", "items": _TEXT}, "draft": {"const": True},
            "candidates": {"type": "array", "items": _object(
                {"seed": _WHOLE, "score": _NUMBER}, {"dropped": _TEXT, "shows": {"type": "object"}}
            )},
        },
    ),
    "VideoList": _list_of("Video"),
    "VideoDeleted": _deleted("video.deleted"),
    "Character": _object(
        {"id": _MAYBE_TEXT, "object": {"const": "character"}, "name": _MAYBE_TEXT, "created_at": _WHOLE},
        {"words": _TEXT},
    ),
    "Model": _object({"id": _TEXT, "object": {"const": "model"}, "created": _WHOLE, "owned_by": _TEXT}),
    "ModelList": _object(
        {
            "object": {"const": "list"}, "data": {
                "type": "array", "items": {"$ref": "#/components/schemas/Model"}
            }
        }
    ),
    "Quote": _object(
        {"object": {"const": "video.quote"}, "size": _TEXT, "seconds": _TEXT, "n": _WHOLE,
         "native_size": _TEXT,         "parts": _WHOLE, "film_seconds": _NUMBER, "compute_seconds": {
             "anyOf": [{"type": "number"}, {"type": "null"}]
         },
         "eta_seconds": _MAYBE_WHOLE, "basis": _TEXT, "budget_left": _MAYBE_NUMBER}
    ),
    "Queue": _object(
        {"object": {"const": "queue"}, "queued": _WHOLE, "in_progress": _WHOLE, "capacity": _WHOLE,
         "workers": _WHOLE, "yours": {"type": "object"}}
    ),
    "Usage": _object(
        {"object": {"const": "usage"}, "since": _WHOLE, "videos": _WHOLE, "film_seconds": _NUMBER,
         "compute_seconds": _NUMBER, "budget": _MAYBE_NUMBER}
    ),
    "Receipt": _object(
        {"object": {"const": "video.receipt"}, "id": _TEXT, "film_seconds": _NUMBER}
    ),
    "WebhookEndpoint": _object(
        {"id": _TEXT, "object": {"const": "webhook_endpoint"}, "name": _TEXT, "url": _TEXT,
         "event_types": {"type": "array", "items": _TEXT}, "created_at": _WHOLE, "updated_at": _WHOLE,
         "signing_secret_hint": _TEXT},
        {"signing_secret": _TEXT},
    ),
    "WebhookEndpointList": _list_of("WebhookEndpoint"),
    "WebhookEndpointDeleted": _deleted("webhook_endpoint.deleted"),
    "WebhookTest": _object(
        {"object": {"const": "webhook_endpoint.test"}, "webhook_endpoint_id": _TEXT, "event_type": _TEXT,
         "status_code": _MAYBE_WHOLE, "success": {"type": "boolean"}}
    ),
    "File": _object(
        {"id": _TEXT, "object": {"const": "file"}, "bytes": _WHOLE, "created_at": _WHOLE, "filename": _TEXT,
         "purpose": _TEXT},
        {"status": _TEXT, "expires_at": _MAYBE_WHOLE},
    ),
    "FileList": _list_of("File"),
    "FileDeleted": _deleted("file"),
    "Batch": _object(
        {
            "id": _TEXT, "object": {"const": "batch"}, "endpoint": _TEXT, "input_file_id": _TEXT,
            "completion_window": {"const": "24h"}, "created_at": _WHOLE,
            "status": {"enum": ["validating", "failed", "in_progress", "finalizing", "completed", "expired",
                                "cancelling", "cancelled"]},
            "errors": {"anyOf": [{"type": "null"}, _object({"object": {"const": "list"}, "data": {
                "type": "array", "items": _object(
                    {"code": _TEXT, "message": _TEXT, "param": _MAYBE_TEXT, "line": _MAYBE_WHOLE}
                )}})]},
            "output_file_id": _MAYBE_TEXT, "error_file_id": _MAYBE_TEXT,
            **{f"{name}_at": _MAYBE_WHOLE for name in (
                "in_progress", "expires", "finalizing", "completed", "failed", "expired", "cancelling",
                "cancelled",
            )},
            "request_counts": _object({"total": _WHOLE, "completed": _WHOLE, "failed": _WHOLE}),
            "metadata": {"anyOf": [{"type": "null"}, {"type": "object", "additionalProperties": _TEXT}]},
        }
    ),
    "BatchList": _list_of("Batch"),
}  # fmt: skip


def _as(name: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


def replies(name: str) -> dict[int | str, dict[str, Any]]:
    """Replies of an operation that answers with one schema, or an error."""
    return {200: {"description": name, "content": _as(name)}, **errors()}


def binary(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """Replies of an operation that answers with bytes, or an error."""
    shape = {"schema": {"type": "string", "format": "binary"}}
    content = dict.fromkeys(kinds, shape)
    return {
        200: {"description": "The file", "content": content},
        206: {"description": "A range of the file", "content": {**content, "multipart/byteranges": shape}},
        416: {"description": "No such range"},
        **errors(),
    }


def errors() -> dict[int | str, dict[str, Any]]:
    """Errors of every operation: one envelope."""
    return {
        "4XX": {"description": "Error", "content": _as("Error")}, "5XX": {
            "description": "Error", "content": _as("Error")
        }
    }


def body_of(fields: Iterable[Field], *, json: bool = True, multipart: bool = True) -> dict[str, Any]:
    """The request body of an operation, from the declarations that also check it."""
    fields = tuple(fields)
    content: dict[str, Any] = {}
    if json:
        content["application/json"] = {"schema": object_schema(fields)}
    if multipart:
        content["multipart/form-data"] = {"schema": object_schema(fields, multipart=True)}
    return {"requestBody": {"required": True, "content": content}}
