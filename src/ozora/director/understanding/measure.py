"""Measure understanding against captions, of which every truth is known."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random

from ozora.director.understanding.understand import understand
from ozora.errors import OzoraError
from ozora.world import concepts
from ozora.world.captions import shot_fields, typo
from ozora.world.languages import STYLES, Style, telling
from ozora.world.languages.facts import WITHOUT_WEATHER
from ozora.world.sampling import sample_shot
from ozora.world.shot import Shot

FIELDS = (
    "subject", "count", "colour", "material", "size", "action", "then", "speed", "direction", "position",
    "second_subject", "relation", "place", "time", "weather", "later", "camera", "framing", "height", "look",
    "occluder", "cut",
)  # fmt: skip
_REMARKABLE = {"material": "natural", "size": "medium", "occluder": "none", "cut": "none", "later": "none"}
"""Fields that are told, if at all, where they are not this."""
_RARE = ("relation", "later", "cut", "occluder", "then", "second_subject")
_MOST_TRIES = 8
_MEETINGS = ("chasing", "crossing")


@dataclass(frozen=True)
class Misread:
    """One field of one caption that was read as something else ("" for open)."""

    field: str
    truth: str
    read: str
    text: str


@dataclass
class Score:
    """Counts for one language: per field what was told and read right, what was not told and read wrongly."""

    captions: int = 0
    unused: int = 0  # captions with a word that found nobody to speak of
    unknown: int = 0  # captions with a word that meant nothing
    told: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)
    untold: Counter[str] = field(default_factory=Counter)
    invented: Counter[str] = field(default_factory=Counter)
    wrong: list[Misread] = field(default_factory=list)

    def share(self, name: str) -> float:
        """Of the captions that tell a field, the share that was read right; 1 where none does."""
        return self.right[name] / self.told[name] if self.told[name] else 1.0

    def cell(self, name: str) -> str:
        """ "98.2 (0.1)": told and right, untold and wrong, in percent."""
        invented = self.invented[name] / self.untold[name] if self.untold[name] else 0.0
        told = f"{100 * self.share(name):.1f}" if self.told[name] else "–"
        return f"{told} ({100 * invented:.1f})"


def measure(
    code: str, seeds: Iterable[int], *, typos: float = 0.0, styles: Iterable[Style] = STYLES,
    language: str | None = None,
) -> Score:  # fmt: skip
    """Read captions of one random shot for each seed, in each style, with this share of letters misspelt."""
    score = Score()
    for seed in seeds:
        shot = drawn(seed)
        truth = shot_fields(shot)
        for style in styles:
            text, facts = telling(shot, style, seed, code)
            text = typo(text, typos, seed) if typos else text
            reading = understand(text, language)
            read = reading.values()
            score.captions += 1
            score.unused += bool(reading.unused)
            score.unknown += bool(reading.unknown)
            for name in FIELDS:
                told = tells(shot, name, facts, style, code)
                _count(score, name, truth[name], read.get(name, ""), told, text)
    return score


def drawn(seed: int) -> Shot:
    """A random shot; every second seed has one of the fields that are rare otherwise."""
    rng = Random(f"ozora measure {seed}")
    for _ in range(_MOST_TRIES if seed % 2 else 0):
        axis = rng.choice(_RARE)
        value = rng.choice([value for value in concepts.FIELDS[axis] if value != "none"])
        try:
            return sample_shot(rng.getrandbits(30), held_out=rng.random() < 0.25, **{axis: value})  # type: ignore[arg-type]
        except OzoraError:
            continue
    return sample_shot(seed, held_out=seed % 4 == 0)


def _count(score: Score, name: str, truth: str, read: str, told: bool | None, text: str) -> None:
    wrong = bool(read) and read != truth
    if told:
        score.told[name] += 1
        score.right[name] += read == truth
        wrong = read != truth
    elif told is False or read:
        score.untold[name] += 1
        score.invented[name] += wrong
    if wrong:
        score.wrong.append(Misread(name, truth, read, text))


def tells(shot: Shot, name: str, facts: frozenset[str], style: str, code: str) -> bool | None:
    """Whether a caption of these facts tells a field; None where that cannot be known from outside."""
    first, fields = shot.subjects[0], shot_fields(shot)
    single, english = len(shot.subjects) == 1, code == "en"
    travels = concepts.ACTIONS[first.action].travels
    meeting = shot.relation in _MEETINGS
    verbless = english and style in ("terse", "medium") and single and first.then == "none"
    if name in ("subject", "place", "count"):
        return True
    if name == "action":  # "chases" says no gait, and a terse prompt may be without a verb
        return None if meeting or verbless else True
    if name in ("then", "relation", "second_subject"):
        return fields[name] != "none"
    if name == "colour":
        return "colour" in facts and (first.kind != "person" or first.colour != "natural")
    if name in _REMARKABLE:
        return name in facts and fields[name] != _REMARKABLE[name]
    if name == "speed":
        if meeting or (style == "tags" and not travels) or verbless:
            return None
        return "speed" in facts and first.action not in ("stand", "stack")
    if name == "direction":
        if meeting or verbless:
            return None
        stands = first.action == "stand" and concepts.SUBJECTS[first.kind].family not in ("solid", "vehicle")
        return "direction" in facts and (travels or (stands and style != "tags" and first.then == "none"))
    if name == "position":
        return "position" in facts and single
    if name == "look" and english and style == "rich":
        return shot.look != "natural"
    if name == "weather" and shot.place in WITHOUT_WEATHER:
        return None
    return name in facts
