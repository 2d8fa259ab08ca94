"""Films in a row by copying their packets: nothing is encoded again, so nothing is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from ozora.errors import OzoraError, refuse
from ozora.media.files import require_writable, whole_file, write_sidecar
from ozora.media.video import open_film, to_json


def join_films(
    films: Sequence[str | Path], path: str | Path, *, metadata: Mapping[str, Any] | None = None
) -> tuple[str, ...]:
    """Write ``films`` one after the other to ``path``; returns a line for each thing left out.

    All must be encoded alike: codec, size, rate and pixel format. Raises ``OzoraError``, naming the first
    that is not, or what cannot be read or written. Nothing half-written stays behind.
    """
    path, paths = require_writable(path), [Path(film) for film in films]
    if len(paths) < 2:
        raise refuse("films", f"{len(paths)}", "two films or more")
    if path.suffix.lower() != ".mp4":
        raise refuse("output", path.name, "a name ending in .mp4")
    with ExitStack() as stack:
        opened = [stack.enter_context(open_film(film, "films")) for film in paths]
        first = opened[0].streams.video[0]
        for film, container in zip(paths[1:], opened[1:], strict=True):
            _check_alike(paths[0], first, film, container.streams.video[0])
        with whole_file(path) as temporary:
            try:
                _copy(paths, opened, temporary, metadata or {})
            except av.FFmpegError as error:
                raise OzoraError(f"films: they could not be joined ({error.strerror}).") from error
            if metadata:
                write_sidecar(path, metadata)
        silent = [film.name for film, container in zip(paths, opened, strict=True) if container.streams.audio]
    return tuple(f"{name}: its sound is left out" for name in silent)


def _copy(films: Sequence[Path], opened: Sequence[Any], path: Path, metadata: Mapping[str, Any]) -> None:
    muxer = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(path), "w", format="mp4", options=muxer) as container:
        if metadata:
            container.metadata["comment"] = to_json(metadata)
        template = opened[0].streams.video[0]
        target = container.add_stream_from_template(template)
        target.time_base = template.time_base
        begin = 0
        for name, film in zip(films, opened, strict=True):
            stream = film.streams.video[0]
            length = round(1 / (stream.average_rate * stream.time_base))
            count, earliest = 0, None
            for packet in film.demux(stream):
                if packet.size == 0 or packet.is_corrupt:  # the last, cut through
                    continue
                count += 1
                # Times of display begin at the first frame's; those of decoding may lie before it.
                earliest = packet.pts if earliest is None else earliest
                packet.pts, packet.dts = packet.pts - earliest + begin, packet.dts - earliest + begin
                packet.stream = target
                container.mux(packet)
            if count < stream.frames:  # what its head announces
                came = f"{name.name}, cut off after {count} of its {stream.frames} frames"
                raise refuse("films", came, "whole films")
            begin += count * length


def _check_alike(one: Path, first: Any, other: Path, second: Any) -> None:
    kinds = {
        "codec": lambda stream: stream.codec_context.name,
        "size": lambda stream: f"{stream.width}x{stream.height}",
        "frames per second": lambda stream: f"{float(stream.average_rate or Fraction(0)):g}",
        "pixel format": lambda stream: stream.codec_context.pix_fmt,
        "time base": lambda stream: str(stream.time_base),
    }
    for name, of in kinds.items():
        if of(first) != of(second):
            raise refuse("films", f"{other.name} of {name} {of(second)}", f"{of(first)}, as {one.name} has")
    if bytes(first.codec_context.extradata or b"") != bytes(second.codec_context.extradata or b""):
        raise refuse("films", f"{other.name}, encoded with other settings", f"films encoded as {one.name} is")
