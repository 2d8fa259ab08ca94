"""The trial of the metrics: each must tell fresh footage from footage that was spoilt on purpose.

A metric stands if, for every mistake that it should notice, the spoilt films score worse than the originals
by more than luck (one-sided, 5 %), and worse than the originals seen through the autoencoder, which change
nothing that is asked. What does not stand is not printed, and the verdict says why.
"""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import partial
from math import sqrt
from pathlib import Path

import numpy as np
import torch

from ozora.errors import OzoraError
from ozora.evaluate.adherence import Viewing
from ozora.evaluate.calibration import AUTOENCODER, ORIGINAL
from ozora.evaluate.corruptions import CORRUPTIONS, MORE
from ozora.evaluate.distances import clip_points
from ozora.evaluate.films import Frames, kept
from ozora.evaluate.looking import film_unseen, look, through_autoencoder
from ozora.evaluate.metrics import (
    COPIES,
    DOUBLED,
    MEMORISATION,
    METRICS,
    ONE_FOR_ALL,
    REMOVED,
    SET_METRICS,
    SWAPPED,
    VANISHING,
    Metric,
    SetMetric,
)
from ozora.evaluate.prompts import MOST_DRAWN, Prompt, skilled_shot
from ozora.evaluate.restaged import doubled, film_without
from ozora.evaluate.sight import FilmSight, see
from ozora.evaluate.variety import memorisation
from ozora.model.autoencoder import Autoencoder
from ozora.model.eyes import Eyes
from ozora.model.probe import Probe
from ozora.train.footage import quiet_worker
from ozora.world.held_out import is_held_out
from ozora.world.shot import Shot

SUITE = 900
"""The number of the drawn suite that metrics are tried on."""

SECONDS = 3.0

LUCK = 1.645
"""Standard errors by which the spoilt must be worse: one side of a normal distribution, 5 %."""

FEWEST = 4
"""Films that must have been asked, for a verdict."""

FEWEST_IN_SETS = 12
"""Films that make a set."""

FOLDS = 6
"""Groups of films that are left out in turn, to see how much a figure of a set hangs on luck."""


@dataclass(frozen=True)
class Noticed:
    """How a metric scores one version of the films: its value, and how many standard errors worse than the
    original it is (None where it need not be)."""

    value: float
    films: int
    worse: float | None = None


@dataclass(frozen=True)
class Verdict:
    """Whether a metric stands, and why not."""

    name: str
    stands: bool
    why: str
    scores: dict[str, Noticed]


@dataclass(frozen=True)
class Trials:
    """The verdicts on all metrics, and on what they were found."""

    verdicts: tuple[Verdict, ...]
    about: dict[str, object]

    @property
    def standing(self) -> tuple[str, ...]:
        """Names of the metrics that may be printed."""
        return tuple(verdict.name for verdict in self.verdicts if verdict.stands)

    def to_json(self) -> dict[str, object]:
        """As JSON values."""
        return {"about": self.about, "metrics": [asdict(verdict) for verdict in self.verdicts]}

    @staticmethod
    def from_json(data: object) -> Trials:
        """Read ``to_json``. Raises OzoraError if it is something else."""
        try:
            assert isinstance(data, Mapping)
            verdicts = tuple(
                Verdict(
                    str(one["name"]), bool(one["stands"]), str(one["why"]),
                    {str(key): Noticed(**value) for key, value in one["scores"].items()},
                )
                for one in data["metrics"]
            )  # fmt: skip
            return Trials(verdicts, dict(data["about"]))
        except (AssertionError, KeyError, TypeError, ValueError, AttributeError) as error:
            raise OzoraError(f"calibration: this is no record of trials ({error}).") from error


def trials_path(eyes: Path) -> Path:
    """Where the record of the trials of eyes lies: beside their weights."""
    return eyes.with_suffix(".trials.json")


