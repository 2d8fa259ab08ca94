"""Layouts as a refiner meets them: noisy ones, and ones that were filmed, not encoded from footage."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from ozora.model.flow import natural_shift, noised
from ozora.model.sampler import Guidance, Moment, Predictor, denoise, step_levels
from ozora.model.state import State
from ozora.train.recipe import LayoutRecipe
from ozora.train.tasks import read_filming


class Layouts:
    """What becomes of footage's layouts before a refiner is taught with them.

    ``folder`` holds the weights whose films it will refine, with a student or without; None for footage as
    it is. Raises WeightsError for a folder without a transformer and its text encoder.
    """

    def __init__(self, recipe: LayoutRecipe, folder: Path | None, device: torch.device) -> None:
        self.recipe, self.device = recipe, device
        self._films = None
        if folder is not None:
            student = (folder / "student.safetensors").is_file()
            self._films = read_filming(folder, "student" if student else "transformer", device)[:2]

    def __call__(
        self, layout: Tensor, seconds: Tensor, tokens: Tensor, mask: Tensor, noise: torch.Generator
    ) -> Tensor:
        """Layouts (B, L, C, h, w) of clips with captions ``tokens`` (B, W, 16) and ``mask`` (B, W)."""
        if self._films is not None:
            layout = self._filmed(layout, seconds, tokens, mask, noise)
        return hazy(layout, self.recipe.noise, noise)

    @torch.no_grad()
    def _filmed(
        self, layout: Tensor, seconds: Tensor, tokens: Tensor, mask: Tensor, noise: torch.Generator
    ) -> Tensor:
        """Layouts (B, L, C, h, w), some of them as they are filmed from noise, down a few steps."""
        assert self._films is not None
        transformer, reader = self._films
        dice = torch.rand(2, len(layout), generator=noise, device=layout.device)
        chosen = dice[0] < self.recipe.filmed
        if not bool(chosen.any()):
            return layout
        text = reader(tokens.to(self.device)[chosen], mask.to(self.device)[chosen])
        lowest, highest = self.recipe.filmed_from
        level = (lowest + (highest - lowest) * dice[1, chosen])[:, None].expand(-1, layout.shape[1])  # (b, L)
        clouds = torch.randn(layout[chosen].shape, generator=noise, device=layout.device)
        noisy = noised(layout[chosen], clouds, level)
        given = torch.zeros_like(level, dtype=torch.bool)
        state = State(noisy, torch.zeros_like(noisy), given, level, seconds[chosen])
        levels = step_levels(self.recipe.filmed_steps, natural_shift(noisy[0].numel()))
        predictor = Predictor(transformer, text, None, Guidance(1.0))
        made = denoise(predictor, Moment(0, state), levels, order=1)
        layout = layout.clone()
        layout[chosen] = made.state.latent
        return layout


def hazy(layout: Tensor, most: float, noise: torch.Generator) -> Tensor:
    """Layouts (B, L, C, h, w) with up to ``most`` of noise on each film, none on some."""
    level = most * torch.rand(len(layout), 1, 1, 1, 1, generator=noise, device=layout.device)
    clouds = torch.randn(layout.shape, generator=noise, device=layout.device)
    return (1 - level) * layout + level * clouds
