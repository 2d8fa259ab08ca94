"""Distribution matching: a student whose films nobody can tell from those its guided teacher would make.

Learning to land where the teacher lands, a student answers with the mean of what it cannot decide, which is
soft and nobody's face. Here it films whole films in its few steps instead, and all those steps learn from
where two networks that denoise would rather see the film, noised to any level: the guided teacher, and an
echo of it that learns all the while what the student's own films are like. Their difference is the gradient
of the divergence between the two kinds of films (distribution matching distillation, arXiv 2311.18828; with
an echo that is taught at its own pace and a film made in several steps, arXiv 2405.14867). Now and then the
student still answers the questions of ``student``, so that it does not forget what the verbs ask of it.
"""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from ozora.model.checkpoint import load_into, load_weights
from ozora.model.flow import noised, shifted
from ozora.model.sampler import Moment, denoise, step_levels
from ozora.model.state import State
from ozora.model.transformer import Transformer
from ozora.train.recipe import MatchingRecipe, Stage
from ozora.train.student import Lesson, StudentTask
from ozora.train.tasks import Inputs

_LOWEST, _HIGHEST = 0.02, 0.98
"""Noise levels between which films are compared: at the ends there is nothing to see, or nothing to say."""


class MatchingTask(StudentTask):
    """What the loop needs for it; see ``tasks.Task``. A teacher's student, if it has one, goes on."""

    recipe: MatchingRecipe
    helpers = ("echo",)

    def __init__(self, recipe: MatchingRecipe, inputs: Inputs, device: torch.device) -> None:
        super().__init__(recipe, inputs, device)
        assert inputs.teacher is not None
        path = inputs.teacher / "student.safetensors"
        if self.layouts is None and path.is_file():
            load_into(self.student, load_weights(path)[0], path)
        self.echo = Transformer(self.teacher.config).to(device)
        self.echo.load_state_dict(self.teacher.state_dict())
        self.networks["echo"] = self.echo
        self.rate_factors["echo"] = recipe.echo_rate
        self._asks = False  # whether the student answers a question in this step

    def begin_step(self, generator: torch.Generator) -> None:
        """Draw what the step is about, for all micro-batches: see ``tasks.Task``."""
        super().begin_step(generator)
        self._asks = float(torch.rand(1, generator=generator)) < self.recipe.asked

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """What the student is to learn from its films, and what the echo is to learn about them."""
        lesson = self.lesson(generator, stage)
        state = self.beginning(lesson, generator)
        noise = torch.Generator(self.device).manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
        asks = self._asks or progress < self.recipe.alone  # the echo first has to know whom it echoes
        with torch.set_grad_enabled(not asks):
            film = self.film(lesson, state, self._asked[0])
        if asks:
            own = self.missed(self.question(lesson, generator))
        else:
            own = self.apart(film, state, lesson, noise)
        echoed = self._echoed(film.detach(), state, lesson, noise)
        name = "question" if asks else "apart"
        return {"total": own + echoed, name: own.detach(), "echo": echoed.detach()}

    def film(self, lesson: Lesson, state: State, steps: int) -> Tensor:
        """Films (B, L, C, h, w) of the student in so many steps from ``state``; all of them learn."""
        own, _ = self.predictors(lesson.text, lesson.layout)
        levels = step_levels(steps, self.shift(state.latent))
        return denoise(own, Moment(0, state), levels, order=1).state.latent

    def apart(self, film: Tensor, state: State, lesson: Lesson, noise: torch.Generator) -> Tensor:
        """A loss (scalar) whose gradient moves ``film`` to where the teacher, not the echo, would see it.

        It is scaled by how far the teacher would go, film by film, so that no noise level drowns the others.
        """
        with torch.no_grad():
            level, noisy = self._noisy(film, state, noise)
            there = replace(state, latent=noisy, clean=film)
            _, guided = self.predictors(lesson.text, lesson.layout)
            real = guided(there, level, level, 0)
            echo = self._hear(noisy, level, state, lesson)
            free = _frames((~state.given).float())
            distance = ((film - real).abs() * free).mean((1, 2, 3, 4), keepdim=True)
            share = free.mean((1, 2, 3, 4), keepdim=True).clamp(min=1e-3)
            gradient = (echo - real) * free / (distance / share).clamp(min=1e-3)
        return 0.5 * (film - (film - gradient).detach()).square().mean()

    def _echoed(self, film: Tensor, state: State, lesson: Lesson, noise: torch.Generator) -> Tensor:
        """How badly the echo denoises the student's films (B, L, C, h, w)."""
        level, noisy = self._noisy(film, state, noise)
        error = (self._hear(noisy, level, state, lesson) - film).square().mean((2, 3, 4))  # (B, L)
        free = (~state.given).float()
        return (free * error / level.clamp(min=0.1)).sum() / free.sum().clamp(min=1)

    def _noisy(self, film: Tensor, state: State, noise: torch.Generator) -> tuple[Tensor, Tensor]:
        """A level (B, L) for each film, given frames apart, and the films noised to it."""
        dice = torch.rand(len(film), 1, generator=noise, device=self.device)
        drawn = shifted(_LOWEST + (_HIGHEST - _LOWEST) * dice, self.shift(film)).expand(-1, film.shape[1])
        level = torch.where(state.given, state.noise_level, drawn)
        clouds = torch.randn(film.shape, generator=noise, device=self.device)
        return level, torch.where(_frames(state.given), state.clean, noised(film, clouds, level))

    def _hear(self, noisy: Tensor, level: Tensor, state: State, lesson: Lesson) -> Tensor:
        answer = self.echo(noisy, level, state.given, state.seconds, lesson.text, layout=lesson.layout)
        return answer.clean.float()

    def compile(self) -> None:
        """Compile block by block, the echo as well."""
        super().compile()
        for block in self.echo.blocks:
            block.compile()


def _frames(values: Tensor) -> Tensor:
    """(B, L) to (B, L, 1, 1, 1)."""
    return values[:, :, None, None, None]
