"""Cones, cylinders and rings obey mechanics; a drum's distance, bounds and shadow are those of its shape."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ozora.world.bodies import bounds, reach
from ozora.world.render.march import shadow
from ozora.world.render.solid import distances, pack
from ozora.world.rigs import solids, stage
from ozora.world.rigs.frame import Frame, Parts, Skin, rotation
from ozora.world.rigs.gait import GRAVITY
from ozora.world.shot import Shot, Subject


def flat(xz: Tensor) -> Tensor:
    return torch.zeros(xz.shape[:-1])


def hilly(xz: Tensor) -> Tensor:
    return 0.12 * torch.sin(0.7 * xz[..., 0] + 0.4) + 0.09 * torch.cos(0.8 * xz[..., 1])


@pytest.mark.parametrize(("kind", "radius"), [("cylinder", solids.CYLINDER[0]), ("ring", sum(solids.RING))])
def test_what_rolls_turns_by_distance_over_radius(kind: str, radius: float) -> None:
    staged = stage(Shot((Subject(kind, action="roll"),), seed=3), flat)
    axes = staged.bodies.axes[:, 0]
    turns = axes[1:] @ axes[:-1].transpose(1, 2)
    cosine = ((turns.diagonal(dim1=1, dim2=2).sum(-1) - 1) / 2).clamp(-1, 1)
    gone = staged.centre[1:, 0] - staged.centre[:-1, 0]
    assert torch.allclose(cosine.acos(), gone.norm(dim=-1) / radius, rtol=0.02)
    # The underside goes back as the middle goes on.
    down = torch.tensor([0.0, -radius, 0.0])
    assert (((turns @ down) - down) * gone).sum(-1).max() < 0
    low, _ = bounds(staged.bodies)
    assert low[..., 1].abs().max() < 1e-3


@pytest.mark.parametrize("kind", ["cone", "cylinder"])
@pytest.mark.parametrize("place", ["meadow", "tabletop"])
def test_what_falls_falls_freely_and_comes_to_rest_on_the_ground(kind: str, place: str) -> None:
    staged = stage(Shot((Subject(kind, action="fall"),), place=place, seed=6, fps=60), flat)
    low, _ = bounds(staged.bodies)
    height = low[:, 0, 1].double()
    assert height[0] > 0.1 and height.min() > -0.02
    assert height[-1].abs() < 1e-3
    fall = (height[2:] - 2 * height[1:-1] + height[:-2]) * 60**2
    aloft = (height > 0.01)[1:-1] & (fall < 0)
    assert int(aloft.sum()) > 8
    assert (fall[aloft] + GRAVITY).abs().median() < 0.02


def test_bounces_lose_energy() -> None:
    times = torch.arange(0, 4, 0.002, dtype=torch.float64)
    height = solids.fallen(times, 2.0)
    tops = [float(h) for a, h, b in zip(height, height[1:], height[2:], strict=False) if h > a and h >= b]
    assert tops[0] == pytest.approx(2.0 * solids.THUD**2, rel=0.01)
    assert tops == sorted(tops, reverse=True)
    assert height[-1] == 0


def test_a_sliding_cone_stands_and_stops() -> None:
    staged = stage(Shot((Subject("cone", action="slide"),), seed=2), hilly)
    steps = (staged.centre[1:, 0] - staged.centre[:-1, 0]).norm(dim=-1)
    assert steps[-1] < 1e-3 < steps[0]
    assert staged.bodies.axes[:, 0, 1, 1].min() > 0.9


def drum(low: float, half: float, high: float, rounding: float = 0.0) -> Parts:
    frame = Frame(torch.tensor([[1.0, 2.0, 3.0]]), rotation(0.4, 0.7, -0.3, 1))
    parts = Parts(frame, blend=0.0)
    parts.drum(Skin((0.5, 0.5, 0.5)), frame, (low, half, high), rounding)
    return parts


def test_the_distance_to_a_drum() -> None:
    for rounding in (0.0, 0.1):
        parts = drum(0.8, 0.5, 0.8, rounding)
        solid = pack(parts.bodies(1), 1, [0])[0]
        own = torch.tensor(
            [[0.0, 1.5, 0.0], [2.0, 0.0, 0.0], [0.0, 0.2, -1.0], [0.0, 0.0, 0.0], [0.5, 0.5, 0.0]]
        )
        world = parts.frame.origin[0] + own @ parts.frame.axes[0].T
        found = distances(solid, (world - solid.centre).T)[0]
        assert torch.allclose(found, torch.tensor([1.0, 1.2, 0.2, -0.5, 0.0]), atol=1e-5)
    # The slanting side of a cone: zero along it, and the distance grows at right angles to it.
    parts = drum(1.0, 1.0, 0.2)
    solid = pack(parts.bodies(1), 1, [0])[0]
    out = torch.tensor([1.0, 0.4, 0.0]) / 1.16**0.5
    for away in (0.0, 0.5, 2.0):
        point = parts.frame.at(*(torch.tensor([0.6, 0.0, 0.0]) + away * out).tolist())[0]
        assert float(distances(solid, (point - solid.centre)[:, None])) == pytest.approx(away, abs=1e-5)


def test_a_drum_lies_within_its_bounds_and_its_reach() -> None:
    parts = drum(0.9, 0.4, 0.3)
    bodies = parts.bodies(1)
    low, high = bounds(bodies)
    angle = torch.linspace(0, 6.2832, 400)
    rims = [
        torch.stack((radius * angle.cos(), torch.full_like(angle, y), radius * angle.sin()), -1)
        for radius, y in ((0.9, -0.4), (0.3, 0.4))
    ]
    points = parts.frame.origin[0] + torch.cat(rims) @ parts.frame.axes[0].T
    assert torch.allclose(points.amin(0), low[0, 0], atol=1e-3)
    assert torch.allclose(points.amax(0), high[0, 0], atol=1e-3)
    farthest = float((points - parts.frame.origin[0]).norm(dim=-1).max())
    assert farthest <= float(reach(bodies, parts.frame.origin)) + 1e-5


def test_a_drum_shades_what_lies_behind_it_and_nothing_else() -> None:
    frame = Frame(torch.tensor([[0.0, 2.0, 0.0]]), rotation(0.0, 0.0, 0.0, 1))
    parts = Parts(frame, blend=0.0)
    parts.drum(Skin((0.5, 0.5, 0.5)), frame, (0.6, 0.5, 0.6), 0.0)
    solid = pack(parts.bodies(1), 1, [0])[0]
    points = torch.tensor([[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.8, 0.0, 0.0], [0.0, 4.0, 0.0]])
    sun = torch.tensor([0.0, 1.0, 0.0])
    hidden = shadow(solid, (points - solid.centre).T, sun, 0.01)
    assert hidden[:2].min() > 0.95 and hidden[2:].max() < 0.05
