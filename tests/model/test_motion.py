"""Where the parts of a picture go, and what a reader makes of it."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.model.motion import BLOCK, GRID, SEEN, STEPS, CameraReader, displacements
from ozora.model.probe import Probe, ProbeConfig, probe_config
from ozora.world import concepts

HEIGHT, WIDTH = SEEN


def land(seed: int = 0, height: int = 120, width: int = 180) -> Tensor:
    """Something with detail at every scale (3, H, W)."""
    generator = torch.Generator().manual_seed(seed)
    parts = [
        F.interpolate(torch.rand(1, 3, height // cell, width // cell, generator=generator), (height, width))
        for cell in (3, 6, 12)
    ]
    return torch.stack(parts).mean(0)[0] * 2 - 1


def windows(*corners: tuple[int, int], of: Tensor | None = None) -> Tensor:
    """A film (1, T, 3, 64, 112) that looks at the land from these corners (down, right) in turn."""
    seen = land() if of is None else of
    return torch.stack([seen[:, y : y + HEIGHT, x : x + WIDTH] for y, x in corners])[None]


@settings(max_examples=25, deadline=None)
@given(right=st.integers(-6, 6), down=st.integers(-6, 6), seed=st.integers(0, 99))
def test_a_shift_is_found_in_every_block(right: int, down: int, seed: int) -> None:
    film = windows((20, 30), (20 - down, 30 - right), of=land(seed))
    found = displacements(film)
    assert found.shape == (1, 2, GRID[0] * GRID[1], 3)
    told = found[0, 0]
    assert (told[:, 0] - right).abs().median() < 0.5 and (told[:, 1] - down).abs().median() < 0.5
    assert (told[:, 2] > 0.3).float().mean() > 0.9
    assert found[0, 1, :, :2].abs().max() < 0.05  # the last frame has only itself to be compared with


def test_parts_of_pixels_are_found_too() -> None:
    large = land(4, 480, 720)
    film = torch.stack([large[:, y : y + 256, x : x + 448] for y, x in ((100, 100), (100, 102), (100, 106))])
    once, twice = displacements(film[None])[0, :2, :, 0].mean(1).tolist()
    assert once == pytest.approx(-0.5, abs=0.1) and twice == pytest.approx(-1.0, abs=0.12)


def test_of_an_empty_sky_nothing_is_believed_and_of_the_land_below_it_all_is() -> None:
    film = windows((20, 30), (20, 26), (20, 22))
    film[..., :40, :] = 0.3
    sure = displacements(film)[0, 0, :, 2].unflatten(0, GRID)
    assert sure[0].max() < 0.5 * sure[-1].min() or sure[0].max() < 0.05


def test_a_farther_step_sees_slower_motion() -> None:
    film = windows(*((20, 30 + at) for at in range(5)))
    near, far = (displacements(film, step)[0, 1, :, 0].mean() for step in STEPS)
    assert float(far / near) == pytest.approx(3.0, rel=0.15)


def test_a_film_of_any_shape_and_pace_is_read_and_long_ones_in_parts_alike() -> None:
    reader = CameraReader(12).eval()
    for shape in ((2, 9, 3, 128, 224), (1, 1, 3, 64, 64), (1, 13, 3, 160, 96)):
        assert reader(torch.rand(shape) * 2 - 1).shape == (shape[0], 12)
    film = windows(*((20, 30 + at % 9) for at in range(60)))
    whole, beginning = displacements(film, 3), displacements(film[:, :50], 3)
    assert torch.allclose(whole[:, :47], beginning[:, :47], atol=1e-5)
    slow = reader.seen(film[:, ::2], fps=6)
    assert slow.shape[1] == 59 and reader.seen(film, fps=12).shape[1] == 60
    assert reader.seen(film[:, :25], fps=24).shape == (1, 13, len(STEPS), GRID[0] * GRID[1], 3)
    assert BLOCK < HEIGHT


def test_a_probe_without_a_reader_is_what_it_was_and_with_one_differs_in_the_camera_alone() -> None:
    torch.manual_seed(3)
    plain = Probe(probe_config(concepts.AXES)).eval()
    config = ProbeConfig.from_json({**plain.config.to_json(), "camera": 32})
    assert ProbeConfig.from_json({k: v for k, v in config.to_json().items() if k != "camera"}) == plain.config
    reading = Probe(config).eval()
    reading.load_state_dict(plain.state_dict(), strict=False)
    assert "answers.camera.bias" not in reading.state_dict()
    film = windows(*((20, 30 + at) for at in range(9)))
    before, after = plain.predict(film, 12), reading.predict(film, 12)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[axis], after[axis]) for axis in before if axis != "camera")
    assert not torch.equal(before["camera"], after["camera"])
    assert after["camera"].shape == (1, len(concepts.AXES["camera"]))
