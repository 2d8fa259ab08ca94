"""The eyes: a dense network that says of every place in a picture what is there, whose it is, how far away,
and where it goes next.

Trained on the film set's exact ground truth and nothing else. One copy may teach an autoencoder what matters
in a picture, another judges films; a copy that judges is never shown to a training (see ``EYES_PURPOSES``).

How it looks. The picture is cut into cells of 4×4 pixels; convolutions at four scales see every frame, and
at all scales but the finest a share of the channels comes from the frame before and the frame after (temporal
shift, Lin et al., ICCV 2019). A pyramid brings what the coarse scales understood back to the cells (Lin et
al., CVPR 2017). Motion is found by comparing features with those of the next frame, first far and coarse,
then near and fine about the first guess (PWC-Net, Sun et al., CVPR 2018).

Instances are told apart by a map of their centres and, at every cell, the way to the centre (Panoptic-
DeepLab, Cheng et al., CVPR 2020). An embedding would need clustering, whose answer hangs on a threshold and
on an order; centres are found by one comparison with their neighbours, the same on every machine, and each
is an object that can be counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ozora.errors import WeightsError
from ozora.model.checkpoint import load_into, load_weights
from ozora.model.fovea import Fovea, Glimpsed, glimpses, windows
from ozora.model.residual import Block

EYES_PURPOSES = ("perception", "evaluation")
"""What a copy is for, told in its weights: to teach other networks, or to judge and never teach."""

CELL = 4
"""Pixels along each side of a cell."""

STRIDE = 32
"""Sides of the pictures that pass through the network are multiples of this; others are padded."""

FLOW_SCALE = 8.0
"""Pixels: motions are a few of these."""

OFFSET_SCALE = 8.0
"""Cells: ways to a centre are a few of these."""

REACH_COARSE, REACH_FINE = 3, 2
"""Cells of the scale at hand around a place in which its next place is looked for."""

MATCH_SHARPNESS = 10.0
"""Of the softmax over cosines that gives the first guess of motion."""


@dataclass(frozen=True)
class EyesConfig:
    """Shape of the eyes and the words they answer with, stored beside the weights."""

    name: str
    classes: tuple[str, ...]  # what a cell may show; the last ones, from ``first_subject`` on, act
    first_subject: int
    traits: tuple[tuple[str, tuple[str, ...]], ...]  # asked of every cell of a subject
    scene: tuple[tuple[str, tuple[str, ...]], ...]  # asked of every frame as a whole
    widths: tuple[int, int, int, int] = (24, 48, 96, 128)
    blocks: tuple[int, int, int, int] = (1, 1, 2, 2)
    fine: int = 32
    width: int = 224  # pixels: the size of picture that the eyes know
    height: int = 128
    fps: int = 12
    detail: int = 0  # channels that see what is smaller than a cell; 0: cells are seen as they are
    fovea: tuple[int, ...] = ()  # widths of its three scales; none: no second look

    @property
    def subjects(self) -> tuple[str, ...]:
        """Who may act."""
        return self.classes[self.first_subject :]

    def to_json(self) -> dict[str, object]:
        """The configuration as JSON values."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, object]) -> EyesConfig:
        """Read ``to_json``; a missing or ill-formed entry is a ``WeightsError``."""
        try:
            whole = {key: int(str(data[key])) for key in ("first_subject", "fine", "width", "height", "fps")}
            values: dict[str, Any] = {
                **whole,
                "name": str(data["name"]),
                "classes": tuple(map(str, _list(data["classes"]))),
                "traits": _words(data["traits"]),
                "scene": _words(data["scene"]),
                "widths": tuple(int(str(value)) for value in _list(data["widths"])),
                "blocks": tuple(int(str(value)) for value in _list(data["blocks"])),
                "detail": int(str(data.get("detail", 0))),
                "fovea": tuple(int(str(value)) for value in _list(data.get("fovea", []))),
            }
            return EyesConfig(**values)
        except (KeyError, TypeError, ValueError) as error:
            raise WeightsError(f"eyes weights: their configuration is not readable ({error}).") from error


