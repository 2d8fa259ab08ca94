import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ozora import Ozora, Request
from ozora.backends.grid import Grid
from ozora.director import verbs
from ozora.director.filming import film_latents
from ozora.director.parts import Fresh
from ozora.director.plan import plan
from ozora.director.states import Progress
from ozora.director.timeline import fresh_line, lay, reopened
from ozora.director.turning import RISE, scene_of, scenes, turns_from, unseen

GRID = Grid(cells=((3, 2),), fps=12, latents=4)
DAWN, NIGHT = "a fox walks in the snow at dawn", "a fox walks in the snow at night"


@pytest.fixture(scope="module")
def ozora(tiny_weights):
    return Ozora(tiny_weights)


def laid(*parts):
    return lay(Request(DAWN, parts=parts), [], (3, 2), GRID)


def test_words_of_one_scene_are_no_change_of_words():
    assert scene_of("A fox walks in the snow at dawn.") == scene_of(DAWN) != scene_of(NIGHT)
    assert scene_of("in the snow, at dawn, a fox is walking") == scene_of(DAWN)


@given(st.lists(st.tuples(st.integers(1, 9), st.sampled_from([DAWN, NIGHT]), st.booleans()), min_size=1))
def test_how_far_a_latent_has_turned_is_its_distance_from_other_words(cards):
    line = laid(*(Fresh(length / 3, words, cut) for length, words, cut in cards))
    known = scenes(line)
    for index, share in enumerate(known.turned):
        since = max(opening for opening in line.openings if opening <= index)
        others = [near for near in range(since, index) if line.words[near] != line.words[index]]
        assert share == (min(1.0, (index - others[-1]) / (RISE + 1)) if others else 1.0)
    for window in line.windows:
        hidden, words = unseen(line, window), line.words[window.new[0]]
        inside = range(window.start, window.stop)
        history = [at for at in inside if at < window.new[0]]
        assert all(known.turned[at] == 1 or hidden[at - window.start] for at in history)
        seen = {line.words[at] for at in inside}
        if len(seen) == 2:
            assert turns_from(line, window) == (seen - {words}).pop()


def test_a_long_film_of_one_text_never_turns():
    line = fresh_line(1801, DAWN, GRID)
    assert not any(turns_from(line, window) for window in line.windows)


def test_what_is_given_fades_from_sight_where_the_words_change(ozora):
    films = [ozora.generate("a fox", seed=seed) for seed in (1, 2)]

    def pictures(words):
        takes = [ozora.extend(film, words, seconds=4 / 3, seed=3, steps=1) for film in films]
        for film, take in zip(films, takes, strict=True):
            assert torch.equal(take.latents[:, :4], film.latents)
        # Joins move levels and contrasts, so what is left of a picture is its shape.
        return [(t.latents - t.latents.mean((3, 4), keepdim=True)).flatten(3) for t in takes]

    def alike(one, other):
        return torch.nn.functional.cosine_similarity(one[:, 7], other[:, 7], -1)

    # Of pure noise nothing is left to be seen: four latents on it is one film, whatever came before.
    assert (alike(*pictures("a ball")) > 0.9999).all()
    assert not (alike(*pictures("a fox")) > 0.9999).all()


def test_a_turning_film_goes_on_from_any_step_to_the_same_bits(ozora):
    request = verbs.extend(ozora.generate(DAWN, seed=1), NIGHT, seconds=2, seed=3)
    planned = plan(request, ozora.card)
    words = {prompt: ozora.backend.understand(prompt) for prompt in planned.prompts}
    assert {DAWN, NIGHT} <= set(words)
    stops: list[Progress] = []

    def run(start):
        return film_latents(
            ozora.backend, planned, words, ozora.backend.understand(""), seed=3, steps=3, guidance=1.0,
            start=start, on_progress=stops.append, on_step=lambda done, of: None,
        )  # fmt: skip

    whole = run(Progress())
    assert {stop.moment.step for stop in stops} == {0, 1, 2, 3}
    for stop in stops[1::2]:
        assert torch.equal(run(stop), whole)


def test_passes_of_a_turning_window_are_counted(ozora):
    source = ozora.generate(DAWN, seed=1)
    same, other = (plan(verbs.extend(source, words, seconds=2 / 3), ozora.card) for words in (DAWN, NIGHT))
    assert other.fit.filmed == 3 * same.fit.filmed


def test_a_long_part_that_goes_on_opens_its_windows_on_its_own_beginning(ozora):
    source, opened = ozora.generate("a fox", seed=1), []

    class Watching(type(ozora.backend)):
        def begin(self, *, conditions, **settings):
            opened.extend(found.latents for found in conditions if type(found).__name__ == "FirstFrame")
            return super().begin(conditions=conditions, **settings)

    watching = Ozora(backend=Watching(ozora.backend.weights.folder))
    take = watching.extend(source, "a fox", seconds=2, seed=1, steps=1)
    own = reopened(watching.backend, take.latents, 4)  # the first latent after the source's four
    assert len(opened) == 3 and torch.equal(opened[0], reopened(watching.backend, take.latents, 2))
    assert torch.equal(opened[1], own) and torch.equal(opened[2], own)
