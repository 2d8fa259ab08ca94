"""The referee's findings on a set of films: metrics that stood their trial, and why others do not show."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from rich import box
from rich.table import Table

from ozora.evaluate.adherence import Viewing, accepted
from ozora.evaluate.distances import Points, clip_points
from ozora.evaluate.metrics import MEMORISATION, METRICS, SET_METRICS, skills_among
from ozora.evaluate.sight import FilmSight
from ozora.evaluate.trials import Trials, swapped
from ozora.evaluate.variety import memorisation

ACCEPTED = "accepted"

Measure = Callable[[Viewing], float | bool | None]


@dataclass(frozen=True)
class Finding:
    """One metric: the films' figure, that of real footage of the same shots, of that footage through the
    autoencoder, and what the films score when every prompt is shown another's. None: not asked."""

    name: str
    films: float | None
    asked: int
    footage: float | None
    recoded: float | None
    floor: float | None
    share: bool = True


@dataclass(frozen=True)
class Findings:
    """All metrics that stand, and the names of those that do not, with the reason."""

    rows: tuple[Finding, ...]
    dropped: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, object]:
        """As JSON values."""
        return {"metrics": [asdict(row) for row in self.rows], "dropped": [list(one) for one in self.dropped]}

    def table(self) -> Table:
        """The findings for a terminal of 80 columns."""
        table = Table(title="What the eyes find; shares in %", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        table.add_column("metric", no_wrap=True)
        for name in ("films", "asked", "footage", "recoded", "floor"):
            table.add_column(name, justify="right", no_wrap=True)
        for row in self.rows:
            figures = (_shown(value, row.share) for value in (row.films, row.footage, row.recoded, row.floor))
            films, *others = figures
            table.add_row(row.name, films, str(row.asked), *others)
        return table

    def left_out(self) -> list[str]:
        """One line for every metric that is not shown: its name and why."""
        return [f"{name}: {why}" for name, why in self.dropped]


def find(
    trials: Trials,
    films: Sequence[Viewing],
    footage: Sequence[Viewing],
    recoded: Sequence[Viewing] | None = None,
    training: Points | None = None,
) -> Findings:
    """Measure what stands. ``training`` are clip features of training footage, for memorisation; without them
    it is left out."""
    standing = trials.standing
    others = [view for view in swapped(films) if view is not None]
    rows = []
    for metric in (one for one in METRICS if one.name in standing):
        asked = sum(metric.measure(view) is not None for view in films)
        rows.append(_row(metric.name, metric.measure, asked, (films, footage, recoded, others), metric.share))
    skills = skills_among(standing)
    if len(skills) > 1:
        sides = (films, footage, recoded, others)
        rows.append(_row(ACCEPTED, lambda view: accepted(view, skills), len(films), sides))
    real = _sights(footage)
    for set_metric in (one for one in SET_METRICS if one.name in standing):
        points = set_metric.points(real)
        values = [
            None if views is None else set_metric.measure(set_metric.points(_sights(views)), points)
            for views in (films, recoded)
        ]
        rows.append(Finding(set_metric.name, values[0], len(films), None, values[1], None, share=False))
    dropped = [(verdict.name, verdict.why) for verdict in trials.verdicts if not verdict.stands]
    if MEMORISATION in standing and training is None:
        dropped.append((MEMORISATION, "needs the training footage (--footage)"))
    elif MEMORISATION in standing and training is not None:
        fresh = clip_points(real)
        made = memorisation(clip_points(_sights(films)), training, fresh)
        rows.append(Finding(MEMORISATION, made, len(films), memorisation(fresh, training, fresh), None, None))
    return Findings(tuple(rows), tuple(dropped))


def _row(
    name: str, measure: Measure, asked: int, sides: Sequence[Sequence[Viewing] | None], share: bool = True
) -> Finding:
    films, footage, recoded, floor = (_mean(measure, views) for views in sides)
    return Finding(name, films, asked, footage, recoded, floor, share)


def _mean(measure: Measure, views: Sequence[Viewing] | None) -> float | None:
    if views is None:
        return None
    values = [value for value in map(measure, views) if value is not None]
    return float(np.mean([float(value) for value in values])) if values else None


def _sights(views: Sequence[Viewing]) -> list[FilmSight]:
    return [view.sight for view in views]


def _shown(value: float | None, share: bool) -> str:
    if value is None:
        return "–"
    return f"{100 * value:.0f}" if share else f"{value:.2f}"
