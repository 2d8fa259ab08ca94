"""A packed transformer films what the plain one films, in fewer bits, alone or in a batch."""

from __future__ import annotations

import math
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from torch import Tensor, nn

from ozora.errors import OzoraError
from ozora.model import packed as packing
from ozora.model.autoencoder import Autoencoder
from ozora.model.packed import BFloat16Linear, Int8Linear, PackedBlock, packed, packed_autoencoder
from ozora.model.precision import quick_precisions
from ozora.model.sampler import sample
from ozora.model.sizes import AutoencoderConfig
from ozora.model.state import State
from ozora.model.text import TextConfig, TextEncoder, encode
from ozora.model.transformer import Transformer

TOY_TEXT = TextConfig(out_width=64, byte_width=32, byte_layers=1, width=64, layers=1, heads=2, hidden=64)
sys.path.insert(0, str(Path(__file__).parent))
from toys import TOY, awake, question, words  # noqa: E402

needs_int8 = pytest.mark.skipif("int8" not in quick_precisions(), reason="no instructions for it here")
EITHER = ["bfloat16", pytest.param("int8", marks=needs_int8)]


def film(network: Transformer, seed: int = 5) -> Tensor:
    torch.manual_seed(1)
    text = encode(TextEncoder(TOY_TEXT), ["a red fox runs"])
    return sample(network, text, None, State.blank(5, (4, 2, 3), [seed]), steps=4, guidance=1.0)


def off(found: Tensor, exact: Tensor) -> float:
    return float((found - exact).norm() / exact.norm())


@pytest.mark.parametrize(("precision", "layer"), [("bfloat16", BFloat16Linear), ("int8", Int8Linear)])
def test_a_film_in_fewer_bits_is_nearly_the_same_film(precision: str, layer: type[nn.Module]) -> None:
    if precision == "int8" and "int8" not in quick_precisions():
        pytest.skip("no instructions for it here")
    network = awake(TOY)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    quick = packed(network, precision)
    assert sum(isinstance(module, layer) for module in quick.modules()) == 6 * TOY.layers
    exact, near, other = film(network), film(quick), film(network, seed=6)
    assert not torch.equal(exact, near)
    assert torch.equal(near, film(quick))
    error, apart = (float((exact - found).square().mean()) for found in (near, other))
    assert error < 0.002 * apart
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@settings(max_examples=15, deadline=None)
@for_all(
    frames=st.integers(1, 4), height=st.integers(1, 4), width=st.integers(1, 5), aims=st.booleans(),
    masked=st.booleans(),
)  # fmt: skip
@torch.no_grad()
def test_each_guess_is_the_plain_ones_to_the_bits_of_bfloat16(
    frames: int, height: int, width: int, aims: bool, masked: bool
) -> None:
    network = awake(replace(TOY, aims=aims))
    asked = question(2, frames, height, width)
    mask = torch.tensor([[True] * 5, [True, True, True, False, False]]) if masked else None
    said = words(2, mask=mask)
    exact, near = network(**asked, text=said), packed(network, "bfloat16")(**asked, text=said)
    assert off(near.clean, exact.clean) < 0.01
    assert off(near.early, exact.early) < 0.01
    assert off(near.middle, exact.middle) < 0.02


@pytest.mark.parametrize("precision", EITHER)
def test_each_film_of_a_batch_is_the_film_alone_to_the_bit(precision: str) -> None:
    network, text = packed(awake(), precision), words(1)
    together = sample(network, text, None, State.blank(5, (4, 2, 3), [5, 6, 7]), steps=3, guidance=1.0)
    for number, seed in enumerate((5, 6, 7)):
        alone = sample(network, text, None, State.blank(5, (4, 2, 3), [seed]), steps=3, guidance=1.0)
        assert torch.equal(alone[0], together[number])


@torch.no_grad()
def test_attention_in_pieces_is_attention_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    network, asked, said = packed(awake(TOY), "bfloat16"), question(1, 4, 3, 5), words(1)
    whole = network(**asked, text=said).clean
    monkeypatch.setattr(packing, "SCORES_AT_ONCE", 700)  # of 2 heads and 69 tokens
    assert off(network(**asked, text=said).clean, whole) < 0.005


@torch.no_grad()
def test_gains_that_would_overflow_have_their_maximum_subtracted() -> None:
    network = awake(TOY)
    for block in network.blocks:
        block.query_key_gain.mul_(6.0)  # products up to 36 × the root of the head's width
    quick = packed(network, "bfloat16")
    assert not any(block.bounded for block in quick.blocks)
    near = quick(**question(), text=words())
    assert bool(torch.isfinite(near.clean).all())
    # Attention this sharp picks one token or another by a hair: the bits matter more.
    assert off(near.clean, network(**question(), text=words()).clean) < 0.1
    assert all(block.bounded for block in packed(awake(TOY), "bfloat16").blocks)


