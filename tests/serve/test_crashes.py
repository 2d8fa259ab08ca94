"""kill -9 at bad moments: every accepted job ends, once, with a film or a reason."""

import json
import time

import pytest

from ozora.media.video import measure
from ozora.serve.store.engine import Store


@pytest.fixture
def served(tmp_path):
    from processes import Served

    found = Served(tmp_path / "data", "--drain", "0.5", workers=1, lease=2)
    yield found
    found.stop()


def records(served):
    """What the store says of every job: id, status, attempts."""
    store = Store(served.store or f"sqlite:///{served.folder}/ozora.db")
    with store.read() as connection:
        rows = connection.exec_driver_sql("SELECT id, status, attempts FROM jobs").all()
    store.close()
    return rows


def begun(served, name):
    ends = time.monotonic() + 30
    while served.http.get(f"/videos/{name}").json()["status"] != "in_progress":
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_whatever_is_killed_every_job_ends_once(served, tmp_path):
    served.start()
    served.wait()
    frames = {"size": "96x64", "num_frames": 10}
    names = {}
    for number, what in enumerate(("worker", "server", "both")):
        names[number] = served.create(f"a{number}", prompt=f"a slow ball {number}", **frames)
        names[number + 10] = served.create(f"b{number}", prompt=f"a ball {number}", **frames)
        begun(served, names[number])
        served.kill(what)
        if what != "worker":
            served.start()
    # Asking again with the same keys finds the same jobs, whatever died in between.
    again = served.create("a1", prompt="a slow ball 1", **frames)
    assert again == names[1] and len(set(names.values())) == 6
    for name in names.values():
        video = served.finished(name)
        assert video["status"] == "completed", video
        film = tmp_path / f"{name}.mp4"
        film.write_bytes(served.http.get(f"/videos/{name}/content").content)
        assert measure(film) == (96, 64, 12.0, 10 / 12)
    listed = served.http.get("/videos").json()["data"]
    assert sorted(video["id"] for video in listed) == sorted(names.values())
    attempts = {name: tried for name, _, tried in records(served)}
    assert attempts[names[0]] == 2 and max(attempts.values()) <= 3

    # A job that kills its worker each time fails with a reason, and does not take the server with it.
    deadly = served.finished(served.create("d", prompt="a deadly ball", **frames))
    assert deadly["status"] == "failed" and "3 times" in deadly["error"]["message"]
    last = served.create("e", prompt="a ball", **frames)
    assert served.finished(last)["status"] == "completed"

    # SIGTERM: the running film is given back or finished, the exit is clean, nothing is lost.
    running = served.create("f", prompt="a slow ball", size="96x64", num_frames=240)
    begun(served, running)
    began = time.monotonic()
    assert served.stop() == 0 and time.monotonic() - began < 60
    events = [json.loads(line)["event"] for line in (served.folder / "log").read_text().splitlines()]
    assert events[-1] == "stopped" and "stopping" in events
    status = {name: tuple(rest) for name, *rest in records(served)}
    assert status[running] in (("queued", 0), ("completed", 1))
