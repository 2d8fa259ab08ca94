"""A run's state on disk: everything it takes to go on as if nothing had happened, on any number of processes.

One process writes one file, ``state.pt``. Several write a folder, ``state-0001200``, each its own part at the
same time (PyTorch's distributed checkpoint), beside ``run.json`` with what is no tensor. Either kind is read
by any number of processes. A state is whole or not there: older ones go only once a newer one is complete.
"""

from __future__ import annotations

import json
import shutil
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from ozora.errors import OzoraError, refuse
from ozora.model.checkpoint import load_training_state, save_training_state
from ozora.train import distributed
from ozora.train.optimisers import MovingAverage
from ozora.train.recipe import Recipe

_FILE, _FOLDERS, _RUN = "state.pt", "state-*", "run.json"


@dataclass(frozen=True)
class Place:
    """Where a run is: its steps, its seconds, how many samples it has seen, and how a batch is split."""

    recipe: str
    size: str
    step: int
    elapsed: float
    samples: int
    micro_batches: int


@dataclass(frozen=True)
class Trained:
    """All that a run changes."""

    networks: dict[str, nn.Module]
    optimisers: list[torch.optim.Optimizer]
    average: MovingAverage


def save_state(out: Path, place: Place, trained: Trained) -> None:
    """Write the state, whole or not at all: a run killed at any moment keeps its last one."""
    if distributed.count() > 1:
        _save_parts(out, place, trained)
        return
    state = {
        **asdict(place),
        "networks": {name: network.state_dict() for name, network in trained.networks.items()},
        "average": trained.average.values,
        "optimisers": [optimiser.state_dict() for optimiser in trained.optimisers],
    }
    save_training_state(out / _FILE, state)
    for folder in out.glob(_FOLDERS):
        shutil.rmtree(folder)


def has_state(folder: Path) -> bool:
    """Whether a run has left a state there."""
    return (folder / _FILE).exists() or _newest(folder) is not None


def load_state(folder: Path, recipe: Recipe) -> dict[str, Any]:
    """Read the state in a folder; refused when it is missing, damaged or of another run.

    What several processes wrote is not read yet, only found: every process then reads its own part.
    """
    parts = _newest(folder)
    if parts is not None:
        try:
            state: dict[str, Any] = json.loads((parts / _RUN).read_text(encoding="utf-8"))
        except (OSError, ValueError) as problem:
            raise refuse("resume", str(parts), f"a state whose {_RUN} can be read ({problem})") from None
        state["parts"] = str(parts)
    elif (folder / _FILE).exists():
        state = load_training_state(folder / _FILE)
    else:
        raise refuse("resume", str(folder), "a folder that an earlier run of the same recipe has written")
    if (state["recipe"], state["size"]) != (recipe.name, recipe.size):
        raise refuse("resume", f"a run of {state['recipe']}", f"a run of {recipe.name} ({recipe.size})")
    return state


def restore(state: dict[str, Any], trained: Trained) -> None:
    """Put everything back to where ``save_state`` found it."""
    if "parts" in state:
        state = _read_parts(state, trained)
    for name, network in trained.networks.items():
        saved = state["networks"][name]
        for path, value in network.state_dict().items():
            if path not in saved or saved[path].shape != value.shape:
                came = f"{name}.{path} {tuple(saved[path].shape) if path in saved else 'missing'}"
                raise refuse("resume", came, f"{tuple(value.shape)}, as this recipe's networks have it")
            distributed.fill(value, saved[path])
    trained.average.load(state["average"])
    for optimiser, values in zip(trained.optimisers, state["optimisers"], strict=True):
        base = [group["base"] for group in optimiser.param_groups]
        optimiser.load_state_dict(_shared_as_parameters(optimiser, values))
        for group, rate in zip(optimiser.param_groups, base, strict=True):
            group["base"] = rate  # a resumed run may be told other rates


def _parameters(optimiser: torch.optim.Optimizer) -> list[Tensor]:
    """An optimiser's parameters by the number that its state knows them by."""
    return [parameter for group in optimiser.param_groups for parameter in group["params"]]


def _shared_as_parameters(optimiser: torch.optim.Optimizer, values: dict[str, Any]) -> dict[str, Any]:
    """An optimiser's saved values, moments shared out as the parameters that they belong to are."""
    state = {}
    for number, parameter in enumerate(_parameters(optimiser)):
        if number in values["state"]:
            state[number] = {
                name: _shared_as(parameter, value) for name, value in values["state"][number].items()
            }
    return {**values, "state": state}


