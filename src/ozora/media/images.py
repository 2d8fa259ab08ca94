"""Pictures in and out (Pillow); a picture is a clip of one frame."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

from ozora.errors import OzoraError, refuse
from ozora.media.clip import Clip, Frames
from ozora.media.files import require_writable, whole_file, write_sidecar

PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_EXIF_FOLDER, _USER_COMMENT = 0x8769, 0x9286
_CHARSET = b"\0" * 8  # EXIF 2.32, table 9: "undefined", here UTF-8


def is_picture(path: str | Path) -> bool:
    """Whether the name asks for a still picture rather than a film."""
    return Path(path).suffix.lower() in PICTURE_SUFFIXES


def read_image(path: str | Path) -> Clip:
    """Read a picture: upright by its EXIF orientation, sRGB, transparency over white, first frame if many.

    Raises ``OzoraError`` when the file is missing, is no picture, is cut short or has an absurd size.
    """
    path = Path(path)
    if not path.is_file():
        raise refuse("image", str(path), "a picture file that exists")
    try:
        with Image.open(path) as opened:
            metadata = _embedded(opened)
            frame = _to_srgb(ImageOps.exif_transpose(opened))
    except UnidentifiedImageError as error:
        raise OzoraError(
            f"image: {path} is not a picture that can be read (PNG, JPEG and WebP can)."
        ) from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise OzoraError(f"image: {path} cannot be read ({str(error).rstrip('.')}).") from error
    return Clip(frame[None], 1.0, metadata)


def write_image(
    clip: Clip, path: str | Path, *, frame: int = 0, sidecar: bool = False, quick: bool = False
) -> Path:
    """Write one frame as PNG, JPEG or WebP, by the name's ending, with the clip's metadata in EXIF.

    The same clip gives the same bytes; nothing half-written stays behind. ``quick`` PNGs are a little larger.
    """
    path = require_writable(path)
    suffix = path.suffix.lower()
    if suffix not in PICTURE_SUFFIXES:
        raise refuse("output", path.name, "a name ending in " + ", ".join(PICTURE_SUFFIXES))
    options: dict[str, Any] = {
        ".png": {"format": "PNG", "compress_level": 1} if quick else {"format": "PNG", "optimize": True},
        ".webp": {"format": "WEBP", "quality": 95, "method": 4},
    }.get(suffix, {"format": "JPEG", "quality": 95, "subsampling": 0})
    if clip.metadata:
        options["exif"] = _exif(clip.metadata)
    with whole_file(path) as temporary:
        Image.fromarray(clip.frames[frame]).save(temporary, **options)
        if sidecar:
            write_sidecar(path, clip.metadata)
    return path


def cover(frame: Frames, width: int, height: int) -> Frames:
    """Scale a frame ``(H, W, 3)`` until it covers ``width`` x ``height`` and cut the middle out of it."""
    size = (width, height)
    return np.asarray(ImageOps.fit(Image.fromarray(frame), size, method=Image.Resampling.LANCZOS))


def _to_srgb(picture: Image.Image) -> Frames:
    if picture.mode.startswith("I") or picture.mode == "F":
        # Sixteen-bit greys: Pillow's own conversion would clip them to white.
        grey = np.clip(np.asarray(picture, dtype=np.float64) / 257, 0, 255).astype(np.uint8)
        picture = Image.fromarray(grey)
    profile = picture.info.get("icc_profile")
    if picture.mode in ("P", "PA", "LA", "RGBA", "La", "RGBa") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        ground = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(ground, picture).convert("RGB")
    if profile:
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            target = ImageCms.createProfile("sRGB")
            converted = ImageCms.profileToProfile(picture, source, target, outputMode="RGB")
            picture = converted or picture
        except (ImageCms.PyCMSError, OSError):
            pass  # A broken or mismatched profile: the plain values are the best guess left.
    return np.asarray(picture.convert("RGB"))


def _exif(metadata: Mapping[str, Any]) -> bytes:
    text = json.dumps(dict(metadata), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    exif = Image.Exif()
    exif.get_ifd(_EXIF_FOLDER)[_USER_COMMENT] = _CHARSET + text.encode()
    return exif.tobytes()


def _embedded(picture: Image.Image) -> dict[str, Any]:
    comment = picture.getexif().get_ifd(_EXIF_FOLDER).get(_USER_COMMENT, b"")
    if not isinstance(comment, bytes) or not comment.startswith(_CHARSET):
        return {}
    try:
        found = json.loads(comment[len(_CHARSET) :].decode())
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
