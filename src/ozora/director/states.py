"""Takes that are not finished: one hidden file each, so that a kill at any moment loses nothing.

The file waits beside the film-to-be. It holds the sidecar-to-be, the request, and, once denoising has begun,
the film between two steps; later its finished latents. It is replaced whole after every step, which takes
about a millisecond for the embedded model, and removed when film and sidecar are written.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from ozora.errors import OzoraError, refuse
from ozora.media.files import whole_file
from ozora.model.sampler import Moment
from ozora.model.state import State

ENDING = ".take"
_PARTS = tuple(each.name for each in fields(State))
_LEFTOVER = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{8}\.(part|trial)")


@dataclass(frozen=True)
class Progress:
    """How far the denoising of a film came: ``window`` by window, each from ``moment`` to moment.

    ``known`` (1, L, C, h, w) are the latents given and those of the windows before; None while there are
    none.
    """

    window: int = 0
    moment: Moment | None = None
    known: Tensor | None = None


@dataclass(frozen=True)
class Waiting:
    """A take between request and film.

    ``about`` is all that the film's metadata will say. ``order`` is what else finishing it needs: the
    ``request`` as plain values, the ``weights`` folder, ``keep_latents``, ``spent`` seconds of earlier runs,
    and the ``process`` that works on it. ``progress`` or ``latents`` (1, L, C, h, w) is how far it came.
    """

    about: Mapping[str, Any]
    order: Mapping[str, Any] = field(default_factory=dict)
    progress: Progress = Progress()
    latents: Tensor | None = None

    @property
    def moment(self) -> Moment | None:
        """Where the window that is being filmed stands."""
        return self.progress.moment

    @property
    def spent(self) -> Mapping[str, float]:
        """Seconds by phase that earlier runs took."""
        return {str(name): float(value) for name, value in dict(self.order.get("spent") or {}).items()}

    @property
    def steps_done(self) -> int:
        """Denoising steps that need not be made again."""
        steps = int(self.about["settings"]["steps"])
        if self.latents is not None:
            return steps * max(1, self.progress.window)
        return steps * self.progress.window + (0 if self.moment is None else self.moment.step)


def waiting_path(film: Path) -> Path:
    """Hidden place of a take whose film will be ``film``."""
    return film.with_name(f".{film.name}{ENDING}")


def film_path(waiting: Path) -> Path:
    """The film that the hidden file ``waiting`` will become."""
    return waiting.with_name(waiting.name[1 : -len(ENDING)])


def save_waiting(path: Path, waiting: Waiting) -> None:
    """Write a take's hidden file (or a draft's file), whole or not at all."""
    tensors: dict[str, Tensor] = {}
    told = {"take": _canonical(waiting.about), "order": _canonical(waiting.order)}
    if waiting.latents is not None:
        tensors["latents"] = waiting.latents
    elif waiting.moment is not None:
        tensors = {f"state.{name}": getattr(waiting.moment.state, name) for name in _PARTS}
        if waiting.moment.guess is not None:
            tensors["guess"] = waiting.moment.guess
        told["step"] = str(waiting.moment.step)
    if waiting.latents is None and waiting.progress.known is not None:
        tensors["known"] = waiting.progress.known
    told["window"] = str(waiting.progress.window)
    with whole_file(path) as temporary:
        save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, temporary, told)


def read_waiting(path: Path) -> Waiting:
    """Read a hidden file or a draft; raises ``OzoraError`` for what is neither."""
    try:
        with safe_open(path, "pt") as opened:
            told = opened.metadata() or {}
            tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
        about, order = json.loads(told["take"]), json.loads(told["order"])
        moment = None
        if "step" in told:
            state = State(**{name: tensors[f"state.{name}"] for name in _PARTS})
            moment = Moment(int(told["step"]), state, tensors.get("guess"))
        int(about["settings"]["steps"])
        progress = Progress(int(told["window"]), moment, tensors.get("known"))
        return Waiting(about, order, progress, tensors.get("latents"))
    except (SafetensorError, OSError, KeyError, TypeError, ValueError) as error:
        raise refuse("take", str(path), "an unfinished take or a draft of Ozora's") from error


def find_waiting(path: Path) -> list[Path]:
    """The hidden files of a folder's unfinished takes, or of the one whose film is ``path``, sorted."""
    if path.is_dir():
        return sorted(found for found in path.glob(f".*{ENDING}") if found.is_file())
    hidden = waiting_path(path)
    return [hidden] if hidden.is_file() else []


