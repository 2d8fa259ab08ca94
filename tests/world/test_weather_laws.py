"""Light, weather and places: finite at every hour, darker by night, falling down and with the wind."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.errors import OzoraError
from ozora.world import concepts
from ozora.world import film as filming
from ozora.world.film import film
from ozora.world.render import weather
from ozora.world.render.light import light
from ozora.world.render.places import SCENERY
from ozora.world.shot import Camera, Shot, Subject, validate

PLACES = tuple(concepts.PLACES)
AHEAD = torch.eye(3)
"""A camera that looks along −z."""
BACK = torch.diag(torch.tensor([-1.0, 1.0, -1.0]))
"""One that looks along +z."""
WHITE = torch.ones(3)
FAR = torch.full((40, 64), torch.inf)
DARK = torch.zeros(3, 40, 64)


def somebody(place: str) -> Subject:
    kind = next(name for name, one in concepts.SUBJECTS.items() if place in one.places)
    return Subject(kind, action=concepts.SUBJECTS[kind].actions[0])


def legal(place: str) -> list[tuple[str, str]]:
    """Every time and weather of a place that can be filmed."""
    one = concepts.PLACES[place]
    return [
        (time, sky) for time in one.times for sky in one.weathers
        if sky != "aurora" or time in concepts.DARK_TIMES
    ]  # fmt: skip


def snow(seconds: float, *, depth: Tensor = FAR, eye: Tensor | None = None, rotation: Tensor = AHEAD,
         seed: int = 3, picture: Tensor = DARK) -> Tensor:  # fmt: skip
    where = torch.zeros(3) if eye is None else eye
    return weather.snowfall(picture, depth, seed, seconds, where, rotation, 0.5, 8.0, WHITE)


def rain(seconds: float, share: float = 0.6, *, depth: Tensor = FAR, eye: Tensor | None = None,
         rotation: Tensor = AHEAD, seed: int = 3, picture: Tensor = DARK) -> Tensor:  # fmt: skip
    where = torch.zeros(3) if eye is None else eye
    return weather.rainfall(picture, depth, seed, seconds, where, rotation, 0.5, 8.0, WHITE, share)


def best_shift(first: Tensor, second: Tensor, most: int = 4) -> tuple[int, int]:
    """Rows down and columns right by which one picture moved is most like the other."""
    scores = {}
    for down in range(-most, most + 1):
        for right in range(-most, most + 1):
            moved = torch.roll(first, (down, right), (-2, -1))
            inner = (..., slice(most, -most), slice(most, -most))
            scores[down, right] = float((moved[inner] * second[inner]).sum())
    return max(scores, key=lambda key: scores[key])


@pytest.mark.parametrize("place", PLACES)
def test_every_place_is_finite_and_shows_something_at_every_hour_in_every_weather(
    place: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Light before it is shown is a number and never below nought; the picture is neither black nor white."""
    developed: list[Tensor] = []
    develop = filming.develop

    def watched(picture: Tensor, *others: Any) -> Tensor:
        developed.append(picture.clone())
        shown = develop(picture, *others)
        developed.append(shown.clone())
        return shown

    monkeypatch.setattr(filming, "develop", watched)
    for number, (time, sky) in enumerate(legal(place)):
        shot = Shot((somebody(place),), place=place, time=time, weather=sky, seed=number, seconds=1.0)
        picture = film(shot, 32, 18, frames=[5])
        scene, shown = developed[-2:]
        assert torch.isfinite(scene).all() and torch.isfinite(shown).all(), f"{place}, {time}, {sky}"
        assert scene.min() > -1e-3 and scene.max() < 200
        assert shown.min() > -0.01 and shown.max() < 1.05
        grey = picture.frames.float().mean(-1)
        assert 1 < grey.mean() < 245 and grey.std() > 1.0, f"nothing is seen: {place}, {time}, {sky}"
        assert not torch.isnan(picture.depth).any()


