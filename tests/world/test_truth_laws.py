"""Depth, ids and flow agree with the bodies and with each other, in whatever order frames are asked for."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.errors import OzoraError
from ozora.world import terrain
from ozora.world.bodies import Stage
from ozora.world.camera import CameraPath
from ozora.world.concepts import SUBJECTS
from ozora.world.film import Filmed, film
from ozora.world.render.solid import distance, pack
from ozora.world.rigs import stage
from ozora.world.sampling import sample_shot
from ozora.world.shot import Camera, Cut, Shot, Subject
from ozora.world.truth import CLASSES, Truth

WIDTH, HEIGHT = 64, 32
PAIRS = (
    ("fox", "walk", "meadow", "static"), ("car", "drive", "street", "pan"), ("bird", "fly", "lake", "follow"),
    ("person", "stand", "beach", "orbit"), ("cube", "spin", "room", "dolly"),
    ("robot", "run", "moon", "crane"), ("sailboat", "sail", "sea", "pull-back"),
    ("elephant", "walk", "savannah", "zoom"), ("ring", "roll", "underwater", "truck"),
)  # fmt: skip


def shot_of(kind: str, action: str, place: str, move: str) -> Shot:
    return Shot((Subject(kind, action=action),), place=place, camera=Camera(move), seed=3)


def shoot(shot: Shot, frames: list[int]) -> Filmed:
    return film(shot, WIDTH, HEIGHT, frames=frames, truth=True)


def told(filmed: Filmed) -> Truth:
    assert filmed.truth is not None
    return filmed.truth


def seen_points(path: CameraPath, index: int, depth: Tensor) -> Tensor:
    """World points (H, W, 3) that the pixels of a frame show, from its depth and its camera alone."""
    height, width = depth.shape
    tangent = torch.tan(path.vertical_fov[index] / 2)
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    across, up = (2 * x - width) / height * tangent, (1 - 2 * y / height) * tangent
    own = torch.stack((across, up, -torch.ones_like(x)))
    ray = torch.einsum("ij,jhw->hwi", path.rotation[index], own / own.norm(dim=0))
    return path.position[index] + ray * depth[..., None]


def acted(shot: Shot) -> Stage:
    return stage(shot, terrain.ground(shot))


@pytest.mark.parametrize(("kind", "action", "place", "move"), PAIRS)
def test_a_pixel_of_a_body_lies_on_the_surface_of_that_body(
    kind: str, action: str, place: str, move: str
) -> None:
    """Depth walked along the ray ends where the body's own distance is nought, to a few pixels."""
    shot = shot_of(kind, action, place, move)
    filmed, bodies = shoot(shot, [24]), acted(shot).bodies
    mine = filmed.ids[0] == 1
    assert mine.any()
    points = seen_points(filmed.camera, 0, filmed.depth[0].float())[mine].T
    solid = pack(bodies, 1, [24])[0]
    off = distance(solid, points - solid.centre[:, None])
    pixel = 2 * torch.tan(filmed.camera.vertical_fov[0] / 2) / HEIGHT * filmed.depth[0][mine].float()
    half_float = filmed.depth[0][mine].float() / 1024
    # Rays stop at the deepest of their strides: up to two pixels and a half in, hardly ever outside.
    assert (off > -2.7 * pixel - half_float).all()
    assert (off < 0.3 * pixel + half_float).all()


@pytest.mark.parametrize(("kind", "action", "place", "move"), PAIRS)
def test_flow_leads_a_seen_point_to_where_the_next_picture_has_it(
    kind: str, action: str, place: str, move: str
) -> None:
    """Where flow leads, the next frame shows the same one; it stays inside, and a wall of sky stays sky."""
    filmed = shoot(shot_of(kind, action, place, move), [20, 21])
    truth = told(filmed)
    assert torch.isfinite(truth.flow).all()
    flow, seen = truth.flow[0], truth.seen[0]
    y, x = torch.meshgrid(torch.arange(HEIGHT) + 0.5, torch.arange(WIDTH) + 0.5, indexing="ij")
    column, row = x + flow[..., 0], y + flow[..., 1]
    inside = (column >= 0) & (column <= WIDTH) & (row >= 0) & (row <= HEIGHT)
    assert inside[seen].all(), "nothing outside of the picture is seen"
    there = row.long().clamp(0, HEIGHT - 1), column.long().clamp(0, WIDTH - 1)
    same = filmed.ids[1][there] == filmed.ids[0]
    assert same[seen].float().mean() > 0.97
    assert seen.float().mean() > 0.5
    here, next_ = filmed.depth[0].float(), filmed.depth[1].float()[there]
    sky = torch.isinf(here) & seen
    assert not sky.any() or torch.isinf(next_[sky]).float().mean() > 0.9


def test_two_pictures_of_one_moment_flow_nowhere() -> None:
    for kind, action, place, move in PAIRS:
        truth = told(shoot(shot_of(kind, action, place, move), [9, 9]))
        assert truth.flow.abs().max() < 0.01, f"{kind} flows while no time goes by"
        assert truth.seen.float().mean() > 0.97


