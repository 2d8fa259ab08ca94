"""From a request that makes films to its answer: read, check, admit, tell."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ozora.serve.blobs.protocol import UnreachableError
from ozora.serve.door import rate_headers
from ozora.serve.house import Caller, House
from ozora.serve.store.engine import UNREACHABLE, micros, now
from ozora.serve.store.jobs import Admission, RefusedError, admit
from ozora.serve.store.queue import live_workers
from ozora.serve.wire.body import fingerprint, read_body
from ozora.serve.wire.errors import NEVER_RETRY, ApiError, bad, slow_down
from ozora.serve.wire.fields import Field, clean, read_fields
from ozora.serve.wire.video import to_video
from ozora.serve.wishes import Wish, drop_files, keep_files

MakeWish = Callable[[House, Caller, dict[str, Any], str], Awaitable[Wish]]
LONGEST_KEY = 255


async def take_order(
    request: Request, house: House, caller: Caller, name: str, fields: tuple[Field, ...], make: MakeWish
) -> Response:
    """Answer a request that makes films: a Video, as soon as its record is committed.

    ``name`` stands for the operation and what is in its path: part of what makes two requests equal.
    """
    body = await read_body(request)
    values = read_fields(body, fields)
    mark = fingerprint(name, values_for_print(values))
    require_worker(house, await house.look(live_workers, house.store, house.settings.worker_grace))
    wish = await make(house, caller, values, mark)
    return await answer(request, house, caller, wish)


async def answer(request: Request, house: House, caller: Caller, wish: Wish) -> Response:
    """Admit a wish and show its first video."""
    key, repeated = idempotency_key(request), is_repeated(request)
    admission = await house.do(settle, house, caller, wish, key, repeated)
    first = admission.jobs[0]
    ids = [job.id for job in admission.jobs] if len(admission.jobs) > 1 else None
    secret = wish.secret if not admission.again else (first.callback or {}).get("secret")
    told = to_video(first, video_ids=ids, callback_secret=secret)
    return JSONResponse(told, headers=rate_headers(caller, admission.remaining, admission.reset))


def settle(house: House, caller: Caller, wish: Wish, key: str = "", repeated: bool = False) -> Admission:
    """Keep the files, commit the records; or find what the same request made before. Raises ``ApiError``."""
    try:
        keep_files(house, wish)
        admission = admit(
            house.store, wish.jobs, caller.bounds(house), idempotency_key=key, repeated=repeated
        )
    except RefusedError as refused:
        drop_files(house, wish.jobs)
        raise refusal(refused, caller) from refused
    except (*UNREACHABLE, UnreachableError):
        # Perhaps the records were committed and only the answer was lost: then their files are needed.
        raise
    except BaseException:
        drop_files(house, wish.jobs)
        raise
    if admission.again:
        drop_files(house, wish.jobs)
    else:
        house.metrics.admitted.labels(wish.jobs[0].verb).inc(len(wish.jobs))
    return admission


def refusal(refused: RefusedError, caller: Caller) -> ApiError:
    """How a create that is not admitted is told."""
    if refused.reason == "reuse":
        told = "This Idempotency-Key was used for another request."
        return ApiError(409, "idempotency_key_reuse", told, headers=NEVER_RETRY)
    if refused.reason == "budget":
        told = f"The budget of this key is used up: {refused.told}, and it has {caller.budget:g}."
        return ApiError(429, "insufficient_quota", told, kind="insufficient_quota", headers=NEVER_RETRY)
    if refused.reason == "rate":
        limit = f"{caller.rate_per_minute} films a minute"
        told = f"Rate limit reached: {limit}. Try again in {refused.wait:.0f} s."
        error = slow_down("rate_limit_exceeded", told, refused.wait)
        error.headers.update(rate_headers(caller, 0, refused.wait))
        return error
    return slow_down("queue_full", "The queue is full. Try again later.", refused.wait)


def require_worker(house: House, alive: list[dict[str, Any]]) -> None:
    """Refuse work when nobody has been there to do it for a while; a restart alone is waited out."""
    waited = (now() - house.began) / micros(1)
    if not alive and waited > house.settings.worker_grace:
        told = "No worker is running, so nothing can be filmed now."
        raise ApiError(503, "no_worker", told, kind="server_error", headers={"retry-after": "30"})


def is_repeated(request: Request) -> bool:
    """Whether the client says that it sends this request again by itself."""
    retried = request.headers.get("x-stainless-retry-count", "0")
    return retried.isdecimal() and retried.isascii() and int(retried) > 0


def idempotency_key(request: Request) -> str:
    """The Idempotency-Key of a request, or an empty string."""
    key = request.headers.get("idempotency-key", "")
    if len(key) > LONGEST_KEY:
        told = f"Invalid Idempotency-Key: {len(key)} characters, at most {LONGEST_KEY}."
        raise bad("invalid_value", told, "Idempotency-Key")
    return clean(key, "Idempotency-Key")


def values_for_print(values: dict[str, Any]) -> dict[str, Any]:
    """Checked values with references as plain objects, so that equal wishes look equal in every encoding."""
    from ozora.serve.wire.fields import Reference

    def plain(value: Any) -> Any:
        if isinstance(value, Reference):
            return {"upload": value.upload, "url": value.url, "id": value.id}
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items()}
        return [plain(inner) for inner in value] if isinstance(value, list) else value

    return {name: plain(value) for name, value in values.items()}
