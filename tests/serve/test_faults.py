"""The faults of other servers, one by one, and where a test would notice that this one had them too.

What sends clients of the Videos API astray elsewhere (F), and what a server must be seen to do (A):

F1  a failed job answered with an HTTP error   test_clients: a_failed_job_is_a_video_and_not_an_exception
F2  DELETE that answers with a Video           test_clients: deleting_while_listing_goes_through_all_of_them
F3  variant as a number, or ignored            test_clients: three_variants_have_the_right_bytes;
                                               test_wire: errors_look_the_same_everywhere (variant=0)
F4  bracketed multipart not understood         test_wire: bracket_fields_as_node_sends_them
F5  JSON create rejected                       test_wire: every_encoding_means_the_same
F6  model name mismatch                        test_wire: defaults_are_those_of_the_contract
F7  {"detail"}, odd codes, missing keys        test_wire: errors_look_the_same_everywhere,
                                               every_encoding_means_the_same; here: every_reply_has_all_keys
F8  paths in replies, paths from clients       test_safety: no_secret_and_no_path_is_told;
                                               test_wire: nothing_wrong_is_accepted (output_path)
F9  in_progress while merely queued            here: who_waits_is_queued
A1  a failed job polls to an object            as F1
A2  delete loop while listing                  as F2
A3  object-form image from Node is filmed      as F4 (looks at the first frame)
A4  old-SDK JSON create                        as F5; benchmarks/clients.py with openai 2.3.0 and 6.2.0
A5  model="sora-2" works                       test_clients: create_poll_download_as_a_program_for_sora_does
A6  three variants, right magic bytes          as F3
A7  kill -9 mid-render, the same id completes  test_crashes: whatever_is_killed_every_job_ends_once
A8  two API servers, poll alternates           here: polls_may_alternate_between_servers
A9  DELETE frees the worker within one step    here: delete_frees_the_worker_within_a_step
A10 an SDK-retried create is one job           here: a_reply_that_was_lost_makes_no_second_job
A11 key A cannot see key B                     test_safety: one_key_cannot_see_what_another_made
A12 delivered MP4 is what the object says      here: every_size_and_length_is_what_the_object_says
A13 webhook verified by both libraries         test_clients: webhooks_are_verified_by_both_libraries
"""

import itertools
import time
from pathlib import Path

import httpx
import pytest

from ozora.media.video import measure
from ozora.serve.wire.sizes import SIZES

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

KEYS = {
    "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "prompt",
    "size", "seconds", "remixed_from_video_id", "error",
}  # fmt: skip


def test_every_test_of_the_table_is_there():
    written = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    for line in __doc__.splitlines()[4:]:
        for word in line[47:].replace(";", " ").replace(",", " ").split():
            if word.count("_") > 1:
                assert f"def test_{word}(" in written, word


def begun(own, name, within=15):
    ends = time.monotonic() + within
    while own.http.get(f"/videos/{name}").json()["status"] != "in_progress":
        assert time.monotonic() < ends
        time.sleep(0.01)


def test_who_waits_is_queued(serving):
    own = serving()
    running = own.create("a slow ball", num_frames=60)["id"]
    begun(own, running)
    waiting = own.create()
    for _ in range(5):
        told = own.http.get(f"/videos/{waiting['id']}").json()
        assert (told["status"], told["progress"]) == ("queued", 0)
        time.sleep(0.05)
    own.http.delete(f"/videos/{running}")
    assert own.finished(waiting["id"])["status"] == "completed"


