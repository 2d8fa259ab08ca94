import json

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ozora import Clip, Ozora, OzoraError, Request
from ozora.cli import run
from ozora.director.parts import Fresh, Play, Still
from ozora.director.storyboard import board, read_board
from ozora.media.images import write_image
from ozora.media.video import read_clip, read_metadata

BOARD = """
words = "a fox"
seconds = 3
seed = 1

[[cards]]
at = 0
words = "at dawn"
camera = "the camera pans to the left"

[[cards]]
at = 1
words = "at noon"

[[cards]]
at = 2
words = "at night"
transition = "cut"
"""


def test_cards_become_parts_with_their_own_words(tmp_path):
    (tmp_path / "b.toml").write_text(BOARD)
    request = read_board(tmp_path / "b.toml", as_is=True)
    assert request.parts == (
        Fresh(1.0, "a fox, at dawn, the camera pans to the left"),
        Fresh(1.0, "a fox, at noon"),
        Fresh(1.0, "a fox, at night", cut=True),
    )
    assert (request.prompt, request.seed, request.verb) == ("a fox", 1, "storyboard")


def test_each_card_is_read_as_a_caption(tiny_weights, tmp_path):
    (tmp_path / "b.toml").write_text(BOARD)
    request = read_board(tmp_path / "b.toml")
    assert [part.words for part in request.parts][1:] == ["a fox, at noon", "a fox, at night"]
    assert [part.caption for part in request.parts][1:] == ["A fox at noon.", "A fox at night."]
    assert Request.from_json(json.loads(json.dumps(request.to_json()))) == request
    read: list[str] = []

    class Listening(type(Ozora(tiny_weights).backend)):
        def understand(self, prompt):
            read.append(prompt)
            return super().understand(prompt)

    for as_is, told in ((False, "A fox at noon."), (True, "a fox, at noon")):
        board_read = read_board(tmp_path / "b.toml", as_is=as_is)
        next(Ozora(backend=Listening(tiny_weights)).takes(board_read))
        assert told in read
        read.clear()


def test_a_storyboard_is_filmed_card_by_card(tiny_weights, tmp_path):
    (tmp_path / "b.toml").write_text(BOARD)
    assert run(["board", str(tmp_path / "b.toml"), "--weights", str(tiny_weights)]) == 0
    film = read_clip(tmp_path / "b.mp4")
    assert len(film) == 13 + 12 + 13
    ozora = Ozora(tiny_weights)
    take = next(ozora.takes(read_board(tmp_path / "b.toml")))
    only = ozora.generate(read_board(tmp_path / "b.toml").parts[0].caption, seconds=1, seed=1)
    assert torch.equal(take.latents[:, :4], only.latents)
    assert take.fit.openings == (0, 7) and np.array_equal(take.clip.frames[:13], only.clip.frames)


