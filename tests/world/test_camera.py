"""The camera frames its subject, moves as told, and never dives."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from ozora.world import concepts, moves, terrain
from ozora.world.bodies import Stage
from ozora.world.camera import CameraPath, camera_path
from ozora.world.framing import extents, smooth
from ozora.world.rigs import stage
from ozora.world.rigs.frame import Frame, Parts, Skin
from ozora.world.shot import Camera, Cut, Shot, Subject


def staged(shot: Shot, aspect: float = 16 / 9) -> tuple[Stage, CameraPath]:
    set_up = stage(shot, terrain.ground(shot), torch.device("cpu"))
    return set_up, camera_path(shot, set_up, aspect)


def on_screen(path: CameraPath, points: torch.Tensor, aspect: float) -> torch.Tensor:
    """Picture coordinates (F, ..., 2) of points (F, 3): the frame is -1..1 each way; all lie ahead."""
    own = torch.einsum("fi,fij->fj", points - path.position, path.rotation)
    assert (own[:, 2] < 0).all()
    tangent = torch.tan(path.vertical_fov / 2)
    return torch.stack((own[:, 0] / -own[:, 2] / (tangent * aspect), own[:, 1] / -own[:, 2] / tangent), -1)


MOVES = tuple(concepts.MOVES)
LEAVING = ("tilt", "fly-over")
"""Moves that begin or end away from their subject."""
ACTORS = (("fox", "run", "snowfield"), ("horse", "walk", "meadow"), ("person", "stand", "dunes"),
          ("bird", "fly", "sea"), ("balloon", "rise", "meadow"), ("cube", "slide", "tabletop"))  # fmt: skip


@pytest.mark.parametrize("move", [move for move in MOVES if move not in LEAVING])
@pytest.mark.parametrize(("kind", "action", "place"), ACTORS)
def test_the_subject_stays_in_the_frame(move: str, kind: str, action: str, place: str) -> None:
    for seed, aspect in ((1, 16 / 9), (2, 1.0)):
        shot = Shot((Subject(kind, action=action),), place=place, camera=Camera(move), seed=seed, seconds=3.0)
        set_up, path = staged(shot, aspect)
        low, high = extents(set_up, [1])
        middle = on_screen(path, ((low + high) / 2)[:, 0], aspect)
        assert middle.abs().max() < 0.97, f"{move} loses {kind}: {middle.abs().amax(0)}"
        assert torch.linalg.det(path.rotation).sub(1).abs().max() < 1e-4
        xz = path.position[:, [0, 2]]
        assert (path.position[:, 1] > terrain.ground(shot)(xz) + 0.03).all()


@pytest.mark.parametrize("move", MOVES)
def test_paths_are_smooth(move: str) -> None:
    shot = Shot((Subject("fox", action="run"),), place="meadow", camera=Camera(move), seed=4)
    set_up, path = staged(shot)
    distance = (path.position - set_up.centre[:, 0]).norm(dim=-1).mean()
    jerk = (path.position[2:] - 2 * path.position[1:-1] + path.position[:-2]).norm(dim=-1)
    assert jerk.max() < 0.04 * distance
    turn = (path.rotation[1:] - path.rotation[:-1]).norm(dim=(1, 2))
    assert turn.max() < 0.25 and (turn[1:] - turn[:-1]).abs().max() < 0.06


def test_moves_are_what_they_are_called() -> None:
    def path_of(move: str, action: str = "stand") -> tuple[Stage, CameraPath]:
        return staged(Shot((Subject("fox", action=action),), place="meadow", camera=Camera(move), seed=7))

    _, static = path_of("static")
    assert (static.position - static.position[0]).abs().max() < 1e-4
    assert (static.rotation - static.rotation[0]).abs().max() < 1e-4
    _, pan = path_of("pan")
    assert (pan.position - pan.position[0]).abs().max() < 1e-4 and (
        pan.rotation[-1] - pan.rotation[0]
    ).norm() > 0.1
    set_up, dolly = path_of("dolly")
    away = (dolly.position - set_up.centre[:, 0]).norm(dim=-1)
    assert away[-1] < 0.65 * away[0]
    set_up, orbit = path_of("orbit")
    flat = torch.nn.functional.normalize((orbit.position - set_up.centre[:, 0])[:, [0, 2]], dim=-1)
    assert math.degrees(math.acos(float((flat[0] * flat[-1]).sum()))) > 30
    set_up, follow = path_of("follow", "run")
    travelled = (set_up.centre[-1, 0] - set_up.centre[0, 0]).norm()
    assert (follow.position[-1] - follow.position[0]).norm() > 0.8 * travelled


SLIDE = {
    "static": (-0.421, 0.722, 4.138, -0.112, 0.089, 0.990, -0.421, 0.722, 4.138, -0.132, 0.089, 0.987),
    "pan": (-0.318, 0.619, 3.126, 0.437, 0.070, 0.897, -0.318, 0.619, 3.126, -0.664, 0.078, 0.744),
    "dolly": (-1.761, 0.562, 2.167, -0.143, 0.093, 0.985, 1.365, 0.435, 1.728, -0.133, 0.113, 0.985),
    "orbit": (-0.282, 0.480, 0.897, 0.658, 0.128, 0.742, 0.046, 0.480, 1.425, -0.825, 0.130, 0.549),
    "follow": (-1.680, 0.480, 1.370, -0.143, 0.091, 0.986, 1.320, 0.480, 2.170, -0.143, 0.091, 0.986),
}  # fmt: skip
"""Position and backward direction in the first and the last frame, as footage is shot."""


@pytest.mark.parametrize("move", SLIDE)
def test_the_moves_stay_as_they_are(move: str) -> None:
    shot = Shot((Subject("cube", action="slide"),), place="tabletop", camera=Camera(move), seed=5)
    along = torch.linspace(-1, 1, shot.frames)
    origin = torch.stack((1.5 * along, torch.full_like(along, 0.3), 0.4 * along), -1)
    parts = Parts(Frame(origin, torch.eye(3).expand(shot.frames, 3, 3)), 0.0)
    parts.box(Skin((0.5, 0.5, 0.5)), parts.frame, (0.4, 0.3, 0.25), 0.0)
    heading = torch.nn.functional.normalize(torch.tensor([1.5, 0.0, 0.4]), dim=0).expand(shot.frames, 1, 3)
    path = camera_path(shot, Stage(parts.bodies(1), origin[:, None], torch.ones(shot.frames, 1), heading))
    found = [torch.cat((path.position[i], path.rotation[i, :, 2])) for i in (0, -1)]
    assert torch.allclose(torch.cat(found), torch.tensor(SLIDE[move]), atol=1e-3)
    assert (path.vertical_fov == path.vertical_fov[0]).all()


def test_a_still_camera_stands_back_for_the_way_rather_than_turn() -> None:
    for seed in range(4):
        shot = Shot((Subject("person", action="walk"),), place="meadow", seed=seed)
        set_up, path = staged(shot)
        assert (path.position - path.position[0]).abs().max() < 1e-4
        assert (path.rotation - path.rotation[0]).abs().max() < 0.04
        assert on_screen(path, set_up.centre[:, 0], 16 / 9)[:, 0].abs().max() < 1


def test_every_move_has_a_name_and_every_name_a_move() -> None:
    assert tuple(moves.MOVES) == MOVES and len(MOVES) == 12


def still_horse(move: str, seed: int = 7) -> tuple[Shot, Stage, CameraPath]:
    shot = Shot((Subject("horse"),), place="meadow", camera=Camera(move), seed=seed)
    return shot, *staged(shot)


def rises(path: CameraPath) -> torch.Tensor:
    """Degrees (F,) that the camera looks up."""
    return torch.rad2deg(torch.asin(-path.rotation[:, 1, 2]))


def away(set_up: Stage, path: CameraPath) -> torch.Tensor:
    return path.position - set_up.centre[:, 0]


def test_a_tilt_begins_on_sky_or_ground_and_ends_on_the_subject() -> None:
    ways = set()
    for seed in range(6):
        shot, set_up, path = still_horse("tilt", seed)
        assert (path.position - path.position[0]).abs().max() < 1e-4
        assert path.rotation[:, 0, 0].sub(path.rotation[0, 0, 0]).abs().max() < 2e-3  # hardly a turn
        seen = on_screen(path, set_up.centre[:, 0], 16 / 9)
        assert seen[0, 1].abs() > 1.2 and seen[-8:].abs().max() < 0.6
        assert (rises(path)[-1] > rises(path)[0]) == shot.upwards
        ways.add(shot.upwards)
    assert ways == {True, False}


def test_a_zoom_changes_the_lens_and_not_the_place() -> None:
    _, set_up, path = still_horse("zoom")
    assert (path.position - path.position[0]).abs().max() < 1e-4
    tangent = torch.tan(path.vertical_fov / 2)
    assert (tangent[1:] <= tangent[:-1] + 1e-6).all() and tangent[0] > 2.4 * tangent[-1]
    low, high = (on_screen(path, corner[:, 0], 16 / 9) for corner in extents(set_up, [1]))
    tall = (high - low)[:, 1]
    assert tall[-1] > 2.4 * tall[0] and tall[-1] > 0.8


def test_a_crane_goes_straight_up_or_down_and_looks_at_the_subject() -> None:
    for seed in range(4):
        shot, set_up, path = still_horse("crane", seed)
        offset = away(set_up, path)
        assert (offset[:, [0, 2]] - offset[0, [0, 2]]).norm(dim=-1).max() < 0.02 * offset[0].norm()
        lift = float(offset[-1, 1] - offset[0, 1]) / float(offset[0, [0, 2]].norm())
        assert (lift > 0.9) if shot.upwards else (lift < -0.9)
        assert on_screen(path, set_up.centre[:, 0], 16 / 9).abs().max() < 0.5


def test_a_fly_over_passes_high_above_the_subject() -> None:
    _, set_up, path = still_horse("fly-over")
    offset = away(set_up, path)
    ahead = -path.rotation[0, [0, 2], 2] / path.rotation[0, [0, 2], 2].norm()
    along = offset[:, [0, 2]] @ ahead
    assert along[0] < 0 < along[-1] and (along[1:] > along[:-1]).all()
    height = float(extents(set_up, [1])[1][0, 0, 1] - set_up.centre[0, 0, 1])
    assert (offset[:, 1] > 2 * height).all()
    assert on_screen(path.at(list(range(30))), set_up.centre[:30, 0], 16 / 9).abs().max() < 1
    own = torch.einsum("fi,fij->fj", -offset, path.rotation)[-1]
    assert own[2] > 0 or own[1] / -own[2] < -torch.tan(path.vertical_fov[-1] / 2)


def test_handheld_shakes_a_little_and_the_same_way_each_time() -> None:
    _, set_up, path = still_horse("handheld")
    roll = torch.rad2deg(path.rotation[:, 1, 0])
    assert 0.5 < roll.std() < 4 and rises(path).std() > 0.3
    shift = (path.position - path.position.mean(0)).norm(dim=-1)
    assert 0.002 < float(shift.max() / away(set_up, path).norm(dim=-1).mean()) < 0.06
    assert torch.equal(still_horse("handheld")[2].rotation, path.rotation)
    assert not torch.allclose(still_horse("handheld", 8)[2].rotation, path.rotation, atol=1e-2)


@pytest.mark.parametrize("action", ["stand", "walk"])
def test_a_truck_moves_sideways_and_looks_straight_ahead(action: str) -> None:
    set_up, path = staged(
        Shot((Subject("horse", action=action),), place="meadow", camera=Camera("truck"), seed=7)
    )
    assert (path.rotation - path.rotation[0]).abs().max() < 1e-4
    right, back = path.rotation[0, :, 0], path.rotation[0, :, 2]
    slide = path.position[-1] - path.position[0]
    assert (slide @ right).abs() > 0.6 * away(set_up, path)[0].norm() * torch.tan(path.vertical_fov[0] / 2)
    assert (slide @ back).abs() < 0.2 * (slide @ right).abs()
    across = on_screen(path, set_up.centre[:, 0], 16 / 9)[:, 0]
    assert across[0] * across[-1] < 0 and (across[-1] - across[0]).abs() > 0.8


def test_a_pull_back_leaves_the_subject_behind() -> None:
    _, set_up, path = still_horse("pull-back")
    distance = away(set_up, path).norm(dim=-1)
    assert (distance[1:] >= distance[:-1] - 1e-4).all() and distance[-1] > 2.3 * distance[0]


def test_framings_and_heights_are_ordered() -> None:
    def path_of(camera: Camera) -> float:
        set_up, path = staged(Shot((Subject("fox", action="stand"),), place="meadow", camera=camera, seed=3))
        return float((path.position[0] - set_up.centre[0, 0]).norm())

    wide, medium, close = (path_of(Camera(framing=f)) for f in ("wide", "medium", "close"))
    assert wide > 1.4 * medium and medium > 1.2 * close
    heights = []
    for height in ("low", "eye", "high"):
        _, path = staged(Shot((Subject("horse"),), place="meadow", camera=Camera(height=height), seed=3))
        heights.append(float(path.position[0, 1]))
    assert heights[0] < heights[1] < heights[2]


def test_a_cut_jumps_to_another_side_and_keeps_the_subject() -> None:
    shot = Shot(
        (Subject("fox", action="walk"),),
        place="snowfield",
        cuts=(Cut(2.0, Camera("static", "close")),),
        seed=5,
    )
    set_up, path = staged(shot)
    at = round(2.0 * shot.fps)
    leap = (path.position[at] - path.position[at - 1]).norm()
    within = (path.position[1:at] - path.position[: at - 1]).norm(dim=-1).max()
    assert leap > 1.0 and leap > 10 * within
    view = -path.rotation[..., 2]
    assert math.degrees(math.acos(float((view[at] * view[at - 1]).sum().clamp(-1, 1)))) > 35
    assert on_screen(path, set_up.centre[:, 0], 16 / 9).abs().max() < 1


def test_an_occluder_hides_the_subject_for_a_while_and_never_the_lens() -> None:
    shot = Shot((Subject("fox", action="walk"),), place="meadow", occluder="rock", seed=2)
    set_up, path = staged(shot)
    low, high = extents(set_up, [100])
    inside = ((path.position > low[:, 0]) & (path.position < high[:, 0])).all(-1)
    assert not inside.any()


def test_smoothing_keeps_straight_lines_and_calms_noise() -> None:
    line = torch.linspace(0, 5, 30)[:, None]
    assert torch.allclose(smooth(line, 3.0), line, atol=1e-4)
    shaken = torch.randn(60, 2, generator=torch.Generator().manual_seed(0))
    assert smooth(shaken, 4.0).std() < 0.5 * shaken.std()


def turned(path: CameraPath) -> float:
    """Degrees between the first and the last direction of the camera, on the level."""
    ahead = torch.nn.functional.normalize(path.rotation[[0, -1]][:, [0, 2], 2], dim=-1)
    return math.degrees(math.acos(float((ahead[0] * ahead[1]).sum().clamp(-1, 1))))


@pytest.mark.parametrize(("kind", "action"), [("car", "drive"), ("wolf", "run"), ("bird", "fly")])
def test_a_pan_is_no_orbit(kind: str, action: str) -> None:
    subject = Subject(kind, action=action, speed="fast")
    for seed in range(3):
        shot = Shot((subject,), place="meadow", camera=Camera("pan", "close"), seed=seed)
        set_up, pan = staged(shot)
        low, high = extents(set_up, [1])
        across = on_screen(pan, ((low + high) / 2)[:, 0], 16 / 9)[:, 0]
        assert 15 < turned(pan) < 110
        assert (across[-1] - across[0]).abs() > 0.3, "it crosses the frame, against its own way"
        assert (across[-1] - across[0]) * (1 if subject.direction == "right" else -1) < 0
        set_up, orbit = staged(replace(shot, camera=Camera("orbit", "close")))
        low, high = extents(set_up, [1])
        assert on_screen(orbit, ((low + high) / 2)[:, 0], 16 / 9)[:, 0].abs().max() < 0.3
        flat = torch.nn.functional.normalize((orbit.position - set_up.centre[:, 0])[:, [0, 2]], dim=-1)
        assert math.degrees(math.acos(float((flat[0] * flat[-1]).sum()))) > 75, "another side is seen"


def test_no_hill_stands_before_the_subject() -> None:
    train = (Subject("train", action="drive", direction="left"),)
    for seed in range(8):
        shot = Shot(train, place="dunes", camera=Camera("truck", "wide", "low"), seed=seed)
        set_up, path = staged(shot)
        between = torch.lerp(path.position, set_up.centre[:, 0], 0.5)
        assert (between[:, 1] > terrain.ground(shot)(between[:, [0, 2]])).all()


def test_a_camera_keeps_clear_of_who_comes_or_goes() -> None:
    for direction in ("towards", "away"):
        shot = Shot((Subject("truck", action="stand", direction=direction),), place="dunes", seed=1)
        set_up, path = staged(shot)
        low, high = extents(set_up, [1])
        nearest = torch.minimum(torch.maximum(path.position, low[:, 0]), high[:, 0])
        assert (path.position - nearest).norm(dim=-1).min() > 4.0
