"""What somebody asks for, checked before anything is computed."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from ozora.backends.backend import MOST_TAKES, QUALITIES
from ozora.director.parts import (
    LONGEST_PROMPT,
    Part,
    Still,
    check_words,
    part_from_json,
    part_to_json,
    to_plain,
)
from ozora.errors import OzoraError, refuse
from ozora.media.clip import Clip
from ozora.model.precision import PRECISIONS

__all__ = ["LONGEST_PROMPT", "Request", "parse_size"]

MOST_STEPS = 100
MOST_GUIDANCE = 20.0
MOST_THREADS = 256
SMALLEST_SIDE, LARGEST_SIDE = 32, 2048
HIGHEST_SEED = 2**63 - 1


@dataclass(frozen=True)
class Request:
    """One wish: words, and whatever else the asker cares to fix. ``None`` means "as the model does it best".

    ``caption`` is what the model reads instead of the prompt (see ``understanding.recaption``);
    ``seconds`` of film; ``size`` as "224x128" (width x height, pixels); ``fps`` frames per second; ``steps``
    of denoising (1 to 100); ``guidance`` towards the words and away from ``negative`` (1 = none, at most 20);
    ``quality`` instead of both: draft, standard, high or best (see ``qualities.sampling_for``); ``refining``
    the steps in which a film is made clear, where the weights have a refiner (0 to 100; 0 is not at all);
    ``drafts`` the beginnings of which the most promising becomes the film (1 to 64; see ``auditions``);
    ``seed`` 0 to 2**63 - 1; ``image`` the first frame; ``head`` and ``tail`` clips the film begins and ends
    with; ``count`` takes with seeds ``seed``, ``seed + 1``, …; ``still`` asks for a picture, one frame;
    ``threads`` of the processor (1 to 256): another number gives the same film but for its last bits;
    ``precision``, the numbers it is computed in: float32, bfloat16 or int8, the quickest that lose next to
    nothing by default.

    What the verbs of the editor add: ``parts`` in a row instead of one film from words, ``stills`` shown at
    moments, ``ring`` for an end that runs into the beginning, and ``verb``, the name of what was asked.
    Raises ``OzoraError`` with the field, what came and what is allowed.
    """

    prompt: str
    negative: str = ""
    caption: str | None = None
    seconds: float | None = None
    size: str | None = None
    fps: float | None = None
    seed: int | None = None
    steps: int | None = None
    guidance: float | None = None
    quality: str | None = None
    refining: int | None = None
    drafts: int | None = None
    count: int = 1
    threads: int | None = None
    precision: str | None = None
    still: bool = False
    image: str | Path | Clip | None = None
    head: Clip | None = field(default=None, repr=False)
    tail: Clip | None = field(default=None, repr=False)
    verb: str = "generate"
    parts: tuple[Part, ...] = ()
    stills: tuple[Still, ...] = ()
    ring: bool = False

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise refuse("prompt", self.prompt.strip(), "some words that say what the film shows")
        texts = {"prompt": self.prompt, "negative": self.negative, "caption": self.caption or ""}
        for name, text in texts.items():
            check_words(name, text)
        if isinstance(self.image, Path):
            object.__setattr__(self, "image", str(self.image))
        if self.size is not None:
            parse_size(self.size)
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds > 0):
            raise refuse("seconds", self.seconds, "more than 0")
        if self.fps is not None and not (math.isfinite(self.fps) and 1 <= self.fps <= 120):
            raise refuse("fps", self.fps, "1 to 120")
        if self.seed is not None and not 0 <= self.seed <= HIGHEST_SEED:
            raise refuse("seed", self.seed, f"0 to {HIGHEST_SEED}")
        if self.steps is not None and not 1 <= self.steps <= MOST_STEPS:
            raise refuse("steps", self.steps, f"1 to {MOST_STEPS}")
        if self.guidance is not None and not (
            math.isfinite(self.guidance) and 1 <= self.guidance <= MOST_GUIDANCE
        ):
            raise refuse("guidance", self.guidance, f"1 (none) to {MOST_GUIDANCE:g}")
        if self.refining is not None and not 0 <= self.refining <= MOST_STEPS:
            raise refuse("refining", self.refining, f"0 (not at all) to {MOST_STEPS}")
        if self.drafts is not None and not 1 <= self.drafts <= MOST_TAKES:
            raise refuse("drafts", self.drafts, f"1 (just the film) to {MOST_TAKES}")
        if self.quality is not None and self.quality not in QUALITIES:
            raise refuse("quality", self.quality, ", ".join(QUALITIES))
        if not 1 <= self.count <= MOST_TAKES:
            raise refuse("count", self.count, f"1 to {MOST_TAKES}")
        if self.threads is not None and not 1 <= self.threads <= MOST_THREADS:
            raise refuse("threads", self.threads, f"1 to {MOST_THREADS}")
        if self.precision is not None and self.precision not in PRECISIONS:
            raise refuse("precision", self.precision, ", ".join(PRECISIONS))
        if self.image is not None and self.head is not None:
            raise refuse("image", "both an image and a head", "one of them, since both pin the beginning")
        for name in ("seconds", "still", "image", "head", "tail"):
            if self.parts and getattr(self, name):
                raise refuse(name, f"{name} beside parts", "one of them: parts have their own")

    def to_json(self) -> dict[str, Any]:
        """Plain values for a database: what differs from the default; films and pictures by their path.

        Raises ``OzoraError`` for clips and takes that are only in memory.
        """
        told: dict[str, Any] = {"prompt": self.prompt}
        for found in fields(self):
            value = getattr(self, found.name)
            if found.name in ("parts", "stills"):
                if value:
                    told[found.name] = [part_to_json(part) for part in value]
            elif found.name != "prompt" and value != found.default:
                told[found.name] = to_plain(value, found.name)
        return told

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Request:
        """Read what :meth:`to_json` wrote; raises ``OzoraError`` naming an unknown key or a bad value."""
        names = [found.name for found in fields(cls)]
        for name in values:
            if name not in names:
                raise refuse("request", name, f"the keys {', '.join(names)}")
        known = {**values}
        for name in ("parts", "stills"):
            known[name] = tuple(part_from_json(part) for part in known.get(name, ()))
        try:
            return cls(**known)
        except (AttributeError, TypeError) as error:
            raise OzoraError(f"request: got values that are no request ({error}).") from error


def parse_size(text: str) -> tuple[int, int]:
    """Read ``224x128`` as width 224, height 128; raises ``OzoraError`` for what no film can be."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*[x×X]\s*(\d{1,6})\s*", text)
    if not found:
        raise refuse("size", text, "width x height in pixels, such as 224x128")
    width, height = int(found[1]), int(found[2])
    if min(width, height) < SMALLEST_SIDE or max(width, height) > LARGEST_SIDE:
        raise refuse("size", text, f"sides of {SMALLEST_SIDE} to {LARGEST_SIDE} pixels, such as 224x128")
    return width, height
