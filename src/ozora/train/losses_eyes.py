"""What the eyes are trained on: the film set's truth about every cell, its words for the whole picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ozora.model.eyes import FLOW_SCALE, OFFSET_SCALE, Eyes, EyesConfig, Seen
from ozora.model.instances import LEAST_SILHOUETTE
from ozora.train.truths import UNKNOWN, Truths
from ozora.world.captions import shot_fields
from ozora.world.concepts import ACTIONS, COLOURLESS, visible_colour
from ozora.world.shot import Shot

NOT_ASKED = -1
"""Label of what a picture does not show; it counts neither in a loss nor in an accuracy."""

NEAREST, FARTHEST = 0.2, 300.0
"""Metres: depth beyond is taken to be there."""

MOST_SUBJECTS_WEIGHT, LEAST_SUBJECTS_WEIGHT = 24.0, 3.0
"""Weight of a cell of a small subject, and of a large one, against the background's."""


@dataclass(frozen=True)
class EyesLossSettings:
    """Weights of the terms."""

    classes: float = 1.0
    traits: float = 0.5
    scene: float = 0.2
    silhouette: float = 0.5
    centre: float = 0.5
    offset: float = 0.5
    depth: float = 0.5
    flow: float = 1.0


@dataclass(frozen=True)
class Targets:
    """What the eyes should say of B films of T frames, by cells (h, w)."""

    classes: Tensor  # (B, T, h, w) int64, or ``NOT_ASKED``
    traits: dict[str, Tensor]  # per axis (B, T, h, w) int64, ``NOT_ASKED`` where nobody is or nobody can tell
    scene: dict[str, Tensor]  # per axis (B,) int64
    weight: Tensor  # (B, T, h, w) small subjects weigh more
    there: Tensor  # (B, T, h, w) bool: a subject's
    centre: Tensor  # (B, T, h, w) 1 at centres of instances, falling off around them
    offset: Tensor  # (B, T, 2, h, w) cells to the centre
    depth: Tensor  # (B, T, h, w) natural logarithm of metres
    deep: Tensor  # (B, T, h, w) bool: where depth is asked
    flow: Tensor  # (B, T-1, 2, h, w) pixels
    moved: Tensor  # (B, T-1, h, w) bool: where flow is asked


def targets(config: EyesConfig, truths: Truths, shots: Sequence[Shot]) -> Targets:
    """The truth in the words of these eyes. Classes that they have no word for are not asked."""
    classes = _named_in(config, truths.classes)
    there = truths.ids > 0
    centre, offset, weight = _instances(truths.ids)
    deep = truths.exact & torch.isfinite(truths.depth)
    return Targets(
        classes=classes,
        traits={axis: _trait(axis, values, truths.ids, shots) for axis, values in config.traits},
        scene={axis: _scene(axis, values, shots, truths.ids.device) for axis, values in config.scene},
        weight=weight,
        there=there,
        centre=centre,
        offset=offset,
        depth=truths.depth.float().clamp(NEAREST, FARTHEST).log(),
        deep=deep,
        flow=truths.flow.float().movedim(-1, 2),
        moved=truths.seen & truths.exact[:, : truths.seen.shape[1]],
    )


