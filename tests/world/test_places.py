"""Places: each is its own, nothing stands in the way, and what stands about obeys geometry."""

from __future__ import annotations

import itertools
import math

import pytest
import torch
from torch import Tensor

from ozora.world import concepts, terrain
from ozora.world.film import film
from ozora.world.render import scatter
from ozora.world.render.light import light
from ozora.world.render.places import SCENERY, far_land
from ozora.world.render.rays import Rays
from ozora.world.render.scatter import Grove, Scatter
from ozora.world.sampling import sample_shot
from ozora.world.shot import Camera, Shot, Subject

POST = Scatter(
    lambda y, own: torch.full_like(y, 0.1), 0.0, ((1.0, 0.0, 0.0),) * 2, (2.0, 2.0), 3.0, widest=0.1
)
FLAT = terrain.relief(Shot((Subject("sailboat"),), place="sea"))


def empty(place: str, time: str = "noon") -> Tensor:
    """One small picture of a place with somebody in it who can be there."""
    kind = next(name for name, one in concepts.SUBJECTS.items() if place in one.places)
    action = concepts.SUBJECTS[kind].actions[0]
    shot = Shot((Subject(kind, action=action),), place=place, time=time, camera=Camera("static"), seed=4)
    return film(shot, 96, 54, frames=[12]).frames[0].float()


def rays(to: Tensor, *, clearing: float = 4.0, height: float = 1.0) -> Rays:
    mood = light(Shot((Subject("fox"),), time="noon"), 4.0, "open", (0.2, 0.3, 0.1))
    return Rays(
        mood, "noon", 0, 2.0, clearing, torch.tensor([0.0, height, 0.0]), to / to.norm(dim=0), 0.01, 0.0,
        torch.full((to.shape[1],), math.inf),
    )  # fmt: skip


def circle(count: int, up: float = 0.0) -> Tensor:
    turn = torch.arange(count) / count * 2 * math.pi
    return torch.stack([turn.sin(), torch.full_like(turn, up), turn.cos()])


def test_every_place_of_the_registry_can_be_filmed_and_no_two_look_alike() -> None:
    assert set(SCENERY) == set(concepts.PLACES)
    pictures = {place: empty(place) for place in SCENERY}
    for (one, a), (other, b) in itertools.combinations(pictures.items(), 2):
        assert (a - b).abs().mean() > 6, (one, other)


@pytest.mark.parametrize("place", sorted(SCENERY))
def test_night_is_darker_than_noon_and_nothing_is_lost(place: str) -> None:
    noon, night = empty(place), empty(place, "night")
    assert night.mean() < 0.75 * noon.mean()
    assert night.std() > 4 and noon.std() > 8  # something is to be seen


def test_far_land_is_drawn_farthest_first() -> None:
    for place in SCENERY:
        distances = [ring.distance for ring in far_land(place, 0, "cpu")]
        assert distances == sorted(distances, reverse=True)


def test_the_clearing_is_clear_and_the_grove_begins_behind_it() -> None:
    grove = Grove(POST, clearing=4.0, depth=60.0, family=1)
    seen = scatter.look(grove, FLAT, rays(circle(720)))
    met = seen.cover > 0.5
    assert met.float().mean() > 0.5
    assert (seen.distance[met] > 4.0 - 0.2).all() and (seen.distance[met] < 64 + 3).all()
    assert torch.isinf(seen.distance[~(seen.cover > 0)]).all()


def test_rays_that_pass_above_meet_nothing() -> None:
    grove = Grove(POST, clearing=4.0, depth=60.0, family=1)
    over = scatter.look(grove, FLAT, rays(circle(360, up=0.4)))
    under = scatter.look(grove, FLAT, rays(circle(360, up=-0.01)))
    assert over.cover.max() == 0 and under.cover.max() > 0.9


def test_a_post_is_as_wide_as_it_is_said_to_be() -> None:
    """The sum of what a fan of rays sees of the nearest post is its width at that distance."""
    grove = Grove(POST, clearing=4.0, depth=60.0, family=1)
    count = 14400
    seen = scatter.look(grove, FLAT, rays(circle(count)))
    first = int(torch.where(seen.cover > 0.5, seen.distance, math.inf).argmin())
    nearest = float(seen.distance[first])
    here = (seen.distance - nearest).abs() < 0.02
    here &= (torch.arange(count) - first).abs() < 300
    width = float(seen.cover[here].sum()) * 2 * math.pi / count * nearest
    assert width == pytest.approx(2 * 0.1 * 2.0, rel=0.06)


def test_what_is_nearer_than_the_grove_hides_it() -> None:
    grove = Grove(POST, clearing=4.0, depth=60.0, family=1)
    near = rays(circle(360))
    blocked = scatter.look(grove, FLAT, Rays(**{**near.__dict__, "limit": torch.full((360,), 3.0)}))
    assert blocked.cover.max() == 0


def test_groves_shade_the_ground_behind_them_and_only_there() -> None:
    grove = Grove(POST, clearing=4.0, depth=60.0, family=1)
    x, z = torch.meshgrid(torch.linspace(-12, 12, 120), torch.linspace(-12, 12, 120), indexing="ij")
    points = torch.stack([x.flatten(), torch.zeros(14400), z.flatten()])
    low = torch.tensor([0.8, 0.25, 0.0])
    through = scatter.shade(grove, FLAT, low / low.norm(), points)
    assert 0.02 < (through < 0.5).float().mean() < 0.6 and through.min() >= 0 and through.max() == 1
    high = scatter.shade(grove, FLAT, torch.tensor([0.0, 1.0, 0.0]), points)
    assert (high < 0.5).float().mean() < (through < 0.5).float().mean()


def test_the_moon_has_a_black_sky_with_stars_at_noon() -> None:
    sky = empty("moon")[:12]
    assert sky.median() < 12 and sky.max() > 60


def test_the_night_city_is_mirrored_in_its_street(monkeypatch: pytest.MonkeyPatch) -> None:
    wet = empty("night city", "night")
    monkeypatch.setitem(
        SCENERY, "night city", type(SCENERY["sea"])(**{**SCENERY["night city"].__dict__, "wet": 0.0})
    )
    dry = empty("night city", "night")
    assert torch.equal(wet[:12], dry[:12])
    assert wet[34:].mean() > dry[34:].mean() and (wet[34:] - dry[34:]).abs().max() > 20


def test_random_shots_never_put_a_tree_before_the_lens() -> None:
    """What is strewn about stays behind the subject: its pixels are as many as without it."""
    for seed in range(6):
        shot = sample_shot(seed, place="forest", occluder="none", second_subject="none", cut="none")
        seen = (film(shot, 64, 36, frames=[24]).ids == 1).sum()
        assert seen > 0


def test_every_wall_of_a_room_is_some_way_off() -> None:
    # Rays that run along a wall once met it at distance 0 and left dark squares in paper cut-outs.
    shot = sample_shot(7, subject="person", place="room", time="sunset", camera="static", cut="none")
    depth = film(shot, 448, 252, frames=(10,)).depth.float()
    assert bool(torch.isfinite(depth).all()) and float(depth.min()) > 0.5
