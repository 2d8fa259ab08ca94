"""Errors as clients know them: one envelope, a status that picks the client's exception class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NEVER_RETRY = {"x-should-retry": "false"}


class ApiError(Exception):
    """A refusal on the wire: HTTP status, message, ``code``, and ``param``, the field it is about."""

    def __init__(
        self,
        status: int,
        code: str | None,
        message: str,
        *,
        param: str | None = None,
        kind: str = "invalid_request_error",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.param, self.kind, self.headers = param, kind, dict(headers or {})

    def body(self) -> dict[str, Any]:
        """The envelope: all four keys, always."""
        told = {"message": self.message, "type": self.kind, "param": self.param, "code": self.code}
        return {"error": told}


def bad(code: str, message: str, param: str | None = None) -> ApiError:
    """A request that cannot be understood or filmed: 400."""
    return ApiError(400, code, message, param=param)


def not_found(what: str, name: str, param: str | None = None) -> ApiError:
    """404 with code ``video_not_found``, ``model_not_found``…; a foreign id reads the same as no id."""
    shown = name if len(name) <= 80 else name[:77] + "..."
    return ApiError(404, f"{what}_not_found", f"No such {what}: '{shown}'.", param=param)


def slow_down(code: str, message: str, seconds: float) -> ApiError:
    """429; clients wait as told, and the Python client gives up on waits of more than 120 s."""
    wait = min(120.0, max(0.05, seconds))
    headers = {"retry-after": str(max(1, round(wait))), "retry-after-ms": str(round(wait * 1000))}
    return ApiError(429, code, message, kind="rate_limit_error", headers=headers)
