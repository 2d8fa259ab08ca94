"""What a client sends as a picture or a film: told by its bytes, decoded before it is accepted."""

from __future__ import annotations

import base64
import binascii
import re
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ozora.errors import OzoraError
from ozora.serve.fetch import FetchError, fetch
from ozora.serve.wire.errors import ApiError, bad

MOST_PICTURE = 20_971_520
MOST_PIXELS = 64_000_000

MAGIC = {
    "png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "jpeg": re.compile(rb"\xff\xd8\xff"),
    "webp": re.compile(rb"RIFF....WEBP", re.DOTALL),
    "mp4": re.compile(rb"....ftyp(?!qt  )", re.DOTALL),
    "mov": re.compile(rb"....(ftypqt  |moov|mdat|wide|free)", re.DOTALL),
    "webm": re.compile(rb"\x1aE\xdf\xa3"),
}
PICTURES, FILMS = ("png", "jpeg", "webp"), ("mp4", "mov", "webm")


def sniff(data: bytes) -> str | None:
    """What bytes are, by how they begin: part types and names lie, and the Python client sends none."""
    return next((kind for kind, begins in MAGIC.items() if begins.match(data[:16])), None)


def from_data_url(url: str, param: str) -> bytes:
    """The bytes of a base64 data URL; raises ``ApiError``."""
    head, comma, body = url.partition(",")
    if not comma or not head.lower().endswith(";base64"):
        raise bad("invalid_image", f"Invalid image in '{param}': a data URL must be base64.", param)
    try:
        return base64.b64decode(re.sub(r"\s", "", body), validate=True)
    except (binascii.Error, ValueError) as error:
        raise bad(
            "invalid_image", f"Invalid image in '{param}': the base64 cannot be read.", param
        ) from error


def from_url(url: str, param: str, trusted: Sequence[str]) -> bytes:
    """The bytes that a picture's address stands for; raises ``ApiError``. Blocks; at most ten seconds."""
    if url[:5].lower() == "data:":
        return from_data_url(url, param)
    try:
        return fetch(url, most=MOST_PICTURE, trusted=trusted)
    except FetchError as error:
        raise bad("invalid_image", f"The image at '{param}' cannot be fetched: {error}.", param) from error


def check_picture(data: bytes, param: str, size: tuple[int, int] | None) -> None:
    """Decode a picture wholly; with ``size`` it must have that many pixels. Raises ``ApiError``."""
    if len(data) > MOST_PICTURE:
        raise ApiError(413, "file_too_large", f"'{param}' has more than {MOST_PICTURE} bytes.", param=param)
    if sniff(data) not in PICTURES:
        raise bad("invalid_image", f"Invalid image in '{param}': not a JPEG, PNG or WebP.", param)
    from io import BytesIO

    from PIL import Image, ImageOps

    try:
        with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise bad(
                    "invalid_image", f"Invalid image in '{param}': more than {MOST_PIXELS} pixels.", param
                )
            turned = ImageOps.exif_transpose(opened)
            turned.load()
            came = turned.size
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise bad("invalid_image", f"Invalid image in '{param}': it cannot be decoded.", param) from error
    if size is not None and came != size:
        # The sentence the service this contract comes from used, then ours.
        raise bad(
            "invalid_image",
            "Inpaint image must match the requested width and height: "
            f"it has {came[0]}x{came[1]} pixels, the film {size[0]}x{size[1]}.",
            param,
        )


def check_film(data: bytes, param: str, most_seconds: float) -> tuple[int, int, float, float]:
    """Open a film that was sent: its width, height, frames per second, seconds. Raises ``ApiError``."""
    from ozora.media.video import read_clip

    if sniff(data) not in FILMS:
        raise bad("invalid_value", f"Invalid file in '{param}': not an MP4, MOV or WebM film.", param)
    with tempfile.TemporaryDirectory(prefix="ozora-") as folder:
        path = Path(folder) / "film"
        path.write_bytes(data)
        try:
            width, height, fps, seconds = _measure(path)
            if seconds > most_seconds:
                told = f"Invalid file in '{param}': {seconds:.2f} seconds long, at most {most_seconds:g}."
                raise bad("invalid_value", told, param)
            first = read_clip(path, max_frames=1)
        except OzoraError as error:
            raise bad("invalid_value", f"Invalid file in '{param}': it cannot be decoded.", param) from error
    return first.width or width, first.height or height, fps, seconds


def _measure(path: Path) -> tuple[int, int, float, float]:
    from ozora.media.video import measure

    return measure(path)
