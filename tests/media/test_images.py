import json

import numpy as np
import pytest
from PIL import Image

from ozora.errors import OzoraError
from ozora.media import Clip
from ozora.media.images import cover, read_image, write_image

KNOWN = {"ozora": "0.1.0", "prompt": "狐 at dusk", "seed": 5}


def gradient(height=40, width=60):
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 4, y * 6, (x + y) * 2], -1).astype(np.uint8)[None]


@pytest.mark.parametrize(("name", "error"), [("a.png", 0), ("a.jpg", 6), ("a.webp", 24)])
def test_pictures_and_what_is_known_of_them_survive(tmp_path, name, error):
    clip = Clip(gradient(), 12, KNOWN)
    path = write_image(clip, tmp_path / name, sidecar=True)
    back = read_image(path)
    assert np.abs(back.frames.astype(int) - clip.frames).max() <= error
    assert dict(back.metadata) == KNOWN == json.loads((tmp_path / "a.json").read_text())
    first = path.read_bytes()
    assert write_image(clip, path).read_bytes() == first


def test_a_picture_taken_sideways_is_read_upright(tmp_path):
    picture = Image.fromarray(gradient()[0])
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter clockwise to show
    picture.save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "a.png").frames[0], np.rot90(gradient()[0], -1))


def test_transparency_lies_on_white_and_sixteen_bits_are_scaled(tmp_path):
    clear = np.zeros((4, 4, 4), np.uint8)
    Image.fromarray(clear, "RGBA").save(tmp_path / "clear.png")
    assert read_image(tmp_path / "clear.png").frames.min() == 255
    Image.fromarray(np.full((4, 4), 32896, np.uint16)).save(tmp_path / "deep.png")
    assert np.unique(read_image(tmp_path / "deep.png").frames).tolist() == [128]


def test_cut_short_missing_and_foreign_files_give_one_sentence(tmp_path):
    whole = write_image(
        Clip(np.random.default_rng(0).integers(0, 255, (1, 64, 64, 3), np.uint8)), tmp_path / "a.png"
    )
    (tmp_path / "cut.png").write_bytes(whole.read_bytes()[:3000])
    (tmp_path / "text.png").write_text("no picture")
    for name in ("cut.png", "text.png", "missing.png", "."):
        with pytest.raises(OzoraError, match=r"^image: .*\.$"):
            read_image(tmp_path / name)


def test_unknown_endings_are_refused(tmp_path):
    with pytest.raises(OzoraError, match=r"^output: got 'a\.bmp', allowed: a name ending in \.png"):
        write_image(Clip(gradient()), tmp_path / "a.bmp")
    assert not list(tmp_path.iterdir())


def test_cover_cuts_the_middle_and_keeps_shapes():
    frame = np.zeros((20, 60, 3), np.uint8)
    frame[:, 20:40] = 255
    middle = cover(frame, 20, 20)
    assert middle.shape == (20, 20, 3) and middle.min() == 255
    assert np.array_equal(cover(frame, 60, 20), frame)
