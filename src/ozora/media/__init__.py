"""Pixels in and out: clips, films, pictures, sheets. Knows no model.

Only :mod:`ozora.media.video` opens film files, so that everything else runs where PyAV is not installed.
"""

from ozora.media.clip import Clip

__all__ = ["Clip"]
