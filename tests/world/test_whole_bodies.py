"""Bodies hang together, move without jumps, and lift and plant their limbs as what they do asks for."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.world import terrain
from ozora.world.bodies import BOX, DRUM, ELLIPSOID, RING, ROUND_CONE, SHEET, Bodies, Stage, bounds
from ozora.world.concepts import SUBJECTS, thens
from ozora.world.physics.cast import TOGETHER
from ozora.world.render.solid import distances, members, pack
from ozora.world.rigs import stage
from ozora.world.rigs.animals import ANIMALS
from ozora.world.shot import Shot, Subject

DEEDS = [
    (kind, action)
    for kind, one in SUBJECTS.items()
    for action in one.actions
    if action not in TOGETHER
]
LOOSE = ("whale", "rocket", "train")
"""Whose spout and whose smoke leave the body by themselves."""
MADE = ("truck", "aeroplane", "sailboat")
"""Whose small fittings stand off the rest by a little air, less than is seen from a usual camera."""

BIPEDS = ("person", "robot")
ON_FOOT = (*ANIMALS, *BIPEDS)


def flat(xz: Tensor) -> Tensor:
    return torch.zeros(xz.shape[:-1])


def acted(kind: str, action: str, **changes: object) -> Stage:
    subject = Subject(kind, action=action)
    shot = Shot((subject,), place=SUBJECTS[kind].places[0], seed=3)
    return stage(replace(shot, **changes), flat)  # type: ignore[arg-type]


def skin_of(bodies: Bodies, k: int, frame: int) -> Tensor:
    """Points (n, 3) in one primitive: on its surface, or along its middle where that is a line."""
    a, b, c = (value[frame, k] for value in (bodies.a, bodies.b, bodies.c))
    size, axes, kind = bodies.size[frame, k], bodies.axes[frame, k], int(bodies.kind[k])
    grid = torch.linspace(0, 1, 9)
    if kind == ROUND_CONE:
        return a + (b - a) * grid[:, None]
    if kind == SHEET:
        u, v = torch.cartesian_prod(grid, grid).unbind(-1)
        u, v = torch.where(u + v > 1, 1 - u, u), torch.where(u + v > 1, 1 - v, v)
        return a + u[:, None] * (b - a) + v[:, None] * (c - a)
    if kind == RING:
        turn = torch.linspace(0, 2 * torch.pi, 33)
        own = torch.stack((turn.cos(), turn.sin(), torch.zeros_like(turn)), -1) * size[0]
        return a + own @ axes.T
    ball = torch.nn.functional.normalize(
        torch.cartesian_prod(*(torch.linspace(-1, 1, 5),) * 3) + 1e-4, dim=-1
    )
    lattice = torch.cartesian_prod(*(torch.linspace(-1, 1, 5),) * 3)
    if kind == ELLIPSOID:
        own = torch.cat((ball, 0.5 * ball)) * size
    elif kind == BOX:
        own = lattice * size
    else:
        assert kind == DRUM
        wide = torch.lerp(size[0], size[2], (lattice[:, 1] + 1) / 2)
        flat_ball = torch.nn.functional.normalize(lattice[:, [0, 2]] + 1e-4, dim=-1)
        own = torch.stack((flat_ball[:, 0] * wide, lattice[:, 1] * size[1], flat_ball[:, 1] * wide), -1)
        own = torch.cat((own, own * torch.tensor([0.5, 1.0, 0.5])))
    return a + own @ axes.T


def gaps(bodies: Bodies, frame: int) -> Tensor:
    """Metres (K, K) of air between every two primitives of the first subject; 0 or less where they touch."""
    order, solid = members(bodies, 1), pack(bodies, 1, [frame])[0]
    clouds = [skin_of(bodies, int(k), frame) for k in order]
    told = distances(solid, torch.cat(clouds).T - solid.centre[:, None])
    parts = told.split([len(cloud) for cloud in clouds], 1)
    between = torch.stack([part.amin(1) for part in parts], 1)
    # Of a capsule only the middle was asked for, its own radius is still to be taken off.
    slim = torch.where(bodies.kind[order] == ROUND_CONE, bodies.size[frame, order, :2].amin(-1), 0.0)
    between = between - slim[None]
    return torch.minimum(between, between.T)


def pieces(near: Tensor) -> int:
    """How many pieces things (K, K) that touch or not make."""
    reached = near | torch.eye(len(near), dtype=torch.bool)
    for _ in range(len(near)):
        further = (reached.float() @ reached.float()) > 0
        if torch.equal(further, reached):
            break
        reached = further
    return len({tuple(row) for row in reached.tolist()})


@pytest.mark.parametrize("kind", [kind for kind in SUBJECTS if kind not in LOOSE])
def test_no_part_is_detached_from_the_body(kind: str) -> None:
    """Joined by its touching parts, every body is one piece, in every frame looked at of every action."""
    for action in SUBJECTS[kind].actions:
        if action in TOGETHER:
            continue
        told = acted(kind, action, seconds=2.0)
        slack = (0.018 if kind in MADE else 0.004) * float(told.extent[0, 0])
        for frame in (0, 7, 13, 19):
            assert pieces(gaps(told.bodies, frame) <= slack) == 1, f"{kind} falls apart as it does {action}"


@pytest.mark.parametrize(("kind", "action"), DEEDS)
def test_nothing_jumps_from_one_moment_to_the_next(kind: str, action: str) -> None:
    """At sixty pictures a second no part goes much farther than the moment before or the moment after."""
    then = (thens(kind, action) or ("none",))[-1]
    for subject in (Subject(kind, action=action), Subject(kind, action=action, then=then)):
        shot = Shot((subject,), place=SUBJECTS[kind].places[0], seconds=2.0, fps=60, seed=5)
        told = stage(shot, flat)
        shown = torch.ones(len(told.bodies.kind), dtype=torch.bool)
        if kind in LOOSE:  # puffs begin anew at the funnel
            shown = told.bodies.kind != ELLIPSOID
        if kind in ANIMALS and "turn" in (action, subject.then):  # knees of a tight turn snap straight
            shown = told.bodies.kind != ROUND_CONE
        for value in (told.bodies.a[:, shown], told.bodies.b[:, shown], told.centre):
            step = (value[1:] - value[:-1]).norm(dim=-1)  # (F-1, K)
            around = torch.maximum(step[:-2], step[2:])
            sudden = step[1:-1] - 2.5 * around
            assert sudden.max() < 0.02 * told.extent.max(), f"{kind} jumps: {action}, {subject.then}"


@pytest.mark.parametrize("kind", ON_FOOT)
def test_whoever_goes_on_foot_has_its_feet_on_the_lie_of_the_land(kind: str) -> None:
    """On every ground that its places have, never deep in it; off it only when it runs."""
    for place in SUBJECTS[kind].places:
        for action in ("stand", "walk", "run"):
            shot = Shot((Subject(kind, action=action),), place=place, seed=6, seconds=2.0)
            land = terrain.ground(shot)
            bodies = stage(shot, land).bodies
            cones = bodies.kind == ROUND_CONE
            tips, radius = bodies.b[:, cones], bodies.size[:, cones, 1]
            above = tips[..., 1] - radius - land(tips[..., [0, 2]])
            tall = float((bounds(bodies)[1] - bounds(bodies)[0])[..., 1].max())
            assert above.min() > -0.02 - 0.02 * tall, f"{kind} sinks into the {place} as it does {action}"
            lowest = above.amin(1)
            if action != "run":
                assert lowest.max() < 0.03, f"{kind} floats over the {place} as it does {action}"
            assert lowest.min() < 0.03


@pytest.mark.parametrize("kind", BIPEDS)
def test_left_and_right_legs_swing_in_turn(kind: str) -> None:
    """Seen from the hips, one foot goes forward while the other goes back."""
    for action in ("walk", "run"):
        told = acted(kind, action, fps=24)
        low = bounds(told.bodies)[0][..., 1].amin(0)
        feet = torch.nonzero((told.bodies.kind == ROUND_CONE) & (low < 0.02))[:, 0]
        heading = told.heading[:, 0]
        side = torch.linalg.cross(heading, torch.tensor([0.0, 1.0, 0.0]).expand_as(heading))
        away = told.bodies.a[:, feet] - told.centre
        ahead, right = (away * heading[:, None]).sum(-1), (away * side[:, None]).sum(-1).mean(0)
        ones, others = ahead[:, right < 0].mean(1), ahead[:, right > 0].mean(1)
        together = torch.corrcoef(torch.stack((ones, others)))[0, 1]
        assert together < -0.6
        assert ones.max() - ones.min() > 0.3 and others.max() - others.min() > 0.3


@pytest.mark.parametrize("kind", ON_FOOT)
def test_whoever_stands_keeps_its_feet_where_they_are_and_breathes(kind: str) -> None:
    told = acted(kind, "stand")
    low = bounds(told.bodies)[0][..., 1]
    soles = torch.nonzero((low.amax(0) < 0.02) & (told.bodies.kind == ROUND_CONE))[:, 0]
    assert len(soles) >= (2 if kind in BIPEDS else 4)
    assert (told.bodies.b[:, soles] - told.bodies.b[:1, soles]).abs().max() < 1e-4
    assert (told.bodies.a - told.bodies.a[:1]).abs().max() > 1e-3


@pytest.mark.parametrize("kind", ON_FOOT)
def test_a_faster_gait_takes_longer_steps_and_swings_its_limbs_wider(kind: str) -> None:
    def sweep(action: str) -> float:
        told = acted(kind, action, fps=24)
        ahead = ((told.bodies.b - told.centre) * told.heading).sum(-1)
        return float((ahead.amax(0) - ahead.amin(0)).max())

    stand, walk, run = (sweep(action) for action in ("stand", "walk", "run"))
    assert stand < 0.5 * walk < 0.5 * run


@pytest.mark.parametrize("kind", ["bird", "eagle", "butterfly"])
def test_both_wings_beat_alike_and_at_once(kind: str) -> None:
    """A wing is the other's mirror image, in every frame; and it goes up and down again and again."""
    told = acted(kind, "fly", fps=24)
    bodies = told.bodies
    out = [k for k in range(len(bodies.kind)) if int(bodies.kind[k]) in (SHEET, ROUND_CONE)]
    middle = bodies.a[:, :1]  # of the trunk
    reach = (bodies.b[:, out] - middle).norm(dim=-1)
    tip = out[int(reach.mean(0).argmax())]
    far = (bodies.b[:, tip] - middle[:, 0]).norm(dim=-1)
    reaches = {k: (bodies.b[:, k] - middle[:, 0]).norm(dim=-1) for k in out if k != tip}
    twins = [k for k, own in reaches.items() if (own - far).abs().max() < 1e-3]
    assert any((bodies.b[:, k] - bodies.b[:, tip]).norm(dim=-1).mean() > far.mean() for k in twins)
    beat = bodies.b[:, tip, 1] - middle[:, 0, 1]
    assert beat.max() - beat.min() > 0.35 * far.max()
    above = beat > beat.mean()
    assert (above[1:] != above[:-1]).sum() >= 4  # several strokes in four seconds


@settings(max_examples=25)
@given(
    deed=st.sampled_from(DEEDS), seed=st.integers(0, 10**6), size=st.sampled_from(["small", "large"]),
    direction=st.sampled_from(["left", "right", "towards", "away"]),
)  # fmt: skip
def test_a_pose_does_not_depend_on_the_pictures_per_second(
    deed: tuple[str, str], seed: int, size: str, direction: str
) -> None:
    """The same moment of the same shot is the same pose at 12 and at 24 pictures a second."""
    kind, action = deed
    subject = Subject(kind, action=action, size=size, direction=direction)
    shot = Shot((subject,), place=SUBJECTS[kind].places[0], seconds=2.0, fps=12, seed=seed)
    slow, quick = stage(shot, flat), stage(replace(shot, fps=24), flat)
    assert shot.frames == 25 and replace(shot, fps=24).frames == 49
    for name in ("a", "b", "c", "size"):
        one, other = getattr(slow.bodies, name), getattr(quick.bodies, name)[::2]
        assert torch.allclose(one, other, atol=2e-3), f"{kind} {action}: {name}"
