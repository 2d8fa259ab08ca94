"""A run's state on disk: everything it takes to go on as if nothing had happened."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn

from ozora.errors import refuse
from ozora.model.checkpoint import load_training_state, save_training_state
from ozora.train.optimisers import MovingAverage
from ozora.train.recipes import Recipe


def save_state(
    out: Path,
    recipe: Recipe,
    step: int,
    elapsed: float,
    networks: dict[str, nn.Module],
    optimisers: list[torch.optim.Optimizer],
    average: MovingAverage,
    generator: torch.Generator,
) -> None:
    """Write ``state.pt``, whole or not at all: a run killed at any moment keeps its last state."""
    state = {
        "recipe": recipe.name,
        "size": recipe.size,
        "step": step,
        "elapsed": elapsed,
        "networks": {name: network.state_dict() for name, network in networks.items()},
        "average": average.values,
        "optimisers": [optimiser.state_dict() for optimiser in optimisers],
        "generator": generator.get_state(),
        "random": torch.get_rng_state(),
        "random_cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
    }
    save_training_state(out / "state.pt", state)


def load_state(folder: Path, recipe: Recipe) -> dict[str, Any]:
    """Read ``state.pt`` of a folder; refused when it is missing, damaged or of another run."""
    if not (folder / "state.pt").exists():
        raise refuse("resume", str(folder), "a folder that an earlier run of the same recipe has written")
    state = load_training_state(folder / "state.pt")
    if (state["recipe"], state["size"]) != (recipe.name, recipe.size):
        raise refuse("resume", f"a run of {state['recipe']}", f"a run of {recipe.name} ({recipe.size})")
    return state


def restore(
    state: dict[str, Any],
    networks: dict[str, nn.Module],
    optimisers: list[torch.optim.Optimizer],
    average: MovingAverage,
    generator: torch.Generator,
) -> None:
    """Put everything back to where ``save_state`` found it."""
    for name, network in networks.items():
        network.load_state_dict(state["networks"][name])
    average.load(state["average"])
    for optimiser, values in zip(optimisers, state["optimisers"], strict=True):
        base = [group["base"] for group in optimiser.param_groups]
        optimiser.load_state_dict(values)
        for group, rate in zip(optimiser.param_groups, base, strict=True):
            group["base"] = rate  # a resumed run may be told other rates
    generator.set_state(state["generator"])
    torch.set_rng_state(state["random"])
    if state["random_cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(state["random_cuda"])
