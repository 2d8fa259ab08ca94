"""Attention in pieces is attention: results and gradients, whatever the size of the pieces."""

from __future__ import annotations

import pytest
import torch

from ozora.model import pieces
from ozora.model.attention import attend, best_kernel


@pytest.mark.parametrize("at_once", [1, 40, 100, 10_000])
@pytest.mark.parametrize("masked", [False, True])
def test_results_and_gradients_are_the_textbooks(
    at_once: int, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "SCORES_AT_ONCE", at_once)  # rows of a head, whole heads, all heads at once
    query, key, value = (torch.randn(2, 3, 11, 16, dtype=torch.float64, requires_grad=True) for _ in range(3))
    mask = (torch.rand(2, 1, 1, 11) < 0.6) | (torch.arange(11) == 0) if masked else None
    slope = torch.randn(2, 3, 11, 16, dtype=torch.float64)
    told = []
    for kernel in ("stock", "pieces"):
        mixed = attend(20 * query, key, value, mask, kernel)  # more than an exponential holds
        told.append((mixed, *torch.autograd.grad(mixed, (query, key, value), slope)))
    for expected, got in zip(*told, strict=True):
        assert torch.allclose(got, expected, rtol=1e-5, atol=1e-4)  # sums are kept in float32


def test_one_gradient_may_be_asked_for_alone() -> None:
    query, key, value = torch.randn(3, 1, 2, 5, 16)
    value.requires_grad_()
    attend(query, key, value, None, "pieces").sum().backward()
    weights = torch.softmax(query @ key.transpose(-1, -2) / 4, -1)
    assert value.grad is not None
    assert torch.allclose(value.grad, weights.sum(-2).unsqueeze(-1).expand_as(value), atol=1e-5)


def test_training_on_a_processor_takes_pieces_and_compiles_whole() -> None:
    query, key, value = torch.randn(3, 1, 2, 40, 16)
    with torch.autocast("cpu", torch.bfloat16):
        assert best_kernel(query) == "pieces"
        graph = torch._dynamo.export(lambda q, k, v: attend(q, k, v) + 1)(query, key, value)
    calls = [node.target for node in graph.graph_module.graph.nodes if node.op == "call_function"]
    assert torch.ops.ozora.attention_in_pieces.default in calls
    assert best_kernel(query) == "stock"
