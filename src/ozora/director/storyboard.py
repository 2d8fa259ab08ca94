"""A storyboard: cards at times inside one film, in one TOML or JSON document, become the parts of a request.

    words = "a red fox in a snowy field"      # said of every card: its subjects
    seconds = 7                               # where the film ends
    seed = 1                                  # and size, quality, drafts, steps, negative …

    [[cards]]
    at = 0
    words = "it walks at dawn"
    picture = "first.png"                     # shown at this moment; or clip = "fox.mp4", played from here
    camera = "the camera pans to the left"

    [[cards]]
    at = 3.5
    words = "it runs at night"
    transition = "cut"                        # begins anew; "continue", the default, goes on

A card lasts until the next one. The transformer reads one text per window, so a card that goes on is an
extension of the one before under its own words, and a card after a cut is a film of its own. Each card's
words are said again in those of the training footage, as prompts are. Paths are those beside the document.
"""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ozora.director.parts import LONGEST_SECONDS, Fresh, Part, Play, Still
from ozora.director.request import Request
from ozora.errors import OzoraError, refuse

TRANSITIONS = ("continue", "cut")
SETTINGS = (
    "seed", "size", "quality", "refining", "drafts", "steps", "guidance", "negative", "threads", "precision",
    "count",
)  # fmt: skip
KEYS = ("words", "seconds", "cards", *SETTINGS)
CARD_KEYS = ("at", "seconds", "words", "picture", "clip", "camera", "transition")
SHORTEST_CARD = 0.3
"""Seconds: one step of the model, nearly."""


@dataclass(frozen=True)
class Card:
    """One card: from second ``at``, for ``seconds`` (to the next card if None)."""

    at: float
    words: str = ""
    seconds: float | None = None
    picture: str | None = None
    clip: str | None = None
    camera: str = ""
    transition: str = "continue"


def read_board(path: str | Path, *, as_is: bool = False) -> Request:
    """Read a storyboard; with ``as_is`` the model gets its words untouched.

    Raises ``OzoraError``, naming the card and the key, for what makes no sense."""
    path = Path(path)
    if not path.is_file():
        raise refuse("board", str(path), "a storyboard, a TOML or JSON file that exists")
    try:
        text = path.read_text("utf-8")
        document = json.loads(text) if path.suffix.lower() == ".json" else tomllib.loads(text)
    except (ValueError, OSError) as error:
        raise OzoraError(f"board: {path} is no TOML or JSON document ({error}).") from error
    if not isinstance(document, dict):
        raise refuse("board", path.name, f"a table with the keys {', '.join(KEYS)}")
    return board(document, path.parent, as_is=as_is)


def board(document: Mapping[str, Any], folder: Path = Path(), *, as_is: bool = False) -> Request:
    """The request that a storyboard asks for; files are looked for in ``folder``.

    What the model reads of each card is said again as captions are, or not at all ``as_is``.
    """
    from ozora.director.understanding.recaption import caption_for

    _check_keys("board", document, KEYS)
    shared, end = _text(document, "words", "board"), document.get("seconds")
    cards = document.get("cards")
    if not isinstance(cards, list) or not cards or not all(isinstance(card, dict) for card in cards):
        raise refuse("board", "no cards", "one [[cards]] or more")
    read = [_card(number, card, folder) for number, card in enumerate(cards, start=1)]
    ends = _ends(read, _number(end, "seconds"))
    parts: list[Part] = []
    stills: list[Still] = []
    for number, (card, stop) in enumerate(zip(read, ends, strict=True), start=1):
        words = ", ".join(text for text in (shared, card.words, card.camera) if text)
        cut = number > 1 and card.transition == "cut"
        if not words:
            raise refuse(f"card {number}", "no words", "words of its own, or words of the board")
        caption = None if as_is else caption_for(words)
        if card.clip is not None:
            parts += _clip_parts(number, card, words, caption, cut, stop)
        else:
            parts.append(Fresh(stop - card.at, words, cut, caption))
        if card.picture is not None:
            stills.append(Still(card.picture, 0.0, part=len(parts) - 1))
    settings = {name: _setting(name, document[name]) for name in SETTINGS if name in document}
    prompt = shared or read[0].words or read[0].camera
    return Request(prompt, verb="storyboard", parts=tuple(parts), stills=tuple(stills), **settings)


