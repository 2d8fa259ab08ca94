"""Captions as the networks read them: drawn from shots, kept as bytes, with slips of the pen on the way."""

from __future__ import annotations

import string
from collections.abc import Sequence
from random import Random

import torch
import torch.nn.functional as F
from torch import Tensor

from ozora.model.text import BYTES_PER_WORD, MOST_WORDS, to_bytes
from ozora.world import concepts
from ozora.world.captions import Length, caption, shot_fields
from ozora.world.shot import Shot

_LENGTHS: tuple[Length, ...] = ("full", "medium", "terse")
_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


class CaptionBank:
    """Several captions of each shot as byte tokens, written when first asked for and then kept.

    Which captions a shot has depends on (seed, shot number, variant) only, so a resumed run reads the same.
    ``shares`` says how often a batch reads full, medium or terse captions; each length has its ``variants``.
    """

    def __init__(
        self,
        shots: Sequence[Shot],
        *,
        variants: int,
        shares: Sequence[float] = (0.5, 0.33, 0.17),
        seed: int = 0,
    ) -> None:
        self.shots, self.variants, self.seed = shots, variants, seed
        self._shares = torch.tensor(shares)
        kept = variants * len(_LENGTHS)
        self._tokens = torch.zeros(len(shots), kept, MOST_WORDS, BYTES_PER_WORD, dtype=torch.int16)
        self._counts = torch.zeros(len(shots), kept, dtype=torch.int16)  # words; 0 where not yet written
        self._labels: dict[str, Tensor] | None = None

    def text(self, shot: int, variant: int) -> str:
        """Caption ``variant`` of a shot: the full ones come first, then the medium, then the terse."""
        dice = Random(f"{self.seed} {shot} {variant}")
        return caption(self.shots[shot], _LENGTHS[variant // self.variants], dice.getrandbits(31))

    def draw(self, shots: Sequence[int], generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """One random caption of each shot: tokens (B, W, 16) int64 and the mask (B, W) of real words.

        All captions of a batch are of one length: padding terse captions to the longest full one would
        make words cost more than pictures.
        """
        length = int(torch.multinomial(self._shares, 1, generator=generator))
        variants = torch.randint(self.variants, (len(shots),), generator=generator) + length * self.variants
        for shot, variant in zip(shots, variants.tolist(), strict=True):
            if not self._counts[shot, variant]:
                tokens, _ = to_bytes([self.text(shot, variant)])
                self._tokens[shot, variant, : tokens.shape[1]] = tokens[0].to(torch.int16)
                self._counts[shot, variant] = tokens.shape[1]
        rows = torch.tensor(list(shots))
        counts = self._counts[rows, variants].long()  # (B,)
        longest = int(counts.max())
        mask = torch.arange(longest) < counts[:, None]
        return self._tokens[rows, variants, :longest].long(), mask

    def labels(self, shots: Sequence[int]) -> dict[str, Tensor]:
        """Class of every field of ``concepts.FIELDS`` for these shots, (B,) int64 each."""
        if self._labels is None:
            fields = [shot_fields(shot) for shot in self.shots]
            self._labels = {
                axis: torch.tensor([values.index(entry[axis]) for entry in fields])
                for axis, values in concepts.FIELDS.items()
            }
        rows = torch.tensor(list(shots))
        return {axis: classes[rows] for axis, classes in self._labels.items()}


def fields_loss(logits: dict[str, Tensor], labels: dict[str, Tensor], asked: Tensor | None = None) -> Tensor:
    """Mean cross-entropy of the Shot head; ``asked`` (B,) leaves out prompts without words."""
    losses = []
    for axis, guess in logits.items():
        each = F.cross_entropy(guess.float(), labels[axis].to(guess.device), reduction="none")  # (B,)
        losses.append(each.mean() if asked is None else (each * asked).sum() / asked.sum().clamp(min=1))
    return torch.stack(losses).mean()


def fields_accuracy(logits: dict[str, Tensor], labels: dict[str, Tensor]) -> dict[str, Tensor]:
    """Share of right answers per field."""
    return {axis: (guess.argmax(-1).cpu() == labels[axis]).float().mean() for axis, guess in logits.items()}


def drop_captions(
    tokens: Tensor, mask: Tensor, share: float, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor]:
    """Replace a share of the prompts by the empty one; also returns which still have words, (B,)."""
    kept = torch.rand(len(tokens), generator=generator) >= share
    first = torch.zeros_like(mask)
    first[:, 0] = True  # the empty prompt is one word of no bytes
    return tokens * kept[:, None, None], torch.where(kept[:, None], mask, first), kept


def different_words(tokens: Tensor) -> int:
    """How many different words a batch (B, W, 16) has, the empty one included."""
    keys = torch.randint(2**62, (tokens.shape[-1],), generator=torch.Generator().manual_seed(1))
    return len((tokens * keys).sum(-1).unique())  # sums wrap around: a hash of each word


def slip(tokens: Tensor, share: float, generator: torch.Generator, words: float = 0.15) -> Tensor:
    """Misspell about ``words`` of the words in ``share`` of the prompts (B, W, 16): drop, double, swap or
    miss a key.

    Works on bytes, so that captions need not be written anew. Words shorter than three bytes are spared, and
    those of other scripts, whose letters are several bytes that must stay together.
    """
    batch, count, width = tokens.shape
    length = (tokens > 0).sum(-1)  # (B, W)
    ascii_only = tokens.amax(-1) <= 128
    chosen = torch.rand(batch, 1, generator=generator) < share
    chosen = chosen & (torch.rand(batch, count, generator=generator) < words)
    chosen = chosen & (length > 2) & ascii_only
    place = (
        1 + (torch.rand(batch, count, generator=generator) * (length - 2).clamp(min=1)).long()
    )  # never the first
    kind = torch.randint(4, (batch, count), generator=generator)
    at, here = torch.arange(width), place[..., None]
    moved = torch.stack(
        [
            at + (at >= here).long(),  # drop
            at - (at > here).long(),  # double
            torch.where(at == here, at + 1, torch.where(at == here + 1, at - 1, at)),  # swap
            at.expand(batch, count, -1),  # keep: a neighbouring key follows
        ]
    )
    source = torch.take_along_dim(moved, kind[None, ..., None], 0)[0]  # (B, W, 16)
    padded = F.pad(tokens, (0, 1))
    spoilt = padded.gather(-1, source.clamp(max=width))
    missed = (kind == 3)[..., None] & (at == here)
    spoilt = torch.where(missed, _NEIGHBOUR[spoilt], spoilt)
    swapped_out = (kind == 2) & (place + 1 >= length)  # no letter to swap with
    return torch.where((chosen & ~swapped_out)[..., None], spoilt, tokens)


def _neighbours() -> Tensor:
    """Token → the token of a key beside it on the keyboard; what is no Latin letter stays."""
    table = torch.arange(257)
    for row in _KEYBOARD:
        for left, right in zip(row, row[1:] + row[-2], strict=True):
            table[ord(left) + 1] = ord(right) + 1
    assert all(int(table[ord(letter) + 1]) != ord(letter) + 1 for letter in string.ascii_lowercase)
    return table


_NEIGHBOUR = _neighbours()
