"""A second look: windows about instances, brought to one size wherever and however large they are."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.model.eyes import CELL, Eyes, EyesConfig, Seen
from ozora.model.fovea import LEAST_WINDOW, ROOM, SIDE, Fovea, glimpses, windows
from ozora.model.instances import instances
from ozora.train.eyes import eyes_config

HEIGHT, WIDTH = 32, 56  # cells


def square(row: int, column: int, rows: int, columns: int) -> Tensor:
    """Cells (1, h, w) of something of ``rows`` × ``columns`` cells."""
    cells = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.bool)
    cells[0, row : row + rows, column : column + columns] = True
    return cells


def picture(cells: Tensor) -> Tensor:
    """A black picture (1, 3, H, W) in which those cells are white."""
    grown = cells.repeat_interleave(CELL, 1).repeat_interleave(CELL, 2)
    return (2.0 * grown - 1)[:, None].expand(-1, 3, -1, -1)


boxes = st.tuples(st.integers(0, 20), st.integers(0, 40), st.integers(1, 12), st.integers(1, 16))


@given(boxes)
def test_a_window_is_square_about_the_middle_and_leaves_room(box: tuple[int, int, int, int]) -> None:
    row, column, rows, columns = box
    x, y, side = windows(square(*box), CELL)[0].tolist()
    assert (x, y) == (CELL * (column + columns / 2), CELL * (row + rows / 2))
    assert side == max(LEAST_WINDOW, ROOM * CELL * max(rows, columns))


def test_who_has_no_cells_has_a_window_all_the_same() -> None:
    nobody = torch.zeros(1, HEIGHT, WIDTH, dtype=torch.bool)
    assert windows(nobody, CELL)[0].tolist() == [CELL * WIDTH / 2, CELL * HEIGHT / 2, ROOM * CELL * WIDTH]


@given(boxes)
@settings(max_examples=40, deadline=None)
def test_a_glimpse_shows_the_same_of_the_same_thing_wherever_it_is(box: tuple[int, int, int, int]) -> None:
    cells = square(*box)
    moved = cells.roll((-(box[0] // 2), -(box[1] // 2)), (1, 2))
    here, place = glimpses(picture(cells), cells, windows(cells, CELL))
    there, other = glimpses(picture(moved), moved, windows(moved, CELL))
    assert here.shape == (1, 4, SIDE, SIDE)
    inside = (here[:, 3] > 0.5) & (there[:, 3] > 0.5)  # beyond a picture's edge the edge goes on
    assert all(float(near[:, 0][inside].mean()) > 0.8 for near in (here, there))
    assert torch.allclose(here[:, 3], there[:, 3], atol=1e-4)
    assert float(place[0, 0]) == pytest.approx(float(other[0, 0]))  # as large as it was


def test_small_things_are_enlarged_and_large_ones_reduced() -> None:
    small, large = square(14, 20, 4, 4), square(6, 14, 16, 16)
    seen = [glimpses(picture(cells), cells, windows(cells, CELL)) for cells in (small, large)]
    shares = [float((near[:, :3].mean(1) > 0).float().mean()) for near, _ in seen]
    assert shares == pytest.approx([1 / ROOM**2] * 2, rel=0.1)
    assert float(seen[1][1][0, 0] - seen[0][1][0, 0]) == pytest.approx(1.3863, abs=1e-3)  # log 4
    assert float(seen[0][0][:, 3].max()) > 0.99 and float(seen[0][0][:, 3].min()) == -1.0


def test_places_tell_where_in_the_picture() -> None:
    corners = [square(0, 0, 2, 2), square(HEIGHT - 2, WIDTH - 2, 2, 2), square(15, 27, 2, 2)]
    cells = torch.cat(corners)
    _, places = glimpses(torch.zeros(3, 3, HEIGHT * CELL, WIDTH * CELL), cells, windows(cells, CELL))
    assert bool((places[0, 1:] < -0.9).all()) and bool((places[1, 1:] > 0.9).all())
    assert places[2, 1:].tolist() == [0.0, 0.0]


def test_a_fovea_looks_at_each_by_itself() -> None:
    torch.manual_seed(0)
    fovea = Fovea(5, (("colour", 3), ("action", 4)), (8, 16, 24)).eval()
    near, places = torch.rand(3, 4, SIDE, SIDE), torch.rand(3, 3)
    told = fovea(near, places)
    assert told.kinds.shape == (3, 6) and {axis: v.shape for axis, v in told.traits.items()} == {
        "colour": (3, 3), "action": (3, 4),
    }  # fmt: skip
    alone = fovea(near[1:2], places[1:2])
    assert torch.allclose(alone.kinds, told.kinds[1:2], atol=1e-5)
    assert not torch.allclose(fovea(near, places + 1).kinds, told.kinds, atol=1e-3)


def test_eyes_say_whether_they_have_a_fovea() -> None:
    plain = eyes_config("micro")
    sharp = replace(plain, fovea=(8, 16, 24))
    assert EyesConfig.from_json(json.loads(json.dumps(sharp.to_json()))) == sharp
    older = {key: value for key, value in plain.to_json().items() if key not in ("fovea", "detail")}
    assert EyesConfig.from_json(older) == replace(plain, detail=0)
    cells = square(10, 10, 4, 4)
    assert Eyes(plain).glimpse(picture(cells), cells) is None
    eyes = Eyes(sharp)
    assert eyes.glimpse(picture(cells)[:0], cells[:0]) is None  # nobody is there
    told = eyes.glimpse(picture(cells), cells)
    assert told is not None and told.kinds.shape == (1, len(sharp.subjects) + 1)
    assert set(told.traits) == dict(sharp.traits).keys()


def test_instances_are_those_that_centres_and_offsets_tell(seen_by_hand: Callable[..., Seen]) -> None:
    seen = seen_by_hand(eyes_config("micro"), [(2, 3, 0), (2, 6, 1)])
    left, right = instances(seen)
    assert left.frame == right.frame == 0 and left.score == pytest.approx(0.982, abs=1e-3)
    assert int(left.cells.sum()) == int(right.cells.sum()) == 9 and not bool((left.cells & right.cells).any())
    seen.silhouette[..., 5:] = -6.0  # the other is outside every silhouette
    assert len(instances(seen)) == 1
    seen.centre[:] = -4.0
    assert instances(seen) == []
