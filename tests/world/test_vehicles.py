"""Wheels roll on the ground without slipping, engines lift, and a new vehicle is a list of pieces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from ozora.world.bodies import BOX, DRUM, Bodies, bounds
from ozora.world.concepts import SIZE_SCALE
from ozora.world.rigs import aircraft, stage, vehicles
from ozora.world.rigs.blocks import Bar, Block, Panel, lay, paints
from ozora.world.rigs.frame import Frame, Parts, rotation
from ozora.world.rigs.paths import Path, Scene
from ozora.world.shot import Shot, Subject

WHEELED = tuple(vehicles.VEHICLES)


def flat(xz: Tensor) -> Tensor:
    return torch.zeros(xz.shape[:-1])


def hilly(xz: Tensor) -> Tensor:
    return 0.12 * torch.sin(0.7 * xz[..., 0] + 0.4) + 0.09 * torch.cos(0.8 * xz[..., 1])


def tyres(bodies: Bodies) -> Tensor:
    return (bodies.kind == DRUM) & (bodies.colour == torch.tensor(vehicles.RUBBER.colour)).all(-1)


@pytest.mark.parametrize("kind", WHEELED)
@pytest.mark.parametrize("size", ["small", "large"])
def test_wheels_turn_by_distance_over_radius(kind: str, size: str) -> None:
    shot = Shot((Subject(kind, action="drive", size=size),), seed=5, fps=24)
    bodies = stage(shot, flat).bodies
    wheels = tyres(bodies)
    axles = sum(len(one.axles) for one in vehicles.VEHICLES[kind].carriages)
    assert int(wheels.sum()) == 2 * axles
    centre, axes, radius = bodies.a[:, wheels], bodies.axes[:, wheels], bodies.size[:, wheels, 0]
    # The drum's own x axis turns in the plane of the wheel.
    cosine = (axes[1:, :, :, 0] * axes[:-1, :, :, 0]).sum(-1).clamp(-1, 1)
    # Both wheels of an axle are fixed to it: their mean goes as far as they turn.
    gone = (centre[1:] - centre[:-1]).norm(dim=-1)
    pairs = gone.view(len(gone), axles, 2).mean(-1)
    turned = cosine.acos().view(len(gone), axles, 2)[..., 0]
    assert torch.allclose(turned, pairs / radius[1:, ::2], rtol=0.02)
    # Forward: the top of the wheel moves ahead.
    top = torch.tensor([0.0, 1.0, 0.0])
    carried = axes[1:] @ (axes[:-1].transpose(-1, -2) @ top)[..., None]
    way = centre[1:] - centre[:-1]
    assert ((carried[..., 0] - top) * way).sum(-1).min() > 0


@pytest.mark.parametrize("kind", WHEELED)
@pytest.mark.parametrize("ground", [flat, hilly])
def test_tyres_touch_the_ground_and_nothing_is_below_it(
    kind: str, ground: Callable[[Tensor], Tensor]
) -> None:
    for direction in ("right", "towards"):
        bodies = stage(Shot((Subject(kind, action="drive", direction=direction),), seed=8), ground).bodies
        low, _ = bounds(bodies)
        above = low[..., 1] - ground(bodies.a[..., [0, 2]])
        wheels = tyres(bodies)
        assert above[:, wheels].abs().max() < 0.03
        assert above[:, ~wheels].min() > 0.0


def test_carriages_follow_one_another_on_the_same_way() -> None:
    bodies = stage(Shot((Subject("train", action="drive"),), seed=2), flat).bodies
    wheels = bodies.a[:, tyres(bodies)]
    axles = wheels.view(len(wheels), -1, 2, 3).mean(2)[..., [0, 2]]
    lead, last = axles[:, 0], axles[:, -1]
    # Wherever the last axle goes the first has been: as near as the first's own steps are.
    later = last[-10:]
    nearest = (later[:, None] - lead[None]).norm(dim=-1).amin(-1)
    assert nearest.max() < 0.6 * (lead[1:] - lead[:-1]).norm(dim=-1).max()
    apart = (axles[:, :-1] - axles[:, 1:]).norm(dim=-1)
    assert torch.allclose(apart, apart[:1].expand_as(apart), atol=1e-2)


@pytest.mark.parametrize(("size", "speed"), [("small", "fast"), ("medium", "normal"), ("large", "slow")])
def test_a_rocket_gains_speed_evenly_and_its_flame_stays_above_the_ground(size: str, speed: str) -> None:
    shot = Shot((Subject("rocket", action="rise", size=size, speed=speed),), seed=4, fps=24)
    staged = stage(shot, hilly)
    climb = staged.centre[:, 0, 1].double().diff() * 24
    assert (climb > 0).all()
    gained = climb.diff() * 24
    expected = aircraft.THRUST * {"fast": 1.4, "normal": 1.0, "slow": 0.65}[speed] * SIZE_SCALE[size] ** 0.5
    assert gained.mean() == pytest.approx(expected, rel=0.05)
    low, _ = bounds(staged.bodies)
    assert (low[..., 1] - hilly(staged.bodies.a[..., [0, 2]])).min() > 0
    flame = staged.bodies.glow > 0.5
    assert int(flame.sum()) == 3
    length = (staged.bodies.a - staged.bodies.b).norm(dim=-1)[:, flame].amax(-1)
    assert length[-1] > 2 * length[0]


def test_an_aeroplane_flies_clear_of_the_ground_and_banks_gently() -> None:
    for seed in range(3):
        bodies = stage(Shot((Subject("aeroplane", action="fly"),), seed=seed), hilly).bodies
        low, _ = bounds(bodies)
        assert low[..., 1].min() > 1.5
        cabin = bodies.axes[:, int((bodies.kind == BOX).nonzero()[0])]
        assert cabin[:, 1, 1].min() > 0.95  # upright
        assert cabin[:, 1, 2].amax() - cabin[:, 1, 2].amin() > 0.02


def test_a_new_vehicle_is_a_list_of_pieces() -> None:
    wheels = (vehicles.Axle(0.6, 0.3, 0.1, 0.5), vehicles.Axle(-0.6, 0.3, 0.1, 0.5))
    cart = vehicles.Vehicle(
        (vehicles.Carriage(2.0, wheels, (Block("box", "body", (0.0, 0.8, 0.0), (0.9, 0.2, 0.5)),)),), pace=1.0
    )
    scene = Scene(torch.arange(9) / 12, flat, "meadow", "noon")
    path = Path(0.0, 0.0, 0.0, 0.0, vehicles.speed(cart, "drive", "normal", 1.0), 0.4)
    subject, chance = Subject("car", action="drive"), np.random.default_rng(0)
    parts, centre = vehicles.pose(subject, path, scene, chance, 1.0, cart)
    low, high = bounds(parts.bodies(1))
    assert low[..., 1].min() == pytest.approx(0.0, abs=1e-3)
    assert float((high[..., 0].amax(1) - low[..., 0].amin(1)).mean()) == pytest.approx(1.8, abs=0.05)
    assert centre.shape == (9, 3)


def test_pieces_lie_where_they_say_and_mirrored_ones_twice() -> None:
    frame = Frame(torch.zeros(1, 3), rotation(0.0, 0.0, 0.0, 1), 2.0)
    parts = Parts(frame, blend=0.0)
    pieces = (
        Block("drum", "steel", (1.0, 0.0, 0.0), (0.5, 2.0, 0.25), axis="forward"),
        Block("drum", "steel", (0.0, 0.0, 1.0), (0.5, 2.0, 0.25), axis="right"),
        Bar("trim", (0.0, 0.0, 1.0), (0.0, 1.0, 1.0), (0.1, 0.1), mirrored=True),
        Panel("pale", ((0.0, 0.0, 1.0), (1.0, 0.0, 1.0), (1.0, 1.0, 1.0), (0.0, 1.0, 1.0)), 0.1),
    )
    lay(parts, frame, pieces, paints(Subject("car")))
    low, high = bounds(parts.bodies(1))
    assert low.shape[1] == 1 + 1 + 2 + 2
    assert torch.allclose(low[0, 0], torch.tensor([-2.0, -1.0, -1.0]), atol=1e-4)
    assert torch.allclose(high[0, 0], torch.tensor([6.0, 1.0, 1.0]), atol=1e-4)
    assert torch.allclose(high[0, 1], torch.tensor([1.0, 1.0, 6.0]), atol=1e-4)
    # The same post on the right and on the left.
    assert torch.allclose(low[0, 2, :2], low[0, 3, :2], atol=1e-4)
    assert torch.allclose(low[0, 2, 2], -high[0, 3, 2], atol=1e-4)
