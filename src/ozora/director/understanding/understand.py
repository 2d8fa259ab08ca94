"""From a prompt to its reading: language, pieces, cast, deeds, scene, beats."""

from __future__ import annotations

from collections.abc import Sequence

from ozora.director.understanding.beats import Found, cards_of, find_beats, is_heading
from ozora.director.understanding.cast import TRAITS, Mention, Sheet, find_cast
from ozora.director.understanding.deeds import find_deeds
from ozora.director.understanding.mending import mend
from ozora.director.understanding.neighbours import nearest
from ozora.director.understanding.pieces import Piece, cut
from ozora.director.understanding.reading import Conflict, Correction, Reading, Span, SubjectReading, Unknown
from ozora.director.understanding.scene import Scene, find_relation, find_scene, find_seconds
from ozora.world.languages import CODES
from ozora.world.languages.tokens import Token, is_unspaced, tokens
from ozora.world.languages.vocabulary import vocabulary
from ozora.world.shot import MOST_SUBJECTS

_DENIED_BEFORE = ("ja",)
_SAID = ("subject", "action", "then", "colour", "material", "size", "count", "occluder", "relation")
"""Axes of which no word may be dropped in silence."""
_MARKERS = ("glue", "joint", "next", "not")
_OF_ALL = ("relation", "seconds", "later", "cut")
"""What is read of all sentences together, however many cards they make."""
_NEARLY = 0.75
_LATIN = ("en", "es", "fr", "de")


def understand(prompt: str, language: str | None = None) -> Reading:
    """Read a prompt. ``language`` is an ISO 639-1 code of ``CODES``; left out, it is told from the words.

    What the words leave open stays open; what means nothing is named. The same prompt gives the same reading.
    """
    text = tokens(prompt)
    code, pieces = _in_its_language(text, language)
    _, pieces = mend(code, text, pieces, lambda some: _read(code, some))
    whole = _read(code, pieces)
    beats = find_beats(prompt, pieces, lambda some, context: _read(code, some, context))
    subjects, scene, conflicts = whole.subjects, whole.scene, whole.conflicts
    if len(beats) > 1:  # what a later card asks for is no conflict with an earlier one
        scene = {name: read for name, read in whole.scene.items() if name in _OF_ALL}
        for beat in beats:
            scene = {**beat.scene, **scene}
        conflicts = [one for beat in beats for one in beat.conflicts]
    cards = cards_of(prompt, beats, scene.get("seconds"))
    return Reading(
        prompt=prompt,
        language=code,
        subjects=subjects,
        scene=scene,
        without=whole.without,
        conflicts=tuple(dict.fromkeys(conflicts)),
        unknown=_unknown(prompt, pieces),
        unused=tuple(_named(prompt, piece) for piece in whole.unused),
        corrections=_corrections(prompt, pieces),
        beats=cards,
    )


def _read(code: str, pieces: tuple[Piece, ...], context: Mention | None = None) -> Found:
    """What some pieces say, after sentences that spoke of ``context``."""
    sheet = Sheet(code, pieces, context=context)
    without = _deny(sheet)
    _mark_camera(sheet)
    _number_clauses(sheet)
    scene: Scene = {}
    conflicts = find_seconds(sheet, scene)
    conflicts += find_cast(sheet)
    find_relation(sheet, scene)
    conflicts += find_scene(sheet, scene)
    conflicts += find_deeds(sheet)
    unused = _unused(sheet, conflicts)
    subjects = sheet.subjects or ([context] if context is not None else [])
    if context is not None and subjects != [context] and "action" in context.fields:
        subjects = [context, *subjects][:MOST_SUBJECTS]  # "They stop. Gulls fly by."
    read = tuple(SubjectReading(dict(mention.fields)) for mention in subjects)
    return Found(read, scene, without, conflicts, unused)


def _unused(sheet: Sheet, conflicts: Sequence[Conflict]) -> tuple[Piece, ...]:
    """Pieces that mean something to the film set and have not found whom to say it of."""
    told = {span for conflict in conflicts for span in conflict.spans}
    told |= _headings(sheet.pieces)
    return tuple(
        piece
        for place, piece in enumerate(sheet.pieces)
        if place not in sheet.taken | sheet.denied | sheet.filmed
        and piece.span not in told
        and piece.senses
        and all(sense.axis in _SAID and sense.role != "weak" for sense in piece.senses)
    )


def _headings(pieces: tuple[Piece, ...]) -> set[Span]:
    """Where the numbers of "Shot 1:" and "2." stand."""
    starts = [at for at in range(len(pieces)) if at == 0 or pieces[at - 1].key == "."]
    return {
        piece.span
        for start in starts
        if is_heading(pieces[start : start + 3])
        for piece in pieces[start : start + 2]
        if piece.of("count")
    }


