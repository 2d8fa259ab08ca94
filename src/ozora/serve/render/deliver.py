"""From a film at its native size to the files that were asked for: the film, a thumbnail, a sprite sheet."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ozora.errors import OzoraError
from ozora.media.clip import Clip, Frames
from ozora.media.images import cover
from ozora.media.sheets import sprite_sheet, thumbnail
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
        scaled(), folder / "video.mp4", width=order.width, height=order.height, fps=clip.fps, metadata=about,
        # What was scaled up holds no detail that a slower search would find.
        preset="veryfast" if order.width * order.height > 4 * clip.width * clip.height else "",
    )  # fmt: skip
    grid = _write_pictures(kept, order, folder)
    return {"native_size": native, "fps": clip.fps, "num_frames": wanted, "has_audio": False, "sprites": grid}


def _write_pictures(clip: Clip, order: Order, folder: Path) -> dict[str, Any]:
    from PIL import Image

    # Pictures are cut as the film is, at a size that suits them.
    width = min(order.width, THUMBNAIL_WIDTH)
    still = thumbnail(_cut(clip, order, clip.frames[len(clip) // 2 : len(clip) // 2 + 1]), width, at=0)
    Image.fromarray(still.frames[0]).save(folder / "thumbnail.webp", format="WEBP", quality=90, method=4)
    every = max(0.5, clip.seconds / MOST_SPRITES)
    moments = Clip(clip.frames, clip.fps)
    sheet = sprite_sheet(
        moments if _same_shape(clip, order) else _cut(clip, order, clip.frames),
        width=min(order.width, SPRITE_WIDTH), every=every, columns=SPRITE_COLUMNS,
    )  # fmt: skip
    Image.fromarray(sheet.picture.frames[0]).save(folder / "spritesheet.jpg", format="JPEG", quality=88)
    rows = -(-len(sheet.seconds) // sheet.columns)
    grid = {"columns": sheet.columns, "rows": rows, "width": sheet.width, "height": sheet.height}
    return {**grid, "seconds": [round(second, 4) for second in sheet.seconds]}


def _same_shape(clip: Clip, order: Order) -> bool:
    return clip.width * order.height == clip.height * order.width


def _cut(clip: Clip, order: Order, frames: Frames) -> Clip:
    """Frames in the shape that was asked for, at the height they have."""
    import numpy as np

    high = min(clip.height, round(clip.width * order.height / order.width))
    wide = max(1, min(clip.width, round(high * order.width / order.height)))
    return Clip(np.stack([cover(frame, wide, max(1, high)) for frame in frames]), clip.fps)
