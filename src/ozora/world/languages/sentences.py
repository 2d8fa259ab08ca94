"""Say a Shot in a language that is given as words and patterns: terse, medium, full, as tags, or richly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from ozora.errors import refuse
from ozora.world import concepts
from ozora.world.languages.english.grammar import capital
from ozora.world.languages.facts import (
    EXPENDABLE,
    GREY_LOOKS,
    WITHOUT_WEATHER,
    Length,
    light_of,
    mood_of,
    shot_fields,
    told,
)
from ozora.world.languages.lexicon import (
    Forms,
    Language,
    Noun,
    agree,
    draw,
    fill,
    fitting,
    refer,
    wordings,
)
from ozora.world.languages.plural import Plural
from ozora.world.languages.sequels import afterwards, joined, what_comes_of_it
from ozora.world.physics.cast import TOGETHER
from ozora.world.shot import Shot, Subject
from ozora.world.visible import hidden

MOST_WORDS = {"terse": 24, "medium": 34, "full": 40}
"""Longest captions, counted as they are read: words, or characters where words are not parted."""

MANNERS = {
    **dict.fromkeys(("walk", "run", "jump", "roll", "slide", "drive", "swim", "sail", "tumble"), "crossing"),
    **dict.fromkeys(("fly", "rise", "drift"), "above"),
}
"""How a subject is in its place; the others stay where they are."""

_ALWAYS_RICH = frozenset(("colour", "time", "weather", "direction", "camera", "framing", "light", "mood"))


def write(language: Language, shot: Shot, style: str, seed: int) -> tuple[str, frozenset[str]]:
    """One caption of the shot, the same for the same (shot, style, seed), and the facts that it tells."""
    key = f"ozora {language.name} {style} {seed} {shot.seed}"
    length: Length = "terse" if style == "terse" else "medium" if style == "medium" else "full"
    facts = told(shot, length, Random(f"{key} facts"))
    if style == "tags":
        return _tags(language, shot, facts, Random(key)), facts - {"cut", "later", "occluder"}
    if style == "rich":
        facts = (facts | _ALWAYS_RICH) - hidden(shot)
        return _rich(language, shot, facts, Random(key)), facts | {"cut"}
    text = _caption(language, shot, length, facts, Random(key))
    for fact in EXPENDABLE:
        if _count(language, text) <= MOST_WORDS[length]:
            break
        if fact in facts:
            facts = facts - {fact}
            text = _caption(language, shot, length, facts, Random(key))
    return text, facts


# --- whole captions -----------------------------------------------------------------------------------------


def _caption(
    language: Language, shot: Shot, length: Length, facts: frozenset[str], rng: Random
) -> str:
    noun = _noun(language, shot.subjects[0], rng)
    sentence, facts = _main(language, shot, noun, length, facts, rng)
    remarks = _camera(language, shot, noun, facts, rng) + _cut(language, shot, facts, rng)
    remarks += _air(language, shot, facts, rng)
    formal = rng.random() < (0.3 if length == "terse" else 0.75)
    if not formal or len(remarks) < 2 or rng.random() < 0.25:
        said = language.comma.join(remarks)
        text = capital(sentence) if formal else sentence
        if said:
            text += language.run_on + (capital(said) if language.run_on == language.full_stop else said)
        return text + language.full_stop.strip() if formal else text
    keep = rng.randrange(1, len(remarks))
    parts = [sentence, language.comma.join(remarks[:keep]), language.comma.join(remarks[keep:])]
    return _as_sentences(language, parts)


def _rich(language: Language, shot: Shot, facts: frozenset[str], rng: Random) -> str:
    """Two to four sentences: what happens, the camera and any cut, light and mood."""
    noun = _noun(language, shot.subjects[0], rng)
    sentence, facts = _main(language, shot, noun, "full", facts, rng)
    camera = language.comma.join(_camera(language, shot, noun, facts, rng))
    air = language.comma.join(_air(language, shot, facts, rng))
    parts = [sentence, camera, *_cut(language, shot, facts | {"cut"}, rng)]
    parts.insert(rng.choice((0, 1, len(parts), len(parts))), air)
    return _as_sentences(language, parts)


def _tags(language: Language, shot: Shot, facts: frozenset[str], rng: Random) -> str:
    first, *others = shot.subjects
    noun = _noun(language, first, rng)
    tags = [_who(language, first, noun, facts, rng, "bare"), _verbs(language, first, noun, rng)["doing"]]
    if first.then != "none":
        then = _verbs(language, replace(first, action=first.then), noun, rng)
        tags.append(fill(language.patterns["then_tag"], then))
    if shot.relation != "none":
        tags.append(_related(language, shot.relation, others.pop(0), facts, rng))
    tags += [_who(language, other, _noun(language, other, rng), facts, rng, "bare") for other in others]
    named = ["time", "weather", "framing", "height", "look"]
    values = shot_fields(shot)
    if concepts.ACTIONS[first.action].travels:
        named += ["direction", "speed"]
    if len(shot.subjects) == 1:
        named.append("position")
    tail = [_plain(language, axis, values[axis]) for axis in named if axis in facts]
    tail.append(_plain(language, "place", shot.place))
    if "camera" in facts:
        tail.append(_plain(language, "camera", shot.camera.move))
    rng.shuffle(tail)
    return language.polish(language.comma.join(tags + tail))


def _as_sentences(language: Language, parts: Sequence[str]) -> str:
    ended = [capital(part) + language.full_stop for part in parts if part]
    return "".join(ended).strip()


def _count(language: Language, text: str) -> int:
    return len(text.split()) if language.spaced else sum(letter.isalnum() for letter in text)


# --- the main clause ----------------------------------------------------------------------------------------


def _main(
    language: Language, shot: Shot, noun: Noun, length: str, facts: frozenset[str], rng: Random
) -> tuple[str, frozenset[str]]:
    """Who does what, where and when, perhaps after "Close-up:"; and the facts that remain to be said."""
    slots = _slots(language, shot, noun, facts, rng, length)
    choices = fitting(language.patterns[length], slots)
    if slots["then"]:  # what follows needs a whole sentence before it
        choices = [choice for choice in choices if "{does}" in choice] or choices
    if others_met(shot) and not slots["off"]:
        # What is met stands right after the verb: whoever meets it has to come before.
        choices = [one for one in choices if not 0 <= one.find("{does}") < one.find("{who}")]
    pattern = rng.choice(choices)
    sentence = fill(pattern + language.patterns["tail"], slots)
    if "framing" in facts and rng.random() < 0.3:
        frame = capital(_plain(language, "framing", shot.camera.framing))
        sentence = fill(language.patterns.get("frame", "{frame}: {sentence}"),
                        {"frame": frame, "sentence": sentence})
        facts = facts - {"framing"}
    return language.polish(sentence), facts


def _slots(
    language: Language, shot: Shot, noun: Noun, facts: frozenset[str], rng: Random, length: str
) -> dict[str, str]:
    first, others = shot.subjects[0], shot.subjects[1:]
    slots = _verbs(language, first, noun, rng)
    met: list[Noun] = []
    if others_met(shot):
        more, met = _meeting(language, first, others, noun, facts, rng)
        slots |= more
        others = ()

    def say(slot: str, table: str, value: str, *, when: bool) -> None:
        slots[slot] = _settled(language, table, value, noun, rng, first.kind) if when else ""

    slots["who"] = _who(language, first, noun, facts, rng, "noun")
    slots["bare"] = _who(language, first, noun, facts, rng, "bare")
    slots["then"] = afterwards(language, first, noun, rng)
    if first.action == "collide" and length != "terse" and rng.random() < 0.5:
        slots["then"] = what_comes_of_it(language, shot, noun, met[0], rng)
    stands, travels = first.action == "stand", concepts.ACTIONS[first.action].travels
    say("where", _manner(language, first.action), shot.place, when=True)
    say("when", "when", shot.time, when="time" in facts)
    say("time", "time", shot.time, when="time" in facts)
    weathered = "weather" in facts and shot.place not in WITHOUT_WEATHER
    say("weather", "amid", shot.weather, when=weathered)
    say("speed", "speed", first.speed, when="speed" in facts and first.action not in ("stand", "stack"))
    say("heading", "direction", first.direction, when="direction" in facts and travels)
    looks = stands and concepts.SUBJECTS[first.kind].family not in ("vehicle", "solid")
    say("facing", "facing", first.direction, when="direction" in facts and looks)
    say("side", "position", first.position, when="position" in facts and len(shot.subjects) == 1)
    slots["passing"] = ""
    if "occluder" in facts and shot.occluder != "none":
        grown = "bush" if (shot.place, shot.occluder) == ("dunes", "tree") else shot.occluder
        behind = {"occluder": draw(language, "occluder", grown, rng)[0]}
        patterns = (_several(language, noun).patterns if noun.count > 1 else {}).get("passing")
        going = rng.choice((patterns or language.patterns["passing"]).split(" | ")).split("/")
        slots["passing"] = fill(agree(language, tuple(going), _doer(language, noun)), behind)
    slots["related"], seen_from = "", ""
    if shot.relation != "none":
        if shot.relation in language.words["near"] and rng.random() < 0.45:
            seen_from = shot.relation
        else:
            slots["related"] = _related(language, shot.relation, others[0], facts, rng)
            others = others[1:]
    slots["company"] = _company(language, others, facts, rng, seen_from) if others else ""
    return slots


def _verbs(language: Language, subject: Subject, noun: Noun, rng: Random) -> dict[str, str]:
    """The verb forms of a language: "does", and "doing" and "going" where it has them."""
    slots = {}
    for slot, table in (("does", "action"), ("doing", "doing"), ("going", "going")):
        table = table if table in language.words else "action"
        forms = draw(language, table, subject.action, rng, subject.kind)
        words = agree(language, forms, _doer(language, noun))
        if noun.count > 1:
            words = _several(language, noun).verb(words)
        # A separable verb: its second part ends the clause.
        slots[slot], _, off = words.partition(" … ")
        slots.setdefault("off", off)
    return slots


def others_met(shot: Shot) -> bool:
    """Whether the first subject does something to the others, so that they are its object."""
    return shot.subjects[0].action in TOGETHER


def _meeting(
    language: Language, first: Subject, others: Sequence[Subject], noun: Noun, facts: frozenset[str],
    rng: Random,
) -> tuple[dict[str, str], list[Noun]]:
    """The verb's slots where the other subjects are its object: "pushes a blue cube"; and their nouns."""
    met, said = [], []
    for other in others:
        met.append(_noun(language, other, rng))
        said.append(_who(language, other, met[-1], facts, rng, f"whom:{first.action}"))
    joint = language.patterns.get(f"both:{first.action}") or language.patterns["both"]
    whom, slots = {"whom": joint.join(said)}, {}
    for slot, table in (("does", "meets"), ("doing", "meeting")):
        words = fill(agree(language, draw(language, table, first.action, rng), noun.kind), whom)
        slots[slot], _, off = words.partition(" … ")
        slots.setdefault("off", off)
    return slots, met


