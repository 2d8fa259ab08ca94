"""The film transformer: spacetime cells and words in one stream, each latent frame with its own noise level.

Reads noisy latents and predicts the clean ones. Notable features:
  - words and four registers stand in the same stream as the cells (no cross-attention);
  - one shared network turns each latent frame's noise level, given flag and frame step into gains, shifts
    and gates; every block adds an offset and a low-rank change (AdaLN-single, PixArt-α, arXiv 2310.00426);
  - rotary positions in seconds and cells, normalised queries and keys (arXiv 2302.05442), SwiGLU
    (arXiv 2002.05202), residual values (arXiv 2410.17897), no biases;
  - an early head after a middle block, whose weaker guess serves internal guidance (arXiv 2512.24176);
  - token routing in training: part of every frame's cells skips the middle blocks (TREAD, arXiv 2501.04765).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.errors import OzoraError, refuse
from ozora.model.attention import attend
from ozora.model.positions import (
    PLACE_FEATURES,
    TIME_UNITS_PER_SECOND,
    cell_angles,
    place_features,
    rotate,
)
from ozora.model.text import TextOutput


@dataclass(frozen=True)
class TransformerConfig:
    """Shape of a transformer. ``routed`` names the blocks [from, to) that routed cells skip in training."""

    channels: int = 16
    width: int = 256
    layers: int = 4
    heads: int = 4
    hidden: int = 448
    registers: int = 4
    low_rank: int = 16
    time_features: int = 128
    early_after: int = 3
    routed: tuple[int, int] = (1, 3)
    aims: bool = False  # told which noise level its answer steps to, as a few-step student is
    refines: bool = False  # shown the film on half as many cells a side: its layout

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise refuse("transformer width", self.width, f"a multiple of its {self.heads} heads")
        start, stop = self.routed
        if not 1 <= start < stop <= self.early_after < self.layers:
            raise OzoraError(
                f"transformer: routed blocks {self.routed} must begin after the first block and end by the "
                f"early head (after block {self.early_after}), which comes before the last of {self.layers}."
            )


TRANSFORMER_SIZES: dict[str, TransformerConfig] = {
    "micro": TransformerConfig(),
    "mini": TransformerConfig(
        channels=32, width=512, layers=10, heads=8, hidden=1408, early_after=7, routed=(2, 7)
    ),
    "base": TransformerConfig(
        channels=48, width=1024, layers=22, heads=16, hidden=2816, early_after=15, routed=(2, 15)
    ),
    "large": TransformerConfig(
        channels=48, width=2304, layers=32, heads=18, hidden=5760, low_rank=32, early_after=22, routed=(2, 22)
    ),
}


FASTEST_WAVE = 100.0
"""Noise levels are told as waves of 1 to this many radians; faster ones would blur neighbouring levels."""


@dataclass(frozen=True)
class TransformerOutput:
    """Guesses of the clean latents, both (B, L, C, h, w): from the last block and from the early head.

    ``early`` is empty where it was not asked for.
    """

    clean: Tensor
    early: Tensor
    middle: Tensor  # (B, L, h·w, d) what the early head reads


def _linear(inputs: int, outputs: int, zero: bool = False) -> nn.Linear:
    """A layer that keeps variance, or starts silent so that the block it ends is an identity at first."""
    layer = nn.Linear(inputs, outputs, bias=False)
    nn.init.zeros_(layer.weight) if zero else nn.init.normal_(layer.weight, std=inputs**-0.5)
    return layer


def _normed(tokens: Tensor) -> Tensor:
    """RMS normalisation of the last axis (arXiv 1910.07467), no gain: scales come from the conditioning."""
    return F.rms_norm(tokens, tokens.shape[-1:])


@dataclass(frozen=True)
class Stream:
    """Layout of the token axis: ``context`` registers and words, then ``frames`` equal groups of cells."""

    context: int
    frames: int
    angles: Tensor  # (B, L·cells, head/2) rotary angles of the cells; context tokens are not turned
    cosine: Tensor  # (B, N, 1, 1, head/2)
    sine: Tensor
    mask: Tensor | None  # (B, 1, 1, N) True where a token may be seen

    def per_frame(self, tokens: Tensor, gain: Tensor, shift: Tensor | None = None) -> Tensor:
        """Scale and shift tokens (B, N, d): context by row 0 of (B, 1+L, d), cells of frame f by row 1+f."""
        words, cells = self.split(tokens)
        if shift is None:
            words, cells = words * gain[:, :1], cells * gain[:, 1:, None]
        else:
            words = torch.addcmul(shift[:, :1], words, gain[:, :1])
            cells = torch.addcmul(shift[:, 1:, None], cells, gain[:, 1:, None])  # (B, L, cells, d)
        return torch.cat((words, cells.flatten(1, 2)), dim=1)  # (B, N, d)

    def split(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Tokens (B, N, d) to context (B, K, d) and cells by frame (B, L, cells, d)."""
        words, cells = tokens.split((self.context, tokens.shape[1] - self.context), dim=1)
        return words, cells.unflatten(1, (self.frames, -1))

    def pick(self, tokens: Tensor, kept: Tensor) -> Tensor:
        """Keep all context tokens and the cells ``kept`` (B, L, k) of each frame: (B, K + L·k, d)."""
        words, cells = self.split(tokens)
        return torch.cat((words, torch.take_along_dim(cells, kept[..., None], dim=2).flatten(1, 2)), dim=1)

    def put_back(self, picked: Tensor, kept: Tensor, tokens: Tensor) -> Tensor:
        """Undo ``pick``: cells that were not kept come from ``tokens``, unchanged."""
        words, part = self.split(picked)
        index = kept[..., None].expand(-1, -1, -1, tokens.shape[-1])
        cells = self.split(tokens)[1].scatter(2, index, part)  # (B, L, cells, d)
        return torch.cat((words, cells.flatten(1, 2)), dim=1)

    def of_film(self, film: int) -> Stream:
        """The layout of one film of the batch."""
        one = slice(film, film + 1)
        mask = None if self.mask is None else self.mask[one]
        return replace(
            self, angles=self.angles[one], cosine=self.cosine[one], sine=self.sine[one], mask=mask
        )

    def narrowed(self, kept: Tensor) -> Stream:
        """The layout of the tokens that `pick` keeps."""
        angles = self.angles.unflatten(1, (self.frames, -1))
        angles = torch.take_along_dim(angles, kept[..., None], dim=2).flatten(1, 2)
        mask = None if self.mask is None else self.mask[..., : self.context]
        return lay_out(self.context, self.frames, angles, mask)


