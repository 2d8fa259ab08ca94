"""The one door to attention: every network calls `attend`; a new kernel must first equal the stock one."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ozora.errors import refuse
from ozora.model.pieces import in_pieces


def _stock(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """PyTorch's fused attention: the best choice in float32 on a CPU and in every precision on a GPU."""
    return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)


def _matrix_product(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Two plain matrix products around a softmax: much quicker for bfloat16 on CPUs with AVX-512."""
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)  # (B, H, N, M)
    if mask is not None:
        scores = scores.masked_fill(~mask, float("-inf"))
    return torch.softmax(scores, dim=-1) @ value  # (B, H, N, d)


def _in_pieces(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Plain products again, a piece at a time and backwards too: what training on a CPU takes."""
    if _is_mixed(query):
        # Mixed precision would take the exponentials to float32 and back, which costs more than the products.
        query, key, value = (each.to(torch.get_autocast_dtype("cpu")) for each in (query, key, value))
    with torch.autocast(query.device.type, enabled=False):
        return in_pieces(query, key, value, mask)


def _is_mixed(query: Tensor) -> bool:
    """Whether a network is being trained on a CPU in mixed precision."""
    return query.device.type == "cpu" and torch.is_autocast_enabled("cpu")


KERNELS: dict[str, Callable[[Tensor, Tensor, Tensor, Tensor | None], Tensor]] = {
    "stock": _stock,
    "matrix product": _matrix_product,
    "pieces": _in_pieces,
}


def best_kernel(query: Tensor) -> str:
    """Name the quickest kernel for tensors like ``query`` (measured; see the recipe's table of CPU facts)."""
    if _is_mixed(query):
        return "pieces"
    return "matrix product" if query.device.type == "cpu" and query.dtype == torch.bfloat16 else "stock"


def attend(
    query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None = None, kernel: str | None = None
) -> Tensor:
    """Softmax attention (Vaswani et al. 2017, arXiv 1706.03762), scaled by the square root of the head width.

    ``query`` (B, H, N, d), ``key`` and ``value`` (B, H, M, d); ``mask`` is boolean, True where a key may be
    seen, and broadcasts to (B, H, N, M). ``kernel`` is a name from ``KERNELS``; by default `best_kernel`
    picks it. Returns (B, H, N, d).
    """
    name = best_kernel(query) if kernel is None else kernel
    if name not in KERNELS:
        raise refuse("attention kernel", name, " or ".join(KERNELS))
    return KERNELS[name](query, key, value, mask)
