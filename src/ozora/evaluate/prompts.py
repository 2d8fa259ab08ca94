"""Prompt suites: what a generator is asked, each prompt beside the Shot that it describes.

A suite is a file, ``prompts/<name>.json`` beside this module or any path: a list of
``{"prompt": words, "held_out": true|false, "shot": {...}}``. ``"seed:7"`` is a suite drawn on the spot, so
that anyone can score on prompts that nobody has tuned on: one subject, one camera, a natural look.
``"skills:7"`` is drawn likewise, and asks in turn for everything a Shot can say: several at once, two in a
relation, what happens next, a cut, a look, somebody passing behind something, things that fall.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Any

from ozora.errors import OzoraError, refuse
from ozora.world.captions import caption, shot_fields
from ozora.world.concepts import LOOKS, RELATIONS
from ozora.world.held_out import is_held_out
from ozora.world.languages.english import phrases
from ozora.world.languages.english.vocabulary import inflections
from ozora.world.sampling import sample_shot
from ozora.world.shot import Shot
from ozora.world.visible import hidden

FIRST_UNSEEN_SEED = 2**31
"""Shots of training footage draw their seed below this, evaluation from here on: never the same clip."""

MOST_DRAWN = 10_000
"""Shots that a drawn suite chooses from: the next seed's begin after them."""

Words = Mapping[str, Collection[str]]

Fixed = Mapping[str, str]

FALLING = (("ball", "fall"), ("ball", "bounce"), ("cube", "fall"), ("cone", "fall"))
"""Who shows the laws of motion."""

_MOST_TRIES, MOST_TRIES_APART = 200, 10_000_019

_FOLDER = Path(__file__).parent / "prompts"


@dataclass(frozen=True)
class Prompt:
    """One thing asked: the words, what they mean, and whether training never saw that combination."""

    text: str
    shot: Shot
    held_out: bool

    def asked(self, axis: str) -> str:
        """The value of a probe axis that a film of this prompt must show."""
        return shot_fields(self.shot)[axis]

    def tells(self, axis: str) -> bool:
        """Whether it can be judged: the words ask for it, and no look hides it.

        Of a direction, a speed or a camera that nobody named, any will do; black-and-white film shows no hour
        by its colour. A prompt without words, as footage has it, asks for all that its shot is.
        """
        if axis in hidden(self.shot):
            return False
        named = _NAMED.get(axis)
        return named is None or not self.text or named(self.text.lower(), self.shot)


def _says(text: str, wordings: Iterable[str]) -> bool:
    return any(re.search(rf"\b{re.escape(one.lower())}\b", text) for one in wordings)


def _names_direction(text: str, shot: Shot) -> bool:
    way = shot_fields(shot)["direction"]
    return _says(text, (*phrases.HEADINGS[way], *phrases.FACINGS[way]))


def _names_speed(text: str, shot: Shot) -> bool:
    subject = shot.subjects[0]
    telling = [verb.base for verb in phrases.VERBS[subject.action] if verb.tells_speed]
    verbs = (form for base in telling for form in inflections(base))
    return _says(text, verbs) or _says(text, phrases.ADVERBS[subject.speed])


def _names_camera(text: str, shot: Shot) -> bool:
    """Somebody may look at the camera; any other word of it, or of its shot, says what it does."""
    if "camera" in _AT_CAMERA.sub("", text) or _OTHERWISE.search(text):
        return True
    move = shot.camera.move
    own = (ones for name, ones in phrases.CAMERA_CLAUSES.items() if name.split(" ")[0] == move)
    shots = "|".join(map(re.escape, phrases.CAMERA_SHOTS[move]))
    apart = _says(text, (one.split(" {it}")[0] for ones in own for one in ones))
    return apart or re.search(rf"\b({shots})\b[\w ,-]*\bshot\b", text) is not None


_AT_CAMERA = re.compile(r"\b(towards?|facing|from|at|into|for) the camera\b")
_OTHERWISE = re.compile(r"\b(still|locked-off) (frame|shot)\b|\bpush(es|ing)? in\b|\bzoom(s|ing)?\b")
"""Words of a camera that captions do not use."""
_NAMED: Mapping[str, Callable[[str, Shot], bool]] = {
    "direction": _names_direction, "speed": _names_speed, "camera": _names_camera,
}  # fmt: skip


def read_prompts(suite: str | Path = "first", words: Words | None = None) -> tuple[Prompt, ...]:
    """The prompts of a suite: the name of a shipped one, a path to a file, or ``seed:N`` or ``seed:N:count``.

    Drawn prompts use only ``words``, values of each axis, if they are given: what a young probe can judge.

    ``skills:N`` and ``skills:N:count`` draw prompts of all skills, whatever the probe knows.

    Raises OzoraError if there is no such suite, an entry is not readable, its Shot cannot be filmed, or its
    ``held_out`` is not what ``world.held_out.is_held_out`` says.
    """
    name = str(suite)
    if name.startswith("seed:"):
        return _drawn(name, words or {})
    if name.startswith("skills:"):
        return _skilled(name)
    path = _FOLDER / f"{name}.json"
    if not path.exists():
        path = Path(suite)
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        shipped = ", ".join(sorted(file.stem for file in _FOLDER.glob("*.json")))
        allowed = f"{shipped}, a readable JSON file of prompts, seed:N, or skills:N"
        raise refuse("prompts", name, allowed) from error
    if not isinstance(entries, list) or not entries:
        raise refuse("prompts", name, "a JSON list of one or more prompts")
    return tuple(_prompt(entry, f"prompts[{index}]") for index, entry in enumerate(entries))