@pytest.mark.parametrize("place", [place for place in PLACES if "noon" in concepts.PLACES[place].times])
def test_night_is_darker_than_noon_in_every_weather(place: str) -> None:
    for sky in concepts.PLACES[place].weathers:
        if sky in ("aurora", "storm"):  # lightning is as bright as the day
            continue
        means = []
        for time in ("noon", "night"):
            shot = Shot((somebody(place),), place=place, time=time, weather=sky, seed=2, seconds=1.0)
            means.append(float(film(shot, 32, 18, frames=[5]).frames.float().mean()))
        assert means[1] < 0.85 * means[0], f"{place} in {sky}: {means}"


@settings(max_examples=60)
@given(
    place=st.sampled_from(PLACES), seed=st.integers(0, 2**62), focus=st.floats(0.3, 300), data=st.data(),
)  # fmt: skip
def test_light_is_a_direction_and_colours_that_are_none_below_nought(
    place: str, seed: int, focus: float, data: st.DataObject
) -> None:
    time, sky = data.draw(st.sampled_from(legal(place)))
    scenery = SCENERY[place]
    shot = Shot((somebody(place),), place=place, time=time, weather=sky, seed=seed)
    lit = light(shot, focus, scenery.air, scenery.bounce)
    assert abs(float(lit.sun.norm()) - 1) < 1e-4 and lit.sun[1] > 0
    colours = "sunlight", "skylight", "bounce", "zenith", "middle", "horizon", "haze", "cloud_lit", "tint"
    for name in colours:
        value = getattr(lit, name)
        assert torch.isfinite(value).all() and (value >= 0).all(), name
    assert lit.reach > 0 and lit.penumbra > 0 and 0 <= lit.moonlit <= 1


def test_flakes_and_drops_fall_down() -> None:
    large, far = torch.zeros(3, 120, 180), torch.full((120, 180), torch.inf)
    for at in (0.0, 1.0, 2.5):
        down, _ = best_shift(snow(at), snow(at + 0.2))
        assert down > 0
        first, second = (rain(at + step, picture=large, depth=far) for step in (0.0, 0.01))
        down, _ = best_shift(first, second, 8)
        assert down > 0


def test_the_wind_blows_one_way_in_the_world() -> None:
    """Seen from the other side it blows the other way across; a storm leans more than a shower."""
    large, far = torch.zeros(3, 120, 180), torch.full((120, 180), torch.inf)

    def leaning(share: float, rotation: Tensor) -> int:
        """Columns to the right by which streaks are like themselves eight rows farther down."""
        totals = torch.zeros(13)
        for seconds in range(4):
            seen = rain(float(seconds), share, rotation=rotation, picture=large, depth=far)[0]
            seen = seen - seen.mean()
            alike = [(torch.roll(seen, (8, side), (0, 1)) * seen).sum() for side in range(-6, 7)]
            totals += torch.stack(alike)
        return int(totals.argmax()) - 6

    assert leaning(1.0, AHEAD) > leaning(0.6, AHEAD) >= 0 >= leaning(0.6, BACK) > leaning(1.0, BACK)
    drift = []
    for rotation in (AHEAD, BACK):
        gone = 0
        for at in range(4):
            first, second = (
                snow(at + step, rotation=rotation, picture=large, depth=far) for step in (0.0, 0.1)
            )
            gone += best_shift(first, second, 9)[1]
        drift.append(gone)
    assert drift[0] > 0 > drift[1]


@settings(max_examples=25)
@given(seed=st.integers(0, 2**62), seconds=st.floats(0, 60), near=st.floats(0.05, 0.4))
def test_nothing_falls_through_what_is_near(seed: int, seconds: float, near: float) -> None:
    """A roof or a wall nearer than the nearest flake keeps its picture to the bit, at any time."""
    roof = torch.rand(3, 40, 64, generator=torch.Generator().manual_seed(5))
    under = torch.full((40, 64), near)
    assert torch.equal(snow(seconds, depth=under, seed=seed, picture=roof), roof)
    assert torch.equal(rain(seconds, 1.0, depth=under, seed=seed, picture=roof), roof)


