"""The verbs of the editor as commands: `ozora extend fox.mp4 "…" -o longer.mp4` and its kin."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ozora.cli.films import check_ending, free_name, shoot
from ozora.errors import refuse

if TYPE_CHECKING:
    from ozora.director.request import Request

Words = Annotated[str, typer.Argument(help="What the film shows, in plain words.")]
Film = Annotated[Path, typer.Argument(help="A film (.mp4): ours, or any other.")]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="Name of the film; after the prompt by default.")
]
Seconds = Annotated[float | None, typer.Option(help="Length of what is filmed anew.")]
Size = Annotated[str | None, typer.Option(help="Width x height in pixels; as the given film by default.")]
Seed = Annotated[int | None, typer.Option(help="Same seed, same film; drawn and told if not given.")]
Steps = Annotated[int | None, typer.Option(help="Denoising steps: more are finer and slower.")]
Pull = Annotated[float | None, typer.Option("--guidance", help="Pull towards the words; 1 is none.")]
Negative = Annotated[str | None, typer.Option(help="Words to steer away from.")]
Count = Annotated[int, typer.Option(help="Takes with seeds counting up: fox-1.mp4, fox-2.mp4, …")]
Threads = Annotated[int | None, typer.Option(help="Threads to compute with; all cores by default.")]
Weights = Annotated[str | None, typer.Option(help="Name of shipped weights, or a folder.")]


def picture(
    prompt: Words, output: Output = None, size: Size = None, seed: Seed = None, steps: Steps = None,
    guidance: Pull = None, negative: Negative = None, count: Count = 1, threads: Threads = None,
    weights: Weights = None,
) -> None:  # fmt: skip
    """A still picture."""
    from ozora.director import verbs

    output = output or free_name(prompt).with_suffix(".png")
    _film(lambda **settings: verbs.picture(prompt, **settings), output, prompt, weights, size=size, seed=seed,
          steps=steps, guidance=guidance, negative=negative, count=count, threads=threads)  # fmt: skip


def animate(
    prompt: Words,
    image: Annotated[Path | None, typer.Option(help="The picture it begins with.")] = None,
    last: Annotated[Path | None, typer.Option(help="The picture it ends with.")] = None,
    keyframe: Annotated[
        list[str] | None, typer.Option(help="A picture at a second, as 1.5=middle.png; again for more.")
    ] = None,
    output: Output = None, seconds: Annotated[float | None, typer.Option(help="Length of the film.")] = None,
    size: Size = None, seed: Seed = None, steps: Steps = None, guidance: Pull = None,
    negative: Negative = None, count: Count = 1, threads: Threads = None, weights: Weights = None,
) -> None:  # fmt: skip
    """A film from pictures: the first, the last, keyframes at any time."""
    from ozora.director import verbs

    frames = dict(_keyframe(text) for text in keyframe or [])

    def ask(**settings: Any) -> Request:
        return verbs.animate(prompt, image, last=last, keyframes=frames, **settings)

    _film(ask, output, prompt, weights, seconds=seconds, size=size, seed=seed, steps=steps,
          guidance=guidance, negative=negative, count=count, threads=threads)  # fmt: skip


def extend(
    source: Film, prompt: Words,
    backwards: Annotated[bool, typer.Option("--backwards", help="What came before, not after.")] = False,
    seconds: Seconds = None, output: Output = None, size: Size = None, seed: Seed = None, steps: Steps = None,
    guidance: Pull = None, negative: Negative = None, count: Count = 1, threads: Threads = None,
    weights: Weights = None,
) -> None:  # fmt: skip
    """A film and what comes after it, or before it."""
    from ozora.director import verbs

    def ask(**settings: Any) -> Request:
        return verbs.extend(source, prompt, seconds=seconds, backwards=backwards, **settings)

    _film(ask, output, prompt, weights, size=size, seed=seed, steps=steps, guidance=guidance,
          negative=negative, count=count, threads=threads)  # fmt: skip


def fill(
    before: Film, after: Film, prompt: Words, seconds: Seconds = None, output: Output = None,
    size: Size = None, seed: Seed = None, steps: Steps = None, guidance: Pull = None,
    negative: Negative = None, count: Count = 1, threads: Threads = None, weights: Weights = None,
) -> None:  # fmt: skip
    """Two films and what leads from one to the other."""
    from ozora.director import verbs

    def ask(**settings: Any) -> Request:
        return verbs.fill(before, after, prompt, seconds=seconds, **settings)

    _film(ask, output, prompt, weights, size=size, seed=seed, steps=steps, guidance=guidance,
          negative=negative, count=count, threads=threads)  # fmt: skip


def loop(
    prompt: Words,
    source: Annotated[Path | None, typer.Option(help="A film to be led back to its beginning.")] = None,
    seconds: Annotated[
        float | None, typer.Option(help="Length of the loop, or of the way back to the source's beginning.")
    ] = None,
    output: Output = None, size: Size = None, seed: Seed = None, steps: Steps = None, guidance: Pull = None,
    negative: Negative = None, count: Count = 1, threads: Threads = None, weights: Weights = None,
) -> None:  # fmt: skip
    """A film whose end runs into its beginning."""
    from ozora.director import verbs

    _film(lambda **settings: verbs.loop(prompt, source=source, **settings), output, prompt, weights,
          seconds=seconds, size=size, seed=seed, steps=steps, guidance=guidance, negative=negative,
          count=count, threads=threads)  # fmt: skip


def blend(
    first: Film, second: Film, prompt: Words,
    curve: Annotated[
        str, typer.Option(help="cut, fade, morph, mix, or points of second:influence, as 0:0,1.5:0.7,4:1.")
    ] = "morph",
    output: Output = None, size: Size = None, seed: Seed = None, steps: Steps = None, guidance: Pull = None,
    negative: Negative = None, count: Count = 1, threads: Threads = None, weights: Weights = None,
) -> None:  # fmt: skip
    """Two films on one time line, mixed by a curve of influence."""
    from ozora.director import verbs

    drawn = _points(curve) if ":" in curve else curve
    _film(lambda **settings: verbs.blend(first, second, prompt, curve=drawn, **settings), output, prompt,
          weights, size=size, seed=seed, steps=steps, guidance=guidance, negative=negative, count=count,
          threads=threads)  # fmt: skip


def remix(
    source: Film, prompt: Words,
    strength: Annotated[float, typer.Option(help="0.05 hardly changes the film, 1 leaves nothing.")] = 0.6,
    output: Output = None, size: Size = None, seed: Seed = None, steps: Steps = None, guidance: Pull = None,
    negative: Negative = None, count: Count = 1, threads: Threads = None, weights: Weights = None,
) -> None:  # fmt: skip
    """A film under new words."""
    from ozora.director import verbs

    _film(lambda **settings: verbs.remix(source, prompt, strength=strength, **settings), output, prompt,
          weights, size=size, seed=seed, steps=steps, guidance=guidance, negative=negative, count=count,
          threads=threads)  # fmt: skip


def recut(
    source: Film, prompt: Words,
    keep: Annotated[
        list[str] | None, typer.Option(help="A span of seconds that stays, as 0-1.5; again for more.")
    ] = None,
    output: Output = None, size: Size = None, seed: Seed = None, steps: Steps = None, guidance: Pull = None,
    negative: Negative = None, count: Count = 1, threads: Threads = None, weights: Weights = None,
) -> None:  # fmt: skip
    """Keep spans of a film and make the rest anew."""
    from ozora.director import verbs

    spans = [_span(text) for text in keep or ["0-1.5"]]
    _film(lambda **settings: verbs.recut(source, prompt, keep=spans, **settings), output, prompt, weights,
          size=size, seed=seed, steps=steps, guidance=guidance, negative=negative, count=count,
          threads=threads)  # fmt: skip


def edit(
    source: Film, prompt: Words, output: Output = None, size: Size = None, seed: Seed = None,
    steps: Steps = None, guidance: Pull = None, negative: Negative = None, count: Count = 1,
    threads: Threads = None, weights: Weights = None,
) -> None:  # fmt: skip
    """The same film with new words."""
    from ozora.director import verbs

    _film(lambda **settings: verbs.edit(source, prompt, **settings), output, prompt, weights, size=size,
          seed=seed, steps=steps, guidance=guidance, negative=negative, count=count,
          threads=threads)  # fmt: skip


def variation(
    source: Film,
    strength: Annotated[float, typer.Option(help="How far from the film, 0.05 to 1.")] = 0.4,
    output: Output = None, size: Size = None, seed: Seed = None, steps: Steps = None, guidance: Pull = None,
    negative: Negative = None, count: Count = 1, threads: Threads = None, weights: Weights = None,
) -> None:  # fmt: skip
    """Another take of a film under the same words."""
    from ozora.director import verbs

    _film(lambda **settings: verbs.variation(source, strength=strength, **settings), output,
          f"{source.stem} variation", weights, size=size, seed=seed, steps=steps, guidance=guidance,
          negative=negative, count=count, threads=threads)  # fmt: skip


VERBS = (picture, animate, extend, fill, loop, blend, remix, recut, edit, variation)


def _film(
    ask: Callable[..., Request], output: Path | None, name: str, weights: str | None, **settings: Any
) -> None:
    """Check the request, load a maker, film."""
    request = ask(**{name: value for name, value in settings.items() if value is not None})
    output = output or free_name(name)
    check_ending(output)

    from ozora.director.api import Ozora

    shoot(Ozora(weights), request, output)


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
