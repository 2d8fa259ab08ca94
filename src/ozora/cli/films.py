"""`ozora generate`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ozora.errors import OzoraError, refuse

if TYPE_CHECKING:
    from ozora.director.api import Ozora
    from ozora.director.request import Request
    from ozora.director.take import Receipt

SURE = 0.6  # probability from which a reading is told

EXAMPLES = """
[bold]Examples[/]

  ozora generate "a red fox runs across a snowy field at dusk" -o fox.mp4

  ozora generate "a hot-air balloon rises over dunes at dawn" --seed 7 --count 3 -o balloon.mp4

  ozora generate "the horse turns away" --image first.png --seconds 2 -o horse.mp4

  ozora generate "a sailboat on a calm sea, sunset" -o boat.png

  ozora generate --from fox.mp4 -o again.mp4
"""


def generate(
    prompt: Annotated[str | None, typer.Argument(help="What the film shows, in plain words.")] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Film (.mp4) or picture (.png, .jpg, .webp); named after the prompt by default.",
        ),
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Length of the film.")] = None,
    size: Annotated[
        str | None, typer.Option(help="Width x height in pixels, fitted to what the model films.")
    ] = None,
    fps: Annotated[float | None, typer.Option(help="Frames per second, fitted likewise.")] = None,
    seed: Annotated[
        int | None, typer.Option(help="Same seed, same film; drawn and told if not given.")
    ] = None,
    steps: Annotated[int | None, typer.Option(help="Denoising steps: more are finer and slower.")] = None,
    guidance: Annotated[float | None, typer.Option(help="Pull towards the words; 1 is none.")] = None,
    negative: Annotated[str | None, typer.Option(help="Words to steer away from.")] = None,
    image: Annotated[Path | None, typer.Option(help="A picture that becomes the first frame.")] = None,
    count: Annotated[int, typer.Option(help="Takes with seeds counting up: fox-1.mp4, fox-2.mp4, …")] = 1,
    threads: Annotated[
        int | None, typer.Option(help="Threads to compute with; all cores by default.")
    ] = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Film again what made this film, byte for byte; other options override it."
        ),
    ] = None,
    weights: Annotated[str | None, typer.Option(help="Name of shipped weights, or a folder.")] = None,
    keep_latents: Annotated[
        bool, typer.Option(help="Leave the latents beside the film, for extend, remix and the other verbs.")
    ] = True,
) -> None:
    """Film a prompt."""
    from ozora.director.request import Request
    from ozora.media.images import is_picture

    if prompt is None and source is None:
        raise OzoraError("prompt: got none, allowed: some words that say what the film shows.")
    settings = {
        "negative": negative, "seconds": seconds, "size": size, "fps": fps, "seed": seed, "steps": steps,
        "guidance": guidance, "image": image, "count": count,
        "threads": threads,
    }  # fmt: skip
    settings = {name: value for name, value in settings.items() if value is not None}
    request = None
    if source is None:
        # Words and numbers are checked before weights are looked for: the cheapest refusal comes first.
        request = Request(prompt or "", still=output is not None and is_picture(output), **settings)  # type: ignore[arg-type]
    output = output or free_name(prompt or "again")
    check_ending(output)

    from ozora.director.api import Ozora
    from ozora.director.reproduce import request_from

    maker = Ozora(weights)
    if source is not None:
        request = request_from(source, maker.card, prompt=prompt, **settings)
    assert request is not None
    shoot(maker, request, output, keep_latents)


def shoot(maker: Ozora, request: Request, output: Path, keep_latents: bool = True) -> None:
    """Film a request into files, with progress, notes and a line for each take."""
    from ozora.cli.show import PhaseBars, said, told

    outputs = _numbered(output, request.count)
    with PhaseBars(request.count) as bars:
        takes = maker.takes(request, outputs=outputs, keep_latents=keep_latents, on_phase=bars)
        for number, (path, take) in enumerate(zip(outputs, takes, strict=True)):
            if number == 0:
                for note in (*take.receipt.notes, *_understood(take.receipt)):
                    told.print(note, style="grey50")
            costs = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in take.receipt.seconds.items())
            said.print(
                f"[bold]{path}[/]  {take.fit.size}, {take.fit.frames} frames at {take.fit.fps} fps, "
                f"seed {take.seed}  [grey50]({costs})[/]"
            )


def _understood(receipt: Receipt) -> list[str]:
    """One line with what the model is fairly sure to have read, so that a surprise in the film is none."""
    axes = ("subject", "action", "place", "time", "weather", "camera")
    found = [receipt.reading[axis] for axis in axes if axis in receipt.reading]
    sure = [value for value, share in found if share >= SURE]
    return [f"understood: {', '.join(sure)}"] if sure else []


def check_ending(output: Path) -> None:
    """Refuse names that are neither of a film nor of a picture."""
    from ozora.media.images import PICTURE_SUFFIXES

    if output.suffix.lower() not in (".mp4", *PICTURE_SUFFIXES):
        raise refuse("output", output.name, f"a name ending in .mp4, {', '.join(PICTURE_SUFFIXES)}")


def _numbered(output: Path, count: int) -> list[Path]:
    if count == 1:
        return [output]
    return [output.with_name(f"{output.stem}-{number}{output.suffix}") for number in range(1, count + 1)]


def free_name(prompt: str) -> Path:
    """A name from the first words of the prompt that no file here has yet."""
    slug = "-".join(re.findall(r"\w+", prompt.lower())[:8])[:60] or "film"
    names = (Path(f"{slug}{ending}.mp4") for ending in ("", *(f"-{number}" for number in range(2, 10_000))))
    return next(name for name in names if not name.exists())
