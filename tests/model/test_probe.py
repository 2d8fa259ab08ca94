"""The probe learns what a film shows, motion included, and says what it knows in its own words."""

from __future__ import annotations

import pytest
import torch

from ozora.errors import WeightsError
from ozora.model.probe import Probe, ProbeConfig, anchor_frames, fit_size, probe_config
from ozora.train.augment_probe import add_noise, augment_film, blur, crop, shift_colour, soften
from ozora.train.losses_probe import UNKNOWN, probe_labels, probe_loss

AXES = (("subject", ("ball", "cube")), ("direction", ("left", "right")))
TOY = ProbeConfig(axes=AXES, channels=(16, 24, 32), hidden=32, pixels=32 * 32)


def toy_film(generator: torch.Generator) -> tuple[torch.Tensor, dict[str, str]]:
    """A square or a bar that crosses a plain field to the left or to the right; (9, 3, 32, 32) in [−1, 1]."""
    draw = torch.rand(4, generator=generator)
    ball, right = bool(draw[0] < 0.5), bool(draw[1] < 0.5)
    film = torch.full((9, 3, 32, 32), -0.5 + 0.4 * float(draw[2]))
    high, wide = (8, 8) if ball else (3, 14)
    top = int(20 * draw[3])
    for frame in range(9):
        left = 2 * frame if right else 16 - 2 * frame
        film[frame, :, top : top + high, left : left + wide] = 0.8
    return film, {"subject": "ball" if ball else "cube", "direction": "right" if right else "left"}


def column_of_light(frame: torch.Tensor) -> float:
    """Where the brightest part of (3, H, W) stands, in columns."""
    light = (frame.mean(0) - frame.mean(0).median()).clamp(min=0.3) - 0.3
    return float((light * torch.arange(frame.shape[-1])).sum() / light.sum())


def batch(count: int, seed: int) -> tuple[torch.Tensor, list[dict[str, str]]]:
    generator = torch.Generator().manual_seed(seed)
    films = [toy_film(generator) for _ in range(count)]
    return torch.stack([film for film, _ in films]), [fields for _, fields in films]


@pytest.fixture(scope="module")
def trained() -> Probe:
    torch.manual_seed(0)
    probe = Probe(TOY)
    optimiser = torch.optim.AdamW(probe.parameters(), 3e-3)
    for step in range(40):
        loss, _ = probe_loss(probe, *batch(16, step))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return probe.eval()


def test_learns_shape_and_direction_of_motion(trained: Probe) -> None:
    video, fields = batch(64, 1000)
    _, told = probe_loss(trained, video, fields)
    assert told["subject"] > 0.95 and told["direction"] > 0.95


def test_played_backwards_the_direction_turns_and_the_shape_stays(trained: Probe) -> None:
    video, fields = batch(64, 2000)
    _, told = probe_loss(trained, video.flip(1), fields)
    assert told["subject"] > 0.9 and told["direction"] < 0.1


def test_probabilities_for_any_length_and_size(trained: Probe) -> None:
    for shape in ((1, 1, 3, 32, 32), (2, 5, 3, 40, 24), (1, 60, 3, 16, 16), (1, 2, 3, 64, 64)):
        answers = trained.predict(torch.rand(shape) * 2 - 1)
        assert set(answers) == {"subject", "direction"}
        for share in answers.values():
            assert share.shape == (shape[0], 2)
            assert torch.allclose(share.sum(1), torch.ones(shape[0]), atol=1e-5)
    assert not trained.training


def test_a_film_gets_the_same_answer_alone_and_at_double_rate(trained: Probe) -> None:
    video, _ = batch(8, 3000)
    together = trained.predict(video)["direction"].argmax(1)
    alone = torch.cat([trained.predict(film[None])["direction"] for film in video]).argmax(1)
    doubled = trained.predict(video.repeat_interleave(2, 1), fps=2 * TOY.fps)["direction"].argmax(1)
    assert torch.equal(together, alone) and torch.equal(together, doubled)


