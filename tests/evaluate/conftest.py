"""Films as the eyes would see them, made by hand: the fixture ``hand``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ozora.evaluate.sight import FilmSight
from ozora.evaluate.tracks import Sighting, follow
from ozora.train.eyes import eyes_config

CONFIG = eyes_config("micro")
KINDS = CONFIG.classes[CONFIG.first_subject :]
FPS = 12.0


@dataclass(frozen=True)
class Actor:
    """Somebody in a film made by hand: where it is in each frame (None: hidden), what it is."""

    places: Sequence[tuple[float, float] | None]
    kind: str = "fox"
    colour: str = "red"
    action: str = "run"
    depth: float = 8.0
    area: float = 0.02
    then: str | None = None  # what it does in the second half


def shares(values: Sequence[str], value: str, sure: float = 0.9) -> np.ndarray:
    """A distribution that is ``sure`` of one value."""
    rest = (1 - sure) / (len(values) - 1)
    return np.array([sure if one == value else rest for one in values])


def sighting(actor: Actor, frame: int) -> Sighting:
    """What is seen of an actor in a frame in which it is not hidden."""
    words, place = dict(CONFIG.traits), actor.places[frame]
    assert place is not None
    later = 2 * frame >= len(actor.places) and actor.then is not None
    told = {"colour": actor.colour, "size": "medium", "direction": "right",
            "action": actor.then if later else actor.action}  # fmt: skip
    traits = {axis: shares(words[axis], str(value)) for axis, value in told.items()}
    return Sighting(frame, *place, actor.area, actor.depth, 0.8, shares(KINDS, actor.kind), traits)


def people(actors: Sequence[Actor]) -> list[list[Sighting]]:
    """Everybody who is seen, frame by frame."""
    frames = len(actors[0].places)
    return [[sighting(one, t) for one in actors if one.places[t] is not None] for t in range(frames)]


def line(start: tuple[float, float], end: tuple[float, float], frames: int = 25) -> list[tuple[float, float]]:
    """Straight from one place to another."""
    steps = np.linspace(0, 1, frames)
    return [(start[0] + (end[0] - start[0]) * s, start[1] + (end[1] - start[1]) * s) for s in steps]


def staged(
    actors: Sequence[Actor] = (), *, light: torch.Tensor | None = None, flow: float = 0.0,
    cuts: tuple[int, ...] = (), features: torch.Tensor | None = None, frames: int = 25,
) -> FilmSight:  # fmt: skip
    """A film in which these actors are seen, before a background that moves ``flow`` pixels to the right."""
    frames = len(actors[0].places) if actors else frames if light is None else len(light)
    seen = people(actors) if actors else [[] for _ in range(frames)]
    light = torch.full((frames, 3, 8, 14), 0.5) if light is None else light
    motion = torch.zeros(frames - 1, 2, 8, 14)
    motion[:, 0] = flow
    return FilmSight(
        CONFIG, FPS, light, motion, torch.zeros(frames, 8, 14), tuple(map(tuple, seen)),
        follow(CONFIG, seen, FPS, cuts), cuts,
        {axis: shares(words, words[0]) for axis, words in CONFIG.scene},
        torch.zeros(frames, 6).double() if features is None else features.double(),
        np.full(frames, 0.1),
    )  # fmt: skip


@pytest.fixture(scope="session")
def hand() -> SimpleNamespace:
    """The tools to make films by hand."""
    return SimpleNamespace(
        CONFIG=CONFIG, FPS=FPS, Actor=Actor, line=line, people=people, shares=shares, staged=staged
    )
