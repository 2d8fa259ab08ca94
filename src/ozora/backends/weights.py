"""The folder of weights that ships: assembled from training exports, checked before any compute."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from ozora.backends.backend import Card, Sampling
from ozora.backends.grid import Grid
from ozora.errors import WeightsError
from ozora.media.files import whole_file
from ozora.model.checkpoint import load_weights, save_weights

MANIFEST = "weights.json"
PARTS = ("autoencoder", "transformer", "text")
PROBE = "probe"
PREFERRED = ("mini", "micro")
FORMAT = 1


@dataclass(frozen=True)
class Weights:
    """A checked folder: where it is, what it says of itself, and the files of each part."""

    folder: Path
    card: Card
    manifest: Mapping[str, Any]

    def part(self, name: str) -> Path:
        """The file to give to ``load_weights`` for one of ``PARTS``."""
        return self.folder / str(self.manifest["parts"][name])

    def probe(self) -> Path:
        """The file of the probe that scores these weights, if it ships with them."""
        if PROBE not in self.manifest["parts"]:
            raise WeightsError(f"weights: {self.folder} has no probe, give one with --probe.")
        return self.part(PROBE)


def find_weights(weights: str | Path | None = None) -> Path:
    """The folder meant by a name ("micro"), a path, or nothing (the best that ships)."""
    shipped = Path(str(files("ozora"))) / "weights"
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
        raise WeightsError(f"weights: {folder} is no folder of weights (it has no {MANIFEST}).")
    try:
        manifest = json.loads((folder / MANIFEST).read_text("utf-8"))
        listed, parts = dict(manifest["files"]), dict(manifest["parts"])
        sampling = Sampling(**manifest["sampling"])
        name, version = str(manifest["name"]), manifest["format"]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WeightsError(f"weights: {folder / MANIFEST} cannot be read ({error}).") from error
    if version != FORMAT:
        raise WeightsError(f"weights: {folder} has format {version!r}, and this Ozora reads format {FORMAT}.")
    if missing := [part for part in PARTS if part not in parts]:
        raise WeightsError(f"weights: {folder} lacks {' and '.join(missing)}.")
    for file, checksum in sorted(listed.items()):
        if not (folder / file).is_file():
            raise WeightsError(f"weights: {folder / file} is missing.")
        if _checksum(folder / file) != checksum:
            raise WeightsError(f"weights: {folder / file} is damaged (its SHA-256 is not the manifest's).")
    card = Card(
        name=name,
        hash=_family_hash(listed),
        grid=Grid.from_json(manifest["grid"]),
        sampling=sampling,
        recipe=str(manifest.get("recipe", "")),
        ledger_root=str(manifest.get("ledger_root", "")),
    )
    return Weights(folder, card, manifest)


def assemble(
    out: str | Path,
    *,
    autoencoder: str | Path,
    transformer: str | Path,
    text: str | Path,
    probe: str | Path | None = None,
    grid: Grid,
    name: str = "",
    sampling: Sampling | None = None,
) -> Weights:
    """Store the exports of trainings in ``out`` as they ship, write the manifest last, check the result.

    Each export is what ``save_weights`` wrote (the first file, if there are several). Recipe and ledger root
    come from the exports' own metadata. Raises ``WeightsError`` for exports that are missing or damaged.
    """
    out = Path(out)
    paths = {"autoencoder": autoencoder, "transformer": transformer, "text": text, PROBE: probe}
    exports = {part: load_weights(path) for part, path in paths.items() if path is not None}
    out.mkdir(parents=True, exist_ok=True)
    (out / MANIFEST).unlink(missing_ok=True)
    for part in (*PARTS, PROBE):
        for stale in out.glob(f"{part}*.safetensors"):
            stale.unlink()
    for part, (tensors, metadata) in exports.items():
        save_weights(out / f"{part}.safetensors", tensors, metadata)
    stored = sorted(file for part in exports for file in out.glob(f"{part}*.safetensors"))
    about = {part: metadata for part, (_, metadata) in exports.items()}
    manifest = {
        "format": FORMAT,
        "name": name or out.resolve().name,
        "parts": {part: f"{part}.safetensors" for part in exports},
        "grid": grid.to_json(),
        "sampling": asdict(sampling or Sampling()),
        "recipe": _recipe_name(about["transformer"]),
        "ledger_root": str(about["transformer"].get("ledger_root", "")),
        "trained": {part: {key: told[key] for key in _TOLD if key in told} for part, told in about.items()},
        "files": {file.name: _checksum(file) for file in stored},
    }
    with whole_file(out / MANIFEST) as temporary:
        temporary.write_text(json.dumps(manifest, indent=2, sort_keys=True) + "\n", "utf-8")
    return check(out)


_TOLD = ("steps", "seconds", "ledger_root")


def _recipe_name(metadata: Mapping[str, Any]) -> str:
    recipe = metadata.get("recipe", "")
    return str(recipe.get("name", "") if isinstance(recipe, Mapping) else recipe)


def _family_hash(listed: Mapping[str, str]) -> str:
    # The probe only looks at films: another one must not make a film irreproducible.
    films = [(file, checksum) for file, checksum in sorted(listed.items()) if not file.startswith(PROBE)]
    lines = "".join(f"{checksum}  {file}\n" for file, checksum in films)
    return hashlib.sha256(lines.encode()).hexdigest()


def _checksum(path: Path) -> str:
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
