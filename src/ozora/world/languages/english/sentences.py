"""Say a Shot in English: terse, medium or full, seldom twice in the same words.

First it is decided which facts are said, then they are put into a sentence by drawing a template, an order of
clauses and a synonym for each.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from ozora.errors import refuse
from ozora.world import concepts
from ozora.world.languages.english import phrases
from ozora.world.languages.english.grammar import Form, bare, capital, inflect, with_article
from ozora.world.languages.english.nouns import noun_phrase
from ozora.world.languages.english.outcomes import told_outcome
from ozora.world.languages.english.plurals import plural
from ozora.world.languages.english.relation_phrases import TAGS, Related, relate
from ozora.world.languages.english.sequels import afterwards, sequel
from ozora.world.languages.facts import EXPENDABLE, LENGTHS, Length, mood_of, told
from ozora.world.physics.cast import TOGETHER
from ozora.world.shot import Shot, Subject

MOST_WORDS: dict[str, int] = {"terse": 22, "medium": 30, "full": 40}


def caption(shot: Shot, length: Length, seed: int) -> str:
    """One English caption of the shot: the same for the same (shot, length, seed), else seldom the same.

    Subject and place are always named. At most ``MOST_WORDS`` words with one or two subjects, and two
    more where nothing can be left out. Raises OzoraError for an unknown length.
    """
    return telling(shot, length, seed)[0]


def telling(shot: Shot, length: Length, seed: int) -> tuple[str, frozenset[str]]:
    """The caption, and the facts that it was written to tell."""
    if length not in LENGTHS:
        raise refuse("length", length, ", ".join(LENGTHS))
    key = f"ozora caption {length} {seed} {shot.seed}"
    facts = told(shot, length, Random(f"{key} facts"))
    text = _write(shot, length, facts, Random(key))
    for fact in EXPENDABLE:
        if len(text.split()) <= MOST_WORDS[length]:
            break
        if fact in facts:
            facts = facts - {fact}
            text = _write(shot, length, facts, Random(key))
    return text, facts


_FORMS: tuple[Form, ...] = ("finite", "participle", "progressive")
_VERBLESS: dict[str, float] = {"terse": 0.1, "medium": 0.03, "full": 0.0}
_JOINTS: tuple[tuple[str, Form], ...] = (
    (", while ", "finite"),
    (", and ", "finite"),
    (", with ", "participle"),
)


# --- how it is said -----------------------------------------------------------------------------------------


def _write(shot: Shot, length: Length, facts: frozenset[str], rng: Random) -> str:
    if length == "terse" and rng.random() < 0.06:
        return tags(shot, facts, rng)
    opening, facts = _opening(shot, length, facts, rng)
    sentence = opening + main_clause(shot, length, facts, rng, fragment=bool(opening))
    return _punctuate(sentence, remarks_on(shot, facts, rng), length, rng)


def tags(shot: Shot, facts: frozenset[str], rng: Random) -> str:
    """ "red fox, running, snowy field, dusk"."""
    first = shot.subjects[0]
    met = first.action in TOGETHER
    verb = concepts.synonyms("action", first.action)[0] if met else _verb(first, shot.place, rng).base
    doing = inflect(verb, "participle", plural=first.count > 1)
    words = [noun_phrase(first, facts, rng, article=False), doing]
    if first.then != "none":
        words.append(f"then {inflect(afterwards(first, rng), 'participle')}")
    company = len(words)
    words += [noun_phrase(other, facts, rng, article=False) for other in shot.subjects[1:]]
    if shot.relation != "none":
        words[company] = f"{rng.choice(TAGS[shot.relation])} {words[company]}"
    words.append(bare(rng.choice(phrases.PLACE_NOUNS[shot.place])))
    named = [axis for axis in ("time", "weather") if axis in facts]
    words += [concepts.synonyms(axis, getattr(shot, axis))[0] for axis in named]
    return ", ".join(words + remarks_on(shot, facts - {"light", "mood"}, rng))


def _opening(shot: Shot, length: Length, facts: frozenset[str], rng: Random) -> tuple[str, frozenset[str]]:
    """Perhaps "a low-angle tracking shot of ", with the facts that remain to be said."""
    told = [fact for fact in ("look", "height", "framing", "camera") if fact in facts and rng.random() < 0.4]
    if not told:
        return (f"{rng.choice(phrases.OPENINGS)} " if rng.random() < 0.04 else ""), facts
    choose = {
        "look": lambda: rng.choice(phrases.LOOK_SHOTS[shot.look]),
        "height": lambda: phrases.HEIGHT_SHOTS[shot.camera.height],
        "camera": lambda: rng.choice(phrases.CAMERA_SHOTS[shot.camera.move]),
        "framing": lambda: phrases.FRAMING_SHOTS[shot.camera.framing],
    }
    words = " ".join(choose[fact]() for fact in told) + " shot"
    if told == ["framing"] and shot.camera.framing == "close":
        words = "close-up"
    if length != "terse" or rng.random() < 0.4:
        words = with_article(words)
    return f"{words} of ", facts - set(told)


def main_clause(
    shot: Shot, length: Length, facts: frozenset[str], rng: Random, *, fragment: bool, finite: bool = False
) -> str:
    """Who does what, where and when. A fragment follows "a shot of", so it has no finite verb.

    ``finite`` makes it a whole sentence, which a caption need not be.
    """
    first, others, related = shot.subjects[0], shot.subjects[1:], shot.relation != "none"
    whom = ""
    if first.action in TOGETHER:
        whom = " and ".join(noun_phrase(other, facts, rng) for other in others)
    changes = first.then != "none"
    alike = len(others) == 1 and others[0].action == first.action
    together = alike and not changes and not related and rng.random() < 0.5
    who = noun_phrase(first, facts, rng)
    if together:
        who += f" and {noun_phrase(others[0], facts, rng)}"
    elif not others and rng.random() < 0.05 and first.count == 1:
        who = f"a {rng.choice(('single', 'lone'))} {bare(who)}"
    shares = (0.8, 0, 0.2) if finite else (0.5, 0.38, 0.12)
    form = "participle" if fragment else rng.choices(_FORMS, shares)[0]
    # "a white sailboat on the sea at night": prompts often name no action.
    still = not changes and not others and "occluder" not in facts and rng.random() < _VERBLESS[length]
    said = Related(who, together or first.count > 1)
    if related:
        second, others = others[0], others[1:]
        other, verb = noun_phrase(second, facts, rng), _verb(second, "", rng).base
        said = relate(shot.relation, first, who, second, other, verb, form, rng)
        who = said.who
    what = "" if still else said.what or _action(first, shot.place, facts, form, rng, plural=said.plural)
    what = what.replace("{whom}", whom)
    if first.action == "collide" and length != "terse" and rng.random() < 0.5:
        what += told_outcome(shot, form, rng)
    where = _where(first, shot.place, rng, still=still or said.meeting)
    when = _when(shot, facts, rng)
    front, tail = "", [where]
    heading = rng.choice(phrases.HEADINGS[first.direction]) if "direction" in facts else ""
    if heading and whom:
        # "A cube to the left" would tell where the cube is.
        heading = phrases.HEADINGS[first.direction][1 if first.direction in ("left", "right") else 0]
    if heading and concepts.ACTIONS[first.action].travels and not (still or said.meeting):
        tail.insert(rng.randrange(2), heading)
    if when and not fragment and not still and rng.random() < 0.25:
        front = when
    elif when:
        tail.append(when)
    clause = " ".join(word for word in (who, what, *tail) if word).replace(" along along ", " along ")
    if changes:
        clause += sequel(first, form, rng)
    if heading and first.then in ("walk", "run", "drive") and not concepts.ACTIONS[first.action].travels:
        clause += f" {heading}"
    elif "direction" in facts and first.action == "stand" and concepts.SUBJECTS[first.kind].family != "solid":
        facings = phrases.FACINGS[first.direction]
        if concepts.SUBJECTS[first.kind].family == "vehicle":  # cars do not look
            facings = facings[:1]
        clause += f", {rng.choice(facings)}"
    if "position" in facts and len(shot.subjects) == 1:
        clause += f", {rng.choice(phrases.SIDES[first.position])}"
    clause += said.tail
    if "occluder" in facts:
        clause += _passing(shot, form, rng)
    if others and not together and not whom:
        clause += _company(first, others, facts, rng, plainly=related)
    return f"{front}, {clause}" if front else clause


def _action(
    subject: Subject, place: str, facts: frozenset[str], form: Form, rng: Random, *, plural: bool
) -> str:
    verb = _verb(subject, place, rng)
    words = inflect(verb.base, form, plural=plural)
    unsaid = "speed" not in facts or subject.action in ("stand", "stack")
    if unsaid or (verb.tells_speed and rng.random() < 0.6):
        return words
    gait = subject.action in ("walk", "run")
    # Nobody gallops gently.
    adverb = rng.choice([word for word in phrases.ADVERBS[subject.speed] if not (gait and word == "gently")])
    goes_before = adverb.endswith("ly") and form != "progressive" and rng.random() < 0.3
    return f"{adverb} {words}" if goes_before else f"{words} {adverb}"


def _verb(subject: Subject, place: str, rng: Random) -> phrases.Verb:
    fitting = [
        verb
        for verb in phrases.VERBS[subject.action]
        if subject.kind in (verb.subjects or (subject.kind,))
        and place in (verb.places or (place,))
        and subject.speed in verb.speeds
    ]
    return fitting[0] if rng.random() < 0.4 else rng.choice(fitting)


def _where(subject: Subject, place: str, rng: Random, *, still: bool) -> str:
    manner = phrases.MANNER[subject.action]
    if still:
        manner = {"crossing": "staying", "afloat": "staying", "swimming": "staying"}.get(manner, manner)
    pairs = [
        (preposition, noun)
        for preposition in phrases.PREPOSITIONS[manner][place]
        for noun in phrases.PLACE_NOUNS[place]
        if (preposition, noun) not in phrases.AWKWARD
    ]
    return " ".join(rng.choice(pairs))


def _when(shot: Shot, facts: frozenset[str], rng: Random) -> str:
    """Time and weather, in one phrase or two."""
    weather = "weather" in facts
    both = phrases.TIMES_AND_WEATHERS.get((shot.time, shot.weather), ())
    outdoors = shot.place != "tabletop"
    if "time" in facts and weather and outdoors and both and rng.random() < 0.4:
        return rng.choice(both)
    words = []
    if "time" in facts:
        open_sky = shot.weather == "clear" and outdoors and not weather
        pool = phrases.SKIES if open_sky and rng.random() < 0.25 else phrases.TIMES
        words.append(rng.choice(pool[shot.time]) if rng.random() < 0.7 else pool[shot.time][0])
    if weather and outdoors:
        words.append(rng.choice(phrases.WEATHERS[shot.weather]))
        if shot.weather != "snow":  # "as snow falls at dusk" needs no turning round
            rng.shuffle(words)
    return " ".join(words)


def _passing(shot: Shot, form: Form, rng: Random) -> str:
    nouns = phrases.DESERT_OCCLUDERS if shot.place == "dunes" else phrases.OCCLUDERS
    behind = f"behind {with_article(rng.choice(nouns[shot.occluder]))}"
    going, gone = rng.choice((("pass", ""), ("disappear", " for a moment"), ("vanish", " briefly")))
    if form == "finite" and len(shot.subjects) == 1 and rng.random() < 0.6:
        many = shot.subjects[0].count > 1
        return f" and {inflect(going, 'finite', plural=many)} {behind}{gone}"
    return f", {inflect(going, 'participle')} {behind}{gone}"


def _company(
    first: Subject, others: Sequence[Subject], facts: frozenset[str], rng: Random, *, plainly: bool = False
) -> str:
    """The other subjects: "while a black bird flies overhead"; ``plainly`` with "and" where one was told."""
    words = []
    for other in others:
        beside = "beside them" if first.kind == "person" or first.count > 1 else "beside it"
        aloft = phrases.MANNER[other.action] == "above"
        where = rng.choice(("overhead", "in the sky") if aloft else ("nearby", "close by", beside))
        if "position" in facts and other.position != "centre":
            where = rng.choice(phrases.SIDES[other.position])
        words.append((noun_phrase(other, facts, rng), _verb(other, "", rng).base, where, other.count > 1))
    joint, form = rng.choice(_JOINTS[1:2] if plainly else _JOINTS)
    clauses = [f"{who} {inflect(base, form, plural=many)} {where}" for who, base, where, many in words]
    ends = ["" if other.then == "none" else sequel(other, form, rng) for other in others]
    return joint + " and ".join(clause + end for clause, end in zip(clauses, ends, strict=True))


def remarks_on(shot: Shot, facts: frozenset[str], rng: Random) -> list[str]:
    """Camera, look, light and mood, each a short clause of its own."""
    remarks = []
    if "camera" in facts:
        move, way = shot.camera.move, "up" if shot.upwards else "down"
        clauses = phrases.CAMERA_CLAUSES.get(f"{move} {way}") or phrases.CAMERA_CLAUSES[move]
        remarks.append(rng.choice(clauses))
    views = []
    if "framing" in facts:
        views.append(rng.choice(phrases.FRAMINGS[shot.camera.framing]))
    if "height" in facts:
        views.append(rng.choice(phrases.HEIGHTS[shot.camera.height]))
    remarks += views
    if "look" in facts:
        remarks.append(rng.choice(phrases.LOOKS[shot.look]))
    rng.shuffle(remarks)
    if "cut" in facts and shot.cuts:
        remarks.append(rng.choice(phrases.CUTS[shot.cuts[0].camera.framing]))
    if "later" in facts:
        remarks.append(rng.choice(phrases.LAPSES[shot.later]))
    if "light" in facts:
        lights = phrases.GREY_LIGHTS if shot.look in ("black-and-white", "sepia") else phrases.LIGHTS
        remarks.append(rng.choice(lights[shot.time]))
    if "mood" in facts:
        mood = rng.choice(phrases.MOODS[mood_of(shot)])
        remarks.append(rng.choice((f"{with_article(mood)} mood", f"the mood is {mood}", mood)))
    return [remark.replace("{it}", _pronoun(shot, rng)) for remark in remarks]


def _pronoun(shot: Shot, rng: Random) -> str:
    first = shot.subjects[0]
    noun = concepts.synonyms("subject", first.kind)[0]
    if len(shot.subjects) > 1 or rng.random() < 0.4:
        return f"the {plural(noun) if first.count > 1 else noun}"
    return "them" if first.kind == "person" or first.count > 1 else "it"


def _punctuate(sentence: str, remarks: list[str], length: Length, rng: Random) -> str:
    """One run-on sentence or several; capitals and full stops mostly, none when terse."""
    runs_on = len(remarks) <= (2 if length == "terse" else 1) or rng.random() < 0.25
    formal = rng.random() < (0.3 if length == "terse" else 0.75)
    if runs_on or not formal:
        text = ", ".join([sentence, *remarks])
        return f"{capital(text)}." if formal else text
    keep = rng.randrange(2)
    sentences = [", ".join([sentence, *remarks[:keep]])]
    rest = remarks[keep:]
    while rest:
        take = 1 + (len(rest) > 1 and rng.random() < 0.4)
        sentences.append(", ".join(rest[:take]))
        rest = rest[take:]
    return " ".join(f"{capital(part)}." for part in sentences)
