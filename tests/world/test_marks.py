"""What lies on the ground shows how the camera moves, and neither flickers nor hides anybody."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from ozora.world import film as filming
from ozora.world import terrain
from ozora.world.film import film
from ozora.world.render import marks
from ozora.world.render.light import light
from ozora.world.render.marks import Mark, View, draw, foam, stone, strewn
from ozora.world.render.places import SCENERY
from ozora.world.rigs import stage
from ozora.world.shot import Camera, Shot, Subject

FLAT = terrain.Relief(None, None, 1.0, (0.0, 0.0), 0.0, 0.0)
HEIGHT, WIDTH = 72, 128
DAY = light(Shot((Subject("fox"),)), 4.0, "open", (0.3, 0.3, 0.3))
PEBBLES = strewn(stone, ((0.02, 0.02, 0.02), (0.05, 0.05, 0.05)), seed=3)


def seen(
    which: tuple[Mark, ...], across: float = 0.0, seconds: float = 0.0, ways: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Bare ground from 1.5 m up, looking down by 20 degrees: with marks, its depth with them and without."""
    down = torch.deg2rad(torch.tensor(20.0))
    rotation = torch.tensor([[1, 0, 0], [0, down.cos(), down.sin()], [0, -down.sin(), down.cos()]])
    rays = filming._screen(WIDTH, HEIGHT, 0.4, torch.device("cpu"))
    to = torch.nn.functional.normalize(rotation @ rays, dim=0)
    bare = (-1.5 / to[1].clamp(max=-1e-3)).view(HEIGHT, WIDTH)
    position = torch.tensor([across, 1.5, 4.0])
    ways = torch.zeros(0, 3) if ways is None else ways
    view = View(position, rotation, 0.4, 4.0, 1.0, 0, seconds, ways, 0.35)
    grey = torch.full((3, HEIGHT, WIDTH), 0.5)
    picture, depth, _ = draw(which, FLAT, DAY, view, grey, bare, torch.ones_like(bare), False)
    return picture, depth, bare


def test_marks_are_seen_and_nearer_than_the_ground_they_lie_on() -> None:
    picture, depth, bare = seen(PEBBLES)
    changed = (picture - 0.5).abs().amax(0) > 0.05
    assert 0.005 < changed.float().mean() < 0.25
    assert (depth <= bare).all() and (depth < bare).any()


def test_they_lie_still_in_the_world_and_pass_as_the_camera_does() -> None:
    here, later = seen(PEBBLES)[0], seen(PEBBLES, seconds=2.0)[0]
    assert torch.equal(here, later)
    near, far = (seen(PEBBLES, across=step)[0] for step in (0.004, 0.4))
    assert (near - here).abs().mean() < 0.1 * (far - here).abs().mean()


def test_a_small_step_changes_no_pixel_much() -> None:
    steps = [seen(PEBBLES, across=0.01 * i)[0] for i in range(30)]
    jumps = torch.stack([(b - a).abs().amax() for a, b in itertools.pairwise(steps)])
    assert jumps.max() < 0.35


def test_only_pebbles_lie_where_somebody_passes() -> None:
    boulders = (Mark(stone, ((0.1, 0.1, 0.1),) * 2, 0.12, 3.0, 60),)
    whole = torch.tensor([[0.0, 0.0, 100.0]])
    pictures = [seen(boulders, ways=way)[0] for way in (None, whole)]
    free, cleared = (((picture - 0.5).abs() > 0.05).float().mean() for picture in pictures)
    assert cleared < 0.35 * free


def test_foam_drifts_and_marks_stay_out_of_what_is_not_theirs() -> None:
    drifting = strewn(foam, ((0.9, 0.9, 0.9),) * 2, tall=0.0, shadow=0.0, afloat=True)
    assert not torch.equal(seen(drifting)[0], seen(drifting, seconds=1.0)[0])
    nowhere = strewn(stone, ((0.1, 0.1, 0.1),) * 2, where=lambda x, z, scale, family: x > 1e9)
    picture, depth, bare = seen(nowhere)
    assert torch.equal(picture, torch.full_like(picture, 0.5)) and torch.equal(depth, bare)


@pytest.mark.parametrize("place", [name for name, scenery in SCENERY.items() if scenery.marks])
def test_every_place_with_marks_shows_them_and_keeps_the_subject(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = next(one for one in ("fox", "car", "dolphin", "fish", "ball") if place in _places(one))
    action = "stand" if kind in ("fox", "car", "ball") else "swim"
    shot = Shot((Subject(kind, action=action),), place=place, camera=Camera(height="high"), seed=3)
    set_up = stage(shot, terrain.ground(shot), torch.device("cpu"))
    marked = film(shot, 96, 54, frames=[5], stage=set_up)
    monkeypatch.setitem(filming.SCENERY, place, replace(SCENERY[place], marks=()))
    plain = film(shot, 96, 54, frames=[5], stage=set_up)
    assert (marked.frames.float() - plain.frames.float()).abs().amax(-1).gt(8).float().mean() > 3e-4
    hidden = (plain.ids == 1).sum() - (marked.ids == 1).sum()
    assert hidden < 0.12 * (plain.ids == 1).sum()


def _places(kind: str) -> tuple[str, ...]:
    from ozora.world.concepts import SUBJECTS

    return SUBJECTS[kind].places


def test_shapes_cover_between_nothing_and_all() -> None:
    u, v = torch.meshgrid(torch.linspace(-1.4, 1.4, 41), torch.linspace(-1.4, 1.4, 41), indexing="ij")
    flat, upright = (stone, marks.leaf, marks.pad, foam), (marks.tuft, marks.fir, marks.bush, marks.buoy)
    for shape in (*flat, *upright):
        cover = shape(u[None], v[None], torch.full((1, 1, 1), 0.4), torch.full((1, 1, 1), 0.1))
        assert cover.min() >= 0 and cover.max() <= 1 and 0.03 < cover.mean() < 0.6
        assert cover[0, 0].max() < 0.05 and cover[0, -1].max() < 0.05