@dataclass(frozen=True)
class Seen:
    """What the eyes see in B films of T frames, by cells (h, w)."""

    classes: Tensor  # (B, T, K, h, w) logits over ``config.classes``
    traits: dict[str, Tensor]  # per axis (B, T, V, h, w) logits
    scene: dict[str, Tensor]  # per axis (B, T, V) logits
    depth: Tensor  # (B, T, h, w) natural logarithm of metres
    silhouette: Tensor  # (B, T, h, w) logit: a subject's
    centre: Tensor  # (B, T, h, w) logit: the centre of an instance
    offset: Tensor  # (B, T, 2, h, w) cells right and down to the centre
    flow: Tensor  # (B, T-1, 2, h, w) pixels right and down to where it is in the next frame
    features: tuple[Tensor, ...]  # of the four scales, (B, T, C, ·, ·), fine to coarse


def _detail(channels: int, out: int) -> nn.Sequential:
    """Two convolutions from pixels to cells (4×4) by way of pairs of pixels; at first they add nothing."""
    first = nn.Conv2d(3, channels, 3, stride=2, padding=1)
    last = nn.Conv2d(channels, out, 3, stride=2, padding=1)
    nn.init.kaiming_normal_(first.weight, nonlinearity="relu")
    nn.init.zeros_(last.weight)
    if last.bias is not None:
        nn.init.zeros_(last.bias)
    return nn.Sequential(first, nn.ReLU(), last)


def _corrector(inputs: int, hidden: int) -> nn.Sequential:
    """Two convolutions that say how far to trust a guess of motion and what to add: first half, nothing."""
    last = nn.Conv2d(hidden, 3, 3, padding=1)
    nn.init.zeros_(last.weight)
    if last.bias is not None:
        nn.init.zeros_(last.bias)
    return nn.Sequential(nn.Conv2d(inputs, hidden, 3, padding=1), nn.ReLU(), last)


def _corrected(guess: Tensor, told: Tensor) -> Tensor:
    """A guess (N, 2, h, w) as a corrector (N, 3, h, w) would have it. Where nothing has a pattern, likeness
    speaks for any way, and it is best not to listen."""
    return told[:, :1].sigmoid() * guess + told[:, 1:]


