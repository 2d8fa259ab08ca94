"""Where the camera stands, what it looks at, and how it moves: composition first, then smooth paths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.bodies import ELLIPSOID, ROUND_CONE, SHEET, Stage
from ozora.world.shot import Camera, Shot
from ozora.world.terrain import relief

SHARE = {"wide": 0.36, "medium": 0.62, "close": 0.88}
"""Share of the frame's width that the subject takes; its height may take ``TALLER`` times as much."""

TALLER = 1.25

ELEVATION = {"low": -4.0, "eye": 4.5, "high": 25.0}
"""Degrees the camera stands above the level of the subject's middle."""

FIELD = 27.0
"""Degrees of view across the shorter side of the frame."""


@dataclass(frozen=True)
class CameraPath:
    """Exact camera of every frame."""

    position: Tensor  # (F, 3) metres
    rotation: Tensor  # (F, 3, 3) camera to world; columns are the camera's right, up and backward
    vertical_fov: Tensor  # (F,) radians

    def at(self, frames: list[int]) -> CameraPath:
        """The camera of some frames only."""
        return CameraPath(self.position[frames], self.rotation[frames], self.vertical_fov[frames])


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


def _fovs(aspect: float) -> tuple[float, float]:
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


def _outside(position: Tensor, middle: Tensor, box: tuple[Tensor, Tensor]) -> Tensor:
    """Back the camera away from its subject until no frame stands inside an occluder."""
    margin = 0.12 * (box[1] - box[0]).max()
    for _ in range(12):
        inside = ((position > box[0] - margin) & (position < box[1] + margin)).all(-1)
        if not bool(inside.any()):
            break
        away = (position - middle) * torch.tensor([1.15, 1.0, 1.15])
        position = middle + away
    return position


def _angles(toward: Tensor) -> tuple[Tensor, Tensor]:
    """Turn about the vertical and rise over the level of directions (..., 3), radians."""
    flat = (toward[..., 0].square() + toward[..., 2].square()).sqrt()
    return torch.atan2(toward[..., 0], -toward[..., 2]), torch.atan2(toward[..., 1], flat)


def _kept(angle: Tensor, low: Tensor, high: Tensor, half: float, still: bool, deviation: float) -> Tensor:
    """Change a camera angle (n,) as little as keeps [low, high] within ``half`` of it."""
    least, most = high - half, low + half
    middle = (least + most) / 2
    least, most = torch.minimum(least, middle), torch.maximum(most, middle)
    if still and float(least.max()) <= float(most.min()):
        steady = angle.mean().clamp(least.max(), most.min())
        return steady.expand_as(angle).clone()
    held = torch.maximum(torch.minimum(angle, most), least)
    return smooth(held[:, None], deviation)[:, 0]


def _held(
    position: Tensor,
    aim: Tensor,
    low: Tensor,
    high: Tensor,
    tangents: tuple[float, float],
    move: str,
    fps: int,
) -> Tensor:
    """Turn the camera so that the subject's box stays in the frame; a static camera stays still if it can."""
    turn, rise = _angles(aim - position)
    corners = torch.stack(
        [torch.stack((x, y, z), -1) for x in (low[:, 0], high[:, 0]) for y in (low[:, 1], high[:, 1])
         for z in (low[:, 2], high[:, 2])], 1,
    )  # fmt: skip
    turns, rises = _angles(corners - position[:, None])
    turns = turn[:, None] + (turns - turn[:, None] + math.pi) % (2 * math.pi) - math.pi
    base = turn[:1]
    turn = base + (turn - base + math.pi) % (2 * math.pi) - math.pi
    turns = base + (turns - base + math.pi) % (2 * math.pi) - math.pi
    still, deviation = move == "static", 0.3 * fps
    turn = _kept(turn, turns.amin(1), turns.amax(1), math.atan(tangents[0]) * 0.93, still, deviation)
    rise = _kept(rise, rises.amin(1), rises.amax(1), math.atan(tangents[1]) * 0.90, still, deviation)
    level = torch.cos(rise)
    return position + torch.stack((torch.sin(turn) * level, torch.sin(rise), -torch.cos(turn) * level), -1)


