"""Where filmed latents meet given ones, brightness and colour go on: measured by benchmarks/seams.py.

The transformer fits what it films to what it sees, but not to the last shade: mean and deviation of each
channel of the latents, which are brightness, colour and contrast of the whole frame, jump by a little. So
what is filmed is moved to where what is given was going, and back to its own over the next second or two; and
the one latent that meets the join takes a small share from across it, so that the step there is that of any
two latents.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

FADING = 0.7
"""What is left of the correction from one latent to the next."""

SHARED = 0.15
"""What the filmed latent at a join takes of the given one."""

TREND, LOOK_BACK = 0.5, 3
"""How much of the given latents' own change is expected to go on; over how many of them it is measured."""


ANCHORED = 0.5
"""How much of the way back to its beginning's colours and contrasts each window of a long film is led."""


def anchored(
    latents: Tensor, filmed: Sequence[bool], beginning: Tensor, part: float = ANCHORED
) -> Tensor:
    """Latents (1, L, C, h, w) whose ``filmed`` ones keep the colours of the film's ``beginning``.

    Mean and deviation of each channel, over time and place, are led ``part`` of the way to those of
    ``beginning`` (1, B, C, h, w): each window departs from the one before, and small steps one way would add
    up.
    """
    new = [index for index, one in enumerate(filmed) if one]
    if not new:
        return latents
    result, made = latents.clone(), latents[:, new]
    (mean, deviation), (wanted, contrast) = (_tones(one) for one in (made, beginning))
    gain = (contrast / deviation.clamp(min=1e-6)) ** part
    result[:, new] = (made - mean) * gain + mean + part * (wanted - mean)
    return result


def _tones(latents: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel of latents (1, L, C, h, w), (1, 1, C, 1, 1) each."""
    mean = latents.mean((1, 3, 4), keepdim=True)
    return mean, (latents - mean).square().mean((1, 3, 4), keepdim=True).sqrt()


def mended(
    latents: Tensor, filmed: Sequence[bool], *, opens: bool = True, contrasts: bool = True
) -> Tensor:
    """Latents (1, L, C, h, w) whose ``filmed`` ones meet the given ones without a jump.

    Given latents stay as they are. The first latent is left out of account if it ``opens`` a film or window:
    it holds one frame, and what follows is not of its kind. Without ``contrasts`` only levels meet, and
    nothing is expected to go on changing: so it is between windows of one text, which are ``anchored``.
    """
    if all(filmed) or not any(filmed):
        return latents
    result, lowest = latents.clone(), int(opens)
    mean = latents.mean((3, 4), keepdim=True)  # (1, L, C, 1, 1)
    spread = (latents - mean).square().mean((3, 4), keepdim=True).clamp(min=1e-12).log() / 2
    for begin, end in _runs(filmed, lowest):
        joins = [(begin, 1)] if begin > lowest else []
        joins += [(end - 1, -1)] if end < len(filmed) else []
        length = end - begin
        if contrasts:
            wider = _changes([spread[:, place - way] - spread[:, place] for place, way in joins], length)
            for change, (_, way) in zip(wider, joins, strict=True):
                apart = result[:, begin:end] - mean[:, begin:end]
                result[:, begin:end] = mean[:, begin:end] + apart * _fading(change, way, length).exp()
        aims = [_expected(mean, filmed, place - way, way, lowest, contrasts) for place, way in joins]
        moves = _changes([aim - mean[:, place] for aim, (place, _) in zip(aims, joins, strict=True)], length)
        for move, (_, way) in zip(moves, joins, strict=True):
            result[:, begin:end] += _fading(move, way, length)
        for place, way in joins:
            result[:, place] += SHARED * (latents[:, place - way] - result[:, place])
    return result


def _runs(filmed: Sequence[bool], lowest: int) -> list[tuple[int, int]]:
    """Where latents are filmed from ``lowest`` on: (first, one past the last) of each run."""
    inside = [*filmed[lowest:], False]
    edges = [
        lowest + place for place, now in enumerate(inside) if now != (place > 0 and inside[place - 1])
    ]
    return list(zip(edges[::2], edges[1::2], strict=True))


def _expected(
    mean: Tensor, filmed: Sequence[bool], given: int, way: int, lowest: int, goes_on: bool
) -> Tensor:
    """Where a level is going from a ``given`` latent on, ``way`` 1 or -1; where it is, unless it ``goes_on``.
    """
    steps = 0
    while goes_on and steps < LOOK_BACK:
        before = given - way * (steps + 1)
        if not lowest <= before < len(filmed) or filmed[before]:
            break
        steps += 1
    if not steps:
        return mean[:, given]
    return mean[:, given] + TREND * (mean[:, given] - mean[:, given - way * steps]) / steps


def _changes(wanted: list[Tensor], length: int) -> list[Tensor]:
    """Corrections at the joins of a run that, each fading towards the other, add up to what is ``wanted``."""
    if len(wanted) < 2:
        return wanted
    left, right = wanted
    if length == 1:
        return [left / 2, right / 2]
    met = FADING ** (length - 1)
    return [(left - met * right) / (1 - met * met), (right - met * left) / (1 - met * met)]


def _fading(change: Tensor, way: int, length: int) -> Tensor:
    """A correction (1, C, 1, 1) at a join, fading over a run of ``length`` latents: (1, length, C, 1, 1)."""
    faded, share = [], 1.0
    for _ in range(length):
        faded.append(share * change)
        share *= FADING
    return torch.stack(faded[::way], 1)
