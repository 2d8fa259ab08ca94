"""The probe: a small network that looks at a film and says what it shows.

It is trained on the film set's own ground truth and judges generated films (see ``ozora.evaluate``). It never
guides a generator: who is judged must not have seen the judge.

How it looks. Anchors are taken every ``spacing`` frames. Each anchor carries its colours and two
differences, to the frame after it and to the fourth frame after it, so fast and slow motion are both visible
to plain convolutions. A convolution stack sees every anchor alone; then anchors are compared with their
neighbours in time, and the mean and the maximum over space and time answer one question per axis (subject,
place, time, action, camera, …). What the camera does a later probe reads from all frames instead, by how the
parts of the picture move (``model.motion``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.errors import WeightsError
from ozora.model.motion import CameraReader

PROBE_AXES = ("subject", "place", "time", "action", "camera", "weather", "colour", "direction")
"""What the probe is asked, in the words of ``ozora.world.concepts.AXES``."""

SHORT_STEP, LONG_STEP = 1, 4
"""Frames between an anchor and the two frames it is compared with (at ``ProbeConfig.fps``)."""

COARSE = (4, 6)
"""Rows and columns of the mean picture that is shown to the answers directly: light, sky and ground."""

INPUT_CHANNELS = 3 + 3 + 3  # colours and two differences


@dataclass(frozen=True)
class ProbeConfig:
    """Shape of a probe and the words it answers with, stored beside the weights: they describe themselves."""

    axes: tuple[tuple[str, tuple[str, ...]], ...]
    channels: tuple[int, ...] = (32, 64, 128)
    hidden: int = 192
    pixels: int = 112 * 64
    fps: int = 12
    spacing: int = 6
    anchors: int = 9
    camera: int = 0  # width of a reader of the camera from motion (``model.motion``), 0 for none

    def to_json(self) -> dict[str, object]:
        """The configuration as JSON values."""
        return {
            "axes": [[axis, list(values)] for axis, values in self.axes],
            "channels": list(self.channels),
            "hidden": self.hidden,
            "pixels": self.pixels,
            "fps": self.fps,
            "spacing": self.spacing,
            "anchors": self.anchors,
            "camera": self.camera,
        }

    @staticmethod
    def from_json(data: Mapping[str, object]) -> ProbeConfig:
        """Read ``to_json``; a missing or ill-formed entry is a ``WeightsError``."""
        try:
            axes, channels = data["axes"], data["channels"]
            if not isinstance(axes, Sequence) or not isinstance(channels, Sequence):
                raise TypeError("axes and channels must be lists")
            whole = {name: int(str(data[name])) for name in ("hidden", "pixels", "fps", "spacing", "anchors")}
            whole["camera"] = int(str(data.get("camera", 0)))  # older probes have none
            return ProbeConfig(
                axes=tuple((str(axis), tuple(map(str, values))) for axis, values in axes),
                channels=tuple(int(c) for c in channels),
                **whole,
            )
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"probe weights: their configuration is not readable ({error}).") from error


def probe_config(axes: Mapping[str, Sequence[str]], names: Sequence[str] = PROBE_AXES) -> ProbeConfig:
    """The shipped shape (about 0.6 M parameters), answering ``names`` out of the registry ``axes``."""
    return ProbeConfig(axes=tuple((name, tuple(axes[name])) for name in names))


def fit_size(height: int, width: int, pixels: int) -> tuple[int, int]:
    """Height and width of about ``pixels`` in all with the same aspect, both multiples of 8 ≥ 16."""
    factor = (pixels / (height * width)) ** 0.5
    return max(16, 8 * round(height * factor / 8)), max(16, 8 * round(width * factor / 8))


class Residual(nn.Module):
    """Two 3×3 convolutions around which the picture also passes unchanged."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        self.norm = nn.GroupNorm(8, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        nn.init.zeros_(self.second.weight)  # starts as the identity: deep and easy to train

    def forward(self, x: Tensor) -> Tensor:
        return x + self.second(F.relu(self.norm(self.first(x))))


