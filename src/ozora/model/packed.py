"""The film transformer laid out for filming on a processor, in the numbers that it multiplies quickest.

The same arithmetic as `Transformer`, which stays the measure that tests hold it to. What differs:
  - the large matrices are multiplied in bfloat16, or in int8 with a scale for each of their rows and one for
    what they are multiplied with, found as it comes;
  - attention is two matrix products around an exponential. Queries and keys are normalised, so their products
    are bounded and need no maximum subtracted; their gains carry the softmax's scale and base;
  - pairs that turn together lie side by side, so that turning them is one complex product;
  - tokens, norms and gates stay in float32: less is lost, and pointwise work is no slower than in bfloat16.

For inference on a CPU only: there is no gradient. Films of a batch run one by one, each as it would alone.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.errors import OzoraError, refuse
from ozora.model.autoencoder import Autoencoder
from ozora.model.precision import quick_precisions
from ozora.model.transformer import Block, Stream, Transformer

SCORES_AT_ONCE = 6_000_000
"""Attention weights held at a time: more leave the processor's cache, fewer do not fill its vectors."""

SAFE_EXPONENT = 100.0
"""Attention weights up to 2 to this, summed over any film, stay inside bfloat16's range."""


class BFloat16Linear(nn.Module):
    """A linear layer whose weights and products are bfloat16, summed in float32.

    oneDNN's, which lays the weights out once, for its own loops, instead of at every call. Where it has no
    such layer, on processors without the instructions, PyTorch's.
    """

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.weight = weight.bfloat16()
        quick = "bfloat16" in quick_precisions()
        self.laid_out = quick and hasattr(torch.ops.mkldnn, "_linear_pointwise")  # PyTorch's compiler's own
        if self.laid_out:
            self.weight = torch.ops.mkldnn._reorder_linear_weight(self.weight, None)

    @staticmethod
    def taken(values: Tensor) -> Tensor:
        """Values (N, in) in the numbers that layers of this kind take."""
        return values.to(torch.bfloat16)

    def forward(self, taken: Tensor, into: torch.dtype) -> Tensor:
        """Map (N, in), as `taken`, to (N, out) in ``into``."""
        if not self.laid_out:
            return F.linear(taken, self.weight).to(into)
        found: Tensor = torch.ops.mkldnn._linear_pointwise(taken, self.weight, None, "none", [], "")
        return found.to(into)


class Rounded(NamedTuple):
    """Values (N, in) as whole numbers of steps above −128: uint8."""

    values: Tensor
    step: float


class Int8Linear(nn.Module):
    """A linear layer of int8 weights with a scale a row, on values rounded to eight bits with one scale.

    Weights that lie as int8 with a scale a row in their file are multiplied as the very numbers they are.
    oneDNN's layer, too: it scales the sums before they leave the cache.
    """

    scale: Tensor
    zeros: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        scale = weight.abs().amax(1).clamp(min=1e-12) / 127
        rounded = (weight / scale[:, None]).round().to(torch.int8)
        self.weight = torch.ops.onednn.qlinear_prepack(rounded, None)
        self.register_buffer("scale", scale)
        self.register_buffer("zeros", torch.zeros(len(weight), dtype=torch.int32))

    @staticmethod
    def taken(values: Tensor) -> Rounded:
        """Values (N, in) rounded to eight bits, so that the largest of them still fits."""
        low, high = torch.aminmax(values)
        step = max(float(high), -float(low), 1e-12) / 127
        # Cut off above a half, so rounded.
        return Rounded(torch.mul(values.float(), 1 / step).add_(128.5).to(torch.uint8), step)

    def forward(self, taken: Rounded, into: torch.dtype) -> Tensor:
        """Map (N, in), as `taken`, to (N, out) in ``into``."""
        found: Tensor = torch.ops.onednn.qlinear_pointwise(
            taken.values, taken.step, 128, self.weight, self.scale, self.zeros, None,
            1.0, 0, into, "none", [], "",
        )  # fmt: skip
        return found


_LAYERS: dict[str, type[BFloat16Linear] | type[Int8Linear]] = {"bfloat16": BFloat16Linear, "int8": Int8Linear}


