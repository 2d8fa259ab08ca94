"""Errors a user can cause and mend: one clear sentence each, never a traceback."""

from __future__ import annotations


class OzoraError(ValueError):
    """A request that cannot be filmed, said in one sentence: the field, what came, what is allowed."""


class WeightsError(OzoraError):
    """Weights that are missing, damaged or made for another shape of network."""


def refuse(field: str, came: object, allowed: str) -> OzoraError:
    """Build the one-sentence refusal every floor uses.

    The sentence names the field, shows what came (shortened to 60 characters) and says what is allowed.
    """
    shown = came if isinstance(came, str) else repr(came)
    if len(shown) > 60:
        shown = shown[:57] + "..."
    return OzoraError(f"{field}: got {shown!r}, allowed: {allowed}.")
