"""People: a biped that stands, walks and runs, in a coat of any colour."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs.frame import Frame, Parts, Skin
from ozora.world.rigs.gait import Feet, Gait, bend, plant
from ozora.world.rigs.palette import coat, shade
from ozora.world.rigs.paths import Path, Scene, follow
from ozora.world.shot import Subject

STAND = Gait("stand", 0.0, (0.0, 0.5), 1.0, 0.0)
WALK = Gait("walk", 0.17, (0.0, 0.5), 0.60, 0.09)
RUN = Gait("run", 0.95, (0.0, 0.5), 0.36, 0.30)
GAITS = {"stand": STAND, "walk": WALK, "run": RUN}

LEG = 0.88
HIP_WIDTH = 0.095
SOLE_TO_ANKLE = 0.085

SKINS: tuple[RGB, ...] = ((0.62, 0.38, 0.26), (0.42, 0.22, 0.13), (0.20, 0.095, 0.055), (0.70, 0.47, 0.35))
HAIRS: tuple[RGB, ...] = ((0.025, 0.018, 0.015), (0.10, 0.045, 0.02), (0.33, 0.19, 0.07))
TROUSERS: RGB = (0.045, 0.048, 0.060)
SHOES: RGB = (0.030, 0.022, 0.018)
SCARF: RGB = (0.62, 0.16, 0.05)


def pose(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """The person in every frame: primitives, and the middle of the body (F, 3)."""
    gait = GAITS[subject.action]
    frequency = gait.frequency(LEG * scale, path.speed)
    phase = float(chance.uniform())
    root = follow(path, scene, 0.5 * scale, scale)
    # People stay upright on a slope.
    flat = torch.stack([root.axes[:, 0, 0], torch.zeros(scene.frames), root.axes[:, 2, 0]], -1)
    forward = flat / flat.norm(dim=-1, keepdim=True)
    up = torch.tensor([0.0, 1.0, 0.0]).expand(scene.frames, 3)
    root = Frame(root.origin, torch.stack([forward, up, root.axes[:, :, 2]], -1), scale)
    hips = [(0.085 * scale, -HIP_WIDTH * scale), (0.085 * scale, HIP_WIDTH * scale)]
    feet = plant(gait, frequency, phase, path, scene, hips, LEG * scale)
    cycles = 2 * torch.pi * (frequency * scene.times + phase)
    walking, running = gait is WALK, gait is RUN
    slow = 2 * torch.pi * scene.times
    start = float(chance.uniform(0, 2 * np.pi))
    if gait is STAND:
        bob, twist = 0.004 * torch.sin(0.4 * slow), 0.03 * torch.sin(0.17 * slow + start)
        look = 0.55 * torch.tanh(1.6 * torch.sin(0.21 * slow + start))
    else:
        peak = 0.30 if walking else 0.43  # bodies are highest at mid-stance walking, in flight running
        bob = (0.018 if walking else 0.040) * torch.cos(2 * cycles - 4 * torch.pi * peak)
        twist = (0.10 if walking else 0.16) * torch.cos(cycles)
        look = 0.06 * torch.sin(0.3 * slow + start)
    lean = 0.20 if running else (0.05 if walking else 0.0)
    crouch = -0.045 if running else (-0.012 if walking else 0.0)
    pelvis = root.child(0.0, LEG + SOLE_TO_ANKLE * 0.5 + bob + crouch, 0.0, yaw=-0.5 * twist)
    chest = pelvis.child(0.0, 0.10, 0.0, yaw=1.5 * twist, pitch=-lean)
    parts = Parts(root, blend=0.035)
    cloth = coat(subject, 0.03)
    flesh = Skin(SKINS[int(chance.integers(len(SKINS)))], gloss=0.1)
    hair = Skin(HAIRS[int(chance.integers(len(HAIRS)))], gloss=0.2, blend=0.015)
    _trunk(parts, cloth, flesh, hair, pelvis, chest, look, lean)
    _legs(parts, root, pelvis, feet, frequency)
    _arms(parts, cloth, flesh, chest, gait, cycles, slow + start)
    return parts, root.at(0.0, 0.90, 0.0)


def _trunk(
    parts: Parts, cloth: Skin, flesh: Skin, hair: Skin, pelvis: Frame, chest: Frame, look: Tensor, lean: float
) -> None:
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


def _legs(parts: Parts, root: Frame, pelvis: Frame, feet: Feet, frequency: float) -> None:
    trousers, shoe = Skin(TROUSERS, blend=0.008), Skin(SHOES, gloss=0.25, blend=0.012)
    scale = root.scale
    forward, up = root.axes[:, :, 0], root.axes[:, :, 1]
    for index, side in enumerate((-HIP_WIDTH, HIP_WIDTH)):
        stance, swing = feet.stance[index], feet.swing[index]
        # Heel off late in stance, toes up before landing; the ball of the foot is what is planted.
        push = ((stance - 0.62) / 0.38).clamp(0, 1) * (1 - swing).clamp(min=0).square()
        heel = 0.75 * push * push + 0.35 * torch.sin(torch.pi * swing) * (swing > 0)
        toe_up = 0.28 * torch.sin(torch.pi * ((swing - 0.55) / 0.45).clamp(0, 1)) if frequency > 0 else 0.0
        tilt = heel - toe_up
        ball = feet.position[index] + 0.044 * scale * up
        back = (-(tilt.cos())[:, None] * forward + tilt.sin()[:, None] * up) * scale
        lift = ((tilt.sin())[:, None] * forward + tilt.cos()[:, None] * up) * scale
        ankle = ball + 0.115 * back + 0.050 * lift
        # Toes stay flat while the heel rises over them.
        raised = tilt.clamp(max=0)
        toe = ball + 0.075 * scale * (raised.cos()[:, None] * forward - raised.sin()[:, None] * up)
        top = pelvis.at(0.0, -0.05, side)
        knee = bend(top, ankle, 0.400 * scale, 0.400 * scale, forward)
        parts.cone(trousers, top, knee, 0.092, 0.072)
        parts.cone(trousers, knee, ankle, 0.070, 0.054)
        parts.cone(shoe, ball + 0.125 * back + 0.008 * lift, toe, 0.056, 0.044)


def _arms(
    parts: Parts, cloth: Skin, flesh: Skin, chest: Frame, gait: Gait, cycles: Tensor, slow: Tensor
) -> None:
    sleeve = cloth.but(colour=shade(cloth.colour, -0.18), blend=0.02)
    for side in (-1.0, 1.0):
        # Arms go with the opposite leg; the left foot lands at phase 0.
        wave = torch.cos(cycles + (torch.pi if side < 0 else 0.0) - 0.3)
        if gait is RUN:
            swing, elbow = 0.80 * wave - 0.15, 1.55 + 0.30 * wave
        elif gait is WALK:
            swing, elbow = 0.46 * wave - 0.04, 0.30 + 0.22 * wave
        else:
            swing, elbow = 0.05 * torch.sin(0.31 * slow), torch.full_like(cycles, 0.14)
        # Forward along the arm's x axis, hanging straight down at rest.
        shoulder = chest.child(0.0, 0.370, side * 0.196, pitch=swing - 0.5 * torch.pi, yaw=-0.07 * side)
        joint = shoulder.child(0.29, 0.0, pitch=elbow, yaw=0.10 * side)
        parts.cone(sleeve, shoulder.origin, joint.origin, 0.070, 0.058)
        parts.cone(sleeve, joint.origin, joint.at(0.215, 0.0), 0.057, 0.048)
        parts.ellipsoid(flesh.but(blend=0.01), joint.child(0.265, 0.0), (0.062, 0.048, 0.038))
