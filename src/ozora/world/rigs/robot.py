"""Robots: boxes and metal on the gait of a person, with glowing eyes."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ozora.world.concepts import RGB
from ozora.world.rigs import person
from ozora.world.rigs.frame import Frame, Parts, Skin
from ozora.world.rigs.palette import coat, shade
from ozora.world.rigs.paths import Path, Scene
from ozora.world.shot import Subject

EYES: RGB = (0.10, 0.85, 1.0)
JOINTS: RGB = (0.045, 0.047, 0.052)
BULB: RGB = (1.0, 0.16, 0.06)


def pose(
    subject: Subject, path: Path, scene: Scene, chance: np.random.Generator, scale: float
) -> tuple[Parts, Tensor]:
    """The robot in every frame: primitives, and the middle of the body (F, 3)."""
    body = person.carriage(subject, path, scene, chance, scale)
    parts = Parts(body.root, blend=0.0)
    metal = coat(subject, 0.72)
    joint = Skin(JOINTS, gloss=0.5)
    blink = 0.75 + 0.25 * float(chance.uniform())
    _trunk(parts, metal, joint, body, blink)
    for leg in person.legs(body):
        _leg(parts, metal, joint, leg)
    for side in (-1.0, 1.0):
        shoulder, elbow = body.shoulder(side, 0.340, 0.275)
        _arm(parts, metal, joint, shoulder, elbow)
    return parts, person.middle(body, path, scene, 0.92)


def _trunk(parts: Parts, metal: Skin, joint: Skin, body: person.Carriage, blink: float) -> None:
    dark = metal.but(colour=shade(metal.colour, -0.35))
    parts.box(dark, body.pelvis.child(0.0, 0.0), (0.115, 0.085, 0.165), 0.04)
    parts.drum(joint, body.pelvis.child(0.0, 0.115), (0.085, 0.06, 0.085), 0.02)
    parts.box(metal, body.chest.child(0.0, 0.245), (0.165, 0.205, 0.225), 0.05)
    # A panel with a row of lights on the chest.
    parts.box(joint, body.chest.child(0.160, 0.275), (0.018, 0.085, 0.130), 0.015)
    for z, colour in ((-0.07, (1.0, 0.20, 0.08)), (0.0, (1.0, 0.75, 0.12)), (0.07, (0.15, 1.0, 0.35))):
        light = Skin(colour, glow=0.6 * blink)
        parts.ellipsoid(light, body.chest.child(0.177, 0.295, z), (0.014, 0.025, 0.025))
    parts.drum(joint, body.chest.child(0.0, 0.475), (0.060, 0.05, 0.060), 0.02)
    head = body.chest.child(0.005, 0.625, yaw=body.look, pitch=0.8 * body.lean)
    parts.box(metal, head, (0.145, 0.130, 0.160), 0.045)
    parts.box(joint, head.child(0.132, 0.030), (0.022, 0.062, 0.138), 0.02)
    for side in (-1.0, 1.0):
        parts.ellipsoid(Skin(EYES, glow=1.0), head.child(0.148, 0.032, side * 0.068), (0.026, 0.042, 0.044))
        parts.drum(dark, head.child(0.0, 0.0, side * 0.168, roll=0.5 * torch.pi), (0.050, 0.018, 0.050), 0.01)
    parts.cone(joint, head.at(0.0, 0.11), head.at(-0.02, 0.235), 0.013, 0.010)
    parts.ellipsoid(Skin(BULB, glow=0.8), head.child(-0.02, 0.255), (0.030, 0.030, 0.030))


def _leg(parts: Parts, metal: Skin, joint: Skin, leg: person.Leg) -> None:
    dark = metal.but(colour=shade(metal.colour, -0.20))
    parts.cone(joint, leg.hip, leg.knee, 0.048, 0.048)
    # Plates over the middle of each bone leave the joints bare.
    thigh, shin = leg.knee - leg.hip, leg.ankle - leg.knee
    parts.cone(metal, leg.hip + 0.30 * thigh, leg.hip + 0.74 * thigh, 0.078, 0.072)
    parts.cone(metal, leg.knee + 0.26 * shin, leg.knee + 0.88 * shin, 0.072, 0.080)
    parts.cone(joint, leg.knee, leg.ankle, 0.044, 0.044)
    ahead = -leg.back / leg.back.norm(dim=-1, keepdim=True)
    up = leg.lift / leg.lift.norm(dim=-1, keepdim=True)
    axes = torch.stack([ahead, up, torch.linalg.cross(ahead, up)], -1)
    # A block behind the ball lifts with the heel; the toes before it stay flat on the ground.
    foot = Frame(leg.ball + 0.080 * leg.back + (0.055 - 0.044) * leg.lift, axes, parts.frame.scale)
    parts.box(dark, foot, (0.115, 0.055, 0.078), 0.03)
    across = 0.034 * parts.frame.scale * axes[:, :, 2]
    for side in (-1.0, 1.0):
        parts.cone(dark, leg.ball + side * across, leg.toe + side * across, 0.044, 0.044)


def _arm(parts: Parts, metal: Skin, joint: Skin, shoulder: Frame, elbow: Tensor) -> None:
    forearm = shoulder.child(0.29, 0.0, pitch=elbow)
    parts.ellipsoid(metal.but(colour=shade(metal.colour, -0.35)), shoulder, (0.085, 0.085, 0.080))
    parts.cone(joint, shoulder.origin, forearm.origin, 0.042, 0.042)
    parts.cone(metal, shoulder.at(0.10, 0.0), shoulder.at(0.20, 0.0), 0.062, 0.058)
    parts.cone(metal, forearm.at(0.07, 0.0), forearm.at(0.20, 0.0), 0.056, 0.068)
    # Two fingers of a gripper.
    for side in (-1.0, 1.0):
        root, tip = forearm.at(0.24, 0.0, 0.012 * side), forearm.at(0.335, 0.0, 0.045 * side)
        parts.cone(joint, root, tip, 0.026, 0.020)
