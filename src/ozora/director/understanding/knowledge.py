"""What a set of weights knows: the words it was trained on, which are fewer than the film set's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ozora.backends.weights import Weights, check, find_weights
from ozora.director.understanding.reading import Reading
from ozora.model.checkpoint import load_weights
from ozora.model.text import TextConfig

Axes = Mapping[str, tuple[str, ...]]
"""Axis → the values that were in the footage."""


def axes_of(weights: str | Path | Weights | None = None) -> Axes:
    """The axes that the text part of some weights carries; no network is built.

    Raises WeightsError where there are no such weights, or damaged ones.
    """
    checked = weights if isinstance(weights, Weights) else check(find_weights(weights))
    _, about = load_weights(checked.part("text"))
    return dict(TextConfig.from_dict(about["config"]).axes)


def never_seen(reading: Reading, axes: Axes) -> dict[str, str]:
    """What was understood and is in the film set, but not in the footage of these weights: field → value.

    A field that the weights have no axis for (a relation, say) is one they were never taught.
    """
    values = reading.values()
    values["second_subject"] = values.get("second_subject", "none")
    plain = {"count": "1", "then": "none", "relation": "none", "later": "none", "second_subject": "none"}
    return {
        field: value
        for field, value in values.items()
        if value != plain.get(field) and value not in axes.get(field, ())
    }
