"""Noise that depends only on seed, position and purpose: never on batch, order, worker or device.

Philox (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011) turns a key and a counter into
random bits without any state, so every latent frame draws from a stream of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ozora.errors import refuse

PURPOSES = {"latent": 0, "renoise": 1, "context": 2, "condition": 3}
"""What noise is for: film of one seed draws from independent streams for each. Numbers never change."""

_SEED_LIMIT = 2**63
_POSITION_LIMIT = 2**62


def latent_noise(
    seed: int, positions: Sequence[int], shape: Sequence[int], *, purpose: str = "latent", step: int = 0
) -> Tensor:
    """Return standard normal noise (L, *shape), float32 on the CPU, one independent draw per position.

    ``seed`` is in [0, 2**63); ``positions`` are latent frames counted from the film's first, negative before
    it (backward extension); ``shape`` is (C, h, w); ``step`` separates draws of one purpose, such as the
    steps of a sampler that re-noises. Raises OzoraError for a seed, position, step or purpose out of range.
    """
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < _SEED_LIMIT:
        raise refuse("seed", seed, "a whole number from 0 to 2**63 − 1")
    if purpose not in PURPOSES:
        raise refuse("noise purpose", purpose, ", ".join(PURPOSES))
    if not 0 <= step < _POSITION_LIMIT:
        raise refuse("noise step", step, "0 or more")
    noise = torch.empty(len(positions), *shape)
    for row, position in enumerate(positions):
        if not -_POSITION_LIMIT <= position < _POSITION_LIMIT:
            raise refuse("position", position, "from −2**62 to 2**62 − 1")
        # Philox's counter has four 64-bit words: the lowest runs on with the draw, the rest name the stream.
        counter = np.array([0, position + _POSITION_LIMIT, step, 0], dtype=np.uint64)
        key = np.array([seed, PURPOSES[purpose]], dtype=np.uint64)
        bits = np.random.Generator(np.random.Philox(counter=counter, key=key))
        noise[row] = torch.from_numpy(_normal(bits, int(np.prod(shape)))).reshape(*shape)
    return noise


def _normal(bits: np.random.Generator, count: int) -> np.ndarray:
    """Standard normals by Box & Muller (1958), in float64: rounding to float32 hides the platform's libm.

    NumPy's own ``standard_normal`` may change between versions; uniform doubles from raw bits do not.
    """
    raw = bits.bit_generator.random_raw(2 * ((count + 1) // 2)).reshape(2, -1)
    radius_draw, angle_draw = (raw >> np.uint64(11)).astype(np.float64) / 2.0**53  # [0, 1)
    radius = np.sqrt(-2.0 * np.log1p(-radius_draw))
    angle = 2.0 * np.pi * angle_draw
    both = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)])
    return both[:count].astype(np.float32)
