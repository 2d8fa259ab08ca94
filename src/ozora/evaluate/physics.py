"""Laws of motion, measured on tracks and compared with the same shot in the film set (the protocol of
phyworld, Kang et al., arXiv 2411.02385: parse places, fit, compare with the simulator)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ozora.evaluate.adherence import Viewing
from ozora.evaluate.sight import FilmSight

LEAST_FALL = 0.04
"""Of the picture's height: what comes down less than this has not fallen."""

LEAST_FRAMES = 4


def free_fall(view: Viewing) -> float | None:
    """How far the acceleration of a fall is from the real one, as the absolute logarithm of their ratio: 0 is
    right, 0.69 twice as fast or half. None where nothing falls, in the prompt or in the real film."""
    if view.real is None or view.prompt.shot.subjects[0].action not in ("fall", "bounce"):
        return None
    kind = view.prompt.shot.subjects[0].kind
    real = acceleration(heights(view.real, kind))
    if real is None or real <= 0:  # then the eyes did not see it fall
        return None
    made = acceleration(heights(view.sight, kind))
    if made is None or made <= 0:
        return WORST
    return min(WORST, abs(float(np.log(made / real))))


WORST = 3.0
"""What a fall scores that does not fall."""


def restitution(view: Viewing) -> float | None:
    """How far the heights of successive bounces shrink or grow from what they do in the real film: the
    absolute logarithm of the ratio. None where nothing bounces twice in the real film."""
    if view.real is None or view.prompt.shot.subjects[0].action not in ("bounce", "fall"):
        return None
    kind = view.prompt.shot.subjects[0].kind
    real = bounce_ratio(heights(view.real, kind))
    if real is None:
        return None
    made = bounce_ratio(heights(view.sight, kind))
    return WORST if made is None else min(WORST, abs(float(np.log(made / real))))


def heights(film: FilmSight, kind: str) -> NDArray[np.float64] | None:
    """Seconds and height (up, in picture heights) of the main track of a kind, (N, 2); None if not seen."""
    mine = film.of_kind(kind)
    if not mine:
        return None
    path = max(mine, key=lambda track: len(track.sightings)).path()
    return np.stack((path[:, 0] / film.fps, 1 - path[:, 2]), 1)


def acceleration(path: NDArray[np.float64] | None) -> float | None:
    """Downward acceleration of the longest fall in a path, picture heights per second²: the curvature of the
    parabola that fits it best. None if nothing comes down by ``LEAST_FALL``."""
    if path is None:
        return None
    downs = [run for run in _runs(path, -1) if len(run) >= LEAST_FRAMES]
    falls = [run for run in downs if run[0, 1] - run[-1, 1] >= LEAST_FALL]
    if not falls:
        return None
    longest = max(falls, key=lambda run: run[0, 1] - run[-1, 1])
    curve = np.polyfit(longest[:, 0], longest[:, 1], 2)[0]
    return -2 * float(curve)


def bounce_ratio(path: NDArray[np.float64] | None) -> float | None:
    """Mean ratio of the height of one rebound to the one before; None unless it rises twice."""
    if path is None:
        return None
    rises = [run[-1, 1] - run[0, 1] for run in _runs(path, 1) if run[-1, 1] - run[0, 1] >= LEAST_FALL]
    if len(rises) < 2:
        return None
    return float(np.exp(np.mean(np.log(np.array(rises[1:]) / np.array(rises[:-1])))))


def _runs(path: NDArray[np.float64], way: int) -> list[NDArray[np.float64]]:
    """Stretches of a path (N, 2) in which the height only rises (1) or only falls (−1)."""
    runs, start = [], 0
    for i in range(1, len(path) + 1):
        if i == len(path) or (path[i, 1] - path[i - 1, 1]) * way <= 0:
            if i - start > 1:
                runs.append(path[start:i])
            start = i
    return runs
