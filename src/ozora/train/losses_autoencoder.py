"""What the autoencoder is trained for: true pixels, edges and motion, and latents a generator can learn.

No foreign network is needed. Each picture term is a norm of the error, so the error is computed once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ozora.model.autoencoder import Autoencoder, LatentDistribution
from ozora.model.eyes import Eyes, likeness

Perceptual = Callable[[Tensor, Tensor], Tensor]
"""Distance of two batches of pictures (N, 3, H, W) in [−1, 1] as a frozen network feels it: a scalar."""

OCCLUDER_IDS = 100
"""Ids from here on are trees, rocks and walls: scenery, though it has silhouettes."""


@dataclass(frozen=True)
class AutoencoderLossSettings:
    """Weights of the terms, and how latents are spoilt on the way to the decoder.

    Defaults follow the SSVAE paper (arXiv 2512.05394) for masking and l-DeTok (arXiv 2507.15856) for noise.
    """

    charbonnier: float = 1.0
    gradient: float = 0.5
    motion: float = 0.5
    jumps: float = 0.0  # of squared motion: one jump in four frames costs four times that of four small steps
    kl: float = 1e-4  # per cell, summed over channels
    perceptual: float = 0.1
    equivariance: float = 0.0
    objects: float = 3.0  # weight of the subjects' pixels against the background's
    gradient_scales: int = 2
    large_share: float = 0.34  # share of frames that the ×2 head paints
    large_in_a_row: bool = False  # these frames follow one another, and their jumps count too
    perceptual_frames: int = 2
    noise_share: float = 0.5
    noise_limit: float = 0.3
    noise_told: bool = True  # untold, the decoder must see for itself what jitters from latent to latent
    mask_fractions: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75)
    mask_chances: tuple[float, ...] = (0.7, 0.1, 0.1, 0.1)


@dataclass(frozen=True)
class AutoencoderLoss:
    """``total`` to differentiate; ``parts`` are the detached terms, before their weights.

    ``large`` are the frames of the ×2 head, true and decoded, (B, some T, 3, 2H, 2W), if it was asked.
    """

    total: Tensor
    parts: dict[str, Tensor]
    large: tuple[Tensor, Tensor] | None = None


def autoencoder_loss(
    autoencoder: Autoencoder,
    video_small: Tensor,
    video_large: Tensor | None = None,
    ids: Tensor | None = None,
    *,
    settings: AutoencoderLossSettings | None = None,
    perceptual: Perceptual | None = None,
    generator: torch.Generator | None = None,
    latents: Tensor | None = None,
) -> AutoencoderLoss:
    """Encode, spoil, decode and compare.

    ``video_small`` (B, T, 3, H, W) in [−1, 1] is what the encoder sees and the ×1 head must give back;
    ``video_large`` (B, T, 3, 2H, 2W), if any, teaches the ×2 head on a random ``large_share`` of the frames;
    ``ids`` (B, T, any height, any width), 0 for background, put weight on what acts.
    ``perceptual``, if any, compares a few frames at the delivered size, or at ×1 without ``video_large``.
    ``generator`` lives on the CPU and decides noise, masks and frames, so that a run can be repeated.
    ``latents`` (B, L, C, h, w), not normalised, are decoded instead of the film's own; nothing spoils them.
    """
    s = settings or AutoencoderLossSettings()
    frames = video_small.shape[1]
    weights = None if ids is None else content_weights(ids, s.objects)  # (B, T, 1, ·, ·)
    distribution = autoencoder.distribution(video_small) if latents is None else None
    noise_level: Tensor | None = None
    if distribution is not None:
        latents, noise_level = spoil(autoencoder, distribution, s, generator)
    assert latents is not None
    features = autoencoder.features(latents, noise_level if s.noise_told else None)
    small = autoencoder.pixels(features, 1)

    error = small - video_small
    parts = {
        "charbonnier": charbonnier(error, _fit(weights, error)),
        "edges": gradient(error, s.gradient_scales),
        "motion": steps(error).abs().mean(),
    }
    if distribution is not None:
        parts["kl"] = kl(distribution)
    if s.jumps:
        parts["jumps"] = steps(error).square().mean()
    factors = {"charbonnier": s.charbonnier, "edges": s.gradient, "motion": s.motion}
    factors |= {"kl": s.kl} if "kl" in parts else {}
    factors |= {"jumps": s.jumps} if s.jumps else {}
    felt: tuple[Tensor, Tensor] | None = None
    shown: tuple[Tensor, Tensor] | None = None
    if video_large is not None and s.large_share > 0:
        chosen = _choose(frames, max(1, round(s.large_share * frames)), generator, in_a_row=s.large_in_a_row)
        large = autoencoder.pixels(features[:, chosen], 2)
        shown = video_large[:, chosen], large
        large_error = large - video_large[:, chosen]
        felt = large[:, : s.perceptual_frames], video_large[:, chosen[: s.perceptual_frames]]
        some = None if weights is None else weights[:, chosen]
        parts["large_charbonnier"] = charbonnier(large_error, _fit(some, large_error))
        parts["large_edges"] = gradient(large_error, s.gradient_scales)
        factors |= {"large_charbonnier": s.charbonnier, "large_edges": s.gradient}
        if s.jumps and s.large_in_a_row:
            parts["large_jumps"] = steps(large_error).square().mean()
            factors["large_jumps"] = s.jumps
    if perceptual is not None and s.perceptual > 0:
        if felt is None:
            chosen = _choose(frames, min(s.perceptual_frames, frames), generator)
            felt = small[:, chosen], video_small[:, chosen]
        parts["perceptual"] = perceptual(felt[0].flatten(0, 1), felt[1].flatten(0, 1))
        factors["perceptual"] = s.perceptual
    if distribution is not None and s.equivariance > 0 and min(latents.shape[-2:]) > 1:
        parts["equivariance"] = scale_equivariance(autoencoder, distribution.mean, video_small)
        factors["equivariance"] = s.equivariance
    total = torch.stack([parts[name] * factor for name, factor in factors.items()]).sum()
    return AutoencoderLoss(total, {name: part.detach() for name, part in parts.items()}, shown)


def perceptual_distance(eyes: Eyes) -> Perceptual:
    """How differently two pictures look to ``eyes``, frozen ones trained for perception (an own LPIPS)."""
    return lambda pictures, truth: likeness(eyes, pictures, truth)


def spoil(
    autoencoder: Autoencoder,
    distribution: LatentDistribution,
    settings: AutoencoderLossSettings,
    generator: torch.Generator | None = None,
) -> tuple[Tensor, Tensor]:
    """Draw latents (B, L, C, h, w), add noise to some samples and hide cells of others behind the mask token.

    Returns the latents and the level of the added noise (B,), which the decoder is told.
    """
    mean = distribution.mean
    batch, length, _, height, width = mean.shape

    def uniform(*shape: int) -> Tensor:
        return torch.rand(shape, generator=generator).to(mean)

    def normal() -> Tensor:
        return torch.randn(mean.shape, generator=generator).to(mean)

    latents = mean + normal() * (0.5 * distribution.log_variance).exp()
    noise_level = (uniform(batch) < settings.noise_share) * uniform(batch) * settings.noise_limit
    latents = latents + noise_level[:, None, None, None, None] * normal()
    chances = torch.tensor(settings.mask_chances)
    which = torch.multinomial(chances, batch, replacement=True, generator=generator)
    fraction = torch.tensor(settings.mask_fractions)[which].to(mean)  # (B,)
    hidden = uniform(batch, length, 1, height, width) < fraction[:, None, None, None, None]
    return torch.where(hidden, autoencoder.mask_token[:, None, None], latents), noise_level


def content_weights(ids: Tensor, objects: float = 3.0, silhouette: float = 2.0) -> Tensor:
    """Weigh pixels by what they show: ids (B, T, H, W) to weights (B, T, 1, H, W), 1 for mere background.

    Subjects (ids 1 to 99) weigh ``objects``, small ones more (∝ area^−¼, within half and double); a band two
    pixels wide along every border between ids weighs ``silhouette`` times more.
    """
    there = ((ids > 0) & (ids < OCCLUDER_IDS)).float()  # (B, T, H, W)
    area = there.mean((1, 2, 3), keepdim=True).clamp_min(1e-4)
    weights = 1 + there * (objects * (0.05 / area).pow(0.25).clamp(0.5, 2.0) - 1)
    labels = ids.float().flatten(0, 1)[:, None]  # (B·T, 1, H, W)
    padded = F.pad(labels, (1, 1, 1, 1), mode="replicate")
    border = F.max_pool2d(padded, 3, 1) != -F.max_pool2d(-padded, 3, 1)
    return (weights * torch.where(border[:, 0].unflatten(0, ids.shape[:2]), silhouette, 1.0))[:, :, None]


def charbonnier(error: Tensor, weights: Tensor | None = None, softness: float = 1e-3) -> Tensor:
    """Mean of √(error² + softness²) − softness (Charbonnier et al. 1994), weighted; a smooth L1."""
    value = (error.square() + softness**2).sqrt() - softness
    return value.mean() if weights is None else (value * (weights / weights.mean())).mean()


def steps(error: Tensor) -> Tensor:
    """Change of the error (B, T, 3, H, W) from frame to frame, (B, T − 1, 3, H, W); one 0 for a picture."""
    return error[:, 1:] - error[:, :-1] if error.shape[1] > 1 else error.new_zeros(1)


def gradient(error: Tensor, scales: int = 2) -> Tensor:
    """Mean absolute Sobel gradient of the error (B, T, 3, H, W), over ``scales`` halvings of the size."""
    x = error.flatten(0, 1)
    terms = []
    for _ in range(scales):
        across = x[..., 2:] - x[..., :-2]
        across = (across[..., 2:, :] + 2 * across[..., 1:-1, :] + across[..., :-2, :]) / 8
        down = x[..., 2:, :] - x[..., :-2, :]
        down = (down[..., 2:] + 2 * down[..., 1:-1] + down[..., :-2]) / 8
        terms.append(across.abs().mean() + down.abs().mean())
        x = F.avg_pool2d(x, 2)
    return torch.stack(terms).mean()


def kl(distribution: LatentDistribution) -> Tensor:
    """Divergence from the standard normal (Kingma & Welling 2013), summed over channels, mean over cells."""
    mean, log_variance = distribution.mean, distribution.log_variance
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(2).mean()


def scale_equivariance(autoencoder: Autoencoder, latents: Tensor, video: Tensor) -> Tensor:
    """Distance between the decoded half-size latents and the half-size film (arXiv 2502.14831)."""
    height, width = (side // 2 * 2 for side in latents.shape[-2:])
    cropped = video[..., : 16 * height, : 16 * width]
    half = autoencoder.features(_halve(latents[..., :height, :width]))
    return charbonnier(autoencoder.pixels(half, 1) - _halve(cropped))


def _halve(x: Tensor) -> Tensor:
    return F.avg_pool2d(x.flatten(0, 1), 2).unflatten(0, x.shape[:2])


def _fit(weights: Tensor | None, like: Tensor) -> Tensor | None:
    """Bring weights (B, T, 1, ·, ·) to the height and width of ``like``."""
    if weights is None or weights.shape[-2:] == like.shape[-2:]:
        return weights
    size = (like.shape[-2], like.shape[-1])
    return F.interpolate(weights.flatten(0, 1), size, mode="area").unflatten(0, weights.shape[:2])


def _choose(
    frames: int, count: int, generator: torch.Generator | None, *, in_a_row: bool = False
) -> Sequence[int]:
    """Draw ``count`` different frames, in order."""
    if in_a_row:
        begin = int(torch.randint(frames - count + 1, (1,), generator=generator))
        return range(begin, begin + count)
    return sorted(torch.randperm(frames, generator=generator)[:count].tolist())
