"""Say a Shot in a language that is given as words and patterns: terse, medium, full, as tags, or richly."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ozora.world import captions, concepts
from ozora.world.grammar import capital
from ozora.world.languages.lexicon import (
    Language,
    Noun,
    agree,
    draw,
    fill,
    fitting,
    refer,
    wordings,
)
from ozora.world.physics.cast import TOGETHER
from ozora.world.shot import Shot, Subject

MOST_WORDS = {"terse": 24, "medium": 34, "full": 40}
"""Longest captions, counted as they are read: words, or characters where words are not parted."""

MANNERS = {
    **dict.fromkeys(("walk", "run", "roll", "slide", "drive", "swim", "sail", "tumble"), "crossing"),
    **dict.fromkeys(("fly", "rise", "drift"), "above"),
}
"""How a subject is in its place; the others stay where they are."""

GREY_LOOKS = ("black-and-white", "sepia")
WITHOUT_WEATHER = ("tabletop", "room", "underwater", "moon")
_ALWAYS_RICH = frozenset(("colour", "time", "weather", "direction", "camera", "framing", "light", "mood"))


def write(language: Language, shot: Shot, style: str, seed: int) -> str:
    """One caption of the shot: the same for the same (shot, style, seed), else seldom the same."""
    key = f"ozora {language.name} {style} {seed} {shot.seed}"
    length: captions.Length = "terse" if style == "terse" else "medium" if style == "medium" else "full"
    facts = captions.told(shot, length, Random(f"{key} facts"))
    if style == "tags":
        return _tags(language, shot, facts, Random(key))
    if style == "rich":
        return _rich(language, shot, facts | _ALWAYS_RICH, Random(key))
    text = _caption(language, shot, length, facts, Random(key))
    for fact in captions.EXPENDABLE:
        if _count(language, text) <= MOST_WORDS[length]:
            break
        if fact in facts:
            facts = facts - {fact}
            text = _caption(language, shot, length, facts, Random(key))
    return text


def light_of(shot: Shot) -> str:
    """Which light the shot is in: that of its time, unless weather or water soften it."""
    if shot.place == "underwater":
        return "underwater"
    muted = shot.weather in ("fog", "snow", "cloud", "rain", "storm") and shot.time != "night"
    return "soft" if muted else shot.time


# --- whole captions -----------------------------------------------------------------------------------------


def _caption(
    language: Language, shot: Shot, length: captions.Length, facts: frozenset[str], rng: Random
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
    tags += [_who(language, other, _noun(language, other, rng), facts, rng, "bare") for other in others]
    named = ["time", "weather", "framing", "height", "look"]
    values = captions.shot_fields(shot)
    if concepts.ACTIONS[first.action].travels:
        named += ["direction", "speed"]
    if not others:
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
    slots = _slots(language, shot, noun, facts, rng)
    patterns = fitting(language.patterns[length], slots)
    if others_met(shot) and not slots["off"]:
        # What is met stands right after the verb: whoever meets it has to come before.
        patterns = [one for one in patterns if not 0 <= one.find("{does}") < one.find("{who}")]
    pattern = rng.choice(patterns)
    sentence = fill(pattern + language.patterns["tail"], slots)
    if "framing" in facts and rng.random() < 0.3:
        frame = capital(_plain(language, "framing", shot.camera.framing))
        sentence = fill(language.patterns.get("frame", "{frame}: {sentence}"),
                        {"frame": frame, "sentence": sentence})
        facts = facts - {"framing"}
    return language.polish(sentence), facts


def _slots(
    language: Language, shot: Shot, noun: Noun, facts: frozenset[str], rng: Random
) -> dict[str, str]:
    first, others = shot.subjects[0], shot.subjects[1:]
    slots = _verbs(language, first, noun, rng)
    if others_met(shot):
        slots |= _meeting(language, first, others, noun, facts, rng)
        others = ()

    def say(slot: str, table: str, value: str, *, when: bool) -> None:
        words = agree(language, draw(language, table, value, rng, first.kind), noun.kind) if when else ""
        slots[slot] = words

    slots["who"] = _who(language, first, noun, facts, rng, "noun")
    slots["bare"] = _who(language, first, noun, facts, rng, "bare")
    looks = concepts.SUBJECTS[first.kind].family != "solid"
    stands, travels = first.action == "stand", concepts.ACTIONS[first.action].travels
    say("where", _manner(language, first.action), shot.place, when=True)
    say("when", "when", shot.time, when="time" in facts)
    say("time", "time", shot.time, when="time" in facts)
    weathered = "weather" in facts and shot.place not in WITHOUT_WEATHER
    say("weather", "amid", shot.weather, when=weathered)
    say("speed", "speed", first.speed, when="speed" in facts and first.action not in ("stand", "stack"))
    say("heading", "direction", first.direction, when="direction" in facts and travels)
    say("facing", "facing", first.direction, when="direction" in facts and stands and looks)
    say("side", "position", first.position, when="position" in facts and len(shot.subjects) == 1)
    slots["passing"] = ""
    if "occluder" in facts and shot.occluder != "none":
        grown = "bush" if (shot.place, shot.occluder) == ("dunes", "tree") else shot.occluder
        behind = {"occluder": draw(language, "occluder", grown, rng)[0]}
        going = rng.choice(language.patterns["passing"].split(" | ")).split("/")
        slots["passing"] = fill(agree(language, tuple(going), noun.kind), behind)
    slots["company"] = _company(language, others, facts, rng) if others else ""
    return slots


def _verbs(language: Language, subject: Subject, noun: Noun, rng: Random) -> dict[str, str]:
    """The verb forms of a language: "does", and "doing" and "going" where it has them."""
    slots = {}
    for slot, table in (("does", "action"), ("doing", "doing"), ("going", "going")):
        table = table if table in language.words else "action"
        words = agree(language, draw(language, table, subject.action, rng, subject.kind), noun.kind)
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
) -> dict[str, str]:
    """The verb's slots where the other subjects are its object: "pushes a blue cube"."""
    said = [_who(language, other, _noun(language, other, rng), facts, rng, f"whom:{first.action}")
            for other in others]
    joint = language.patterns.get(f"both:{first.action}") or language.patterns["both"]
    whom, slots = {"whom": joint.join(said)}, {}
    for slot, table in (("does", "meets"), ("doing", "meeting")):
        words = fill(agree(language, draw(language, table, first.action, rng), noun.kind), whom)
        slots[slot], _, off = words.partition(" … ")
        slots.setdefault("off", off)
    return slots