def test_every_reply_has_all_keys(live):
    first = live.create()
    assert live.finished(first["id"])["status"] == "completed"
    changed = live.http.post(f"/videos/{first['id']}/remix", json={"prompt": "y"}).json()
    edited = live.http.post("/videos/edits", json={"prompt": "y", "video": {"id": first["id"]}}).json()
    failed = live.finished(live.create("refused")["id"])
    listed = live.http.get("/videos").json()["data"]
    cancelled = live.http.post(f"/videos/{edited['id']}/cancel").json()
    for video in (first, changed, edited, failed, cancelled, *listed):
        assert set(video) >= KEYS and video["object"] == "video"
        assert isinstance(video["progress"], int) and isinstance(video["seconds"], str)
        assert video["status"] in ("queued", "in_progress", "completed", "failed")
    assert isinstance(failed["error"]["code"], str) and isinstance(failed["error"]["message"], str)


def test_polls_may_alternate_between_servers(serving, tmp_path):
    servers = [serving(worker=number == 1, folder=tmp_path / "shared") for number in range(2)]
    video = servers[0].create("a slow ball", num_frames=4)
    told = []
    for own in itertools.cycle(servers):
        told.append(own.http.get(f"/videos/{video['id']}").json())
        if told[-1]["status"] == "completed" or len(told) > 2000:
            break
        time.sleep(0.02)
    assert told[-1]["status"] == "completed"
    shown = [reply["progress"] for reply in told]
    assert shown == sorted(shown) and {reply["id"] for reply in told} == {video["id"]}
    for own in servers:
        assert b"ftyp" in own.http.get(f"/videos/{video['id']}/content").content[:12]


def test_delete_frees_the_worker_within_a_step(serving):
    own = serving()
    running = own.create("a slow ball", num_frames=200)["id"]  # 40 seconds, if nobody stops it
    begun(own, running)
    after = own.create()["id"]
    began = time.monotonic()
    assert own.http.delete(f"/videos/{running}").json() == {
        "id": running, "object": "video.deleted", "deleted": True
    }
    assert own.finished(after)["status"] == "completed"
    assert time.monotonic() - began < 4


class Lossy(httpx.HTTPTransport):
    """Sends everything, and loses the first reply to each POST."""

    def __init__(self):
        super().__init__()
        self.lost = []

    def handle_request(self, request):
        reply = super().handle_request(request)
        if request.method == "POST" and str(request.url) not in self.lost:
            reply.read()
            self.lost.append(str(request.url))
            raise httpx.ReadTimeout("lost", request=request)
        return reply


def test_a_reply_that_was_lost_makes_no_second_job(serving):
    own = serving(worker=False)
    transport = Lossy()
    client = own.client(http_client=httpx.Client(transport=transport))
    video = client.videos.create(prompt="a ball", seconds="1", size="96x64")
    file = client.files.create(file=b"{}", purpose="batch")
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/videos", completion_window="24h"
    )
    assert len(transport.lost) == 3
    assert [found.id for found in client.videos.list()] == [video.id]
    assert [found.id for found in client.files.list()] == [file.id]
    assert [found.id for found in client.batches.list()] == [batch.id]


LENGTHS = dict(zip(SIZES, ("20", "16", "8", "4", "4", "4"), strict=True)) | {"96x64": "12"}


def test_every_size_and_length_is_what_the_object_says(serving, tmp_path):
    """All six sizes and all five lengths, each film really encoded and opened again."""
    live = serving(renderer="painter:Flipbook", lease=60)
    client = live.client()
    made = [
        client.videos.create(prompt="a ball", model="sora-2-pro", size=size, seconds=seconds)
        for size, seconds in LENGTHS.items()
    ]
    for asked, (size, seconds) in zip(made, LENGTHS.items(), strict=True):
        video = live.finished(asked.id, within=120)
        assert (video["status"], video["size"], video["seconds"]) == ("completed", size, seconds)
        path = tmp_path / "film.mp4"
        client.videos.download_content(asked.id).write_to_file(path)
        width, height, fps, length = measure(path)
        assert f"{width}x{height}" == video["size"] and fps == video["fps"]
        assert length == pytest.approx(float(video["seconds"])) == video["num_frames"] / video["fps"]
    assert set(LENGTHS.values()) == {"4", "8", "12", "16", "20"}
