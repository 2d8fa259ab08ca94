"""Training in several processes: the one place that knows of them. Networks and tasks do not.

``torchrun --nproc-per-node 8 -m ozora train …`` starts one process per GPU (or several on a CPU). Every
process builds the same networks from the same seed. Large networks are then shared out by rows (FSDP2, the
method of ZeRO stage 3, arXiv 1910.02054, as ``torch.distributed.fsdp.fully_shard`` does it); small ones,
whose parts are also called past ``forward``, stay whole everywhere and only their gradients are averaged.
Without ``torchrun`` every function here does nothing, at no cost.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.distributed.device_mesh import DeviceMesh
from torch.distributed.tensor import DTensor

from ozora.model.text import TextEncoder
from ozora.model.transformer import Transformer
from ozora.train.alignment import Alignment

_SHARED_OUT = (Transformer, TextEncoder, Alignment)
"""Networks that are only ever called as a whole, so that FSDP sees every use of their parameters."""

UNITS = "blocks"
"""Name of the module lists whose members are gathered one at a time, as they are needed."""


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def count() -> int:
    """How many processes train together."""
    return dist.get_world_size() if dist.is_initialized() else 1


def leads() -> bool:
    """Whether this process writes files and talks to the user: one does."""
    return rank() == 0


@contextmanager
def joined(device: str | None) -> Iterator[torch.device]:
    """Join the processes that ``torchrun`` started, if it did; yields this process's device.

    ``device`` is "cpu", "cuda", …; by default a GPU if there is one. On machines with several GPUs each
    process has its own. Processes that somebody else joined are used and left as they are.
    """
    place = torch.device(device or ("cuda" if torch.cuda.is_available() else "cpu"))
    several = int(os.environ.get("WORLD_SIZE", "1")) > 1
    if several and place.type == "cuda" and place.index is None:
        place = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(place)
    if not several or dist.is_initialized():
        yield place
        return
    # Small talk (the clock, who was asked to stop, losses) goes over the CPU, so it never waits for a GPU.
    dist.init_process_group("cpu:gloo,cuda:nccl" if place.type == "cuda" else "gloo")
    try:
        yield place
    finally:
        dist.destroy_process_group()


def can_be_shared_out(networks: Mapping[str, nn.Module]) -> bool:
    """Whether all of a run's networks may be shared out by rows; else all stay whole in every process."""
    return all(isinstance(network, _SHARED_OUT) for network in networks.values())


