"""Prompt adherence, skill by skill: does the film show what the words ask? (After GenEval, Ghosh et al.,
NeurIPS 2023, with eyes that were taught by the film set's own truth.)

Every skill is a small function of a viewing that answers yes, no, or None where the prompt does not ask.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch

from ozora.evaluate.looking import Sight
from ozora.evaluate.prompts import Prompt
from ozora.evaluate.sight import FilmSight
from ozora.evaluate.tracks import Track
from ozora.model.eyes import CELL
from ozora.world.concepts import ACTIONS, COLOURLESS, visible_colour

SPEED_WITHIN = 1.5
"""A speed within this factor of the real film's is the speed that was asked."""

NEAR = 0.30
"""Of the picture's width: who is no further away is beside."""

LEVEL = 1.35
"""Factor of depth within which two stand side by side."""


@dataclass(frozen=True)
class Viewing:
    """A film, what was asked of it, and what eyes and probe see in it; ``real`` is the same shot as filmed by
    the world, where a metric compares with that."""

    prompt: Prompt
    sight: FilmSight
    probe: Sight | None = None
    real: FilmSight | None = None


Answer = bool | None


def presence(view: Viewing) -> Answer:
    """Whether every kind of subject that was asked for is there."""
    return all(view.sight.of_kind(subject.kind) for subject in view.prompt.shot.subjects)


def count(view: Viewing) -> Answer:
    """Whether the first subject is as many as asked: of the frames that show it, most show that many."""
    subject = view.prompt.shot.subjects[0]
    if len({one.kind for one in view.prompt.shot.subjects}) < len(view.prompt.shot.subjects):
        return None  # two subjects of one kind cannot be counted apart
    visible = sum((track.visible.astype(int) for track in view.sight.of_kind(subject.kind)), np.zeros(1, int))
    shown = Counter(int(n) for n in np.atleast_1d(visible) if n)
    return bool(shown) and shown.most_common(1)[0][0] == subject.count


def colour(view: Viewing) -> Answer:
    """Whether the first subject has its colour; not asked of looks without colours."""
    shot = view.prompt.shot
    if shot.look in COLOURLESS:
        return None
    subject = shot.subjects[0]
    return _trait(view, "colour", visible_colour(subject.kind, subject.colour))


def size(view: Viewing) -> Answer:
    """Whether the first subject is as large as asked, where a size was named."""
    asked = view.prompt.shot.subjects[0].size
    return None if asked == "medium" else _trait(view, "size", asked)


def action(view: Viewing) -> Answer:
    """Whether the first subject does what was asked; not asked where it goes over to something else."""
    subject = view.prompt.shot.subjects[0]
    return None if subject.then != "none" else _trait(view, "action", subject.action)


def direction(view: Viewing) -> Answer:
    """Whether what travels goes to the side that was asked, against what is behind it."""
    subject = view.prompt.shot.subjects[0]
    if subject.direction not in ("left", "right") or not ACTIONS[subject.action].travels:
        return None
    if subject.then != "none" or view.prompt.shot.cuts or not view.prompt.tells("direction"):
        return None
    mine = view.sight.of_kind(subject.kind)
    if not mine:
        return False
    across = np.mean([relative_motion(view.sight, track)[0] for track in mine])
    return bool(across > 0) == (subject.direction == "right")


def speed(view: Viewing) -> Answer:
    """Whether what travels is as fast as in the real film of the same shot, within ``SPEED_WITHIN``."""
    subject = view.prompt.shot.subjects[0]
    if view.real is None or not ACTIONS[subject.action].travels or view.prompt.shot.cuts:
        return None
    if not view.prompt.tells("speed"):
        return None
    real = view.real.of_kind(subject.kind)
    if not real:
        return None  # the eyes do not see it in the real film either
    mine = view.sight.of_kind(subject.kind)
    if not mine:
        return False
    made_speed = np.hypot(*relative_motion(view.sight, mine[0]))
    real_speed = np.hypot(*relative_motion(view.real, real[0]))
    return bool(abs(np.log((made_speed + 1e-3) / (real_speed + 1e-3))) < np.log(SPEED_WITHIN))


def order(view: Viewing) -> Answer:
    """Whether the first subject does first what was asked first, and then what was asked then."""
    subject = view.prompt.shot.subjects[0]
    if subject.then == "none":
        return None
    mine = view.sight.of_kind(subject.kind)
    if not mine:
        return False
    third = view.sight.frames // 3
    before = _votes(view.sight, mine[0], slice(0, third))
    after = _votes(view.sight, mine[0], slice(-third, None))
    if before is None or after is None:
        return False
    # Either action may be a little likelier everywhere; what counts is which one grows.
    words = dict(view.sight.config.traits)["action"]
    first, then = words.index(subject.action), words.index(subject.then)
    return bool(before[first] - before[then] > after[first] - after[then])


