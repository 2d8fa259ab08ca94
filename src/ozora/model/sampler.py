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


@dataclass(frozen=True)
class Moment:
    """Where the denoising of one film stands: all that the remaining steps depend on.

    ``state`` is still noisy; ``guess`` (1, L, C, h, w) is the last guess of the clean latents, which the
    multistep formula needs again (``None`` before the first step).
    """

    step: int
    state: State
    guess: Tensor | None = None

    @property
    def preview(self) -> Tensor:
        """What the film looks like so far, (1, L, C, h, w); zero before the first step."""
        guess = torch.zeros_like(self.state.latent) if self.guess is None else self.guess
        return torch.where(_frames(self.state.given), self.state.clean, guess)


OnMoment = Callable[[Moment], None]
"""Called after each step of one film with all that is needed to go on from there; may raise to stop."""

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

        def report(now: Moment, done: int = film * steps) -> None:
            if on_step is not None:
                on_step(done + now.step, total, now.preview)

        done = denoise(predictor, Moment(0, state.select(film)), levels, order, tell=report)
        films.append(done.state.latent)
    return torch.cat(films)


@torch.no_grad()
def denoise_on(
    transformer: Transformer,
    text: TextOutput,
    negative: TextOutput | None,
    moment: Moment,
    *,
    steps: int,
    guidance: Guidance | float = 3.0,
    shift: float | None = None,
    order: int | None = None,
    until: int | None = None,
    on_moment: OnMoment | None = None,
) -> Moment:
    """Denoise one film from ``moment`` on, through all ``steps`` of its schedule or ``until`` one of them.

    However often it is stopped and gone on with, the film is the one that :func:`sample` makes at once, to
    the bit: so a draft is the beginning of its final, and a killed take loses nothing. Settings as for
    ``sample``. Raises OzoraError for a moment that is not one film's, or not of this schedule.
    """
    order = (1 if transformer.config.aims else 2) if order is None else order
    if order not in (1, 2):
        raise refuse("order", order, "1 (Euler) or 2 (multistep)")
    if len(moment.state) != 1 or not 0 <= moment.step <= steps:
        came = f"{len(moment.state)} films after step {moment.step}"
        raise refuse("moment", came, f"one film after at most {steps} steps")
    guide = guidance if isinstance(guidance, Guidance) else Guidance(text=guidance)
    values = moment.state.latent[0].numel()
    levels = step_levels(steps, natural_shift(values) if shift is None else shift)
    predictor = Predictor(transformer, _prompt(text, 0), _prompt(negative, 0), guide)
    return denoise(predictor, moment, levels, order, until=until, tell=on_moment)


def denoise(
    predict: Predictor,
    moment: Moment,
    levels: Tensor,
    order: int,
    *,
    until: int | None = None,
    tell: OnMoment | None = None,
) -> Moment:
    """The denoising loop, of a film or a batch: from ``moment`` down ``levels`` (S + 1,) or ``until`` a step.

    Each level is a share of the frames' own noise levels, those of the state that denoising began with.
    """
    until = len(levels) - 1 if until is None else until
    state, previous = moment.state.to(predict.device), moment.guess
    levels = torch.where(
        state.given, state.noise_level, levels.to(predict.device)[:, None, None] * state.noise_level
    )
    for step in range(moment.step, until):
        level, lower = levels[step], levels[step + 1]  # (B, L)
        guess = predict(state, level, lower, step + 1)  # (B, L, C, h, w)
        aim = guess
        if order == 2 and previous is not None and step + 2 < len(levels):
            aim = guess + _trend(levels[step - 1 : step + 2]) * (guess - previous)
        stay = _frames(lower / level.clamp(min=1e-6))
        latent = stay * state.latent + (1 - stay) * aim
        state = replace(state, latent=torch.where(_frames(state.given), state.clean, latent))
        previous = guess
        moment = Moment(step + 1, state, guess)
        if tell is not None:
            tell(moment)
    return moment


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
        self,
        transformer: Transformer,
        text: TextOutput | None,
        negative: TextOutput | None,
        guide: Guidance,
        layout: Tensor | None = None,
    ) -> None:
        self.transformer, self.text, self.negative, self.guide = transformer, text, negative, guide
        self.layout = layout
        self.device = next(transformer.parameters()).device

    def __call__(self, state: State, level: Tensor, lower: Tensor, step: int) -> Tensor:
        """Guess at noise levels ``level`` (B, L), to step to ``lower``; a failure names ``step``."""

        def ask(text: TextOutput | None) -> tuple[Tensor, Tensor]:
            weaker = self.guide.early != 0.0
            answer = self.transformer(
                state.latent, level, state.given, state.seconds, text,
                aim=lower, layout=self.layout, early=weaker,
            )
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


OLD_WORDS_GUIDANCE = 1.5
"""How far the words a film was made from are pushed while it is edited: less than the new ones."""


@torch.no_grad()
def edit(
    transformer: Transformer,
    old: TextOutput,
    new: TextOutput,
    negative: TextOutput | None,
    state: State,
    source: Tensor,
    *,
    steps: int = 12,
    strength: float = 0.9,
    guidance: float = 3.0,
    shift: float | None = None,
    on_step: OnStep | None = None,
) -> Tensor:
    """Change one film by the difference of two prompts and return its clean latents (1, L, C, h, w).

    ``source`` (1, L, C, h, w) is the film as it was under ``old`` words. At each noise level, down from
    ``strength``, it is noised with the state's noise and the velocities under ``old`` and ``new`` words are
    asked for; the film moves by their difference, so that what both say alike stays (FlowEdit, arXiv
    2412.08629). Frames given in ``state`` are what they are there under the new words, and as in ``source``
    under the old.
    """
    device = next(transformer.parameters()).device
    state, source = state.to(device), source.to(device)
    before = Predictor(transformer, old, negative, Guidance(OLD_WORDS_GUIDANCE))
    after = Predictor(transformer, new, negative, Guidance(guidance))
    levels = step_levels(steps, natural_shift(source[0].numel()) if shift is None else shift) * strength
    noise, given = state.latent, _frames(state.given)
    film = torch.where(given, state.clean, source)
    for step in range(steps):
        now, lower = float(levels[step]), float(levels[step + 1])
        level = torch.where(state.given, state.noise_level, now)  # (1, L)
        was = torch.where(given, source, (1 - now) * source + now * noise)
        becomes = torch.where(given, state.clean, film + was - source)
        aim = torch.where(state.given, state.noise_level, lower)
        old_clean = before(replace(state, latent=was), level, aim, step + 1)
        new_clean = after(replace(state, latent=becomes), level, aim, step + 1)
        change = ((becomes - new_clean) - (was - old_clean)) / now  # difference of velocities
        film = torch.where(given, film, film + (lower - now) * change)
        if on_step is not None:
            on_step(step + 1, steps, film)
    return film
