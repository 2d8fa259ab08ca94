"""Whether new words arrive where a storyboard's card goes on: pairs of cards on films of the shipped weights.

    python benchmarks/cards.py [--weights micro] [--seeds 1] [--seed 1] [--only time,weather] [--sheet F.png]

Two cards of four seconds, the second says something new: another time of day, weather, action, camera or
colour. The evaluation probe says whether the last two seconds show it, and whether subject and place are
still those asked. "in sight" is the same film with the old words' latents in sight of every step, as an
extension sees them; "alone" a film of the second card's words and nothing before it, which is the most to be
hoped for. Joins are measured as in seams.py, but a step in luminance or saturation counts only as far as it
is larger than those about it, since the light is meant to change soon after. Ends with 1 if a bar does not
hold: new words right more often than in sight, the same subject in four films of five, and joins as smooth as
the film.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

import ozora.director.filming as filming
from ozora import Clip, Ozora, Request
from ozora.backends.weights import find_probe
from ozora.director.parts import Fresh
from ozora.director.understanding.recaption import caption_for
from ozora.evaluate.films import to_video
from ozora.evaluate.probe import load_probe
from ozora.media.images import write_image
from ozora.media.sheets import contact_sheet
from ozora.model.probe import Probe
from seams import BARS, WIDTH, luminance, measure, saturation

SECONDS, JOIN, LOOKED_AT = 4.0, 49, 25
SAME = 0.8


@dataclass(frozen=True)
class Pair:
    """Two cards, and what the probe must see at the end of the second."""

    axis: str
    first: str
    second: str
    value: str
    subject: str


PAIRS = (
    Pair("time", "a hot-air balloon rises over a meadow at dawn",
         "a hot-air balloon rises over a meadow at night", "night", "balloon"),
    Pair("time", "a sailboat sails on a calm sea at noon",
         "a sailboat sails on a calm sea at night", "night", "sailboat"),
    Pair("time", "a red fox runs across a snowy field at noon",
         "a red fox runs across a snowy field at dusk", "dusk", "fox"),
    Pair("time", "a brown horse walks through a meadow at sunset",
         "a brown horse walks through a meadow at noon", "noon", "horse"),
    Pair("time", "a person walks across dunes at dawn",
         "a person walks across dunes at night", "night", "person"),
    Pair("time", "a white bird flies over the sea at noon",
         "a white bird flies over the sea at sunset", "sunset", "bird"),
    Pair("weather", "a red fox walks across a snowy field at noon in clear weather",
         "a red fox walks across a snowy field at noon in falling snow", "snow", "fox"),
    Pair("weather", "a hot-air balloon drifts over a meadow at noon under a clear sky",
         "a hot-air balloon drifts over a meadow at noon in thick fog", "fog", "balloon"),
    Pair("weather", "a sailboat sails on a calm sea at dawn in thick fog",
         "a sailboat sails on a calm sea at dawn under a clear sky", "clear", "sailboat"),
    Pair("weather", "a brown horse walks through a meadow at dawn under a clear sky",
         "a brown horse walks through a meadow at dawn in thick fog", "fog", "horse"),
    Pair("action", "a red fox stands in a snowy field at noon",
         "a red fox runs across a snowy field at noon", "run", "fox"),
    Pair("action", "a brown horse runs through a meadow at noon",
         "a brown horse stands in a meadow at noon", "stand", "horse"),
    Pair("action", "a blue ball rolls across a table top",
         "a blue ball bounces on a table top", "bounce", "ball"),
    Pair("action", "a green cube spins on a table top",
         "a green cube slides across a table top", "slide", "cube"),
    Pair("action", "a person stands in the dunes at sunset",
         "a person walks across the dunes at sunset", "walk", "person"),
    Pair("camera", "a hot-air balloon drifts over a meadow at noon. The camera is static",
         "a hot-air balloon drifts over a meadow at noon. The camera orbits around it", "orbit", "balloon"),
    Pair("camera", "a blue ball rolls across a table top. The camera is static",
         "a blue ball rolls across a table top. The camera follows it", "follow", "ball"),
    Pair("colour", "a red hot-air balloon rises over a meadow at noon",
         "a blue hot-air balloon rises over a meadow at noon", "blue", "balloon"),
    Pair("colour", "a white cube spins on a table top",
         "a green cube spins on a table top", "green", "cube"),
)  # fmt: skip


@dataclass(frozen=True)
class Seen:
    """What the probe says of the end of a film, and how its join compares with the film."""

    axis: str
    right: bool
    same: bool
    join: dict[str, float]


@contextmanager
def in_sight() -> Iterator[None]:
    """Film as if nobody turned: all that is given is seen by every step."""
    turning = filming.turns_from
    filming.turns_from = lambda line, window: None
    try:
        yield
    finally:
        filming.turns_from = turning


def film(maker: Ozora, pair: Pair, seed: int) -> Clip:
    """Both cards, one film."""
    parts = tuple(Fresh(SECONDS, words, caption=caption_for(words)) for words in (pair.first, pair.second))
    return next(maker.takes(Request(pair.first, parts=parts, verb="storyboard", seed=seed))).clip


def alone(maker: Ozora, pair: Pair, seed: int) -> Clip:
    """A film of the second card's words."""
    return maker.generate(pair.second, caption=caption_for(pair.second), seconds=SECONDS, seed=seed).clip


