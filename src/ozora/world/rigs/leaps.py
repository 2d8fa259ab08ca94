"""Leaps: crouch, push-off, free flight, landing, as exact functions of time.

From take-off to landing nothing but gravity acts. Before and after, the legs push with an even force over the
length that they stretch or give, so that the body's height and its speed never jump.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ozora.world.rigs.gait import GRAVITY

Numbers = NDArray[np.float64]


def ease(share: Numbers) -> Numbers:
    """From 0 to 1 with level ends, for shares of any size."""
    share = np.clip(share, 0.0, 1.0)
    return np.asarray(share * share * (3 - 2 * share))


@dataclass(frozen=True)
class Spring:
    """How a body leaps: lengths in metres, durations in seconds."""

    height: float  # of the flight's top over the take-off
    depth: float  # how far the legs bend before they push
    give: float  # how far they bend to land
    stretch: float  # how much taller than standing the body leaves the ground
    far: float  # metres per second over the ground while it flies
    crouch: float
    recover: float
    pause: float
    gravity: float = GRAVITY

    @property
    def launch(self) -> float:
        """Metres per second upwards at take-off."""
        return math.sqrt(2 * self.gravity * self.height)

    @property
    def flight(self) -> float:
        """Seconds in the air."""
        return 2 * self.launch / self.gravity

    @property
    def push(self) -> float:
        """Seconds of even force that give the body its speed."""
        return 2 * (self.stretch + self.depth) / self.launch

    @property
    def landing(self) -> float:
        """Seconds of even force that take it away again."""
        return 2 * (self.stretch + self.give) / self.launch

    @property
    def period(self) -> float:
        """Seconds from leap to leap."""
        return self.crouch + self.push + self.flight + self.landing + self.recover + self.pause

    @property
    def run_up(self) -> float:
        """Seconds from the first bend of the legs to take-off."""
        return self.crouch + self.push

    @property
    def run_out(self) -> float:
        """Seconds from touch-down until the body stands."""
        return self.landing + self.recover


def spring(
    leg: float, pace: float, agility: float, reach: float, depth: float, gravity: float = GRAVITY
) -> Spring:
    """How a body on legs of ``leg`` metres leaps; ``pace`` 1 is its usual speed.

    A leap's height grows with the root of the leg, as the heights of real animals do more or less: a cat and
    a horse differ five times in size and about twice in height. ``agility`` scales it,
    ``reach`` the way; legs bend by ``depth`` of their length before the leap. Where ``gravity`` is less than
    the earth's it leaps higher, but holds back: a sixth of it gives half as much again, and four times the
    flight.
    """
    slow = math.sqrt(leg)
    return Spring(
        height=0.48 * slow * agility * pace**0.7 * (GRAVITY / gravity) ** 0.25,
        depth=depth * leg,
        give=0.85 * depth * leg,
        stretch=0.05 * leg,
        far=2.9 * slow * reach * pace * (gravity / GRAVITY) ** 0.5,
        crouch=0.37 * slow / pace**0.5,
        recover=0.42 * slow / pace**0.5,
        pause=0.16 * slow / pace,
        gravity=gravity,
    )


@dataclass(frozen=True)
class Leaps:
    """Several leaps in a row: ``offs`` are the seconds at which the body leaves the ground."""

    spring: Spring
    offs: tuple[float, ...] = ()
    far: float = 1.0  # share of the spring's way over the ground that these leaps take

    @property
    def lands(self) -> tuple[float, ...]:
        """The seconds at which it touches the ground again."""
        return tuple(off + self.spring.flight for off in self.offs)

    def height(self, times: Numbers) -> Numbers:
        """Metres (...) of the body over where it stands; negative with bent legs."""
        one, total = self.spring, np.zeros_like(times)
        for off, land in zip(self.offs, self.lands, strict=True):
            bend = -one.depth * ease((times - off + one.run_up) / one.crouch)
            force = 0.5 * one.launch**2 / (one.stretch + one.depth)
            push = -one.depth + 0.5 * force * np.square(times - off + one.push)
            free = one.stretch + one.launch * (times - off) - 0.5 * one.gravity * np.square(times - off)
            force = 0.5 * one.launch**2 / (one.stretch + one.give)
            sink = one.stretch - one.launch * (times - land) + 0.5 * force * np.square(times - land)
            rise = -one.give * (1 - ease((times - land - one.landing) / one.recover))
            edges = [off - one.push, off, land, land + one.landing]
            pieces = [bend, push, free, sink, rise]
            total += np.choose(sum((times >= edge).astype(int) for edge in edges), pieces)
        return total

    def flown(self, times: Numbers) -> Numbers:
        """Metres (...) of the body over its height at take-off, 0 on the ground: the feet rise with it."""
        aloft = np.zeros_like(times, dtype=bool)
        for off, land in zip(self.offs, self.lands, strict=True):
            aloft |= (times > off) & (times < land)
        return np.where(aloft, np.maximum(self.height(times) - self.spring.stretch, 0.0), 0.0)

    def ahead(self, times: Numbers) -> Numbers:
        """Metres per second (...) over the ground: even in the air, gained by the push, lost on landing."""
        one, total = self.spring, np.zeros_like(times)
        brake = one.landing + 0.4 * one.recover
        for off, land in zip(self.offs, self.lands, strict=True):
            gain = np.clip((times - off + one.push) / one.push, 0.0, 1.0)
            loss = np.clip((times - land) / brake, 0.0, 1.0)
            total += np.minimum(gain, 1 - loss)
        return total * one.far * self.far

    def keyed(self, times: Numbers, crouched: float, off: float, top: float, land: float) -> Numbers:
        """A number (...) that is 0 in rest and goes softly through a value at each stage of every leap."""
        one, total = self.spring, np.zeros_like(times)
        for start, end in zip(self.offs, self.lands, strict=True):
            moments = [start - one.run_up, start - one.push, start, (start + end) / 2, end]
            values = [0.0, crouched, off, top, land, 0.0]
            moments.append(end + one.run_out)
            for a, b, low, high in zip(moments, moments[1:], values, values[1:], strict=False):
                here = (times >= a) & (times < b)
                total += np.where(here, low + (high - low) * ease((times - a) / (b - a)), 0.0)
        return total
