"""Files that are either whole or not there."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ozora.errors import OzoraError, refuse


@contextmanager
def whole_file(path: str | Path) -> Iterator[Path]:
    """Give a hidden temporary path beside ``path``; it becomes ``path`` only if the block ends well.

    On any failure, Ctrl-C included, the temporary file is removed and ``path`` is as it was before.
    Raises ``OzoraError`` when the folder does not take the file.
    """
    path = Path(path)
    temporary = path.with_name(f".{path.name[:80]}.{secrets.token_hex(4)}.part")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def require_writable(path: str | Path, field: str = "output") -> Path:
    """Refuse, before any compute, a path that cannot be written; leaves nothing behind."""
    path = Path(path)
    if path.is_dir():
        raise refuse(field, str(path), "a file, and this is a folder")
    folder = path.parent
    if not folder.is_dir():
        raise refuse(field, str(path), f"a file in a folder that exists, and {folder} is not one")
    # Where the system can, a file without a name: a kill at this moment leaves nothing behind.
    if nameless := getattr(os, "O_TMPFILE", 0):
        with suppress(OSError):
            os.close(os.open(folder, nameless | os.O_WRONLY, 0o600))
            return path
    trial = folder / f".ozora.{secrets.token_hex(4)}.trial"
    try:
        os.close(os.open(trial, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except OSError as error:
        raise _unwritable(path, error, field) from error
    finally:
        trial.unlink(missing_ok=True)
    return path


def require_folder(path: str | Path, field: str = "out") -> Path:
    """Refuse, before any compute, a folder that is none and cannot become one; makes nothing yet."""
    path = Path(path)
    there = next(each for each in (path, *path.absolute().parents) if each.exists())
    if not there.is_dir():
        raise refuse(field, str(path), f"a folder, and {there} is a file")
    try:
        require_writable(there / ".ozora.trial", field)
    except OzoraError as error:
        reason = error.__cause__
        if not isinstance(reason, OSError):
            raise
        told = (reason.strerror or str(reason)).lower()
        allowed = f"a folder that can be written, and here the system says {told!r}"
        raise refuse(field, str(path), allowed) from error
    return path


def sidecar_path(path: str | Path) -> Path:
    """Where the JSON beside a film goes: ``fox.json`` for ``fox.mp4``.

    If somebody else's ``fox.json`` lies there (a Shot, say), it is left alone and ``fox.mp4.json`` is used.
    """
    path = Path(path)
    first = path.with_suffix(".json")
    if first.exists() and "ozora" not in _read_json_object(first):
        return path.with_name(path.name + ".json")
    return first


def write_sidecar(path: str | Path, metadata: Mapping[str, Any]) -> Path:
    """Write the metadata of the film at ``path`` as readable JSON beside it and return where."""
    target = sidecar_path(path)
    with whole_file(target) as temporary:
        temporary.write_text(
            json.dumps(dict(metadata), ensure_ascii=False, indent=2, sort_keys=True) + "\n", "utf-8"
        )
    return target


def _read_json_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _unwritable(path: Path, error: OSError, field: str = "output") -> OzoraError:
    reason = (error.strerror or str(error)).lower()
    return refuse(field, str(path), f"a path that can be written, and here the system says {reason!r}")
