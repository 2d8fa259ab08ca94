"""A quality by name: how many steps, guided or not, and by whom."""

import json
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ozora import Ozora
from ozora.backends.backend import QUALITIES, Card, Sampling
from ozora.backends.grid import Grid
from ozora.backends.weights import assemble, check
from ozora.director.explore import explore
from ozora.director.finish import finish
from ozora.director.library import Library
from ozora.director.qualities import sampling_for
from ozora.director.quotes import Rates, Timings, quote
from ozora.director.request import Request
from ozora.errors import OzoraError
from ozora.media.video import read_metadata


@pytest.fixture
def ozora(tiny_student):
    return Ozora(tiny_student)


def settings(take):
    return {name: take.clip.metadata["settings"][name] for name in ("steps", "guidance")}


def test_a_student_films_by_default_in_its_few_steps(ozora):
    steps = {name: settings(ozora.generate("a fox", seed=1, quality=name)) for name in QUALITIES}
    assert steps == {
        "draft": {"steps": 2, "guidance": 1.0},
        "standard": {"steps": 4, "guidance": 1.0},
        "high": {"steps": 8, "guidance": 1.0},
        "best": {"steps": 3, "guidance": 2.0},
    }
    plain = ozora.generate("a fox", seed=1)
    assert plain.latents.equal(ozora.generate("a fox", seed=1, quality="standard").latents)
    assert plain.latents.equal(ozora.generate("a fox", seed=1, steps=4, guidance=1).latents)


def test_it_is_the_student_that_films_unguided_and_the_transformer_that_films_guided(
    ozora, tiny_weights, tiny_student, tmp_path
):
    alone = shutil.copytree(tiny_student, tmp_path / "alone")
    manifest = (alone / "weights.json").read_text()
    (alone / "weights.json").write_text(manifest.replace('"student": "student.safetensors"', '"other": ""'))
    taught = Ozora(alone)
    few = {"seed": 1, "steps": 4, "guidance": 1.0}
    assert not ozora.generate("a fox", **few).latents.equal(taught.generate("a fox", **few).latents)
    best = ozora.generate("a fox", seed=1, quality="best").latents
    assert best.equal(taught.generate("a fox", seed=1, steps=3, guidance=2.0).latents)
    assert best.equal(taught.generate("a fox", seed=1).latents)


def test_what_a_student_cannot_do_the_transformer_does(ozora, tmp_path):
    assert settings(ozora.generate("a fox", seed=1, negative="snow")) == {"steps": 3, "guidance": 2.0}
    assert settings(ozora.generate("a fox", seed=1, guidance=4)) == {"steps": 3, "guidance": 4.0}
    assert settings(ozora.generate("a fox", seed=1, steps=9)) == {"steps": 9, "guidance": 2.0}
    ozora.generate("a fox", seed=1).save(tmp_path / "fox.mp4")
    assert settings(ozora.edit(tmp_path / "fox.mp4", "a ball", seed=1)) == {"steps": 3, "guidance": 2.0}


def test_a_film_of_any_quality_is_made_again_to_the_byte(ozora, tmp_path):
    for name in ("draft", "best"):
        ozora.generate("a fox", seed=3, quality=name).save(tmp_path / "one.mp4")
        ozora.again(tmp_path / "one.mp4").save(tmp_path / "two.mp4")
        assert (tmp_path / "one.mp4").read_bytes() == (tmp_path / "two.mp4").read_bytes()
    better = ozora.again(tmp_path / "one.mp4", quality="high")
    assert settings(better) == {"steps": 8, "guidance": 1.0}


@pytest.mark.parametrize(("asked", "filmed"), [(None, "high"), ("best", "best"), ("standard", "standard")])
def test_drafts_are_the_beginning_of_a_film_of_their_quality(ozora, tmp_path, asked, filmed):
    library = Library(tmp_path)
    best = explore(ozora.backend, Request("a fox", seed=1, quality=asked), library, drafts=2)
    film, take = finish(ozora.backend, library, best[0].name)
    sampling = ozora.card.quality(filmed)
    assert settings(take) == {"steps": sampling.steps, "guidance": sampling.guidance}
    assert take.latents.equal(ozora.generate("a fox", seed=best[0].seed, quality=filmed).latents)
    assert read_metadata(film)["settings"]["guidance"] == sampling.guidance


