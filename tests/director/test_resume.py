"""Nothing is lost: processes really die, and what they were filming is finished to the same bytes."""

import os
import shutil
import signal
import threading
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from ozora import Clip, Ozora, OzoraError, Request
from ozora.backends.embedded import EmbeddedBackend
from ozora.director import verbs
from ozora.director.plan import plan
from ozora.director.resume import resume
from ozora.director.states import (
    Keeper,
    find_waiting,
    is_at_work,
    read_waiting,
    save_waiting,
    unfinished,
    waiting_path,
)
from ozora.media.video import read_metadata
from ozora.model.conditions import Keyframe
from ozora.model.sampler import sample
from ozora.model.state import State

REQUEST = Request("a red fox", seed=3, count=2, threads=1)
MOMENTS = [("load", 0), ("words", 0), ("denoise", 1), ("denoise", 3), ("decode", 2), ("write", 0)]


@pytest.fixture(scope="module")
def backend(tiny_weights):
    made = EmbeddedBackend(tiny_weights)
    made.load()
    return made


@pytest.fixture(scope="module")
def whole(backend, tmp_path_factory):
    """The two films of ``REQUEST`` as nobody ever stopped them."""
    folder = tmp_path_factory.mktemp("whole")
    return [path.read_bytes() for path in film(backend, REQUEST, folder)]


def film(backend, request, folder, on_phase=None):
    outputs = [folder / f"fox-{number}.mp4" for number in range(1, request.count + 1)]
    list(Ozora(backend=backend).takes(request, outputs=outputs, keep_latents=True, on_phase=on_phase))
    return outputs


def names(folder):
    return sorted(found.name for found in folder.iterdir())


def die_filming(backend, request, folder, phase, done, take):
    """Film in a child process that is killed by signal 9 in the given phase of the given take (1 or 2)."""
    child = os.fork()
    if child == 0:
        takes = 0

        def on_phase(now):
            nonlocal takes
            takes += now.name == "load" and now.done == 0
            if (now.name, now.done, takes) == (phase, done, take):
                os.kill(os.getpid(), signal.SIGKILL)

        film(backend, request, folder, on_phase)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize(("phase", "done"), MOMENTS)
@pytest.mark.parametrize("take", [1, 2])
def test_killed_anywhere_all_takes_come_out_with_the_same_bytes(backend, whole, tmp_path, phase, done, take):
    die_filming(backend, REQUEST, tmp_path, phase, done, take)
    assert find_waiting(tmp_path)
    for path in tmp_path.glob("fox-?.mp4"):  # what is there is whole
        assert path.read_bytes() == whole[int(path.stem[-1]) - 1]
    finished = [path.name for path, _ in resume(tmp_path, lambda folder: backend)]
    assert "fox-2.mp4" in finished
    assert [(tmp_path / f"fox-{n}.mp4").read_bytes() for n in (1, 2)] == whole
    assert names(tmp_path) == [f"fox-{n}.{e}" for n in (1, 2) for e in ("json", "latents.safetensors", "mp4")]
    assert list(resume(tmp_path, lambda folder: backend)) == []


@pytest.mark.parametrize(("phase", "done", "again"), [("denoise", 2, 1), ("decode", 0, 0), ("words", 0, 3)])
def test_no_step_is_made_twice(backend, tmp_path, phase, done, again):
    die_filming(backend, REQUEST, tmp_path, phase, done, 1)
    steps = []
    seen = resume(tmp_path / "fox-1.mp4", lambda folder: backend, on_phase=lambda now: steps.append(now))
    (path, take), *others = seen
    assert path == tmp_path / "fox-1.mp4" and not others
    assert sum(now.name == "denoise" and now.done > 0 for now in steps) == again
    assert bool(take.receipt.notes) == (again < 3)


def test_the_hidden_file_finds_its_own_weights(backend, whole, tmp_path):
    die_filming(backend, REQUEST, tmp_path, "denoise", 1, 1)
    asked = []
    for _ in resume(tmp_path, lambda folder: asked.append(folder) or EmbeddedBackend(folder)):
        pass
    assert set(asked) == {str(backend.weights.folder)}
    assert (tmp_path / "fox-1.mp4").read_bytes() == whole[0]


