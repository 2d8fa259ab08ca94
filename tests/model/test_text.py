"""Words: splitting, bytes, padding, scripts, and a Shot head that learns to read."""

from __future__ import annotations

import json
import time
from dataclasses import asdict

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.model.text import (
    BYTES_PER_WORD,
    MOST_WORDS,
    TEXT_SIZES,
    Prompts,
    TextConfig,
    TextEncoder,
    encode,
    split_words,
    to_bytes,
    understood,
)

TOY = TextConfig(out_width=64, byte_width=32, byte_layers=1, width=64, layers=1, heads=2, hidden=64)


def encoder(config: TextConfig = TOY) -> TextEncoder:
    torch.manual_seed(0)
    network = TextEncoder(config)
    for parameter in network.parameters():
        if not bool(parameter.any()):
            torch.nn.init.normal_(parameter, std=0.1)
    return network.eval()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A red fox, running!", ["a", "red", "fox", "running"]),
        ("hot-air balloon\n(at dusk)", ["hot", "air", "balloon", "at", "dusk"]),
        ("the fox's 'den'", ["the", "fox's", "den"]),
        ("雪地上のキツネ", list("雪地上のキツネ")),
        ("狐 fox狐", ["狐", "fox", "狐"]),
        ("Füchse лиса ＡＢＣ", ["füchse", "лиса", "abc"]),
        ("... !?", []),
        ("", []),
    ],
)
def test_words_of_many_scripts(text: str, expected: list[str]) -> None:
    assert split_words(text) == expected


def test_bytes_carry_the_words() -> None:
    tokens, mask = to_bytes(["a fox", "x"])
    assert tokens.shape == (2, 2, 16) and tokens.dtype == torch.int64
    assert tokens[0, 1, :4].tolist() == [ord("f") + 1, ord("o") + 1, ord("x") + 1, 0]
    assert mask.tolist() == [[True, True], [True, False]]
    assert not tokens[1, 1].any()


def test_long_prompts_and_long_words_are_cut_and_empty_ones_are_one_word_of_nothing() -> None:
    tokens, mask = to_bytes(["word " * 100, "x" * 50])
    assert tokens.shape == (2, MOST_WORDS, BYTES_PER_WORD)
    assert mask.sum(1).tolist() == [MOST_WORDS, 1]
    assert bool((tokens[1, 0] == ord("x") + 1).all())
    nothing, mask = to_bytes([""])
    assert nothing.shape == (1, 1, 16) and mask.tolist() == [[True]] and not nothing.any()


@given(st.lists(st.text(max_size=60), min_size=1, max_size=3))
@settings(max_examples=60, deadline=None)
def test_any_text_at_all_becomes_valid_tokens(texts: list[str]) -> None:
    tokens, mask = to_bytes(texts)
    assert tokens.shape == (len(texts), mask.shape[1], BYTES_PER_WORD)
    assert 1 <= mask.shape[1] <= MOST_WORDS
    assert int(tokens.min()) >= 0 and int(tokens.max()) <= 256
    assert not tokens[~mask].any() and bool(mask[:, 0].all())


def test_padding_changes_no_prompt() -> None:
    network = encoder(TOY.with_axes({"subject": ["fox", "ball"]}))
    with torch.no_grad():
        alone = encode(network, ["a red fox"])
        padded = encode(network, ["a red fox", "a blue ball rolls slowly over the table"])
    assert alone.mask is None and padded.mask is not None
    assert torch.allclose(padded.words[0, :3], alone.words[0], atol=1e-5)
    assert torch.allclose(padded.pooled[0], alone.pooled[0], atol=1e-5)
    assert torch.allclose(padded.fields["subject"][0], alone.fields["subject"][0], atol=1e-5)
    cut = padded.select(0)
    assert cut.words.shape == alone.words.shape and cut.mask is None and len(cut) == 1


def test_order_and_spelling_matter_case_and_commas_do_not() -> None:
    network = encoder()
    with torch.no_grad():
        pooled = encode(
            network, ["fox near ball", "ball near fox", "Fox, near ball.", "fix near ball"]
        ).pooled
    assert torch.allclose(pooled[0], pooled[2], atol=1e-6)
    assert not torch.allclose(pooled[0], pooled[1], atol=1e-3)
    assert not torch.allclose(pooled[0], pooled[3], atol=1e-3)


def test_a_configuration_survives_json() -> None:
    config = TEXT_SIZES["micro"].with_axes({"subject": ("fox", "ball"), "time": ("dusk", "noon", "night")})
    back = TextConfig.from_dict(json.loads(json.dumps(asdict(config))))
    assert back == config
    fields = encode(encoder(back), ["a fox"]).fields
    assert {axis: tuple(logits.shape) for axis, logits in fields.items()} == {
        "subject": (1, 2),
        "time": (1, 3),
    }


def test_a_shot_head_learns_to_read() -> None:
    axes = {"subject": ("fox", "ball"), "time": ("dusk", "noon")}
    config = TOY.with_axes(axes)
    torch.manual_seed(0)
    network = TextEncoder(config)
    optimiser = torch.optim.AdamW(network.parameters(), lr=5e-3)
    texts = [f"a {subject} on the hill at {hour}" for subject in axes["subject"] for hour in axes["time"]]
    labels = {"subject": torch.tensor([0, 0, 1, 1]), "time": torch.tensor([0, 1, 0, 1])}
    for _ in range(40):
        fields = encode(network, texts).fields
        loss = sum(torch.nn.functional.cross_entropy(fields[axis], labels[axis]) for axis in axes)
        optimiser.zero_grad()
        torch.as_tensor(loss).backward()
        optimiser.step()
    with torch.no_grad():
        reading = understood(encode(network, ["at noon a ball on the hill"]), config)
    assert {axis: value for axis, (value, _) in reading.items()} == {"subject": "ball", "time": "noon"}
    assert all(probability > 0.5 for _, probability in reading.values())


def test_prompts_are_remembered_and_forgotten_in_order() -> None:
    prompts = Prompts(encoder(), limit=2)
    first = prompts("a fox")
    assert prompts("a fox") is first
    prompts("a ball"), prompts("a bird")
    again = prompts("a fox")
    assert again is not first and torch.equal(again.words, first.words)


@pytest.mark.parametrize(("size", "millions"), [("micro", (0.6, 1.2)), ("mini", (3.0, 4.0))])
def test_sizes_hold_what_they_promise(size: str, millions: tuple[float, float]) -> None:
    count = sum(parameter.numel() for parameter in TextEncoder(TEXT_SIZES[size]).parameters()) / 1e6
    assert millions[0] < count < millions[1]


def test_a_prompt_costs_little_processor_time() -> None:
    network = encoder(TEXT_SIZES["micro"])
    prompt = "a red fox runs across a snowy field at dusk while the camera pans slowly"
    with torch.no_grad():
        encode(network, [prompt])
        best = min(_processor_seconds(network, prompt) for _ in range(5))
    assert best < 0.05


def _processor_seconds(network: TextEncoder, prompt: str) -> float:
    start = time.process_time()
    encode(network, [prompt])
    return time.process_time() - start
