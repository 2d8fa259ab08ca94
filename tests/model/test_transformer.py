"""Laws of the transformer: batches, positions, noise per frame, padding, routing, one door to attention."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given as for_all
from hypothesis import settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.errors import OzoraError
from ozora.model.attention import KERNELS, attend
from ozora.model.positions import axis_widths, cell_angles, place_features, rotate
from ozora.model.text import TEXT_SIZES, TextOutput
from ozora.model.transformer import (
    TRANSFORMER_SIZES,
    Transformer,
    TransformerOutput,
    frame_steps,
)

sys.path.insert(0, str(Path(__file__).parent))
from toys import TOY, awake, question, words


def ask(transformer: Transformer, text: TextOutput, **changes: Tensor) -> TransformerOutput:
    with torch.no_grad():
        return transformer(**{**question(len(text)), **changes}, text=text)


def test_a_new_transformer_gives_the_best_linear_guess() -> None:
    torch.manual_seed(0)
    answer = ask(Transformer(TOY), words())
    asked = question()
    level = asked["timestep"][:, :, None, None, None]
    best = asked["latents"] * (1 - level) / ((1 - level) ** 2 + level**2)
    assert torch.allclose(answer.clean, best, atol=1e-6)
    assert torch.allclose(answer.early, best, atol=1e-6)


def test_the_order_of_a_batch_does_not_matter() -> None:
    transformer, text, asked = awake(), words(3), question(3)
    order = torch.tensor([2, 0, 1])
    straight = ask(transformer, text)
    turned_text = TextOutput(text.words[order], None, text.pooled[order], {})
    turned = ask(transformer, turned_text, **{name: part[order] for name, part in asked.items()})
    assert torch.allclose(turned.clean, straight.clean[order], atol=1e-5)
    assert torch.allclose(turned.early, straight.early[order], atol=1e-5)


def test_every_input_is_heard() -> None:
    transformer, text = awake(), words()
    base, asked = ask(transformer, text).clean, question()
    changes: list[dict[str, Tensor]] = [
        {"timestep": asked["timestep"] * 0.5},
        {"given": ~asked["given"]},
        {"seconds": asked["seconds"] * 2},
    ]
    for change in changes:
        assert not torch.allclose(ask(transformer, text, **change).clean, base, atol=1e-3), change
    other_words = TextOutput(text.words.flip(0), None, text.pooled, {})
    other_pooled = TextOutput(text.words, None, text.pooled.flip(0), {})
    assert not torch.allclose(ask(transformer, other_words).clean, base, atol=1e-3)
    assert not torch.allclose(ask(transformer, other_pooled).clean, base, atol=1e-3)


def test_a_frame_is_told_its_own_noise_level() -> None:
    """Equal levels on all frames are one level; exchanging two frames' levels is not."""
    transformer, text = awake(), words(1)
    scalar = torch.tensor(0.4)
    one_level = ask(transformer, text, timestep=scalar.expand(1, 3)).clean
    filled = ask(transformer, text, timestep=torch.full((1, 3), 0.4)).clean
    assert torch.equal(one_level, filled)
    uneven = ask(transformer, text, timestep=torch.tensor([[0.1, 0.4, 0.9]])).clean
    exchanged = ask(transformer, text, timestep=torch.tensor([[0.9, 0.4, 0.1]])).clean
    assert not torch.allclose(uneven, exchanged, atol=1e-3)


def test_a_clean_frame_comes_back_as_it_is() -> None:
    asked = question()
    answer = ask(awake(), words(), timestep=torch.zeros(2, 3))
    assert torch.allclose(answer.clean, asked["latents"], atol=1e-6)


@pytest.mark.parametrize("padding", [1, 7])
def test_padding_of_words_changes_nothing(padding: int) -> None:
    transformer, text = awake(), words()
    padded_words = torch.cat((text.words, torch.randn(2, padding, 64)), dim=1)
    mask = torch.arange(5 + padding).expand(2, -1) < 5
    padded = ask(transformer, TextOutput(padded_words, mask, text.pooled, {}))
    assert torch.allclose(padded.clean, ask(transformer, text).clean, atol=1e-5)


def test_one_prompt_serves_a_whole_batch() -> None:
    transformer, text = awake(), words(1)
    repeated = TextOutput(text.words.repeat(2, 1, 1), None, text.pooled.repeat(2, 1), {})
    asked = question(2)
    with torch.no_grad():
        assert torch.allclose(
            transformer(**asked, text=text).clean, transformer(**asked, text=repeated).clean, atol=1e-5
        )


