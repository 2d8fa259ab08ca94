"""Few steps: a student learns to do in one step, unguided, what its guided teacher does in several.

A film is denoised in a few phases, the steps of the student. In a phase the teacher takes several guided
steps; the student is told where the phase ends and answers with the clean latents that lead there in one
straight step (multistep consistency, arXiv 2403.06807; the end as an input as in flow maps, arXiv 2406.07507;
whole phases integrated by the teacher as in progressive distillation, arXiv 2202.00512). Most phases begin
where the student's own steps have led from pure noise, so that it learns to mend what it does itself; some
begin at footage with noise, as remixing does.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ozora.errors import refuse
from ozora.model.checkpoint import load_into, load_weights
from ozora.model.flow import PATTERNS, natural_shift, noised, plan_noise
from ozora.model.sampler import Guidance, Moment, Predictor, denoise, step_levels
from ozora.model.state import State
from ozora.model.text import TextConfig, TextEncoder, TextOutput, encode
from ozora.model.transformer import Transformer, TransformerConfig
from ozora.train.latents import LatentBank, latent_seconds
from ozora.train.recipe import Stage, StudentRecipe
from ozora.train.sheets import save_sheet, spread
from ozora.train.tasks import Inputs, export, load_autoencoder, needed
from ozora.train.transformer import SHOWN_PROMPTS
from ozora.train.words import CaptionBank

_ROLLING = ("ramp", "independent")
"""Patterns whose frames each have a noise level of their own."""


@dataclass(frozen=True)
class Question:
    """A film at the beginning of a phase, where the phase ends, and where the teacher came to."""

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
        self.bank = LatentBank(files, device)
        self.autoencoder = (
            None if inputs.autoencoder is None else load_autoencoder(inputs.autoencoder, device)
        )
        self.teacher, self.text, self._roots = read_filming(inputs.teacher, "transformer", device)
        if self.teacher.config.channels != self.bank.channels:
            came = f"latents of {self.bank.channels} channels"
            raise refuse("latents", came, f"the teacher's {self.teacher.config.channels} channels")
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
        batch = self.bank.draw(generator, stage.batch, stage.frames)
        tokens, mask = self.captions.draw(batch.shots, generator)
        with torch.no_grad():  # the encoder is the teacher's and stays as it is
            text = self.text(tokens.to(self.device), mask.to(self.device))
        question = self.question(batch.clean.float(), batch.seconds, text, generator)
        state = question.state
        answer = self.student(
            state.latent, question.level, state.given, state.seconds, text, aim=question.lower
        )
        free = (~state.given).float()
        # Between the clean latents' own error and the velocity's, which is this one over the level once more.
        weight = free / question.level.clamp(min=0.1)
        error = (answer.clean.float() - question.target).square().mean(dim=(2, 3, 4))  # (B, L)
        return {"total": (weight * error).sum() / free.sum().clamp(min=1)}

    @torch.no_grad()
    def question(
        self, clean: Tensor, seconds: Tensor, text: TextOutput, generator: torch.Generator
    ) -> Question:
        """Go to the step that ``begin_step`` drew, and let the teacher take it in small ones.

        ``clean`` (B, L, C, h, w) is footage with ``text`` of B captions; ``seconds`` (B, L).
        """
        recipe, shift = self.recipe, natural_shift(clean[0].numel())
        steps, phase = self._asked
        inner = max(1, recipe.teacher_steps // steps)
        levels = step_levels(steps * inner, shift)
        before, inside = levels[: phase * inner + 1 : inner], levels[phase * inner : (phase + 1) * inner + 1]
        own = Predictor(self.student, text, None, Guidance(text=1.0))
        guided = Predictor(self.teacher, text, self._nothing, Guidance(text=recipe.guidance))
        state = self._beginning(clean, seconds, shift, generator)
        state = denoise(own, Moment(0, state), before, order=1).state
        ended = denoise(guided, Moment(0, state), inside, order=2).state
        level, lower = (
            torch.where(state.given, state.noise_level, end.to(self.device) * state.noise_level)
            for end in (inside[0], inside[-1])
        )
        stay = (lower / level.clamp(min=1e-6)).clamp(max=0.999)[:, :, None, None, None]
        return Question(state, level, lower, (ended.latent - stay * state.latent) / (1 - stay))

    def _beginning(
        self, clean: Tensor, seconds: Tensor, shift: float, generator: torch.Generator
    ) -> State:
        """Where denoising begins: noise, with the frames that a verb would give, or footage made noisy."""
        batch, frames = clean.shape[:2]
        noise = torch.Generator(self.device).manual_seed(int(torch.randint(2**62, (1,), generator=generator)))
        plan = plan_noise(batch, frames, shift, noise)
        share, strength = torch.rand(2, batch, 1, generator=noise, device=self.device)
        strength = torch.where(share < self.recipe.remixed, 0.2 + 0.8 * strength, 1.0)  # (B, 1)
        rolling = torch.tensor([PATTERNS[index].name in _ROLLING for index in plan.pattern.tolist()])
        own = plan.given | rolling.to(self.device)[:, None]  # frames with a noise level of their own
        level = torch.where(own, plan.timestep, strength)  # (B, L)
        pure = torch.randn(clean.shape, generator=noise, device=self.device)
        latent = noised(clean, pure, level)
        return State(latent, latent, plan.given, level, seconds)

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """A sheet of shown prompts in few steps, and how far such films are from the teacher's best.

        ``student_N`` and ``teacher_N`` are mean squares of the difference to the teacher's film of many
        guided steps from the same noise, in N steps each.
        """
        grid = max(
            (key for key in self.bank.counts() if key[0] >= stage.frames), key=self.bank.counts().__getitem__
        )
        count = len(SHOWN_PROMPTS)
        state = State.blank(stage.frames, (self.bank.channels, *grid[1:]), range(count))
        state = replace(state, seconds=latent_seconds(stage.frames, self.bank.fps).expand(count, -1))
        text = encode(self.text, SHOWN_PROMPTS)
        shift = natural_shift(state.latent[0].numel())
        guided = Predictor(self.teacher, text, self._nothing, Guidance(text=self.recipe.guidance))
        own = Predictor(self.student, text, None, Guidance(text=1.0))
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
            names = [f"{who}: {text}" for who in ("teacher", "student") for text in SHOWN_PROMPTS]
            save_sheet(folder / f"{label}.png", rows, names)
        return told

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
        """Compile block by block, as for the teacher."""
        for network in (self.student, self.teacher):
            for block in network.blocks:
                block.compile()


def read_filming(
    folder: Path, name: str, device: torch.device
) -> tuple[Transformer, TextEncoder, list[str]]:
    """The transformer called ``name`` and the text encoder of a folder, frozen; and the ledgers' roots.

    Raises WeightsError for a file that is missing, damaged or of another network.
    """
    tensors, about = load_weights(folder / f"{name}.safetensors")
    config = TransformerConfig(**{**about["config"], "routed": tuple(about["config"]["routed"])})
    transformer = Transformer(config)
    load_into(transformer, tensors, folder / f"{name}.safetensors")
    tensors, words = load_weights(folder / "text.safetensors")
    text = TextEncoder(TextConfig.from_dict(words["config"]))
    load_into(text, tensors, folder / "text.safetensors")
    for network in (transformer, text):
        network.to(device).eval().requires_grad_(False)
    return transformer, text, str(about["ledger_root"]).split("+")
