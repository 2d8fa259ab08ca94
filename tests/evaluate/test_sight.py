"""What is seen is told right: with eyes made by hand, to which a red glow is a fox and a blue one a car."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from ozora.backends.weights import find_eyes
from ozora.evaluate import sight
from ozora.evaluate.sight import SURE, cut_frames, glance, see
from ozora.model.eyes import Eyes, load_eyes
from ozora.train.eyes import eyes_config

Frames = NDArray[np.uint8]
WIDTH, HEIGHT, COLUMNS, ROWS = 64, 32, 16, 8
RED, BLUE = (255, 60, 0), (0, 60, 255)


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    """Eyes that add up the light of each cell: where it is bright somebody is, brightest in the middle."""
    torch.manual_seed(0)
    config = replace(eyes_config("micro"), width=WIDTH, height=HEIGHT)
    made = Eyes(config).eval().requires_grad_(False)
    for layer in (made.open, made.where, *made.side, *made.up, made.heads, *made.naming):
        torch.nn.init.zeros_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    for block in (*made.scales[0], *made.refine):
        torch.nn.init.zeros_(block.second.bias)
    for channel in (0, 2):  # red and blue, from nothing at black to one at full
        made.open.weight[channel, channel, 1:5, 1:5] = 0.5 / 16
        made.open.bias[channel] = 0.5
        made.side[0].weight[channel, channel] = 1
    first, answer = config.first_subject, 0
    rows: dict[str, int] = {}
    for name, size in made._sizes().items():
        rows[name] = answer
        answer += size
    for channel, kind in ((0, "fox"), (2, "car")):
        made.heads.weight[rows["classes"] + first + config.classes[first:].index(kind), channel] = 20
        made.heads.weight[rows["silhouette"], channel] = 20
        made.heads.weight[rows["centre"], channel] = 20
    made.heads.bias[rows["silhouette"]] = made.heads.bias[rows["centre"]] = -6
    made.heads.bias[rows["depth"]] = np.log(8.0)
    return made


def glow(*lights: tuple[int, int, tuple[int, int, int]], side: int = 4) -> Frames:
    """A dark picture with soft lights, each in the middle of a cell: its column, row and colour."""
    down, right = np.mgrid[: ROWS * side, : COLUMNS * side] + 0.5
    picture = np.zeros((ROWS * side, COLUMNS * side, 3))
    for column, row, colour in lights:
        far = np.hypot(right / side - column - 0.5, down / side - row - 0.5)
        picture += np.exp(-((far / 1.3) ** 2))[..., None] * np.array(colour)
    return picture.clip(0, 255).round().astype(np.uint8)


def filmed(*pictures: Frames) -> Frames:
    return np.stack(pictures)


def wandering(frames: int = 30, side: int = 4) -> Frames:
    """A red glow that goes a cell to the right every three frames."""
    return filmed(*(glow((3 + frame // 3, 4, RED), side=side) for frame in range(frames)))


def test_a_long_film_is_seen_without_a_seam(eyes: Eyes) -> None:
    film = see(eyes, wandering(), 12.0)  # three times as long as what is looked at together, and some
    assert [[one.frame for one in here] for here in film.people] == [[frame] for frame in range(30)]
    (track,) = film.sure
    assert track.kind == "fox" and track.visible.all() and film.of_kind("fox") == (track,)
    assert not film.of_kind("car")
    path = track.path()
    assert path[:, 1] * COLUMNS == pytest.approx([3.5 + frame // 3 for frame in range(30)])
    assert path[:, 2] * ROWS == pytest.approx([4.5] * 30)
    assert track.mean("depth") == pytest.approx(8, rel=1e-4)


@pytest.mark.parametrize("length", [1, 2, 11, 12, 13, 25])
def test_all_that_is_seen_is_as_long_as_the_film(eyes: Eyes, length: int) -> None:
    film = see(eyes, wandering(length), 12.0)
    assert film.frames == length and len(film.flow) == length - 1
    assert {len(part) for part in (film.people, film.subject, film.features, film.sharpness)} == {length}
    assert all(shares.sum() == pytest.approx(1) for shares in film.scene.values())
    again = see(eyes, wandering(length), 12.0)
    assert torch.equal(film.features, again.features) and torch.equal(film.flow, again.flow)


def test_a_larger_picture_of_the_same_is_seen_the_same(eyes: Eyes) -> None:
    small, large = (see(eyes, wandering(6, side), 12.0) for side in (4, 12))
    assert small.light.shape == large.light.shape == (6, 3, ROWS, COLUMNS)
    assert large.tracks[0].path() == pytest.approx(small.tracks[0].path(), abs=1e-6)


def test_two_at_once_are_told_apart(eyes: Eyes) -> None:
    film = see(eyes, filmed(*[glow((3, 4, RED), (11, 3, BLUE))] * 4), 12.0)
    places = {track.kind: (track.mean("x") * COLUMNS, track.mean("y") * ROWS) for track in film.sure}
    assert places == {"fox": pytest.approx((3.5, 4.5)), "car": pytest.approx((11.5, 3.5))}


def test_light_is_the_colour_and_sharpness_the_edges(eyes: Eyes) -> None:
    plain = np.full((2, HEIGHT, WIDTH, 3), (51, 102, 204), np.uint8)
    seen = see(eyes, plain, 12.0)
    wanted = torch.tensor([0.2, 0.4, 0.8])[:, None, None].expand(2, -1, ROWS, COLUMNS)
    assert torch.allclose(seen.light, wanted, atol=1e-5) and seen.sharpness == pytest.approx(0, abs=1e-6)
    down, right = np.mgrid[:HEIGHT, :WIDTH]
    for pattern, edges in ((right % 2, 1), (down % 2, 1), ((right + down) % 2, 2)):
        picture = np.repeat((255 * pattern)[..., None], 3, -1).astype(np.uint8)
        seen = see(eyes, filmed(picture, picture // 5), 12.0)
        assert seen.sharpness == pytest.approx([edges, edges / 5], abs=1e-5)


def test_a_cut_is_found_and_a_glow_that_wanders_is_none(eyes: Eyes) -> None:
    day = np.full_like(glow(), 255) - glow((8, 4, (255, 255, 255)))
    film = see(eyes, filmed(*[glow((3, 4, RED))] * 6, *[day] * 6), 12.0)
    assert film.cuts == (6,)
    assert see(eyes, wandering(12), 12.0).cuts == ()


@given(lengths=st.lists(st.integers(3, 8), min_size=1, max_size=3), jump=st.floats(0.15, 0.45))
def test_every_jump_is_a_cut_and_every_fade_is_none(lengths: Sequence[int], jump: float) -> None:
    levels = np.repeat([0.05 + jump * (number % 2) for number in range(len(lengths))], lengths)
    light = torch.tensor(levels)[:, None, None, None].expand(-1, 3, 4, 6)
    assert cut_frames(light) == tuple(np.cumsum(lengths)[:-1].tolist())
    assert cut_frames(light.flip(0)) == tuple(np.cumsum(lengths[::-1])[:-1].tolist())
    faded = torch.linspace(0, 1, len(levels))[:, None, None, None].expand(-1, 3, 4, 6)
    assert cut_frames(faded) == ()
    assert cut_frames(0.2 * light) == ()  # too faint a change


def test_in_two_frames_no_cut_can_be_told() -> None:
    assert cut_frames(torch.tensor([0.0, 1.0])[:, None, None, None].expand(-1, 3, 4, 6)) == ()


def test_only_the_sure_count_as_somebody(hand: SimpleNamespace) -> None:
    film = hand.staged([hand.Actor([(0.3, 0.5)] * 10), hand.Actor([(0.8, 0.5)] * 10, "car")])
    (fox,), (car,) = film.of_kind("fox"), film.of_kind("car")
    hardly = replace(car, kind_share=0.99 * SURE / 0.8)  # its centres are seen with 0.8
    assert replace(film, tracks=(fox, hardly)).sure == (fox,)
    assert replace(film, tracks=(fox, replace(car, kind_share=1.01 * SURE / 0.8))).of_kind("car")


def test_a_glance_names_whoever_is_there(eyes: Eyes) -> None:
    def subjects(*pictures: Frames) -> dict[str, float]:
        return glance(eyes, filmed(*pictures))["subject"]

    nobody = subjects(glow())
    assert set(nobody) == set(eyes.config.classes[eyes.config.first_subject :])
    assert not any(nobody.values())
    one, two = subjects(glow((8, 4, RED))), subjects(glow((3, 4, RED), (11, 4, RED)))
    assert max(one, key=lambda kind: one[kind]) == "fox" and one["fox"] > 0.9
    assert two["fox"] == pytest.approx(one["fox"], abs=0.01)  # twice the same kind is no more of it
    both = subjects(glow((3, 4, RED), (11, 4, BLUE)))
    assert both["fox"] > 0.9 and both["car"] > 0.9
    assert subjects(glow((8, 4, RED)), glow())["fox"] == pytest.approx(one["fox"] / 2)


@given(order=st.permutations(range(4)))
@settings(max_examples=6)
def test_pictures_are_glanced_at_one_by_one(eyes: Eyes, order: Sequence[int]) -> None:
    pictures = [glow(), glow((3, 4, RED)), glow((8, 3, BLUE), (3, 4, RED)), np.full_like(glow(), 90)]
    each = [glance(eyes, filmed(picture)) for picture in pictures]
    together = glance(eyes, filmed(*(pictures[number] for number in order)))
    for axis, shares in together.items():
        for value, share in shares.items():
            assert share == pytest.approx(np.mean([one[axis][value] for one in each]), abs=1e-5)
        assert axis == "subject" or sum(shares.values()) == pytest.approx(1, abs=1e-5)


def test_a_film_looked_at_in_parts_is_seen_as_if_it_were_looked_at_whole(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shipped = load_eyes(find_eyes(), "evaluation")
    steps = np.random.default_rng(3).integers(0, 40, (31, 1, 1, 3)).cumsum(0)
    pattern = np.random.default_rng(4).integers(0, 255, (1, 64, 112, 3))
    film = ((pattern + steps) % 256).astype(np.uint8)
    seen = []
    for chunk in (8, 40):
        monkeypatch.setattr(sight, "CHUNK", chunk)
        seen.append(see(shipped, film, 12))
    parts, whole = seen
    for name in ("flow", "subject", "features"):
        assert torch.allclose(getattr(parts, name), getattr(whole, name), atol=1e-4), name
    for axis, shares in whole.scene.items():
        assert np.allclose(parts.scene[axis], shares, atol=1e-5)
