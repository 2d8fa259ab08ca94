"""`ozora serve --check`: everything that would stop a server, found before it is started."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

from ozora.errors import OzoraError, refuse
from ozora.media.files import require_writable
from ozora.serve.blobs.protocol import UnreachableError
from ozora.serve.cluster import survey
from ozora.serve.house import House
from ozora.serve.server import check_exposure, open_house
from ozora.serve.settings import Settings, require_folder
from ozora.serve.store.keys import list_keys


def check_all(settings: Settings) -> Iterator[str]:
    """One line for each thing that is right; raises ``OzoraError`` for the first that is not."""
    require_folder(settings.data)
    require_writable(settings.data / "trial", "data")
    yield f"data     {settings.data.absolute()} can be written"
    house = open_house(settings)
    try:
        shown = house.store.url.render_as_string(hide_password=True)
        yield f"store    {shown} opens, version {house.store.version[1]}"
        yield f"blobs    {try_blobs(house)}"
        card = house.card
        sizes = ", ".join(f"{wide}x{high}" for wide, high in card.sizes)
        films = f"films {sizes}, {card.frames} frames at {card.fps} fps at once"
        yield f"model    {card.name} {card.hash[:12]} {films}"
        if settings.cluster:
            yield f"cluster  {settings.cluster}: {survey(settings)}"
        check_exposure(house)
        count = len(list_keys(house.store))
        yield f"keys     {count or 'none'}; " + (
            "needed to call" if count else "anybody on this machine may call"
        )
    finally:
        house.store.close()
    with socket.socket(socket.AF_INET6 if ":" in settings.host else socket.AF_INET) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((settings.host, settings.port))
        except OSError as error:
            raise refuse(
                "port", f"{settings.host}:{settings.port}", f"one that is free ({error.strerror})"
            ) from error
    yield f"address  http://{settings.host}:{settings.port}/v1 is free"


def try_blobs(house: House) -> str:
    """Write, read and delete a trial file where films are kept; raises ``OzoraError``."""
    where, name = house.settings.blobs or str(house.settings.data.absolute()), f"trials/{os.urandom(8).hex()}"
    try:
        house.blobs.put(f"{name}/mark", b"ozora")
        found = house.blobs.look(f"{name}/mark")
        house.blobs.drop(name)
    except (UnreachableError, OSError) as error:
        raise OzoraError(f"blobs: {str(error).rstrip('.')}.") from error
    if found is None or found.size != 5:
        raise refuse("blobs", where, "a place that keeps what it is given")
    return f"{where} keeps what it is given"