def _manner(language: Language, action: str) -> str:
    """The table that says where: of this action alone if there is one ("stand"), else of its manner."""
    return action if action in language.words else MANNERS.get(action, "staying")


def _company(language: Language, others: Sequence[Subject], facts: frozenset[str], rng: Random) -> str:
    """The other subjects, each with its verb: "while a black bird flies in the sky"."""
    clauses = []
    for other in others:
        noun = _noun(language, other, rng)
        aloft = _manner(language, other.action) != "staying" and MANNERS.get(other.action) == "above"
        near = draw(language, "near", "aloft" if aloft else "near", rng)[0]
        if "position" in facts and other.position != "centre":
            side = draw(language, "position", other.position, rng)[0]
            near = fill(language.patterns.get("beside", "{side}"), {"side": side})
        slots = _verbs(language, other, noun, rng) | {"near": near}
        slots["who"] = _who(language, other, noun, facts, rng, "noun")
        clauses.append(fill(language.patterns["other"], slots))
    return fill(language.patterns["company"], {"others": language.patterns["and"].join(clauses)})


# --- nouns --------------------------------------------------------------------------------------------------


def _noun(language: Language, subject: Subject, rng: Random) -> Noun:
    choices = wordings(language, "subject", subject.kind)
    return Noun(*(choices[0] if rng.random() < 0.6 else rng.choice(choices)))


def _who(
    language: Language, subject: Subject, noun: Noun, facts: frozenset[str], rng: Random, pattern: str
) -> str:
    """The noun with what is said of it; a person's colour is that of a coat, as it is in the film."""
    name = pattern.partition(":")[0]
    known, genders = language.patterns, ""
    patterns = known.get(f"{name}:{subject.kind}") or known.get(pattern) or known.get(name) or known["noun"]
    if name == "whom" and "whom" in known:
        patterns, _, genders = patterns.partition("/")
    slots = refer(language, noun) | {"size": "", "material": "", "colour": "", "coat": ""}

    def say(axis: str, value: str, gender: str) -> str:
        if genders:
            gender = genders[language.genders.index(gender)]
        words = agree(language, draw(language, axis, value, rng, subject.kind), gender)
        return language.oblique(words) if name == "whom" else words

    if "size" in facts and subject.size != "medium":
        slots["size"] = say("size", subject.size, noun.kind)
    if "material" in facts and subject.material != "natural":
        slots["material"] = say("material", subject.material, noun.kind)
    colour = concepts.visible_colour(subject.kind, subject.colour)
    if "colour" in facts and subject.kind != "person":
        slots["colour"] = say("colour", colour, noun.kind)
    elif "colour" in facts and (subject.colour != "natural" or rng.random() < 0.3):
        coat, *gender = rng.choice(language.patterns["coat"].split(" | ")).split("/")
        slots["coat"] = fill(coat, {"colour": say("colour", colour, gender[0] if gender else "")})
    return language.polish(fill(rng.choice(fitting(patterns, slots)), slots))


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
    fields = captions.shot_fields(shot)
    for fact in ("framing", "height", "look"):
        if fact in facts:
            remarks.append(draw(language, fact, fields[fact], rng)[0])
    rng.shuffle(remarks)
    return remarks


def _cut(language: Language, shot: Shot, facts: frozenset[str], rng: Random) -> list[str]:
    if "cut" not in facts or not shot.cuts:
        return []
    return [draw(language, "cut", shot.cuts[0].camera.framing, rng)[0]]


def _air(language: Language, shot: Shot, facts: frozenset[str], rng: Random) -> list[str]:
    """Light and mood, as they follow from time, weather and place."""
    remarks = []
    if "light" in facts:
        grey = shot.look in GREY_LOOKS
        remarks.append(draw(language, "grey_light" if grey else "light", light_of(shot), rng)[0])
    if "mood" in facts:
        remarks.append(draw(language, "mood", captions.mood_of(shot), rng)[0])
    rng.shuffle(remarks)
    return remarks


def _plain(language: Language, axis: str, value: str) -> str:
    return wordings(language, axis, value)[0][0]
