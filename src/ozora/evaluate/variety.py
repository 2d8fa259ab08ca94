"""Whether a generator makes many films or one, and its own films or copies."""

from __future__ import annotations

import numpy as np

from ozora.evaluate.distances import Points


def diversity(made: Points, real: Points) -> float:
    """Mean distance between pairs of films, as a share of that between pairs of real ones: 1 is as varied."""
    return _spread(made, real) / max(_spread(real, real), 1e-9)


def memorisation(made: Points, training: Points, fresh: Points, quantile: float = 0.05) -> float:
    """Share of films that are nearer to a training clip than all but ``quantile`` of fresh footage are.

    Points are clip features (N, C). What is merely likely scores about ``quantile``; copies score 1 (the
    test of Meehan et al., AISTATS 2020, with a threshold in place of its statistic).
    """
    scale = training.std(0) + 1e-3

    def nearest(points: Points) -> Points:
        gaps = ((points[:, None] - training[None]) / scale) ** 2
        result: Points = np.sqrt(gaps.mean(-1)).min(1)
        return result

    return float((nearest(made) < np.quantile(nearest(fresh), quantile)).mean())


def _spread(points: Points, like: Points) -> float:
    scaled = points / (like.std(0) + 1e-3)
    gaps = np.sqrt(((scaled[:, None] - scaled[None]) ** 2).mean(-1))
    return float(gaps.sum() / (len(points) * (len(points) - 1)))
