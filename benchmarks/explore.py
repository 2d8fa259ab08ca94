"""Does exploring pay? What the ranker's choice gains, what drafts cost, and whether finals keep their word.

    python benchmarks/explore.py [--prompts 24] [--drafts 8] [--quality high] [--suite first] [--out DIR]

For each prompt, drafts are made and ranked, and **all** of them are finished, which only a benchmark does.
The evaluation probe, which the ranker knows nothing of, looks at the finals: mean probability of the subject,
place and time that were asked. Gain is how far the ranker's choice lies on the way from a random draft to the
best of them, over all prompts together, and its interval comes from drawing the prompts anew (bootstrap).
Two bounds stand beside it: what the same ranker gains when it is shown the finished films, and what the probe
itself gains when it is shown their mirror images, in which everything asked is as true as in the films.
Costs are of one thread, by the clock and in processor seconds; only the latter mean something on a busy
machine. With ``--out`` the finals are kept: a stopped run goes on, and another ranker is measured in minutes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from ozora import Ozora, Request
from ozora.backends.embedded import EmbeddedBackend
from ozora.backends.weights import find_probe
from ozora.director.explore import Draft, explore
from ozora.director.finish import LIFT, finish
from ozora.director.library import Library
from ozora.director.plan import plan
from ozora.director.ranking import judge
from ozora.evaluate.films import Frames, to_video
from ozora.evaluate.probe import load_probe
from ozora.evaluate.prompts import Prompt, read_prompts
from ozora.model.checkpoint import load_weights, save_weights
from ozora.model.probe import Probe

AXES = ("subject", "place", "time")
SEED = 40_000


@dataclass
class Finals:
    """What is kept of the finals of one prompt, by draft: what the probe saw, where the subject stood."""

    shares: dict[str, list[float]] = field(default_factory=dict)  # axis to probability of what was asked
    mirrored: dict[str, list[float]] = field(default_factory=dict)  # the same, of the film in a mirror
    right: dict[str, list[bool]] = field(default_factory=dict)
    centres: list[list[list[float]]] = field(default_factory=list)


@dataclass(frozen=True)
class Looked:
    """One prompt: the probe's score of each final, the ranker's of each draft and final, and the costs."""

    prompt: str
    scores: np.ndarray  # (N,)
    drafts: np.ndarray  # (N,) the ranker's, of the drafts; dropped ones last
    finals: np.ndarray  # (N,) the ranker's, of the finished films
    mirrored: np.ndarray  # (N,) the probe's, of the finished films in a mirror
    right: np.ndarray  # (N,) bool: subject, place and time
    spread: dict[str, float]  # axis to the deviation of its probability between takes
    foretold: float  # correlation of what tells drafts apart with what tells finals apart
    cost: dict[str, tuple[float, float]]  # what to (by the clock, processor seconds)
    same_bits: bool
    lift_shift: float  # how far the subject moved, as a share of the frame's width
    new_shift: float  # the same between films of other seeds


def centre(frames: Frames) -> np.ndarray:
    """Where the subject stands, (T, 2) as shares of width and height: the mass that rows do not explain.

    Sky and ground differ from row to row and the subject within a row, so each row's median is taken away.
    """
    film = frames[::4].astype(np.float32)
    mass = np.abs(film - np.median(film, axis=2, keepdims=True)).sum(-1)  # (T, H, W)
    mass = np.maximum(mass - np.quantile(mass, 0.9, axis=(1, 2), keepdims=True), 0) + 1e-6
    across, down = np.linspace(0, 1, mass.shape[2]), np.linspace(0, 1, mass.shape[1])
    total = mass.sum((1, 2))
    return np.stack([(mass.sum(1) @ across) / total, (mass.sum(2) @ down) / total], 1)


def shift(one: np.ndarray, other: np.ndarray) -> float:
    """Median distance between two subjects' centres (T, 2), as a share of the frame."""
    return float(np.median(np.linalg.norm(one - other, axis=1)))


def correlation(looks: Tensor, finals: Tensor) -> float:
    """Of what distinguishes one of (N, …) from the mean of all, between drafts and films."""
    ours, theirs = looks - looks.mean(0), finals - finals.mean(0)
    return float((ours * theirs).sum() / (ours.square().sum() * theirs.square().sum()).sqrt())


def timed(work: Callable[[], object]) -> tuple[object, tuple[float, float]]:
    """What it gives, and what it took by the clock and in processor seconds."""
    began = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.perf_counter() - began[0], time.process_time() - began[1])


