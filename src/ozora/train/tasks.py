"""What every network brings to the training loop, what it is given, and what all exports have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from ozora.errors import refuse
from ozora.model.autoencoder import Autoencoder
from ozora.model.checkpoint import SHARD_BYTES, load_into, load_weights, save_weights
from ozora.model.sizes import AutoencoderConfig
from ozora.model.text import TextConfig, TextEncoder
from ozora.model.transformer import Transformer, TransformerConfig
from ozora.train import distributed
from ozora.train.recipe import Stage


@dataclass(frozen=True)
class Inputs:
    """What a run is given: folders of footage, files of latents, weights of networks trained before.

    ``footage`` may be ``world:WIDTHxHEIGHT`` instead, filmed while training; ``out`` is the run's own folder,
    ``start`` that of an earlier run whose networks it begins with.
    """

    footage: tuple[Path, ...] = ()
    latents: tuple[Path, ...] = ()
    layouts: tuple[Path, ...] = ()
    autoencoder: Path | None = None
    text: Path | None = None
    eyes: Path | None = None
    out: Path | None = None
    start: Path | None = None
    teacher: Path | None = None


class Task(Protocol):
    """What a network brings to the loop."""

    networks: dict[str, nn.Module]
    """The networks whose parameters are trained, saved and averaged, by name."""

    rate_factors: dict[str, float]
    """Rates of a network relative to the recipe's, where not 1."""

    # A task may also keep ``work: Work``, what it has done so far; the loop then tells how fast it is;
    # ``helpers``, names of networks that an earlier run's folder is not asked for; and ``lessons``, names of
    # those that are trained with the others but not shipped beside them: taken from there if they are there;
    # and ``grown``, parameters that an earlier run's networks may lack, which then begin as they are: silent.
    # ``begins_with`` says what ``--start`` must name where a run cannot begin from nothing, and ``unwanted``
    # why parts of an earlier run's networks, by the beginning of their names, have no place here.
    # ``dropped`` are beginnings of the names of its parameters that something else has taken the place of.
    # ``begin_step(generator)``, if there is one, draws what all micro-batches of a step have in common: who
    # passes through a network now more, now less often must do so alike in all processes that share it out.

    def is_matrix(self, name: str, parameter: nn.Parameter) -> bool:
        """Whether a parameter is a hidden matrix, for Muon."""
        ...

    def losses(self, generator: torch.Generator, stage: Stage, progress: float) -> dict[str, Tensor]:
        """Draw a batch and return scalar losses by name; ``total`` is minimised, the others are told."""
        ...

    def samples(self, folder: Path, stage: Stage, label: str) -> dict[str, float]:
        """Make a picture (``label``.png) and measures of how well it does; with averaged parameters."""
        ...

    def export(self, folder: Path, facts: dict[str, Any]) -> Path:
        """Write weights with ``facts`` in their metadata; called with averaged parameters."""
        ...

    def compile(self) -> None:
        """Compile what is worth it; called on a GPU only."""
        ...


def needed(given: Sequence[Path], name: str, where: str) -> Sequence[Path]:
    """``given``, or a refusal that says where to get it when it is empty."""
    if not given:
        raise refuse(name, "nothing", where)
    return given


def load_autoencoder(path: Path, device: torch.device | str = "cpu") -> Autoencoder:
    """The autoencoder of an exported weights file, frozen and ready; refuses another network's."""
    tensors, metadata = load_weights(path)
    try:
        autoencoder = Autoencoder(AutoencoderConfig.from_json(metadata["config"]))
    except (KeyError, TypeError) as error:
        raise refuse("autoencoder", str(path), "weights of an autoencoder") from error
    load_into(autoencoder, tensors, path)
    return autoencoder.to(device).eval().requires_grad_(False)


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


def begin_with(task: Task, folder: Path) -> list[str]:
    """Fill a task's networks with the weights that an earlier run exported to ``folder``.

    Returns the roots of the ledgers that those weights have learnt from: what goes on from them has, too.
    """
    roots: list[str] = []
    for name, network in task.networks.items():
        path = folder / f"{name}.safetensors"
        if name in getattr(task, "helpers", ()) or (
            name in getattr(task, "lessons", ()) and not path.exists()
        ):
            continue
        tensors, about = load_weights(path)
        for prefix, allowed in getattr(task, "unwanted", {}).items():
            if any(part.startswith(prefix) for part in tensors):
                raise refuse("start", f"{path.name} with a {prefix.rstrip('.')}", allowed)
        own = network.state_dict()
        grown = {part: own[part] for part in getattr(task, "grown", ()) if part in own}
        gone = tuple(getattr(task, "dropped", ()))
        kept = {part: value for part, value in tensors.items() if not part.startswith(gone)}
        load_into(network, {**grown, **kept}, path)
        roots += str(about.get("ledger_root", "")).split("+")
    return list(dict.fromkeys(filter(None, roots)))


def export(
    network: nn.Module,
    path: Path,
    *,
    kind: str,
    config: dict[str, Any],
    ledger_root: str,
    facts: dict[str, Any],
) -> Path:
    """Write int8 weights that say what they are: network, configuration, recipe, steps and ledger root.

    ``facts["begun_with"]`` are the ledgers' roots of weights that training began with; they join the root.
    Of several processes all must call this together; one of them writes.
    """
    roots = dict.fromkeys(filter(None, [*ledger_root.split("+"), *facts.get("begun_with", ())]))
    facts = {name: value for name, value in facts.items() if name != "begun_with"}
    metadata = {"network": kind, "config": config, "ledger_root": "+".join(roots), **facts}
    tensors = distributed.whole_state(network)
    if distributed.leads():
        largest = max(tensor.numel() for tensor in tensors.values())  # a byte each, and room for the header
        save_weights(path, tensors, metadata, shard_bytes=max(SHARD_BYTES, largest + largest // 8))
    return path
