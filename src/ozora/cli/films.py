"""`ozora generate`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ozora.cli import options
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
    output: options.Output = None,
    seconds: options.Seconds = None,
    size: options.Size = None,
    fps: Annotated[float | None, typer.Option(help="Frames per second, fitted likewise.")] = None,
    seed: options.Seed = None,
    steps: options.Steps = None,
    guidance: options.Guidance = None,
    quality: options.Quality = None,
    refining: options.Refining = None,
    drafts: options.Drafts = None,
    negative: options.Negative = None,
    image: options.Image = None,
    as_is: options.AsIs = False,
    count: options.Count = 1,
    threads: options.Threads = None,
    precision: options.Precision = None,
    source: Annotated[
        Path | None,
        typer.Option(
            "--from", help="Film again what made this film, byte for byte; other options override it."
        ),
    ] = None,
    weights: options.Weights = None,
    keep_latents: options.KeepLatents = True,
    quote: options.Quote = False,
    budget: options.Budget = None,
) -> None:
    """Film a prompt."""
    from ozora.director.request import Request
    from ozora.media.images import is_picture

    if prompt is None and source is None:
        raise OzoraError("prompt: got none, allowed: some words that say what the film shows.")
    settings = {
        "negative": negative, "seconds": length_for(prompt, seconds, as_is), "size": size, "fps": fps,
        "seed": seed, "steps": steps,
        "guidance": guidance, "quality": quality, "refining": refining, "drafts": drafts,
        "image": image, "count": count, "threads": threads, "precision": precision,
        "caption": caption_for(prompt, as_is),
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
    shoot(maker, request, output, keep_latents, quote=quote, budget=budget)


def shoot(
    maker: Ozora,
    request: Request,
    output: Path,
    keep_latents: bool = True,
    *,
    quote: bool = False,
    budget: str | None = None,
) -> None:
    """Film a request into files, with progress, notes and a line for each take; or only quote it."""
    from ozora.cli.purse import Purse
    from ozora.cli.show import PhaseBars, said, say_take, told
    from ozora.cli.stopping import gentle_stop

    outputs = _numbered(output, request.count)
    purse = Purse(budget)
    if quote or budget:
        said_quote = purse.quote(maker.backend, request)
        if quote:
            said.print(str(said_quote))
            return
    for doubt in _doubts(maker, request):
        told.print(doubt, style="yellow", markup=False)
    with gentle_stop() as stopping, PhaseBars(request.count) as bars:
        watch = stopping.watch(purse.watch(bars))
        takes = maker.takes(request, outputs=outputs, keep_latents=keep_latents, on_phase=watch)
        for number, (path, take) in enumerate(zip(outputs, takes, strict=True)):
            if number == 0:
                captions = [request.caption, *(getattr(part, "caption", None) for part in request.parts)]
                filmed = [f"filmed as: {caption}" for caption in dict.fromkeys(captions) if caption]
                for note in (*filmed, *take.receipt.notes, *_understood(take.receipt)):
                    told.print(note, style="grey50", markup=False)
            say_take(path, take)
            purse.learn(maker.backend, request, take)


def _doubts(maker: Ozora, request: Request) -> list[str]:
    """What the film will lack of what the words say, told before it is made."""
    from ozora.director.understanding.explaining import doubts
    from ozora.director.understanding.knowledge import axes_of

    weights = getattr(maker.backend, "weights", None)
    return [] if weights is None else doubts(request.prompt, axes_of(str(weights.folder)))


def caption_for(prompt: str | None, as_is: bool) -> str | None:
    """The prompt in the words of the footage; None where it is to stay as it is, or is none."""
    if prompt is None or as_is:
        return None
    from ozora.director.understanding.recaption import caption_for as said_again

    return said_again(prompt)


def length_for(prompt: str | None, seconds: float | None, as_is: bool) -> float | None:
    """Seconds as asked for, else as the words have it ("a 10s clip of a fox"), which is told."""
    if seconds is not None or prompt is None or as_is:
        return seconds
    from ozora.cli.show import told
    from ozora.director.understanding.recaption import seconds_for

    found = seconds_for(prompt)
    if found is not None:
        told.print(f"{found:g} s, as the words say", style="grey50")
    return found


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
    """A name from the first words of the prompt that no film here has, and no take waits for."""
    slug = "-".join(re.findall(r"\w+", prompt.lower())[:8])[:60] or "film"
    return free_path(Path(f"{slug}.mp4"))


def free_path(wanted: Path) -> Path:
    """``wanted``, or with a number, such that no film there has that name, and no take waits for it."""
    from ozora.director.states import waiting_path

    numbers = (f"{wanted.stem}-{number}{wanted.suffix}" for number in range(2, 10_000))
    names = (wanted, *map(wanted.with_name, numbers))
    return next(name for name in names if not name.exists() and not waiting_path(name).exists())
