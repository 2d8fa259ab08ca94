"""The verbs of the editor: each returns a :class:`Request`, a short list of parts, never a pipeline.

``settings`` are the fields of Request that are left: seed, size, steps, guidance, negative, count, threads.
A ``source`` is the path of a film, ours or anybody's, or a Take. All raise ``OzoraError`` in one sentence.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from ozora.director.parts import Blend, Fresh, Material, Play, Points, Still, check_strength
from ozora.director.request import Request
from ozora.errors import OzoraError
from ozora.media.clip import Clip

Image: TypeAlias = "str | Path | Clip"

LEAST_STRENGTH = 0.05
"""Below this no noise is left to film from."""

EDIT_STRENGTH = 0.9
"""The noise level that an edit begins from: above it only layout is decided, and that should stay."""


def picture(prompt: str, **settings: Any) -> Request:
    """A still picture: a film of one frame."""
    return Request(prompt, verb="picture", still=True, **settings)


def animate(
    prompt: str,
    image: Image | None,
    *,
    last: Image | None = None,
    keyframes: Mapping[float, Image] | None = None,
    **settings: Any,
) -> Request:
    """A film that begins with ``image``, ends with ``last`` and shows each keyframe at its second.

    Any of them may be missing. A picture other than the first holds still for a third of a second, which is
    what one latent lasts.
    """
    stills = [Still(picture, float(second)) for second, picture in sorted((keyframes or {}).items())]
    if last is not None:
        stills.append(Still(last))
    if image is None and not stills:
        raise OzoraError("image: got none, allowed: a first picture, a last one or keyframes.")
    return Request(prompt, verb="animate", image=image, stills=tuple(stills), **settings)


def extend(
    source: Material, prompt: str, *, seconds: float | None = None, backwards: bool = False, **settings: Any
) -> Request:
    """``source`` and what comes after it, or before it: ``seconds`` of new film.

    The frames of the source stay, to the bit of their latents.
    """
    old, new = Play(source), Fresh(seconds)
    return Request(prompt, verb="extend", parts=(new, old) if backwards else (old, new), **settings)


def fill(
    before: Material, after: Material, prompt: str, *, seconds: float | None = None, **settings: Any
) -> Request:
    """``before``, ``seconds`` of new film that lead from it to ``after``, and ``after``."""
    return Request(prompt, verb="fill", parts=(Play(before), Fresh(seconds), Play(after)), **settings)


def loop(prompt: str, *, source: Material | None = None, **settings: Any) -> Request:
    """A film whose end runs into its beginning: ``source`` and the way back to its start, or all new.

    ``seconds`` among the settings is the length of the whole loop, or of the way back from ``source``.
    """
    way = Fresh(settings.pop("seconds", None))
    parts = (way,) if source is None else (Play(source), way)
    return Request(prompt, verb="loop", parts=parts, ring=True, **settings)


def blend(
    first: Material, second: Material, prompt: str, *, curve: str | Points = "morph", **settings: Any
) -> Request:
    """Two films on one time line: ``curve`` says how much the second shows over time, 0 to 1.

    "cut", "fade" and "morph" lead from the first to the second half-way through, "mix" shows both throughout;
    points are (seconds, influence).
    """
    return Request(prompt, verb="blend", parts=(Blend(first, second, curve),), **settings)


def remix(source: Material, prompt: str, *, strength: float = 0.6, **settings: Any) -> Request:
    """The film under new words: noised to ``strength`` and denoised again; 1 leaves nothing of it."""
    check_strength(strength, LEAST_STRENGTH)
    return Request(prompt, verb="remix", parts=(Play(source, strength),), **settings)


def recut(
    source: Material,
    prompt: str,
    *,
    keep: Sequence[tuple[float, float]] = ((0.0, 1.5),),
    **settings: Any,
) -> Request:
    """Keep these spans of seconds to the bit and film the rest anew."""
    return Request(prompt, verb="recut", parts=(Play(source, 1.0, tuple(keep)),), **settings)


def edit(source: Material, prompt: str, **settings: Any) -> Request:
    """The same film with new words: what old and new words say differently changes, the rest stays.

    The old words are those in the film; for a film without any, the change is all that the words ask.
    """
    strength = settings.pop("strength", EDIT_STRENGTH)
    check_strength(strength, LEAST_STRENGTH)
    return Request(prompt, verb="edit", parts=(Play(source, strength, by_words=True),), **settings)


def variation(source: Material, *, strength: float = 0.4, **settings: Any) -> Request:
    """Another take of the same film under the same words, ``strength`` (0 to 1) away from it.

    Raises ``OzoraError`` for a film that carries no words: it needs ``prompt`` among the settings.
    """
    from ozora.director.sources import words_of

    check_strength(strength, LEAST_STRENGTH)
    prompt = settings.pop("prompt", None)
    if prompt is None:
        prompt, caption = words_of(source)
        settings.setdefault("caption", caption)
    return Request(prompt, verb="variation", parts=(Play(source, strength),), **settings)
