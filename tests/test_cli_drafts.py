"""`ozora explore` and `ozora finish` as people use and misuse them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors import safe_open
from safetensors.torch import save_file

from ozora.media.images import read_image
from ozora.media.video import read_clip, read_metadata

Call = Callable[..., tuple[int, str, str]]
Contents = Callable[[Path], dict[str, bytes]]


@pytest.fixture
def ozora(command_line: Call, tiny_weights: Path) -> Call:
    """Run a command line in an empty folder; returns exit code, stdout and stderr."""

    def call(*arguments: object) -> tuple[int, str, str]:
        if arguments[0] == "explore":
            arguments = ("explore", "--weights", tiny_weights, "--threads", 1, *arguments[1:])
        return command_line(*arguments)

    return call


@pytest.fixture
def drafts(ozora: Call) -> Call:
    """The same, with the drafts red-fox-1 and red-fox-2 in the folder takes."""
    code, _, err = ozora("explore", "a red fox", "--drafts", 2, "--seed", 5)
    assert code == 0, err
    return ozora


WRONG_EXPLORING = {
    "too many drafts": (["--drafts", 65], "drafts: got '65', allowed: 1 to 64."),
    "a negative number of drafts": (["--drafts", -1], "drafts: got '-1', allowed: 1 to 64."),
    "a quote for no drafts": (["--drafts", 0, "--quote"], "drafts: got '0', allowed: 1 to 64."),
    "drafts in words": (["--drafts", "many"], "Invalid value for '--drafts'"),
    "a file for a folder": (["--folder", "notes.txt"], "folder: got 'notes.txt', allowed: a folder"),
    "a folder inside a file": (["--folder", "notes.txt/in"], "folder: got 'notes.txt/in', allowed: a folder"),
    "a folder that cannot be made": (["--folder", "/proc/x"], "folder: got '/proc/x', allowed: a folder"),
    "a folder that takes no files": (["--folder", "/proc"], "folder: got '/proc', allowed: a folder"),
    "an unknown quality": (["--quality", "great"], "quality: got 'great', allowed: draft, standard, high"),
    "a negative seed": (["--seed", -1], "seed: got '-1', allowed: 0 to"),
    "no room for seeds": (["--seed", 2**63 - 1, "--drafts", 2], "with room for 2 drafts."),
    "a film too long to draft": (["--seconds", 9], "seconds: got '9', allowed: at most 1 for drafts"),
    "a missing picture": (["--image", "none.png"], "image: got 'none.png', allowed: a picture file"),
    "words for a picture": (["--image", "notes.txt"], "image: notes.txt is not a picture"),
    "a budget of nothing": (["--budget", "0.0001s"], "budget: got '0.0001 s', allowed: "),
    "weights that are elsewhere": (["--weights", "nowhere"], "weights: nowhere is no folder of weights"),
}


@pytest.mark.parametrize(("options", "said"), WRONG_EXPLORING.values(), ids=WRONG_EXPLORING.keys())
def test_a_wrong_option_of_explore_is_refused_in_one_sentence_and_leaves_nothing(
    ozora: Call, tmp_path: Path, options: list[object], said: str, contents: Contents
) -> None:
    (tmp_path / "notes.txt").write_text("nothing of ours")
    code, out, err = ozora("explore", "a red fox", *options)
    assert (code, out, err.count("\n")) == (2, "", 1) and said in err, err
    assert contents(tmp_path) == {"notes.txt": b"nothing of ours"} and not (tmp_path / "takes").exists()


def test_exploring_twice_keeps_both_sets_of_drafts(drafts: Call, tmp_path: Path, contents: Contents) -> None:
    first = contents(tmp_path)
    code, out, _ = drafts("explore", "a red fox", "--drafts", 2, "--seed", 5)
    assert code == 0 and set(re.findall(r"red-fox\S*-\d", out)) == {"red-fox-take2-1", "red-fox-take2-2"}
    second = contents(tmp_path)
    assert {name: second[name] for name in first} == first
    assert second["takes/red-fox-take2-2.png"] == first["takes/red-fox-2.png"]
    sheet = read_image("takes/red-fox-sheet.png").frames
    assert sheet.shape[2] > 320 and sheet.std() > 1  # two drafts side by side, and something to see


def test_exploring_with_finish_films_the_best_draft_at_once(ozora: Call, tmp_path: Path) -> None:
    code, out, _ = ozora("explore", "a red fox", "--drafts", 2, "--seed", 3, "--finish")
    best = re.search(r"1\. (red-fox-\d)  seed (\d)", out)
    assert code == 0 and best is not None
    film = tmp_path / "takes" / f"{best[1]}-final.mp4"
    told = read_metadata(film)
    assert read_clip(film).frames.shape == (13, 64, 96, 3) and told["seed"] == int(best[2])
    assert told["prompt"] == "a red fox" and out.endswith(" s)\n") and str(film.name) in out


def test_a_quote_of_drafts_makes_nothing(ozora: Call, tmp_path: Path, contents: Contents) -> None:
    code, out, _ = ozora("explore", "a red fox", "--drafts", 2, "--quote")
    assert code == 0 and re.match(r"about [\d.]+ s ", out) and contents(tmp_path) == {}


WRONG_FINISHING = {
    "a way that is none": (["--way", "sideways"], "way: got 'sideways', allowed: resume, lift, new take."),
    "steps of a resume": (["--steps", 9], "steps: got '9', allowed: none for resume"),
    "no steps to lift": (["--way", "lift", "--steps", 0], "steps: got '0', allowed: 1 to 100."),
    "no steps anew": (["--way", "new take", "--steps", 0], "steps: got '0', allowed: 1 to 100."),
    "too many steps": (["--way", "lift", "--steps", 101], "steps: got '101', allowed: 1 to 100."),
    "strength above one": (["--way", "lift", "--strength", 2], "strength: got '2.0', allowed: above 0"),
    "strength nobody uses": (["--strength", 7], "strength: got '7.0', allowed: above 0"),
    "strength of no number": (["--way", "lift", "--strength", "nan"], "strength: got 'nan'"),
    "a size in words": (["--size", "big"], "size: got 'big', allowed: width x height"),
    "a size of another shape": (["--size", "128x128"], "size: got '128x128', allowed: 96x64, or its other"),
    "a picture": (["-o", "x.png"], "output: got 'x.png', allowed: a name ending in .mp4."),
    "a missing folder": (["-o", "no/x.mp4"], "output: got 'no/x.mp4', allowed: a file in a folder"),
    "a place that takes no files": (["-o", "/proc/x.mp4"], "output: got '/proc/x.mp4', allowed: a path"),
    "weights that are nowhere": (["--weights", "nowhere"], "weights: nowhere is no folder of weights"),
    "other weights": (["--weights", "micro"], "which made this draft."),
    "a budget in words": (["--budget", "cheap"], "budget: got 'cheap', allowed: seconds, minutes or money"),
}


def test_a_wrong_option_of_finish_is_refused_in_one_sentence_and_changes_nothing(
    drafts: Call, tmp_path: Path, contents: Contents
) -> None:
    before = contents(tmp_path)
    for about, (options, said) in WRONG_FINISHING.items():
        code, out, err = drafts("finish", "red-fox-1", *options)
        assert (code, out, err.count("\n")) == (2, "", 1) and said in err, (about, err)
        assert contents(tmp_path) == before, about
    for name in ("red-fox-3", "", "takes", "red-fox-sheet"):
        code, out, err = drafts("finish", name)
        assert (code, out) == (2, "") and err.startswith(f"take: got {name!r}, allowed: the name of a take")
    assert contents(tmp_path) == before


def test_a_draft_may_be_named_by_any_of_its_files_and_finishing_again_gives_the_same_film(
    drafts: Call, tmp_path: Path
) -> None:
    films = []
    for name in ("red-fox-1", "takes/red-fox-1.png", "red-fox-1.json", "takes/red-fox-1.draft.safetensors"):
        code, out, _ = drafts("finish", name)
        assert code == 0 and out.startswith("takes/red-fox-1-final.mp4  96x64, 13 frames at 12 fps, seed 5")
        films.append((tmp_path / "takes" / "red-fox-1-final.mp4").read_bytes())
    assert len(set(films)) == 1 and not (tmp_path / "takes" / "red-fox-1-final-2.mp4").exists()
    code, _, err = drafts("finish", "red-fox-1-final")
    assert code == 2 and err.startswith("take: got 'red-fox-1-final', allowed: a draft, as `ozora explore` ")


@pytest.mark.parametrize("mark", ["accepted", "rejected"])
def test_what_was_said_of_a_final_stays_when_it_is_finished_again(
    drafts: Call, tmp_path: Path, mark: str
) -> None:
    sidecar = tmp_path / "takes" / "red-fox-1-final.json"
    assert drafts("finish", "red-fox-1")[0] == 0 and "mark" not in json.loads(sidecar.read_text())["take"]
    assert drafts("mark", "red-fox-1-final", mark)[0] == 0
    assert drafts("finish", "red-fox-1")[0] == 0
    assert json.loads(sidecar.read_text())["take"]["mark"] == mark
    assert drafts("finish", "red-fox-1", "--way", "new take", "--steps", 2)[0] == 0
    other = json.loads((tmp_path / "takes" / "red-fox-1-final-2.json").read_text())["take"]
    assert "mark" not in other  # nobody has seen that one yet


def test_another_way_to_finish_does_not_overwrite_the_final_that_was_accepted(
    drafts: Call, tmp_path: Path, contents: Contents
) -> None:
    assert drafts("finish", "red-fox-1")[0] == 0 and drafts("mark", "red-fox-1-final", "accepted")[0] == 0
    before = contents(tmp_path)
    code, out, _ = drafts("finish", "red-fox-1", "--way", "lift", "--steps", 2, "--strength", 0.5)
    assert code == 0 and "takes/red-fox-1-final-2.mp4" in out
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    told = read_metadata("takes/red-fox-1-final-2.mp4")
    assert (told["settings"]["steps"], told["settings"]["strength"]) == (2, 0.5)
    assert "finished as red-fox-1-final, red-fox-1-final-2" in drafts("show", "red-fox-1")[1]
    code, out, _ = drafts("finish", "red-fox-1", "--way", "new take", "--steps", 1)
    assert code == 0 and "takes/red-fox-1-final-3.mp4" in out


def test_a_draft_that_was_damaged_is_refused_and_stays_as_it_is(
    drafts: Call, tmp_path: Path, contents: Contents
) -> None:
    draft = tmp_path / "takes" / "red-fox-2.draft.safetensors"
    whole = draft.read_bytes()
    with safe_open(draft, "pt") as opened:
        told, tensors = opened.metadata(), {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    for damaged in (b"", whole[:100], whole[:-40], b"not a draft at all"):
        draft.write_bytes(damaged)
        before = contents(tmp_path)
        code, out, err = drafts("finish", "red-fox-2")
        assert (code, out, err.count("\n")) == (2, "", 1) and err.startswith("take: got "), err
        assert contents(tmp_path) == before
    save_file(tensors, draft, {**told, "take": "[]"})
    code, _, err = drafts("finish", "red-fox-2")
    assert code == 2 and "allowed: an unfinished take or a draft of Ozora's." in err
    draft.write_bytes(whole)
    assert drafts("finish", "red-fox-2")[0] == 0
