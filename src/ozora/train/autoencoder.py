"""Training the autoencoder on footage; afterwards its latents are measured and normalised."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ozora.model.autoencoder import Autoencoder
from ozora.model.eyes import load_eyes
from ozora.model.sizes import SIZES, SPATIAL_FACTOR, TEMPORAL_FACTOR
from ozora.train.banks import FootageBatch
from ozora.train.flops import autoencoder_flops
from ozora.train.losses_autoencoder import autoencoder_loss, perceptual_distance
from ozora.train.recipe import AutoencoderRecipe, Stage
from ozora.train.sheets import psnr, save_sheet, spread
from ozora.train.speed import Work
from ozora.train.streamed import open_footage
from ozora.train.tasks import Inputs, export, needed

SHOWN_CLIPS = 6

INNER = (".stages.", ".steps.", ".sharpen.")
"""Where a name says that a convolution lies between opening and head."""


class AutoencoderTask:
    """What the loop needs to train an autoencoder; see ``tasks.Task``."""

    def __init__(self, recipe: AutoencoderRecipe, inputs: Inputs, device: torch.device) -> None:
        footage = needed(inputs.footage, "footage", "folders filled by `ozora world shoot`")
        self.recipe, self.device = recipe, device
        self.bank = open_footage(footage, inputs.out, device)
        self.autoencoder = Autoencoder(SIZES[recipe.size]).to(device)
        self.autoencoder.encoder.requires_grad_(not recipe.decoder_only)
        self.perceptual = (
            None if inputs.eyes is None else perceptual_distance(load_eyes(inputs.eyes, "perception", device))
        )
        self.networks: dict[str, nn.Module] = {"autoencoder": self.autoencoder}
        self.rate_factors: dict[str, float] = {}
        self.work = Work()

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """Convolutions between the openings and the heads are Muon's, a row for each filter."""
        return parameter.ndim == 4 and any(part in name for part in INNER)

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """Reconstruction and latent losses of one batch, half of the batches mirrored."""
        clips = self.bank.draw(generator, stage.batch, stage.frames)
        if int(torch.randint(2, (1,), generator=generator)):
            clips = clips.mirrored()
        if self.recipe.window and float(torch.rand(1, generator=generator)) < self.recipe.window_share:
            clips = clips.cropped(self.recipe.window, generator)
        self._count(clips)
        result = autoencoder_loss(
            self.autoencoder,
            clips.small,
            clips.large,
            clips.ids,
            settings=self.recipe.losses,
            perceptual=self.perceptual,
            generator=generator,
        )
        return {"total": result.total, **result.parts}

    def _count(self, clips: FootageBatch) -> None:
        """Note the arithmetic of a batch; convolutions take as much for every cell."""
        if self.recipe.decoder_only:
            return  # half of the gradients are not taken, and how much they would be is not counted
        frames, height, width = clips.pixels.shape[1:4]
        share = self.recipe.losses.large_share
        large = max(1, round(share * frames)) if share else 0
        cells = height * width / (2 * SPATIAL_FACTOR) ** 2
        one = autoencoder_flops(self.autoencoder.config, frames, 2, 2, large) * (cells / 4)
        latents = 1 + (frames - 1) // TEMPORAL_FACTOR
        self.work.add(len(clips.shots) * latents * cells, one * len(clips.shots))

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """A sheet of the same few clips at both sizes, as filmed and as given back; and their PSNR in dB."""
        clips = self._shown(stage)
        latents = self.autoencoder.distribution(clips.small).mean
        features = self.autoencoder.features(latents)
        small, large = self.autoencoder.pixels(features, 1), self.autoencoder.pixels(features, 2)
        chosen = spread(small.shape[1], 3)
        rows: list[Tensor] = []
        for truth, guess in ((clips.large, large), (clips.small, small)):
            for half in (slice(0, SHOWN_CLIPS // 2), slice(SHOWN_CLIPS // 2, None)):
                rows += [side[half, chosen].flatten(0, 1) for side in (truth, guess)]
        save_sheet(folder / f"{label}.png", rows)
        return {"psnr": psnr(small, clips.small), "psnr_large": psnr(large, clips.large)}

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        """Measure the latents' mean and deviation, if they moved, then write ``autoencoder.safetensors``."""
        if not self.recipe.decoder_only:
            self.autoencoder.set_statistics(*self._statistics())
        return export(
            self.autoencoder,
            folder / "autoencoder.safetensors",
            kind="autoencoder",
            config=self.autoencoder.config.to_json(),
            ledger_root=self.bank.ledger_root(),
            facts=facts,
        )

    def compile(self) -> None:
        """Compile both halves; shapes change with the stage only."""
        self.autoencoder.encoder.compile()
        self.autoencoder.decoder.compile()

    def _shown(self, stage: Stage) -> FootageBatch:
        return self.bank.draw(torch.Generator().manual_seed(7), SHOWN_CLIPS, stage.frames)

    @torch.no_grad()
    def _statistics(self) -> tuple[Tensor, Tensor]:
        """Mean and deviation (C,) per channel over ``statistics_clips`` clips, long as the longest stage."""
        generator = torch.Generator().manual_seed(11)
        frames, size = max(stage.frames for stage in self.recipe.stages), 8
        sums = torch.zeros(3, self.autoencoder.config.latent_channels, dtype=torch.float64)
        for _ in range(max(1, self.recipe.statistics_clips // size)):
            clips = self.bank.draw(generator, size, frames)
            values = self.autoencoder.distribution(clips.small).mean.double().cpu()  # (B, L, C, h, w)
            sums += torch.stack([torch.ones_like(values), values, values.square()]).sum((1, 2, 4, 5))
        mean = sums[1] / sums[0]
        deviation = (sums[2] / sums[0] - mean.square()).clamp_min(1e-8).sqrt()
        return mean.float(), deviation.float()
