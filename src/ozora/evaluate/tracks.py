"""Who is in a film, followed through time: single sightings by the eyes, joined into tracks.

A sighting is one instance in one frame. From frame to frame sightings are given to tracks so that the sum of
what speaks against is least (the assignment problem: Kuhn 1955, solved by ``scipy``): distance from where the
track should be by now, another kind, another colour, another size. A track that finds no sighting is hidden,
not over: whoever passes behind a tree keeps the track, as long as ``MEMORY`` seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ozora.model.eyes import Eyes, EyesConfig, Seen
from ozora.model.instances import instances

NOBODY = 0.3
"""Whom a second look takes for nobody by more than this is not there."""

SEEN_NEAR = ("colour", "direction", "action")
"""Traits that a second look tells better; size is told by the whole picture."""

MEMORY = 1.5
"""Seconds for which a hidden track waits."""

LEAST_SIGHTINGS = 3
"""Of a track: what is seen once or twice is a slip of the eyes."""

GATE = 1.6
"""The sum of objections above which a sighting is not the track's."""

REACH = 0.12
"""Of the picture's width: a place this far from where the track should be is one objection."""

Shares = NDArray[np.float64]


@dataclass(frozen=True)
class Sighting:
    """One instance in one frame. Lengths are shares of the picture's width, or height for ``y``."""

    frame: int
    x: float
    y: float
    area: float  # share of the picture
    depth: float  # metres, as the eyes guess them
    score: float  # probability of its centre
    kinds: Shares  # probability of every subject, in the order of the eyes' classes
    traits: dict[str, Shares]  # per axis, probability of every value


@dataclass(frozen=True)
class Track:
    """One instance through a film of ``length`` frames."""

    sightings: tuple[Sighting, ...]
    length: int
    kind: str
    kind_share: float  # probability of ``kind``, mean over the sightings
    traits: dict[str, str]  # colour, size, direction, action: the likeliest over all sightings

    @property
    def confidence(self) -> float:
        """How sure it is that somebody is there, and who: mean of centres times probability of the kind."""
        return float(np.mean([one.score for one in self.sightings])) * self.kind_share

    @property
    def visible(self) -> NDArray[np.bool_]:
        """Whether it is seen in each frame (T,)."""
        shown = np.zeros(self.length, bool)
        shown[[one.frame for one in self.sightings]] = True
        return shown

    @property
    def first(self) -> int:
        """First frame in which it is seen."""
        return self.sightings[0].frame

    @property
    def last(self) -> int:
        """Last frame in which it is seen."""
        return self.sightings[-1].frame

    def path(self) -> NDArray[np.float64]:
        """Frame, x and y of every sighting, (N, 3)."""
        return np.array([(one.frame, one.x, one.y) for one in self.sightings])

    def mean(self, what: str, frames: slice | None = None) -> float:
        """Mean of ``x``, ``y``, ``area`` or ``depth`` over the sightings within some frames; NaN if none."""
        span = range(self.length)[frames or slice(None)]
        values = [getattr(one, what) for one in self.sightings if one.frame in span]
        return float(np.mean(values)) if values else float("nan")

    def likeliest(self, axis: str, values: Sequence[str], frames: slice | None = None) -> str | None:
        """The likeliest value of a trait within some frames; None if it is not seen there."""
        span = range(self.length)[frames or slice(None)]
        votes = [one.traits[axis] for one in self.sightings if one.frame in span]
        return values[int(np.mean(votes, 0).argmax())] if votes else None


@dataclass
class _Open:
    """A track that is being followed."""

    sightings: list[Sighting] = field(default_factory=list)

    def place(self, frame: int, since: int) -> tuple[float, float]:
        """Where it should be by now: straight on from its last few sightings since the last cut."""
        recent = [one for one in self.sightings[-4:] if one.frame >= since]
        last = recent[-1]
        if len(recent) < 2 or recent[0].frame == last.frame:
            return last.x, last.y
        span = last.frame - recent[0].frame
        ahead = min(frame - last.frame, 6)  # further on nobody goes straight
        return (
            last.x + (last.x - recent[0].x) / span * ahead,
            last.y + (last.y - recent[0].y) / span * ahead,
        )


