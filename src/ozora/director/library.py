"""The library of takes: films, sidecars and latents in a plain folder, and nothing else.

Everything about a take stands in the JSON beside its film: what made it, what it cost, whether it is a draft
or a final, from which takes it descends, and how it was marked. So any folder that films were made into is a
library, exporting one is copying it, and no database can be lost. Files of others are passed over.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ozora.director.latents import kept_path
from ozora.errors import OzoraError, refuse
from ozora.media.files import whole_file
from ozora.media.images import PICTURE_SUFFIXES

FOLDER = Path("takes")
DRAFT, FINAL = "draft", "final"
MARKS = ("accepted", "rejected", "none")
SURE = 0.6  # probability from which a reading of the words can be searched for
DRAFT_ENDING = ".draft.safetensors"
_FILMS = (".mp4", *PICTURE_SUFFIXES)


@dataclass(frozen=True)
class Entry:
    """One take on the disk. ``about`` is its whole sidecar; ``name`` is what its files are called."""

    folder: Path
    name: str
    sidecar: Path
    about: Mapping[str, Any] = field(repr=False)

    @property
    def film(self) -> Path | None:
        """The film or picture, if it is there (a draft may have a picture only)."""
        if self.sidecar.name != f"{self.name}.json":
            named = self.folder / self.sidecar.name.removesuffix(".json")
            return named if named.is_file() else None
        return next((path for path in self._named(*_FILMS) if path.is_file()), None)

    @property
    def draft(self) -> Path:
        """Where a draft keeps the film between two steps."""
        return self.folder / f"{self.name}{DRAFT_ENDING}"

    @property
    def files(self) -> list[Path]:
        """All files of this take that are there."""
        kept = kept_path(self.folder / f"{self.name}.mp4")
        own = [*self._named(*_FILMS), self.draft, kept, self.sidecar]
        return [path for path in own if path.is_file()]

    @property
    def kind(self) -> str:
        """``draft`` or ``final``."""
        return str(self._take.get("kind", FINAL))

    @property
    def mark(self) -> str:
        """``accepted``, ``rejected`` or ``none``."""
        return str(self._take.get("mark", "none"))

    @property
    def parents(self) -> tuple[str, ...]:
        """Names of the takes it descends from."""
        return tuple(self._take.get("parents", ()))

    @property
    def score(self) -> float | None:
        """What the ranker gave it, if it was ranked."""
        return self._take.get("score")

    @property
    def why(self) -> str:
        """Why it was dropped or folded; empty for a take that stands."""
        return str(self._take.get("why", ""))

    @property
    def prompt(self) -> str:
        return str(self.about["prompt"])

    @property
    def seed(self) -> int:
        return int(self.about["seed"])

    @property
    def seconds(self) -> float:
        """How long the film plays."""
        settings = self.about["settings"]
        return float(settings["frames"]) / float(settings["fps"])

    @property
    def spent(self) -> float:
        """Wall seconds that it cost; 0 where nothing was noted."""
        return self._total("seconds")

    @property
    def spent_cpu(self) -> float:
        """Processor seconds that it cost."""
        return self._total("cpu_seconds")

    @property
    def shows(self) -> dict[str, str]:
        """What is known of it, by field, to search in."""
        settings, weights = self.about.get("settings", {}), self.about.get("weights", {})
        understood = self.about.get("receipt", {}).get("understood", {})
        told = {
            "name": self.name, "kind": self.kind, "mark": self.mark, "seed": self.seed,
            "prompt": self.prompt, "parent": " ".join(self.parents), "weights": weights.get("name", ""),
            **{name: settings[name] for name in ("size", "steps", "guidance", "frames") if name in settings},
            **{axis: value for axis, (value, sure) in understood.items() if sure >= SURE},
        }  # fmt: skip
        return {name: str(value) for name, value in told.items()}

    @property
    def _take(self) -> Mapping[str, Any]:
        found = self.about.get("take", {})
        return found if isinstance(found, Mapping) else {}

    def _named(self, *endings: str) -> list[Path]:
        return [self.folder / f"{self.name}{ending}" for ending in endings]

    def _total(self, costs: str) -> float:
        found = self.about.get("receipt", {}).get(costs, {})
        return float(sum(found.values())) if isinstance(found, Mapping) else 0.0


@dataclass(frozen=True)
class Costs:
    """What a library cost: all takes, kept or not, over the seconds of film that were accepted."""

    takes: int
    accepted: int
    film_seconds: float
    spent: float
    spent_cpu: float

    def per_accepted_second(self, cost: float) -> float | None:
        """``cost`` (of the whole library) for each second of accepted film; None while there is none."""
        return cost / self.film_seconds if self.film_seconds else None


class Library:
    """A folder of takes. Reads the files themselves each time, so that nothing can be out of date."""

    def __init__(self, folder: str | Path = FOLDER) -> None:
        self.folder = Path(folder)

    def entries(self) -> list[Entry]:
        """All takes, oldest first; a folder that is not there yet holds none."""
        found = [(path.stat().st_mtime_ns, path.name, path) for path in self._sidecars()]
        return [entry for *_, path in sorted(found) if (entry := read_entry(path)) is not None]

    def search(self, words: Sequence[str] = ()) -> list[Entry]:
        """Takes that have all ``words``: ``fox`` anywhere, ``place=meadow`` or ``mark=accepted`` in a field.

        Raises ``OzoraError`` for a field that no take has.
        """
        entries = self.entries()
        known = {name for entry in entries for name in entry.shows}
        for word in words:
            name = word.partition("=")[0]
            if "=" in word and entries and name not in known:
                raise refuse("search", word, f"words, or one of {', '.join(sorted(known))} with =")
        return [entry for entry in entries if all(_has(entry, word) for word in words)]

    def get(self, name: str) -> Entry:
        """The take called ``name`` (a file of it will do too); raises ``OzoraError`` where there is none."""
        wanted = Path(name).name.removesuffix(DRAFT_ENDING).removesuffix(".latents.safetensors")
        while Path(wanted).suffix in (".json", *_FILMS):
            wanted = Path(wanted).stem
        for path in self._sidecars():
            if path.name in (f"{wanted}.json", *(f"{wanted}{ending}.json" for ending in _FILMS)):
                entry = read_entry(path)
                if entry is not None:
                    return entry
        raise refuse("take", name, f"the name of a take in {self.folder}, as `ozora takes` lists them")

    def change(self, entry: Entry, **values: Any) -> Entry:
        """Change what the library says of a take; the film and what made it stay as they are."""
        about = {**entry.about, "take": {**entry._take, **values}}
        with whole_file(entry.sidecar) as temporary:
            text = json.dumps(about, ensure_ascii=False, indent=2, sort_keys=True)
            temporary.write_text(text + "\n", "utf-8")
        return Entry(entry.folder, entry.name, entry.sidecar, about)

    def mark(self, name: str, mark: str) -> Entry:
        """Mark a take; what the accepted ones cost is counted from that."""
        if mark not in MARKS:
            raise refuse("mark", mark, ", ".join(MARKS))
        return self.change(self.get(name), mark=mark)

    def remove(self, name: str) -> list[Path]:
        """Delete a take's own files, the sidecar last, and return them."""
        files = self.get(name).files
        for path in files:
            path.unlink()
        return files

    def children(self, name: str) -> list[Entry]:
        """Takes that descend from ``name`` directly."""
        return [entry for entry in self.entries() if name in entry.parents]

    def costs(self) -> Costs:
        """What all takes cost, and how much film was accepted."""
        entries = self.entries()
        accepted = [entry for entry in entries if entry.mark == "accepted"]
        return Costs(
            takes=len(entries),
            accepted=len(accepted),
            film_seconds=sum(entry.seconds for entry in accepted),
            spent=sum(entry.spent for entry in entries),
            spent_cpu=sum(entry.spent_cpu for entry in entries),
        )

    def free_name(self, words: str) -> str:
        """A name from the first words of a prompt that no file here begins with."""
        slug = "-".join(_slug_words(words))[:32].rstrip("-") or "take"
        taken = [path.name.lstrip(".") for path in self.folder.iterdir()] if self.folder.is_dir() else []
        names = (slug if number == 1 else f"{slug}-take{number}" for number in range(1, len(taken) + 2))
        return next(name for name in names if not any(_begins_with(other, name) for other in taken))

    def _sidecars(self) -> Iterator[Path]:
        if self.folder.is_dir():
            yield from (
                path
                for path in self.folder.glob("*.json")
                if path.is_file() and not path.name.startswith(".")
            )


