"""`ozora board`, `ozora sequence` and the storyboards of `ozora explain` as people use and misuse them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ozora.media.clip import Clip
from ozora.media.video import read_clip, read_metadata, write_clip

Call = Callable[..., tuple[int, str, str]]
Contents = Callable[[Path], dict[str, bytes]]
BOARD = 'seed = 8\nseconds = 1\nsteps = 1\n[[cards]]\nwords = "a fox"\n'


@pytest.fixture
def ozora(command_line: Call, tiny_weights: Path) -> Call:
    """Run a command line in a folder with a picture and a storyboard; returns code, stdout and stderr."""
    Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save("grey.png")
    Path("fox.toml").write_text(BOARD)

    def call(*arguments: object) -> tuple[int, str, str]:
        if arguments[0] == "board":
            arguments = ("board", "--weights", tiny_weights, *arguments[1:])
        return command_line(*arguments)

    return call


CARD = '\n[[cards]]\nwords = "a fox"\n'
WRONG_BOARDS = {
    "empty": ("", "board: got 'no cards', allowed: one [[cards]] or more."),
    "no document": ("x", "board: bad.toml is no TOML or JSON document"),
    "not text": (b"\xff\xfe\x00", "board: bad.toml is no TOML or JSON document"),
    "no cards": ("seconds = 1\ncards = []\n", "board: got 'no cards'"),
    "no end": (CARD, "board: got 'no seconds', allowed: seconds of the board, or of its last card"),
    "seconds in words": ('seconds = "long"' + CARD, "seconds: got 'long', allowed: a number of seconds"),
    "an endless film": ("seconds = inf" + CARD, "seconds: got 'inf', allowed: a number of seconds"),
    "a film of years": ("seconds = 1e9" + CARD, "board seconds: got '1e+09', allowed: at most 600."),
    "a key of no board": ("seconds = 1\nfps = 24" + CARD, "board: got 'fps', allowed: the keys words, "),
    "a key of no card": ("seconds = 1" + CARD + "colour = 1", "card 1: got 'colour', allowed: the keys at, "),
    "words of a card": ("seconds = 1\n[[cards]]\nwords = 3\n", "card 1 words: got '3', allowed: text in"),
    "a late beginning": ("seconds = 1" + CARD + "at = 0.5", "card 1 at: got '0.5', allowed: 0: "),
    "an unknown cut": ("seconds = 1" + CARD + 'transition = "fade"', "card 1 transition: got 'fade', allow"),
    "a missing picture": ("seconds = 1" + CARD + 'picture = "x.png"', "card 1 picture: got 'x.png', allowed"),
    "a picture for a clip": ("seconds = 1" + CARD + 'clip = "grey.png"', "source: got 'grey.png of 1 frames"),
    "a board for a picture": ("seconds = 1" + CARD + 'picture = "bad.toml"', "bad.toml is not a picture"),
    "seed in words": ('seconds = 1\nseed = "one"' + CARD, "board seed: got 'one', allowed: a whole number."),
    "half a seed": ("seconds = 1\nseed = 1.5" + CARD, "board seed: got '1.5', allowed: a whole number."),
    "seed of yes": ("seconds = 1\nseed = true" + CARD, "board seed: got 'True', allowed: a whole number."),
    "half a step": ("seconds = 1\nsteps = 2.5" + CARD, "board steps: got '2.5', allowed: a whole number."),
    "half a take": ("seconds = 1\ncount = 2.5" + CARD, "board count: got '2.5', allowed: a whole number."),
    "half a thread": ("seconds = 1\nthreads = 1.5" + CARD, "board threads: got '1.5', allowed: a whole"),
    "half a draft": ("seconds = 1\ndrafts = 1.5" + CARD, "board drafts: got '1.5', allowed: a whole number."),
    "guidance in words": ('seconds = 1\nguidance = "x"' + CARD, "board guidance: got 'x', allowed: a number"),
    "a size of one side": ("seconds = 1\nsize = 64" + CARD, "board size: got '64', allowed: text in quotati"),
    "a list of qualities": ('seconds = 1\nquality = ["high"]' + CARD, "board quality: got \"['high']\", al"),
    "no steps": ("seconds = 1\nsteps = 0" + CARD, "steps: got '0', allowed: 1 to 100."),
}


@pytest.mark.parametrize(("text", "said"), WRONG_BOARDS.values(), ids=WRONG_BOARDS.keys())
def test_a_wrong_storyboard_is_refused_by_the_name_of_its_key_and_leaves_nothing(
    ozora: Call, tmp_path: Path, text: str | bytes, said: str, contents: Contents
) -> None:
    (tmp_path / "bad.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    before = contents(tmp_path)
    code, out, err = ozora("board", "bad.toml", "-o", "x.mp4")
    assert (code, out, err.count("\n")) == (2, "", 1) and said in err, err
    assert contents(tmp_path) == before


def test_a_wrong_option_of_board_is_refused_and_leaves_nothing(
    ozora: Call, tmp_path: Path, contents: Contents
) -> None:
    before = contents(tmp_path)
    for options, said in (
        (["none.toml"], "board: got 'none.toml', allowed: a storyboard"), (["."], "board: got '.', allowed"),
        (["grey.png"], "board: grey.png is no TOML or JSON document"),
        (["fox.toml", "-o", "x.mov"], "output: got 'x.mov', allowed: a name ending in .mp4"),
        (["fox.toml", "-o", "no/x.mp4"], "output: got 'no/x.mp4', allowed: a file in a folder that exists"),
        (["fox.toml", "-o", "/proc/x.mp4"], "output: got '/proc/x.mp4', allowed: a path that can be written"),
        (["fox.toml", "--count", 0], "count: got '0', allowed: 1 to 64."),
        (["fox.toml", "--steps", 0], "steps: got '0', allowed: 1 to 100."),
        (["fox.toml", "--guidance", 0], "guidance: got '0.0', allowed: 1 (none) to 20."),
        (["fox.toml", "--weights", "nowhere"], "weights: nowhere is no folder of weights"),
    ):  # fmt: skip
        code, out, err = ozora("board", *options)
        assert (code, out, err.count("\n")) == (2, "", 1) and said in err, (options, err)
        assert contents(tmp_path) == before, options


def test_a_storyboard_in_json_is_not_overwritten_by_the_sidecar_of_its_film(
    ozora: Call, tmp_path: Path
) -> None:
    document = json.dumps({"seconds": 1, "steps": 1, "seed": 3, "cards": [{"words": "a fox"}]})
    (tmp_path / "day.json").write_text(document)
    for name in ("day.mp4", "day-2.mp4"):  # nor the film by the next
        code, out, _ = ozora("board", "day.json", "--no-keep-latents")
        assert code == 0 and out.startswith(f"{name}  96x64, 13 frames at 12 fps, seed 3")
        assert (tmp_path / "day.json").read_text() == document
    assert (tmp_path / "day.mp4").read_bytes()[:64] == (tmp_path / "day-2.mp4").read_bytes()[:64]
    told = json.loads((tmp_path / "day.mp4.json").read_text())
    assert told["verb"] == "storyboard" and told["seed"] == read_metadata("day.mp4")["seed"] == 3


def test_several_takes_of_a_board_count_their_seeds_up(ozora: Call, tmp_path: Path) -> None:
    code, out, _ = ozora("board", "fox.toml", "--count", 2, "-o", "take.mp4", "--no-keep-latents")
    assert code == 0 and [line.split()[0] for line in out.splitlines()] == ["take-1.mp4", "take-2.mp4"]
    assert [read_metadata(f"take-{number}.mp4")["seed"] for number in (1, 2)] == [8, 9]
    one, two = (read_clip(tmp_path / f"take-{number}.mp4").frames for number in (1, 2))
    assert one.shape == two.shape == (13, 64, 96, 3) and (one != two).any()


def films(folder: Path) -> None:
    """Two films alike and one of another size."""
    for name, value, width in (("a", 40, 96), ("b", 200, 96), ("small", 90, 64)):
        write_clip(Clip(np.full((13, 64, width, 3), value, np.uint8)), folder / f"{name}.mp4")


def test_a_sequence_shows_its_films_one_after_the_other(ozora: Call, tmp_path: Path) -> None:
    films(tmp_path)
    code, out, _ = ozora("sequence", "a.mp4", "b.mp4", "a.mp4", "-o", "row.mp4")
    assert (code, out) == (0, "row.mp4  3 films, copied to the bit\n")
    frames = read_clip("row.mp4").frames
    parts = [read_clip(f"{name}.mp4").frames for name in "aba"]
    assert np.array_equal(frames, np.concatenate(parts))
    told = json.loads((tmp_path / "row.json").read_text())
    assert told["verb"] == "sequence" and [parent["name"] for parent in told["parents"]] == [
        "a.mp4", "b.mp4", "a.mp4"
    ]  # fmt: skip


def test_a_sequence_refuses_what_it_cannot_join_and_keeps_every_film(
    ozora: Call, tmp_path: Path, contents: Contents
) -> None:
    films(tmp_path)
    (tmp_path / "cut.mp4").write_bytes((tmp_path / "a.mp4").read_bytes()[:300])
    (tmp_path / "empty.mp4").write_bytes(b"")
    (tmp_path / "link.mp4").symlink_to("a.mp4")
    noise = np.random.default_rng(0).integers(0, 255, (13, 64, 96, 3), np.uint8)
    write_clip(Clip(noise), tmp_path / "noise.mp4")
    end = (tmp_path / "noise.mp4").read_bytes()
    (tmp_path / "end.mp4").write_bytes(end[: len(end) // 2])
    before = contents(tmp_path)
    for arguments, said in (
        (["a.mp4", "end.mp4", "-o", "x.mp4"], "films: got 'end.mp4, cut off after "),
        (["a.mp4", "-o", "x.mp4"], "films: got '1', allowed: two films or more."),
        (["a.mp4", "none.mp4", "-o", "x.mp4"], "films: got 'none.mp4', allowed: a film file that exists."),
        (["a.mp4", ".", "-o", "x.mp4"], "films: got '.', allowed: a film file that exists."),
        (["a.mp4", "grey.png", "-o", "x.mp4"], "films: got 'grey.png of codec png', allowed: h264"),
        (["a.mp4", "small.mp4", "-o", "x.mp4"], "films: got 'small.mp4 of size 64x64', allowed: 96x64"),
        (["a.mp4", "cut.mp4", "-o", "x.mp4"], "film: cut.mp4 holds no moving picture."),
        (["empty.mp4", "a.mp4", "-o", "x.mp4"], "film: empty.mp4 cannot be read"),
        (["a.mp4", "b.mp4", "-o", "x.mov"], "output: got 'x.mov', allowed: a name ending in .mp4."),
        (["a.mp4", "b.mp4", "-o", "no/x.mp4"], "output: got 'no/x.mp4', allowed: a file in a folder"),
        (["a.mp4", "b.mp4", "-o", "."], "output: got '.', allowed: a file, and this is a folder."),
        (["a.mp4", "b.mp4", "-o", "b.mp4"], "output: got 'b.mp4', allowed: another name than those of the"),
        (["a.mp4", "b.mp4", "-o", "link.mp4"], "output: got 'link.mp4', allowed: another name than those"),
        (["a.mp4", "b.mp4"], "Missing option '--output' / '-o'."),
    ):
        code, out, err = ozora("sequence", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1) and said in err, (arguments, err)
        assert contents(tmp_path) == before, arguments


def test_cards_that_explain_wrote_can_be_filmed(ozora: Call, tmp_path: Path) -> None:
    prompt = "A red fox runs in a forest. Then it stops."
    code, out, _ = ozora("explain", prompt, "--board", "day.toml")
    assert code == 0 and "day.toml, 2 cards: edit it, then ozora board day.toml" in out
    code, _, err = ozora("board", "day.toml", "--steps", 1, "--seed", 2, "--size", "64x64")
    assert code == 0, err
    told = read_metadata("day.mp4")
    assert told["verb"] == "storyboard" and len(told["parts"]) == 2
    assert read_clip("day.mp4").frames.shape[1:] == (64, 64, 3)


def test_explain_writes_no_board_over_a_file_or_where_none_can_be(
    ozora: Call, tmp_path: Path, contents: Contents
) -> None:
    before = contents(tmp_path)
    for name, said in (
        ("fox.toml", "board: got 'fox.toml', allowed: a name ending in .toml that no file has yet."),
        ("x.txt", "board: got 'x.txt', allowed: a name ending in .toml"),
        ("no/x.toml", "board: got 'no/x.toml', allowed: a file in a folder that exists, and no is not one."),
        ("/proc/x.toml", "board: got '/proc/x.toml', allowed: a path that can be written"),
    ):
        code, out, err = ozora("explain", "a fox", "--board", name)
        assert (code, out, err.count("\n")) == (2, "", 1) and err.startswith(said), err
        assert contents(tmp_path) == before
    code, out, _ = ozora("explain", "a fox", "--board", "[day].toml")
    assert code == 0 and "[day].toml, 1 cards: edit it, then ozora board [day].toml" in out
