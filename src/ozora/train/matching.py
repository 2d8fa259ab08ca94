"""Distribution matching: a student whose films nobody can tell from those its guided teacher would make.

Learning to land where the teacher lands, a student answers with the mean of what it cannot decide, which is
soft and nobody's face. Here it films whole films in its few steps instead, and all those steps learn from
where two networks that denoise would rather see the film, noised to any level: the guided teacher, and an
echo of it that learns all the while what the student's own films are like. Their difference is the gradient
of the divergence between the two kinds of films (distribution matching distillation, arXiv 2311.18828; with
an echo that is taught at its own pace and a film made in several steps, arXiv 2405.14867). Teachers err,
footage does not: from what the echo makes of a noisy film, a verdict learns to tell footage from the
student's films of the same words, and pulls them towards footage (as in the latter paper). Now and then the
student still answers the questions of ``student``, so that it does not forget what the verbs ask of it.
"""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.model.checkpoint import load_into, load_weights
from ozora.model.flow import noised, shifted
from ozora.model.sampler import Moment, denoise, step_levels
from ozora.model.state import State
from ozora.model.transformer import Transformer, TransformerOutput
from ozora.train.recipe import MatchingRecipe, Stage
from ozora.train.student import Lesson, StudentTask
from ozora.train.tasks import Inputs

_COMPARED = 0.02, 0.98
"""Noise levels between which films are compared: at the ends there is nothing to see, or nothing to say."""
_JUDGED = 0.02, 0.6
"""Noise levels at which footage is told from films: above, what a cell holds cannot be seen."""

_LEARNS = 0.3
"""How much of the echo's learning is about telling footage from films, beside denoising them."""


class Verdict(nn.Module):
    """Features of noisy films (B, L, cells, d) to verdicts on cells (B, L, cells): above 0 is footage."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.inner = nn.Linear(width, width)
        self.out = nn.Linear(width, 1)

    def forward(self, features: Tensor) -> Tensor:
        inner = F.silu(self.inner(F.rms_norm(features.float(), features.shape[-1:])))  # (B, L, cells, d)
        return self.out(inner).squeeze(-1).float()


class MatchingTask(StudentTask):
    """What the loop needs for it; see ``tasks.Task``. A teacher's student, if it has one, goes on."""

    recipe: MatchingRecipe
    helpers = ("echo", "verdict")

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
        self.verdict = Verdict(self.teacher.config.width).to(device) if recipe.verdict else None
        if self.verdict is not None:
            self.networks["verdict"] = self.verdict
            self.rate_factors["verdict"] = recipe.echo_rate
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
        told = self._echoed(film.detach(), state, lesson, noise)
        name = "question" if asks else "apart"
        parts = {"total": own + told["echo"], name: own.detach(), "echo": told["echo"].detach()}
        if "verdict" in told:
            total = parts["total"] + _LEARNS * told["verdict"]
            parts |= {"total": total, "verdict": told["verdict"].detach()}
        return parts

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
            echo = self._hear(noisy, level, state, lesson).clean.float()
            free = _frames((~state.given).float())
            distance = ((film - real).abs() * free).mean((1, 2, 3, 4), keepdim=True)
            share = free.mean((1, 2, 3, 4), keepdim=True).clamp(min=1e-3)
            gradient = (echo - real) * free / (distance / share).clamp(min=1e-3)
        if self.verdict is not None:
            shown = film.detach().requires_grad_()
            verdict = self._told(shown, state, lesson, noise) * free[..., 0, 0]  # (B, L, cells)
            push = torch.autograd.grad(-verdict.mean(), shown)[0] * free
            loud = gradient.square().mean() / push.square().mean().clamp(min=1e-16)
            gradient = gradient + self.recipe.verdict * loud.sqrt() * push
        return 0.5 * (film - (film - gradient).detach()).square().mean()

    def _told(self, film: Tensor, state: State, lesson: Lesson, noise: torch.Generator) -> Tensor:
        """Verdicts (B, L, cells) on films or footage (B, L, C, h, w), with some noise."""
        assert self.verdict is not None
        level, noisy = self._noisy(film, state, noise, between=_JUDGED, shift=1.0)
        verdict: Tensor = self.verdict(self._hear(noisy, level, state, lesson).middle)
        return verdict

    def _echoed(
        self, film: Tensor, state: State, lesson: Lesson, noise: torch.Generator
    ) -> dict[str, Tensor]:
        """How badly the echo denoises the student's films (B, L, C, h, w), and tells footage from them."""
        level, noisy = self._noisy(film, state, noise)
        heard = self._hear(noisy, level, state, lesson).clean.float()
        error = (heard - film).square().mean((2, 3, 4))  # (B, L)
        free = (~state.given).float()
        told = {"echo": (free * error / level.clamp(min=0.1)).sum() / free.sum().clamp(min=1)}
        if self.verdict is not None:
            footage, films = (self._told(each, state, lesson, noise) for each in (lesson.clean, film))
            wrong = F.relu(1 - footage) + F.relu(1 + films)  # (B, L, cells)
            told["verdict"] = 0.5 * (free * wrong.mean(-1)).sum() / free.sum().clamp(min=1)
        return told

    def _noisy(
        self,
        film: Tensor,
        state: State,
        noise: torch.Generator,
        *,
        between: tuple[float, float] = _COMPARED,
        shift: float | None = None,
    ) -> tuple[Tensor, Tensor]:
        """A level (B, L) for each film, given frames apart, and the films noised to it."""
        lowest, highest = between
        dice = torch.rand(len(film), 1, generator=noise, device=self.device)
        level = shifted(lowest + (highest - lowest) * dice, self.shift(film) if shift is None else shift)
        drawn = level.expand(-1, film.shape[1])
        level = torch.where(state.given, state.noise_level, drawn)
        clouds = torch.randn(film.shape, generator=noise, device=self.device)
        return level, torch.where(_frames(state.given), state.clean, noised(film, clouds, level))

    def _hear(self, noisy: Tensor, level: Tensor, state: State, lesson: Lesson) -> TransformerOutput:
        answer: TransformerOutput = self.echo(
            noisy, level, state.given, state.seconds, lesson.text, layout=lesson.layout
        )
        return answer

    def compile(self) -> None:
        """Compile block by block, the echo as well."""
        super().compile()
        for block in self.echo.blocks:
            block.compile()


def _frames(values: Tensor) -> Tensor:
    """(B, L) to (B, L, 1, 1, 1)."""
    return values[:, :, None, None, None]
