"""Alignment: where subjects are is measured from ids, asked of features, and counted in the error."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from ozora.model.flow import velocity_error
from ozora.train.alignment import ALIGNED, Alignment
from ozora.train.latents import cell_shares
from ozora.train.transformer import emphasis
from ozora.world import concepts

LABELS = {axis: torch.tensor([2, 1]) for axis in (*ALIGNED, "second_subject")}


@settings(max_examples=20, deadline=None)
@given(latents=st.integers(1, 3), height=st.integers(1, 3), width=st.integers(1, 3), seed=st.integers(0, 99))
def test_shares_of_all_cells_add_up_to_what_the_subjects_cover(
    latents: int, height: int, width: int, seed: int
) -> None:
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, 4, (2, 4 * latents - 3, 8 * height, 8 * width), generator=generator)
    shares = cell_shares(ids, (height, width))
    assert shares.shape == (2, latents, 2, height, width)
    for number in (1, 2):
        covered = (ids == number).float().mean((2, 3))  # (B, T)
        assert torch.allclose(shares[:, 0, number - 1].mean((1, 2)), covered[:, 0], atol=1e-6)
        later = shares[:, 1:, number - 1].mean((2, 3)).sum(1) * 4
        assert torch.allclose(later, covered[:, 1:].sum(1), atol=1e-5)


def test_a_cell_without_anybody_has_no_share() -> None:
    ids = torch.zeros(1, 1, 16, 16, dtype=torch.uint8)
    ids[..., :8, :8], ids[..., 8:, :4] = 1, 2
    assert cell_shares(ids, (2, 2))[0, 0].tolist() == [[[1, 0], [0, 0]], [[0, 0], [0.5, 0]]]


def test_features_that_tell_who_is_there_are_soon_understood() -> None:
    torch.manual_seed(0)
    alignment = Alignment(16)
    shares = torch.zeros(2, 1, 2, 2, 3)
    shares[:, :, 0, 0, 0], shares[:, :, 1, 1, 2] = 1.0, 1.0
    features = torch.randn(2, 1, 6, 16)
    optimiser = torch.optim.Adam(alignment.parameters(), 0.05)
    first = last = alignment(features, shares, LABELS)
    for _ in range(60):
        last = alignment(features, shares, LABELS)
        optimiser.zero_grad()
        last.backward()
        optimiser.step()
    assert first > 1.0 and last < 0.1
    told = alignment.out(torch.nn.functional.rms_norm(features, (16,))).split(alignment.sizes, -1)
    kinds = told[ALIGNED.index("subject")].argmax(-1)  # 0 is nobody, then the subjects in order
    assert kinds[0, 0, 0] == 3 and kinds[0, 0, 5] == 2 and kinds[0, 0, 1] == 0
    assert len(concepts.FIELDS["subject"]) + 1 == alignment.sizes[0]


def test_an_error_counts_more_where_somebody_is_and_only_ratios_matter() -> None:
    shares = torch.zeros(1, 1, 2, 2, 2)
    shares[0, 0, 0, 0, 0] = 0.6
    weight = emphasis(shares, 4.0)
    assert weight.flatten().tolist() == pytest.approx([4.0, 1.0, 1.0, 1.0])
    clean, level = torch.zeros(1, 1, 3, 2, 2), torch.ones(1, 1)
    open_frame = torch.zeros(1, 1, dtype=torch.bool)

    def error(row: int, column: int, scale: float) -> Tensor:
        guess = clean.clone()
        guess[..., row, column] = 1.0
        return velocity_error(guess, clean, level, open_frame, scale * weight)

    assert error(0, 0, 1.0) == pytest.approx(4 * float(error(1, 1, 1.0)))
    assert error(0, 0, 1.0) == pytest.approx(float(error(0, 0, 7.0)))
    even = velocity_error(clean + 1, clean, level, open_frame, weight)
    assert even == pytest.approx(float(velocity_error(clean + 1, clean, level, open_frame)))
