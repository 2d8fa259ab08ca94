"""Many frames at a glance: thumbnails, contact sheets, sprite sheets."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ozora.errors import refuse
from ozora.media.clip import Clip, Frames
from ozora.media.images import cover

PAPER, INK = (18, 19, 23), (214, 212, 206)


def thumbnail(clip: Clip, width: int = 224, at: float = 0.5) -> Clip:
    """One frame, ``at`` of the way through (0 to 1), scaled to ``width`` pixels."""
    if not 0 <= at <= 1:
        raise refuse("at", at, "0 (first frame) to 1 (last frame)")
    if width < 1:
        raise refuse("width", width, "1 or more")
    frame = clip.frames[round(at * (len(clip) - 1))]
    return Clip(
        cover(frame, width, max(1, round(width * clip.height / clip.width)))[None], clip.fps, clip.metadata
    )


def contact_sheet(
    clips: Sequence[Clip],
    labels: Sequence[str] = (),
    *,
    columns: int | None = None,
    frames: int = 1,
    width: int = 224,
    title: str = "",
) -> Clip:
    """Clips in a grid on dark paper, each as a strip of ``frames`` moments with its label under it.

    ``width`` is the width of one moment in pixels; every cell takes the shape of the first clip, others are
    cut to cover it. Raises ``OzoraError`` for no clips, or labels that are not one per clip.
    """
    if not clips:
        raise refuse("clips", "none", "one or more")
    if labels and len(labels) != len(clips):
        raise refuse("labels", f"{len(labels)} labels for {len(clips)} clips", "one label per clip, or none")
    columns = columns or max(1, math.ceil(math.sqrt(len(clips) / frames)))
    rows = math.ceil(len(clips) / columns)
    height = max(1, round(width * clips[0].height / clips[0].width))
    size = max(10, min(16, width // 15))
    gap, line = max(6, width // 18), round(size * 1.35)
    strip = frames * width + (frames - 1) * 2
    words = [_wrap(label, strip, size) for label in labels] or [[] for _ in clips]
    lines = max(len(found) for found in words)
    cell = height + (line * lines + gap // 2 if lines else 0)
    head = round(size * 2.6) if title else 0
    sheet = Image.new(
        "RGB", (columns * strip + (columns + 1) * gap, head + rows * cell + (rows + 1) * gap), PAPER
    )
    draw = ImageDraw.Draw(sheet)
    if title:
        draw.text((gap, gap), title, font=_font(round(size * 1.3)), fill=INK)
    for index, (clip, label) in enumerate(zip(clips, words, strict=True)):
        left = gap + (index % columns) * (strip + gap)
        top = head + gap + (index // columns) * (cell + gap)
        for moment in range(frames):
            frame = clip.frames[_moment(moment, frames, len(clip))]
            sheet.paste(Image.fromarray(cover(frame, width, height)), (left + moment * (width + 2), top))
        for number, text in enumerate(label):
            place = (left, top + height + gap // 2 + number * line)
            draw.text(place, text, font=_font(size), fill=INK)
    return Clip(np.asarray(sheet)[None])


@dataclass(frozen=True)
class SpriteSheet:
    """Frames tiled row by row for scrubbing: where each is, and at what second it plays."""

    picture: Clip
    columns: int
    width: int
    height: int
    seconds: tuple[float, ...]

    def box(self, index: int) -> tuple[int, int, int, int]:
        """Left, top, width, height of frame ``index`` in the picture, in pixels."""
        row, column = divmod(index, self.columns)
        return column * self.width, row * self.height, self.width, self.height


def sprite_sheet(clip: Clip, *, width: int = 160, every: float = 0.5, columns: int = 8) -> SpriteSheet:
    """Tile one frame each ``every`` seconds, ``width`` pixels wide."""
    if every <= 0 or columns < 1:
        raise refuse("every, columns", f"{every}, {columns}", "more than 0 seconds and 1 column or more")
    count = max(1, math.ceil(clip.seconds / every - 1e-9))
    indices = [min(len(clip) - 1, round(number * every * clip.fps)) for number in range(count)]
    columns = min(columns, count)
    height = max(1, round(width * clip.height / clip.width))
    sheet: Frames = np.zeros((math.ceil(count / columns) * height, columns * width, 3), np.uint8)
    sprites = SpriteSheet(
        Clip(sheet[None]), columns, width, height, tuple(index / clip.fps for index in indices)
    )
    for number, index in enumerate(indices):
        left, top, _, _ = sprites.box(number)
        sheet[top : top + height, left : left + width] = cover(clip.frames[index], width, height)
    return sprites


def _moment(number: int, of: int, length: int) -> int:
    # The middle of each part, so that a strip shows neither only beginnings nor only ends.
    return min(length - 1, int((number + 0.5) / of * length))


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _wrap(text: str, width: int, size: int, most: int = 2) -> list[str]:
    """Break a label into at most ``most`` lines that fit ``width`` pixels."""
    font, lines = _font(size), [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if font.getlength(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    kept = lines[:most]
    if len(lines) > most:
        kept[-1] += "…"
    while kept and font.getlength(kept[-1]) > width and len(kept[-1]) > 2:
        kept[-1] = kept[-1].rstrip("…")[:-1] + "…"
    return kept
