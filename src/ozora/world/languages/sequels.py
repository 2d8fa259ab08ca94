"""What comes second in a language that is given as words and patterns: a second action, a collision's end."""

from __future__ import annotations

import re
from random import Random

from ozora.world.languages.lexicon import Language, Noun, agree, draw, fill, refer
from ozora.world.shot import Shot, Subject

_JOINT = re.compile(r"\[([^\[\]]*)\{then\}\]")


def afterwards(language: Language, subject: Subject, noun: Noun, rng: Random) -> str:
    """What a subject goes over to, as it follows its clause: "y luego echa a correr"; "" for no change."""
    if subject.then == "none":
        return ""
    after = agree(language, draw(language, "then", subject.then, rng, subject.action), noun.kind)
    return fill(rng.choice(language.patterns["then"].split(" | ")), {"after": after})


def joined(language: Language, clause: str, then: str) -> str:
    """The clause and what comes after it, with whatever the language puts between them."""
    found = _JOINT.search(language.patterns["tail"])
    return f"{clause}{found[1]}{then}" if then and found else clause


def what_comes_of_it(language: Language, shot: Shot, first: Noun, second: Noun, rng: Random) -> str:
    """How a collision ends: "y lo derriba"; "" for nothing much.

    Words for "back" agree with who hits, the others with who is hit.
    """
    from ozora.world.outcome import outcome  # it reads recordings, which other shots do not need

    found = outcome(shot)
    if not found:
        return ""
    noun = first if found == "back" else second
    after = agree(language, draw(language, "outcome", found, rng, shot.subjects[1].kind), noun.kind)
    after = language.polish(fill(after, refer(language, noun)))
    return fill(language.patterns["outcome"], {"after": after})
