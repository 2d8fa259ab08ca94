"""Our own networks, loaded from a folder of weights: the default backend. Needs no GPU and no network."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from ozora.backends.backend import Card, OnStep
from ozora.backends.grid import FRAMES_PER_LATENT
from ozora.backends.machine import tune_machine
from ozora.backends.weights import Weights, check, find_weights
from ozora.errors import WeightsError
from ozora.media.clip import Frames
from ozora.model.autoencoder import Autoencoder
from ozora.model.checkpoint import load_weights
from ozora.model.conditions import Condition, apply_all
from ozora.model.sampler import sample
from ozora.model.sizes import AutoencoderConfig
from ozora.model.state import State
from ozora.model.text import TextConfig, TextEncoder, TextOutput, encode, understood
from ozora.model.transformer import Transformer, TransformerConfig

Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Networks:
    """The three networks of one set of weights, ready to film."""

    autoencoder: Autoencoder
    transformer: Transformer
    text: TextEncoder


class EmbeddedBackend:
    """Films with a folder of weights; checks every file at once, loads the networks at the first take."""

    def __init__(self, weights: str | Path | None = None) -> None:
        self.weights: Weights = check(find_weights(weights))
        self._networks: Networks | None = None

    @property
    def card(self) -> Card:
        """Name, hash and abilities of the weights."""
        return self.weights.card

    def load(self) -> None:
        """Bring the networks into memory; ``WeightsError`` when they are not what they say they are."""
        if self._networks is None:
            tune_machine()
            self._networks = load_networks(self.weights)

    @property
    def networks(self) -> Networks:
        """The networks, loaded if they were not."""
        self.load()
        assert self._networks is not None
        return self._networks

    @torch.inference_mode()
    def understand(self, prompt: str) -> TextOutput:
        """Words to vectors; the empty prompt is the "nothing" that guidance departs from."""
        return encode(self.networks.text, [prompt])

    @torch.inference_mode()
    def reading(self, words: TextOutput) -> dict[str, tuple[str, float]]:
        """What the model took from the words: axis to (value, how sure from 0 to 1)."""
        return understood(words, self.networks.text.config)

    @torch.inference_mode()
    def encode(self, frames: Frames) -> Tensor:
        """Frames (1 + 4k, H, W, 3), sides in whole cells, to latents (1, 1 + k, C, h, w)."""
        video = torch.from_numpy(np.array(frames)).permute(0, 3, 1, 2)[None]  # (1, T, 3, H, W)
        return self.networks.autoencoder.encode(video.float() / 127.5 - 1)

    @torch.inference_mode()
    def denoise(
        self,
        words: TextOutput,
        negative: TextOutput,
        *,
        cells: tuple[int, int],
        latents: int,
        seed: int,
        steps: int,
        guidance: float,
        conditions: Sequence[Condition],
        on_step: OnStep,
        first: int = 0,
    ) -> Tensor:
        """Film latents (1, L, C, h, w) of a seed: those of a longer film from latent ``first`` on."""
        wide, high = cells
        shape = (self.networks.transformer.config.channels, high, wide)
        rate = FRAMES_PER_LATENT / self.card.grid.fps
        state = State.blank(latents, shape, [seed], seconds_per_latent=rate, first=first)
        if first:
            # A window of a longer film is told as a film of its own: the model knows no other beginning.
            state = replace(state, seconds=torch.arange(latents).expand(1, -1) * rate)
        state = apply_all(state, conditions)
        return sample(
            self.networks.transformer,
            words,
            negative,
            state,
            steps=steps,
            guidance=guidance,
            shift=self.card.sampling.shift,
            on_step=lambda done, total, _: on_step(done, total),
        )

    @torch.inference_mode()
    def decode(self, latents: Tensor, scale: int, on_step: OnStep) -> Frames:
        """Latents (1, L, C, h, w) to frames (4L - 3, H, W, 3), one latent at a time."""
        parts = []
        for number, frames in enumerate(self.stream(latents, scale), start=1):
            parts.append(frames)
            on_step(number, latents.shape[1])
        return np.concatenate(parts)

    def stream(self, latents: Tensor, scale: int) -> Iterator[Frames]:
        """Frames of each latent in turn: one (1, H, W, 3), then four at a time."""
        stream = self.networks.autoencoder.stream(scale)
        for latent in latents.unbind(1):
            with torch.inference_mode():
                video = stream.push(latent)[0]  # (1 or 4, 3, H, W)
                frames = ((video.permute(0, 2, 3, 1) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
            yield frames.numpy()


def load_networks(weights: Weights) -> Networks:
    """Build the three networks of checked weights and fill them."""
    return Networks(
        _load(weights, "autoencoder", AutoencoderConfig.from_json, Autoencoder),
        _load(weights, "transformer", _transformer_config, Transformer),
        _load(weights, "text", TextConfig.from_dict, TextEncoder),
    )


Config = TypeVar("Config")


def _load(
    weights: Weights,
    part: str,
    read_config: Callable[[Mapping[str, Any]], Config],
    build: Callable[[Config], Network],
) -> Network:
    tensors, metadata = load_weights(weights.part(part))
    try:
        network = build(read_config(metadata["config"]))
        network.load_state_dict(tensors)
    except (KeyError, TypeError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:120]
        raise WeightsError(
            f"weights: {part} of {weights.folder} does not fit this Ozora ({reason})."
        ) from error
    return network.eval().requires_grad_(False)


def _transformer_config(values: Mapping[str, Any]) -> TransformerConfig:
    return TransformerConfig(**{**values, "routed": tuple(values["routed"])})
