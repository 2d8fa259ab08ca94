"""Where the camera stands and looks in every frame: composed, moved, kept off the ground, kept on its aim."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.world.bodies import Stage
from ozora.world.framing import STEADY, Take, compose, smooth
from ozora.world.moves import MOVES
from ozora.world.shot import Shot
from ozora.world.terrain import relief


@dataclass(frozen=True)
class CameraPath:
    """Exact camera of every frame."""

    position: Tensor  # (F, 3) metres
    rotation: Tensor  # (F, 3, 3) camera to world; columns are the camera's right, up and backward
    vertical_fov: Tensor  # (F,) radians

    def at(self, frames: list[int]) -> CameraPath:
        """The camera of some frames only."""
        return CameraPath(self.position[frames], self.rotation[frames], self.vertical_fov[frames])


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
    steady: bool,
    fps: int,
) -> Tensor:
    """Turn the camera so that the subject's box stays in the frame; a steady one stays still if it can."""
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
    deviation = 0.3 * fps
    turn = _kept(turn, turns.amin(1), turns.amax(1), math.atan(tangents[0]) * 0.93, steady, deviation)
    rise = _kept(rise, rises.amin(1), rises.amax(1), math.atan(tangents[1]) * 0.90, steady, deviation)
    level = torch.cos(rise)
    return position + torch.stack((torch.sin(turn) * level, torch.sin(rise), -torch.cos(turn) * level), -1)


def _over_the_land(take: Take, position: Tensor) -> Tensor:
    """Metres (n,) that cameras (n, 3) must rise for no hill to stand before the subject."""
    if take.camera.move == "fly-over":
        return torch.zeros(take.count)
    land, rise = relief(take.shot), torch.zeros(take.count)
    for share in (0.2, 0.35, 0.5, 0.65, 0.8):
        between = torch.lerp(position, take.middle, share)
        height = land.height(between[:, 0].contiguous(), between[:, 2].contiguous())
        rise = torch.maximum(rise, (height + 0.02 * take.distance - between[:, 1]) / (1 - share))
    rise = rise.clamp(max=0.6 * take.distance)
    if take.camera.move in STEADY:
        return rise.amax().expand(take.count).clone()
    return torch.maximum(smooth(rise[:, None], 0.6 * take.shot.fps)[:, 0], rise)


def _segment(take: Take) -> tuple[Tensor, Tensor, Tensor]:
    """Positions (n, 3), rotations (n, 3, 3) and vertical angles of view (n,) of one camera's frames."""
    track = MOVES[take.camera.move](take)
    position, (tan_across, tan_up), fps = track.position, take.tangents, take.shot.fps
    # The subject sits a little below the middle of the frame.
    aim = track.aim + torch.tensor([0.0, 0.05 * tan_up * take.distance, 0.0])
    planned = position.clone()
    land = relief(take.shot)
    margin = max(0.10, min(0.05 * take.distance, 0.8))
    floor = land.height(position[:, 0].contiguous(), position[:, 2].contiguous()) + margin
    aloft = float(take.middle[:, 1].mean()) > tan_up * take.distance * 0.9
    if track.held and take.camera.height != "high" and aloft:
        # In the air: stand low enough to keep the land in the picture, high enough to look at the subject.
        position[:, 1] = position[:, 1] - 0.35 * tan_up * take.distance
    nil = torch.zeros(take.count)
    lifted = (floor - position[:, 1]).clamp(min=0)
    lifted = torch.maximum(smooth(lifted[:, None], 0.6 * fps)[:, 0], lifted)
    position = position + torch.stack((nil, lifted, nil), -1)
    over = torch.stack((nil, _over_the_land(take, position), nil), -1)
    position = position + over
    if take.screens is not None:
        position = _outside(position, take.middle, take.screens)
    fov = torch.full((take.count,), 2 * math.atan(tan_up))
    if track.zoom is not None:
        fov = 2 * torch.atan(tan_up / track.zoom)
        longest = float(track.zoom.max())
        tan_across, tan_up = tan_across / longest, tan_up / longest
    if track.held:
        low, high = take.low, take.high
        if track.steady and len(take.shot.instances) == 1:
            # Hold the middle of the action: its ends may touch the edge of the picture.
            middle = (low + high) / 2
            low, high = middle + (low - middle) * 0.3, middle + (high - middle) * 0.3
        aim = _held(position, aim, low, high, (tan_across, tan_up), track.steady, fps)
    else:
        aim = aim + (position - over - planned)
    rotation = _facing(position, aim)
    return position, rotation if track.turned is None else rotation @ turns(track.turned), fov


