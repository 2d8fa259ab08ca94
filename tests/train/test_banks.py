"""Batches of footage: windows about whoever acts."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.train.banks import FootageBatch
from ozora.world.sampling import sample_shot
from ozora.world.shot import Shot, Subject


@settings(max_examples=30, deadline=None)
@given(middle=st.integers(0, 63), seed=st.integers(0, 999))
def test_windows_hold_the_middle_of_the_subject_and_stay_even(middle: int, seed: int) -> None:
    ids = torch.zeros(1, 2, 8, 64, dtype=torch.uint8)
    ids[:, :, 3:6, max(0, middle - 2) : middle + 3] = 1
    pixels = torch.arange(64, dtype=torch.uint8).expand(1, 2, 8, 64)[..., None].expand(-1, -1, -1, -1, 3)
    whole = FootageBatch(pixels, ids, (sample_shot(0),), (0,))
    window = whole.cropped(32, torch.Generator().manual_seed(seed))
    left = int(window.pixels[0, 0, 0, 0, 0])
    assert window.pixels.shape == (1, 2, 8, 32, 3)
    assert left % 2 == 0
    assert torch.equal(window.ids, ids[..., left : left + 32])
    assert (window.ids == 1).any()


def test_instances_of_a_subject_count_as_one_where_subjects_are_asked_for() -> None:
    pair = Subject("fox", count=3), Subject("bear")
    ids = torch.tensor([0, 1, 2, 3, 4, 100], dtype=torch.uint8).expand(1, 1, 1, 6)
    pixels = torch.zeros(1, 1, 1, 6, 3, dtype=torch.uint8)
    batch = FootageBatch(pixels, ids, (Shot(pair),), (0,))
    assert batch.who.flatten().tolist() == [0, 1, 1, 1, 2, 100]
