"""Gaits: when each foot is down, where it is planted, and where the knee goes.

Speed, leg length and stride are tied by dynamic similarity: animals of any size move alike at equal Froude
number v²/(g·leg), with stride/leg = 2.3 Fr^0.3 (R. McN. Alexander and A. S. Jayes, "A dynamic similarity
hypothesis for the gaits of quadrupedal mammals", Journal of Zoology 201, 1983). Footfall orders:
M. Hildebrand, "Symmetrical gaits of horses", Science 150, 1965.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.rigs.paths import SPEEDS, Path, Scene

GRAVITY = 9.81
"""Metres per second squared."""

GRAVITIES = {"moon": 1.62, "underwater": 3.9}
"""The same where it is not the earth's in air.

Under water it is that of a solid twice as heavy as water, less its buoyancy and with the water that it drags
along; drag is left out.
"""


@dataclass(frozen=True)
class Gait:
    """A pattern of footfalls. ``strikes`` are the moments of the cycle (0..1) at which each foot lands."""

    name: str
    froude: float  # at normal speed
    strikes: tuple[float, ...]
    duty: float  # share of the cycle that a foot is down
    lift: float  # height of the swing, in leg lengths

    def speed(self, leg: float, word: str) -> float:
        """Metres per second on legs of this many metres."""
        return SPEEDS[word] * (self.froude * GRAVITY * leg) ** 0.5

    def frequency(self, leg: float, speed: float) -> float:
        """Cycles per second; 0 at rest."""
        froude = speed * speed / (GRAVITY * leg)
        return speed / (2.3 * leg * froude**0.3) if speed > 0 else 0.0


@dataclass(frozen=True)
class Feet:
    """Feet of one creature."""

    position: Tensor  # (N, F, 3) on the ground while planted
    stance: Tensor  # (N, F) share of the stance gone by, 0..1; 1 while swinging
    swing: Tensor  # (N, F) share of the swing gone by, 0..1; 0 while planted
    angle: Tensor | None = None  # (N, F) each foot's own heading, radians, where bodies turn


def plant(
    gait: Gait,
    frequency: float,
    phase: float,
    path: Path,
    scene: Scene,
    hips: list[tuple[float, float]],
    leg: float,
) -> Feet:
    """Where the feet are, for hips (forward, right) in metres beside the path.

    A planted foot stands exactly where its hip passes at mid-stance, so it never slips; a swinging one goes
    from print to print on an arc, and never below the ground.
    """
    offsets = torch.tensor(hips)  # (N, 2)
    if frequency == 0:
        still = scene.times[None].expand(len(hips), -1)
        position = _under(path, scene, torch.full_like(still, path.middle), offsets)
        return Feet(position, torch.full_like(still, 0.5), torch.zeros_like(still))
    strikes = torch.tensor(gait.strikes)[:, None]
    cycle = frequency * scene.times[None] + phase - strikes  # (N, F)
    number = cycle.floor()
    share = cycle - number
    stance = (share / gait.duty).clamp(max=1)
    swing = ((share - gait.duty) / (1 - gait.duty)).clamp(min=0)
    moment = (number + gait.duty / 2 + strikes - phase) / frequency
    here, there = (_under(path, scene, moment + step / frequency, offsets) for step in (0, 1))
    ease = swing * swing * (3 - 2 * swing)
    position = torch.lerp(here, there, ease[..., None])
    arc = gait.lift * leg * torch.sin(torch.pi * swing.pow(0.8)).clamp(min=0)
    lowest = scene.heights(position[..., [0, 2]])
    lifted = torch.maximum(position[..., 1], lowest) + arc
    height = torch.where(swing > 0, lifted, position[..., 1])
    return Feet(torch.stack([position[..., 0], height, position[..., 2]], -1), stance, swing)


def _under(path: Path, scene: Scene, times: Tensor, offsets: Tensor) -> Tensor:
    """Points (N, F, 3) of the ground under hips (N, 2) at times (N, F)."""
    middle, ahead = path.at(times)
    right = torch.stack([-ahead[..., 1], ahead[..., 0]], -1)
    xz = middle + offsets[:, None, :1] * ahead + offsets[:, None, 1:] * right
    return torch.stack([xz[..., 0], scene.heights(xz), xz[..., 1]], -1)


def bend(top: Tensor, foot: Tensor, upper: float, lower: float, towards: Tensor) -> Tensor:
    """The joint (..., 3) between two bones from ``top`` to ``foot``, bulging towards a direction (..., 3).

    A foot out of reach keeps its place and the joint lies on the straight line: bones give, feet never do.
    """
    line = foot - top
    span = line.norm(dim=-1, keepdim=True).clamp(min=1e-4)
    along = line / span
    reachable = span.clamp(min=abs(upper - lower) + 1e-3)
    share = (upper**2 - lower**2 + reachable.square()) / (2 * reachable)
    share = torch.where(span > upper + lower, span * upper / (upper + lower), share)
    bulge = (upper**2 - share.square()).clamp(min=0).sqrt()
    bulge = torch.where(span > upper + lower, torch.zeros_like(bulge), bulge)
    aside = towards - (towards * along).sum(-1, keepdim=True) * along
    aside = aside / aside.norm(dim=-1, keepdim=True).clamp(min=1e-4)
    return top + share * along + bulge * aside
