"""The default renderer: the director films, with the weights that ship or those that are given."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ozora.media.clip import Clip, Frames
from ozora.media.images import cover, read_image
from ozora.serve.render.drafts import MAKERS, Ask
from ozora.serve.render.order import Card, Given, Order, Rendered, Tell, nearest
from ozora.serve.render.telling import Teller, rendered
from ozora.serve.settings import Settings

if TYPE_CHECKING:
    from ozora.backends.backend import Backend
    from ozora.director.request import Request

LONGEST_GIVEN = 60.0
"""Seconds of a film that is given, at most."""


class DirectorRenderer:
    """Films with the embedded model; the networks stay in memory from the first job on."""

    def __init__(self, settings: Settings) -> None:
        from ozora.backends.embedded import EmbeddedBackend

        self.backend = EmbeddedBackend(settings.weights or None)

    def card(self) -> Card:
        """What the weights film by themselves."""
        card = self.backend.card
        return Card(
            card.name, card.hash, tuple(card.grid.sizes()), card.grid.fps, card.grid.frames,
            card.quality(None).steps, card.quality(None).guidance,
        )  # fmt: skip

    def load(self) -> None:
        """Load the networks."""
        self.backend.load()

    def render(self, order: Order, given: Given, work: Path, tell: Tell) -> Rendered:
        """Film an order with the director's verb for it.

        The latents of an interrupted attempt wait in ``work`` and are decoded instead of filmed again; those
        of the finished film are kept, so that what continues it never encodes it again.
        """
        maker = "draft" if order.draft else "best" if order.candidates > 1 else order.verb
        make = MAKERS.get(maker, _filmed)
        return make(self.backend, partial(self.request, order, given), order, given, work, tell)

    def request(self, order: Order, given: Given) -> Request:
        from ozora.director.understanding.recaption import caption_for

        settings = {
            "seed": order.seed, "steps": order.steps, "guidance": order.guidance, "negative": order.negative,
            "quality": order.quality,
            "caption": caption_for(order.prompt),
        }  # fmt: skip
        native = nearest(self.card().sizes, order.width, order.height)
        return VERBS[order.verb](self, order, given, native, settings)

    def seconds(self, frames: int) -> float:
        """Whole latents that hold so many frames after the first, in seconds."""
        return -(-frames // 4) * 4 / self.card().fps

    def source(self, order: Order, given: Given, native: tuple[int, int]) -> Path | Clip:
        """The film an order starts from: ours by its file, anybody's laid into our frame."""
        from ozora.director.latents import kept_path
        from ozora.media.resample import read_at

        assert given.source is not None
        if kept_path(given.source).is_file():
            return given.source
        clip, _ = read_at(given.source, self.card().fps, seconds=LONGEST_GIVEN, field="video")
        return Clip(np.stack([place(frame, order, native) for frame in clip.frames]), clip.fps, clip.metadata)


def _filmed(backend: Backend, ask: Ask, order: Order, given: Given, work: Path, tell: Tell) -> Rendered:
    from ozora.director.generate import generate

    film = work / "native.mp4"
    teller = Teller(tell)
    takes = generate(backend, ask(), outputs=[film], on_phase=teller.phase, on_preview=teller.show)
    return rendered(next(takes), film)


def _create(
    renderer: DirectorRenderer, order: Order, given: Given, native: tuple[int, int], settings: dict[str, Any]
) -> Request:
    from ozora.director.request import Request
    from ozora.director.verbs import animate

    shape = {
        "size": f"{native[0]}x{native[1]}", "seconds": renderer.seconds(max(1, order.frames - 1)), **settings
    }
    def laid(path: Path) -> Clip:
        return Clip(place(read_image(path).frames[0], order, native)[None], renderer.card().fps)

    if given.image is None and not order.stills:
        return Request(order.prompt, **shape)
    stills = [(second, laid(given.pictures[f"still-{n}"])) for n, second in enumerate(order.stills)]
    last = next((picture for second, picture in stills if second is None), None)
    keyframes = {second: picture for second, picture in stills if second is not None}
    first = None if given.image is None else laid(given.image)
    return animate(order.prompt, first, last=last, keyframes=keyframes, **shape)


def _loop(
    renderer: DirectorRenderer, order: Order, given: Given, native: tuple[int, int], settings: dict[str, Any]
) -> Request:
    from ozora.director.verbs import loop

    # Every frame is delivered, or the end would not run into the beginning: admission sees to whole steps.
    seconds = renderer.seconds(order.frames)
    return loop(order.prompt, size=f"{native[0]}x{native[1]}", seconds=seconds, **settings)


def _storyboard(
    renderer: DirectorRenderer, order: Order, given: Given, native: tuple[int, int], settings: dict[str, Any]
) -> Request:
    from dataclasses import replace

    from ozora.director.storyboard import board

    folder = given.pictures[order.pictures[0]].parent if order.pictures else Path()
    document = {
        "words": order.prompt, "seconds": renderer.seconds(order.frames), "cards": list(order.cards),
        "size": f"{native[0]}x{native[1]}",
    }  # fmt: skip
    made = board(document, folder)
    fps = renderer.card().fps
    stills = tuple(
        replace(still, image=Clip(place(read_image(str(still.image)).frames[0], order, native)[None], fps))
        for still in made.stills
    )
    return replace(made, stills=stills, **{**settings, "caption": None})


def _blend(
    renderer: DirectorRenderer, order: Order, given: Given, native: tuple[int, int], settings: dict[str, Any]
) -> Request:
    from dataclasses import replace

    from ozora.director.verbs import blend

    first = renderer.source(order, given, native)
    second = renderer.source(order, replace(given, source=given.second), native)
    return blend(first, second, order.prompt, curve=order.curve, **settings)


def _extend(
    renderer: DirectorRenderer, order: Order, given: Given, native: tuple[int, int], settings: dict[str, Any]
) -> Request:
    from ozora.director.verbs import extend

    # One step more than asked: a film that is given ends between two steps, and delivery counts every frame.
    seconds = renderer.seconds(order.frames + 3)
    return extend(renderer.source(order, given, native), order.prompt, seconds=seconds, **settings)


def _remix(
    renderer: DirectorRenderer, order: Order, given: Given, native: tuple[int, int], settings: dict[str, Any]
) -> Request:
    from ozora.director.verbs import remix

    strength = {} if order.strength is None else {"strength": order.strength}
    return remix(renderer.source(order, given, native), order.prompt, **strength, **settings)


def _edit(
    renderer: DirectorRenderer, order: Order, given: Given, native: tuple[int, int], settings: dict[str, Any]
) -> Request:
    from ozora.director.verbs import edit

    strength = {} if order.strength is None else {"strength": order.strength}
    return edit(renderer.source(order, given, native), order.prompt, **strength, **settings)


VERBS: dict[str, Callable[..., Request]] = {
    "create": _create, "extend": _extend, "remix": _remix, "edit": _edit, "loop": _loop,
    "storyboard": _storyboard, "blend": _blend,
}  # fmt: skip


def place(picture: Frames, order: Order, size: tuple[int, int]) -> Frames:
    """A picture of the asked shape laid into a native frame, where delivery will cut it out again.

    What lies beyond its edges is the picture's own mirror image, so that light and colours go on.
    """
    width, height = size
    high = min(height, round(width * order.height / order.width))
    wide = max(1, min(width, round(high * order.width / order.height)))
    inner = cover(picture, wide, high)
    above, left = (height - high) // 2, (width - wide) // 2
    pads = ((above, height - high - above), (left, width - wide - left), (0, 0))
    return np.pad(inner, pads, mode="symmetric")
