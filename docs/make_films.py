"""Make the README's pictures: films by the shipped weights, one take each, and the world they learnt from."""

from __future__ import annotations

from pathlib import Path

from ozora import Clip, Ozora
from ozora.evaluate.prompts import read_prompts
from ozora.media.images import write_image
from ozora.media.sheets import contact_sheet
from ozora.world.captions import caption
from ozora.world.film import film
from ozora.world.sampling import sample_shot

HERE = Path(__file__).resolve().parent
FOX = "a red fox runs across a snowy field at dusk"
NEW = (
    "a train crosses a snowy field at noon",
    "an elephant walks through the savannah at sunset",
    "a whale swims in the sea at dusk",
    "a red car drives along a street at noon",
    "a deer walks through a forest at dawn",
    "a penguin walks across the snow at noon",
    "a rocket lifts off in the dunes at sunset",
    "a black cat walks across a meadow at noon",
)
"""Subjects that the default weights have never seen, nothing picked."""
SHOWN = 8
MOMENTS = 3


def films() -> None:
    """The README's own prompt and the first seven of the fixed list, seed 1, nothing picked."""
    maker = Ozora()
    prompts = [FOX, *(prompt.text for prompt in read_prompts("first")[: SHOWN - 1])]
    clips = [maker.generate(prompt, seed=1).clip for prompt in prompts]
    write_image(contact_sheet(clips, prompts, columns=2, frames=MOMENTS), HERE / "films.png")


def wide() -> None:
    """New subjects by the default weights and by ``wide``, in their best quality, seed 1, side by side."""
    for_each = [Ozora(weights=weights) for weights in ("micro", "wide")]
    clips = [
        maker.generate(prompt, seed=1, quality="best").clip for prompt in NEW for maker in for_each
    ]
    labels = [f"{weights}: {prompt}" for prompt in NEW for weights in ("micro", "wide")]
    write_image(contact_sheet(clips, labels, columns=2, frames=MOMENTS), HERE / "wide.png")


def world() -> None:
    """Shots 1 to 8 of the film set, with a caption each."""
    shots = [sample_shot(seed) for seed in range(1, SHOWN + 1)]
    clips = [
        Clip(film(shot, 224, 128, frames=[4, shot.frames // 2, shot.frames - 5]).frames.numpy(), shot.fps)
        for shot in shots
    ]
    labels = [caption(shot, "medium", seed=shot.seed) for shot in shots]
    write_image(contact_sheet(clips, labels, columns=2, frames=MOMENTS), HERE / "world.png")


if __name__ == "__main__":
    world()
    films()
    wide()