class Probe(nn.Module):
    """Says what a film shows: ``forward`` gives logits per axis, ``predict`` probabilities."""

    def __init__(self, config: ProbeConfig) -> None:
        super().__init__()
        self.config = config
        widths = config.channels
        self.open = nn.Conv2d(INPUT_CHANNELS, widths[0], 6, stride=4, padding=1, bias=False)
        self.where = nn.Conv2d(2, widths[0], 1)  # pan and dolly differ only in where things move
        # No norm on the way itself: it would take out the light of the picture, which tells the time of day.
        layers: list[nn.Module] = [nn.ReLU(), Residual(widths[0])]
        for before, after in pairwise(widths):
            layers += [nn.ReLU(), nn.Conv2d(before, after, 3, stride=2, padding=1), Residual(after)]
        self.look = nn.Sequential(*layers)
        last = widths[-1]
        # Neighbouring anchors side by side: the change of features over half a second, and their sum.
        self.compare = nn.Conv3d(last, last, (3, 1, 1), padding=(1, 0, 0))
        self.gather = nn.Sequential(
            nn.Linear(4 * last + 3 * COARSE[0] * COARSE[1], config.hidden), nn.ReLU(), nn.Dropout(0.1)
        )
        asked = {axis: len(of) for axis, of in config.axes}
        self.camera = CameraReader(asked.pop("camera"), config.camera) if config.camera else None
        self.answers = nn.ModuleDict({axis: nn.Linear(config.hidden, of) for axis, of in asked.items()})

        for module in [self.open, self.compare, *self.look.modules()]:
            if isinstance(module, nn.Conv2d | nn.Conv3d) and module.weight.any():
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, video: Tensor, fps: float | None = None) -> dict[str, Tensor]:
        """Logits per axis, each (B, values).

        Args:
            video: (B, T, 3, H, W) in [−1, 1]; any T ≥ 1 and any size. One frame counts as a standing picture.
            fps: frames per second of ``video``; ``config.fps`` if not given.
        """
        anchors = self.anchors(video, fps)  # (B, A, 9, h, w)
        answers = self.answer(anchors, self.seen(anchors))
        if self.camera is not None:
            answers["camera"] = self.camera(video, fps)
        return answers

    def seen(self, anchors: Tensor) -> Tensor:
        """Features of every anchor (B, A, 9, h, w) by itself: (B, A, C, h/16, w/16)."""
        x = self.open(anchors.flatten(0, 1))  # (B·A, C, h/4, w/4)
        x = x + self.where(_coordinates(x))
        return F.relu(self.look(x)).unflatten(0, anchors.shape[:2])

    def answer(self, anchors: Tensor, seen: Tensor) -> dict[str, Tensor]:
        """Logits per axis from anchors and their features."""
        x = seen.transpose(1, 2)  # (B, C, A, h/16, w/16)
        change = F.relu(self.compare(x))
        both = torch.cat([x, change], 1)
        coarse = F.adaptive_avg_pool2d(anchors[:, :, :3].mean(1), COARSE).flatten(1)  # (B, 3·4·6)
        hidden = self.gather(torch.cat([both.mean((2, 3, 4)), both.amax((2, 3, 4)), coarse], 1))
        return {axis: head(hidden) for axis, head in self.answers.items()}

    @torch.no_grad()
    def predict(self, video: Tensor, fps: float | None = None) -> dict[str, Tensor]:
        """Probabilities per axis, each (B, values) in the order of ``config.axes``; see ``forward``."""
        was_training = self.training
        self.eval()
        answers = {axis: logits.softmax(-1) for axis, logits in self(video, fps).items()}
        self.train(was_training)
        return answers

    def anchors(self, video: Tensor, fps: float | None = None) -> Tensor:
        """The frames the probe looks at, resized, with their differences: (B, A, 9, h, w)."""
        if video.ndim != 5 or video.shape[2] != 3:
            raise ValueError(f"video must be (B, T, 3, H, W), got {tuple(video.shape)}")
        wanted = self.frames_wanted(video.shape[1], fps)
        used = sorted({index for row in wanted for index in row})
        return self.arranged(video[:, used], [[used.index(i) for i in row] for row in wanted])

    def frames_wanted(self, frames: int, fps: float | None = None) -> list[list[int]]:
        """Which frames of a film are looked at: the anchors, what soon follows them, what follows later."""
        rate = (fps or self.config.fps) / self.config.fps
        starts = anchor_frames(frames, self.config.spacing * rate, self.config.anchors)
        steps = [round(step * rate) for step in (0, SHORT_STEP, LONG_STEP)]
        return [[min(frames - 1, start + step) for start in starts] for step in steps]

    def arranged(self, video: Tensor, places: Sequence[Sequence[int]]) -> Tensor:
        """Anchors (B, A, 9, h, w) from frames (B, U, 3, H, W); ``places`` says where those wanted stand."""
        height, width = video.shape[-2:]
        size = fit_size(height, width, self.config.pixels)
        if (height, width) != size:
            video = _resize(video.flatten(0, 1), size).unflatten(0, video.shape[:2])
        here, soon, later = (video[:, list(row)] for row in places)  # each (B, A, 3, h, w)
        return torch.cat([here, 4 * (soon - here), 2 * (later - here)], 2)


def _coordinates(x: Tensor) -> Tensor:
    """Across and down, −1 … 1, for every cell of ``x`` (N, C, h, w): (1, 2, h, w)."""
    down = torch.linspace(-1, 1, x.shape[-2], device=x.device, dtype=x.dtype)[:, None].expand(x.shape[-2:])
    across = torch.linspace(-1, 1, x.shape[-1], device=x.device, dtype=x.dtype)[None, :].expand(x.shape[-2:])
    return torch.stack([across, down])[None]


def anchor_frames(frames: int, spacing: float, most: int) -> list[int]:
    """Frames to look at: every ``spacing`` frames from the first, further apart if those are too many.

    An anchor needs frames after it to be compared with, so none stands in the last few frames of a long clip.
    """
    last = max(0, frames - 1 - LONG_STEP)
    count = min(most, 1 + int(last // max(spacing, 1)))
    if count == 1:
        return [0]
    step = max(spacing, last / (most - 1)) if count == most else spacing
    return [min(frames - 1, round(step * i)) for i in range(count)]


def _resize(frames: Tensor, size: tuple[int, int]) -> Tensor:
    """Resize (N, 3, H, W) to ``size``: averaged when it shrinks, interpolated when it grows."""
    if frames.shape[-2] >= size[0] and frames.shape[-1] >= size[1]:
        if frames.shape[-2] % size[0] == 0 and frames.shape[-1] % size[1] == 0:
            return F.avg_pool2d(frames, (frames.shape[-2] // size[0], frames.shape[-1] // size[1]))
        return F.interpolate(frames, size=size, mode="bilinear", antialias=True, align_corners=False)
    return F.interpolate(frames, size=size, mode="bilinear", align_corners=False)
