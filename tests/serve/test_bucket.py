"""Films in S3: two machines that share nothing but a database and a bucket."""

import contextlib
import json
import threading
import time

import httpx
import pytest
from stores import store_url

from conftest import Live, free_port, painted
from ozora.director.states import read_waiting
from ozora.errors import OzoraError
from ozora.serve.housekeeping import tidy
from ozora.serve.settings import DIRECTOR
from ozora.serve.store import jobs
from ozora.serve.store.engine import now
from ozora.serve.worker import Worker

pytest.importorskip("obstore", reason="films in S3 need obstore (pip install 'ozora[s3]')")
TRIAL = "the trial S3 is moto's (pip install 'moto[s3]' flask flask-cors)"
moto = pytest.importorskip("moto.server", reason=TRIAL)


class Bucket:
    """A trial S3 that can go away and come back."""

    def __init__(self):
        self.port = free_port()
        self.url, self.server = f"http://127.0.0.1:{self.port}", None
        self.start()
        assert httpx.put(f"{self.url}/films").status_code == 200

    def start(self):
        self.server = moto.ThreadedMotoServer("127.0.0.1", self.port, verbose=False)
        self.server.start()

    def stop(self):
        self.server.stop()


@pytest.fixture(scope="module")
def bucket():
    with pytest.MonkeyPatch.context() as patch:
        found = Bucket()
        for name, value in {
            "AWS_ENDPOINT_URL": found.url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "k",
            "AWS_SECRET_ACCESS_KEY": "s",
        }.items():  # fmt: skip
            patch.setenv(name, value)
        yield found
        found.stop()


@pytest.fixture
def machines(bucket, tmp_path):
    """Start servers and workers, each with a folder of its own: ``machines("one", worker=False)``."""
    with contextlib.ExitStack() as stack:

        def start(name, *, worker=True, **values):
            settings = painted(
                tmp_path / name, store=store_url(tmp_path) or f"sqlite:///{tmp_path}/shared.db",
                blobs=f"s3://films/{tmp_path.name}", **values,
            )  # fmt: skip
            found = Live(settings, worker=worker)
            stack.callback(found.stop)
            return found

        yield start


def get(own, video, **headers):
    return own.http.get(f"/videos/{video['id']}/content", headers=headers)


def test_what_one_machine_films_another_serves_whole_and_in_parts(machines):
    one, two = machines("one", worker=False), machines("two")
    video = one.finished(one.create()["id"])
    assert video["status"] == "completed", video
    whole, other = get(one, video), get(two, video)
    film = whole.content
    assert film == other.content and film[4:8] == b"ftyp"
    assert len(film) == int(whole.headers["content-length"])
    assert whole.headers["etag"] == other.headers["etag"] and whole.headers["content-type"] == "video/mp4"
    assert f"{video['id']}.mp4" in whole.headers["content-disposition"]
    last = len(film) - 1
    for asked, begin, end in (
        ("0-0", 0, 1), ("5-99", 5, 100), ("100-", 100, len(film)), ("-7", len(film) - 7, len(film)),
        (f"3-{last + 999}", 3, len(film)),
    ):  # fmt: skip
        part = get(two, video, range=f"bytes={asked}")
        assert part.status_code == 206 and part.content == film[begin:end]
        assert part.headers["content-range"] == f"bytes {begin}-{end - 1}/{len(film)}"
    assert get(one, video, range=f"bytes={len(film)}-").status_code == 416
    later = get(one, video, range="bytes=0-0", **{"if-range": '"other"'})
    assert later.status_code == 200 and later.content == film
    again = get(one, video, range="bytes=0-0", **{"if-range": whole.headers["etag"]})
    assert again.status_code == 206
    thumbnail = one.http.get(f"/videos/{video['id']}/content", params={"variant": "thumbnail"})
    assert thumbnail.content[8:12] == b"WEBP"
    # Nothing of a film stays on either machine.
    folders = [own.house.settings.data for own in (one, two)]
    assert not any((folder / "videos").exists() for folder in folders)
    assert not list((folders[1] / "work").iterdir())


