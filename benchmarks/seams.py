"""Whether the joins that the verbs make can be seen: measured on films of the shipped weights.

    python benchmarks/seams.py [--weights micro] [--prompts 8] [--only extend,fill] [--sheet FILE.png]

A join lies between two latents, and a decoder of four frames a latent moves more from latent to latent than
within one, join or no join. So each join is measured against the other places between two latents nearby:
the difference of neighbouring frames and their roughness (second difference), each over its median there; the
step in mean luminance and saturation beyond the usual one, of 255. "any" is the difference over the median of
all frames nearby. "control" is a film made in one go, measured where there is no join. Ends with 1 if a bar
does not hold.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ozora import Clip, Ozora, Take
from ozora.media.images import cover, write_image
from ozora.media.sheets import contact_sheet

PROMPTS = (
    "a red fox runs across a snowy field at dusk",
    "a hot-air balloon rises over a meadow at dawn",
    "a sailboat sails on a calm sea at sunset",
    "a brown horse walks through a meadow at noon",
    "a white bird flies over the sea at noon",
    "a blue ball rolls across a table top",
    "a person walks across dunes at sunset",
    "a green cube spins on a table top",
)
NEAR = 12
EVERY = 4
BARS = {"difference": 1.15, "roughness": 1.15, "luminance": 1.0, "saturation": 1.0}
DECIBELS = 1.0


@dataclass(frozen=True)
class Join:
    """How a join between frame ``at - 1`` and frame ``at`` compares with the frames around it."""

    difference: float
    roughness: float
    luminance: float
    saturation: float
    any: float


def luminance(frames: np.ndarray) -> np.ndarray:
    """Mean luma of each frame (T,), of 255."""
    return frames.mean((1, 2)) @ np.array([0.2126, 0.7152, 0.0722])


def saturation(frames: np.ndarray) -> np.ndarray:
    """Mean of largest minus smallest channel of each frame (T,), of 255."""
    return (frames.max(-1) - frames.min(-1)).mean((1, 2))


def measure(frames: np.ndarray, at: int, *, ring: bool = False) -> Join:
    """Measure a join; in a ring the frames around go round."""
    count = len(frames)
    first, last = (at - NEAR, at + NEAR) if ring else (max(0, at - NEAR), min(count, at + NEAR))
    part = frames[np.arange(first, last) % count].astype(np.float64)
    place = at - first
    change = np.abs(np.diff(part, axis=0)).mean((1, 2, 3))  # [i]: from i to i + 1
    rough = np.abs(np.diff(part, 2, axis=0)).mean((1, 2, 3))  # [i]: about i + 1
    others = [index for index in range((place - 1) % EVERY, len(change), EVERY) if index != place - 1]

    def about(index: int) -> float:
        return float(max(rough[max(0, index - 1) : index + 1], default=0.0))

    def beyond(steps: np.ndarray) -> float:
        return float(abs(steps[place - 1] - np.median(steps[others])))

    return Join(
        float(change[place - 1] / np.median(change[others])),
        about(place - 1) / float(np.median([about(index) for index in others])),
        beyond(np.diff(luminance(part))),
        beyond(np.diff(saturation(part))),
        float(change[place - 1] / np.median(np.delete(change, place - 1))),
    )


def decibels(one: np.ndarray, other: np.ndarray) -> float:
    """Peak signal-to-noise ratio of two pictures, dB."""
    error = np.mean((one.astype(np.float64) - other.astype(np.float64)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


Case = Callable[[Ozora, str, int], Iterator[tuple[Take, list[int]]]]


def extend(maker: Ozora, prompt: str, seed: int) -> Iterator[tuple[Take, list[int]]]:
    """The join after the source."""
    source = maker.generate(prompt, seed=seed)
    yield maker.extend(source, prompt, seed=seed + 100), [len(source.clip)]


def extend_backwards(maker: Ozora, prompt: str, seed: int) -> Iterator[tuple[Take, list[int]]]:
    """The join before the source."""
    source = maker.generate(prompt, seed=seed)
    take = maker.extend(source, prompt, backwards=True, seconds=2, seed=seed + 100)
    yield take, [len(take.clip) - len(source.clip) + 1]


def fill(maker: Ozora, prompt: str, seed: int) -> Iterator[tuple[Take, list[int]]]:
    """Both joins about the filling."""
    before, after = maker.generate(prompt, seed=seed), maker.generate(prompt, seed=seed + 50)
    take = maker.fill(before, after, prompt, seconds=5 / 3, seed=seed + 100)
    yield take, [len(before.clip), len(take.clip) - len(after.clip) + 1]


def blend(maker: Ozora, prompt: str, seed: int) -> Iterator[tuple[Take, list[int]]]:
    """Where the morph begins and ends."""
    first, second = maker.generate(prompt, seed=seed), maker.generate(prompt, seed=seed + 50)
    yield maker.blend(first, second, prompt, seed=seed + 100), [9, 41]


def loop(maker: Ozora, prompt: str, seed: int) -> Iterator[tuple[Take, list[int]]]:
    """From the last frame to the first."""
    yield maker.loop(prompt, seed=seed), [0]


def loop_source(maker: Ozora, prompt: str, seed: int) -> Iterator[tuple[Take, list[int]]]:
    """From the last frame of a film that is led back to its first."""
    yield maker.loop(prompt, source=maker.generate(prompt, seed=seed), seed=seed + 100), [0]


def control(maker: Ozora, prompt: str, seed: int) -> Iterator[tuple[Take, list[int]]]:
    """A film made in one go, at the places of joins."""
    yield maker.generate(prompt, seed=seed), [21, 29]


CASES: dict[str, Case] = {
    "control": control,
    "extend": extend,
    "extend backwards": extend_backwards,
    "fill": fill,
    "blend": blend,
    "loop": loop,
    "loop of a film": loop_source,
}


def pictures(maker: Ozora, prompt: str, seed: int) -> dict[str, float]:
    """How much worse than the autoencoder alone each given picture is shown, dB."""
    backend = maker.backend
    shown = [maker.generate(prompt, seed=seed + number).clip.frames[number * 24] for number in range(3)]
    stills = [Clip(frame[None]) for frame in shown]
    take = maker.animate(prompt, stills[0], keyframes={2.0: stills[1]}, last=stills[2], seed=seed + 100)
    wide, high = (side * 16 for side in take.fit.cells)

    def alone(frame: np.ndarray) -> np.ndarray:
        small = cover(frame, wide, high)[None]
        return backend.decode(backend.encode(small), take.fit.scale, lambda done, of: None)[0]

    def best(frames: np.ndarray, frame: np.ndarray) -> float:
        return max(decibels(one, frame) for one in frames)

    frames = take.clip.frames
    return {
        "first": decibels(alone(shown[0]), shown[0]) - decibels(frames[0], shown[0]),
        "keyframe": decibels(alone(shown[1]), shown[1]) - best(frames[21:25], shown[1]),
        "last": decibels(alone(shown[2]), shown[2]) - best(frames[-4:], shown[2]),
    }


def main() -> int:
    """Film, measure, print the tables, tell whether all bars hold."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights")
    parser.add_argument("--prompts", type=int, default=len(PROMPTS))
    parser.add_argument("--only", default=",".join([*CASES, "animate"]))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--sheet", type=Path, help="the films as a contact sheet")
    arguments = parser.parse_args()
    told = Console(stderr=True)
    maker, console, only = Ozora(arguments.weights), Console(), arguments.only.split(",")
    table = Table(title=f"joins, {arguments.prompts} prompts: median (worst); bars {BARS}")
    for column in ("verb", *BARS, "any"):
        table.add_column(column, justify="left" if column == "verb" else "right")
    found: dict[str, dict[str, list[float]]] = {}
    films: list[Clip] = []
    labels: list[str] = []
    broken = False
    for name in (name for name in CASES if name in only):
        joins: list[Join] = []
        for number, prompt in enumerate(PROMPTS[: arguments.prompts]):
            for take, places in CASES[name](maker, prompt, arguments.seed + number):
                joins += [measure(take.clip.frames, at, ring=take.fit.ring) for at in places]
                films.append(take.clip)
                labels.append(f"{name}: {prompt}")
        found[name] = {bar: [getattr(join, bar) for join in joins] for bar in (*BARS, "any")}
        middle = {bar: statistics.median(values) for bar, values in found[name].items()}
        broken |= name != "control" and any(middle[bar] > BARS[bar] for bar in BARS)
        row = [f"{middle[bar]:.2f} ({max(found[name][bar]):.2f})" for bar in found[name]]
        table.add_row(name, *row)
        told.print(name, *row, style="grey50")
    console.print(table)
    if "animate" in only:
        rows = [
            pictures(maker, prompt, arguments.seed + number)
            for number, prompt in enumerate(PROMPTS[: arguments.prompts])
        ]
        lost = {name: [row[name] for row in rows] for name in rows[0]}
        found["animate"] = lost
        shown = Table(title=f"given pictures: dB lost beyond the autoencoder, median (worst); bar {DECIBELS}")
        for name in lost:
            shown.add_column(name, justify="right")
        shown.add_row(*(f"{statistics.median(values):.2f} ({max(values):.2f})" for values in lost.values()))
        console.print(shown)
        broken |= any(statistics.median(values) > DECIBELS for values in lost.values())
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if arguments.sheet:
        write_image(contact_sheet(films, labels, columns=1, frames=16, width=96), arguments.sheet)
    return int(broken)


if __name__ == "__main__":
    sys.exit(main())
