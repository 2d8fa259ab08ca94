"""Every look is told apart at a glance, keeps still where the film keeps still, and hides nothing."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import combinations

import pytest
import torch

from ozora.world import concepts
from ozora.world.film import Filmed, film
from ozora.world.render.looks import LOOKS, Picture, stylised
from ozora.world.shot import Camera, Shot, Subject
from ozora.world.truth import warped

FOX = Shot((Subject("fox", action="run"),), place="snowfield", time="noon", camera=Camera("follow"), seed=3)
BALL = Shot((Subject("ball", "green", action="roll"),), place="tabletop", time="night", seed=9)
HORSE = Shot((Subject("horse"),), place="meadow", time="dawn", camera=Camera("pan"), seed=4)
DRAWN = tuple(LOOKS)


@cache
def shoot(shot: Shot, look: str, *frames: int) -> Filmed:
    return film(replace(shot, look=look), 112, 64, frames=list(frames))


def test_every_look_of_the_registry_is_filmed() -> None:
    assert set(concepts.LOOKS) == {"natural", "black-and-white", *DRAWN} and len(concepts.LOOKS) == 8
    assert set(concepts.COLOURLESS) <= set(concepts.LOOKS)


@pytest.mark.parametrize("shot", [FOX, BALL, HORSE], ids=["fox", "ball", "horse"])
def test_looks_differ_pairwise(shot: Shot) -> None:
    pictures = {look: shoot(shot, look, 12).frames[0].float() for look in concepts.LOOKS}
    for one, two in combinations(pictures, 2):
        assert (pictures[one] - pictures[two]).abs().mean() > 7, f"{one} and {two} look alike"


@pytest.mark.parametrize("look", DRAWN)
def test_depth_and_ids_do_not_depend_on_the_look(look: str) -> None:
    plain, drawn = shoot(FOX, "natural", 12), shoot(FOX, look, 12)
    assert torch.equal(plain.depth, drawn.depth) and torch.equal(plain.ids, drawn.ids)


@pytest.mark.parametrize("look", DRAWN)
def test_the_subject_stands_out(look: str) -> None:
    filmed = shoot(HORSE, look, 12)
    picture, body = filmed.frames[0].float() / 255, filmed.ids[0] == 1
    around = torch.nn.functional.max_pool2d(body[None].float(), 9, 1, 4)[0].bool() & ~body
    apart = (picture[body].mean(0) - picture[around].mean(0)).abs().max()
    assert apart + picture[body].std(0).mean() > 0.12


@pytest.mark.parametrize("look", DRAWN)
def test_nothing_flickers(look: str) -> None:
    """Where nothing moves nothing changes; what moves keeps its look on its way."""
    still = replace(HORSE, subjects=(Subject("cube", "red", action="slide"),), camera=Camera("static"))
    frames = shoot(still, look, 46, 47, 48).frames.float()
    assert (frames[1:] - frames[:-1]).abs().mean() < 1.5
    for shot in (HORSE, FOX):
        filmed = film(replace(shot, look=look), 112, 64, frames=[20, 21], truth=True)
        assert filmed.truth is not None
        here, there = filmed.frames.float().movedim(-1, 1)
        gone = (warped(there, filmed.truth.flow[0]) - here).abs().mean(0)[filmed.truth.seen[0]].mean()
        assert gone < 0.2 * filmed.frames.float().std()


def test_clay_and_sepia_have_no_colours_of_their_own() -> None:
    balls = (Subject("ball", colour, action="roll") for colour in ("red", "blue"))
    red, blue = (replace(BALL, subjects=(ball,)) for ball in balls)
    body = shoot(red, "clay", 12).ids[0] == 1
    pair = [shoot(shot, "clay", 12).frames[0][body].float() for shot in (red, blue)]
    assert (pair[0] - pair[1]).abs().mean() < 1
    brown = shoot(FOX, "sepia", 12).frames[0].float()
    assert (brown[..., 0] >= brown[..., 1]).all() and (brown[..., 1] >= brown[..., 2]).all()


def test_neon_is_dark_and_glows_at_edges_and_cartoons_are_outlined_in_ink() -> None:
    natural = shoot(HORSE, "natural", 12)
    who = natural.ids[0] == 1
    edge = torch.zeros_like(who)
    edge[:, 1:] |= who[:, 1:] != who[:, :-1]
    looks = ("neon", "cartoon", "natural")
    light = {look: shoot(HORSE, look, 12).frames[0].float().mean(-1) for look in looks}
    assert light["neon"].median() < 0.35 * light["natural"].median()
    assert light["neon"][edge].mean() > 3 * light["neon"].median()
    assert light["cartoon"][edge].mean() < 0.4 * light["cartoon"].median()


def test_paper_is_the_same_in_every_frame_and_snow_still_falls_on_clay() -> None:
    white = Picture(torch.ones(3, 64, 112), torch.zeros(64, 112), torch.zeros(64, 112, dtype=torch.uint8))
    assert torch.equal(stylised(white, "watercolour"), stylised(white, "watercolour"))
    assert stylised(white, "natural") is white.colour
    snowing, clear = (shoot(replace(FOX, weather=w), "clay", 3).frames.float() for w in ("snow", "clear"))
    assert (snowing - clear).abs().mean() > 2


@pytest.mark.parametrize("look", DRAWN)
def test_any_shape_and_size_of_frame(look: str) -> None:
    for width, height, times in ((32, 64, 1), (16, 8, 1), (64, 40, 2)):
        filmed = film(replace(FOX, look=look), width, height, frames=[0], supersample=times)
        assert filmed.frames.shape == (1, height, width, 3) and filmed.frames.float().std() > 2
