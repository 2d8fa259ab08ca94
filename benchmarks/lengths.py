"""Is a film of one second, or a single picture, as good as a whole one? The same prompts at every length.

    python benchmarks/lengths.py [--weights micro] [--prompts 24] [--suite skills:7] [--quality standard]
                                 [--guidance 1] [--sheet lengths.png]

For each length a row: how far latents lie from zero (root mean square, beside that of footage of the same
shots; far above it, a network is lost), and how often the evaluation eyes find somebody of the right
kind, and the right place, in the film and in real footage of the same shots and length. ``--sheet`` shows the
last frame of every film, by length.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from ozora import Clip, Ozora
from ozora.backends.weights import find_eyes
from ozora.evaluate.adherence import Viewing, place, presence
from ozora.evaluate.films import Frames
from ozora.evaluate.looking import film_unseen
from ozora.evaluate.prompts import Prompt, read_prompts
from ozora.evaluate.sight import see
from ozora.media.images import write_image
from ozora.media.sheets import contact_sheet
from ozora.model.eyes import Eyes, load_eyes

LENGTHS = (0.0, 1.0, 2.0, 3.0, 4.0)
"""Seconds; zero is a picture."""


def right(eyes: Eyes, prompt: Prompt, frames: Frames, fps: float) -> tuple[bool, bool]:
    """Whether the eyes find who was asked for, and where."""
    view = Viewing(prompt, see(eyes, frames, fps))
    return bool(presence(view)), bool(place(view))


def one_length(
    ozora: Ozora, eyes: Eyes, prompts: Sequence[Prompt], seconds: float, settings: Mapping[str, Any]
) -> tuple[list[Clip], np.ndarray]:
    """The films of one length, and by film how far from zero, who and where: made and real, (N, 3, 2)."""
    clips, found = [], []
    for seed, prompt in enumerate(prompts):
        if seconds:
            take = ozora.generate(prompt.text, seed=seed, seconds=seconds, **settings)
        else:
            take = ozora.picture(prompt.text, seed=seed, **settings)
        frames, fps = take.clip.frames, take.clip.fps
        clips.append(take.clip)
        length, height, width = frames.shape[:3]
        footage = film_unseen(prompt.shot, width, height, length)
        latents = take.latents, ozora.backend.encode(footage)
        far = [float(each.square().mean().sqrt()) for each in latents]
        pairs = zip(right(eyes, prompt, frames, fps), right(eyes, prompt, footage, fps), strict=True)
        found.append([far, *pairs])
    return clips, np.array(found, dtype=float)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", default=None, help="a name that ships, or a folder")
    parser.add_argument("--prompts", type=int, default=24)
    parser.add_argument("--suite", default="skills:7", help="drawn prompts, as of `ozora evaluate`")
    parser.add_argument("--quality", default="standard")
    parser.add_argument("--guidance", type=float, help="of the teacher: with --quality best")
    parser.add_argument("--sheet", type=Path)
    asked = parser.parse_args()
    console = Console()
    found = find_eyes()
    if found is None:
        raise SystemExit("lengths: no evaluation eyes lie in the package.")
    eyes, ozora = load_eyes(found, "evaluation"), Ozora(weights=asked.weights)
    prompts = read_prompts(f"{asked.suite}:{asked.prompts}")
    settings: dict[str, Any] = {"quality": asked.quality}
    if asked.guidance is not None:
        settings["guidance"] = asked.guidance
    table = Table("length", "from zero / footage", "who / footage", "where / footage")
    films: list[list[Clip]] = []
    for seconds in LENGTHS:
        clips, by_film = one_length(ozora, eyes, prompts, seconds, settings)
        films.append(clips)
        far, *shares = by_film.mean(0)
        cells = [f"{made:.0%} / {real:.0%}" for made, real in shares]
        table.add_row(f"{seconds:g} s" if seconds else "picture", f"{far[0]:.2f} / {far[1]:.2f}", *cells)
    console.print(table)
    if asked.sheet is not None:
        ends = [[Clip(clip.frames[-1:], clip.fps) for clip in clips] for clips in films]
        ordered = [row[number] for number in range(len(prompts)) for row in ends]
        texts = [
            f"{seconds:g} s · {prompt.text}" if seconds else prompt.text
            for prompt in prompts
            for seconds in LENGTHS
        ]
        write_image(contact_sheet(ordered, texts, columns=len(LENGTHS), frames=1), asked.sheet)


if __name__ == "__main__":
    main()
