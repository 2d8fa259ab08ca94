"""English for how the first subject stands to the second: "a rabbit left of a bear", "a dog chases a cat"."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from ozora.world.languages.english.grammar import Form, inflect
from ozora.world.shot import Subject

BETWEEN: dict[str, tuple[str, ...]] = {
    "left of": ("left of", "to the left of"),
    "right of": ("right of", "to the right of"),
    "in front of": ("in front of",),
    "behind": ("behind",),
    "beside": ("beside", "next to", "alongside"),
    "above": ("above", "over"),
}
"""From the first to the second, where both have a place."""

INVERSE: dict[str, tuple[str, ...]] = {
    "left of": ("to {its} right", "on {its} right"),
    "right of": ("to {its} left", "on {its} left"),
    "in front of": ("behind {it}",),
    "behind": ("in front of {it}",),
    "beside": ("beside {it}", "at {its} side", "next to {it}"),
    "above": ("below {it}", "underneath {it}", "beneath {it}"),
}
"""Where the second is, seen from the first."""

TAGS: dict[str, tuple[str, ...]] = {
    **BETWEEN,
    "chasing": ("chasing", "running after"),
    "crossing": ("passing in front of", "passing"),
}

_CHASE = ("chase", "chase", "pursue")
_AFTER = {"run": "run after", "fly": "fly after", "swim": "swim after", "drive": "drive after"}


@dataclass(frozen=True)
class Related:
    """Parts of a sentence that tell the relation; what is empty is said as if there were none."""

    who: str  # the subject of the clause
    plural: bool
    what: str = ""  # verb and object, in place of the first subject's own verb
    tail: str = ""  # after the clause
    meeting: bool = False  # no heading, and a place that they are in


def relate(
    relation: str, first: Subject, one: str, second: Subject, two: str, second_verb: str, form: Form,
    rng: Random,
) -> Related:  # fmt: skip
    """A way to say the relation of two noun phrases ``one`` and ``two``; ``second_verb`` in base form."""
    many = first.count > 1
    if relation == "chasing":
        verbs = (*_CHASE, _AFTER.get(first.action, "chase"))
        if rng.random() < 0.7:
            return Related(one, many, f"{inflect(rng.choice(verbs), form, plural=many)} {two}")
        return Related(one, many, tail=f", {inflect(rng.choice(verbs), 'participle')} {two}")
    if relation == "crossing":
        drawn = rng.random()
        if drawn < 0.45:
            verb = inflect("pass", form, plural=many)
            return Related(one, many, f"{verb} {rng.choice(('in front of ', 'in front of ', ''))}{two}",
                           meeting=True)  # fmt: skip
        if drawn < 0.6:
            return Related(f"{one} and {two}", True, inflect("cross paths", form, plural=True), meeting=True)
        return Related(one, many, tail=f", passing in front of {two}")
    between = rng.choice(BETWEEN[relation])
    them = many or first.kind == "person"
    where = rng.choice(INVERSE[relation])
    where = where.format(it="them" if them else "it", its="their" if them else "its")
    drawn = rng.random()
    if drawn < 0.4:
        return Related(f"{one} {between} {two}", many)
    if drawn < 0.55:
        return Related(one, many, tail=f", {between} {two}")
    if drawn < 0.75:
        return Related(one, many, tail=f", with {two} {where}")
    if drawn < 0.85:
        return Related(one, many, tail=f", with {two} {inflect(second_verb, 'participle')} {where}")
    doing = inflect(second_verb, "finite", plural=second.count > 1)
    return Related(one, many, tail=f", while {two} {doing} {where}")
