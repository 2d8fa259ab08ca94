"""The door: what happens to every request, whatever it asks for: ids, times, limits, errors, the log."""

from __future__ import annotations

import secrets
import time
from typing import Any

from sqlalchemy.exc import DBAPIError
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ozora.serve.blobs.protocol import UnreachableError
from ozora.serve.house import LOCAL, Caller, House
from ozora.serve.logs import log
from ozora.serve.store.engine import UNREACHABLE
from ozora.serve.store.keys import any_keys, check_key
from ozora.serve.wire.errors import ApiError, bad

VERSION = "2020-10-01"
LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]", "::1")


def error_response(error: ApiError) -> Response:
    """An error as the envelope clients read."""
    return JSONResponse(error.body(), error.status, headers=error.headers)


def unreachable() -> ApiError:
    """Records or files do not answer: clients come again by themselves, and a create is recognised then."""
    told = "The server's records or files cannot be reached at this moment; please try again."
    return ApiError(503, "store_unreachable", told, kind="server_error", headers={"retry-after": "1"})


def broken() -> ApiError:
    """Our own mistake: nothing of it is told, the log has it under the request's id."""
    told = "The server had an error while processing your request. Its log says more under this request's id."
    return ApiError(500, None, told, kind="server_error")


class Door:
    """ASGI middleware around everything."""

    def __init__(self, app: ASGIApp, house: House) -> None:
        self.app, self.house = app, house

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit = _Visit(scope, receive, send, self.house)
        try:
            declared = Headers(scope=scope).get("content-length", "0")
            if declared.isdigit() and int(declared) > visit.limit:
                raise visit.too_large()
            if b"%00" in scope["query_string"]:  # nothing here means it, and PostgreSQL does not take it
                raise bad("invalid_value", "The address holds characters that are not text.")
            await self.app(scope, visit.receive, visit.send)
        except Exception as error:
            if isinstance(error, (*UNREACHABLE, UnreachableError)):
                reason = str(error.orig if isinstance(error, DBAPIError) else error).splitlines()[0]
                log.error("storage unreachable", extra={"request_id": visit.id, "reason": reason})
                error = unreachable()
            if not isinstance(error, ApiError):
                log.exception("request broke", extra={"request_id": visit.id, "path": scope["path"]})
            if visit.status:
                raise
            response = error_response(error if isinstance(error, ApiError) else broken())
            await response(scope, receive, visit.send)
        finally:
            visit.leave()


class _Visit:
    """One request on its way through the door."""

    def __init__(self, scope: Scope, receive: Receive, send: Send, house: House) -> None:
        self.scope, self._receive, self._send, self.house = scope, receive, send, house
        self.id = f"req_{secrets.token_hex(16)}"
        self.began = time.perf_counter()
        self.answered = self.status = self.size = 0
        self.spent = 0.0
        uploads = scope["path"].rstrip("/").endswith("/files")
        self.limit = house.settings.most_batch_file if uploads else house.settings.most_body
        scope.setdefault("state", {})["request_id"] = self.id

    def too_large(self) -> ApiError:
        return ApiError(413, "file_too_large", f"The request has more than {self.limit} bytes.")

    async def receive(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self.size += len(message.get("body", b""))
            if self.size > self.limit:
                raise self.too_large()
        return message

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.spent = time.perf_counter() - self.began
            headers = MutableHeaders(scope=message)
            headers["x-request-id"] = self.id
            headers["openai-processing-ms"] = str(round(self.spent * 1000))
            headers["openai-version"] = VERSION
            headers["x-content-type-options"] = "nosniff"
        await self._send(message)

    def leave(self) -> None:
        route = getattr(self.scope.get("route"), "path", "none")
        method = self.scope["method"]
        if route == "none" and method not in ("GET", "POST", "DELETE", "PUT", "PATCH", "HEAD", "OPTIONS"):
            method = "OTHER"
        self.house.metrics.requests.labels(method, route, str(self.status)).inc()
        self.house.metrics.times.labels(method, route).observe(self.spent)
        if route in ("/health", "/ready", "/metrics"):
            return
        caller = self.scope["state"].get("caller")
        log.info(
            "request",
            extra={
                "request_id": self.id, "method": method, "path": self.scope["path"][:200],
                "status": self.status, "ms": round(self.spent * 1000, 1),
                "owner": None if caller is None else caller.owner,
            },
        )  # fmt: skip


async def identify(request: Request) -> Caller:
    """Who is calling: the key's owner, or ``local`` where this machine alone can call and no keys are made.

    Reads ``Authorization: Bearer`` and ``api-key``. Raises ``ApiError`` 401.
    """
    house: House = request.app.state.house
    text = given_key(request.headers)
    caller = await house.look(_caller, house, text, request.headers.get("host", ""))
    request.state.caller = caller
    return caller


def given_key(headers: Headers) -> str:
    """The key a request carries, or an empty string."""
    scheme, _, rest = headers.get("authorization", "").partition(" ")
    return rest.strip() if scheme.lower() == "bearer" else headers.get("api-key", "").strip()


def _caller(house: House, text: str, host: str) -> Caller:
    key = check_key(house.store, text)
    if key is not None:
        return Caller(key.id, key.rate_per_minute or house.settings.rate_per_minute, key.budget, key.models)
    if not house.settings.loopback or _keys_in_use(house):
        told = "Missing API key." if not text else "Incorrect API key provided."
        raise ApiError(401, "invalid_api_key", f"{told} Send one as 'Authorization: Bearer …'.")
    # Without keys only this machine may call, and no web page in its browser that gave itself our address.
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name.lower() not in LOCAL_NAMES:
        told = "Without API keys this server answers only to localhost; make a key with 'ozora keys add'."
        raise ApiError(403, "host_not_allowed", told, kind="permission_error")
    return Caller(LOCAL, house.settings.rate_per_minute)


def _keys_in_use(house: House) -> bool:
    """Whether there are keys, as of a second ago at most."""
    moment, known = house.remembered.get("keys", (0.0, False))
    if time.monotonic() - moment > 1:
        known = any_keys(house.store)
        house.remembered["keys"] = (time.monotonic(), known)
    return bool(known)


def rate_headers(caller: Caller, remaining: int, reset: float) -> dict[str, Any]:
    """What a create tells about the rate."""
    return {
        "x-ratelimit-limit-requests": str(caller.rate_per_minute),
        "x-ratelimit-remaining-requests": str(max(0, remaining)),
        "x-ratelimit-reset-requests": f"{reset:.0f}s",
    }