def test_the_bound_on_scores_is_one() -> None:
    block = PackedBlock(awake(TOY).blocks[0], True, "bfloat16")
    query, key = block.gain.view(2, TOY.heads, -1)[:, 0].abs().amax(1)
    assert block.bounded and math.isclose(float(query * key), 32**0.5 / math.log(2), rel_tol=1e-5)


def test_a_packed_transformer_is_for_films_only() -> None:
    network = packed(awake(TOY), "bfloat16")
    with pytest.raises(OzoraError, match="train the plain one"):
        network(**question(), text=words())
    with torch.no_grad(), pytest.raises(OzoraError, match="train the plain one"):
        network(**question(), text=words(), route=0.5)


def test_float32_is_the_network_itself_and_unknown_precisions_are_refused() -> None:
    network = awake(TOY)
    assert packed(network, "float32") is network
    with pytest.raises(OzoraError, match=r"^precision: got 'int4', allowed: float32 or bfloat16 or int8"):
        packed(network, "int4")


def test_a_poisoned_weight_is_named() -> None:
    network = awake(TOY)
    with torch.no_grad():
        network.blocks[2].down.weight[0, 0] = math.nan
    with pytest.raises(OzoraError, match=r"step 1: .* no longer finite from layer blocks\.2\.down on"):
        film(packed(network, "bfloat16"))


@needs_int8
def test_int8_multiplies_rows_of_very_different_size_alike() -> None:
    torch.manual_seed(2)
    weight = torch.randn(6, 48) * torch.logspace(-3, 3, 6)[:, None]
    values = torch.randn(7, 48)
    near = Int8Linear(weight)(Int8Linear.taken(values), torch.float32)
    error = (values @ weight.t() - near).square().mean(0) / (values @ weight.t()).square().mean(0)
    assert float(error.max()) < 1e-3  # (6,) each row by itself


@needs_int8
def test_values_of_zero_stay_zero_in_int8() -> None:
    layer = Int8Linear(torch.randn(16, 32))
    assert not bool(layer(Int8Linear.taken(torch.zeros(4, 32)), torch.float32).any())


@for_all(low=st.floats(-1e4, 0), high=st.floats(0, 1e4))
def test_rounding_to_eight_bits_is_off_by_half_a_step_at_most(low: float, high: float) -> None:
    values = torch.linspace(low, high, 33)
    found, step = Int8Linear.taken(values)
    assert float(((found.float() - 128) * step - values).abs().max()) <= step * 0.501


def test_an_autoencoder_in_bfloat16_shows_the_same_film() -> None:
    torch.manual_seed(3)
    config = AutoencoderConfig("toy", 8, (8, 8, 16), (1, 1, 1), (16, 8, 8, 8), (1, 1, 1, 1), cosine_path=True)
    plain = Autoencoder(config).eval().requires_grad_(False)
    for parameter in plain.parameters():
        if not bool(parameter.any()):
            nn.init.normal_(parameter, std=0.05)
    quick = packed_autoencoder(plain, "bfloat16")
    assert packed_autoencoder(plain, "float32") is plain
    assert plain.decoder.enter.weight.dtype == torch.float32
    assert quick.decoder.enter.weight.dtype == torch.bfloat16
    video = torch.rand(1, 9, 3, 32, 48) * 2 - 1
    exact, near = plain.encode(video), quick.encode(video)
    assert near.dtype == torch.float32 and 0 < off(near, exact) < 0.01
    for scale in (1, 2):
        shown, almost = plain.decode(exact, scale), quick.decode(exact, scale)
        assert almost.dtype == torch.float32 and 0 < float((shown - almost).abs().max()) < 4 / 127.5
        assert torch.equal(almost, torch.cat([quick.decode(exact[:1], scale)]))  # the same each time


def test_shades_that_only_the_linear_path_tells_survive_bfloat16() -> None:
    """A sky whose shades bfloat16 cannot tell apart keeps them: pixels are in float32."""
    config = AutoencoderConfig("toy", 8, (8, 8, 16), (1, 1, 1), (16, 8, 8, 8), (1, 1, 1, 1), cosine_path=True)
    torch.manual_seed(4)
    quick = packed_autoencoder(Autoencoder(config).eval().requires_grad_(False), "bfloat16")
    latents = torch.zeros(1, 1, 8, 1, 64)
    latents[0, 0, 0, 0] = torch.linspace(1.0, 1.01, 64)
    assert len(quick.decode(latents).unique()) > 40
