import json
import os
import signal
import time

import pytest

from ozora.errors import OzoraError
from ozora.media.files import require_writable, sidecar_path, whole_file, write_sidecar


@pytest.mark.parametrize("failure", [KeyboardInterrupt, RuntimeError])
def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path, failure):
    path = tmp_path / "fox.bin"
    path.write_bytes(b"old")
    with pytest.raises(failure), whole_file(path) as temporary:
        temporary.write_bytes(b"half")
        raise failure
    assert [found.name for found in tmp_path.iterdir()] == ["fox.bin"]
    assert path.read_bytes() == b"old"


def test_success_replaces_the_file(tmp_path):
    path = tmp_path / "fox.bin"
    path.write_bytes(b"old")
    with whole_file(path) as temporary:
        temporary.write_bytes(b"new")
        assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["fox.bin"]
    assert path.read_bytes() == b"new"


def test_unwritable_places_are_refused_before_anything_is_done(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path, tmp_path / "no" / "fox.mp4", tmp_path / "file" / "fox.mp4", "/proc/fox.mp4"):
        with pytest.raises(OzoraError, match=r"^output: got .*allowed: "):
            require_writable(path)
    assert [found.name for found in tmp_path.iterdir()] == ["file"]
    assert require_writable(tmp_path / "fox.mp4") == tmp_path / "fox.mp4"
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_the_sidecar_never_overwrites_a_strangers_json(tmp_path):
    film, shot = tmp_path / "fox.mp4", tmp_path / "fox.json"
    assert write_sidecar(film, {"ozora": "0.1.0", "seed": 1}) == shot
    assert write_sidecar(film, {"ozora": "0.1.0", "seed": 2}) == shot
    assert json.loads(shot.read_text())["seed"] == 2
    shot.write_text('{"subjects": [{"kind": "fox"}]}')
    assert sidecar_path(film) == tmp_path / "fox.mp4.json"
    write_sidecar(film, {"ozora": "0.1.0"})
    assert json.loads(shot.read_text()) == {"subjects": [{"kind": "fox"}]}


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="this system has no files without a name")
def test_a_kill_while_a_path_is_tried_leaves_nothing(tmp_path):
    for number in range(20):
        child = os.fork()
        if child == 0:
            while True:
                require_writable(tmp_path / "fox.mp4")
        time.sleep(0.002 + 0.001 * number)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    assert not list(tmp_path.iterdir())