def test_pictures_sources_deletion_and_expiry(machines):
    from io import BytesIO

    import numpy as np
    from PIL import Image

    one, two = machines("one", worker=False), machines("two")
    picture = BytesIO()
    Image.fromarray(np.full((64, 96, 3), (250, 20, 20), np.uint8)).save(picture, "PNG")
    files = {"file": ("red.png", picture.getvalue())}
    sent = one.http.post("/files", files=files, data={"purpose": "vision"})
    name = sent.json()["id"]
    assert two.http.get(f"/files/{name}/content").content == picture.getvalue()
    video = two.finished(two.create(input_reference={"file_id": name})["id"])
    still = one.http.get(f"/videos/{video['id']}/content", params={"variant": "thumbnail"})
    assert still.status_code == 200
    longer = {"prompt": "on", "seconds": "1", "video": {"id": video["id"]}}
    longer = one.finished(one.http.post("/videos/extensions", json=longer).json()["id"])
    assert longer["status"] == "completed", longer
    assert one.http.delete(f"/videos/{longer['id']}").json()["deleted"]
    assert two.house.blobs.names(f"videos/{longer['id']}") == []
    with one.house.store.write() as connection:
        connection.exec_driver_sql(f"UPDATE jobs SET expires = {now() - 1}")
    assert get(two, video).json()["error"]["code"] == "video_expired"
    tidy(one.house)
    assert one.house.blobs.names("videos") == [] and one.house.blobs.names("files")


def test_a_film_waits_for_a_bucket_that_is_away(machines, bucket):
    own = machines("one", keep_hours=1)
    video = own.create("a slow ball", num_frames=5)
    while own.http.get(f"/videos/{video['id']}").json()["status"] != "in_progress":
        time.sleep(0.02)
    bucket.stop()
    time.sleep(1.5)
    assert own.http.get(f"/videos/{video['id']}").json()["status"] == "in_progress"
    bucket.start()
    assert own.finished(video["id"])["status"] == "completed"
    assert get(own, video).content[4:8] == b"ftyp"


def test_what_one_machine_began_another_goes_on_with(machines, tiny_weights):
    one = machines("one", worker=False, renderer=DIRECTOR, weights=str(tiny_weights), drain=0)
    two = machines("two", worker=False, renderer=DIRECTOR, weights=str(tiny_weights))
    plain, begun = (one.create("a red fox", num_frames=9, seed=1, steps=20)["id"] for _ in range(2))
    first = Worker(one.house.settings, "first")
    assert first.step()

    def leave_in_time():
        state = one.house.settings.data / "work" / begun
        while not any(read_waiting(path).steps_done for path in state.glob("*.take")):
            time.sleep(0.001)
        first.stop()

    leaver = threading.Thread(target=leave_in_time)
    leaver.start()
    first.step()
    leaver.join()
    assert jobs.find(one.house.store, None, begun).status == "queued"
    assert one.house.blobs.names(f"videos/{begun}/state")
    assert Worker(two.house.settings, "second").step()
    ended = jobs.find(one.house.store, None, begun)
    assert ended.status == "completed" and "earlier run" in " ".join(ended.receipt["notes"])
    films = {one.http.get(f"/videos/{name}/content").content for name in (plain, begun)}
    assert len(films) == 1 and one.house.blobs.names(f"videos/{begun}/state") == []


def test_an_address_that_is_none(tmp_path):
    from ozora.serve.blobs.opening import open_blobs

    for address in ("films", "s3://", "gs://films"):
        with pytest.raises(OzoraError, match="s3://BUCKET"):
            open_blobs(painted(tmp_path, blobs=address))


def test_a_batch_sent_to_one_machine_is_filmed_by_another_and_read_from_both(machines):
    one, two = machines("one", worker=False), machines("two")
    body = {"prompt": "a red ball", "size": "96x64", "num_frames": 5}
    lines = [{"custom_id": name, "method": "POST", "url": "/v1/videos", "body": body} for name in "ab"]
    sent = ("films.jsonl", "\n".join(map(json.dumps, lines)).encode())
    file = one.http.post("/files", files={"file": sent}, data={"purpose": "batch"}).json()
    asked = {"input_file_id": file["id"], "endpoint": "/v1/videos", "completion_window": "24h"}
    batch = one.http.post("/batches", json=asked).json()
    ends = time.monotonic() + 60
    while batch["status"] != "completed":
        assert time.monotonic() < ends, batch
        time.sleep(0.1)
        batch = two.http.get(f"/batches/{batch['id']}").json()
    read = [own.http.get(f"/files/{batch['output_file_id']}/content").text for own in (one, two)]
    rows = [json.loads(row) for row in read[0].splitlines()]
    assert read[0] == read[1] and [row["custom_id"] for row in rows] == ["a", "b"]
    for row in rows:
        assert get(one, row["response"]["body"]).content[4:8] == b"ftyp"
