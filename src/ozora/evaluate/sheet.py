"""The contact sheet of an evaluation: every film as three moments, its prompt, and what the probe saw."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ozora.evaluate.scorecard import Scorecard

PAPER, INK, FAINT, GOOD, BAD = (18, 19, 23), (232, 230, 224), (138, 140, 148), (126, 196, 128), (232, 122, 98)
MOMENTS = (0.05, 0.5, 0.95)
GAP, SIZE, LINES = 12, 13, 3

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


def write_sheet(card: Scorecard, films: Sequence[NDArray[np.uint8]], path: Path, columns: int = 4) -> None:
    """Draw all films (each uint8 (T, H, W, 3)) in a grid and write it as a PNG.

    Under the prompt every main axis is named: in green if the film shows what was asked, else red with
    what it shows.
    """
    width = max(96, min(160, films[0].shape[2]))
    height = round(width * films[0].shape[1] / films[0].shape[2])
    strip = len(MOMENTS) * width
    cell = height + round(SIZE * 1.4) * (LINES + 3) + GAP
    rows = -(-len(films) // columns)
    sheet = Image.new("RGB", (columns * (strip + GAP) + GAP, rows * (cell + GAP) + GAP), PAPER)
    pen = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(SIZE)
    for index, frames in enumerate(films):
        left = GAP + index % columns * (strip + GAP)
        top = GAP + index // columns * (cell + GAP)
        for place, moment in enumerate(MOMENTS):
            picture = Image.fromarray(frames[round(moment * (len(frames) - 1))])
            picture = picture.resize((width, height), Image.Resampling.LANCZOS)
            sheet.paste(picture, (left + place * width, top))
        _write_words(pen, font, card, index, left, top + height + 4, strip)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path, "PNG", optimize=True)


def _write_words(
    pen: ImageDraw.ImageDraw, font: Font, card: Scorecard, index: int, left: int, top: int, width: int
) -> None:
    prompt, sight = card.prompts[index], card.films[index]
    step = round(SIZE * 1.4)
    text = ("held out · " if prompt.held_out else "") + prompt.text
    lines = _wrap(pen, font, text, width)[:LINES]
    for line, words in enumerate(lines):
        pen.text((left, top + line * step), words, INK, font)
    x, y = float(left), top + len(lines) * step
    for axis, right in card.verdict(index).items():
        words = prompt.asked(axis) if right else f"{sight.shows[axis]}, not {prompt.asked(axis)}"
        if x > left and x + pen.textlength(words, font) > left + width:
            x, y = float(left), y + step
        pen.text((x, y), words, GOOD if right else BAD, font)
        x += pen.textlength(words + "   ", font)


def _wrap(pen: ImageDraw.ImageDraw, font: Font, text: str, width: int) -> list[str]:
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and pen.textlength(longer, font) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
