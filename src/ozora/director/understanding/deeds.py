"""What the subjects of a prompt do: actions and what follows them, how fast, which way, where they stand."""

from __future__ import annotations

from ozora.director.understanding.cast import Mention, Sheet
from ozora.director.understanding.pieces import Piece
from ozora.director.understanding.reading import Conflict
from ozora.world import concepts
from ozora.world.languages.sense import Sense
from ozora.world.languages.vocabulary import vocabulary
from ozora.world.physics.cast import TOGETHER

_GOING = ("walk", "drive", "sail", "swim", "fly", "roll", "slide", "drift", "rise")
"""What "goes" or "moves" means, by the first of these that a subject can do."""


def find_deeds(sheet: Sheet) -> list[Conflict]:
    """Give the subjects their actions, speeds, directions, positions; tells what nobody here can do."""
    conflicts: list[Conflict] = []
    weak: list[tuple[int, Mention]] = []
    places = [
        place
        for place, piece in enumerate(sheet.pieces)
        if (piece.of("action") or piece.of("then"))
        and place not in sheet.taken | sheet.denied | sheet.filmed
        and not piece.of("relation")
    ]
    for place in places:
        mention = sheet.owner(place)
        piece = sheet.pieces[place]
        alone = len(sheet.subjects) < 2 and mention is not None and "action" not in mention.fields
        if mention is None or _means_more(piece, alone=alone):
            continue
        senses = _possible(sheet.code, piece, mention.kind)
        if not senses:
            others = (one for one in sheet.subjects if one is not mention and one.place < place)
            other = next((one for one in others if _possible(sheet.code, piece, one.kind)), None)
            if other is None:
                if not any(sense.role == "weak" for sense in piece.senses):
                    conflicts.append(_cannot(mention, piece))
                continue
            mention, senses = other, _possible(sheet.code, piece, other.kind)
        if all(sense.role == "weak" for sense in senses):
            weak.append((place, mention))
            continue
        sheet.taken.add(place)
        _act(sheet, place, mention, senses)
    for place, mention in weak:
        if "action" not in mention.fields:
            sheet.taken.add(place)
            _act(sheet, place, mention, _possible(sheet.code, sheet.pieces[place], mention.kind))
    _share(sheet)
    for axis in ("speed", "direction", "position"):
        for place in sheet.free(axis):
            _move(sheet, place, axis)
    return conflicts


def _means_more(piece: Piece, *, alone: bool) -> bool:
    """Whether something else than an action is the likelier meaning of these words.

    What comes of a hit needs two: who is ``alone`` and has not done anything yet just "bounces".
    """
    moves = any(not sense.role for sense in piece.of("camera"))
    return bool(piece.of("lens") or piece.of("air") or (piece.of("outcome") and not alone) or moves)


def _possible(code: str, piece: Piece, kind: str) -> list[Sense]:
    """Senses of the words as something that a kind can do, those meant for it before the others."""
    senses = (*piece.of("action"), *piece.of("then"))
    return _fitting(senses, kind) or _fitting(_first_word(code, piece), kind)


def _first_word(code: str, piece: Piece) -> tuple[Sense, ...]:
    """What the first word alone means: a ball that "rolls over" grass rolls, for it cannot roll over."""
    if len(piece.words) < 2:
        return ()
    node = vocabulary(code).root.after.get(piece.words[0])
    return () if node is None else tuple(sense for sense in node.senses if sense.axis in ("action", "then"))


def _fitting(senses: tuple[Sense, ...], kind: str) -> list[Sense]:
    able = concepts.SUBJECTS[kind].actions
    found = []
    for sense in senses:
        if sense.kinds and kind not in sense.kinds:
            continue
        if sense.value == "go":
            going = next((action for action in _GOING if action in able), None)
            found += [Sense(sense.axis, going, role="weak")] if going else []
        elif sense.value in able:
            found.append(sense)
    strong = [sense for sense in found if sense.role != "weak"] or found
    return sorted(strong, key=lambda sense: not sense.kinds)


def _act(sheet: Sheet, place: int, mention: Mention, senses: list[Sense]) -> None:
    """An action, or what follows the one that was told before."""
    piece = sheet.pieces[place]
    had = mention.fields.get("action")
    met = senses[0].value in TOGETHER and len(sheet.subjects) > 1
    if had is not None and met and had.value not in TOGETHER:  # "falls onto a ring and stays there"
        del mention.fields["action"]
        had = None
    if had is not None:
        possible = [one for one in senses if one.value in concepts.thens(mention.kind, had.value)]
        later = [one for one in possible if one.axis == "then"] or possible
        if later and (_announced(sheet, place, mention) or _joined(sheet, place)):
            mention.say("then", later[0].value, piece)
        return
    actions = [one for one in senses if one.axis == "action"] or senses
    alone = len({one.value for one in actions}) == 1 or bool(actions[0].kinds)
    mention.say("action", actions[0].value, piece, sure=piece.sure if alone else min(piece.sure, 0.75))
    for axis, value in actions[0].tells:
        mention.say(axis, value, piece, sure=0.7)


def _announced(sheet: Sheet, place: int, mention: Mention) -> bool:
    """Whether "then" stands between the first action and this one."""
    first = max(0, mention.place) if mention.place < place else 0
    return any(sheet.pieces[at].of("next") for at in range(first, place))


def _joined(sheet: Sheet, place: int) -> bool:
    """Whether "and" stands right before: "runs and jumps"."""
    return place > 0 and bool(sheet.pieces[place - 1].of("joint"))


def _share(sheet: Sheet) -> None:
    """Of "a fox and a wolf run", both do."""
    for first, second in zip(sheet.subjects, sheet.subjects[1:], strict=False):
        told = second.fields.get("action")
        between = range(first.place + 1, second.place)
        pieces = [(at, sheet.pieces[at]) for at in between]
        plain = all(piece.of("joint") or at in sheet.taken or piece.of("glue") for at, piece in pieces)
        if told is None or "action" in first.fields or not plain or told.value in TOGETHER:
            continue
        if told.value in concepts.SUBJECTS[first.kind].actions:
            first.fields["action"] = told


def _cannot(mention: Mention, piece: Piece) -> Conflict:
    asked = next(sense.value for sense in piece.senses if sense.axis in ("action", "then"))
    able = ", ".join(concepts.SUBJECTS[mention.kind].actions)
    why = f"a {mention.kind} of the film set cannot {asked}; it can {able}"
    return Conflict("action", (asked,), None, why, (piece.span,))


def _move(sheet: Sheet, place: int, axis: str) -> None:
    """Speed, direction or position, of whom its clause speaks of."""
    piece = sheet.pieces[place]
    if place in sheet.filmed or (axis == "position" and piece.of("direction")):
        return
    if all(sense.role == "weak" for sense in piece.of(axis)):  # "rolls left", not "what is left"
        before = sheet.pieces[place - 1] if place else piece
        if not (before.of("action") or before.of("speed")):
            return
    mention = sheet.owner(place, acting=True)
    if mention is None:
        return
    sheet.taken.add(place)
    here = [one for one in sheet.subjects if one.fields is mention.fields]
    owner = here[0] if here else mention
    if axis == "position" and len(sheet.subjects) > 1:
        later = [one for one in sheet.subjects[1:] if sheet.clause[one.place] == sheet.clause[place]]
        owner = later[0] if later else owner
    owner.say(axis, piece.of(axis)[0].value, piece)
