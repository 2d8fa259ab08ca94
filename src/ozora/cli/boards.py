"""`ozora board` films a storyboard, `ozora sequence` puts films in a row."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ozora.cli.films import check_ending, shoot

EXAMPLE = """
[bold]A storyboard[/], in TOML or JSON

  words = "a red fox in a snowy field"

  seconds = 7

  \\[\\[cards]]

  at = 0

  words = "it walks at dawn"

  \\[\\[cards]]

  at = 3.5

  words = "it runs at night"

  transition = "cut"
"""


def board(
    file: Annotated[Path, typer.Argument(help="The storyboard, .toml or .json.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Name of the film; the storyboard's by default.")
    ] = None,
    as_is: Annotated[
        bool, typer.Option("--as-is", help="Give the model your words untouched; see `ozora explain`.")
    ] = False,
    weights: Annotated[str | None, typer.Option(help="Name of shipped weights, or a folder.")] = None,
) -> None:
    """Film a storyboard: cards at times inside one film."""
    from ozora.director.storyboard import read_board

    request = read_board(file, as_is=as_is)
    output = output or file.with_suffix(".mp4")
    check_ending(output)

    from ozora.director.api import Ozora

    shoot(Ozora(weights), request, output)


def sequence(
    films: Annotated[list[Path], typer.Argument(help="Films to be shown one after the other.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Name of the film.")],
) -> None:
    """Put films in a row without encoding them again."""
    from ozora.cli.show import said, told
    from ozora.director.sequences import sequence as join

    for note in join(films, output):
        told.print(note, style="grey50")
    said.print(f"[bold]{output}[/]  {len(films)} films, copied to the bit")
