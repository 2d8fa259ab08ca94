"""Blobs as replies: whole or a range, from a local file or streamed from where they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from ozora.serve.blobs.protocol import Kept
from ozora.serve.house import House

RANGE = re.compile(r"bytes=(\d*)-(\d*)")


async def send_blob(
    request: Request, house: House, name: str, *, kind: str, filename: str,
    headers: Mapping[str, str] | None = None,
) -> Response | None:  # fmt: skip
    """The bytes of a name as a download; ``None`` when there are none. Answers ``Range`` and ``If-Range``."""
    if not house.blobs.remote:
        path = await house.do(house.blobs.path, name)
        if path is None:
            return None
        return FileResponse(path, media_type=kind, filename=filename, headers=dict(headers or {}))
    kept = await house.do(house.blobs.look, name)
    if kept is None:
        return None
    told = {
        **(headers or {}), "accept-ranges": "bytes", "etag": kept.etag,
        "content-disposition": f"attachment; filename*=utf-8''{quote(filename, safe='')}",
    }  # fmt: skip
    begin, end = _asked_range(request, kept)
    if begin >= end and kept.size:
        return Response(status_code=416, headers={"content-range": f"bytes */{kept.size}"})
    told["content-length"] = str(end - begin)
    status = 200
    if end - begin < kept.size:
        status, told["content-range"] = 206, f"bytes {begin}-{end - 1}/{kept.size}"
    if not kept.size:
        return Response(b"", headers=told, media_type=kind)
    return StreamingResponse(house.blobs.read(name, begin, end), status, told, media_type=kind)


def _asked_range(request: Request, kept: Kept) -> tuple[int, int]:
    """First byte and the one after the last; everything for no range, several, or one of older bytes."""
    whole = (0, kept.size)
    found = RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if found is None or request.headers.get("if-range", kept.etag) != kept.etag:
        return whole
    first, last = found.groups()
    if not first:
        return (max(0, kept.size - int(last)), kept.size) if last else whole
    if last and int(last) < int(first):
        return whole
    return int(first), min(kept.size, int(last) + 1) if last else kept.size
