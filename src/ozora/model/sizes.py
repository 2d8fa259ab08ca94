"""Sizes of the autoencoder. A size is a frozen dataclass; its name is what weights and recipes refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ozora.errors import refuse

SPATIAL_FACTOR = 16
"""Pixels of the encoder's picture per latent cell, along each side."""

TEMPORAL_FACTOR = 4
"""Frames per latent, after the first latent, which holds one frame."""


@dataclass(frozen=True)
class AutoencoderConfig:
    """Shape of one autoencoder.

    ``encoder_channels`` run from fine (one value per ``patch``) to coarse (one value per cell); the two
    steps between them halve width, height and time. ``decoder_channels`` run from coarse to fine; the first
    two steps double width, height and time, the third width and height for the ×2 head. ``cosine_path``
    adds a fixed linear code beside the networks.
    """

    name: str
    latent_channels: int
    encoder_channels: tuple[int, int, int]
    encoder_blocks: tuple[int, int, int]
    decoder_channels: tuple[int, int, int, int]
    decoder_blocks: tuple[int, int, int, int]
    patch: int = 4
    cosine_path: bool = False

    def __post_init__(self) -> None:
        if self.patch * 4 != SPATIAL_FACTOR:
            raise refuse("patch", self.patch, f"{SPATIAL_FACTOR // 4}, so that two halvings reach one cell")
        for fine, coarse in zip(self.encoder_channels, self.encoder_channels[1:], strict=False):
            if 8 * fine % coarse:
                raise refuse("encoder_channels", self.encoder_channels, "divisors of 8 × the one before")

    def to_json(self) -> dict[str, Any]:
        """Return the plain values that go into the metadata of a weights file."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> AutoencoderConfig:
        """Rebuild a config from ``to_json``; lists become tuples again."""
        plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
        return cls(**plain)


MICRO = AutoencoderConfig(
    name="micro",
    latent_channels=48,
    encoder_channels=(32, 64, 128),
    encoder_blocks=(1, 2, 2),
    decoder_channels=(128, 80, 48, 32),
    decoder_blocks=(3, 3, 2, 1),
    cosine_path=True,
)
"""Beside its networks a linear code, which alone gives stills of our footage back at 28 dB, untrained."""

MINI = AutoencoderConfig(
    name="mini",
    latent_channels=48,
    encoder_channels=(80, 160, 256),
    encoder_blocks=(2, 3, 3),
    decoder_channels=(320, 192, 112, 64),
    decoder_blocks=(4, 3, 3, 2),
    cosine_path=True,
)

BASE = AutoencoderConfig(
    name="base",
    latent_channels=48,
    encoder_channels=(128, 256, 512),
    encoder_blocks=(3, 4, 6),
    decoder_channels=(640, 384, 192, 96),
    decoder_blocks=(6, 4, 4, 3),
    cosine_path=True,
)

LARGE = AutoencoderConfig(
    name="large",
    latent_channels=48,
    encoder_channels=(192, 384, 768),
    encoder_blocks=(4, 6, 10),
    decoder_channels=(1024, 640, 320, 128),
    decoder_blocks=(10, 6, 4, 4),
    cosine_path=True,
)
"""Four times the parameters of ``BASE``, and as many channels per cell: its latents are as easy to learn."""

SIZES: dict[str, AutoencoderConfig] = {config.name: config for config in (MICRO, MINI, BASE, LARGE)}
