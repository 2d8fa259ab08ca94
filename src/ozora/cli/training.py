"""`ozora train`, `ozora plan` and `ozora encode`."""

from __future__ import annotations

import math
import os
import warnings
from pathlib import Path
from typing import Annotated

import typer

from ozora.cli.options import check_device
from ozora.errors import refuse


def train(
    recipe: Annotated[str, typer.Argument(help="Name of a recipe, such as micro_autoencoder.")],
    out: Annotated[Path, typer.Option(help="Folder of state, losses, samples and weights.")],
    minutes: Annotated[
        float | None, typer.Option(help="Budget of the whole run; the recipe's own if not given.")
    ] = None,
    resume: Annotated[Path | None, typer.Option(help="Folder of an earlier part of the same run.")] = None,
    footage: Annotated[
        list[Path] | None,
        typer.Option(
            help="Folder filled by `ozora world shoot`; may be repeated. world:224x128 films while training."
        ),
    ] = None,
    latents: Annotated[
        list[Path] | None, typer.Option(help="File of encoded footage (transformer); may be repeated.")
    ] = None,
    layouts: Annotated[
        list[Path] | None,
        typer.Option(help="The same footage on half as many cells a side (refiner), file by file."),
    ] = None,
    autoencoder: Annotated[Path | None, typer.Option(help="Trained autoencoder weights.")] = None,
    text: Annotated[Path | None, typer.Option(help="Pre-trained text encoder weights.")] = None,
    teacher: Annotated[
        Path | None, typer.Option(help="Folder of the trained transformer that a student learns from.")
    ] = None,
    eyes: Annotated[
        Path | None,
        typer.Option(
            help="Eyes trained for perception: a perceptual loss for the autoencoder; `shipped` for ours."
        ),
    ] = None,
    start: Annotated[
        Path | None, typer.Option(help="Folder of an earlier run's weights to begin a new run with.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", help="Change the recipe: --set optimiser.rate=1e-3; may be repeated."),
    ] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, …; a GPU if there is one.")] = None,
    steps: Annotated[int | None, typer.Option(help="Count steps instead of minutes.")] = None,
    pause: Annotated[
        float | None, typer.Option(help="Stop this call after so many minutes, to resume later.")
    ] = None,
) -> None:
    """Train a network by a recipe, within a time.

    [bold]Example[/]: ozora train micro_autoencoder --minutes 20 --footage footage --out runs/autoencoder
    """
    from ozora.cli.show import plain, said
    from ozora.media.files import require_folder
    from ozora.train.loop import train as run

    for name, value in (("minutes", minutes), ("pause", pause)):
        if value is not None and not math.isfinite(value):
            raise refuse(name, value, "more than 0")
    require_folder(out)
    check_device(device)
    # Mixed precision takes gains in float32 on purpose; PyTorch would say so once in every run.
    warnings.filterwarnings("ignore", "Mismatch dtype between input and weight")

    if eyes is not None and eyes == Path("shipped"):
        from ozora.backends.weights import find_perception_eyes

        eyes = find_perception_eyes()
    report = run(
        recipe, minutes=minutes, out=out, resume=resume, footage=footage or (), latents=latents or (),
        layouts=layouts or (), autoencoder=autoencoder, text=text, teacher=teacher, eyes=eyes, start=start,
        overrides=overrides or (), device=device, steps=steps, pause=pause,
    )  # fmt: skip
    if os.environ.get("RANK", "0") != "0":
        return  # of several processes one talks
    state = "finished" if report.finished else f"paused, go on with --resume {report.out}"
    said.print(f"[bold]{plain(report.weights)}[/]  {report.step} steps in {report.seconds:.0f} s, {state}")


def plan(
    recipes: Annotated[
        list[str] | None, typer.Argument(help="Recipes, such as base_transformer; all if none.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option(
            "--set", help="Change the recipes: --set devices=16, --set machine.price=1.9, --set cells=32,18."
        ),
    ] = None,
) -> None:
    """Say what training will take before it takes it: parameters, FLOPs, memory, hours and money.

    [bold]Example[/]: ozora plan base_transformer --set devices=16
    """
    from ozora.cli.plans import one_plan, table_of_plans
    from ozora.cli.show import said
    from ozora.train.plan import plan as reckon
    from ozora.train.recipes import RECIPES, get_recipe

    asked = [get_recipe(name, overrides or ()) for name in recipes or RECIPES]
    for recipe in asked:
        least = {"devices": recipe.devices, "minutes": recipe.minutes, "cells": min(recipe.cells)}
        for field, value in least.items():
            if not 0 < value < math.inf:
                raise refuse(f"override {field}", value, "more than 0")
    plans = [reckon(recipe) for recipe in asked]
    said.print(one_plan(plans[0]) if len(plans) == 1 else table_of_plans(plans))


def encode(
    footage: Annotated[list[Path], typer.Argument(help="Folders filled by `ozora world shoot`.")],
    autoencoder: Annotated[Path, typer.Option(help="Trained autoencoder weights.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File of latents, .safetensors.")],
    mirror: Annotated[bool, typer.Option(help="Also encode every clip's mirror image.")] = True,
    full_size: Annotated[
        bool, typer.Option("--full-size", help="At the size it was filmed: four times the cells, and sharp.")
    ] = False,
) -> None:
    """Encode footage once, for the training of a transformer.

    [bold]Example[/]: ozora encode footage --autoencoder autoencoder.safetensors -o latents.safetensors
    """
    import torch

    from ozora.cli.show import bar, plain, said
    from ozora.media.files import require_writable
    from ozora.model.checkpoint import weights_hash
    from ozora.train.banks import FootageBank
    from ozora.train.latents import encode_footage
    from ozora.train.tasks import load_autoencoder

    require_writable(output)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    network, bank = load_autoencoder(autoencoder, device), FootageBank(footage, device=device)
    with bar() as progress:
        row = progress.add_task("clips", total=len(bank))

        def show(done: int, of: int) -> None:
            progress.update(row, completed=done, total=of)

        name = weights_hash(autoencoder)
        encode_footage(network, bank, output, mirror=mirror, name=name, full_size=full_size, on_progress=show)
    said.print(f"[bold]{plain(output)}[/]  {len(bank)} clips{', and their mirror images' if mirror else ''}")
