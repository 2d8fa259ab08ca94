"""How much arithmetic a training step takes: counted by hand for transformers, so that a plan costs nothing.

One multiply and one add are two FLOPs. A matrix product of r rows by an inputs × outputs weight takes
2·r·inputs·outputs forwards; backwards as much again for the weight's gradient and once more for the inputs',
unless nobody needs it (what comes in from outside). So a step is three times its forward pass, as usually
reckoned (arXiv 2001.08361). What is no matrix product (norms, gates, softmax) is left out, as everywhere.
PyTorch's own counter finds the same numbers (a test holds them together).

Attention compares every token with every other: 2·n²·d for the scores and 2·n²·d for the mixing, where a
layer's matrices take 2·n·(4·d² + 3·d·hidden); it is the larger part beyond n = 2·d + 1.5·hidden tokens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from torch import Tensor, nn

from ozora.model.positions import PLACE_FEATURES
from ozora.model.sizes import SPATIAL_FACTOR, AutoencoderConfig
from ozora.model.text import BYTES_PER_WORD, TextConfig
from ozora.model.transformer import TransformerConfig


@dataclass(frozen=True)
class Flops:
    """Floating-point operations of one pass and of its gradients; ``attention`` is the part of both."""

    forward: float = 0.0
    backward: float = 0.0
    attention: float = 0.0

    @property
    def step(self) -> float:
        """What a training step takes."""
        return self.forward + self.backward

    def __add__(self, other: Flops) -> Flops:
        return Flops(
            self.forward + other.forward, self.backward + other.backward, self.attention + other.attention
        )

    def __mul__(self, times: float) -> Flops:
        return Flops(self.forward * times, self.backward * times, self.attention * times)


@dataclass(frozen=True)
class FilmShape:
    """A clip as a transformer sees it: ``frames`` latents of ``height`` × ``width`` cells, and its words."""

    frames: int
    height: int
    width: int
    words: int

    @property
    def cells(self) -> int:
        """Cells of the whole clip."""
        return self.frames * self.height * self.width


def transformer_flops(config: TransformerConfig, film: FilmShape, route: float = 0.0) -> Flops:
    """One clip through a transformer; ``route`` is the share of cells that skips the routed blocks."""
    width, rows = config.width, 1 + film.frames  # each latent frame's condition, and the context's
    per_block = [_tokens(config, film, route, number) for number in range(config.layers)]
    levels = (film.frames, config.time_features + 3, width)
    layout = [(film.cells // 4, config.channels, 4 * width)] if config.refines else []
    outside = _products([(film.cells, config.channels, width), levels, *layout])
    inside = _products(
        [
            *((n, width, 4 * width) for n in per_block),  # queries, keys, values, and out
            *((n, width, 3 * config.hidden) for n in per_block),  # up (both halves) and down
            *((rows, width, config.low_rank) for _ in per_block),
            *((rows, config.low_rank, 6 * width) for _ in per_block),
            (film.frames, width, width),  # the condition's second layer
            (1, width, width),  # the sentence
            (rows, width, 6 * width),  # the shared modulation
            (2 * film.frames, width, 2 * width),  # both heads' modulation
            (2 * film.cells, width, config.channels),  # both heads
        ]
    )
    attention = sum(4.0 * n * n * width for n in per_block)
    return _first(outside) + _inner(inside) + Flops(attention, 2 * attention, 3 * attention)


def place_flops(config: TransformerConfig, film: FilmShape) -> Flops:
    """What a batch takes once, however many clips it has: telling each cell where in the frame it lies."""
    return _first(_products([(film.height * film.width, PLACE_FEATURES, config.width)]))


def text_flops(config: TextConfig, words: int, different: float | None = None) -> Flops:
    """One prompt of ``words`` words through a text encoder.

    ``different`` is the number of words that are spelt, if a batch repeats some: each is looked at once.
    """
    width, queries = config.width, 1 + len(config.axes)
    spelt = words if different is None else different
    products = [
        *((spelt * BYTES_PER_WORD, 3 * config.byte_width, config.byte_width),) * config.byte_layers,
        (spelt, 2 * config.byte_width, width),
        *((words, width, 4 * width + 3 * config.hidden),) * config.layers,
        (2 * queries, width, words),  # each query's scores, and the mixing
        *((1, width, len(values)) for _, values in config.axes),
        (words + 1, width, config.out_width),
    ]
    attention = 4.0 * words * words * width * config.layers
    return _inner(_products(products)) + Flops(attention, 2 * attention, 3 * attention)


def alignment_flops(width: int, classes: int, film: FilmShape) -> Flops:
    """One clip's middle features read by the alignment's linear layer."""
    return _inner(_products([(film.cells, width, classes)]))


def autoencoder_flops(config: AutoencoderConfig, frames: int, height: int, width: int, large: int) -> Flops:
    """One clip of ``frames`` frames of ``height`` × ``width`` cells there and back, ``large`` of them at ×2.

    Convolutions have many shapes, so these are counted by PyTorch on a network without memory or values.
    """
    return _autoencoder(config, frames, height, width, large)[0]


def autoencoder_bytes(config: AutoencoderConfig, frames: int, height: int, width: int, large: int) -> float:
    """Memory that one clip's forward pass leaves for the backward pass, under bfloat16 autocast."""
    return _autoencoder(config, frames, height, width, large)[1]