def _manner(language: Language, action: str) -> str:
    """The table that says where: of this action alone if there is one ("stand"), else of its manner."""
    return action if action in language.words else MANNERS.get(action, "staying")


def _related(
    language: Language, relation: str, other: Subject, facts: frozenset[str], rng: Random
) -> str:
    """How the first subject stands to another: "to the left of a brown bear"."""
    pattern = "object" if "object" in language.patterns else "noun"
    slots = {"other": _who(language, other, _noun(language, other, rng), facts, rng, pattern)}
    return language.polish(fill(draw(language, "relation", relation, rng)[0], slots))


def _company(
    language: Language, others: Sequence[Subject], facts: frozenset[str], rng: Random, seen_from: str = ""
) -> str:
    """The other subjects, each with its verb: "while a black bird flies in the sky".

    ``seen_from`` is the relation of the shot's first subject to the first of these, if it is told here.
    """
    clauses = []
    for index, other in enumerate(others):
        noun = _noun(language, other, rng)
        aloft = _manner(language, other.action) != "staying" and MANNERS.get(other.action) == "above"
        near = draw(language, "near", "aloft" if aloft else "near", rng)[0]
        if "position" in facts and other.position != "centre":
            side = draw(language, "position", other.position, rng)[0]
            near = fill(language.patterns.get("beside", "{side}"), {"side": side})
        if seen_from and index == 0:
            near = draw(language, "near", seen_from, rng)[0]
        slots = _verbs(language, other, noun, rng) | {"near": near}
        slots["who"] = _who(language, other, noun, facts, rng, "noun")
        clause = fill(language.patterns["other"], slots)
        clauses.append(joined(language, clause, afterwards(language, other, noun, rng)))
    return fill(language.patterns["company"], {"others": language.patterns["and"].join(clauses)})


