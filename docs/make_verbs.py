"""Make the pictures of docs/verbs.md and of the README: verbs by the shipped weights, nothing picked.

    python docs/make_verbs.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ozora import Clip, Ozora
from ozora.director.storyboard import board
from ozora.media.images import write_image
from ozora.media.sheets import contact_sheet

HERE = Path(__file__).resolve().parent
BALLOON = "a hot-air balloon rises over a meadow at dawn"
BOAT = "a sailboat sails on a calm sea at sunset"
FOX = "a red fox runs across a snowy field at dusk"
CARDS = {
    "words": "a hot-air balloon",
    "seconds": 6,
    "seed": 3,
    "cards": [
        {"at": 0, "words": "it rises over a meadow at dawn"},
        {"at": 2, "words": "it rises over a meadow at night"},
        {"at": 4, "words": "it drifts over the sea at sunset", "transition": "cut"},
    ],
}
LONG_CARDS = {
    "words": "a hot-air balloon",
    "seconds": 40,
    "seed": 3,
    "size": "224x128",
    "cards": [
        {"at": 0, "words": "it drifts over a meadow at dawn"},
        {"at": 4, "words": "it drifts over a meadow at night"},
        {"at": 24, "words": "it drifts over a meadow at noon in fog"},
    ],
}
MOMENTS = 9
IN_README = ("the balloon", "extend: ", "fill: ", "blend, morph", "edit: ", "board: ")
"""The rows that the README shows, by how their labels begin."""


def films() -> dict[str, Clip]:
    """A film of each verb, by its label."""
    maker = Ozora()
    balloon, boat = maker.generate(BALLOON, seed=3), maker.generate(BOAT, seed=2)
    fox, other_fox = maker.generate(FOX, seed=1), maker.generate(FOX, seed=4)
    first, last = Clip(boat.clip.frames[:1]), Clip(maker.generate(BOAT, seed=6).clip.frames[:1])
    night = "a hot-air balloon rises over a meadow at night"
    takes = {
        "the balloon, seed 3": balloon,
        "the sailboat, seed 2": boat,
        "animate: from a first picture to a last one": maker.animate(BOAT, first, last=last, seed=5),
        "extend: the balloon and 2.7 seconds more": maker.extend(balloon, BALLOON, seed=5),
        "extend --backwards: 2 seconds before the balloon": maker.extend(
            balloon, BALLOON, backwards=True, seconds=2, seed=5
        ),
        "fill: from one fox film to another": maker.fill(fox, other_fox, FOX, seed=5),
        "loop: the last frame runs into the first": maker.loop(BALLOON, seed=5),
        "loop --source: the balloon is led back to its beginning": maker.loop(
            BALLOON, source=balloon, seed=5
        ),
        "blend, morph: balloon to sailboat": maker.blend(balloon, boat, BOAT, seed=5),
        "blend, mix": maker.blend(
            balloon, boat, "a hot-air balloon over the sea at sunset", curve="mix", seed=5
        ),
        "remix 0.85, at night": maker.remix(balloon, night, strength=0.85, seed=5),
        "recut: the first 1.5 seconds stay": maker.recut(
            balloon, "a hot-air balloon drifts over a meadow at dawn", keep=[(0, 1.5)], seed=5
        ),
        "edit: at night": maker.edit(balloon, night, seed=5),
        "variation": maker.variation(balloon, seed=5),
        "board: dawn, then night, cut to the sea": next(maker.takes(board(CARDS))),
    }
    return {label: take.clip for label, take in takes.items()}


def words_over_time() -> None:
    """Lay out a film whose words change: eight seconds a row."""
    clip = next(Ozora().takes(board(LONG_CARDS))).clip
    rows = np.array_split(np.arange(len(clip)), 5)
    clips = [Clip(clip.frames[row], clip.fps) for row in rows]
    labels = [f"from second {row[0] / clip.fps:.0f}" for row in rows]
    write_image(contact_sheet(clips, labels, columns=1, frames=10, width=100), HERE / "words_over_time.webp")


def main() -> None:
    """Film and lay out."""
    words_over_time()
    made = films()
    sheet = contact_sheet(list(made.values()), list(made), columns=1, frames=MOMENTS, width=112)
    write_image(sheet, HERE / "verbs.webp")
    few = {label: clip for label, clip in made.items() if label.startswith(IN_README)}
    write_image(
        contact_sheet(list(few.values()), list(few), columns=2, frames=5, width=112), HERE / "editor.webp"
    )


if __name__ == "__main__":
    main()
