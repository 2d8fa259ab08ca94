"""A reading as something to show: rows of a table, lines of remarks, one JSON document."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ozora.director.understanding.drafting import left_out
from ozora.director.understanding.knowledge import Axes, never_seen
from ozora.director.understanding.reading import Beat, Reading, Understood
from ozora.director.understanding.recaption import filled, recaption
from ozora.director.understanding.understand import understand
from ozora.errors import OzoraError


@dataclass(frozen=True)
class Row:
    """One field of the understood Shot, the axis it is on ("" for none), its words and how sure."""

    field: str
    axis: str
    value: str
    words: tuple[str, ...]
    sure: float


def rows(reading: Reading) -> tuple[Row, ...]:
    """Every field that was read, subjects first."""
    found = []
    for index, subject in enumerate(reading.subjects):
        name = "" if len(reading.subjects) == 1 else f"{index + 1} "
        for field, read in subject.fields.items():
            axis = "subject" if field == "kind" else field
            axis = axis if index == 0 else "second_subject" if (index, field) == (1, "kind") else ""
            found.append(_row(reading, f"{name}{'subject' if field == 'kind' else field}", axis, read))
    found += [_row(reading, field, field, read) for field, read in reading.scene.items()]
    return tuple(found)


def document(reading: Reading, axes: Axes, *, fill: int | None = None) -> dict[str, Any]:
    """All that ``ozora explain`` tells, as JSON values; ``fill`` is a seed to draw with what is open."""
    told = recaption(reading.prompt)
    unseen = never_seen(reading, axes)
    full, cannot = "", ""
    if fill is not None:
        try:
            full = filled(reading, fill)
        except OzoraError as error:
            cannot = str(error)
    result: dict[str, Any] = {
        "prompt": reading.prompt,
        "language": reading.language,
        "fields": [asdict(row) for row in rows(reading)],
        "open": list(reading.open),
        "without": [list(pair) for pair in reading.without],
        "conflicts": [asdict(conflict) for conflict in reading.conflicts],
        "unknown": [asdict(unknown) for unknown in reading.unknown],
        "unused": [asdict(one) for one in reading.unused],
        "corrections": [asdict(correction) for correction in reading.corrections],
        "never_seen": unseen,
        "caption": told.text if reading.subjects else "",
        "changed": told.changed,
        "beats": [_card(beat) for beat in reading.beats],
        "left_out": [list(one) for one in left_out(reading)],
    }
    if fill is not None:
        result["filled"] = full
    result["notes"] = _notes(reading, result, unseen, full, cannot)
    return result


_NAMED_ALONE = ("subject", "second_subject", "place", "action", "then", "colour", "weather", "look")
"""Fields whose values say by themselves what they are of."""


def doubts(prompt: str, axes: Axes) -> list[str]:
    """What a film of ``prompt`` will lack, a line each: what cannot be, words without meaning, things never
    seen."""
    reading = understand(prompt)
    found = {
        "conflict": list(_conflicts(reading)),
        "no meaning here": [
            one.word + (f" (nearest in the film set: {one.nearest})" if one.nearest else "")
            for one in reading.unknown
        ],
        "never seen by these weights": [
            value if field in _NAMED_ALONE else f"{field} {value}"
            for field, value in never_seen(reading, axes).items()
        ],
    }
    lines = [f"{title}: {', '.join(words)}" for title, words in found.items() if words]
    lacking = [_lacking(words, values) for words, values in left_out(reading)]
    if lacking:
        cards = "`ozora explain … --board` makes cards of it"
        lines.append(f"not in this one shot: {'; '.join(lacking)} ({cards})")
    return lines


def _lacking(words: str, values: str) -> str:
    """A beat that the caption of the whole does not say, and what of it."""
    return f"“{words.strip().rstrip('.。।')}” ({values})"


def _row(reading: Reading, field: str, axis: str, read: Understood) -> Row:
    words = tuple(reading.prompt[start:end] for start, end in read.spans)
    return Row(field, axis, read.value, words, read.sure)


def _card(beat: Beat) -> dict[str, Any]:
    camera = beat.scene.get("camera")
    return {"seconds": beat.seconds, "words": beat.words, "camera": camera.value if camera else None,
            "subjects": [{name: read.value for name, read in one.fields.items()} for one in beat.subjects],
            "scene": {name: read.value for name, read in beat.scene.items()}}  # fmt: skip


def _notes(
    reading: Reading, told: Mapping[str, Any], unseen: Mapping[str, str], full: str, cannot: str
) -> dict[str, list[str]]:
    """Remarks under the table, by title; titles without any are left out."""
    notes: dict[str, Iterator[str] | list[str]] = {
        "caption": [told["caption"]] if told["caption"] else ["none: no subject of the film set is named"],
        "filled": [text for text in (full, cannot) if text],
        "cards": _cards(reading) if len(reading.beats) > 1 else [],
        "not in it": [_lacking(words, values) for words, values in told["left_out"]],
        "conflict": _conflicts(reading),
        "without": [f"{axis}: {value}" for axis, value in reading.without],
        "read as": [f"{one.word} → {one.read_as}" for one in reading.corrections],
        "no meaning": [
            one.word + (f" (nearest in the film set: {one.nearest})" if one.nearest else "")
            for one in reading.unknown
        ],
        "no effect": [f"{one.word} ({one.nearest}: nobody here to say it of)" for one in reading.unused],
        "* unseen": [f"{field} {value}: in the film set, but these weights have never seen it"
                     for field, value in unseen.items()],
        "open": [", ".join(_short(reading))],
    }  # fmt: skip
    return {title: list(lines) for title, lines in notes.items() if lines}


def _conflicts(reading: Reading) -> Iterator[str]:
    for one in reading.conflicts:
        outcome = f"taken: {one.taken}" if one.taken else "left open"
        yield f"{one.field}: {' or '.join(one.values)} ({one.why}); {outcome}"


def _cards(reading: Reading) -> list[str]:
    return [
        f"{number}. {beat.seconds:g} s  {beat.words}"
        + (f"  (camera: {beat.scene['camera'].value})" if "camera" in beat.scene else "")
        for number, beat in enumerate(reading.beats, 1)
    ]


def _short(reading: Reading) -> list[str]:
    """What is open, without the number of the subject where there is only one."""
    alone = len(reading.subjects) == 1
    return [name.removeprefix("subjects[0].") if alone else name for name in reading.open]