def read_trials(path: str | Path, eyes: str) -> Trials:
    """The trials that lie beside eyes whose hash is ``eyes``; raises OzoraError if there are none."""
    path = Path(path)
    try:
        found = Trials.from_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        if isinstance(error, OzoraError):
            raise
        raise OzoraError(f"calibration: {path} cannot be read ({error}).") from error
    if found.about.get("eyes") != eyes:
        raise OzoraError(f"calibration: {path} is of other eyes; run benchmarks/calibration.py with these.")
    return found


@dataclass(frozen=True)
class Viewings:
    """All versions of the films as the eyes see them: per version, one viewing per prompt or None."""

    versions: dict[str, list[Viewing | None]]


def try_metrics(
    eyes: Eyes,
    probe: Probe | None = None,
    *,
    clips: int = 45,
    width: int = 224,
    height: int = 128,
    frames: int = 37,
    autoencoder: Autoencoder | None = None,
    scale: int = 2,
    out: str | Path | None = None,
    identity: str = "",
    workers: int = 1,
    on_progress: Callable[[int, int], None] | None = None,
) -> Trials:
    """Try every metric on ``clips`` fresh films of all skills, and on these spoilt in every way.

    ``scale`` is that of the autoencoder's head that delivers films. With ``out`` the films are kept there and
    not filmed again. ``identity`` names the eyes.
    """
    kept_in = None if out is None else Path(out)
    looker = Looker(eyes, probe, autoencoder, width, height, frames, kept_in, scale)
    viewings = view_versions(looker, clips, workers, on_progress)
    about: dict[str, object] = {
        "eyes": identity, "clips": clips, "frames": frames, "size": f"{width}x{height}", "suite": SUITE,
    }  # fmt: skip
    verdicts = [tried(metric, viewings) for metric in METRICS]
    verdicts += [tried_set(metric, viewings) for metric in SET_METRICS]
    return Trials((*verdicts, tried_memorisation(viewings)), about)


