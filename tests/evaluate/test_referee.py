"""The referee films, looks, scores and remembers; the scorecard says what was seen and nothing else."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from rich.console import Console

from ozora.errors import OzoraError
from ozora.evaluate.calibration import FALLS, Calibration, calibrate
from ozora.evaluate.corruptions import CORRUPTIONS
from ozora.evaluate.films import Frames, read_film, to_frames, to_video, write_film
from ozora.evaluate.looking import MAIN_AXES, Sight, film_unseen, through_autoencoder
from ozora.evaluate.prompts import read_prompts
from ozora.evaluate.referee import evaluate
from ozora.evaluate.scorecard import ACCEPTED, Scorecard
from ozora.evaluate.scores import Share
from ozora.model.autoencoder import Autoencoder
from ozora.model.probe import PROBE_AXES, Probe, ProbeConfig
from ozora.model.sizes import SIZES
from ozora.world.concepts import AXES


@pytest.fixture(scope="module")
def probe() -> Probe:
    torch.manual_seed(0)
    axes = tuple((axis, AXES[axis]) for axis in PROBE_AXES)
    return Probe(ProbeConfig(axes=axes, channels=(8, 16), hidden=16, pixels=32 * 32)).eval()


class Painter:
    """A generator that paints the seed as a grey level and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def __call__(self, prompt: str, seed: int) -> Frames:
        self.asked.append((prompt, seed))
        return np.broadcast_to(np.uint8(10 * (seed % 20)), (5, 32, 64, 3))


def test_a_stopped_evaluation_goes_on_and_another_generator_starts_anew(probe: Probe, tmp_path: Path) -> None:
    painter = Painter()
    first = evaluate(painter, probe, out=tmp_path, seed=3, limit=3, identity="one")
    suite = read_prompts("first")[:3]
    assert painter.asked == [(prompt.text, 3 + index) for index, prompt in enumerate(suite)]
    (tmp_path / "films" / "001.png").unlink()
    again = evaluate(painter, probe, out=tmp_path, seed=3, limit=3, identity="one")
    assert painter.asked[3:] == [(suite[1].text, 4)]
    assert again == first
    evaluate(painter, probe, out=tmp_path, seed=3, limit=3, identity="two")
    assert len(painter.asked) == 4 + 3


