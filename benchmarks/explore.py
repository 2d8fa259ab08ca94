"""Does exploring pay? What the ranker's choice gains, what drafts cost, and whether finals keep their word.

    python benchmarks/explore.py [--prompts 24] [--drafts 8] [--suite first] [--weights micro] [--out DIR]

For each prompt, drafts are made and ranked, and **all** of them are finished, which only a benchmark does.
The evaluation probe, which the ranker knows nothing of, looks at the finals: mean probability of the subject,
place and time that were asked. Gain is how far the ranker's choice lies on the way from a random draft
to the best of them. Costs are processor seconds on one thread, so that a busy machine does not count. With
``--out`` what was looked at is kept, and a stopped run goes on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from ozora import Ozora, Request
from ozora.backends.embedded import EmbeddedBackend
from ozora.backends.weights import find_probe
from ozora.director.explore import explore
from ozora.director.finish import LIFT, finish
from ozora.director.library import Library
from ozora.evaluate.films import Frames, to_video
from ozora.evaluate.probe import load_probe
from ozora.evaluate.prompts import Prompt, read_prompts
from ozora.media.video import read_clip
from ozora.model.probe import Probe

AXES = ("subject", "place", "time")
SEED = 40_000


@dataclass(frozen=True)
class Looked:
    """One prompt: what the probe gave each draft's final, in ranked order, and the costs."""

    prompt: str
    scores: list[float]  # of the finals, best-ranked draft first
    right: list[bool]  # whether subject, place and time were all right
    drafts_cost: float
    final_cost: float
    same_bits: bool
    lift_shift: float  # how far the subject moved, as a share of the frame's width
    new_shift: float  # the same between two films of other seeds


def score(probe: Probe, prompt: Prompt, frames: Frames) -> tuple[float, bool]:
    """Mean probability of what was asked, and whether all of it is what the probe sees first."""
    answers, shares, right = probe.predict(to_video(frames), 12), [], True
    for axis, values in probe.config.axes:
        if axis in AXES:
            place = values.index(prompt.asked(axis))
            shares.append(float(answers[axis][0][place]))
            right = right and int(answers[axis][0].argmax()) == place
    return float(np.mean(shares)), right


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


def shift(one: Frames, other: Frames) -> float:
    """Median distance between the subjects of two films, as a share of the frame."""
    return float(np.median(np.linalg.norm(centre(one) - centre(other), axis=1)))


def look(backend: EmbeddedBackend, probe: Probe, prompt: Prompt, number: int, drafts: int) -> Looked:
    """Explore one prompt, finish every draft, and look."""
    with tempfile.TemporaryDirectory() as name:
        library = Library(Path(name) / "takes")
        request = Request(prompt.text, seed=SEED + 100 * number, threads=1)
        began = time.process_time()
        best = explore(backend, request, library, drafts=drafts)
        spent, scores, right, costs, films = time.process_time() - began, [], [], [], []
        for draft in best:
            _, take = finish(backend, library, draft.name)
            costs.append(sum(take.receipt.cpu_seconds.values()))
            films.append(take.clip.frames)
            found = score(probe, prompt, take.clip.frames)
            scores.append(found[0])
            right.append(found[1])
        began = time.process_time()
        alone = Request(prompt.text, seed=best[0].seed, threads=1, quality="best")
        whole = next(Ozora(backend=backend).takes(alone, outputs=[library.folder / "whole.mp4"]))
        whole_cost = time.process_time() - began
        first = library.get(best[0].name + "-final").film
        assert first is not None
        same = first.read_bytes() == (library.folder / "whole.mp4").read_bytes()
        lifted, _ = finish(backend, library, best[0].name, way=LIFT, output=library.folder / "lifted.mp4")
        moved = shift(whole.clip.frames, read_clip(lifted).frames)
        apart = statistics.median(shift(films[0], other) for other in films[1:]) if films[1:] else 0.0
    return Looked(prompt.text, scores, right, spent, whole_cost, same, moved, apart)


def table(rows: list[Looked], drafts: int) -> Table:
    """Shares and costs over all prompts."""
    chosen = np.array([row.scores[0] for row in rows])
    mean = np.array([np.mean(row.scores) for row in rows])
    top = np.array([max(row.scores) for row in rows])
    gain = (chosen - mean).sum() / max(1e-9, (top - mean).sum())
    dice = np.random.default_rng(0)
    picks = dice.integers(0, len(rows), (2000, len(rows)))
    spread = [(chosen - mean)[p].sum() / max(1e-9, (top - mean)[p].sum()) for p in picks]
    low, high = np.quantile(spread, [0.025, 0.975])
    ranks = [np.corrcoef(-np.arange(len(row.scores)), row.scores)[0, 1] for row in rows]
    told = Table(title=f"{len(rows)} prompts, {drafts} drafts each")
    told.add_column("what")
    told.add_column("found", justify="right")
    told.add_column("bar", justify="right")

    def line(what: str, found: str, bar: str = "") -> None:
        told.add_row(what, found, bar)

    line("probe's score: random draft", f"{mean.mean():.3f}")
    line("probe's score: ranker's choice", f"{chosen.mean():.3f}")
    line("probe's score: best of all", f"{top.mean():.3f}")
    line("share of the possible gain", f"{100 * gain:.0f} %  ({100 * low:.0f} to {100 * high:.0f})", "≥ 90 %")
    line("correlation of rank and score", f"{np.nanmean(ranks):.2f}")
    right = [100 * statistics.mean(values) for values in (
        [flag for row in rows for flag in row.right], [row.right[0] for row in rows],
        [any(row.right) for row in rows],
    )]  # fmt: skip
    line("all right: random, chosen, any", " / ".join(f"{value:.0f} %" for value in right))
    ratio = statistics.median(row.drafts_cost / row.final_cost for row in rows)
    line("drafts ÷ one final, processor time", f"{ratio:.2f}", "≤ 1")
    line("finished by resume = uninterrupted", f"{sum(row.same_bits for row in rows)} of {len(rows)}", "all")
    moved, apart = (
        100 * statistics.median(values)
        for values in ([row.lift_shift for row in rows], [row.new_shift for row in rows])
    )
    line("subject moved by lift (median)", f"{moved:.1f} %", "≤ 5 %")
    line("subject between other seeds", f"{apart:.1f} %")
    return told


def main() -> None:
    """Look at every prompt and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--prompts", type=int, default=24)
    parser.add_argument("--drafts", type=int, default=8)
    parser.add_argument("--suite", default="first")
    parser.add_argument("--weights")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    backend, probe = EmbeddedBackend(arguments.weights), load_probe(find_probe())
    torch.set_num_threads(1)
    backend.load()
    suite = read_prompts(arguments.suite, dict(probe.config.axes))[: arguments.prompts]
    kept: dict[str, Any] = {}
    path = arguments.out and arguments.out / "explore.json"
    if path is not None and path.exists():
        kept = json.loads(path.read_text())
    rows = []
    for number, prompt in enumerate(suite):
        if prompt.text not in kept:
            kept[prompt.text] = vars(look(backend, probe, prompt, number, arguments.drafts))
            if path is not None:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(json.dumps(kept, indent=1))
        rows.append(Looked(**kept[prompt.text]))
    Console().print(table(rows, arguments.drafts))


if __name__ == "__main__":
    main()