def look(probe: Probe, pair: Pair, clip: Clip) -> Seen:
    """Ask the probe, measure the join."""
    axes = dict(probe.config.axes)
    answers = probe.predict(to_video(clip.frames[-LOOKED_AT:]), clip.fps)
    said = {axis: axes[axis][int(answer[0].argmax())] for axis, answer in answers.items()}
    join: dict[str, float] = {}
    if len(clip) > JOIN:
        found = measure(clip.frames, JOIN)
        join = {bar: getattr(found, bar) for bar in BARS}
        near = clip.frames[JOIN - 12 : JOIN + 12].astype(np.float64)
        for name, tone in (("luminance", luminance), ("saturation", saturation)):
            steps = np.abs(np.diff(tone(near)))[3::4]  # from latent to latent; the join is the third
            join[name] = max(0.0, float(steps[2] - np.median(np.delete(steps, 2))))
    return Seen(pair.axis, said[pair.axis] == pair.value, said["subject"] == pair.subject, join)


def tell(console: Console, found: dict[str, list[Seen]]) -> bool:
    """Print both tables; whether all bars hold."""
    axes = list(dict.fromkeys(one.axis for one in found["turning"]))
    table = Table(title=f"new words right at the second card's end, {len(found['turning'])} pairs")
    for column in ("", *axes, "all", "same subject"):
        table.add_column(column, justify="left" if not column else "right")
    right = {name: sum(one.right for one in rows) for name, rows in found.items()}
    same = {name: sum(one.same for one in rows) for name, rows in found.items()}
    for name, rows in found.items():
        groups = [[one.right for one in rows if one.axis == axis] for axis in axes]
        shares = [f"{sum(group)}/{len(group)}" for group in groups]
        table.add_row(name, *shares, f"{right[name]}/{len(rows)}", f"{same[name]}/{len(rows)}")
    console.print(table)
    joins = Table(title="joins: median (worst)")
    for column in ("", *BARS):
        joins.add_column(column, justify="left" if not column else "right")
    joins.add_row("bar", *(f"≤ {bar:g}" for bar in BARS.values()), end_section=True)
    held = True
    for name in ("in sight", "turning"):
        values = {bar: [one.join[bar] for one in found[name]] for bar in BARS}
        cells = [f"{statistics.median(each):.2f} ({max(each):.2f})" for each in values.values()]
        joins.add_row(name, *cells)
        if name == "turning":
            held = all(statistics.median(values[bar]) <= BARS[bar] for bar in BARS)
    console.print(joins)
    held &= right["turning"] > right["in sight"] and same["turning"] >= SAME * len(found["turning"])
    console.print("all bars hold" if held else "a bar does not hold")
    return held


def main() -> int:
    """Film every pair thrice, look, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", help="axes, as in time,weather")
    parser.add_argument("--sheet", type=Path)
    given = parser.parse_args()
    maker, probe, told = Ozora(given.weights), load_probe(find_probe()), Console(stderr=True)
    pairs = [pair for pair in PAIRS if not given.only or pair.axis in given.only.split(",")]
    found: dict[str, list[Seen]] = {"in sight": [], "turning": [], "alone": []}
    films: list[Clip] = []
    labels: list[str] = []
    for seed in range(given.seed, given.seed + 100 * given.seeds, 100):
        for number, pair in enumerate(pairs):
            with in_sight():
                found["in sight"].append(look(probe, pair, film(maker, pair, seed + number)))
            made = film(maker, pair, seed + number)
            found["turning"].append(look(probe, pair, made))
            found["alone"].append(look(probe, pair, alone(maker, pair, seed + number)))
            films.append(Clip(made.frames[JOIN - 24 :], made.fps))
            labels.append(f"{'' if found['turning'][-1].right else 'not '}{pair.value}: {pair.second}")
            told.print(labels[-1], *(rows[-1].right for rows in found.values()), style="grey50")
    holds = tell(Console(width=None if sys.stdout.isatty() else WIDTH), found)
    if given.sheet:
        write_image(contact_sheet(films, labels, columns=2, frames=9, width=80), given.sheet)
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
