import json

import numpy as np
import pytest
import torch
from PIL import Image

from ozora import Clip, Ozora, OzoraError, Request
from ozora.director import verbs
from ozora.director.filming import decode_film
from ozora.director.latents import kept_path
from ozora.director.parts import Fresh
from ozora.director.reproduce import request_from
from ozora.media.images import write_image
from ozora.media.video import read_clip, read_metadata, write_clip


@pytest.fixture(scope="module")
def ozora(tiny_weights):
    return Ozora(tiny_weights)


def picture(seed=0, width=96, height=64):
    colours = np.random.default_rng(seed).integers(0, 255, (2, 3, 3), np.uint8)
    return np.asarray(Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC))


def saved(ozora, request, path):
    return next(ozora.takes(request, outputs=[path]))


@pytest.fixture
def fox(ozora, tmp_path):
    """A film of four latents, 13 frames, with its latents beside it; and the take it was."""
    return saved(ozora, Request("a fox", seed=1), tmp_path / "fox.mp4"), tmp_path / "fox.mp4"


@pytest.fixture
def ball(ozora, tmp_path):
    return saved(ozora, Request("a ball", seed=2), tmp_path / "ball.mp4"), tmp_path / "ball.mp4"


def test_extending_keeps_the_source_to_the_bit_of_its_latents(ozora, fox):
    take, path = fox
    longer = ozora.extend(path, "a ball", seconds=2, seed=3)
    assert torch.equal(longer.latents[:, :4], take.latents)
    assert longer.latents.shape[1] == 4 + 6 and len(longer.clip) == 13 + 24 == longer.fit.frames
    # Decoded in one stream: the source's frames are its own to the bit, and the rest goes on from them.
    assert np.array_equal(longer.clip.frames[:13], take.clip.frames)
    again = ozora.extend(take, "a ball", seconds=2, seed=3)
    assert torch.equal(again.latents, longer.latents)  # a take in memory is the same source
    other = ozora.extend(path, "a fox", seconds=2, seed=3)
    assert not torch.equal(other.latents[:, 4:], longer.latents[:, 4:])


def test_what_was_extended_can_be_extended_again(ozora, fox, tmp_path):
    _, path = fox
    twice = saved(ozora, verbs.extend(path, "a fox", seconds=1, seed=3), tmp_path / "twice.mp4")
    thrice = ozora.extend(tmp_path / "twice.mp4", "a fox", seconds=1, seed=4)
    assert torch.equal(thrice.latents[:, :7], twice.latents) and thrice.fit.latents == 10


def test_backwards_and_filling_keep_what_is_given(ozora, fox, ball):
    (take, path), (other, ball_path) = fox, ball
    before = ozora.extend(path, "a fox", backwards=True, seconds=1, seed=3)
    assert torch.equal(before.latents[:, -3:], take.latents[:, 1:]) and before.fit.latents == 4 + 3
    between = ozora.fill(path, ball_path, "a fox", seconds=2 / 3, seed=3)
    assert torch.equal(between.latents[:, :4], take.latents)
    assert torch.equal(between.latents[:, -3:], other.latents[:, 1:]) and between.fit.latents == 4 + 2 + 3


def test_a_loop_is_decoded_round(ozora, fox):
    take, path = fox
    for ring in (ozora.loop("a fox", seed=3, seconds=1), ozora.loop("a fox", source=path, seed=3)):
        assert ring.fit.ring and len(ring.clip) == 4 * (ring.latents.shape[1] - 1) == ring.fit.frames
        # Going round a second time shows the same frames: the first follows on the last.
        twice = torch.cat([ring.latents[:, -3:], ring.latents[:, 1:], ring.latents[:, 1:]], 1)
        frames = ozora.backend.decode(twice, ring.fit.scale, lambda done, of: None)
        assert np.array_equal(frames[9 : 9 + len(ring.clip)], ring.clip.frames)
        assert np.abs(frames[9 + len(ring.clip) :].astype(int) - ring.clip.frames).max() <= 1
    assert torch.equal(ring.latents[:, :4], take.latents)


