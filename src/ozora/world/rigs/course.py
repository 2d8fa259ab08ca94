"""A way with changes: standing, walking, turning, leaping one after the other, as tables over time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ozora.world.rigs.gait import Feet, Gait
from ozora.world.rigs.leaps import Leaps, Numbers, ease
from ozora.world.rigs.paths import Path, Scene

Marks = NDArray[np.bool_]

STEP = 1 / 240
"""Seconds from row to row; between rows everything is a straight line."""

STILL = 0.14
"""Share of the usual step frequency below which no foot is lifted."""

STYLES = {"jump": "stand", "turn": "walk"}
"""How a body is carried that does something for which it has no style of its own."""


@dataclass(frozen=True)
class Course:
    """Where a body is, how far its stride has gone, and how much it does of each action, N rows of time."""

    times: Numbers  # (N,) seconds, evenly apart, from well before the clip until well after it
    offset: Numbers  # (N, 2) metres from where it is at the middle of the clip
    angle: Numbers  # (N,) radians of its heading in the x-z plane
    travelled: Numbers  # (N,) metres, 0 at the middle of the clip
    cycles: Numbers  # (N,) strides
    turning: Numbers  # (N,) radians per second to the right
    shares: Mapping[str, Numbers]  # action → (N,) how much of it there is; they add up to 1
    leaps: Leaps | None = None

    def row(self, values: Numbers, times: Tensor) -> Tensor:
        """Values (N,) of the table read at times (...)."""
        return torch.from_numpy(np.interp(times.double().numpy(), self.times, values)).float()

    def at(self, times: Tensor) -> tuple[Tensor, Tensor]:
        """Offsets (..., 2) in metres and heading angles (...) in radians."""
        offset = torch.stack([self.row(self.offset[:, axis], times) for axis in (0, 1)], -1)
        return offset, self.row(self.angle, times)

    def travelled_at(self, times: Tensor) -> Tensor:
        """Metres travelled (...) since the middle of the clip."""
        return self.row(self.travelled, times)

    def stride(self, times: Tensor) -> Tensor:
        """Strides (...) gone by; whole ones are left out, so that no fraction is lost in large numbers."""
        return self.row(self.cycles - np.floor(self.cycles[0]), times)

    def styles(self, times: Tensor) -> dict[str, Tensor]:
        """How much (...) a body is carried as in each style: "stand", "walk" or "run"."""
        styles: dict[str, Tensor] = {}
        for action, share in self.shares.items():
            style = STYLES.get(action, action)
            here = self.row(share, times)
            styles[style] = styles[style] + here if style in styles else here
        return styles

    def share(self, action: str, times: Tensor) -> Tensor:
        """How much (...) of an action there is, 0 to 1."""
        none = np.zeros_like(self.times)
        return self.row(self.shares.get(action, none), times)

    def height(self, times: Tensor) -> Tensor:
        """Metres (...) that leaps lift the body over where it stands."""
        return torch.zeros_like(times) if self.leaps is None else _told(self.leaps.height, times)

    def keyed(self, times: Tensor, crouched: float, off: float, top: float, land: float) -> Tensor:
        """A number (...) that goes through a value at each stage of every leap and is 0 outside."""
        if self.leaps is None:
            return torch.zeros_like(times)
        return _told(partial(self.leaps.keyed, crouched=crouched, off=off, top=top, land=land), times)


def _told(of: Callable[[Numbers], Numbers], times: Tensor) -> Tensor:
    return torch.from_numpy(of(times.double().numpy())).float()


@dataclass(frozen=True)
class Hips:
    """Where the feet of one creature belong: (forward, right) in metres about its path, and how they leap."""

    moving: tuple[tuple[float, float], ...]
    standing: tuple[tuple[float, float], ...]
    fore: tuple[bool, ...]  # which feet leave and touch the ground first in a leap
    leg: float  # metres
    tuck: float = 0.30  # how far feet are drawn up in a leap, in leg lengths


def footsteps(course: Course, path: Path, scene: Scene, gaits: Mapping[str, Gait], hips: Hips) -> Feet:
    """Where the feet are on a way with changes.

    Each foot has a row of swings: those of the stride, whose pattern goes over from gait to gait with the
    shares of the actions, and those of the leaps. Between two swings it stands exactly on one spot; no swing
    is cut short when the body stops, so that nobody is left on three legs.
    """
    count = len(hips.moving)
    styles = {name: gaits[name] for name in ("walk", "run") if name in gaits}
    running = course.shares.get("run", np.zeros_like(course.times))
    walk, run = styles["walk"], styles["run"]
    duty = walk.duty + (run.duty - walk.duty) * running
    lift = walk.lift + (run.lift - walk.lift) * running
    rate = np.gradient(course.cycles, STEP)
    moving = rate > STILL * max(float(rate.max()), 1e-6)
    cycle = 1 / max(float(rate.max()), 0.5)
    # Feet change places in the pattern over a whole stride, the ones ahead of the others and the others back.
    slowly = _averaged(running, cycle)
    drift = [there - here for here, there in zip(walk.strikes, run.strikes, strict=True)]
    drift = [one - (max(drift) + min(drift)) / 2 for one in drift]
    feet = []
    for index in range(count):
        strike = walk.strikes[index] + drift[index] * slowly
        own = np.maximum.accumulate(course.cycles - strike)
        down = (own - np.floor(own) < duty) | ~moving
        swings = _strides(course.times, down, moving, cycle)
        swings = _in_reach(swings, course, moving, 0.38 * hips.leg, 0.28 * cycle)
        if course.leaps is not None:
            one = course.leaps.spring
            early = 0.35 * one.push if hips.fore[index] else 0.0
            late = 0.45 * one.landing if any(hips.fore) and not hips.fore[index] else 0.0
            swings = _with_leaps(swings, course.leaps, early, late)
        feet.append(_foot(course, path, scene, swings, moving, hips, index, lift))
    return Feet(*(torch.stack(part) for part in zip(*feet, strict=True)))


Swing = tuple[float, float, bool]  # lifted and landed, seconds; whether it is a leap


def _averaged(values: Numbers, seconds: float) -> Numbers:
    """Values (N,) averaged over so many seconds about every row."""
    half = max(int(seconds / STEP / 2), 1)
    padded = np.pad(values, half, mode="edge")
    return np.convolve(padded, np.ones(2 * half + 1) / (2 * half + 1), mode="valid")


def _strides(times: Numbers, down: Marks, moving: Marks, cycle: float) -> list[Swing]:
    """The swings of one foot: those that a stop cuts are finished, those that a start cuts are left out."""
    edges = np.flatnonzero(np.diff(down.astype(int)))
    bounds = [0, *(int(edge) + 1 for edge in edges), len(times)]
    swings: list[Swing] = []
    shortest = 0.16 * cycle
    for first, last in pairwise(bounds):
        if down[first] or first == 0 or last == len(times):
            continue
        start, end = float(times[first]), float(times[last])
        if not moving[first - 1] and end - start < 1.4 * shortest:
            continue
        if not moving[min(last, len(times) - 1)]:
            end = max(end, start + 1.8 * shortest)
        swings.append((start, end, False))
    return swings


def _in_reach(
    swings: list[Swing], course: Course, moving: Marks, reach: float, length: float
) -> list[Swing]:
    """With a short step more where a body goes too far from a foot between its rest and its stride.

    ``reach`` is how many metres are not too far, ``length`` the seconds of such a step.
    """
    more: list[Swing] = []
    starts = course.times[1:][moving[1:] & ~moving[:-1]]
    stops = course.times[1:][~moving[1:] & moving[:-1]]
    way = partial(np.interp, xp=course.times, fp=course.travelled)
    for start in starts:
        later = [lifted for lifted, _, _ in swings if lifted >= start - STEP]
        if later and way(later[0]) - way(start) > reach:
            step = float(start) + 0.1 * (later[0] - float(start))
            if step + length < later[0] - 0.1:
                more.append((step, step + length, False))
    for stop in stops:
        before = [landed for lifted, landed, _ in swings if lifted < stop]
        if before and way(stop) - way(before[-1]) > reach:
            step = 0.5 * (before[-1] + float(stop))
            more.append((step, step + length, False))
    return sorted([*swings, *more])


def _with_leaps(swings: list[Swing], leaps: Leaps, early: float, late: float) -> list[Swing]:
    """With the leaps among them, of a foot that leaves and lands some seconds before and after the body."""
    own = [(off - early, land + late, True) for off, land in zip(leaps.offs, leaps.lands, strict=True)]
    for start, end, _ in own:
        swings = [
            (lifted, min(landed, start - 0.04) if lifted < start else landed, leap)
            for lifted, landed, leap in swings
            if lifted < start - 0.12 or lifted > end
        ]
    return sorted([*swings, *own])


def _foot(
    course: Course, path: Path, scene: Scene, swings: list[Swing], moving: Marks, hips: Hips, index: int,
    lift: Numbers,
) -> tuple[Tensor, Tensor, Tensor, Tensor]:  # fmt: skip
    """One foot in every frame: position (F, 3), shares of stance and swing gone by (F,), heading (F,)."""
    lifted = np.array([*(swing[0] for swing in swings), np.inf])
    landed = np.array([-np.inf, *(swing[1] for swing in swings)])
    leap = torch.tensor([swing[2] for swing in swings] + [False])
    prints = [_print(course, path, begin, end, moving, hips, index) for begin, end in
              zip(landed, lifted, strict=True)]  # fmt: skip
    spots, angles = (torch.stack(part) for part in zip(*prints, strict=True))  # one for each stance
    times = scene.times.double().numpy()
    number = np.searchsorted(landed[1:], times, side="right")  # of the stance that is on or comes before
    aloft = times > lifted[number]
    nxt = np.minimum(number + 1, len(landed) - 1)
    with np.errstate(invalid="ignore"):
        share = np.where(aloft, (times - lifted[number]) / (landed[nxt] - lifted[number]), 0.0)
    swing = torch.from_numpy(np.nan_to_num(share)).float()
    here, there = spots[number], spots[nxt]
    soft = swing * swing * (3 - 2 * swing)
    xz = torch.lerp(here, there, soft[:, None])
    ground = scene.heights(xz)
    low = torch.lerp(scene.heights(here), scene.heights(there), soft)
    raised = course.row(lift, scene.times) * hips.leg
    raised = torch.where(leap[number], torch.full_like(raised, hips.tuck * hips.leg), raised)
    arc = raised * torch.sin(torch.pi * swing.pow(0.8)).clamp(min=0)
    if course.leaps is not None:
        arc = arc + torch.where(swing > 0, _told(course.leaps.flown, scene.times), 0.0)
    height = torch.where(swing > 0, torch.maximum(low, ground) + arc, low)
    # Heels rise before a foot leaves and after a hurried landing, not while the body stands about.
    usual = 0.6
    since, left = times - landed[number], lifted[number] - times
    span = np.minimum(usual, lifted[number] - landed[number])
    stance = np.maximum(np.minimum(since / span, 0.5), 1 - left / span)
    stance = np.where(aloft, 1.0, np.clip(np.nan_to_num(stance, nan=0.5), 0.0, 1.0))
    position = torch.stack([xz[:, 0], height, xz[:, 1]], -1)
    return position, torch.from_numpy(stance).float(), swing, torch.lerp(angles[number], angles[nxt], soft)


def _print(
    course: Course, path: Path, begin: float, end: float, moving: Marks, hips: Hips, index: int
) -> tuple[Tensor, Tensor]:
    """Where (2,) a foot stands from one moment to another, and its heading: those of its hip half-way."""
    first, last = float(course.times[0]), float(course.times[-1])
    inside = (course.times >= max(begin, first)) & (course.times <= min(end, last))
    rest = inside & ~moving
    forward, right = hips.moving[index]
    moment = 0.5 * (max(begin, first) + min(end, last))
    if rest.any():
        # Of a long rest that which is inside the clip.
        moment = float(np.median(course.times[rest]))
        if course.leaps is None:
            forward, right = hips.standing[index]
    place, ahead = path.at(torch.tensor([moment]))
    across = torch.stack([-ahead[:, 1], ahead[:, 0]], -1)
    spot = (place + forward * ahead + right * across)[0]
    return spot, course.row(course.angle, torch.tensor([moment]))[0]


def smooth_step(times: Numbers, start: float, length: float) -> Numbers:
    """From 0 to 1 between ``start`` and ``start + length`` seconds."""
    return ease((times - start) / max(length, 1e-6))
