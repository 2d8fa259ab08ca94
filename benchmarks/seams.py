"""Whether the joins that the verbs make can be seen: measured on films of the shipped weights.

    python benchmarks/seams.py [--weights micro] [--prompts 8] [--seed 1] [--only extend,fill] [--sheet F.png]

A join lies between two latents, and a decoder of four frames a latent moves more from latent to latent than
within one, join or no join. So each join is measured against the other places between two latents nearby:
the difference of neighbouring frames, their optical flow (mean length) and their roughness (second
difference), each over its median there; the step in mean luminance and saturation beyond the usual one, of
255. "any" is the difference over the median of all frames nearby. "control" is a film made in one go,
measured where there is no join. Given pictures are compared with what the autoencoder alone makes of them.
Each median is told with the worst of all joins behind it, its bar and whether it holds; ends with 1 if one
does not.
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
from scipy import ndimage

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
BARS = {"difference": 1.15, "flow": 1.15, "roughness": 1.15, "luminance": 1.0, "saturation": 1.0}
DECIBELS = 1.0
WIDTH = 130
"""Columns of the tables where they go into a file."""
FLOW_WIDTH = 112
"""Pixels across of the frames that flow is measured on."""


@dataclass(frozen=True)
class Join:
    """How a join between frame ``at - 1`` and frame ``at`` compares with the frames around it."""

    difference: float
    flow: float
    roughness: float
    luminance: float
    saturation: float
    any: float


def flow(first: np.ndarray, second: np.ndarray) -> float:
    """Mean length, in pixels, of the optical flow between two pictures of luma (H, W), of 255.

    Lucas and Kanade (IJCAI 1981), dense, over a pyramid of three sizes (Bouguet, 2000).
    """
    sizes = [(first, second)]
    for _ in range(2):
        sizes.append(tuple(ndimage.zoom(ndimage.gaussian_filter(one, 1), 0.5, order=1) for one in sizes[-1]))
    moved = np.zeros((2, *sizes[-1][0].shape))  # (2, h, w): down, right
    for one, other in reversed(sizes):
        if moved.shape[1:] != one.shape:
            ratios = [new / old for new, old in zip(one.shape, moved.shape[1:], strict=True)]
            moved = 2 * np.stack([ndimage.zoom(part, ratios, order=1) for part in moved])
        places = np.mgrid[: one.shape[0], : one.shape[1]]
        for _ in range(3):
            warped = ndimage.map_coordinates(other, places + moved, order=1, mode="nearest")
            down, right = np.gradient((one + warped) / 2)
            later = warped - one
            parts = (down * down, right * right, down * right, down * later, right * later)
            yy, xx, xy, yt, xt = (ndimage.gaussian_filter(part, 3) for part in parts)
            yy, xx = yy + FLAT, xx + FLAT  # where nothing is to be seen, nothing moves
            moved -= np.stack([xx * yt - xy * xt, yy * xt - xy * yt]) / (xx * yy - xy * xy)
    return float(np.hypot(*moved).mean())


FLAT = 4.0
"""Squared grey levels per pixel that count as no structure."""


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

    small = [_small(frame) for frame in part]
    flows = {index: flow(small[index], small[index + 1]) for index in (place - 1, *others)}
    return Join(
        float(change[place - 1] / np.median(change[others])),
        flows[place - 1] / max(float(np.median([flows[index] for index in others])), STILL),
        about(place - 1) / float(np.median([about(index) for index in others])),
        beyond(np.diff(luminance(part))),
        beyond(np.diff(saturation(part))),
        float(change[place - 1] / np.median(np.delete(change, place - 1))),
    )


STILL = 0.02
"""Pixels of flow that nobody sees: films that move less are compared with this."""


def _small(frame: np.ndarray) -> np.ndarray:
    """Luma (h, w) of a frame (H, W, 3), ``FLOW_WIDTH`` across."""
    luma = frame @ np.array([0.2126, 0.7152, 0.0722])
    factor = max(1, round(luma.shape[1] / FLOW_WIDTH))
    high, wide = (side // factor * factor for side in luma.shape)
    blocks = luma[:high, :wide].reshape(high // factor, factor, wide // factor, factor)
    return np.asarray(blocks.mean((1, 3)))


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


def _cell(values: list[float]) -> str:
    return f"{statistics.median(values):.2f} ({max(values):.2f})"


def tell_joins(console: Console, found: dict[str, dict[str, list[float]]], prompts: int) -> bool:
    """Print a row for each verb, with the bars and a verdict; whether all hold."""
    table = Table(title=f"joins, {prompts} prompts: median (worst)")
    for column in ("verb", *BARS, "any", "verdict"):
        table.add_column(column, justify="left" if column in ("verb", "verdict") else "right")
    table.add_row("bar", *(f"≤ {bar:g}" for bar in BARS.values()), "", end_section=True)
    all_hold = True
    for name, values in found.items():
        missed = [bar for bar in BARS if statistics.median(values[bar]) > BARS[bar]]
        verdict = "no join" if name == "control" else f"misses {', '.join(missed)}" if missed else "holds"
        table.add_row(name, *(_cell(values[column]) for column in (*BARS, "any")), verdict)
        all_hold &= name == "control" or not missed
    console.print(table)
    return all_hold


def tell_pictures(console: Console, lost: dict[str, list[float]], prompts: int) -> bool:
    """Print what given pictures lose, with the bar and a verdict; whether all hold."""
    table = Table(title=f"given pictures, {prompts} prompts: dB lost beyond the autoencoder alone")
    for column in ("picture", "median", "worst", "bar", "verdict"):
        table.add_column(column, justify="left" if column in ("picture", "verdict") else "right")
    verdicts = {name: statistics.median(values) <= DECIBELS for name, values in lost.items()}
    for name, values in lost.items():
        middle, worst = f"{statistics.median(values):.2f}", f"{max(values):.2f}"
        table.add_row(name, middle, worst, f"≤ {DECIBELS:g}", "holds" if verdicts[name] else "misses")
    console.print(table)
    return all(verdicts.values())


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
    maker, only = Ozora(arguments.weights), arguments.only.split(",")
    console = Console(width=None if sys.stdout.isatty() else WIDTH)
    found: dict[str, dict[str, list[float]]] = {}
    films: list[Clip] = []
    labels: list[str] = []
    for name in (name for name in CASES if name in only):
        joins: list[Join] = []
        for number, prompt in enumerate(PROMPTS[: arguments.prompts]):
            for take, places in CASES[name](maker, prompt, arguments.seed + number):
                joins += [measure(take.clip.frames, at, ring=take.fit.ring) for at in places]
                films.append(take.clip)
                labels.append(f"{name}: {prompt}")
        found[name] = {bar: [getattr(join, bar) for join in joins] for bar in (*BARS, "any")}
        told.print(name, *(_cell(values) for values in found[name].values()), style="grey50")
    holds = tell_joins(console, found, arguments.prompts)
    if "animate" in only:
        rows = [
            pictures(maker, prompt, arguments.seed + number)
            for number, prompt in enumerate(PROMPTS[: arguments.prompts])
        ]
        found["animate"] = {name: [row[name] for row in rows] for name in rows[0]}
        holds &= tell_pictures(console, found["animate"], arguments.prompts)
    if arguments.out:
        arguments.out.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if arguments.sheet:
        write_image(contact_sheet(films, labels, columns=1, frames=16, width=96), arguments.sheet)
    return int(not holds)


if __name__ == "__main__":
    sys.exit(main())
