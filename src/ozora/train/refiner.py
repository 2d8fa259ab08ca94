"""Training the refiner: a transformer that makes a film clear from its layout on half as many cells a side.

A film's composition, motion and light are settled on few cells, where a step costs a fifth; what is left to
the refiner is what those cells cannot hold. It is shown the layout beside its noisy latents, as in
super-resolution by diffusion (SR3, arXiv 2104.07636), with some noise on it in training, so that it does not
trust what is filmed as it would footage (conditioning augmentation, arXiv 2106.15282). A teacher, the
transformer whose films it will refine, films some of the layouts anew from noise they can still be seen in:
then they lack what its films lack.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ozora.model.flow import natural_shift, noised
from ozora.model.refining import refine
from ozora.model.sampler import Guidance, Moment, Predictor, denoise, step_levels
from ozora.model.state import State
from ozora.model.text import TextEncoder, encode
from ozora.model.transformer import Transformer
from ozora.train.latents import LatentBatch
from ozora.train.recipe import RefinerRecipe, Stage
from ozora.train.sheets import save_sheet, spread
from ozora.train.student import read_filming
from ozora.train.tasks import Inputs, needed
from ozora.train.transformer import TransformerTask
from ozora.world.captions import caption

_SHOWN = 3
"""Films on a sheet of samples, each as it was laid out and as it was refined."""


class RefinerTask(TransformerTask):
    """What the loop needs to train a refiner with its text encoder; see ``tasks.Task``."""

    recipe: RefinerRecipe
    grown = ("layout_in.weight",)

    def __init__(self, recipe: RefinerRecipe, inputs: Inputs, device: torch.device) -> None:
        needed(inputs.layouts, "layouts", "the same footage, by `ozora encode` without --full-size")
        super().__init__(recipe, inputs, device)
        self.teacher: tuple[Transformer, TextEncoder] | None = None
        if inputs.teacher is not None:
            student = (inputs.teacher / "student.safetensors").is_file()
            teacher, text, _ = read_filming(inputs.teacher, "student" if student else "transformer", device)
            self.teacher = teacher, text

    def _more(
        self, batch: LatentBatch, tokens: Tensor, mask: Tensor, noise: torch.Generator
    ) -> dict[str, Any]:
        layout = batch.layout
        assert layout is not None
        if self.teacher is not None:
            layout = self._filmed(layout, batch.seconds, tokens, mask, noise)
        return {"layout": hazy(layout, self.recipe.layout_noise, noise), "shift": self.recipe.shift}

    @torch.no_grad()
    def _filmed(
        self, layout: Tensor, seconds: Tensor, tokens: Tensor, mask: Tensor, noise: torch.Generator
    ) -> Tensor:
        """Layouts (B, L, C, h, w), some of them as the teacher films them from noise, down a few steps."""
        assert self.teacher is not None
        teacher, reader = self.teacher
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
        made = denoise(Predictor(teacher, text, None, Guidance(1.0)), Moment(0, state), levels, order=1)
        layout = layout.clone()
        layout[chosen] = made.state.latent
        return layout

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """A sheet of footage laid out and refined; nothing without an autoencoder."""
        if self.autoencoder is None:
            return {}
        batch = self.bank.draw(torch.Generator().manual_seed(0), _SHOWN, stage.frames)
        assert batch.layout is not None
        titles = [caption(self.bank.shots[shot], "medium", 0) for shot in batch.shots]
        films: list[Tensor] = []
        for row in range(_SHOWN):
            layout = batch.layout[row : row + 1]
            text = encode(self.text, titles[row : row + 1])
            clear = refine(self.transformer, text, layout, seed=row, seconds=batch.seconds[row : row + 1])
            films += [self.autoencoder.decode(layout, scale=2)[0], self.autoencoder.decode(clear, scale=1)[0]]
        chosen = spread(films[0].shape[0], 4)
        names = [name for title in titles for name in (title, "refined")]
        save_sheet(folder / f"{label}.png", [film[chosen] for film in films], names)
        return {}


def hazy(layout: Tensor, most: float, noise: torch.Generator) -> Tensor:
    """Layouts (B, L, C, h, w) with up to ``most`` of noise on each film, none on some."""
    level = most * torch.rand(len(layout), 1, 1, 1, 1, generator=noise, device=layout.device)
    clouds = torch.randn(layout.shape, generator=noise, device=layout.device)
    return (1 - level) * layout + level * clouds
