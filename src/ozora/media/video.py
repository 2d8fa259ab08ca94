"""The one place that opens film files (PyAV)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, Colorspace, ColorTrc, Interpolation
from PIL import Image

from ozora.errors import OzoraError, refuse
from ozora.media.clip import Clip, Frames
from ozora.media.colour import to_yuv420
from ozora.media.files import require_writable, whole_file, write_sidecar

PRESET, QUALITY = "superfast", 17
"""x264's search and constant rate factor: no loss an eye finds, 44 to 46 dB on our films.

"slow" at 16 gave 0 to 0.4 dB more in files a third smaller, and took as long as all the rest of a draft.
"""
SHARP = Interpolation.BICUBIC | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def write_clip(clip: Clip, path: str | Path, *, sidecar: bool = False) -> Path:
    """Write an MP4 that plays everywhere: H.264 High, yuv420p, BT.709, index in front, one GOP a second.

    Metadata goes into the ``comment`` tag as one JSON object and, with ``sidecar``, into ``fox.json`` beside
    ``fox.mp4``. The same clip gives the same bytes. Nothing half-written stays behind.
    Raises ``OzoraError`` for odd sides (4:2:0 chroma needs even ones) and for a path that cannot be written.
    """
    frames: Iterator[Frames] = iter(clip.frames)
    return write_frames(
        frames, path, width=clip.width, height=clip.height, fps=clip.fps, metadata=clip.metadata,
        sidecar=sidecar,
    )  # fmt: skip


def write_frames(
    frames: Iterable[Frames],
    path: str | Path,
    *,
    width: int,
    height: int,
    fps: float,
    metadata: Mapping[str, Any] = MappingProxyType({}),
    sidecar: bool = False,
    preset: str = PRESET,
) -> Path:
    """Write frames ``uint8 (height, width, 3)`` as they come: a long film never lies in memory whole.

    ``preset`` is x264's. The file is what :func:`write_clip` writes. Raises
    what it raises; what the iterator raises goes through, and no file stays behind.
    """
    path = require_writable(path)
    if width % 2 or height % 2:
        raise refuse("size", f"{width}x{height}", "even width and height, as MP4 films need")
    with whole_file(path) as temporary:
        try:
            _encode(frames, temporary, width, height, fps, metadata, preset)
        except av.FFmpegError as error:
            raise OzoraError(f"output: {path} could not be written ({error.strerror}).") from error
        if sidecar:
            write_sidecar(path, metadata)
    return path


def _encode(
    frames: Iterable[Frames],
    path: Path,
    width: int,
    height: int,
    fps: float,
    metadata: Mapping[str, Any],
    preset: str,
) -> None:
    rate = Fraction(fps).limit_denominator(1001)
    second = max(1, round(fps))
    muxer = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", format="mp4", options=muxer) as container:
        if metadata:
            container.metadata["comment"] = to_json(metadata)
            container.metadata["title"] = str(metadata.get("prompt", ""))[:200]
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = 1 / rate
        context.color_primaries = ColorPrimaries.BT709
        context.color_trc = ColorTrc.BT709
        context.colorspace = Colorspace.ITU709
        context.color_range = ColorRange.MPEG
        context.gop_size = second
        # One thread: the bytes must not depend on how many cores the machine has.
        context.thread_count = 1
        stream.options = {
            "profile": "high",
            "preset": preset,
            "crf": str(QUALITY),
            "x264-params": "threads=1:lookahead-threads=1:scenecut=0:open-gop=0"
            f":keyint={second}:min-keyint={second}",
        }
        for index, frame in enumerate(frames):
            picture = av.VideoFrame.from_ndarray(to_yuv420(frame), format="yuv420p")
            picture.colorspace, picture.color_range = Colorspace.ITU709, ColorRange.MPEG
            picture.pts, picture.time_base = index, 1 / rate
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))


def read_clip(path: str | Path, max_frames: int | None = None) -> Clip:
    """Read any film PyAV opens: upright, square pixels, sRGB.

    ``max_frames`` stops early. Colours follow the file's own tags; untagged films count as BT.709 from 720
    lines up and BT.601 below, as players do. Raises ``OzoraError`` when there is no film to be read.
    """
    if max_frames is not None and max_frames < 1:
        raise refuse("max_frames", max_frames, "1 or more")
    path = Path(path)
    frames: list[Frames] = []
    try:
        with open_film(path) as container:
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.guessed_rate or Fraction(24)
            metadata = embedded(container.metadata)
            for frame, _ in upright(stream, container):
                frames.append(frame)
                if len(frames) == max_frames:
                    break
    except av.FFmpegError as error:
        raise OzoraError(f"film: {path} cannot be read ({error.strerror}).") from error
    if not frames:
        raise OzoraError(f"film: {path} holds no frames.")
    return Clip(np.stack(frames), min(240.0, float(rate)), metadata)


def read_metadata(path: str | Path) -> dict[str, Any]:
    """The JSON that :func:`write_clip` put into the file; empty when the film carries none."""
    with open_film(Path(path)) as container:
        return embedded(container.metadata)


def open_film(path: Path, field: str = "film") -> Any:
    """Open a film's container; raises ``OzoraError``, naming ``field``, where there is no moving picture."""
    if not path.is_file():
        raise refuse(field, str(path), "a film file that exists")
    try:
        container = av.open(str(path))
    except (av.FFmpegError, OSError) as error:
        raise OzoraError(f"{field}: {path} cannot be read ({error.strerror}).") from error
    if not container.streams.video:
        container.close()
        raise OzoraError(f"{field}: {path} holds no moving picture.")
    return container


def upright(stream: Any, container: Any) -> Iterator[tuple[Frames, float | None]]:
    """Decode frames one by one: upright, square pixels, sRGB (H, W, 3), with the second each is shown at."""
    size: tuple[int, int] | None = None
    for frame in container.decode(stream):
        source = frame.colorspace
        if source not in set(Colorspace):
            source = Colorspace.ITU709 if frame.height >= 720 else Colorspace.ITU601
        aspect = stream.sample_aspect_ratio or 1
        picture = frame.reformat(
            width=max(1, round(frame.width * aspect)),
            format="rgb24",
            src_colorspace=source,
            interpolation=SHARP,
            threads=1,
        ).to_ndarray()  # (H, W, 3)
        if turns := round(frame.rotation / 90) % 4:
            picture = np.ascontiguousarray(np.rot90(picture, turns))
        size = size or (picture.shape[1], picture.shape[0])
        if (picture.shape[1], picture.shape[0]) != size:
            # Some streams change size on the way; a clip has one size, that of its first frame.
            picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
        yield picture, frame.time


def to_json(metadata: Mapping[str, Any]) -> str:
    """Metadata as it goes into a film's ``comment`` tag."""
    return json.dumps(dict(metadata), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def embedded(tags: Mapping[str, str]) -> dict[str, Any]:
    """The JSON object in a container's ``comment`` tag; empty when there is none."""
    try:
        found = json.loads(tags.get("comment", ""))
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def measure(path: str | Path) -> tuple[int, int, float, float]:
    """Width, height, frames per second and seconds of a film, from its packets, without decoding it.

    Raises ``OzoraError`` when there is no film to be read.
    """
    path = Path(path)
    try:
        with open_film(path) as container:
            stream = container.streams.video[0]
            rate = float(stream.average_rate or stream.guessed_rate or 24)
            count = sum(1 for packet in container.demux(stream) if packet.size)
            return stream.width, stream.height, rate, count / rate
    except av.FFmpegError as error:
        raise OzoraError(f"film: {path} cannot be read ({error.strerror}).") from error
