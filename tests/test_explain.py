"""`ozora explain`, as people type it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ozora.cli import run
from ozora.media.video import read_clip

Explain = Callable[..., tuple[int, str, str]]

OLD = ("--weights", "micro")
"""Weights that have not seen all of the film set."""


@pytest.fixture
def explain(capfd: pytest.CaptureFixture[str]) -> Explain:
    """Run the command; returns exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["explain", *arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def test_a_document_tells_all(explain: Explain) -> None:
    said = "a cat runs in a forest. Then it stops, no rain, zxqv"
    code, out, err = explain(said, "--json", "--fill", "3", *OLD)
    told = json.loads(out)
    assert code == 0 and not err
    assert {(row["field"], row["value"]) for row in told["fields"]} >= {
        ("subject", "cat"), ("action", "run"), ("then", "stand"), ("place", "forest"),
    }  # fmt: skip
    assert told["without"] == [["weather", "rain"]] and told["unknown"][0]["word"] == "zxqv"
    assert told["never_seen"]["subject"] == "cat" and told["never_seen"]["place"] == "forest"
    assert told["caption"] == "A cat runs through a forest, then stops."
    assert "cat" in told["filled"] or "kitten" in told["filled"] or "tomcat" in told["filled"]
    cards = [card["words"] for card in told["beats"]]
    assert cards == ["a cat runs in a forest.", "Then it stops, no rain, zxqv"]
    assert explain(told["prompt"], "--json", "--fill", "3", *OLD)[1] == out


def test_a_table_is_for_people(explain: Explain) -> None:
    code, out, _ = explain("two wolfs runing thru the snow at dsuk [bold]", *OLD)
    assert code == 0
    caption = "Two wolves run across a snowy field at dusk."
    for words in ("wolf *", "dsuk → dusk", caption, "never seen it", "open"):
        assert words in out, out
    code, out, _ = explain("a dragon")
    assert code == 0 and "no subject of the film set is named" in out
    assert "nearest in the film set: eagle" in out


def test_mistakes_get_one_sentence(explain: Explain) -> None:
    code, out, err = explain(" ")
    assert code == 2 and not out and err.startswith("prompt: got ")
    code, _, err = explain("a fox", "--weights", "nowhere")
    assert code == 2 and err.count("\n") == 1 and "weights" in err


def test_films_are_made_from_the_caption_unless_the_words_stay_as_they_are(
    tiny_weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    common = ["--weights", str(tiny_weights), "--seed", "3", "--steps", "1"]
    raw = "pls a red fox runing thru teh snow"
    assert run(["generate", raw, "-o", "told.mp4", *common]) == 0
    assert run(["generate", raw, "-o", "as-is.mp4", "--as-is", *common]) == 0
    told, as_is = (json.loads(Path(name).read_text()) for name in ("told.json", "as-is.json"))
    assert told["prompt"] == as_is["prompt"] == raw and "caption" not in as_is
    assert told["caption"] == "A red fox runs across a snowy field."
    assert run(["generate", told["caption"], "-o", "plain.mp4", "--as-is", *common]) == 0
    films = {name: read_clip(Path(f"{name}.mp4")).frames for name in ("told", "as-is", "plain")}
    assert (films["told"] == films["plain"]).all() and (films["told"] != films["as-is"]).any()
    assert run(["generate", "--from", "told.mp4", "-o", "again.mp4", "--weights", str(tiny_weights)]) == 0
    assert Path("again.mp4").read_bytes() == Path("told.mp4").read_bytes()


def test_doubts_are_told_before_a_film_is_made(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    out = str(tmp_path / "wolves.png")
    assert run(["generate", "a dragon and two wolves in a forest", "-o", out, "--steps", "1", *OLD]) == 0
    told = " ".join(capfd.readouterr().err.split())
    assert "no meaning here: dragon (nearest in the film set: eagle)" in told
    assert "never seen by these weights: " in told
    assert all(words in told for words in ("wolf", "forest", "count 2"))
    assert run(["generate", "a red fox runs across snow at dusk", "-o", out, "--steps", "1"]) == 0
    assert "never seen" not in capfd.readouterr().err