# --- nouns --------------------------------------------------------------------------------------------------


def _noun(language: Language, subject: Subject, rng: Random) -> Noun:
    choices = wordings(language, "subject", subject.kind)
    if subject.count > 1 and language.plural is not None and subject.kind in language.plural.nouns:
        choices = tuple(tuple(one.split("/")) for one in language.plural.nouns[subject.kind].split(" | "))
    word, kind, other = (*(choices[0] if rng.random() < 0.6 else rng.choice(choices)), "", "")[:3]
    return Noun(word, kind, other, subject.count)


def _several(language: Language, noun: Noun) -> Plural:
    if language.plural is None:
        raise refuse("count", noun.count, f"1 in {language.name}")
    return language.plural


def _doer(language: Language, noun: Noun) -> str:
    """The gender with which verbs agree."""
    genders = _several(language, noun).verb_genders if noun.count > 1 else ""
    return genders[noun.count - 2] if genders else noun.kind


def _settled(language: Language, table: str, value: str, noun: Noun, rng: Random, kind: str) -> str:
    """A wording that agrees with the noun; of several, one that need not if there is one."""
    if noun.count == 1:
        return agree(language, draw(language, table, value, rng, kind), noun.kind)
    choices = wordings(language, table, value, kind)
    forms = rng.choice([one for one in choices if len(one) == 1] or choices)
    return agree(language, forms, _doer(language, noun))