class PackedBlock(nn.Module):
    """A block of the transformer, for one film: tokens (N, d) are changed in place."""

    gain: Tensor

    @torch.no_grad()
    def __init__(self, block: Block, first: bool, precision: str) -> None:
        super().__init__()
        layer = _LAYERS[precision]
        self.taken: Callable[[Tensor], Any] = layer.taken
        width, self.heads = block.attention_out.in_features, block.heads
        side_by_side = _pairs(width // self.heads)
        query, key, value = block.qkv.weight.float().chunk(3)
        query, key = (
            rows.unflatten(0, (self.heads, -1))[:, side_by_side].flatten(0, 1) for rows in (query, key)
        )
        left, right = block.up.weight.float().chunk(2)
        own_share, self.first_share = block.value_mix.tolist()
        if not first:
            value = value * own_share
        self.query_key = layer(torch.cat((query, key)))
        self.value = layer(value)
        self.attention_out = layer(block.attention_out.weight.float())
        self.up_left, self.up_right = layer(left), layer(right)
        self.down = layer(block.down.weight.float())
        gains = block.query_key_gain.float().flatten(1)[:, side_by_side]  # (2, d/H)
        head = gains.shape[1]
        # Vectors of unit length instead of unit mean square, and powers of 2 instead of e.
        scale = torch.tensor([head**0.5 / math.log(2), 1.0])
        bound = float((gains.abs().amax(1) * scale).prod())
        self.bounded = bound <= SAFE_EXPONENT
        self.register_buffer("gain", (gains * scale[:, None]).repeat_interleave(self.heads, 0).flatten())

    def forward(self, tokens: Tensor, change: Tensor, first: Tensor | None, layout: Layout) -> Tensor:
        """Change ``tokens`` (N, d), scaled, shifted and gated by ``change`` (1+L, 6, d).

        ``first`` are the first block's values (H, N, d/H), which its successors mix with their own; returns
        this block's.
        """
        shift1, gain1, gate1, shift2, gain2, gate2 = change.unbind(1)
        mixed, values = self.attention(layout.modulated(tokens, gain1, shift1), first, layout)
        layout.add(tokens, self.attention_out(self.taken(mixed), torch.float32), gate1)
        inner = self.taken(layout.modulated(tokens, gain2, shift2))
        gated = F.silu(self.up_left(inner, torch.bfloat16)).mul_(self.up_right(inner, torch.bfloat16))
        layout.add(tokens, self.down(self.taken(gated), torch.float32), gate2)
        return values

    def attention(self, tokens: Tensor, first: Tensor | None, layout: Layout) -> tuple[Tensor, Tensor]:
        """Every token looks at every token: mixed values (N, d), and this block's own (H, N, d/H)."""
        taken, count = self.taken(tokens), len(tokens)
        values = self.value(taken, torch.bfloat16)
        values = values.unflatten(1, (self.heads, -1)).transpose(0, 1)  # (H, N, d/H)
        if first is None:
            values = values.contiguous()
        else:
            values = torch.add(values, first, alpha=self.first_share, out=torch.empty_like(first))
        query_key = self.query_key(taken, torch.float32)
        query_key = query_key.unflatten(1, (2 * self.heads, -1))  # (N, 2H, d/H)
        length = torch.linalg.vector_norm(query_key, dim=-1, keepdim=True).clamp_(min=1e-12)
        query_key = query_key.div_(length).flatten(1).mul_(self.gain)
        pairs = torch.view_as_complex(query_key.view(count, 2 * self.heads, -1, 2))
        turned = torch.view_as_real(pairs.mul_(layout.turn)).view(count, 2, self.heads, -1)
        heads = turned.new_empty((2, self.heads, count, turned.shape[-1]), dtype=torch.bfloat16)
        query, key = heads.copy_(turned.permute(1, 2, 0, 3))  # (H, N, d/H)
        return self._weighed(query, key, values, layout.mask).flatten(1), values

    def _weighed(self, query: Tensor, key: Tensor, values: Tensor, mask: Tensor | None) -> Tensor:
        """Softmax attention over (H, N, d/H), so many queries at a time that their weights stay in cache.

        Returns (N, H, d/H).
        """
        heads, count, width = query.shape
        mixed = values.new_empty((count, heads, width))
        at_once = math.ceil(count / math.ceil(heads * count * count / SCORES_AT_ONCE))
        key = key.transpose(1, 2)
        for start in range(0, count, at_once):
            weights = torch.bmm(query[:, start : start + at_once], key)  # (H, n, N)
            if not self.bounded:
                weights -= weights.amax(-1, keepdim=True)
            weights.exp2_()
            if mask is not None:
                weights.mul_(mask)
            found, total = torch.bmm(weights, values), weights.sum(-1, keepdim=True)
            torch.div(found, total, out=mixed[start : start + at_once].transpose(0, 1))
        return mixed


class Layout:
    """Where the tokens (N, d) of a film stand: ``context`` registers and words, then ``frames`` of cells."""

    def __init__(self, stream: Stream) -> None:
        self.context, self.frames = stream.context, stream.frames
        cosine, sine = stream.cosine[0, :, 0], stream.sine[0, :, 0]  # (N, 1, d/2H)
        self.turn = torch.complex(cosine, sine)
        self.mask = None if stream.mask is None else stream.mask[0].to(torch.bfloat16)  # (1, 1, N)

    def modulated(self, tokens: Tensor, gain: Tensor, shift: Tensor) -> Tensor:
        """RMS-normalised tokens (N, d), scaled and shifted by a row for the context and one a frame."""
        length = torch.linalg.vector_norm(tokens, dim=1, keepdim=True).clamp_(min=1e-12)
        found = tokens * (tokens.shape[1] ** 0.5 / length)
        words, cells = self._split(found)
        torch.addcmul(shift[:1], words, gain[:1], out=words)
        torch.addcmul(shift[1:, None], cells, gain[1:, None], out=cells)
        return found

    def add(self, tokens: Tensor, change: Tensor, gate: Tensor) -> None:
        """Add ``change`` (N, d) to the tokens, gated by a row for the context and one a frame."""
        (words, cells), (more_words, more_cells) = self._split(tokens), self._split(change)
        words.addcmul_(more_words, gate[:1])
        cells.addcmul_(more_cells, gate[1:, None])

    def _split(self, tokens: Tensor) -> tuple[Tensor, Tensor]:
        """Views of the context (K, d) and of the cells by frame (L, cells, d)."""
        return tokens[: self.context], tokens[self.context :].unflatten(0, (self.frames, -1))


class PackedTransformer(Transformer):
    """A transformer whose blocks are packed: called like one, for films only, on a CPU."""

    low: Tensor
    high: Tensor
    offset: Tensor

    def __init__(self, plain: Transformer, precision: str) -> None:
        nn.Module.__init__(self)
        if precision not in _LAYERS:
            raise refuse("precision", precision, " or ".join(("float32", *_LAYERS)))
        self.config = plain.config
        for name, parameter in plain.named_parameters(recurse=False):
            self.register_parameter(name, parameter)
        for name, module in plain.named_children():
            if name != "blocks":
                self.add_module(name, module)
        for name in ("aim_in", "layout_in"):
            if getattr(plain, name) is None:
                setattr(self, name, None)
        blocks = [block for block in plain.blocks if isinstance(block, Block)]
        self.blocks = nn.ModuleList(
            PackedBlock(block, number == 0, precision) for number, block in enumerate(blocks)
        )
        # What scales, shifts and gates all blocks, in three products instead of two for each of them.
        low = torch.cat([block.low.weight for block in blocks])  # (blocks·r, d)
        high = torch.stack([block.high.weight.t() for block in blocks])  # (blocks, r, 6d)
        offset = torch.stack([block.offset.flatten() for block in blocks])[:, None]  # (blocks, 1, 6d)
        for name, tensor in {"low": low, "high": high, "offset": offset}.items():
            self.register_buffer(name, tensor.detach())

    def _run_blocks(
        self, tokens: Tensor, condition: Tensor, stream: Stream, kept: Tensor | None
    ) -> tuple[Tensor, Tensor]:
        if kept is not None or torch.is_grad_enabled():
            raise OzoraError("transformer: a packed one films and is not trained; train the plain one.")
        films = [
            self._run_film(tokens[film].clone(), condition[film], stream.of_film(film))
            for film in range(len(tokens))
        ]
        last, middle = zip(*films, strict=True)
        return torch.stack(last), torch.stack(middle)

    def _run_film(self, tokens: Tensor, condition: Tensor, stream: Stream) -> tuple[Tensor, Tensor]:
        layout, first, middle = Layout(stream), None, tokens
        low = F.linear(condition, self.low).unflatten(1, (len(self.blocks), -1)).transpose(0, 1)
        changes = torch.bmm(low, self.high)  # (blocks, 1+L, 6d)
        changes.add_(self.shared(F.silu(condition))).add_(self.offset)
        for number, (block, change) in enumerate(zip(self.blocks, changes, strict=True)):
            values = block(tokens, change.unflatten(1, (6, -1)), first, layout)
            first = values if first is None else first
            if number + 1 == self.config.early_after:
                middle = tokens.clone()
        return tokens, middle


def packed(transformer: Transformer, precision: str) -> Transformer:
    """The transformer, its blocks multiplied in ``precision``; float32 gives the very one.

    Raises ``OzoraError`` for an unknown precision.
    """
    return transformer if precision == "float32" else PackedTransformer(transformer, precision)


def packed_autoencoder(autoencoder: Autoencoder, precision: str) -> Autoencoder:
    """A copy whose convolutions work in bfloat16, for ``bfloat16`` and ``int8``; float32 gives the very one.

    Latents, the linear path and pixels stay in float32: a sky of few shades would show steps otherwise.
    """
    if precision == "float32":
        return autoencoder
    copied = copy.deepcopy(autoencoder)
    for module in copied.modules():
        if isinstance(module, nn.Conv2d):
            module.bfloat16()
    return copied


def _pairs(head: int) -> Tensor:
    """The order that lays a head's pairs side by side: 0, head/2, 1, head/2 + 1, …"""
    return torch.arange(head).view(2, -1).t().flatten()
