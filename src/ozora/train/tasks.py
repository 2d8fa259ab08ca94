"""Which network a recipe trains, what it is given, and what all exports have in common."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from ozora.errors import refuse
from ozora.model.autoencoder import Autoencoder
from ozora.model.checkpoint import load_weights, save_weights
from ozora.model.sizes import AutoencoderConfig
from ozora.train.loop import Task
from ozora.train.recipes import AutoencoderRecipe, ProbeRecipe, Recipe, TextRecipe, TransformerRecipe


@dataclass(frozen=True)
class Inputs:
    """What a run is given: folders of footage, files of latents, weights of networks trained before."""

    footage: tuple[Path, ...] = ()
    latents: tuple[Path, ...] = ()
    autoencoder: Path | None = None
    text: Path | None = None


def make_task(recipe: Recipe, inputs: Inputs, device: torch.device) -> Task:
    """The task of a recipe, its networks new and on ``device``. Raises ``OzoraError`` for a missing input."""
    return _makers()[type(recipe)](recipe, inputs, device)


def _makers() -> dict[type[Recipe], Callable[[Any, Inputs, torch.device], Task]]:
    from ozora.train.autoencoder import AutoencoderTask
    from ozora.train.probe import ProbeTask
    from ozora.train.text import TextTask
    from ozora.train.transformer import TransformerTask

    return {
        AutoencoderRecipe: AutoencoderTask,
        TextRecipe: TextTask,
        TransformerRecipe: TransformerTask,
        ProbeRecipe: ProbeTask,
    }


def needed(given: Sequence[Path], name: str, where: str) -> Sequence[Path]:
    """``given``, or a refusal that says where to get it when it is empty."""
    if not given:
        raise refuse(name, "nothing", where)
    return given


def load_autoencoder(path: Path, device: torch.device | str = "cpu") -> Autoencoder:
    """The autoencoder of an exported weights file, frozen and ready."""
    tensors, metadata = load_weights(path)
    autoencoder = Autoencoder(AutoencoderConfig.from_json(metadata["config"]))
    load_into(autoencoder, tensors, path)
    return autoencoder.to(device).eval().requires_grad_(False)


def begin_with(task: Task, folder: Path) -> None:
    """Fill a task's networks with the weights that an earlier run exported to ``folder``."""
    for name, network in task.networks.items():
        path = folder / f"{name}.safetensors"
        load_into(network, load_weights(path)[0], path)


def load_into(network: nn.Module, tensors: dict[str, torch.Tensor], path: Path) -> None:
    """Fill a network; weights of another shape are refused with the first tensor that does not fit."""
    own = network.state_dict()
    for name in sorted(own.keys() | tensors.keys()):
        shapes = [tuple(side[name].shape) if name in side else None for side in (tensors, own)]
        if shapes[0] != shapes[1]:
            raise refuse(f"weights {path.name}", f"{name} {shapes[0]}", f"{name} {shapes[1]}")
    network.load_state_dict(tensors)


def export(
    network: nn.Module,
    path: Path,
    *,
    kind: str,
    config: dict[str, Any],
    ledger_root: str,
    facts: dict[str, Any],
) -> Path:
    """Write int8 weights that say what they are: network, configuration, recipe, steps and ledger root."""
    metadata = {"network": kind, "config": config, "ledger_root": ledger_root, **facts}
    save_weights(path, network.state_dict(), metadata)
    return path
