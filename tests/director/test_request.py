import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora.backends.grid import Grid
from ozora.director.fit import fit
from ozora.director.request import LONGEST_PROMPT, Request
from ozora.errors import OzoraError

WIDE = Grid(cells=((7, 4), (4, 7), (5, 5)))


@pytest.mark.parametrize(
    ("field", "settings"),
    [
        ("prompt", {"prompt": ""}),
        ("prompt", {"prompt": " \n\t"}),
        ("prompt", {"prompt": "x" * 40_000}),
        ("prompt", {"prompt": "fox\0"}),
        ("prompt", {"prompt": "fox \ud800"}),
        ("negative", {"negative": "x" * 32_001}),
        ("size", {"size": "13x7"}),
        ("size", {"size": "4000x4000"}),
        ("size", {"size": "wide"}),
        ("size", {"size": "-224x128"}),
        ("seconds", {"seconds": 0}),
        ("seconds", {"seconds": -1}),
        ("seconds", {"seconds": float("nan")}),
        ("fps", {"fps": 0}),
        ("fps", {"fps": 1e9}),
        ("seed", {"seed": -1}),
        ("seed", {"seed": 2**63}),
        ("steps", {"steps": 0}),
        ("steps", {"steps": 101}),
        ("guidance", {"guidance": 0.5}),
        ("threads", {"threads": 0}),
        ("precision", {"precision": "float8"}),
        ("guidance", {"guidance": float("inf")}),
        ("count", {"count": 0}),
        ("count", {"count": 65}),
    ],
)
def test_what_cannot_be_asked_is_refused_in_one_sentence(field, settings):
    with pytest.raises(OzoraError) as caught:
        Request(**{"prompt": "a fox", **settings})
    sentence = str(caught.value)
    assert sentence.startswith(f"{field}: got ") and "allowed: " in sentence and sentence.endswith(".")
    assert len(sentence) < 200


def test_a_long_prompt_is_refused_with_both_lengths():
    with pytest.raises(OzoraError, match=r"got 40000 characters, allowed: at most 32000\."):
        Request("x" * 40_000)
    assert len(Request("x" * LONGEST_PROMPT).prompt) == LONGEST_PROMPT


def test_nothing_asked_gives_the_native_film_and_no_note():
    fitted = fit(Request("a fox"), WIDE)
    assert (fitted.size, fitted.frames, fitted.fps, fitted.notes) == ("224x128", 49, 12, ())


@pytest.mark.parametrize(
    ("asked", "made"),
    [
        ("224x128", "224x128"),
        ("112x64", "112x64"),
        ("512x288", "224x128"),
        ("1080x1920", "128x224"),
        ("512×512", "160x160"),
        ("100x60", "112x64"),
    ],
)
def test_sizes_go_to_the_nearest_shape_and_are_told(asked, made):
    fitted = fit(Request("a fox", size=asked), WIDE)
    assert fitted.size == made
    changed = asked.replace("×", "x") != made
    assert len(fitted.notes) == changed
    if changed:
        assert fitted.notes[0].startswith(f"{asked.replace('×', 'x')} → {made}: ")


def test_shapes_far_from_any_are_refused_with_what_is_possible():
    with pytest.raises(OzoraError, match="224x128, 128x224, 160x160"):
        fit(Request("a fox", size="1000x100"), WIDE)


@pytest.mark.parametrize(
    ("seconds", "frames", "told"), [(4, 49, 0), (2, 25, 0), (1, 13, 0), (0.9, 13, 1), (0.05, 1, 1)]
)
def test_seconds_go_to_whole_latents(seconds, frames, told):
    fitted = fit(Request("a fox", seconds=seconds), WIDE)
    assert fitted.frames == frames and len(fitted.notes) == told


def test_too_long_a_film_is_refused_with_the_limit():
    with pytest.raises(
        OzoraError, match=r"seconds: got '601', allowed: more than 0 and at most 600"
    ):
        fit(Request("a fox", seconds=601), WIDE)
    assert fit(Request("a fox", seconds=60), WIDE).frames == 721  # longer than the model films at once


def test_rate_is_told_and_a_still_is_one_frame():
    fitted = fit(Request("a fox", fps=24, still=True), WIDE)
    assert fitted.fps == 12 and fitted.frames == 1
    assert fitted.notes == ("24 fps → 12 fps: the model films at 12 frames per second",)


@given(st.integers(32, 2048), st.integers(32, 2048), st.floats(0.01, 4.0))
def test_every_fit_is_on_the_grid_and_no_shape_is_nearer(width, height, seconds):
    request = Request("a fox", size=f"{width}x{height}", seconds=seconds)

    def misfit(wide, high):
        return abs(math.log(wide * height / (high * width)))

    nearest = min(misfit(*cells) for cells in WIDE.cells)
    if nearest > math.log(2):
        with pytest.raises(OzoraError, match=r"^size: "):
            fit(request, WIDE)
        return
    fitted = fit(request, WIDE)
    assert fitted.cells in WIDE.cells and fitted.scale in WIDE.scales
    assert misfit(*fitted.cells) == pytest.approx(nearest)
    assert fitted.frames % 4 == 1 and abs(fitted.frames - 1 - seconds * 12) <= 2
