"""`ozora explain`, as people type it."""

from __future__ import annotations

import json

import pytest

from ozora.cli import run


def explain(capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(["explain", *arguments])
    return code, *capfd.readouterr()


def test_a_document_tells_all(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = explain(capfd, "a cat runs in a forest. Then it stops, no rain, zxqv", "--json", "--fill", "3")
    told = json.loads(out)
    assert code == 0 and not err
    assert {(row["field"], row["value"]) for row in told["fields"]} >= {
        ("subject", "cat"), ("action", "run"), ("then", "stand"), ("place", "forest"),
    }  # fmt: skip
    assert told["without"] == [["weather", "rain"]] and told["unknown"][0]["word"] == "zxqv"
    assert told["never_seen"]["subject"] == "cat" and told["never_seen"]["place"] == "forest"
    assert told["caption"] == "A cat runs through a forest, then stops."
    assert "cat" in told["filled"] or "kitten" in told["filled"] or "tomcat" in told["filled"]
    assert [card["words"] for card in told["beats"]] == ["a cat runs in a forest.", "Then it stops, no rain, zxqv"]
    assert explain(capfd, told["prompt"], "--json", "--fill", "3")[1] == out


def test_a_table_is_for_people(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, _ = explain(capfd, "two wolfs runing thru the snow at dsuk [bold]")
    assert code == 0
    for words in ("wolf *", "dsuk → dusk", "Two wolves run across a snowy field at dusk.", "never seen it", "open"):
        assert words in out, out
    code, out, _ = explain(capfd, "a dragon")
    assert code == 0 and "nearest in the film set: eagle" in out and "no subject of the film set is named" in out


def test_mistakes_get_one_sentence(capfd: pytest.CaptureFixture[str]) -> None:
    code, out, err = explain(capfd, " ")
    assert code == 2 and not out and err.startswith("prompt: got ")
    code, _, err = explain(capfd, "a fox", "--weights", "nowhere")
    assert code == 2 and err.count("\n") == 1 and "weights" in err
