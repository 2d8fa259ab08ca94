"""Few steps: a student learns to do in one step, unguided, what its guided teacher does in several.

A film is denoised in a few phases, the steps of the student. In a phase the teacher takes several guided
steps; the student is told where the phase ends and answers with the clean latents that lead there in one
straight step (multistep consistency, arXiv 2403.06807; the end as an input as in flow maps, arXiv 2406.07507;
whole phases integrated by the teacher as in progressive distillation, arXiv 2202.00512). Most phases begin
where the student's own steps have led from pure noise, so that it learns to mend what it does itself; some
begin at footage with noise, as remixing does. A refiner's student is taught likewise, shown layouts besides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ozora.errors import refuse
from ozora.model.flow import PATTERNS, natural_shift, noised, plan_noise
from ozora.model.refining import REFINING_SHIFT
from ozora.model.sampler import Guidance, Moment, Predictor, denoise, step_levels
from ozora.model.state import State
from ozora.model.text import TextOutput, encode
from ozora.model.transformer import Transformer
from ozora.train.latents import LatentBank, latent_seconds
from ozora.train.layouts import Layouts
from ozora.train.recipe import Stage, StudentRecipe
from ozora.train.sheets import save_sheet, spread
from ozora.train.tasks import Inputs, export, load_autoencoder, needed, read_filming
from ozora.train.transformer import SHOWN_PROMPTS
from ozora.train.words import CaptionBank
from ozora.world.captions import caption

_ROLLING = ("ramp", "independent")
"""Patterns whose frames each have a noise level of their own."""

_SHAPES = 64
"""How many kinds of question (length, batch, precision, gradients) blocks are compiled for."""

_SHOWN_LAYOUTS = 3
"""Films on a refiner's sheet."""


@dataclass(frozen=True)
class Lesson:
    """Footage, its captions as the teacher reads them, and where a refiner is taught, layouts."""

    clean: Tensor  # (B, L, C, h, w)
    seconds: Tensor  # (B, L)
    text: TextOutput
    layout: Tensor | None = None  # (B, L, C, h/2, w/2)


@dataclass(frozen=True)
class Question:
    """A film at the beginning of a phase, where the phase ends, and where the teacher came to."""

    lesson: Lesson
    state: State  # noise_level is where the whole film began; ``level`` and ``lower`` are those of the phase
    level: Tensor  # (B, L)
    lower: Tensor  # (B, L)
    target: Tensor  # (B, L, C, h, w) clean latents that lead from here to there in one step