def test_writes_the_scorecard_and_a_sheet_of_every_film(probe: Probe, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    card = evaluate(Painter(), probe, out=tmp_path, limit=2, on_progress=lambda *step: told.append(step))
    written = json.loads((tmp_path / "scorecard.json").read_text())
    assert written == card.to_json() == json.loads(json.dumps(card.to_json()))
    assert written["about"]["size"] == "64x32" and written["about"]["frames"] == 5
    assert told == [("films", 1, 2), ("films", 2, 2), ("footage", 1, 2), ("footage", 2, 2)]
    pixels = np.asarray(Image.open(tmp_path / "films.png").convert("RGB"))
    for grey in (0, 10):  # each film's own grey is on the sheet, three moments wide
        assert ((pixels == grey).all(-1)).sum() >= 3 * 96 * 48


def test_footage_of_the_prompts_own_shots_is_the_ceiling(probe: Probe, tmp_path: Path) -> None:
    def real(text: str, seed: int) -> Frames:
        shot = next(prompt.shot for prompt in read_prompts("first") if prompt.text == text)
        return film_unseen(shot, 64, 32, 5)

    card = evaluate(real, probe, limit=4, out=tmp_path)
    assert card.films == card.footage
    assert all(row.score == row.ceiling for row in card.rows)


def test_one_prompt_has_no_floor(probe: Probe) -> None:
    painter = Painter()
    with pytest.raises(OzoraError, match="two or more"):
        evaluate(painter, probe, limit=1)
    assert painter.asked == []


def test_scorecard_of_a_case_worked_out_by_hand() -> None:
    static = [prompt for prompt in read_prompts("first") if prompt.asked("camera") == "static"]
    subjects = {prompt.asked("subject"): prompt for prompt in sorted(static, key=lambda p: p.held_out)}
    prompts = tuple(subjects[kind] for kind in ("fox", "ball", "horse", "sailboat"))
    assert [prompt.held_out for prompt in prompts] == [True, True, False, False]
    truth = [{axis: prompt.asked(axis) for axis in MAIN_AXES} for prompt in prompts]
    sure = dict.fromkeys(MAIN_AXES, 0.5)
    footage = tuple(Sight(shows, sure) for shows in truth)
    # The first two films are right; the other two show the first prompt's film again.
    films = tuple(Sight(shows, sure) for shows in (truth[0], truth[1], truth[0], truth[0]))
    card = Scorecard(prompts, films, footage, None, {})
    camera = card.row("camera")  # all static: nothing to tell apart
    assert camera.score == Share(4, 4) and camera.floor == 1.0 and camera.way is None and not camera.halfway
    accepted = card.row(ACCEPTED)
    assert accepted.score == Share(2, 4) and accepted.ceiling == Share(4, 4)
    assert accepted.held_out == Share(2, 2) and accepted.seen == Share(0, 2)
    # Of the 12 pairs of a prompt and another's film only prompt 0 with films 2 and 3 is right.
    assert accepted.floor == pytest.approx(2 / 12)
    assert accepted.way == pytest.approx((0.5 - 2 / 12) / (1 - 2 / 12)) and not accepted.halfway
    assert accepted.sure == pytest.approx(0.5**5)
    assert [row.axis for row in card.rows] == [*MAIN_AXES, ACCEPTED]
    assert card.verdict(1) == dict.fromkeys(MAIN_AXES, True) and card.verdict(2)["camera"]
    console = Console(width=80, file=io.StringIO())
    console.print(card.table())
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    assert "2 seen combinations, 2 held out" in shown and "…" not in shown
    line = next(line.split() for line in shown.splitlines() if line.split()[:1] == ["accepted"])
    assert line == ["accepted", "50", "15–85", "17", "100", "–", "40", "0", "100", "no"]


def test_a_kept_film_comes_back_to_the_bit_and_only_for_its_own_note(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (5, 8, 12, 3), dtype=np.uint8)
    path = tmp_path / "folder" / "film.png"
    write_film(path, frames, {"prompt": "狐", "seed": 1})
    kept = read_film(path, {"seed": 1, "prompt": "狐"})
    assert kept is not None and np.array_equal(kept, frames)
    assert read_film(path, {"prompt": "狐", "seed": 2}) is None
    path.write_bytes(path.read_bytes()[:200])
    assert read_film(path, {"prompt": "狐", "seed": 1}) is None
    assert [file.name for file in path.parent.iterdir()] == ["film.png"]
    assert np.array_equal(to_frames(to_video(frames)), frames)


def test_through_the_autoencoder_keeps_size_and_length() -> None:
    torch.manual_seed(0)
    frames = np.random.default_rng(0).integers(0, 256, (6, 64, 96, 3), dtype=np.uint8)
    autoencoder = Autoencoder(SIZES["micro"]).eval()
    halved, whole = (through_autoencoder(autoencoder, frames, scale) for scale in (2, 1))
    for passed in (halved, whole):
        assert passed.shape == (5, 64, 96, 3) and passed.dtype == np.uint8
    spread = [np.abs(np.diff(passed.astype(int), axis=2)).mean() for passed in (halved, whole)]
    assert spread[0] < spread[1]  # noise halved first loses most of what it has


def test_calibration_looks_at_every_version_of_fresh_clips(probe: Probe, tmp_path: Path) -> None:
    result = calibrate(probe, clips=3, width=64, height=32, frames=5, out=tmp_path)
    assert list(result.scores) == ["original", *CORRUPTIONS]
    assert all(row["subject"].of == 3 for row in result.scores.values())
    kept = sorted(tmp_path.iterdir())
    assert len(kept) == 3
    changed = [file.stat().st_mtime_ns for file in kept]
    assert calibrate(probe, clips=3, width=64, height=32, frames=5, out=tmp_path) == result
    assert [file.stat().st_mtime_ns for file in sorted(tmp_path.iterdir())] == changed


def test_calibration_names_every_law_that_does_not_hold() -> None:
    names, axes = ["original", *CORRUPTIONS], [*MAIN_AXES, "colour", "direction"]
    scores = {name: {axis: Share(90, 100) for axis in axes} for name in names}
    for axis, spoilt in FALLS:
        scores[spoilt][axis] = Share(30, 100)
    blind = dict.fromkeys(axes, 0.3)
    assert Calibration(scores, blind).broken() == []
    scores["frozen"]["camera"] = Share(60, 100)
    scores["hue-swapped"]["colour"] = Share(90, 100)
    calibration = Calibration(scores, blind)
    broken = calibration.broken()
    assert len(broken) == 2 and "hue-swapped" in broken[0] and "blind guess of 30%" in broken[1]
    assert calibration.to_json()["broken"] == broken
    console = Console(width=80, file=io.StringIO())
    console.print(calibration.table())
    shown = console.file.getvalue()  # type: ignore[attr-defined]
    lines = {line.split("  ")[0].strip(): line.split()[-7:] for line in shown.splitlines()}
    assert lines["original"] == ["90"] * 7 and lines["blind guess"] == ["30"] * 7 and "…" not in shown
    assert lines["played backwards"] == ["90"] * 6 + ["30"]
