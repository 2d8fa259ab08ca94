"""A critic tells filmed from decoded frames, a student films footage again, a decoder learns from both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from ozora.errors import OzoraError
from ozora.model.checkpoint import load_weights
from ozora.model.text import TextConfig
from ozora.model.transformer import TransformerConfig
from ozora.train.banks import FootageBank
from ozora.train.critic import Critic, asked_of_critic, asked_of_decoder, balance, pairs_of
from ozora.train.loop import Report, train
from ozora.train.refilming import Refilmer
from ozora.train.tasks import load_autoencoder

STUDENT = TransformerConfig(
    channels=48, width=64, layers=3, heads=2, hidden=96, time_features=32, early_after=2, routed=(1, 2),
    aims=True,
)
TEXT = TextConfig(out_width=64, byte_width=32, byte_layers=1, width=64, layers=1, heads=2, hidden=64)
SMALL = ("stages.0.frames=5", "window=32", "losses.large_share=0.6", "sample_every=0.9")


@pytest.fixture(scope="module")
def filming(untrained: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A student that films something definite, though nothing sensible."""
    return untrained(tmp_path_factory.mktemp("filming"), "student", STUDENT, TEXT, "known")


def vivid(begun: Report, filming: Path | None, clips: Path, out: Path, *more: str, **settings: Any) -> Report:
    given = {"start": begun.weights.parent, "footage": [clips], "teacher": filming, "steps": 3}
    given |= {"device": "cpu", "quiet": True, **settings}
    return train("micro_vivid", out=out, overrides=[*SMALL, *more], **given)


def test_neighbours_come_in_pairs() -> None:
    frames = torch.arange(2 * 3 * 3 * 4 * 4).float().view(2, 3, 3, 4, 4)
    pairs = pairs_of(frames)
    assert pairs.shape == (4, 6, 4, 4)
    assert torch.equal(pairs[1], torch.cat([frames[0, 1], frames[0, 2]]))


def test_a_critic_learns_to_tell_sharp_from_blurred_and_pulls_the_blurred_towards_sharp() -> None:
    torch.manual_seed(0)
    critic = Critic((8, 8, 16))
    sharp = torch.rand(8, 6, 32, 32).round() * 2 - 1
    blurred = torch.nn.functional.avg_pool2d(sharp, 5, 1, 2)
    optimiser = torch.optim.AdamW(critic.parameters(), lr=3e-3)
    first = float(asked_of_critic(critic, sharp, blurred).detach())
    for _ in range(40):
        optimiser.zero_grad()
        asked_of_critic(critic, sharp, blurred).backward()
        optimiser.step()
    assert float(asked_of_critic(critic, sharp, blurred).detach()) < 0.5 * first
    moved = blurred.clone().requires_grad_(True)
    critic.zero_grad()
    verdict, apart = asked_of_decoder(critic, sharp, moved)
    (verdict + apart).backward()
    assert all(parameter.grad is None for parameter in critic.parameters())  # it is asked, not taught
    step = moved.detach() - 0.05 * moved.grad.sign()  # type: ignore[union-attr]
    again, nearer = asked_of_decoder(critic, sharp, step)
    assert float(again.detach()) < float(verdict.detach())
    assert float(nearer.detach()) < float(apart.detach())


def test_what_is_asked_of_the_critic_never_reaches_the_decoder() -> None:
    decoded = torch.rand(2, 6, 16, 16, requires_grad=True)
    asked_of_critic(Critic((8, 8, 8)), torch.rand(2, 6, 16, 16), decoded).backward()
    assert decoded.grad is None


def test_a_balance_makes_both_pulls_equally_long() -> None:
    weights = torch.ones(5, requires_grad=True)
    near, push = (weights * 3).sum(), (weights * 0.5).sum()
    assert float(balance(near, push, weights)) == pytest.approx(6.0)


def test_footage_filmed_again_is_the_footage_at_no_noise_and_drifts_away_with_more(
    begun: Report, filming: Path, clips: Path
) -> None:
    autoencoder, bank = load_autoencoder(begun.weights), FootageBank(clips)
    batch = bank.draw(torch.Generator().manual_seed(1), 2, 5)
    refilmer = Refilmer(filming, torch.device("cpu"))
    with torch.no_grad():
        clean = autoencoder.distribution(batch.small).mean
    apart = []
    for level in (1e-4, 0.3, 0.9):
        again = refilmer(autoencoder, batch, (level, level), torch.Generator().manual_seed(2))
        assert again.shape == clean.shape
        apart.append(float((again - clean).square().mean()))
    assert apart == sorted(apart)
    assert apart[0] < 1e-3 < apart[-1]
    same = refilmer(autoencoder, batch, (0.9, 0.9), torch.Generator().manual_seed(2))
    assert torch.equal(same, again)


def test_a_vivid_run_moves_the_decoder_alone_and_tells_of_its_critic(
    begun: Report, filming: Path, clips: Path, tmp_path: Path
) -> None:
    report = vivid(begun, filming, clips, tmp_path, "refilmed=1.0")
    assert {"critic", "verdict", "likeness", "large_charbonnier"} <= report.losses.keys()
    assert sorted(path.name for path in tmp_path.glob("*.safetensors")) == ["autoencoder.safetensors"]
    assert len(list((tmp_path / "samples").glob("*-again.png"))) >= 1
    before, after = load_autoencoder(begun.weights), load_autoencoder(report.weights)
    picture = torch.rand(1, 1, 3, 32, 48) * 2 - 1
    latents = before.encode(picture)
    assert torch.allclose(latents, after.encode(picture), atol=1e-5)
    assert not torch.allclose(before.decode(latents, 2), after.decode(latents, 2), atol=1e-4)


def test_an_interrupted_vivid_run_is_the_same_to_the_bit(
    begun: Report, filming: Path, clips: Path, tmp_path: Path
) -> None:
    whole = vivid(begun, filming, clips, tmp_path / "whole", steps=4)
    vivid(begun, filming, clips, tmp_path / "parts", steps=4, pause=2)
    parts = vivid(begun, filming, clips, tmp_path / "parts", steps=4, resume=tmp_path / "parts", start=None)
    one, other = load_weights(whole.weights)[0], load_weights(parts.weights)[0]
    assert one.keys() == other.keys()
    assert all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ("decoder_only=false", "decoder_only"),
        ("window=40", "window"),
        ("losses.large_share=0.2", "large_share"),
    ],
)
def test_a_run_that_makes_no_sense_says_why(
    begun: Report, filming: Path, clips: Path, tmp_path: Path, change: str, told: str
) -> None:
    with pytest.raises(OzoraError, match=told):
        vivid(begun, filming, clips, tmp_path, "window_share=1.0", change)


def test_somebody_must_film_again(begun: Report, clips: Path, tmp_path: Path) -> None:
    with pytest.raises(OzoraError, match="teacher"):
        vivid(begun, None, clips, tmp_path)
