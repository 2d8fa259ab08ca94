"""`ozora serve --check`: everything that would stop a server, found before it is started."""

from __future__ import annotations

import socket
from collections.abc import Iterator

from ozora.errors import refuse
from ozora.media.files import require_writable
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
        card = house.card
        sizes = ", ".join(f"{wide}x{high}" for wide, high in card.sizes)
        films = f"films {sizes}, {card.frames} frames at {card.fps} fps at once"
        yield f"model    {card.name} {card.hash[:12]} {films}"
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
