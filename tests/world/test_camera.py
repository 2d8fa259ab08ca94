"""The camera frames its subject, moves as told, and never dives."""

from __future__ import annotations

import math

import pytest
import torch

from ozora.world import terrain
from ozora.world.bodies import Stage
from ozora.world.camera import CameraPath, camera_path, extents, smooth
from ozora.world.rigs import stage
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


MOVES = ("static", "pan", "dolly", "orbit", "follow")
ACTORS = (("fox", "run", "snowfield"), ("horse", "walk", "meadow"), ("person", "stand", "dunes"),
          ("bird", "fly", "sea"), ("balloon", "rise", "meadow"), ("cube", "slide", "tabletop"))  # fmt: skip


@pytest.mark.parametrize("move", MOVES)
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
