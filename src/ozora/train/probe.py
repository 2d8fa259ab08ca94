"""Training the probe, the judge of films, on footage and its exact labels."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.model.probe import Probe, probe_config
from ozora.train.alignment import ALIGNED, Alignment
from ozora.train.augment_probe import augment_film
from ozora.train.banks import FootageBatch
from ozora.train.losses_probe import answers_loss, probe_loss
from ozora.train.recipe import ProbeRecipe, Stage
from ozora.train.streamed import open_footage
from ozora.train.tasks import Inputs, export, load_autoencoder, needed
from ozora.world import concepts
from ozora.world.captions import shot_fields
from ozora.world.shot import Shot

_NEEDS_MOTION = ("action", "camera")
"""What a single picture does not tell."""

_MEASURED_CLIPS = 64
_PIXELS_PER_CELL = 32
"""Of footage at the delivered size, for each cell of the probe's features."""


class ProbeTask:
    """What the loop needs to train a probe; see ``tasks.Task``.

    Given an autoencoder, a share of the batches is seen through it: films to be judged are decoded ones.
    """

    def __init__(self, recipe: ProbeRecipe, inputs: Inputs, device: torch.device) -> None:
        footage = needed(inputs.footage, "footage", "folders filled by `ozora world shoot`")
        self.recipe, self.device = recipe, device
        self.bank = open_footage(footage, inputs.out, device)
        self.autoencoder = (
            None if inputs.autoencoder is None else load_autoencoder(inputs.autoencoder, device)
        )
        self.probe = Probe(probe_config(concepts.AXES)).to(device)
        self.alignment = Alignment(self.probe.config.channels[-1]).to(device)
        self.networks: dict[str, nn.Module] = {"probe": self.probe, "alignment": self.alignment}
        self.rate_factors: dict[str, float] = {}

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """Convolutions and heads: AdamW for all."""
        return False

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """Cross-entropy over the axes for one spoilt batch, and the share answered right per axis.

        The features of single anchors are aligned to the ground truth too: who is where, cell by cell, is
        learnt far sooner than one word for a whole film.
        """
        clips = self.bank.draw(generator, stage.batch, stage.frames)
        if int(torch.randint(2, (1,), generator=generator)):
            clips = clips.mirrored()
        wanted = self.probe.frames_wanted(stage.frames, self.bank.fps)
        used = sorted({index for row in wanted for index in row})
        decoded = float(torch.rand(1, generator=generator)) < self.recipe.decoded_share
        video = clips.at(used).small
        if decoded and self.autoencoder is not None:
            few = max(1, stage.batch // 4)
            video = torch.cat([self._decoded(clips.clips(few))[:, used], video[few:]])
        video, shares = augment_film(video, generator, _shares(clips.who[:, used], 4))
        places = [[used.index(index) for index in row] for row in wanted]
        anchors = self.probe.arranged(video, places)
        seen = self.probe.seen(anchors)  # (B, A, C, h, w)
        fields = labels(clips)
        loss, told = answers_loss(self.probe, self.probe.answer(anchors, seen), fields)
        cells = F.adaptive_avg_pool2d(shares[:, places[0]].flatten(0, 1), (seen.shape[-2], seen.shape[-1]))
        align = self.alignment(
            seen.flatten(3).transpose(2, 3),
            cells.unflatten(0, seen.shape[:2]),
            {axis: _classes(axis, clips.shots) for axis in (*ALIGNED, "second_subject")},
        )
        accuracies = {axis: torch.tensor(value) for axis, value in told.items() if axis != "loss"}
        return {"total": loss + self.recipe.align_weight * align, "align": align, **accuracies}

    @torch.no_grad()
    def _decoded(self, clips: FootageBatch) -> Tensor:
        """The clips as the autoencoder gives them back."""
        assert self.autoencoder is not None
        latents = self.autoencoder.distribution(clips.small).mean
        return self.autoencoder.pixels(self.autoencoder.features(latents)).clamp(-1, 1)

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


def _shares(ids: Tensor, finer: int) -> Tensor:
    """Share of places that each of two subjects covers, ``finer`` times finer than the features' cells."""
    each = torch.stack([(ids == number).float() for number in (1, 2)], 2)  # (B, U, 2, H, W)
    return F.avg_pool2d(each.flatten(0, 1), _PIXELS_PER_CELL // finer).unflatten(0, ids.shape[:2])


def _classes(axis: str, shots: Sequence[Shot]) -> Tensor:
    """What each shot is on an axis, as a class: (B,)."""
    return torch.tensor([concepts.FIELDS[axis].index(shot_fields(shot)[axis]) for shot in shots])


def labels(clips: FootageBatch) -> list[dict[str, str]]:
    """The fields of every clip that its frames can tell; a single picture tells nothing of motion."""
    fields = [shot_fields(shot) for shot in clips.shots]
    if clips.pixels.shape[1] > 1:
        return fields
    return [{axis: v for axis, v in entry.items() if axis not in _NEEDS_MOTION} for entry in fields]
