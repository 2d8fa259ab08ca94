"""Captions as bytes: kept, reproducible, misspelt within bounds, and dropped to the empty prompt."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.model.text import TextConfig, TextEncoder, to_bytes
from ozora.train.words import CaptionBank, drop_captions, fields_loss, slip
from ozora.world import concepts
from ozora.world.captions import shot_fields
from ozora.world.sampling import sample_shot

SHOTS = [sample_shot(seed) for seed in range(12)]
SENTENCE = "a red fox runs across a snowy field at dusk"


def words(tokens: torch.Tensor) -> list[str]:
    return ["".join(chr(int(t) - 1) for t in word if t) for word in tokens]


def test_what_is_kept_is_what_was_written() -> None:
    bank = CaptionBank(SHOTS, variants=3, seed=1)
    for seed in range(8):
        tokens, mask = bank.draw([0, 5, 0, 7], torch.Generator().manual_seed(seed))
        for row, shot in enumerate((0, 5, 0, 7)):
            read = tokens[row][mask[row]]
            written = [to_bytes([bank.text(shot, variant)])[0][0] for variant in range(9)]
            assert any(torch.equal(read, words) for words in written)


def test_captions_of_a_batch_are_of_one_length() -> None:
    """Nothing but terse captions where only they are asked for, and every length where all are."""
    terse = CaptionBank(SHOTS, variants=2, shares=(0.0, 0.0, 1.0))
    every = CaptionBank(SHOTS, variants=2, shares=(1.0, 1.0, 1.0))
    picks = list(range(12))
    short = [
        terse.draw(picks, torch.Generator().manual_seed(seed))[1].sum(1).float().mean() for seed in range(9)
    ]
    mixed = [
        every.draw(picks, torch.Generator().manual_seed(seed))[1].sum(1).float().mean() for seed in range(9)
    ]
    assert max(short) - min(short) < 4
    assert max(mixed) - min(mixed) > 8


def test_a_bank_asked_in_another_order_reads_the_same() -> None:
    first, second = (CaptionBank(SHOTS, variants=2, seed=4) for _ in range(2))
    second.draw(list(range(12)), torch.Generator().manual_seed(9))
    for bank in (first, second):
        bank.draw([3], torch.Generator().manual_seed(0))
    assert first.text(3, 1) == second.text(3, 1)
    assert len({first.text(3, variant) for variant in range(2)}) == 2


def test_labels_are_the_shots_own_fields() -> None:
    bank = CaptionBank(SHOTS, variants=1)
    labels = bank.labels([2, 9])
    for axis, values in concepts.FIELDS.items():
        assert [values[int(c)] for c in labels[axis]] == [shot_fields(SHOTS[i])[axis] for i in (2, 9)]


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_slips_change_one_letter_at_a_time_and_spare_short_words(seed: int) -> None:
    tokens, _ = to_bytes([SENTENCE])
    spoilt = slip(tokens, 1.0, torch.Generator().manual_seed(seed), words=1.0)
    for before, after in zip(words(tokens[0]), words(spoilt[0]), strict=True):
        if len(before) < 3:
            assert before == after
            continue
        assert after[0] == before[0]
        assert abs(len(after) - len(before)) <= 1
        if len(after) == len(before):
            different = [i for i in range(len(before)) if before[i] != after[i]]
            assert len(different) <= 1 or sorted(before) == sorted(after)


def test_slips_happen_as_often_as_asked() -> None:
    tokens, _ = to_bytes([SENTENCE] * 400)
    generator = torch.Generator().manual_seed(0)
    assert torch.equal(slip(tokens, 0.0, generator), tokens)
    spoilt = (slip(tokens, 0.5, generator, words=1.0) != tokens).flatten(1).any(1)
    assert 0.4 < float(spoilt.float().mean()) < 0.6


def test_dropped_captions_are_exactly_the_empty_prompt() -> None:
    tokens, mask = to_bytes([SENTENCE] * 50)
    dropped, kept_mask, worded = drop_captions(tokens, mask, 0.5, torch.Generator().manual_seed(0))
    empty, empty_mask = to_bytes([""])
    assert 0 < int(worded.sum()) < 50
    for row in range(50):
        if worded[row]:
            assert torch.equal(dropped[row], tokens[row])
            assert torch.equal(kept_mask[row], mask[row])
        else:
            assert torch.equal(dropped[row, :1], empty[0])
            assert not dropped[row].any()
            assert kept_mask[row].tolist() == [*empty_mask[0].tolist(), *[False] * (mask.shape[1] - 1)]


def test_prompts_without_words_do_not_count() -> None:
    logits = {"x": torch.tensor([[5.0, 0.0], [5.0, 0.0]])}
    labels = {"x": torch.tensor([0, 1])}
    right = fields_loss(logits, labels, torch.tensor([True, False]))
    assert float(right) == pytest.approx(float(fields_loss({"x": logits["x"][:1]}, {"x": labels["x"][:1]})))


def test_looking_at_every_word_once_reads_the_same() -> None:
    torch.manual_seed(0)
    encoder = TextEncoder(TextConfig().with_axes({"subject": ("fox", "horse")}))
    tokens, mask = to_bytes([SENTENCE, "a horse, a horse", ""])
    with torch.no_grad():
        once, each = encoder.train()(tokens, mask), encoder.eval()(tokens, mask)
    assert torch.allclose(once.words, each.words, atol=1e-5)


def test_other_scripts_are_never_cut_inside_a_letter() -> None:
    tokens, _ = to_bytes(["赤い狐", "एक लाल लोमड़ी", "ثعلب أحمر", "fährt über größere"])
    spoilt = slip(tokens, 1.0, torch.Generator().manual_seed(1), words=1.0)
    assert torch.equal(spoilt, tokens)
