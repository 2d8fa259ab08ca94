"""`ozora board` films a storyboard, `ozora sequence` puts films in a row."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ozora.cli import options
from ozora.cli.films import check_ending, free_path, shoot

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
    size: options.Size = None,
    seed: options.Seed = None,
    quality: options.Quality = None,
    refining: options.Refining = None,
    drafts: options.Drafts = None,
    steps: options.Steps = None,
    guidance: options.Guidance = None,
    negative: options.Negative = None,
    as_is: options.AsIs = False,
    count: Annotated[int | None, typer.Option(help="Takes with seeds counting up.")] = None,
    threads: options.Threads = None,
    precision: options.Precision = None,
    weights: options.Weights = None,
    keep_latents: options.KeepLatents = True,
    quote: options.Quote = False,
    budget: options.Budget = None,
) -> None:
    """Film a storyboard: cards at times inside one film. Options go before what the document says."""
    from ozora.director.storyboard import read_board

    asked = {
        "size": size, "seed": seed, "quality": quality, "steps": steps, "guidance": guidance,
        "refining": refining, "drafts": drafts, "negative": negative, "count": count,
        "threads": threads, "precision": precision,
    }  # fmt: skip
    settings: dict[str, Any] = {name: value for name, value in asked.items() if value is not None}
    request = replace(read_board(file, as_is=as_is), **settings)
    output = output or free_path(file.with_suffix(".mp4"))
    check_ending(output)

    from ozora.director.api import Ozora

    shoot(Ozora(weights), request, output, keep_latents, quote=quote, budget=budget)


def sequence(
    films: Annotated[list[Path], typer.Argument(help="Films to be shown one after the other.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Name of the film.")],
) -> None:
    """Put films in a row without encoding them again."""
    from ozora.cli.show import plain, said, told
    from ozora.director.sequences import sequence as join

    for note in join(films, output):
        told.print(note, style="grey50", markup=False)
    said.print(f"[bold]{plain(output)}[/]  {len(films)} films, copied to the bit")
