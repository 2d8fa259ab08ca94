"""Webhooks: addresses that may be called, secrets, signatures (Standard Webhooks), and the postman.

The outbox is written in the transaction that finishes a job, and emptied from here: at least once, with the
same ``webhook-id`` however often, a fresh timestamp each time, no redirects, ten seconds' patience, for 72 h.
Source of the signature: the Standard Webhooks specification 1.0, by its own library.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from ozora.serve.fetch import FetchError, check_address, new_client, request_to
from ozora.serve.logs import log
from ozora.serve.store import outbox
from ozora.serve.store.engine import Store
from ozora.serve.wire.errors import bad

EVENTS = (
    "video.completed", "video.failed",
    "batch.completed", "batch.failed", "batch.expired", "batch.cancelled",
)  # fmt: skip
WAITS = (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 57600, 72000, 72000)
"""Seconds before each further attempt; together 72 hours."""


def new_secret() -> str:
    """A signing secret as Standard Webhooks writes it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def check_callback(url: str, param: str, trusted: Sequence[str]) -> None:
    """Refuse an address that will not be called; raises ``ApiError``. Nothing is sent to it."""
    try:
        check_address(url, trusted=trusted, only_https=True)
    except FetchError as error:
        raise bad("invalid_value", f"Invalid value for '{param}': {error}.", param) from error


def signed(letter_id: str, body: str, keys: Sequence[str], moment: datetime) -> dict[str, str]:
    """Headers of a delivery: one signature for each key, as during a rotation."""
    from standardwebhooks import Webhook

    signatures = " ".join(Webhook(key).sign(letter_id, moment, body) for key in keys)
    return {
        "content-type": "application/json",
        "webhook-id": letter_id,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": signatures,
        "user-agent": "ozora-webhooks",
    }


@dataclass(frozen=True)
class Outcome:
    """How a delivery went: HTTP status (0: none came) and a word for the log."""

    status: int
    told: str

    @property
    def well(self) -> bool:
        return 200 <= self.status < 300


def post(url: str, letter_id: str, body: str, keys: Sequence[str], trusted: Sequence[str]) -> Outcome:
    """Deliver once."""
    try:
        target = check_address(url, trusted=trusted, only_https=True)
        headers = signed(letter_id, body, keys, datetime.now(UTC))
        with new_client() as client:
            response = client.send(
                request_to(client, "POST", target, content=body.encode(), headers=headers), stream=True
            )
            response.close()
    except FetchError as error:
        return Outcome(0, str(error)[:200])
    except httpx.HTTPError as error:
        return Outcome(0, type(error).__name__)
    return Outcome(response.status_code, str(response.status_code))


def deliver_due(store: Store, trusted: Sequence[str], limit: int = 20) -> list[Outcome]:
    """Deliver what is due; each letter is taken by one postman only. Returns how it went."""
    outcomes = []
    for letter in outbox.take_due(store, limit):
        outcome = post(letter.url, letter.event, letter.body, letter.secrets, trusted)
        wait = WAITS[letter.tries] if letter.tries < len(WAITS) else None
        outbox.settle(store, letter, done=outcome.well, told=outcome.told, wait=wait)
        log.info(
            "webhook", extra={"letter": letter.event, "status": outcome.status, "attempt": letter.tries + 1}
        )
        outcomes.append(outcome)
    return outcomes
