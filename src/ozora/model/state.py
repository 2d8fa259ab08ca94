"""A film being denoised, at any moment: the one value that conditions change and the sampler advances."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ozora.errors import OzoraError
from ozora.model.noise import latent_noise


@dataclass(frozen=True)
class State:
    """B films of L latent frames; ``noise_level`` (1: pure noise) is where the sampler starts, per frame.

    ``given`` frames hold their ``clean`` latents and come out of the sampler bit for bit as they went in;
    their noise level only tells the transformer how far to trust them.
    """

    latent: Tensor  # (B, L, C, h, w)
    clean: Tensor  # (B, L, C, h, w) what is known; zero where nothing is
    given: Tensor  # (B, L) bool
    noise_level: Tensor  # (B, L) 0..1
    seconds: Tensor  # (B, L) when each latent frame happens

    @staticmethod
    def blank(
        frames: int,
        shape: Sequence[int],
        seeds: Sequence[int],
        *,
        seconds_per_latent: float = 1 / 3,
        first: int = 0,
    ) -> State:
        """Pure noise: a film of ``frames`` latents of ``shape`` (C, h, w) for each seed.

        Noise depends on seed and position alone, so a film is the same in any batch. ``first`` is the
        position of the first latent in its film (time 0), negative for what comes before it.
        """
        positions = range(first, first + frames)
        latent = torch.stack([latent_noise(seed, positions, shape) for seed in seeds])  # (B, L, C, h, w)
        flat = latent.shape[:2]
        seconds = torch.arange(first, first + frames, dtype=torch.float32) * seconds_per_latent
        return State(
            latent,
            clean=torch.zeros_like(latent),
            given=torch.zeros(flat, dtype=torch.bool),
            noise_level=torch.ones(flat),
            seconds=seconds.expand(flat).contiguous(),
        )

    @property
    def frames(self) -> int:
        """Latent frames, L."""
        return self.latent.shape[1]

    def __len__(self) -> int:
        return len(self.latent)

    def select(self, index: int) -> State:
        """Film ``index`` alone, as a batch of one."""
        row = slice(index, index + 1)
        return State(*(part[row] for part in self._parts()))

    def to(self, device: torch.device | str) -> State:
        """The same state on another device."""
        return State(*(part.to(device) for part in self._parts()))

    def pin(self, start: int, latents: Tensor, level: float, name: str) -> State:
        """Give frames from ``start`` on: ``latents`` (B or 1, k, C, h, w), trusted as if noised to ``level``.

        ``name`` is who asks, for the error that a misfit raises.
        """
        latents = self.fitting(start, latents, name)
        span = slice(start, start + latents.shape[1])
        latent, clean, given, noise_level = (part.clone() for part in self._parts()[:4])
        latent[:, span] = latents
        clean[:, span] = latents
        given[:, span] = True
        noise_level[:, span] = level
        return replace(self, latent=latent, clean=clean, given=given, noise_level=noise_level)

    def fitting(self, start: int, latents: Tensor, name: str) -> Tensor:
        """Check that ``latents`` (B or 1, k, C, h, w) fit at frame ``start``; return them for B films."""
        size, cell = self.latent.shape, self.latent.shape[2:]
        fits = latents.dim() == 5 and latents.shape[2:] == cell and latents.shape[0] in (1, size[0])
        if not fits or start < 0 or latents.shape[1] == 0 or start + latents.shape[1] > size[1]:
            came = f"latents {tuple(latents.shape)} at frame {start} do not fit a film of {tuple(size)}"
            cells = ", ".join(map(str, cell))
            raise OzoraError(f"{name}: {came}; allowed: (1 or {size[0]}, frames inside the film, {cells}).")
        return latents.to(self.latent).expand(size[0], -1, -1, -1, -1)

    def _parts(self) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        return self.latent, self.clean, self.given, self.noise_level, self.seconds
