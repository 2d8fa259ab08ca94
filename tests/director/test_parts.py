import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.director.curves import drawn, influence, settled, strengths
from ozora.director.parts import CURVES, Blend, Fresh, Play, Still
from ozora.director.request import Request
from ozora.errors import OzoraError
from ozora.media.clip import Clip

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)
paths = st.sampled_from(["a.mp4", "films/雪 b.mp4", "/c.mp4"])
seconds = st.floats(0.1, 600, allow_nan=False)
shares = st.floats(0, 1, allow_nan=False)
times = st.lists(st.floats(0, 60, allow_nan=False), min_size=1, max_size=4, unique=True).map(sorted)
spans = times.map(lambda found: tuple(zip(found[::2], found[1::2], strict=False)))
points = times.flatmap(lambda found: st.tuples(*[st.tuples(st.just(time), shares) for time in found]))
maybe_words = st.none() | words
parts = st.one_of(
    st.builds(Fresh, st.none() | seconds, maybe_words, st.booleans()),
    st.builds(Play, paths, shares, spans, shares, st.none() | st.floats(2, 9), maybe_words, st.booleans()),
    st.builds(Blend, paths, paths, st.sampled_from(CURVES) | points, maybe_words, st.booleans()),
)
stills = st.builds(Still, st.just("p.png"), st.none() | seconds)
requests = st.builds(
    Request,
    words.filter(str.strip),
    negative=st.just("") | words,
    seed=st.none() | st.integers(0, 2**63 - 1),
    steps=st.none() | st.integers(1, 100),
    guidance=st.none() | st.floats(1, 20),
    count=st.integers(1, 64),
    verb=st.sampled_from(["generate", "extend"]),
    parts=st.lists(parts, max_size=3).map(tuple),
    stills=st.lists(stills, max_size=2).map(tuple),
    ring=st.booleans(),
)


@settings(max_examples=150, deadline=None)
@given(requests)
def test_a_request_survives_plain_text(request):
    stored = json.dumps(request.to_json())
    back = Request.from_json(json.loads(stored))
    assert back == request and json.dumps(back.to_json()) == stored


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"prompt": "a fox", "sted": 3}, "sted"),
        ({"prompt": 5}, "request"),
        ({}, "request"),
        ({"prompt": "a fox", "parts": [{"kind": "dream"}]}, "dream"),
        ({"prompt": "a fox", "parts": [{"kind": "fresh", "second": 3}]}, "second"),
        ({"prompt": "a fox", "parts": [{"kind": "play"}]}, "play"),
        ({"prompt": "a fox", "parts": [{"kind": "play", "source": "a", "strength": 2}]}, "strength"),
        ({"prompt": "a fox", "parts": [{"kind": "fresh"}], "seconds": 3}, "seconds"),
        ({"prompt": "a fox", "parts": [{"kind": "blend", "first": "a", "second": "b", "curve": "x"}]}, "x"),
    ],
)
def test_what_is_no_request_gives_one_sentence(values, word):
    with pytest.raises(OzoraError, match=word) as caught:
        Request.from_json(values)
    assert "\n" not in str(caught.value) and str(caught.value).endswith(".")


def test_films_in_memory_cannot_be_stored():
    clip = Clip(np.zeros((5, 32, 32, 3), np.uint8))
    for request in (Request("a", image=clip), Request("a", parts=(Play(clip),)), Request("a", head=clip)):
        with pytest.raises(OzoraError, match=r"in memory.*save it first"):
            request.to_json()


@pytest.mark.parametrize(
    ("build", "field"),
    [
        (lambda: Fresh(0), "seconds"),
        (lambda: Fresh(601), "seconds"),
        (lambda: Fresh(1, words="a\0"), "words"),
        (lambda: Play("a", float("nan")), "strength"),
        (lambda: Play("a", keep=((1, 0.5),)), "keep"),
        (lambda: Play("a", keep=((0, 1), (0.5, 2))), "keep"),
        (lambda: Play("a", start=-1), "start"),
        (lambda: Play("a", start=2, stop=1), "stop"),
        (lambda: Blend("a", "b", ((0, 2),)), "curve"),
        (lambda: Blend("a", "b", ((1, 0), (0, 1))), "curve"),
        (lambda: Blend("a", "b", ()), "curve"),
        (lambda: Still("a", -1), "keyframes"),
    ],
)
def test_parts_refuse_what_makes_no_sense(build, field):
    with pytest.raises(OzoraError, match=rf"^{field}: got "):
        build()


@given(points, st.floats(0, 60))
def test_a_curve_stays_between_its_points(curve, second):
    values = [value for _, value in curve]
    assert min(values) <= influence(curve, second) <= max(values) or np.isclose(
        influence(curve, second), [min(values), max(values)]
    ).any()
    assert all(influence(curve, time) == pytest.approx(value) for time, value in curve)


def test_a_morph_keeps_both_ends_and_noises_the_middle_most():
    curve, peak = drawn("morph", 4.0)
    found = [settled(influence(curve, step / 3)) for step in range(13)]
    assert found[0] == 0 and found[-1] == 1 and found == sorted(found)
    noised = strengths(found, peak)
    assert noised[0] == noised[-1] == 0 and noised[6] == max(noised) == pytest.approx(peak)