def read_entry(sidecar: Path) -> Entry | None:
    """The take that a JSON file tells of, or None: somebody else's file, or nothing left of its films."""
    try:
        about = json.loads(sidecar.read_text("utf-8"))
        if not isinstance(about, dict) or "ozora" not in about:
            return None
        name = sidecar.name.removesuffix(".json")
        if Path(name).suffix.lower() in _FILMS:
            name = Path(name).stem
        entry = Entry(sidecar.parent, name, sidecar, about)
        complete = entry.prompt, entry.seed, entry.seconds, entry.shows, entry.spent, entry.spent_cpu
    except (OSError, ValueError, KeyError, TypeError, AttributeError, OzoraError):
        return None
    return entry if complete and (entry.film is not None or entry.draft.is_file()) else None


def _slug_words(words: str) -> list[str]:
    """The first words that say something: names are typed."""
    little = {"a", "an", "the", "of", "in", "on", "over", "at", "and"}
    return [word for word in re.findall(r"\w+", words.lower()) if word not in little][:4]


def _begins_with(file: str, name: str) -> bool:
    """Whether ``file`` is of the takes ``name``, ``name-1``, ``name-2``, …"""
    return re.match(re.escape(name) + r"(-\d+|-sheet)?(-final(-\d+)?)?\.", file) is not None


def _has(entry: Entry, word: str) -> bool:
    shows = entry.shows
    name, equals, value = word.partition("=")
    if equals:
        return shows.get(name, "").casefold() == value.casefold()
    return any(word.casefold() in told.casefold() for told in shows.values())
