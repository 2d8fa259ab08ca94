"""POSTs that make no film, answered once: the same key, or a client's own retry, gets the same answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ozora.serve.admission import idempotency_key, is_repeated, refusal, values_for_print
from ozora.serve.house import Caller, House
from ozora.serve.store import answers
from ozora.serve.store.answers import Reply
from ozora.serve.store.jobs import RefusedError
from ozora.serve.wire.body import fingerprint

Write = Callable[[Connection], Reply]
Prepare = Callable[[], tuple[Write, Callable[[], None]]]
"""Does what must be done before the record is written; gives who writes it, and who takes it back."""


async def once(
    request: Request,
    house: House,
    caller: Caller,
    operation: str,
    values: dict[str, Any],
    prepare: Prepare,
) -> Response:
    """Answer a POST: ``operation`` stands for it and what is in its path, ``values`` are its checked fields.

    ``prepare`` runs in a thread; when the same request turns out to have been answered, its work is undone.
    """
    key, repeated = idempotency_key(request), is_repeated(request)
    mark = fingerprint(operation, values_for_print(values))

    def settle() -> Reply:
        known = None
        if key or repeated:
            known = answers.look_up(house.store, caller.owner, key, mark, repeated)
        if known is not None:
            return known
        write, undo = prepare()
        try:
            reply, again = answers.answer_once(house.store, caller.owner, key, mark, repeated, write)
        except BaseException:
            undo()
            raise
        if again:
            undo()
        return reply

    try:
        return JSONResponse(await house.do(settle))
    except RefusedError as refused:
        raise refusal(refused, caller) from refused


def nothing() -> None:
    """For what leaves nothing behind."""
