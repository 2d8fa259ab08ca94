"""The renderer's parts against geometry that is known exactly."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ozora.world import terrain
from ozora.world.bodies import BOX, ELLIPSOID, RING, ROUND_CONE, SHEET, Bodies
from ozora.world.render import ground, textures
from ozora.world.render.grade import develop
from ozora.world.render.light import light, moved, paint
from ozora.world.render.march import normals, shadow, trace
from ozora.world.render.solid import distance, distances, pack
from ozora.world.shot import Shot, Subject


def primitive(
    kind: int, a=(0, 0, 0), b=(0, 0, 0), c=(0, 0, 0), size=(1, 1, 1), blend=0.0, rounding=0.0
) -> Bodies:
    """One body of one primitive in one frame."""
    return Bodies(
        torch.tensor([kind]), torch.tensor([1]), torch.tensor([[a]]).float(), torch.tensor([[b]]).float(),
        torch.tensor([[c]]).float(), torch.eye(3).expand(1, 1, 3, 3), torch.tensor([[size]]).float(),
        torch.tensor([rounding]), torch.tensor([blend]), torch.full((1, 3), 0.5), torch.zeros(1),
        torch.zeros(1),
        torch.zeros(1, dtype=torch.int64),
    )  # fmt: skip


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3))
@settings(max_examples=40, deadline=None)
def test_distances_agree_with_closed_forms(place: list[float]) -> None:
    point = torch.tensor(place)
    assume(point.norm() > 0.1)  # the bound is loose at the very middle, where no ray goes
    ball = pack(primitive(ELLIPSOID, size=(0.7, 0.7, 0.7)), 1, [0])[0]
    assert distances(ball, (point - ball.centre)[:, None]).item() == pytest.approx(
        point.norm().item() - 0.7, abs=2e-3
    )
    rod = pack(primitive(ROUND_CONE, a=(-1, 0, 0), b=(1, 0, 0), size=(0.2, 0.2, 0)), 1, [0])[0]
    nearest = torch.tensor([max(-1.0, min(1.0, place[0])), 0.0, 0.0])
    want = (point - nearest).norm().item() - 0.2
    assert distances(rod, (point - rod.centre)[:, None]).item() == pytest.approx(want, abs=2e-3)
    box = pack(primitive(BOX, size=(0.5, 0.4, 0.3), rounding=0.0), 1, [0])[0]
    beyond = point.abs() - torch.tensor([0.5, 0.4, 0.3])
    want = (beyond.clamp(min=0).norm() + beyond.max().clamp(max=0)).item()
    assert distances(box, (point - box.centre)[:, None]).item() == pytest.approx(want, abs=2e-3)
    ring = pack(primitive(RING, size=(1.0, 0.1, 0)), 1, [0])[0]
    want = math.hypot(math.hypot(place[0], place[1]) - 1, place[2]) - 0.1
    assert distances(ring, (point - ring.centre)[:, None]).item() == pytest.approx(want, abs=2e-3)


def test_a_sheet_is_a_thin_triangle() -> None:
    sail = pack(primitive(SHEET, a=(0, 0, 0), b=(2, 0, 0), c=(0, 2, 0), size=(0.01, 0, 0)), 1, [0])[0]
    points = torch.tensor([[0.5, 0.5, 0.0], [0.5, 0.5, 1.0], [-1.0, 0.5, 0.0]]).T - sail.centre[:, None]
    assert distances(sail, points)[0].tolist() == pytest.approx([-0.01, 0.99, 0.99], abs=1e-3)


def test_rays_meet_a_ball_where_geometry_says() -> None:
    ball = pack(primitive(ELLIPSOID, a=(0, 0, -5), size=(1, 1, 1)), 1, [0])[0]
    x = torch.linspace(-0.3, 0.3, 41)
    rays = textures.unit(torch.stack((x, torch.zeros_like(x), -torch.ones_like(x))))
    hits = trace(ball, torch.zeros(3, 1), rays, 0.002)
    along = -5 * rays[2]
    root = along**2 - 24
    expected = root > 0
    found = torch.zeros(41, dtype=torch.bool)
    found[hits.ray[hits.coverage > 0.9]] = True
    assert (found == expected).sum() >= 39  # the two rays at the rim may fade
    sure = hits.ray[hits.coverage > 0.9]
    sure = sure[root[sure] > 0.1]
    want = along[sure] - root[sure].sqrt()
    got = hits.distance[torch.isin(hits.ray, sure)]
    assert (got - want).abs().max() < 0.02
    points = rays[:, sure] * want - ball.centre[:, None]
    turned = normals(ball, points, torch.full_like(want, 0.01))
    assert (turned * textures.unit(points)).sum(0).min() > 0.995


def test_primitives_of_one_subject_melt() -> None:
    one = primitive(ELLIPSOID, a=(-0.5, 0, 0), size=(0.5, 0.5, 0.5), blend=0.4)
    two = primitive(ELLIPSOID, a=(0.5, 0, 0), size=(0.5, 0.5, 0.5), blend=0.4)
    joined = {}
    for name in Bodies.__dataclass_fields__:
        first, second = getattr(one, name), getattr(two, name)
        joined[name] = torch.cat((first, second), 1 if first.dim() > 1 and name != "colour" else 0)
    solid = pack(Bodies(**joined), 1, [0])[0]
    waist = torch.tensor([[0.0], [0.05], [0.0]]) - solid.centre[:, None]
    assert distances(solid, waist).min() > 0  # between the two balls
    assert distance(solid, waist)[0] < 0  # but inside the melted whole


def test_shadow_of_a_ball_is_a_soft_disc() -> None:
    ball = pack(primitive(ELLIPSOID, a=(0, 2, 0), size=(0.5, 0.5, 0.5)), 1, [0])[0]
    x = torch.linspace(-2, 2, 81)
    floor = torch.stack((x, torch.zeros_like(x), torch.zeros_like(x))) - ball.centre[:, None]
    dark = shadow(ball, floor, torch.tensor([0.0, 1.0, 0.0]), 0.05)
    assert dark[40] == 1 and dark[0] == 0 and dark[-1] == 0
    assert ((dark > 0.02) & (dark < 0.98)).sum() >= 4
    assert dark[x.abs() < 0.35].min() == 1 and dark[x.abs() > 0.65].max() == 0
    above = floor + torch.tensor([0.0, 5.0, 0.0])[:, None]
    assert shadow(ball, above, torch.tensor([0.0, 1.0, 0.0]), 0.05).max() == 0


def test_noise_tiles_and_has_unit_deviation() -> None:
    field = textures.noise(5, 4, 20, 1.0, 128)
    assert field.mean().abs() < 1e-5 and field.std().item() == pytest.approx(1, abs=1e-3)
    seam = (field[:, 0] - field[:, -1]).abs().mean()
    assert seam < 1.3 * (field[:, 1:] - field[:, :-1]).abs().mean()
    texture = textures.wrap(field[None])
    u, v = torch.rand(50), torch.rand(50)
    assert torch.allclose(textures.sample(texture, u, v), textures.sample(texture, u + 3, v - 2), atol=1e-3)


def test_details_vanish_before_they_flicker() -> None:
    faded = textures.resolved(1.0, torch.tensor([0.1, 0.5, 0.7]))
    assert faded[0] == 1 and 0 < faded[1] < 1 and faded[2] == 0


@pytest.mark.parametrize("place", ["snowfield", "meadow", "dunes", "sea", "tabletop"])
def test_rays_meet_the_ground_that_rigs_walk_on(place: str) -> None:
    shot = Shot((Subject("ball"),), place=place, seed=11)
    height = terrain.ground(shot)
    assert height(torch.zeros(1, 2)).abs().item() < 1e-4
    generator = torch.Generator().manual_seed(1)
    turn = torch.rand(400, generator=generator) * 6.28
    down = -(0.03 + torch.rand(400, generator=generator))
    rays = textures.unit(torch.stack((turn.cos(), down, turn.sin())))
    origin = torch.tensor([0.0, 1.5, 0.0])
    t = ground.meet(terrain.relief(shot), origin, rays)
    assert torch.isfinite(t).all()
    points = origin[:, None] + rays * t
    gap = points[1] - height(points[[0, 2]].T)
    # Within a hand's breadth, or a small share of the distance for grazing rays.
    assert (gap.abs() < 0.05 + 0.012 * t).float().mean() > 0.97
    up = textures.unit(torch.stack((turn.cos(), torch.full((400,), 0.3), turn.sin())))
    assert torch.isinf(ground.meet(terrain.relief(shot), origin, up)).all()


def test_seeds_change_the_lie_of_the_land() -> None:
    grid = torch.stack(
        torch.meshgrid(torch.linspace(-60, 60, 20), torch.linspace(-60, 60, 20), indexing="ij"), -1
    )
    one, two = (terrain.ground(Shot((Subject("fox"),), place="dunes", seed=s))(grid) for s in (1, 2))
    assert one.shape == (20, 20) and (one - two).abs().mean() > 0.1
    again = terrain.ground(Shot((Subject("fox"),), place="dunes", seed=1))(grid)
    assert torch.equal(one, again)


def test_paint_is_the_inverse_of_the_tone_curve() -> None:
    mood = light(Shot((Subject("fox"),), time="noon"), 3.0, "open", (0.2, 0.28, 0.08))
    flat = type(mood)(
        **{**mood.__dict__, "saturation": 1.0, "contrast": 1.0 - 0.18 / 1.4, "tint": torch.ones(3)}
    )
    shown = develop(paint("80a0c0")[:, None, None].expand(3, 1, 1), moved(flat, "cpu"), "natural")
    # One pixel sits in the corner of the vignette on both axes: undo it.
    assert (shown[:, 0, 0] / (1 - 0.22) * 255 - torch.tensor([128.0, 160.0, 192.0])).abs().max() < 2


@pytest.mark.parametrize("time", ["dawn", "noon", "sunset", "dusk", "night"])
def test_weather_dims_the_sun_and_shortens_the_view(time: str) -> None:
    clear, fog = (
        light(Shot((Subject("fox"),), time=time, weather=w), 4.0, "open", (0.2, 0.28, 0.08))
        for w in ("clear", "fog")
    )
    assert fog.sunlight.sum() < 0.6 * clear.sunlight.sum() and fog.reach < 0.2 * clear.reach
    assert clear.sun.norm().item() == pytest.approx(1, abs=1e-5) and clear.sun[1] > 0


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_textures_are_the_same_however_many_threads_made_them(threads: int) -> None:
    before, known = torch.get_num_threads(), textures.clouds(1, "cpu").clone()
    textures.clouds.cache_clear()
    torch.set_num_threads(threads)
    try:
        assert torch.equal(textures.clouds(1, "cpu"), known)
        assert torch.get_num_threads() == threads
    finally:
        torch.set_num_threads(before)
