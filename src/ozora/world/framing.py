"""Composition: how far off the camera stands, and on which side, for a subject to fill its share of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ozora.world.bodies import ELLIPSOID, ROUND_CONE, SHEET, Stage
from ozora.world.physics.cast import ALONE, TOGETHER
from ozora.world.shot import Camera, Shot

SHARE = {"wide": 0.36, "medium": 0.62, "close": 0.88}
"""Share of the frame's width that the subject takes; its height may take ``TALLER`` times as much."""

TALLER = 1.25

ELEVATION = {"low": -4.0, "eye": 4.5, "high": 25.0}
"""Degrees the camera stands above the level of the subject's middle."""

FIELD = 27.0
"""Degrees of view across the shorter side of the frame."""


def smooth(path: Tensor, deviation: float) -> Tensor:
    """Gaussian-smooth a path (F, C) in time; ends are continued in a straight line."""
    if path.shape[0] < 3 or deviation <= 0:
        return path
    reach = min(path.shape[0] - 1, math.ceil(3 * deviation))
    steps = torch.arange(-reach, reach + 1, device=path.device, dtype=path.dtype)
    weight = torch.exp(-0.5 * (steps / deviation) ** 2)
    head = 2 * path[:1] - path[1 : reach + 1].flip(0)
    tail = 2 * path[-1:] - path[-reach - 1 : -1].flip(0)
    whole = torch.cat((head, path, tail)).T[:, None]
    return torch.nn.functional.conv1d(whole, (weight / weight.sum())[None, None])[:, 0].T


