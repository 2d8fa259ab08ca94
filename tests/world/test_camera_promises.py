"""What each move promises holds for anybody anywhere: still to the bit, nearer, round, up, above ground."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.world import concepts, terrain
from ozora.world.bodies import Stage
from ozora.world.camera import CameraPath, camera_path, cut_frames
from ozora.world.film import film
from ozora.world.physics.cast import TOGETHER
from ozora.world.rigs import stage
from ozora.world.sampling import sample_shot
from ozora.world.shot import Camera, Cut, Shot, Subject, validate

MOVES = tuple(concepts.MOVES)
STILL = [
    (kind, place)
    for kind, one in concepts.SUBJECTS.items()
    if "stand" in one.actions
    for place in one.places[:1]
]
HUGE = (2**62, 2**63 // 13, 2**63 // 7 + 1, 2**63 - 1000)
"""Seeds that are allowed and, many times over, do not fit in sixty-four bits."""


@lru_cache(maxsize=64)
def acted(shot: Shot) -> Stage:
    """The action, which no camera changes."""
    return stage(shot, terrain.ground(shot))


def taken(shot: Shot, camera: Camera, aspect: float = 16 / 9) -> tuple[Stage, CameraPath]:
    plain = replace(shot, camera=Camera())
    same_action = plain if shot.occluder == "none" else replace(shot, camera=camera)
    told = acted(same_action)
    return told, camera_path(replace(shot, camera=camera), told, aspect)


def standing(kind: str, place: str, seed: int = 4) -> Shot:
    return Shot((Subject(kind, action="stand"),), place=place, seed=seed, seconds=3.0)


def off(told: Stage, path: CameraPath) -> Tensor:
    """Metres (F, 3) from the subject to the camera."""
    return path.position - told.centre[:, 0]


def still(values: Tensor) -> bool:
    return bool((values == values[:1]).all())


@pytest.mark.parametrize(("kind", "place"), STILL)
def test_a_static_camera_before_who_stands_does_not_move_a_bit(kind: str, place: str) -> None:
    for framing in ("wide", "medium", "close"):
        for height in ("low", "eye", "high"):
            _, path = taken(standing(kind, place), Camera("static", framing, height))
            assert still(path.position) and still(path.vertical_fov)
            assert (path.rotation - path.rotation[:1]).abs().max() < 1e-4


@pytest.mark.parametrize("move", ["static", "pan", "tilt", "zoom"])
def test_what_turns_on_the_spot_stands_on_one_spot_whoever_passes(move: str) -> None:
    passers = ("wolf", "run", "valley"), ("car", "drive", "dunes"), ("ball", "roll", "beach")
    for kind, action, place in passers:
        for seed in range(3):
            shot = Shot((Subject(kind, action=action),), place=place, seed=seed, seconds=2.0)
            _, path = taken(shot, Camera(move))
            assert (path.position - path.position[:1]).norm(dim=-1).max() < 1e-4
            if move != "zoom":
                assert still(path.vertical_fov)


@pytest.mark.parametrize(("kind", "place"), STILL)
def test_a_dolly_only_nears_and_a_pull_back_only_leaves(kind: str, place: str) -> None:
    for move, way in (("dolly", -1.0), ("pull-back", 1.0)):
        told, path = taken(standing(kind, place), Camera(move))
        far = off(told, path).norm(dim=-1)
        step = far[1:] - far[:-1]
        assert (step * way > -2e-3 * far[0]).all(), f"a {move} goes the other way"
        assert abs(float(far[-1] / far[0]) - 1) > 0.3
        # Straight in or out: from another side it would be an orbit.
        level = torch.nn.functional.normalize(off(told, path)[:, [0, 2]], dim=-1)
        assert (level @ level[0]).min() > 0.95


@pytest.mark.parametrize(("kind", "place"), STILL)
def test_an_orbit_keeps_its_distance_and_goes_one_way_round(kind: str, place: str) -> None:
    for seed in (1, 2):
        told, path = taken(standing(kind, place, seed), Camera("orbit"))
        away = off(told, path)
        level = away[:, [0, 2]]
        far = level.norm(dim=-1)
        # It goes round the middle of what is seen, which for a long neck or trunk is not the body's.
        assert far.max() < 1.15 * far.min()
        angle = torch.atan2(level[:, 0], level[:, 1])
        step = torch.remainder(angle[1:] - angle[:-1] + torch.pi, 2 * torch.pi) - torch.pi
        assert (step > 0).all() or (step < 0).all()
        assert step.abs().max() < 1.5 * step.abs().min() + 1e-4
        assert 50 < float(torch.rad2deg(step.sum().abs())) < 105


@pytest.mark.parametrize(("kind", "place"), STILL)
def test_a_crane_rises_or_sinks_all_the_way(kind: str, place: str) -> None:
    for seed in (1, 2, 3):
        shot = standing(kind, place, seed)
        told, path = taken(shot, Camera("crane"))
        height = off(told, path)[:, 1]
        step = (height[1:] - height[:-1]) * (1 if shot.upwards else -1)
        assert (step > -0.01 * off(told, path).norm(dim=-1)[1:]).all()
        assert step.sum() > 0.5 * off(told, path)[0, [0, 2]].norm()


@settings(max_examples=40)
@given(seed=st.integers(0, 10**6), move=st.sampled_from(MOVES), aspect=st.sampled_from([16 / 9, 1.0, 9 / 16]))
def test_every_camera_of_every_shot_is_upright_finite_and_above_the_ground(
    seed: int, move: str, aspect: float
) -> None:
    shot = replace(sample_shot(seed), seconds=2.0, cuts=())
    told = stage(replace(shot, camera=Camera(move)), terrain.ground(shot))
    path = camera_path(replace(shot, camera=Camera(move)), told, aspect)
    for value in (path.position, path.rotation, path.vertical_fov):
        assert torch.isfinite(value).all()
    eye = torch.eye(3).expand(len(path.position), 3, 3)
    assert torch.allclose(path.rotation.transpose(1, 2) @ path.rotation, eye, atol=1e-4)
    assert (torch.linalg.det(path.rotation) > 0.99).all()
    assert (path.rotation[:, 1, 1] > 0).all(), "never head over heels"
    assert ((path.vertical_fov > 0.05) & (path.vertical_fov < 2.2)).all()
    assert (path.position[:, 1] > terrain.ground(shot)(path.position[:, [0, 2]])).all()


@settings(max_examples=30)
@given(seed=st.integers(0, 10**6), move=st.sampled_from(MOVES))
def test_every_path_is_smooth_but_for_its_cuts(seed: int, move: str) -> None:
    """From frame to frame neither the way nor the turn of the camera changes by much."""
    shot = replace(sample_shot(seed), seconds=3.0, fps=24, camera=Camera(move), later="none")
    shot = replace(shot, cuts=(Cut(1.5, Camera("static", "close")),))
    told = stage(shot, terrain.ground(shot))
    path = camera_path(shot, told)
    bounds = [0, *cut_frames(shot, shot.frames), shot.frames]
    for first, last in pairwise(bounds):
        here, turn = path.position[first:last], path.rotation[first:last]
        far = (here - told.centre[first:last, 0]).norm(dim=-1).mean()
        assert (here[2:] - 2 * here[1:-1] + here[:-2]).norm(dim=-1).max() < 0.03 * far
        assert (turn[1:] - turn[:-1]).norm(dim=(1, 2)).max() < 0.25


@pytest.mark.parametrize("move", MOVES)
def test_a_single_picture_and_pictures_between_close_cuts_have_a_camera(move: str) -> None:
    """A clip of one frame, and takes of one or two frames between cuts, are filmed as any other."""
    for kind, action in (("fox", "walk"), ("person", "stand")):
        one = Shot((Subject(kind, action=action),), camera=Camera(move), seconds=0.01)
        validate(one)
        assert one.frames == 1
        cuts = tuple(Cut(at, Camera(move, "close")) for at in (0.1, 0.12, 0.2, 0.49))
        brief = replace(one, seconds=0.5, cuts=cuts)
        validate(brief)
        for shot in (one, brief):
            path = camera_path(shot, stage(shot, terrain.ground(shot)))
            assert len(path.position) == len(path.vertical_fov) == shot.frames
            assert torch.isfinite(path.position).all() and torch.isfinite(path.rotation).all()


@pytest.mark.parametrize("seed", HUGE)
def test_the_largest_seeds_can_be_filmed_too(seed: int) -> None:
    """Whatever is drawn from a seed, a seed that is allowed is not too large for it."""
    for move, weather in (("handheld", "snow"), ("static", "storm"), ("crane", "rain")):
        place = "snowfield" if weather == "snow" else "meadow"
        time = "night" if weather == "snow" else "noon"
        shot = Shot(
            (Subject("fox", action="walk"),), place=place, time=time, weather=weather, seed=seed,
            camera=Camera(move), cuts=(Cut(0.2, Camera(move, "close")),), seconds=0.4,
        )  # fmt: skip
        validate(shot)
        filmed = film(shot, 24, 16)
        assert torch.equal(filmed.frames, film(shot, 24, 16).frames)
        assert filmed.frames.float().std() > 2


@settings(max_examples=20)
@given(seed=st.integers(0, 10**5), framing=st.sampled_from(["wide", "medium", "close"]))
def test_a_camera_stands_in_nobody(seed: int, framing: str) -> None:
    """No lens is inside of a subject's sphere by more than its half, of whoever is filmed."""
    shot = sample_shot(seed)
    if shot.subjects[0].action in TOGETHER:
        return
    shot = replace(shot, cuts=(), seconds=2.0, camera=Camera("static", framing))
    told = stage(shot, terrain.ground(shot))
    path = camera_path(shot, told)
    for number in range(told.centre.shape[1]):
        away = (path.position - told.centre[:, number]).norm(dim=-1)
        assert (away > 0.5 * told.extent[:, number]).all()


def test_a_path_read_at_some_frames_is_that_of_those_frames() -> None:
    shot = Shot((Subject("fox", action="run"),), place="meadow", camera=Camera("handheld"), seed=8)
    path = camera_path(shot, stage(shot, terrain.ground(shot)))
    some = path.at([7, 3, 3])
    for number, frame in enumerate((7, 3, 3)):
        assert torch.equal(some.position[number], path.position[frame])
        assert torch.equal(some.rotation[number], path.rotation[frame])
        assert some.vertical_fov[number] == path.vertical_fov[frame]