def eyes_loss(
    eyes: Eyes, seen: Seen, truth: Targets, settings: EyesLossSettings | None = None
) -> tuple[Tensor, dict[str, Tensor]]:
    """The scalar to descend, and its parts before their weights (detached)."""
    s = settings or EyesLossSettings()
    parts = {"classes": _cross_entropy(seen.classes, truth.classes, truth.weight)}
    asked = [
        _cross_entropy(seen.traits[axis], label, truth.weight) for axis, label in truth.traits.items()
    ]
    parts["traits"] = torch.stack(asked).mean()
    frames = seen.depth.shape[1]
    parts["scene"] = torch.stack(
        [
            F.cross_entropy(
                seen.scene[axis].flatten(0, 1), label.repeat_interleave(frames), ignore_index=NOT_ASKED,
                label_smoothing=0.05,
            )
            for axis, label in truth.scene.items()
            if bool((label != NOT_ASKED).any())
        ]
    ).mean()  # fmt: skip
    outline = F.binary_cross_entropy_with_logits(seen.silhouette, truth.there.float(), reduction="none")
    parts["silhouette"] = _mean(outline, truth.weight)
    parts["centre"] = centre_loss(seen.centre, truth.centre)
    away = ((seen.offset - truth.offset) / OFFSET_SCALE).abs().sum(2)
    parts["offset"] = _mean(away, truth.weight * truth.there)
    parts["depth"] = depth_loss(seen.depth, truth.depth, truth.deep)
    if truth.flow.shape[1]:
        error = ((seen.flow - truth.flow) / FLOW_SCALE).square().sum(2)
        weight = truth.weight[:, : truth.flow.shape[1]].sqrt() * truth.moved
        parts["flow"] = _mean((error + 1e-4).sqrt(), weight)
    total = torch.stack([getattr(s, name) * value for name, value in parts.items()]).sum()
    return total, {name: value.detach() for name, value in parts.items()}


def centre_loss(logits: Tensor, centre: Tensor) -> Tensor:
    """The focal loss of CenterNet (Zhou et al., "Objects as Points", 2019), per centre."""
    share = logits.float().sigmoid().clamp(1e-4, 1 - 1e-4)
    peaks = centre > 0.999
    at = (1 - share).square() * share.log() * peaks
    beside = (1 - centre).pow(4) * share.square() * (1 - share).log() * ~peaks
    return -(at + beside).sum() / peaks.sum().clamp(min=1)


def depth_loss(guess: Tensor, truth: Tensor, asked: Tensor) -> Tensor:
    """Mean absolute difference of logarithms, half of it after each frame's own mean difference is taken out:
    how large a world is can hardly be seen (scale invariance, Eigen et al., NeurIPS 2014)."""
    difference = (guess - truth) * asked
    count = asked.sum((-2, -1), keepdim=True).clamp(min=1)
    shape = (difference - difference.sum((-2, -1), keepdim=True) / count) * asked
    return (0.5 * difference.abs() + 0.5 * shape.abs()).sum() / asked.sum().clamp(min=1)


