"""Attention in pieces that stay in a processor's cache, forwards and backwards: for training on a CPU.

Scores of a film of 1456 cells are 34 MB a layer in bfloat16; written out, softened and read again they cost
more than the products. Here a few rows of scores are made, used and forgotten, and made again for the
gradients, as FlashAttention does on a GPU (arXiv 2205.14135).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

SCORES_AT_ONCE = 2**18
"""Half a megabyte in bfloat16, and as much again for their gradients: within the second cache of a core."""


def _pieces(heads: int, rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
    """Heads and rows whose scores fit in the cache together: several short heads, or a part of a long one."""
    high = max(1, min(rows, SCORES_AT_ONCE // columns))
    several = max(1, SCORES_AT_ONCE // (high * columns)) if high == rows else 1
    for head in range(0, heads, several):
        for row in range(0, rows, high):
            yield slice(head, head + several), slice(row, row + high)


@torch.library.custom_op("ozora::attention_in_pieces", mutates_args=())
def _attention(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Mix ``value`` (G, M, d) by ``key``, ``bias`` (G, 1, M) and scaled ``query`` (G, N, d); sums, peaks."""
    out, turned = torch.empty_like(query), key.transpose(1, 2)
    sums = query.new_empty((*query.shape[:2], 1), dtype=torch.float32)
    peaks = query.new_empty((*query.shape[:2], 1))
    for head, row in _pieces(len(query), query.shape[1], key.shape[1]):
        scores = torch.baddbmm(bias[head], query[head, row], turned[head])  # (g, n, M)
        peak = scores.amax(-1, keepdim=True)
        weights = scores.sub_(peak).exp_()
        total = weights.sum(-1, keepdim=True, dtype=torch.float32)
        out[head, row] = torch.bmm(weights, value[head]) / total
        sums[head, row], peaks[head, row] = total, peak
    return out, sums, peaks


@_attention.register_fake
def _shapes(query: Tensor, key: Tensor, value: Tensor, bias: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    column = query.new_empty((*query.shape[:2], 1))
    return torch.empty_like(query), column.float(), column


@torch.library.custom_op("ozora::attention_in_pieces_backward", mutates_args=())
def _gradients(
    slope: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor,
    out: Tensor,
    sums: Tensor,
    peaks: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    """From the gradient of the result (G, N, d) those of query, key and value."""
    to_query = torch.empty_like(query)
    to_key, to_value = (torch.zeros_like(each, dtype=torch.float32) for each in (key, value))
    agreed = (slope.float() * out.float()).sum(-1, keepdim=True) / sums  # (G, N, 1)
    shared = (slope / sums).to(slope.dtype)  # weights are not divided by their sums, so gradients are
    for head, row in _pieces(len(query), query.shape[1], key.shape[1]):
        part, given = query[head, row], shared[head, row]
        scores = torch.baddbmm(bias[head], part, key[head].transpose(1, 2))
        weights = scores.sub_(peaks[head, row]).exp_()  # (g, n, M)
        to_value[head] += torch.bmm(weights.transpose(1, 2), given)
        change = torch.bmm(given, value[head].transpose(1, 2))
        change = change.sub_(agreed[head, row].to(change.dtype)).mul_(weights)
        to_query[head, row] = torch.bmm(change, key[head])
        to_key[head] += torch.bmm(change.transpose(1, 2), part)
    return to_query, to_key.to(key.dtype), to_value.to(value.dtype)


@_gradients.register_fake
def _gradient_shapes(
    slope: Tensor,
    query: Tensor,
    key: Tensor,
    value: Tensor,
    bias: Tensor,
    out: Tensor,
    sums: Tensor,
    peaks: Tensor,
) -> tuple[Tensor, Tensor, Tensor]:
    return torch.empty_like(query), torch.empty_like(key), torch.empty_like(value)


def _keep(ctx: Any, inputs: tuple[Tensor, ...], output: tuple[Tensor, ...]) -> None:
    ctx.save_for_backward(*inputs, *output)


def _turn_back(ctx: Any, slope: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
    return (*_gradients(slope.contiguous(), *ctx.saved_tensors), None)


_attention.register_autograd(_turn_back, setup_context=_keep)


def in_pieces(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Softmax attention of ``query`` (B, H, N, d) to ``key`` and ``value`` (B, H, M, d), all of one dtype.

    ``mask`` (B, 1, 1, M) is True where a key may be seen. Returns (B, H, N, d).
    """
    batch, heads, width = query.shape[0], query.shape[1], query.shape[3]
    bias = query.new_zeros(batch, 1, 1, key.shape[2])
    if mask is not None:
        bias = bias.masked_fill(~mask, float("-inf"))
    bias = bias.expand(-1, heads, -1, -1).flatten(0, 1)  # (B·H, 1, M)
    query, key, value = (each.flatten(0, 1).contiguous() for each in (query * width**-0.5, key, value))
    mixed = _attention(query, key, value, bias)[0]
    return mixed.unflatten(0, (batch, heads))  # (B, H, N, d)
