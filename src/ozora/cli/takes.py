"""`ozora takes`, `show`, `mark`, `remove`: the library in a folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ozora.errors import refuse

Folder = Annotated[Path, typer.Option("--folder", "-f", help="Folder of the takes.")]
Name = Annotated[str, typer.Argument(help="Name of a take, or one of its files.")]
HERE = Path("takes")


def takes(
    words: Annotated[
        list[str] | None, typer.Argument(help="Words, or fields such as mark=accepted, kind=draft, seed=3.")
    ] = None,
    folder: Folder = HERE,
) -> None:
    """List takes: those that have all the words. A folder of films is a library; copying it exports it.

    [bold]Example[/]: ozora takes fox kind=final -f films
    """
    from rich import box
    from rich.table import Table

    from ozora.cli.show import plain, said
    from ozora.director.library import Library

    if folder != HERE and not folder.is_dir():  # in the folder by default, nothing was made yet
        raise refuse("folder", str(folder), "a folder that exists")
    library = Library(folder)
    found = library.search(words or ())
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), expand=True)
    table.add_column("take", no_wrap=True, overflow="fold")
    rows = []
    for entry in found:
        line = f"from {', '.join(entry.parents)}" if entry.parents else entry.why or entry.prompt
        score = "" if entry.score is None else f"{entry.score:.2f}"
        mark = "" if entry.mark == "none" else entry.mark
        rows.append((entry.name, entry.kind, mark, str(entry.seed), score, f"{entry.spent:.1f} s", line))
    for place, name in enumerate(("kind", "mark", "seed", "score", "cost"), start=1):
        # Short columns stay whole on a narrow terminal; the words at the end give way.
        width = max(map(len, [name, *(row[place] for row in rows)]))
        table.add_column(name, no_wrap=True, min_width=width, justify="left" if place < 3 else "right")
    table.add_column("what", overflow="ellipsis", no_wrap=True, ratio=1)
    for row in rows:
        table.add_row(*map(plain, row))
    said.print(table)
    said.print(_costs(library))


def _costs(library: object) -> str:
    from ozora.director.library import Library
    from ozora.director.quotes import read_settings

    assert isinstance(library, Library)
    costs = library.costs()
    rates = read_settings()
    told = f"{costs.takes} takes, {costs.accepted} accepted, {costs.spent:.1f} s spent"
    each = costs.per_accepted_second(costs.spent)
    if each is None:
        return f"{told}; mark what you accept, and the cost of an accepted second is told here"
    price = rates.price(costs.spent, costs.spent_cpu) / costs.film_seconds
    return f"{told}: {each:.1f} s and {price:.6f} {rates.currency} for each accepted second of film"


def show(name: Name, folder: Folder = HERE) -> None:
    """Print all that is known of a take, and what descends from it."""
    from ozora.cli.show import plain, said
    from ozora.director.library import Library

    library = Library(folder)
    entry = library.get(name)
    for path in entry.files:
        said.print(f"[bold]{plain(path)}[/]  {path.stat().st_size / 1e3:.0f} kB")
    if children := [child.name for child in library.children(entry.name)]:
        said.print(f"finished as {plain(', '.join(children))}")
    said.print_json(json.dumps(dict(entry.about)))


def mark(
    name: Name,
    verdict: Annotated[str, typer.Argument(help="accepted, rejected or none.")],
    folder: Folder = HERE,
) -> None:
    """Accept or reject a take; `ozora takes` then tells what an accepted second costs."""
    from ozora.cli.show import plain, said
    from ozora.director.library import Library

    said.print(f"[bold]{plain(Library(folder).mark(name, verdict).name)}[/]  {verdict}")


def remove(
    names: Annotated[list[str], typer.Argument(help="Names of takes.")], folder: Folder = HERE
) -> None:
    """Delete takes: film, sidecar, latents. Nothing else is touched."""
    from ozora.cli.show import plain, said
    from ozora.director.library import Library

    library = Library(folder)
    # All names are checked before the first is deleted; a take named twice is one take.
    for name in dict.fromkeys(library.get(name).name for name in names):
        said.print(f"[bold]{plain(name)}[/]  {len(library.remove(name))} files deleted")
