"""`ozora takes`, `show`, `mark`, `remove` and `resume` as people use and misuse them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ozora.director.states import Waiting, save_waiting
from ozora.media.video import read_clip

Call = Callable[..., tuple[int, str, str]]
Contents = Callable[[Path], dict[str, bytes]]
PROMPT = "a red fox [/b] [bold]"


@pytest.fixture
def ozora(command_line: Call, tiny_weights: Path) -> Call:
    """Run a command line in a folder of one film, fox.mp4; returns exit code, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        if arguments[0] == "generate":
            arguments = (*arguments, "--weights", tiny_weights, "--steps", 1, "--seed", 7)
        return command_line(*arguments)

    assert call("generate", PROMPT, "-o", "fox.mp4")[0] == 0
    return call


def test_brackets_in_words_are_listed_as_they_were_typed(ozora: Call) -> None:
    code, out, err = ozora("takes", "-f", ".")
    assert code == 0 and not err
    assert PROMPT in out and "1 takes, 0 accepted" in out


@pytest.mark.parametrize("name", ["fox[draft].mp4", "a[/b].mp4", "[bold]x.mp4"])
def test_brackets_in_a_name_are_told_as_they_are(ozora: Call, tmp_path: Path, name: str) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    code, out, _ = ozora("generate", "a fox", "-o", name)
    assert code == 0 and out.startswith(f"{name}  96x64, 13 frames at 12 fps, seed 7")
    assert len(read_clip(tmp_path / name)) == 13
    folder, stem = (tmp_path / name).parent, (tmp_path / name).stem
    code, out, _ = ozora("show", stem, "-f", folder)
    assert code == 0 and f"{folder / stem}.mp4  " in out
    assert ozora("mark", stem, "accepted", "-f", folder)[1] == f"{stem}  accepted\n"
    assert ozora("remove", stem, "-f", folder)[1] == f"{stem}  3 files deleted\n"


def test_takes_are_looked_for_in_a_folder_that_is_there(ozora: Call) -> None:
    for folder in ("flims", "fox.mp4"):
        code, out, err = ozora("takes", "-f", folder)
        assert (code, out) == (2, "")
        assert err == f"folder: got '{folder}', allowed: a folder that exists.\n"
    code, out, _ = ozora("takes")
    assert code == 0 and "0 takes" in out  # the folder by default, before anything was made


def test_searches_find_by_word_and_by_field(ozora: Call) -> None:
    assert ozora("generate", "a ball", "-o", "ball.mp4")[0] == 0
    for words, found in (
        (["ball"], {"ball"}), (["BALL"], {"ball"}), (["seed=7"], {"ball", "fox"}), (["a", "red"], {"fox"}),
        (["name=fox"], {"fox"}), (["seed=x"], set()), (["mark=accepted"], set()),
        (["kind=final"], {"ball", "fox"}),
    ):  # fmt: skip
        code, out, _ = ozora("takes", *words, "-f", ".")
        listed = {line.split()[0] for line in out.splitlines() if " final " in line}
        assert code == 0 and listed == found, (words, out)
    code, out, err = ozora("takes", "colour=red", "-f", ".")
    assert (code, out) == (2, "") and err.startswith("search: got 'colour=red', allowed: words, or one of ")


def test_names_that_are_none_are_refused_and_nothing_is_deleted(
    ozora: Call, tmp_path: Path, contents: Contents
) -> None:
    before = contents(tmp_path)
    for name in ("nothing", "", ".", "/", "fox.mov"):
        for command in (["show", name], ["mark", name, "accepted"], ["remove", "fox", name]):
            code, out, err = ozora(*command, "-f", ".")
            assert (code, out) == (2, ""), command
            assert err.startswith(f"take: got {name!r}, allowed: the name of a take in ., as ")
    for command in (["mark", "fox", "liked", "-f", "."], ["mark", "fox"], ["remove"], ["show"]):
        code, out, err = ozora(*command)
        assert (code, out, err.count("\n")) == (2, "", 1), command
    liked = ozora("mark", "fox", "liked", "-f", ".")[2]
    assert liked == "mark: got 'liked', allowed: accepted, rejected, none.\n"
    assert contents(tmp_path) == before


def test_a_take_that_is_named_twice_is_removed_once(ozora: Call, tmp_path: Path, contents: Contents) -> None:
    (tmp_path / "foxes.txt").write_text("mine")
    code, out, err = ozora("remove", "fox", "fox.mp4", "-f", ".")
    assert (code, out, err) == (0, "fox  3 files deleted\n", "")
    assert contents(tmp_path) == {"foxes.txt": b"mine"}


