import json

import numpy as np
import pytest
import torch
from PIL import Image

from ozora import Clip, Ozora, OzoraError, Request
from ozora.backends import machine
from ozora.backends.embedded import EmbeddedBackend
from ozora.backends.machine import precision
from ozora.backends.weights import assemble
from ozora.director.generate import generate
from ozora.director.latents import find_latents, kept_path
from ozora.director.reproduce import request_from
from ozora.director.states import waiting_path
from ozora.media.images import cover, write_image
from ozora.media.video import read_metadata, write_clip
from ozora.model.checkpoint import load_weights, save_weights
from ozora.model.precision import best_precision, quick_precisions


@pytest.fixture(scope="module")
def ozora(tiny_weights):
    return Ozora(tiny_weights)


def names(folder):
    return sorted(found.name for found in folder.iterdir())


def picture(seed=0, width=96, height=64):
    colours = np.random.default_rng(seed).integers(0, 255, (2, 3, 3), np.uint8)
    return np.asarray(Image.fromarray(colours).resize((width, height), Image.Resampling.BICUBIC))


def test_same_request_same_bytes_whatever_was_filmed_before(tiny_weights, tmp_path):
    first = Ozora(tiny_weights)
    one = first.generate("a red fox", seed=3).save(tmp_path / "one.mp4")
    first.generate("a ball", seed=9)
    again = first.generate("a red fox", seed=3).save(tmp_path / "again.mp4")
    fresh = Ozora(tiny_weights).generate("a red fox", seed=3).save(tmp_path / "fresh.mp4")
    assert one.read_bytes() == again.read_bytes() == fresh.read_bytes()
    other = first.generate("a red fox", seed=4).save(tmp_path / "other.mp4")
    assert other.read_bytes() != one.read_bytes()


def test_three_takes_are_the_three_single_films_to_the_bit(ozora, tmp_path):
    outputs = [tmp_path / f"fox-{number}.mp4" for number in (1, 2, 3)]
    takes = list(ozora.takes(Request("a red fox", seed=5, count=3), outputs=outputs))
    assert [take.seed for take in takes] == [5, 6, 7]
    for take, path in zip(takes, outputs, strict=True):
        single = ozora.generate("a red fox", seed=take.seed)
        assert torch.equal(single.latents, take.latents)
        assert single.save(tmp_path / "single.mp4").read_bytes() == path.read_bytes()


def test_prompt_negative_guidance_and_steps_all_matter(ozora):
    films = [
        ozora.generate("a fox", seed=1),
        ozora.generate("a ball", seed=1),
        ozora.generate("a fox", seed=1, negative="a ball"),
        ozora.generate("a fox", seed=1, guidance=1),
        ozora.generate("a fox", seed=1, steps=1),
    ]
    for index, film in enumerate(films):
        for other in films[:index]:
            assert not torch.equal(film.latents, other.latents)


def test_metadata_says_all_and_nothing_that_changes(ozora, tiny_weights, tmp_path):
    take = ozora.generate("a fox", seed=1, seconds=0.7, size="64x64")
    about = dict(take.clip.metadata)
    assert about["prompt"] == "a fox" and about["seed"] == 1
    sampled = {"steps": 3, "guidance": 2.0, "threads": torch.get_num_threads(), "precision": best_precision()}
    assert about["settings"] == {"size": "64x64", "frames": 9, "fps": 12, **sampled}
    assert about["weights"]["hash"] == ozora.card.hash and about["weights"]["recipe"] == "tiny"
    path = take.save(tmp_path / "fox.mp4")
    assert read_metadata(path) == about
    sidecar = json.loads((tmp_path / "fox.json").read_text())
    # Costs stand beside the film, never in it: two runs must give the same bytes.
    assert sidecar.pop("receipt")["seconds"].keys() == {"load", "words", "denoise", "decode"}
    assert sidecar == about
    assert str(tiny_weights) not in json.dumps(about)
    assert list(take.receipt.seconds) == ["load", "words", "denoise", "decode"]
    assert take.clip.frames.shape == (9, 64, 64, 3)


