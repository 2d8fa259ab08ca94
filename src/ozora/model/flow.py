"""Rectified flow with a noise level per latent frame: the question asked, the answer's score.

z = (1 - t)·clean + t·noise (arXiv 2209.03003). The network predicts the clean latents and is scored as if it
had predicted the velocity (arXiv 2511.13720). Drawing noise levels frame by frame (arXiv 2407.01392) from a
mixture of patterns lets one network film from words, continue, fill, loop and stream.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ozora.errors import OzoraError
from ozora.model.text import TextOutput
from ozora.model.transformer import Transformer

SMALLEST_TIMESTEP = 0.05
"""Velocity weights stop growing here: 1 / t² would let nearly clean frames drown all others."""

CONTEXT_NOISE = 0.15
"""Given frames carry at most this noise in training, so that the network learns to doubt its context."""


def noised(clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:
    """Mix ``clean`` and ``noise`` (B, L, C, h, w) at noise levels ``timestep`` (B, L)."""
    level = timestep[:, :, None, None, None]
    return (1 - level) * clean + level * noise


def shifted(timestep: Tensor, shift: float) -> Tensor:
    """Move noise levels towards 1: larger films hide less under the same noise (arXiv 2403.03206)."""
    return (shift * timestep / (1 + (shift - 1) * timestep)).clamp(max=1)  # rounding may pass it


def natural_shift(numel: int) -> float:
    """The shift for a film of ``numel`` latent values: √(numel / 4096), but at least 1.

    Small pictures would be shifted towards little noise, where what they show is already to be seen and
    words teach nothing.
    """
    return max(1.0, math.sqrt(numel / 4096))


def draw_timesteps(
    shape: Sequence[int], shift: float, generator: torch.Generator, uniform_share: float = 0.1
) -> Tensor:
    """Draw noise levels: logit-normal (arXiv 2403.03206) and shifted, except for a plainly uniform share."""
    device = generator.device
    curved = shifted(torch.sigmoid(torch.randn(*shape, generator=generator, device=device)), shift)
    plain = torch.rand(*shape, generator=generator, device=device)
    return torch.where(torch.rand(*shape, generator=generator, device=device) < uniform_share, plain, curved)


@dataclass(frozen=True)
class Draw:
    """What a pattern may use: drawn levels, dice in [0, 1) and frame numbers."""

    level: Tensor  # (B, L) independent noise levels
    context: Tensor  # (B, 1) noise level of given frames
    dice: Tensor  # (B, 4)
    frame_dice: Tensor  # (B, L)
    frame: Tensor  # (1, L) 0 .. L-1

    @property
    def frames(self) -> int:
        return self.frame.shape[1]

    def given(self, which: Tensor) -> tuple[Tensor, Tensor]:
        """Frames ``which`` (B, L) are given at the context's noise, the rest share one level."""
        which = which & (self.frames > 1)
        return torch.where(which, self.context, self.level[:, :1]), which


Pattern = Callable[[Draw], tuple[Tensor, Tensor]]
"""From draws to noise levels (B, L) and given flags (B, L)."""

PREFIX_LENGTHS = (1, 1, 1, 2, 3, 5, 9)