@dataclass(frozen=True)
class Looker:
    """Who looks, and at films of which size: all that a worker process needs."""

    eyes: Eyes
    probe: Probe | None
    autoencoder: Autoencoder | None
    width: int
    height: int
    frames: int
    out: Path | None
    scale: int = 2

    def __call__(self, index: int) -> dict[str, Viewing]:
        """Every version of one film of the suite, seen."""
        shot = skilled_shot(SUITE * MOST_DRAWN + index, seconds=SECONDS)
        prompt = Prompt("", shot, is_held_out(shot))
        real: FilmSight | None = None
        found = {}
        for name, film in self._films(shot, index).items():
            sight = see(self.eyes, film, shot.fps)
            real = real or sight
            asked = self.probe is not None and name in (ORIGINAL, AUTOENCODER, "frozen")  # what camera needs
            seen = look(self.probe, film, prompt, shot.fps) if self.probe is not None and asked else None
            found[name] = Viewing(prompt, sight, seen, real)
        return found

    def _films(self, shot: Shot, index: int) -> dict[str, Frames]:
        """The original first, then everything that is done to it."""
        size, more = (self.width, self.height, self.frames), doubled(shot)
        makers: dict[str, tuple[Shot, Callable[[], Frames]]] = {
            ORIGINAL: (shot, partial(film_unseen, shot, *size)),
            REMOVED: (shot, partial(film_without, shot, *size)),
        }
        if more is not None:
            makers[DOUBLED] = more, partial(film_unseen, more, *size)
        films: dict[str, Frames] = {}
        for name, (told, make) in makers.items():
            note = {"shot": told.to_json(), "frames": self.frames, "width": self.width, "height": self.height}
            path = None if self.out is None else self.out / name / f"{index:04d}.png"
            films[name] = kept(path, {**note, "version": name}, make)
        original, empty = films[ORIGINAL], films[REMOVED]
        if self.autoencoder is not None:
            films[AUTOENCODER] = through_autoencoder(self.autoencoder, original, self.scale)
        films |= {name: spoil(original) for name, spoil in {**CORRUPTIONS, **MORE}.items()}
        films[VANISHING] = np.concatenate([original[: self.frames // 2], empty[self.frames // 2 :]])
        return films


def view_versions(
    looker: Looker, clips: int, workers: int, on_progress: Callable[[int, int], None] | None
) -> Viewings:
    """Film, spoil and look, in ``workers`` processes of one thread each, or in this one."""
    versions: dict[str, list[Viewing | None]] = {}

    def take(seen: Iterable[dict[str, Viewing]]) -> None:
        for index, found in enumerate(seen):
            for name, view in found.items():
                versions.setdefault(name, [None] * clips)[index] = view
            if on_progress is not None:
                on_progress(index + 1, clips)

    if workers <= 1:
        take(map(looker, range(clips)))
    else:
        context = multiprocessing.get_context("spawn")
        with context.Pool(workers, initializer=_begin, initargs=(looker,)) as pool:
            take(pool.imap(_look, range(clips)))
    versions[SWAPPED] = swapped([view for view in versions[ORIGINAL] if view is not None])
    return Viewings(versions)


_worker: list[Looker] = []
"""The looker of this process, if it is a worker."""


def _begin(looker: Looker) -> None:
    quiet_worker()
    torch.multiprocessing.set_sharing_strategy("file_system")
    _worker[:] = [looker]


def _look(index: int) -> dict[str, Viewing]:
    return _worker[0](index)


def swapped(views: Sequence[Viewing]) -> list[Viewing | None]:
    """Every prompt with another's film: of the prompts, the one half of the suite and one on."""
    step = len(views) // 2 + 1
    return [
        replace(view, sight=views[(i + step) % len(views)].sight, probe=views[(i + step) % len(views)].probe)
        for i, view in enumerate(views)
    ]


def tried(metric: Metric, viewings: Viewings) -> Verdict:
    """The verdict on a metric of single films: differences film by film, against their standard error."""
    sign = 1.0 if metric.higher_is_better else -1.0
    figures = {
        name: [None if view is None else _figure(metric, view) for view in views]
        for name, views in viewings.versions.items()
    }
    original = figures[ORIGINAL]
    scores: dict[str, Noticed] = {}
    for name, values in figures.items():
        known = [value for value in values if value is not None]
        worse = _worse(original, values, sign) if name in metric.notices else None
        if known:
            scores[name] = Noticed(float(np.mean(known)), len(known), worse)
    return _verdict(metric, scores, sign)


def tried_set(metric: SetMetric, viewings: Viewings) -> Verdict:
    """The verdict on a metric of sets: one half of the films beside the originals of the other half, and the
    same with groups of films left out in turn (the jackknife, Tukey 1958)."""
    sign = 1.0 if metric.higher_is_better else -1.0
    originals = [view.sight for view in viewings.versions[ORIGINAL] if view is not None]
    films: dict[str, list[FilmSight | None]] = {
        name: [None if view is None else view.sight for view in views]
        for name, views in viewings.versions.items()
        if name != SWAPPED
    }
    if len(originals) < FEWEST_IN_SETS:
        return Verdict(metric.name, False, _too_few(len(originals)), {})
    films[ONE_FOR_ALL] = [originals[0]] * len(originals)
    real = [metric.points([sight]) for sight in originals]
    scores: dict[str, Noticed] = {}
    before = _halves(metric, [metric.points([s]) for s in originals], real)
    for name, sights in films.items():
        points = [None if sight is None else metric.points([sight]) for sight in sights]
        if sum(point is not None for point in points) < FEWEST:
            continue
        after = _halves(metric, points, real)
        worse = None
        if name in metric.notices:
            gaps = sign * (_tamed(before) - _tamed(after))
            spread = sqrt((FOLDS - 1) / FOLDS * float(((gaps[1:] - gaps[1:].mean()) ** 2).sum()))
            worse = float(gaps[0] / max(spread, 1e-9))
        scores[name] = Noticed(float(after[0]), len([point for point in points if point is not None]), worse)
    return _verdict(metric, scores, sign)


def tried_memorisation(viewings: Viewings) -> Verdict:
    """Copies of training clips, a little soft, must be found; fresh films must not be taken for copies."""
    sights = [view.sight for view in viewings.versions[ORIGINAL] if view is not None]
    if len(sights) < FEWEST_IN_SETS:
        return Verdict(MEMORISATION, False, _too_few(len(sights)), {})
    points = clip_points(sights)
    made, training, fresh = points[::3], points[1::3], points[2::3]
    again = viewings.versions.get(AUTOENCODER) or viewings.versions["mirrored"]
    copies = clip_points([view.sight for view in again if view is not None])[1::3]
    scores = {
        ORIGINAL: Noticed(memorisation(made, training, fresh), len(made)),
        COPIES: Noticed(memorisation(copies, training, fresh), len(copies)),
    }
    stands = scores[COPIES].value >= 0.9 and scores[ORIGINAL].value <= 0.25
    found, wrongly = scores[COPIES].value, scores[ORIGINAL].value
    why = "" if stands else f"finds {found:.0%} of copies, and {wrongly:.0%} of fresh films"
    return Verdict(MEMORISATION, stands, why, scores)


def _too_few(films: int) -> str:
    return f"only {films} films, and a set needs {FEWEST_IN_SETS}"


def _figure(metric: Metric, view: Viewing) -> float | None:
    value = metric.measure(view)
    return None if value is None else float(value)


def _worse(original: Sequence[float | None], spoilt: Sequence[float | None], sign: float) -> float | None:
    """Standard errors by which the spoilt films are worse, film by film; None for too few films. A film of
    which nothing can be said once it is spoilt counts as the worst."""
    gaps = []
    for before, after in zip(original, spoilt, strict=True):
        if before is None:
            continue
        if after is not None:
            gaps.append(sign * (before - after))
    if len(gaps) < FEWEST:
        return None
    deviation = max(float(np.std(gaps, ddof=1)), 0.05 * max(abs(float(np.mean(gaps))), 1e-9))
    return float(np.mean(gaps)) / (deviation / sqrt(len(gaps)))


def _halves(
    metric: SetMetric, made: Sequence[np.ndarray | None], real: Sequence[np.ndarray]
) -> np.ndarray:
    """The metric of each half of the films beside the other half's originals, mean of the two; first of all
    films, then with each of ``FOLDS`` groups left out."""
    values = []
    for fold in range(-1, FOLDS):
        both = []
        for half in (0, 1):
            kept_in = [i for i in range(len(real)) if i // 2 % FOLDS != fold]
            mine = [p for i in kept_in if i % 2 == half and (p := made[i]) is not None]
            theirs = [real[i] for i in kept_in if i % 2 != half]
            both.append(metric.measure(np.concatenate(mine), np.concatenate(theirs)))
        values.append(float(np.mean(both)))
    return np.array(values)


def _tamed(values: np.ndarray) -> np.ndarray:
    """Logarithms: far from the real films distances grow so fast that one film decides all. Order stays."""
    result: np.ndarray = np.sign(values) * np.log1p(np.abs(values))
    return result


def _verdict(metric: Metric | SetMetric, scores: dict[str, Noticed], sign: float) -> Verdict:
    """A metric stands if it notices all that it should."""
    if ORIGINAL not in scores or scores[ORIGINAL].films < FEWEST:
        asked = scores[ORIGINAL].films if ORIGINAL in scores else 0
        return Verdict(metric.name, False, f"only {asked} films ask for it", scores)
    why = []
    again = scores.get(AUTOENCODER)
    for name in metric.notices:
        noticed = scores.get(name)
        if noticed is None or noticed.worse is None:
            why.append(f"too few films with {name} to tell")
        elif not noticed.worse >= LUCK:  # nor is what is no number a notice
            untouched = scores[ORIGINAL].value
            why.append(f"does not notice {name} ({noticed.value:.3g}, {untouched:.3g} untouched)")
        elif again is not None and sign * (again.value - noticed.value) <= 0:
            why.append(f"the autoencoder looks as bad ({again.value:.3g}) as {name} ({noticed.value:.3g})")
    return Verdict(metric.name, not why, "; ".join(why), scores)
