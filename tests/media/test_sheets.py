import subprocess
import sys

import numpy as np
import pytest

from ozora.errors import OzoraError
from ozora.media import Clip
from ozora.media.sheets import PAPER, contact_sheet, sprite_sheet, thumbnail


def counting(length=12, height=16, width=32):
    return Clip(
        np.broadcast_to(
            np.arange(length, dtype=np.uint8)[:, None, None, None] * 20, (length, height, width, 3)
        ),
        12,
    )


def test_thumbnail_takes_the_asked_moment():
    clip = counting()
    assert thumbnail(clip, 16, at=0).frames[0, 0, 0, 0] == 0
    assert thumbnail(clip, 16, at=1).frames[0, 0, 0, 0] == 220
    assert thumbnail(clip, 16).frames.shape == (1, 8, 16, 3)
    with pytest.raises(OzoraError, match=r"^at: "):
        thumbnail(clip, 16, at=1.5)


def test_contact_sheet_shows_every_clip_and_label():
    clips = [Clip(np.full((4, 16, 32, 3), shade, np.uint8)) for shade in (60, 120, 180)]
    sheet = contact_sheet(
        clips, ["fox", "a very long label that must be cut somewhere " * 5, ""], columns=2, width=128
    )
    picture = sheet.frames[0]
    for shade in (60, 120, 180):
        assert (picture == shade).all(-1).sum() >= 128 * 64
    assert tuple(picture[0, 0]) == PAPER
    bare = contact_sheet(clips, columns=2, width=128).frames[0]
    assert bare.shape[0] < picture.shape[0] and bare.shape[1] == picture.shape[1]


def test_contact_sheet_strips_run_through_the_film():
    picture = contact_sheet([counting()], frames=3, width=32).frames[0]
    assert [shade for shade in (40, 120, 200) if (picture == shade).all(-1).sum() >= 32 * 16] == [
        40,
        120,
        200,
    ]


def test_labels_must_match_clips():
    with pytest.raises(OzoraError, match=r"^labels: "):
        contact_sheet([counting()], ["a", "b"])
    with pytest.raises(OzoraError, match=r"^clips: "):
        contact_sheet([])


def test_sprites_lie_where_the_sheet_says():
    sheet = sprite_sheet(counting(24), width=32, every=0.5, columns=3)
    assert sheet.seconds == (0.0, 0.5, 1.0, 1.5)
    for index, second in enumerate(sheet.seconds):
        left, top, width, height = sheet.box(index)
        cell = sheet.picture.frames[0, top : top + height, left : left + width]
        assert (cell == int(second * 12) * 20 % 256).all()


def test_media_does_not_load_the_film_library():
    code = (
        "import sys, ozora, ozora.media.sheets, ozora.media.images;"
        "sys.exit('av' in sys.modules or 'torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
