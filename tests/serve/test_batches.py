"""Batches with the newest `openai` client: every line once, in files that batch programs read."""

import base64
import io
import json
import threading
import time

import openai
import pytest
from openai.types.batch import Batch as OpenAIBatch
from PIL import Image

from ozora.media.video import measure
from ozora.serve.batches import keeping
from ozora.serve.batches.reading import check_lines
from ozora.serve.housekeeping import tidy
from ozora.serve.store import batches, jobs, queue
from ozora.serve.store.engine import micros, now

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


def line(name, prompt="a red ball", **values):
    body = {"prompt": prompt, "size": "96x64", "num_frames": 5, **values}
    return {"custom_id": name, "method": "POST", "url": "/v1/videos", "body": body}


def send(client, lines, **values):
    text = "\n".join(one if isinstance(one, str) else json.dumps(one) for one in lines)
    file = client.files.create(file=("films.jsonl", text.encode()), purpose="batch")
    values = {"endpoint": "/v1/videos", "completion_window": "24h", "input_file_id": file.id, **values}
    return client.batches.create(**values)


def ended(client, batch, *, within=30):
    ends = time.monotonic() + within
    while (found := client.batches.retrieve(batch.id)).status not in batches.ENDED:
        assert time.monotonic() < ends, found
        time.sleep(0.05)
    return found


def read(client, file):
    return {row["custom_id"]: row for row in map(json.loads, client.files.content(file).text.splitlines())}


def picture():
    out = io.BytesIO()
    Image.new("RGB", (96, 64), (9, 200, 90)).save(out, "PNG")
    return {"image_url": "data:image/png;base64," + base64.b64encode(out.getvalue()).decode()}


def test_a_batch_from_file_to_films(live, tmp_path):
    client = live.client()
    lines = [
        line("a", seed=3), line("with a picture", input_reference=picture()), line("b", "nobody: refused"),
        line("typo", sise="1x1"), line("two", n=2), line("a model", model="sora-9"), "",
        line("ü", metadata={"take": "7"}),
    ]  # fmt: skip
    batch = send(
        client, lines, metadata={"for": "Monday"},
        output_expires_after={"anchor": "created_at", "seconds": 3600},
    )  # fmt: skip
    assert OpenAIBatch.model_validate(batch.model_dump(), strict=True).status == "validating"
    assert batch.expires_at - batch.created_at == 86400 and batch.metadata == {"for": "Monday"}
    assert batch.output_file_id is batch.error_file_id is batch.errors is batch.completed_at is None
    batch = ended(client, batch)
    counts = batch.request_counts
    assert (batch.status, counts.total, counts.completed, counts.failed) == ("completed", 7, 3, 4)
    assert batch.created_at <= batch.in_progress_at <= batch.finalizing_at <= batch.completed_at
    done, wrong = read(client, batch.output_file_id), read(client, batch.error_file_id)
    assert set(done) == {"a", "with a picture", "b", "ü"} and set(wrong) == {"typo", "two", "a model"}
    for name, row in done.items():
        assert set(row) == {"id", "custom_id", "response", "error"} and row["error"] is None
        assert row["id"].startswith("batch_req_") and row["response"]["status_code"] == 200
        video = client.videos.retrieve(row["response"]["body"]["id"])
        assert video.status == row["response"]["body"]["status"] == ("failed" if name == "b" else "completed")
        if name != "b":
            assert video.expires_at == row["response"]["body"]["expires_at"] >= batch.completed_at + 86399
            client.videos.download_content(video.id).write_to_file(tmp_path / "film.mp4")
            assert measure(tmp_path / "film.mp4")[:2] == (96, 64)
    assert done["ü"]["response"]["body"]["metadata"] == {"take": "7"}
    codes = {name: row["response"]["body"]["error"]["code"] for name, row in wrong.items()}
    assert codes["typo"] == "unknown_parameter" and codes["two"] == "unsupported_parameter"
    assert codes["a model"] == "model_not_found"
    assert wrong["a model"]["response"]["status_code"] == 404
    file = client.files.retrieve(batch.output_file_id)
    assert file.purpose == "batch_output" and file.filename.endswith(".jsonl")
    assert 3599 <= file.expires_at - file.created_at <= 3600
    assert not list((live.house.settings.data / "batches").iterdir())  # its copy of the file is gone