def test_half_written_files_of_the_dead_are_swept_and_nobody_else_s(backend, tmp_path):
    die_filming(backend, REQUEST, tmp_path, "write", 0, 1)
    (tmp_path / ".fox-1.mp4.0123abcd.part").write_bytes(b"half")
    (tmp_path / "..fox-1.mp4.take.0123abcd.part").write_bytes(b"half")
    (tmp_path / ".other.mp4.0123abcd.part").write_bytes(b"somebody else's")
    (tmp_path / ".stranger.mp4.take").write_bytes(b"not a take")
    assert len(list(resume(tmp_path, lambda folder: backend))) == 2
    assert [name for name in names(tmp_path) if name.startswith(".")] == [
        ".other.mp4.0123abcd.part", ".stranger.mp4.take",
    ]  # fmt: skip


def test_a_picture_may_go_once_filming_has_begun_but_not_before(backend, tmp_path):
    image = tmp_path / "first.png"
    colours = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    Image.fromarray(colours).save(image)
    request = Request("a fox", seed=1, image=image, threads=1)
    wanted = film(backend, request, tmp_path)[0].read_bytes()
    for phase, done, steps in (("denoise", 1, 1), ("words", 0, 0)):
        die_filming(backend, request, tmp_path, phase, done, 1)
        assert read_waiting(waiting_path(tmp_path / "fox-1.mp4")).steps_done == steps
        if steps:
            image.rename(tmp_path / "gone.png")
            list(resume(tmp_path, lambda folder: backend))
            shutil.copy(tmp_path / "gone.png", image)
            assert (tmp_path / "fox-1.mp4").read_bytes() == wanted
    Image.fromarray(255 - colours).save(image)
    with pytest.raises(OzoraError, match="has changed since"):
        list(resume(tmp_path, lambda folder: backend))
    shutil.copy(tmp_path / "gone.png", image)
    list(resume(tmp_path, lambda folder: backend))
    assert (tmp_path / "fox-1.mp4").read_bytes() == wanted


def test_asking_again_goes_on_and_other_weights_are_refused(backend, whole, tmp_path):
    die_filming(backend, REQUEST, tmp_path, "denoise", 2, 2)
    told = []
    film(backend, REQUEST, tmp_path, told.append)
    assert (tmp_path / "fox-2.mp4").read_bytes() == whole[1]
    assert sum(now.name == "denoise" and now.done > 0 for now in told) == 3 + 1
    die_filming(backend, REQUEST, tmp_path, "denoise", 2, 2)
    hidden = waiting_path(tmp_path / "fox-2.mp4")
    waiting = read_waiting(hidden)
    changed = {**waiting.about, "weights": {**waiting.about["weights"], "hash": "f" * 64}}
    Keeper(tmp_path / "fox-2.mp4", None, changed, waiting.order).save(waiting.progress)
    with pytest.raises(OzoraError, match=r"^weights: got .*ffffff"):
        list(resume(tmp_path, lambda folder: backend))
    assert hidden.exists()


def test_a_take_that_goes_on_without_its_precision_says_so(backend, tmp_path, monkeypatch):
    die_filming(backend, replace(REQUEST, count=1), tmp_path, "denoise", 1, 1)
    (hidden,) = find_waiting(tmp_path)
    waiting = read_waiting(hidden)
    settings = {**waiting.about["settings"], "precision": "bfloat16"}
    save_waiting(hidden, replace(waiting, about={**waiting.about, "settings": settings}))
    monkeypatch.setattr("ozora.backends.machine.quick_precisions", lambda: ("float32",))
    ((film, _),) = resume(tmp_path, lambda folder: backend)
    told = read_metadata(film)["settings"]
    assert (told["precision"], told["begun_in"]) == ("float32", "bfloat16")


def test_takes_of_a_living_process_are_left_to_it(backend, tmp_path):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:

        def on_phase(now):
            if now.name == "denoise" and now.done == 1:
                os.write(writer, b"x")
                threading.Event().wait()

        film(backend, REQUEST, tmp_path, on_phase)
        os._exit(0)
    os.read(reader, 1)
    assert is_at_work(read_waiting(waiting_path(tmp_path / "fox-1.mp4")).order)
    assert list(unfinished(tmp_path)) == []
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert [path.name for path, _ in unfinished(tmp_path)] == ["fox-1.mp4", "fox-2.mp4"]


