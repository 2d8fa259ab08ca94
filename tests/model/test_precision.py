"""Numbers of fewer bits give nearly the same film, and each precision always gives its own."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ozora.errors import OzoraError
from ozora.model.sampler import sample
from ozora.model.state import State
from ozora.model.text import TextConfig, TextEncoder, encode
from ozora.model.transformer import Transformer, TransformerConfig

_WHERE = Path(__file__).parents[2] / "benchmarks" / "precision.py"
_SPEC = importlib.util.spec_from_file_location("precision", _WHERE)
assert _SPEC is not None and _SPEC.loader is not None
precision = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(precision)
BFloat16Linear, Int8Linear, in_precision = (
    precision.BFloat16Linear, precision.Int8Linear, precision.in_precision
)  # fmt: skip

TOY = TransformerConfig(
    channels=4, width=64, layers=3, heads=2, hidden=96, time_features=32, early_after=2, routed=(1, 2)
)
TOY_TEXT = TextConfig(out_width=64, byte_width=32, byte_layers=1, width=64, layers=1, heads=2, hidden=64)


def toy() -> Transformer:
    torch.manual_seed(0)
    network = Transformer(TOY)
    for parameter in network.parameters():
        if not bool(parameter.any()):
            nn.init.normal_(parameter, std=0.05)
    return network.eval().requires_grad_(False)


def film(network: Transformer, seed: int = 5) -> Tensor:
    torch.manual_seed(1)
    text = encode(TextEncoder(TOY_TEXT), ["a red fox runs"])
    return sample(network, text, None, State.blank(5, (4, 2, 3), [seed]), steps=4, guidance=1.0)


@pytest.mark.parametrize(("numbers", "layer"), [("int8", Int8Linear), ("bfloat16", BFloat16Linear)])
def test_a_film_in_fewer_bits_is_nearly_the_same_film(numbers: str, layer: type[nn.Module]) -> None:
    network = toy()
    quick = in_precision(network, numbers)
    assert sum(isinstance(module, layer) for module in quick.modules()) == 4 * TOY.layers
    assert all(type(module) is not layer for module in network.modules())  # the original is left alone
    exact, near, other = film(network), film(quick), film(network, seed=6)
    assert not torch.equal(exact, near)
    assert torch.equal(near, film(quick))
    error, apart = (float((exact - found).square().mean()) for found in (near, other))
    assert error < 0.002 * apart


def test_float32_is_the_network_itself_and_unknown_precisions_are_refused() -> None:
    network = toy()
    assert in_precision(network, "float32") is network
    with pytest.raises(OzoraError, match=r"^precision: got 'int4', allowed: float32, bfloat16, int8"):
        in_precision(network, "int4")


def test_int8_multiplies_rows_of_very_different_size_alike() -> None:
    torch.manual_seed(2)
    linear = nn.Linear(48, 6, bias=False)
    with torch.no_grad():
        linear.weight *= torch.logspace(-3, 3, 6)[:, None]
    values = torch.randn(7, 48)
    exact, near = linear(values), Int8Linear(linear)(values)
    off = (exact - near).square().mean(0) / exact.square().mean(0)  # (6,) each row by itself
    assert float(off.detach().max()) < 1e-3
