"""Every English wording that a caption may use, with what it means: ``sentences`` the other way round."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ozora.world import concepts
from ozora.world.languages.english import nouns, phrases, relation_phrases, sequels, styles
from ozora.world.languages.english.grammar import AND, Form, bare, inflect
from ozora.world.languages.english.outcomes import OUTCOMES
from ozora.world.languages.english.plurals import NUMBERS, plural
from ozora.world.languages.english.tenses import doubled, pasts
from ozora.world.languages.sense import Sense, parts

Pair = tuple[str, Sense]
_FORMS: tuple[Form, ...] = ("finite", "participle", "progressive")
_BARE_MOVES = ("truck", "crane", "tilt", "zoom", "pan", "dolly", "follow", "orbit", "pull back", "fly-over")
"""Names of camera moves that mean something else, or nothing, where no camera is spoken of."""
_IT = ("it", "them", "the scene")
_GENERIC = ("travel", "glide")


def english() -> Iterator[Pair]:
    """Wordings and their senses."""
    yield from _subjects()
    yield from _verbs()
    yield from _places_and_times()
    yield from _camera()
    yield from _relations()
    for axis in ("size", "colour", "material", "weather", "time", "look", "framing", "height", "speed"):
        for value in concepts.AXES[axis]:
            if value not in ("natural", "normal") or axis not in ("colour", "material", "speed"):
                yield from _same(axis, value, concepts.synonyms(axis, value))


def inflections(base: str) -> tuple[str, ...]:
    """A verb as captions and people write it: "run", "runs", "running", "is running", "ran"."""
    forms = [base.replace("& ", " ")]
    for form in _FORMS:
        forms += [inflect(base, form), inflect(base, form, plural=True)]
    if AND in base:
        one, _, other = base.partition(AND)
        forms += [f"{past} and {then}" for past in pasts(one) for then in pasts(other)]
        forms += [f"{doing} and {then}" for doing in doubled(one) for then in doubled(other)]
        forms += [f"{doing} and {inflect(other, 'participle')}" for doing in doubled(one)]
    else:
        forms += [*pasts(base), *doubled(base)]
    return tuple(dict.fromkeys(forms))


def named(kind: str, noun: str) -> Iterator[Pair]:
    """A noun for a kind and its plural; "grey wolf" tells a colour."""
    colour = noun.split(" ")[0]
    tells = (("colour", colour),) if " " in noun and colour in concepts.COLOURS else ()
    yield noun, Sense("subject", kind, tells=tells)
    if plural(noun) != noun:
        yield plural(noun), Sense("subject", kind, role="several", tells=tells)


def _same(axis: str, value: str, words: tuple[str, ...], role: str = "") -> Iterator[Pair]:
    for word in words:
        yield word, Sense(axis, value, role=role)


def _subjects() -> Iterator[Pair]:
    for kind, concept in concepts.SUBJECTS.items():
        for noun in concept.synonyms:
            yield from named(kind, noun)
    for (kind, colour), words in nouns.ANIMAL_COLOURS.items():
        for word in words:
            yield word, Sense("colour", colour, (kind,))
    for size, words in nouns.PERSON_SIZES.items():
        for word in words:
            yield word, Sense("size", size, ("person",))
    for wear in nouns.PERSON_WEAR:
        yield wear, Sense("wear", "coat")
        yield plural(wear), Sense("wear", "coat")
    yield from (("sail", Sense("wear", "sail")), ("sails", Sense("wear", "sail")))
    for number, word in NUMBERS.items():
        yield word, Sense("count", str(number))


def _verbs() -> Iterator[Pair]:
    for action, verbs in phrases.VERBS.items():
        for verb in verbs:
            speed = verb.speeds[0] if verb.tells_speed and len(verb.speeds) == 1 else ""
            sense = Sense("action", action, verb.subjects, tells=(("speed", speed),) if speed else ())
            for words in inflections(verb.base):
                for index, part in enumerate(parts(words)):
                    if part.strip() and (index == 0 or len(part.split()) > 1):
                        yield part, sense if index == 0 else Sense("glue", "")
    for action in concepts.ACTIONS:
        for base in concepts.synonyms("action", action):
            role = "weak" if base in _GENERIC else ""
            yield from ((words, Sense("action", action, role=role)) for words in inflections(base))
    for key, bases in sequels.AFTERWARDS.items():
        for base in bases:
            yield from ((words, Sense("then", key.split(" ")[0])) for words in inflections(base))
    for outcomes in OUTCOMES.values():
        for base in outcomes:
            yield from ((words, Sense("outcome", "")) for words in inflections(base))
    # Else the move of that name would be all it means.
    yield from ((words, Sense("action", "fly")) for words in inflections("fly over"))
    for going in ("pass", "disappear", "vanish"):
        for words in inflections(going):
            yield f"{words} behind", Sense("passing", "", role="before")


def _places_and_times() -> Iterator[Pair]:
    for place, names in phrases.PLACE_NOUNS.items():
        for noun in names:
            yield bare(noun), Sense("place", place)
        yield from _same("place", place, concepts.synonyms("place", place))
    for time, words in _each(phrases.TIMES, phrases.SKIES):
        yield words, Sense("time", time)
        yield bare(words.partition(" ")[2]), Sense("time", time)
    for (time, weather), both in phrases.TIMES_AND_WEATHERS.items():
        for words in both:
            yield words, Sense("time", time, tells=(("weather", weather),))
    for weather, words in _each(phrases.WEATHERS):
        yield words, Sense("weather", weather)
        yield bare(words.partition(" ")[2]), Sense("weather", weather)
    for time, words in _each(phrases.LAPSES):
        yield words, Sense("later", time)
    for time in concepts.TIMES:
        for words in concepts.synonyms("time", time):
            yield f"time lapse to {words}", Sense("later", time)
    for time, words in _each(phrases.LIGHTS, phrases.GREY_LIGHTS):
        yield words, Sense("air", "light", tells=(("time", time),))
    for _, words in _each(phrases.MOODS, styles.LIGHTS):
        yield words, Sense("air", "mood")
    for axis, table in (("speed", phrases.ADVERBS), ("direction", phrases.HEADINGS),
                        ("direction", phrases.FACINGS), ("position", phrases.SIDES), ("cut", phrases.CUTS)):
        for value, words in _each(table):
            yield words, Sense(axis, value)
    for axis in ("direction", "position"):
        for value in concepts.AXES[axis]:
            plain = (one for one in concepts.synonyms(axis, value) if one not in ("closer", "left", "right"))
            yield from _same(axis, value, tuple(plain))
    for value, words in _each(phrases.OCCLUDERS, phrases.DESERT_OCCLUDERS):
        yield words, Sense("occluder", value)
        yield plural(words), Sense("occluder", value)


def _camera() -> Iterator[Pair]:
    nouns_of = [noun for concept in concepts.SUBJECTS.values() for noun in concept.synonyms[:1]]
    them = (*_IT, *(f"the {noun}" for noun in nouns_of), *(f"the {plural(noun)}" for noun in nouns_of))
    for move, words in _each(phrases.CAMERA_CLAUSES):
        move = move.removesuffix(" up").removesuffix(" down")
        for it in them if "{it}" in words else ("",):
            for said in _as_participle(words.replace("{it}", it)):
                yield said, Sense("camera", move)
    for move, words in _each(phrases.CAMERA_SHOTS):
        yield words, Sense("camera", move, role="shot")
    for move in concepts.MOVES:
        for words in concepts.synonyms("camera", move):
            for said in _as_participle(words):
                yield said, Sense("camera", move, role="shot" if words in _BARE_MOVES else "")
    for axis, shots, clauses in (
        ("look", phrases.LOOK_SHOTS, phrases.LOOKS),
        ("height", {value: (word,) for value, word in phrases.HEIGHT_SHOTS.items()}, phrases.HEIGHTS),
        ("framing", {value: (word,) for value, word in phrases.FRAMING_SHOTS.items()}, phrases.FRAMINGS),
    ):
        for value, words in _each(clauses):
            yield words, Sense(axis, value)
            yield words.removeprefix("seen "), Sense(axis, value)
        for value, words in _each(shots):
            yield words, Sense(axis, value, role="shot" if axis == "framing" else "")


def _as_participle(clause: str) -> tuple[str, ...]:
    """ "the camera pans", and "the camera panning"."""
    lens, camera, rest = clause.partition("camera ")
    verb, space, tail = rest.partition(" ")
    if not camera or not verb.endswith("s"):
        return (clause,)
    base = verb[:-2] if verb.endswith("shes") else verb[:-1]
    forms = (inflect(base, "participle"), f"{base}{base[-1]}ing")
    return (clause, *(f"{lens}{camera}{form}{space}{tail}" for form in forms))


def _relations() -> Iterator[Pair]:
    between, inverse = relation_phrases.BETWEEN, relation_phrases.INVERSE
    for relation, words in _each(between, relation_phrases.TAGS):
        yield words, Sense("relation", relation, role="before")
    for relation, words in _each(inverse):
        for it, its in (("it", "its"), ("them", "their")):
            yield words.format(it=it, its=its), Sense("relation", relation, role="near")
    chasing = Sense("relation", "chasing", role="before")
    for passive in ("chased by", "pursued by", "hunted by"):
        yield passive, Sense("relation", "chasing", role="by")
    for base in ("chase", "pursue", *(f"{verb} after" for verb in ("run", "fly", "swim", "drive"))):
        yield from ((words, chasing) for words in inflections(base))
    crossing = Sense("relation", "crossing", role="before")
    for base in ("pass in front of", "cross paths with", "cross paths", "cross in front of"):
        yield from ((words, crossing) for words in inflections(base))
    yield from ((words, Sense("passing by", "crossing", role="before")) for words in inflections("pass"))
    for words in ("meanwhile", "at the same time", "overhead", "in the sky", "nearby", "close by",
                  "beside it", "beside them"):  # fmt: skip
        yield words, Sense("near", "")


def _each(*tables: Mapping[str, tuple[str, ...]]) -> Iterator[tuple[str, str]]:
    for table in tables:
        for value, several in table.items():
            yield from ((value, words) for words in several)
