"""Training the probe, the judge of films, on footage and its exact labels."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ozora.model.probe import Probe, probe_config
from ozora.train.augment_probe import augment_film
from ozora.train.banks import FootageBank, FootageBatch
from ozora.train.losses_probe import probe_loss
from ozora.train.recipes import ProbeRecipe, Stage
from ozora.train.tasks import Inputs, export, load_autoencoder, needed
from ozora.world import concepts
from ozora.world.captions import shot_fields

_NEEDS_MOTION = ("action", "camera")
"""What a single picture does not tell."""

_MEASURED_CLIPS = 64


class ProbeTask:
    """What the loop needs to train a probe; see ``tasks.Task``.

    Given an autoencoder, a share of the batches is seen through it: films to be judged are decoded ones.
    """

    def __init__(self, recipe: ProbeRecipe, inputs: Inputs, device: torch.device) -> None:
        folders = needed(inputs.footage, "footage", "folders filled by `ozora world shoot`")
        self.recipe, self.device = recipe, device
        self.bank = FootageBank(folders, device=device)
        self.autoencoder = (
            None if inputs.autoencoder is None else load_autoencoder(inputs.autoencoder, device)
        )
        self.probe = Probe(probe_config(concepts.AXES)).to(device)
        self.networks: dict[str, nn.Module] = {"probe": self.probe}
        self.rate_factors: dict[str, float] = {}

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """Convolutions and heads: AdamW for all."""
        return False

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """Cross-entropy over the axes for one spoilt batch, and the share answered right per axis."""
        clips = self.bank.draw(generator, stage.batch, stage.frames)
        if int(torch.randint(2, (1,), generator=generator)):
            clips = clips.mirrored()
        video = clips.small
        if (
            self.autoencoder is not None
            and float(torch.rand(1, generator=generator)) < self.recipe.decoded_share
        ):
            with torch.no_grad():
                latents = self.autoencoder.distribution(video).mean
                video = self.autoencoder.pixels(self.autoencoder.features(latents)).clamp(-1, 1)
        loss, told = probe_loss(self.probe, augment_film(video, generator), labels(clips), self.bank.fps)
        return {"total": loss, **{axis: torch.tensor(v) for axis, v in told.items() if axis != "loss"}}

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """Share answered right per axis on a fixed draw of unspoilt clips."""
        generator, size = torch.Generator().manual_seed(5), 8
        sums: dict[str, float] = {}
        for _ in range(_MEASURED_CLIPS // size):
            clips = self.bank.draw(generator, size, stage.frames)
            _, told = probe_loss(self.probe, clips.small, labels(clips), self.bank.fps)
            for axis, value in told.items():
                sums[axis] = sums.get(axis, 0.0) + value * size / _MEASURED_CLIPS
        return {f"clean_{axis}": value for axis, value in sums.items()}

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        """Write ``probe.safetensors``."""
        return export(
            self.probe,
            folder / "probe.safetensors",
            kind="probe",
            config=self.probe.config.to_json(),
            ledger_root=self.bank.ledger_root(),
            facts=facts,
        )

    def compile(self) -> None:
        """Compile the part that sees single anchors, which is nearly all of it."""
        self.probe.look.compile()


def labels(clips: FootageBatch) -> list[dict[str, str]]:
    """The fields of every clip that its frames can tell; a single picture tells nothing of motion."""
    fields = [shot_fields(shot) for shot in clips.shots]
    if clips.pixels.shape[1] > 1:
        return fields
    return [{axis: v for axis, v in entry.items() if axis not in _NEEDS_MOTION} for entry in fields]