def test_a_curve_decides_who_shows_when(ozora, fox, ball):
    (take, path), (other, ball_path) = fox, ball
    cut = ozora.blend(path, ball_path, "a fox", curve="cut", seed=3)
    assert torch.equal(cut.latents[:, :2], take.latents[:, :2]) and cut.fit.openings[0] == 0
    assert torch.equal(cut.latents[:, -1], other.latents[:, -1]) and len(cut.fit.openings) == 2
    drawn = ozora.blend(path, ball_path, "a fox", curve=[(0.3, 0), (0.9, 1)], seed=3)
    assert torch.equal(drawn.latents[:, 0], take.latents[:, 0])
    assert torch.equal(drawn.latents[:, -1], other.latents[:, -1])
    middle = drawn.latents[:, 2]
    assert not torch.equal(middle, take.latents[:, 2]) and not torch.equal(middle, other.latents[:, 2])
    only = ozora.blend(path, ball_path, "a fox", curve=[(0, 0)], seed=3)
    assert torch.equal(only.latents, take.latents)


def test_strength_says_how_far_a_remix_goes(ozora, fox):
    take, path = fox

    def distance(other):
        return float((other.latents - take.latents).square().mean())

    near, middle, far = (ozora.remix(path, "a fox", strength=s, seed=3) for s in (0.05, 0.5, 1.0))
    assert distance(near) < distance(middle) < distance(far)
    assert torch.equal(far.latents, ozora.generate("a fox", seed=3).latents)  # nothing of it is left
    assert ozora.variation(path, seed=3).clip.metadata["prompt"] == "a fox"


def test_recutting_keeps_spans_and_films_the_rest(ozora, fox):
    take, path = fox
    cut = ozora.recut(path, "a ball", keep=[(0, 0.4)], seed=3)
    assert torch.equal(cut.latents[:, :2], take.latents[:, :2])
    assert not torch.equal(cut.latents[:, 2], take.latents[:, 2])
    for keep, word in (([(0, 9)], "filmed"), ([(5, 6)], "before 1 seconds")):
        with pytest.raises(OzoraError, match=rf"^keep: got .*{word}"):
            ozora.recut(path, "a ball", keep=keep)


def test_pictures_show_when_they_should(ozora, tmp_path):
    first, middle, last = (
        str(write_image(Clip(picture(seed)[None]), tmp_path / f"{seed}.png")) for seed in (1, 2, 3)
    )
    take = ozora.animate("a fox", first, last=last, keyframes={0.5: middle}, seed=1)
    backend = ozora.backend
    own = backend.encode(np.asarray(Image.open(first).resize((48, 32), Image.Resampling.LANCZOS))[None])
    assert torch.equal(take.latents[:, :1], own)
    alone = ozora.animate("a fox", None, last=last, seed=1)
    assert torch.equal(alone.latents[:, -1], take.latents[:, -1])
    assert not torch.equal(take.latents[:, 2], alone.latents[:, 2])  # frames 5 to 8 hold second 0.5
    for frames, word in (({9: middle}, "up to 1 seconds"), ({0.01: middle}, "apart")):
        with pytest.raises(OzoraError, match=rf"^keyframes: got .*{word}"):
            ozora.animate("a fox", first, keyframes=frames)
    with pytest.raises(OzoraError, match=r"^image: got none"):
        ozora.animate("a fox", None)


