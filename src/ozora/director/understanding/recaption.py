"""Say a prompt again as captions of the training footage would: in English, in their order, with plain words.

Descriptive re-captioning as in "Improving Image Generation with Better Captions" (Betker et al., 2023), by
rule instead of by a language model: what was understood is said, what was not is left out, nothing is added.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from ozora.director.request import LONGEST_PROMPT
from ozora.director.understanding.reading import SCENE_FIELDS, Reading, SubjectReading, Understood
from ozora.director.understanding.understand import understand
from ozora.errors import OzoraError, refuse
from ozora.world import concepts
from ozora.world.captions import shot_fields
from ozora.world.languages import Style, caption
from ozora.world.languages.english import phrases
from ozora.world.languages.english.grammar import capital, inflect, with_article
from ozora.world.languages.english.plurals import NUMBERS, plural
from ozora.world.languages.english.sequels import AFTERWARDS
from ozora.world.languages.tokens import keys
from ozora.world.physics.cast import TOGETHER
from ozora.world.sampling import sample_shot
from ozora.world.shot import Shot

_FIXED = ("subject", "second_subject", "action", "then", "speed", "direction", "position", "size", "colour",
          "material", "place", "time", "weather", "camera", "framing", "height", "look", "occluder", "later",
          "relation", "count", "cut")  # fmt: skip
_MOST_SEEDS = 40


@dataclass(frozen=True)
class Caption:
    """What a model is conditioned on instead of a prompt, and how much of the wording changed (0 to 1)."""

    text: str
    prompt: str
    changed: float
    reading: Reading


def recaption(prompt: str, *, as_is: bool = False) -> Caption:
    """The caption that says what was understood of a prompt; the prompt itself where nobody is in it.

    With ``as_is`` the words stay untouched.
    """
    reading = understand(prompt)
    text = prompt if as_is or not reading.subjects else compose(reading)
    same = SequenceMatcher(None, keys(prompt), keys(text), autojunk=False).ratio()
    return Caption(text, prompt, 0.0 if text == prompt else round(1 - same, 3), reading)


def caption_for(prompt: str) -> str | None:
    """The caption to film a prompt by; None where the prompt itself is best, or is none."""
    if not prompt.strip() or len(prompt) > LONGEST_PROMPT:
        return None
    told = recaption(prompt).text
    return told if told != prompt else None


def seconds_for(prompt: str) -> float | None:
    """How long the words ask the film to be: "a 10s clip of a fox"; None where they do not say."""
    if not prompt.strip() or len(prompt) > LONGEST_PROMPT:
        return None
    told = understand(prompt).scene.get("seconds")
    return float(told.value) if told else None


def compose(reading: Reading) -> str:
    """A caption of what was understood, in plain English; what is open is left out.

    The same reading gives the same words. Raises OzoraError for a reading without subjects.
    """
    if not reading.subjects:
        raise refuse("subjects", "nobody", "a prompt that names one of the film set's subjects")
    first, *others = reading.subjects
    whom = ""
    if _value(first, "action") in TOGETHER:
        whom, others = " and ".join(map(_who, others)) or "something", []
    scene = {name: read.value for name, read in reading.scene.items()}
    clause = [_who(first), _does(first, whom), _heading(first), _where(first, scene), _when(scene)]
    sentence = " ".join(words for words in clause if words)
    if then := _value(first, "then"):
        again = AFTERWARDS.get(f"{then} {_value(first, 'action')}") or AFTERWARDS[then]
        sentence += f", then {inflect(again[0], 'finite', plural=_many(first))}"
    if "occluder" in scene:
        sentence += f", passing behind {with_article(phrases.OCCLUDERS[scene['occluder']][0])}"
    sentence += _company(others, scene.get("relation", ""))
    if side := _value(first, "position"):
        sentence += f", {phrases.SIDES[side][0]}" if not others else ""
    remarks = _remarks(scene, first)
    return ". ".join(capital(words) for words in (sentence, *([", ".join(remarks)] if remarks else []))) + "."


def to_shot(reading: Reading, seed: int = 0) -> Shot:
    """A Shot with all that was understood; what is open is drawn by ``world.sampling`` with this seed.

    Raises OzoraError, in one sentence, for what the film set cannot film.
    """
    values = reading.values()
    if not reading.subjects:
        raise refuse("subjects", "nobody", "a prompt that names one of the film set's subjects")
    first = reading.subjects[0]
    if "colour" in values:
        concept = concepts.SUBJECTS[first.kind]
        natural = values["colour"] == concept.natural_colour and "natural" in concept.colours
        values["colour"] = "natural" if natural else values["colour"]
    fixed = {name: values[name] for name in _FIXED if name in values}
    fixed.setdefault("cut", "none")
    fixed.setdefault("second_subject", "none")
    seconds = float(reading.scene["seconds"].value) if "seconds" in reading.scene else 4.0
    reasons: list[OzoraError] = []
    for held_out in (False, True):
        try:
            return _sampled(reading, seed, held_out, seconds, fixed)
        except OzoraError as error:
            reasons.append(error)
    raise reasons[0]


def _sampled(reading: Reading, seed: int, held_out: bool, seconds: float, fixed: dict[str, str]) -> Shot:
    """A random shot with what is fixed, and without what the words exclude."""
    for attempt in range(_MOST_SEEDS):
        drawn = seed + attempt * 1_000_003
        shot = sample_shot(drawn, held_out=held_out, seconds=seconds, **fixed)  # type: ignore[arg-type]
        values = shot_fields(shot)
        if not any(values.get(axis) == value for axis, value in reading.without):
            return shot
    raise refuse("without", ", ".join(value for _, value in reading.without), "what some shot can do without")


def filled(reading: Reading, seed: int = 0, style: Style = "full", language: str = "en") -> str:
    """A caption in the training style of ``to_shot(reading, seed)``: what was open is said too."""
    return caption(to_shot(reading, seed), style, seed, language)


# --- plain English ------------------------------------------------------------------------------------------


def _value(subject: SubjectReading, name: str) -> str:
    read: Understood | None = subject.fields.get(name)
    return "" if read is None else read.value


def _many(subject: SubjectReading) -> bool:
    return int(_value(subject, "count") or 1) > 1


def _who(subject: SubjectReading) -> str:
    """ "two small red balls", "a person in a blue coat"."""
    noun = concepts.synonyms("subject", subject.kind)[0]
    colour, before = _value(subject, "colour"), []
    for axis in ("size", "material"):
        value = _value(subject, axis)
        before += [concepts.synonyms(axis, value)[0]] if value and value != "natural" else []
    wears = ""
    if subject.kind == "person" and colour:
        wears = f" in {colour} coat" if _many(subject) else f" in {with_article(colour)} coat"
    if colour and not wears:
        before.append(colour)
    if _many(subject):
        count = NUMBERS[int(_value(subject, "count"))]
        return " ".join([count, *before, plural(noun)]) + (f"{wears}s" if wears else "")
    return with_article(" ".join([*before, noun])) + wears


def _does(subject: SubjectReading, whom: str = "") -> str:
    """The verb in its plainest word: "runs quickly", "pushes a blue cube"."""
    action = _value(subject, "action")
    if not action:
        return ""
    speed, kind = _value(subject, "speed"), subject.kind
    bases = [
        verb.base
        for verb in phrases.VERBS[action]
        if kind in (verb.subjects or (kind,)) and (speed or "normal") in verb.speeds and not verb.places
    ]
    base = next((one for one in bases if "{whom}" in one or not whom), concepts.synonyms("action", action)[0])
    told = f" {phrases.ADVERBS[speed][0]}" if speed and action not in ("stand", "stack") else ""
    return inflect(base, "finite", plural=_many(subject)).replace("{whom}", whom) + told


def _heading(subject: SubjectReading) -> str:
    way, action = _value(subject, "direction"), _value(subject, "action")
    if not way:
        return ""
    stands = action == "stand"
    return phrases.FACINGS[way][0] if stands else phrases.HEADINGS[way][0]


def _where(subject: SubjectReading, scene: dict[str, str]) -> str:
    place = scene.get("place", "")
    if not place:
        return ""
    action = _value(subject, "action") or concepts.SUBJECTS[subject.kind].actions[0]
    manner = phrases.MANNER[action]
    table = phrases.PREPOSITIONS
    prepositions = table[manner].get(place) or table["staying"].get(place, ("in",))
    noun = phrases.PLACE_NOUNS[place][1 if place in ("snowfield", "tabletop") else 0]
    preposition = next(one for one in (*prepositions, "in") if (one, noun) not in phrases.AWKWARD)
    return f"{preposition} {noun}"


def _when(scene: dict[str, str]) -> str:
    words = []
    if "time" in scene:
        words.append(phrases.TIMES[scene["time"]][0])
    if "weather" in scene:
        words.append(phrases.WEATHERS[scene["weather"]][0])
    return " ".join(words)


def _company(others: Sequence[SubjectReading], relation: str) -> str:
    """The other subjects: ", chasing a cat", " and a horse that stands nearby"."""
    said = ""
    for index, other in enumerate(others):
        action = _value(other, "action")
        if index == 0 and relation:
            word = {"chasing": "chasing", "crossing": "passing in front of"}.get(relation, relation)
            said += f", {word} {_who(other)}"
        elif action:
            many = _many(other)
            verb = inflect(concepts.synonyms("action", action)[0], "finite", plural=many)
            said += f", while {_who(other)} {verb} nearby"
        else:
            said += f", with {_who(other)} nearby"
    return said


def _remarks(scene: dict[str, str], first: SubjectReading) -> list[str]:
    tables = {
        "camera": phrases.CAMERA_CLAUSES, "framing": phrases.FRAMINGS, "height": phrases.HEIGHTS,
        "look": phrases.LOOKS, "cut": phrases.CUTS, "later": phrases.LAPSES,
    }  # fmt: skip
    found = []
    for name in (field for field in SCENE_FIELDS if field in tables and field in scene):
        table = tables[name]
        words = table.get(scene[name]) or table[f"{scene[name]} up"]
        found.append(words[0].replace("{it}", "them" if _many(first) else "it"))
    return found