class Eyes(nn.Module):
    """Dense sight; ``forward`` for films of the size it knows, ``look`` for any."""

    def __init__(self, config: EyesConfig) -> None:
        super().__init__()
        self.config = config
        widths, fine = config.widths, config.fine
        self.open = nn.Conv2d(3, widths[0], 6, stride=CELL, padding=1)
        self.detail: nn.Sequential | None = None
        if config.detail:
            self.detail = _detail(config.detail, widths[0])
        self.where = nn.Conv2d(2, widths[0], 1)  # sky is above and ground below
        self.scales = nn.ModuleList(
            nn.Sequential(*(Block(width) for _ in range(count)))
            for width, count in zip(widths, config.blocks, strict=True)
        )
        self.down = nn.ModuleList(
            nn.Conv2d(before, after, 3, stride=2, padding=1) for before, after in pairwise(widths)
        )
        levels = (fine, *widths[1:3])
        self.side = nn.ModuleList(
            nn.Conv2d(own, out, 1) for own, out in zip(widths[:3], levels, strict=True)
        )
        self.up = nn.ModuleList(
            nn.Conv2d(coarse, out, 1) for coarse, out in zip((*levels[1:], widths[3]), levels, strict=True)
        )
        self.refine = nn.ModuleList(Block(width) for width in levels)
        self.heads = nn.Conv2d(fine, sum(self._sizes().values()), 1)
        names = sum(size for name, size in self._sizes().items() if _is_name(name))
        self.naming = nn.ModuleList(nn.Conv2d(width, names, 1) for width in (*levels[1:], widths[3]))
        values = sum(len(words) for _, words in config.scene)
        self.whole = nn.Sequential(
            nn.Linear(2 * widths[3] + 3 * 4 * 6, 128), nn.ReLU(), nn.Linear(128, values)
        )
        around = ((2 * REACH_COARSE + 1) ** 2, (2 * REACH_FINE + 1) ** 2)
        self.far = _corrector(widths[1] + around[0] + 2, fine)
        self.near = _corrector(fine + around[1] + 2, fine)
        self.fovea: Fovea | None = None
        if config.fovea:
            first, second, third = config.fovea
            answers = [(axis, len(words)) for axis, words in config.traits]
            self.fovea = Fovea(len(config.subjects), answers, (first, second, third))
        for module in (self.open, *self.down):
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def _sizes(self) -> dict[str, int]:
        """Channels of every answer that is given by cells."""
        traits = {f"trait {axis}": len(words) for axis, words in self.config.traits}
        single = {"depth": 1, "silhouette": 1, "centre": 1, "offset": 2}
        return {"classes": len(self.config.classes), **traits, **single}

    def forward(self, video: Tensor) -> Seen:
        """See ``video`` (B, T, 3, H, W) in [−1, 1], of about the known size, sides multiples of 32."""
        if video.ndim != 5 or video.shape[2] != 3 or video.shape[-1] % STRIDE or video.shape[-2] % STRIDE:
            shape = tuple(video.shape)
            raise ValueError(f"video must be (B, T, 3, H, W), sides multiples of {STRIDE}, got {shape}")
        batch, frames = video.shape[:2]
        scales = self.encode(video)
        coarse = scales[3].flatten(0, 1)
        pyramid: list[Tensor] = []
        for level in (2, 1, 0):
            own = self.side[level](scales[level].flatten(0, 1))
            raised = F.interpolate(self.up[level](coarse), scale_factor=2.0, mode="nearest")
            coarse = self.refine[level](F.relu(own + raised))
            pyramid.insert(0, coarse)
        answers = self._answers(pyramid, scales[3].flatten(0, 1))
        by_cell = {name: value.unflatten(0, (batch, frames)) for name, value in answers.items()}
        return Seen(
            classes=by_cell["classes"],
            traits={axis: by_cell[f"trait {axis}"] for axis, _ in self.config.traits},
            scene=self._scene(video, scales[3]),
            depth=by_cell["depth"][:, :, 0],
            silhouette=by_cell["silhouette"][:, :, 0],
            centre=by_cell["centre"][:, :, 0] - 4.0,  # centres are rare
            offset=OFFSET_SCALE * by_cell["offset"],
            flow=self._flow(scales, pyramid, batch, frames),
            features=tuple(scales),
        )

    def _answers(self, pyramid: Sequence[Tensor], coarsest: Tensor) -> dict[str, Tensor]:
        """Answers by cells (N, ·, h, w). Names are spoken by every level of the pyramid and added up: what
        somebody is takes a wide look, where exactly a near one."""
        sizes = self._sizes()
        answers = dict(zip(sizes, self.heads(pyramid[0]).split(list(sizes.values()), 1), strict=True))
        names = [name for name in sizes if _is_name(name)]
        for speaks, features in zip(self.naming, (*pyramid[1:], coarsest), strict=True):
            said = F.interpolate(speaks(features), size=pyramid[0].shape[-2:], mode="nearest")
            parts = said.split([sizes[name] for name in names], 1)
            answers |= {name: answers[name] + part for name, part in zip(names, parts, strict=True)}
        return answers

    def encode(self, video: Tensor) -> list[Tensor]:
        """Features of the four scales, each (B, T, C, h, w), from fine (cells) to coarse."""
        batch, frames = video.shape[:2]
        x = self.open(video.flatten(0, 1))
        if self.detail is not None:
            x = x + self.detail(video.flatten(0, 1))
        x = F.relu(x + self.where(_coordinates(x)))
        scales = []
        for level, blocks in enumerate(self.scales):
            if level:
                x = F.relu(self.down[level - 1](x))
                if frames > 1:
                    x = _shifted(x.unflatten(0, (batch, frames))).flatten(0, 1)
            x = blocks(x)
            scales.append(x.unflatten(0, (batch, frames)))
        return scales

    def _scene(self, video: Tensor, coarse: Tensor) -> dict[str, Tensor]:
        """Answers about whole frames, from the coarsest features and the light and colours themselves."""
        small = F.adaptive_avg_pool2d(video.flatten(0, 1), (4, 6)).flatten(1)
        x = coarse.flatten(0, 1)
        told = self.whole(torch.cat([x.mean((2, 3)), x.amax((2, 3)), small], 1)).unflatten(0, video.shape[:2])
        sizes = [len(words) for _, words in self.config.scene]
        return {
            axis: part for (axis, _), part in zip(self.config.scene, told.split(sizes, -1), strict=True)
        }

    def _flow(self, scales: Sequence[Tensor], pyramid: Sequence[Tensor], batch: int, frames: int) -> Tensor:
        """Motion to the next frame (B, T-1, 2, h, w), pixels."""
        height, width = scales[0].shape[-2:]
        if frames < 2:
            return scales[0].new_zeros(batch, 0, 2, height, width)
        here, there = (scales[1][:, s].flatten(0, 1) for s in (slice(None, -1), slice(1, None)))
        alike = _compared(here, there, REACH_COARSE)  # (N, 49, h/2, w/2)
        guess = _expected(alike, REACH_COARSE) * (2 * CELL / FLOW_SCALE)
        own = pyramid[1].unflatten(0, (batch, frames))[:, :-1].flatten(0, 1)
        guess = _corrected(guess, self.far(torch.cat([own, alike, guess], 1)))
        guess = F.interpolate(guess, scale_factor=2.0, mode="bilinear", align_corners=False)
        here, there = (scales[0][:, s].flatten(0, 1) for s in (slice(None, -1), slice(1, None)))
        alike = _compared(here, read_along(there, guess * (FLOW_SCALE / CELL)), REACH_FINE)
        own = pyramid[0].unflatten(0, (batch, frames))[:, :-1].flatten(0, 1)
        flow = _corrected(guess, self.near(torch.cat([own, alike, guess], 1)))
        return (FLOW_SCALE * flow).unflatten(0, (batch, frames - 1))

    def glimpse(self, pictures: Tensor, cells: Tensor) -> Glimpsed | None:
        """Look nearer at instances, ``cells`` (N, h, w) bool, each in a picture of its own, (N, 3, H, W).

        Pictures are in [−1, 1]. None where there is nobody, or these eyes have no fovea.
        """
        if self.fovea is None or not len(cells):
            return None
        near, places = glimpses(pictures, cells, windows(cells, CELL))
        told: Glimpsed = self.fovea(near, places)
        return told

    @torch.no_grad()
    def look(self, video: Tensor) -> Seen:
        """Look at films of any size, (B, T, 3, H, W) in [−1, 1]: resized so that heights or areas match.

        Cells, flow and offsets are those of the resized picture, whose cells are square.
        """
        was_training = self.training
        self.eval()
        seen = self(fitted(video, self.config))
        self.train(was_training)
        return seen