def test_a_quote_counts_the_passes_of_the_quality(ozora, tmp_path):
    def asked(name):
        request = Request("a fox", seed=1, quality=name)
        return quote(ozora.backend, request, timings, Rates()).cpu_seconds

    timings = Timings(tmp_path / "timings.json")
    asked("draft")
    draft, standard, high, best = map(asked, QUALITIES)
    assert draft < standard < high and best > standard  # 2, 4, 8 and 3 x 2 passes


def test_weights_without_a_student_have_qualities_too(tiny_weights, tiny_student):
    plain, taught = check(tiny_weights).card, check(tiny_student).card
    assert [plain.quality(name).steps for name in QUALITIES] == [1, 3, 6, 6]
    assert {plain.quality(name).guidance for name in QUALITIES} == {2.0}
    assert plain.quality(None) == plain.sampling == taught.quality("best")


@pytest.fixture
def choosing(tiny_student, tmp_path):
    """Weights whose best is the student's choice of three beginnings."""
    folder = shutil.copytree(tiny_student, tmp_path / "choosing")
    manifest = json.loads((folder / "weights.json").read_text())
    (folder / "weights.json").write_text(json.dumps({**manifest, "best_of": 3}))
    return Ozora(folder)


def test_the_best_may_be_the_students_choice_of_several_beginnings(choosing, ozora):
    best = choosing.generate("a fox", seed=1, quality="best")
    assert settings(best) == {"steps": 8, "guidance": 1.0}
    assert best.clip.metadata["settings"]["drafts"] == 3
    assert best.latents.equal(ozora.generate("a fox", seed=1, quality="high", drafts=3).latents)
    alone = choosing.generate("a fox", seed=1, quality="best", drafts=1)
    assert alone.latents.equal(ozora.generate("a fox", seed=1, quality="high").latents)


@pytest.mark.parametrize("asked", [{"negative": "snow"}, {"guidance": 3.0}, {"steps": 9}])
def test_what_needs_the_transformer_chooses_from_no_beginnings_unasked(choosing, asked):
    found = sampling_for(Request("a fox", quality="best", **asked), choosing.backend.card)
    assert found.guidance > 1 and found.drafts == 1


@pytest.mark.parametrize("best_of", [-1, 65, 1.5, "x"])
def test_a_choice_that_makes_no_sense_is_refused(choosing, best_of):
    path = choosing.backend.weights.folder / "weights.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "best_of": best_of}))
    with pytest.raises(OzoraError, match=r"best_of|weights\.json"):
        check(path.parent)


def test_nobody_chooses_without_a_student(tiny_weights, tmp_path):
    exports = {part: tiny_weights / f"{part}.safetensors" for part in ("autoencoder", "transformer", "text")}
    with pytest.raises(OzoraError, match=r"^best_of: got '2 without a student'"):
        assemble(tmp_path / "out", **exports, grid=Grid(((3, 2),), 12, 4), best_of=2)
    assert not (tmp_path / "out").exists()


def test_an_unknown_quality_is_refused_by_name():
    with pytest.raises(OzoraError, match=r"^quality: got 'ultra', allowed: draft, standard, high, best"):
        Request("a fox", quality="ultra")


@given(
    steps=st.none() | st.integers(1, 100),
    guidance=st.none() | st.floats(1, 20),
    quality=st.none() | st.sampled_from(QUALITIES),
    negative=st.sampled_from(["", "snow"]),
)
def test_what_is_asked_for_in_numbers_is_what_is_done(steps, guidance, quality, negative):
    guided = Sampling(12, 3.0)
    few = {"draft": Sampling(2, 1.0), "standard": Sampling(4, 1.0), "high": Sampling(8, 1.0)}
    card = Card("x", "0", Grid(((7, 4),), 12, 13), guided, qualities={**few, "best": guided})
    asked = Request("a fox", steps=steps, guidance=guidance, quality=quality, negative=negative)
    found = sampling_for(asked, card)
    assert steps is None or found.steps == steps
    assert guidance is None or found.guidance == guidance
    if negative and guidance is None:
        assert found.guidance == 3.0
    if found.guidance == 1.0 and guidance is None:
        assert found.steps <= 8
