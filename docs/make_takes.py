"""Make the picture of takes.md: eight drafts of one prompt as `ozora explore` ranks them, and a final."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from ozora import Clip, Request
from ozora.backends.embedded import EmbeddedBackend
from ozora.director.explore import explore
from ozora.director.finish import finish
from ozora.director.library import Library
from ozora.media.images import read_image, write_image
from ozora.media.sheets import PAPER, contact_sheet
from ozora.media.video import read_clip

HERE = Path(__file__).resolve().parent
PROMPT = "an orange hot-air balloon floats over the meadow at sunset"
SEED = 10_000


def main() -> None:
    """Explore, finish the first of the ranking, and put both on one sheet."""
    backend = EmbeddedBackend()
    with tempfile.TemporaryDirectory() as folder:
        library = Library(Path(folder) / "takes")
        best = explore(backend, Request(PROMPT, seed=SEED, threads=1), library)
        film, _ = finish(backend, library, best[0].name)
        drafts = read_image(next(library.folder.glob("*-sheet.png"))).frames[0]
        final = contact_sheet([read_clip(film)], [f"ozora finish {best[0].name}"], frames=4).frames[0]
    width = max(drafts.shape[1], final.shape[1])
    parts = [np.full((part.shape[0], width, 3), PAPER, np.uint8) for part in (drafts, final)]
    for part, picture in zip(parts, (drafts, final), strict=True):
        part[:, : picture.shape[1]] = picture
    write_image(Clip(np.concatenate(parts)[None]), HERE / "takes.png")


if __name__ == "__main__":
    main()