def relation(view: Viewing) -> Answer:
    """Whether the first subject stands to the second as asked, by places, depths and ways in the picture."""
    shot = view.prompt.shot
    if shot.relation == "none":
        return None
    pair = [view.sight.of_kind(subject.kind) for subject in shot.subjects[:2]]
    if shot.subjects[0].kind == shot.subjects[1].kind or not pair[0] or not pair[1]:
        return None if shot.subjects[0].kind == shot.subjects[1].kind else False
    return bool(RELATIONS[shot.relation](view.sight, pair[0][0], pair[1][0]))  # no bool of numpy's is False


def _chases(sight: FilmSight, one: Track, other: Track) -> bool:
    ways = [relative_motion(sight, track)[0] for track in (one, other)]
    return ways[0] * ways[1] > 0 and (other.mean("x") - one.mean("x")) * ways[0] > 0


RELATIONS: Mapping[str, Callable[[FilmSight, Track, Track], bool]] = {
    "left of": lambda sight, one, other: one.mean("x") < other.mean("x"),
    "right of": lambda sight, one, other: one.mean("x") > other.mean("x"),
    "above": lambda sight, one, other: one.mean("y") < other.mean("y"),
    "in front of": lambda sight, one, other: one.mean("depth") < other.mean("depth"),
    "behind": lambda sight, one, other: one.mean("depth") > other.mean("depth"),
    "beside": lambda sight, one, other: (
        abs(one.mean("x") - other.mean("x")) < NEAR
        and abs(np.log(one.mean("depth") / other.mean("depth"))) < np.log(LEVEL)
    ),
    "chasing": _chases,
    "crossing": lambda sight, one, other: (
        relative_motion(sight, one)[0] * relative_motion(sight, other)[0] < 0
    ),
}
"""How each relation of ``world.concepts.RELATIONS`` is seen."""


def place(view: Viewing) -> Answer:
    """Whether it is the place."""
    return view.sight.likeliest("place") == view.prompt.shot.place


def time(view: Viewing) -> Answer:
    """Whether it is the time of day; not asked of a time lapse."""
    return None if view.prompt.shot.later != "none" else view.sight.likeliest("time") == view.prompt.shot.time


def weather(view: Viewing) -> Answer:
    """Whether it is the weather."""
    return view.sight.likeliest("weather") == view.prompt.shot.weather


def look(view: Viewing) -> Answer:
    """Whether it has the look."""
    return view.sight.likeliest("look") == view.prompt.shot.look


def camera(view: Viewing) -> Answer:
    """Whether the camera moves as the words say, as the probe sees it; not asked across a cut, or of what it
    was not taught."""
    shot = view.prompt.shot
    if view.probe is None or shot.cuts or not view.probe.sure.get("camera"):
        return None  # of a word that it does not know the probe is never sure at all
    if not view.prompt.tells("camera"):
        return None
    return view.probe.shows["camera"] == shot.camera.move


SKILLS: Mapping[str, Callable[[Viewing], Answer]] = {
    skill.__name__: skill
    for skill in (
        presence, count, colour, size, relation, action, direction, speed, order, place, time, weather,
        camera, look,
    )
}  # fmt: skip
"""Every skill by its name."""


def accepted(view: Viewing, skills: Mapping[str, Callable[[Viewing], Answer]] = SKILLS) -> bool:
    """Whether the film shows all that was asked, on the skills that are given."""
    return all(skill(view) is not False for skill in skills.values())


def relative_motion(sight: FilmSight, track: Track) -> tuple[float, float]:
    """Body widths per second that a track goes right and down, against what is around it.

    That is the median motion of the cells about it that belong to nobody: a camera that follows does not hide
    that somebody runs.
    """
    ways = []
    height, width = sight.light.shape[-2:]
    for one, next_one in pairwise(track.sightings):
        if next_one.frame != one.frame + 1 or next_one.frame in sight.cuts:
            continue
        reach = max(2.0, 1.5 * np.sqrt(one.area * height * width))
        row, column = one.y * height, one.x * width
        rows = slice(max(0, int(row - reach)), int(row + reach) + 1)
        columns = slice(max(0, int(column - 2 * reach)), int(column + 2 * reach) + 1)
        nobody = sight.subject[one.frame, rows, columns] < 0.3
        if not bool(nobody.any()):
            continue
        behind = sight.flow[one.frame, :, rows, columns][:, nobody].median(1).values / CELL  # cells
        step = torch.tensor([(next_one.x - one.x) * width, (next_one.y - one.y) * height])
        ways.append((step - behind.to(step)) / np.sqrt(one.area * height * width) * sight.fps)
    if not ways:
        return 0.0, 0.0
    middle = torch.stack(ways).median(0).values
    return float(middle[0]), float(middle[1])


def _trait(view: Viewing, axis: str, asked: str) -> Answer:
    """Whether most of the tracks of the first subject's kind have the value that was asked."""
    mine = view.sight.of_kind(view.prompt.shot.subjects[0].kind)
    right = sum(track.traits[axis] == asked for track in mine)
    return 2 * right > len(mine)


def _votes(sight: FilmSight, track: Track, frames: slice) -> np.ndarray | None:
    """Mean probability of every action within some frames; None if the track is not seen there."""
    span = range(sight.frames)[frames]
    votes = [one.traits["action"] for one in track.sightings if one.frame in span]
    return np.mean(votes, 0) if votes else None
