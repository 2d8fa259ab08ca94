"""What is counted by hand is what PyTorch counts."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.flop_counter import FlopCounterMode

from ozora.model.sizes import MICRO
from ozora.model.text import TextConfig, TextEncoder, TextOutput
from ozora.model.transformer import TRANSFORMER_SIZES, Transformer, TransformerConfig
from ozora.train.alignment import Alignment
from ozora.train.flops import (
    FilmShape,
    Flops,
    activation_bytes,
    alignment_flops,
    autoencoder_flops,
    place_flops,
    text_flops,
    transformer_flops,
)

TOY = TransformerConfig(
    4, 64, 5, 4, 96, registers=3, low_rank=5, time_features=32, early_after=4, routed=(1, 3)
)


def film_once(
    config: TransformerConfig, film: FilmShape, batch: int, route: float = 0.0, device: str = "meta"
) -> torch.Tensor:
    """A transformer's answers to ``batch`` clips, on a device that computes nothing."""
    with torch.device(device):
        network = Transformer(config)
        text = TextOutput(
            torch.empty(batch, film.words, config.width, requires_grad=True), None,
            torch.empty(batch, config.width, requires_grad=True), {},
        )  # fmt: skip
        flat = (batch, film.frames)
        latents = torch.empty(*flat, config.channels, film.height, film.width)
        seconds = torch.arange(film.frames).expand(flat) / 3
        given = torch.zeros(flat, dtype=torch.bool)
        layout = torch.empty(*flat, config.channels, film.height // 2, film.width // 2)
        answer = network(latents, torch.rand(flat), given, seconds, text, layout=layout, route=route)
    return answer.clean.sum() + answer.early.sum()


def counted(counter: FlopCounterMode, loss: torch.Tensor) -> Flops:
    forward = counter.get_total_flops()
    loss.backward()
    return Flops(forward, counter.get_total_flops() - forward)


@pytest.mark.parametrize(
    ("film", "route", "batch"),
    [(FilmShape(1, 3, 2, 5), 0.0, 2), (FilmShape(3, 2, 5, 1), 0.5, 3), (FilmShape(4, 1, 3, 7), 0.5, 1)],
)
def test_a_transformer_s_flops(film: FilmShape, route: float, batch: int) -> None:
    # The plain kernel is two products each way; fused ones do a fifth again, which no plan should count.
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        found = counted(counter, film_once(TOY, film, batch, route))
    reckoned = transformer_flops(TOY, film, route) * batch + place_flops(TOY, film)
    assert (reckoned.forward, reckoned.backward) == (found.forward, found.backward)


def test_a_refiner_s_flops() -> None:
    refiner, film = replace(TOY, refines=True), FilmShape(3, 2, 4, 5)
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        found = counted(counter, film_once(refiner, film, 2))
    reckoned = transformer_flops(refiner, film) * 2 + place_flops(refiner, film)
    assert (reckoned.forward, reckoned.backward) == (found.forward, found.backward)


def test_a_text_encoder_s_flops() -> None:
    config = TextConfig(out_width=24, byte_width=16, width=32, layers=2, heads=2, hidden=40).with_axes(
        {"subject": ("fox", "ball", "cube"), "time": ("dawn", "noon")}
    )
    tokens = torch.randint(1, 257, (3, 6, 16))  # eighteen different words
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as counter:
        answer = TextEncoder(config)(tokens)
        parts = (answer.words, answer.pooled, *answer.fields.values())
        found = counted(counter, torch.stack([part.sum() for part in parts]).sum())
    reckoned = text_flops(config, 6) * 3
    assert (reckoned.forward, reckoned.backward) == (found.forward, found.backward)


def test_an_alignment_s_flops() -> None:
    layer, film = Alignment(32), FilmShape(2, 2, 3, 4)
    with FlopCounterMode(display=False) as counter:
        found = counted(counter, layer.out(torch.randn(2, 6, 32, requires_grad=True)).sum())
    reckoned = alignment_flops(32, sum(layer.sizes), film)
    assert (reckoned.forward, reckoned.backward) == (found.forward, found.backward)


def test_an_autoencoder_s_flops_grow_with_what_it_sees() -> None:
    small, tall, long, large = (
        autoencoder_flops(MICRO, frames, height, 2, double)
        for frames, height, double in ((5, 2, 0), (5, 4, 0), (9, 2, 0), (5, 2, 1))
    )
    assert tall.forward == pytest.approx(2 * small.forward)
    assert 1.6 * small.forward < long.forward < 2 * small.forward  # the first frame is alone in its latent
    assert small.step < large.step < 2 * small.step
    assert 1.7 * small.forward < small.backward < 2 * small.forward


def test_activations_are_what_autograd_keeps() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    config, film = replace(TRANSFORMER_SIZES["mini"], layers=9), FilmShape(5, 4, 6, 8)
    kept: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept[tensor.untyped_storage()._cdata] = tensor
        return tensor

    def back(tensor: torch.Tensor) -> torch.Tensor:
        return tensor

    hooks = torch.autograd.graph.saved_tensors_hooks(keep, back)
    with FakeTensorMode(), torch.autocast("cpu", torch.bfloat16), hooks:
        film_once(config, film, 16, device="cpu")
    weights = {tuple(p.shape) for p in Transformer(config).blocks.parameters()}
    weights |= {shape[::-1] for shape in weights}
    found = [tensor for tensor in kept.values() if tuple(tensor.shape) not in weights]
    total = sum(tensor.untyped_storage().nbytes() for tensor in found)
    assert 16 * activation_bytes(config, film) == pytest.approx(total, rel=0.1)