def _segment(
    shot: Shot, stage: Stage, camera: Camera, index: int, first: int, last: int, aspect: float
) -> tuple[Tensor, Tensor]:
    """Positions and aims (n, 3) of one camera from frame ``first`` up to ``last``."""
    subjects = len(shot.subjects)
    low, high = extents(stage, range(1, subjects + 1))
    low, high = low[first:last].cpu(), high[first:last].cpu()
    count = last - first
    tan_across, tan_up = _fovs(aspect)
    draw = torch.rand(6, generator=torch.Generator().manual_seed(shot.seed * 7 + index + 5)).tolist()
    # The box of all subjects together, unless they part so far that only the first can be framed well.
    own = (high - low).max()
    lowest, highest = low.amin(1), high.amax(1)
    if float((highest - lowest).amax(-1).max()) > 5.0 * float(own):
        lowest, highest = low[:, 0], high[:, 0]
    middle = smooth((lowest + highest) / 2, 0.35 * shot.fps)
    size = (highest - lowest).amax(0)  # (3,)
    width = float(torch.maximum(size[0], size[2]))
    if shot.subjects[0].direction in ("towards", "away") and subjects == 1:
        width = max(float(size[0]), 0.6 * width)
    tall = float(size[1])

    # A low sun or moon stands behind the action by default; stay near enough to that side to see it.
    azimuth = math.radians(7 if shot.time in ("sunset", "night") else 22) * (2 * draw[0] - 1)
    if shot.occluder != "none":
        azimuth *= 0.3
    if index:  # a cut goes to another side of the same action
        azimuth += math.radians(60 + 40 * draw[1]) * (1 if draw[2] < 0.5 else -1)
    share = SHARE[camera.framing] if subjects == 1 else min(1.5 * SHARE[camera.framing], 0.88)
    need = max(width / (2 * tan_across * share), tall / (2 * tan_up * min(share * TALLER, 0.85)))
    distance = need + 0.22 * width  # the near half of a body stands closer than its middle
    view = torch.tensor([math.sin(azimuth), 0.0, math.cos(azimuth)])
    right = torch.tensor([math.cos(azimuth), 0.0, -math.sin(azimuth)])
    still = camera.move in ("static", "pan")
    centre = middle[count // 2] if count > 1 else middle[0]
    travel = middle - centre
    across, deep = travel @ right, travel @ view
    span = float(across.max() - across.min())
    if still:
        # Stand back enough for most of the way, but never so far that the subject shrinks below half.
        room = 1.05 if camera.move == "static" else 0.95
        wish = (span + width) / (2 * tan_across * 0.82)
        distance = max(distance, min(wish, room * distance * 1.2)) + max(0.0, float(deep.max()))
    elevation = math.radians(ELEVATION[camera.height] + 3 * (2 * draw[3] - 1))
    progress = torch.linspace(0, 1, count) if count > 1 else torch.zeros(1)
    ease = progress * progress * (3 - 2 * progress)
    turn = torch.zeros(count)
    far = torch.full((count,), distance)
    anchor = centre.expand(count, 3)
    sway = 1.0 if draw[4] < 0.5 else -1.0
    seconds = count / shot.fps
    screens = _boxes(stage, 100, first, last)
    if screens is not None and index == 0:
        # Something to pass behind: stand back until it leaves room on both sides of it.
        corners = torch.stack(screens) - centre
        front = float((corners @ view).max())
        broad = float((screens[1] - screens[0])[0])
        far = torch.full(
            (count,), min(max(distance, front + broad / (2 * tan_across * 0.45)), 2.1 * distance + front)
        )
        distance = float(far[0])
    if camera.move == "orbit":
        anchor = middle
        turn = sway * math.radians(min(34.0 * seconds / 2, 80.0)) * (progress - 0.5)
    elif camera.move == "follow":
        anchor = middle
    elif camera.move == "dolly":
        anchor = middle if span > 0.8 * tan_across * distance else anchor + (middle - anchor) * 0.5
        far = distance * (1.35 - 0.6 * ease)
    angle = azimuth + turn
    offset = torch.stack(
        (
            torch.sin(angle) * math.cos(elevation),
            torch.full((count,), math.sin(elevation)),
            torch.cos(angle) * math.cos(elevation),
        ),
        -1,
    )
    position = anchor + offset * far[:, None]
    if still and float(travel[:, 1].abs().max()) > 0.0:
        position[:, 1] = position[:, 1].mean()
    # What the camera looks at: the subject with room ahead of it, or the middle of its way.
    heading = stage.heading[first:last, 0].cpu()
    lead = (smooth((heading @ right)[:, None], 0.5 * shot.fps)[:, 0] * 0.1).clamp(-0.1, 0.1)
    half = tan_across * distance
    if camera.move == "static":
        limit = max(half * 0.80 - width / 2, half * 0.22)
        beyond = across - across.clamp(-limit, limit)
        beyond = smooth(beyond[:, None], 0.5 * shot.fps)[:, 0]
        rise = travel[:, 1]
        spare = max(tan_up * distance * 0.75 - tall / 2, 0.15 * tan_up * distance)
        over = smooth((rise - rise.clamp(-spare, spare))[:, None], 0.4 * shot.fps)[:, 0]
        aim = centre + right * beyond[:, None]
        aim = aim + torch.stack((torch.zeros(count), over, torch.zeros(count)), -1)
        if span < 0.3 * half:
            aim = aim + right * lead[:, None] * half
        elif span > 0:
            aim = aim + right * float(lead.mean()) * half * 0.5
    elif camera.move == "pan":
        if span > 0.5 * half:
            # The eye of a camera operator: behind the subject at first, ahead of it at the end.
            slack = 0.10 * half * (2 * ease - 1) * math.copysign(1.0, float(across[-1] - across[0]))
            aim = middle + right * (slack + lead * half * 0.5)[:, None]
        else:
            aim = middle + right * (sway * 0.62 * half * (2 * ease - 1))[:, None]
    else:
        aim = middle + right * (lead * half * (far / distance))[:, None]
    # The subject sits a little below the middle of the frame.
    lift = 0.05 * tan_up * distance
    aim = aim + torch.tensor([0.0, lift, 0.0])
    land = relief(shot)
    margin = max(0.10, min(0.05 * distance, 0.8))
    floor = land.height(position[:, 0].contiguous(), position[:, 2].contiguous()) + margin
    if camera.height != "high" and float(middle[:, 1].mean()) > tan_up * distance * 0.9:
        # In the air: stand low enough to keep the land in the picture, high enough to look at the subject.
        position[:, 1] = position[:, 1] - 0.35 * tan_up * distance
    lifted = (floor - position[:, 1]).clamp(min=0)
    lifted = torch.maximum(smooth(lifted[:, None], 0.6 * shot.fps)[:, 0], lifted)
    position = position + torch.stack((torch.zeros(count), lifted, torch.zeros(count)), -1)
    if screens is not None:
        position = _outside(position, middle, screens)
    return position, _held(position, aim, lowest, highest, (tan_across, tan_up), camera.move, shot.fps)


def camera_path(shot: Shot, stage: Stage, aspect: float = 16 / 9) -> CameraPath:
    """The camera of every frame of a shot, cuts included, for frames ``aspect`` times as wide as tall."""
    frames = stage.centre.shape[0]
    starts = [0, *(min(max(round(cut.at * shot.fps), 1), frames - 1) for cut in shot.cuts)]
    cameras = [shot.camera, *(cut.camera for cut in shot.cuts)]
    positions, aims = [], []
    for index, (first, camera) in enumerate(zip(starts, cameras, strict=True)):
        last = starts[index + 1] if index + 1 < len(starts) else frames
        if last <= first:
            continue
        position, aim = _segment(shot, stage, camera, index, first, last, aspect)
        positions.append(position)
        aims.append(aim)
    position, aim = torch.cat(positions), torch.cat(aims)
    back = torch.nn.functional.normalize(position - aim, dim=-1)
    up = torch.tensor([0.0, 1.0, 0.0]).expand_as(back)
    right = torch.nn.functional.normalize(torch.linalg.cross(up, back), dim=-1)
    rotation = torch.stack((right, torch.linalg.cross(back, right), back), -1)
    fov = 2 * math.atan(_fovs(aspect)[1])
    return CameraPath(position, rotation, torch.full((frames,), fov))