@settings(max_examples=25)
@given(seed=st.integers(0, 2**62), seconds=st.floats(0, 60), wall=st.floats(1.0, 30.0))
def test_what_falls_mixes_with_the_picture_and_a_wall_hides_some_of_it(
    seed: int, seconds: float, wall: float
) -> None:
    for fall in (snow, rain):
        open_air = fall(seconds, seed=seed)
        walled = fall(seconds, seed=seed, depth=torch.full((40, 64), wall))
        assert torch.isfinite(open_air).all() and (open_air >= 0).all() and (open_air <= 1).all()
        assert (walled <= open_air + 1e-6).all(), "a wall never adds to what falls"
        assert open_air.mean() > 1e-3


def test_the_air_goes_on_wherever_the_camera_goes() -> None:
    """Flakes stand in the world: after one whole box of way they are the same, and half-way they are not."""
    side = 1.9 * 8.0
    for fall in (snow, rain):
        here = fall(1.0)
        round_ = fall(1.0, eye=torch.tensor([side, -2 * side, side]))
        assert (here - round_).abs().mean() < 0.02 * here.mean() + 1e-5
        assert (here - fall(1.0, eye=torch.tensor([0.4 * side, 0.0, 0.0]))).abs().mean() > 0.3 * here.mean()


@settings(max_examples=50)
@given(seed=st.integers(0, 2**62), seconds=st.floats(0, 60))
def test_lightning_only_brightens_fades_and_is_the_same_each_time(seed: int, seconds: float) -> None:
    flash = weather.lightning(seed, seconds)
    assert 0 <= flash <= 3 * 1.6
    assert flash == weather.lightning(seed, seconds)
    lit = [weather.lightning(seed, step / 48) for step in range(192)]
    assert max(lit) > 0.5 and min(lit) < 0.05
    assert sum(value > 0.3 for value in lit) < 0.4 * len(lit), "a storm is mostly dark"


def test_weather_comes_in_nowhere_that_has_a_roof() -> None:
    for place in ("room", "tabletop", "underwater", "moon"):
        for sky in ("rain", "snow", "storm", "fog"):
            with pytest.raises(OzoraError, match=sky):
                validate(Shot((somebody(place),), place=place, weather=sky))


def test_stars_turn_with_the_camera_and_stand_only_in_open_sky() -> None:
    open_sky = torch.zeros(40, 64)
    open_sky[:20] = 1
    shown = weather.stars(DARK, open_sky, 4, AHEAD, 0.5, 1.0)
    assert shown[:, :20].max() > 0.2 and not shown[:, 20:].any()
    assert torch.equal(shown, weather.stars(DARK, open_sky, 4, AHEAD, 0.5, 1.0))
    assert not torch.equal(shown, weather.stars(DARK, open_sky, 4, BACK, 0.5, 1.0))
    looks_down = torch.tensor([[1.0, 0, 0], [0, 0.0, 1.0], [0, -1.0, 0.0]])
    assert not weather.stars(DARK, torch.ones(40, 64), 4, looks_down, 0.3, 1.0).any()


def test_snow_before_a_subject_never_hides_its_depth_or_its_name() -> None:
    for sky in ("snow", "rain", "storm"):
        plain = Shot((Subject("fox"),), place="meadow", seed=6, camera=Camera("static", "close"))
        clear = film(plain, 48, 27, frames=[7])
        wet = film(Shot(plain.subjects, weather=sky, camera=plain.camera, seed=6), 48, 27, frames=[7])
        assert torch.equal(clear.ids, wet.ids) and torch.equal(clear.depth, wet.depth)
        assert not torch.equal(clear.frames, wet.frames)
