"""Where, when and how a prompt is filmed: place, time, weather, camera, look; and how two subjects stand."""

from __future__ import annotations

from ozora.director.understanding.cast import Sheet
from ozora.director.understanding.pieces import Piece
from ozora.director.understanding.reading import Conflict, Understood
from ozora.world import concepts
from ozora.world.languages.sense import Sense
from ozora.world.shot import LONGEST_SECONDS

_AXES = ("later", "cut", "place", "time", "weather", "look", "camera", "framing", "height")
_SHOT_WORDS = ("shot", "shots", "view", "angle", "footage", "picture", "frame", "take")
VAGUE_PLACES = (
    "snow", "fresh snow", "sand", "grass", "water", "waves", "雪", "neige", "nieve", "schnee", "ثلج", "बर्फ",
    "agua", "sable", "gras", "city", "field", "house", "floor",
)  # fmt: skip
"""Places that are seen in others too: what else is named goes before them."""
_FARTHEST_SHOT = 6
_LENS_DEEDS = {
    "push": "dolly", "turn": "pan", "spin": "pan", "rise": "crane", "fall": "crane", "fly": "fly-over",
    "slide": "truck",
}  # fmt: skip
"""Which move it is when the camera does what subjects do."""

Scene = dict[str, Understood]


def find_seconds(sheet: Sheet, scene: Scene) -> list[Conflict]:
    """How long: a number beside the word for seconds, or for minutes."""
    minutes = sheet.free("minute")
    for place in sorted((*sheet.free("second"), *minutes)):
        around = [at for at in (place - 1, place - 2) if at >= 0 and sheet.pieces[at].of("count")]
        if not around:
            continue
        pieces = (sheet.pieces[around[0]], sheet.pieces[place])
        sheet.taken |= {around[0], place}
        value = float(pieces[0].of("count")[0].value) * (60 if place in minutes else 1)
        if not 0 < value <= LONGEST_SECONDS:
            why = f"a clip lasts more than 0 and at most {LONGEST_SECONDS:g} seconds"
            return [Conflict("seconds", (f"{value:g}",), None, why, tuple(piece.span for piece in pieces))]
        sure = min(piece.sure for piece in pieces)
        scene.setdefault("seconds", Understood(f"{value:g}", sure, tuple(piece.span for piece in pieces)))
    return []


def find_scene(sheet: Sheet, scene: Scene) -> list[Conflict]:
    """All that is asked once for the whole shot; two different answers are a conflict."""
    conflicts: list[Conflict] = []
    _find_changes(sheet, scene)
    for axis in _AXES:
        here = [(place, _sense(sheet, place, axis)) for place in sheet.free(axis)]
        found = [(place, sense) for place, sense in here if sense is not None]
        if axis == "place" and len({sense.value for _, sense in found}) > 1:
            vague = [(at, sense) for at, sense in found if sheet.pieces[at].key in VAGUE_PLACES]
            for at, sense in vague if len(vague) < len(found) else []:
                found.remove((at, sense))
                sheet.taken.add(at)
                if sense.value == "snowfield":
                    scene.setdefault("weather", _read(sheet.pieces[at], "snow", 0.5))
        for place, sense in found:
            sheet.taken.add(place)
            for told, value in sense.tells:
                scene.setdefault(told, _read(sheet.pieces[place], value))
        if not found:
            continue
        values = tuple(dict.fromkeys(sense.value for _, sense in found))
        if axis == "camera" and len(values) > 1 and sheet.pieces[found[0][0]].of("camera")[0].role == "shot":
            values = values[:1]
        scene[axis] = _read(sheet.pieces[found[0][0]], values[0], None if len(values) == 1 else 0.5)
        if len(values) > 1:
            spans = tuple(sheet.pieces[place].span for place, _ in found)
            conflicts.append(Conflict(axis, values, values[0], "the words ask for each of these", spans))
    for place in sorted(sheet.filmed) if "camera" not in scene else ():
        deeds = sheet.pieces[place].of("action")
        moves = [_LENS_DEEDS[one.value] for one in deeds if one.value in _LENS_DEEDS]
        if moves and place not in sheet.denied:
            sheet.taken.add(place)
            scene.setdefault("camera", _read(sheet.pieces[place], moves[0], 0.7))
    for place in sheet.free("air"):
        sheet.taken.add(place)
        for told, value in (tell for sense in sheet.pieces[place].of("air") for tell in sense.tells):
            if told not in scene and "later" not in scene:
                scene[told] = _read(sheet.pieces[place], value, 0.5)
    _find_occluder(sheet, scene)
    return conflicts + _impossible(scene)


def _find_changes(sheet: Sheet, scene: Scene) -> None:
    """A cut or a time lapse told in free words: what follows is what it comes to."""
    for axis, field, ends in (("cutting", "cut", ("framing",)), ("lapsing", "later", ("time",))):
        for place in sheet.free(axis):
            end = next((at for at in range(place + 1, min(place + _FARTHEST_SHOT, len(sheet.pieces)))
                        if sheet.pieces[at].of(ends[0]) and at not in sheet.taken), None)  # fmt: skip
            sheet.taken.add(place)
            if end is not None:
                sheet.taken.add(end)
                scene.setdefault(field, _read(sheet.pieces[end], sheet.pieces[end].of(ends[0])[0].value, 0.8))
            elif field == "cut" and not sheet.spoken_before(place):
                scene.setdefault(field, _read(sheet.pieces[place], "medium", 0.6))