def _shared_as(parameter: Tensor, value: Any) -> Any:
    """A moment, shared out as its parameter is; a step count as it came."""
    if not isinstance(value, Tensor) or value.shape != parameter.shape:
        return value
    return distributed.fill(torch.zeros_like(parameter), value)


def _tensors(trained: Trained) -> dict[str, Tensor]:
    """Every tensor of a state by a flat name, but for the optimisers' own."""
    tensors = {
        f"networks/{name}/{path}": value.detach()
        for name, network in trained.networks.items()
        for path, value in network.state_dict().items()
    }
    return tensors | {f"average/{name}": value for name, value in trained.average.values.items()}


def _save_parts(out: Path, place: Place, trained: Trained) -> None:
    """Let every process write its part of a new folder, which then takes its name in one step."""
    from torch.distributed import checkpoint

    folder = out / f"state-{place.step:07d}"
    aside = out / f".{folder.name}.part"
    described = []
    tensors = _tensors(trained)
    for number, optimiser in enumerate(trained.optimisers):
        values = optimiser.state_dict()
        described.append(values["param_groups"])
        for index, moments in values["state"].items():
            tensors |= {f"optimisers/{number}/{index}/{name}": value for name, value in moments.items()}
    if distributed.leads():
        shutil.rmtree(aside, ignore_errors=True)
    distributed.wait()
    with _quiet():
        checkpoint.save(tensors, storage_writer=checkpoint.FileSystemWriter(aside))
    if distributed.leads():
        (aside / _RUN).write_text(json.dumps({**asdict(place), "groups": described}), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)  # this very step, saved before: the same state
        aside.replace(folder)
        for older in (*out.glob(_FOLDERS), out / _FILE):
            if older.is_dir() and older != folder:
                shutil.rmtree(older)
            elif older.is_file():
                older.unlink()
    distributed.wait()


def _newest(folder: Path) -> Path | None:
    """The last complete state that several processes wrote, unless one process has gone on since."""
    complete = sorted(path for path in folder.glob(_FOLDERS) if (path / ".metadata").exists())
    file = folder / _FILE
    if complete and file.exists() and file.stat().st_mtime > complete[-1].stat().st_mtime:
        return None
    return complete[-1] if complete else None


def _read_parts(state: dict[str, Any], trained: Trained) -> dict[str, Any]:
    """Read from a folder what this process needs, as ``save_state`` would have put it into one file."""
    from torch.distributed import checkpoint
    from torch.distributed.checkpoint.metadata import TensorStorageMetadata

    reader = checkpoint.FileSystemReader(state["parts"])
    try:
        stored = reader.read_metadata().state_dict_metadata
        targets = {name: torch.zeros_like(value) for name, value in _tensors(trained).items()}
        owned = [_parameters(optimiser) for optimiser in trained.optimisers]
        for name, kept in stored.items():
            if name.startswith("optimisers/") and isinstance(kept, TensorStorageMetadata):
                _, number, index, _ = name.split("/")
                parameter = owned[int(number)][int(index)]
                blank = torch.zeros(kept.size, dtype=kept.properties.dtype)
                targets[name] = torch.zeros_like(parameter) if blank.shape == parameter.shape else blank
        with _quiet():
            checkpoint.load(targets, storage_reader=reader, no_dist=distributed.count() == 1)
    except (OSError, RuntimeError, ValueError, KeyError, checkpoint.CheckpointException) as problem:
        reason = (str(problem) or type(problem).__name__).splitlines()[0][:80]
        raise OzoraError(f"training state: {state['parts']} cannot be read ({reason}).") from None
    whole: dict[str, Any] = {
        "networks": {name: {} for name in trained.networks},
        "average": {},
        "optimisers": [{"state": {}, "param_groups": groups} for groups in state["groups"]],
    }
    for name, value in targets.items():
        kind, rest = name.split("/", 1)
        if kind == "average":
            whole["average"][rest] = value
        elif kind == "networks":
            network, path = rest.split("/", 1)
            whole["networks"][network][path] = value
        else:
            number, index, moment = rest.split("/")
            whole["optimisers"][int(number)]["state"].setdefault(int(index), {})[moment] = value
    return whole


class _quiet(warnings.catch_warnings):  # noqa: N801 - used like a function
    """The checkpoint library warns of its own internals, which a user can do nothing about."""

    def __enter__(self) -> None:
        super().__enter__()
        warnings.simplefilter("ignore")