@pytest.mark.parametrize(
    ("lines", "code", "number"),
    [
        ([line("a"), line("a")], "duplicate_custom_id", 2),
        ([line("a"), "", "{"], "invalid_json_line", 3),
        (["[]"], "invalid_json_line", 1),
        (['{"custom_id": NaN}'], "invalid_json_line", 1),
        ([{**line("a"), "url": "/v1/images"}], "invalid_url", 1),
        ([{**line("a"), "method": "GET"}], "invalid_method", 1),
        ([{**line("a"), "body": "prompt=x"}], "invalid_body", 1),
        ([{**line("a"), "custom_id": 7}], "invalid_custom_id", 1),
        ([{"custom_id": "a", "method": "POST", "url": "/v1/videos"}], "missing_required_parameter", 1),
        ([{**line("a"), "extra": 1}], "unknown_parameter", 1),
        (["", " "], "empty_file", None),
    ],
    ids=str,
)  # fmt: skip
def test_a_broken_file_is_told_line_by_line_and_nothing_is_filmed(live, lines, code, number):
    client = live.client()
    batch = ended(client, send(client, lines))
    assert batch.status == "failed" and batch.failed_at and batch.errors.object == "list"
    [error] = batch.errors.data
    assert (error.code, error.line) == (code, number) and error.message
    assert batch.request_counts.total == 0 and batch.output_file_id is None


def test_limits_of_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr("ozora.serve.batches.reading.MOST_LINES", 2)
    monkeypatch.setattr("ozora.serve.batches.reading.LONGEST_LINE", 300)
    path = tmp_path / "lines"
    rows = [json.dumps(line(str(number), "x" * (900 if number == 1 else 1))) for number in range(3)]
    path.write_text("\n".join(rows))
    total, faults = check_lines(path)
    assert total == 3 and [fault["code"] for fault in faults] == ["line_too_long", "too_many_requests"]
    path.write_text("\ufeff" + "\r\n".join(rows[::2]) + "\r\n\r\n", "utf-8")
    assert check_lines(path) == (2, [])
    monkeypatch.setattr("ozora.serve.batches.reading.MOST_BYTES", 10)
    assert check_lines(path)[1][0]["code"] == "file_too_large"


def test_what_is_no_batch_is_refused_at_once(live):
    client = live.client(max_retries=0)
    photo = client.files.create(file=b"x", purpose="vision")
    for values, param in (
        ({"endpoint": "/v1/responses"}, "endpoint"), ({"completion_window": "1h"}, "completion_window"),
        ({"input_file_id": photo.id}, "input_file_id"), ({"metadata": {"a": "b" * 513}}, "metadata"),
        ({"output_expires_after": {"anchor": "created_at", "seconds": 1}}, "output_expires_after.seconds"),
    ):  # fmt: skip
        with pytest.raises(openai.BadRequestError) as refused:
            send(client, [line("a")], **values)
        assert refused.value.param == param
    with pytest.raises(openai.NotFoundError) as gone:
        send(client, [line("a")], input_file_id="file-123")
    assert gone.value.code == "file_not_found"
    with pytest.raises(openai.NotFoundError) as lost:
        client.batches.retrieve("batch_123")
    assert lost.value.code == "batch_not_found"


def test_lists_pages_and_owners(serving):
    from ozora.serve.store.keys import add_key

    own = serving(worker=False)
    ann, bob = (own.client(add_key(own.house.store, name)[1], max_retries=0) for name in ("ann", "bob"))
    made = [send(ann, [line("a")]).id for _ in range(3)]
    assert [batch.id for batch in ann.batches.list(limit=2)] == made[::-1]
    assert list(bob.batches.list()) == []
    for call in (bob.batches.retrieve, bob.batches.cancel):
        with pytest.raises(openai.NotFoundError):
            call(made[0])


def started(own, client, batch, count):
    """Wait until so many lines are in the queue."""
    ends = time.monotonic() + 20
    while len(found := list(client.videos.list(limit=100))) < count:
        assert time.monotonic() < ends, client.batches.retrieve(batch.id)
        time.sleep(0.02)
    return found


def test_cancel_gives_what_there_is(serving, monkeypatch):
    monkeypatch.setattr(keeping, "AHEAD", 4)
    own = serving(worker=False)
    client = own.client(max_retries=0)
    batch = send(client, [line(f"l{number}", seed=number) for number in range(10)])
    started(own, client, batch, 4)
    held = queue.claim(own.house.store, "w", lease=30, most_attempts=3)
    assert queue.complete(own.house.store, held, seconds="1", made={}, receipt={}, keep_hours=1)
    running = queue.claim(own.house.store, "w", lease=30, most_attempts=3)
    told = client.batches.cancel(batch.id)
    assert told.status == "cancelling" and told.cancelling_at
    assert client.batches.cancel(batch.id).status == "cancelling"
    time.sleep(0.6)
    assert client.batches.retrieve(batch.id).status == "cancelling"  # one film still runs
    assert queue.asked_to_stop(own.house.store, running)
    queue.fail_held(own.house.store, running, "cancelled", "The job was cancelled.")
    batch = ended(client, batch)
    assert batch.status == "cancelled" and batch.cancelled_at >= batch.cancelling_at
    done, wrong = read(client, batch.output_file_id), read(client, batch.error_file_id)
    assert set(done) == {"l0"} and len(wrong) == 9
    assert {row["error"]["code"] for row in wrong.values()} == {"batch_cancelled"}
    with pytest.raises(openai.ConflictError, match="Cannot cancel") as refused:
        client.batches.cancel(ended(client, send(client, ["{"])).id)
    assert refused.value.response.headers["x-should-retry"] == "false"


