import numpy as np
import pytest

from ozora.errors import OzoraError
from ozora.media import Clip


def test_a_clip_cannot_change_under_its_holder():
    frames = np.zeros((3, 4, 6, 3), np.uint8)
    clip = Clip(frames, 12, {"prompt": "fox"})
    with pytest.raises(ValueError, match="read-only"):
        clip.frames[0] = 1
    with pytest.raises(TypeError):
        clip.metadata["prompt"] = "hen"
    frames[0] = 1  # the maker keeps the right to its own array
    assert (len(clip), clip.width, clip.height, clip.seconds) == (3, 6, 4, 0.25)


@pytest.mark.parametrize(
    ("frames", "fps", "field"),
    [
        (np.zeros((3, 4, 6, 3), np.float32), 12, "frames"),
        (np.zeros((4, 6, 3), np.uint8), 12, "frames"),
        (np.zeros((0, 4, 6, 3), np.uint8), 12, "frames"),
        (np.zeros((3, 4, 6, 4), np.uint8), 12, "frames"),
        (np.zeros((3, 4, 6, 3), np.uint8), 0, "fps"),
        (np.zeros((3, 4, 6, 3), np.uint8), float("nan"), "fps"),
        (np.zeros((3, 4, 6, 3), np.uint8), 1000, "fps"),
    ],
)
def test_what_is_no_clip_is_refused_by_field(frames, fps, field):
    with pytest.raises(OzoraError, match=f"^{field}: got "):
        Clip(frames, fps)
