import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.director.joins import ANCHORED, FADING, LOOK_BACK, SHARED, TREND, anchored, mended

filmings = st.lists(st.booleans(), min_size=1, max_size=9)


def drawn(length, seed):
    return torch.randn(1, length, 3, 2, 4, generator=torch.Generator().manual_seed(seed))


def level(latents):
    return latents.mean((3, 4))


def spread(latents):
    return latents.std((3, 4), unbiased=False)


@settings(max_examples=100, deadline=None)
@given(filmings, st.integers(0, 99), st.booleans(), st.booleans())
def test_given_latents_stay_and_filmed_ones_keep_their_picture(filmed, seed, opens, contrasts):
    latents = drawn(len(filmed), seed)
    result = mended(latents, filmed, opens=opens, contrasts=contrasts)
    pictures = [(one - one.mean((3, 4), keepdim=True)).flatten(3) for one in (latents, result)]
    alike = torch.nn.functional.cosine_similarity(*pictures, -1)  # (1, L, C)
    for number, new in enumerate(filmed):
        if not new or (opens and number == 0):
            assert result[:, number].equal(latents[:, number])
        joined = any(filmed[near] != new for near in (number - 1, number + 1) if 0 <= near < len(filmed))
        if not joined:
            assert (alike[:, number] > 0.999).all()  # brighter, or of more contrast, and nothing else
            if not contrasts:
                assert torch.allclose(spread(result)[:, number], spread(latents)[:, number], atol=1e-5)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 6), st.integers(1, 7), st.integers(2, 6), st.integers(0, 99))
def test_levels_and_contrasts_meet_at_both_ends_of_a_gap(before, gap, after, seed):
    latents = drawn(before + gap + after, seed)
    filmed = [False] * before + [True] * gap + [False] * after
    result = mended(latents, filmed, opens=False)
    first, last = before, before + gap - 1
    aims = []
    for given_one, way in ((first - 1, -1), (last + 1, 1)):
        steps = min(LOOK_BACK, before - 1 if way < 0 else after - 1)
        went = level(latents)[:, given_one] - level(latents)[:, given_one + way * steps]
        aims.append(level(latents)[:, given_one] + TREND * went / steps)
    # What the latent at a join takes from across it is taken out again.
    alone = result.clone()
    for place, across in ((last, last + 1), (first, first - 1)):
        alone[:, place] = (alone[:, place] - SHARED * latents[:, across]) / (1 - SHARED)
    if gap == 1:
        assert torch.allclose(level(alone)[:, first], (aims[0] + aims[1]) / 2, atol=1e-4)
        return
    for place, across, aim in ((first, first - 1, aims[0]), (last, last + 1, aims[1])):
        assert torch.allclose(level(alone)[:, place], aim, atol=1e-4)
        assert torch.allclose(spread(alone)[:, place], spread(latents)[:, across], rtol=1e-3)


def test_the_latent_at_a_join_takes_a_share_from_across():
    latents = torch.randn(1, 4, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    latents -= latents.mean((3, 4), keepdim=True)
    latents /= latents.std((3, 4), unbiased=False, keepdim=True)
    result = mended(latents, [False, False, True, True])
    assert torch.allclose(result[:, 2], (1 - SHARED) * latents[:, 2] + SHARED * latents[:, 1], atol=1e-5)
    assert torch.allclose(result[:, 3], latents[:, 3], atol=1e-5)


def test_a_jump_is_taken_out_and_fades():
    latents = torch.zeros(1, 6, 2, 2, 2)
    latents[:, 3:] = 1.0
    result = mended(latents, [False] * 3 + [True] * 3)[0, :, 0, 0, 0]
    assert torch.allclose(result, torch.tensor([0, 0, 0, 0, 1 - FADING, 1 - FADING**2]))
    back = mended(latents, [True] * 3 + [False] * 3, opens=False)[0, :, 0, 0, 0]
    assert torch.allclose(back, torch.tensor([FADING**2, FADING, 1, 1, 1, 1]))


def test_what_brightens_goes_on_brightening_at_first():
    latents = torch.zeros(1, 8, 2, 2, 2)
    latents[:, :5] = torch.arange(5.0)[None, :, None, None, None]
    filmed = [False] * 5 + [True] * 3
    met = mended(latents, filmed)[0, 5, 0, 0, 0]
    assert met == (1 - SHARED) * (4 + TREND) + SHARED * 4
    assert mended(latents, filmed, contrasts=False)[0, 5, 0, 0, 0] == 4


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
