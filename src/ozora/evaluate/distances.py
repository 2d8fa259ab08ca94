"""How far a set of films is from a set of real ones, in what the eyes feel of frames, clips and tracks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ozora.evaluate.adherence import relative_motion
from ozora.evaluate.sight import FilmSight
from ozora.evaluate.tracks import Track

Points = NDArray[np.float64]

COMPONENTS = 32
"""Principal components of the real set that distances are taken in: as many as few films can tell apart."""


def frechet(made: Points, real: Points) -> float:
    """Fréchet distance of two sets of points (N, C) as if both were normal distributions.

    Dowson and Landau, J. Multivariate Analysis 12, 1982; for features of networks Heusel et al., NeurIPS
    2017. Taken in the principal components of the real set, their mean variance scaled to one.
    """
    made, real = _in_components(made, real)
    first, second = _moments(made), _moments(real)
    root = _root(first[1])
    middle = np.linalg.eigvalsh(root @ second[1] @ root).clip(min=0)
    traces = np.trace(first[1]) + np.trace(second[1]) - 2 * np.sqrt(middle).sum()
    return float(((first[0] - second[0]) ** 2).sum() + traces)


def kernel_distance(made: Points, real: Points) -> float:
    """Squared maximum mean discrepancy with the polynomial kernel (x·y/C + 1)³, without bias.

    Gretton et al., JMLR 13, 2012; the kernel of Bińkowski et al., ICLR 2018. Fair for small sets; may be a
    little below 0 where both are alike.
    """
    made, real = _in_components(made, real)
    if len(made) < 2 or len(real) < 2:
        raise ValueError("a kernel distance needs two points or more in each set")

    def kernel(a: Points, b: Points) -> Points:
        result: Points = (a @ b.T / a.shape[1] + 1) ** 3
        return result

    def within(a: Points) -> float:
        all_pairs = kernel(a, a)
        return float((all_pairs.sum() - np.trace(all_pairs)) / (len(a) * (len(a) - 1)))

    return within(made) + within(real) - 2 * float(kernel(made, real).mean())


def frame_points(films: Sequence[FilmSight], each: int = 6) -> Points:
    """What the eyes feel of ``each`` frames of every film, (N, C)."""
    moments = [np.linspace(0, film.frames - 1, each).round().astype(int) for film in films]
    return np.concatenate([film.features[at].numpy() for film, at in zip(films, moments, strict=True)])


def clip_points(films: Sequence[FilmSight]) -> Points:
    """One point per film: mean features, their mean changes over one and four frames, and its motion."""
    return np.stack([_clip_point(film) for film in films])


def track_points(films: Sequence[FilmSight]) -> Points:
    """One point per track, (N, 10): where it is, how it moves and speeds up, how large, how long seen. Empty
    films lend a point of nothing, so that absence counts (the idea of TRAJAN, arXiv 2505.00209)."""
    rows = [_track_point(film, track) for film in films for track in film.sure[:4]]
    rows += [np.zeros(10) for film in films if not film.sure]
    return np.stack(rows)


def _clip_point(film: FilmSight) -> Points:
    values = film.features.numpy()
    soon = np.abs(np.diff(values, axis=0)).mean(0) if len(values) > 1 else np.zeros(values.shape[1])
    later = np.abs(values[4:] - values[:-4]).mean(0) if len(values) > 4 else soon
    length = film.flow.square().sum(1).sqrt().numpy() if len(film.flow) else np.zeros((1, 1, 1))
    jerks = float(np.abs(np.diff(length, axis=0)).mean()) if len(length) > 1 else 0.0
    motion = np.log1p([length.mean(), length.std(), jerks])
    return np.concatenate([values.mean(0), soon, later, motion])


def _track_point(film: FilmSight, track: Track) -> Points:
    path = track.path()
    gaps = np.diff(path[:, 0]).clip(min=1)
    speeds = np.diff(path[:, 1:], axis=0) / gaps[:, None] * film.fps
    changes = np.abs(np.diff(speeds, axis=0)) * film.fps
    right, down = relative_motion(film, track)
    areas = np.log([one.area for one in track.sightings])
    growth = np.abs(np.diff(areas))
    return np.array(
        [
            path[:, 1].mean(), path[:, 2].mean(), np.abs(speeds).mean() if len(speeds) else 0.0,
            np.arcsinh(right), np.arcsinh(down), np.log1p(changes.mean()) if len(changes) else 0.0,
            areas.mean(), growth.mean() if len(growth) else 0.0, track.visible.mean(), track.confidence,
        ]
    )  # fmt: skip


def _in_components(made: Points, real: Points) -> tuple[Points, Points]:
    middle = real.mean(0)
    scale = real.std(0) + 1e-3
    real, made = (real - middle) / scale, (made - middle) / scale
    _, spread, ways = np.linalg.svd(real, full_matrices=False)
    count = min(COMPONENTS, len(real) // 2, int((spread > 1e-6 * spread[0]).sum())) or 1
    # One scale for all of them: frames of one film are alike, and the faint components of few films are noise
    # that a scale of its own for each would make as loud as the rest.
    unit = max(float(np.sqrt((spread[:count] ** 2).mean() / len(real))), 1e-9)
    return made @ ways[:count].T / unit, real @ ways[:count].T / unit


def _moments(points: Points) -> tuple[Points, Points]:
    return points.mean(0), np.atleast_2d(np.cov(points, rowvar=False))


def _root(matrix: Points) -> Points:
    values, ways = np.linalg.eigh(matrix)
    result: Points = (ways * np.sqrt(values.clip(min=0))) @ ways.T
    return result
