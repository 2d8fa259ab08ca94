"""Subjects keep their feet on the ground, obey mechanics, stay apart, and vanish behind what hides them."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import fields, replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.errors import OzoraError
from ozora.world.bodies import BOX, DRUM, ELLIPSOID, ROUND_CONE, Bodies, bounds, reach
from ozora.world.concepts import ACTIONS, SUBJECTS
from ozora.world.film import film
from ozora.world.physics.cast import TOGETHER
from ozora.world.rigs import RIGS, animals, person, quadruped, stage
from ozora.world.rigs.frame import Frame, Parts, Skin, rotation
from ozora.world.rigs.gait import GRAVITY, bend, plant
from ozora.world.rigs.paths import Path, Scene
from ozora.world.shot import Camera, Shot, Subject

EVERYTHING = [
    (kind, action)
    for kind, concept in SUBJECTS.items()
    for action in concept.actions
    if action not in TOGETHER  # those need somebody to meet
]
WALKERS = [(kind, gait) for kind in ("fox", "horse", "person", "robot") for gait in ("stand", "walk", "run")]


def flat(xz: Tensor) -> Tensor:
    return torch.zeros(xz.shape[:-1])


def hilly(xz: Tensor) -> Tensor:
    return 0.12 * torch.sin(0.7 * xz[..., 0] + 0.4) + 0.09 * torch.cos(0.8 * xz[..., 1])


def only(kind: str, action: str, place: str | None = None, **changes: object) -> Shot:
    subject = Subject(kind, action=action, **{k: v for k, v in changes.items() if k != "seed"})  # type: ignore[arg-type]
    return Shot((subject,), place=place or SUBJECTS[kind].places[0], seed=int(str(changes.get("seed", 3))))


def same(one: Bodies, other: Bodies) -> bool:
    return all(torch.equal(getattr(one, item.name), getattr(other, item.name)) for item in fields(Bodies))


@pytest.mark.parametrize(("kind", "action"), EVERYTHING)
@pytest.mark.parametrize(
    ("size", "speed", "direction"), [("small", "fast", "left"), ("large", "slow", "towards")]
)
def test_every_subject_does_every_action(
    kind: str, action: str, size: str, speed: str, direction: str
) -> None:
    """Finite, unit axes, positive sizes, few primitives, all inside the sphere that the camera frames."""
    for place in SUBJECTS[kind].places:
        shot = only(kind, action, place, size=size, speed=speed, direction=direction)
        staged = stage(shot, hilly)
        bodies = staged.bodies
        frames, count = bodies.a.shape[:2]
        assert frames == shot.frames == staged.centre.shape[0]
        assert count <= 64  # a train is the most
        for item in fields(Bodies):
            value = getattr(bodies, item.name)
            assert torch.isfinite(value.float()).all(), item.name
            assert value.dtype in (torch.float32, torch.int64)
        identity = torch.eye(3).expand(frames, count, 3, 3)
        assert torch.allclose(bodies.axes.transpose(-1, -2) @ bodies.axes, identity, atol=1e-4)
        assert torch.allclose(torch.linalg.det(bodies.axes), torch.ones(frames, count), atol=1e-4)
        assert (bodies.size[..., 0] > 0).all()
        assert ((bodies.colour >= 0) & (bodies.colour <= 1)).all()
        assert (reach(bodies, staged.centre[:, 0]) <= staged.extent[:, 0] + 1e-4).all()
        assert torch.allclose(staged.heading.norm(dim=-1), torch.ones(frames, 1), atol=1e-5)


@pytest.mark.parametrize(("kind", "action"), EVERYTHING)
def test_it_crosses_the_middle_of_the_set_in_its_direction(kind: str, action: str) -> None:
    for direction, axis, sign in (("right", 0, 1), ("left", 0, -1), ("towards", 2, 1), ("away", 2, -1)):
        staged = stage(only(kind, action, direction=direction), flat)
        centre, heading = staged.centre[:, 0], staged.heading[:, 0]
        if action == "turn":  # it faces that way when half of it is done
            heading = heading[24:25]
        assert (heading[:, axis] * sign > 0.7).all()
        assert centre[len(centre) // 2, [0, 2]].norm() < 0.5 * staged.extent[0, 0]
        if ACTIONS[action].travels:
            gone = (centre[-1] - centre[0])[axis] * sign
            assert gone > 1.2 * staged.extent[0, 0]


def test_positions_sizes_and_speeds_mean_what_they_say() -> None:
    left, right = (
        stage(only("fox", "walk", position=side), flat).centre[24, 0, 0] for side in ("left", "right")
    )
    assert left < -0.3 < 0.3 < right
    small, large = (
        stage(only("horse", "stand", size=size), flat).extent[0, 0] for size in ("small", "large")
    )
    assert large > 2 * small
    ways = []
    for speed in ("slow", "normal", "fast"):
        centre = stage(only("person", "run", speed=speed), flat).centre[:, 0]
        ways.append(float((centre[-1] - centre[0]).norm()))
    assert ways[0] < 0.8 * ways[1] < 0.8 * 0.8 * ways[2]


@pytest.mark.parametrize(("kind", "action"), WALKERS)
@pytest.mark.parametrize("ground", [flat, hilly])
def test_soles_neither_sink_nor_slip(kind: str, action: str, ground: Callable[[Tensor], Tensor]) -> None:
    """Whatever touches the ground in two frames running stands still; nothing is 2 cm under the ground."""
    for seed, size in ((3, "medium"), (8, "large")):
        bodies = stage(only(kind, action, seed=seed, size=size), ground).bodies
        low, _ = bounds(bodies)
        cones = bodies.kind == ROUND_CONE
        tip, radius = bodies.b[:, cones], bodies.size[:, cones, 1]
        above = tip[..., 1] - radius - ground(tip[..., [0, 2]])
        everything = low[..., 1] - ground(bodies.a[..., [0, 2]])
        assert everything.min() > -0.07  # boxes about slanting bodies, and slopes under them
        assert above.min() > -0.02
        touching = above < 0.004
        both = touching[1:] & touching[:-1]
        slip = (tip[1:] - tip[:-1])[..., [0, 2]].norm(dim=-1)
        assert both.any()
        assert slip[both].max() < 0.01
        # Somebody is on the ground in every frame, except in the flight of a run.
        grounded = (above < 0.02).any(1).float().mean()
        assert grounded == 1 if action != "run" else 0.3 < grounded < 1


def _apart(bodies: Bodies, one: Tensor, other: Tensor) -> bool:
    """Whether no primitive of one set touches any of the other: boxes apart, or upright cylinders apart."""
    low, high = bounds(bodies)
    boxes = (low[:, one, None] > high[:, None, other]) | (
        high[:, one, None] < low[:, None, other]
    )  # (F, A, B, 3)
    middle, half = ((low + high) / 2)[..., [0, 2]], (high - low)[..., [0, 2]].norm(dim=-1) / 2
    radius = torch.where(bodies.kind == ELLIPSOID, bodies.size.amax(-1), half)
    radius = torch.where(bodies.kind == BOX, bodies.size[..., [0, 2]].norm(dim=-1), radius)
    ends = bodies.size[..., :2].norm(dim=-1)  # a drum reaches no further from its middle, however it lies
    radius = torch.where(bodies.kind == DRUM, ends.minimum(half), radius)
    upright = (bodies.kind == ROUND_CONE) & (
        (bodies.a - bodies.b)[..., [0, 2]].norm(dim=-1) < 0.2 * bodies.size[..., 0]
    )
    radius = torch.where(upright, bodies.size[..., :2].amax(-1) * 1.1, radius)
    gaps = (middle[:, one, None] - middle[:, None, other]).norm(dim=-1)
    return bool((boxes.any(-1) | (gaps > radius[:, one, None] + radius[:, None, other])).all())


def _strikes(gait: quadruped.Gait) -> tuple[list[int], Tensor]:
    """The feet in the order in which they land during one cycle, and how many are down over the cycle."""
    scene = Scene(torch.arange(0, 4, 0.002), flat, "meadow", "noon")
    path = Path(0.0, 0.0, 0.0, 0.0, 1.0, 2.0)
    hips = [(0.0, 0.0)] * len(gait.strikes)
    feet = plant(gait, 1.0, 0.0, path, scene, hips, 0.5)
    down = feet.swing == 0
    landed = (down[:, 1:] & ~down[:, :-1]).nonzero()
    order = landed[(landed[:, 1] > 400) & (landed[:, 1] < 1400)]
    order = order[order[:, 1].argsort()]
    return order[:, 0].tolist(), down.float()


def test_the_walk_goes_in_lateral_sequence() -> None:
    order, down = _strikes(quadruped.WALK)
    turned = [*order, *order]
    assert [0, 1, 2, 3] in [
        turned[i : i + 4] for i in range(4)
    ]  # left hind, left fore, right hind, right fore
    assert down.mean() == pytest.approx(0.65, abs=0.01)
    assert down.sum(0).min() >= 2


def test_running_has_flight() -> None:
    for gait in (quadruped.GALLOP, person.RUN):
        _, down = _strikes(gait)
        assert (down.sum(0) == 0).float().mean() > 0.08
    _, down = _strikes(person.WALK)
    assert down.sum(0).min() >= 1


@settings(max_examples=40, deadline=None)
@given(leg=st.floats(0.2, 1.6), factor=st.sampled_from(["slow", "normal", "fast"]))
def test_gaits_are_similar_at_every_size(leg: float, factor: str) -> None:
    """Equal Froude numbers give equal strides in leg lengths; a foot's sweep stays within a leg's reach."""
    for gait in (quadruped.WALK, quadruped.GALLOP, person.WALK, person.RUN):
        speed = gait.speed(leg, factor)
        stride = speed / gait.frequency(leg, speed)
        reference = gait.speed(1.0, factor) / gait.frequency(1.0, gait.speed(1.0, factor))
        assert stride / leg == pytest.approx(reference, rel=1e-6)
        assert stride * gait.duty < 1.25 * leg


@settings(max_examples=60, deadline=None)
@given(
    foot=st.tuples(*[st.floats(-0.5, 0.5)] * 3),
    upper=st.floats(0.15, 0.6),
    lower=st.floats(0.15, 0.6),
)
def test_bones_keep_their_length_within_reach(
    foot: tuple[float, float, float], upper: float, lower: float
) -> None:
    top, end = torch.zeros(1, 3), torch.tensor([foot])
    span = float((end - top).norm())
    knee = bend(top, end, upper, lower, torch.tensor([[0.3, 0.2, 0.9]]))
    assert torch.isfinite(knee).all()
    if abs(upper - lower) + 0.01 < span < upper + lower - 0.01:
        assert float(knee.norm()) == pytest.approx(upper, abs=2e-3)
        assert float((knee - end).norm()) == pytest.approx(lower, abs=2e-3)


@settings(max_examples=30, deadline=None)
@given(yaw=st.floats(-3, 3), pitch=st.floats(-1.5, 1.5), roll=st.floats(-3, 3))
def test_rotations_are_right_handed(yaw: float, pitch: float, roll: float) -> None:
    turn = rotation(yaw, pitch, roll, 2)
    assert torch.allclose(turn @ turn.transpose(1, 2), torch.eye(3).expand(2, 3, 3), atol=1e-5)
    assert torch.allclose(torch.linalg.det(turn), torch.ones(2), atol=1e-5)
    assert float(turn[0, 1, 0]) == pytest.approx(
        float(torch.tensor(pitch).sin()), abs=1e-5
    )  # the nose goes up
    left = rotation(0.3, 0.0, 0.0, 1)[0, :, 0]
    assert left[0] > 0 > left[2]


@pytest.mark.parametrize("place", ["meadow", "tabletop"])
def test_a_ball_rolls_without_slipping(place: str) -> None:
    staged = stage(only("ball", "roll", place), flat)
    radius = float(staged.bodies.size[0, 0, 0])
    turns = staged.bodies.axes[1:, 0] @ staged.bodies.axes[:-1, 0].transpose(1, 2)
    cosine = (turns.diagonal(dim1=1, dim2=2).sum(-1) - 1) / 2
    travelled = (staged.centre[1:, 0] - staged.centre[:-1, 0]).norm(dim=-1)
    assert torch.allclose(cosine.clamp(-1, 1).acos(), travelled / radius, rtol=0.02)
    # The axis lies level, across the way: the bottom goes back as fast as the ball goes on.
    bottom = torch.tensor([0.0, -radius, 0.0])
    moved = (turns @ bottom) - bottom
    ahead = staged.heading[:-1, 0]
    assert ((moved * ahead).sum(-1) < -0.9 * radius * (travelled / radius).sin()).all()
    assert torch.allclose(staged.centre[:, 0, 1], torch.full((49,), radius), atol=1e-5)


def test_bounces_are_free_fall_and_each_is_lower() -> None:
    shot = replace(only("ball", "bounce"), fps=60, seconds=4.0)
    for ground in (flat, hilly):
        centre = stage(shot, ground).centre[:, 0].double()
        radius = float(stage(shot, ground).bodies.size[0, 0, 0])
        fall = centre[2:, 1] - 2 * centre[1:-1, 1] + centre[:-2, 1]
        free = (fall + GRAVITY / 60**2).abs() < 1e-4
        struck = fall > 0.01
        assert (free | struck | ((fall > -0.004) & (fall < 0.02))).all()
        assert free.float().mean() > 0.85
        assert 2 <= int(struck.sum()) < 24
        clear = centre[:, 1] - radius - ground(centre[:, [0, 2]].float())
        assert clear.min() > -0.06
    heights = stage(shot, flat).centre[:, 0, 1]
    tops = [float(h) for a, h, b in zip(heights, heights[1:], heights[2:], strict=False) if h > a and h >= b]
    assert len(tops) >= 2
    assert all(later < earlier for earlier, later in pairwise(tops[:3]))
    # Coefficient of restitution: heights above the ground fall by its square.
    rest = float(stage(shot, flat).bodies.size[0, 0, 0])
    assert (tops[1] - rest) / (tops[0] - rest) == pytest.approx(0.84**2, rel=0.02)


def test_a_pushed_cube_brakes_evenly_and_stops() -> None:
    centre = stage(only("cube", "slide"), flat).centre[:, 0]
    speed = (centre[1:] - centre[:-1]).norm(dim=-1)
    assert speed[-1] < 1e-3 < speed[0]
    moving = speed > 0.02 * speed[0]
    slowing = speed.diff()[moving[1:]][:-1]
    assert torch.allclose(slowing, slowing.mean().expand_as(slowing), atol=2e-4)


def test_a_spinning_cube_turns_evenly_in_place() -> None:
    staged = stage(only("cube", "spin"), hilly)
    axes = staged.bodies.axes[:, 0]
    assert torch.allclose(staged.centre, staged.centre[:1].expand_as(staged.centre), atol=1e-5)
    turns = axes[1:] @ axes[:-1].transpose(1, 2)
    angle = ((turns.diagonal(dim1=1, dim2=2).sum(-1) - 1) / 2).clamp(-1, 1).acos()
    assert torch.allclose(angle, torch.full_like(angle, 1.5 / 12), rtol=0.05)


def test_what_flies_and_floats_keeps_its_height() -> None:
    for seed in range(4):
        bird = stage(only("bird", "fly", seed=seed), hilly).centre[:, 0, 1]
        assert (bird > 1.3).all() and (bird < 4.2).all()
        drifting, _ = bounds(stage(only("balloon", "drift", seed=seed), hilly).bodies)
        assert drifting[..., 1].min() > 1.0
        rising = stage(only("balloon", "rise", seed=seed), hilly).centre[:, 0, 1]
        assert (rising.diff() > 0).all()
        low, high = bounds(stage(only("sailboat", "sail", "sea", seed=seed), hilly).bodies)
        assert (low[..., 1].amin(1) < -0.02).all() and (high[..., 1].amax(1) > 3).all()
        heave = stage(only("sailboat", "sail", "sea", seed=seed), flat).centre[:, 0, 1]
        assert 0.03 < heave.amax() - heave.amin() < 0.6


def test_wings_beat_and_the_body_answers() -> None:
    staged = stage(only("bird", "fly"), flat)
    ellipsoid = int((staged.bodies.kind == ELLIPSOID).nonzero()[0])
    body = staged.bodies.a[:, ellipsoid, 1] - staged.centre[:, 0, 1]
    wings = bounds(staged.bodies)[1][..., 1].amax(1) - staged.centre[:, 0, 1]
    assert body.amax() - body.amin() > 0.02
    assert wings.amax() - wings.amin() > 0.2
    assert torch.corrcoef(torch.stack((body, wings)))[0, 1] < -0.3


def test_the_same_shot_gives_the_same_bodies_and_another_seed_others() -> None:
    shot = replace(only("fox", "run"), occluder="tree")
    torch.manual_seed(1)
    first = stage(shot, hilly)
    torch.manual_seed(2)
    again = stage(shot, hilly)
    assert same(first.bodies, again.bodies)
    assert torch.equal(first.centre, again.centre)
    assert not torch.equal(first.centre, stage(replace(shot, seed=4), hilly).centre)


@settings(max_examples=15, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**31))
def test_subjects_never_meet(data: st.DataObject, seed: int) -> None:
    place = data.draw(st.sampled_from(["meadow", "tabletop", "sea"]))
    fit = [(k, a) for k, a in EVERYTHING if place in SUBJECTS[k].places]
    subjects = []
    for _ in range(data.draw(st.integers(2, 3))):
        kind, action = data.draw(st.sampled_from(fit))
        subjects.append(
            Subject(
                kind,
                action=action,
                size=data.draw(st.sampled_from(["small", "medium", "large"])),
                speed=data.draw(st.sampled_from(["slow", "normal", "fast"])),
                direction=data.draw(st.sampled_from(["left", "right", "towards", "away"])),
                position=data.draw(st.sampled_from(["left", "centre", "right"])),
            )
        )
    bodies = stage(Shot(tuple(subjects), place=place, seed=seed), flat).bodies
    for one in range(1, len(subjects) + 1):
        for other in range(one + 1, len(subjects) + 1):
            a, b = bodies.subject == one, bodies.subject == other
            assert _apart(bodies, a, b)


@pytest.mark.parametrize(
    ("kind", "action", "place", "occluder", "move"),
    [
        ("fox", "walk", "snowfield", "tree", "static"),
        ("fox", "run", "dunes", "tree", "follow"),
        ("horse", "run", "meadow", "rock", "pan"),
        ("person", "walk", "dunes", "wall", "follow"),
        ("sailboat", "sail", "sea", "rock", "static"),
    ],
)
def test_an_occluder_hides_the_whole_subject_for_a_while(
    kind: str, action: str, place: str, occluder: str, move: str
) -> None:
    shot = replace(only(kind, action, place), occluder=occluder, camera=Camera(move))
    ids = film(shot, 64, 36, frames=range(0, 49, 4)).ids
    seen = (ids == 1).flatten(1).sum(1)
    assert (ids >= 100).flatten(1).any(1).float().mean() > 0.5
    assert seen[len(seen) // 2] == 0
    hidden = float((seen == 0).sum()) * 4 / 12
    assert 0.25 <= hidden <= 1.75
    assert (seen[: len(seen) // 3] > 0).any() and (seen[-(len(seen) // 3) :] > 0).any()


@pytest.mark.parametrize("direction", ["left", "right", "towards", "away"])
@pytest.mark.parametrize("occluder", ["tree", "rock", "wall"])
def test_nobody_walks_into_the_occluder(direction: str, occluder: str) -> None:
    for kind, action in (("fox", "run"), ("person", "walk"), ("horse", "stand")):
        shot = replace(only(kind, action, direction=direction), occluder=occluder)
        bodies = stage(shot, flat).bodies
        mine, prop = bodies.subject == 1, bodies.subject >= 100
        assert prop.any()
        assert _apart(bodies, mine, prop)


def test_colours_and_materials_reach_the_coat_and_leave_the_accents() -> None:
    natural = stage(only("fox", "walk"), flat).bodies
    white = stage(only("fox", "walk", colour="white", material="metal"), flat).bodies
    changed = (natural.colour - white.colour).abs().amax(-1) > 0.05
    assert 8 < int(changed.sum()) < len(changed) - 4
    assert white.colour[changed].min() > 0.7
    assert white.gloss.max() == 1
    natural_ball, blue_ball = (
        stage(only("ball", "roll", colour=c), flat).bodies for c in ("natural", "blue")
    )
    assert natural_ball.colour[0].argmax() == 0 and blue_ball.colour[0].argmax() == 2


def test_a_new_animal_is_a_line_of_proportions() -> None:
    fox = animals.FOX
    longlegged = replace(fox, shoulder=2 * fox.shoulder, hip=2 * fox.hip, ears=(0.2, 0.05, 0.05))
    subject, chance = Subject("fox", action="walk"), np.random.default_rng(0)
    scene = Scene(torch.arange(9) / 12, flat, "meadow", "noon")
    speed = quadruped.WALK.speed(longlegged.leg, "normal")
    path = Path(0.0, 0.0, 0.0, 0.0, speed, 0.4)
    parts, centre = quadruped.pose(subject, path, scene, chance, 1.0, longlegged)
    _, high = bounds(parts.bodies(1))
    assert high[..., 1].amax() > 0.9
    assert torch.isfinite(centre).all()


def test_bounds_and_reach_of_simple_shapes() -> None:
    frame = Frame(torch.tensor([[1.0, 2.0, 3.0]]), rotation(torch.pi / 2, 0.0, 0.0, 1))
    parts, skin = Parts(frame, blend=0.0), Skin((0.5, 0.5, 0.5))
    parts.ellipsoid(skin, frame, (3.0, 1.0, 0.5))
    parts.box(skin, frame, (3.0, 1.0, 0.5), 0.1)
    parts.ring(skin, frame, 2.0, 0.25)
    parts.cone(skin, frame.origin, frame.at(0.0, 4.0), 1.0, 0.5)
    parts.sheet(skin, frame.origin, frame.at(0.0, 1.0), frame.at(0.0, 0.0, 1.0), 0.1)
    bodies = parts.bodies(7)
    low, high = bounds(bodies)
    half = (high - low)[0] / 2
    turned = torch.tensor([0.5, 1.0, 3.0])  # a quarter turn to the left: the long axis lies along z
    assert torch.allclose(half[0], turned, atol=1e-5) and torch.allclose(half[1], turned, atol=1e-5)
    assert torch.allclose(half[2], torch.tensor([0.25, 2.25, 2.25]), atol=1e-5)
    assert torch.allclose(high[0, 3], torch.tensor([2.0, 6.5, 4.0]), atol=1e-5)
    assert torch.allclose(half[4], torch.tensor([0.6, 0.6, 0.1]), atol=1e-5)
    assert float(reach(bodies, frame.origin)[0]) == pytest.approx(4.5, abs=1e-5)
    assert (bodies.subject == 7).all()


def test_what_no_rig_knows_is_refused_by_name() -> None:
    with pytest.raises(OzoraError, match=r"subjects\[0\].kind.*griffin.*fox"):
        stage(Shot((Subject("griffin"),)), flat)
    with pytest.raises(OzoraError, match=r"subjects\[1\].action.*fly"):
        stage(Shot((Subject("fox"), Subject("horse", action="fly"))), flat)
    assert set(RIGS) == set(SUBJECTS)


def test_staging_is_quick() -> None:
    shot = only("fox", "run")
    stage(shot, flat)
    best = 1.0
    for _ in range(5):
        start = time.process_time()
        stage(shot, flat)
        best = min(best, time.process_time() - start)
    assert best < 0.06