def test_any_film_is_a_source_and_its_changes_are_told(ozora, tmp_path):
    frames = np.stack([np.roll(picture(1, 160, 90), 3 * step, 1) for step in range(30)])
    theirs = write_clip(Clip(frames, 24), tmp_path / "theirs.mp4")
    take = ozora.extend(theirs, "a fox", seconds=1, seed=3)
    assert take.fit.size == "96x64" and take.fit.latents == 4 + 3
    told = " ".join(take.receipt.notes)
    assert "160x90 → 96x64" in told and "24 → 12 frames per second" in told and "2 of 15 frames" in told
    # The join is at their film's own end: the frames left out are its first.
    kept = ozora.backend.encode(_small(read_clip(theirs).frames[::2][-13:]))
    assert torch.equal(take.latents[:, :4], kept)
    with pytest.raises(OzoraError, match=r"^prompt: got none"):
        ozora.variation(theirs)


def _small(frames):
    from ozora.media.images import cover

    return np.stack([cover(frame, 48, 32) for frame in frames])


def test_without_its_latents_our_own_film_is_encoded_again(ozora, fox):
    take, path = fox
    kept_path(path).unlink()
    again = ozora.extend(path, "a fox", seconds=1, seed=3)
    assert any("encoded again" in note for note in again.receipt.notes)
    assert again.fit.latents == 7 and not torch.equal(again.latents[:, :4], take.latents)
    kept_path(path).write_bytes(b"no latents")
    assert torch.equal(ozora.extend(path, "a fox", seconds=1, seed=3).latents, again.latents)


REQUESTS = {
    "extend": lambda fox, ball: verbs.extend(fox, "a fox", seconds=1, seed=3),
    "fill": lambda fox, ball: verbs.fill(fox, ball, "a fox", seconds=1, seed=3),
    "loop": lambda fox, ball: verbs.loop("a fox", source=fox, seconds=1, seed=3),
    "blend": lambda fox, ball: verbs.blend(fox, ball, "a fox", curve="fade", seed=3),
    "remix": lambda fox, ball: verbs.remix(fox, "a ball", seed=3),
    "recut": lambda fox, ball: verbs.recut(fox, "a ball", keep=[(0, 0.4)], seed=3),
    "edit": lambda fox, ball: verbs.edit(fox, "a ball", seed=3),
    "variation": lambda fox, ball: verbs.variation(fox, seed=3),
}


@pytest.mark.parametrize("verb", REQUESTS)
def test_every_verb_is_filmed_again_from_its_film_and_knows_its_parents(ozora, fox, ball, tmp_path, verb):
    request = REQUESTS[verb](fox[1], ball[1])
    film = tmp_path / "made.mp4"
    saved(ozora, Request.from_json(json.loads(json.dumps(request.to_json()))), film)
    known = read_metadata(film)
    parents = ["fox.mp4", "ball.mp4"] if verb in ("fill", "blend") else ["fox.mp4"]
    assert known["verb"] == verb and [parent["name"] for parent in known["parents"]] == parents
    assert str(tmp_path) not in json.dumps(known)
    saved(ozora, request_from(film, ozora.card), tmp_path / "again.mp4")
    assert (tmp_path / "again.mp4").read_bytes() == film.read_bytes()


def test_a_parent_that_is_gone_or_changed_is_named(ozora, fox, tmp_path):
    _, path = fox
    film = tmp_path / "made.mp4"
    saved(ozora, verbs.remix(path, "a ball", seed=3), film)
    latents = kept_path(path).read_bytes()
    kept_path(path).unlink()
    with pytest.raises(OzoraError, match=r"^source: .*latents that lay beside it"):
        request_from(film, ozora.card)
    kept_path(path).write_bytes(latents)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(OzoraError, match=r"^source: .*has changed"):
        request_from(film, ozora.card)
    path.unlink()
    with pytest.raises(OzoraError, match=r"^source: .*beside it"):
        request_from(film, ozora.card)


def test_a_long_film_has_each_moment_s_own_noise_and_counts_its_steps(ozora):
    told = []
    take = next(ozora.takes(Request("a fox", seconds=4, seed=1), on_phase=told.append))
    assert take.fit.latents == 13 and len(take.clip) == 49
    steps = [(now.done, now.total) for now in told if now.name == "denoise"]
    assert steps[-1][0] == steps[-1][1] and [done for done, _ in steps] == sorted(done for done, _ in steps)
    longer = ozora.generate("a fox", seconds=5, seed=1)
    assert torch.equal(longer.latents[:, :12], take.latents[:, :12])  # what is longer begins the same


