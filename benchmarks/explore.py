"""Does exploring pay? What the ranker's choice gains, what drafts cost, and whether finals keep their word.

    python benchmarks/explore.py [--prompts 24] [--drafts 8] [--quality high] [--steps N] [--suite first]
                                 [--out DIR] [--judge eyes|probe]

For each prompt, drafts are made and ranked, and **all** of them are finished, which only a benchmark does.
A judge that the ranker knows nothing of, the evaluation eyes or the probe, looks at the finals: mean
probability of the subject, place and time that were asked. Gain is how far the ranker's choice lies on the
way from a random draft to the best of them, over all prompts together, and its interval comes from drawing
the prompts anew (bootstrap). Two bounds stand beside it: what the same ranker gains when it is shown the
finished films, and what the judge itself gains when it is shown their mirror images, in which everything
asked is as true as in the films.
Costs are of one thread, by the clock and in processor seconds; only the latter mean something on a busy
machine. With ``--out`` the finals are kept: a stopped run goes on, and another ranker is measured in minutes.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from ozora import Ozora, Request
from ozora.backends.embedded import EmbeddedBackend
from ozora.backends.weights import find_eyes, find_probe
from ozora.director.explore import Draft, explore
from ozora.director.finish import LIFT, finish
from ozora.director.library import Library
from ozora.director.plan import plan
from ozora.director.ranking import judge
from ozora.evaluate.films import Frames, to_video
from ozora.evaluate.probe import load_probe
from ozora.evaluate.prompts import Prompt, read_prompts
from ozora.evaluate.sight import see
from ozora.model.checkpoint import load_weights, save_weights
from ozora.model.eyes import Eyes, load_eyes
from ozora.model.probe import Probe

AXES = ("subject", "place", "time")
SEED = 40_000


@dataclass
class Finals:
    """What is kept of the finals of one prompt, by draft: what the judge saw, where the subject stood."""

    shares: dict[str, list[float]] = field(default_factory=dict)  # axis to probability of what was asked
    mirrored: dict[str, list[float]] = field(default_factory=dict)  # the same, of the film in a mirror
    right: dict[str, list[bool]] = field(default_factory=dict)
    centres: list[list[list[float]]] = field(default_factory=list)


@dataclass(frozen=True)
class Looked:
    """One prompt: the judge's score of each final, the ranker's of each draft and final, and the costs."""

    prompt: str
    scores: np.ndarray  # (N,)
    drafts: np.ndarray  # (N,) the ranker's, of the drafts; dropped ones last
    finals: np.ndarray  # (N,) the ranker's, of the finished films
    mirrored: np.ndarray  # (N,) the judge's, of the finished films in a mirror
    right: np.ndarray  # (N,) bool: subject, place and time
    spread: dict[str, float]  # axis to the deviation of its probability between takes
    foretold: float  # correlation of what tells drafts apart with what tells finals apart
    cost: dict[str, tuple[float, float]]  # what to (by the clock, processor seconds)
    same_bits: bool
    lift_shift: float  # how far the subject moved, as a share of the frame's width
    new_shift: float  # the same between films of other seeds


Opinion = dict[str, tuple[float, bool]]
"""Axis to the probability of what was asked, and whether nothing else was likelier."""

Judge = Callable[[Frames, Prompt], Opinion]


def by_probe(probe: Probe) -> Judge:
    """What the probe says of a whole film at once."""

    def opinion(frames: Frames, prompt: Prompt) -> Opinion:
        answers = probe.predict(to_video(frames), 12)
        return {
            axis: told(answers[axis][0].numpy(), values, prompt.asked(axis))
            for axis, values in probe.config.axes
            if prompt.asked(axis) in values and prompt.tells(axis)
        }

    return opinion


def by_eyes(eyes: Eyes) -> Judge:
    """What the eyes see: of the subject in each frame the likeliest sighting, of place and time the mean."""
    kinds = eyes.config.classes[eyes.config.first_subject :]

    def opinion(frames: Frames, prompt: Prompt) -> Opinion:
        sight = see(eyes, frames, 12)
        best = [np.max([one.kinds for one in seen], axis=0) for seen in sight.people if seen]
        everybody = np.sum(best, axis=0) / sight.frames if best else np.zeros(len(kinds))
        seen = {"subject": (everybody, kinds)}
        seen |= {axis: (sight.scene[axis], values) for axis, values in eyes.config.scene if axis in AXES}
        return {
            axis: told(shares, values, prompt.asked(axis))
            for axis, (shares, values) in seen.items()
            if prompt.asked(axis) in values and prompt.tells(axis)
        }

    return opinion


def told(shares: np.ndarray, values: Sequence[str], asked: str) -> tuple[float, bool]:
    """The probability of what was asked, and whether it is the likeliest."""
    place = tuple(values).index(asked)
    return float(shares[place]), int(shares.argmax()) == place


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

    def __init__(
        self, backend: EmbeddedBackend, judge: Judge, settings: dict[str, Any], drafts: int, out: Path
    ) -> None:
        self.backend, self.judge, self.settings, self.drafts = backend, judge, settings, drafts
        told = "-".join(str(value) for value in settings.values())
        self.out = out / f"{told}-{drafts}-{backend.card.hash[:8]}"
        self.out.mkdir(parents=True, exist_ok=True)

    def look(self, prompt: Prompt, number: int) -> Looked:
        """Explore one prompt, finish what is not known yet, and look."""
        settings = {"threads": 1, **self.settings}
        request, cost = Request(prompt.text, seed=SEED + 100 * number, **settings), {}
        with tempfile.TemporaryDirectory() as name:
            library = Library(Path(name) / "takes")
            ranked, cost["drafts"] = timed(
                lambda: explore(self.backend, request, library, drafts=self.drafts)
            )
            drafts: list[Draft] = sorted(ranked, key=lambda draft: draft.seed)  # type: ignore[call-overload]
            seen, latents, refined = self.finals(prompt, number, library, drafts)
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
            judge(asked, self.backend.look(clear[None]).shows, self.backend.preview(film[None]))
            for film, clear in zip(latents, refined, strict=True)
        ]
        axes = [axis for axis in AXES if axis in seen.shares]  # a look may hide the hour
        shares = np.array([seen.shares[axis] for axis in axes])  # (A, N)
        headings = torch.cat([draft.heading for draft in drafts])  # (N, L, C, h, w)
        return Looked(
            prompt.text,
            shares.mean(0),
            np.array([draft.verdict.score - 1e3 * bool(draft.verdict.why) for draft in drafts]),
            np.array([verdict.score - 1e3 * bool(verdict.why) for verdict in finals]),
            np.array([seen.mirrored[axis] for axis in axes]).mean(0),
            np.array([seen.right[axis] for axis in axes]).all(0),
            {axis: float(np.std(values)) for axis, values in seen.shares.items()},
            correlation(headings, latents),
            cost,
            same,
            shift(centres[chosen], centre(lifted.clip.frames)),
            statistics.median(others) if others else 0.0,
        )

    def finals(
        self, prompt: Prompt, number: int, library: Library, drafts: list[Draft]
    ) -> tuple[Finals, Tensor, Tensor]:
        """What the judge says of all finals, and their latents, laid out (N, L, C, h, w) and refined.

        They are filmed unless kept.
        """
        kept = self.out / f"{number:03d}.safetensors"
        if kept.is_file():
            tensors, about = load_weights(kept)
            if about["prompt"] == prompt.text:
                return Finals(**about["seen"]), tensors["latents"], tensors["refined"]
        seen, latents, refined = Finals(), [], []
        for draft in drafts:
            _, take = finish(
                self.backend, library, draft.name, output=library.folder / f"{draft.seed}.mp4"
            )
            latents.append(take.latents)
            refined.append(take.latents if take.refined is None else take.refined)
            seen.centres.append(centre(take.clip.frames).round(4).tolist())
            mirrored = self.judge(np.ascontiguousarray(take.clip.frames[:, :, ::-1]), prompt)
            for axis, (share, right) in self.judge(take.clip.frames, prompt).items():
                seen.shares.setdefault(axis, []).append(share)
                seen.mirrored.setdefault(axis, []).append(mirrored[axis][0])
                seen.right.setdefault(axis, []).append(right)
        tensors = {"latents": torch.cat(latents), "refined": torch.cat(refined)}
        save_weights(kept, tensors, {"prompt": prompt.text, "seen": asdict(seen)}, quantise=False)
        return seen, tensors["latents"], tensors["refined"]


def gain(rows: list[Looked], ranker: str) -> tuple[float, float, float]:
    """Share of the possible gain, and its interval of 95 %."""
    chosen = np.array([row.scores[getattr(row, ranker).argmax()] for row in rows])
    mean, top = (np.array([pick(row.scores) for row in rows]) for pick in (np.mean, np.max))
    dice = np.random.default_rng(0)
    picks = dice.integers(0, len(rows), (4000, len(rows)))
    spread = [(chosen - mean)[p].sum() / max(1e-9, (top - mean)[p].sum()) for p in picks]
    low, high = np.quantile(spread, [0.025, 0.975])
    return float((chosen - mean).sum() / max(1e-9, (top - mean).sum())), float(low), float(high)


def table(rows: list[Looked], drafts: int, settings: dict[str, Any]) -> Table:
    """Shares and costs over all prompts."""
    told = Table(title=f"{len(rows)} prompts, {drafts} drafts each, {settings}")
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
    line("judge: random / chosen / best", f"{mean:.3f} / {chosen:.3f} / {top:.3f}")
    for what, ranker, bar in (
        ("the ranker, from drafts", "drafts", "≥ 90 %"),
        ("the ranker, from finished films", "finals", ""),
        ("the judge, from films in a mirror", "mirrored", ""),
    ):
        found, low, high = gain(rows, ranker)
        between = f"({100 * low:.0f} to {100 * high:.0f})"
        line(f"gain: {what}", f"{100 * found:.0f} %  {between}", bar)
        both = [
            np.corrcoef(getattr(row, ranker), row.scores)[0, 1]
            for row in rows
            if getattr(row, ranker).std() and row.scores.std()
        ]
        line("its correlation with the judge", f"{np.mean(both) if both else 0.0:.2f}")
    right = [100 * statistics.mean(values) for values in (
        [float(row.right.mean()) for row in rows], [float(row.right[row.drafts.argmax()]) for row in rows],
        [float(row.right.any()) for row in rows],
    )]  # fmt: skip
    line("all three right: random / chosen / any", " / ".join(f"{value:.0f} %" for value in right))
    for axis in AXES:
        found = [row.spread[axis] for row in rows if axis in row.spread]
        if found:
            line(f"deviation between takes: {axis}", f"{np.mean(found):.2f}")
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
    parser.add_argument("--steps", type=int)
    parser.add_argument("--suite", default="first")
    parser.add_argument("--judge", default="eyes", choices=["eyes", "probe"])
    parser.add_argument("--weights")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    backend, probe = EmbeddedBackend(arguments.weights), load_probe(find_probe())
    where = find_eyes()
    judges = {"probe": lambda: by_probe(probe), "eyes": lambda: by_eyes(load_eyes(where, "evaluation"))}
    torch.set_num_threads(1)
    backend.load()
    suite = read_prompts(arguments.suite, dict(probe.config.axes))[: arguments.prompts]
    with tempfile.TemporaryDirectory() as name:
        out = (arguments.out or Path(name)) / arguments.judge
        asked = {"quality": arguments.quality, "steps": arguments.steps}
        settings = {name: value for name, value in asked.items() if value is not None}
        bench = Bench(backend, judges[arguments.judge](), settings, arguments.drafts, out)
        rows = []
        for number, prompt in enumerate(suite):
            rows.append(bench.look(prompt, number))
            print(f"{number + 1} of {len(suite)}: {prompt.text[:80]}", flush=True)
    Console().print(table(rows, arguments.drafts, settings))


if __name__ == "__main__":
    main()
