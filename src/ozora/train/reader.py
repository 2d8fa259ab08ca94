"""Teaching the reader to say what latents show, through the haze that early guesses of films have."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.model.reader import Reader, ReaderConfig
from ozora.train.latents import LatentBank
from ozora.train.recipe import ReaderRecipe, Stage
from ozora.train.tasks import Inputs, export, needed
from ozora.train.words import fields_accuracy
from ozora.world import concepts
from ozora.world.captions import shot_fields

AXES = ("subject", "place", "time", "weather", "colour", "action")
"""What the reader is asked: what can be seen in single latents, mostly."""


class ReaderTask:
    """What the loop needs to train a reader; see ``tasks.Task``."""

    def __init__(self, recipe: ReaderRecipe, inputs: Inputs, device: torch.device) -> None:
        files = needed(inputs.latents, "latents", "files written by `ozora encode`")
        self.recipe, self.device = recipe, device
        self.bank = LatentBank(files, device)
        fields = [shot_fields(shot) for shot in self.bank.shots]
        # Only what the footage shows can be told apart: other values would never be the answer.
        axes = tuple(
            (axis, tuple(value for value in concepts.FIELDS[axis] if value in {row[axis] for row in fields}))
            for axis in AXES
        )
        self.reader = Reader(ReaderConfig(self.bank.channels, axes, recipe.width)).to(device)
        self.networks: dict[str, nn.Module] = {"reader": self.reader}
        self.rate_factors: dict[str, float] = {}
        self.labels = {
            axis: torch.tensor([values.index(row[axis]) for row in fields], device=device)
            for axis, values in axes
        }

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """None: everything is AdamW's."""
        return False

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """Cross-entropy of every axis, and the share read right."""
        batch = self.bank.draw(generator, stage.batch, stage.frames)
        answers = self.reader(hazy(batch.clean, self.recipe.haze, generator))
        labels = {axis: truth[batch.shots] for axis, truth in self.labels.items()}
        losses = [F.cross_entropy(answers[axis], labels[axis], label_smoothing=0.05) for axis in labels]
        right = torch.stack(list(fields_accuracy(answers, labels).values())).mean()
        return {"total": torch.stack(losses).mean(), "right": right}

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """Share of each axis read right in a fixed draw of the footage, in haze."""
        generator = torch.Generator().manual_seed(3)
        batch = self.bank.draw(generator, 64, stage.frames)
        answers = self.reader(hazy(batch.clean, self.recipe.haze, generator))
        labels = {axis: truth[batch.shots] for axis, truth in self.labels.items()}
        return {axis: float(right) for axis, right in fields_accuracy(answers, labels).items()}

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        """Write ``reader.safetensors``, which names the autoencoder whose latents it reads."""
        return export(
            self.reader,
            folder / "reader.safetensors",
            kind="reader",
            config=asdict(self.reader.config),
            ledger_root=self.bank.ledger_root(),
            facts={**facts, "autoencoder": self.bank.autoencoder},
        )

    def compile(self) -> None:
        """Nothing: it is tiny."""


def hazy(latents: Tensor, most: float, generator: torch.Generator) -> Tensor:
    """Latents (B, L, C, h, w) as a draft shows them, each film by chance and by at most so much.

    Paler, smeared over time and space, some channels stronger and some weaker, noisy in each latent alone or
    in all of them alike.
    """
    batch, _, channels = latents.shape[:3]

    def dice(high: float) -> Tensor:
        return high * torch.rand(batch, 1, 1, 1, 1, generator=generator).to(latents)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator).to(latents)

    smear, blur, pale, noise, alike = dice(2 * most), dice(2 * most), dice(most), dice(most), dice(1.0)
    mixed = latents + smear.clamp(max=1) * (latents.mean(1, keepdim=True) - latents)
    mixed = mixed + blur.clamp(max=1) * (_blurred(mixed) - mixed)
    mixed = mixed * (1 + 0.3 * most * drawn(batch, 1, channels, 1, 1))
    grain = alike * drawn(batch, 1, *latents.shape[2:]) + (1 - alike) * drawn(*latents.shape)
    return (1 - pale) * mixed + noise * grain


def _blurred(latents: Tensor) -> Tensor:
    """Each cell (B, L, C, h, w) as the mean of itself and its neighbours."""
    return F.avg_pool2d(latents.flatten(0, 1), 3, 1, 1, count_include_pad=False).unflatten(
        0, latents.shape[:2]
    )
