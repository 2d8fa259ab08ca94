"""How a body is carried, mixed from several styles while it goes over from one to another."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ozora.world.rigs.frame import Number

Styles = Mapping[str, Number]
"""Style ("stand", "walk", "run") → how much of it there is, one number or one per frame; they add up to 1."""


def mixed(styles: Styles, of: Callable[[str], Number]) -> Number:
    """The mean of what ``of`` says of every style, weighted by its share; of a single style exactly that."""
    if len(styles) == 1:
        return of(next(iter(styles)))
    total: Number = 0.0
    for style, share in styles.items():
        total = total + share * of(style)
    return total

