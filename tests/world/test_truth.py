"""Flow leads every visible point to itself, classes name what is seen, events tell when it is hidden."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from ozora.world.bodies import Stage
from ozora.world.film import Filmed, film
from ozora.world.render.solid import pack
from ozora.world.rigs.frame import Frame, Parts, Skin, rotation
from ozora.world.shot import Camera, Cut, Shot, Subject
from ozora.world.truth import CLASSES, Event, Truth, carried, warped

EMPTY = Shot((Subject("cube", action="spin"),), place="meadow", camera=Camera("static"), seed=4)


def told(filmed: Filmed) -> Truth:
    assert filmed.truth is not None
    return filmed.truth


def shoot(shot: Shot, frames: list[int], width: int = 160, height: int = 92) -> Filmed:
    return film(shot, width, height, frames=frames, truth=True)


ACTS = (
    ("horse", "walk", "meadow", "pan"), ("person", "walk", "dunes", "orbit"),
    ("cube", "spin", "tabletop", "zoom"), ("fox", "run", "snowfield", "handheld"),
    ("ball", "roll", "tabletop", "truck"), ("bird", "fly", "dunes", "follow"),
    ("horse", "stand", "snowfield", "crane"),
)  # fmt: skip


@pytest.mark.parametrize(("kind", "action", "place", "move"), ACTS)
def test_the_next_frame_read_along_the_flow_is_this_frame(
    kind: str, action: str, place: str, move: str
) -> None:
    """On average within 6 of 255 levels on the set, 24 on bodies, whose light turns as they turn."""
    shot = Shot((Subject(kind, action=action),), place=place, camera=Camera(move), seed=3)
    filmed = shoot(shot, [20, 21])
    here, there = filmed.frames.float().movedim(-1, 1)
    flow, seen, body = told(filmed).flow[0], told(filmed).seen[0], filmed.ids[0] == 1
    left = (warped(there, flow) - here).abs().mean(0)
    before = (there - here).abs().mean(0)
    assert seen[~body].float().mean() > 0.85 and seen[body].float().mean() > 0.85
    assert left[seen & ~body].mean() < 6 and left[seen & body].mean() < 24
    assert left[seen & body].mean() < 0.6 * before[seen & body].mean() + 1


def test_a_static_camera_on_empty_ground_flows_nowhere() -> None:
    filmed = shoot(EMPTY, [10, 14, 30])
    empty = (filmed.ids[:-1] == 0) & (filmed.ids[1:] == 0)
    assert told(filmed).flow[empty].abs().max() < 5e-3
    assert told(filmed).seen[empty].float().mean() > 0.99


def test_a_pan_flows_as_its_turn_says() -> None:
    shot = replace(EMPTY, camera=Camera("pan"))
    filmed = shoot(shot, [24, 25])
    camera, height, width = filmed.camera, 92, 160
    focal = height / 2 / torch.tan(camera.vertical_fov[0] / 2)
    turn = camera.rotation[1].T @ camera.rotation[0]
    y, x = torch.meshgrid(torch.arange(height) + 0.5, torch.arange(width) + 0.5, indexing="ij")
    ray = torch.stack(((x - width / 2) / focal, (height / 2 - y) / focal, -torch.ones_like(x)))
    own = torch.einsum("ij,jhw->ihw", turn, ray)
    column, row = width / 2 - own[0] / own[2] * focal, height / 2 + own[1] / own[2] * focal
    wanted, ground = torch.stack((column - x, row - y), -1), filmed.ids[0] == 0
    assert wanted.abs().max() > 1
    assert (told(filmed).flow[0] - wanted)[ground].abs().max() < 5e-3


def test_a_zoom_flows_outwards_from_the_middle() -> None:
    filmed = shoot(replace(EMPTY, camera=Camera("zoom")), [24, 25])
    before, after = torch.tan(filmed.camera.vertical_fov / 2).tolist()
    grows = before / after - 1
    flow = told(filmed).flow[0]
    assert grows > 0.01 and abs(float(flow[5, 150, 0]) - grows * (150.5 - 80)) < 0.05
    assert abs(float(flow[5, 150, 1]) - grows * (5.5 - 46)) < 0.05


@pytest.mark.parametrize("kind", ["box", "ellipsoid", "cone", "sheet", "ring"])
def test_points_move_rigidly_with_every_kind_of_primitive(kind: str) -> None:
    turn = rotation(torch.tensor([0.0, 0.4]), torch.tensor([0.0, 0.3]), torch.tensor([0.0, -0.2]), 2)
    frame = Frame(torch.tensor([[0.0, 0.0, 0.0], [0.3, 0.1, -0.2]]), turn)
    parts, skin = Parts(frame, 0.0), Skin((0.5, 0.5, 0.5))
    ends = frame.at(0.0, 0.0, 0.0), frame.at(0.6, 0.1, 0.0), frame.at(0.1, 0.7, 0.2)
    if kind == "box":
        parts.box(skin, frame, (0.4, 0.3, 0.2), 0.02)
    elif kind == "ellipsoid":
        parts.ellipsoid(skin, frame, (0.4, 0.3, 0.2))
    elif kind == "cone":
        parts.cone(skin, ends[0], ends[1], 0.2, 0.1)
    elif kind == "sheet":
        parts.sheet(skin, *ends, 0.01)
    else:
        parts.ring(skin, frame, 0.4, 0.1)
    bodies = parts.bodies(1)
    own = torch.rand(3, 20, generator=torch.Generator().manual_seed(1)) - 0.5
    start, end = (turn[i] @ own + frame.origin[i][:, None] for i in (0, 1))
    moved = carried(bodies, pack(bodies, 1, [0])[0], start, 0, 1)
    assert (moved - end).abs().max() < 1e-4


def test_what_swells_carries_its_skin_outwards() -> None:
    parts = Parts(Frame(torch.zeros(2, 3), torch.eye(3).expand(2, 3, 3)), 0.0)
    radius = torch.tensor([0.5, 1.0])
    parts.ellipsoid(Skin((0.5, 0.5, 0.5)), parts.frame, (radius, radius, radius))
    bodies = parts.bodies(1)
    moved = carried(bodies, pack(bodies, 1, [0])[0], torch.tensor([[0.5], [0.0], [0.0]]), 0, 1)
    assert (moved[:, 0] - torch.tensor([1.0, 0.0, 0.0])).abs().max() < 1e-5


def test_classes_name_what_is_seen() -> None:
    subjects = (Subject("fox", action="walk"), Subject("person", position="right"))
    filmed = shoot(Shot(subjects, place="snowfield", occluder="tree", seed=2), [8])
    classes, ids = told(filmed).classes, filmed.ids
    assert told(filmed).flow.shape == (0, 92, 160, 2) and told(filmed).seen.shape == (0, 92, 160)
    assert {CLASSES[i] for i in classes[ids == 1].tolist()} == {"fox"}
    assert {CLASSES[i] for i in classes[ids == 2].tolist()} == {"person"}
    assert {CLASSES[i] for i in classes[ids == 100].tolist()} == {"tree"}
    sky = torch.isinf(filmed.depth) & (ids == 0)
    assert {CLASSES[i] for i in classes[sky].tolist()} == {"backdrop"}
    assert {CLASSES[i] for i in classes[~sky & (ids == 0)].tolist()} == {"snowfield"}


def test_passing_behind_something_is_told_and_ends() -> None:
    shot = Shot((Subject("fox", action="walk"),), occluder="rock", seed=2)
    filmed = shoot(shot, list(range(0, shot.frames, 3)), 96, 56)
    (event,) = told(filmed).events
    assert (event.kind, event.subject) == ("occluded", 1)
    area = (filmed.ids == 1).float().sum((1, 2))
    hidden = [i / 4 for i in range(len(area)) if area[i] < 0.4 * area.max()]
    assert 0 < event.from_seconds <= hidden[0] and hidden[-1] < event.to_seconds < shot.seconds
    open_view = shoot(replace(shot, occluder="none"), [0, 12, 24], 96, 56)
    assert told(open_view).events == ()


def test_leaving_the_frame_is_not_being_hidden() -> None:
    shot = Shot((Subject("horse"),), camera=Camera("fly-over"), seed=7)
    assert told(shoot(shot, [0, 20, 40, 48], 96, 56)).events == ()


def test_nothing_is_seen_across_a_cut_and_the_cut_is_told() -> None:
    shot = replace(EMPTY, cuts=(Cut(1.0, Camera("static", "close")),))
    truth = told(shoot(shot, [10, 11, 12, 13], 64, 40))
    assert truth.events == (Event("cut", 0, 1.0, 1.0),)
    assert truth.seen[0].any() and truth.seen[2].any() and not truth.seen[1].any()
    assert not truth.flow[1].any()


def test_truth_costs_nothing_unless_asked_for_and_changes_nothing() -> None:
    plain, asked = film(EMPTY, 64, 40, frames=[3, 4]), shoot(EMPTY, [3, 4], 64, 40)
    assert plain.truth is None
    assert torch.equal(plain.frames, asked.frames) and torch.equal(plain.depth, asked.depth)


def test_flow_holds_for_averaged_rays_too() -> None:
    shot = replace(EMPTY, camera=Camera("pan"))
    fine = film(shot, 64, 40, frames=[24, 26], supersample=2, truth=True)
    once = film(shot, 64, 40, frames=[24, 26], truth=True)
    ground = (fine.ids[0] == 0) & (once.ids[0] == 0)
    assert (told(fine).flow[0] - told(once).flow[0])[ground].abs().max() < 0.05 * math.hypot(64, 40)


def test_a_stage_of_ones_own_is_told_too() -> None:
    frames = EMPTY.frames
    origin = torch.stack((torch.linspace(-1, 1, frames), torch.full((frames,), 0.3), torch.zeros(frames)), -1)
    parts = Parts(Frame(origin, torch.eye(3).expand(frames, 3, 3)), 0.0)
    parts.box(Skin((0.6, 0.1, 0.1)), parts.frame, (0.3, 0.3, 0.3), 0.02)
    heading = torch.tensor([1.0, 0.0, 0.0]).expand(frames, 1, 3)
    own = Stage(parts.bodies(1), origin[:, None], torch.full((frames, 1), 0.5), heading)
    filmed = film(replace(EMPTY, place="tabletop"), 96, 56, frames=[24, 26], stage=own, truth=True)
    on_it = told(filmed).flow[0][filmed.ids[0] == 1]
    assert (on_it[:, 0] > 0.5).all() and on_it[:, 0].std() < 0.2 * on_it[:, 0].mean()
