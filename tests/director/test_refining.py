"""Films laid out on few cells and refined on four times as many."""

import numpy as np
import pytest
import torch
from PIL import Image

from ozora import Clip, Ozora, OzoraError, Request
from ozora.director import verbs
from ozora.director.latents import find_latents, kept_path
from ozora.director.plan import plan
from ozora.director.quotes import Rates, Timings, learn, quote
from ozora.director.reproduce import request_from
from ozora.director.take import Phase
from ozora.media.images import write_image
from ozora.media.video import read_clip, read_metadata


@pytest.fixture(scope="module")
def ozora(tiny_refiner):
    return Ozora(tiny_refiner)


def saved(ozora, request, path):
    return next(ozora.takes(request, outputs=[path]))


@pytest.fixture
def fox(ozora, tmp_path):
    return saved(ozora, Request("a fox", seed=1), tmp_path / "fox.mp4"), tmp_path / "fox.mp4"


def test_a_refined_film_has_its_layouts_composition_on_four_times_the_cells(ozora, fox):
    take, path = fox
    assert take.latents.shape == (1, 4, 4, 2, 3) and take.refined.shape == (1, 4, 4, 4, 6)
    assert take.clip.frames.shape == (13, 64, 96, 3)
    assert list(take.receipt.seconds)[2:4] == ["denoise", "refine"]
    laid_out = ozora.generate("a fox", seed=1, refining=0)
    assert torch.equal(laid_out.latents, take.latents) and laid_out.refined is None
    assert laid_out.clip.frames.shape == take.clip.frames.shape
    assert not np.array_equal(laid_out.clip.frames, take.clip.frames)
    kept = find_latents(kept_path(path), read_metadata(path))
    assert torch.equal(kept["refined"], take.refined) and torch.equal(kept["latents"], take.latents)
    assert read_metadata(path)["settings"]["refining"] == 4  # quality "standard"


@pytest.mark.parametrize(
    ("settings", "size", "refining"),
    [
        ({}, (96, 64), 4),
        ({"quality": "draft"}, (96, 64), 0),
        ({"quality": "best"}, (96, 64), 8),
        ({"size": "192x128"}, (192, 128), 4),
        ({"size": "192x128", "refining": 0}, (192, 128), 2),  # too large for the decoder alone
        ({"size": "48x32", "refining": 8}, (48, 32), 0),  # too small to be laid out on less
        ({"size": "128x128", "refining": 3}, (128, 128), 3),
    ],
)
def test_quality_and_size_decide_how_much_is_refined(ozora, settings, size, refining):
    planned = plan(Request("a fox", **settings), ozora.card)
    assert (planned.fit.width, planned.fit.height) == size and planned.refining == refining
    assert (planned.fine is None) == (refining == 0)
    if planned.fine is not None:
        assert (planned.fine.fit.width, planned.fine.fit.height) == size


def test_what_a_film_goes_on_from_stays_refined_to_the_bit(ozora, fox, tmp_path):
    take, path = fox
    longer = saved(ozora, verbs.extend(path, "a ball", seconds=2, seed=3), tmp_path / "longer.mp4")
    assert torch.equal(longer.refined[:, :4], take.refined)
    assert torch.equal(longer.latents[:, :4], take.latents)
    assert np.array_equal(longer.clip.frames[:13], take.clip.frames)
    assert longer.refined.shape == (1, 10, 4, 4, 6) and bool(longer.refined[:, 4:].std() > 0.1)
    in_memory = ozora.extend(take, "a ball", seconds=2, seed=3)
    assert torch.equal(in_memory.refined, longer.refined)
    again = saved(ozora, request_from(tmp_path / "longer.mp4", ozora.card), tmp_path / "again.mp4")
    assert torch.equal(again.refined, longer.refined)


def test_what_was_never_refined_is_gone_on_from_as_it_is(ozora, tmp_path):
    take = saved(ozora, Request("a fox", seed=1, refining=0), tmp_path / "plain.mp4")
    longer = ozora.extend(tmp_path / "plain.mp4", "a ball", seconds=2, seed=3)
    assert longer.refined is None and any("not refined" in note for note in longer.receipt.notes)
    assert np.array_equal(longer.clip.frames[:13], take.clip.frames)


