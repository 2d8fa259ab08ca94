"""Which draft keeps its word: a scorer that sees words and film, and what it drops early, saying why.

The perception eyes look at a few moments of a draft; the text encoder's Shot head tells what the words ask.
Neither judges films: that is for the probe and for the other copy of the eyes, which no ranking has seen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ozora.media.clip import Frames

Reading = Mapping[str, tuple[str, float]]
"""Axis to (value, how sure from 0 to 1)."""

AXES = ("subject", "place", "time")
"""What the score counts: what eyes can tell in a draft. Of colours they tell half."""

SURE = 0.6
"""The words ask for a value when the Shot head is at least as sure of it."""

FLAT, FROZEN, FLICKERING = 4.0, 0.15, 12.0
"""Limits in 255ths of a preview's pixels: contrast inside frames, change and alternation between them.

Of 160 drafts of `micro` none came near: contrast 7.5 to 27, change 1.4 to 4.8, alternation 0.3 to 3.5."""

MISTAKEN = (0.03, 0.95)
"""The asked subject has at most, and another at least, this probability: the draft shows somebody else."""

ALIKE = 0.15
"""Previews that differ by less, as a share of their contrast, are one film for whoever chooses."""

STANDING = {"action": ("stand",), "camera": ("static",)}


@dataclass(frozen=True)
class Verdict:
    """How good a draft is, why it was dropped if it was, and what it seems to show.

    ``score`` is the mean probability, 0 to 1, that it shows what the words ask.
    """

    score: float
    why: str = ""
    shows: Mapping[str, tuple[str, float]] = field(default_factory=dict)


def judge(asked: Reading, shown: Mapping[str, Mapping[str, float]], preview: Frames) -> Verdict:
    """Judge one draft.

    ``asked`` is what the Shot head read in the words; ``shown`` the eyes' probabilities, axis to value to
    share, empty where nobody looked: then all score 0; ``preview`` (L, h, w, 3).
    """
    told = {axis: max(shares.items(), key=lambda pair: pair[1]) for axis, shares in shown.items()}
    seen = {axis: (value, share) for axis, (value, share) in told.items() if share > 0}  # or nobody is
    wanted = {axis: value for axis, (value, sure) in asked.items() if sure >= SURE}
    counted = [axis for axis in AXES if axis in wanted and wanted[axis] in shown.get(axis, {})]
    score = 0.0
    if counted:
        score = sum(shown[axis][wanted[axis]] for axis in counted) / len(counted)
    return Verdict(score, broken(preview, wanted) or mistaken(wanted, shown), seen)


def broken(preview: Frames, wanted: Mapping[str, str]) -> str:
    """Why a film is of no use to anybody, from its small frames (L, h, w, 3); empty if it may be."""
    frames = preview.astype(np.float32)
    contrast = float(frames.std(axis=(1, 2)).mean())
    if contrast < FLAT:
        return f"flat: its frames hardly differ from one colour (contrast {contrast:.1f} of 255)"
    if len(frames) < 3:
        return ""
    change = float(np.abs(np.diff(frames, axis=0)).mean())
    still = all(wanted.get(axis) in values for axis, values in STANDING.items())
    if change < FROZEN and not still:
        return f"frozen: nothing moves (frames change by {change:.2f} of 255)"
    # A light that goes up and down again between frames; steady motion and fades have no second difference.
    swing = float(np.abs(np.diff(frames.mean(axis=(1, 2)), n=2, axis=0)).mean())
    if swing > FLICKERING:
        return f"flickering: its light swings by {swing:.0f} of 255 from frame to frame"
    return ""


def mistaken(wanted: Mapping[str, str], shown: Mapping[str, Mapping[str, float]]) -> str:
    """Why a film shows somebody else than the words say; empty if it may be the right one."""
    subject, shares = wanted.get("subject"), shown.get("subject", {})
    if subject is None or subject not in shares:
        return ""
    other, share = max(shares.items(), key=lambda pair: pair[1])
    if shares[subject] > MISTAKEN[0] or share < MISTAKEN[1]:
        return ""
    return f"wrong subject: it looks like a {other} ({share:.0%}), asked was a {subject}"


def ranked(verdicts: Sequence[Verdict]) -> list[int]:
    """Numbers of the drafts, best first, those that were dropped last; a tie is won by the earlier one."""
    return sorted(range(len(verdicts)), key=lambda i: (bool(verdicts[i].why), -verdicts[i].score, i))


def folded(previews: Sequence[Frames], order: Sequence[int], alike: float = ALIKE) -> dict[int, int]:
    """Near-duplicates: number of a draft to that of a better-ranked one that looks the same."""
    kept: list[int] = []
    found: dict[int, int] = {}
    for number in order:
        frames = previews[number].astype(np.float32)
        contrast = float(frames.std(axis=(1, 2)).mean())
        twins = [one for one in kept if float(np.abs(previews[one] - frames).mean()) < alike * contrast]
        if twins:
            found[number] = twins[0]
        else:
            kept.append(number)
    return found
