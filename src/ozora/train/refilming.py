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
from ozora.model.refining import REFINING_SHIFT
from ozora.model.sampler import Guidance, Moment, Predictor, denoise, step_levels
from ozora.model.state import State
from ozora.model.text import encode
from ozora.train.banks import FootageBatch
from ozora.train.latents import latent_seconds
from ozora.train.layouts import hazy
from ozora.train.tasks import read_filming
from ozora.world.captions import Length, caption

LENGTHS: tuple[Length, ...] = ("full", "medium", "terse")

STUDENT, REFINER = "student", "refiner"
"""What the few-step student and the refiner are called in a folder of assembled weights."""


class Refilmer:
    """A few-step student, or a refiner, and its text encoder, frozen, that film again what they are shown.

    ``folder`` is a folder of weights with one, such as the shipped ones. A refiner sees footage at its full
    size, and at half of it as layouts with up to ``haze`` of noise.
    """

    def __init__(
        self, folder: Path, device: torch.device, steps: int = 4, *, role: str = STUDENT, haze: float = 0.0
    ) -> None:
        self.network, self.text, self.roots = read_filming(folder, role, device)
        self.device, self.steps, self.haze = device, steps, haze

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
        refines = self.network.config.refines
        seen = clips.large if refines else clips.small
        clean = autoencoder.normalise(autoencoder.distribution(seen).mean)
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
        layout = None
        if refines:
            seed = int(torch.randint(2**62, (1,), generator=generator))
            dice = torch.Generator(clean.device).manual_seed(seed)
            layout = autoencoder.normalise(autoencoder.distribution(clips.small).mean)
            layout = hazy(layout, self.haze, dice)
        predictor = Predictor(
            self.network, encode(self.text, words), None, Guidance(text=1.0), layout=layout
        )
        shift = REFINING_SHIFT if refines else natural_shift(clean[0].numel())
        order = 1 if self.network.config.aims else 2
        filmed = denoise(predictor, Moment(0, state), step_levels(steps, shift), order).state.latent
        return autoencoder.denormalise(filmed)


def windowed(
    clips: FootageBatch, latents: Tensor | None, width: int, cell: int, generator: torch.Generator
) -> tuple[FootageBatch, Tensor | None]:
    """Windows ``width`` pixels wide about the subjects, and the latents of just those, if they are there.

    A cell of the latents (B, L, C, h, w) is ``cell`` pixels wide, and windows begin where cells do.
    """
    left = clips.about_subjects(width, generator, step=cell)
    if latents is not None:
        parts = [row[..., x // cell : (x + width) // cell] for row, x in zip(latents, left, strict=True)]
        latents = torch.stack(parts)
    return clips.windows(left, width), latents