@cache
def _autoencoder(
    config: AutoencoderConfig, frames: int, height: int, width: int, large: int
) -> tuple[Flops, float]:
    from ozora.model.autoencoder import Autoencoder

    def there_and_back(network: Autoencoder, clip: Tensor) -> Iterable[Tensor]:
        features = network.features(network.distribution(clip).mean)
        yield network.pixels(features)
        if large:
            yield network.pixels(features[:, :large], 2)

    with torch.device("meta"):
        network = Autoencoder(config)
    size = (SPATIAL_FACTOR * height, SPATIAL_FACTOR * width)
    return counted_flops(network, (1, frames, 3, *size), there_and_back)


def counted_flops(
    network: nn.Module, shape: Sequence[int], run: Callable[[Any, Tensor], Iterable[Tensor]]
) -> tuple[Flops, float]:
    """Arithmetic of ``run(network, input of shape)`` and its gradients, and bytes that autograd keeps.

    ``network`` lies on the device "meta", so nothing is computed. Bytes are half of what is kept in float32.
    """
    from torch.utils.flop_counter import FlopCounterMode

    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    weights = {parameter.untyped_storage()._cdata for parameter in network.parameters()}
    hooks = torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor)
    with torch.device("meta"), FlopCounterMode(display=False) as counter, hooks:
        total = torch.stack([answer.sum() for answer in run(network, torch.empty(shape))]).sum()
        forward = counter.get_total_flops()
        total.backward()
    stored = sum(t.untyped_storage().nbytes() for key, t in kept.items() if key not in weights)
    return Flops(forward, counter.get_total_flops() - forward), stored / 2


def activation_bytes(config: TransformerConfig, film: FilmShape, route: float = 0.0) -> float:
    """Memory that one clip's forward pass leaves for the backward pass, under bfloat16 autocast.

    Per token and block, in bytes: 52 for each of ``width`` (the stream, norms, gains and gates in float32;
    queries, keys, values and products in bfloat16) and 8 for each of ``hidden`` (four bfloat16 values).
    """
    tokens = sum(_tokens(config, film, route, number) for number in range(config.layers))
    return tokens * (52.0 * config.width + 8.0 * config.hidden)


def text_bytes(config: TextConfig, words: int) -> float:
    """The same for a prompt of ``words`` words: of width as above, and of each word's sixteen bytes."""
    spelling = 16.0 * BYTES_PER_WORD * config.byte_width * (1 + config.byte_layers)
    return words * (config.layers * (52.0 * config.width + 8.0 * config.hidden) + spelling)


def _tokens(config: TransformerConfig, film: FilmShape, route: float, block: int) -> int:
    """Tokens that a block sees: registers, words and cells, of which routed blocks see a share."""
    per_frame = film.height * film.width
    if route and config.routed[0] <= block < config.routed[1]:
        per_frame = max(1, round(per_frame * (1.0 - route)))
    return config.registers + film.words + film.frames * per_frame


def _products(shapes: Iterable[tuple[float, float, float]]) -> float:
    return sum(2.0 * rows * inputs * outputs for rows, inputs, outputs in shapes)


def _inner(forward: float) -> Flops:
    """Products whose inputs come from trained layers."""
    return Flops(forward, 2 * forward)


def _first(forward: float) -> Flops:
    """Products whose inputs come from outside, so that only the weights want a gradient."""
    return Flops(forward, forward)
