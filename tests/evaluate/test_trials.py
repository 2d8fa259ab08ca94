"""A metric that does not notice what it should is not printed; one that does, is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ozora.errors import OzoraError
from ozora.evaluate import corruptions
from ozora.evaluate.adherence import Viewing
from ozora.evaluate.calibration import AUTOENCODER, ORIGINAL
from ozora.evaluate.findings import find
from ozora.evaluate.looking import through_autoencoder
from ozora.evaluate.metrics import METRICS, NAMES, SET_METRICS, SWAPPED, Metric, SetMetric
from ozora.evaluate.prompts import MOST_DRAWN, Prompt, read_prompts, skilled_shot
from ozora.evaluate.referee import evaluate
from ozora.evaluate.restaged import doubled, film_without
from ozora.evaluate.trials import (
    Looker,
    Trials,
    Verdict,
    Viewings,
    read_trials,
    trials_path,
    tried,
    tried_set,
    try_metrics,
)
from ozora.model.autoencoder import Autoencoder
from ozora.model.eyes import Eyes
from ozora.model.probe import Probe, ProbeConfig
from ozora.model.sizes import SIZES
from ozora.train.eyes import eyes_config
from ozora.world.concepts import AXES
from ozora.world.film import film
from ozora.world.shot import Shot, Subject


@pytest.fixture(scope="module")
def eyes() -> Eyes:
    torch.manual_seed(0)
    small = replace(eyes_config("micro"), width=64, height=32)  # so that small films are not enlarged
    return Eyes(small).eval().requires_grad_(False)


@pytest.fixture
def views(hand: SimpleNamespace) -> Viewings:
    """Twelve foxes that run, and the same films in which nobody is."""
    prompt = Prompt("", Shot((Subject("fox", action="run"),)), False)
    gentle = torch.Generator().manual_seed(0)
    ways = [hand.line((0.2, 0.3 + 0.03 * k), (0.8, 0.5)) for k in range(12)]
    films = [
        hand.staged([hand.Actor(way)], features=torch.randn(25, 6, generator=gentle)) for way in ways
    ]
    empty = [hand.staged(features=torch.randn(25, 6, generator=gentle) + 3) for _ in ways]
    full = [Viewing(prompt, one, None, one) for one in films]
    gone = [replace(view, sight=sight) for view, sight in zip(full, empty, strict=True)]
    return Viewings({ORIGINAL: full, "subject removed": gone})


def test_what_notices_stands_and_what_does_not_is_dropped_with_a_reason(views: Viewings) -> None:
    presence = next(metric for metric in METRICS if metric.name == "presence")
    assert tried(replace(presence, notices=("subject removed",)), views).stands
    blind = Metric("blind", "", lambda view: 1.0, ("subject removed",))
    verdict = tried(blind, views)
    assert not verdict.stands and "does not notice subject removed" in verdict.why
    upside_down = replace(presence, notices=("subject removed",), higher_is_better=False)
    assert not tried(upside_down, views).stands
    unasked = tried(Metric("unasked", "", lambda view: None, ("subject removed",)), views)
    assert not unasked.stands and unasked.why == "only 0 films ask for it"
    assert "too few" in tried(replace(presence, notices=("frozen",)), views).why
    no_number = Metric("nan", "", lambda view: float("nan"), ("subject removed",))
    assert not tried(no_number, views).stands


def test_what_luck_alone_shows_does_not_stand(views: Viewings) -> None:
    rng = np.random.default_rng(0)
    lucky = Metric("lucky", "", lambda view: float(rng.normal()), ("subject removed",))
    assert sum(tried(lucky, views).stands for _ in range(40)) <= 6  # one in twenty, by chance


def test_set_metrics_stand_by_the_same_law(views: Viewings) -> None:
    frames = next(metric for metric in SET_METRICS if metric.name == "frames, kernel")
    assert tried_set(replace(frames, notices=("subject removed",)), views).stands
    blind = SetMetric("blind", "", frames.points, lambda made, real: 1.0, ("subject removed",))
    assert not tried_set(blind, views).stands


def test_every_metric_must_notice_something_and_has_a_name_of_its_own() -> None:
    assert len(set(NAMES)) == len(NAMES)
    every = {"original", *corruptions.CORRUPTIONS, *corruptions.MORE}
    filmed = {"subject removed", "subjects doubled", "subject vanishes", SWAPPED, "one film for all"}
    for metric in (*METRICS, *SET_METRICS):
        assert metric.notices and set(metric.notices) <= every | filmed and metric.about


def test_a_film_without_its_subject_is_the_same_film_otherwise() -> None:
    shot = Shot((Subject("ball", action="roll"),), place="snowfield", seconds=1.0)
    whole, empty = film(shot, 64, 32, frames=range(5)), film_without(shot, 64, 32, 5)
    there = whole.ids.numpy() > 0
    frames = whole.frames.numpy().astype(int)
    away = ~np.stack([there.any(0)] * 5)
    change = np.abs(frames - empty).mean(-1)
    assert there.any() and (change[there] > 8).mean() > 0.5
    assert change[away].mean() < change[there].mean() / 3  # all but its shadow, and grass that it trod
    more = doubled(shot)
    assert more is not None and more.subjects[0].count == 2 and doubled(more).subjects[0].count == 4  # type: ignore[union-attr]
    assert doubled(replace(shot, subjects=(Subject("ball", count=5),))) is None


def test_corruptions_do_what_their_name_says() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (12, 8, 16, 3), dtype=np.uint8)
    for name, spoil in corruptions.MORE.items():
        spoilt = spoil(frames)
        assert spoilt.shape == frames.shape and spoilt.dtype == np.uint8, name
        assert (spoilt != frames).any(), name
    assert (corruptions.mirrored(corruptions.mirrored(frames)) == frames).all()
    assert (corruptions.hurried(frames)[:6] == frames[::2]).all()
    assert (corruptions.hue_swapped_later(frames)[:6] == frames[:6]).all()
    brightness = corruptions.drifting(np.full_like(frames, 100)).mean((1, 2, 3))
    assert (np.diff(brightness) > 0).all()


def test_drawn_skills_ask_in_turn_for_everything_and_never_for_a_training_shot() -> None:
    prompts = read_prompts("skills:9:27")
    assert prompts == read_prompts("skills:9:27") and prompts != read_prompts("skills:8:27")
    shots = [prompt.shot for prompt in prompts]
    assert all(shot.seed >= 2**31 for shot in shots) and any(prompt.held_out for prompt in prompts)
    assert {shot.subjects[0].count for shot in shots[1::9]} == {2, 3, 4}
    assert all(shot.relation != "none" for shot in shots[2::9]) and all(shot.cuts for shot in shots[3::9])
    assert all(shot.subjects[0].then != "none" for shot in shots[5::9])
    assert all(shot.look != "natural" for shot in shots[6::9])
    assert all(shot.subjects[0].action in ("fall", "bounce") for shot in shots[8::9])
    assert skilled_shot(MOST_DRAWN).seed != skilled_shot(2 * MOST_DRAWN).seed
    with pytest.raises(OzoraError, match="skills:N"):
        read_prompts("skills:x")


def test_films_are_recoded_as_they_are_delivered(eyes: Eyes) -> None:
    torch.manual_seed(0)
    autoencoder, shot = Autoencoder(SIZES["micro"]).eval(), skilled_shot(5)
    for scale in (1, 2):
        films = Looker(eyes, None, autoencoder, 64, 32, 5, None, scale)._films(shot, 0)
        expected = through_autoencoder(autoencoder, films[ORIGINAL], scale)
        assert np.array_equal(films[AUTOENCODER], expected) and expected.shape == films[ORIGINAL].shape


def test_trials_of_real_films_are_written_read_and_bound_to_their_eyes(eyes: Eyes, tmp_path: Path) -> None:
    trials = try_metrics(eyes, clips=2, width=64, height=32, frames=5, identity="me", out=tmp_path / "films")
    again = try_metrics(eyes, clips=2, width=64, height=32, frames=5, identity="me", out=tmp_path / "films")
    assert trials == again and [verdict.name for verdict in trials.verdicts] == list(NAMES)
    record = trials_path(tmp_path / "eyes.safetensors")
    record.write_text(json.dumps(trials.to_json()))
    assert record.name == "eyes.trials.json" and read_trials(record, "me") == trials
    with pytest.raises(OzoraError, match="other eyes"):
        read_trials(record, "somebody else")
    record.write_text("[]")
    with pytest.raises(OzoraError, match="no record"):
        read_trials(record, "me")


def test_the_scorecard_shows_what_stood_and_names_what_did_not(eyes: Eyes) -> None:
    torch.manual_seed(0)
    axes = tuple((axis, AXES[axis]) for axis in ("subject", "place", "time", "action", "camera"))
    probe = Probe(ProbeConfig(axes=axes, channels=(8, 16), hidden=16, pixels=32 * 32)).eval()
    stand = {"flicker", "luminance drift", "presence", "clips, kernel"}
    verdicts = [Verdict(name, name in stand, "" if name in stand else "is blind", {}) for name in NAMES]
    trials = Trials(tuple(verdicts), {})

    def paint(prompt: str, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, 255, (9, 32, 64, 3), dtype=np.uint8)

    card = evaluate(paint, probe, limit=3, eyes=eyes, trials=trials)
    assert card.findings is not None
    rows = {row.name: row for row in card.findings.rows}
    assert set(rows) == stand
    assert rows["flicker"].films > rows["flicker"].footage  # type: ignore[operator]
    lines = card.findings.left_out()
    assert any(line == "count: is blind" for line in lines) and len(lines) == len(NAMES) - len(stand)
    told = json.loads(json.dumps(card.to_json()))["referee"]
    assert {row["name"] for row in told["metrics"]} == stand and ["count", "is blind"] in told["dropped"]
    plain = evaluate(paint, probe, limit=3)
    assert plain.findings is None and plain.rows == card.rows and "referee" not in plain.to_json()


def test_footage_finds_itself(views: Viewings) -> None:
    both = [view for view in views.versions[ORIGINAL] if view is not None]
    verdict = tried(replace(METRICS[0], notices=("subject removed",)), views)
    found = find(Trials((verdict,), {}), both, both)
    assert found.rows[0].films == found.rows[0].footage == 1.0 and found.rows[0].asked == 12
