"""The library of simulated motions: read without the engine, played at any time and size.

On disk a motion is its first poses and then second differences, all whole numbers, two bytes each before they
are compressed: about a kilobyte for a scene of two solids.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ozora.errors import refuse
from ozora.world.physics.cast import RATE, Scene

SHIPPED = Path(__file__).resolve().parent.parent / "data" / "motions.npz"
"""The library that comes with Ozora; `ozora world simulate` made it."""

STEP = np.array([2e-4] * 3 + [1.5e-4] * 4)
"""What one whole number is worth: metres of x, y and z, parts of a unit quaternion w, x, y, z."""

_BLOW = 0.004
"""Metres of third difference from which on a path is not smooth: somebody has been hit there."""


@dataclass(frozen=True)
class Motion:
    """What was recorded of S solids of unit size: T poses, ``RATE`` a second, and who touched whom when.

    The world's axes are those of the film set: x the way the first solid goes, y up, the ground at y = 0.
    """

    position: np.ndarray  # float64 (T, S, 3) metres
    turn: np.ndarray  # float64 (T, S, 4) unit quaternions w, x, y, z
    touches: tuple[tuple[float, int, int], ...]  # seconds, solid, the other solid or -1 for the ground

    @property
    def seconds(self) -> float:
        """How long it was recorded; everything rests after that, as far as an eye can tell."""
        return (len(self.position) - 1) / RATE

    @property
    def moment(self) -> float:
        """Seconds until what the scene is about: two solids meet, or else the first one lands."""
        meetings = [seconds for seconds, _, other in self.touches if other >= 0]
        return min(meetings or [seconds for seconds, _, _ in self.touches] or [0.0])

    def at(self, seconds: Tensor) -> tuple[Tensor, Tensor]:
        """Positions (F, S, 3) in metres and rotations (F, S, 3, 3) at times (F,), float32.

        Cubic in position where the path is smooth, straight from pose to pose where there is a blow, along
        the shortest arc in rotation (Shoemake 1985). Before its beginning and after its end it stands still.
        """
        last = len(self.position) - 1
        place = (seconds.double() * RATE).clamp(0, last)
        index = place.floor().clamp(max=max(last - 1, 0)).long()
        part = (place - index)[:, None, None]
        path = torch.from_numpy(self.position)
        path = torch.cat((3 * path[:1] - 3 * path[1:2] + path[2:3], path, path[-1:], path[-1:]))
        before, here, then, after = (path[index + step] for step in range(4))
        bend = ((after - before) / 2 + 1.5 * (here - then)) * part
        bend = bend + (before - 2.5 * here + 2 * then - 0.5 * after)
        cubic = ((bend * part) + (then - before) / 2) * part + here
        rough = (after - 3 * then + 3 * here - before).abs().amax(-1, keepdim=True) > _BLOW
        position = torch.where(rough, here + (then - here) * part, cubic)
        turn = torch.from_numpy(self.turn)
        turned = _between(turn[index], turn[(index + 1).clamp(max=last)], part)
        return position.float(), _matrices(turned).float()


def _between(one: Tensor, other: Tensor, part: Tensor) -> Tensor:
    """Quaternions (..., 4) on the shortest arc from one to the other."""
    cosine = (one * other).sum(-1, keepdim=True)
    other = torch.where(cosine < 0, -other, other)
    angle = cosine.abs().clamp(max=1).acos()
    sine = angle.sin()
    near = sine < 1e-6
    safe = torch.where(near, torch.ones_like(sine), sine)
    mixed = torch.where(near, 1 - part, ((1 - part) * angle).sin() / safe) * one
    mixed = mixed + torch.where(near, part, (part * angle).sin() / safe) * other
    return mixed / mixed.norm(dim=-1, keepdim=True)


def _matrices(turn: Tensor) -> Tensor:
    """Rotations (..., 3, 3) of unit quaternions (..., 4) w, x, y, z."""
    w, x, y, z = turn.unbind(-1)
    entries = (
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    )  # fmt: skip
    return torch.stack(entries, -1).unflatten(-1, (3, 3))


# --- on disk ------------------------------------------------------------------------------------------------


def packed(motions: Mapping[str, Motion]) -> bytes:
    """The motions as the bytes of an ``.npz`` file: always the same for the same motions."""
    index, begins, bends = [], [], []
    for key, motion in motions.items():
        pose = np.concatenate([motion.position, _continued(motion.turn)], -1)
        whole = np.rint(pose / STEP).astype(np.int64)
        frames, count = whole.shape[:2]
        whole = whole.reshape(frames, count * 7).T  # (columns, T)
        begins.append(whole[:, :2].flatten())
        bends.append(np.diff(whole, 2).flatten())
        touches = [[round(seconds, 4), one, other] for seconds, one, other in motion.touches]
        index.append([key, frames, count, touches])
    bend = np.concatenate(bends)
    assert np.abs(bend).max() < 2**15
    arrays: dict[str, np.ndarray] = {
        "index": np.frombuffer(json.dumps(index, separators=(",", ":")).encode(), np.uint8),
        "begin": np.concatenate(begins).astype(np.int32),
        # Low and high bytes apart: most high ones are alike.
        "low": (bend & 255).astype(np.uint8),
        "high": (bend >> 8).astype(np.int8),
    }
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays.items():
            data = io.BytesIO()
            np.save(data, array)
            # No date but the format's first: the same motions must give the same bytes.
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), data.getvalue(), zipfile.ZIP_LZMA)
    return file.getvalue()


def _continued(turn: np.ndarray) -> np.ndarray:
    """Quaternions (T, S, 4) with the signs that make each sequence continuous."""
    flips = np.sign((turn[1:] * turn[:-1]).sum(-1, keepdims=True))
    return turn * np.concatenate([np.ones_like(turn[:1, :, :1]), np.cumprod(np.where(flips < 0, -1, 1), 0)])


def unpacked(data: bytes) -> dict[str, Motion]:
    """The motions of an ``.npz`` file, by the keys of their scenes."""
    with np.load(io.BytesIO(data)) as arrays:
        index, begin = json.loads(arrays["index"].tobytes()), arrays["begin"].astype(np.int64)
        bend = (arrays["high"].astype(np.int64) << 8) + arrays["low"]
    motions, at, from_ = {}, 0, 0
    for key, frames, count, touches in index:
        columns = count * 7
        two = begin[at : at + 2 * columns].reshape(columns, 2)
        second = bend[from_ : from_ + (frames - 2) * columns].reshape(columns, frames - 2)
        steps = np.concatenate([two[:, 1:] - two[:, :1], second], 1).cumsum(1)
        whole = np.concatenate([two[:, :1], two[:, :1] + steps.cumsum(1)], 1)
        pose = whole.T.reshape(frames, count, 7) * STEP
        turn = pose[..., 3:] / np.linalg.norm(pose[..., 3:], axis=-1, keepdims=True)
        motions[key] = Motion(pose[..., :3], turn, tuple((touch[0], touch[1], touch[2]) for touch in touches))
        at, from_ = at + 2 * columns, from_ + (frames - 2) * columns
    return motions


@cache
def shipped() -> Mapping[str, Motion]:
    """The library that comes with Ozora, by the keys of its scenes. Read once."""
    return unpacked(SHIPPED.read_bytes())


def motion(scene: Scene) -> Motion:
    """The recorded motion of a scene. Raises OzoraError for one that the library does not hold."""
    found = shipped().get(scene.key)
    if found is None:
        raise refuse("scene", scene.key, f"one of the {len(shipped())} scenes of the library")
    return found
