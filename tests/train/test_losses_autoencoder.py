"""The autoencoder's loss falls on real motion, weighs what acts, spoils latents as told, can be repeated."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from ozora.model.autoencoder import Autoencoder, LatentDistribution
from ozora.model.sizes import MICRO
from ozora.train import losses_autoencoder as losses
from ozora.train.losses_autoencoder import AutoencoderLossSettings, autoencoder_loss

TOY = replace(
    MICRO,
    name="toy",
    latent_channels=16,
    encoder_channels=(16, 32, 64),
    encoder_blocks=(1, 1, 1),
    decoder_channels=(64, 32, 24, 16),
    decoder_blocks=(1, 1, 1, 1),
)
CLEAN = AutoencoderLossSettings(noise_share=0.0, mask_fractions=(0.0,), mask_chances=(1.0,))


def moving_discs(films: int, frames: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    """Coloured discs that cross a sky: films (B, T, 3, H, W) in [−1, 1] and ids (B, T, H, W)."""
    y = torch.linspace(0, height / width, height)[:, None]
    x = torch.linspace(0, 1, width)
    clips, ids = [], []
    for film in range(films):
        colour = torch.tensor([math.sin(2 * film), math.cos(film), math.sin(film + 1)])[:, None, None]
        sky = (0.6 - 1.2 * y * width / height).expand(height, width)
        for frame in range(frames):
            centre = 0.2 + 0.06 * frame + 0.1 * film
            distance = ((x - centre).square() + (y - 0.3).square()).sqrt()
            inside = (distance < 0.13).float()
            clips.append(sky * (1 - inside) + colour * inside)
            ids.append(inside)
    shape = (films, frames)
    return torch.stack(clips).unflatten(0, shape), torch.stack(ids).unflatten(0, shape).to(torch.uint8)


def test_the_loss_falls_fivefold_on_moving_shapes() -> None:
    torch.manual_seed(0)
    large, ids = moving_discs(1, 5, 64, 64)
    small = F.avg_pool2d(large[0], 2)[None]
    model = Autoencoder(TOY)
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    generator = torch.Generator().manual_seed(0)
    history = []
    for _ in range(130):
        loss = autoencoder_loss(model, small, large, ids, settings=CLEAN, generator=generator)
        optimiser.zero_grad()
        loss.total.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        history.append(loss.total.item())
    assert sum(history[-5:]) / 5 < history[0] / 5
    for scale, film in ((1, small), (2, large)):
        error = (model.decode(model.encode(small), scale) - film).square().mean()
        assert error < 0.1 * film.var()  # the picture itself came back, not only a number


def test_the_same_generator_repeats_the_loss() -> None:
    film, ids = moving_discs(2, 5, 32, 48)
    large, _ = moving_discs(2, 5, 64, 96)
    model = Autoencoder(TOY)

    def run(seed: int) -> float:
        generator = torch.Generator().manual_seed(seed)
        return autoencoder_loss(model, film, large, ids, generator=generator).total.item()

    assert run(3) == run(3) != run(4)


def test_parts_follow_what_is_given() -> None:
    film, ids = moving_discs(1, 5, 32, 48)
    model = Autoencoder(TOY)
    bare = autoencoder_loss(model, film).parts
    assert set(bare) == {"charbonnier", "edges", "motion", "kl"}
    felt: list[tuple[int, ...]] = []

    def feel(one: Tensor, two: Tensor) -> Tensor:
        felt.append(tuple(one.shape))
        return (one - two).square().mean()

    settings = AutoencoderLossSettings(equivariance=0.25, perceptual=0.3)
    large, _ = moving_discs(1, 5, 64, 96)
    whole = autoencoder_loss(model, film, large, ids, settings=settings, perceptual=feel)
    extra = {"large_charbonnier", "large_edges", "perceptual", "equivariance"}
    assert set(whole.parts) - set(bare) == extra
    assert felt == [(2, 3, 64, 96)]  # the delivered size, where there is one
    assert not any(part.requires_grad for part in whole.parts.values())


def test_a_picture_has_no_motion_and_still_trains() -> None:
    film, _ = moving_discs(2, 1, 32, 32)
    loss = autoencoder_loss(Autoencoder(TOY), film)
    assert loss.parts["motion"] == 0 and torch.isfinite(loss.total)


def test_the_picture_terms_are_zero_for_a_perfect_copy_and_grow_with_the_error() -> None:
    error = torch.randn(1, 3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    for term in (losses.charbonnier, losses.gradient):
        assert term(torch.zeros_like(error)) == 0
        assert term(2 * error) > term(error) > 0
    assert losses.gradient(torch.ones_like(error)) == 0  # an even shift has no edges
    slope = torch.arange(16.0).expand(1, 1, 3, 16, 16)
    assert losses.gradient(slope, 1) == pytest.approx(1.0)  # one level per pixel across, none down


def test_content_weights_favour_objects_borders_and_small_things() -> None:
    ids = torch.zeros(2, 1, 32, 32, dtype=torch.uint8)
    ids[0, 0, 8:24, 8:24] = 1
    ids[1, 0, 14:18, 14:18] = 2
    weights = losses.content_weights(ids)
    assert weights.shape == (2, 1, 1, 32, 32)
    sky, border, inside = weights[0, 0, 0, 0, 0], weights[0, 0, 0, 8, 8], weights[0, 0, 0, 16, 16]
    assert sky == 1 and border == 2 * inside and inside > 1.5
    assert weights[1, 0, 0, 15, 15] > inside
    assert torch.equal(losses.content_weights(ids * 0), torch.ones(2, 1, 1, 32, 32))
    even = losses.charbonnier(torch.ones(2, 1, 3, 32, 32), weights)
    assert even == pytest.approx(losses.charbonnier(torch.ones(1)).item(), rel=1e-4)  # never scales


def test_latents_are_spoilt_as_often_and_as_much_as_told() -> None:
    model = Autoencoder(TOY)
    with torch.no_grad():
        model.mask_token.fill_(7.0)
    still = torch.zeros(400, 1, 16, 2, 2)
    distribution = LatentDistribution(still, still - 30)
    latents, level = losses.spoil(
        model, distribution, AutoencoderLossSettings(), torch.Generator().manual_seed(0)
    )
    hidden = (latents == 7).all(2)  # (B, L, h, w)
    assert hidden.float().mean() == pytest.approx(0.15, abs=0.03)
    noisy = level > 0
    assert noisy.float().mean() == pytest.approx(0.5, abs=0.1) and level.max() <= 0.3
    assert latents[~noisy][~hidden[~noisy][:, :, None].expand_as(latents[~noisy])].abs().max() < 1e-5
    sure = noisy & ~hidden.flatten(1).any(1)
    ratio = (latents[sure].flatten(1).std(1) / level[sure]).detach()
    assert ratio.mean() == pytest.approx(1.0, abs=0.05)


def test_kl_is_zero_only_for_the_standard_normal() -> None:
    zero = torch.zeros(1, 1, 4, 2, 2)
    assert losses.kl(LatentDistribution(zero, zero)) == 0
    assert losses.kl(LatentDistribution(zero + 1, zero)) == pytest.approx(2.0)  # ½ in each of 4
    assert losses.kl(LatentDistribution(zero, zero - 3)) > 0