def test_from_reproduces_byte_for_byte_and_takes_overrides(ozora, tmp_path):
    take = ozora.generate("a fox", seed=11, seconds=1, size="64x64", steps=2, guidance=4, negative="fog")
    film = take.save(tmp_path / "fox.mp4")
    again = ozora.again(film).save(tmp_path / "again.mp4")
    assert again.read_bytes() == film.read_bytes()
    changed = ozora.again(film, seed=12)
    assert changed.clip.metadata["settings"] == take.clip.metadata["settings"] and changed.seed == 12
    still = ozora.generate("a fox", seed=2, still=True).save(tmp_path / "fox.png")
    assert ozora.again(still).save(tmp_path / "again.png").read_bytes() == still.read_bytes()


def test_from_computes_with_as_many_threads_as_the_film_was_made_with(ozora, tmp_path):
    film = ozora.generate("a fox", seed=11, threads=3).save(tmp_path / "fox.mp4")
    before = torch.get_num_threads()
    take = ozora.again(film)
    assert torch.get_num_threads() == before != 3
    assert take.clip.metadata["settings"]["threads"] == 3
    assert take.save(tmp_path / "again.mp4").read_bytes() == film.read_bytes()
    assert ozora.generate("a fox", seed=11).clip.metadata["settings"]["threads"] == before


def test_a_film_is_computed_in_the_numbers_asked_for_and_again_in_the_same(ozora, tmp_path):
    if "bfloat16" not in quick_precisions():
        pytest.skip("no instructions for bfloat16 here")
    takes = {name: ozora.generate("a fox", seed=11, precision=name) for name in quick_precisions()}
    exact, quick = takes["float32"], takes["bfloat16"]
    usual = ozora.generate("a fox", seed=11).clip.metadata["settings"]["precision"]
    assert usual == precision() == "bfloat16"
    assert quick.latents is not None and exact.latents is not None
    assert 0 < float((quick.latents - exact.latents).norm() / exact.latents.norm()) < 0.02
    for name, take in takes.items():
        film = take.save(tmp_path / f"{name}.mp4")
        assert ozora.again(film).save(tmp_path / "again.mp4").read_bytes() == film.read_bytes()
        (tmp_path / "again.mp4").unlink()


def test_a_film_of_a_better_processor_is_filmed_again_in_float32(ozora, tmp_path, monkeypatch):
    film = ozora.generate("a fox", seed=11).save(tmp_path / "fox.mp4")
    monkeypatch.setattr(machine, "quick_precisions", lambda: ("float32",))
    assert ozora.again(film).clip.metadata["settings"]["precision"] == "float32"
    with pytest.raises(OzoraError, match=r"^precision: got 'bfloat16', allowed: float32, which this"):
        ozora.generate("a fox", seed=11, precision="bfloat16")


def test_from_refuses_strangers_and_other_weights(ozora, tmp_path, tmp_path_factory):
    film = ozora.generate("a fox", seed=1).save(tmp_path / "fox.mp4")
    other = tmp_path_factory.mktemp("other") / "other"
    folder = ozora.backend.weights.folder
    swapped = {part: folder / f"{part}.safetensors" for part in ("autoencoder", "transformer", "text")}
    assemble(other, **swapped, grid=ozora.card.grid)
    assert Ozora(other).card.hash == ozora.card.hash  # same tensors, same weights, wherever they lie
    tensors, metadata = load_weights(swapped["text"])
    save_weights(other / "newer.safetensors", tensors, {**metadata, "steps": 2})
    assemble(other, **{**swapped, "text": other / "newer.safetensors"}, grid=ozora.card.grid)
    with pytest.raises(OzoraError, match=r"^from: got .*films made by these weights"):
        Ozora(other).again(film)
    stranger = write_clip(Clip(np.zeros((2, 32, 32, 3), np.uint8)), tmp_path / "stranger.mp4")
    with pytest.raises(OzoraError, match="carries no metadata"):
        ozora.again(stranger)


def test_first_frame_is_the_given_picture_as_the_autoencoder_sees_it(ozora, tmp_path):
    image = write_image(Clip(picture(1, 200, 90)[None]), tmp_path / "first.png")
    take = ozora.generate("a fox", seed=1, image=image)
    small = cover(picture(1, 200, 90), 48, 32)
    backend = ozora.backend
    own = backend.decode(backend.encode(small[None]), 2, lambda done, of: None)
    assert np.array_equal(take.clip.frames[0], own[0])
    assert not np.array_equal(take.clip.frames[1], own[0])
    film = take.save(tmp_path / "fox.mp4")
    with pytest.raises(OzoraError, match=r"^image: .*give it again"):
        request_from(film, ozora.card)
    assert ozora.again(film, image=image).save(tmp_path / "b.mp4").read_bytes() == film.read_bytes()


