"""The verbs as people type them."""

import numpy as np
import pytest
from PIL import Image

from ozora.cli import run
from ozora.director.understanding.recaption import caption_for
from ozora.media.clip import Clip
from ozora.media.video import read_clip, read_metadata, write_clip


@pytest.fixture
def ozora(tiny_weights, tmp_path, monkeypatch, capfd):
    """Run a command line in a folder with two films and a picture; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save("grey.png")
    frames = np.stack([np.full((64, 96, 3), 60 + 8 * step, np.uint8) for step in range(13)])
    write_clip(Clip(frames), "a.mp4")
    write_clip(Clip(frames[::-1]), "b.mp4")

    def call(*arguments):
        options = ["--weights", str(tiny_weights), "--seed", "1", "--steps", "1"]
        code = run([*[str(argument) for argument in arguments], *options])
        return code, *capfd.readouterr()

    return call


COMMANDS = {
    "picture": (["picture", "a fox", "-o", "x.png"], None),
    "animate": (["animate", "a fox", "--image", "grey.png", "--keyframe", "0.5=grey.png"], 13),
    "extend": (["extend", "a.mp4", "a fox", "--seconds", "1"], 13 + 12),
    "backwards": (["extend", "a.mp4", "a fox", "--backwards", "--seconds", "1"], 13 + 12),
    "fill": (["fill", "a.mp4", "b.mp4", "a fox", "--seconds", "1"], 13 + 12 + 12),
    "loop": (["loop", "a fox", "--source", "a.mp4", "--seconds", "1"], 12 + 12),
    "blend": (["blend", "a.mp4", "b.mp4", "a fox", "--curve", "0:0,0.5:0.7,1:1"], 13),
    "remix": (["remix", "a.mp4", "a fox", "--strength", "0.3"], 13),
    "recut": (["recut", "a.mp4", "a fox", "--keep", "0-0.3", "--keep", "0.9-1.1"], 13),
    "edit": (["edit", "a.mp4", "a fox"], 13),
}


@pytest.mark.parametrize(("arguments", "frames"), COMMANDS.values(), ids=COMMANDS.keys())
def test_every_verb_is_a_command(ozora, tmp_path, arguments, frames):
    name = "x.mp4" if frames else "x.png"
    code, out, err = ozora(*arguments, *([] if "-o" in arguments else ["-o", name]))
    assert code == 0 and name in out, err
    if frames:
        assert len(read_clip("x.mp4")) == frames
        assert read_metadata("x.mp4")["verb"] == arguments[0]
        assert read_metadata("x.mp4")["caption"] == caption_for("a fox")


def test_words_are_read_as_a_caption_or_as_they_are(ozora):
    for options, read in (([], "A fox runs at dawn."), (["--as-is"], None)):
        code, _, err = ozora("extend", "a.mp4", "at dawn a fox is running", "-o", "x.mp4", *options)
        assert code == 0 and read_metadata("x.mp4").get("caption") == read, err
        assert (f"filmed as: {read}" in err) == (read is not None)
    code, _, err = ozora("extend", "a.mp4", "at dawn a fox is running", "-o", "x.mp4")
    assert ozora("variation", "x.mp4", "-o", "y.mp4")[0] == 0
    known = read_metadata("y.mp4")
    assert (known["prompt"], known["caption"]) == ("at dawn a fox is running", "A fox runs at dawn.")


BAD = {
    "no source": (["extend", "none.mp4", "a fox"], "source"),
    "not a film": (["remix", "grey.png", "a fox"], "source"),
    "keyframe": (["animate", "a fox", "--keyframe", "grey.png"], "keyframe"),
    "curve": (["blend", "a.mp4", "b.mp4", "a fox", "--curve", "wipe"], "curve"),
    "points": (["blend", "a.mp4", "b.mp4", "a fox", "--curve", "0:x"], "curve"),
    "keep": (["recut", "a.mp4", "a fox", "--keep", "all"], "keep"),
    "strength": (["remix", "a.mp4", "a fox", "--strength", "0"], "strength"),
    "seconds": (["extend", "a.mp4", "a fox", "--seconds", "-1"], "seconds"),
    "no words": (["variation", "a.mp4"], "prompt"),
    "ending": (["edit", "a.mp4", "a fox", "-o", "x.mov"], "output"),
    "board": (["board", "none.toml"], "board"),
}


@pytest.mark.parametrize(("arguments", "word"), BAD.values(), ids=BAD.keys())
def test_bad_input_gives_one_sentence_and_no_file(ozora, tmp_path, arguments, word):
    import re

    before = sorted(tmp_path.iterdir())
    code, out, err = ozora(*arguments)
    assert code == 2 and out == "" and err.count("\n") == 1 and re.search(word, err), err
    assert sorted(tmp_path.iterdir()) == before


def test_words_of_every_language_reach_every_verb(ozora):
    words = "un zorro negro camina por un prado al amanecer"
    assert ozora("remix", "a.mp4", words, "-o", "said.mp4")[0] == 0
    assert ozora("remix", "a.mp4", words, "--as-is", "-o", "kept.mp4")[0] == 0
    said, kept = read_metadata("said.mp4"), read_metadata("kept.mp4")
    assert said["prompt"] == kept["prompt"] == words and "caption" not in kept
    assert {"black", "fox", "walks", "meadow", "dawn"} <= set(said["caption"].lower().strip(".").split())


def test_a_verb_is_quoted_kept_within_a_budget_and_may_keep_no_latents(ozora, tmp_path):
    before = sorted(tmp_path.iterdir())
    code, out, _ = ozora("extend", "a.mp4", "a fox", "--quote")
    assert code == 0 and "about " in out and sorted(tmp_path.iterdir()) == before
    code, _, err = ozora("extend", "a.mp4", "a fox", "--budget", "0.001s")
    assert code == 2 and err.startswith("budget: ") and sorted(tmp_path.iterdir()) == before
    assert ozora("extend", "a.mp4", "a fox", "-o", "x.mp4", "--no-keep-latents", "--budget", "5min")[0] == 0
    assert {path.name for path in set(tmp_path.iterdir()) - set(before)} == {"x.mp4", "x.json"}


def test_a_board_takes_the_options_that_other_films_take(ozora, tmp_path):
    document = 'seed = 8\nseconds = 1\nguidance = 3\n[[cards]]\nat = 0\nwords = "a fox"\n'
    (tmp_path / "day.toml").write_text(document)
    before = sorted(tmp_path.iterdir())
    code, out, _ = ozora("board", "day.toml", "--quote")
    assert code == 0 and "about " in out and sorted(tmp_path.iterdir()) == before
    assert ozora("board", "day.toml", "-o", "x.mp4", "--no-keep-latents")[0] == 0
    about = read_metadata("x.mp4")
    assert about["seed"] == 1 and about["settings"]["guidance"] == 3  # an option, and the document
    assert not list(tmp_path.glob("x.latents*"))