def _read(piece: Piece, value: str, sure: float | None = None) -> Understood:
    return Understood(value, piece.sure if sure is None else min(sure, piece.sure), (piece.span,))


def _sense(sheet: Sheet, place: int, axis: str) -> Sense | None:
    """What a piece means on this axis here, or None where it means something else."""
    piece = sheet.pieces[place]
    senses = piece.of(axis)
    if axis in ("camera", "framing") and all(sense.role == "shot" for sense in senses):
        if place in sheet.filmed or _before_a_shot(sheet, place) or _alone(sheet, place):
            return senses[0]
        return None
    weak = all(sense.role == "weak" for sense in senses)
    return None if weak else senses[0]


def _before_a_shot(sheet: Sheet, place: int) -> bool:
    """Whether "shot" follows, with nothing but other words for shots between."""
    for at in range(place + 1, min(place + _FARTHEST_SHOT, len(sheet.pieces))):
        piece = sheet.pieces[at]
        if any(word in _SHOT_WORDS for word in piece.key.split()):
            return True
        if not any(piece.of(axis) for axis in ("camera", "framing", "height", "look")) and piece.key != ",":
            return False
    return False


def _alone(sheet: Sheet, place: int) -> bool:
    """Whether nothing else stands between two commas: ", pan,"."""
    here = sheet.clause[place]
    rest = [piece for at, piece in enumerate(sheet.pieces) if sheet.clause[at] == here and at != place]
    return bool(place) and all(piece.is_sign for piece in rest)


def _find_occluder(sheet: Sheet, scene: Scene) -> None:
    """A tree, rock or wall behind which somebody passes; beside which nobody does, it is only scenery."""
    behind = [
        place
        for place, piece in enumerate(sheet.pieces)
        if piece.of("passing") or any(sense.value == "behind" for sense in piece.of("relation"))
    ]
    for place in sheet.free("occluder"):
        close = [at for at in behind if 0 < place - at <= 3 or 0 < at - place <= 3]
        if close:
            sheet.taken |= {place, *close}
            value = sheet.pieces[place].of("occluder")[0].value
            scene.setdefault("occluder", _read(sheet.pieces[place], value))


def find_relation(sheet: Sheet, scene: Scene) -> None:
    """How the first subject stands to the second."""
    if len(sheet.subjects) < 2:
        return
    first, second = sheet.subjects[:2]
    for place, piece in enumerate(sheet.pieces):
        senses = (*piece.of("relation"), *piece.of("passing by"))
        if not senses or place in sheet.denied | sheet.filmed or place in sheet.taken or "relation" in scene:
            continue
        role = _role(sheet, place, second.place)
        fitting = [sense for one in role for sense in senses if sense.role == one]
        if not fitting or (fitting[0].role == "near" and not _beside(sheet, place, second.place)):
            continue
        sheet.taken.add(place)
        if fitting[0].role == "by":  # "a rabbit chased by a fox"
            sheet.subjects[:2] = [second, first]
            first = second
        scene["relation"] = _read(piece, fitting[0].value)
        for axis, value in fitting[0].tells:
            if axis not in first.fields:
                first.say(axis, value, piece, sure=0.7)


def _role(sheet: Sheet, place: int, second: int) -> tuple[str, ...]:
    """Which senses fit here: those of words before the second subject, after it, or of where it is."""
    between = range(place + 1, second)
    if place < second and all(_is_part_of_noun(sheet, at) for at in between):
        return ("before", "by", "near")
    if second < place and all(_is_part_of_noun(sheet, at) for at in range(second + 1, place)):
        return ("after", "near")
    return ("near",)


def _beside(sheet: Sheet, place: int, second: int) -> bool:
    """Whether words about where the second subject is are in its clause, or right after it."""
    near = sheet.clause[place] == sheet.clause[second] or 0 < place - second <= 4
    otherwise = sheet.pieces[place].of("direction") or sheet.pieces[place].of("position")
    return near and (not otherwise or sheet.clause[place] != sheet.clause[sheet.subjects[0].place])


def _is_part_of_noun(sheet: Sheet, place: int) -> bool:
    piece = sheet.pieces[place]
    noun = any(piece.of(axis) for axis in ("colour", "size", "material", "count", "wear"))
    return noun or (bool(piece.of("glue")) and not piece.of("joint"))


def _impossible(scene: Scene) -> list[Conflict]:
    """What the film set cannot have together, whoever is in it."""
    found = []
    place = concepts.PLACES.get(scene["place"].value) if "place" in scene else None
    for axis in ("weather", "time", "occluder"):
        read = scene.get(axis)
        possible = {"weather": "weathers", "time": "times", "occluder": "occluders"}[axis]
        if read is None or place is None or read.value in getattr(place, possible):
            continue
        allowed = ", ".join(getattr(place, possible))
        why = f"in this place the film set has only {allowed}"
        found.append(Conflict(axis, (read.value, place.name), read.value, why, read.spans))
    return found
