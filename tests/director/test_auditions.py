"""Films chosen from several beginnings, with networks that nobody taught anything."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ozora import Ozora, OzoraError, Request
from ozora.backends.backend import Look
from ozora.backends.embedded import EmbeddedBackend
from ozora.director.auditions import seed_of
from ozora.director.parts import Fresh
from ozora.director.quotes import Rates, Timings, quote
from ozora.director.reproduce import request_from
from ozora.director.request import HIGHEST_SEED
from ozora.media.video import read_metadata

REQUEST = Request("a red fox", seed=5, threads=1, drafts=3)


class Choosy(EmbeddedBackend):
    """Eyes that like one draft best."""

    favourite = 2

    def look(self, latents):
        self.looked = [*getattr(self, "looked", []), latents]
        here = (len(self.looked) - 1) % 3 == self.favourite
        shares = {"fox": 0.9 if here else 0.2, "ball": 0.1}
        return Look(np.zeros((1, 32, 48, 3), np.uint8), {"subject": shares})

    def reading(self, words):
        return {"subject": ("fox", 1.0)}


@pytest.fixture
def backend(tiny_weights):
    return Choosy(tiny_weights)


def film(backend, request):
    return next(Ozora(backend=backend).takes(request))


@pytest.mark.parametrize("favourite", [0, 2])
def test_the_film_is_that_of_the_best_beginning(backend, tiny_weights, favourite):
    backend.favourite = favourite
    take = film(backend, REQUEST)
    alone = Ozora(tiny_weights).generate("a red fox", seed=seed_of(5, favourite), threads=1)
    assert torch.equal(take.latents, alone.latents) and len(backend.looked) == 3
    assert len({latents.sum().item() for latents in backend.looked}) == 3
    assert take.clip.metadata["settings"]["drafts"] == 3 and take.clip.metadata["seed"] == 5


def test_one_draft_is_the_film_without_any(backend):
    take, alone = film(backend, replace(REQUEST, drafts=1)), film(backend, replace(REQUEST, drafts=None))
    assert torch.equal(take.latents, alone.latents) and not hasattr(backend, "looked")
    assert take.clip.metadata == alone.clip.metadata and "drafts" not in take.clip.metadata["settings"]


def test_every_beginning_after_a_cut_is_chosen_and_what_goes_on_is_not(backend):
    parts = (Fresh(1.0, "a red fox"), Fresh(1.0, "a ball", cut=True))
    film(backend, replace(REQUEST, parts=parts))
    assert len(backend.looked) == 6
    backend.looked = []
    film(backend, replace(REQUEST, seconds=3.0))  # three windows, of which two go on from the first
    assert len(backend.looked) == 3


def test_the_file_tells_how_it_is_made_again(backend, tmp_path):
    path = tmp_path / "fox.mp4"
    list(Ozora(backend=backend).takes(REQUEST, outputs=[path]))
    again = request_from(path, backend.card)
    assert again.drafts == 3 and read_metadata(path)["settings"]["drafts"] == 3
    backend.looked, other = [], tmp_path / "again.mp4"
    list(Ozora(backend=backend).takes(again, outputs=[other]))
    assert other.read_bytes() == path.read_bytes()


def test_a_kill_between_drafts_and_film_changes_nothing(backend, tmp_path):
    """Told of the first step after the drafts were seen, and stopped there."""
    path, whole = tmp_path / "fox.mp4", tmp_path / "whole.mp4"
    list(Ozora(backend=backend).takes(REQUEST, outputs=[whole]))
    backend.looked = []

    def stop(phase):
        if phase.name == "denoise" and phase.done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(Ozora(backend=backend).takes(REQUEST, outputs=[path], on_phase=stop))
    list(Ozora(backend=backend).takes(REQUEST, outputs=[path]))
    assert path.read_bytes() == whole.read_bytes() and len(backend.looked) == 3


@pytest.mark.parametrize("cut", [False, True])
def test_a_kill_among_the_drafts_chooses_again(tiny_weights, tmp_path, cut):
    parts = (Fresh(1.0, "a fox"), Fresh(1.0, "a ball", cut=True)) if cut else ()
    request = replace(REQUEST, parts=parts)
    path, whole = tmp_path / "fox.mp4", tmp_path / "whole.mp4"
    list(Ozora(backend=Choosy(tiny_weights)).takes(request, outputs=[whole]))

    class Killed(Choosy):
        def look(self, latents):
            if len(getattr(self, "looked", [])) == (4 if cut else 1):
                raise KeyboardInterrupt
            return super().look(latents)

    with pytest.raises(KeyboardInterrupt):
        list(Ozora(backend=Killed(tiny_weights)).takes(request, outputs=[path]))
    again = Choosy(tiny_weights)
    list(Ozora(backend=again).takes(request, outputs=[path]))
    assert path.read_bytes() == whole.read_bytes() and len(again.looked) == 3


def test_drafts_are_in_the_quote(tiny_weights, tmp_path):
    backend, timings = EmbeddedBackend(tiny_weights), Timings(tmp_path / "timings.json")
    one = quote(backend, replace(REQUEST, drafts=1), timings, Rates())
    some, more = (
        quote(backend, replace(REQUEST, drafts=count), timings, Rates()).seconds for count in (4, 8)
    )
    assert one.seconds < some < more
    assert more - one.seconds == pytest.approx(2 * (some - one.seconds))
    shots = (Fresh(1.0, "a red fox"), Fresh(1.0, "a ball", cut=True))
    two = [
        quote(backend, replace(REQUEST, parts=shots, drafts=count), timings, Rates()).seconds
        for count in (1, 4)
    ]
    assert two[1] - two[0] > 1.5 * (some - one.seconds)


def test_seeds_of_drafts_are_no_neighbours():
    seeds = [seed_of(take, number) for take in range(20) for number in range(8)]
    assert len(set(seeds)) == 160 and all(0 <= seed <= HIGHEST_SEED for seed in seeds)
    assert [seed_of(7, 0), seed_of(8, 0)] == [7, 8]


@pytest.mark.parametrize("drafts", [0, -1, 65])
def test_drafts_out_of_range_are_one_sentence(drafts):
    with pytest.raises(OzoraError, match=rf"^drafts: got '{drafts}', allowed: 1 \(just the film\) to 64\.$"):
        Request("a fox", drafts=drafts)
