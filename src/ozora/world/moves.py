"""How the camera moves: a table of functions from a take to a track. A new move is a function and its row."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.framing import STILL_EDGE, Take, smooth


@dataclass(frozen=True)
class Track:
    """What a move asks for in n frames; the ground, occluders and the subject's place then correct it."""

    position: Tensor  # (n, 3) metres
    aim: Tensor  # (n, 3) point to look at
    held: bool = True  # turn, if need be, to keep the subject in the frame
    steady: bool = False  # and if need be by one angle for the whole take
    turned: Tensor | None = None  # (n, 3) radians left, up and anticlockwise, after everything else
    zoom: Tensor | None = None  # (n,) focal length, in lengths that give the usual angle of view


Move = Callable[[Take], Track]

PAN_SLACK = 0.42
"""Of half the frame: how far behind the subject a pan begins and how far ahead of it it ends.

So that the subject crosses the frame while the land slides: in an orbit it would stay in the middle.
"""

ORBIT = (24.0, 100.0)
"""Degrees a second of an orbit, and degrees in all: enough to see another side of the subject."""


# --- where to stand -----------------------------------------------------------------------------------------


def _around(take: Take, anchor: Tensor, far: Tensor | None = None, turn: Tensor | None = None) -> Tensor:
    """Positions (n, 3) ``far`` (n,) metres off ``anchor``, ``turn`` (n,) radians about it from the usual."""
    far = torch.full((take.count,), take.distance) if far is None else far
    angle = take.azimuth + (torch.zeros(take.count) if turn is None else turn)
    level = math.cos(take.elevation)
    height = torch.full((take.count,), math.sin(take.elevation))
    off = torch.stack((torch.sin(angle) * level, height, torch.cos(angle) * level), -1)
    return anchor + off * far[:, None]


def _on_the_spot(take: Take, far: float = 1.0) -> Tensor:
    """One position (n, 3), ``far`` times as far off as usual, level with the middle of the action."""
    distance = torch.full((take.count,), take.distance * far)
    position = _around(take, take.centre.expand(take.count, 3), distance)
    if float(take.travel[:, 1].abs().max()) > 0.0:
        position[:, 1] = position[:, 1].mean()
    return position


def _half_way(take: Take) -> Tensor:
    """An anchor (n, 3) that goes along with a subject on a long way, and half along with any other."""
    start = take.centre.expand(take.count, 3)
    return take.middle if take.span > 0.8 * take.half else start + (take.middle - start) * 0.5


# --- where to look ------------------------------------------------------------------------------------------


def _led(take: Take, far: Tensor | None = None) -> Tensor:
    """Aim (n, 3) at the subject with room ahead of it."""
    far = torch.full((take.count,), take.distance) if far is None else far
    return take.middle + take.right * (take.lead * take.half * (far / take.distance))[:, None]


def _unmoved(take: Take) -> Tensor:
    """Aim (n, 3) at the middle of the action, giving way only where the subject would leave the frame."""
    half, tan_up, fps, nil = take.half, take.tangents[1], take.shot.fps, torch.zeros(take.count)
    # A still camera gives way last, for one that turns is none; but it must not lose the ends of a company.
    still = take.camera.move == "static" and len(take.shot.instances) == 1
    limit = half * STILL_EDGE if still else max(half * 0.80 - take.width / 2, half * 0.22)
    beyond = take.across - take.across.clamp(-limit, limit)
    beyond = smooth(beyond[:, None], 0.5 * fps)[:, 0]
    rise = take.travel[:, 1]
    spare = max(tan_up * take.distance * 0.75 - take.tall / 2, 0.15 * tan_up * take.distance)
    over = smooth((rise - rise.clamp(-spare, spare))[:, None], 0.4 * fps)[:, 0]
    aim = take.centre + take.right * beyond[:, None]
    aim = aim + torch.stack((nil, over, nil), -1)
    if take.span < 0.3 * half:
        aim = aim + take.right * take.lead[:, None] * half
    elif take.span > 0:
        aim = aim + take.right * float(take.lead.mean()) * half * 0.5
    return aim


def _ending_on(take: Take, part: Tensor) -> Tensor:
    """Aim (n, 3) that leaves the middle of the action for the subject itself as ``part`` (n,) goes to 1."""
    start = _unmoved(take)
    return start + (_led(take) - start) * part[:, None]


# --- the moves ----------------------------------------------------------------------------------------------


def static(take: Take) -> Track:
    """Stand still."""
    return Track(_on_the_spot(take), _unmoved(take), steady=True)


def pan(take: Take) -> Track:
    """Turn on the spot: with the subject, or past one that stays."""
    if take.span > 0.5 * take.half:
        # The eye of a camera operator: behind the subject at first, ahead of it at the end.
        across = take.across
        way = math.copysign(1.0, float(across[-1] - across[0]))
        slack = PAN_SLACK * take.half * way * (2 * take.ease - 1)
        aim = take.middle + take.right * slack[:, None]
    else:
        aim = take.middle + take.right * (take.sway * 0.70 * take.half * (2 * take.ease - 1))[:, None]
    return Track(_on_the_spot(take), aim)