def _who(
    language: Language, subject: Subject, noun: Noun, facts: frozenset[str], rng: Random, pattern: str
) -> str:
    """The noun with what is said of it; a person's colour is that of a coat, as it is in the film."""
    name = pattern.partition(":")[0]
    known, whom, genders = language.patterns, "", ""
    if name == "whom":
        whom = known.get(f"whom:{subject.kind}") or known.get(pattern) or known.get(name) or known["noun"]
        if "whom" in known:
            whom, _, genders = whom.partition("/")
    slots = refer(language, noun) | {"size": "", "material": "", "colour": "", "coat": ""}
    patterns = language.patterns
    gender = noun.kind
    if noun.count > 1:
        several = _several(language, noun)
        gender = several.gender or gender
        patterns = {**patterns, **several.patterns}
        if "bare" not in several.patterns and pattern == "bare":
            pattern = "noun"
        number = agree(language, tuple(several.numbers[noun.count - 2].split("/")), noun.kind)
        slots["number"] = str(noun.count) if rng.random() < 0.12 else number
        slots["kind"] = noun.kind.replace("一", slots["number"])

    def say(axis: str, value: str, gender: str) -> str:
        forms: Forms = draw(language, axis, value, rng, subject.kind)
        if name in ("object", "whom") and not genders and language.governed is not None and axis != "coat":
            return language.governed(forms, gender)
        words = agree(language, forms, genders[language.genders.index(gender)] if genders else gender)
        return _several(language, noun).adjective(words) if noun.count > 1 else words

    if "size" in facts and subject.size != "medium":
        slots["size"] = say("size", subject.size, gender)
    if "material" in facts and subject.material != "natural":
        slots["material"] = say("material", subject.material, gender)
    colour = concepts.visible_colour(subject.kind, subject.colour)
    if "colour" in facts and subject.kind != "person":
        slots["colour"] = say("colour", colour, gender)
    elif "colour" in facts and (subject.colour != "natural" or rng.random() < 0.3):
        coat, *of_coat = rng.choice(patterns["coat"].split(" | ")).split("/")
        slots["coat"] = fill(coat, {"colour": say("colour", colour, of_coat[0] if of_coat else "")})
    names = (f"{pattern}:{subject.kind}:{noun.count}", f"{pattern}:{noun.count}", f"{pattern}:{subject.kind}")
    if name == "whom":
        return language.polish(fill(rng.choice(fitting(whom, slots)), slots))
    chosen = next((patterns[name] for name in names if name in patterns), patterns[pattern])
    return language.polish(fill(rng.choice(fitting(chosen, slots)), slots))


# --- remarks ------------------------------------------------------------------------------------------------


def _camera(language: Language, shot: Shot, noun: Noun, facts: frozenset[str], rng: Random) -> list[str]:
    """Camera, framing, height and look, each a short clause of its own, in any order."""
    remarks = []
    if "camera" in facts:
        # A move that may go up or down says which, where the shot knows it.
        upwards: bool | None = getattr(shot, "upwards", None)
        way = "" if upwards is None else "up" if upwards else "down"
        clauses = [forms[0] for forms in wordings(language, "moves", shot.camera.move, way)]
        # With several subjects "it" could be any of them.
        unsure = [f"{{{pronoun}}}" for pronoun in language.pronouns] if len(shot.subjects) > 1 else []
        clauses = [clause for clause in clauses if not any(word in clause for word in unsure)]
        remarks.append(language.polish(fill(rng.choice(clauses), refer(language, noun))))
    fields = shot_fields(shot)
    for fact in ("framing", "height", "look"):
        if fact in facts:
            remarks.append(draw(language, fact, fields[fact], rng)[0])
    rng.shuffle(remarks)
    return remarks


def _cut(language: Language, shot: Shot, facts: frozenset[str], rng: Random) -> list[str]:
    """What changes within the shot: the time of day, the camera."""
    changes = [draw(language, "later", shot.later, rng)[0]] if "later" in facts else []
    if "cut" in facts and shot.cuts:
        changes.append(draw(language, "cut", shot.cuts[0].camera.framing, rng)[0])
    return changes


def _air(language: Language, shot: Shot, facts: frozenset[str], rng: Random) -> list[str]:
    """Light and mood, as they follow from time, weather and place."""
    remarks = []
    if "light" in facts:
        grey = shot.look in GREY_LOOKS
        remarks.append(draw(language, "grey_light" if grey else "light", light_of(shot), rng)[0])
    if "mood" in facts:
        remarks.append(draw(language, "mood", mood_of(shot), rng)[0])
    rng.shuffle(remarks)
    return remarks


def _plain(language: Language, axis: str, value: str) -> str:
    return wordings(language, axis, value)[0][0]
