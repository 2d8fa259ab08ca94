"""Words to vectors: bytes become words, words become a sentence, and a sentence shows which Shot it asks for.

Works on bytes, so that no spelling and no script is out of vocabulary (character-aware encoders learn
spelling at small size, arXiv 2212.10562). Its Shot head reads the fields of a Shot back out of the words,
which trains the encoder before a frame is rendered and tells the user afterwards what was understood.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.model.attention import attend
from ozora.model.positions import rotate, word_angles

BYTES_PER_WORD = 16
MOST_WORDS = 40

Axes = tuple[tuple[str, tuple[str, ...]], ...]
"""Fields of a Shot and their values, in order: (("subject", ("fox", "horse")), …)."""


@dataclass(frozen=True)
class TextConfig:
    """Shape of a text encoder. ``axes`` is what its Shot head predicts: weights describe themselves."""

    out_width: int = 256
    byte_width: int = 96
    byte_layers: int = 2
    width: int = 160
    layers: int = 2
    heads: int = 5
    hidden: int = 432
    axes: Axes = ()

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> TextConfig:
        """Rebuild from `dataclasses.asdict`, or from its JSON form where tuples have become lists."""
        axes = tuple((axis, tuple(names)) for axis, names in values.get("axes", ()))
        return cls(**{**values, "axes": axes})

    def with_axes(self, axes: Mapping[str, Sequence[str]]) -> TextConfig:
        """The same encoder with a Shot head for ``axes`` (axis to values)."""
        return replace(self, axes=tuple((axis, tuple(values)) for axis, values in axes.items()))


TEXT_SIZES: dict[str, TextConfig] = {
    "micro": TextConfig(),
    "mini": TextConfig(out_width=512, byte_width=128, width=256, layers=4, heads=4, hidden=704),
    "base": TextConfig(out_width=1024, byte_width=192, width=512, layers=6, heads=8, hidden=1408),
    "large": TextConfig(
        out_width=2304, byte_width=256, byte_layers=3, width=1024, layers=10, heads=16, hidden=2816
    ),
}


@dataclass(frozen=True)
class TextOutput:
    """Encoded prompts: ``words`` (B, W, D), ``pooled`` (B, D), ``fields`` axis to logits (B, values).

    ``mask`` (B, W) is True at real words; None says that every word is real, which is the quicker path.
    """

    words: Tensor
    mask: Tensor | None
    pooled: Tensor
    fields: dict[str, Tensor]

    def __len__(self) -> int:
        return len(self.words)

    def select(self, index: int) -> TextOutput:
        """Prompt ``index`` alone, its padding cut off: what encoding it alone gives, up to rounding."""
        row = slice(index, index + 1)
        count = self.words.shape[1] if self.mask is None else int(self.mask[index].sum())
        fields = {axis: logits[row] for axis, logits in self.fields.items()}
        return TextOutput(self.words[row, :count], None, self.pooled[row], fields)


def split_words(text: str) -> list[str]:
    """Lower-case words of ``text`` without punctuation; in scripts without spaces every character is a word.

    >>> split_words("A red-orange fox, 雪地!")
    ['a', 'red', 'orange', 'fox', '雪', '地']
    """
    spaced = []
    for character in unicodedata.normalize("NFKC", text).lower():
        if _is_unspaced(character):
            spaced.append(f" {character} ")
        elif character == "'" or unicodedata.category(character)[0] in "LMN":
            spaced.append(character)
        else:
            spaced.append(" ")
    return [word for word in (part.strip("'") for part in "".join(spaced).split()) if word]


_UNSPACED = ((0x3041, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))


def _is_unspaced(character: str) -> bool:
    """True for Chinese characters and kana, which are written without spaces."""
    return any(first <= ord(character) <= last for first, last in _UNSPACED)


def to_bytes(texts: Sequence[str]) -> tuple[Tensor, Tensor]:
    """Prompts to byte tokens (B, W, 16) int64 (byte + 1, 0 is padding) and the mask (B, W) of real words.

    W is the longest prompt of the batch, at most 40 words; what follows is dropped, and so are bytes after a
    word's sixteenth. A prompt without words becomes one word of no bytes, the "nothing" of guidance.
    """
    sentences = [_spelled(text) for text in texts]
    longest = max((len(sentence) for sentence in sentences), default=1)
    tokens = torch.zeros(len(sentences), longest, BYTES_PER_WORD, dtype=torch.int64)
    mask = torch.zeros(len(sentences), longest, dtype=torch.bool)
    for row, sentence in enumerate(sentences):
        rows = [[byte + 1 for byte in word] + [0] * (BYTES_PER_WORD - len(word)) for word in sentence]
        tokens[row, : len(sentence)] = torch.tensor(rows)
        mask[row, : len(sentence)] = True
    return tokens, mask


def _spelled(text: str) -> list[bytes]:
    """The words of a prompt as bytes, at least one word."""
    return [word.encode()[:BYTES_PER_WORD] for word in split_words(text)[:MOST_WORDS]] or [b""]


class _WordBlock(nn.Module):
    """A small pre-normalised transformer block over the words of a sentence."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.before_attention = nn.RMSNorm(config.width)
        self.before_hidden = nn.RMSNorm(config.width)
        self.qkv = nn.Linear(config.width, 3 * config.width, bias=False)
        self.attention_out = nn.Linear(config.width, config.width, bias=False)
        self.up = nn.Linear(config.width, 2 * config.hidden, bias=False)
        self.down = nn.Linear(config.hidden, config.width, bias=False)
        nn.init.zeros_(self.attention_out.weight)  # every block begins as an identity
        nn.init.zeros_(self.down.weight)

    def forward(self, words: Tensor, angles: Tensor, mask: Tensor | None) -> Tensor:
        """``words`` (B, W, d), ``angles`` (1, W, 1, head/2), ``mask`` (B, W)."""
        heads = self.qkv(self.before_attention(words)).unflatten(-1, (3, self.heads, -1))  # (B, W, 3, H, d/H)
        query, key, value = heads.transpose(1, 3).unbind(2)  # (B, H, W, d/H)
        cosine, sine = angles.cos()[:, None], angles.sin()[:, None]  # (1, 1, W, head/2)
        seen = None if mask is None else mask[:, None, None]
        mixed = attend(rotate(query, cosine, sine), rotate(key, cosine, sine), value, seen)
        words = words + self.attention_out(mixed.transpose(1, 2).flatten(2))
        left, right = self.up(self.before_hidden(words)).chunk(2, dim=-1)
        return words + self.down(F.silu(left) * right)  # (B, W, d)


