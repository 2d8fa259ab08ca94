"""Several sentences: a storyboard draft of their cards, and what is left out where they become one shot."""

from __future__ import annotations

import json
from typing import Any

from ozora.director.understanding.reading import Beat, Reading
from ozora.director.understanding.recaption import compose, recaption
from ozora.director.understanding.understand import understand
from ozora.world import concepts

CARD_SECONDS = 3.0
"""How long a card of a draft lasts where the words do not say."""
_SETTING = ("place", "time", "weather")


def draft(reading: Reading) -> dict[str, Any]:
    """A storyboard, as ``ozora board`` films it: a card for each beat, its words said as the footage would.

    A card begins with a cut where it is elsewhere or about somebody else; otherwise it goes on. Beats
    without a subject keep the words of the prompt.
    """
    told = "seconds" in reading.scene or any("seconds" in beat.scene for beat in reading.beats)
    cards: list[dict[str, Any]] = []
    at = 0.0
    for number, beat in enumerate(reading.beats):
        before = reading.beats[number - 1] if number else None
        card: dict[str, Any] = {"at": round(at, 3), "words": _words(reading, beat)}
        if before is not None and _is_elsewhere(before, beat):
            card["transition"] = "cut"
        cards.append(card)
        at += beat.seconds if told else CARD_SECONDS
    return {"seconds": round(at, 3), "cards": cards}


def as_toml(board: dict[str, Any], prompt: str) -> str:
    """A storyboard as a TOML document, the prompt in a comment."""
    lines = [f"# {line}" for line in prompt.splitlines()] + ["", f"seconds = {board['seconds']}"]
    for card in board["cards"]:
        lines += ["", "[[cards]]"]
        lines += [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in card.items()]
    return "\n".join(lines) + "\n"


def left_out(reading: Reading) -> tuple[tuple[str, str], ...]:
    """Where several beats are filmed as one shot: the words of a beat, and what the shot does not say of it.

    The shot's caption is read again, so that nothing counts as said that a reader would not find there.
    """
    if len(reading.beats) < 2 or not reading.subjects:
        return ()
    again = understand(recaption(reading.prompt).text, "en")
    said = {(axis, read.value) for axis, read in again.scene.items()}
    for subject in again.subjects:
        said |= {("kind", subject.kind)}
        deeds = (subject.fields.get(name) for name in ("action", "then"))
        said |= {("action", read.value) for read in deeds if read is not None}
    found = []
    for beat in reading.beats:
        does = [(one.kind, one.fields["action"].value) for one in beat.subjects if "action" in one.fields]
        missing = [kind for one in beat.subjects if ("kind", kind := one.kind) not in said]
        missing += [action for _, action in does if ("action", action) not in said]
        missing += [beat.scene[axis].value for axis in _SETTING
                    if axis in beat.scene and (axis, beat.scene[axis].value) not in said]  # fmt: skip
        if missing:
            found.append((beat.words, ", ".join(dict.fromkeys(missing))))
    return tuple(found)


def _words(reading: Reading, beat: Beat) -> str:
    if not beat.subjects:
        return beat.words.strip()
    scene = {name: read for name, read in beat.scene.items() if name != "cut"}  # a card is the cut
    return compose(Reading(beat.words, reading.language, beat.subjects, scene))


def _is_elsewhere(before: Beat, beat: Beat) -> bool:
    kinds = {one.kind for one in before.subjects}
    other = bool(beat.subjects) and not kinds & {one.kind for one in beat.subjects}
    places = [one.scene["place"].value for one in (before, beat) if "place" in one.scene]
    moved = len(places) == 2 and places[0] != places[1] and places[1] in concepts.PLACES
    return other or moved or "cut" in beat.scene