class Bench:
    """Explores prompt after prompt and keeps their finals in a folder."""

    def __init__(self, backend: EmbeddedBackend, probe: Probe, quality: str, drafts: int, out: Path) -> None:
        self.backend, self.probe, self.quality, self.drafts = backend, probe, quality, drafts
        self.out = out / f"{quality}-{drafts}-{backend.card.hash[:8]}"
        self.out.mkdir(parents=True, exist_ok=True)

    def look(self, prompt: Prompt, number: int) -> Looked:
        """Explore one prompt, finish what is not known yet, and look."""
        settings = {"threads": 1, "quality": self.quality}
        request, cost = Request(prompt.text, seed=SEED + 100 * number, **settings), {}
        with tempfile.TemporaryDirectory() as name:
            library = Library(Path(name) / "takes")
            ranked, cost["drafts"] = timed(
                lambda: explore(self.backend, request, library, drafts=self.drafts)
            )
            drafts: list[Draft] = sorted(ranked, key=lambda draft: draft.seed)  # type: ignore[call-overload]
            seen, latents = self.finals(prompt, number, library, drafts)
            best = ranked[0]  # type: ignore[index]
            whole = library.folder / "whole.mp4"
            alone = Request(prompt.text, seed=best.seed, **settings)
            _, cost["final"] = timed(
                lambda: next(Ozora(backend=self.backend).takes(alone, outputs=[whole]))
            )
            film, cost["finish"] = timed(lambda: finish(self.backend, library, best.name)[0])
            same = film.read_bytes() == whole.read_bytes()  # type: ignore[attr-defined]
            _, lifted = finish(self.backend, library, best.name, way=LIFT, output=library.folder / "l.mp4")
        words = plan(request, self.backend.card).read_as(prompt.text)
        asked = self.backend.reading(self.backend.understand(words))
        centres, chosen = np.array(seen.centres), best.seed - request.seed  # type: ignore[operator]
        others = [shift(centres[chosen], other) for place, other in enumerate(centres) if place != chosen]
        finals = [
            judge(asked, self.backend.read(film[None]), self.backend.preview(film[None])) for film in latents
        ]
        shares = np.array([seen.shares[axis] for axis in AXES])  # (A, N)
        looks = torch.cat([draft.heading for draft in drafts])  # (N, L, C, h, w)
        return Looked(
            prompt.text,
            shares.mean(0),
            np.array([draft.verdict.score - 1e3 * bool(draft.verdict.why) for draft in drafts]),
            np.array([verdict.score - 1e3 * bool(verdict.why) for verdict in finals]),
            np.array([seen.mirrored[axis] for axis in AXES]).mean(0),
            np.array([seen.right[axis] for axis in AXES]).all(0),
            {axis: float(np.std(values)) for axis, values in seen.shares.items()},
            correlation(looks, latents[:, : looks.shape[1]]),
            cost,
            same,
            shift(centres[chosen], centre(lifted.clip.frames)),
            statistics.median(others) if others else 0.0,
        )

    def finals(
        self, prompt: Prompt, number: int, library: Library, drafts: list[Draft]
    ) -> tuple[Finals, Tensor]:
        """What the probe says of all finals, and their latents (N, L, C, h, w); filmed unless kept."""
        kept = self.out / f"{number:03d}.safetensors"
        if kept.is_file():
            tensors, about = load_weights(kept)
            if about["prompt"] == prompt.text:
                return Finals(**about["seen"]), tensors["latents"]
        seen, latents = Finals(), []
        for draft in drafts:
            _, take = finish(
                self.backend, library, draft.name, output=library.folder / f"{draft.seed}.mp4"
            )
            latents.append(take.latents)
            seen.centres.append(centre(take.clip.frames).round(4).tolist())
            video = to_video(take.clip.frames)
            answers, mirrored = self.probe.predict(video, 12), self.probe.predict(video.flip(-1), 12)
            for axis, values in self.probe.config.axes:
                if prompt.asked(axis) in values and prompt.tells(axis):
                    place = values.index(prompt.asked(axis))
                    seen.shares.setdefault(axis, []).append(float(answers[axis][0][place]))
                    seen.mirrored.setdefault(axis, []).append(float(mirrored[axis][0][place]))
                    seen.right.setdefault(axis, []).append(int(answers[axis][0].argmax()) == place)
        tensors = {"latents": torch.cat(latents)}
        save_weights(kept, tensors, {"prompt": prompt.text, "seen": asdict(seen)}, quantise=False)
        return seen, tensors["latents"]


