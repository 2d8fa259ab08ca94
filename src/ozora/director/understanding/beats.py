"""Sentences to the cards of a storyboard: what happens next is a card of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ozora.director.understanding.cast import Mention
from ozora.director.understanding.pieces import Piece
from ozora.director.understanding.reading import Beat, Conflict, SubjectReading, Understood
from ozora.director.understanding.scene import VAGUE_PLACES

SECONDS = 4.0
"""How long a clip is where the words do not say."""
_LASTING = ("place", "time", "weather", "look")
"""What a card has from the one before it, if it says nothing else."""
_HEADINGS = (
    "shot", "scene", "card", "clip", "part", "take", "beat", "szene", "plano", "escena", "plan", "scène",
)  # fmt: skip
"""What a number stands after that announces a card: "Shot 2: ..."."""
_SETTING = ("place", "time")
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
    headed = any(is_heading(sentence) for sentence in sentences)
    for sentence in sentences:
        deeds = _deeds(sentence)
        if headed:  # the words themselves say where a card begins
            if groups and not is_heading(sentence):
                groups[-1] += sentence
            else:
                groups.append(sentence)
            continue
        announced = any(piece.of("next") and not piece.of("joint") for piece in sentence[:2])
        goes = _goes_somewhere(sentence)
        meanwhile = any(piece.of("near") or _is_near(piece) for piece in sentence) and not announced
        new = bool(deeds) and (announced or not deeds & done) and bool(done) and not meanwhile
        new = new or (bool(groups) and _is_another_setting(groups[-1], sentence))
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


def is_heading(sentence: Sequence[Piece]) -> bool:
    """Whether a sentence begins like "Shot 2:", "Scene 1 -" or "2." """
    plain = [piece for piece in sentence[:3] if not piece.is_sign]
    if not plain:
        return False
    number = [piece.of("count") for piece in plain[:2]]
    named = plain[0].key in _HEADINGS and len(plain) > 1 and bool(number[1])
    listed = bool(number[0]) and plain[0].key.isdecimal() and (len(plain) == 1 or sentence[1].is_sign)
    return named or listed


def _is_another_setting(before: Sequence[Piece], sentence: Sequence[Piece]) -> bool:
    """Whether the sentence names another place or time than those before it did."""
    for axis in _SETTING:
        had, has = _values(before, axis), _values(sentence, axis)
        if had and has and not had & has and not any(piece.of("later") for piece in sentence):
            return True
    return False


def _values(pieces: Sequence[Piece], axis: str) -> set[str]:
    """Values of an axis that pieces name for sure: not "snow" or "water", which are elsewhere too."""
    return {
        sense.value
        for piece in pieces
        if piece.key not in VAGUE_PLACES
        for sense in piece.of(axis)[:1]
        if sense.role != "weak"
    }


def _deeds(sentence: tuple[Piece, ...]) -> set[str]:
    """Actions in a sentence that is not about the camera."""
    if _speaks_of_camera(sentence):
        return set()
    return {
        sense.value
        for piece in sentence
        if not (piece.of("air") or piece.of("relation") or piece.of("outcome") or _only_goes(piece))
        for sense in (*piece.of("action"), *piece.of("then"))
        if sense.role != "weak"
    }


def _is_near(piece: Piece) -> bool:
    return any(sense.role == "near" for sense in piece.of("relation"))


def _speaks_of_camera(sentence: tuple[Piece, ...]) -> bool:
    return any(
        (piece.of("lens") and not _sees(sentence[at:]))
        or (piece.of("camera") and piece.of("camera")[0].role == "")
        for at, piece in enumerate(sentence)
    )


def _sees(pieces: Sequence[Piece]) -> bool:
    """Whether it is "we see", which says no more of the camera than "here is"."""
    return pieces[0].key == "we" and len(pieces) > 1 and pieces[1].key.split(" ")[0] in ("see", "watch")


def _only_goes(piece: Piece) -> bool:
    """Whether it is a word like "travels", which says where somebody heads and not what else happens."""
    return any(sense.value == "go" for sense in piece.of("action"))


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
