"""Sentences to the cards of a storyboard: what happens next is a card of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ozora.director.understanding.cast import Mention
from ozora.director.understanding.pieces import Piece
from ozora.director.understanding.reading import Beat, Conflict, SubjectReading, Understood

SECONDS = 4.0
"""How long a clip is where the words do not say."""
_LASTING = ("place", "time", "weather", "look")
"""What a card has from the one before it, if it says nothing else."""
_OWN = ("action", "then", "speed", "direction", "position")
"""What a subject does, which the next card has to say anew."""


@dataclass(frozen=True)
class Found:
    """What some sentences say."""

    subjects: tuple[SubjectReading, ...]
    scene: dict[str, Understood]
    without: tuple[tuple[str, str], ...]
    conflicts: list[Conflict]
    unused: tuple[Piece, ...] = ()
    span: tuple[int, int] = (0, 0)


Read = Callable[[tuple[Piece, ...], Mention | None], Found]


def find_beats(prompt: str, pieces: tuple[Piece, ...], read: Read) -> tuple[Found, ...]:
    """The prompt's sentences in groups, each read with what the ones before it spoke of."""
    beats: list[Found] = []
    for group in _groups(_sentences(pieces)):
        context = _context(beats[-1]) if beats else None
        found = read(group, context)
        scene = found.scene
        if beats:
            lasting = {name: beats[-1].scene[name] for name in _LASTING if name in beats[-1].scene}
            scene = {**lasting, **scene}
        span = (group[0].span[0], group[-1].span[1])
        beats.append(replace(found, scene=scene, span=span))
    return tuple(beats)


def cards_of(prompt: str, beats: Sequence[Found], whole: Understood | None) -> tuple[Beat, ...]:
    """The cards, with seconds: those that a card names, else an even share of the clip's."""
    named = [beat.scene.get("seconds") for beat in beats]
    several = sum(one is not None for one in named) > 1
    total = float(whole.value) if whole is not None else SECONDS
    shared = round(total / max(1, len(beats)), 3)
    return tuple(
        Beat(
            words=prompt[beat.span[0] : beat.span[1]],
            span=beat.span,
            seconds=float(own.value) if several and own is not None else shared,
            subjects=beat.subjects,
            scene=beat.scene,
        )
        for beat, own in zip(beats, named, strict=True)
    )


def _sentences(pieces: tuple[Piece, ...]) -> list[tuple[Piece, ...]]:
    found: list[list[Piece]] = [[]]
    for piece in pieces:
        found[-1].append(piece)
        if piece.is_sign and piece.key == ".":
            found.append([])
    return [tuple(one) for one in found if any(not piece.is_sign for piece in one)]


def _groups(sentences: list[tuple[Piece, ...]]) -> list[tuple[Piece, ...]]:
    """Sentences that tell of one moment together: a remark on camera or light joins what it remarks on."""
    groups: list[tuple[Piece, ...]] = []
    done: set[str] = set()
    for sentence in sentences:
        deeds = _deeds(sentence)
        announced = any(piece.of("next") and not piece.of("joint") for piece in sentence[:2])
        goes = _goes_somewhere(sentence)
        meanwhile = any(piece.of("near") or _is_near(piece) for piece in sentence) and not announced
        new = bool(deeds) and (announced or not deeds & done) and bool(done) and not meanwhile
        if groups and (new or goes or (announced and (deeds or _speaks_of_camera(sentence)))):
            groups.append(sentence)
            done = deeds
        elif groups:
            groups[-1] += sentence
            done |= deeds
        else:
            groups.append(sentence)
            done = deeds
    return groups


def _deeds(sentence: tuple[Piece, ...]) -> set[str]:
    """Actions in a sentence that is not about the camera."""
    if _speaks_of_camera(sentence):
        return set()
    return {
        sense.value
        for piece in sentence
        if not (piece.of("air") or piece.of("relation") or piece.of("outcome"))
        for sense in (*piece.of("action"), *piece.of("then"))
        if sense.role != "weak"
    }


def _is_near(piece: Piece) -> bool:
    return any(sense.role == "near" for sense in piece.of("relation"))


def _speaks_of_camera(sentence: tuple[Piece, ...]) -> bool:
    return any(
        piece.of("lens") or (piece.of("camera") and piece.of("camera")[0].role == "") for piece in sentence
    )


def _goes_somewhere(sentence: tuple[Piece, ...]) -> bool:
    """Whether the camera goes to another place: "the camera turns to the mountains"."""
    return _speaks_of_camera(sentence) and any(piece.of("place") for piece in sentence)


def _context(beat: Found) -> Mention | None:
    """The first subject of a card as the next one knows it: who it is, not what it did."""
    if not beat.subjects:
        return None
    first = beat.subjects[0]
    kept = {name: read for name, read in first.fields.items() if name not in _OWN}
    return Mention(-1, first.kind, kept)