def share_out(networks: Mapping[str, nn.Module], device: torch.device) -> None:
    """Leave each process its rows of every parameter, if all networks allow it; in place.

    Block by block: a block's parameters are gathered just before it runs and dropped just after, in the
    backward pass again, and its gradients are averaged over all processes as soon as they are known.
    """
    if count() == 1 or not can_be_shared_out(networks):
        return
    from torch.distributed.device_mesh import init_device_mesh
    from torch.distributed.fsdp import fully_shard

    # Its warning is for networks that change what a block returned in place; ours never do.
    warnings.filterwarnings("ignore", message="FSDP2-wrapped module .* returned a view tensor")
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "0")) or count()
    if 1 < local < count() and count() % local == 0:
        # Rows are shared out inside a machine only, where links are quick; machines hold copies of each other
        # and average their gradients (hybrid sharding, arXiv 2304.11277).
        shape, names = (count() // local, local), ("machines", "devices")
        mesh = init_device_mesh(device.type, shape, mesh_dim_names=names)
    else:
        mesh = init_device_mesh(device.type, (count(),))
    for network in networks.values():
        units = [
            unit
            for path, module in network.named_modules()
            if path.split(".")[-1] == UNITS
            for unit in module.children()
        ]
        for unit in (*units, network):
            # Always resharded: what is shown between two steps must not leave old values gathered.
            fully_shard(unit, mesh=mesh, reshard_after_forward=True)


@torch.no_grad()
def average_gradients(parameters: Sequence[nn.Parameter]) -> None:
    """Average over processes the gradients of parameters that every process has whole."""
    whole = [p for p in parameters if not isinstance(p, DTensor)]
    if count() == 1 or not whole:
        return
    used = torch.tensor([float(p.grad is not None) for p in whole])
    dist.all_reduce(used, dist.ReduceOp.MAX)  # a network's part may have been idle in some processes
    chosen = [p for p, anywhere in zip(whole, used.tolist(), strict=True) if anywhere]
    for parameter in chosen:
        if parameter.grad is None:
            parameter.grad = torch.zeros_like(parameter)
    gradients = [p.grad for p in chosen if p.grad is not None]
    if not gradients:
        return
    flat = torch.cat([gradient.flatten() for gradient in gradients])
    dist.all_reduce(flat)
    flat /= count()
    for gradient, part in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
        gradient.copy_(part.view_as(gradient))


def agree(*values: float) -> tuple[float, ...]:
    """The largest of each value over all processes, the same answer everywhere."""
    if count() == 1:
        return values
    shared = torch.tensor(values, dtype=torch.float64)
    dist.all_reduce(shared, dist.ReduceOp.MAX)
    return tuple(shared.tolist())


def gathered(value: Any) -> list[Any]:
    """Every process's ``value`` (plain data), in order of the processes."""
    if count() == 1:
        return [value]
    values: list[Any] = [None] * count()
    dist.all_gather_object(values, value)
    return values


def wait() -> None:
    """Wait until every process has come here."""
    if count() > 1:
        agree(0.0)


def local(tensor: Tensor) -> Tensor:
    """This process's rows of a shared-out tensor, as a view; any other tensor itself."""
    return tensor.to_local() if isinstance(tensor, DTensor) else tensor


def whole(tensor: Tensor) -> Tensor:
    """A shared-out tensor whole again, in every process: all must call this together."""
    return tensor.full_tensor() if isinstance(tensor, DTensor) else tensor


def whole_state(network: nn.Module) -> dict[str, Tensor]:
    """``network.state_dict()``, every tensor whole and on the CPU, where a process leads; elsewhere nothing.

    All must call this together.
    """
    state = {}
    for name, tensor in network.state_dict().items():
        gathered_one = whole(tensor.detach())  # one at a time, so that no device holds them all
        if leads():
            state[name] = gathered_one.cpu()
    return state


@torch.no_grad()
def fill(target: Tensor, source: Tensor) -> Tensor:
    """Copy ``source``, whole or shared out as ``target`` is, into ``target``; returns ``target``."""
    if isinstance(target, DTensor) and not isinstance(source, DTensor):
        rows, me = _rows(target), _holders(target).get_local_rank()
        local(target).copy_(source[sum(rows[:me]) : sum(rows[: me + 1])])
    else:
        local(target).copy_(local(source))
    return target


def _holders(tensor: DTensor) -> DeviceMesh:
    """The processes that have the rows of a shared-out tensor among them: all, or those of a machine."""
    mesh = tensor.device_mesh
    names = mesh.mesh_dim_names
    return mesh if names is None or mesh.ndim == 1 else mesh[names[-1]]


def _rows(tensor: DTensor) -> list[int]:
    """How many rows of a shared-out tensor each holder has: equal chunks, the last ones shorter or empty."""
    size, rows = _holders(tensor).size(), tensor.shape[0]
    chunk = -(-rows // size)
    return [max(0, min(rows, (number + 1) * chunk) - number * chunk) for number in range(size)]


def by_owner(
    matrices: Sequence[DTensor], shards: Sequence[Tensor], change: Callable[[Tensor], Tensor], first: int = 0
) -> list[Tensor]:
    """Change whole matrices of one shape, each in one process; ``change`` maps (n, rows, columns) to alike.

    ``shards`` are this process's rows, laid out as ``matrices`` are; their changed rows come back. Each
    holder owns every n-th matrix, starting with holder ``first``. Two all-to-all exchanges move every value
    twice, whatever the number of holders, and the work is divided among them. Gathering all matrices
    everywhere would move no less and have each process repeat the work of all: for the large recipe on 64
    devices 6 % on top of every step (1.1e14 FLOPs of Newton–Schulz beside 1.6e15 of training), and the more
    the more devices there are.
    """
    mesh, columns, total = _holders(matrices[0]), matrices[0].shape[1], len(matrices)
    size, me, rows = mesh.size(), mesh.get_local_rank(), _rows(matrices[0])
    owned = [range((owner - first) % size, total, size) for owner in range(size)]
    out = [len(mine) * rows[me] * columns for mine in owned]  # my rows of what each owner owns
    back = [len(owned[me]) * there * columns for there in rows]  # everyone's rows of what I own
    sent = torch.cat([shards[index].flatten() for mine in owned for index in mine])
    received = sent.new_empty(sum(back))
    dist.all_to_all_single(received, sent, back, out, group=mesh.get_group())
    parts = [part.view(len(owned[me]), -1, columns) for part in received.split(back) if part.numel()]
    if parts:
        changed = change(torch.cat(parts, 1))  # (n, rows, columns)
        received = torch.cat([part.flatten() for part in changed.split(rows, 1)])
    dist.all_to_all_single(sent, received, out, back, group=mesh.get_group())
    answers: list[Tensor] = [sent] * total
    for mine, part in zip(owned, sent.split(out), strict=True):
        for index, answer in zip(mine, part.view(len(mine), rows[me], columns), strict=True):
            answers[index] = answer
    return answers