def _shared(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.given(torch.zeros_like(draw.level, dtype=torch.bool))


def _prefix_length(draw: Draw) -> Tensor:
    lengths = torch.tensor(PREFIX_LENGTHS, device=draw.dice.device)
    return lengths[(draw.dice[:, :1] * len(PREFIX_LENGTHS)).long()].clamp(max=draw.frames - 1)  # (B, 1)


def _prefix(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.given(draw.frame < _prefix_length(draw))


def _suffix(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.given(draw.frame >= draw.frames - _prefix_length(draw))


def _both_ends(draw: Draw) -> tuple[Tensor, Tensor]:
    most = max(0, (draw.frames - 1) // 2)
    length = _prefix_length(draw).clamp(max=most)
    return draw.given((draw.frame < length) | (draw.frame >= draw.frames - length))


def _scattered(draw: Draw) -> tuple[Tensor, Tensor]:
    share = 0.3 + 0.3 * draw.dice[:, :1]
    open_frame = (draw.dice[:, 1:2] * draw.frames).long()  # one frame always stays to be filmed
    return draw.given((draw.frame_dice < share) & (draw.frame != open_frame))


def _ramp(draw: Draw) -> tuple[Tensor, Tensor]:
    length = _prefix_length(draw) * (draw.dice[:, 1:2] < 0.7)
    steps = 4 + 4 * draw.dice[:, 2:3]
    level = ((draw.frame - length + draw.dice[:, 3:]) / steps).clamp(0, 1)
    given = draw.frame < length
    return torch.where(given, draw.context, level), given


def _independent(draw: Draw) -> tuple[Tensor, Tensor]:
    return draw.level, torch.zeros_like(draw.level, dtype=torch.bool)


@dataclass(frozen=True)
class NoisePattern:
    """A way to spread noise over a film's frames, its ``share`` of training and what it serves."""

    name: str
    share: float
    draw: Pattern
    serves: str


PATTERNS: tuple[NoisePattern, ...] = (
    NoisePattern("shared", 0.50, _shared, "film from words; pictures, where there is one frame"),
    NoisePattern("prefix", 0.15, _prefix, "picture to film, extension forwards"),
    NoisePattern("suffix", 0.03, _suffix, "extension backwards"),
    NoisePattern("both ends", 0.04, _both_ends, "filling, loops"),
    NoisePattern("scattered", 0.04, _scattered, "keyframes"),
    NoisePattern("ramp", 0.10, _ramp, "rolling films"),
    NoisePattern("independent", 0.14, _independent, "streaming, guidance by history"),
)


@dataclass(frozen=True)
class NoisePlan:
    """Noise levels and given flags of a batch, both (B, L), and which pattern drew each film, (B,)."""

    timestep: Tensor
    given: Tensor
    pattern: Tensor


def plan_noise(
    batch: int,
    frames: int,
    shift: float,
    generator: torch.Generator,
    patterns: Sequence[NoisePattern] = PATTERNS,
) -> NoisePlan:
    """Draw a pattern per film and from it each frame's noise level and given flag."""
    device = generator.device

    def dice(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, device=device)

    clean_context = dice(batch, 1) < 0.5
    context = torch.where(clean_context, 0.0, CONTEXT_NOISE * dice(batch, 1))
    level = draw_timesteps((batch, frames), shift, generator)
    frame = torch.arange(frames, device=device)[None]
    draw = Draw(level, context, dice(batch, 4), dice(batch, frames), frame)
    shares = torch.tensor([pattern.share for pattern in patterns], device=device).cumsum(0)
    chosen = torch.bucketize(dice(batch) * shares[-1], shares, right=True).clamp(max=len(patterns) - 1)
    drawn = [pattern.draw(draw) for pattern in patterns]
    row = torch.arange(batch, device=device)
    timestep = torch.stack([timestep for timestep, _ in drawn])[chosen, row]
    given = torch.stack([given for _, given in drawn])[chosen, row]
    return NoisePlan(timestep, given, chosen)


@dataclass(frozen=True)
class FlowLoss:
    """The loss to minimise and the parts it was made of (detached, for the log)."""

    total: Tensor
    parts: dict[str, Tensor]
    middle: Tensor  # (B, L, h·w, d) the transformer's middle features, to be aligned


def velocity_error(
    guess: Tensor, clean: Tensor, timestep: Tensor, given: Tensor, emphasis: Tensor | None = None
) -> Tensor:
    """Mean squared error of the velocity that ``guess`` implies, over frames that are not given.

    v = (z - x) / t on both sides, so the error is that of the clean latents over t², with t at least 0.05.
    ``emphasis`` (B, L, 1, h, w) weighs cells against each other; only its ratios matter.
    """
    weight = (~given).float() / timestep.clamp(min=SMALLEST_TIMESTEP) ** 2  # (B, L)
    error = (guess.float() - clean.float()).square()  # (B, L, C, h, w)
    if emphasis is not None:
        error = error * (emphasis / emphasis.mean())
    return (weight * error.mean(dim=(2, 3, 4))).sum() / (~given).sum().clamp(min=1)


def flow_loss(
    transformer: Transformer,
    clean: Tensor,
    text: TextOutput,
    seconds: Tensor,
    generator: torch.Generator,
    *,
    patterns: Sequence[NoisePattern] = PATTERNS,
    plan: NoisePlan | None = None,
    route: float = 0.0,
    early_weight: float = 0.25,
    emphasis: Tensor | None = None,
    layout: Tensor | None = None,
    shift: float | None = None,
) -> FlowLoss:
    """One training question: noise ``clean`` (B, L, C, h, w), ask the transformer, score what was not given.

    ``text`` holds B prompts; for guidance, the caller encodes the empty prompt "" for about a tenth of them.
    ``seconds`` (B, L) is when each latent frame happens. ``generator`` must live on the device of ``clean``.
    ``route`` is the share of cells that skips the routed blocks; the early head counts ``early_weight``.
    ``emphasis`` (B, L, 1, h, w) says how much each cell's error counts. ``layout`` (B, L, C, h/2, w/2) is for
    a transformer that refines. ``shift`` moves the noise levels drawn, by default by the size of the film.
    """
    if seconds.shape != clean.shape[:2]:
        shapes = f"seconds {tuple(seconds.shape)} do not fit latents {tuple(clean.shape)}"
        raise OzoraError(f"flow loss: {shapes}; expected (B, L) and (B, L, C, h, w).")
    if plan is None:
        shift = natural_shift(clean[0].numel()) if shift is None else shift
        plan = plan_noise(clean.shape[0], clean.shape[1], shift, generator, patterns)
    noise = torch.randn(clean.shape, generator=generator, device=clean.device, dtype=clean.dtype)
    noisy = noised(clean, noise, plan.timestep)
    answer = transformer(
        noisy, plan.timestep, plan.given, seconds, text, layout=layout, route=route, generator=generator
    )
    final = velocity_error(answer.clean, clean, plan.timestep, plan.given, emphasis)
    early = velocity_error(answer.early, clean, plan.timestep, plan.given, emphasis)
    parts = {"final": final.detach(), "early": early.detach()}
    return FlowLoss(final + early_weight * early, parts, answer.middle)
