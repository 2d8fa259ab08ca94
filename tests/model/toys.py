"""A toy transformer and what to ask it."""

from __future__ import annotations

import torch
from torch import Tensor

from ozora.model.text import TextOutput
from ozora.model.transformer import Transformer, TransformerConfig

TOY = TransformerConfig(
    channels=4, width=64, layers=4, heads=2, hidden=96, time_features=32, early_after=3, routed=(1, 3)
)


def awake(config: TransformerConfig = TOY) -> Transformer:
    """A transformer whose silent layers speak, so that every path shows in the output."""
    torch.manual_seed(1)
    transformer = Transformer(config)
    for parameter in transformer.parameters():
        if not bool(parameter.any()):
            torch.nn.init.normal_(parameter, std=0.1)
    return transformer.eval()


def question(batch: int = 2, frames: int = 3, height: int = 2, width: int = 3) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(batch * 100 + frames)
    return {
        "latents": torch.randn(batch, frames, 4, height, width, generator=generator),
        "timestep": torch.rand(batch, frames, generator=generator),
        "given": torch.rand(batch, frames, generator=generator) < 0.3,
        "seconds": (torch.arange(frames) / 3).repeat(batch, 1),
    }


def words(batch: int = 2, count: int = 5, mask: Tensor | None = None) -> TextOutput:
    generator = torch.Generator().manual_seed(batch)
    return TextOutput(
        torch.randn(batch, count, 64, generator=generator),
        mask,
        torch.randn(batch, 64, generator=generator),
        {},
    )
