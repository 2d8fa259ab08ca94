"""The eyes see each film alone, find motion where there is some, and feel when pictures differ."""

from __future__ import annotations

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.errors import WeightsError
from ozora.model.eyes import Eyes, EyesConfig, _compared, _expected, fitted, likeness, read_along
from ozora.train.augment_probe import blur
from ozora.train.eyes import eyes_config


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    torch.manual_seed(0)
    net = Eyes(eyes_config("micro")).eval()
    for block in net.modules():  # a fresh block adds nothing; let every layer count
        if isinstance(block, torch.nn.Conv2d):
            torch.nn.init.normal_(block.weight, std=(2 / block.weight[0].numel()) ** 0.5)
    return net.requires_grad_(False)


def films(batch: int, frames: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(batch, frames, 3, 32, 64, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def test_small_enough_for_one_core_and_says_what_it_is() -> None:
    config = eyes_config("micro")
    for size in ("micro", "micro_perception"):
        assert sum(p.numel() for p in Eyes(eyes_config(size)).parameters()) <= 1.6e6
    assert EyesConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    with pytest.raises(WeightsError, match="not readable"):
        EyesConfig.from_json({**config.to_json(), "widths": "wide"})


def test_answers_for_every_cell_and_frame(eyes: Eyes) -> None:
    seen = eyes(films(2, 3))
    assert seen.classes.shape == (2, 3, len(eyes.config.classes), 8, 16)
    assert seen.flow.shape == (2, 2, 2, 8, 16) and seen.offset.shape == (2, 3, 2, 8, 16)
    assert eyes(films(1, 1)).flow.shape[1] == 0  # a picture has no motion
    with pytest.raises(ValueError, match="multiples of 32"):
        eyes(films(1, 1)[..., :40])


def test_films_of_a_batch_do_not_see_each_other_nor_what_is_far_in_time(eyes: Eyes) -> None:
    both = films(2, 9)
    alone = eyes(both[:1])
    assert torch.allclose(eyes(both).classes[0], alone.classes[0], atol=1e-4)
    other = both[:1].clone()
    other[:, 8] = 0
    changed = (eyes(other).classes - alone.classes).abs().amax((0, 2, 3, 4))
    assert changed[8] > 1e-3 and changed[:4].max() < 1e-4  # each of three scales looks one frame ahead


@given(right=st.integers(-2, 2), down=st.integers(-2, 2))
@settings(max_examples=15, deadline=None)
def test_finds_how_far_features_have_moved(right: int, down: int) -> None:
    here = torch.randn(1, 24, 12, 20, generator=torch.Generator().manual_seed(3))
    there = here.roll((down, right), (2, 3))
    step = _expected(5 * _compared(here, there, 3), 3)[..., 4:-4, 4:-4]
    assert torch.allclose(step[:, 0], torch.tensor(float(right)), atol=0.1)
    assert torch.allclose(step[:, 1], torch.tensor(float(down)), atol=0.1)
    back = read_along(there, torch.tensor([right, down]).float()[None, :, None, None].expand(1, 2, 12, 20))
    assert torch.allclose(back[..., 4:-4, 4:-4], here[..., 4:-4, 4:-4], atol=1e-4)


def test_pictures_are_alike_as_far_as_they_are(eyes: Eyes) -> None:
    truth = films(2, 1)[:, 0]
    assert float(likeness(eyes, truth, truth)) < 1e-6
    soft = [float(likeness(eyes, blur(truth, sigma), truth)) for sigma in (0.4, 1.0, 3.0)]
    assert 0 < soft[0] < soft[1] < soft[2]
    guess = blur(truth, 1.0).requires_grad_(True)
    likeness(eyes, guess, truth).backward()
    assert guess.grad is not None and float(guess.grad.abs().sum()) > 0


def test_looks_at_any_size(eyes: Eyes) -> None:
    assert fitted(torch.zeros(1, 1, 3, 256, 448), eyes.config).shape[-2:] == (128, 224)
    assert fitted(torch.zeros(1, 1, 3, 100, 60), eyes.config).shape[-2:] == (224, 128)
    assert eyes.look(torch.zeros(1, 1, 3, 90, 160)).depth.shape[-2:] == (32, 56)
