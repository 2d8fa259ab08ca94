"""`ozora explain`: what is understood of a prompt, before a step is computed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ozora.errors import refuse

if TYPE_CHECKING:
    from rich.table import Table

    from ozora.director.understanding import Reading

EXAMPLES = """
[bold]Examples[/]

  ozora explain "two wolfs runing through a forrest at dusk, no rain"

  ozora explain "un zorro rojo corre por la nieve. Luego salta." --json

  ozora explain "A fox runs through the snow. Then night falls." --board fox.toml
"""


def explain(
    prompt: Annotated[str, typer.Argument(help="What the film shows, in any of eight languages.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document instead.")] = False,
    weights: Annotated[str | None, typer.Option(help="Name of shipped weights, or a folder.")] = None,
    fill: Annotated[
        int | None, typer.Option(help="Also draw what the words leave open, with this seed, and say it all.")
    ] = None,
    board: Annotated[
        Path | None, typer.Option(help="Write the cards as a storyboard, to edit and to film: `ozora board`.")
    ] = None,
) -> None:
    """Say what is understood of a prompt: the shot, the caption, the cards, and what means nothing."""
    from ozora.cli.show import plain, said
    from ozora.director.request import Request
    from ozora.director.understanding.drafting import as_toml, draft
    from ozora.director.understanding.explaining import document
    from ozora.director.understanding.knowledge import axes_of
    from ozora.director.understanding.understand import understand
    from ozora.media.files import require_writable, whole_file

    Request(prompt)  # refuses what no verb would take
    if board is not None and (board.suffix != ".toml" or board.exists()):
        raise refuse("board", str(board), "a name ending in .toml that no file has yet")
    axes = axes_of(weights)
    reading = understand(prompt)
    told = document(reading, axes, fill=fill)
    if board is not None:
        with whole_file(require_writable(board, "board")) as temporary:
            temporary.write_text(as_toml(draft(reading), prompt), encoding="utf-8")
        written = f"{board}, {len(reading.beats)} cards: edit it, then ozora board {board}"
        told["notes"]["storyboard"] = [written]
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False, indent=1))
        return
    said.print(_table(reading, told["never_seen"]))
    for title, lines in told["notes"].items():
        for number, line in enumerate(lines):
            said.print(f"[grey50]{title if number == 0 else '':>12}[/]  {plain(line)}", markup=True)


def _table(reading: Reading, unseen: dict[str, str]) -> Table:
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from ozora.director.understanding.explaining import rows

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
    for name in ("field", "value", "from the words", "sure"):
        table.add_column(name, justify="right" if name == "sure" else "left")
    for row in rows(reading):
        mark = " *" if unseen.get(row.axis) == row.value else ""
        words = escape(" … ".join(row.words))
        table.add_row(row.field, f"{row.value}{mark}", words, f"{100 * row.sure:.0f} %")
    return table