@pytest.mark.parametrize(("kind", "action", "place", "move"), PAIRS[::2])
def test_flow_there_and_back_again_comes_home(kind: str, action: str, place: str, move: str) -> None:
    """Frames asked for backwards are told backwards: what is seen both ways returns to its own pixel."""
    truth = told(shoot(shot_of(kind, action, place, move), [20, 21, 20]))
    there, back = truth.flow[0], truth.flow[1]
    y, x = torch.meshgrid(torch.arange(HEIGHT), torch.arange(WIDTH), indexing="ij")
    grid = torch.stack(((x + 0.5 + there[..., 0]) / WIDTH, (y + 0.5 + there[..., 1]) / HEIGHT), -1) * 2 - 1
    read = torch.nn.functional.grid_sample(back.movedim(-1, 0)[None], grid[None], align_corners=False)[0]
    away = (there + read.movedim(0, -1)).norm(dim=-1)
    assert away[truth.seen[0]].median() < 0.1
    assert (away[truth.seen[0]] < 0.75).float().mean() > 0.9


def test_a_cut_is_a_cut_in_both_directions() -> None:
    shot = Shot((Subject("fox"),), cuts=(Cut(1.0, Camera("static", "close")),), seed=4)
    for frames in ([11, 12], [12, 11], [0, 40], [40, 0]):
        truth = told(shoot(shot, frames))
        assert not truth.seen.any() and not truth.flow.any(), f"from {frames[0]} to {frames[1]}"
    assert told(shoot(shot, [13, 12])).seen.any()


@settings(max_examples=14)
@given(seed=st.integers(0, 10**6))
def test_ids_name_only_who_is_in_the_shot_and_classes_agree(seed: int) -> None:
    shot = replace(sample_shot(seed), seconds=1.0, cuts=())
    filmed = film(shot, 32, 16, frames=[shot.frames // 2], truth=True)
    allowed = {0, *range(1, len(shot.instances) + 1)}
    if shot.occluder != "none":
        allowed.add(100)
    ids, classes = filmed.ids[0], told(filmed).classes[0]
    assert set(ids.unique().tolist()) <= allowed
    for number, index in enumerate(shot.instances, 1):
        assert {CLASSES[i] for i in classes[ids == number].tolist()} <= {shot.subjects[index].kind}
    assert {CLASSES[i] for i in classes[ids == 0].tolist()} <= {"backdrop", shot.place}
    assert torch.isfinite(filmed.depth[0][ids > 0]).all() and (filmed.depth > 0).all()


@settings(max_examples=10)
@given(seed=st.integers(0, 10**6), data=st.data())
def test_any_choice_of_frames_in_any_order_gives_the_same_bits(seed: int, data: st.DataObject) -> None:
    shot = replace(sample_shot(seed), seconds=0.4, fps=12, cuts=())
    chosen = data.draw(st.lists(st.integers(0, shot.frames - 1), min_size=1, max_size=2))
    whole, part = film(shot, 24, 16), film(shot, 24, 16, frames=chosen)
    for place, frame in enumerate(chosen):
        assert torch.equal(part.frames[place], whole.frames[frame])
        assert torch.equal(part.depth[place], whole.depth[frame])
        assert torch.equal(part.ids[place], whole.ids[frame])
    again = Shot.from_json(json.loads(json.dumps(shot.to_json())))
    assert torch.equal(film(again, 24, 16, frames=chosen).frames, part.frames)


def test_a_stage_that_was_set_up_before_gives_the_same_film() -> None:
    shot = shot_of("horse", "run", "meadow", "follow")
    own = film(shot, WIDTH, HEIGHT, frames=[5, 6], stage=acted(shot), truth=True)
    plain = shoot(shot, [5, 6])
    assert torch.equal(own.frames, plain.frames) and torch.equal(own.depth, plain.depth)
    assert torch.equal(told(own).flow, told(plain).flow) and torch.equal(told(own).seen, told(plain).seen)


@pytest.mark.parametrize("place", ["meadow", "street", "room", "tabletop"])
def test_a_body_in_front_hides_what_is_behind_and_ids_tell_the_nearer(place: str) -> None:
    kinds = [kind for kind, one in SUBJECTS.items() if place in one.places and "stand" in one.actions][:2]
    first, second = (Subject(kind, action="stand") for kind in kinds)
    shot = Shot((first, second), place=place, seed=2, relation="in front of", camera=Camera("static"))
    filmed, bodies = film(shot, WIDTH, HEIGHT, frames=[6]), acted(shot).bodies
    points = seen_points(filmed.camera, 0, filmed.depth[0].float())
    for number in (1, 2):
        mine, other = filmed.ids[0] == number, pack(bodies, 3 - number, [6])[0]
        assert mine.any()
        # Half-way to what is seen nobody else may stand.
        half = (points[mine] + filmed.camera.position[0]) / 2
        assert (distance(other, half.T - other.centre[:, None]) > 0).all()


@pytest.mark.parametrize(
    ("wrong", "came"),
    [
        ({"frames": []}, r"\[\]"), ({"frames": [-1]}, "-1"), ({"frames": [0, 49]}, "49"),
        ({"height": 7}, "64x7"), ({"width": 0}, "0x32"), ({"supersample": 9}, "9"),
        ({"supersample": -1}, "-1"),
    ],
)  # fmt: skip
def test_what_cannot_be_filmed_is_said_in_one_sentence(wrong: dict, came: str) -> None:
    shot = shot_of("fox", "walk", "meadow", "static")
    with pytest.raises(OzoraError, match=came) as raised:
        film(shot, **{"width": WIDTH, "height": HEIGHT, **wrong})
    assert "\n" not in str(raised.value) and str(raised.value)[0].isalpha()
