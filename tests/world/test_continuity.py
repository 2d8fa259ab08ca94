"""Continuity: the inspector catches what is wrong and lets pass what is right."""

from __future__ import annotations

from dataclasses import replace

import torch

from ozora.world import terrain
from ozora.world.bodies import Stage
from ozora.world.continuity import clearance, contact, contrast, inspect, unrest
from ozora.world.film import film
from ozora.world.rigs import stage
from ozora.world.shot import Camera, Shot, Subject

FOX = Shot((Subject("fox", action="walk"),), place="meadow", camera=Camera("follow"), seconds=1.0, seed=4)


def lifted(staged: Stage, metres: float) -> Stage:
    up = torch.tensor([0.0, metres, 0.0])
    bodies = staged.bodies
    return replace(staged, bodies=replace(bodies, a=bodies.a + up, b=bodies.b + up, c=bodies.c + up))


def test_a_plain_shot_is_in_order() -> None:
    found = inspect(FOX, 64, 36, pairs=2)
    assert found.seen == found.inside == 1.0
    assert found.sunk < 0.08 and found.afloat < 0.08
    assert found.flicker < 0.04 and found.popped < 0.02 and found.contrast > 0.1


def test_a_body_in_the_air_and_one_in_the_ground_are_caught() -> None:
    staged = stage(FOX, terrain.ground(FOX))
    radius = float(staged.extent[:, 0].amin())
    high, low = lifted(staged, 0.5 * radius), lifted(staged, -0.5 * radius)
    assert contact(FOX, high)[1] > 0.4 and contact(FOX, high)[0] == 0.0
    assert contact(FOX, low)[0] > 0.4 and contact(FOX, low)[1] == 0.0
    assert float((clearance(high.bodies, FOX) - clearance(low.bodies, FOX)).mean()) > 0.9 * radius
    flying = replace(FOX, subjects=(Subject("bird", action="fly"),))
    assert contact(flying, stage(flying, terrain.ground(flying))) == (0.0, 0.0)


def test_a_flash_is_a_pop() -> None:
    filmed = film(FOX, 48, 27, frames=(0, 1), truth=True)
    calm, still = unrest(filmed, (0, 1))
    frames = filmed.frames.clone()
    frames[1, 5:20] = 255 - frames[1, 5:20]
    wild, popped = unrest(replace(filmed, frames=frames), (0, 1))
    assert wild > 3 * calm and popped > 0.1 > still
    assert unrest(filmed, (0, 5)) == (0.0, 0.0), "frames that are not neighbours are not compared"


def test_waves_are_no_flicker_but_a_pulse_of_light_is() -> None:
    above = Camera("follow", height="high")
    fish = Shot((Subject("fish", action="swim"),), place="sea", time="dusk", camera=above)
    filmed = film(fish, 96, 54, frames=(8, 9), truth=True)
    points, patches = unrest(filmed, (8, 9))[0], unrest(filmed, (8, 9), "sea")[0]
    assert patches < 0.6 * points
    frames = filmed.frames.clone()
    frames[1] = frames[1].clamp(max=200) + 40
    assert unrest(replace(filmed, frames=frames), (8, 9), "sea")[0] > 0.08 > patches


def test_what_cannot_be_told_from_its_ground_has_no_contrast() -> None:
    filmed = film(FOX, 64, 36, frames=(0, 6))
    grey = replace(filmed, frames=torch.full_like(filmed.frames, 90))
    assert contrast(grey) == 0.0 < 0.1 < contrast(filmed)
    assert contrast(replace(filmed, ids=torch.zeros_like(filmed.ids))) == 0.0


def test_a_subject_that_the_camera_looks_past_is_missed() -> None:
    horse = replace(FOX, subjects=(Subject("horse", action="run"),), camera=Camera("static"))
    assert inspect(horse, 64, 36, pairs=2).inside == 1.0, "the framing keeps even a galloping horse inside"
    found = inspect(replace(FOX, camera=Camera("tilt"), seconds=4.0), 64, 36, pairs=3)
    assert 0.2 < found.seen < 1.0 and found.inside < 1.0
