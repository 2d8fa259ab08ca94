"""Training a decoder to paint films crisply: by a critic, on latents as a transformer makes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ozora.errors import refuse
from ozora.model.sizes import SPATIAL_FACTOR
from ozora.train.autoencoder import AutoencoderTask
from ozora.train.banks import FootageBatch
from ozora.train.critic import Critic, asked_of_critic, asked_of_decoder, balance, pairs_of
from ozora.train.losses_autoencoder import autoencoder_loss
from ozora.train.recipe import Stage, VividRecipe
from ozora.train.refilming import Refilmer, windowed
from ozora.train.sheets import save_sheet
from ozora.train.tasks import Inputs

CELL = 2 * SPATIAL_FACTOR
"""Pixels of a cell's side at the delivered size."""

SHOWN_LEVELS = (0.4, 0.75, 1.0)
"""Noise that the clips of a sheet are filmed again from; from 1 nothing but their caption is left."""

CRITICS_MATRICES = ("critic.layers.1.weight", "critic.layers.2.weight")
"""Moved by Muon."""


class VividTask(AutoencoderTask):
    """What the loop needs to train such a decoder; see ``tasks.Task``. Latents stay as they are."""

    helpers = ("critic",)

    def __init__(self, recipe: VividRecipe, inputs: Inputs, device: torch.device) -> None:
        super().__init__(recipe, inputs, device)
        self.vivid = recipe
        if not recipe.decoder_only:
            raise refuse("decoder_only", False, "true: latents that a student learnt must not move")
        if recipe.refilmed and inputs.teacher is None:
            raise refuse("teacher", "nothing", "a folder of weights with a student, such as the shipped ones")
        self.refilmer = Refilmer(inputs.teacher, device) if inputs.teacher is not None else None
        self.critic = Critic().to(device)
        self.networks["critic"] = self.critic
        self.rate_factors["critic"] = recipe.critic_rate

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """What it is for the autoencoder, and the critic's convolutions after its first."""
        return AutoencoderTask.is_matrix(self, name, parameter) or name in CRITICS_MATRICES

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """Pixels, likeness and verdict of one batch, and what the critic itself is to learn from it."""
        clips = self.bank.draw(generator, stage.batch, stage.frames)
        if int(torch.randint(2, (1,), generator=generator)):
            clips = clips.mirrored()
        clips, latents = self._latents(clips, generator)
        result = autoencoder_loss(
            self.autoencoder, clips.small, clips.large, clips.ids,
            settings=self.recipe.losses, perceptual=self.perceptual, generator=generator, latents=latents,
        )  # fmt: skip
        if result.large is None or result.large[0].shape[1] < 2:
            raise refuse("losses.large_share", self.recipe.losses.large_share, "enough for two frames")
        filmed, decoded = (self._hazy(pairs_of(frames), generator) for frames in result.large)
        told = asked_of_critic(self.critic, filmed, decoded)
        total, parts = result.total + told, {**result.parts, "critic": told.detach()}
        if progress >= self.vivid.alone:
            verdict, apart = asked_of_decoder(self.critic, filmed, decoded)
            parts |= {"verdict": verdict.detach(), "likeness": apart.detach()}
            loud = balance(result.total, verdict, self.autoencoder.decoder.large_head.weight)
            total = total + self.vivid.verdict * loud * verdict + self.vivid.likeness * apart
        return {"total": total, **parts}

    def _hazy(self, pairs: Tensor, generator: torch.Generator) -> Tensor:
        """Pairs of frames in noise (instance noise: Sønderby et al., arXiv 1610.04490)."""
        return pairs + self.vivid.haze * torch.randn(pairs.shape, generator=generator).to(pairs)

    def _latents(
        self, clips: FootageBatch, generator: torch.Generator
    ) -> tuple[FootageBatch, Tensor | None]:
        """A window of the clips and, where they are filmed again, the latents of just that window."""
        again = float(torch.rand(1, generator=generator)) < self.vivid.refilmed
        latents = None
        if again and self.refilmer is not None:
            latents = self.refilmer(self.autoencoder, clips, self.vivid.levels, generator)
        width = self.recipe.window
        if not width or float(torch.rand(1, generator=generator)) >= self.recipe.window_share:
            return clips, latents
        if width % CELL:
            raise refuse("window", width, f"a multiple of the {CELL} pixels of a cell")
        return windowed(clips, latents, width, CELL, generator)

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """The autoencoder's sheet, and one of last frames as filmed, and as filmed again and decoded."""
        told = super().samples(folder, stage, label)
        if self.refilmer is None:
            return told
        clips = self._shown(stage)
        rows = [clips.large[:, -1]]
        for level in SHOWN_LEVELS:
            dice = torch.Generator().manual_seed(9)
            latents = self.refilmer(self.autoencoder, clips, (level, level), dice)
            frames = self.autoencoder.features(latents)[:, -1:]
            rows.append(self.autoencoder.pixels(frames, 2)[:, 0])
        save_sheet(folder / f"{label}-again.png", rows)
        return told

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        """Write ``autoencoder.safetensors``; the critic has done its work."""
        roots = [] if self.refilmer is None else self.refilmer.roots
        return super().export(folder, {**facts, "refilmed_by": "+".join(roots)} if roots else facts)