def gain(rows: list[Looked], ranker: str) -> tuple[float, float, float]:
    """Share of the possible gain, and its interval of 95 %."""
    chosen = np.array([row.scores[getattr(row, ranker).argmax()] for row in rows])
    mean, top = (np.array([pick(row.scores) for row in rows]) for pick in (np.mean, np.max))
    dice = np.random.default_rng(0)
    picks = dice.integers(0, len(rows), (4000, len(rows)))
    spread = [(chosen - mean)[p].sum() / max(1e-9, (top - mean)[p].sum()) for p in picks]
    low, high = np.quantile(spread, [0.025, 0.975])
    return float((chosen - mean).sum() / max(1e-9, (top - mean).sum())), float(low), float(high)


def table(rows: list[Looked], drafts: int, quality: str) -> Table:
    """Shares and costs over all prompts."""
    told = Table(title=f"{len(rows)} prompts, {drafts} drafts each, quality {quality}")
    told.add_column("what")
    told.add_column("found", justify="right")
    told.add_column("bar", justify="right")

    def line(what: str, found: str, bar: str = "") -> None:
        told.add_row(what, found, bar)

    def middle(values: list[float]) -> float:
        return statistics.median(values)

    for place, unit in ((1, "processor seconds"), (0, "by the clock")):
        ratio = middle([row.cost["drafts"][place] / row.cost["final"][place] for row in rows])
        line(f"drafts ÷ one final, {unit}", f"{ratio:.2f}", "≤ 1" if place else "")
        each = " / ".join(
            f"{middle([row.cost[what][place] for row in rows]):.2f} s"
            for what in ("drafts", "final", "finish")
        )
        line(f"drafts / one final / finishing one, {unit}", each)
    line("correlation of drafts with their finals", f"{middle([row.foretold for row in rows]):.2f}")
    mean, top = np.mean([row.scores for row in rows]), np.mean([row.scores.max() for row in rows])
    chosen = np.mean([row.scores[row.drafts.argmax()] for row in rows])
    line("probe: random / chosen / best", f"{mean:.3f} / {chosen:.3f} / {top:.3f}")
    for what, ranker, bar in (
        ("the ranker, from drafts", "drafts", "≥ 90 %"),
        ("the ranker, from finished films", "finals", ""),
        ("the probe, from films in a mirror", "mirrored", ""),
    ):
        found, low, high = gain(rows, ranker)
        between = f"({100 * low:.0f} to {100 * high:.0f})"
        line(f"gain: {what}", f"{100 * found:.0f} %  {between}", bar)
        both = [
            np.corrcoef(getattr(row, ranker), row.scores)[0, 1]
            for row in rows
            if getattr(row, ranker).std() and row.scores.std()
        ]
        line("its correlation with the probe", f"{np.mean(both) if both else 0.0:.2f}")
    right = [100 * statistics.mean(values) for values in (
        [float(row.right.mean()) for row in rows], [float(row.right[row.drafts.argmax()]) for row in rows],
        [float(row.right.any()) for row in rows],
    )]  # fmt: skip
    line("all three right: random / chosen / any", " / ".join(f"{value:.0f} %" for value in right))
    for axis in AXES:
        line(f"deviation between takes: {axis}", f"{np.mean([row.spread[axis] for row in rows]):.2f}")
    line("finished by resume = uninterrupted", f"{sum(row.same_bits for row in rows)} of {len(rows)}", "all")
    moved, apart = [row.lift_shift for row in rows], [row.new_shift for row in rows]
    found = f"{100 * middle(moved):.1f} %, {100 * max(moved):.1f} %"
    line("subject moved by lift: median, worst", found, "≤ 5 %")
    line("subject between other seeds (median)", f"{100 * middle(apart):.1f} %")
    return told


def main() -> None:
    """Look at every prompt and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--prompts", type=int, default=24)
    parser.add_argument("--drafts", type=int, default=8)
    parser.add_argument("--quality", default="high")
    parser.add_argument("--suite", default="first")
    parser.add_argument("--weights")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    backend, probe = EmbeddedBackend(arguments.weights), load_probe(find_probe())
    torch.set_num_threads(1)
    backend.load()
    suite = read_prompts(arguments.suite, dict(probe.config.axes))[: arguments.prompts]
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(backend, probe, arguments.quality, arguments.drafts, arguments.out or Path(name))
        rows = []
        for number, prompt in enumerate(suite):
            rows.append(bench.look(prompt, number))
            print(f"{number + 1} of {len(suite)}: {prompt.text[:80]}", flush=True)
    Console().print(table(rows, arguments.drafts, arguments.quality))


if __name__ == "__main__":
    main()
