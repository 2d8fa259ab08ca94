"""Training the film transformer and its text encoder on latents: pictures, short clips, whole clips."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ozora.errors import refuse
from ozora.model.checkpoint import load_into, load_weights
from ozora.model.flow import flow_loss
from ozora.model.sampler import sample
from ozora.model.state import State
from ozora.model.text import TEXT_SIZES, TextConfig, TextEncoder, encode
from ozora.model.transformer import TRANSFORMER_SIZES, Transformer
from ozora.train.alignment import Alignment
from ozora.train.flops import FilmShape, alignment_flops, place_flops, text_flops, transformer_flops
from ozora.train.latents import LatentBank, LatentBatch, latent_seconds
from ozora.train.recipe import Stage, TransformerRecipe
from ozora.train.sheets import save_sheet, spread
from ozora.train.speed import Work
from ozora.train.tasks import Inputs, export, load_autoencoder, needed
from ozora.train.words import CaptionBank, different_words, drop_captions, fields_loss, slip
from ozora.world import concepts

SHOWN_PROMPTS = (
    "a red fox runs across a snowy field at dusk",
    "a brown horse gallops over a green meadow at noon",
    "a white sailboat sails on the sea at sunset",
    "a yellow ball bounces on a wooden table",
    "a person in red walks through the dunes at dawn",
    "a hot-air balloon rises over a meadow in the fog",
)
"""What the sheets of samples show, always with the same noise."""

_MATRICES = ("qkv", "attention_out", "up", "down")


class TransformerTask:
    """What the loop needs to train a transformer with its text encoder; see ``tasks.Task``."""

    lessons = ("alignment",)

    def __init__(self, recipe: TransformerRecipe, inputs: Inputs, device: torch.device) -> None:
        files = needed(inputs.latents, "latents", "files written by `ozora encode`")
        self.recipe, self.device = recipe, device
        self.bank = LatentBank(files, device, inputs.layouts)
        self.autoencoder = (
            None if inputs.autoencoder is None else load_autoencoder(inputs.autoencoder, device)
        )
        config = replace(
            TRANSFORMER_SIZES[recipe.size], channels=self.bank.channels, refines=bool(inputs.layouts)
        )
        self.transformer = Transformer(config).to(device)
        self.text = _text_encoder(recipe, inputs.text, config.width).to(device)
        self.alignment = Alignment(config.width).to(device)
        self.networks: dict[str, nn.Module] = {
            "transformer": self.transformer,
            "text": self.text,
            "alignment": self.alignment,
        }
        self.helpers = () if inputs.text is None else ("text",)  # a text encoder that is named goes first
        self.rate_factors = {"text": recipe.text_rate}
        self.work = Work()
        *shares, self._without_words = recipe.captions
        self.captions = CaptionBank(
            self.bank.shots, variants=recipe.variants, shares=shares, seed=recipe.seed
        )

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """The matrices of attention and feed-forward layers; what conditions, embeds or ends is AdamW's."""
        return name.startswith("transformer.blocks.") and name.split(".")[-2] in _MATRICES

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """Flow loss of one batch of clips with a caption each, plus those of Shot head and alignment."""
        batch = self.bank.draw(generator, stage.batch, stage.frames)
        tokens, mask = self.captions.draw(batch.shots, generator)
        tokens = slip(tokens, self.recipe.typo_share, generator)
        tokens, mask, worded = drop_captions(tokens, mask, self._without_words, generator)
        text = self.text(tokens.to(self.device), mask.to(self.device))
        noise = torch.Generator(self.device).manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
        flow = flow_loss(
            self.transformer,
            batch.clean,
            text,
            batch.seconds,
            noise,
            route=self._route(progress),
            early_weight=self.recipe.early_weight,
            emphasis=emphasis(batch.shares, self.recipe.subject_weight),
            **self._more(batch, tokens, mask, noise),
        )
        self._count(batch.clean, tokens, progress)
        labels = self.captions.labels(batch.shots)
        fields = fields_loss(text.fields, labels, worded.to(self.device))
        total = flow.total + self.recipe.fields_weight * fields
        parts = {**flow.parts, "fields": fields}
        if self.recipe.align_weight and progress < self.recipe.align_until:
            parts["align"] = self.alignment(flow.middle, batch.shares, labels)
            total = total + self.recipe.align_weight * parts["align"]
        return {"total": total, **parts}

    def _more(
        self, batch: LatentBatch, tokens: Tensor, mask: Tensor, noise: torch.Generator
    ) -> dict[str, Any]:
        """What else the loss of a batch takes; ``tokens`` (B, W, 16) and ``mask`` (B, W) are its captions."""
        return {}

    def _route(self, progress: float) -> float:
        return self.recipe.route if progress < self.recipe.route_until else 0.0

    def _count(self, clean: Tensor, tokens: Tensor, progress: float) -> None:
        """Note the arithmetic of a batch of clips (B, L, C, h, w) with their captions (B, W, 16)."""
        batch, frames, _, height, width = clean.shape
        config, words = self.transformer.config, tokens.shape[1]
        film = FilmShape(frames, height, width, words)
        one = transformer_flops(config, film, self._route(progress))
        one += text_flops(self.text.config, words, different_words(tokens) / batch)
        if self.recipe.align_weight and progress < self.recipe.align_until:
            one += alignment_flops(config.width, self.alignment.out.out_features, film)
        seen = batch * (config.registers + words + film.cells)
        self.work.add(seen, one * batch + place_flops(config, film))

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """A sheet of the shown prompts, as long as the stage's clips; nothing without an autoencoder."""
        if self.autoencoder is None:
            return {}
        count = len(SHOWN_PROMPTS)
        grid = max(
            (key for key in self.bank.counts() if key[0] >= stage.frames), key=self.bank.counts().__getitem__
        )
        state = State.blank(stage.frames, (self.bank.channels, *grid[1:]), range(count))
        seconds = latent_seconds(stage.frames, self.bank.fps).expand(count, -1)
        text = encode(self.text, SHOWN_PROMPTS)
        latents = sample(
            self.transformer,
            text,
            encode(self.text, [""]),
            replace(state, seconds=seconds).to(self.device),
            steps=self.recipe.sample_steps,
            guidance=self.recipe.guidance,
        )
        films = self.autoencoder.decode(latents, scale=1)  # (B, T, 3, H, W)
        chosen = spread(films.shape[1], 4)
        save_sheet(folder / f"{label}.png", [film[chosen] for film in films], SHOWN_PROMPTS)
        return {"sample_deviation": float(latents.std())}

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        """Write ``transformer``, ``text`` and, to go on with, ``alignment``, each as ``.safetensors``."""
        facts = {**facts, "autoencoder": self.bank.autoencoder}
        root = self.bank.ledger_root()
        for name, network, config in (
            ("alignment", self.alignment, {"width": self.transformer.config.width}),
            ("text", self.text, asdict(self.text.config)),
            ("transformer", self.transformer, asdict(self.transformer.config)),
        ):
            path = folder / f"{name}.safetensors"
            export(network, path, kind=name, config=config, ledger_root=root, facts=facts)
        return path

    def compile(self) -> None:
        """Compile block by block: one small graph serves every layer, and stages recompile it only once."""
        for block in self.transformer.blocks:
            block.compile()


def emphasis(shares: Tensor, subject_weight: float) -> Tensor:
    """How much each cell counts: 1 for background, more where ``shares`` (B, L, 2, h, w) tell of someone.

    A subject covers few cells, yet is what a prompt is about. A quarter of a cell counts in full.
    """
    covered = (4 * shares.sum(2, keepdim=True)).clamp(max=1)  # (B, L, 1, h, w)
    return 1 + (subject_weight - 1) * covered


def _text_encoder(recipe: TransformerRecipe, path: Path | None, width: int) -> TextEncoder:
    """The text encoder of the recipe's size, pre-trained where weights are given."""
    if path is None:
        return TextEncoder(replace(TEXT_SIZES[recipe.size], out_width=width).with_axes(concepts.FIELDS))
    tensors, metadata = load_weights(path)
    config = TextConfig.from_dict(metadata["config"])
    if config.out_width != width:
        raise refuse(
            "text", f"an encoder of width {config.out_width}", f"one of width {width}, the transformer's"
        )
    encoder = TextEncoder(config)
    load_into(encoder, tensors, path)
    return encoder