def _facing(position: Tensor, aim: Tensor) -> Tensor:
    """Rotations (n, 3, 3) of upright cameras at ``position`` that look at ``aim``, each (n, 3)."""
    # Sums depend in their last bit on how memory is laid out, and a path must not.
    back = torch.nn.functional.normalize((position - aim).contiguous(), dim=-1)
    up = torch.tensor([0.0, 1.0, 0.0]).expand_as(back)
    right = torch.nn.functional.normalize(torch.linalg.cross(up, back), dim=-1)
    return torch.stack((right, torch.linalg.cross(back, right), back), -1)


def turns(angles: Tensor) -> Tensor:
    """Rotations (n, 3, 3) in the camera's own frame of angles (n, 3): left, up and anticlockwise, radians."""
    (y, x, z), zero, one = angles.T, torch.zeros_like(angles[:, 0]), torch.ones_like(angles[:, 0])

    def matrix(*entries: Tensor) -> Tensor:
        return torch.stack(entries, -1).view(-1, 3, 3)

    left = matrix(y.cos(), zero, y.sin(), zero, one, zero, -y.sin(), zero, y.cos())
    up = matrix(one, zero, zero, zero, x.cos(), -x.sin(), zero, x.sin(), x.cos())
    roll = matrix(z.cos(), -z.sin(), zero, z.sin(), z.cos(), zero, zero, zero, one)
    return left @ up @ roll


def cut_frames(shot: Shot, frames: int) -> list[int]:
    """The first frame after each cut of a shot of so many frames."""
    return [min(max(round(cut.at * shot.fps), 1), frames - 1) for cut in shot.cuts]


def camera_path(shot: Shot, stage: Stage, aspect: float = 16 / 9) -> CameraPath:
    """The camera of every frame of a shot, cuts included, for frames ``aspect`` times as wide as tall."""
    frames = stage.centre.shape[0]
    starts = [0, *cut_frames(shot, frames)]
    cameras = [shot.camera, *(cut.camera for cut in shot.cuts)]
    segments = []
    for index, (first, camera) in enumerate(zip(starts, cameras, strict=True)):
        last = starts[index + 1] if index + 1 < len(starts) else frames
        if last > first:
            segments.append(_segment(compose(shot, stage, camera, index, first, last, aspect)))
    position, rotation, fov = (torch.cat(part) for part in zip(*segments, strict=True))
    return CameraPath(position, rotation, fov)


def ways(stage: Stage) -> Tensor:
    """Where the subjects pass, as discs (m, 3) of x, z and radius in metres."""
    steps = torch.linspace(0, stage.centre.shape[0] - 1, min(stage.centre.shape[0], 16)).long()
    centre, extent = stage.centre[steps].float(), stage.extent[steps].float()
    low = centre[..., 1] < 4 * extent  # what flies high needs no room on the ground
    discs = torch.cat((centre[..., [0, 2]], 0.8 * extent[..., None]), -1)
    return discs[low]


def clearing(stage: Stage, path: CameraPath) -> float:
    """Metres around the origin within which nothing may stand: the camera's ways and the subjects'."""
    eye = float(path.position[:, [0, 2]].norm(dim=-1).max())
    around = stage.centre[..., [0, 2]].norm(dim=-1) + stage.extent
    return max(1.04 * eye + 0.6, 1.05 * float(around.max()))
