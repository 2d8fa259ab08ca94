"""Training the eyes on footage and its exact truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ozora.errors import refuse
from ozora.model.eyes import EYES_PURPOSES, Eyes, EyesConfig
from ozora.train.augment_eyes import spoil_film
from ozora.train.losses_eyes import eyes_loss, measures, targets
from ozora.train.recipe import EyesRecipe, Stage
from ozora.train.sheets import save_sheet
from ozora.train.sight_sheet import sight_rows
from ozora.train.tasks import Inputs, export, load_autoencoder, needed
from ozora.train.truths import Lesson, open_truths
from ozora.world import concepts
from ozora.world.truth import CLASSES

TRAITS = ("colour", "size", "direction", "action")
"""What is asked of a subject, in the words of ``concepts.AXES``."""

SCENE = ("place", "time", "weather", "look")
"""What is asked of a picture as a whole."""

SHAPES: dict[str, dict[str, Any]] = {
    "micro": {"blocks": (2, 2, 2, 2), "detail": 24},
    "micro_perception": {"widths": (32, 48, 96, 112)},
    "mini": {"widths": (64, 128, 256, 320), "blocks": (2, 2, 4, 4), "fine": 96, "detail": 32},
    "mini_perception": {"widths": (80, 128, 224, 288), "blocks": (2, 2, 3, 3), "fine": 96, "detail": 32},
}
"""Shapes by size: ``micro`` about 1.5 M parameters, for one CPU core; ``mini`` about 17 M, for a GPU."""

_FOVEA_WIDTHS = {"micro": (24, 64, 128), "micro_perception": (32, 64, 112)}

_GROWN = ("detail.", "scales.0.1.", "scales.1.1.")
"""What eyes had not at first; all of it begins silent, so that earlier weights may be begun with."""

_MEASURED, _SHOWN, _MEASURED_BATCH = 48, 6, 12


class EyesTask:
    """What the loop needs to train eyes; see ``tasks.Task``."""

    def __init__(self, recipe: EyesRecipe, inputs: Inputs, device: torch.device) -> None:
        wanted = "folders with their truth (`ozora world truth`), or world:WIDTHxHEIGHT"
        footage = needed(inputs.footage, "footage", wanted)
        if recipe.purpose not in EYES_PURPOSES:
            raise refuse("purpose", recipe.purpose, " or ".join(EYES_PURPOSES))
        self.recipe, self.device = recipe, device
        self.bank = open_truths(footage, inputs.out, device, ids_only=recipe.ids_only)
        self.autoencoder = (
            None if inputs.autoencoder is None else load_autoencoder(inputs.autoencoder, device)
        )
        self.eyes = self.make(recipe).to(device)
        self.networks: dict[str, nn.Module] = {"eyes": self.eyes}
        self.grown = [name for name in self.eyes.state_dict() if name.startswith(_GROWN)]
        self.rate_factors: dict[str, float] = {}
        if self.eyes.fovea is None:
            keep = "those without a second look, or --set fovea=true to keep it"
            self.unwanted = {"fovea.": keep}
        else:
            self.eyes.fovea.requires_grad_(False)
            self.begins_with = "a folder with eyes (eyes.safetensors) that look twice"

    def make(self, recipe: EyesRecipe) -> Eyes:
        """Eyes of the recipe's size."""
        return Eyes(eyes_config(recipe.size, fovea_widths(recipe.size) if recipe.fovea else ()))

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """The 3×3 convolutions between the opening and the answers are Muon's, a row for each filter."""
        return parameter.ndim == 4 and parameter.shape[-1] == 3 and not name.startswith(("far.", "near."))

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """All terms of one spoilt batch, half of the batches mirrored."""
        lesson = self._lesson(generator, stage)
        video = spoil_film(self._seen_through(lesson, generator, stage), generator, self.recipe.spoil)
        truth = targets(self.eyes.config, lesson.truths, lesson.clips.shots)
        total, parts = eyes_loss(self.eyes, self.eyes(video), truth, self.recipe.losses)
        return {"total": total, **parts}

    def _lesson(self, generator: torch.Generator, stage: Stage) -> Lesson:
        """Clips and their truth, mirrored or through a longer lens at times."""
        # The truth lies in float16, which mixed precision in bfloat16 would refuse to put together.
        with torch.autocast(self.device.type, enabled=False):
            lesson = self.bank.draw(generator, stage.batch, stage.frames)
            if int(torch.randint(2, (1,), generator=generator)):
                lesson = lesson.mirrored()
            if float(torch.rand(1, generator=generator)) < self.recipe.zoomed:
                lesson = lesson.zoomed(generator, self.recipe.zoom)
        return lesson

    def _seen_through(self, lesson: Lesson, generator: torch.Generator, stage: Stage) -> Tensor:
        """The lesson's films (B, T, 3, H, W), at times half of them as an autoencoder gives them back."""
        video = lesson.clips.large
        decoded = float(torch.rand(1, generator=generator)) < self.recipe.decoded_share
        if decoded and self.autoencoder is not None:
            few = max(1, stage.batch // 2)
            video = torch.cat([self._decoded(lesson, few), video[few:]])
        return video

    @torch.no_grad()
    def _decoded(self, lesson: Lesson, few: int) -> Tensor:
        """The first clips as the autoencoder gives their frames back, each frame as a picture."""
        assert self.autoencoder is not None
        small = lesson.clips.clips(few).small
        pictures = small.flatten(0, 1)[:, None]
        latents = self.autoencoder.distribution(pictures).mean
        large = self.autoencoder.pixels(self.autoencoder.features(latents), 2).clamp(-1, 1)
        return large[:, 0].unflatten(0, small.shape[:2])

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """A sheet of frames with what is seen in them, and figures on a fixed draw of unspoilt clips."""
        generator = torch.Generator().manual_seed(5)
        sums: dict[str, list[float]] = {}
        for number in range(_MEASURED // _MEASURED_BATCH):
            lesson = self.bank.draw(generator, _MEASURED_BATCH, stage.frames)
            seen = self.eyes(lesson.clips.large)
            truth = targets(self.eyes.config, lesson.truths, lesson.clips.shots)
            for name, value in measures(self.eyes, seen, truth).items():
                sums.setdefault(name, []).append(value)
            if number == 0:
                rows = sight_rows(self.eyes.config, lesson.clips.large, seen, _SHOWN)
                save_sheet(folder / f"{label}.png", rows)
        return {f"clean_{name}": sum(values) / len(values) for name, values in sums.items()}

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        """Write ``eyes.safetensors``, which tells what these eyes may be used for."""
        return export(
            self.eyes,
            folder / "eyes.safetensors",
            kind="eyes",
            config=self.eyes.config.to_json(),
            ledger_root=self.bank.ledger_root(),
            facts={**facts, "purpose": self.recipe.purpose},
        )

    def compile(self) -> None:
        """Compile the whole: two shapes of input, one per stage."""
        self.eyes.compile()


def fovea_widths(size: str) -> tuple[int, int, int]:
    """Widths of the second look of eyes called ``size``."""
    return _FOVEA_WIDTHS.get(size, (64, 128, 256))


def eyes_config(size: str, fovea: tuple[int, ...] = ()) -> EyesConfig:
    """The shape called ``size``, with all the words of the film set; ``fovea`` as in ``EyesConfig``."""
    if size not in SHAPES:
        raise refuse("size", size, ", ".join(SHAPES))
    return EyesConfig(
        name=size,
        classes=CLASSES,
        first_subject=CLASSES.index(next(iter(concepts.SUBJECTS))),
        traits=tuple((axis, concepts.AXES[axis]) for axis in TRAITS),
        scene=tuple((axis, concepts.AXES[axis]) for axis in SCENE),
        fovea=fovea,
        **SHAPES[size],
    )