def test_routing_nothing_is_the_dense_network_to_the_bit() -> None:
    transformer, text, asked = awake(), words(), question()
    with torch.no_grad():
        dense = transformer(**asked, text=text)
        unrouted = transformer(**asked, text=text, route=0.0, generator=torch.Generator().manual_seed(0))
    assert torch.equal(dense.clean, unrouted.clean) and torch.equal(dense.early, unrouted.early)


def test_routing_trains_every_weight_and_differs_from_dense() -> None:
    transformer, text, asked = awake(), words(), question()
    mask = torch.arange(5).expand(2, -1) < torch.tensor([[5], [3]])
    text = replace(text, mask=mask)
    routed = transformer(**asked, text=text, route=0.5, generator=torch.Generator().manual_seed(0))
    again = transformer(**asked, text=text, route=0.5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(routed.clean, again.clean)
    assert not torch.allclose(routed.clean, transformer(**asked, text=text).clean, atol=1e-4)
    (routed.clean.square().mean() + routed.early.square().mean()).backward()
    silent = [name for name, parameter in transformer.named_parameters() if parameter.grad is None]
    assert silent == ["blocks.0.value_mix"]  # the first block's values are the ones that others mix in


def test_cells_that_are_routed_skip_exactly_the_middle_blocks() -> None:
    """With the middle blocks silenced, routing around them changes nothing."""
    transformer, text, asked = awake(), words(), question()
    with torch.no_grad():
        for block in transformer.blocks[1:3]:
            block.attention_out.weight.zero_()
            block.down.weight.zero_()
        dense = transformer(**asked, text=text)
        routed = transformer(**asked, text=text, route=0.5)
    assert torch.allclose(dense.clean, routed.clean, atol=1e-6)


@for_all(
    shift=st.floats(-100, 100), height=st.integers(1, 4), width=st.integers(1, 4), frames=st.integers(1, 3)
)
@settings(max_examples=25, deadline=None)
def test_rotary_attention_feels_only_differences_of_time(
    shift: float, height: int, width: int, frames: int
) -> None:
    seconds = torch.arange(frames)[None] / 3
    query, key = torch.randn(2, 1, frames * height * width, 32, generator=torch.Generator().manual_seed(0))

    def scores(moment: Tensor) -> Tensor:
        angles = cell_angles(moment, height, width, 32)
        return rotate(query, angles.cos(), angles.sin()) @ rotate(key, angles.cos(), angles.sin()).transpose(
            1, 2
        )

    assert torch.allclose(scores(seconds), scores(seconds + shift), atol=2e-3)


def test_rotation_keeps_lengths_and_axes_stay_apart() -> None:
    angles = cell_angles(torch.tensor([[0.0, 1.0]]), 3, 5, 64)
    assert angles.shape == (1, 30, 32) and axis_widths(64) == (16, 24, 24)
    vector = torch.randn(1, 30, 64)
    assert torch.allclose(
        rotate(vector, angles.cos(), angles.sin()).norm(dim=-1), vector.norm(dim=-1), atol=1e-4
    )
    grid = angles.unflatten(1, (2, 3, 5))
    assert torch.equal(
        grid[0, 0, :, :, :8], grid[0, 0, :1, :1, :8].expand(3, 5, -1)
    )  # time: same all over a frame
    assert torch.equal(grid[0, 0, :, :, 8:20], grid[0, 1, :, :1, 8:20].expand(3, 5, -1))  # rows
    assert torch.equal(grid[0, :, 1, 2, 8:], torch.zeros(2, 24))  # the middle cell is the origin


def test_places_are_centred_stretch_with_the_frame_and_tell_every_cell_apart() -> None:
    small, large = place_features(3, 3), place_features(9, 9).unflatten(0, (9, 9))
    assert torch.allclose(large[1::3, 1::3].flatten(0, 1), small, atol=1e-6)  # as much of the frame away
    wide, tall = place_features(3, 9).unflatten(0, (3, 9)), place_features(9, 3).unflatten(0, (9, 3))
    assert torch.allclose(wide[:, 3:6], tall[3:6])  # another shape as large only adds cells at the rim
    large = place_features(5, 7).unflatten(0, (5, 7))
    assert torch.cdist(large.flatten(0, 1), large.flatten(0, 1)).add(torch.eye(35)).min() > 0.05


def test_frame_steps_tell_frame_rates_and_pictures_apart() -> None:
    assert frame_steps(torch.tensor([[0.0, 1 / 3, 2 / 3]])).tolist() == [pytest.approx([1.0, 1.0, 1.0])]
    assert frame_steps(torch.tensor([[0.0, 0.5]])).tolist() == [pytest.approx([1.5, 1.5])]
    assert frame_steps(torch.tensor([[7.0]])).tolist() == [[0.0]]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize("kernel", sorted(KERNELS))
def test_every_attention_kernel_equals_the_textbook(kernel: str, masked: bool) -> None:
    query, key, value = torch.randn(3, 2, 4, 9, 16)
    mask = (torch.rand(2, 1, 1, 9) < 0.7) | (torch.arange(9) == 0) if masked else None
    scores = torch.einsum("bhnd,bhmd->bhnm", query, key) / 4
    weights = (scores if mask is None else scores.where(mask, torch.tensor(-torch.inf))).softmax(-1)
    expected = torch.einsum("bhnm,bhmd->bhnd", weights, value)
    assert torch.allclose(attend(query, key, value, mask, kernel), expected, atol=1e-5)


def test_mixed_precision_attends_in_bfloat16_and_learns_the_same() -> None:
    query, key, value = torch.randn(3, 2, 4, 9, 16)
    mask = (torch.rand(2, 1, 1, 9) < 0.7) | (torch.arange(9) == 0)
    told = []
    for mixed in (False, True):
        asked = query.clone().requires_grad_()
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            seen = attend(asked, key, value, mask)
        seen.float().square().sum().backward()
        assert asked.grad is not None
        told.append((seen.dtype, seen.detach().float(), asked.grad))
    assert [dtype for dtype, _, _ in told] == [torch.float32, torch.bfloat16]
    for exact, near in zip(told[0][1:], told[1][1:], strict=True):
        assert float((exact - near).norm() / exact.norm()) < 0.02


def test_misfits_are_refused_with_both_shapes() -> None:
    asked = question()
    with pytest.raises(OzoraError, match=r"\(2, 3, 4, 2, 3\).*\(2, 2\)"):
        Transformer(TOY)(**{**asked, "timestep": torch.rand(2, 2)}, text=words())
    with pytest.raises(OzoraError, match=r"expected \(B, L, 5, h, w\)"):
        Transformer(replace(TOY, channels=5))(**asked, text=words())
    with pytest.raises(OzoraError, match="route"):
        Transformer(TOY)(**asked, text=words(), route=1.5)
    with pytest.raises(OzoraError, match="warp"):
        attend(*torch.randn(3, 1, 1, 2, 4), kernel="warp")
    with pytest.raises(OzoraError, match="early head"):
        replace(TOY, early_after=1)


@pytest.mark.parametrize(("size", "millions"), [("micro", (3.0, 3.8)), ("mini", (30.0, 37.0))])
def test_sizes_hold_what_they_promise(size: str, millions: tuple[float, float]) -> None:
    transformer = Transformer(TRANSFORMER_SIZES[size])
    count = sum(parameter.numel() for parameter in transformer.parameters()) / 1e6
    assert millions[0] < count < millions[1]
    assert TEXT_SIZES[size].out_width == TRANSFORMER_SIZES[size].width
    assert not [name for name, _ in transformer.named_parameters() if name.endswith("bias")]


def test_a_refiner_reads_the_larger_cell_that_each_of_its_cells_lies_in():
    refiner = Transformer(replace(TOY, refines=True)).eval()
    torch.nn.init.normal_(refiner.layout_in.weight)
    layout = torch.zeros(1, 2, TOY.channels, 2, 3)
    layout[0, 1, :, 1, 2] = 1.0
    told = refiner._laid_out(layout, torch.zeros(1, 2, TOY.channels, 4, 6)).unflatten(2, (4, 6))
    where = told.abs().sum(-1).nonzero().tolist()
    assert where == [[0, 1, row, column] for row in (2, 3) for column in (4, 5)]
    four = told[0, 1, 2:, 4:].flatten(0, 1)
    assert len(torch.unique(four, dim=0)) == 4  # each of the four is told something of its own


@pytest.mark.parametrize("shape", [None, (1, 2, 4, 4, 6), (1, 1, 4, 2, 3)])
def test_a_refiner_without_its_layout_is_refused(shape):
    refiner = Transformer(replace(TOY, refines=True, channels=4))
    layout = None if shape is None else torch.zeros(shape)
    text = TextOutput(torch.zeros(1, 1, TOY.width), None, torch.zeros(1, TOY.width), {})
    with pytest.raises(OzoraError, match=r"^transformer: (no|a) layout.*expected \(1, 2, 4, 2, 3\)"):
        refiner(torch.zeros(1, 2, 4, 4, 6), torch.ones(1, 2), torch.zeros(1, 2, dtype=torch.bool),
                torch.zeros(1, 2), text, layout=layout)  # fmt: skip
