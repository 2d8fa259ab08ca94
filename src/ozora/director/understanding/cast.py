"""Who is in a prompt: its subjects, and which words about colour, size, material and number are theirs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ozora.director.understanding.pieces import Piece
from ozora.director.understanding.reading import Conflict, Understood
from ozora.world.physics.cast import SOLIDS, TOGETHER
from ozora.world.shot import MOST_ALIKE, MOST_SUBJECTS

AFTER_THE_NOUN = ("es", "fr", "ar")
"""Languages that say colour and material after the noun."""
TRAITS = ("colour", "size", "material", "count", "wear")
_DEFINITE = {
    "en": ("the", "this", "that", "its"), "es": ("el", "la", "los", "las", "al", "del"),
    "fr": ("le", "la", "les", "l", "du"), "de": ("der", "die", "das", "den", "dem", "des"),
    "zh": ("这", "那", "该"), "ja": ("その", "この"), "hi": ("यह", "वह"), "ar": (),
}  # fmt: skip
_OBJECT_FIRST = {
    "ja": ("を", "に", "の", "と"), "hi": ("को", "से", "पर", "का"), "zh": ("前", "相", "的"),
}  # fmt: skip
"""Languages that may name the object of a verb first, and what then follows it."""
_INDEFINITE = ("a", "an", "another", "un", "une", "una", "ein", "eine", "einen", "einem", "einer", "एक")
_PRONOUNS = {
    "en": ("it", "they", "he", "she"), "es": ("el", "ella", "ellos", "ellas"),
    "fr": ("il", "elle", "ils", "elles"), "de": ("er", "sie", "es"), "zh": ("它", "他", "她"), "ja": (),
    "hi": ("वह", "वे"), "ar": ("هو", "هي", "هم"),
}  # fmt: skip
_FARTHEST = 7


@dataclass
class Mention:
    """A subject where it is named: the place of its piece, its kind and what is said of it."""

    place: int
    kind: str
    fields: dict[str, Understood] = field(default_factory=dict)
    conflicts: list[Conflict] = field(default_factory=list)

    def say(self, name: str, value: str, *pieces: Piece, sure: float | None = None) -> None:
        """Note a value, unless another one was noted before."""
        certain = min((piece.sure for piece in pieces), default=0.5) if sure is None else sure
        self.fields.setdefault(name, Understood(value, certain, tuple(piece.span for piece in pieces)))


@dataclass
class Sheet:
    """The pieces of a prompt with what is known of them so far.

    ``taken`` are places whose piece has found its meaning, ``denied`` those behind a "no", ``filmed`` those
    that speak of the camera; ``clause`` numbers the clauses.
    """

    code: str
    pieces: tuple[Piece, ...]
    denied: set[int] = field(default_factory=set)
    filmed: set[int] = field(default_factory=set)
    clause: list[int] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    mentions: list[Mention] = field(default_factory=list)
    subjects: list[Mention] = field(default_factory=list)
    context: Mention | None = None  # of whom the sentences before spoke

    def free(self, axis: str) -> list[int]:
        """Places whose piece may mean something on this axis and has not meant anything yet."""
        return [
            place
            for place, piece in enumerate(self.pieces)
            if piece.of(axis) and place not in self.taken and place not in self.denied
        ]

    def owner(self, place: int, *, acting: bool = False) -> Mention | None:
        """Whom a word at this place speaks of: the subject of its clause, else the last one before it.

        With ``acting`` only those who do something are meant, if any does: not each name of a list.
        """
        here = [one for one in self.mentions if self.clause[one.place] == self.clause[place]]
        if here:
            return self.subjects[0] if self._meet(place) else here[0]
        before = [one for one in self.mentions if one.place < place]
        if acting:
            before = [one for one in before if "action" in one.fields]
        if not before and self.context is not None and self._speaks_of_before(place):
            return self.context
        return before[-1] if before else self.subjects[0] if self.subjects else self.context

    def _speaks_of_before(self, place: int) -> bool:
        """Whether "it" or "they" stands in this clause, for whom the sentences before spoke of."""
        clause = (self.pieces[at] for at, one in enumerate(self.clause) if one == self.clause[place])
        return any(piece.key in _PRONOUNS[self.code] for piece in clause)

    def _meet(self, place: int) -> bool:
        """Whether in this clause one does something to another: then it is about the one."""
        pieces = (self.pieces[at] for at, clause in enumerate(self.clause) if clause == self.clause[place])
        return any(sense.value in TOGETHER for piece in pieces for sense in piece.of("action")) and all(
            one.kind in SOLIDS for one in self.subjects[:2]
        )

    def spoken_before(self, place: int) -> bool:
        """Whether a subject is named right after this place: "a cut diamond" is no cut."""
        return place + 1 < len(self.pieces) and bool(self.pieces[place + 1].of("subject"))


def find_cast(sheet: Sheet) -> list[Conflict]:
    """Find the subjects and give them their traits; a subject named again is the same one.

    Tells traits that cannot be, or not together.
    """
    conflicts: list[Conflict] = []
    named = sheet.free("subject")
    unfilmed = [place for place in named if place not in sheet.filmed]
    if named and not unfilmed:  # "the camera follows a fox that runs": nobody else is there
        unfilmed = named
        sheet.filmed -= {place for place in sheet.filmed if place >= named[0]}
    sheet.taken |= set(named) - set(unfilmed)
    for place in unfilmed:
        senses = sheet.pieces[place].of("subject")
        mention = Mention(place, senses[0].value)
        traits = _traits(sheet, place, mention)
        before = next((one for one in sheet.subjects if one.kind == mention.kind), None)
        new = traits or _indefinite(sheet, place)
        again = before is not None and (_definite(sheet, place) or not new)
        conflicts += mention.conflicts
        sheet.taken |= {place, *traits}
        if again and before is not None:
            for name, read in mention.fields.items():
                before.fields.setdefault(name, read)
            before.fields.pop("again", None)
            sheet.mentions.append(Mention(place, before.kind, before.fields))
            continue
        mention.say("kind", mention.kind, sheet.pieces[place])
        for axis, value in senses[0].tells:
            mention.say(axis, value, sheet.pieces[place], sure=0.7)
        if all(sense.role == "several" for sense in senses):
            mention.say("count", "3", sheet.pieces[place], sure=0.4)
        else:
            mention.say("count", "1", sheet.pieces[place], sure=0.8)
        sheet.mentions.append(mention)
        if len(sheet.subjects) < MOST_SUBJECTS:
            sheet.subjects.append(mention)
    for axis in ("colour", "material", "size"):
        for place in sheet.free(axis):
            _leftover(sheet, place, axis)
    _turn_round(sheet)
    return conflicts


def _turn_round(sheet: Sheet) -> None:
    """Where "who is pushed" is said before "who pushes": "X を押す Y"."""
    if sheet.code not in _OBJECT_FIRST or len(sheet.subjects) < 2:
        return
    first, second = sheet.subjects[:2]
    after = sheet.pieces[first.place + 1] if first.place + 1 < len(sheet.pieces) else None
    between = range(first.place + 1, second.place)
    told = [at for at in range(second.place) if at != first.place]
    does = [at for at in told if any(one.value in TOGETHER for one in sheet.pieces[at].of("action"))]
    signs = any(sheet.pieces[at].is_sign for at in between)
    marked = after is not None and after.key.split(" ")[0] in _OBJECT_FIRST[sheet.code]
    if does and marked and not signs:
        last = sheet.subjects[-1]
        sheet.subjects.remove(last)
        sheet.subjects.insert(0, last)
        sheet.mentions.remove(last)
        sheet.mentions.insert(0, last)


def _definite(sheet: Sheet, place: int) -> bool:
    return place > 0 and any(word in _DEFINITE[sheet.code] for word in sheet.pieces[place - 1].words)


def _indefinite(sheet: Sheet, place: int) -> bool:
    """Whether a new one is named: "a cube" beside a cube."""
    before = sheet.pieces[place - 1].key.split() if place else []
    return any(word in _INDEFINITE for word in before)


def _traits(sheet: Sheet, place: int, mention: Mention) -> set[int]:
    """Give a mention the words about it that stand beside its noun; tells their places."""
    found: dict[int, str] = {}
    before = ("colour", "size", "material", "count", "wear")
    backwards = range(place - 1, max(-1, place - 1 - _FARTHEST), -1)
    forwards = range(place + 1, len(sheet.pieces))
    for steps in (backwards, forwards):
        pending: dict[int, str] = {}
        onwards = steps.step > 0
        for at in list(steps)[:_FARTHEST]:
            piece = sheet.pieces[at]
            axis = _trait(piece, before, mention.kind) if at not in sheet.denied | sheet.taken else None
            if axis == "wear" and at == place + 1 and piece.of("action"):  # "a sailboat sails"
                break
            if axis is not None:
                pending[at] = axis
                settles = not onwards or axis == "wear" or sheet.code in AFTER_THE_NOUN
                if settles and not (onwards and axis == "count"):
                    found |= pending
                    pending = {}
            elif not _passes(piece, sheet.code):
                break
        if onwards and sheet.code not in AFTER_THE_NOUN:
            continue
        found |= {} if onwards else pending
    for at in sorted(found, key=lambda one: abs(one - place)):
        # "chalky" is white, but of an orange cone it is a material.
        other = _trait(sheet.pieces[at], [one for one in before if one not in mention.fields], mention.kind)
        _say_trait(mention, sheet.pieces[at], other or found[at])
    return set(found)


def _trait(piece: Piece, axes: Sequence[str], kind: str) -> str | None:
    """The axis of a trait that this piece may be, if it may."""
    for axis in axes:
        if any(not sense.kinds or kind in sense.kinds for sense in piece.of(axis)):
            return axis
    return None


def _passes(piece: Piece, code: str) -> bool:
    """Whether a noun and its adjective may have this between them: "a", "of", "的", nothing with a verb."""
    if piece.is_sign or (piece.of("joint") and code not in ("fr", "es", "zh", "ja")):
        return code == "en" and piece.key == "with"
    between = {
        "en": "a an the of in wearing single lone its their his her s", "es": "un una con de en el la",
        "fr": "un une en avec de d", "de": "ein eine einen einem einer in mit", "zh": "的 一 个 地 穿 着",
        "ja": "の な を 着 た", "hi": "एक का की के पहने", "ar": "من ب في",
    }  # fmt: skip
    allowed = between[code].split()
    return bool(piece.senses) and all(word in allowed for word in piece.key.split())


def _say_trait(mention: Mention, piece: Piece, axis: str) -> None:
    if axis == "wear":
        return
    senses = [one for one in piece.of(axis) if not one.kinds or mention.kind in one.kinds]
    own = [one for one in senses if one.kinds] or senses
    value = own[0].value
    if axis == "count":
        if not value.isdecimal() or not int(value) >= 1:
            return
        most = min(int(value), MOST_ALIKE)
        mention.say("count", str(most), piece, sure=piece.sure if most == int(value) else 0.3)
        if most != int(value):
            why = f"at most {MOST_ALIKE} of one kind are in one picture"
            mention.conflicts.append(Conflict("count", (value,), str(most), why, (piece.span,)))
        return
    had = mention.fields.get(axis)
    if had is not None and had.value != value:
        why = "the words ask for each of these"
        mention.conflicts.append(Conflict(axis, (had.value, value), had.value, why, (*had.spans, piece.span)))
    mention.say(axis, value, piece)


def _leftover(sheet: Sheet, place: int, axis: str) -> None:
    """A trait that stands apart from its noun: "the fox is red"."""
    if place in sheet.filmed:
        return
    mention = sheet.owner(place)
    if mention is None:
        return
    senses = [one for one in sheet.pieces[place].of(axis) if not one.kinds or mention.kind in one.kinds]
    strong = [one for one in sheet.pieces[place].senses if one.axis not in (axis, "glue")]
    if not senses or strong:
        return
    sheet.taken.add(place)
    mention.say(axis, senses[0].value, sheet.pieces[place], sure=0.6)

