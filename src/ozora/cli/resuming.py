"""`ozora resume`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ozora.errors import refuse


def resume(
    where: Annotated[
        Path, typer.Argument(help="A folder with unfinished takes, or the film that one of them will be.")
    ] = Path(),
    weights: Annotated[
        str | None, typer.Option(help="Where the takes' weights lie now, if they were moved.")
    ] = None,
    forget: Annotated[
        bool, typer.Option("--forget", help="Throw the unfinished takes away instead.")
    ] = False,
) -> None:
    """Finish the takes that were stopped or killed; they get the bytes they would have had.

    [bold]Example[/]: ozora resume
    """
    from ozora.director.states import find_waiting, read_waiting, unfinished

    if not where.is_dir() and not find_waiting(where):
        raise refuse("resume", str(where), "a folder, or a film that waits to be finished")
    from ozora.cli.show import PhaseBars, plain, said, say_take

    if not where.is_dir():
        for hidden in find_waiting(where):
            read_waiting(hidden)  # in a folder what cannot be read is passed over; by name it is refused
    waiting = list(unfinished(where))
    if forget:
        for film, _ in waiting:
            for hidden in find_waiting(film):
                hidden.unlink()
        said.print(f"{len(waiting)} unfinished takes thrown away")
        return
    if not waiting:
        said.print(f"no take waits in {plain(where)}")
        return
    from ozora.cli.stopping import gentle_stop
    from ozora.director.api import opener
    from ozora.director.resume import finish_waiting

    open_backend = opener(weights)
    with gentle_stop() as stopping, PhaseBars(len(waiting)) as bars:
        for film, take in waiting:
            done = finish_waiting(film, take, open_backend, stopping.watch(bars))
            say_take(film, done)