def test_head_and_tail_are_kept_in_latents(ozora):
    clip = Clip(np.stack([picture(number) for number in range(9)]), 12)
    take = ozora.generate("a fox", seed=1, head=clip)
    small = np.stack([cover(frame, 48, 32) for frame in clip.frames])
    encoded = ozora.backend.encode(small)  # (1, 3, C, h, w)
    assert torch.equal(take.latents[:, :3], encoded)
    tail = ozora.generate("a fox", seed=1, tail=clip)
    assert torch.equal(tail.latents[:, -2:], encoded[:, 1:])
    assert set(tail.clip.metadata["given"]) == {"tail"}
    with pytest.raises(OzoraError, match=r"^tail: got '1 frames'"):
        ozora.generate("a fox", tail=Clip(clip.frames[:1]))


def test_a_failed_decode_does_not_cost_the_denoising(tiny_weights, tmp_path):
    class Failing(EmbeddedBackend):
        broken = True
        steps = 0

        def stream(self, latents, scale):
            if self.broken:
                raise MemoryError
            return super().stream(latents, scale)

        def go_on(self, words, negative, moment, **settings):
            self.steps += settings["steps"] - moment.step
            return super().go_on(words, negative, moment, **settings)

    backend, film = Failing(tiny_weights), tmp_path / "fox.mp4"
    with pytest.raises(MemoryError):
        next(generate(backend, Request("a fox", seed=1), outputs=[film]))
    assert names(tmp_path) == [waiting_path(film).name]
    backend.broken = False
    other = next(generate(backend, Request("a fox", seed=2), outputs=[tmp_path / "other.mp4"]))
    assert backend.steps == 6 and other.seed == 2
    take = next(generate(backend, Request("a fox", seed=1), outputs=[film]))
    assert backend.steps == 6 and "earlier run" in take.receipt.notes[-1]
    assert not waiting_path(film).exists()
    whole = Ozora(tiny_weights).generate("a fox", seed=1).save(tmp_path / "whole.mp4")
    assert whole.read_bytes() == film.read_bytes()


def test_what_waits_for_another_request_is_not_mistaken(tiny_weights, ozora, tmp_path):
    film = tmp_path / "fox.mp4"
    first = next(ozora.takes(Request("a fox", seed=1), outputs=[film], keep_latents=True))
    assert names(tmp_path) == ["fox.json", "fox.latents.safetensors", "fox.mp4"]
    kept = find_latents(kept_path(film), first.clip.metadata)
    assert torch.equal(kept["latents"], first.latents)

    class Stopping(EmbeddedBackend):
        def stream(self, latents, scale):
            raise MemoryError

    with pytest.raises(MemoryError):
        next(generate(Stopping(tiny_weights), Request("a fox", seed=1), outputs=[film]))
    take = next(ozora.takes(Request("a fox", seed=2), outputs=[film]))
    assert take.receipt.notes == () and torch.equal(take.latents, ozora.generate("a fox", seed=2).latents)


def test_no_seed_draws_one_and_tells_it(ozora):
    seeds = {ozora.generate("a fox", steps=1, still=True).seed for _ in range(4)}
    assert len(seeds) > 1


def test_what_the_model_cannot_do_is_refused_before_loading(tiny_weights, tmp_path):
    fresh = Ozora(tiny_weights)
    bad = [
        {"seconds": 3600},
        {"size": "1000x100"},
        {"image": tmp_path / "none.png"},
        {"seed": 2**63 - 1, "count": 2},
        {"still": True, "image": Clip(picture()[None])},
    ]
    for settings in bad:
        with pytest.raises(OzoraError):
            next(fresh.takes(Request("a fox", **settings)))
    with pytest.raises(OzoraError, match=r"^output: "):
        next(fresh.takes(Request("a fox"), outputs=[tmp_path / "no" / "fox.mp4"]))
    assert fresh.backend._networks == {} and names(tmp_path) == []