def test_a_given_picture_is_encoded_for_the_refiner_at_full_size(ozora, tmp_path):
    colours = np.random.default_rng(0).integers(0, 255, (4, 6, 3), np.uint8)
    large = np.asarray(Image.fromarray(colours).resize((192, 128), Image.Resampling.BICUBIC))
    write_image(Clip(large[None], 12), tmp_path / "start.png")
    take = ozora.generate("a fox", seed=1, image=tmp_path / "start.png", size="192x128")
    small = Image.fromarray(large).resize((96, 64), Image.Resampling.LANCZOS)
    expected = ozora.backend.encode(np.asarray(small)[None])
    assert take.refined[:, :1].shape == expected.shape
    assert (take.refined[:, :1] - expected).abs().mean() < 0.1 * expected.abs().mean()
    other = ozora.generate("a fox", seed=1, size="192x128")
    assert not torch.equal(other.refined[:, :1], take.refined[:, :1])


@pytest.mark.parametrize("verb", ["loop", "remix", "edit", "long", "blend", "picture", "cut"])
def test_every_verb_gives_a_film_as_large_as_its_layout(ozora, fox, verb):
    _, path = fox
    made = {
        "loop": lambda: ozora.loop("a fox", seed=2, seconds=2),
        "remix": lambda: ozora.remix(path, "a ball", seed=2),
        "edit": lambda: ozora.edit(path, "a ball", seed=2),
        "long": lambda: ozora.generate("a fox", seed=2, seconds=4),
        "blend": lambda: ozora.blend(path, path, "a fox", seed=2),
        "picture": lambda: ozora.picture("a fox", seed=2),
        "cut": lambda: ozora.blend(path, path, "a fox", seed=2, curve="cut"),
    }[verb]()
    length = made.latents.shape[1]
    assert made.refined.shape == (1, length, 4, 4, 6) and bool(torch.isfinite(made.refined).all())
    assert bool((made.refined.flatten(2).std(-1) > 0.01).all())  # every latent was made or given
    assert len(made.clip) == made.fit.frames and made.clip.frames.shape[1:] == (64, 96, 3)
    same = {"remix": lambda: ozora.remix(path, "a ball", seed=2)}.get(verb)
    if same is not None:
        assert torch.equal(same().refined, made.refined)


def test_a_refined_film_killed_on_its_way_is_finished_with_the_same_bytes(ozora, tmp_path):
    request = Request("a fox", seed=5, seconds=4)
    whole = saved(ozora, request, tmp_path / "whole.mp4")

    def stop(phase: Phase) -> None:
        if phase.name == "refine" and phase.done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        next(ozora.takes(request, outputs=[tmp_path / "killed.mp4"], on_phase=stop))
    assert not (tmp_path / "killed.mp4").exists()
    ((film, take),) = ozora.resume(tmp_path)
    assert film.name == "killed.mp4" and torch.equal(take.refined, whole.refined)
    assert np.array_equal(read_clip(film).frames, read_clip(tmp_path / "whole.mp4").frames)


def test_weights_without_a_refiner_say_so(tiny_weights):
    with pytest.raises(OzoraError, match=r"^refining: got '4', allowed: 0: tiny has no refiner\.$"):
        Ozora(tiny_weights).generate("a fox", refining=4)
    assert Ozora(tiny_weights).generate("a fox", refining=0).refined is None


def test_what_was_never_refined_cannot_become_larger_than_the_decoder_makes(ozora, tmp_path):
    saved(ozora, Request("a fox", seed=1, refining=0), tmp_path / "plain.mp4")
    with pytest.raises(OzoraError, match=r"^size: got '?192x128'?, allowed: smaller ones"):
        ozora.extend(tmp_path / "plain.mp4", "a ball", seconds=2, size="192x128")


def test_a_film_too_small_to_be_refined_is_told(ozora):
    take = ozora.generate("a fox", seed=1, size="48x32", refining=4)
    assert take.refined is None and any("48x32 is not refined" in note for note in take.receipt.notes)


def test_refining_is_in_the_quote(ozora, tmp_path):
    timings = Timings(tmp_path / "timings.json")
    quick, slow = (
        quote(ozora.backend, Request("a fox", refining=count), timings, Rates()) for count in (0, 40)
    )
    assert slow.cpu_seconds > quick.cpu_seconds
    take = ozora.generate("a fox", seed=1, refining=2)
    learn(ozora.backend, Request("a fox", refining=2), take.fit, take.receipt, timings)
    assert any("refined" in rows for rows in timings.known.values())


def test_refining_out_of_range_is_one_sentence():
    with pytest.raises(OzoraError, match=r"^refining: got '101', allowed: 0 \(not at all\) to 100\.$"):
        Request("a fox", refining=101)
