"""Findings hold what stood its trial, figure by figure, and say of the rest why it is missing."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
from rich.console import Console

from ozora.evaluate.adherence import Viewing
from ozora.evaluate.distances import clip_points
from ozora.evaluate.findings import ACCEPTED, Finding, Findings, find
from ozora.evaluate.metrics import MEMORISATION
from ozora.evaluate.prompts import Prompt
from ozora.evaluate.sight import FilmSight
from ozora.evaluate.trials import Trials, Verdict
from ozora.world.shot import Shot, Subject

ORDER = ("fox", "fox", "car", "car")


def stood(*names: str, fell: tuple[str, ...] = ()) -> Trials:
    """Trials in which these metrics stood, and those did not."""
    verdicts = [Verdict(name, True, "", {}) for name in names]
    return Trials((*verdicts, *(Verdict(name, False, f"{name} is blind", {}) for name in fell)), {})


def showing(hand: SimpleNamespace, kind: str, seed: int = 0) -> FilmSight:
    """A film of one still subject, which the eyes feel like no other."""
    features = torch.randn(12, 6, generator=torch.Generator().manual_seed(seed)).cumsum(0)
    actor = hand.Actor([(0.5, 0.5)] * 12, kind=kind, action="stand")
    return hand.staged([actor], features=features)


def asking(hand: SimpleNamespace, *shown: str, colour: str = "red", first_seed: int = 0) -> list[Viewing]:
    """Two prompts for a red fox, two for a car; the films show what is given."""
    return [
        Viewing(
            Prompt("", Shot((Subject(kind, colour if kind == "car" else "natural"),)), False),
            showing(hand, made, first_seed + number), None, None,
        )
        for number, (kind, made) in enumerate(zip(ORDER, shown, strict=True))
    ]  # fmt: skip


def rows(found: Findings) -> dict[str, Finding]:
    return {row.name: row for row in found.rows}


def test_each_figure_is_the_share_of_its_own_films(hand: SimpleNamespace) -> None:
    films = asking(hand, "fox", "car", "car", "car")
    footage = asking(hand, *ORDER)
    recoded = asking(hand, "fox", "fox", "fox", "fox")
    (row,) = find(stood("presence"), films, footage, recoded).rows
    assert (row.name, row.asked, row.share) == ("presence", 4, True)
    assert (row.films, row.footage, row.recoded) == (0.75, 1.0, 0.5)
    assert find(stood("presence"), films, footage).rows[0].recoded is None


def test_the_floor_is_what_everybody_elses_film_scores(hand: SimpleNamespace) -> None:
    """Each prompt is shown the film three prompts on: of four right films two are right for another."""
    right, mixed = asking(hand, *ORDER), asking(hand, "fox", "car", "fox", "car")
    assert rows(find(stood("presence"), right, right))["presence"].floor == 0.5
    # Prompts fox, fox, car, car are shown car, fox, car, fox.
    assert rows(find(stood("presence"), mixed, right))["presence"].floor == 0.5
    only = asking(hand, "car", "car", "car", "car")
    row = rows(find(stood("presence"), only, right))["presence"]
    assert row.films == row.floor == 0.5  # who always films the same is as good as chance


def test_who_is_not_asked_does_not_count(hand: SimpleNamespace) -> None:
    films = asking(hand, *ORDER)
    sepia = [replace(view, prompt=replace(view.prompt, shot=replace(view.prompt.shot, look="sepia")))
             for view in films[:3]]  # fmt: skip
    (row,) = find(stood("colour"), [*sepia, films[3]], films).rows
    assert row.asked == 1 and row.films == 1.0
    (row,) = find(stood("size"), films, films).rows
    assert (row.films, row.asked, row.footage, row.floor) == (None, 0, None, None)


def test_accepted_is_everything_at_once_and_needs_two_skills(hand: SimpleNamespace) -> None:
    films = asking(hand, "fox", "car", "car", "fox", colour="white")  # no car of these is white
    footage = asking(hand, *ORDER)
    found = rows(find(stood("presence", "colour"), films, footage))
    assert found["presence"].films == 0.5 and found["colour"].films == 0.25
    assert found[ACCEPTED].films == 0.25 and found[ACCEPTED].asked == 4
    assert found[ACCEPTED].footage == 1.0
    assert list(found) == ["presence", "colour", ACCEPTED]
    assert ACCEPTED not in rows(find(stood("presence", "flicker"), films, footage))


def test_sets_are_measured_beside_the_footage(hand: SimpleNamespace) -> None:
    footage, films = asking(hand, *ORDER), asking(hand, *ORDER, first_seed=50)
    same = [films[0]] * 4
    found = rows(find(stood("clips, Fréchet", "diversity"), footage, footage, same))
    assert found["clips, Fréchet"].films == pytest.approx(0, abs=1e-6) and found["diversity"].films == 1
    assert found["diversity"].recoded == 0 and not found["diversity"].share
    assert found["diversity"].footage is None and found["diversity"].floor is None
    far = rows(find(stood("clips, Fréchet"), films, footage))["clips, Fréchet"]
    assert far.films is not None and far.films > 0.1 and far.recoded is None


def test_copies_are_looked_for_only_where_the_training_is_known(hand: SimpleNamespace) -> None:
    films, footage = asking(hand, *ORDER, first_seed=50), asking(hand, *ORDER)
    unknown = find(stood(MEMORISATION), films, footage)
    assert not unknown.rows and [name for name, _ in unknown.dropped] == [MEMORISATION]
    assert "--footage" in unknown.left_out()[0]
    training = clip_points([view.sight for view in films])
    (row,) = find(stood(MEMORISATION), films, footage, training=training).rows
    assert row.films == 1 and row.asked == 4
    assert row.footage is not None and row.footage <= 0.25  # the footage is no copy of it
    none = find(stood(fell=(MEMORISATION,)), films, footage, training=training)
    assert not none.rows and none.left_out() == [f"{MEMORISATION}: {MEMORISATION} is blind"]


def test_what_fell_is_named_with_its_reason_and_never_measured(hand: SimpleNamespace) -> None:
    films = asking(hand, *ORDER)
    found = find(stood("presence", fell=("count", "flicker")), films, films)
    assert list(rows(found)) == ["presence"]
    assert found.left_out() == ["count: count is blind", "flicker: flicker is blind"]
    told = json.loads(json.dumps(found.to_json()))
    assert told["dropped"] == [["count", "count is blind"], ["flicker", "flicker is blind"]]
    assert [Finding(**row) for row in told["metrics"]] == list(found.rows)


def test_the_table_fits_a_terminal_and_shows_shares_in_per_cent() -> None:
    found = Findings(
        (Finding("presence", 0.756, 12, 1.0, None, 0.5), Finding("tracks, kernel", 0.756, 12, None, 3.0, None,
                                                                 share=False)), (),
    )  # fmt: skip
    screen = io.StringIO()
    Console(file=screen, width=80).print(found.table())
    lines = screen.getvalue().splitlines()
    shown = {line.split()[0]: line.split() for line in lines if line.split()}
    assert shown["presence"] == ["presence", "76", "12", "100", "–", "50"]
    assert shown["tracks,"] == ["tracks,", "kernel", "0.76", "12", "–", "3.00", "–"]
    assert max(map(len, lines)) <= 80