def extents(stage: Stage, ids: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Boxes around bodies by subject id: low and high corners (F, S, 3) in metres."""
    bodies = stage.bodies
    low, high = [], []
    for index in ids:
        mine = bodies.subject == index
        kind = bodies.kind[mine]
        a, b, c, size = bodies.a[:, mine], bodies.b[:, mine], bodies.c[:, mine], bodies.size[:, mine]
        turned = (bodies.axes[:, mine].abs() @ size[..., None])[..., 0]
        cone, sheet = (kind == ROUND_CONE)[None, :, None], (kind == SHEET)[None, :, None]
        first = torch.where(cone, size[..., :1], torch.where(sheet, size[..., :1], turned))
        if not bool(((kind == ROUND_CONE) | (kind == SHEET) | (kind == ELLIPSOID)).all()):
            ring = (kind == 3)[None, :, None]
            first = torch.where(ring, (size[..., :1] + size[..., 1:2]).expand_as(first), first)
        second = torch.where(cone, size[..., 1:2], size[..., :1])
        other = torch.where(cone | sheet, b, a)
        third = torch.where(sheet, c, a)
        corners = torch.stack((a - first, other - torch.where(cone | sheet, second, first), third - first))
        low.append(corners.amin((0, 2)))
        corners = torch.stack((a + first, other + torch.where(cone | sheet, second, first), third + first))
        high.append(corners.amax((0, 2)))
    return torch.stack(low, 1), torch.stack(high, 1)


def tangents_of(aspect: float) -> tuple[float, float]:
    """Tangents of half the horizontal and half the vertical angle of view."""
    short = math.tan(math.radians(FIELD) / 2)
    return (short * aspect, short) if aspect >= 1 else (short, short / aspect)


def _boxes(stage: Stage, lowest_id: int, first: int, last: int) -> tuple[Tensor, Tensor] | None:
    """Low and high corners (3,) of everything whose id is ``lowest_id`` or more, or None."""
    ids = sorted({i for i in stage.bodies.subject.tolist() if i >= lowest_id})
    if not ids:
        return None
    low, high = extents(stage, ids)
    return low[first:last].cpu().amin((0, 1)), high[first:last].cpu().amax((0, 1))


STEADY = ("static", "pan", "tilt", "zoom")
"""Moves whose camera stays on its spot, and stands back for the subject's way."""

STILL_EDGE = 0.86
"""Of half the frame: how far from its middle the middle of the action may go before a still camera turns."""

STANDS_BACK = {"wide": 1.5, "medium": 2.2, "close": 2.6}
"""How many times farther off than composed a still camera stands at most, to hold the whole way.

A panning camera stands back as far: from nearby whoever passes turns before it as in an orbit.
"""

PAN_NARROWS = 0.95
"""Distance of a panning camera in lengths of the subject's way: it turns by some 55 degrees."""


@dataclass(frozen=True)
class Take:
    """What a move works with: one camera's n frames of action, and where the composition puts the camera."""

    shot: Shot
    camera: Camera
    index: int  # 0 for the shot's camera, 1.. for the cuts'
    low: Tensor  # (n, 3) corner of the framed box, metres
    high: Tensor  # (n, 3)
    middle: Tensor  # (n, 3) of the box, smoothed
    centre: Tensor  # (3,) middle of its way
    heading: Tensor  # (n, 3) unit vector the first subject faces
    width: float  # metres the box takes across the frame
    tall: float
    distance: float  # metres to the subject
    azimuth: float  # radians about the vertical
    elevation: float  # radians above the subject
    tangents: tuple[float, float]  # of half the horizontal and half the vertical angle of view
    sway: float  # 1 or -1: which way a move goes that may go either way
    screens: tuple[Tensor, Tensor] | None  # corners (3,) of everything to pass behind

    @property
    def count(self) -> int:
        """Frames."""
        return self.middle.shape[0]

    @property
    def progress(self) -> Tensor:
        """Share (n,) of the take that has passed, 0 to 1."""
        return torch.linspace(0, 1, self.count) if self.count > 1 else torch.zeros(1)

    @property
    def ease(self) -> Tensor:
        """Progress (n,) of a move that starts and ends softly."""
        return self.progress * self.progress * (3 - 2 * self.progress)

    @property
    def view(self) -> Tensor:
        """Level unit vector (3,) from the subject to the camera."""
        return torch.tensor([math.sin(self.azimuth), 0.0, math.cos(self.azimuth)])

    @property
    def right(self) -> Tensor:
        """Unit vector (3,) to the camera's right."""
        return torch.tensor([math.cos(self.azimuth), 0.0, -math.sin(self.azimuth)])

    @property
    def travel(self) -> Tensor:
        """The subject's way (n, 3) about its middle, metres."""
        return self.middle - self.centre

    @property
    def across(self) -> Tensor:
        """The subject's way (n,) to the camera's right."""
        return self.travel @ self.right

    @property
    def span(self) -> float:
        """Metres the subject travels across the frame."""
        return float(self.across.max() - self.across.min())

    @property
    def half(self) -> float:
        """Half the frame's width in metres, where the subject is."""
        return self.tangents[0] * self.distance

    @property
    def lead(self) -> Tensor:
        """Room (n,) to leave ahead of the subject, a share of ``half``."""
        facing = smooth((self.heading @ self.right)[:, None], 0.5 * self.shot.fps)[:, 0]
        return (facing * 0.1).clamp(-0.1, 0.1)


def _of_groups(shot: Shot, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """Boxes of subjects, (n, S, 3), from those of their instances."""
    mine = [[i for i, of in enumerate(shot.instances) if of == index] for index in range(len(shot.subjects))]
    return (
        torch.stack([low[:, one].amin(1) for one in mine], 1),
        torch.stack([high[:, one].amax(1) for one in mine], 1),
    )


def _worth_framing(shot: Shot, camera: Camera, low: Tensor, high: Tensor) -> tuple[Tensor, Tensor]:
    """The box (n, 3) to frame where not all subjects fit: the first's, or that of two in a relation."""
    if shot.relation == "none" or (shot.relation == "crossing" and camera.move == "follow"):
        return low[:, 0], high[:, 0]
    own = float((high - low)[:, :2].max())
    lowest, highest = low[:, :2].amin(1), high[:, :2].amax(1)
    if shot.relation == "crossing":
        # They come from afar and part again: hold the place where they meet.
        middle = len(low) // 2
        centre = (lowest[middle] + highest[middle]) / 2
        half = torch.maximum((highest[middle] - lowest[middle]) / 2, torch.tensor(1.7 * own))
        lowest = torch.minimum(torch.maximum(lowest, centre - half), centre)
        highest = torch.maximum(torch.minimum(highest, centre + half), centre)
    elif float((highest - lowest).amax(-1).max()) > 9.0 * own:
        return low[:, 0], high[:, 0]
    return lowest, highest


def _draw(shot: Shot, index: int) -> list[float]:
    """Six numbers from 0 to 1 for a camera: 0 for the shot's, 1.. for the cuts'."""
    chance = torch.Generator().manual_seed((shot.seed * 7 + index + 5) % 2**63)
    return torch.rand(6, generator=chance).tolist()


def usual_azimuth(shot: Shot, index: int = 0) -> float:
    """Radians about the vertical from which a camera sees the action, before a cut goes to another side."""
    drawn = _draw(shot, index)[0]
    # A low sun or moon stands behind the action by default; stay near enough to that side to see it.
    azimuth = math.radians(7 if {shot.time, shot.later} & {"sunset", "night"} else 22) * (2 * drawn - 1)
    return azimuth if shot.occluder == "none" else 0.3 * azimuth


def compose(
    shot: Shot, stage: Stage, camera: Camera, index: int, first: int, last: int, aspect: float
) -> Take:
    """Frame the action from frame ``first`` up to ``last`` for a picture ``aspect`` times as wide as tall."""
    subjects = len(shot.instances)
    low, high = extents(stage, range(1, subjects + 1))
    low, high = low[first:last].cpu(), high[first:last].cpu()
    if subjects > len(shot.subjects):
        low, high = _of_groups(shot, low, high)
    count = last - first
    tan_across, tan_up = tangents_of(aspect)
    draw = _draw(shot, index)
    # The box of all subjects together, unless they part so far that only the first can be framed well.
    own = (high - low).max()
    lowest, highest = low.amin(1), high.amax(1)
    apart = 12.0 if shot.subjects[0].action in TOGETHER else 5.0
    if float((highest - lowest).amax(-1).max()) > apart * float(own):
        lowest, highest = _worth_framing(shot, camera, low, high)
    leaps = any("jump" in (subject.action, subject.then) for subject in shot.subjects)
    if leaps or any(subject.kind in ALONE.get(subject.action, ()) for subject in shot.subjects):
        # Room for the whole leap, or for where a fall ends: the camera does not bob after it.
        lowest, highest = lowest.clone(), highest.clone()
        lowest[:, 1], highest[:, 1] = lowest[:, 1].min(), highest[:, 1].max()
    middle = smooth((lowest + highest) / 2, 0.35 * shot.fps)
    size = (highest - lowest).amax(0)  # (3,)
    width = float(torch.maximum(size[0], size[2]))
    if shot.subjects[0].direction in ("towards", "away") and subjects == 1:
        width = max(float(size[0]), 0.6 * width)
    tall = float(size[1])

    azimuth = usual_azimuth(shot, index)
    if index:  # a cut goes to another side of the same action
        azimuth += math.radians(60 + 40 * draw[1]) * (1 if draw[2] < 0.5 else -1)
    share = SHARE[camera.framing] if subjects == 1 else min(1.5 * SHARE[camera.framing], 0.88)
    need = max(width / (2 * tan_across * share), tall / (2 * tan_up * min(share * TALLER, 0.85)))
    near = 0.22 * width  # the near half of a body stands closer than its middle
    if shot.subjects[0].direction in ("towards", "away"):
        near = max(near, 0.5 * float(size[2]))
    centre = middle[count // 2] if count > 1 else middle[0]
    if shot.subjects[0].then != "none":
        # Its way is not the same on both sides of the middle of the clip.
        centre = (middle.amin(0) + middle.amax(0)) / 2
    take = Take(
        shot, camera, index, lowest, highest, middle, centre,
        stage.heading[first:last, 0].cpu(), width, tall,
        need + near,
        azimuth, math.radians(ELEVATION[camera.height] + 3 * (2 * draw[3] - 1)), (tan_across, tan_up),
        1.0 if draw[4] < 0.5 else -1.0, _boxes(stage, 100, first, last),
    )  # fmt: skip
    if camera.move in STEADY:
        # Stand back enough for most of the way, but never so far that the subject shrinks below half.
        wish = (take.span + width) / (2 * tan_across * 0.82)
        deep = float((take.travel @ take.view).max())
        most = 1.26 * take.distance
        if camera.move == "static" or (camera.move == "pan" and subjects == 1):
            most = STANDS_BACK[camera.framing] * take.distance
        if camera.move == "static" and subjects == 1:
            wish = take.span / (2 * tan_across * STILL_EDGE)
        elif camera.move == "pan":
            wish = PAN_NARROWS * take.span
        distance = max(take.distance, min(wish, most)) + max(0.0, deep)
        take = replace(take, distance=distance)
    if take.screens is not None and index == 0:
        # Something to pass behind: stand back until it leaves room on both sides of it.
        corners = torch.stack(take.screens) - take.centre
        front = float((corners @ take.view).max())
        broad = float((take.screens[1] - take.screens[0])[0])
        far = min(max(take.distance, front + broad / (2 * tan_across * 0.45)), 2.1 * take.distance + front)
        take = replace(take, distance=float(torch.tensor(far)))
    return take
