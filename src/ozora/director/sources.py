"""Films that are given: our own by the latents kept beside them, anybody's by their pixels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from torch import Tensor

from ozora.backends.backend import Card
from ozora.backends.grid import FRAMES_PER_LATENT, PIXELS_PER_CELL
from ozora.director.latents import find_latents, kept_path
from ozora.director.parts import Material
from ozora.director.take import Take
from ozora.errors import OzoraError, refuse
from ozora.media.clip import Clip, Frames
from ozora.media.images import cover

FEWEST_FRAMES = 1 + FRAMES_PER_LATENT
LONGEST_SOURCE = 60.0
"""Seconds of a film without latents that are held in memory as pixels."""


@dataclass(frozen=True, eq=False)
class Source:
    """A given film: its latents (1, L, C, h, w) where they are known, and how to get its pixels.

    ``hash`` is the SHA-256 of its file (of its latents or pixels, for one in memory); ``openings`` are the
    latents at which it begins anew after a cut; ``words`` are those it was made from.
    """

    role: str
    name: str
    hash: str
    size: tuple[int, int]
    latents: Tensor | None
    clip: Clip | None
    path: Path | None
    fps: int
    metadata: Mapping[str, Any]
    openings: tuple[int, ...] = (0,)
    notes: tuple[str, ...] = ()
    refined: Tensor | None = None
    """Its refined latents (1, L, C, 2h, 2w), where it was refined and they are known."""

    @property
    def words(self) -> str:
        """The words that the model read for it; empty for a film that is not ours."""
        told = self.metadata.get("caption") or self.metadata.get("prompt", "")
        return str(told) if "ozora" in self.metadata else ""

    @property
    def scenes(self) -> tuple[str, str]:
        """The words of its beginning and of its end, which differ where it was made of several parts."""
        parts = self.metadata.get("parts") or [{}]
        read = [str(part.get("caption") or part.get("words") or self.words) for part in parts]
        return read[0], read[-1]

    @property
    def own(self) -> bool:
        """Whether its own latents are at hand."""
        return self.latents is not None

    @property
    def length(self) -> int:
        """How many latents it has, or will have once encoded."""
        if self.latents is not None:
            return int(self.latents.shape[1])
        assert self.clip is not None
        return 1 + (len(self.clip) - 1) // FRAMES_PER_LATENT

    def fits(self, cells: tuple[int, int]) -> bool:
        """Whether its latents are of these cells (wide, high)."""
        return self.latents is not None and tuple(self.latents.shape[-2:]) == cells[::-1]

    def on(self, cells: tuple[int, int]) -> Source:
        """The same film on a grid of cells: by its latents if they fit, else by its pixels, cut to cover."""
        if self.fits(cells):
            return self
        source, notes = self, self.notes
        if self.latents is not None:
            source = self.by_pixels()
            notes = (*notes, f"{self.name or self.role}: filmed at another size, so it is encoded again")
        assert source.clip is not None
        width, height = (side * PIXELS_PER_CELL for side in cells)
        frames = np.stack([cover(frame, width, height) for frame in source.clip.frames])
        return replace(source, clip=Clip(frames, source.clip.fps), openings=(0,), notes=notes)

    def finer(self, cells: tuple[int, int]) -> Source | None:
        """The same film on ``cells``, twice as many a side as the film to be made is laid out on.

        None for a film of our own that was never refined: what goes on from it stays as it is.
        """
        half = cells[0] // 2, cells[1] // 2
        if not self.fits(half):
            return self.by_pixels().on(cells)
        return None if self.refined is None else replace(self, latents=self.refined, refined=None)

    def by_pixels(self) -> Source:
        """The same film without its latents."""
        if self.latents is None:
            return self
        clip = self.clip
        if clip is None:
            assert self.path is not None
            clip = _read_pixels(self.path, self.role, self.fps)[0]
        return replace(self, latents=None, refined=None, clip=clip)

    def frames(self, keep_end: bool) -> Frames:
        """Its pixels, one frame and whole groups of four; ``keep_end`` leaves out the first, not the last."""
        assert self.clip is not None
        count = 1 + FRAMES_PER_LATENT * (self.length - 1)
        return self.clip.frames[-count:] if keep_end else self.clip.frames[:count]

    def fingerprint(self) -> str:
        """SHA-256 of what is used of it: latents or fitted pixels."""
        if self.latents is not None:
            return _hash(self.latents.contiguous().numpy())
        assert self.clip is not None
        return _hash(self.clip.frames)


def read_source(material: Material, name: str, card: Card) -> Source:
    """Look at a given film before any compute; raises ``OzoraError``, naming ``name``, for what is no film.

    Its kept latents are used if they are those of exactly this film, made by exactly these weights.
    """
    if isinstance(material, Take):
        return _from_take(material, name, card)
    if isinstance(material, Clip):
        if abs(material.fps - card.grid.fps) > 0.01:
            material = _resampled(material, card.grid.fps)
        return _checked(
            Source(
                name, "", _hash(material.frames), (material.width, material.height), None, material, None,
                card.grid.fps, material.metadata,
            )
        )  # fmt: skip
    from ozora.media.video import read_metadata

    path = Path(str(material))
    if not path.is_file():
        raise refuse(name, str(material), "a film file that exists")
    metadata = _said(name, read_metadata, path)
    source = Source(
        name, path.name, file_hash(path), (1, 1), None, None, path, card.grid.fps, metadata
    )
    kept = find_latents(kept_path(path), metadata) if metadata else {}
    if kept and _made_by(metadata, card):
        size = metadata["settings"]["size"].split("x")
        openings = tuple(metadata["settings"].get("openings", (0,)))
        return replace(
            source, latents=kept["latents"], refined=kept.get("refined"), size=(int(size[0]), int(size[1])),
            openings=openings,
        )  # fmt: skip
    clip, notes = _read_pixels(path, name, card.grid.fps)
    if "ozora" in metadata:
        notes = (*notes, f"{path.name}: its latents are not beside it, so it is encoded again")
    return _checked(replace(source, clip=clip, size=(clip.width, clip.height), notes=notes))


def words_of(material: Material) -> tuple[str, str | None]:
    """The prompt a film was made from, and the caption it was read as, if it was.

    Raises ``OzoraError`` for a film that carries no words.
    """
    metadata: Mapping[str, Any] = {}
    if isinstance(material, (Take, Clip)):
        metadata = material.clip.metadata if isinstance(material, Take) else material.metadata
    else:
        from ozora.media.video import read_metadata

        if not Path(str(material)).is_file():
            raise refuse("source", str(material), "a film file that exists")
        metadata = _said("source", read_metadata, Path(str(material)))
    words, caption = str(metadata.get("prompt", "")), metadata.get("caption")
    if not words.strip():
        raise OzoraError("prompt: got none, and the source carries none; allowed: what the film shows.")
    return words, None if caption is None else str(caption)


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _from_take(take: Take, name: str, card: Card) -> Source:
    metadata = take.clip.metadata
    own = _made_by(metadata, card)
    return Source(
        name, "", _hash(take.latents.contiguous().numpy()), (take.clip.width, take.clip.height),
        take.latents if own else None, take.clip, None, card.grid.fps, metadata,
        tuple(metadata["settings"].get("openings", (0,))) if own else (0,),
        refined=take.refined if own else None,
    )  # fmt: skip


def _made_by(metadata: Mapping[str, Any], card: Card) -> bool:
    weights = metadata.get("weights")
    return isinstance(weights, Mapping) and weights.get("hash") == card.hash


def _checked(source: Source) -> Source:
    assert source.clip is not None
    if len(source.clip) < FEWEST_FRAMES:
        came = f"{source.name or 'a clip'} of {len(source.clip)} frames at {source.fps} a second"
        raise refuse(source.role, came, f"films of {FEWEST_FRAMES} frames or more")
    left = (len(source.clip) - 1) % FRAMES_PER_LATENT
    if left:
        told = f"{source.name or source.role}: {left} of {len(source.clip)} frames left out (steps of four)"
        return replace(source, notes=(*source.notes, told))
    return source


def _read_pixels(path: Path, name: str, fps: float) -> tuple[Clip, tuple[str, ...]]:
    from ozora.media.resample import read_at

    clip, notes = read_at(path, fps, seconds=LONGEST_SOURCE + 1, field=name)
    if clip.seconds > LONGEST_SOURCE + 1 / fps:
        came = f"{path.name} of more than {LONGEST_SOURCE:g} seconds"
        raise refuse(name, came, "shorter films: cut it first")
    return clip, notes


def _resampled(clip: Clip, fps: float) -> Clip:
    count = max(1, round(len(clip) * fps / clip.fps))
    picked = [min(len(clip) - 1, int(number * clip.fps / fps + 1e-6)) for number in range(count)]
    return Clip(clip.frames[picked], fps, clip.metadata)


def _said(name: str, read: Any, path: Path) -> Mapping[str, Any]:
    """Call ``read``, with the field's own name in its refusals."""
    try:
        found: Mapping[str, Any] = read(path)
    except OzoraError as error:
        raise OzoraError(str(error).replace("film:", f"{name}:", 1)) from error
    return found


def _hash(values: np.ndarray) -> str:
    return hashlib.sha256(repr(values.shape).encode() + np.ascontiguousarray(values).tobytes()).hexdigest()
