"""Where filmed latents meet given ones, brightness and colour go on: measured by benchmarks/seams.py.

The transformer fits what it films to what it sees, but not to the last shade: the mean of each channel of
the latents, which is brightness and colour of the whole frame, jumps by a little. So what is filmed is moved
to the level of what is given, and back to its own over the next second or two; and the one latent that meets
the join takes a small share from across it, so that the step there is that of any two latents.
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

FADING = 0.7
"""What is left of the correction from one latent to the next."""

SHARED = 0.15
"""What the filmed latent at a join takes of the given one."""


ANCHORED = 0.5
"""How much of the way back to its beginning's colours and contrasts each window of a long film is led."""


def anchored(latents: Tensor, filmed: Sequence[bool], beginning: Tensor) -> Tensor:
    """Latents (1, L, C, h, w) whose ``filmed`` ones keep the colours of the film's ``beginning``.

    Mean and deviation of each channel, over time and place, are led part of the way to those of ``beginning``
    (1, B, C, h, w): each window departs from the one before, and small steps one way would add up.
    """
    new = [index for index, one in enumerate(filmed) if one]
    if not new:
        return latents
    result, part = latents.clone(), latents[:, new]
    (mean, deviation), (wanted, contrast) = (_tones(one) for one in (part, beginning))
    gain = (contrast / deviation.clamp(min=1e-6)) ** ANCHORED
    result[:, new] = (part - mean) * gain + mean + ANCHORED * (wanted - mean)
    return result


def _tones(latents: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of each channel of latents (1, L, C, h, w), (1, 1, C, 1, 1) each."""
    mean = latents.mean((1, 3, 4), keepdim=True)
    return mean, (latents - mean).square().mean((1, 3, 4), keepdim=True).sqrt()


def mended(latents: Tensor, filmed: Sequence[bool], *, opens: bool = True) -> Tensor:
    """Latents (1, L, C, h, w) whose ``filmed`` ones meet the given ones without a jump.

    Given latents stay as they are. The first latent is left out of account if it ``opens`` a film or window:
    it holds one frame, and what follows is not of its kind.
    """
    if all(filmed) or not any(filmed):
        return latents
    result = latents.clone()
    mean = latents.mean((3, 4), keepdim=True)  # (1, L, C, 1, 1)
    for left in range(1 if opens else 0, len(filmed) - 1):
        right = left + 1
        if filmed[left] == filmed[right]:
            continue
        jump = mean[:, right] - mean[:, left]
        way, near, towards = (1, right, -jump) if filmed[right] else (-1, left, jump)
        place, share = near, 1.0
        while (1 if opens else 0) <= place < len(filmed) and filmed[place]:
            result[:, place] += share * towards
            place, share = place + way, share * FADING
        if not (opens and near == 0):
            result[:, near] += SHARED * (latents[:, near - way] - result[:, near])
    return result