def lay_out(context: int, frames: int, angles: Tensor, mask: Tensor | None) -> Stream:
    """Build a `Stream` from the cells' angles (B, L·cells, head/2) and the context's mask (B, 1, 1, K)."""
    turned = F.pad(angles, (0, 0, context, 0))[:, :, None, None]  # (B, N, 1, 1, head/2)
    if mask is not None:
        mask = F.pad(mask, (0, angles.shape[1]), value=True)  # (B, 1, 1, N)
    return Stream(context, frames, angles, turned.cos(), turned.sin(), mask)


class Block(nn.Module):
    """Attention and a gated feed-forward layer, both scaled, shifted and gated per latent frame."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        width, head = config.width, config.width // config.heads
        self.heads = config.heads
        self.qkv = _linear(width, 3 * width)
        self.attention_out = _linear(width, width, zero=True)
        self.up = _linear(width, 2 * config.hidden)
        self.down = _linear(config.hidden, width, zero=True)
        self.query_key_gain = nn.Parameter(torch.ones(2, 1, head))
        self.value_mix = nn.Parameter(torch.tensor([0.5, 0.5]))  # this block's values, the first block's
        offset = torch.zeros(6, width)
        offset[[1, 2, 4, 5]] = (
            1.0  # gains of one; gates open, as the silent output layers keep the block quiet
        )
        self.offset = nn.Parameter(offset)
        self.low = _linear(width, config.low_rank)
        self.high = _linear(config.low_rank, 6 * width, zero=True)

    def forward(
        self, tokens: Tensor, condition: Tensor, shared: Tensor, first_value: Tensor | None, stream: Stream
    ) -> tuple[Tensor, Tensor]:
        """``tokens`` (B, N, d), ``condition`` (B, 1+L, d), ``shared`` (B, 1+L, 6d)."""
        change = shared + self.high(self.low(condition))  # (B, 1+L, 6d)
        shift1, gain1, gate1, shift2, gain2, gate2 = (change.unflatten(-1, (6, -1)) + self.offset).unbind(-2)
        mixed, value = self.attention(stream.per_frame(_normed(tokens), gain1, shift1), first_value, stream)
        tokens = tokens + stream.per_frame(mixed, gate1)
        left, right = self.up(stream.per_frame(_normed(tokens), gain2, shift2)).chunk(2, dim=-1)
        return tokens + stream.per_frame(self.down(F.silu(left) * right), gate2), value  # (B, N, d)

    def attention(self, tokens: Tensor, first_value: Tensor | None, stream: Stream) -> tuple[Tensor, Tensor]:
        """Every token looks at every token; values are mixed with the first block's."""
        qkv = self.qkv(tokens).unflatten(-1, (3, self.heads, -1))  # (B, N, 3, H, d/H)
        query_key, values = qkv.split((2, 1), dim=2)
        value = values.flatten(2)  # (B, N, d)
        query_key = rotate(_normed(query_key) * self.query_key_gain, stream.cosine, stream.sine)
        query, key = query_key.transpose(1, 3).unbind(2)  # (B, H, N, d/H)
        if first_value is not None:
            value = self.value_mix[0] * value + self.value_mix[1] * first_value
        heads = value.unflatten(-1, (self.heads, -1)).transpose(1, 2)  # (B, H, N, d/H)
        mixed = attend(query, key, heads, stream.mask)
        return self.attention_out(mixed.transpose(1, 2).flatten(2)), value  # (B, N, d)