def load_eyes(path: str | Path, purpose: str, device: torch.device | str = "cpu") -> Eyes:
    """The eyes of an exported weights file, frozen and ready, for one of ``EYES_PURPOSES``.

    Raises WeightsError if the file is missing, damaged, no eyes, or eyes made for another purpose: those that
    judge must never have taught.
    """
    path = Path(path)
    tensors, metadata = load_weights(path)
    config = metadata.get("config")
    if metadata.get("network") != "eyes" or not isinstance(config, dict):
        raise WeightsError(f"eyes: {path} holds weights of a {metadata.get('network', 'nameless')} network.")
    if metadata.get("purpose") != purpose:
        came = metadata.get("purpose")
        raise WeightsError(f"eyes: {path} were trained for {came}, not for {purpose}.")
    eyes = Eyes(EyesConfig.from_json(config))
    load_into(eyes, tensors, path)
    return eyes.to(device).eval().requires_grad_(False)


def fitted(video: Tensor, config: EyesConfig) -> Tensor:
    """``video`` at about the size the eyes know, its aspect kept as well as multiples of 32 can."""
    height, width = video.shape[-2:]
    factor = (config.width * config.height / (height * width)) ** 0.5
    size = tuple(max(STRIDE, STRIDE * round(side * factor / STRIDE)) for side in (height, width))
    if size == (height, width):
        return video
    flat = video.flatten(0, 1)
    resized = F.interpolate(flat, size=size, mode="bilinear", antialias=True, align_corners=False)
    return resized.unflatten(0, video.shape[:2])


