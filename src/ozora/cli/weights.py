"""`ozora weights`: put a folder of weights together, and check one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ozora.errors import refuse

app = typer.Typer(no_args_is_help=True, help="Put weights together, or check them.", rich_markup_mode="rich")

_SCALES = {"2,1": (2, 1), "1,2": (1, 2), "1": (1,), "2": (2,), "2,4,1": (2, 4, 1)}


@app.command("check")
def check(
    weights: Annotated[str | None, typer.Argument(help="Name or folder; by default what ships.")] = None,
) -> None:
    """Compare every file with its checksum and show what the model can film."""
    from ozora.backends.weights import check as check_folder
    from ozora.backends.weights import find_weights
    from ozora.cli.show import plain, said

    found = check_folder(find_weights(weights))
    card, grid = found.card, found.card.grid
    total = sum((found.folder / file).stat().st_size for file in found.manifest["files"])
    sizes = ", ".join(f"{wide}x{high}" for scale in grid.scales for wide, high in grid.sizes(scale))
    said.print(f"[bold]{plain(card.name)}[/] {card.hash[:12]}  {total / 1e6:.1f} MB, every checksum is right")
    said.print(f"films {sizes} pixels, at most {grid.frames} frames at {grid.fps} fps")
    for name, sampling in card.qualities.items():
        refined = f", refined in {sampling.refining}" if sampling.refining else ""
        chosen = f", the best of {sampling.drafts} beginnings" if sampling.drafts > 1 else ""
        said.print(f"{name}: {sampling.steps} steps, guidance {sampling.guidance:g}{refined}{chosen}")
    said.print(
        f"recipe {card.recipe or 'not told'}; ledger {card.ledger_root[:12] or 'not told'}"
    )


@app.command("assemble")
def assemble(
    out: Annotated[Path, typer.Argument(help="Folder to fill.")],
    autoencoder: Annotated[Path, typer.Option(help="Export of the autoencoder's training.")],
    transformer: Annotated[Path, typer.Option(help="Export of the transformer's training.")],
    text: Annotated[Path, typer.Option(help="Export of the text encoder's training.")],
    student: Annotated[
        Path | None, typer.Option(help="Export of a few-step student's training; then it films by default.")
    ] = None,
    refiner: Annotated[
        Path | None, typer.Option(help="Export of a refiner's training; then it makes films clear.")
    ] = None,
    cells: Annotated[
        str, typer.Option(help="Cell grids the model was trained on, wide x high, the native one first.")
    ] = "7x4",
    latents: Annotated[int, typer.Option(help="Longest film in latent frames; 13 are 49 frames.")] = 13,
    scales: Annotated[
        str, typer.Option(help="Decoder heads that make films, the one for films of no asked size first.")
    ] = "2,1",
    fps: Annotated[int, typer.Option(help="Frames per second.")] = 12,
    steps: Annotated[int, typer.Option(help="Denoising steps by default.")] = 8,
    guidance: Annotated[float, typer.Option(help="Guidance by default.")] = 3.0,
    shift: Annotated[
        float | None, typer.Option(help="Timestep shift; by the size of the film if not given.")
    ] = None,
    best_of: Annotated[
        int, typer.Option(help="Quality best is the student's, of so many beginnings; 0: guided, without it.")
    ] = 0,
    name: Annotated[str, typer.Option(help="Name of the weights; the folder's by default.")] = "",
) -> None:
    """Copy the exports of three trainings into a folder that Ozora films with."""
    from ozora.backends.backend import Sampling
    from ozora.backends.grid import Grid, parse_cells
    from ozora.backends.weights import assemble as assemble_folder

    try:
        grids = tuple(parse_cells(part) for part in cells.split(","))
    except ValueError as error:
        raise refuse("cells", cells, "grids such as 7x4,4x7") from error
    if scales not in _SCALES:
        raise refuse("scales", scales, ", ".join(_SCALES))
    sampling = Sampling(steps, guidance, shift)
    grid = Grid(grids, fps, latents, _SCALES[scales])
    assemble_folder(
        out, autoencoder=autoencoder, transformer=transformer, text=text, student=student,
        refiner=refiner, grid=grid, name=name, sampling=sampling, best_of=best_of,
    )  # fmt: skip
    check(str(out))
