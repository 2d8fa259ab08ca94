"""`ozora explain`, as people type it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from ozora.cli import run

Explain = Callable[..., tuple[int, str, str]]


@pytest.fixture
def explain(capfd: pytest.CaptureFixture[str]) -> Explain:
    """Run the command; returns exit code, stdout and stderr."""

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(["explain", *arguments])
        out, err = capfd.readouterr()
        return code, out, err

    return call


def test_a_document_tells_all(explain: Explain) -> None:
    code, out, err = explain("a cat runs in a forest. Then it stops, no rain, zxqv", "--json", "--fill", "3")
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
    assert explain(told["prompt"], "--json", "--fill", "3")[1] == out


def test_a_table_is_for_people(explain: Explain) -> None:
    code, out, _ = explain("two wolfs runing thru the snow at dsuk [bold]")
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
