"""From a film at its native size to the files that were asked for: the film, a thumbnail, a sprite sheet."""

from __future__ import annotations

import math
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ozora.errors import OzoraError
from ozora.media.clip import Clip, Frames
from ozora.media.images import cover
from ozora.media.sheets import sprite_sheet
from ozora.media.video import write_frames
from ozora.serve.render.order import Order, Tell

THUMBNAIL_WIDTH, SPRITE_WIDTH, SPRITE_COLUMNS, MOST_SPRITES = 640, 320, 5, 25


def deliver(clip: Clip, order: Order, folder: Path, tell: Tell) -> dict[str, Any]:
    """Write ``video.mp4``, ``thumbnail.webp`` and ``spritesheet.jpg``; returns what is true of them.

    Frames are scaled with a Lanczos filter until they cover the asked size, and the middle is kept; frames
    past the asked length are left out. Raises ``OzoraError`` when the film is shorter than what was asked.
    """
    wanted = order.before + order.frames
    if not order.exact:
        wanted = min(wanted, len(clip))
    if len(clip) < wanted:
        raise OzoraError(f"frames: the film has {len(clip)} of the {wanted} frames that were asked for.")
    kept = Clip(clip.frames[:wanted], clip.fps, clip.metadata)
    native = f"{clip.width}x{clip.height}"
    about = {**clip.metadata, "delivered": {"size": f"{order.width}x{order.height}", "frames": wanted}}

    def scaled() -> Iterator[Frames]:
        for number, frame in enumerate(kept.frames, start=1):
            yield frame if (kept.width, kept.height) == (order.width, order.height) else cover(
                frame, order.width, order.height
            )
            tell(number / wanted)

    write_frames(
        scaled(), folder / "video.mp4", width=order.width, height=order.height, fps=clip.fps, metadata=about
    )
    grid = _write_pictures(kept, order, folder)
    return {"native_size": native, "fps": clip.fps, "num_frames": wanted, "has_audio": False, "sprites": grid}


def _write_pictures(clip: Clip, order: Order, folder: Path) -> dict[str, Any]:
    """The middle frame as WebP, moments as JPEG, both in the delivered shape; returns the sheet's grid."""
    still = cover(clip.frames[len(clip) // 2], *_scaled(order, THUMBNAIL_WIDTH))
    Image.fromarray(still).save(folder / "thumbnail.webp", format="WEBP", quality=90, method=4)
    every = max(0.5, clip.seconds / MOST_SPRITES)
    count = max(1, math.ceil(clip.seconds / every - 1e-9))
    picked = [min(len(clip) - 1, round(number * every * clip.fps)) for number in range(count)]
    width, height = _scaled(order, SPRITE_WIDTH)
    moments = Clip(np.stack([cover(clip.frames[index], width, height) for index in picked]), 1 / every)
    sheet = sprite_sheet(moments, width=width, every=every, columns=SPRITE_COLUMNS)
    Image.fromarray(sheet.picture.frames[0]).save(folder / "spritesheet.jpg", format="JPEG", quality=88)
    grid = {"columns": sheet.columns, "rows": -(-count // sheet.columns), "width": width, "height": height}
    return {**grid, "seconds": [round(index / clip.fps, 4) for index in picked]}


def moving_picture(frames: Frames) -> bytes:
    """Tiny frames (L, h, w, 3) as a WebP that moves: a few thousand bytes, for whoever watches."""
    pictures = [Image.fromarray(frame) for frame in frames[:MOST_SPRITES]]
    out = BytesIO()
    pictures[0].save(
        out, format="WEBP", save_all=True, append_images=pictures[1:], duration=333, loop=0, quality=90,
        method=0,
    )  # fmt: skip
    return out.getvalue()


def _scaled(order: Order, widest: int) -> tuple[int, int]:
    """The delivered shape, at most so wide."""
    width = min(order.width, widest)
    return width, max(1, round(width * order.height / order.width))
