"""Training a decoder for films that are refined: at full size, on latents as a refiner makes them.

An autoencoder is taught on footage at half its size: layouts are that small, and the ×2 head gives the rest
back. What a refiner makes has four times the cells and is painted by the ×1 head, at a size that the decoder
has never seen, with the mistakes of a network it has never met. Here it meets both; latents stay as they are.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ozora.errors import refuse
from ozora.model.sizes import SPATIAL_FACTOR
from ozora.train.autoencoder import AutoencoderTask
from ozora.train.losses_autoencoder import autoencoder_loss
from ozora.train.recipe import ClearRecipe, Stage
from ozora.train.refilming import REFINER, Refilmer, windowed
from ozora.train.sheets import psnr, save_sheet
from ozora.train.tasks import Inputs

CELL = 2 * SPATIAL_FACTOR
"""Pixels of a layout's cell."""

SHOWN_LEVELS = (0.4, 0.7, 0.9)
"""Noise that the clips of a sheet are refined from."""


class ClearTask(AutoencoderTask):
    """What the loop needs to train such a decoder; see ``tasks.Task``."""

    def __init__(self, recipe: ClearRecipe, inputs: Inputs, device: torch.device) -> None:
        super().__init__(recipe, inputs, device)
        self.clear = recipe
        if not recipe.decoder_only:
            raise refuse("decoder_only", False, "true: latents that a refiner learnt must not move")
        if inputs.teacher is None:
            raise refuse("teacher", "nothing", "a folder of weights with a refiner, such as the shipped ones")
        self.refilmer = Refilmer(inputs.teacher, device, role=REFINER, haze=recipe.haze)

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """What the decoder misses of one batch: at full size, refined or not, or at half of it."""
        recipe = self.clear
        clips = self.bank.draw(generator, stage.batch, stage.frames)
        if int(torch.randint(2, (1,), generator=generator)):
            clips = clips.mirrored()
        half, refined, window = torch.rand(3, generator=generator).tolist()
        at_half, latents = half < recipe.half_size, None
        if not at_half and refined < recipe.refined:
            latents = self.refilmer(self.autoencoder, clips, recipe.levels, generator)
        if recipe.window and window < recipe.window_share:
            if recipe.window % CELL:
                raise refuse("window", recipe.window, f"a multiple of the {CELL} pixels of a layout's cell")
            clips, latents = windowed(clips, latents, recipe.window, SPATIAL_FACTOR, generator)
        result = autoencoder_loss(
            self.autoencoder,
            clips.small if at_half else clips.large,
            clips.large if at_half else None,
            clips.ids,
            settings=recipe.losses,
            perceptual=self.perceptual,
            generator=generator,
            latents=latents,
        )
        name = "half_size" if at_half else "encoded" if latents is None else "refined"
        return {"total": result.total, f"{name}_charbonnier": result.parts["charbonnier"]}

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """A sheet of last frames at full size, as filmed, encoded, and refined from more and more noise."""
        clips = self._shown(stage)
        encoded = self.autoencoder.decode(self.autoencoder.encode(clips.large), 1)
        rows, told = [clips.large[:, -1], encoded[:, -1]], {"psnr": psnr(encoded, clips.large)}
        for level in SHOWN_LEVELS:
            dice = torch.Generator().manual_seed(9)
            latents = self.refilmer(self.autoencoder, clips, (level, level), dice)
            again = self.autoencoder.pixels(self.autoencoder.features(latents), 1)
            rows.append(again[:, -1])
            told[f"psnr_{round(100 * level)}"] = psnr(again, clips.large)
        save_sheet(folder / f"{label}.png", rows)
        return told

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        """Write ``autoencoder.safetensors``, and who had made the latents it was taught with."""
        return super().export(folder, {**facts, "refilmed_by": "+".join(self.refilmer.roots)})
