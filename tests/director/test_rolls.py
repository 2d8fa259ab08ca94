import json
from dataclasses import replace

import numpy as np
import torch

from ozora import Clip, Ozora, Request
from ozora.director import filming as module
from ozora.director.filming import decode_film
from ozora.director.fit import Fit
from ozora.director.rolls import DROPPED_EVERY, Roll
from ozora.media.beside import FilmBeside
from ozora.media.video import write_clip


def nothing(done, of):
    pass


def test_a_roll_holds_every_frame():
    frames = np.random.default_rng(0).integers(0, 255, (3 * DROPPED_EVERY + 5, 8, 12, 3), np.uint8)
    roll = Roll(*frames.shape[:3])
    passed = list(roll.keeping(np.array_split(frames, 7)))
    assert np.array_equal(passed, frames) and np.array_equal(roll.frames, frames)
    held = roll.frames
    del roll
    assert np.array_equal(held, frames)  # whoever holds the frames holds the file


def test_a_film_is_the_same_written_while_it_is_decoded_in_memory_or_on_disk(
    tiny_weights, tmp_path, monkeypatch
):
    backend = Ozora(tiny_weights).backend
    latents = torch.randn(1, 12, 4, 2, 3, generator=torch.Generator().manual_seed(0))
    plain = Fit((3, 2), 2, 12, 12)
    for fit in (plain, replace(plain, openings=(0, 5)), replace(plain, ring=True)):
        told: list[int] = []
        whole = decode_film(backend, latents, fit, nothing)
        known = write_clip(Clip(whole, 12, {"ozora": "x"}), tmp_path / "whole.mp4").read_bytes()

        def tell(done, of, told=told):
            told.append(done)

        for longest in (1000, 20):
            told.clear()
            monkeypatch.setattr(module, "LONGEST_IN_MEMORY", longest)
            size = {"width": fit.width, "height": fit.height, "fps": 12}
            with FilmBeside(tmp_path / "film.mp4", **size, metadata={"ozora": "x"}) as film:
                frames = decode_film(backend, latents, fit, tell, film.add)
                assert film.finish().read_bytes() == known
            assert np.array_equal(frames, whole) and len(frames) == fit.frames
            assert told == sorted(told) and len(told) >= 11
            assert np.array_equal(decode_film(backend, latents, fit, nothing), whole)


def test_a_take_too_long_for_memory_is_an_ordinary_take(tiny_weights, tmp_path, monkeypatch):
    ozora, request = Ozora(tiny_weights), Request("a fox", seconds=2, seed=1, steps=1)
    short = next(ozora.takes(request, outputs=[tmp_path / "short.mp4"]))
    monkeypatch.setattr(module, "LONGEST_IN_MEMORY", 20)
    long = next(ozora.takes(request, outputs=[tmp_path / "long.mp4"]))
    assert np.array_equal(long.clip.frames, short.clip.frames)
    assert (tmp_path / "long.mp4").read_bytes() == (tmp_path / "short.mp4").read_bytes()
    told = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("long", "short")]
    receipts = [one.pop("receipt") for one in told]
    assert told[0] == told[1] and all(receipt["seconds"]["decode"] > 0 for receipt in receipts)
    assert long.save(tmp_path / "again.mp4").read_bytes() == (tmp_path / "short.mp4").read_bytes()
