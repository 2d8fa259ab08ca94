"""Whether light and colours hold still where they should, and whether a long film fades or bleaches."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ozora.evaluate.sight import FilmSight, Values
from ozora.model.eyes import CELL, read_along

LUMA = (0.2126, 0.7152, 0.0722)
"""Rec. ITU-R BT.709."""


def flicker(film: FilmSight) -> float | None:
    """Median change, 0 … 1, of the brightness of a point from one frame to the next, the motion taken out.

    The next frame is read where the flow says that each cell has gone (the warping error of Lai et al., ECCV
    2018); the median over cells forgives what is uncovered. Cuts are left out. None for a single frame.
    """
    luma = _luma(film.light)
    steps = [t for t in range(len(film.flow)) if t + 1 not in film.cuts]
    if not steps:
        return None
    followed = read_along(luma[[t + 1 for t in steps], None], film.flow[steps] / CELL)[:, 0]
    change = (followed - luma[steps]).flatten(1)
    # A brightening of the whole picture is flicker too: the mean of signed changes counts beside the median.
    each = change.abs().median(1).values + change.mean(1).abs()
    return float(each.mean())


def luminance_drift(film: FilmSight) -> float | None:
    """How far the mean brightness drifts in 10 seconds, as a share of black to white, without a sign."""
    return _slope(_luma(film.light).flatten(1).mean(1).double().numpy(), film.fps)


def saturation_drift(film: FilmSight) -> float | None:
    """How far the mean saturation (largest minus smallest channel) drifts in 10 seconds, without a sign."""
    spread = film.light.amax(1) - film.light.amin(1)
    return _slope(spread.flatten(1).mean(1).double().numpy(), film.fps)


def sharpness_drift(film: FilmSight) -> float | None:
    """How much of itself the mean sharpness loses or gains in 10 seconds, without a sign."""
    slope = _slope(film.sharpness, film.fps)
    return None if slope is None else slope / max(float(film.sharpness.mean()), 1e-4)


def _luma(light: Tensor) -> Tensor:
    return (light * torch.tensor(LUMA).to(light)[:, None, None]).sum(1)


def _slope(values: Values, fps: float) -> float | None:
    """Absolute slope per 10 seconds of the least-squares line; None under half a second."""
    if len(values) < fps / 2:
        return None
    return abs(float(np.polyfit(np.arange(len(values)) / fps, values, 1)[0])) * 10