def test_after_a_day_the_rest_expires_and_films_stay_a_day_more(serving, monkeypatch):
    monkeypatch.setattr(keeping, "AHEAD", 3)
    own = serving(worker=False, keep_hours=0.001)
    client, store = own.client(), own.house.store
    batch = send(client, [line(f"l{number}") for number in range(6)])
    started(own, client, batch, 3)
    held = queue.claim(store, "w", lease=30, most_attempts=3)
    queue.complete(store, held, seconds="1", made={}, receipt={}, keep_hours=0.001)
    gone = next(v.id for v in client.videos.list() if v.status == "queued")
    client.videos.delete(gone)
    assert jobs.find(store, None, held.id).expires > now() + micros(49 * 3600)
    with store.write() as connection:
        connection.exec_driver_sql(f"UPDATE batches SET expires = {now()}")
    batch = ended(client, batch)
    assert batch.status == "expired" and batch.expired_at and batch.completed_at is None
    done, wrong = read(client, batch.output_file_id), read(client, batch.error_file_id)
    assert len(done) == 1 and len(wrong) == 5
    codes = sorted(row["error"]["code"] for row in wrong.values())
    assert codes == ["batch_expired"] * 4 + ["video_deleted"]
    shown = [row["response"]["body"]["status"] for row in wrong.values() if row["response"]]
    assert shown == ["expired"]
    for video in client.videos.list():
        assert video.status in ("completed", "failed")  # elsewhere nobody knows the word
    assert jobs.find(store, None, held.id).expires - now() < micros(86400)
    tidy(own.house)
    assert client.videos.retrieve(held.id).expires_at > time.time() + 86000


def test_single_films_go_first_and_a_batch_takes_nobody_s_rate(serving):
    own = serving(worker=False, rate_per_minute=4, queue_limit=1000)
    client = own.client(max_retries=0)
    batch = send(client, [line(f"l{number}", priority=100) for number in range(8)])
    started(own, client, batch, 8)
    single = own.create("single", priority=-100)
    assert queue.claim(own.house.store, "w", lease=30, most_attempts=3).id == single["id"]
    for _ in range(3):
        own.create("more")
    assert own.http.post("/videos", json={"prompt": "x"}).json()["error"]["code"] == "rate_limit_exceeded"


def test_a_budget_refuses_line_by_line(serving):
    from ozora.serve.store.keys import add_key

    own = serving()
    client = own.client(add_key(own.house.store, "ann", budget=1.0)[1])
    batch = ended(client, send(client, [line(f"l{number}") for number in range(4)]))
    assert (batch.request_counts.completed, batch.request_counts.failed) == (2, 2)
    for row in read(client, batch.error_file_id).values():
        assert row["response"]["status_code"] == 429
        assert row["response"]["body"]["error"]["code"] == "insufficient_quota"


def test_two_keepers_and_no_line_twice(serving, monkeypatch, tmp_path):
    monkeypatch.setattr(keeping, "AHEAD", 5)
    monkeypatch.setattr(keeping, "ROUND", 0.005)
    one = serving(folder=tmp_path / "shared")
    serving(worker=False, folder=tmp_path / "shared")
    client = one.client()
    names = [f"l{number}" for number in range(12)]
    batch = ended(client, send(client, [line(name, num_frames=1) for name in names]))
    assert (batch.status, batch.request_counts.completed) == ("completed", 12)
    assert list(read(client, batch.output_file_id)) == names
    assert len(list(client.videos.list(limit=100))) == 12
    kept = {path.name for path in (tmp_path / "shared" / "files").iterdir()}
    assert kept == {batch.input_file_id, batch.output_file_id}