def test_ctrl_c_in_any_phase_keeps_the_take(backend, whole, tmp_path):
    for phase in ("load", "words", "denoise", "decode", "write"):

        def stop(now, phase=phase):
            if now.name == phase:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            film(backend, REQUEST, tmp_path, stop)
        assert find_waiting(tmp_path)
    assert len(list(resume(tmp_path, lambda folder: backend))) == 2
    assert [(tmp_path / f"fox-{n}.mp4").read_bytes() for n in (1, 2)] == whole


def test_who_wants_no_more_takes_leaves_nothing_behind(backend, tmp_path):
    takes = Ozora(backend=backend).takes(REQUEST, outputs=[tmp_path / f"fox-{n}.mp4" for n in (1, 2)])
    next(takes)
    takes.close()
    assert names(tmp_path) == ["fox-1.json", "fox-1.latents.safetensors", "fox-1.mp4"]


def test_clips_in_memory_that_never_began_are_told_so(backend, tmp_path):
    clip = Clip(np.random.default_rng(0).integers(0, 255, (9, 64, 96, 3), np.uint8), 12)
    request = Request("a fox", seed=1, head=clip, threads=1)
    wanted = film(backend, request, tmp_path)[0].read_bytes()
    die_filming(backend, request, tmp_path, "denoise", 1, 1)
    list(resume(tmp_path, lambda folder: backend))
    assert (tmp_path / "fox-1.mp4").read_bytes() == wanted
    die_filming(backend, request, tmp_path, "words", 0, 1)
    with pytest.raises(OzoraError, match="only in memory"):
        list(resume(tmp_path, lambda folder: backend))


def test_steps_made_one_by_one_are_the_steps_made_at_once(backend):
    """With given frames, noise levels of their own and any place to stop: the law that resuming rests on."""
    network = backend.networks.transformer
    words, nothing = backend.understand("a fox"), backend.understand("")
    blank = State.blank(4, (4, 2, 3), [7])
    state = Keyframe(blank.latent[:, :1], 2, 0.1).apply_to(blank)
    at_once = sample(network, words, nothing, state, steps=5, guidance=2.0)
    pinned = [Keyframe(blank.latent[:, :1], 2, 0.1)]
    moment = backend.begin(cells=(3, 2), latents=4, seed=7, conditions=pinned)
    for stop in (0, 1, 1, 3, 4, 5):
        moment = backend.go_on(words, nothing, moment, steps=5, guidance=2.0, until=stop)
        assert moment.step == stop
    assert moment.state.latent.equal(at_once)
    with pytest.raises(OzoraError, match=r"^moment: "):
        backend.go_on(words, nothing, moment, steps=3, guidance=2.0)


def test_requests_survive_being_written_down(tmp_path):
    request = Request("a fox", seed=1, image=tmp_path / "a.png", steps=3, size="96x64")
    again = Request.from_json(request.to_json())
    assert again.to_json() == request.to_json() and str(again.image) == str(tmp_path / "a.png")
    with pytest.raises(OzoraError, match=r"^head: got 'a clip in memory'"):
        Request("a fox", head=Clip(np.zeros((5, 64, 96, 3), np.uint8))).to_json()
    with pytest.raises(OzoraError, match=r"^request: got 'colour'"):
        Request.from_json({"prompt": "a fox", "colour": "red"})


@pytest.mark.parametrize(("steps_done", "verb"), [(2, "long"), (5, "long"), (5, "extend"), (0, "edit")])
def test_films_of_several_windows_go_on_in_the_middle(backend, tmp_path, steps_done, verb):
    source = film(backend, replace(REQUEST, count=1), tmp_path)[0]
    request = {
        "long": Request("a red fox", seed=4, threads=1, seconds=2 * backend.card.grid.seconds),
        "extend": verbs.extend(source, "a red fox sits", seed=4, threads=1, seconds=4.0),
        "edit": verbs.edit(source, "a blue fox", seed=4, threads=1),
    }[verb]
    (tmp_path / "whole").mkdir()
    wanted = film(backend, request, tmp_path / "whole")[0]
    folder = tmp_path / "killed"
    folder.mkdir()
    die_filming(backend, request, folder, "denoise", steps_done, 1)
    told = []
    list(resume(folder, lambda _: backend, on_phase=told.append))
    assert (folder / "fox-1.mp4").read_bytes() == wanted.read_bytes()
    steps = int(backend.card.sampling.steps) * plan(request, backend.card).windows
    # An edit begins its window again, any other film goes on at the very step.
    assert sum(now.name == "denoise" and now.done > 0 for now in told) == steps - steps_done
    assert names(folder) == names(tmp_path / "whole")