def _in_its_language(text: tuple[Token, ...], language: str | None) -> tuple[str, tuple[Piece, ...]]:
    """The language in which the words mean most, and the pieces that they fall into there."""
    codes = (language,) if language in CODES else _likely(text, _languages_of(text))
    tried = [(code, *cut(vocabulary(code), text)) for code in codes]
    code, pieces, _ = max(tried, key=lambda found: found[2])
    return code, pieces


def _languages_of(text: tuple[Token, ...]) -> tuple[str, ...]:
    """Languages that are written in the letters of these words."""
    letters = "".join(token.key for token in text)
    latin = sum("a" <= letter <= "z" for token in text for letter in token.key[:1])
    if 2 * latin > sum(not token.is_sign and not token.key.isdecimal() for token in text):
        return _LATIN  # a sign or two of another writing among its words
    if any(0x3041 <= ord(letter) <= 0x30FF for letter in letters):
        return ("ja",)
    if any(is_unspaced(letter) for letter in letters):
        return ("zh", "ja")
    if any(0x0900 <= ord(letter) <= 0x097F for letter in letters):
        return ("hi",)
    if any(0x0600 <= ord(letter) <= 0x06FF for letter in letters):
        return ("ar",)
    return _LATIN


def _likely(text: tuple[Token, ...], codes: tuple[str, ...]) -> tuple[str, ...]:
    """Of some languages those that know most of the words as they are spelt, and any that come near."""
    known = {code: sum(token.key in vocabulary(code).words for token in text) for code in codes}
    most = max(known.values())
    return tuple(code for code in codes if known[code] >= _NEARLY * most)


def _deny(sheet: Sheet) -> tuple[tuple[str, str], ...]:
    """Mark what the words exclude, and tell it as (axis, value)."""
    without = []
    for place in sheet.free("not"):
        before, after = range(place - 1, -1, -1), range(place + 1, len(sheet.pieces))
        for at in before if sheet.code in _DENIED_BEFORE else after:
            piece = sheet.pieces[at]
            if piece.is_sign:
                break
            senses = [sense for sense in piece.senses if sense.axis not in _MARKERS and sense.value]
            if senses:
                sheet.denied.add(at)
                without.append((senses[0].axis, senses[0].value))
                if senses[0].axis in ("subject", "place", "weather", "occluder", "action", "time"):
                    break
                following = sheet.pieces[at + 1] if at + 1 < len(sheet.pieces) else None
                adverb = senses[0].axis in ("speed", "direction", "position")
                if following is None or not (following.of("action") if adverb else _is_named(following)):
                    break  # "that is not black sits on a table": neither sitting nor the table is denied
    return tuple(dict.fromkeys(without))


def _is_named(piece: Piece) -> bool:
    """Whether a noun may stand here, or what stands before one."""
    nouns = ("subject", "place", "weather", "occluder", "lens", "camera")
    return any(piece.of(axis) for axis in (*nouns, *TRAITS))


def _mark_camera(sheet: Sheet) -> None:
    """From the word camera to the end of its clause, the words are about the camera."""
    on = False
    for place, piece in enumerate(sheet.pieces):
        lens = bool(piece.of("lens")) and "we" not in piece.words
        phrase = any(sense.role == "" for sense in piece.of("camera"))
        if piece.is_sign or (piece.of("joint") and not lens) or phrase:
            on = False
        on = on or lens
        if on:
            sheet.filmed.add(place)


def _number_clauses(sheet: Sheet) -> None:
    number = 0
    for piece in sheet.pieces:
        if piece.is_sign or piece.of("joint") or (sheet.code == "ar" and _joins(piece)):
            number += 1
        sheet.clause.append(number)


def _joins(piece: Piece) -> bool:
    """Whether "and" is stuck to a verb, as Arabic writes it, so that a clause begins: "ويطير"."""
    return bool(piece.of("action") and piece.words) and piece.tokens[0].key == f"و{piece.words[0]}"


def _unknown(prompt: str, pieces: tuple[Piece, ...]) -> tuple[Unknown, ...]:
    """Words without any sense; neighbours in writing without spaces are one word."""
    found: list[Unknown] = []
    for piece in pieces:
        if piece.senses or piece.is_sign:
            continue
        start, end = piece.span
        word = prompt[start:end]
        if found and is_unspaced(word[0]) and found[-1].span[1] == start:
            start = found[-1].span[0]
            found[-1] = Unknown(prompt[start:end], (start, end))
            continue
        found.append(Unknown(word, (start, end), nearest(piece.key)))
    return tuple(found)


def _named(prompt: str, piece: Piece) -> Unknown:
    start, end = piece.span
    return Unknown(prompt[start:end], piece.span, f"{piece.senses[0].axis} {piece.senses[0].value}".strip())


def _corrections(prompt: str, pieces: tuple[Piece, ...]) -> tuple[Correction, ...]:
    written = {token.start: token.key for token in tokens(prompt)}
    return tuple(
        Correction(prompt[token.start : token.end], word, (token.start, token.end))
        for piece in pieces
        for token, word in zip(piece.tokens, piece.words, strict=False)
        if written[token.start] != word and not written[token.start].endswith(word)
    )

