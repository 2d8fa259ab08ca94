"""Make the picture of scorecard.md: fresh shots, what the shipped eyes see in them, and their second look."""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F

from ozora import Clip
from ozora.backends.weights import find_eyes
from ozora.evaluate.prompts import skilled_shot
from ozora.evaluate.tracks import sightings
from ozora.media.images import write_image
from ozora.media.sheets import contact_sheet
from ozora.model.eyes import CELL, Eyes, load_eyes
from ozora.model.fovea import glimpses, windows
from ozora.model.instances import instances
from ozora.train.sight_sheet import class_colours, depth_picture
from ozora.world.film import film
from ozora.world.shot import Shot

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 224, 128
FIRST, SHOTS = 77_000, 8
"""Shots that nobody chose: the first of a suite that is used nowhere else."""


@torch.no_grad()
def seen(eyes: Eyes, shot: Shot) -> tuple[Clip, str]:
    """A moment as filmed, who and what is where, how far, the largest looked at again; and its name."""
    middle = shot.frames // 2
    frames = film(shot, WIDTH, HEIGHT, frames=range(middle - 1, middle + 2)).frames
    video = frames.movedim(-1, 1).float().div(127.5).sub(1)[None]  # (1, 3, 3, H, W)
    sight = eyes(video)
    found = sightings(eyes, video, sight)[1]
    classes = class_colours(eyes.config)[sight.classes[0, 1].argmax(0)].movedim(-1, 0)  # (3, h, w)
    depth = depth_picture(sight.depth[0, 1:2])[0]
    rows = [video[0, 1], _grown(classes), _grown(depth), -0.85 * torch.ones(3, HEIGHT, WIDTH)]
    cells = [one.cells for one in instances(sight) if one.frame == 1]
    if cells:
        largest = max(cells, key=lambda one: int(one.sum()))[None]
        near, _ = glimpses(video[0, 1:2], largest, windows(largest, CELL))
        square = F.interpolate(near[:, :3], (HEIGHT, HEIGHT), mode="bilinear")[0]
        rows[3][:, :, (WIDTH - HEIGHT) // 2 : (WIDTH + HEIGHT) // 2] = square
    pictures = torch.stack(rows).add(1).mul(127.5).round().clamp(0, 255).byte().movedim(1, -1)
    who = [f"{eyes.config.subjects[int(one.kinds.argmax())]} {one.kinds.max():.0%}" for one in found]
    scene = [words[int(sight.scene[axis][0, 1].argmax())] for axis, words in eyes.config.scene]
    return Clip(pictures.numpy()), f"{' + '.join(who) or 'nobody'}: {', '.join(scene)}"


def _grown(cells: torch.Tensor) -> torch.Tensor:
    return F.interpolate(cells[None].float(), (HEIGHT, WIDTH), mode="nearest")[0]


def main() -> None:
    """One row a shot."""
    path = find_eyes()
    assert path is not None
    eyes = load_eyes(path, "evaluation")
    told = [seen(eyes, skilled_shot(FIRST + index)) for index in range(SHOTS)]
    clips, words = [clip for clip, _ in told], [line for _, line in told]
    write_image(contact_sheet(clips, words, columns=2, frames=4), HERE / "eyes.png")


if __name__ == "__main__":
    main()
