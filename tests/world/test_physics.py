"""Solids on film obey mechanics, as they were simulated: free fall, restitution, momentum, level ground."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from ozora.errors import OzoraError
from ozora.world import terrain
from ozora.world.bodies import Stage, bounds
from ozora.world.camera import camera_path
from ozora.world.captions import caption
from ozora.world.concepts import SIZE_SCALE, SUBJECTS
from ozora.world.film import film
from ozora.world.languages import LANGUAGES
from ozora.world.languages import caption as say
from ozora.world.physics import cast, library
from ozora.world.physics.cast import Scene, scenes
from ozora.world.physics.library import Motion, packed, shipped, unpacked
from ozora.world.rigs import solids, stage
from ozora.world.rigs.gait import GRAVITY
from ozora.world.rigs.played import GRAVITIES, unit_of
from ozora.world.sampling import sample_shot
from ozora.world.shot import Camera, Shot, Subject, validate

ACTIONS = [(action, kinds) for action, casts in cast.CASTS.items() for kinds in casts]


def flat(xz: Tensor) -> Tensor:
    return torch.zeros(xz.shape[:-1])


def meet(action: str, kinds: tuple[str, ...], size: str = "medium", **changes: object) -> Shot:
    first, *others = (Subject(kind, size=size, action="stand") for kind in kinds)
    subject = {key: changes.pop(key) for key in ("speed", "direction") if key in changes}
    first = replace(first, action=action, **subject)  # type: ignore[arg-type]
    return Shot((first, *others), **{"place": "tabletop", "seed": 5, "fps": 60, **changes})  # type: ignore[arg-type]


def staged(shot: Shot) -> Stage:
    return stage(shot, flat)


def speeds(centre: Tensor, fps: int) -> Tensor:
    return centre.double().diff(dim=0) * fps


# --- the library --------------------------------------------------------------------------------------------


def test_the_library_holds_every_scene_and_is_small() -> None:
    assert set(shipped()) == {scene.key for scene in scenes()}
    assert library.SHIPPED.stat().st_size < 1.5 * 2**20
    for scene in scenes():
        motion = shipped()[scene.key]
        assert motion.position.shape[1:] == (len(scene.kinds), 3)
        assert np.allclose(np.linalg.norm(motion.turn, axis=-1), 1)
        assert motion.touches and 0 < motion.moment < motion.seconds
    with pytest.raises(OzoraError, match="scene: got 'push ball ball"):
        library.motion(Scene("push", ("ball", "ball"), 0, "normal"))


def test_what_is_packed_comes_back_to_a_tenth_of_a_millimetre_and_the_same_bytes() -> None:
    keys = ("collide ring cone +0 fast", "fall cube +0 slow")
    some = {key: shipped()[key] for key in keys}
    data = packed(some)
    assert data == packed(dict(some))
    for key, motion in unpacked(data).items():
        assert np.abs(motion.position - some[key].position).max() <= 1.01e-4
        assert np.abs((motion.turn * some[key].turn).sum(-1)).min() > 1 - 1e-6
        assert motion.touches == some[key].touches


def test_motions_play_smoothly_between_poses_and_rest_after_their_end() -> None:
    times = np.arange(90) / cast.RATE
    angle = 0.5 * 3.0 * times
    parabola = np.stack([times, 2 - 0.5 * GRAVITY * times**2, 0 * times], -1)[:, None]
    turn = np.stack([np.cos(angle), 0 * angle, np.sin(angle), 0 * angle], -1)[:, None]
    motion = Motion(parabola, turn, ())
    asked = torch.tensor([0.005, 0.5071, 0.911], dtype=torch.float64)
    position, axes = motion.at(asked)
    assert torch.allclose(position[:, 0, 1].double(), 2 - 0.5 * GRAVITY * asked**2, atol=1e-5)
    assert torch.allclose(axes[:, 0, 0, 0].double(), (3 * asked).cos(), atol=1e-5)
    late, _ = motion.at(torch.tensor([motion.seconds, 50.0]))
    assert torch.equal(late[0], late[1])


# --- the laws, in what is filmed ----------------------------------------------------------------------------


@pytest.mark.parametrize(("place", "size"), [("tabletop", "small"), ("street", "large"), ("moon", "medium")])
def test_a_ball_falls_freely_and_bounces_by_the_law(place: str, size: str) -> None:
    shot = Shot((Subject("ball", action="fall", size=size),), place, fps=60, seconds=6.0, seed=2)
    scene = stage(shot, flat)
    height = scene.centre[:, 0, 1].double()
    radius = float(height[0] - bounds(scene.bodies)[0][0, 0, 1])
    gravity = GRAVITIES.get(place, GRAVITY)
    triples = zip(height, height[1:], height[2:], strict=False)
    hits = [0, *(i + 1 for i, (a, b, c) in enumerate(triples) if a > b < c)]
    pace = math.sqrt(SIZE_SCALE[size] * unit_of(place) * GRAVITY / gravity)
    margin = math.ceil(4 * pace) + 1  # frames that are within four poses of a blow
    launches, landings = [], []
    for start, end in pairwise(hits):
        free = slice(start + margin, end - margin)
        if end - start > 2 * margin + 5:
            times = torch.arange(free.start, free.stop) / shot.fps
            a, b, c = np.polyfit(times.numpy(), height[free].numpy(), 2)
            assert -2 * a == pytest.approx(gravity, rel=0.01)
            speed = math.sqrt(b * b - 4 * a * (c - radius))  # where the parabola meets the floor
            landings.append(speed)
            launches.append(speed if start else None)
    given_back = [up / down for down, up in zip(landings, launches[1:], strict=False)]
    assert len(given_back) >= 1
    assert given_back == [pytest.approx(0.74, abs=0.02) for _ in given_back], given_back


@pytest.mark.parametrize("kinds", [("ball", "ball"), ("cube", "cylinder"), ("cylinder", "ball")])
@pytest.mark.parametrize("direction", ["left", "towards"])
def test_a_collision_keeps_momentum(kinds: tuple[str, str], direction: str) -> None:
    shot = meet("collide", kinds, direction=direction, fps=60, place="street")
    scene = staged(shot)
    frame = math.ceil(scene.touches[0][0] * shot.fps)
    volume = {"ball": 4 / 3 * math.pi * 0.45**3, "cube": 0.8**3, "cylinder": math.pi * 0.4**2 * 0.95}
    mass = torch.tensor([volume[kind] for kind in kinds], dtype=torch.float64)
    moving = speeds(scene.centre, shot.fps)[:, :, [0, 2]]
    before, after = moving[frame - 2], moving[frame]
    momentum = [(mass[:, None] * part).sum(0) for part in (before, after)]
    # Nothing but friction with the ground can take any, or give it, in the three frames between.
    friction = 0.45 * GRAVITY * mass.sum() * 3 / shot.fps
    assert (momentum[1] - momentum[0]).norm() < min(friction, 0.11 * momentum[0].norm())
    assert before[0].norm() > 1.5 and before[1].norm() < 5e-3 < after[1].norm()
    way = scene.heading[0, 0, [0, 2]].double()
    assert float((after[1] - after[0]) @ way) > -0.05 < float(after[1] @ way)  # they part


def test_what_is_filmed_is_the_simulation_scaled_by_froudes_law() -> None:
    recorded = shipped()["push cube cone +1 slow"]
    shot = meet("push", ("cube", "cone"), "small", place="moon", speed="slow")
    shot = replace(shot, subjects=(replace(shot.subjects[0], size="medium"), shot.subjects[1]))
    centre = staged(shot).centre.double()
    scale = SIZE_SCALE["small"]
    pace = math.sqrt(scale * GRAVITY / GRAVITIES["moon"])
    apart = (centre[:, 0] - centre[:, 1]).norm(dim=-1) / scale
    path = torch.from_numpy(recorded.position)
    truth = (path[:, 0] - path[:, 1]).norm(dim=-1)
    steps = torch.arange(len(centre)) / shot.fps / pace * cast.RATE
    first = (truth - apart[0]).abs().argmin()
    expected = truth[(first + steps).round().long().clamp(max=len(truth) - 1)]
    assert (apart - expected).abs().max() < 0.02


@pytest.mark.parametrize(("action", "kinds"), ACTIONS)
def test_nothing_sinks_into_the_ground_or_floats_at_the_end(action: str, kinds: tuple[str, ...]) -> None:
    for speed in cast.SPEEDS:
        for step in cast.steps(action, kinds):
            motion = shipped()[Scene(action, kinds, step, speed).key]
            sizes = Scene(action, kinds, step, speed).sizes
            position, axes = motion.at(torch.arange(0, motion.seconds + 0.1, 0.05))
            for number, (kind, size) in enumerate(zip(kinds, sizes, strict=True)):
                low = lowest(kind, size, position[:, number], axes[:, number])
                assert low.min() > -0.03, (speed, step, kind, float(low.min()))
                # What ran onto a ring lies on it.
                on_ring = number == 0 and kinds[-1] == "ring"
                if action in ("fall", "tumble", "collide", "push") and not on_ring:
                    assert low[-1] < 0.06, (speed, step, kind, float(low[-1]))


def lowest(kind: str, size: float, middle: Tensor, axes: Tensor) -> Tensor:
    """Height (F,) of the lowest point of a solid."""
    if kind == "ball":
        reach = torch.full_like(middle[:, 0], solids.BALL_RADIUS)
    elif kind == "cube":
        inner = (0.5 - solids.CUBE_ROUNDING) * solids.CUBE_SIDE
        reach = inner * axes[:, 1].abs().sum(-1) + solids.CUBE_ROUNDING * solids.CUBE_SIDE
    elif kind == "ring":
        reach = solids.RING[0] * (1 - axes[:, 1, 2] ** 2).clamp(min=0).sqrt() + solids.RING[1]
    else:
        radius, height = solids.CONE if kind == "cone" else solids.CYLINDER
        top = solids.CONE_TIP * radius if kind == "cone" else radius
        up, across = axes[:, 1, 1], (1 - axes[:, 1, 1] ** 2).clamp(min=0).sqrt()
        reach = torch.maximum(0.5 * height * up + radius * across, -0.5 * height * up + top * across)
    return middle[:, 1] - size * reach


def test_stacks_stand_and_toppled_ones_lie() -> None:
    for scene in scenes():
        end = shipped()[scene.key].position[-1]
        if scene.action == "stack":
            assert np.linalg.norm((end[0] - end[1])[[0, 2]]) < 0.2, scene.key
            assert ("ring" in scene.kinds) or end[0, 1] > end[1, 1] + 0.5, scene.key
        if scene.action == "topple":
            start = shipped()[scene.key].position[0]
            assert start[2, 1] > start[1, 1] + 0.7 and end[2, 1] < 0.75, scene.key


# --- on the set ---------------------------------------------------------------------------------------------


def test_the_ground_under_simulated_solids_is_level_and_rolls_on_farther_off() -> None:
    ring = torch.linspace(0, 6.28, 24)
    circle = torch.stack([ring.cos(), ring.sin()], -1)
    for place in SUBJECTS["ball"].places:
        ground = terrain.ground(meet("collide", ("ball", "cube"), place=place))
        assert all(ground(radius * circle).abs().max() == 0 for radius in (0.0, 4.0, 8.9))
    dunes = terrain.ground(meet("collide", ("ball", "cube"), place="dunes"))
    assert dunes(40 * circle).abs().max() > 0.3


@pytest.mark.parametrize("action", [*cast.TOGETHER, *cast.ALONE])
def test_every_scene_is_filmed_with_all_of_it_in_the_frame(action: str) -> None:
    kinds = cast.CASTS[action][0]
    for place, direction, move in (("dunes", "left", "static"), ("tabletop", "away", "follow")):
        shot = meet(action, kinds, place=place, direction=direction, fps=12, camera=Camera(move))
        validate(shot)
        scene = stage(shot, terrain.ground(shot))
        path = camera_path(shot, scene)
        toward = (scene.centre - path.position[:, None]) @ path.rotation  # (F, S, 3) in the camera's axes
        up = path.vertical_fov[:, None]
        assert (toward[..., 2] < 0).all()
        assert (torch.atan2(toward[..., 1].abs(), -toward[..., 2]) < 0.5 * up).all()
        assert (toward[..., 0].abs() / -toward[..., 2] < (0.5 * up).tan() * 16 / 9).all()
    filmed = film(shot, 96, 56, frames=[4, 40], truth=True)
    seen = {number for number in range(1, len(kinds) + 1) if (filmed.ids == number).any()}
    assert seen == set(range(1, len(kinds) + 1))
    assert filmed.truth is not None
    told = [event for event in filmed.truth.events if event.kind == "collision"]
    assert told and all(0 <= event.from_seconds <= shot.seconds for event in told)
    assert {event.subject for event in told} <= seen


def test_the_moment_of_a_collision_is_when_the_second_solid_starts() -> None:
    shot = meet("collide", ("ball", "cube"), place="room")
    scene = staged(shot)
    moves = speeds(scene.centre, shot.fps)[:, 1].norm(dim=-1) > 0.05
    first = int(moves.int().argmax()) / shot.fps
    assert {subject for _, subject in scene.touches} == {1, 2}
    assert all(seconds == pytest.approx(first, abs=1.5 / shot.fps) for seconds, _ in scene.touches)
    assert torch.equal(scene.centre, staged(shot).centre)
    assert not torch.equal(scene.centre, staged(replace(shot, seed=6)).centre)


def test_a_solid_that_tumbles_keeps_clear_of_others() -> None:
    pair = (Subject("cube", action="tumble"), Subject("fox", action="stand"))
    scene = stage(Shot(pair, "beach", seed=3), flat)
    low, high = bounds(scene.bodies)
    cube, fox = scene.bodies.subject == 1, scene.bodies.subject == 2
    gaps = (low[:, cube].amin(1) - high[:, fox].amax(1), low[:, fox].amin(1) - high[:, cube].amax(1))
    apart = torch.maximum(*gaps)
    assert (apart.amax(-1) > 0).all()


REFUSED = [
    ("collide", ("ball",), {}, "got 'ball', allowed: a ball with ball, cube, cone, cylinder, ring for"),
    ("topple", ("ball", "cube"), {}, "cube on cube, cylinder on cube, cone on cube"),
    ("push", ("cube", "ball"), {"occluder": "tree", "place": "meadow"}, "got 'tree', allowed: none for push"),
]


@pytest.mark.parametrize(("action", "kinds", "changes", "says"), REFUSED)
def test_what_was_never_simulated_is_refused(
    action: str, kinds: tuple[str, ...], changes: dict[str, str], says: str
) -> None:
    with pytest.raises(OzoraError) as caught:
        validate(meet(action, kinds, **changes))
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_sizes_and_actions_that_do_not_fit_are_refused() -> None:
    shot = meet("push", ("cube", "ball"))
    small = replace(shot, subjects=(replace(shot.subjects[0], size="small"), shot.subjects[1]))
    with pytest.raises(OzoraError, match="got 'medium', allowed: small beside a small cube"):
        validate(small)
    rolling = replace(shot, subjects=(shot.subjects[0], replace(shot.subjects[1], action="roll")))
    with pytest.raises(OzoraError, match="got 'roll', allowed: stand until the cube comes"):
        validate(rolling)
    turned = replace(shot, subjects=(shot.subjects[1], shot.subjects[0]))
    with pytest.raises(OzoraError, match="push for the first subject only"):
        validate(turned)


# --- drawn and said -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", cast.TOGETHER)
def test_meetings_are_drawn_when_asked_for(action: str) -> None:
    for seed in range(12):
        shot = sample_shot(seed, action=action)
        assert shot.subjects[0].action == action
        assert tuple(subject.kind for subject in shot.subjects) in cast.CASTS[action]
    assert sample_shot(3, action="push", second_subject="ball").subjects[1].kind == "ball"


def test_captions_tell_who_does_what_to_whom() -> None:
    red, blue = Subject("ball", "red", action="collide"), Subject("cube", "blue", action="stand")
    shot = Shot((red, blue), "tabletop")
    texts = {caption(shot, "medium", seed).lower() for seed in range(200)}
    assert any("red ball rolls into a blue cube" in text for text in texts)
    back = meet("collide", ("ring", "cylinder"), place="meadow")
    assert any("and bounces back" in caption(back, "full", seed) for seed in range(60))
    hard = meet("collide", ("cone", "cylinder"), place="meadow")
    hard = replace(hard, subjects=(replace(hard.subjects[0], size="large"), hard.subjects[1]))
    assert any(" and knocks it over" in caption(hard, "full", seed) for seed in range(60))
    assert not any("cube stand" in text or "slides into" in text for text in texts)
    push = replace(shot, subjects=(replace(blue, action="push"), replace(red, action="stand")))
    assert any("blue cube pushes a red ball" in caption(push, "full", seed).lower() for seed in range(200))
    lying = Shot((replace(blue, kind="ball"),), "tabletop")
    assert not any("facing" in caption(lying, "full", seed) for seed in range(60))
    stack = meet("topple", ("ball", "cube", "cone"))
    assert any("a stack of a" in caption(stack, "full", seed) for seed in range(50))
    lands = meet("stack", ("cube", "cylinder"))
    assert any("and stays there" in caption(lands, "medium", seed) for seed in range(100))
    for text in {caption(lands, "medium", seed) for seed in range(100)}:
        assert "and stay " not in text and "&" not in text and "{" not in text


SAID = [
    ("de", "gegen einen blauen Würfel", "gegen ein blau"),
    ("es", "choca con un cubo azul", "{"),
    ("fr", "percute un cube bleu", "{"),
    ("zh", "与一个蓝色的立方体相撞", "{"),
    ("ja", "青い立方体に", "{"),
    ("hi", "नीले घन से टकरा", "नीला घन"),
    ("ar", "بمكعب أزرق", "{"),
]


@pytest.mark.parametrize(("code", "phrase", "never"), SAID)
def test_every_language_knows_the_object(code: str, phrase: str, never: str) -> None:
    assert code in LANGUAGES
    red, blue = Subject("ball", "red", action="collide"), Subject("cube", "blue", action="stand")
    texts = {say(Shot((red, blue), "tabletop"), "medium", seed, code) for seed in range(300)}
    assert any(phrase in text for text in texts), sorted(texts)[:5]
    assert not [text for text in texts if never in text]


# --- the engine ---------------------------------------------------------------------------------------------


def test_the_engine_repeats_itself_and_the_library() -> None:
    pytest.importorskip("mujoco")
    from ozora.world.simulate import simulate

    scene = Scene("stack", ("cube", "cube"), 0, "slow")
    one, other = simulate(scene), simulate(scene)
    assert packed({scene.key: one}) == packed({scene.key: other})
    known = shipped()[scene.key]
    count = min(len(one.position), len(known.position))
    assert np.abs(one.position[:count] - known.position[:count]).max() < 0.02


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_the_engine_gives_back_the_speed_it_was_asked_to(share: float) -> None:
    pytest.importorskip("mujoco")
    from ozora.world.simulate import Start, run

    motion = run([Start("ball", 1.0, (0.0, 1.45, 0.0), restitution=share)], 1.2)
    height, land = motion.position[:, 0, 1], int(motion.touches[0][0] * cast.RATE) + 2
    assert math.sqrt(height[land:].max() - 0.45) == pytest.approx(share, abs=0.03)


def test_without_the_engine_one_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from ozora.world.simulate import simulate

    monkeypatch.setitem(sys.modules, "mujoco", None)
    with pytest.raises(OzoraError, match=r"pip install 'ozora\[physics\]'"):
        simulate(scenes()[0])


def test_the_command_refuses_another_kind_of_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from ozora.cli import run

    assert run(["world", "simulate", "-o", str(tmp_path / "motions.zip")]) == 2
    assert "a name ending in .npz" in capsys.readouterr().err
