"""Whether long films drift, whether their subject lasts, and what they cost beside a short one.

    python benchmarks/long_film.py [--films 1] [--seconds 60] [--seed 1] [--sheet FILE.png] [--out DIR]

The first film is of ``--prompt``, the others of the fixed list of prompts. Luminance, saturation and
sharpness (mean absolute gradient) of every frame; their slope by least squares, as a share of their mean, for
each 10 seconds. The evaluation probe names the subject of the first and the last four seconds. Time per
second of film, and peak memory, each in a process of its own. Ends with 1 if a bar does not hold. With
``--out`` films stay in that folder, and a stopped run goes on.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from ozora import Clip, Ozora, Request
from ozora.backends.weights import find_probe
from ozora.director.take import peak_memory
from ozora.evaluate.films import to_video
from ozora.evaluate.probe import load_probe
from ozora.evaluate.prompts import read_prompts
from ozora.media.images import write_image
from ozora.media.sheets import contact_sheet
from ozora.media.video import read_clip
from ozora.model.probe import Probe

PROMPT, SUBJECT = "a hot-air balloon drifts over a meadow at dawn", "balloon"
DRIFT, MEMORY, LASTING = 0.02, 1.2, 0.8
LOOKED_AT = 49
"""Frames that the probe looks at: four seconds, as it learnt."""


@dataclass(frozen=True)
class Found:
    """What became of one film."""

    prompt: str
    drift: dict[str, float]
    begins: bool  # whether the probe names the subject that was asked, in the first seconds
    ends: bool  # and in the last


def tones(frames: np.ndarray) -> dict[str, np.ndarray]:
    """Luminance, saturation and sharpness of each frame, (T,) each."""
    luma = frames @ np.array([0.2126, 0.7152, 0.0722])  # (T, H, W)
    return {
        "luminance": luma.mean((1, 2)),
        "saturation": (frames.max(-1).astype(float) - frames.min(-1)).mean((1, 2)),
        "sharpness": np.abs(np.diff(luma, axis=2)).mean((1, 2)) + np.abs(np.diff(luma, axis=1)).mean((1, 2)),
    }


def drift(values: np.ndarray, fps: float) -> float:
    """Slope over 10 seconds as a share of the mean."""
    slope = np.polyfit(np.arange(len(values)) / fps, values, 1)[0]
    return float(10 * slope / values.mean())


def film(weights: str | None, seconds: float, prompt: str, seed: int, path: Path) -> dict[str, float]:
    """Film into ``path`` and tell seconds of processor time and bytes of peak memory of this process."""
    maker = Ozora(weights)
    maker.backend.load()
    began = time.process_time(), time.perf_counter()
    next(maker.takes(Request(prompt, seconds=seconds, seed=seed), outputs=[path]))
    took = {"processor_seconds": time.process_time() - began[0], "seconds": time.perf_counter() - began[1]}
    return {**took, "peak_bytes": float(peak_memory())}


def apart(seconds: float, prompt: str, seed: int, path: Path, weights: str | None) -> dict[str, float]:
    """The same in a process of its own, whose memory is the film's alone."""
    command = [sys.executable, __file__, "--only", str(path), "--seconds", str(seconds)]
    command += ["--prompt", prompt, "--seed", str(seed), *(["--weights", weights] if weights else [])]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    costs: dict[str, float] = json.loads(done.stdout)
    return costs


def prompts(first: str, probe: Probe) -> Iterator[tuple[str, str]]:
    """Words and the subject they ask for; the fixed list's take turns of subjects."""
    yield first, SUBJECT
    for prompt in read_prompts("first", dict(probe.config.axes)):
        yield prompt.text, prompt.asked("subject")


def subject_of(probe: Probe, clip: Clip, frames: slice) -> str:
    """The subject that the probe names."""
    answer = probe.predict(to_video(clip.frames[frames]), clip.fps)["subject"][0]
    return str(dict(probe.config.axes)["subject"][int(answer.argmax())])


def looked_at(probe: Probe, prompt: str, subject: str, clip: Clip) -> Found:
    """What the measures and the probe say of a film."""
    slopes = {name: drift(values, clip.fps) for name, values in tones(clip.frames).items()}
    begins, ends = (
        subject_of(probe, clip, part) == subject for part in (slice(LOOKED_AT), slice(-LOOKED_AT, None))
    )
    return Found(prompt, slopes, begins, ends)


def tell(console: Console, found: list[Found]) -> bool:
    """Print the table; whether every bar holds."""
    table = Table(title=f"{len(found)} films: drift in 10 s (bar ±{DRIFT:.0%})")
    for name in ("", *found[0].drift):
        table.add_column(name, justify="right")
    middles = {name: statistics.median(abs(one.drift[name]) for one in found) for name in found[0].drift}
    worst = {name: max((one.drift[name] for one in found), key=abs) for name in found[0].drift}
    for label, values in (("median", middles), ("worst", worst)):
        table.add_row(label, *(f"{100 * value:+.2f} %" for value in values.values()))
    console.print(table)
    within = sum(all(abs(value) <= DRIFT for value in one.drift.values()) for one in found)
    begins, ends = (sum(getattr(one, name) for one in found) for name in ("begins", "ends"))
    console.print(f"films within the bar in all three: {within} of {len(found)}")
    console.print(f"subject named by the probe at the beginning {begins}, at the end {ends} of {len(found)}")
    return all(value <= DRIFT for value in middles.values()) and ends >= LASTING * len(found)


def main() -> int:
    """Film short and long, each in a process of its own, and compare."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--weights")
    parser.add_argument("--films", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--prompt", default=PROMPT)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--only", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.only:
        print(json.dumps(film(given.weights, given.seconds, given.prompt, given.seed, given.only)))
        return 0
    console, probe, found = Console(), load_probe(find_probe()), []
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        short = apart(4.0, given.prompt, given.seed, folder / "short.mp4", given.weights)
        chosen = zip(range(given.films), prompts(given.prompt, probe), strict=False)
        for number, (words, subject) in chosen:
            path, notes = folder / f"{number}.mp4", folder / f"{number}.found.json"
            if not notes.is_file():
                costs = apart(given.seconds, words, given.seed + number, path, given.weights)
                seen = looked_at(probe, words, subject, read_clip(path))
                notes.write_text(json.dumps({"costs": costs, "found": asdict(seen)}))
            told = json.loads(notes.read_text())
            found.append(Found(**told["found"]))
            if number == 0:
                long = told["costs"]
                draw(path, given.sheet)
    holds = tell(console, found)
    memory = long["peak_bytes"] / short["peak_bytes"]
    each = [short["processor_seconds"] / 4, long["processor_seconds"] / given.seconds]
    console.print(f"processor seconds per second of film: {each[0]:.2f} for 4 s, {each[1]:.2f} for this")
    console.print(f"{given.seconds:.0f} s of film in {long['seconds']:.0f} s by the clock")
    peak = f"{long['peak_bytes'] / 2**20:.0f} MiB"
    console.print(f"peak memory {peak}, {memory:.2f} of a 4 s film's (bar {MEMORY})")
    return int(not holds or memory > MEMORY)


def draw(film: Path, sheet: Path | None) -> None:
    """Ten moments from each sixth of a film."""
    if sheet is None:
        return
    clip = read_clip(film)
    rows = np.array_split(np.arange(len(clip)), 6)
    clips = [Clip(clip.frames[row], clip.fps) for row in rows]
    labels = [f"from second {row[0] / clip.fps:.0f}" for row in rows]
    write_image(contact_sheet(clips, labels, columns=1, frames=10, width=112), sheet)


if __name__ == "__main__":
    sys.exit(main())