def sightings(
    eyes: Eyes, video: Tensor, seen: Seen, film: int = 0, first_frame: int = 0
) -> list[list[Sighting]]:
    """Everybody whom the eyes see in one film of ``video`` (B, T, 3, H, W), frame by frame.

    Eyes that have a fovea look at each of them a second time: then a name is the product of what both looks
    say, and whom the second does not find there is not there.
    """
    found = instances(seen, film)
    traits = {axis: value[film].float().softmax(1) for axis, value in seen.traits.items()}
    kinds = seen.classes[film, :, eyes.config.first_subject :].float().softmax(1)  # (T, S, h, w)
    near = None
    if found:
        cells = torch.stack([one.cells for one in found])
        near = eyes.glimpse(video[film, [one.frame for one in found]], cells)
    people: list[list[Sighting]] = [[] for _ in range(seen.depth.shape[1])]
    for number, one in enumerate(found):
        mine = one.cells
        height, width = mine.shape
        rows, columns = torch.nonzero(mine, as_tuple=True)
        kind = kinds[one.frame][:, mine].mean(1).double()
        values = {axis: value[one.frame][:, mine].mean(1).double() for axis, value in traits.items()}
        score = one.score
        if near is not None:
            again = near.kinds[number].double().softmax(0)  # (S + 1,)
            if float(again[-1]) > NOBODY:
                continue
            kind = both(kind, again[:-1])
            for axis in SEEN_NEAR:
                values[axis] = both(values[axis], near.traits[axis][number].double().softmax(0))
        people[one.frame].append(
            Sighting(
                frame=first_frame + one.frame,
                x=(float(columns.float().mean()) + 0.5) / width,
                y=(float(rows.float().mean()) + 0.5) / height,
                area=len(rows) / (height * width),
                depth=float(seen.depth[film, one.frame][mine].float().mean().exp()),
                score=score,
                kinds=kind.cpu().numpy(),
                traits={axis: value.cpu().numpy() for axis, value in values.items()},
            )
        )
    return people


def both(first: Tensor, second: Tensor) -> Tensor:
    """What two looks say together, (V,): the product of their probabilities, which sum to 1 again.

    Both go by the same pixels, and the nearer one sees more of them: the first counts for half.
    """
    product = (first + 1e-4).sqrt() * (second + 1e-4)
    return product / product.sum()


def follow(
    config: EyesConfig, frames: Sequence[Sequence[Sighting]], fps: float, cuts: Sequence[int] = ()
) -> tuple[Track, ...]:
    """Join the sightings of a film into tracks, the surest first. ``cuts`` are first frames after a cut:
    there nobody need be where they were, and only kind, colour and size tell who is who."""
    from scipy.optimize import linear_sum_assignment  # who only glances at pictures does not wait for it

    live: list[_Open] = []
    over: list[_Open] = []
    for frame, here in enumerate(frames):
        patience = MEMORY * fps
        over += [one for one in live if frame - one.sightings[-1].frame > patience]
        live = [one for one in live if frame - one.sightings[-1].frame <= patience]
        recent = [start for start in cuts if start <= frame]
        since = recent[-1] if recent else 0
        free = set(range(len(here)))
        if live and here:
            costs = np.array([[_objection(one, sight, frame, since) for sight in here] for one in live])
            for row, column in zip(*linear_sum_assignment(costs), strict=True):
                if costs[row, column] <= GATE:
                    live[row].sightings.append(here[column])
                    free.discard(int(column))
        live += [_Open([here[index]]) for index in sorted(free)]
    whole = [one for one in over + live if len(one.sightings) >= min(LEAST_SIGHTINGS, len(frames))]
    tracks = [_closed(config, one, len(frames)) for one in whole]
    return tuple(sorted(tracks, key=lambda track: (-track.confidence * len(track.sightings), track.first)))


def _objection(track: _Open, sight: Sighting, frame: int, since: int) -> float:
    """What speaks against a sighting being the track's next one."""
    last = track.sightings[-1]
    strange = 1 - float(np.sqrt(last.kinds * sight.kinds).sum())
    if "colour" in last.traits:
        strange += 0.5 * (1 - float(np.sqrt(last.traits["colour"] * sight.traits["colour"]).sum()))
    if last.frame < since:  # a cut lies between
        return strange
    x, y = track.place(frame, since)
    gap = frame - last.frame
    far = float(np.hypot(sight.x - x, (sight.y - y) * 0.6)) / (REACH * (1 + 0.15 * (gap - 1)))
    grown = abs(float(np.log(sight.area / last.area))) / 3
    return far + strange + min(grown, 0.5)


def _closed(config: EyesConfig, track: _Open, length: int) -> Track:
    kinds = np.mean([one.kinds for one in track.sightings], 0)
    words = dict(config.traits)
    traits = {
        axis: words[axis][int(np.mean([one.traits[axis] for one in track.sightings], 0).argmax())]
        for axis in track.sightings[0].traits
    }
    best = int(kinds.argmax())
    name = config.classes[config.first_subject + best]
    return Track(tuple(track.sightings), length, name, float(kinds[best]), traits)
