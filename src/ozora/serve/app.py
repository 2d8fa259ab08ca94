"""The application: routes under /v1, under /openai/v1 and under nothing, one way of saying errors."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from ozora.serve.door import Door, error_response
from ozora.serve.house import House
from ozora.serve.wire.errors import ApiError, bad
from ozora.serve.wire.schemas import SCHEMAS

PREFIXES = ("/v1", "/openai/v1", "")

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(house: House, lifespan: Lifespan | None = None) -> FastAPI:
    """All operations of a house as an ASGI application."""
    from ozora import __version__

    app = FastAPI(
        title="Ozora", version=__version__, lifespan=lifespan or _nothing, redirect_slashes=False,
        summary="The Videos API, self-hosted.",
    )  # fmt: skip
    app.state.house = house
    for prefix in PREFIXES:
        for router in routers():
            app.include_router(router, prefix=prefix, include_in_schema=prefix == "/v1")
    from ozora.serve.routes.house import plain

    app.include_router(plain)
    app.add_exception_handler(ApiError, _told)
    app.add_exception_handler(HTTPException, _of_framework)
    app.add_exception_handler(RequestValidationError, _of_validation)
    app.add_middleware(Door, house=house)
    document = app.openapi

    def openapi() -> dict[str, Any]:
        return _completed(document())

    app.openapi = openapi  # type: ignore[method-assign]
    return app


def routers() -> tuple[APIRouter, ...]:
    """Every group of operations, the one that is asked most first: they are tried one by one.

    Literal paths come before those with an id in the same place and of the same method.
    """
    from ozora.serve.routes import batches, changes, extras, files, house, videos, webhooks

    return (
        videos.router, house.router, changes.router, extras.router, webhooks.router, files.router,
        batches.router, changes.with_id, extras.with_id,
    )  # fmt: skip


@asynccontextmanager
async def _nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


async def _told(_: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return error_response(error)


async def _of_framework(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    where = f"{request.method} {request.url.path[:200]}"
    codes = {
        404: ("unknown_url", f"Invalid URL ({where})."), 405: (
            "method_not_allowed", f"Not allowed ({where})."
        )
    }
    code, told = codes.get(error.status_code, ("invalid_request", str(error.detail)))
    return error_response(ApiError(error.status_code, code, told, headers=error.headers))


async def _of_validation(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = str(first["loc"][-1])
    told = f"Invalid value for '{name}': {re.sub(r'^Input should be ', 'allowed is ', str(first['msg']))}."
    return error_response(bad("invalid_value", told, name))


def _completed(document: dict[str, Any]) -> dict[str, Any]:
    """The framework's document with our schemas, our keys, and without errors that we never send."""
    parts = document.setdefault("components", {})
    parts["schemas"] = SCHEMAS
    parts["securitySchemes"] = {"ApiKeyAuth": {"type": "http", "scheme": "bearer"}}
    document["security"] = [{"ApiKeyAuth": []}]
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
    return document
