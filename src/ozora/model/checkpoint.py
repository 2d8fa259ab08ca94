"""Weights on disk: small and checked for shipping, exact for resuming.

Shipped weights are safetensors files: matrices as int8 with one scale per output row, the rest in float32.
A file's header holds a SHA-256 of its tensors and one of itself, and the first file knows those of the rest,
so a changed byte is found at load. Training states are exact. Files are written aside, then renamed.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import uuid
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from ozora.errors import WeightsError, refuse

FORMAT = "ozora-weights-1"
SHARD_BYTES = 16 * 2**20
"""What a file of weights holds at most, unless a single tensor is larger."""

_SCALE = "::scale"
_BLANK = "seal here" + "_" * 55  # 64 characters, unlike any checksum that metadata may hold
_SMALLEST_QUANTISED = 1024
"""Tensors with fewer values, and vectors, stay as they are: they weigh nothing and matter much."""


def save_weights(
    path: str | os.PathLike[str],
    tensors: Mapping[str, Tensor],
    metadata: Mapping[str, Any],
    quantise: bool = True,
    shard_bytes: int = SHARD_BYTES,
) -> None:
    """Write ``tensors`` and JSON-serialisable ``metadata`` to ``path`` (``*.safetensors``).

    With ``quantise``, float tensors of two or more axes and at least 1 024 values become int8 with a float32
    scale per row of the first axis (an error of at most half a step, 1/254 of the row's largest value);
    float64 becomes float32. What would exceed ``shard_bytes`` goes on in ``name-2.safetensors`` and so on.
    Replaces older files of the same name; a reader never sees a half-written set that verifies.
    Raises WeightsError for non-finite values, names, or metadata that cannot be stored.
    """
    path = Path(path)
    stored: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if name.endswith(_SCALE):
            raise WeightsError(f"weights: the tensor name {name!r} is reserved.")
        stored |= _store(name, tensor.detach().cpu(), quantise)
    try:
        described = json.dumps(dict(metadata), sort_keys=True, allow_nan=False)
    except (TypeError, ValueError) as problem:
        raise WeightsError(f"weights: metadata cannot be written as JSON ({problem}).") from None
    shards = _split(stored, shard_bytes, len(described))
    digests = [_digest(shard) for shard in shards]
    path.parent.mkdir(parents=True, exist_ok=True)
    # The first file comes last: it vouches for the others, so a reader gets a whole set or WeightsError.
    for number in range(len(shards), 0, -1):
        header = {"format": FORMAT, "digest": digests[number - 1]}
        if number == 1:
            header |= {"metadata": described, "further": json.dumps(digests[1:])}
        _write(_shard(path, number), partial(_put, _sealed(shards[number - 1], header)))
    leftover = len(shards) + 1
    while _shard(path, leftover).is_file():
        _shard(path, leftover).unlink()
        leftover += 1


def load_weights(path: str | os.PathLike[str]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """Return (tensors, metadata) of weights written by ``save_weights``, int8 rows turned to float32 again.

    Every byte of every file is checked. Raises WeightsError in one sentence if a file is missing, damaged or
    of another kind.
    """
    path = Path(path)
    stored, header = _read_first(path)
    for number, digest in enumerate(json.loads(header["further"]), 2):
        more, other = _read(_shard(path, number))
        if other["digest"] != digest:
            raise WeightsError(
                f"weights: {_shard(path, number).name} belongs to another set than {path.name}."
            )
        stored |= more
    tensors = {}
    for name, tensor in stored.items():
        if not name.endswith(_SCALE):
            scale = stored.get(name + _SCALE)
            tensors[name] = tensor if scale is None else _restore(tensor, scale)
    return tensors, json.loads(header["metadata"])


def weights_hash(path: str | os.PathLike[str]) -> str:
    """Return 64 hex digits that name these weights: the same for equal tensors and metadata, in any place.

    Raises WeightsError as ``load_weights`` does if the first file is missing or damaged.
    """
    _, header = _read_first(Path(path))
    content = [header["metadata"], header["digest"], header["further"]]
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()


def save_training_state(path: str | os.PathLike[str], state: Mapping[str, Any]) -> None:
    """Write a training state exactly: nested dicts, lists, tuples, numbers, text, tensors.

    The old file stays until the new one is on disk. Raises WeightsError if ``state`` holds anything that
    could not be read back safely.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)

    def write(to: Path) -> None:
        torch.save(dict(state), to)
        try:
            torch.load(to, map_location="meta", weights_only=True)
        except pickle.UnpicklingError as problem:
            reason = str(problem).splitlines()[0]
            raise WeightsError(
                f"training state: holds something that is not plain data ({reason})."
            ) from None

    _write(path, write)


