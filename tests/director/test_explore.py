"""Drafts, their judgement and their finals, with networks that nobody taught anything."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ozora import Ozora, OzoraError, Request
from ozora.backends.backend import Look
from ozora.backends.embedded import EmbeddedBackend
from ozora.director.explore import explore
from ozora.director.finish import finish, heading_of
from ozora.director.library import Library
from ozora.director.ranking import Verdict, broken, folded, judge, mistaken, ranked
from ozora.director.states import read_waiting
from ozora.media.images import read_image
from ozora.media.video import read_clip, read_metadata

REQUEST = Request("a red fox", seed=5, threads=1)


@pytest.fixture(scope="module")
def backend(tiny_weights):
    return EmbeddedBackend(tiny_weights)


@pytest.fixture(scope="module")
def explored(backend, tmp_path_factory):
    library = Library(tmp_path_factory.mktemp("explored") / "takes")
    seen = []
    return library, explore(backend, REQUEST, library, drafts=3, on_draft=seen.append), seen


def test_drafts_lie_in_the_library_with_a_sheet(explored):
    library, best, seen = explored
    assert [draft.name for draft in seen] == ["red-fox-1", "red-fox-2", "red-fox-3"]
    assert [draft.seed for draft in seen] == [5, 6, 7]
    entries = library.entries()
    assert [entry.kind for entry in entries] == ["draft"] * 3 and all(entry.spent > 0 for entry in entries)
    assert {entry.name: entry.score for entry in entries} == pytest.approx(
        {draft.name: draft.verdict.score for draft in best}, abs=1e-3
    )
    sheet = read_image(library.folder / "red-fox-sheet.png").frames[0]
    assert sheet.shape[1] > 3 * 224 and sheet.std() > 5
    assert all(draft.preview.shape == (4, 8, 12, 3) for draft in best)
    assert sum(path.suffix == ".part" for path in library.folder.iterdir()) == 0


@pytest.mark.parametrize("number", [1, 3])
def test_a_finished_draft_is_the_film_without_drafts_to_the_bit(explored, backend, tmp_path, number):
    library, *_ = explored
    film, take = finish(backend, library, f"red-fox-{number}")
    whole = Ozora(backend=backend).generate("a red fox", seed=4 + number, threads=1)
    assert torch.equal(take.latents, whole.latents)
    assert film.read_bytes() == whole.save(tmp_path / "whole.mp4").read_bytes()
    assert "2 of 3 steps" in take.receipt.notes[-1] and not take.receipt.whole
    entry = library.get(film.name)
    assert (entry.kind, entry.parents) == ("final", (f"red-fox-{number}",))
    assert [child.name for child in library.children(f"red-fox-{number}")] == [entry.name]
    library.remove(entry.name)
    assert not film.exists() and library.get(f"red-fox-{number}").draft.is_file()


@pytest.mark.parametrize(("quality", "steps"), [(None, 8), ("standard", 4), ("draft", 2), ("best", 3)])
def test_drafts_of_a_student_become_its_films_to_the_bit(tiny_student, tmp_path, quality, steps):
    backend, library = EmbeddedBackend(tiny_student), Library(tmp_path / "takes")
    draft = explore(backend, replace(REQUEST, quality=quality), library, drafts=1)[0]
    film, take = finish(backend, library, draft.name)
    whole = Ozora(backend=backend).generate("a red fox", seed=5, threads=1, quality=quality or "high")
    assert film.read_bytes() == whole.save(tmp_path / "whole.mp4").read_bytes()
    assert read_metadata(film)["settings"]["steps"] == steps
    assert torch.equal(heading_of(backend, read_waiting(library.get(draft.name).draft)), draft.heading)
    if quality == "draft":  # of two steps the second is the look
        assert torch.equal(draft.heading, take.latents)


def test_resume_may_change_the_scale_and_nothing_else(explored, backend, tmp_path):
    library, *_ = explored
    small, take = finish(backend, library, "red-fox-2", size="48x32", output=tmp_path / "small.mp4")
    assert read_clip(small).frames.shape == (13, 32, 48, 3)
    assert torch.equal(take.latents, Ozora(backend=backend).generate("a red fox", seed=6, threads=1).latents)
    for settings, field in (
        ({"size": "64x64"}, "size"), ({"steps": 5}, "steps"), ({"way": "magic"}, "way"),
        ({"way": "lift", "strength": 0}, "strength"), ({"way": "lift", "steps": 1000}, "steps"),
    ):  # fmt: skip
        with pytest.raises(OzoraError, match=rf"^{field}: "):
            finish(backend, library, "red-fox-2", output=tmp_path / "x.mp4", **settings)
    assert not list(tmp_path.glob("*x.mp4*"))


def test_lift_keeps_the_composition_and_says_where_it_comes_from(explored, backend, tmp_path):
    library, *_ = explored
    draft = read_waiting(library.get("red-fox-1").draft)
    heading = heading_of(backend, draft)
    kept = next(each.heading for each in explored[1] if each.name == "red-fox-1")
    assert torch.equal(heading, kept)  # the look ahead can be taken again from the draft's file

    def distance(strength, **settings):
        film, take = finish(
            backend, library, "red-fox-1", way="lift", strength=strength,
            output=tmp_path / f"{strength}.mp4", **settings,
        )  # fmt: skip
        told = read_metadata(film)
        assert len(told["given"]["draft"]) == 64 and told["settings"]["strength"] == strength
        return float((take.latents - heading).square().mean()) if not settings else take

    # Networks that learnt nothing make anything of noise: only near the draft is there a law to be seen.
    assert distance(0.02) < distance(0.1) < distance(0.3)
    square = distance(0.7, size="64x64", steps=2)
    assert square.clip.frames.shape == (13, 64, 64, 3) and square.latents.shape[-2:] == (2, 2)


def test_new_takes_are_named_so_and_other_takes_are_no_drafts(explored, backend, tmp_path):
    library, *_ = explored
    _, take = finish(backend, library, "red-fox-1", way="new take", steps=2, output=tmp_path / "new.mp4")
    whole = Ozora(backend=backend).generate("a red fox", seed=5, steps=2, threads=1)
    assert torch.equal(take.latents, whole.latents)
    assert Library(tmp_path).get("new").about["take"]["way"] == "new take"
    with pytest.raises(OzoraError, match="a draft, as `ozora explore` makes them"):
        finish(backend, Library(tmp_path), "new")
    with pytest.raises(OzoraError, match=r"^take: "):
        finish(backend, library, "nobody")


def test_exploring_beside_takes_that_are_there_finds_new_names(explored, backend):
    library, *_ = explored
    before = {path.name for path in library.folder.iterdir()}
    best = explore(backend, replace(REQUEST, seed=9), library, drafts=1)
    assert best[0].name not in {draft.name for draft in explored[1]}
    assert before < {path.name for path in library.folder.iterdir()}
    with pytest.raises(OzoraError, match=r"^drafts: "):
        explore(backend, REQUEST, library, drafts=0)


def test_what_the_eyes_see_ranks_and_changes_no_film(backend, tiny_weights, tmp_path, monkeypatch):
    looked = []

    def look(self, latents):
        looked.append(latents)
        fox = 0.2 + 0.3 * len(looked)
        return Look(np.zeros((1, 32, 48, 3), np.uint8), {"subject": {"fox": fox, "ball": 0.1}})

    monkeypatch.setattr(EmbeddedBackend, "look", look)
    monkeypatch.setattr(EmbeddedBackend, "reading", lambda self, words: {"subject": ("fox", 1.0)})
    library = Library(tmp_path / "takes")
    best = explore(EmbeddedBackend(tiny_weights), REQUEST, library, drafts=3)
    assert [draft.seed for draft in best] == [7, 6, 5] and best[0].verdict.score == pytest.approx(1.1)
    assert all(torch.equal(latents, draft.heading) for latents, draft in zip(looked, best[::-1], strict=True))
    _, take = finish(backend, library, best[0].name)
    assert torch.equal(take.latents, Ozora(backend=backend).generate("a red fox", seed=7, threads=1).latents)


def test_eyes_that_do_not_judge_look_at_moments_as_pictures(backend):
    latents = torch.randn(1, 4, 4, 2, 3, generator=torch.Generator().manual_seed(0))
    look = backend.look(latents)
    assert look.frames.shape == (4, 64, 96, 3)  # at the larger scale: smaller than what the eyes learnt from
    alone = [backend.look(latents[:, [at]]) for at in range(4)]
    assert all(np.array_equal(one.frames[0], frame) for one, frame in zip(alone, look.frames, strict=True))
    assert {"subject", "place", "time"} <= look.shows.keys()
    for axis, shares in look.shows.items():
        means = {value: np.mean([one.shows[axis][value] for one in alone]) for value in shares}
        assert dict(shares) == pytest.approx(means, abs=1e-4)


def frames(*, contrast=60.0, motion=4.0, swing=0.0, length=8):
    x = np.linspace(0, 3, 12)
    film = [
        128 + contrast * np.sin(x + motion * number / 30)[None, :, None] + swing * (-1) ** number
        for number in range(length)
    ]
    return np.broadcast_to(np.stack(film), (length, 8, 12, 3)).clip(0, 255).astype(np.uint8)


def test_broken_films_say_why():
    assert broken(frames(), {}) == ""
    assert broken(frames(contrast=1), {}).startswith("flat: ")
    assert broken(frames(motion=0), {"action": "run"}).startswith("frozen: ")
    assert broken(frames(motion=0), {"action": "stand", "camera": "static"}) == ""
    assert broken(frames(swing=40), {}).startswith("flickering: ")
    assert broken(frames(motion=0, length=1), {"action": "run"}) == ""


def test_somebody_else_is_dropped_only_when_sure():
    asked = {"subject": "fox"}
    sure = {"subject": {"fox": 0.02, "ball": 0.98}}
    assert mistaken(asked, sure).startswith("wrong subject: it looks like a ball")
    assert mistaken(asked, {"subject": {"fox": 0.3, "ball": 0.7}}) == ""
    assert mistaken(asked, {}) == mistaken({"subject": "whale"}, {"subject": {"fox": 0.0, "ball": 1.0}}) == ""


def test_ranks_by_what_the_words_ask_with_the_dropped_last():
    asked = {"subject": ("fox", 0.99), "place": ("sea", 0.3)}

    def verdict(fox, film=None):
        shown = {"subject": {"fox": fox, "ball": 1 - fox}, "place": {"sea": 0.0, "meadow": 1.0}}
        return judge(asked, shown, frames() if film is None else film)

    verdicts = [verdict(0.5), verdict(0.9, frames(contrast=1)), verdict(0.8), verdict(0.01)]
    assert ranked(verdicts) == [2, 0, 1, 3]
    # What the words do not surely ask does not count; without eyes nothing ranks.
    assert verdict(0.8).score == pytest.approx(0.8)
    assert judge(asked, {}, frames()) == Verdict(0.0)


def test_near_duplicates_fold_into_the_better_one():
    films = [frames(), frames(contrast=20), frames(contrast=61), frames(contrast=21)]
    assert folded(films, [2, 1, 0, 3]) == {0: 2, 3: 1}
    assert folded(films, [0, 1, 2, 3], alike=0.0) == {}