def test_a_death_between_any_two_writes_neither_loses_nor_doubles(serving, monkeypatch):
    """Every transaction and every file of the keeper fails once: the next round goes on from there."""
    monkeypatch.setattr(keeping, "AHEAD", 3)
    monkeypatch.setattr(keeping, "ROUND", 0.01)
    own = serving()
    client, store, died = own.client(), own.house.store, []

    def deadly(name, call, before):
        lock, seen = threading.Lock(), []

        def inner(*values, **more):
            with lock:
                turn = len(seen) % 2 == 0
                seen.append(name)
            if turn and before:
                died.append(name)
                raise OSError(name)
            result = call(*values, **more)
            if turn:
                died.append(name)
                raise OSError(name)
            return result

        return inner

    for name, before in (
        ("begin", True), ("feed", False), ("fed", True), ("settle", False), ("finalize", False), ("end", True)
    ):
        monkeypatch.setattr(batches, name, deadly(name, getattr(batches, name), before))
    names = [f"l{number}" for number in range(7)]
    batch = ended(client, send(client, [line(name, num_frames=1) for name in names]))
    assert set(died) == {"begin", "feed", "fed", "settle", "finalize", "end"}
    assert (batch.status, batch.request_counts.completed) == ("completed", 7)
    assert list(read(client, batch.output_file_id)) == names
    assert len(list(client.videos.list(limit=100))) == 7
    assert batches.open_batches(store) == []


def test_events_of_batches(serving, mailbox, monkeypatch):
    from ozora.serve.callbacks import deliver_due

    own = serving(trusted=("127.0.0.1",))
    client = own.client()
    made = client.webhooks.create(
        name="box", url=mailbox.url, event_types=["batch.completed", "batch.failed"]
    )
    names = {ended(client, send(client, lines)).id for lines in ([line("a", num_frames=1)], ["{"])}
    deliver_due(own.house.store, ("127.0.0.1",))
    events = [client.webhooks.unwrap(body, headers, secret=made.signing_secret)
              for headers, body in mailbox.letters]
    assert {event.type for event in events} == {"batch.completed", "batch.failed"}
    assert {event.data.id for event in events} == names


def test_every_post_may_be_sent_twice(serving, mailbox):
    own = serving(trusted=("127.0.0.1",))
    http = own.http
    text = (json.dumps(line("a", num_frames=1)) + "\n").encode()
    file = {"files": {"file": ("a.jsonl", text)}, "data": {"purpose": "batch"}}
    batch = {"endpoint": "/v1/videos", "completion_window": "24h"}
    hook = {"name": "x", "url": mailbox.url, "event_types": ["video.completed"]}
    video = own.finished(own.create()["id"])["id"]

    def twice(path, **body):
        """The same by key, by the client's own retry, and new without either."""
        key = {"idempotency-key": path}
        first, again = (http.post(path, headers=key, **body).json() for _ in range(2))
        retried = http.post(path, headers={"x-stainless-retry-count": "1"}, **body).json()
        other = http.post(path, headers=key, json={"prompt": "other", "purpose": "vision"})
        assert first.get("error") is None and first["id"] == again["id"] == retried["id"], path
        assert other.status_code in (400, 409), path
        assert http.post("/videos", headers=key, json={"prompt": "x"}).status_code == 409
        assert http.post(path, **body).json()["id"] != first["id"], path
        return first

    batch["input_file_id"] = twice("/files", **file)["id"]
    twice("/batches", json=batch)
    endpoint = twice("/webhook_endpoints", json=hook)
    twice(f"/videos/{video}/remix", json={"prompt": "y"})
    twice("/videos/edits", json={"prompt": "y", "video": {"id": video}})
    twice("/videos/extensions", json={"prompt": "y", "seconds": "1", "video": {"id": video}})
    rotate = f"/webhook_endpoints/{endpoint['id']}/rotate_secret"
    one, two = (http.post(rotate, json={}, headers={"idempotency-key": "r"}).json() for _ in range(2))
    third = http.post(rotate, json={}).json()
    assert one["signing_secret"] == two["signing_secret"] != third["signing_secret"]
    test = f"/webhook_endpoints/{endpoint['id']}/test"
    for _ in range(2):
        sent = http.post(test, json={"event_type": "batch.failed"}, headers={"idempotency-key": "t"})
        assert sent.json()["success"] and sent.json()["status_code"] == 204
    assert len(mailbox.letters) == 1
    reused = http.post("/files", **{**file, "data": {"purpose": "vision"}}, headers={"idempotency-key": "t"})
    assert reused.status_code == 409 and reused.json()["error"]["code"] == "idempotency_key_reuse"
    kept = {path.name for path in (own.house.settings.data / "files").iterdir()}
    assert {file["id"] for file in http.get("/files").json()["data"]} == kept  # nothing of what was undone
