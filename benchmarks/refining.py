"""What does refining give, and what does it lose? Films laid out and refined, by the evaluation eyes.

    python benchmarks/refining.py [--weights wide] [--prompts skills:7:16] [--steps 2,4,8] [--quality best]

First what a refiner could do at most: footage as it is, laid out (through few cells and back), and refined
from that layout. Then films, laid out in ``--quality`` from each prompt and refined in so many steps. Shares
in per cent of the films that were asked for it; Fréchet distances to the footage; ``s`` is what refining one
film takes. ``--sheet`` shows four frames of each: footage and films, laid out and refined.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from ozora import Clip, Ozora, Request
from ozora.backends.weights import find_eyes, find_probe
from ozora.director.plan import Plan, plan
from ozora.director.refining import refined_latents
from ozora.evaluate import evaluate, read_prompts
from ozora.evaluate.films import Frames
from ozora.evaluate.looking import film_unseen
from ozora.evaluate.probe import load_probe
from ozora.evaluate.trials import read_trials, trials_path
from ozora.media.images import write_image
from ozora.media.sheets import contact_sheet
from ozora.model.checkpoint import weights_hash
from ozora.model.eyes import load_eyes

SHOWN = ("presence", "count", "colour", "action", "direction", "place", "time", "clips, Fréchet")
MOST_ON_A_SHEET = 12


def silent(done: int, of: int) -> None:
    """Progress that nobody watches."""


class Films:
    """Every way to a film of a prompt: with the world's camera or the model's, laid out or refined."""

    def __init__(self, maker: Ozora, suite: str, quality: str) -> None:
        self.maker, self.quality = maker, quality
        self.shots = {prompt.text: prompt.shot for prompt in read_prompts(suite)}
        self.seconds: list[float] = []
        self._layouts: dict[tuple[str, int, bool], Tensor] = {}

    def planned(self, prompt: str, steps: int) -> Plan:
        """A film of the prompt, refined in so many steps."""
        return plan(Request(prompt, quality=self.quality, refining=steps), self.maker.card)

    def footage(self, prompt: str, seed: int) -> Frames:
        """The shot as the world films it."""
        fit = self.planned(prompt, 0).fit
        return film_unseen(self.shots[prompt], fit.width, fit.height, fit.frames)

    def layout(self, prompt: str, seed: int, real: bool) -> Tensor:
        """The film on few cells, of footage or from words: (1, L, C, h, w)."""
        key = prompt, seed, real
        if key not in self._layouts:
            if real:
                frames = self.footage(prompt, seed)
                small = frames.reshape(len(frames), frames.shape[1] // 2, 2, -1, 2, 3).mean((2, 4))
                found = self.maker.backend.encode(np.rint(small).astype(np.uint8))
            else:
                found = self.maker.generate(prompt, seed=seed, quality=self.quality, refining=0).latents
            self._layouts[key] = found
        return self._layouts[key]

    def made(self, prompt: str, seed: int, real: bool, steps: int) -> Frames:
        """A layout shown: as it is (0 steps), or refined."""
        layout, planned = self.layout(prompt, seed, real), self.planned(prompt, steps)
        backend, fit = self.maker.backend, planned.fit
        if planned.fine is not None:
            fit, began = planned.fine.fit, time.perf_counter()
            words = {one: backend.understand(planned.read_as(one)) for one in planned.prompts}
            layout = refined_latents(backend, planned, layout, words, seed=seed, on_step=silent)
            self.seconds.append(time.perf_counter() - began)
        return backend.decode(layout, fit.scale, silent)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--weights", default="wide")
    parser.add_argument("--prompts", default="skills:7:16")
    parser.add_argument("--steps", default="2,4,8")
    parser.add_argument("--quality", default="best")
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    maker = Ozora(asked.weights)
    if not maker.card.quality("high").refining:
        raise SystemExit(f"refining: {asked.weights} has no refiner.")
    films = Films(maker, asked.prompts, asked.quality)
    steps = [int(count) for count in asked.steps.split(",")]
    ways: dict[str, Callable[[str, int], Frames]] = {"footage": films.footage}
    for real in (True, False):
        name = "footage" if real else "film"
        for count in (0, *(steps if not real else steps[-1:])):
            how = f"refined in {count}" if count else "laid out"
            ways[f"{name}, {how}"] = partial(films.made, real=real, steps=count)
    where = find_eyes()
    assert where is not None
    judges = {
        "probe": load_probe(find_probe()),
        "eyes": load_eyes(where, "evaluation"),
        "trials": read_trials(trials_path(where), weights_hash(where)),
    }
    kept = tempfile.mkdtemp()  # the footage, which is the same for all
    table = Table("", *SHOWN, "s", title=f"{asked.weights}, {asked.prompts}, {asked.quality}")
    for name, way in ways.items():
        films.seconds.clear()
        settings = {"prompts": asked.prompts, "out": kept, "identity": json.dumps(name), **judges}
        with torch.inference_mode():
            found = evaluate(way, **settings).findings
        assert found is not None
        rows = {row.name: row for row in found.rows}
        figures = [
            "–" if (row := rows.get(one)) is None or row.films is None
            else f"{100 * row.films:.0f}" if row.share else f"{row.films:.2f}"
            for one in SHOWN
        ]  # fmt: skip
        table.add_row(name, *figures, f"{np.median(films.seconds):.2f}" if films.seconds else "")
    Console(width=130).print(table)
    if asked.sheet is not None:
        write_sheet(films, steps[-1], asked.sheet)


def write_sheet(films: Films, steps: int, path: Path) -> None:
    """Films and footage, laid out and refined, below each other."""
    clips, titles = [], []
    for number, prompt in enumerate(list(films.shots)[:MOST_ON_A_SHEET]):
        for real in (True, False):
            for count in (0, steps):
                clips.append(Clip(films.made(prompt, number, real, count), films.maker.card.grid.fps))
                how = "refined" if count else "laid out"
                titles.append(f"{'footage' if real else 'film'}, {how}: {prompt}")
    write_image(contact_sheet(clips, titles, columns=2, frames=4), path)


if __name__ == "__main__":
    main()
