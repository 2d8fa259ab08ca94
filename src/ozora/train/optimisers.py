"""What moves parameters: Muon for hidden matrices, AdamW for the rest, a schedule over time, an average."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.distributed.tensor import DTensor

from ozora.train.distributed import by_owner, fill, local
from ozora.train.recipe import OptimiserRecipe

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)
"""Coefficients of the quintic iteration that pulls singular values towards 1 (K. Jordan et al., 2024)."""


class Muon(torch.optim.Optimizer):
    """Momentum whose update is made orthogonal (K. Jordan et al., 2024), for matrices and for convolutions,
    whose filters are taken as rows.

    The update is scaled by 0.2·√max(rows, columns), so that its size matches AdamW's and rates carry over
    (Moonlight, arXiv 2502.16982). Unlike ``torch.optim.Muon`` it works through all matrices of one shape
    together and, unless training is ``mixed``, in float32: without instructions for it, bfloat16 is tens of
    times slower on a CPU, with them four times quicker; and of matrices that are shared out among processes,
    each is made orthogonal whole, in one of them.
    """

    def __init__(
        self,
        parameters: Iterable[Any],
        rate: float,
        momentum: float = 0.95,
        weight_decay: float = 0.01,
        *,
        mixed: bool = False,
    ) -> None:
        self.orthogonalise = partial(orthogonalise, mixed=mixed)
        super().__init__(parameters, {"lr": rate, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Apply one update from the gradients at hand."""
        for group in self.param_groups:
            alike: dict[tuple[int, ...], list[Tensor]] = defaultdict(list)
            for parameter in group["params"]:
                if parameter.grad is not None:
                    alike[tuple(parameter.flatten(1).shape)].append(parameter)
            owner = 0
            for shape, parameters in alike.items():
                directions = [self._direction(p, group["momentum"]) for p in parameters]
                shards = [p for p in parameters if isinstance(p, DTensor)]
                if shards:
                    updates = by_owner(shards, directions, self.orthogonalise, owner)
                    owner += len(shards)  # where there are few matrices of a shape, others own the next
                else:
                    flat = self.orthogonalise(torch.stack([each.flatten(1) for each in directions]))
                    updates = [each.view_as(p) for each, p in zip(flat, parameters, strict=True)]
                here = [local(p) for p in parameters]
                torch._foreach_mul_(here, 1 - group["lr"] * group["weight_decay"])
                scale = 0.2 * max(shape) ** 0.5
                torch._foreach_add_(here, updates, alpha=-group["lr"] * scale)

    def _direction(self, parameter: Tensor, momentum: float) -> Tensor:
        """Nesterov momentum: where the averaged gradient will point after this step; of shared-out
        parameters this process's rows."""
        assert parameter.grad is not None
        state = self.state[parameter]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(parameter)
        gradient, average = local(parameter.grad), local(state["momentum"])
        average.lerp_(gradient, 1 - momentum)
        return gradient.lerp(average, momentum)


def orthogonalise(matrices: Tensor, steps: int = 5, *, mixed: bool = False) -> Tensor:
    """Pull the singular values of each matrix (N, rows, columns) towards 1, keeping its directions.

    In bfloat16 on a GPU and where ``mixed`` says that this processor is quick in it, as directions need no
    more.
    """
    a, b, c = NEWTON_SCHULZ
    x = matrices.bfloat16() if matrices.is_cuda or mixed else matrices
    tall = x.shape[1] > x.shape[2]
    x = x.mT if tall else x
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp_min(1e-7)
    for _ in range(steps):
        gram = x @ x.mT  # (N, rows, rows)
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype)


def build(
    recipe: OptimiserRecipe,
    networks: dict[str, nn.Module],
    factors: dict[str, float],
    is_matrix: Callable[[str, nn.Parameter], bool],
    *,
    mixed: bool = False,
) -> list[torch.optim.Optimizer]:
    """Muon for what ``is_matrix`` names, AdamW for the rest; each group remembers its base rate as ``base``.

    ``factors`` scales the rates of a network, by name; ``mixed`` is Muon's. Vectors (norms, biases) are not
    decayed.
    """
    matrices, weights, vectors = [], [], []
    for name, network in networks.items():
        sorted_out: tuple[list[nn.Parameter], ...] = ([], [], [])
        for path, parameter in network.named_parameters():
            if not parameter.requires_grad:
                continue
            kind = 0 if is_matrix(f"{name}.{path}", parameter) else 1 if parameter.ndim > 1 else 2
            sorted_out[kind].append(parameter)
        factor = factors.get(name, 1.0)
        if sorted_out[0]:
            matrices.append({"params": sorted_out[0], "lr": recipe.matrix_rate * factor})
        if sorted_out[1]:
            weights.append({"params": sorted_out[1], "lr": recipe.rate * factor})
        if sorted_out[2]:
            vectors.append({"params": sorted_out[2], "lr": recipe.rate * factor, "weight_decay": 0.0})
    optimisers: list[torch.optim.Optimizer] = []
    if matrices:
        muon = Muon(matrices, recipe.matrix_rate, recipe.momentum, recipe.weight_decay, mixed=mixed)
        optimisers.append(muon)
    if weights or vectors:
        optimisers.append(
            torch.optim.AdamW(
                weights + vectors, lr=recipe.rate, betas=recipe.betas, weight_decay=recipe.weight_decay
            )
        )
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["base"] = group["lr"]
    return optimisers


def schedule(recipe: OptimiserRecipe, progress: float) -> float:
    """What the rates are multiplied by at ``progress`` (0..1 of the budget): warm-up, constant, then 1 − √.

    The warm-up–stable–decay shape of MiniCPM (arXiv 2404.06395); over elapsed time, so that a run ends
    decayed however fast the machine is.
    """
    progress = min(max(progress, 0.0), 1.0)
    if progress < recipe.warm_up:
        return max(progress / recipe.warm_up, 0.01)
    start = 1 - recipe.decay
    if progress <= start:
        return 1.0
    return max(1 - ((progress - start) / recipe.decay) ** 0.5, 0.01)


def set_rates(optimisers: list[torch.optim.Optimizer], factor: float) -> None:
    """Set every group's rate to its base times ``factor``."""
    for optimiser in optimisers:
        for group in optimiser.param_groups:
            group["lr"] = group["base"] * factor


class MovingAverage:
    """Exponential moving average of parameters; young averages forget faster. Buffers are left alone."""

    def __init__(self, networks: dict[str, nn.Module], decay: float) -> None:
        self.decay = decay
        self._live = {f"{n}.{k}": p for n, network in networks.items() for k, p in network.named_parameters()}
        self.values = {name: parameter.detach().clone() for name, parameter in self._live.items()}

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move towards the live parameters after step number ``step`` (from 1)."""
        decay = min(self.decay, (1 + step) / (10 + step))
        values = [local(value) for value in self.values.values()]
        torch._foreach_lerp_(values, [local(p) for p in self._live.values()], 1 - decay)

    def load(self, values: dict[str, Tensor]) -> None:
        """Take over saved values."""
        for name, value in self.values.items():
            fill(value, values[name])

    @contextmanager
    @torch.no_grad()
    def applied(self) -> Iterator[None]:
        """Inside, the networks carry the averaged parameters; afterwards their own again, bit for bit."""
        kept = {name: local(parameter).detach().clone() for name, parameter in self._live.items()}
        try:
            for name, parameter in self._live.items():
                local(parameter).copy_(local(self.values[name]))
            yield
        finally:
            for name, parameter in self._live.items():
                local(parameter).copy_(kept[name])
