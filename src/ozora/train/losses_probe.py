"""What the probe is trained on: one cross-entropy per axis against the film set's exact labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from ozora.model.probe import Probe
from ozora.world.concepts import ACTIONS, COLOURLESS

UNKNOWN = -1
"""Label of a clip that an axis must not be asked about; it counts neither in the loss nor in the accuracy."""


def probe_labels(probe: Probe, fields: Sequence[Mapping[str, str]]) -> dict[str, Tensor]:
    """Class index per axis, each (B,) int64, from ``captions.shot_fields`` of every clip of a batch.

    A clip is not asked what the picture cannot tell: colour in black and white or in clay, the camera move
    when it is cut to another camera, the direction of what does not travel, and which of two subjects is
    meant.
    """
    labels: dict[str, Tensor] = {}
    for axis, values in probe.config.axes:
        index = {value: i for i, value in enumerate(values)}
        asked = [None if _hidden(axis, clip) else clip.get(axis) for clip in fields]
        labels[axis] = torch.tensor([index.get(value, UNKNOWN) if value else UNKNOWN for value in asked])
    return labels


def _hidden(axis: str, fields: Mapping[str, str]) -> bool:
    of_subject = axis in ("subject", "action", "colour", "direction")
    if of_subject and fields.get("second_subject", "none") != "none":
        return True
    if axis in ("action", "direction") and fields.get("then", "none") != "none":
        return True
    if axis == "colour":
        return fields.get("look") in COLOURLESS
    if axis == "direction":
        action = ACTIONS.get(fields.get("action", ""))
        return action is not None and not action.travels and action.name != "stand"
    if axis == "camera":
        return fields.get("cut", "none") != "none"
    return False


def probe_loss(
    probe: Probe, video: Tensor, fields: Sequence[Mapping[str, str]], fps: float | None = None
) -> tuple[Tensor, dict[str, float]]:
    """``answers_loss`` of what the probe says of ``video`` (B, T, 3, H, W) in [−1, 1]."""
    return answers_loss(probe, probe(video, fps), fields)


def answers_loss(
    probe: Probe, answers: Mapping[str, Tensor], fields: Sequence[Mapping[str, str]]
) -> tuple[Tensor, dict[str, float]]:
    """Mean cross-entropy over the axes (label smoothing 0.05), and the share answered right per axis.

    Args:
        answers: the probe's logits per axis, (B, values) each.
        fields: one ``captions.shot_fields`` mapping per clip.

    Returns:
        The scalar loss to descend, and plain numbers to log: ``loss`` and ``<axis>`` accuracy in 0 … 1.
        An axis that no clip of the batch can be asked about is left out.
    """
    labels = probe_labels(probe, fields)
    losses: list[Tensor] = []
    told: dict[str, float] = {}
    for axis, logits in answers.items():
        target = labels[axis].to(logits.device)
        known = target != UNKNOWN
        if not bool(known.any()):
            continue
        losses.append(F.cross_entropy(logits[known], target[known], label_smoothing=0.05))
        told[axis] = float((logits[known].argmax(-1) == target[known]).float().mean())
    if not losses:
        raise ValueError(f"no clip has a label for any of {', '.join(answers)}")
    loss = torch.stack(losses).mean()
    return loss, {"loss": float(loss.detach()), **told}
