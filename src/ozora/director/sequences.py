"""A sequence: films in a row, with where they come from in its metadata."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ozora.director.sources import file_hash
from ozora.errors import refuse
from ozora.media.sequence import join_films
from ozora.media.video import read_metadata


def sequence(films: Sequence[str | Path], path: str | Path) -> tuple[str, ...]:
    """Join films without encoding them again; returns a line for each thing left out.

    The film's metadata names its parents by name and hash. Raises ``OzoraError`` as
    :func:`ozora.media.sequence.join_films` does.
    """
    from ozora import __version__

    parents = []
    for film in map(Path, films):
        if not film.is_file():
            raise refuse("films", str(film), "a film file that exists")
        if Path(path).is_file() and film.samefile(path):
            raise refuse("output", str(path), "another name than those of the films, which stay as they are")
        told = read_metadata(film)
        parent = {"name": film.name, "hash": file_hash(film)}
        parents.append(parent | {name: told[name] for name in ("prompt", "seed") if name in told})
    about = {"ozora": __version__, "verb": "sequence", "parents": parents}
    return join_films(films, path, metadata=about)
