"""Training what reads the camera from motion; the rest of the probe stays as it is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ozora.model.checkpoint import load_weights
from ozora.model.motion import GRID
from ozora.model.probe import Probe, ProbeConfig, probe_config
from ozora.train.augment_probe import augment_film
from ozora.train.banks import FootageBatch
from ozora.train.losses_probe import UNKNOWN, probe_labels
from ozora.train.probe import ProbeTask, labels
from ozora.train.recipe import CameraRecipe, Stage
from ozora.train.streamed import open_footage
from ozora.train.tasks import Inputs, load_autoencoder, needed
from ozora.world import concepts

CAMERA_WIDTH = 128

_MEASURED_CLIPS, _MEASURED_AT_ONCE = 96, 8


class CameraTask(ProbeTask):
    """What the loop needs to train a ``CameraReader``, with ``--start`` from a probe; see ``tasks.Task``.

    To find the shifts takes a thousand times as long as to learn from them. So a few clips a step are looked
    at, each time spoilt in another way, and every step learns from many of those that were. What was seen is
    not kept with the run: resumed, it looks afresh.
    """

    def __init__(self, recipe: CameraRecipe, inputs: Inputs, device: torch.device) -> None:
        footage = needed(inputs.footage, "footage", "folders filled by `ozora world shoot`")
        self.recipe: CameraRecipe = recipe
        self.device = device
        self.bank = open_footage(footage, inputs.out, device)
        self.autoencoder = (
            None if inputs.autoencoder is None else load_autoencoder(inputs.autoencoder, device)
        )
        self.probe = Probe(_config(inputs)).to(device)
        self.probe.requires_grad_(False)
        assert self.probe.camera is not None
        self.reader = self.probe.camera.requires_grad_(True)
        self.networks: dict[str, nn.Module] = {"probe": self.probe}
        self.rate_factors: dict[str, float] = {}
        self.begins_with = "a folder with a probe (probe.safetensors)"
        self.grown = [f"camera.{name}" for name in self.reader.state_dict()]
        self.dropped = ("answers.camera.",)
        self.looked: list[tuple[Tensor, int]] = []

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """Cross-entropy of the moves of many clips that were looked at, mirrored, shortened and shaken."""
        self._look(generator, stage)
        chosen = torch.randint(len(self.looked), (self.recipe.learnt,), generator=generator).tolist()
        motion = torch.stack([self.looked[at][0] for at in chosen])  # (N, T, steps, blocks, 3)
        moves = torch.tensor([self.looked[at][1] for at in chosen], device=self.device)
        told = self.reader.told(spoilt_motion(motion, generator))
        loss = F.cross_entropy(told, moves, label_smoothing=0.05)
        return {"total": loss, "right": (told.argmax(1) == moves).float().mean()}

    @torch.no_grad()
    def _look(self, generator: torch.Generator, stage: Stage) -> None:
        """Look at a few fresh clips whose move can be told, until there is something to learn from."""
        while True:
            clips = self.bank.draw(generator, stage.batch, stage.frames)
            moves = self._moves(clips)
            decoded = float(torch.rand(1, generator=generator)) < self.recipe.decoded_share
            video = clips.large
            if decoded and self.autoencoder is not None:
                latents = self.autoencoder.distribution(video).mean
                video = self.autoencoder.pixels(self.autoencoder.features(latents)).float().clamp(-1, 1)
            video, _ = augment_film(video, generator)
            seen = self.reader.seen(video, self.bank.fps)
            self.looked += [
                (motion, move) for motion, move in zip(seen, moves.tolist(), strict=True) if move != UNKNOWN
            ]
            del self.looked[: -self.recipe.kept]
            if self.looked:
                return

    def _moves(self, clips: FootageBatch) -> Tensor:
        return probe_labels(self.probe, labels(clips))["camera"]

    @torch.no_grad()
    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """Share of the moves told right on a fixed draw of unspoilt clips."""
        generator, right = torch.Generator().manual_seed(5), []
        for _ in range(_MEASURED_CLIPS // _MEASURED_AT_ONCE):
            clips = self.bank.draw(generator, _MEASURED_AT_ONCE, stage.frames)
            moves = self._moves(clips)
            answers = self.reader(clips.large, self.bank.fps).argmax(1).cpu()
            right.append((answers == moves)[moves != UNKNOWN].float())
        return {"clean_camera": float(torch.cat(right).mean())}

    def compile(self) -> None:
        """Nothing: the reader is small."""


def with_camera(config: ProbeConfig) -> ProbeConfig:
    """The probe that it becomes: every move of the film set is the reader's, all else is asked as before."""
    axes = tuple((axis, tuple(concepts.AXES[axis]) if axis == "camera" else of) for axis, of in config.axes)
    return replace(config, axes=axes, camera=CAMERA_WIDTH)


def _config(inputs: Inputs) -> ProbeConfig:
    """Of the probe that the run begins with; kept beside the run, for when it is resumed."""
    if inputs.out is None:
        return with_camera(probe_config(concepts.AXES))
    kept = inputs.out / "probe.json"
    if inputs.start is not None:
        _, about = load_weights(inputs.start / "probe.safetensors")
        inputs.out.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(about["config"]))
    if not kept.exists():
        return with_camera(probe_config(concepts.AXES))
    return with_camera(ProbeConfig.from_json(json.loads(kept.read_text())))


def spoilt_motion(motion: Tensor, generator: torch.Generator) -> Tensor:
    """Motion (N, T, steps, blocks, 3) of half the clips mirrored; shaken, partly unseen, and cut shorter."""
    clips, frames = motion.shape[:2]
    draw = torch.rand(3, clips, generator=generator).to(motion.device)
    rows = motion.unflatten(3, GRID)  # (N, T, steps, r, c, 3)
    flipped = rows.flip(4) * torch.tensor([-1.0, 1.0, 1.0], device=motion.device)
    mirrored = torch.where(_each(draw[0] < 0.5, rows), flipped, rows).flatten(3, 4)
    shift, sure = mirrored[..., :2], mirrored[..., 2:]
    shift = shift * _each(0.75 + 0.5 * draw[1], shift)  # nearer or farther, faster or slower
    shift = shift + 0.15 * torch.randn(shift.shape, generator=generator).to(shift.device)
    hidden = torch.rand(sure.shape, generator=generator).to(sure.device) < 0.1
    told = torch.cat([shift, sure.masked_fill(hidden, 0.0)], -1)
    length = round(frames * (0.65 + 0.35 * float(torch.rand(1, generator=generator))))
    first = int(torch.randint(frames - length + 1, (1,), generator=generator))
    return told[:, first : first + length]


def _each(values: Tensor, like: Tensor) -> Tensor:
    return values.view(-1, *[1] * (like.ndim - 1))
