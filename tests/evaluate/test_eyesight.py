"""Eyesight is counted against the truth: who was found, named and counted right, and by whom."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from ozora.evaluate.eyesight import _compare, eyesight
from ozora.evaluate.tracks import Sighting
from ozora.model.eyes import Eyes
from ozora.train.eyes import eyes_config
from ozora.world.shot import Shot, Subject

COLUMNS, ROWS = 56, 32
FOX, CAR = Subject("fox", action="run"), Subject("car", colour="white", action="drive")
SHOT = Shot((FOX, CAR))

Box = tuple[int, int, int, int]  # first column, first row, columns, rows
LEFT, RIGHT = (8, 10, 6, 6), (40, 14, 8, 4)


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    torch.manual_seed(0)
    return Eyes(replace(eyes_config("micro"), width=64, height=32)).eval().requires_grad_(False)


def truth(*boxes: Box) -> Tensor:
    """Whose every cell is: instances 1, 2, … in these boxes."""
    ids = torch.zeros(ROWS, COLUMNS, dtype=torch.uint8)
    for number, (column, row, wide, tall) in enumerate(boxes, 1):
        ids[row : row + tall, column : column + wide] = number
    return ids


def seen(hand: SimpleNamespace, box: Box, subject: Subject, right: float = 0.0, **told: str) -> Sighting:
    """A sighting of a subject in the middle of a box, or some cells to the right of it."""
    place = ((box[0] + box[2] / 2 + right) / COLUMNS, (box[1] + box[3] / 2) / ROWS)
    words = {"colour": "red" if subject.kind == "fox" else "white", "action": subject.action, **told}
    actor = hand.Actor([place], subject.kind, words["colour"], words["action"])
    return hand.people([actor])[0][0]


def counted(eyes: Eyes, ids: Tensor, *sightings: Sighting, shot: Shot = SHOT) -> dict[str, list[int]]:
    tallies: dict[str, list[int]] = {}
    _compare(eyes, shot, ids, list(sightings), tallies)
    return tallies


def test_whoever_is_seen_where_and_as_it_is_counts_in_everything(eyes: Eyes, hand: SimpleNamespace) -> None:
    fox, car = seen(hand, LEFT, FOX), seen(hand, RIGHT, CAR)
    names = ("found", "kind", "colour", "size", "direction", "action")
    sizes = {"kind 20 to 79 cells": [1, 1]}  # 36 and 32
    right = {"counted": [1], **sizes, **{name: [1, 1] for name in names}}
    assert counted(eyes, truth(LEFT, RIGHT), fox, car) == right
    assert counted(eyes, truth(LEFT, RIGHT), car, fox) == right  # in whichever order they are seen


def test_each_wrong_word_counts_against_its_own_axis(eyes: Eyes, hand: SimpleNamespace) -> None:
    car = seen(hand, RIGHT, CAR)
    for wrong in ({"colour": "blue"}, {"action": "jump"}):
        tallies = counted(eyes, truth(LEFT, RIGHT), seen(hand, LEFT, FOX, **wrong), car)
        (axis,) = wrong
        assert tallies[axis] == [0, 1]
        assert all(values in ([1], [1, 1]) for name, values in tallies.items() if name != axis)
    taken_for_a_car = replace(seen(hand, LEFT, FOX), kinds=car.kinds)
    tallies = counted(eyes, truth(LEFT, RIGHT), taken_for_a_car, car)
    assert tallies["kind"] == [0, 1] and tallies["found"] == [1, 1] and tallies["colour"] == [1, 1]


@given(right=st.floats(-12, 12))
def test_a_sighting_stands_for_whom_it_is_no_body_away_from(
    eyes: Eyes, hand: SimpleNamespace, right: float
) -> None:
    tallies = counted(eyes, truth(LEFT), seen(hand, LEFT, FOX, right))
    assert tallies["counted"] == [1]  # one is there and one is seen, wherever
    near = abs(right) <= 6  # as far as it is wide
    if abs(abs(right) - 6) > 1e-6:
        assert tallies["found"] == [near] and tallies["kind"] == [near]
        assert ("colour" in tallies) is near  # nothing is asked of who was not found


def test_places_decide_who_is_who_and_not_names(eyes: Eyes, hand: SimpleNamespace) -> None:
    swapped = counted(eyes, truth(LEFT, RIGHT), seen(hand, LEFT, CAR), seen(hand, RIGHT, FOX))
    assert swapped["found"] == [1, 1] and swapped["kind"] == [0, 0] and swapped["colour"] == [0, 0]


def test_who_is_missed_or_made_up_spoils_the_count(eyes: Eyes, hand: SimpleNamespace) -> None:
    fox, car = seen(hand, LEFT, FOX), seen(hand, RIGHT, CAR)
    missed = counted(eyes, truth(LEFT, RIGHT), car)
    assert missed["counted"] == [0] and missed["found"] == [0, 1] and missed["kind"] == [0, 1]
    twice = counted(eyes, truth(LEFT), fox, seen(hand, LEFT, FOX, 1))
    assert twice["counted"] == [0] and twice["found"] == [1]
    assert counted(eyes, truth(), fox) == {"counted": [0]}
    assert counted(eyes, truth()) == {"counted": [1]}


def test_of_who_hardly_shows_nothing_is_asked(eyes: Eyes, hand: SimpleNamespace) -> None:
    fox = seen(hand, LEFT, FOX)
    assert counted(eyes, truth(LEFT, (40, 14, 3, 1)), fox)["counted"] == [1]
    assert counted(eyes, truth(LEFT, (40, 14, 2, 2)), fox)["found"] == [1, 0]


def test_names_are_counted_by_size_too(eyes: Eyes, hand: SimpleNamespace) -> None:
    boxes = ((8, 10, 2, 2), (20, 10, 5, 4), (40, 10, 8, 10))
    shot = Shot((FOX, CAR, FOX))
    sightings = [seen(hand, box, subject) for box, subject in zip(boxes, (FOX, FOX, FOX), strict=True)]
    tallies = counted(eyes, truth(*boxes), *sightings, shot=shot)
    told = {name: values for name, values in tallies.items() if name.startswith("kind ")}
    assert told == {"kind 4 to 19 cells": [1], "kind 20 to 79 cells": [0], "kind 80 cells and more": [1]}


def test_what_nobody_could_tell_is_not_asked(eyes: Eyes, hand: SimpleNamespace) -> None:
    fox = seen(hand, LEFT, FOX)
    sepia = counted(eyes, truth(LEFT), fox, shot=replace(SHOT, look="sepia"))
    assert "colour" not in sepia and sepia["action"] == [1]
    goes_over = counted(eyes, truth(LEFT), fox, shot=Shot((replace(FOX, then="stand"),)))
    assert "action" not in goes_over and "direction" not in goes_over and goes_over["colour"] == [1]


def test_two_of_a_kind_are_two_instances(eyes: Eyes, hand: SimpleNamespace) -> None:
    pair = Shot((replace(FOX, count=2), CAR))
    boxes: tuple[Box, ...] = ((4, 4, 5, 5), (20, 4, 5, 5), (40, 4, 5, 5))
    subjects = (FOX, FOX, CAR)
    sightings = [seen(hand, box, subject) for box, subject in zip(boxes, subjects, strict=True)]
    assert counted(eyes, truth(*boxes), *sightings, shot=pair)["kind"] == [1, 1, 1]


def test_blind_eyes_find_nobody_and_are_told_so(eyes: Eyes) -> None:
    blind = Eyes(eyes.config).eval().requires_grad_(False)
    centre = sum(size for name, size in blind._sizes().items() if name != "offset") - 1
    blind.heads.bias[centre] = -50.0
    told: list[tuple[int, int]] = []
    found = eyesight(blind, shots=3, width=64, height=32, on_progress=lambda *done: told.append(done))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert found.found.of == found.kind.of > 0 == found.found.right == found.kind.right
    assert found.counted.of == 3 and found.action.of == found.colour.of == 0
    assert found.counted.right < 3  # somebody was there
    assert all(np.isfinite(value) for value in found.cells.values()) and found.cells["flow_length"] > 0
    assert json.loads(json.dumps(found.to_json()))["found"] == {"right": 0, "of": found.found.of}
    assert eyesight(blind, shots=3, width=64, height=32) == found
