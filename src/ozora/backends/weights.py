"""The folder of weights that ships: assembled from training exports, checked before any compute."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from importlib.resources import files
from operator import index
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ozora.backends.backend import MOST_TAKES, QUALITIES, Card, Sampling
from ozora.backends.grid import Grid
from ozora.errors import WeightsError, refuse
from ozora.media.files import require_folder, whole_file
from ozora.model.checkpoint import load_weights

MANIFEST = "weights.json"
PARTS = ("autoencoder", "transformer", "text")
STUDENT = "student"
"""A part that weights may have besides: a transformer that films in few unguided steps."""
STUDENT_STEPS = {"draft": 2, "standard": 4, "high": 8}
REFINER = "refiner"
"""A part that weights may have besides: it makes films clear on twice as many cells a side."""
REFINING_STEPS = {"draft": 0, "standard": 4, "high": 8, "best": 8}
PREFERRED = ("mini", "wide", "micro")
FORMAT = 1


@dataclass(frozen=True)
class Weights:
    """A checked folder: where it is, what it says of itself, and the files of each part."""

    folder: Path
    card: Card
    manifest: Mapping[str, Any]

    def part(self, name: str) -> Path:
        """The file to give to ``load_weights`` for one of ``PARTS``, the student's or the refiner's."""
        return self.folder / str(self.manifest["parts"][name])

    @property
    def has_student(self) -> bool:
        """Whether a few-step student is among the parts."""
        return STUDENT in self.manifest["parts"]

    @property
    def has_refiner(self) -> bool:
        """Whether a refiner is among the parts."""
        return REFINER in self.manifest["parts"]


def _shipped() -> Path:
    return Path(str(files("ozora"))) / "weights"


def find_probe() -> Path:
    """The probe that ships: one for all models, so that their scores can be compared."""
    path = _shipped() / "probe.safetensors"
    if not path.is_file():
        raise WeightsError("probe: none is shipped with this copy of Ozora, give one with --probe.")
    return path


def find_eyes() -> Path | None:
    """The eyes that ship for evaluation, or None where none do; their calibration lies beside them."""
    path = _shipped() / "eyes.safetensors"
    return path if path.is_file() else None


def find_perception_eyes() -> Path:
    """The eyes that ship to teach an autoencoder: another copy than those that judge.

    Raises ``WeightsError`` where none do.
    """
    path = _shipped() / "eyes_perception.safetensors"
    if not path.is_file():
        raise WeightsError("eyes: none for perception are shipped with this copy of Ozora, give a file.")
    return path


def find_weights(weights: str | Path | None = None) -> Path:
    """The folder meant by a name ("micro"), a path, or nothing (the best that ships)."""
    shipped = _shipped()
    if weights is None:
        found = [shipped / name for name in PREFERRED if (shipped / name / MANIFEST).is_file()]
        if not found:
            raise WeightsError(
                "weights: none are shipped with this copy of Ozora, give a folder with --weights."
            )
        return found[0]
    path = Path(weights)
    if not path.is_dir() and (shipped / str(weights) / MANIFEST).is_file():
        return shipped / str(weights)
    return path


def check(folder: str | Path) -> Weights:
    """Read the manifest and compare every file with its checksum; raises ``WeightsError`` in one sentence."""
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        names = ", ".join(sorted(path.parent.name for path in _shipped().glob(f"*/{MANIFEST}"))) or "none"
        raise WeightsError(
            f"weights: {folder} is no folder of weights (it has no {MANIFEST}); by name there are: {names}."
        )
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        listed, parts = dict(manifest["files"]), dict(manifest["parts"])
        sampling = _sampling(Sampling(**manifest["sampling"]))
        name, version, best_of = str(manifest["name"]), manifest["format"], index(manifest.get("best_of", 0))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"weights: {folder / MANIFEST} cannot be read ({error}).") from error
    if version != FORMAT:
        raise WeightsError(f"weights: {folder} has format {version!r}, and this Ozora reads format {FORMAT}.")
    if missing := [part for part in PARTS if part not in parts]:
        raise WeightsError(f"weights: {folder} lacks {' and '.join(missing)}.")
    known = [parts[part] for part in (*PARTS, STUDENT, REFINER) if part in parts]
    if unlisted := [str(file) for file in known if file not in listed]:
        raise WeightsError(f"weights: {folder / MANIFEST} has no checksum of {' and '.join(unlisted)}.")
    for file, checksum in sorted(listed.items()):
        if not (folder / file).is_file():
            raise WeightsError(f"weights: {folder / file} is missing.")
        if _checksum(folder / file) != checksum:
            raise WeightsError(f"weights: {folder / file} is damaged (its SHA-256 is not the manifest's).")
    _check_best_of(best_of, STUDENT in parts)
    card = Card(
        name=name,
        hash=_family_hash(listed),
        grid=Grid.from_json(manifest.get("grid", {})),
        sampling=sampling,
        recipe=str(manifest.get("recipe", "")),
        ledger_root=str(manifest.get("ledger_root", "")),
        qualities=_qualities(sampling, STUDENT in parts, REFINER in parts, best_of),
    )
    if 4 in card.grid.scales and REFINER not in parts:
        raise WeightsError(f"weights: {folder} has no refiner, which films of scale 4 need.")
    return Weights(folder, card, manifest)


def _sampling(sampling: Sampling) -> Sampling:
    """The same sampling, or ``WeightsError`` for one that films nothing."""
    for name, value, right, allowed in (
        ("steps", sampling.steps, sampling.steps >= 1, "1 or more"),
        ("guidance", sampling.guidance, 1 <= sampling.guidance < math.inf, "1 (none) or more"),
        ("shift", sampling.shift, sampling.shift is None or 0 < sampling.shift < math.inf, "more than 0"),
    ):
        if not right:
            raise WeightsError(str(refuse(name, value, allowed)))
    return sampling


def _check_best_of(best_of: int, student: bool) -> None:
    if best_of and not (student and 1 <= best_of <= MOST_TAKES):
        came = f"{best_of}{'' if student else ' without a student'}"
        raise WeightsError(str(refuse("best_of", came, f"0, or with a student 1 to {MOST_TAKES}")))


def _qualities(guided: Sampling, student: bool, refiner: bool, best_of: int) -> dict[str, Sampling]:
    """What each quality means: a student's few steps below the best, or fewer and more guided ones.

    The best is guided, or of a student that films better than its teacher, the choice of so many beginnings.
    """
    if student:
        few = {name: replace(guided, steps=steps, guidance=1.0) for name, steps in STUDENT_STEPS.items()}
        found = few | {"best": replace(few["high"], drafts=best_of) if best_of else guided}
    else:
        steps = (max(1, guided.steps // 2), guided.steps, 2 * guided.steps, 2 * guided.steps)
        found = {name: replace(guided, steps=count) for name, count in zip(QUALITIES, steps, strict=True)}
    if not refiner:
        return found
    return {name: replace(each, refining=REFINING_STEPS[name]) for name, each in found.items()}


def assemble(
    out: str | Path,
    *,
    autoencoder: str | Path,
    transformer: str | Path,
    text: str | Path,
    student: str | Path | None = None,
    refiner: str | Path | None = None,
    grid: Grid,
    name: str = "",
    sampling: Sampling | None = None,
    best_of: int = 0,
) -> Weights:
    """Copy the exports of trainings into ``out``, write the manifest last, check the result.

    ``student`` is a transformer of few steps that learnt from this one, ``refiner`` one that makes its films
    clear, both reading the same text encoder. With ``best_of`` the best quality is the student's, from the
    most promising of so many beginnings; else the transformer's, guided. Each export is what ``save_weights``
    wrote (the first file, if there are several). Recipe and ledger root come from the exports' own metadata.
    Raises ``WeightsError`` for exports that are missing or damaged.
    """
    out = Path(out)
    exports = {"autoencoder": Path(autoencoder), "transformer": Path(transformer), "text": Path(text)}
    if student is not None:
        exports[STUDENT] = Path(student)
    if refiner is not None:
        exports[REFINER] = Path(refiner)
    about = {part: load_weights(path)[1] for part, path in exports.items()}
    # Everything that can be wrong is found here: what lies in ``out`` is only replaced by what will do.
    Grid.from_json(grid.to_json())
    _sampling(sampling or Sampling())
    _check_best_of(best_of, student is not None)
    if 4 in grid.scales and refiner is None:
        raise WeightsError("scales: 4 needs a refiner, give its export.")
    require_folder(out)
    out.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=".assembled-", dir=out) as folder:  # an export may itself lie in ``out``
        copies = []
        for part, path in exports.items():
            for shard, suffix in _shards(path):
                copies.append(Path(folder) / f"{part}{suffix}.safetensors")
                shutil.copyfile(shard, copies[-1])
        (out / MANIFEST).unlink(missing_ok=True)
        for part in (*PARTS, STUDENT, REFINER):
            for stale in out.glob(f"{part}*.safetensors"):
                stale.unlink()
        stored = [copy.rename(out / copy.name) for copy in copies]
    manifest = {
        "format": FORMAT,
        "name": name or out.resolve().name,
        "parts": {part: f"{part}.safetensors" for part in exports},
        "grid": grid.to_json(),
        "sampling": asdict(sampling or Sampling()),
        "best_of": best_of,
        "recipe": _recipe_name(about["transformer"]),
        "ledger_root": str(about["transformer"].get("ledger_root", "")),
        "trained": {part: {key: told[key] for key in _TOLD if key in told} for part, told in about.items()},
        "files": {file.name: _checksum(file) for file in stored},
    }
    with whole_file(out / MANIFEST) as temporary:
        temporary.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")
    return check(out)


_TOLD = ("steps", "seconds", "ledger_root")


def _shards(first: Path) -> Iterator[tuple[Path, str]]:
    """A set of files that ``save_weights`` wrote, each with what its name adds to the set's."""
    path, number, suffix = first, 1, ""
    while path.is_file():
        yield path, suffix
        number += 1
        suffix = f"-{number}"
        path = first.with_name(f"{first.stem}{suffix}{first.suffix}")


def _recipe_name(metadata: Mapping[str, Any]) -> str:
    recipe = metadata.get("recipe", "")
    return str(recipe.get("name", "") if isinstance(recipe, Mapping) else recipe)


def _family_hash(listed: Mapping[str, str]) -> str:
    lines = "".join(f"{checksum}  {file}\n" for file, checksum in sorted(listed.items()))
    return hashlib.sha256(lines.encode()).hexdigest()


def _checksum(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