def same_take(path: Path | None, about: Mapping[str, Any]) -> Waiting | None:
    """What waits at ``path`` if it is exactly this take, else None."""
    if path is None or not path.is_file():
        return None
    try:
        found = read_waiting(path)
    except OzoraError:
        return None
    return found if _canonical(found.about) == _canonical(about) else None


def sweep(film: Path) -> None:
    """Remove what a killed process left half-written for ``film``, its sidecar or its hidden file."""
    kept = film.with_name(f"{film.stem}.latents.safetensors")
    mine = {
        each.name[:80]
        for each in (film, film.with_suffix(".json"), film.with_name(film.name + ".json"), kept)
    }
    mine.add(waiting_path(film).name[:80])
    for found in film.parent.glob(".*.part"):
        known = _LEFTOVER.fullmatch(found.name)
        if known and known["name"] in mine:
            found.unlink(missing_ok=True)


class Keeper:
    """Keeps one take's hidden file as it grows; writes nothing where no film is to be written.

    ``found`` is what an earlier run left of the take, else it begins with ``about`` and ``order``.
    """

    def __init__(
        self,
        film: Path | None,
        found: Waiting | None,
        about: Mapping[str, Any],
        order: Mapping[str, Any],
    ) -> None:
        self.film = film
        self.now = found or Waiting(about)
        self.now = replace(
            self.now, order={"spent": self.now.spent, **order, "process": this_process()}
        )

    def save(
        self,
        progress: Progress | None = None,
        latents: Tensor | None = None,
        spent: Mapping[str, float] | None = None,
    ) -> None:
        """Write how far the take came; without arguments, that it is under way."""
        if progress is not None:
            self.now = replace(self.now, progress=progress)
        if latents is not None:
            self.now = replace(self.now, latents=latents)
        if spent is not None:
            self.now = replace(self.now, order={**self.now.order, "spent": dict(spent)})
        if self.film is not None:
            save_waiting(waiting_path(self.film), self.now)

    def drop(self) -> None:
        """The take is finished, or nobody wants it."""
        if self.film is not None:
            waiting_path(self.film).unlink(missing_ok=True)


def this_process() -> dict[str, Any]:
    """Who works on a take: a process number is used again one day, so its start is told too."""
    return {"id": os.getpid(), "started": _started(os.getpid())}


def is_at_work(order: Mapping[str, Any]) -> bool:
    """Whether another living process works on the take; of another machine nothing can be known."""
    process = order.get("process") or {}
    number = process.get("id")
    if not isinstance(number, int) or number == os.getpid():
        return False
    return process.get("started") is not None and _started(number) == process["started"]


def _started(number: int) -> str | None:
    """When process ``number`` of this machine began, as the system counts; None if it does not live."""
    try:
        told = Path(f"/proc/{number}/stat").read_text()
        fields_after_name = told.rpartition(")")[2].split()
        if fields_after_name[0] in "ZX":  # killed, and its parent has not looked yet
            return None
        return f"{fields_after_name[19]} {Path('/proc/sys/kernel/random/boot_id').read_text().strip()}"
    except (OSError, IndexError):
        return None


def unfinished(path: Path) -> Iterator[tuple[Path, Waiting]]:
    """(film, take) of all that waits at ``path`` and nobody works on; strangers' files are passed over."""
    for hidden in find_waiting(path):
        try:
            waiting = read_waiting(hidden)
        except OzoraError:
            continue
        if not is_at_work(waiting.order):
            yield film_path(hidden), waiting


def _canonical(about: Mapping[str, Any]) -> str:
    return json.dumps(dict(about), ensure_ascii=False, sort_keys=True)