class TextEncoder(nn.Module):
    """Bytes to words to a sentence (byte convolutions, then a word transformer), with a Shot head."""

    def __init__(self, config: TextConfig) -> None:
        super().__init__()
        self.config = config
        self.byte = nn.Embedding(257, config.byte_width)
        self.byte_place = nn.Parameter(torch.zeros(BYTES_PER_WORD, config.byte_width))
        self.convolutions = nn.ModuleList(
            nn.Conv1d(config.byte_width, config.byte_width, 3, padding=1) for _ in range(config.byte_layers)
        )
        self.word_in = nn.Linear(2 * config.byte_width, config.width, bias=False)
        self.blocks = nn.ModuleList(_WordBlock(config) for _ in range(config.layers))
        self.last_norm = nn.RMSNorm(config.width)
        self.out = nn.Linear(config.width, config.out_width, bias=False)
        self.pooled_out = nn.Linear(config.width, config.out_width, bias=False)
        self.queries = nn.Parameter(torch.randn(1 + len(config.axes), config.width) * config.width**-0.5)
        self.fields = nn.ModuleDict(
            {axis: nn.Linear(config.width, len(values)) for axis, values in config.axes}
        )

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> TextOutput:
        """``tokens`` (B, W, 16) from `to_bytes`; ``mask`` (B, W), or None where no prompt is padded."""
        words = self.word_in(self.spell_once(tokens) if self.training else self.spell(tokens))  # (B, W, d)
        angles = word_angles(words.shape[1], self.config.width // self.config.heads, words.device)
        for block in self.blocks:
            words = block(words, angles, mask)
        words = self.last_norm(words)
        scores = self.queries @ words.transpose(1, 2)  # (B, 1 + axes, W): what each query seeks
        if mask is not None:
            scores = scores.masked_fill(~mask[:, None], float("-inf"))
        pooled = torch.softmax(scores, dim=-1) @ words  # (B, 1 + axes, d)
        rows = zip(self.fields.items(), pooled[:, 1:].unbind(1), strict=True)
        fields = {axis: layer(row) for (axis, layer), row in rows}
        return TextOutput(self.out(words), mask, self.pooled_out(pooled[:, 0]), fields)

    def spell_once(self, tokens: Tensor) -> Tensor:
        """`spell`, looking once at each different word: captions repeat theirs, training is much quicker."""
        different, which = tokens.flatten(0, 1).unique(dim=0, return_inverse=True)  # (V, 16), (B·W,)
        return self.spell(different[:, None])[:, 0][which].unflatten(0, tokens.shape[:2])

    def spell(self, tokens: Tensor) -> Tensor:
        """Bytes (B, W, 16) to the mean and the maximum of their convolved features: (B, W, 2·byte width)."""
        real = (tokens > 0).flatten(0, 1)[:, None]  # (B·W, 1, 16)
        letters = (self.byte(tokens) + self.byte_place).flatten(0, 1).transpose(1, 2)  # (B·W, e, 16)
        for convolution in self.convolutions:
            letters = letters + F.gelu(convolution(letters * real))
        letters = letters * real
        mean = letters.sum(-1) / real.sum(-1).clamp(min=1)
        return torch.cat((mean, letters.amax(-1)), dim=-1).unflatten(0, tokens.shape[:2])


def encode(encoder: TextEncoder, texts: Sequence[str]) -> TextOutput:
    """Encode prompts as they come; without padding (always so for one prompt) the mask is left out."""
    tokens, mask = to_bytes(texts)
    device = encoder.byte.weight.device
    return encoder(tokens.to(device), None if bool(mask.all()) else mask.to(device))


def understood(output: TextOutput, config: TextConfig, index: int = 0) -> dict[str, tuple[str, float]]:
    """What the Shot head read in prompt ``index``: axis to (most likely value, its probability)."""
    reading = {}
    for axis, values in config.axes:
        probability = torch.softmax(output.fields[axis][index].float(), dim=-1)
        best = int(probability.argmax())
        reading[axis] = (values[best], float(probability[best]))
    return reading


class Prompts:
    """Remembers the last prompts' vectors, so that takes of one prompt encode it once."""

    def __init__(self, encoder: TextEncoder, limit: int = 64) -> None:
        self.encoder, self.limit = encoder, limit
        self._known: dict[str, TextOutput] = {}

    @torch.no_grad()
    def __call__(self, text: str) -> TextOutput:
        """The encoded prompt, a batch of one, always computed alone: the same bits in any company."""
        if text not in self._known:
            if len(self._known) >= self.limit:
                del self._known[next(iter(self._known))]
            self._known[text] = encode(self.encoder, [text])
        return self._known[text]
