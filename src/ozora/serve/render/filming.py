"""The default renderer: the director films, with the weights that ship or those that are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ozora.errors import OzoraError
from ozora.media.clip import Clip, Frames
from ozora.media.images import cover, read_image
from ozora.serve.render.order import Card, Given, Order, Rendered, Tell, nearest
from ozora.serve.settings import Settings

class DirectorRenderer:
    """Films with the embedded model; the networks stay in memory from the first job on."""

    def __init__(self, settings: Settings) -> None:
        from ozora.backends.embedded import EmbeddedBackend

        self.backend = EmbeddedBackend(settings.weights or None)

    def card(self) -> Card:
        card = self.backend.card
        sizes = tuple(card.grid.sizes())
        return Card(
            card.name, card.hash, sizes, card.grid.fps, card.grid.frames, card.sampling.steps, card.sampling.guidance
        )

    def load(self) -> None:
        self.backend.load()

    def render(self, order: Order, given: Given, work: Path, tell: Tell) -> Rendered:
        """Film an order part by part; each part goes on from the last frames of the one before."""
        card = self.card()
        size = nearest(card.sizes, order.width, order.height)
        film = _source_frames(order, given, size)
        picture = None if given.image is None else place(read_image(given.image).frames[0], order, size)
        seconds, notes, reading = dict[str, float](), list[str](), dict[str, list[Any]]()
        about: dict[str, Any] = {}
        total, parts = order.before + order.frames, 0
        while len(film) < total:
            head = film[-context_frames(card.frames) :] if len(film) else None
            wanted = min(card.frames, total - len(film) + (0 if head is None else len(head)))
            done, share = (len(film) - order.before) / order.frames, wanted / order.frames

            def step(part: float, done: float = done, share: float = share) -> None:
                tell(min(1.0, done + share * part))

            take = self._part(order, size, picture, head, wanted, work / f"part-{parts:03d}.mp4", step)
            film = np.concatenate([film, take.clip.frames[0 if head is None else len(head) :]])
            about, parts = about or dict(take.clip.metadata), parts + 1
            for phase, spent in take.receipt.seconds.items():
                seconds[phase] = round(seconds.get(phase, 0.0) + spent, 3)
            notes += [note for note in take.receipt.notes if note not in notes]
            reading = {axis: [value, round(sure, 3)] for axis, (value, sure) in take.receipt.reading.items()}
        clip = Clip(film[:total], card.fps, {**about, "parts": parts})
        receipt = {"seconds": seconds, "parts": parts, "notes": notes, "reading": reading}
        return Rendered(clip, {}, receipt)

    def _part(
        self,
        order: Order,
        size: tuple[int, int],
        picture: Frames | None,
        head: Frames | None,
        frames: int,
        film: Path,
        step: Tell,
    ) -> Any:
        from ozora.director.generate import generate
        from ozora.director.latents import kept_path, waiting_path
        from ozora.director.request import Request
        from ozora.director.take import Phase

        fps = self.card().fps
        latents = -(-(frames - 1) // 4)
        request = Request(
            order.prompt, order.negative, seconds=max(1, latents) * 4 / fps, size=f"{size[0]}x{size[1]}",
            seed=order.seed, steps=order.steps, guidance=order.guidance,
            image=None if head is not None or picture is None else Clip(picture[None], fps),
            head=None if head is None else Clip(head, fps),
        )  # fmt: skip
        # What an earlier attempt finished is decoded again instead of being filmed again.
        if kept_path(film).is_file():
            kept_path(film).replace(waiting_path(film))

        def told(phase: Phase) -> None:
            begins, ends = SHARES[phase.name]
            step(begins + (ends - begins) * phase.done / max(1, phase.total))

        return next(generate(self.backend, request, outputs=[film], keep_latents=True, on_phase=told))


SHARES = {"load": (0, 0), "words": (0, 0.01), "denoise": (0.01, 0.75), "decode": (0.75, 0.98), "write": (0.98, 1)}
"""Where each phase of a part begins and ends, as shares of its time."""


def context_frames(longest: int) -> int:
    """How many frames a continuation sees: one and whole latents, a third of what is filmed at once at most."""
    return 1 + 4 * max(1, min(4, (longest - 1) // 12))


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


def _source_frames(order: Order, given: Given, size: tuple[int, int]) -> Frames:
    if given.source is None:
        return np.zeros((0, size[1], size[0], 3), np.uint8)
    from ozora.media.video import read_clip

    frames = read_clip(given.source).frames[: order.before]
    if len(frames) < order.before:
        raise OzoraError(f"video: holds {len(frames)} of the {order.before} frames it is said to have.")
    return np.stack([cover(frame, *size) for frame in frames])
