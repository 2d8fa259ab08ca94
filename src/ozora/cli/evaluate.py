"""`ozora evaluate`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer


def evaluate(
    weights: Annotated[str | None, typer.Option(help="Name of shipped weights, or a folder.")] = None,
    out: Annotated[
        Path | None, typer.Option(help="Folder for the scorecard, a sheet of all films, and the films.")
    ] = None,
    prompts: Annotated[
        str, typer.Option(help="A suite: first, a JSON file, seed:N or skills:N.")
    ] = "first",
    probe: Annotated[Path | None, typer.Option(help="Probe weights; the shipped ones by default.")] = None,
    eyes: Annotated[
        Path | None, typer.Option(help="Eyes trained for evaluation, their calibration beside them.")
    ] = None,
    footage: Annotated[
        list[Path] | None, typer.Option(help="Training footage, to look for copies of it; may be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of the first film; the others count up.")] = 0,
    limit: Annotated[int | None, typer.Option(help="Only the first so many prompts.", min=2)] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps.")] = None,
    guidance: Annotated[float | None, typer.Option(help="Guidance.")] = None,
    quality: Annotated[str | None, typer.Option(help="draft, standard, high or best, instead.")] = None,
    refining: Annotated[int | None, typer.Option(help="Steps of the refiner; 0 is not at all.")] = None,
    drafts: Annotated[int | None, typer.Option(help="Beginnings of which the best is filmed.")] = None,
) -> None:
    """Score the model: film a suite of prompts and look at the films with the probe.

    Beside the score stand the floor (the same films, prompts shuffled) and the ceiling (the same shots filmed
    by the world). With eyes (the shipped ones, if any) follow the metrics that stood their calibration, and
    the names of those that did not. [bold]Example[/]: ozora evaluate --out runs/scores
    """
    from ozora.backends.embedded import EmbeddedBackend
    from ozora.backends.weights import find_eyes, find_probe
    from ozora.cli.show import bar, said
    from ozora.director.api import Ozora
    from ozora.director.plan import plan
    from ozora.director.request import Request
    from ozora.evaluate import evaluate as score
    from ozora.evaluate.probe import load_probe
    from ozora.evaluate.training import training_points
    from ozora.evaluate.trials import read_trials, trials_path
    from ozora.media.files import require_folder
    from ozora.model.checkpoint import weights_hash
    from ozora.model.eyes import load_eyes

    settings: dict[str, Any] = {
        "steps": steps, "guidance": guidance, "quality": quality, "refining": refining,
        "drafts": drafts,
    }  # fmt: skip
    Request("checked before weights are read", **settings)
    if out is not None:
        require_folder(out)
    backend = EmbeddedBackend(weights)
    maker, card = Ozora(backend=backend), backend.card
    judge = load_probe(probe or find_probe())
    where = eyes or find_eyes()
    sight = None if where is None else load_eyes(where, "evaluation")
    trials = None if where is None else read_trials(trials_path(where), weights_hash(where))
    laid_out = plan(Request("a film", **settings), card)
    shown = laid_out.fine or laid_out
    known = training_points(sight, footage) if footage and sight is not None else None

    def film(prompt: str, number: int) -> Any:
        return maker.generate(prompt, seed=number, **settings).clip.frames

    with bar() as progress:
        rows: dict[str, Any] = {}

        def show(what: str, done: int, of: int) -> None:
            if what not in rows:
                rows[what] = progress.add_task(what, total=of)
            progress.update(rows[what], completed=done)

        found = score(
            film, judge, prompts=prompts, out=out, autoencoder=backend.networks.autoencoder,
            scale=shown.fit.scale, seed=seed,
            fps=card.grid.fps, identity=json.dumps([card.hash, settings]), limit=limit, on_progress=show,
            eyes=sight, trials=trials, training=known,
        )  # fmt: skip
    said.print(found.table())
    if found.findings is not None:
        said.print(found.findings.table())
        for line in found.findings.left_out():
            said.print(f"[dim]not shown, {line}[/]")
