"""sRGB to BT.709 4:2:0 and the sampling that goes with it.

Source: Rec. ITU-R BT.709-6, sections 3.2 to 3.5 (luma weights, limited range); chroma is sited left as
H.264 (Rec. ITU-T H.264, figure E-1, type 0) assumes when a stream says nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ozora.media.clip import Frames

RED, GREEN, BLUE = 0.2126, 0.7152, 0.0722

_LIMITED = np.array(
    [
        [219 * RED, 219 * GREEN, 219 * BLUE],
        [-224 * RED / (2 - 2 * BLUE), -224 * GREEN / (2 - 2 * BLUE), 112.0],
        [112.0, -224 * GREEN / (2 - 2 * RED), -224 * BLUE / (2 - 2 * RED)],
    ],
    dtype=np.float32,
) / np.float32(255)


def to_yuv420(frame: Frames) -> NDArray[np.uint8]:
    """One frame ``(H, W, 3)`` with even sides to planar limited-range BT.709, ``(H * 3 / 2, W)``."""
    height, width = frame.shape[:2]
    luma, blue, red = np.tensordot(_LIMITED, frame.astype(np.float32), axes=(1, 2))  # each (H, W)
    planes = [luma + 16, _halve(blue) + 128, _halve(red) + 128]
    flat = np.concatenate([plane.reshape(-1) for plane in planes])
    return np.clip(np.rint(flat), 0, 255).astype(np.uint8).reshape(height * 3 // 2, width)


def _halve(chroma: NDArray[np.float32]) -> NDArray[np.float32]:
    """Halve both sides: pairs of rows averaged, columns weighted 1 2 1 around the left sample."""
    rows = (chroma[0::2] + chroma[1::2]) / 2  # (H/2, W)
    before = np.concatenate([rows[:, :1], rows[:, 1:-1:2]], axis=1)  # (H/2, W/2)
    return np.asarray((before + 2 * rows[:, 0::2] + rows[:, 1::2]) / 4, np.float32)
