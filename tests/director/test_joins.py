import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.director.joins import ANCHORED, FADING, SHARED, anchored, mended


@settings(max_examples=100, deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=9), st.integers(0, 99), st.booleans())
def test_given_latents_stay_and_filmed_ones_move_as_a_whole_but_at_the_join(filmed, seed, opens):
    latents = torch.randn(1, len(filmed), 3, 2, 4, generator=torch.Generator().manual_seed(seed))
    result = mended(latents, filmed, opens=opens)
    for number, new in enumerate(filmed):
        moved = result[:, number] - latents[:, number]
        if not new or (opens and number == 0):
            assert not moved.any()
        joined = any(filmed[near] != new for near in (number - 1, number + 1) if 0 <= near < len(filmed))
        if not joined:
            assert torch.allclose(moved, moved.mean((2, 3), keepdim=True), atol=1e-5)  # no cell by itself


def test_the_latent_at_a_join_takes_a_share_from_across():
    latents = torch.randn(1, 4, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    latents -= latents.mean((3, 4), keepdim=True)
    result = mended(latents, [False, False, True, True])
    assert torch.allclose(result[:, 2], (1 - SHARED) * latents[:, 2] + SHARED * latents[:, 1], atol=1e-6)
    assert torch.allclose(result[:, 3], latents[:, 3], atol=1e-6)


def test_a_jump_is_taken_out_and_fades():
    latents = torch.zeros(1, 6, 2, 2, 2)
    latents[:, 3:] = 1.0
    result = mended(latents, [False] * 3 + [True] * 3)[0, :, 0, 0, 0]
    assert torch.allclose(result, torch.tensor([0, 0, 0, 0, 1 - FADING, 1 - FADING**2]))
    back = mended(latents, [True] * 3 + [False] * 3, opens=False)[0, :, 0, 0, 0]
    assert torch.allclose(back, torch.tensor([FADING**2, FADING, 1, 1, 1, 1]))


def test_films_from_words_alone_are_not_touched():
    latents = torch.randn(1, 5, 2, 2, 2)
    assert mended(latents, [True] * 5) is latents
    assert torch.equal(mended(latents, [False] + [True] * 4), latents)  # a first picture is no join


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 99), st.floats(-2, 2), st.floats(0.3, 3))
def test_colours_and_contrasts_of_a_window_are_led_back_to_the_beginning(seed, shift, gain):
    noise = torch.Generator().manual_seed(seed)
    beginning = torch.randn(1, 5, 3, 4, 4, generator=noise)
    drifted = gain * torch.randn(1, 6, 3, 4, 4, generator=noise) + shift
    filmed = [False, False, True, True, True, True]
    found = anchored(drifted, filmed, beginning)
    assert found[:, :2].equal(drifted[:, :2])

    def tones(latents):
        return latents.mean((1, 3, 4)), latents.var((1, 3, 4), unbiased=False).log()

    parts = (drifted[:, 2:], found[:, 2:], beginning)
    for before, after, wanted in zip(*map(tones, parts), strict=True):
        assert torch.allclose(after, before + ANCHORED * (wanted - before), atol=1e-4)


def test_a_window_that_has_not_drifted_stays():
    latents = torch.randn(1, 4, 2, 3, 3, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(anchored(latents, [True] * 4, latents), latents, atol=1e-5)
    assert anchored(latents, [False] * 4, latents) is latents
