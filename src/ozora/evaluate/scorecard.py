"""The scorecard: what films were asked and what they show, beside chance and real footage, axis by axis."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.table import Table

from ozora.evaluate.looking import MAIN_AXES, OTHER_AXES, Sight
from ozora.evaluate.prompts import Prompt
from ozora.evaluate.scores import Share, floor, share_right, way

if TYPE_CHECKING:
    from ozora.evaluate.findings import Findings

ACCEPTED = "accepted"


@dataclass(frozen=True)
class Row:
    """One axis of the scorecard, or all main axes at once (``accepted``)."""

    axis: str
    score: Share
    floor: float
    ceiling: Share
    autoencoder: Share | None
    seen: Share
    held_out: Share
    sure: float

    @property
    def way(self) -> float | None:
        """Where the score lies between floor (0) and ceiling (1); None if those are not apart."""
        return way(self.score.value, self.floor, self.ceiling.value)

    @property
    def halfway(self) -> bool:
        """Whether the films are at least halfway from chance to real footage."""
        return self.way is not None and self.way >= 0.5


@dataclass(frozen=True)
class Scorecard:
    """The whole result. ``films`` are generated; ``footage`` are the same shots filmed by the world."""

    prompts: tuple[Prompt, ...]
    films: tuple[Sight, ...]
    footage: tuple[Sight, ...]
    autoencoder: tuple[Sight, ...] | None
    about: dict[str, object]
    findings: Findings | None = None  # of the eyes, where there are any that stood their trial

    def row(self, axis: str) -> Row:
        """One axis by name, or ``"accepted"``: all of subject, place, time, action and camera in one film."""
        told = [i for i, prompt in enumerate(self.prompts) if prompt.tells(axis)]
        prompts, films = [self.prompts[i] for i in told], [self.films[i] for i in told]
        asked = [self._asked(prompt, axis) for prompt in prompts]
        shown = [_shown(sight, axis) for sight in films]
        sides = {
            held_out: [i for i, prompt in enumerate(prompts) if prompt.held_out is held_out]
            for held_out in (False, True)
        }
        split = {
            held_out: share_right([asked[i] for i in where], [shown[i] for i in where])
            for held_out, where in sides.items()
        }
        again = None
        if self.autoencoder is not None:
            again = share_right(asked, [_shown(self.autoencoder[i], axis) for i in told])
        return Row(
            axis=axis,
            score=share_right(asked, shown),
            floor=floor(asked, shown),
            ceiling=share_right(asked, [_shown(self.footage[i], axis) for i in told]),
            autoencoder=again,
            seen=split[False],
            held_out=split[True],
            sure=sum(_sure(sight, axis) for sight in films) / len(films),
        )

    @property
    def rows(self) -> tuple[Row, ...]:
        """Main axes, accepted, then the other axes that the probe knows and two prompts or more ask for."""
        others = [
            axis
            for axis in OTHER_AXES
            if axis in self.films[0].shows and sum(prompt.tells(axis) for prompt in self.prompts) > 1
        ]
        return tuple(self.row(axis) for axis in (*MAIN_AXES, ACCEPTED, *others))

    def verdict(self, index: int) -> dict[str, bool]:
        """Per main axis, whether film ``index`` shows what its prompt asked."""
        return {
            axis: self.films[index].shows[axis] == self.prompts[index].asked(axis) for axis in MAIN_AXES
        }

    def to_json(self) -> dict[str, object]:
        """Everything as JSON values: the table, every film's answers, and what was scored."""
        found = {} if self.findings is None else {"referee": self.findings.to_json()}
        return found | {
            "about": self.about,
            "axes": {row.axis: _row_json(row) for row in self.rows},
            "films": [
                {
                    "prompt": prompt.text,
                    "held_out": prompt.held_out,
                    "asked": {axis: prompt.asked(axis) for axis in sight.shows},
                    "shows": sight.shows,
                    "sure": {axis: round(share, 4) for axis, share in sight.sure.items()},
                    "footage_shows": real.shows,
                    "accepted": all(self.verdict(index).values()),
                }
                for index, (prompt, sight, real) in enumerate(
                    zip(self.prompts, self.films, self.footage, strict=True)
                )
            ],
        }

    def write(self, path: Path) -> None:
        """Write ``to_json`` as a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.to_json(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def table(self) -> Table:
        """The scorecard for a terminal of 80 columns; ``recoded``: footage through the autoencoder."""
        seen = sum(not prompt.held_out for prompt in self.prompts)
        title = f"% of {len(self.films)} films ({seen} seen combinations, {len(self.films) - seen} held out)"
        table = Table(title=title, box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0))
        table.add_column("axis", no_wrap=True)
        for name in ("films", "95 %", "floor", "footage", "recoded", "way", "seen", "unseen"):
            table.add_column(name, justify="right", no_wrap=True)
        table.add_column("half", no_wrap=True)
        for row in self.rows:
            low, high = row.score.interval
            table.add_row(
                row.axis,
                _percent(row.score),
                f"{100 * low:.0f}–{100 * high:.0f}",
                f"{100 * row.floor:.0f}",
                _percent(row.ceiling),
                _percent(row.autoencoder),
                "–" if row.way is None else f"{100 * row.way:.0f}",
                _percent(row.seen),
                _percent(row.held_out),
                "yes" if row.halfway else "no",
                end_section=row.axis in (MAIN_AXES[-1], ACCEPTED),
            )
        return table

    def _asked(self, prompt: Prompt, axis: str) -> tuple[str, ...]:
        return tuple(prompt.asked(each) for each in _axes(axis))


def _axes(axis: str) -> Sequence[str]:
    return MAIN_AXES if axis == ACCEPTED else (axis,)


def _shown(sight: Sight, axis: str) -> tuple[str, ...]:
    return tuple(sight.shows[each] for each in _axes(axis))


def _sure(sight: Sight, axis: str) -> float:
    """Probability of what was asked; of all main axes at once, as if they were independent."""
    product = 1.0
    for each in _axes(axis):
        product *= sight.sure[each]
    return product


def _row_json(row: Row) -> dict[str, object]:
    shares = {"films": row.score, "footage": row.ceiling, "autoencoder": row.autoencoder}
    shares |= {"seen": row.seen, "held_out": row.held_out}
    told: dict[str, object] = {
        name: share and {"right": share.right, "of": share.of, "share": round(share.value, 4)}
        for name, share in shares.items()
    }
    return told | {
        "interval": [round(end, 4) for end in row.score.interval],
        "floor": round(row.floor, 4),
        "way": None if row.way is None else round(row.way, 4),
        "halfway": row.halfway,
        "sure": round(row.sure, 4),
    }


def _percent(share: Share | None) -> str:
    return "–" if share is None or not share.of else f"{100 * share.value:.0f}"
