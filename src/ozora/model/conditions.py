"""What a film must keep: small objects that pin part of a `State`. Every verb is a list of them.

Latents are (B or 1, k, C, h, w): one set for all films, or one for each. ``level`` is the small noise level
that pinned frames are labelled with; above 0 the transformer trusts them less, which long roll-outs need.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Protocol

from torch import Tensor

from ozora.errors import OzoraError, refuse
from ozora.model.state import State


class Condition(Protocol):
    """Anything that turns a state into a more constrained one."""

    def apply_to(self, state: State) -> State:
        """Return the constrained state; raises OzoraError, naming both shapes, where it does not fit."""
        ...


def apply_all(state: State, conditions: Iterable[Condition]) -> State:
    """Apply ``conditions`` from first to last; a later one wins where two touch the same frame."""
    for condition in conditions:
        state = condition.apply_to(state)
    return state


@dataclass(frozen=True)
class Span:
    """The latents from frame ``start`` on are these: to keep a part while the rest is filmed anew."""

    latents: Tensor
    start: int
    level: float = 0.0

    def apply_to(self, state: State) -> State:
        """Pin the span."""
        return state.pin(self.start, self.latents, self.level, "span")


@dataclass(frozen=True)
class Head:
    """The film begins with these latents: to extend it forwards."""

    latents: Tensor
    level: float = 0.0

    def apply_to(self, state: State) -> State:
        """Pin the first latents."""
        return state.pin(0, self.latents, self.level, "head")


@dataclass(frozen=True)
class Tail:
    """The film ends with these latents: to extend it backwards."""

    latents: Tensor
    level: float = 0.0

    def apply_to(self, state: State) -> State:
        """Pin the last latents."""
        length = self.latents.shape[1] if self.latents.dim() == 5 else 0
        return state.pin(state.frames - length, self.latents, self.level, "tail")


@dataclass(frozen=True)
class Keyframe:
    """Latent frame ``index`` is this one, (B or 1, 1, C, h, w); a negative index counts from the end."""

    latents: Tensor
    index: int
    level: float = 0.0

    def apply_to(self, state: State) -> State:
        """Pin one frame."""
        if not -state.frames <= self.index < state.frames:
            raise refuse("keyframe index", self.index, f"{-state.frames} to {state.frames - 1}")
        if self.latents.dim() != 5 or self.latents.shape[1] != 1:
            shapes = f"latents {tuple(self.latents.shape)} on a film of {tuple(state.latent.shape)}"
            raise OzoraError(f"keyframe: {shapes}; allowed: one latent frame, (B or 1, 1, C, h, w).")
        return state.pin(self.index % state.frames, self.latents, self.level, "keyframe")


@dataclass(frozen=True)
class FirstFrame:
    """The film opens on this picture, (B or 1, 1, C, h, w)."""

    latents: Tensor
    level: float = 0.0

    def apply_to(self, state: State) -> State:
        """Pin the first frame."""
        return Keyframe(self.latents, 0, self.level).apply_to(state)


@dataclass(frozen=True)
class Ring:
    """The last latent frame is the first one again, so that the film loops once that last frame is dropped.

    The first frame must be given already: from a picture, or from a first take of the same film.
    """

    level: float = 0.0

    def apply_to(self, state: State) -> State:
        """Pin the last frame to the first."""
        pinned = bool(state.given[:, 0].all())
        if state.frames < 3 or not pinned:
            came = f"{state.frames} latent frames, the first {'given' if pinned else 'not given'}"
            raise refuse("ring", came, "at least 3 latent frames of which the first is given")
        return state.pin(state.frames - 1, state.clean[:, :1], self.level, "ring")


@dataclass(frozen=True)
class Renoised:
    """Start from these latents noised to ``strength``, not from pure noise: remix, or finish a draft."""

    latents: Tensor
    strength: float
    start: int = 0

    def apply_to(self, state: State) -> State:
        """Mix the latents with the noise already in the state; frames that are given stay as they are."""
        if not 0.0 < self.strength <= 1.0:
            raise refuse("strength", self.strength, "above 0 (nearly unchanged) up to 1 (all new)")
        known = state.fitting(self.start, self.latents, "renoised")
        span = slice(self.start, self.start + known.shape[1])
        free = ~state.given[:, span]
        latent, noise_level = state.latent.clone(), state.noise_level.clone()
        mixed = (1 - self.strength) * known + self.strength * latent[:, span]
        latent[:, span] = mixed.where(free[:, :, None, None, None], latent[:, span])
        noise_level[:, span] = noise_level[:, span].masked_fill(free, self.strength)
        return replace(state, latent=latent, noise_level=noise_level)
