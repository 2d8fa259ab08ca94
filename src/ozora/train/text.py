"""Teaching the text encoder to read: from a caption, misspelt at times, back to the Shot that it describes.

Nothing is filmed for this: shots and their captions cost microseconds.
"""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ozora.model.text import TEXT_SIZES, TextEncoder
from ozora.rights.ledger import EMPTY_ROOT
from ozora.train.flops import text_flops
from ozora.train.recipe import Stage, TextRecipe
from ozora.train.speed import Work
from ozora.train.tasks import Inputs, export
from ozora.train.words import CaptionBank, different_words, fields_accuracy, fields_loss, slip
from ozora.world import concepts
from ozora.world.sampling import sample_shot

_VARIANTS = 2
_UNSEEN = 128


class TextTask:
    """What the loop needs to train a text encoder; see ``tasks.Task``."""

    def __init__(self, recipe: TextRecipe, inputs: Inputs, device: torch.device) -> None:
        self.recipe, self.device = recipe, device
        config = TEXT_SIZES[recipe.size].with_axes(concepts.FIELDS)
        self.text = TextEncoder(config).to(device)
        self.networks: dict[str, nn.Module] = {"text": self.text}
        self.rate_factors: dict[str, float] = {}
        self.work = Work()
        shots = [sample_shot(recipe.seed * 1_000_003 + number) for number in range(recipe.shots + _UNSEEN)]
        self.captions = CaptionBank(shots[_UNSEEN:], variants=_VARIANTS, seed=recipe.seed)
        self.unseen = CaptionBank(shots[:_UNSEEN], variants=1, seed=recipe.seed + 1)

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """The matrices of the word blocks; the byte table, convolutions and heads are AdamW's."""
        return ".blocks." in name and parameter.ndim == 2

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """Cross-entropy of every field of the Shot, and the mean share read right."""
        picks = torch.randint(len(self.captions.shots), (stage.batch,), generator=generator).tolist()
        tokens, mask = self.captions.draw(picks, generator)
        tokens = slip(tokens, self.recipe.typo_share, generator)
        batch, words = tokens.shape[:2]
        flops = text_flops(self.text.config, words, different_words(tokens) / batch)
        self.work.add(batch * words, flops * batch)
        output = self.text(tokens.to(self.device), mask.to(self.device))
        labels = self.captions.labels(picks)
        right = torch.stack(list(fields_accuracy(output.fields, labels).values())).mean()
        return {"total": fields_loss(output.fields, labels), "right": right}

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """Share of fields read right in captions never trained on, and with one prompt in two misspelt."""
        picks = list(range(_UNSEEN))
        generator = torch.Generator().manual_seed(3)
        tokens, mask = self.unseen.draw(picks, generator)
        labels = self.unseen.labels(picks)
        told: dict[str, float] = {}
        for name, share in (("unseen", 0.0), ("misspelt", 0.5)):
            read = self.text(slip(tokens, share, generator).to(self.device), mask.to(self.device))
            right = fields_accuracy(read.fields, labels)
            told[name] = float(torch.stack(list(right.values())).mean())
            if not share:
                told |= {
                    f"unseen_{axis}": float(right[axis]) for axis in ("subject", "action", "place", "time")
                }
        return told

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        """Write ``text.safetensors``; no footage was used, so its ledger root is the empty one."""
        return export(
            self.text,
            folder / "text.safetensors",
            kind="text",
            config=asdict(self.text.config),
            ledger_root=EMPTY_ROOT,
            facts=facts,
        )

    def compile(self) -> None:
        """Nothing: captions differ in length, and the encoder is quick."""