class Head(nn.Module):
    """Reads the answer off the cells; starts silent."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.modulation = _linear(config.width, 2 * config.width, zero=True)
        self.out = _linear(config.width, config.channels, zero=True)

    def forward(self, cells: Tensor, condition: Tensor) -> Tensor:
        """``cells`` (B, L, h·w, d), ``condition`` (B, L, d) to (B, L, h·w, C)."""
        shift, scale = self.modulation(condition)[:, :, None].chunk(2, dim=-1)
        return self.out(torch.addcmul(shift, _normed(cells), 1 + scale))


class Transformer(nn.Module):
    """Noisy latents, noise levels per frame and words to clean latents (DiT, arXiv 2212.09748)."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        width = config.width
        self.cell_in = _linear(config.channels, width)
        self.layout_in = _linear(config.channels, 4 * width, zero=True) if config.refines else None
        self.place_in = _linear(PLACE_FEATURES, width)
        self.given_in = nn.Parameter(torch.zeros(width))  # the given bit's input channel
        self.registers = nn.Parameter(torch.randn(config.registers, width))
        self.word_gain = nn.Parameter(torch.ones(width))
        self.word_kind = nn.Parameter(torch.zeros(width))
        self.context_condition = nn.Parameter(torch.zeros(width))
        self.frame_in = _linear(config.time_features + 3, width)
        self.frame_out = _linear(width, width)
        self.aim_in = _linear(config.time_features, width, zero=True) if config.aims else None
        self.pooled_in = _linear(width, width, zero=True)
        self.shared = _linear(width, 6 * width, zero=True)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.head = Head(config)
        self.early_head = Head(config)

    def forward(
        self,
        latents: Tensor,
        timestep: Tensor,
        given: Tensor,
        seconds: Tensor,
        text: TextOutput,
        *,
        aim: Tensor | None = None,
        layout: Tensor | None = None,
        early: bool = True,
        route: float = 0.0,
        generator: torch.Generator | None = None,
    ) -> TransformerOutput:
        """Predict the clean latents.

        ``latents`` (B, L, C, h, w) noisy; ``timestep`` (B, L) noise level 0..1 of each latent frame;
        ``given`` (B, L) True where the frame is known; ``seconds`` (B, L) when each frame happens; ``text``
        of B prompts, or of one for all. ``aim`` (B, L) is the noise level that the answer will step to, for a
        network that ``aims``: a step straight towards its answer then lands where many small steps would
        (flow maps, arXiv 2406.07507); others do not read it. ``layout`` (B, L, C, h/2, w/2) is what one that
        ``refines`` makes clear. ``early`` asks for the early head's guess too.
        ``route`` is the share of each frame's cells
        that skips the routed blocks, drawn from ``generator`` (training only). Raises OzoraError where
        shapes do not fit.
        """
        batch, frames, channels, height, width = latents.shape
        if channels != self.config.channels or timestep.shape != (batch, frames):
            raise OzoraError(
                f"transformer: latents {tuple(latents.shape)} with timesteps {tuple(timestep.shape)} do not "
                f"fit; expected (B, L, {self.config.channels}, h, w) with (B, L)."
            )
        cells = self.cell_in(latents.flatten(3).transpose(2, 3))  # (B, L, h·w, d)
        cells = cells + self.place_in(place_features(height, width, latents.device))  # where in the frame
        if self.layout_in is not None:
            cells = cells + self._laid_out(layout, latents)
        cells = cells + given[:, :, None, None].to(cells.dtype) * self.given_in
        words = _normed(text.words) * self.word_gain + self.word_kind  # (B or 1, W, d)
        tokens = torch.cat(
            (self.registers.expand(batch, -1, -1), words.expand(batch, -1, -1), cells.flatten(1, 2)), dim=1
        )  # (B, N, d)
        mask = None
        if text.mask is not None:
            mask = F.pad(text.mask.expand(batch, -1), (self.config.registers, 0), value=True)[:, None, None]
        angles = cell_angles(seconds, height, width, self.config.width // self.config.heads)
        stream = lay_out(self.config.registers + words.shape[1], frames, angles, mask)
        kept = None
        if route > 0.0:
            kept = _kept_cells((batch, frames, height * width), route, latents.device, generator)
        aim = timestep if aim is None else aim
        condition = self.condition(timestep, given, seconds, text.pooled, aim)  # (B, 1+L, d)
        last, middle = self._run_blocks(tokens, condition, stream, kept)

        keep, change = (part[:, :, None, None, None] for part in _preconditioning(timestep.float()))

        def read(head: nn.Module, tokens: Tensor) -> Tensor:
            answer = head(stream.split(tokens)[1], condition[:, 1:])  # (B, L, h·w, C)
            return keep * latents + change * answer.transpose(2, 3).reshape(latents.shape).float()

        seen = stream.split(middle)[1]
        weaker = read(self.early_head, middle) if early else latents.new_empty(0)
        return TransformerOutput(read(self.head, last), weaker, seen)

    def _laid_out(self, layout: Tensor | None, latents: Tensor) -> Tensor:
        """What each cell (B, L, h·w, d) is told of the layout: its own part of the cell it lies in."""
        assert self.layout_in is not None
        batch, frames, channels, height, width = latents.shape
        fitting = (batch, frames, channels, height // 2, width // 2)
        if layout is None or height % 2 or width % 2 or layout.shape != fitting:
            came = "no layout" if layout is None else f"a layout {tuple(layout.shape)}"
            raise OzoraError(f"transformer: {came} for latents {tuple(latents.shape)}; expected {fitting}.")
        read = self.layout_in(layout.permute(0, 1, 3, 4, 2))  # (B, L, h/2, w/2, 4d)
        read = read.unflatten(-1, (2, 2, -1)).permute(0, 1, 2, 4, 3, 5, 6)  # (B, L, h/2, 2, w/2, 2, d)
        return read.reshape(batch, frames, height * width, -1)

    def _run_blocks(
        self, tokens: Tensor, condition: Tensor, stream: Stream, kept: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        """Run every block; returns the tokens (B, N, d) after the last block and after the early head's."""
        start, stop = self.config.routed
        shared = self.shared(F.silu(condition))  # (B, 1+L, 6d)
        first: Tensor | None = None
        middle, dense, dense_first, full = tokens, tokens, first, stream
        for number, block in enumerate(self.blocks):
            if kept is not None and first is not None and number == start:
                dense, dense_first, stream = tokens, first, full.narrowed(kept)
                tokens, first = full.pick(tokens, kept), full.pick(first, kept)
            tokens, value = block(tokens, condition, shared, first, stream)  # (B, N, d)
            first = value if first is None else first
            if kept is not None and number + 1 == stop:
                tokens, first, stream = full.put_back(tokens, kept, dense), dense_first, full
            if number + 1 == self.config.early_after:
                middle = tokens
        return tokens, middle

    def condition(
        self, timestep: Tensor, given: Tensor, seconds: Tensor, pooled: Tensor, aim: Tensor
    ) -> Tensor:
        """What each frame's scales and shifts depend on: (B, 1+L, d), row 0 for registers and words."""
        opens = seconds == 0  # the latent that opens a film holds a single frame, others hold several
        flags = torch.stack((given.float(), opens.float(), frame_steps(seconds)), dim=-1)
        features = torch.cat((self._waves(timestep), flags), dim=-1)  # (B, L, features)
        inner = self.frame_in(features)  # (B, L, d)
        if self.aim_in is not None:
            inner = inner + self.aim_in(self._waves(aim))
        frames = self.frame_out(F.silu(inner))  # (B, L, d)
        rows = torch.cat((self.context_condition.expand(len(frames), 1, -1), frames), dim=1)
        return rows + self.pooled_in(pooled)[:, None]

    def _waves(self, level: Tensor) -> Tensor:
        """Noise levels (B, L) as cosines and sines (B, L, time_features)."""
        half = self.config.time_features // 2
        rate = torch.exp(torch.arange(half, device=level.device) * (math.log(FASTEST_WAVE) / half))
        phase = level.float()[..., None] * rate  # (B, L, half) radians
        return torch.cat((phase.cos(), phase.sin()), dim=-1)


def _preconditioning(timestep: Tensor) -> tuple[Tensor, Tensor]:
    """How much of the noisy latents and of the network's answer make the clean guess (EDM, arXiv 2206.00364).

    For unit-variance latents the first alone is the best linear guess, which a silent network so gives,
    and the second makes the answer's target equally large at every noise level.
    """
    power = (1 - timestep) ** 2 + timestep**2
    return (1 - timestep) / power, timestep / power.sqrt()


def frame_steps(seconds: Tensor) -> Tensor:
    """Time from the frame before to each frame (B, L), in thirds of a second; zero says a picture."""
    step = seconds.diff(dim=1)
    step = torch.cat((step[:, :1], step), dim=1) if seconds.shape[1] > 1 else torch.zeros_like(seconds)
    return step.float() * TIME_UNITS_PER_SECOND


def _kept_cells(
    shape: tuple[int, int, int], route: float, device: torch.device, generator: torch.Generator | None
) -> Tensor:
    """Draw which cells of each frame are not routed around the middle blocks: sorted indices (B, L, k)."""
    if not 0.0 <= route < 1.0:
        raise refuse("route", route, "a share from 0 up to, but not including, 1")
    count = max(1, round(shape[2] * (1.0 - route)))
    order = torch.rand(shape, device=device, generator=generator)
    return order.topk(count, dim=2).indices.sort(dim=2).values