def test_a_cut_begins_anew_and_nothing_flows_across(ozora):
    parts = (Fresh(1, "a fox"), Fresh(1, "a ball", cut=True))
    take = next(ozora.takes(Request("a fox", seed=1, parts=parts)))
    assert take.fit.openings == (0, 4) and len(take.clip) == 26 == take.fit.frames
    second = decode_film(
        ozora.backend, take.latents[:, 4:], ozora.generate("a fox").fit, lambda done, of: None
    )
    assert np.array_equal(take.clip.frames[13:], second)
    assert take.clip.metadata["settings"]["openings"] == [0, 4]


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda path: path.write_text("no film at all"), r"^source: .*cannot be read"),
        (lambda path: path.write_bytes(b""), r"^source: .*cannot be read"),
        (lambda path: None, r"^source: got .*a film file that exists"),
        (lambda path: write_clip(Clip(np.zeros((2, 64, 96, 3), np.uint8)), path), r"^source: .*2 frames"),
        (lambda path: _cut_short(path), r"^source: .*(cut short|cannot be read)"),
    ],
    ids=["text", "empty", "missing", "two frames", "truncated"],
)
def test_what_is_no_film_is_named_before_any_compute(tiny_weights, tmp_path, make, sentence):
    path = tmp_path / "theirs.mp4"
    make(path)
    fresh = Ozora(tiny_weights)
    with pytest.raises(OzoraError, match=sentence) as caught:
        fresh.extend(path, "a fox")
    assert "\n" not in str(caught.value) and fresh.backend._networks == {}


def _cut_short(path):
    whole = write_clip(Clip(np.stack([picture(step) for step in range(40)])), path).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])


def test_an_edit_changes_by_the_difference_of_words(ozora, fox):
    take, path = fox

    def distance(other):
        return float((other.latents - take.latents).square().mean())

    # Told at the same guidance, the same words differ in nothing, and nothing changes. In float32: a last bit
    # that falls otherwise in one of two passes is rounded up to a thousandth in bfloat16.
    same = ozora.edit(path, "a fox", guidance=1.5, seed=3, precision="float32")
    assert distance(same) < 1e-9
    other = ozora.edit(path, "a ball", guidance=1.5, seed=3)
    assert distance(other) > 1e-6
    rounded = ozora.edit(path, "a fox", guidance=1.5, seed=3)
    assert distance(rounded) < 1e-3 * distance(other)
    assert ozora.edit(path, "a ball", guidance=1.5, seed=3).latents.equal(other.latents)
    long = ozora.extend(path, "a fox", seconds=1, seed=3)  # longer than one window
    edited = ozora.edit(long, "a ball", guidance=1.5, seed=3)
    assert edited.latents.shape == long.latents.shape and not torch.equal(edited.latents, long.latents)
    assert torch.equal(edited.latents[:, :4], other.latents)


def test_a_long_film_opens_every_window_on_its_own_first_frame(ozora, fox):
    opened: list[torch.Tensor] = []

    class Watching(type(ozora.backend)):
        def begin(self, *, conditions, **settings):
            opened.extend(found.latents for found in conditions if type(found).__name__ == "FirstFrame")
            return super().begin(conditions=conditions, **settings)

    watching = Ozora(backend=Watching(ozora.backend.weights.folder))
    take = watching.generate("a fox", seconds=2, seed=1, steps=1)
    assert len(opened) == 2 and all(torch.equal(found, take.latents[:, :1]) for found in opened)
    opened.clear()
    longer = watching.extend(fox[0], "a fox", seconds=0.5, seed=1, steps=1)
    assert len(opened) == 1 and not torch.equal(opened[0], longer.latents[:, :1])
