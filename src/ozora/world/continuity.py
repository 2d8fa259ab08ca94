"""Continuity: what a script supervisor would catch. Is the subject seen, on the ground, without flicker?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ozora.world import terrain
from ozora.world.bodies import Bodies, Stage, bounds
from ozora.world.film import Filmed, film
from ozora.world.rigs import stage as set_up
from ozora.world.shot import Shot
from ozora.world.truth import CLASSES, warped

REVEALING = ("tilt", "crane", "fly-over")
"""Camera moves that come upon the subject or leave it."""

SMALLEST = 4e-4
"""Share of the picture that a subject must fill to be seen."""

GROUNDED = ("stand", "walk", "roll", "slide", "drive")
"""Actions that never leave the ground."""

LOW = (*GROUNDED, "run", "bounce", "spin")
"""Actions that may leave the ground but never enter it."""

POP = 0.3
"""Change of a pixel's brightness, 0..1, that an eye takes for a pop."""


WATERS = ("sea", "lake", "beach")
"""Places with waves: they run over the points of the surface, so that only patches keep their brightness."""

PATCH = 6
"""Of the picture's height: how wide a patch of water is."""


@dataclass(frozen=True)
class Findings:
    """What was found in one shot; lengths are shares of the subject's radius."""

    seen: float  # share of the frames in which the first subject shows, of those in which nothing hides it
    inside: float  # share of the frames in which the middle of the first subject is in the picture
    sunk: float  # how deep the lowest part goes into the ground, at the worst moment
    afloat: float  # how high the lowest part is over the ground, at the worst moment
    flicker: float  # mean change of a point's brightness from frame to frame, 0..1
    popped: float  # share of the points that change by more than ``POP``
    contrast: float  # how far the subject stands out from what is around it when it does so most, 0..1


def inspect(shot: Shot, width: int = 96, height: int = 54, pairs: int = 4) -> Findings:
    """Film ``pairs`` pairs of neighbouring frames of a shot and look for faults.

    But for contrast in its natural look and in dry weather: lines are drawn afresh in every frame, and drops
    and lightning belong to no point of the set.
    """
    asked = shot
    dry = "clear" if shot.weather in ("snow", "rain", "storm") else shot.weather
    shot = replace(shot, look="natural", weather=dry)
    stage = set_up(shot, terrain.ground(shot))
    steps = max(shot.frames - 2, 0)
    starts = sorted({round(steps * i / max(pairs - 1, 1)) for i in range(pairs)})
    frames = sorted({frame for start in starts for frame in (start, start + 1) if frame < shot.frames})
    filmed = film(shot, width, height, frames=frames, stage=stage, truth=True)
    sunk, afloat = contact(shot, stage)
    flicker, popped = unrest(filmed, frames, shot.place)
    thirds = [round(steps * share) for share in (0.2, 0.5, 0.8)]
    shown = film(asked, width, height, frames=sorted(set(thirds)), stage=stage)
    hidden = [_hidden(filmed, frame / shot.fps) for frame in frames]
    shows = ((filmed.ids == 1).float().mean((1, 2)) > SMALLEST).tolist()
    judged = [shown for shown, behind in zip(shows, hidden, strict=True) if not behind]
    return Findings(
        seen=sum(judged) / len(judged) if judged else 1.0,
        inside=float(_inside(filmed, stage.centre[frames, 0], width / height).float().mean()),
        sunk=sunk,
        afloat=afloat,
        flicker=flicker,
        popped=popped,
        contrast=contrast(shown),
    )


def contact(shot: Shot, stage: Stage) -> tuple[float, float]:
    """How deep the first subject sinks and how high it floats, in radii of it; 0 where it may."""
    subject = shot.subjects[0]
    actions = {subject.action, subject.then} - {"none"}
    if not actions <= {*LOW} or shot.place in ("sea", "lake", "underwater"):
        return 0.0, 0.0
    gap = clearance(stage.bodies, shot) / stage.extent[:, 0]
    floats = float(gap.max()) if actions <= {*GROUNDED} else 0.0
    return max(-float(gap.min()), 0.0), max(floats, 0.0)


def clearance(bodies: Bodies, shot: Shot) -> Tensor:
    """Metres (F,) from the ground up to the lowest part of the first subject; below 0 inside it."""
    mine = torch.nonzero(bodies.subject == 1)[:, 0]
    low, high = (corner[:, mine] for corner in bounds(bodies))
    middle = (low + high)[..., [0, 2]] / 2
    return (low[..., 1] - terrain.ground(shot)(middle).float()).amin(1)


def unrest(filmed: Filmed, frames: Sequence[int], place: str = "") -> tuple[float, float]:
    """Mean change of brightness of points that two neighbouring frames both show, and the share that pops.

    On the water of a ``place`` that has any, patches are compared instead of points.
    """
    assert filmed.truth is not None
    light = filmed.frames.float().mean(-1, keepdim=True).permute(0, 3, 1, 2) / 255  # (T, 1, H, W)
    changes = []
    for i in range(len(frames) - 1):
        if frames[i + 1] != frames[i] + 1:
            continue
        change, seen = warped(light[i + 1], filmed.truth.flow[i])[0] - light[i][0], filmed.truth.seen[i]
        if place in WATERS:
            water = seen & (filmed.truth.classes[i] == CLASSES.index(place))
            change = torch.where(water, _averaged(change, water), change)
        changes.append(change.abs()[seen])
    change = torch.cat(changes) if changes else torch.zeros(1)
    if change.numel() == 0:
        return 0.0, 0.0
    return float(change.mean()), float((change > POP).float().mean())


def _averaged(values: Tensor, mask: Tensor) -> Tensor:
    """Means (H, W) of the values under a mask (H, W) over a patch about every pixel."""
    reach = max(values.shape[0] // PATCH // 2, 1)
    both = torch.stack((values * mask, mask.float()))[None]
    total, share = torch.nn.functional.avg_pool2d(both, 2 * reach + 1, 1, reach, count_include_pad=True)[0]
    return total / share.clamp(min=1e-6)


def contrast(filmed: Filmed) -> float:
    """How far the first subject's mean colour is from that of a seam about it, in the best frame, 0..1."""
    best = 0.0
    for picture, ids in zip(filmed.frames.float() / 255, filmed.ids, strict=True):
        mine = ids == 1
        if int(mine.sum()) < 4:
            continue
        grown = torch.nn.functional.max_pool2d(mine[None].float(), 7, 1, 3)[0] > 0
        around = grown & (ids == 0)
        if bool(around.any()):
            best = max(best, float((picture[mine].mean(0) - picture[around].mean(0)).abs().amax()))
    return best


def _hidden(filmed: Filmed, seconds: float) -> bool:
    assert filmed.truth is not None
    return any(
        event.kind == "occluded" and event.subject == 1 and event.from_seconds <= seconds < event.to_seconds
        for event in filmed.truth.events
    )


def _inside(filmed: Filmed, middle: Tensor, aspect: float) -> Tensor:
    """Whether points (T, 3) are in the pictures of the same frames: bool (T,)."""
    camera = filmed.camera
    own = torch.einsum("tji,tj->ti", camera.rotation, middle.cpu() - camera.position)
    tangent = torch.tan(camera.vertical_fov / 2)
    ahead = -own[:, 2]
    across, up = own[:, 0] / ahead / tangent / aspect, own[:, 1] / ahead / tangent
    return (ahead > 0) & (across.abs() < 1) & (up.abs() < 1)
