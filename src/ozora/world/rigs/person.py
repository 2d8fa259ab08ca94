"""People: a biped that stands, walks and runs, in a coat of any colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs.course import Hips, footsteps
from ozora.world.rigs.frame import Frame, Number, Parts, Skin
from ozora.world.rigs.gait import Feet, Gait, bend, plant
from ozora.world.rigs.palette import coat, shade
from ozora.world.rigs.paths import Path, Scene, follow
from ozora.world.rigs.styles import Styles, mixed
from ozora.world.shot import Subject

STAND = Gait("stand", 0.0, (0.0, 0.5), 1.0, 0.0)
WALK = Gait("walk", 0.17, (0.0, 0.5), 0.60, 0.09)
RUN = Gait("run", 0.95, (0.0, 0.5), 0.36, 0.30)
GAITS = {"stand": STAND, "walk": WALK, "run": RUN, "jump": STAND, "turn": STAND}

LEG = 0.88
HIP_WIDTH = 0.095
SOLE_TO_ANKLE = 0.085

SKINS: tuple[RGB, ...] = ((0.62, 0.38, 0.26), (0.42, 0.22, 0.13), (0.20, 0.095, 0.055), (0.70, 0.47, 0.35))
HAIRS: tuple[RGB, ...] = ((0.025, 0.018, 0.015), (0.10, 0.045, 0.02), (0.33, 0.19, 0.07))
TROUSERS: RGB = (0.045, 0.048, 0.060)
SHOES: RGB = (0.030, 0.022, 0.018)
SCARF: RGB = (0.62, 0.16, 0.05)


@dataclass(frozen=True)
class Carriage:
    """How a biped carries itself: its frames and phases in every frame, before anything is built on them."""

    styles: Styles
    root: Frame
    pelvis: Frame
    chest: Frame
    feet: Feet
    steps: bool  # whether it lifts its feet at all
    cycles: Tensor  # (F,) radians of the stride
    slow: Tensor  # (F,) radians of idle sway
    look: Number  # (F,) radians the head turns to the left
    lean: Number
    raised: Number = 0.0  # radians that a leap swings the arms forward
    bent: Number = 0.0  # and bends the elbows

    def shoulder(self, side: float, up: float, out: float) -> tuple[Frame, Tensor]:
        """The frame of an upper arm, x along it, and the bend (F,) of its elbow in radians."""
        # Arms go with the opposite leg; the left foot lands at phase 0.
        wave = torch.cos(self.cycles + (torch.pi if side < 0 else 0.0) - 0.3)
        swings = {
            "run": (0.80 * wave - 0.15, 1.55 + 0.30 * wave),
            "walk": (0.46 * wave - 0.04, 0.30 + 0.22 * wave),
            "stand": (0.05 * torch.sin(0.31 * self.slow), torch.full_like(self.cycles, 0.14)),
        }
        swing = torch.as_tensor(mixed(self.styles, lambda style: swings[style][0])) + self.raised
        elbow = torch.as_tensor(mixed(self.styles, lambda style: swings[style][1])) + self.bent
        # Forward along the arm's x axis, hanging straight down at rest.
        frame = self.chest.child(0.0, up, side * out, pitch=swing - 0.5 * torch.pi, yaw=-0.07 * side)
        return frame, elbow


def carriage(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> Carriage:
    """The walk, run or stand of a biped of human build."""
    gait = GAITS[subject.action]
    frequency = gait.frequency(LEG * scale, path.speed)
    phase = float(chance.uniform())
    root = follow(path, scene, 0.5 * scale, scale)
    # People stay upright on a slope.
    flat = torch.stack([root.axes[:, 0, 0], torch.zeros(scene.frames), root.axes[:, 2, 0]], -1)
    forward = flat / flat.norm(dim=-1, keepdim=True)
    up = torch.tensor([0.0, 1.0, 0.0]).expand(scene.frames, 3)
    root = Frame(root.origin, torch.stack([forward, up, root.axes[:, :, 2]], -1), scale)
    hips = ((0.085 * scale, -HIP_WIDTH * scale), (0.085 * scale, HIP_WIDTH * scale))
    course, times = path.course, scene.times
    styles: Styles = {gait.name: 1.0}
    if course is None:
        feet = plant(gait, frequency, phase, path, scene, list(hips), LEG * scale)
        cycles = 2 * torch.pi * (frequency * times + phase)
    else:
        styles, cycles = course.styles(times), 2 * torch.pi * course.stride(times)
        feet = footsteps(course, path, scene, GAITS, Hips(hips, hips, (False, False), LEG * scale, tuck=0.22))
    slow = 2 * torch.pi * times
    start = float(chance.uniform(0, 2 * np.pi))

    def swayed(height: float, peak: float) -> Tensor:
        return height * torch.cos(2 * cycles - 4 * torch.pi * peak)

    # Bodies are highest at mid-stance walking, in flight running.
    bobs = {"stand": 0.004 * torch.sin(0.4 * slow), "walk": swayed(0.018, 0.30), "run": swayed(0.040, 0.43)}
    twists = {
        "stand": 0.03 * torch.sin(0.17 * slow + start), "walk": 0.10 * torch.cos(cycles),
        "run": 0.16 * torch.cos(cycles),
    }  # fmt: skip
    idle = 0.06 * torch.sin(0.3 * slow + start)
    looks = {"stand": 0.55 * torch.tanh(1.6 * torch.sin(0.21 * slow + start)), "walk": idle, "run": idle}
    bob, twist, look = (mixed(styles, part.__getitem__) for part in (bobs, twists, looks))
    lean = mixed(styles, {"stand": 0.0, "walk": 0.05, "run": 0.20}.__getitem__)
    crouch = mixed(styles, {"stand": 0.0, "walk": -0.012, "run": -0.045}.__getitem__)
    back: Number = 0.0
    raised: Number = 0.0
    bent: Number = 0.0
    if course is not None:
        # A leap swings the arms back as the knees bend and up with the push; a turn begins with the head.
        look = look * (1 - 0.8 * course.share("turn", times))
        look = look + (-0.5 * course.row(course.turning, times)).clamp(-0.7, 0.7)
        bob = bob + course.height(times) / scale
        lean = lean + course.keyed(times, 0.55, 0.06, 0.02, 0.30)
        back = course.keyed(times, -0.10, 0.02, 0.0, -0.07)
        raised, bent = course.keyed(times, -1.0, 1.9, 1.3, 0.5), course.keyed(times, 0.25, 0.3, 0.4, 0.5)
    pelvis = root.child(back, LEG + SOLE_TO_ANKLE * 0.5 + bob + crouch, 0.0, yaw=-0.5 * twist)
    chest = pelvis.child(0.0, 0.10, 0.0, yaw=1.5 * twist, pitch=-lean)
    steps = frequency > 0 or course is not None
    return Carriage(
        styles, root, pelvis, chest, feet, steps, cycles, slow + start, look, lean, raised, bent
    )


def pose(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """The person in every frame: primitives, and the middle of the body (F, 3)."""
    body = carriage(subject, path, scene, chance, scale)
    parts = Parts(body.root, blend=0.035)
    cloth = coat(subject, 0.03)
    flesh = Skin(SKINS[int(chance.integers(len(SKINS)))], gloss=0.1)
    hair = Skin(HAIRS[int(chance.integers(len(HAIRS)))], gloss=0.2, blend=0.015)
    _trunk(parts, cloth, flesh, hair, body.pelvis, body.chest, body.look, body.lean)
    _legs(parts, body)
    _arms(parts, cloth, flesh, body)
    return parts, middle(body, path, scene, 0.90)


def middle(body: Carriage, path: Path, scene: Scene, height: float) -> Tensor:
    """The middle of the body (F, 3), so high over the ground when it stands; leaps lift it."""
    place = body.root.at(0.0, height, 0.0)
    if path.course is None:
        return place
    return place + path.course.height(scene.times)[:, None] * torch.tensor([0.0, 1.0, 0.0])


def _trunk(
    parts: Parts, cloth: Skin, flesh: Skin, hair: Skin, pelvis: Frame, chest: Frame, look: Number,
    lean: Number,
) -> None:  # fmt: skip
    parts.ellipsoid(cloth, chest.child(0.0, 0.15), (0.142, 0.33, 0.190))
    parts.ellipsoid(cloth, chest.child(-0.005, 0.365), (0.105, 0.090, 0.205))
    # The hem of the coat flares over the hips.
    parts.ellipsoid(cloth.but(blend=0.05), pelvis.child(0.0, -0.005), (0.158, 0.200, 0.205))
    head = chest.child(0.015, 0.50, yaw=look, pitch=0.8 * lean)
    scarf = Skin(SCARF, gloss=0.02, blend=0.01)
    parts.ellipsoid(scarf, head.child(0.005, 0.0), (0.105, 0.062, 0.108))
    parts.ellipsoid(flesh.but(blend=0.01), head.child(0.022, 0.170), (0.112, 0.142, 0.103))
    parts.ellipsoid(hair, head.child(-0.026, 0.216), (0.130, 0.132, 0.122))
    parts.ellipsoid(flesh.but(blend=0.01), head.child(0.130, 0.150), (0.024, 0.024, 0.018))


@dataclass(frozen=True)
class Leg:
    """Joints of one leg in the world, each (F, 3)."""

    hip: Tensor
    knee: Tensor
    ankle: Tensor
    ball: Tensor  # of the foot, a sole's thickness over what it is planted on
    toe: Tensor
    back: Tensor  # one unit along the sole, from the ball to the heel
    lift: Tensor  # one unit out of the sole


def legs(body: Carriage) -> list[Leg]:
    """The left and the right leg: feet where they are planted, knees where the bones allow."""
    scale, feet = body.root.scale, body.feet
    ahead, up = body.root.axes[:, :, 0], body.root.axes[:, :, 1]
    found = []
    for index, side in enumerate((-HIP_WIDTH, HIP_WIDTH)):
        forward = ahead
        if feet.angle is not None:  # a foot keeps its heading until it is lifted
            angle = feet.angle[index]
            forward = torch.stack([angle.cos(), torch.zeros_like(angle), angle.sin()], -1)
        stance, swing = feet.stance[index], feet.swing[index]
        # Heel off late in stance, toes up before landing; the ball of the foot is what is planted.
        push = ((stance - 0.62) / 0.38).clamp(0, 1) * (1 - swing).clamp(min=0).square()
        heel = 0.75 * push * push + 0.35 * torch.sin(torch.pi * swing) * (swing > 0)
        landing = torch.sin(torch.pi * ((swing - 0.55) / 0.45).clamp(0, 1))
        toe_up = 0.28 * landing if body.steps else 0.0
        tilt = heel - toe_up
        ball = feet.position[index] + 0.044 * scale * up
        back = (-(tilt.cos())[:, None] * forward + tilt.sin()[:, None] * up) * scale
        lift = ((tilt.sin())[:, None] * forward + tilt.cos()[:, None] * up) * scale
        ankle = ball + 0.115 * back + 0.050 * lift
        # Toes stay flat while the heel rises over them.
        raised = tilt.clamp(max=0)
        toe = ball + 0.075 * scale * (raised.cos()[:, None] * forward - raised.sin()[:, None] * up)
        top = body.pelvis.at(0.0, -0.05, side)
        knee = bend(top, ankle, 0.400 * scale, 0.400 * scale, ahead)
        found.append(Leg(top, knee, ankle, ball, toe, back, lift))
    return found


def _legs(parts: Parts, body: Carriage) -> None:
    trousers, shoe = Skin(TROUSERS, blend=0.008), Skin(SHOES, gloss=0.25, blend=0.012)
    for leg in legs(body):
        parts.cone(trousers, leg.hip, leg.knee, 0.092, 0.072)
        parts.cone(trousers, leg.knee, leg.ankle, 0.070, 0.054)
        parts.cone(shoe, leg.ball + 0.125 * leg.back + 0.008 * leg.lift, leg.toe, 0.056, 0.044)


def _arms(parts: Parts, cloth: Skin, flesh: Skin, body: Carriage) -> None:
    sleeve = cloth.but(colour=shade(cloth.colour, -0.18), blend=0.02)
    for side in (-1.0, 1.0):
        shoulder, elbow = body.shoulder(side, 0.370, 0.196)
        joint = shoulder.child(0.29, 0.0, pitch=elbow, yaw=0.10 * side)
        parts.cone(sleeve, shoulder.origin, joint.origin, 0.070, 0.058)
        parts.cone(sleeve, joint.origin, joint.at(0.215, 0.0), 0.057, 0.048)
        parts.ellipsoid(flesh.but(blend=0.01), joint.child(0.265, 0.0), (0.062, 0.048, 0.038))
