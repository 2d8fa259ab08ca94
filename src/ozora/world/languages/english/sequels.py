"""English for what comes second: "walks, then breaks into a run", as data and the two verbs that use it."""

from __future__ import annotations

from random import Random

from ozora.world.languages.english.grammar import Form, inflect
from ozora.world.shot import Subject

_STOPS = ("stop", "come to a stop", "stand still")
_TURNS = ("turn around", "turn round")
AFTERWARDS: dict[str, tuple[str, ...]] = {
    "stand": ("stop", "come to a halt", *_STOPS),
    "stand jump": ("stand still", "stop"),
    "stand turn": ("stand still", "stop"),
    "stand drive": ("stop", "come to a stop", "come to a standstill", "pull up"),
    "walk": ("start to walk", "walk off", "walk on"),
    "walk stand": ("start to walk", "walk off", "set off at a walk"),
    "walk run": ("slow to a walk", "drop into a walk", "slow down to a walk"),
    "run": ("start to run", "run off", "break into a run"),
    "run stand": ("start to run", "run off", "dash off"),
    "run walk": ("break into a run", "start to run", "begin to run"),
    "run walk horse": ("break into a gallop", "start to gallop", "break into a run"),
    "run stand horse": ("gallop off", "start to run", "run off"),
    "jump": ("jump", "leap", "leap into the air", "jump up"),
    "turn": ("turn back", *_TURNS),
    "turn stand": _TURNS,
    "turn jump": _TURNS,
    "drive": ("drive off", "pull away", "start to drive"),
}
"""What is said of a second action; after which first one, and of whom, where that has words of its own."""

_SEQUELS = (", then {finite}", " and then {finite}", ", and then {finite}", " before {participle}")
_FRAGMENT_SEQUELS = (", then {participle}", " and then {participle}", " before {participle}")


def afterwards(subject: Subject, rng: Random) -> str:
    """What the subject does in the end, as the base form of a verb: "break into a run"."""
    pair = f"{subject.then} {subject.action}"
    keys = (f"{pair} {subject.kind}", pair, subject.then)
    choices = next(AFTERWARDS[key] for key in keys if key in AFTERWARDS)
    return choices[0] if rng.random() < 0.4 else rng.choice(choices)


def sequel(subject: Subject, form: Form, rng: Random) -> str:
    """The end of a clause whose verb has this form: ", then breaks into a run" or " before jumping"."""
    base = afterwards(subject, rng)
    sequels = _FRAGMENT_SEQUELS if form == "participle" else _SEQUELS
    return rng.choice(sequels).format(
        finite=inflect(base, "finite"), participle=inflect(base, "participle")
    )
