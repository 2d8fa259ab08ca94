"""Webhook endpoints: where events go, their secrets, a test, the delivery log."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from fastapi import APIRouter
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ozora.serve.callbacks import EVENTS, check_callback, new_secret, post
from ozora.serve.house import Caller, House
from ozora.serve.once import Write, nothing, once
from ozora.serve.routes.videos import After, Known, Limit, Order, checked_id, house_of
from ozora.serve.store import outbox
from ozora.serve.store.engine import micros, new_id, now
from ozora.serve.wire.body import read_body
from ozora.serve.wire.errors import bad, not_found
from ozora.serve.wire.fields import Field, choice, flag, read_fields, text, words
from ozora.serve.wire.schemas import body_of, errors, replies
from ozora.serve.wire.video import deletion, page, second

router = APIRouter()

ROTATION = micros(24 * 3600)
NAME, URL = text("name", 255, about="For your eyes."), text(
    "url", 2048, about="Where events are sent; https."
)
TYPES = words("event_types", EVENTS, about="Which events are sent.")
CREATE: tuple[Field, ...] = tuple(
    Field(found.name, found.read, found.schema, required=True) for found in (NAME, URL, TYPES)
)
CHANGE: tuple[Field, ...] = (NAME, URL, TYPES)
ROTATE: tuple[Field, ...] = (flag("keep_old_secret_active_for_24_hours", about="Sign with both for a day."),)
TEST: tuple[Field, ...] = (choice("event_type", EVENTS, about="Which event to send.", required=True),)


@router.get("/webhook_event_types", operation_id="listWebhookEventTypes", responses=errors())
async def event_types(request: Request, caller: Known) -> Response:
    """Every event an endpoint may ask for."""
    data = [{"id": name, "object": "webhook_event_type", "type": name} for name in EVENTS]
    return JSONResponse(page(data, False))


@router.post(
    "/webhook_endpoints", operation_id="createWebhookEndpoint", summary="Create an endpoint",
    responses=replies("WebhookEndpoint"), openapi_extra=body_of(CREATE, multipart=False),
)  # fmt: skip
async def create(request: Request, caller: Known) -> Response:
    """Register an address. ``signing_secret`` is shown here and after a rotation, and never else."""
    house = house_of(request)
    values = read_fields(await read_body(request), CREATE)
    await house.do(check_callback, values["url"], "url", house.settings.trusted)
    moment = now()
    row = {
        "id": new_id("we"), "owner": caller.owner, "created": moment, "updated": moment,
        "name": values["name"], "url": values["url"], "events": values["event_types"], "secret": new_secret(),
    }  # fmt: skip

    def write(connection: Connection) -> dict[str, Any]:
        outbox.add_endpoint(connection, row)
        return _endpoint(row, secret=True)

    return await once(request, house, caller, "create endpoint", values, lambda: (write, nothing))


@router.get(
    "/webhook_endpoints", operation_id="listWebhookEndpoints", summary="List endpoints",
    responses=replies("WebhookEndpointList"),
)  # fmt: skip
async def listing(
    request: Request, caller: Known, limit: Limit = 20, order: Order = "desc", after: After = None
) -> Response:
    """One page of your endpoints."""
    house = house_of(request)

    def look() -> tuple[list[dict[str, Any]], bool] | None:
        return outbox.list_endpoints(
            house.store, caller.owner, after=after, limit=limit, newest_first=order == "desc"
        )

    found = await house.do(look)
    if found is None:
        raise bad("invalid_value", f"Invalid value for 'after': no endpoint '{(after or '')[:80]}'.", "after")
    return JSONResponse(page([_endpoint(row) for row in found[0]], found[1]))


@router.get(
    "/webhook_endpoints/{endpoint_id}", operation_id="getWebhookEndpoint", summary="Retrieve an endpoint",
    responses=replies("WebhookEndpoint"),
)  # fmt: skip
async def retrieve(request: Request, caller: Known, endpoint_id: str) -> Response:
    """An endpoint, and how its last deliveries went."""
    house = house_of(request)
    row = await _find(house, caller, endpoint_id)
    log = await house.do(outbox.deliveries, house.store, row["id"])
    told = [
        {
            "event_id": entry["event"], "created_at": second(entry["created"]), "attempts": entry["tries"],
            "settled_at": second(entry["done"]), "outcome": entry["outcome"],
        }
        for entry in log
    ]  # fmt: skip
    return JSONResponse({**_endpoint(row), "deliveries": told})


@router.post(
    "/webhook_endpoints/{endpoint_id}", operation_id="updateWebhookEndpoint", summary="Change an endpoint",
    responses=replies("WebhookEndpoint"), openapi_extra=body_of(CHANGE, multipart=False),
)  # fmt: skip
async def update(request: Request, caller: Known, endpoint_id: str) -> Response:
    """Change name, address or events."""
    house = house_of(request)
    await _find(house, caller, endpoint_id)
    values = read_fields(await read_body(request), CHANGE)
    if "url" in values:
        await house.do(check_callback, values["url"], "url", house.settings.trusted)
    changed = {"events" if name == "event_types" else name: value for name, value in values.items()}

    def write(connection: Connection) -> dict[str, Any]:
        return _endpoint(outbox.change_endpoint(connection, caller.owner, endpoint_id, **changed))

    return await once(
        request, house, caller, f"change {endpoint_id}", values, lambda: (write, nothing)
    )


@router.delete(
    "/webhook_endpoints/{endpoint_id}", operation_id="deleteWebhookEndpoint", summary="Delete an endpoint",
    responses=replies("WebhookEndpointDeleted"),
)  # fmt: skip
async def remove(request: Request, caller: Known, endpoint_id: str) -> Response:
    """Nothing is sent there any more, not even what waits."""
    house = house_of(request)
    row = await _find(house, caller, endpoint_id)

    def change() -> None:
        with house.store.write() as connection:
            outbox.change_endpoint(connection, caller.owner, row["id"], deleted=now())

    await house.do(change)
    return JSONResponse(deletion(row["id"], "webhook_endpoint.deleted"))


@router.post(
    "/webhook_endpoints/{endpoint_id}/rotate_secret", operation_id="rotateWebhookSecret",
    summary="Rotate the secret",
    responses=replies("WebhookEndpoint"), openapi_extra=body_of(ROTATE, multipart=False),
)  # fmt: skip
async def rotate(request: Request, caller: Known, endpoint_id: str) -> Response:
    """A new secret; with the flag the old one signs too, for 24 hours."""
    house = house_of(request)
    row = await _find(house, caller, endpoint_id)
    values = read_fields(await read_body(request), ROTATE)
    keep = values.get("keep_old_secret_active_for_24_hours", False)
    fresh = {
        "secret": new_secret(), "old_secret": row["secret"] if keep else None,
        "old_until": now() + ROTATION if keep else None,
    }  # fmt: skip

    def write(connection: Connection) -> dict[str, Any]:
        return _endpoint(outbox.change_endpoint(connection, caller.owner, row["id"], **fresh), secret=True)

    return await once(request, house, caller, f"rotate {row['id']}", values, lambda: (write, nothing))


@router.post(
    "/webhook_endpoints/{endpoint_id}/test", operation_id="testWebhookEndpoint", summary="Send a test event",
    responses=replies("WebhookTest"), openapi_extra=body_of(TEST, multipart=False),
)  # fmt: skip
async def test(request: Request, caller: Known, endpoint_id: str) -> Response:
    """Send one signed event now and say how it went."""
    house = house_of(request)
    row = await _find(house, caller, endpoint_id)
    kind = read_fields(await read_body(request), TEST)["event_type"]
    event = new_id("evt")
    body = {"id": event, "object": "event", "created_at": second(now()), "type": kind}
    body["data"] = {"id": f"{kind.partition('.')[0]}_test"}
    text_sent = json.dumps(body, separators=(",", ":"))

    def send() -> tuple[Write, Callable[[], None]]:
        outcome = post(row["url"], event, text_sent, (row["secret"],), house.settings.trusted)
        told = {
            "object": "webhook_endpoint.test", "webhook_endpoint_id": row["id"], "event_type": kind,
            "status_code": outcome.status or None, "success": outcome.well,
        }  # fmt: skip
        return (lambda connection: told), nothing

    return await once(request, house, caller, f"test {row['id']}", {"event_type": kind}, send)


async def _find(house: House, caller: Caller, name: str) -> dict[str, Any]:
    checked_id(name, "webhook_endpoint")
    row = await house.do(outbox.find_endpoint, house.store, caller.owner, name)
    if row is None:
        raise not_found("webhook_endpoint", name)
    return row


def _endpoint(row: dict[str, Any], *, secret: bool = False) -> dict[str, Any]:
    told = {
        "id": row["id"], "object": "webhook_endpoint", "name": row["name"], "url": row["url"],
        "event_types": row["events"],
        "created_at": second(row["created"]), "updated_at": second(row["updated"]),
        "signing_secret_hint": f"whsec_…{row['secret'][-4:]}",
    }  # fmt: skip
    return {**told, "signing_secret": row["secret"]} if secret else told