def _clip_parts(
    number: int, card: Card, words: str, caption: str | None, cut: bool, stop: float
) -> list[Part]:
    """A given film, and what goes on from it if the card is longer."""
    from ozora.media.video import measure

    assert card.clip is not None
    try:
        length, room = measure(card.clip)[3], stop - card.at
    except OzoraError as error:
        raise OzoraError(str(error).replace("film", f"card {number}", 1)) from error
    played: list[Part] = [Play(card.clip, stop=min(length, room), words=words, cut=cut)]
    if room - length >= SHORTEST_CARD:
        played.append(Fresh(room - length, words, caption=caption))
    return played


def _card(number: int, values: Mapping[str, Any], folder: Path) -> Card:
    name = f"card {number}"
    _check_keys(name, values, CARD_KEYS)
    at = _number(values.get("at", 0 if number == 1 else None), f"{name} at")
    if at is None:
        raise refuse(name, "no time", "at, the second where it begins")
    transition = values.get("transition", "continue")
    if transition not in TRANSITIONS:
        raise refuse(f"{name} transition", transition, " or ".join(TRANSITIONS))
    files: dict[str, str | None] = {}
    for kind in ("picture", "clip"):
        files[kind] = None
        if kind in values:
            path = folder / _text(values, kind, name)
            if not path.is_file():
                raise refuse(f"{name} {kind}", str(path), "a file that exists")
            files[kind] = str(path)
    if files["picture"] and files["clip"]:
        raise refuse(name, "both a picture and a clip", "one of them")
    return Card(
        at, _text(values, "words", name), _number(values.get("seconds"), f"{name} seconds"),
        files["picture"], files["clip"], _text(values, "camera", name), transition,
    )  # fmt: skip


def _ends(cards: list[Card], end: float | None) -> list[float]:
    """Where each card ends; refuses cards that overlap, stand in no order or lie past the end."""
    if cards[0].at:
        raise refuse("card 1 at", f"{cards[0].at:g}", "0: the film begins with its first card")
    last = cards[-1].seconds
    if end is None:
        if last is None:
            raise refuse("board", "no seconds", "seconds of the board, or of its last card: where it ends")
        end = cards[-1].at + last
    if end > LONGEST_SECONDS:
        raise refuse("board seconds", f"{end:g}", f"at most {LONGEST_SECONDS:g}")
    ends = []
    for number, card in enumerate(cards, start=1):
        if card.at >= end:
            raise refuse(f"card {number} at", f"{card.at:g}", f"times before {end:g}, where the film ends")
        stop = cards[number].at if number < len(cards) else end
        if stop - card.at < SHORTEST_CARD - 1e-6:
            allowed = f"{card.at + SHORTEST_CARD:g} or later, after card {number}"
            raise refuse(f"card {number + 1} at", f"{stop:g}", allowed)
        if card.seconds is not None and card.at + card.seconds > stop + 1e-6:
            until = f"{card.at:g} to {card.at + card.seconds:g}"
            what = f"card {number + 1}" if number < len(cards) else "the film's end"
            raise refuse(f"card {number}", until, f"an end at {stop:g} or before, since {what} comes there")
        ends.append(stop)
    return ends


def _check_keys(name: str, values: Mapping[str, Any], allowed: tuple[str, ...]) -> None:
    for key in values:
        if key not in allowed:
            raise refuse(name, key, f"the keys {', '.join(allowed)}")


def _setting(name: str, value: Any) -> Any:
    """A setting of the kind that it is; ``steps = 2.5`` or ``seed = true`` would be misread later."""
    kinds, allowed = {
        "guidance": ((int, float), "a number"),
        **dict.fromkeys(("size", "quality", "negative", "precision"), ((str,), "text in quotation marks")),
    }.get(name, ((int,), "a whole number"))
    if isinstance(value, bool) or not isinstance(value, kinds):
        raise refuse(f"board {name}", value, allowed)
    return value


def _text(values: Mapping[str, Any], key: str, name: str) -> str:
    value = values.get(key, "")
    if not isinstance(value, str):
        raise refuse(f"{name} {key}", value, "text in quotation marks")
    return value.strip()


def _number(value: Any, name: str) -> float | None:
    if value is None:
        return None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not math.isfinite(value) or value < 0:
        raise refuse(name, value, "a number of seconds, 0 or more")
    return float(value)
