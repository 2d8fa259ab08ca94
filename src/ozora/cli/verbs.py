"""The verbs of the editor as commands: `ozora extend fox.mp4 "…" -o longer.mp4` and its kin.

A verb states its own arguments and returns the request; the options that all verbs share are added to each.
"""

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ozora.cli import options
from ozora.cli.films import caption_for, check_ending, free_name, shoot
from ozora.errors import refuse

if TYPE_CHECKING:
    from ozora.director.request import Request

Film = Annotated[Path, typer.Argument(help="A film (.mp4): ours, or any other.")]
Length = Annotated[float | None, typer.Option(help="Length of what is filmed anew.")]


def _shared(
    output: options.Output = None,
    size: options.Size = None,
    seed: options.Seed = None,
    quality: options.Quality = None,
    refining: options.Refining = None,
    drafts: options.Drafts = None,
    steps: options.Steps = None,
    guidance: options.Guidance = None,
    negative: options.Negative = None,
    as_is: options.AsIs = False,
    count: options.Count = 1,
    threads: options.Threads = None,
    precision: options.Precision = None,
    weights: options.Weights = None,
    keep_latents: options.KeepLatents = True,
    quote: options.Quote = False,
    budget: options.Budget = None,
) -> None:
    """The options that every verb has; a signature, never called."""


def _command(ask: "Callable[..., Request]") -> Callable[..., None]:
    """The command of a verb: its own arguments, then the shared options; asks, loads a maker, films."""
    own = [taken for taken in inspect.signature(ask).parameters.values() if taken.kind != taken.VAR_KEYWORD]
    taken = [*own, *inspect.signature(_shared).parameters.values()]

    @wraps(ask)
    def command(
        *,
        output: Path | None = None,
        as_is: bool = False,
        weights: str | None = None,
        keep_latents: bool = True,
        quote: bool = False,
        budget: str | None = None,
        **given: Any,
    ) -> None:
        given["caption"] = caption_for(given.get("prompt"), as_is)
        request = ask(**{name: value for name, value in given.items() if value is not None})
        film = output or free_name(given.get("prompt") or f"{given['source'].stem} {ask.__name__}")
        check_ending(film)

        from ozora.director.api import Ozora

        film = film if output or not request.still else film.with_suffix(".png")
        shoot(Ozora(weights), request, film, keep_latents, quote=quote, budget=budget)

    del command.__wrapped__  # what follows is the command's own signature, for those who ask
    command.__annotations__ = {part.name: part.annotation for part in taken}
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [part.replace(kind=inspect.Parameter.KEYWORD_ONLY) for part in taken]
    )
    return command


@_command
def picture(prompt: options.Prompt, **settings: Any) -> "Request":
    """A still picture."""
    from ozora.director import verbs

    return verbs.picture(prompt, **settings)


@_command
def animate(
    prompt: options.Prompt,
    image: Annotated[Path | None, typer.Option(help="The picture it begins with.")] = None,
    last: Annotated[Path | None, typer.Option(help="The picture it ends with.")] = None,
    keyframe: Annotated[
        list[str] | None, typer.Option(help="A picture at a second, as 1.5=middle.png; again for more.")
    ] = None,
    seconds: Annotated[float | None, typer.Option(help="Length of the film.")] = None,
    **settings: Any,
) -> "Request":
    """A film from pictures: the first, the last, keyframes at any time."""
    from ozora.director import verbs

    frames = dict(_keyframe(text) for text in keyframe or [])
    return verbs.animate(prompt, image, last=last, keyframes=frames, seconds=seconds, **settings)


@_command
def extend(
    source: Film,
    prompt: options.Prompt,
    backwards: Annotated[bool, typer.Option("--backwards", help="What came before, not after.")] = False,
    seconds: Length = None,
    **settings: Any,
) -> "Request":
    """A film and what comes after it, or before it."""
    from ozora.director import verbs

    return verbs.extend(source, prompt, seconds=seconds, backwards=backwards, **settings)


@_command
def fill(
    before: Film, after: Film, prompt: options.Prompt, seconds: Length = None, **settings: Any
) -> "Request":
    """Two films and what leads from one to the other."""
    from ozora.director import verbs

    return verbs.fill(before, after, prompt, seconds=seconds, **settings)


@_command
def loop(
    prompt: options.Prompt,
    source: Annotated[Path | None, typer.Option(help="A film to be led back to its beginning.")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Length of the loop, or of the way back to the source's beginning.")
    ] = None,
    **settings: Any,
) -> "Request":
    """A film whose end runs into its beginning."""
    from ozora.director import verbs

    return verbs.loop(prompt, source=source, seconds=seconds, **settings)


@_command
def blend(
    first: Film,
    second: Film,
    prompt: options.Prompt,
    curve: Annotated[
        str, typer.Option(help="cut, fade, morph, mix, or points of second:influence, as 0:0,1.5:0.7,4:1.")
    ] = "morph",
    **settings: Any,
) -> "Request":
    """Two films on one time line, mixed by a curve of influence."""
    from ozora.director import verbs

    return verbs.blend(first, second, prompt, curve=_points(curve) if ":" in curve else curve, **settings)


@_command
def remix(
    source: Film,
    prompt: options.Prompt,
    strength: Annotated[float, typer.Option(help="0.05 hardly changes the film, 1 leaves nothing.")] = 0.6,
    **settings: Any,
) -> "Request":
    """A film under new words."""
    from ozora.director import verbs

    return verbs.remix(source, prompt, strength=strength, **settings)


@_command
def recut(
    source: Film,
    prompt: options.Prompt,
    keep: Annotated[
        list[str] | None, typer.Option(help="A span of seconds that stays, as 0-1.5; again for more.")
    ] = None,
    **settings: Any,
) -> "Request":
    """Keep spans of a film and make the rest anew."""
    from ozora.director import verbs

    return verbs.recut(source, prompt, keep=[_span(text) for text in keep or ["0-1.5"]], **settings)


@_command
def edit(source: Film, prompt: options.Prompt, **settings: Any) -> "Request":
    """The same film with new words."""
    from ozora.director import verbs

    return verbs.edit(source, prompt, **settings)


@_command
def variation(
    source: Film,
    strength: Annotated[float, typer.Option(help="How far from the film, 0.05 to 1.")] = 0.4,
    **settings: Any,
) -> "Request":
    """Another take of a film under the same words."""
    from ozora.director import verbs

    return verbs.variation(source, strength=strength, **settings)


VERBS = (picture, animate, extend, fill, loop, blend, remix, recut, edit, variation)


def _keyframe(text: str) -> tuple[float, Path]:
    second, _, path = text.partition("=")
    try:
        return float(second), Path(path) if path else _no_path(text)
    except ValueError as error:
        raise refuse("keyframe", text, "a second and a picture, such as 1.5=middle.png") from error


def _no_path(text: str) -> Path:
    raise ValueError(text)


def _points(text: str) -> tuple[tuple[float, float], ...]:
    try:
        pairs = [point.split(":") for point in text.split(",")]
        return tuple((float(second), float(value)) for second, value in pairs)
    except ValueError as error:
        allowed = "cut, fade, morph, mix, or points of second:influence, such as 0:0,1.5:0.7,4:1"
        raise refuse("curve", text, allowed) from error


def _span(text: str) -> tuple[float, float]:
    try:
        begin, end = text.split("-")
        return float(begin), float(end)
    except ValueError as error:
        raise refuse("keep", text, "a span of seconds, such as 0-1.5") from error
