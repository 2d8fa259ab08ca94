"""Footage as a transformer films it again: true latents made noisy, then denoised under their own caption.

What comes out shows the same scene with the mistakes that this transformer makes. A decoder that learns from
such pairs meets in training what it will be given later; nobody else can tell it what generated latents are
like (noise stands in for them badly: their mistakes hang together).
"""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ozora.model.autoencoder import Autoencoder
from ozora.model.flow import natural_shift, noised
from ozora.model.sampler import Guidance, Moment, Predictor, denoise, step_levels
from ozora.model.state import State
from ozora.model.text import encode
from ozora.train.banks import FootageBatch
from ozora.train.latents import latent_seconds
from ozora.train.tasks import read_filming
from ozora.world.captions import Length, caption

LENGTHS: tuple[Length, ...] = ("full", "medium", "terse")

STUDENT = "student"
"""What the few-step student is called in a folder of assembled weights."""


class Refilmer:
    """A few-step student and its text encoder, frozen, that film again what they are shown.

    ``folder`` is a folder of weights with a student, such as the shipped ones.
    """

    def __init__(self, folder: Path, device: torch.device, steps: int = 4) -> None:
        self.student, self.text, self.roots = read_filming(folder, STUDENT, device)
        self.device, self.steps = device, steps

    @torch.no_grad()
    def __call__(
        self,
        autoencoder: Autoencoder,
        clips: FootageBatch,
        levels: tuple[float, float],
        generator: torch.Generator,
    ) -> Tensor:
        """Latents (B, L, C, h, w) of ``clips``, not normalised, filmed again from a level of noise between
        ``levels``."""
        clean = autoencoder.normalise(autoencoder.distribution(clips.small).mean)
        batch, length = clean.shape[:2]
        low, high = levels
        depth = low + (high - low) * float(torch.rand(1, generator=generator))
        level = clean.new_full((batch, length), depth)
        noise = torch.randn(clean.shape, generator=generator).to(clean)
        words = [
            caption(
                shot,
                LENGTHS[int(torch.randint(len(LENGTHS), (1,), generator=generator))],
                int(torch.randint(2**31 - 1, (1,), generator=generator)),
            )
            for shot in clips.shots
        ]
        state = State(
            noised(clean, noise, level),
            torch.zeros_like(clean),
            torch.zeros(batch, length, dtype=torch.bool, device=clean.device),
            level,
            latent_seconds(length, float(clips.shots[0].fps), clean.device).expand(batch, -1),
        )
        steps = max(1, round(self.steps * depth))  # as many as a whole film still has to go from here
        predictor = Predictor(self.student, encode(self.text, words), None, Guidance(text=1.0))
        path = step_levels(steps, natural_shift(clean[0].numel()))
        filmed = denoise(predictor, Moment(0, state), path, 1).state.latent
        return autoencoder.denormalise(filmed)