def test_cards_may_hold_pictures_and_clips(tiny_weights, tmp_path):
    ozora = Ozora(tiny_weights)
    fox = next(ozora.takes(Request("a fox", seed=1), outputs=[tmp_path / "fox.mp4"]))
    write_image(Clip(fox.clip.frames[:1]), tmp_path / "dawn.png")
    document = {
        "words": "a ball",
        "seconds": 4,
        "cards": [
            {"at": 0, "clip": "fox.mp4"},
            {"at": 2, "words": "at dawn", "picture": "dawn.png", "transition": "cut"},
        ],
    }
    (tmp_path / "b.json").write_text(json.dumps(document))
    request = read_board(tmp_path / "b.json")
    assert [type(part) for part in request.parts] == [Play, Fresh, Fresh]
    assert request.stills == (Still(str(tmp_path / "dawn.png"), 0.0, 2),)
    take = next(ozora.takes(request))
    assert torch.equal(take.latents[:, :4], fox.latents)
    opening = take.fit.openings[1]
    own = ozora.animate("a ball", str(tmp_path / "dawn.png"), seed=1).latents[:, :1]
    assert torch.equal(take.latents[:, opening : opening + 1], own)  # a picture opens the card after a cut


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda b: b.pop("cards"), "^board: .*cards"),
        (lambda b: b.update(cards=[]), "^board: .*cards"),
        (lambda b: b.update(scenes=1), "^board: got 'scenes'"),
        (lambda b: b.update(seed="x"), "^board seed: "),
        (lambda b: b.update(steps=0), "^steps: "),
        (lambda b: b.pop("seconds"), "^board: .*seconds"),
        (lambda b: b.update(seconds=-1), "^seconds: "),
        (lambda b: b.update(seconds=9999), "^board seconds: "),
        (lambda b: b["cards"][1].update(at=9), "^card 2 at: .*before 4"),
        (lambda b: b["cards"][1].update(at=0), "^card 2 at: "),
        (lambda b: b["cards"][0].update(at=1), "^card 1 at: "),
        (lambda b: b["cards"][1].pop("at"), "^card 2: "),
        (lambda b: b["cards"][0].update(seconds=3), "^card 1: got '0 to 3', allowed: an end at 2 .*card 2"),
        (lambda b: b["cards"][1].update(seconds=3), "^card 2: .*film's end"),
        (lambda b: b["cards"][1].update(zoom=3), "^card 2: got 'zoom'"),
        (lambda b: b["cards"][1].update(words=3), "^card 2 words: "),
        (lambda b: b["cards"][1].update(transition="wipe"), "^card 2 transition: got 'wipe'"),
        (lambda b: b["cards"][1].update(picture="none.png"), "^card 2 picture: .*exists"),
        (lambda b: b["cards"][1].update(clip="none.mp4"), "^card 2 clip: .*exists"),
        (lambda b: b["cards"][1].update(clip="text.mp4"), "^card 2: .*cannot be read"),
        (lambda b: b["cards"][1].update(clip="text.mp4", picture="text.mp4"), "^card 2: .*both"),
        (lambda b: b.update(words=""), "^card 2: .*words"),
    ],
)
def test_what_makes_no_storyboard_is_said_in_one_sentence(tmp_path, change, sentence):
    (tmp_path / "text.mp4").write_text("no film")
    document = {"words": "a fox", "seconds": 4, "cards": [{"at": 0, "words": "at dawn"}, {"at": 2}]}
    board(document)
    change(document)
    with pytest.raises(OzoraError, match=sentence) as caught:
        board(document, tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("name", "text"), [("b.toml", "words = "), ("b.json", "["), ("b.json", "[]")])
def test_what_is_no_document_is_refused(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    for path in (tmp_path / name, tmp_path / "none.toml"):
        with pytest.raises(OzoraError, match=r"^board: "):
            read_board(path)


@given(st.lists(st.floats(0.3, 5), min_size=1, max_size=6), st.data())
def test_cards_fill_the_board_without_gaps(lengths, data):
    starts = [sum(lengths[:number]) for number in range(len(lengths))]
    cards = [{"at": at, "transition": data.draw(st.sampled_from(["cut", "continue"]))} for at in starts]
    request = board({"words": "a fox", "seconds": sum(lengths) + 0.01, "cards": cards})
    assert sum(part.seconds for part in request.parts) == pytest.approx(sum(lengths) + 0.01)
    assert not request.parts[0].cut


def test_a_sequence_is_a_copy_of_every_frame(tiny_weights, tmp_path):
    ozora = Ozora(tiny_weights)
    films = [tmp_path / f"{name}.mp4" for name in ("fox", "ball")]
    for film in films:
        next(ozora.takes(Request(f"a {film.stem}", seed=1), outputs=[film]))
    joined = tmp_path / "both.mp4"
    assert run(["sequence", *map(str, films), *map(str, films), "-o", str(joined)]) == 0
    frames = np.concatenate([read_clip(film).frames for film in films] * 2)
    found = read_clip(joined)
    assert np.array_equal(found.frames, frames) and found.fps == 12
    known = read_metadata(joined)
    assert [parent["name"] for parent in known["parents"]] == ["fox.mp4", "ball.mp4"] * 2
    small = ozora.generate("a fox", size="64x64", seed=1).save(tmp_path / "small.mp4")
    for others, word in (([small], "size"), ([tmp_path / "none.mp4"], "exists"), ([], "two films")):
        assert run(["sequence", str(films[0]), *map(str, others), "-o", str(tmp_path / "x.mp4")]) == 2, word
    assert not (tmp_path / "x.mp4").exists()
