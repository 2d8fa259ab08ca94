"""What a film is made of: parts in a row, and pictures at moments. Every verb is a short list of these.

A part is filmed from words (`Fresh`), played from a given film, wholly or in part kept (`Play`), or mixed of
two given films (`Blend`). Times are seconds. Everything can be written as plain JSON, films and pictures by
their path.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ozora.errors import OzoraError, refuse
from ozora.media.clip import Clip

if TYPE_CHECKING:
    from ozora.director.take import Take

Material: TypeAlias = "str | Path | Clip | Take"
"""A film that is given: the path of a file, or a clip or take in memory."""

Points: TypeAlias = tuple[tuple[float, float], ...]
"""A curve over time: (seconds, value) in rising order, straight lines between."""

CURVES = ("cut", "fade", "morph", "mix")
LONGEST_PROMPT = 32_000
LONGEST_SECONDS = 600.0


@dataclass(frozen=True)
class Fresh:
    """Filmed anew from ``words`` (the request's own by default), going on from what comes before.

    ``seconds``: as long as the model films at once, by default. After a ``cut`` nothing before is seen.
    ``caption`` is what the model reads instead of the part's own words.
    """

    seconds: float | None = None
    words: str | None = None
    cut: bool = False
    caption: str | None = None

    def __post_init__(self) -> None:
        if self.seconds is not None:
            check_seconds(self.seconds)
        for name, text in (("words", self.words), ("caption", self.caption)):
            if text is not None:
                check_words(name, text)
        if self.caption is not None and self.words is None:
            raise refuse("caption", "a caption without words", "the part's own words beside it")


@dataclass(frozen=True)
class Play:
    """A given film, or what of it lies between ``start`` and ``stop`` seconds.

    ``strength`` 0 keeps it to the bit, 1 films it all anew; ``keep`` are spans, in seconds of the part, that
    stay to the bit whatever the strength. With ``by_words`` the difference between its old words and the new
    ones is what changes it, not noise. After a ``cut`` nothing flows in from the part before.
    """

    source: Material
    strength: float = 0.0
    keep: tuple[tuple[float, float], ...] = ()
    start: float = 0.0
    stop: float | None = None
    words: str | None = None
    cut: bool = False
    by_words: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "source", _plain(self.source))
        object.__setattr__(self, "keep", tuple((float(a), float(b)) for a, b in self.keep))
        check_strength(self.strength, lowest=0.0)
        last = 0.0
        for begin, end in self.keep:
            if not (math.isfinite(end) and last <= begin < end):
                raise refuse("keep", list(self.keep), "spans of seconds in rising order, such as 0-1.5")
            last = end
        if not (math.isfinite(self.start) and self.start >= 0):
            raise refuse("start", self.start, "0 seconds or more")
        if self.stop is not None and not (math.isfinite(self.stop) and self.stop > self.start):
            raise refuse("stop", self.stop, f"more than {self.start:g} seconds, where the part starts")
        if self.words is not None:
            check_words("words", self.words)


@dataclass(frozen=True)
class Blend:
    """Two given films on one time line; ``curve`` says how much the second shows, 0 to 1, over time.

    A curve is one of ``CURVES`` or points. Where both show, the mixture is filmed anew from the words, the
    more so the more even it is; where one shows alone it is kept to the bit.
    """

    first: Material
    second: Material
    curve: str | Points = "morph"
    words: str | None = None
    cut: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "first", _plain(self.first))
        object.__setattr__(self, "second", _plain(self.second))
        if not isinstance(self.curve, str):
            object.__setattr__(self, "curve", tuple((float(t), float(v)) for t, v in self.curve))
        _check_curve(self.curve)
        if self.words is not None:
            check_words("words", self.words)


Part: TypeAlias = "Fresh | Play | Blend"


@dataclass(frozen=True)
class Still:
    """The film shows this picture at a moment; ``seconds`` None is its end.

    With ``part``, the number of a part from 0 on, seconds count from where that part begins.
    """

    image: str | Path | Clip
    seconds: float | None = None
    part: int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.image, Path):
            object.__setattr__(self, "image", str(self.image))
        if self.seconds is not None and not (math.isfinite(self.seconds) and self.seconds >= 0):
            raise refuse("keyframes", self.seconds, "times of 0 seconds or more")
        if self.part is not None and (self.part < 0 or self.seconds is None):
            raise refuse("part", self.part, "the number of a part, 0 or more, with seconds from there")


_KINDS: dict[str, type[Any]] = {"fresh": Fresh, "play": Play, "blend": Blend, "still": Still}
_NAMES = {kind: name for name, kind in _KINDS.items()}


def given_films(part: Part) -> tuple[str, ...]:
    """Which fields of a part are given films, in their order."""
    named: dict[type[Any], tuple[str, ...]] = {Play: ("source",), Blend: ("first", "second")}
    return named.get(type(part), ())


def part_to_json(part: Part | Still, unsaid: tuple[str, ...] = ()) -> dict[str, Any]:
    """Plain values of a part: its kind and what differs from the default, but for the fields ``unsaid``.

    Raises ``OzoraError`` for films in memory.
    """
    told: dict[str, Any] = {"kind": _NAMES[type(part)]}
    for found in fields(part):
        value = getattr(part, found.name)
        if found.name not in unsaid and value != found.default:
            told[found.name] = to_plain(value, found.name)
    return told


def part_from_json(values: Mapping[str, Any]) -> Any:
    """Read what :func:`part_to_json` wrote; raises ``OzoraError`` naming what makes no sense."""
    values = dict(values)
    kind = values.pop("kind", None)
    if kind not in _KINDS:
        raise refuse("part", kind, f"one of {', '.join(_KINDS)}")
    names = [found.name for found in fields(_KINDS[kind])]
    for name in values:
        if name not in names:
            raise refuse(kind, name, f"the keys {', '.join(names)}")
    try:
        return _KINDS[kind](**values)
    except (TypeError, ValueError) as error:
        if isinstance(error, OzoraError):
            raise
        raise refuse(kind, values, f"values for {', '.join(names)} ({error})") from error


def to_plain(value: Any, name: str) -> Any:
    """A value as JSON holds it; what lives in memory only is refused."""
    if isinstance(value, tuple):
        return [to_plain(one, name) for one in value]
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    came = f"a {type(value).__name__.lower()} in memory"
    raise refuse(name, came, "the path of a file, since a request is stored as plain text: save it first")


def check_words(name: str, text: str) -> None:
    """Refuse what no tokeniser should see."""
    if not isinstance(text, str):
        raise refuse(name, text, "words")
    if len(text) > LONGEST_PROMPT:
        raise OzoraError(f"{name}: got {len(text)} characters, allowed: at most {LONGEST_PROMPT}.")
    if "\0" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise OzoraError(f"{name}: got characters that are not text, allowed: any Unicode text.")


def check_seconds(seconds: float) -> None:
    """Refuse lengths that no film has."""
    if not (math.isfinite(seconds) and 0 < seconds <= LONGEST_SECONDS):
        raise refuse("seconds", seconds, f"more than 0 and at most {LONGEST_SECONDS:g}")


def check_strength(strength: float, lowest: float) -> None:
    """Refuse strengths out of range."""
    if not (math.isfinite(strength) and lowest <= strength <= 1):
        raise refuse("strength", strength, f"{lowest:g} (nearly the film as it is) to 1 (all new)")


def _check_curve(curve: str | Points) -> None:
    allowed = f"one of {', '.join(CURVES)}, or points of (seconds, influence 0 to 1) in rising order"
    if isinstance(curve, str):
        if curve not in CURVES:
            raise refuse("curve", curve, allowed)
        return
    times = [time for time, _ in curve]
    fine = all(math.isfinite(time) and time >= 0 and 0 <= value <= 1 for time, value in curve)
    if not curve or not fine or times != sorted(set(times)):
        raise refuse("curve", list(curve), allowed)


def _plain(source: Material) -> Material:
    return str(source) if isinstance(source, Path) else source
