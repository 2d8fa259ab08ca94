"""A film and its ground truth: same bits every time, ids where bodies are, and light that reads."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from ozora.errors import OzoraError
from ozora.world.film import Filmed, film
from ozora.world.shot import Camera, Cut, Shot, Subject

FOX = Shot((Subject("fox", action="run"),), place="snowfield", time="noon", camera=Camera("follow"), seed=3)
SHIP = Shot(
    (Subject("sailboat", action="sail"),), place="sea", time="sunset", camera=Camera("follow"), seed=4
)


def shoot(shot: Shot, frames: list[int] | None = None, width: int = 96, height: int = 56) -> Filmed:
    return film(shot, width, height, frames=[12] if frames is None else frames)


def grey(filmed: Filmed) -> torch.Tensor:
    return filmed.frames.float().mean(-1)


def test_the_same_shot_gives_the_same_bits_and_single_frames_those_of_the_film() -> None:
    short = replace(FOX, seconds=0.4, weather="snow")
    whole = film(short, 64, 40)
    assert whole.frames.shape == (short.frames, 40, 64, 3) and whole.frames.dtype == torch.uint8
    again = film(short, 64, 40, frames=[3, 1])
    for i, frame in enumerate((3, 1)):
        assert torch.equal(again.frames[i], whole.frames[frame])
        assert torch.equal(again.depth[i], whole.depth[frame]) and torch.equal(again.ids[i], whole.ids[frame])
        assert torch.equal(again.camera.position[i], whole.camera.position[frame])


def test_another_seed_gives_another_picture() -> None:
    assert (shoot(FOX).frames.float() - shoot(replace(FOX, seed=9)).frames.float()).abs().mean() > 2


@pytest.mark.parametrize("place", ["snowfield", "meadow", "dunes", "sea"])
def test_sky_is_above_and_ground_below(place: str) -> None:
    kind, action = ("sailboat", "sail") if place == "sea" else ("horse", "walk")
    shot = Shot((Subject(kind, action=action),), place=place, camera=Camera("follow"), seed=6)
    filmed = shoot(shot)
    depth, empty = filmed.depth[0].float(), filmed.ids[0] == 0
    assert torch.isinf(depth[0][empty[0]]).all()
    assert torch.isfinite(depth[-1]).all()
    # Ground comes nearer towards the foot of the picture.
    column = depth[-20:, 3]
    assert (column[1:] <= column[:-1] + 0.05 * column[:-1]).all()


def test_ids_lie_where_depth_jumps_forward() -> None:
    filmed = shoot(SHIP, width=128, height=72)
    depth, who = filmed.depth[0].float().clamp(max=1000), filmed.ids[0]
    assert set(who.unique().tolist()) == {0, 1}
    share = (who == 1).float().mean()
    assert 0.01 < share < 0.35
    edge = who[:, 1:] != who[:, :-1]
    body_first = torch.where(who[:, :-1] == 1, depth[:, :-1], depth[:, 1:])
    other = torch.where(who[:, :-1] == 1, depth[:, 1:], depth[:, :-1])
    assert (body_first[edge] < other[edge]).float().mean() > 0.98
    assert (body_first[edge] < 0.8 * other[edge]).float().mean() > 0.6


def test_depth_is_metres_along_the_ray_from_the_exact_camera() -> None:
    filmed = shoot(SHIP, width=64, height=36)
    camera = filmed.camera
    tangent = torch.tan(camera.vertical_fov[0] / 2)
    row, column = 34, 5
    y, x = (1 - 2 * (row + 0.5) / 36) * tangent, (2 * (column + 0.5) / 36 - 64 / 36) * tangent
    ray = torch.nn.functional.normalize(camera.rotation[0] @ torch.tensor([x, y, -1.0]), dim=0)
    point = camera.position[0] + ray * filmed.depth[0, row, column].float()
    assert point[1].abs() < 0.02  # on the water, y = 0


@pytest.mark.parametrize("place", ["snowfield", "meadow", "dunes", "sea", "tabletop"])
def test_the_five_times_of_day_differ_at_a_glance(place: str) -> None:
    kind, action = {"sea": ("sailboat", "sail"), "tabletop": ("ball", "roll")}.get(place, ("person", "walk"))
    looks = []
    for time in ("dawn", "noon", "sunset", "dusk", "night"):
        shot = Shot((Subject(kind, action=action),), place=place, time=time, camera=Camera("follow"), seed=8)
        picture = shoot(shot, width=48, height=32).frames[0].float()
        looks.append(torch.cat([part.mean((0, 1)) for part in picture.chunk(4)]))  # mean colour of four bands
    for i in range(5):
        for j in range(i):
            assert (looks[i] - looks[j]).abs().mean() > 7, f"times {i} and {j} of {place} look alike"


def test_bodies_cast_shadows_on_the_ground() -> None:
    shot = Shot(
        (Subject("cube"),), place="meadow", time="noon", camera=Camera("static", height="high"), seed=2
    )
    filmed = shoot(shot)
    empty = shoot(replace(shot, subjects=(Subject("cube", size="small"),)))
    ground = (filmed.ids[0] == 0) & torch.isfinite(filmed.depth[0])
    light = grey(filmed)[0]
    typical = light[ground].median()
    assert (light[ground] < 0.62 * typical).float().mean() > 0.01
    assert empty.frames.shape == filmed.frames.shape


def test_fog_takes_contrast_and_distance() -> None:
    shot = Shot(
        (Subject("horse", action="walk"),), place="meadow", time="noon", camera=Camera("follow"), seed=6
    )
    clear, fog = shoot(shot), shoot(replace(shot, weather="fog"))
    assert grey(fog).std() < 0.85 * grey(clear).std()
    own = clear.ids[0] == 1
    far = (clear.depth[0].float() > 40) & ~own
    assert grey(fog)[0][far].std() < 0.5 * grey(clear)[0][far].std()
    assert (grey(fog)[0][own].mean() - grey(fog)[0][~own].mean()).abs() > 8  # still seen


def test_snow_falls() -> None:
    still = replace(FOX, subjects=(Subject("fox"),), weather="snow", camera=Camera("static"))
    first, second = shoot(still, [0, 3]).frames.float()
    clear = shoot(replace(still, weather="clear"), [0, 3]).frames.float()
    moved = (first[:16] - second[:16]).abs().amax(-1)
    assert (moved > 6).float().mean() > 0.01
    assert (clear[0, :16] - clear[1, :16]).abs().mean() < 0.5 * moved.mean()


def test_black_and_white_has_no_colour() -> None:
    picture = shoot(replace(SHIP, look="black-and-white")).frames.int()
    assert (picture[..., 0] - picture[..., 1]).abs().max() <= 1 and picture.float().std() > 20


def test_the_sea_moves() -> None:
    still = replace(SHIP, camera=Camera("static"))
    first, second = shoot(still, [0, 2]).frames[:, -12:].float()
    assert (first - second).abs().mean() > 1.5


def test_supersampling_averages_the_finer_picture() -> None:
    fine = film(FOX, 96, 64, frames=[5]).frames[0].float()
    coarse = film(FOX, 48, 32, frames=[5], supersample=2)
    mean = fine.view(32, 2, 48, 2, 3).mean((1, 3))
    assert (coarse.frames[0].float() - mean).abs().max() <= 1.01
    assert coarse.ids.shape == (1, 32, 48) and coarse.depth.shape == (1, 32, 48)


def test_a_cut_changes_the_picture_and_not_the_subject() -> None:
    shot = replace(FOX, cuts=(Cut(1.0, Camera("static", "close", "low")),), camera=Camera("static"))
    before, next_, after = shoot(shot, [10, 11, 12]).frames.float()
    assert (after - next_).abs().mean() > 3 * (next_ - before).abs().mean()
    assert (shoot(shot, [12]).ids == 1).float().mean() > 0.01


def test_static_backgrounds_do_not_flicker() -> None:
    shot = Shot((Subject("person"),), place="meadow", time="noon", camera=Camera("dolly"), seed=5)
    filmed = film(shot, 96, 56, frames=[20, 21, 22])
    first, middle, last = filmed.frames.float()
    # A slow dolly changes the picture smoothly: the second difference stays under the first.
    change = (last - first).abs().mean()
    flicker = (first - 2 * middle + last).abs().mean()
    assert flicker < 1.0 * change + 0.5


def test_any_shape_of_frame() -> None:
    for width, height in ((32, 64), (56, 56), (144, 48)):
        filmed = shoot(FOX, [0], width, height)
        assert filmed.frames.shape == (1, height, width, 3) and (filmed.ids == 1).any()


@pytest.mark.parametrize(
    ("wrong", "word"),
    [({"width": 4}, "size"), ({"frames": [999]}, "frames"), ({"supersample": 0}, "supersample")],
)
def test_impossible_films_are_refused(wrong: dict, word: str) -> None:
    with pytest.raises(OzoraError, match=word):
        film(FOX, **{"width": 64, "height": 40, **wrong})