def likeness(eyes: Eyes, pictures: Tensor, truth: Tensor) -> Tensor:
    """Distance of pictures (N, 3, H, W) in [−1, 1] from true ones: a scalar, 0 where they look the same.

    Features of the first three scales, channels at unit length, squared difference, mean over places and sum
    over scales: the form of LPIPS (Zhang et al., CVPR 2018). Gradients flow to ``pictures``.
    """

    def felt(x: Tensor) -> list[Tensor]:
        spare = [-x.shape[-1] % STRIDE, -x.shape[-2] % STRIDE]
        padded = F.pad(x, (0, spare[0], 0, spare[1]), mode="replicate") if any(spare) else x
        return [F.normalize(scale[:, 0], dim=1) for scale in eyes.encode(padded[:, None])[:3]]

    with torch.no_grad():
        wanted = felt(truth)
    parts = [(a - b).square().sum(1).mean() for a, b in zip(felt(pictures), wanted, strict=True)]
    return torch.stack(parts).sum()


def _shifted(x: Tensor) -> Tensor:
    """An eighth of the channels of (B, T, C, h, w) from the frame before, an eighth from the frame after."""
    part = x.shape[2] // 8
    before = torch.cat([x[:, :1, :part], x[:, :-1, :part]], 1)
    after = torch.cat([x[:, 1:, part : 2 * part], x[:, -1:, part : 2 * part]], 1)
    return torch.cat([before, after, x[:, :, 2 * part :]], 2)


def _compared(here: Tensor, there: Tensor, reach: int) -> Tensor:
    """Cosine of features (N, C, h, w) and those up to ``reach`` cells away in another frame: (N, P, h, w)."""
    here, there = F.normalize(here, dim=1), F.normalize(there, dim=1)
    side = 2 * reach + 1
    height, width = here.shape[-2:]
    padded = F.pad(there, (reach,) * 4)
    return torch.stack(
        [
            (here * padded[:, :, down : down + height, right : right + width]).sum(1)
            for down in range(side)
            for right in range(side)
        ],
        1,
    )


def _expected(alike: Tensor, reach: int) -> Tensor:
    """The step right and down (N, 2, h, w), in cells, that likeness (N, P, h, w) speaks for."""
    steps = torch.arange(-reach, reach + 1, device=alike.device, dtype=alike.dtype)
    down, right = torch.meshgrid(steps, steps, indexing="ij")
    share = (MATCH_SHARPNESS * alike).softmax(1)
    ways = torch.stack((right.flatten(), down.flatten()))  # (2, P)
    return torch.einsum("nphw,kp->nkhw", share, ways)


def read_along(x: Tensor, steps: Tensor) -> Tensor:
    """Features (N, C, h, w) read ``steps`` (N, 2, h, w) cells away from each place."""
    height, width = x.shape[-2:]
    size = torch.tensor([width, height], device=x.device, dtype=x.dtype)
    down, right = torch.meshgrid(
        torch.arange(height, device=x.device), torch.arange(width, device=x.device), indexing="ij"
    )
    place = torch.stack((right, down), -1).to(x) + 0.5 + steps.movedim(1, -1)
    return F.grid_sample(x, place / size * 2 - 1, align_corners=False, padding_mode="border")


def _coordinates(x: Tensor) -> Tensor:
    """Across and down, −1 … 1, for every cell of ``x`` (N, C, h, w): (1, 2, h, w)."""
    down = torch.linspace(-1, 1, x.shape[-2], device=x.device, dtype=x.dtype)[:, None].expand(x.shape[-2:])
    across = torch.linspace(-1, 1, x.shape[-1], device=x.device, dtype=x.dtype)[None, :].expand(x.shape[-2:])
    return torch.stack([across, down])[None]


def _is_name(answer: str) -> bool:
    """Whether an answer by cells says what somebody is or is like, not where."""
    return answer == "classes" or answer.startswith("trait ")


def _list(value: object) -> Sequence[object]:
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise TypeError(f"{value!r} is not a list")
    return value


def _words(value: object) -> tuple[tuple[str, tuple[str, ...]], ...]:
    pairs = [_list(pair) for pair in _list(value)]
    return tuple((str(axis), tuple(map(str, _list(words)))) for axis, words in pairs)