def dolly(take: Take) -> Track:
    """Move in on the subject."""
    far = take.distance * (1.45 - 0.70 * take.ease)
    return Track(_around(take, _half_way(take), far), _led(take, far))


def orbit(take: Take) -> Track:
    """Circle the subject."""
    seconds = take.count / take.shot.fps
    degrees = min(max(ORBIT[0] * seconds, min(60.0, 36.0 * seconds)), ORBIT[1])
    turn = take.sway * math.radians(degrees) * (take.progress - 0.5)
    return Track(_around(take, take.middle, turn=turn), _led(take))


def follow(take: Take) -> Track:
    """Go along with the subject."""
    return Track(_around(take, take.middle), _led(take))


def tilt(take: Take) -> Track:
    """Turn vertically on the spot: begin on the sky or on the ground, end on the subject."""
    passed = ((take.progress - 0.08) / 0.67).clamp(0, 1)
    passed = passed * passed * (3 - 2 * passed)
    half = math.atan(take.tangents[1])
    above = max(0.0, take.elevation)  # a camera that looks down has farther to go to the sky
    away = -(1.9 * half) if take.shot.upwards else 1.9 * half + above
    nil = torch.zeros_like(passed)
    turned = torch.stack((nil, away * (1 - passed), nil), -1)
    return Track(_on_the_spot(take), _ending_on(take, passed), turned=turned)


def zoom(take: Take) -> Track:
    """Stand twice as far off and let the focal length grow, evenly to the eye."""
    length = 2.0 * (0.62 / 2.0) ** (1 - take.ease)
    return Track(_on_the_spot(take, 2.0), _ending_on(take, take.ease), zoom=length)


def crane(take: Take) -> Track:
    """Rise straight up, or sink, while looking at the subject."""
    part = take.ease if take.shot.upwards else 1 - take.ease
    low, high = math.tan(math.radians(2)), math.tan(math.radians(50))
    level = 0.85 * take.distance
    height = level * (low + (high - low) * part)
    position = take.middle + take.view * level
    position = position + torch.stack((torch.zeros_like(height), height, torch.zeros_like(height)), -1)
    return Track(position, _led(take))


def fly_over(take: Take) -> Track:
    """Travel forward high above the ground, over the subject and past it; lean down and look up again."""
    height = max(0.9 * take.distance, 1.2 * take.tall)
    behind = height * (3.0 - 3.5 * take.progress)
    up = torch.tensor([0.0, 1.0, 0.0])
    position = take.middle + take.view * behind[:, None] + up * height
    down = torch.deg2rad(13 + 30 * torch.sin(math.pi * take.progress**1.3))[:, None]
    ahead = -take.view * down.cos() - up * down.sin()
    return Track(position, position + ahead * take.distance, held=False)


def handheld(take: Take) -> Track:
    """Stand, or go along with a subject on a long way, never quite still: every axis sums four slow waves."""
    draw = torch.Generator().manual_seed((take.shot.seed * 13 + take.index + 3) % 2**63)
    pitch = 0.45 * 1.6 ** torch.arange(4)  # waves a second
    phase = 2 * math.pi * torch.rand(6, 4, 1, generator=draw)
    seconds = take.progress * (take.count / take.shot.fps)
    waves = torch.sin(2 * math.pi * pitch[:, None] * seconds + phase) / (pitch / pitch[0])[:, None].sqrt()
    shake = waves.sum(1).T  # (n, 6)
    turned = shake[:, :3] * torch.deg2rad(torch.tensor([2.3, 2.1, 3.8]))
    position = _around(take, _half_way(take)) + shake[:, 3:] * 0.008 * take.distance
    return Track(position, _led(take), turned=turned)


def truck(take: Take) -> Track:
    """Move sideways past the subject, looking straight ahead."""
    ahead = float(take.across[-1] - take.across[0])
    way = math.copysign(1.0, ahead) if take.span > 0.5 * take.half else take.sway
    far = 1.4
    slide = way * 0.62 * far * take.half * (2 * take.progress - 1)
    anchor = take.middle + take.right * slide[:, None]
    return Track(_around(take, anchor, torch.full((take.count,), far * take.distance)), anchor, held=False)


def pull_back(take: Take) -> Track:
    """Move back from the subject."""
    far = take.distance * (0.78 + 1.25 * take.ease)
    return Track(_around(take, _half_way(take), far), _led(take, far))


MOVES: dict[str, Move] = {
    "static": static,
    "pan": pan,
    "dolly": dolly,
    "orbit": orbit,
    "follow": follow,
    "tilt": tilt,
    "zoom": zoom,
    "crane": crane,
    "fly-over": fly_over,
    "handheld": handheld,
    "truck": truck,
    "pull-back": pull_back,
}
"""Name in ``concepts.MOVES`` → the move."""
