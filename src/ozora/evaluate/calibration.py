"""Calibration: before the probe judges a generator, it must notice what was spoilt on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count, islice
from pathlib import Path

from rich import box
from rich.table import Table

from ozora.evaluate.corruptions import CORRUPTIONS
from ozora.evaluate.films import Frames, kept
from ozora.evaluate.looking import MAIN_AXES, OTHER_AXES, film_unseen, look, through_autoencoder
from ozora.evaluate.prompts import Prompt, is_known, unseen_shot
from ozora.evaluate.scores import Share, blind_guess, share_right
from ozora.model.autoencoder import Autoencoder
from ozora.model.probe import Probe
from ozora.world.concepts import ACTIONS

ORIGINAL, AUTOENCODER, BLIND = "original", "autoencoder", "blind guess"
FIRST_INDEX = 500_000_000  # far from the seeds of any suite

FALLS = (
    ("subject", "blurred"),
    ("action", "blurred"),
    ("colour", "hue-swapped"),
    ("action", "shuffled"),
    ("camera", "shuffled"),
    ("direction", "played backwards"),
    ("action", "frozen"),
    ("camera", "frozen"),
)
"""(axis, corruption) whose score must be lower than on the original film."""

BLIND_WHEN_FROZEN = ("action", "camera")
"""Axes that a standing picture must not give away beyond what one can guess without looking."""


@dataclass(frozen=True)
class Calibration:
    """Score per version of the films (original, autoencoder, each corruption) and axis."""

    scores: dict[str, dict[str, Share]]
    blind: dict[str, float]

    def broken(self) -> list[str]:
        """Every law of order that does not hold, in words; empty if the probe may judge."""
        told = []
        for axis, spoilt in FALLS:
            before, after = self.scores[ORIGINAL][axis], self.scores[spoilt][axis]
            if after.value >= before.value:
                told.append(f"{axis}: {after.value:.0%} {spoilt}, not below {before.value:.0%} untouched")
        for axis in BLIND_WHEN_FROZEN:
            frozen, blind = self.scores["frozen"][axis], self.blind[axis]
            if frozen.interval[0] > blind:
                told.append(f"{axis}: {frozen.value:.0%} frozen, above the blind guess of {blind:.0%}")
        return told

    def to_json(self) -> dict[str, object]:
        """The table as JSON values."""
        return {
            "scores": {
                name: {axis: {"right": share.right, "of": share.of} for axis, share in row.items()}
                for name, row in self.scores.items()
            },
            "blind": self.blind,
            "broken": self.broken(),
        }

    def table(self) -> Table:
        """The calibration for a terminal: one line per version of the films."""
        axes = list(self.scores[ORIGINAL])
        title = f"% right on {self.scores[ORIGINAL]['subject'].of} fresh clips of footage, and spoilt"
        table = Table(title=title, box=box.SIMPLE_HEAD, padding=0)
        table.add_column("films", no_wrap=True)
        for axis in axes:
            table.add_column(axis, justify="right", no_wrap=True)
        for name, row in self.scores.items():
            table.add_row(name, *(f"{100 * row[axis].value:.0f}" for axis in axes))
        table.add_section()
        table.add_row(BLIND, *(f"{100 * self.blind[axis]:.0f}" for axis in axes))
        return table


def calibrate(
    probe: Probe,
    *,
    clips: int = 64,
    width: int = 224,
    height: int = 128,
    frames: int = 49,
    autoencoder: Autoencoder | None = None,
    out: str | Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Calibration:
    """Score the probe on ``clips`` fresh clips, on each corruption of them, and through the autoencoder.

    The clips show one subject each and are filmed with seeds that training never draws; one in three is a
    held-out combination. With ``out`` they are kept there and not filmed again.
    """
    prompts = list(islice(_known(probe), clips))
    versions: dict[str, Callable[[Frames], Frames]] = {ORIGINAL: lambda frames: frames}
    if autoencoder is not None:
        versions[AUTOENCODER] = lambda frames: through_autoencoder(autoencoder, frames)
    versions |= CORRUPTIONS
    shown: dict[str, list[dict[str, str]]] = {name: [] for name in versions}
    for index, prompt in enumerate(prompts):
        shot = prompt.shot
        note = {"shot": shot.to_json(), "frames": frames, "width": width, "height": height}
        path = None if out is None else Path(out) / f"{index:04d}.png"
        footage = kept(path, note, partial(film_unseen, shot, width, height, frames))
        for name, change in versions.items():
            shown[name].append(look(probe, change(footage), prompt, shot.fps).shows)
        if on_progress is not None:
            on_progress(index + 1, clips)
    axes = [axis for axis in (*MAIN_AXES, *OTHER_AXES) if axis in shown[ORIGINAL][0]]
    scores: dict[str, dict[str, Share]] = {name: {} for name in versions}
    blind: dict[str, float] = {}
    for axis in axes:
        where = [i for i, prompt in enumerate(prompts) if axis != "direction" or shows_direction(prompt)]
        asked = [prompts[i].asked(axis) for i in where]
        # A still picture does show who acts, and so most of what it may be doing.
        known = [prompts[i].asked("subject") for i in where] if axis in ("action", "colour") else None
        blind[axis] = blind_guess(asked, known)
        for name, sights in shown.items():
            scores[name][axis] = share_right(asked, [sights[i][axis] for i in where])
    return Calibration(scores, blind)


def shows_direction(prompt: Prompt) -> bool:
    """Whether the first subject has a direction that a film can show: it travels, or it faces somewhere."""
    action = ACTIONS[prompt.asked("action")]
    return action.travels or action.name == "stand"


def _known(probe: Probe) -> Iterator[Prompt]:
    """What the probe can be asked: shots of which it knows every word."""
    words = {axis: set(values) for axis, values in probe.config.axes}
    return (prompt for prompt in map(_asked, count()) if is_known(prompt.shot, words))


def _asked(index: int) -> Prompt:
    held_out = index % 3 == 2
    return Prompt("", unseen_shot(FIRST_INDEX + index, held_out=held_out), held_out)