def _instances(ids: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Centre map and offsets of instances, and weights of cells, from ids (B, T, h, w)."""
    batch, frames, height, width = ids.shape
    down = torch.arange(height, device=ids.device, dtype=torch.float32)[:, None]
    right = torch.arange(width, device=ids.device, dtype=torch.float32)
    centre = torch.zeros(ids.shape, device=ids.device)
    offset = torch.zeros(batch, frames, 2, height, width, device=ids.device)
    weight = torch.ones(ids.shape, device=ids.device)
    for number in range(1, int(ids.max()) + 1):
        mine = (ids == number).float()
        area = mine.sum((-2, -1), keepdim=True)  # (B, T, 1, 1)
        shown = (area > 0).float()
        x = (mine * right).sum((-2, -1), keepdim=True) / area.clamp(min=1)
        y = (mine * down).sum((-2, -1), keepdim=True) / area.clamp(min=1)
        x, y = x.round(), y.round()  # so that a cell is exactly the centre
        spread = (0.2 * area.sqrt()).clamp(0.7, 2.5)
        hill = torch.exp(-((right - x) ** 2 + (down - y) ** 2) / (2 * spread**2)) * shown
        centre = torch.maximum(centre, hill)
        offset += torch.stack(((x - right) * mine, (y - down) * mine), 2)
        share = area / (height * width)
        heavy = (LEAST_SUBJECTS_WEIGHT * (0.1 / share.clamp(min=1e-4)).sqrt()).clamp(
            LEAST_SUBJECTS_WEIGHT, MOST_SUBJECTS_WEIGHT
        )
        weight = weight + mine * (heavy - 1)
    return centre, offset, weight


def _named_in(config: EyesConfig, classes: Tensor) -> Tensor:
    """Classes of the film set as classes of these eyes, who may have been trained before words were added."""
    from ozora.world.truth import CLASSES

    table = torch.full((256,), NOT_ASKED, device=classes.device)
    known = {name: index for index, name in enumerate(config.classes)}
    for index, name in enumerate(CLASSES):
        table[index] = known.get(name, NOT_ASKED)
    table[UNKNOWN] = NOT_ASKED
    return table[classes.long()]


def trait_of(shot: Shot, instance: int, axis: str) -> str | None:
    """What one instance (1.. in order) of a shot shows on an axis, or None where a picture cannot tell."""
    subject = shot.subjects[shot.instances[instance - 1]]
    if axis == "colour":
        return None if shot.look in COLOURLESS else visible_colour(subject.kind, subject.colour)
    if axis in ("action", "direction") and subject.then != "none":
        return None
    if axis == "direction":
        action = ACTIONS[subject.action]
        return subject.direction if action.travels or action.name == "stand" else None
    return str(getattr(subject, axis))


def _trait(axis: str, values: Sequence[str], ids: Tensor, shots: Sequence[Shot]) -> Tensor:
    index = {value: number for number, value in enumerate(values)}
    rows = []
    for row, shot in zip(ids, shots, strict=True):
        table = torch.full((256,), NOT_ASKED, device=ids.device)
        for number in range(1, len(shot.instances) + 1):
            table[number] = index.get(trait_of(shot, number, axis) or "", NOT_ASKED)
        rows.append(table[row.long()])
    return torch.stack(rows)


def _scene(axis: str, values: Sequence[str], shots: Sequence[Shot], device: torch.device) -> Tensor:
    index = {value: number for number, value in enumerate(values)}
    words = ["" if _passes(axis, shot) else shot_fields(shot)[axis] for shot in shots]
    return torch.tensor([index.get(word, NOT_ASKED) for word in words], device=device)


def _passes(axis: str, shot: Shot) -> bool:
    """Whether it changes within the shot, so that one frame shows another value than the words."""
    return axis == "time" and shot.later != "none"


def _cross_entropy(logits: Tensor, labels: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean over cells: logits (B, T, K, h, w), labels and weight (B, T, h, w)."""
    each = F.cross_entropy(
        logits.flatten(0, 1).float(), labels.flatten(0, 1), ignore_index=NOT_ASKED, reduction="none"
    )
    return _mean(each, weight.flatten(0, 1) * (labels.flatten(0, 1) != NOT_ASKED))


def _mean(values: Tensor, weight: Tensor) -> Tensor:
    return (values * weight).sum() / weight.sum().clamp(min=1)


def measures(eyes: Eyes, seen: Seen, truth: Targets) -> Mapping[str, float]:
    """Plain figures of one batch: shares of cells and frames answered right, errors of depth and flow."""
    told: dict[str, float] = {}
    asked = truth.classes != NOT_ASKED
    right = seen.classes.argmax(2) == truth.classes
    told["class_cells"] = _share(right, asked)
    told["class_subject_cells"] = _share(right, asked & truth.there)
    for axis, label in truth.traits.items():
        told[axis] = _share(seen.traits[axis].argmax(2) == label, label != NOT_ASKED)
    for axis, label in truth.scene.items():
        each = label[:, None].expand(-1, seen.depth.shape[1])
        told[axis] = _share(seen.scene[axis].argmax(-1) == each, each != NOT_ASKED)
    guess = seen.silhouette > LEAST_SILHOUETTE
    told["silhouette_iou"] = float((guess & truth.there).sum() / (guess | truth.there).sum().clamp(min=1))
    told["depth_error"] = float(depth_loss(seen.depth, truth.depth, truth.deep))
    if truth.flow.shape[1]:
        error = (seen.flow - truth.flow).square().sum(2).sqrt()
        told["flow_error"] = float(error[truth.moved].mean())
        told["flow_length"] = float(truth.flow.square().sum(2).sqrt()[truth.moved].mean())
    return {name: value for name, value in told.items() if value == value}


def _share(right: Tensor, asked: Tensor) -> float:
    return float((right & asked).sum() / asked.sum()) if bool(asked.any()) else float("nan")
