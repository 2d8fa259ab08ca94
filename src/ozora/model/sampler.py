"""From noise to latents: a few guided steps down the noise levels, each film by itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from ozora.errors import OzoraError, refuse
from ozora.model.flow import natural_shift, shifted
from ozora.model.state import State
from ozora.model.text import TextOutput
from ozora.model.transformer import Transformer

OnStep = Callable[[int, int, Tensor], None]
"""Called after step k of n with the present guess of clean latents (1, L, C, h, w); may raise to cancel."""

_ALMOST_NOISE = 0.999
"""Pure noise counts as this level in the multistep formula, whose logarithm would be infinite there."""


@dataclass(frozen=True)
class Guidance:
    """How far to push the guess away from weaker ones.

    ``text`` against the negative prompt (arXiv 2207.12598), at the price of a second pass per step; 1 turns
    it off. ``early`` against the early head of the same pass (arXiv 2512.24176), free; 0 turns it off. Both
    act only at noise levels inside ``interval`` (arXiv 2404.07724).
    """

    text: float = 3.0
    early: float = 0.0
    interval: tuple[float, float] = (0.0, 1.0)


def step_levels(steps: int, shift: float) -> Tensor:
    """Noise levels from 1 to 0, (steps + 1,): even steps, moved towards noise by ``shift``."""
    if isinstance(steps, bool) or not isinstance(steps, int) or not 1 <= steps <= 1000:
        raise refuse("steps", steps, "1 to 1000")
    return shifted(torch.linspace(1, 0, steps + 1), shift)


@torch.no_grad()
def sample(
    transformer: Transformer,
    text: TextOutput,
    negative: TextOutput | None,
    state: State,
    *,
    steps: int = 8,
    guidance: Guidance | float = 3.0,
    shift: float | None = None,
    order: int | None = None,
    on_step: OnStep | None = None,
) -> Tensor:
    """Denoise every film of ``state`` and return the clean latents (B, L, C, h, w).

    ``text`` holds one prompt for all films or one for each, ``negative`` likewise (None: no text guidance).
    ``shift`` moves the steps towards noise, by default by the size of the film. ``order`` 1 is Euler, 2
    reuses the guess of the step before (DPM-Solver++ 2M, arXiv 2211.01095); by default 2, and 1 for a student
    that aims, whose answers already know where they step to. Frames start at the state's own
    noise levels; given frames are returned bit for bit. Films are made one by one, so that each is the same
    in any batch. The noise is the state's: the same state gives the same latents. ``on_step`` counts the
    steps of all films. Raises OzoraError for impossible settings, and where values stop being finite,
    naming the step and the layer.
    """
    order = (1 if transformer.config.aims else 2) if order is None else order
    if order not in (1, 2):
        raise refuse("order", order, "1 (Euler) or 2 (multistep)")
    guide = guidance if isinstance(guidance, Guidance) else Guidance(text=guidance)
    levels = step_levels(steps, natural_shift(state.latent[0].numel()) if shift is None else shift)
    total = steps * len(state)
    films = []
    for film in range(len(state)):
        predictor = Predictor(transformer, _prompt(text, film), _prompt(negative, film), guide)

        def report(step: int, guess: Tensor, done: int = film * steps) -> None:
            if on_step is not None:
                on_step(done + step, total, guess)

        films.append(denoise(predictor, state.select(film), levels, order, report).latent)
    return torch.cat(films)


def denoise(
    predict: Predictor,
    state: State,
    levels: Tensor,
    order: int,
    report: Callable[[int, Tensor], None] = lambda step, guess: None,
) -> State:
    """Take ``state`` down ``levels`` (S,), each a share of the frames' own noise levels; where it then is.

    The ``noise_level`` of the result is still that of the start: the shares count from there.
    """
    state = state.to(predict.device)
    levels = torch.where(
        state.given, state.noise_level, levels.to(predict.device)[:, None, None] * state.noise_level
    )
    previous: Tensor | None = None
    for step in range(len(levels) - 1):
        level, lower = levels[step], levels[step + 1]  # (B, L)
        guess = predict(state, level, lower, step + 1)  # (B, L, C, h, w)
        aim = guess
        if order == 2 and previous is not None and step + 2 < len(levels):
            aim = guess + _trend(levels[step - 1 : step + 2]) * (guess - previous)
        stay = _frames(lower / level.clamp(min=1e-6))
        latent = stay * state.latent + (1 - stay) * aim
        state = replace(state, latent=torch.where(_frames(state.given), state.clean, latent))
        previous = guess
        report(step + 1, torch.where(_frames(state.given), state.clean, guess))
    return state


def _trend(levels: Tensor) -> Tensor:
    """How much of the guess's last change to expect again, for levels (before, now, next).

    Half the ratio of the two steps, counted in log signal-to-noise, where the guess moves evenly.
    """
    clamped = levels.clamp(1e-4, _ALMOST_NOISE)
    before, now, lower = torch.log((1 - clamped) / clamped)
    return _frames(0.5 * (lower - now) / (now - before).clamp(min=1e-4))


def _frames(values: Tensor) -> Tensor:
    """(B, L) to (B, L, 1, 1, 1)."""
    return values[:, :, None, None, None]


def _prompt(text: TextOutput | None, film: int) -> TextOutput | None:
    """The prompt of one film, from one for each or one for all."""
    return None if text is None else text.select(film if len(text) > 1 else 0)


class Predictor:
    """The guided guess of the clean latents."""

    def __init__(
        self, transformer: Transformer, text: TextOutput | None, negative: TextOutput | None, guide: Guidance
    ) -> None:
        self.transformer, self.text, self.negative, self.guide = transformer, text, negative, guide
        self.device = next(transformer.parameters()).device

    def __call__(self, state: State, level: Tensor, lower: Tensor, step: int) -> Tensor:
        """Guess at noise levels ``level`` (B, L), to step to ``lower``; a failure names ``step``."""

        def ask(text: TextOutput | None) -> tuple[Tensor, Tensor]:
            answer = self.transformer(state.latent, level, state.given, state.seconds, text, aim=lower)
            if not bool(torch.isfinite(answer.clean).all()):
                culprit = first_unfinite(self.transformer, state, level, text)
                raise OzoraError(
                    f"denoising stopped at step {step}: values are no longer finite from {culprit} on."
                )
            return answer.clean, answer.early

        clean, early = ask(self.text)
        low, high = self.guide.interval
        acting = _frames((level >= low) & (level <= high))
        guess = clean
        if self.guide.early != 0.0:
            guess = guess + acting * self.guide.early * (clean - early)
        if self.negative is not None and self.guide.text != 1.0:
            guess = guess + acting * (self.guide.text - 1) * (clean - ask(self.negative)[0])
        return guess


def first_unfinite(transformer: Transformer, state: State, level: Tensor, text: TextOutput | None) -> str:
    """Name what first gives values that are not finite: an input, or a layer (the step is run again)."""
    if not bool(torch.isfinite(state.latent).all()):
        return "the noisy latents"
    if text is not None and not bool(torch.isfinite(text.words).all()):
        return "the words"
    culprits: list[str] = []

    def watch(name: str) -> Callable[[nn.Module, object, object], None]:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            if isinstance(output, Tensor) and not bool(torch.isfinite(output).all()):
                culprits.append(name)

        return hook

    handles = [
        module.register_forward_hook(watch(name)) for name, module in transformer.named_modules() if name
    ]
    try:
        transformer(state.latent, level, state.given, state.seconds, text)
    finally:
        for handle in handles:
            handle.remove()
    return f"layer {culprits[0]}" if culprits else "the output"