def _prompt(entry: object, where: str) -> Prompt:
    words = entry.get("prompt") if isinstance(entry, Mapping) else None
    if not isinstance(entry, Mapping) or not isinstance(words, str) or not words.strip():
        raise refuse(where, entry, "an object with prompt (words), held_out (true or false) and shot")
    try:
        shot = Shot.from_json(entry.get("shot"))
    except OzoraError as error:
        raise OzoraError(f"{where}: {error}") from error
    if entry.get("held_out") is not is_held_out(shot):
        raise refuse(f"{where}.held_out", entry.get("held_out"), f"{is_held_out(shot)} for this shot")
    return Prompt(words, shot, is_held_out(shot))


def _drawn(name: str, words: Words) -> tuple[Prompt, ...]:
    """``seed:N[:count]``: one prompt in three from the held-out combinations, one subject, no cuts."""
    seed, count = _numbers(name)
    shots = (unseen_shot(seed * 10_000 + index, held_out=index % 3 == 2) for index in range(MOST_DRAWN))
    known = islice((shot for shot in shots if is_known(shot, words)), count)
    prompts = tuple(Prompt(caption(shot, "medium", shot.seed), shot, is_held_out(shot)) for shot in known)
    if len(prompts) < count:
        raise refuse("prompts", name, f"at most {len(prompts)} prompts of the words that the probe knows")
    return prompts


def _skilled(name: str) -> tuple[Prompt, ...]:
    """``skills:N[:count]``: one skill after the other, one prompt in three from the held-out combinations."""
    seed, count = _numbers(name)
    shots = [skilled_shot(seed * MOST_DRAWN + index) for index in range(count)]
    return tuple(Prompt(caption(shot, "medium", shot.seed), shot, is_held_out(shot)) for shot in shots)


def _numbers(name: str) -> tuple[int, int]:
    """Seed and count of ``kind:N[:count]``."""
    kind, *numbers = name.split(":")
    if not 1 <= len(numbers) <= 2 or not all(number.isdecimal() for number in numbers):
        raise refuse("prompts", name, f"{kind}:N or {kind}:N:count, whole numbers")
    seed, count = int(numbers[0]), int(numbers[1]) if len(numbers) == 2 else 60
    if not 2 <= count <= MOST_DRAWN:
        raise refuse("prompts", name, f"2 to {MOST_DRAWN} prompts")
    return seed, count


def is_known(shot: Shot, words: Words) -> bool:
    """Whether every value of the shot is among ``words``, on the axes that these list."""
    fields = shot_fields(shot)
    return all(fields[axis] in values for axis, values in words.items())


def unseen_shot(index: int, *, held_out: bool = False) -> Shot:
    """A shot with one subject, one camera and a natural look, with a seed that training never draws."""
    drawn = sample_shot(
        FIRST_UNSEEN_SEED + index, held_out=held_out, second_subject="none", count="1", cut="none",
        look="natural", later="none", then="none",
    )  # fmt: skip
    return Shot.from_json({**drawn.to_json(), "seed": FIRST_UNSEEN_SEED + index})


_ALONE: Fixed = {"second_subject": "none", "cut": "none", "look": "natural", "later": "none", "then": "none"}
_ONE: Fixed = {**_ALONE, "count": "1"}
_PAIR: Fixed = {"cut": "none", "look": "natural", "later": "none", "then": "none"}

SKILLED: tuple[tuple[Fixed, ...], ...] = (
    (_ONE,),
    tuple({**_ALONE, "count": count} for count in ("2", "3", "4")),
    tuple({**_PAIR, "relation": relation} for relation in RELATIONS if relation != "none"),
    ({**_ONE, "cut": "cut"},),
    ({**_ONE, "size": "large"}, {**_ONE, "size": "small"}),
    tuple({**_ONE, "then": then} for then in ("stand", "run", "walk")),
    tuple({**_ONE, "look": look} for look in LOOKS if look != "natural"),
    tuple({**_ONE, "occluder": occluder, "action": "walk"} for occluder in ("tree", "rock")),
    tuple({**_ONE, "subject": kind, "action": action} for kind, action in FALLING),
)
"""What ``skills:N`` asks in turn: for each turn, what is fixed of a shot, one way after another."""


def skilled_shot(index: int, *, seconds: float = 4.0) -> Shot:
    """A shot that asks for a skill, the next of ``SKILLED`` for every ``index``; never one of training."""
    ways = SKILLED[index % len(SKILLED)]
    fixed: dict[str, Any] = {**ways[index // len(SKILLED) % len(ways)]}
    if fixed.get("then", "none") != "none":
        fixed |= {"action": "walk" if fixed["then"] != "walk" else "run"}
    seed, held_out = FIRST_UNSEEN_SEED + index, index % 3 == 2
    for attempt in range(_MOST_TRIES):
        try:
            drawn = sample_shot(
                seed + attempt * MOST_TRIES_APART, held_out=held_out and "subject" not in fixed,
                seconds=seconds, **fixed,
            )  # fmt: skip
        except OzoraError:  # this seed's subject cannot do that; the next one's may
            continue
        return replace(drawn, seed=seed)
    raise refuse("skill", ", ".join(f"{k}={v}" for k, v in fixed.items()), "what the film set can film")