class StudentTask:
    """What the loop needs to train a few-step student; see ``tasks.Task``."""

    def __init__(self, recipe: StudentRecipe, inputs: Inputs, device: torch.device) -> None:
        files = needed(inputs.latents, "latents", "files written by `ozora encode`")
        if inputs.teacher is None:
            raise refuse("teacher", "nothing", "a folder with a trained transformer and its text encoder")
        self.recipe, self.device = recipe, device
        self.bank = LatentBank(files, device, inputs.layouts)
        self.autoencoder = (
            None if inputs.autoencoder is None else load_autoencoder(inputs.autoencoder, device)
        )
        self.layouts = Layouts(recipe.layouts, inputs.teacher, device) if inputs.layouts else None
        role = "transformer" if self.layouts is None else "refiner"
        self.teacher, self.text, self._roots = read_filming(inputs.teacher, role, device)
        if self.teacher.config.channels != self.bank.channels:
            came = f"latents of {self.bank.channels} channels"
            raise refuse("latents", came, f"the teacher's {self.teacher.config.channels} channels")
        if self.teacher.config.aims:
            raise refuse("teacher", f"a {role} that is a student itself", "one that takes many guided steps")
        self._nothing = encode(self.text, [""])
        self._asked = recipe.step_counts[0], 0  # how many steps, and which of them
        self.student = Transformer(replace(self.teacher.config, aims=True)).to(device)
        self.student.load_state_dict(self.teacher.state_dict(), strict=False)
        self.networks: dict[str, nn.Module] = {"transformer": self.student}
        self.rate_factors: dict[str, float] = {}
        self.captions = CaptionBank(
            self.bank.shots, variants=recipe.variants, shares=recipe.captions, seed=recipe.seed
        )

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """The matrices of attention and feed-forward layers are Muon's, as they were in the teacher."""
        parts = name.split(".")
        return "blocks" in parts and parts[-2] in ("qkv", "attention_out", "up", "down")

    def begin_step(self, generator: torch.Generator) -> None:
        """Draw a number of steps and one of them, for all micro-batches: see ``tasks.Task``."""
        shares = torch.tensor(self.recipe.step_shares)
        steps = self.recipe.step_counts[int(torch.multinomial(shares, 1, generator=generator))]
        self._asked = steps, int(torch.randint(steps, (1,), generator=generator))

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """How far one step of the student lands from the teacher's several, over a batch of films."""
        question = self.question(self.lesson(generator, stage), generator)
        return {"total": self.missed(question)}

    def lesson(self, generator: torch.Generator, stage: Stage) -> Lesson:
        """A batch of clips with a caption each."""
        batch = self.bank.draw(generator, stage.batch, stage.frames)
        tokens, mask = self.captions.draw(batch.shots, generator)
        with torch.no_grad():  # the encoder is the teacher's and stays as it is
            text = self.text(tokens.to(self.device), mask.to(self.device))
        layout = batch.layout
        if self.layouts is not None and layout is not None:
            noise = torch.Generator(self.device)
            noise.manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
            layout = self.layouts(layout, batch.seconds, tokens, mask, noise)
        return Lesson(batch.clean.float(), batch.seconds, text, layout)

    def missed(self, question: Question) -> Tensor:
        """How far the student's answer is from the teacher's."""
        state = question.state
        answer = self.student(
            state.latent, question.level, state.given, state.seconds, question.lesson.text,
            aim=question.lower, layout=question.lesson.layout,
        )  # fmt: skip
        free = (~state.given).float()
        # Between the clean latents' own error and the velocity's, which is this one over the level once more.
        weight = free / question.level.clamp(min=0.1)
        error = (answer.clean.float() - question.target).square().mean(dim=(2, 3, 4))  # (B, L)
        return (weight * error).sum() / free.sum().clamp(min=1)

    @torch.no_grad()
    def question(self, lesson: Lesson, generator: torch.Generator) -> Question:
        """Go to the step that ``begin_step`` drew, and let the teacher take it in small ones."""
        recipe, shift = self.recipe, self.shift(lesson.clean)
        steps, phase = self._asked
        inner = max(1, recipe.teacher_steps // steps)
        levels = step_levels(steps * inner, shift)
        before, inside = levels[: phase * inner + 1 : inner], levels[phase * inner : (phase + 1) * inner + 1]
        own, guided = self.predictors(lesson.text, lesson.layout)
        state = self.beginning(lesson, generator)
        state = denoise(own, Moment(0, state), before, order=1).state
        ended = denoise(guided, Moment(0, state), inside, order=2).state
        level, lower = (
            torch.where(state.given, state.noise_level, end.to(self.device) * state.noise_level)
            for end in (inside[0], inside[-1])
        )
        stay = (lower / level.clamp(min=1e-6)).clamp(max=0.999)[:, :, None, None, None]
        return Question(lesson, state, level, lower, (ended.latent - stay * state.latent) / (1 - stay))

    def shift(self, clean: Tensor) -> float:
        """How far steps are moved towards noise, for latents (B, L, C, h, w); as in sampling."""
        return natural_shift(clean[0].numel()) if self.layouts is None else REFINING_SHIFT

    def predictors(self, text: TextOutput, layout: Tensor | None) -> tuple[Predictor, Predictor]:
        """The student's guess, and the teacher's guided one."""
        own = Predictor(self.student, text, None, Guidance(text=1.0), layout=layout)
        guidance = Guidance(text=self.recipe.guidance)
        return own, Predictor(self.teacher, text, self._nothing, guidance, layout=layout)

    def beginning(self, lesson: Lesson, generator: torch.Generator) -> State:
        """Where denoising begins: noise, with the frames that a verb would give, or footage made noisy."""
        clean = lesson.clean
        batch, frames = clean.shape[:2]
        noise = torch.Generator(self.device).manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
        plan = plan_noise(batch, frames, self.shift(clean), noise)
        share, strength = torch.rand(2, batch, 1, generator=noise, device=self.device)
        strength = torch.where(share < self.recipe.remixed, 0.2 + 0.8 * strength, 1.0)  # (B, 1)
        rolling = torch.tensor([PATTERNS[index].name in _ROLLING for index in plan.pattern.tolist()])
        own = plan.given | rolling.to(self.device)[:, None]  # frames with a noise level of their own
        level = torch.where(own, plan.timestep, strength)  # (B, L)
        pure = torch.randn(clean.shape, generator=noise, device=self.device)
        latent = noised(clean, pure, level)
        return State(latent, latent, plan.given, level, lesson.seconds)

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """A sheet of shown prompts in few steps, and how far such films are from the teacher's best.

        ``student_N`` and ``teacher_N`` are mean squares of the difference to the teacher's film of many
        guided steps from the same noise, in N steps each.
        """
        state, text, layout, titles = self._shown(stage)
        shift = self.shift(state.latent)
        own, guided = self.predictors(text, layout)
        best = self._film(guided, state, self.recipe.best_steps, shift)
        told, shown = {}, best
        for steps in self.recipe.step_counts:
            films = self._film(own, state, steps, shift)
            told[f"student_{steps}"] = float((films - best).square().mean())
            again = self._film(guided, state, steps, shift)
            told[f"teacher_{steps}"] = float((again - best).square().mean())
            shown = films if steps == self.recipe.shown_steps else shown
        if self.autoencoder is not None:
            rows = []
            for latents in (best, shown):
                films = self.autoencoder.decode(latents, scale=1)  # (B, T, 3, H, W)
                rows += list(films[:, spread(films.shape[1], 4)])
            names = [f"{who}: {text}" for who in ("teacher", "student") for text in titles]
            save_sheet(folder / f"{label}.png", rows, names)
        return told

    def _shown(self, stage: Stage) -> tuple[State, TextOutput, Tensor | None, Sequence[str]]:
        """Where the films of a sheet begin, with words, layouts for a refiner, and titles."""
        grid = max(
            (key for key in self.bank.counts() if key[0] >= stage.frames), key=self.bank.counts().__getitem__
        )
        titles, layout = list(SHOWN_PROMPTS), None
        seconds = latent_seconds(stage.frames, self.bank.fps).expand(len(titles), -1)
        if self.layouts is not None:
            batch = self.bank.draw(torch.Generator().manual_seed(0), _SHOWN_LAYOUTS, stage.frames)
            titles = [caption(self.bank.shots[shot], "medium", 0) for shot in batch.shots]
            grid, layout, seconds = (stage.frames, *batch.clean.shape[-2:]), batch.layout, batch.seconds
        state = State.blank(stage.frames, (self.bank.channels, *grid[1:]), range(len(titles)))
        return replace(state, seconds=seconds), encode(self.text, titles), layout, titles

    def _film(self, predictor: Predictor, state: State, steps: int, shift: float) -> Tensor:
        order = 1 if predictor.transformer is self.student else 2
        return denoise(predictor, Moment(0, state), step_levels(steps, shift), order).state.latent

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        """Write ``transformer.safetensors``: a transformer that aims, to be sampled unguided in few steps."""
        return export(
            self.student,
            folder / "transformer.safetensors",
            kind="transformer",
            config=asdict(self.student.config),
            ledger_root="+".join(dict.fromkeys([*self._roots, *self.bank.ledger_root().split("+")])),
            facts={**facts, "autoencoder": self.bank.autoencoder, "guidance": self.recipe.guidance},
        )

    def compile(self) -> None:
        """Compile block by block, as for the teacher; each is asked with and without gradients."""
        torch._dynamo.config.recompile_limit = _SHAPES
        for network in (self.student, self.teacher):
            for block in network.blocks:
                block.compile()
