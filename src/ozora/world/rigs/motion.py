"""The order of events: what a subject does first, what then, and the way that makes it go over smoothly."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random

import numpy as np

from ozora.world.rigs.course import STEP, Course, smooth_step
from ozora.world.rigs.gait import GRAVITY
from ozora.world.rigs.leaps import Leaps, Numbers, Spring, spring
from ozora.world.rigs.paths import SPEEDS, Path
from ozora.world.shot import Shot, Subject, moment_of

AROUND = 3.0
"""Seconds of the way that are known before the clip and after it, for feet that land there."""

EASING = (0.4, 0.8)
"""Seconds that a change takes, for the smallest creatures and for the largest; what rolls takes longer."""

FORMS = ("jump", "turn")
"""Actions whose way is never that of a plain path."""


@dataclass(frozen=True)
class Build:
    """What planning needs of a body, in metres and metres per second; no ``leg`` for what rolls."""

    speeds: Mapping[str, float]  # action → speed over the ground
    half: float  # from its middle to the farthest foot
    leg: float = 0.0
    steps: Callable[[float], float] = lambda speed: 0.0  # speed → strides per second
    agility: float = 1.0  # how high it leaps for its legs
    reach: float = 1.0  # and how far
    depth: float = 0.26  # how far its legs bend before a leap, in leg lengths
    gravity: float = GRAVITY

    def easing(self, seconds: float) -> float:
        """Seconds that a change takes in a clip of so many seconds."""
        usual = 1.1 if self.leg == 0 else min(max(0.62 * self.leg**0.5, EASING[0]), EASING[1])
        return min(usual, 0.28 * seconds)


def has_course(subject: Subject) -> bool:
    """Whether the subject's way is more than a plain path."""
    return subject.then != "none" or subject.action in FORMS


def planned(path: Path, subject: Subject, shot: Shot, index: int, build: Build) -> Path:
    """The path with the course of what the subject does, and then does.

    What the words leave open is drawn from the shot's seed and the subject's index.
    """
    draw = Random(f"ozora course {shot.seed} {index}")
    seconds = (shot.frames - 1) / shot.fps
    times = np.arange(-AROUND, seconds + AROUND + STEP, STEP)
    moment = moment_of(shot, index)
    easing = build.easing(seconds)
    plan = _Plan(times, subject, build, moment, easing, seconds, 1.0 if draw.random() < 0.5 else -1.0)
    first, then = subject.action, subject.then
    later = np.zeros_like(times) if then == "none" else smooth_step(times, moment, easing)
    speed, turning = plan.speed(first) * (1 - later), np.zeros_like(times)
    shares = {first: 1 - later}
    if then == "turn":
        # Once it has turned round it goes on with what it did before.
        speed, turning, share = plan.turned_back()
        shares = {first: 1 - share, then: share}
    elif then != "none":
        speed, shares[then] = speed + plan.speed(then) * later, later
    if first == "turn":
        turning = plan.side * plan.rate * (1 - later)
    steps = np.array([build.steps(value) for value in speed.tolist()])
    steps = np.maximum(steps, np.abs(turning) / MOST_TURN)
    leaps = plan.leaps(draw)
    if leaps is not None:
        speed = speed + leaps.ahead(times)
    travelled = _total(speed)
    start, middle, end = np.searchsorted(times, (0.0, path.middle, seconds))
    way = float(travelled[end] - travelled[start])
    # A gentle bend all along the way, as the plain path has it.
    curvature = path.curvature * path.speed * seconds / way if way > build.half else 0.0
    bent = _total(turning) + curvature * travelled
    anchor = int(middle)
    if then == "turn":
        anchor = int(np.searchsorted(times, moment))
    elif then != "none" and first == "turn":
        anchor = int(np.searchsorted(times, moment + easing))
    angle = path.angle + bent - bent[anchor]
    offset = np.stack([_total(speed * np.cos(angle)), _total(speed * np.sin(angle))], -1)
    course = Course(
        times, offset - offset[middle], angle, travelled - travelled[middle],
        _total(steps) + draw.random(), turning, shares, leaps,
    )  # fmt: skip
    return replace(path, course=course, curvature=curvature, speed=way / max(seconds, 1e-3))


MOST_TURN = 0.9
"""Radians that a body turns at most from one step of a foot to its next."""


def _total(values: Numbers) -> Numbers:
    """The running integral over rows that are STEP apart, by the trapezoidal rule."""
    return np.concatenate([[0.0], np.cumsum((values[1:] + values[:-1]) / 2) * STEP])


@dataclass(frozen=True)
class _Plan:
    """What the parts of one plan share."""

    times: Numbers
    subject: Subject
    build: Build
    moment: float
    easing: float
    seconds: float
    side: float  # which way it turns: 1 right, -1 left

    @property
    def pace(self) -> float:
        """How fast it is, in usual speeds."""
        return SPEEDS[self.subject.speed]

    @property
    def rate(self) -> float:
        """Radians per second of a body that turns on the spot."""
        return 1.25 * self.pace * (0.5 / max(self.build.leg, 0.1)) ** 0.5

    def speed(self, action: str) -> float:
        """Metres per second over the ground of an action done alone, leaps apart."""
        if action == "jump":
            return 0.0
        if action == "turn":
            return self.rate * self.build.half * 0.6
        return self.build.speeds[action]

    def turned_back(self) -> tuple[Numbers, Numbers, Numbers]:
        """Half a turn that begins at the moment: speed, radians per second and its share of the action."""
        going = self.speed(self.subject.action)
        slow = min(0.9 * self.build.speeds["walk"], going) if going > 0 else 0.35 * self.speed("turn")
        quickest = math.pi / (2.2 * self.rate)
        left = max(self.seconds - self.moment, quickest)
        length = min(max(math.pi / (1.15 * self.rate), quickest), 0.92 * left)
        share = np.clip((self.times - self.moment) / length, 0.0, 1.0)
        edge = min(0.4 * length, self.easing)
        within = smooth_step(self.times, self.moment, edge) - smooth_step(
            self.times, self.moment + length - edge, edge
        )
        # The rate swells from 0 to twice its mean and back.
        turning = self.side * math.pi / length * (1 - np.cos(2 * np.pi * share))
        return going + (slow - going) * within, turning, within

    def leaps(self, draw: Random) -> Leaps | None:
        """All leaps of the clip; none that a change would cut short."""
        subject = self.subject
        if "jump" not in (subject.action, subject.then):
            return None
        build = self.build
        one = spring(build.leg, self.pace, build.agility, build.reach, build.depth, build.gravity)
        start, end = float(self.times[0]) + 0.5, float(self.times[-1]) - 0.5
        if subject.action == "jump" and subject.then == "none":
            first = start + draw.random() * one.period
        elif subject.action == "jump":
            # The last leap is over when the second action begins.
            end = self.moment - one.run_out + 0.3 * one.recover
            first = end - one.flight
            while first - one.period > start:
                first -= one.period
        else:
            waits = 0.0 if subject.action == "stand" else self.easing + 0.04
            first = self.moment + max(one.run_up, waits + one.push)
            start = first
        on_the_spot = subject.action == "stand"
        return Leaps(one, _row(one, first, start, end), 0.12 if on_the_spot else 1.0)


def _row(one: Spring, first: float, start: float, end: float) -> tuple[float, ...]:
    """Take-offs one period apart between two moments, the last flight over before the end."""
    count = int((end - one.flight - first) / one.period + 1e-6) + 1
    moments = (first + number * one.period for number in range(max(count, 0)))
    return tuple(moment for moment in moments if moment >= start)