def test_configuration_survives_json_and_a_broken_one_is_refused() -> None:
    assert ProbeConfig.from_json(TOY.to_json()) == TOY
    with pytest.raises(WeightsError, match="hidden"):
        ProbeConfig.from_json({k: v for k, v in TOY.to_json().items() if k != "hidden"})
    with pytest.raises(WeightsError, match="channels"):
        ProbeConfig.from_json({**TOY.to_json(), "channels": 3})


def test_shipped_shape_is_small_and_knows_the_registry() -> None:
    from ozora.world.concepts import AXES as REGISTRY

    config = probe_config(REGISTRY)
    assert dict(config.axes)["subject"] == REGISTRY["subject"]
    parameters = sum(p.numel() for p in Probe(config).parameters())
    assert 0.4e6 < parameters < 1.0e6


def test_anchors_leave_room_to_look_ahead() -> None:
    assert anchor_frames(1, 6, 9) == [0]
    assert anchor_frames(17, 6, 9) == [0, 6, 12]
    assert anchor_frames(49, 6, 9) == [0, 6, 12, 18, 24, 30, 36, 42]
    long = anchor_frames(721, 6, 9)
    assert len(long) == 9 and long[0] == 0 and 700 < long[-1] <= 716
    assert fit_size(128, 224, 112 * 64) == (64, 112)
    assert fit_size(224, 128, 112 * 64) == (112, 64)


def test_labels_skip_what_the_picture_cannot_tell() -> None:
    axes = (("colour", ("red", "blue")), ("camera", ("static", "pan")), ("direction", ("left", "right")))
    probe = Probe(ProbeConfig(axes=axes, channels=(8,)))
    labels = probe_labels(
        probe,
        [
            {"colour": "blue", "camera": "pan", "direction": "left", "action": "walk", "look": "natural"},
            {"colour": "blue", "camera": "pan", "cut": "cut", "look": "black-and-white"},
            {"colour": "green", "direction": "right", "action": "spin"},
            {"colour": "red", "camera": "static", "direction": "right", "second_subject": "fox"},
        ],
    )
    assert labels["colour"].tolist() == [1, UNKNOWN, UNKNOWN, UNKNOWN]
    assert labels["camera"].tolist() == [1, UNKNOWN, UNKNOWN, 0]
    assert labels["direction"].tolist() == [0, UNKNOWN, UNKNOWN, UNKNOWN]
    with pytest.raises(ValueError, match="no clip has a label"):
        probe_loss(probe, torch.zeros(1, 1, 3, 16, 16), [{"place": "sea"}])


def test_augmented_films_keep_their_shape_range_and_motion() -> None:
    video, _ = batch(12, 5)
    once, _ = augment_film(video, torch.Generator().manual_seed(7))
    again, _ = augment_film(video, torch.Generator().manual_seed(7))
    assert once.shape == video.shape and torch.equal(once, again)
    assert once.min() >= -1 and once.max() <= 1
    changed = [not torch.equal(a, b) for a, b in zip(once, video, strict=True)]
    assert any(changed) and not all(changed)
    # the bright thing still travels the same way: nothing was mirrored or reordered
    for before, after in zip(video, once, strict=True):
        asked = column_of_light(before[-1]) - column_of_light(before[0])
        seen = column_of_light(after[-1]) - column_of_light(after[0])
        assert asked * seen > 0


def test_each_augmentation_does_what_it_says() -> None:
    film = batch(1, 9)[0][0]
    sharpness = (film[..., 1:] - film[..., :-1]).abs().max()
    for soft in (blur(film, 1.5), soften(film, 2.5)):
        assert soft.shape == film.shape
        assert (soft[..., 1:] - soft[..., :-1]).abs().max() < sharpness
        assert torch.isclose(soft.mean(), film.mean(), atol=0.02)
    generator = torch.Generator().manual_seed(0)
    assert crop(film, (0.4, 0.2, 0.9)).shape == film.shape
    shifted = shift_colour(film, generator)
    assert 0 < (shifted - film).abs().mean() < 0.3
    noisy = add_noise(torch.zeros(4, 3, 16, 16), 0.05, generator)
    assert 0.04 < noisy.std() < 0.06