def test_a_mark_changes_the_sidecar_only_and_may_be_taken_back(
    ozora: Call, tmp_path: Path, contents: Contents
) -> None:
    before = contents(tmp_path)
    for mark in ("accepted", "accepted", "rejected", "none"):
        assert ozora("mark", "fox", mark, "-f", ".")[:2] == (0, f"fox  {mark}\n")
        after = contents(tmp_path)
        told = json.loads(after.pop("fox.json"))
        assert told["take"]["mark"] == mark
        told.pop("take")
        assert told == json.loads(before["fox.json"])
        assert after == {name: content for name, content in before.items() if name != "fox.json"}


def test_an_accepted_second_has_a_price(ozora: Call) -> None:
    ozora("mark", "fox", "accepted", "-f", ".")
    code, out, _ = ozora("takes", "-f", ".")
    assert code == 0 and "1 takes, 1 accepted, " in out and "USD for each accepted second of film" in out


def test_sidecars_that_were_damaged_are_passed_over_and_the_films_stay(ozora: Call, tmp_path: Path) -> None:
    sidecar = tmp_path / "fox.json"
    about = json.loads(sidecar.read_text())
    for damaged in ('{"ozora": ', "[]", "", json.dumps({**about, "seed": "seven"})):
        sidecar.write_text(damaged)
        code, out, _ = ozora("takes", "-f", ".")
        assert code == 0 and "0 takes" in out
        assert ozora("remove", "fox", "-f", ".")[0] == 2 and (tmp_path / "fox.mp4").is_file()
    sidecar.write_text(json.dumps({**about, "take": "damaged"}))
    assert ozora("mark", "fox", "accepted", "-f", ".")[:2] == (0, "fox  accepted\n")
    assert json.loads(sidecar.read_text())["take"] == {"mark": "accepted"}


def test_nothing_waits_where_all_films_are_finished(ozora: Call, tmp_path: Path, contents: Contents) -> None:
    before = contents(tmp_path)
    assert ozora("resume")[:2] == (0, "no take waits in .\n")
    assert ozora("resume", "--forget")[:2] == (0, "0 unfinished takes thrown away\n")
    for where in ("nowhere", "fox.mp4"):
        for options in ([], ["--forget"]):
            code, out, err = ozora("resume", where, *options)
            allowed = "a folder, or a film that waits to be finished"
            assert (code, out, err) == (2, "", f"resume: got '{where}', allowed: {allowed}.\n")
    assert contents(tmp_path) == before


def waiting(tmp_path: Path, name: str, tiny_weights: Path) -> Path:
    """A take that was stopped before its first step, with the request that makes it."""
    about = json.loads((tmp_path / "fox.json").read_text())
    about.pop("receipt")
    hidden = tmp_path / f".{name}.take"
    request = {"prompt": about["prompt"], "steps": 1, "caption": about["caption"], "seed": 7, "threads": 1}
    save_waiting(hidden, Waiting(about, {"weights": str(tiny_weights), "request": request}))
    return hidden


def test_a_take_that_was_stopped_is_finished_by_its_name(
    ozora: Call, tmp_path: Path, tiny_weights: Path
) -> None:
    hidden = waiting(tmp_path, "again.mp4", tiny_weights)
    other = waiting(tmp_path, "other.mp4", tiny_weights)
    code, _, err = ozora("resume", "again.mp4", "--weights", "nowhere")
    assert code == 2 and err.startswith("weights: nowhere is no folder") and hidden.is_file()
    code, _, err = ozora("resume", "again.mp4", "--weights", "micro")
    assert code == 2 and "with which again.mp4 was begun." in err and hidden.is_file()
    code, out, err = ozora("resume", "again.mp4")
    assert code == 0 and out.startswith("again.mp4  96x64, 13 frames"), err
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "fox.mp4").read_bytes()
    assert not hidden.exists() and other.is_file() and not (tmp_path / "other.mp4").exists()
    assert ozora("resume", "other.mp4", "--forget")[:2] == (0, "1 unfinished takes thrown away\n")
    assert not other.exists() and not (tmp_path / "other.mp4").exists()


def test_a_take_that_was_damaged_while_it_waited_is_named(ozora: Call, tmp_path: Path) -> None:
    hidden = tmp_path / ".again.mp4.take"
    hidden.write_bytes(b"nothing of ours")
    assert ozora("resume")[:2] == (0, "no take waits in .\n")  # a stranger's file in a folder is no matter
    for options in ([], ["--forget"]):
        code, out, err = ozora("resume", "again.mp4", *options)
        assert (code, out) == (2, "")
        assert err == "take: got '.again.mp4.take', allowed: an unfinished take or a draft of Ozora's.\n"
    assert hidden.read_bytes() == b"nothing of ours"