def load_training_state(path: str | os.PathLike[str], device: str | torch.device = "cpu") -> dict[str, Any]:
    """Read what ``save_training_state`` wrote, tensors on ``device``. No code in the file is ever run.

    Raises WeightsError if the file is missing or damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise WeightsError(f"training state: {path} is not there.")
    try:
        state = torch.load(path, map_location=device, weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError, OSError, ValueError, KeyError) as problem:
        reason = (str(problem) or type(problem).__name__).splitlines()[0][:80]
        raise WeightsError(f"training state: {path} cannot be read ({reason}).") from None
    if not isinstance(state, dict):
        raise WeightsError(f"training state: {path} holds a {type(state).__name__}, not a state.")
    return state


def _store(name: str, tensor: Tensor, quantise: bool) -> dict[str, Tensor]:
    """The entries that one tensor becomes in a file."""
    if tensor.is_floating_point() and not torch.isfinite(tensor).all():
        raise WeightsError(f"weights: {name} has values that are not finite, so it is not saved.")
    small = tensor.ndim < 2 or tensor.numel() < _SMALLEST_QUANTISED
    if not quantise or small or not tensor.is_floating_point():
        return {name: tensor.float() if quantise and tensor.dtype == torch.float64 else tensor}
    rows = tensor.float().flatten(1)
    scale = rows.abs().amax(1) / 127  # (rows,)
    levels = (rows / scale.clamp_min(torch.finfo(torch.float32).tiny)[:, None]).round().clamp(-127, 127)
    return {name: levels.to(torch.int8).reshape(tensor.shape), name + _SCALE: scale}


def _restore(levels: Tensor, scale: Tensor) -> Tensor:
    return (levels.float().flatten(1) * scale[:, None]).reshape(levels.shape)


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _split(stored: Mapping[str, Tensor], limit: int, described: int) -> list[dict[str, Tensor]]:
    """Fill shards in order so that each file, header included, keeps under ``limit`` bytes."""
    shards: list[dict[str, Tensor]] = [{}]
    room = 1024  # the header's own fields
    further = sum(map(_bytes, stored.values())) // max(1, limit) + 1
    used = room + 2 * described + 80 * further  # what only the first file's header holds
    for name, tensor in stored.items():
        size = _bytes(tensor) + len(name) + 128
        if size + room > limit:
            raise WeightsError(
                f"weights: {name} has {_bytes(tensor)} bytes, more than a file of {limit} holds."
            )
        if used + size > limit:
            shards.append({})
            used = room
        shards[-1][name] = tensor
        used += size
    return shards


def _shard(path: Path, number: int) -> Path:
    return path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")


def _digest(tensors: Mapping[str, Tensor]) -> str:
    """SHA-256 over names, types, shapes and values, in order of name."""
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name].contiguous()
        digest.update(json.dumps([name, str(tensor.dtype), list(tensor.shape)]).encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def _sealed(tensors: Mapping[str, Tensor], header: Mapping[str, str]) -> bytes:
    """A safetensors file whose header ends in proof of itself: the SHA-256 it has with that field blank."""
    content = safetensors.torch.save(
        {name: tensor.contiguous() for name, tensor in tensors.items()}, {**header, "seal": _BLANK}
    )
    raw = _header(content)
    return content.replace(_BLANK.encode(), hashlib.sha256(raw).hexdigest().encode(), 1)


def _header(content: bytes) -> bytes:
    """The length and the JSON text in front of a safetensors file."""
    return content[: 8 + int.from_bytes(content[:8], "little")]


def _read(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    """Read one file and verify every byte of it."""
    if not path.is_file():
        raise WeightsError(f"weights: {path} is not there.")
    try:
        content = path.read_bytes()
        raw = _header(content)
        header = json.loads(raw[8:]).get("__metadata__", {})
        stored = safetensors.torch.load(content)
    except (safetensors.SafetensorError, OSError, ValueError, KeyError, AttributeError, TypeError):
        raise WeightsError(f"weights: {path} is damaged or not a safetensors file, fetch it again.") from None
    if header.get("format") != FORMAT:
        raise WeightsError(f"weights: {path} is not an Ozora weights file ({FORMAT}).")
    seal = str(header.get("seal"))
    blank = raw.replace(seal.encode(), _BLANK.encode(), 1)
    if hashlib.sha256(blank).hexdigest() != seal or _digest(stored) != header.get("digest"):
        raise WeightsError(f"weights: {path} is damaged (a checksum does not match), fetch it again.")
    return stored, header


def _read_first(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    stored, header = _read(path)
    if "further" not in header:
        raise WeightsError(f"weights: {path.name} is a continuation, name the first file of its set.")
    return stored, header


def _put(content: bytes, path: Path) -> None:
    path.write_bytes(content)


def _write(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` fill a file beside ``path``, bring it to the disk and put it in place in one step."""
    aside = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        write(aside)
        with aside.open("rb+") as file:
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def load_into(network: nn.Module, tensors: dict[str, Tensor], path: Path) -> None:
    """Fill a network; weights of another shape are refused with the first tensor that does not fit."""
    own = network.state_dict()
    for name in sorted(own.keys() | tensors.keys()):
        shapes = [tuple(side[name].shape) if name in side else None for side in (tensors, own)]
        if shapes[0] != shapes[1]:
            raise refuse(f"weights {path.name}", f"{name} {shapes[0]}", f"{name} {shapes[1]}")
    network.load_state_dict(tensors)
