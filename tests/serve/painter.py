"""A real renderer that needs no network: it paints a moving picture, in milliseconds, out of the order.

Words in the prompt make it misbehave: "slow" (a fifth of a second a frame), "broken" (a bug), "refused" (an
order that turns out impossible), "huge" (no memory left), "deadly" (the process dies).
"""

import colorsys
import hashlib
import os
import signal
import time
from dataclasses import replace

import numpy as np

from ozora.errors import OzoraError
from ozora.media.clip import Clip
from ozora.media.images import cover, read_image
from ozora.media.video import read_clip
from ozora.serve.render.filming import place
from ozora.serve.render.order import Card, Rendered

SIZE = (96, 64)


class Painter:
    def __init__(self, settings):
        self.settings = settings

    def card(self):
        return Card("painter", "0" * 64, (SIZE,), 12, 49, 4, 1.0)

    def load(self):
        pass

    def render(self, order, given, work, tell):
        words = order.prompt.split()
        if "refused" in words:
            raise OzoraError("prompt: got something nobody can paint.")
        if "broken" in words:
            raise RuntimeError("a secret detail")
        if "huge" in words:
            raise MemoryError
        if "deadly" in words:
            os.kill(os.getpid(), signal.SIGKILL)
        frames = []
        if given.source is not None:
            source = read_clip(given.source).frames
            tint = np.array(colour(order.prompt), np.uint16)
            for frame in source:
                small = cover(frame, *SIZE)
                changed = ((small.astype(np.uint16) + tint) // 2).astype(np.uint8)
                frames.append(small if order.verb == "extend" else changed)
        total = order.before + order.frames
        while len(frames) < total:
            frames.append(paint(order, len(frames)))
            tell(len(frames) / total)
            time.sleep(0.2 if "slow" in words else 0)
        if given.image is not None:
            frames[0] = place(read_image(given.image).frames[0], order, SIZE)
        told = {"prompt": order.prompt, "seed": order.seed}
        return Rendered(Clip(np.stack(frames[: max(total, 1)]), self.card().fps, told))


class Flipbook(Painter):
    """The same at one frame a second: films of every length without so many frames."""

    def card(self):
        return replace(super().card(), fps=1)


def colour(words):
    hue = hashlib.sha256(words.encode()).digest()[0] / 256
    return [round(255 * part) for part in colorsys.hsv_to_rgb(hue, 0.8, 0.9)]


def paint(order, number):
    """A ball of the prompt's colour that crosses a slope of the seed's grey."""
    across, down = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    frame = np.repeat(((across + order.seed) % 97 + 60)[..., None], 3, axis=-1).astype(np.uint8)
    centre = (4 + number * 2) % SIZE[0]
    frame[(across - centre) ** 2 + (down - 32) ** 2 < 144] = colour(order.prompt)
    return frame
