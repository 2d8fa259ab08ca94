"""Each corruption spoils what its name says and leaves the rest alone."""

from __future__ import annotations

import numpy as np
import pytest

from ozora.evaluate.corruptions import (
    CORRUPTIONS,
    Frames,
    blurred,
    frozen,
    hue_swapped,
    played_backwards,
    shuffled,
)  # fmt: skip


@pytest.fixture
def film() -> Frames:
    """A red square that crosses a grey, gently lit field: 17 frames of 32 × 48."""
    frames = np.full((17, 32, 48, 3), 90, np.uint8)
    frames += np.arange(48, dtype=np.uint8)[:, None]
    for frame in range(17):
        frames[frame, 10:22, 2 * frame : 2 * frame + 12] = (210, 30, 20)
    return frames


def test_all_keep_the_shape_and_leave_the_original_alone(film: Frames) -> None:
    before = film.copy()
    for spoil in CORRUPTIONS.values():
        spoilt = spoil(film)
        assert spoilt.shape == film.shape and spoilt.dtype == np.uint8
        assert not np.array_equal(spoilt, film)
        assert np.array_equal(film, before)
        assert np.array_equal(spoilt, spoil(film))


def test_shuffled_holds_the_same_pictures_in_another_order(film: Frames) -> None:
    pictures = {frame.tobytes() for frame in film}
    mixed = shuffled(film)
    assert {frame.tobytes() for frame in mixed} == pictures and len(pictures) == len(film)
    steps = [np.abs(np.diff(film.astype(int), axis=0)).mean() for film in (film, mixed)]
    assert steps[1] > 1.5 * steps[0]


def test_frozen_never_moves(film: Frames) -> None:
    assert np.array_equal(frozen(film), np.broadcast_to(film[8], film.shape))


def test_played_backwards_twice_is_the_film(film: Frames) -> None:
    back = played_backwards(film)
    assert np.array_equal(back[0], film[-1]) and np.array_equal(played_backwards(back), film)


def test_hue_swapped_makes_red_green_and_keeps_every_value(film: Frames) -> None:
    swapped = hue_swapped(film)
    red, green = film[0, 15, 5], swapped[0, 15, 5]
    assert red.argmax() == 0 and green.argmax() == 1
    assert np.array_equal(np.sort(swapped, -1), np.sort(film, -1))
    assert np.array_equal(hue_swapped(hue_swapped(swapped)), film)


def test_blurred_loses_edges_and_keeps_the_light(film: Frames) -> None:
    soft = blurred(film)
    edges = [np.abs(np.diff(frames.astype(int), axis=2)).max() for frames in (film, soft)]
    assert edges[1] < 0.6 * edges[0]
    assert abs(float(soft.mean()) - float(film.mean())) < 1
