"""Every skill answers yes, no or nothing: by hand-made films whose answer is known beforehand."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ozora.evaluate import adherence as skills
from ozora.evaluate.adherence import RELATIONS, Viewing, relative_motion
from ozora.evaluate.looking import Sight
from ozora.evaluate.prompts import Prompt
from ozora.evaluate.sight import FilmSight
from ozora.world import concepts
from ozora.world.shot import Camera, Cut, Shot, Subject

COLUMNS, ROWS = 14, 8
TWO_CELLS = 4 / (ROWS * COLUMNS)
"""The area of a body two cells wide and two high."""

RUNS = Subject("fox", action="run", direction="right")
CUT = (Cut(1.0, Camera("pan")),)


def ask(sight: FilmSight, *subjects: Subject, real: FilmSight | None = None, **shot: object) -> Viewing:
    return Viewing(Prompt("", Shot(subjects, **shot), False), sight, None, real)  # type: ignore[arg-type]


def told(film: FilmSight, **traits: str) -> FilmSight:
    """The same film, its tracks with other traits."""
    return replace(film, tracks=tuple(replace(one, traits={**one.traits, **traits}) for one in film.tracks))


def runner(hand: SimpleNamespace, cells: float, **more: object) -> object:
    """A fox that goes so many cells to the right with every frame, for eight frames."""
    places = [(0.5 + cells * (frame - 3.5) / COLUMNS, 0.5) for frame in range(8)]
    return hand.Actor(places, area=TWO_CELLS, **more)


@pytest.mark.parametrize(("axis", "skill"), [(name, skills.SKILLS[name]) for name in
                                             ("place", "time", "weather", "look")])  # fmt: skip
def test_the_likeliest_scene_is_the_answer(hand: SimpleNamespace, axis: str, skill) -> None:  # type: ignore[no-untyped-def]
    film = hand.staged()
    words = dict(hand.CONFIG.scene)[axis]
    for shown in words:
        seen = replace(film, scene={**film.scene, axis: hand.shares(words, shown, 0.5)})
        assert [word for word in words if skill(ask(seen, RUNS, **{axis: word}))] == [shown]


def test_no_hour_is_asked_of_a_time_lapse(hand: SimpleNamespace) -> None:
    assert skills.time(ask(hand.staged(), RUNS, time="dawn", later="noon")) is None


def test_the_camera_is_the_probes_to_tell(hand: SimpleNamespace) -> None:
    film = ask(hand.staged(), RUNS, camera=Camera("pan"))
    assert skills.camera(film) is None  # without a probe
    pans, orbits = (
        replace(film, probe=Sight({"camera": move}, {"camera": 0.4})) for move in ("pan", "orbit")
    )
    assert skills.camera(pans) is True and skills.camera(orbits) is False
    assert skills.camera(replace(pans, probe=Sight({"camera": "pan"}, {"camera": 0.0}))) is None
    assert skills.camera(replace(pans, probe=Sight({}, {}))) is None
    across = ask(hand.staged(), RUNS, camera=Camera("pan"), cuts=CUT)
    assert skills.camera(replace(across, probe=pans.probe)) is None


@pytest.mark.parametrize(("frames", "many"), [(17, 2), (8, 1)])
def test_most_of_the_frames_that_show_somebody_say_how_many(
    hand: SimpleNamespace, frames: int, many: int
) -> None:
    always = hand.Actor([(0.3, 0.3)] * 25)
    goes = hand.Actor([(0.7, 0.7)] * frames + [None] * (25 - frames))
    film = hand.staged([always, goes])
    assert [n for n in (1, 2, 3) if skills.count(ask(film, replace(RUNS, count=n)))] == [many]


def test_frames_in_which_nobody_is_do_not_count(hand: SimpleNamespace) -> None:
    pair = [hand.Actor([(x, 0.5)] * 5 + [None] * 20) for x in (0.2, 0.8)]
    assert skills.count(ask(hand.staged(pair), replace(RUNS, count=2)))
    # Of two subjects of one kind nobody can say who is one of how many.
    assert skills.count(ask(hand.staged(pair), RUNS, replace(RUNS, colour="white"))) is None


def test_more_than_half_must_have_the_colour(hand: SimpleNamespace) -> None:
    def film(*colours: str) -> FilmSight:
        places = [(0.15 + 0.3 * number, 0.5) for number in range(len(colours))]
        return hand.staged(
            [hand.Actor([place] * 25, colour=one) for place, one in zip(places, colours, strict=True)]
        )

    white = replace(RUNS, colour="white")
    assert skills.colour(ask(film("white", "white", "red"), white)) is True
    assert skills.colour(ask(film("white", "red"), white)) is False  # half is not most
    assert skills.colour(ask(hand.staged(), white)) is False
    for look in concepts.COLOURLESS:
        assert skills.colour(ask(film("white"), white, look=look)) is None


def test_a_size_or_an_action_is_the_tracks_own(hand: SimpleNamespace) -> None:
    film = hand.staged([hand.Actor([(0.5, 0.5)] * 25)])
    large = told(film, size="large", action="jump")
    assert skills.size(ask(large, replace(RUNS, size="large"))) is True
    assert skills.size(ask(large, replace(RUNS, size="small"))) is False
    assert skills.action(ask(large, replace(RUNS, action="jump"))) is True
    assert skills.action(ask(large, RUNS)) is False


@given(across=st.floats(-1.5, 1.5), pan=st.floats(-1.5, 1.5))
def test_motion_is_counted_in_bodies_against_what_is_behind(
    hand: SimpleNamespace, across: float, pan: float
) -> None:
    """A body of two cells that goes one cell a frame, twelve frames a second, goes six bodies a second."""
    film = hand.staged([runner(hand, across)])
    (track,) = film.tracks
    right, down = relative_motion(film, track)
    assert right == pytest.approx(6 * across, abs=1e-3) and down == pytest.approx(0, abs=1e-3)
    panned = hand.staged([runner(hand, across)], flow=4 * pan)  # cells are four pixels
    assert relative_motion(panned, panned.tracks[0])[0] == pytest.approx(6 * (across - pan), abs=1e-3)


def test_down_is_down_and_a_larger_body_is_slower(hand: SimpleNamespace) -> None:
    places = [(0.5, 0.3 + frame / (2 * ROWS)) for frame in range(6)]  # half a cell a frame
    for wide, speed in ((2, 3.0), (3, 2.0)):
        film = hand.staged([hand.Actor(places, area=wide**2 / (ROWS * COLUMNS))])
        assert relative_motion(film, film.tracks[0]) == pytest.approx((0, speed), abs=1e-3)


def test_subjects_cuts_and_gaps_say_nothing_about_motion(hand: SimpleNamespace) -> None:
    film = hand.staged([runner(hand, 1.0)])
    (track,) = film.tracks
    busy = film.flow.clone()
    busy[..., 2:12] = 40.0
    somebody = film.subject.clone()
    somebody[..., 2:12] = 0.9
    assert relative_motion(replace(film, flow=busy), track)[0] != pytest.approx(6, abs=0.5)
    assert relative_motion(replace(film, flow=busy, subject=somebody), track)[0] == pytest.approx(6, abs=1e-3)
    everywhere = torch.ones_like(film.subject)
    assert relative_motion(replace(film, subject=everywhere), track) == (0, 0)
    every_other = replace(track, sightings=track.sightings[::2])
    assert relative_motion(film, every_other) == (0, 0)
    # Whoever is elsewhere after a cut has not gone there.
    beside = replace(track, sightings=track.sightings[2:4])
    assert relative_motion(film, beside)[0] == pytest.approx(6, abs=1e-3)
    assert relative_motion(replace(film, cuts=(3,)), beside) == (0, 0)


@pytest.mark.parametrize("across", [-0.8, -0.2, 0.2, 0.8])
def test_in_a_mirror_everybody_goes_the_other_way(hand: SimpleNamespace, across: float) -> None:
    film = hand.staged([runner(hand, across)])
    answers = {way: skills.direction(ask(film, replace(RUNS, direction=way))) for way in ("left", "right")}
    assert answers == {"left": across < 0, "right": across > 0}


def test_a_direction_is_asked_only_where_it_can_be_seen(hand: SimpleNamespace) -> None:
    film = hand.staged([runner(hand, 0.5)])
    for subject in (replace(RUNS, direction="towards"), replace(RUNS, then="stand")):
        assert skills.direction(ask(film, subject)) is None
    assert skills.direction(ask(film, RUNS, cuts=CUT)) is None
    assert skills.direction(ask(hand.staged(), RUNS)) is False


@pytest.mark.parametrize(
    ("times", "right"), [(0.6, False), (0.72, True), (1.0, True), (1.4, True), (1.6, False)]
)
def test_a_speed_is_right_within_half_as_much_again(hand: SimpleNamespace, times: float, right: bool) -> None:
    real, made = (hand.staged([runner(hand, cells)]) for cells in (0.8, 0.8 * times))
    assert skills.speed(ask(made, RUNS, real=real)) is right
    backwards = hand.staged([runner(hand, -0.8 * times)])
    assert skills.speed(ask(backwards, RUNS, real=real)) is right  # where to is another skill


def test_a_speed_needs_somebody_in_both_films(hand: SimpleNamespace) -> None:
    film, empty = hand.staged([runner(hand, 0.5)]), hand.staged()
    assert skills.speed(ask(film, RUNS, real=empty)) is None
    assert skills.speed(ask(empty, RUNS, real=film)) is False
    assert skills.speed(ask(film, replace(RUNS, action="stand"), real=film)) is None
    assert skills.speed(ask(film, RUNS, real=film, cuts=CUT)) is None


def test_an_order_needs_a_beginning_and_an_end(hand: SimpleNamespace) -> None:
    walks = Subject("fox", action="walk", then="run")
    way = hand.line((0.2, 0.5), (0.8, 0.5))
    gone = hand.Actor([*way[:14], *[None] * 11], action="walk", then="run")
    assert skills.order(ask(hand.staged([gone]), walks)) is False
    assert skills.order(ask(hand.staged(), walks)) is False
    steady = hand.staged([hand.Actor(way, action="walk")])
    assert skills.order(ask(steady, walks)) is False  # it never runs


PAIR = (Subject("fox"), Subject("car", action="stand"))


Place = tuple[float, float, float]  # across, down and away


def pair(hand: SimpleNamespace, fox: Place, car: Place) -> FilmSight:
    return hand.staged(
        [hand.Actor([place[:2]] * 6, kind, depth=place[2]) for place, kind in ((fox, "fox"), (car, "car"))]
    )


def test_every_relation_of_the_film_set_can_be_seen() -> None:
    assert set(RELATIONS) == set(concepts.RELATIONS) - {"none"}


@pytest.mark.parametrize(
    ("fox", "car", "holding"),
    [
        ((0.4, 0.5, 8.0), (0.6, 0.5, 8.0), {"left of", "beside"}),
        ((0.7, 0.5, 8.0), (0.3, 0.5, 8.0), {"right of"}),  # too far away to be beside
        ((0.6, 0.5, 12.0), (0.4, 0.5, 8.0), {"right of", "behind"}),  # too deep to be beside
        ((0.4, 0.2, 6.5), (0.6, 0.8, 8.0), {"left of", "above", "in front of", "beside"}),
    ],
)
def test_places_and_depths_make_relations(hand: SimpleNamespace, fox, car, holding) -> None:  # type: ignore[no-untyped-def]
    film, swapped = pair(hand, fox, car), pair(hand, car, fox)
    standing = [name for name in RELATIONS if name not in ("chasing", "crossing")]
    for name in standing:
        view = ask(film, *PAIR, relation=name)
        assert skills.relation(view) is (name in holding)
        assert skills.accepted(view, {"relation": skills.relation}) is (name in holding)
    for one, other in (("left of", "right of"), ("in front of", "behind"), ("beside", "beside")):
        forth = skills.relation(ask(film, *PAIR, relation=one))
        assert forth == skills.relation(ask(swapped, *PAIR, relation=other))


def test_a_relation_needs_two_who_can_be_told_apart(hand: SimpleNamespace) -> None:
    alone = hand.staged([hand.Actor([(0.4, 0.5)] * 6)])
    assert skills.relation(ask(alone, *PAIR, relation="left of")) is False
    assert skills.relation(ask(alone, Subject("fox"), Subject("fox"), relation="left of")) is None


def test_who_stands_still_chases_nobody_and_the_chaser_is_behind(hand: SimpleNamespace) -> None:
    def race(fox: float, car: float, fox_x: float, car_x: float) -> FilmSight:
        ways = [[(x + cells * frame / COLUMNS, 0.5) for frame in range(6)]
                for x, cells in ((fox_x, fox), (car_x, car))]  # fmt: skip
        return hand.staged([hand.Actor(ways[0]), hand.Actor(ways[1], "car")])

    def holding(film: FilmSight) -> list[str]:
        return [one for one in ("chasing", "crossing") if skills.relation(ask(film, *PAIR, relation=one))]

    assert holding(race(0.5, 0.5, 0.1, 0.6)) == ["chasing"]
    assert holding(race(0.5, 0.5, 0.6, 0.1)) == []  # it is the fox that is chased
    assert holding(race(-0.5, -0.5, 0.9, 0.5)) == ["chasing"]
    assert holding(race(0.5, 0.0, 0.1, 0.6)) == []
    assert holding(race(0.5, -0.5, 0.1, 0.9)) == ["crossing"]


def test_what_is_not_asked_spoils_no_film(hand: SimpleNamespace) -> None:
    view = ask(hand.staged(), RUNS)
    answers = {"yes": lambda view: True, "nothing": lambda view: None}
    assert skills.accepted(view, answers) and skills.accepted(view, {})
    assert not skills.accepted(view, {**answers, "no": lambda view: False})
