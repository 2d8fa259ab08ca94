"""Jobs: never lost, never twice, in a fair order, whoever dies."""

import json
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import insert
from stores import store_url

from ozora.serve.housekeeping import tidy
from ozora.serve.store import jobs, queue
from ozora.serve.store.engine import Store, micros, new_id, now
from ozora.serve.store.jobs import Bounds, Job, RefusedError, admit
from ozora.serve.store.tables import MIGRATIONS, versions


def url_of(folder):
    return store_url(folder) or f"sqlite:///{folder}/jobs.db"


SQLITE = pytest.mark.skipif(not url_of("x").startswith("sqlite"), reason="only SQLite has one writer")


@pytest.fixture
def store(tmp_path):
    found = Store(url_of(tmp_path))
    yield found
    found.close()


ROOMY = Bounds(1000, 1000)


def job(owner="ann", prompt="x", **values):
    fixed = {
        "verb": "create", "model": "sora-2", "served_model": "m", "size": "96x64", "seconds": "1",
        "length": 1.0,        "seed": 1, "order": {"verb": "create"}, "fingerprint": prompt, "created": now(),
    }  # fmt: skip
    return Job(id=new_id("video"), owner=owner, prompt=prompt, **{**fixed, **values})


def put(store, *args, bounds=ROOMY, **values):
    return admit(store, [job(*args, **values)], bounds).jobs[0]


def take(store, worker="w"):
    return queue.claim(store, worker, lease=30, most_attempts=3)


def look(store, name):
    return jobs.find(store, None, name)


def test_keys_take_turns_and_priorities_stay_within_a_key(store):
    first = [put(store, "ann", f"a{number}") for number in range(4)]
    urgent = put(store, "ann", "urgent", priority=5)
    other = [put(store, "bob", f"b{number}", priority=-5) for number in range(2)]
    order = [take(store, f"w{number}").id for number in range(7)]
    assert order[0] == urgent.id and set(order[1::2][:2]) == {other[0].id, other[1].id}
    assert [name for name in order if name in {a.id for a in first}] == [a.id for a in first]
    assert take(store) is None


def test_a_job_is_claimed_once_however_many_ask(store):
    made = {put(store, "ann", str(number)).id for number in range(40)}
    taken, lock = [], threading.Lock()

    def work(name):
        while (found := take(store, name)) is not None:
            with lock:
                taken.append(found.id)

    threads = [threading.Thread(target=work, args=(f"w{number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(made)


def test_a_silent_worker_s_job_is_taken_over_and_its_late_result_is_refused(store):
    made = put(store)
    silent = queue.claim(store, "silent", lease=-1, most_attempts=3)
    second = take(store, "second")
    assert second.id == silent.id == made.id and second.attempts == 2
    result = {"seconds": "1", "made": {}, "receipt": {}, "keep_hours": 1}
    assert not queue.complete(store, silent, **result)
    assert queue.beat(store, silent, 50, 30) == "lost"
    assert not queue.fail_held(store, silent, "server_error", "too late")
    assert queue.complete(store, second, **result)
    assert look(store, made.id).status == "completed"


def test_after_three_deaths_it_fails_with_a_reason(store):
    made = put(store)
    for number in range(3):
        assert queue.claim(store, f"w{number}", lease=-1, most_attempts=3).attempts == number + 1
    assert take(store) is None
    failed = look(store, made.id)
    assert (failed.status, failed.error_code) == (
        "failed", "server_error"
    ) and "3 times" in failed.error_message


def test_a_worker_that_leaves_gives_back_without_an_attempt(store):
    made = put(store)
    queue.give_back(store, take(store))
    waiting = look(store, made.id)
    assert (waiting.status, waiting.attempts, waiting.worker) == ("queued", 0, None)
    queue.report_worker(store, "dead", "m", ready=True)
    assert queue.claim(store, "dead", lease=30, most_attempts=3)
    assert queue.release_worker(store, "dead", 3) == 1 and queue.live_workers(store, 60) == []
    assert look(store, made.id).status == "queued"


def test_progress_never_falls_and_99_is_the_most_before_the_end(store):
    made = put(store)
    held = take(store)
    for told in (10, 60, 30, 100):
        assert queue.beat(store, held, told, 30) == "go"
    assert look(store, made.id).progress == 99


def test_cancel_and_delete_reach_the_worker(store):
    waiting, running, gone = put(store, prompt="1"), put(store, prompt="2"), put(store, prompt="3")
    assert queue.cancel(store, "ann", waiting.id).error_code == "cancelled"
    held = take(store)
    assert held.id == running.id and not queue.asked_to_stop(store, held)
    assert queue.cancel(store, "ann", running.id).status == "in_progress"
    assert queue.asked_to_stop(store, held) and queue.beat(store, held, 1, 30) == "stop"
    assert not queue.complete(store, held, seconds="1", made={}, receipt={}, keep_hours=1)
    assert queue.fail_held(store, held, "cancelled", "x")
    other = take(store)
    assert other.id == gone.id and jobs.delete(store, "bob", gone.id) is None
    assert jobs.delete(store, "ann", gone.id) and look(store, gone.id) is None
    assert queue.asked_to_stop(store, other) and jobs.delete(store, "ann", gone.id) is None


def test_lists_go_on_after_a_tombstone(store):
    made = [put(store, prompt=str(number)).id for number in range(4)]
    jobs.delete(store, "ann", made[2])
    rows, more = jobs.listed(store, "ann", after=made[2], limit=10, newest_first=True)
    assert [row.id for row in rows] == [made[1], made[0]] and not more
    assert jobs.listed(store, "bob", after=made[2], limit=10, newest_first=True) is None
    assert jobs.listed(store, "bob", after=None, limit=10, newest_first=True) == ([], False)


def test_the_same_create_is_one_job(store):
    def again(key="", repeated=False, prompt="x", owner="ann"):
        return admit(store, [job(owner, prompt)], ROOMY, idempotency_key=key, repeated=repeated)

    first = again("k").jobs[0].id
    assert again("k").jobs[0].id == first and again("k").again
    with pytest.raises(RefusedError, match="reuse"):
        again("k", prompt="y")
    assert again("k", owner="bob").jobs[0].id != first
    assert again(repeated=True).jobs[0].id == first
    assert again().jobs[0].id != first  # a person who asks twice wants two
    assert not again(repeated=True, prompt="z").again
    jobs.delete(store, "ann", first)
    assert not again("k").again


def test_creates_of_one_key_at_once_are_one_job(store):
    made = []

    def create():
        made.append(admit(store, [job()], ROOMY, idempotency_key="k").jobs[0].id)

    threads = [threading.Thread(target=create) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 12 and len(set(made)) == 1


def test_bounds(store):
    for number in range(3):
        put(store, "ann", str(number), bounds=Bounds(4, 1000, budget=3))
    with pytest.raises(RefusedError, match="3 of 3 seconds"):
        put(store, "ann", "3", bounds=Bounds(4, 1000, budget=3))
    put(store, "bob", "x", bounds=Bounds(4, 1))
    with pytest.raises(RefusedError, match="queue"):
        put(store, "bob", "y", bounds=Bounds(4, 1000))
    with pytest.raises(RefusedError, match="rate") as refused:
        put(store, "bob", "y", bounds=Bounds(100, 1))
    assert 59 < refused.value.wait <= 60
    queue.cancel(store, "bob", queue.claim(store, "w", lease=30, most_attempts=3).id)
    assert len(jobs.listed(store, "ann", after=None, limit=10, newest_first=True)[0]) == 3


def test_records_outlive_the_process_and_newer_databases_are_refused(tmp_path):

    from ozora.errors import OzoraError
    from ozora.serve.store.tables import migrate

    url = url_of(tmp_path)
    first = Store(url)
    name = put(first).id
    first.close()
    second = Store(url)
    assert look(second, name).prompt == "x" and second.version == (2, 2)
    with second.write() as connection:
        def add_column(connection):
            connection.exec_driver_sql("ALTER TABLE jobs ADD COLUMN mood TEXT")

        assert migrate(connection, (*MIGRATIONS, add_column)) == (2, 3)
        assert migrate(connection, (*MIGRATIONS, add_column)) == (3, 3)
    assert look(second, name).prompt == "x"
    with second.write() as connection:
        connection.execute(insert(versions).values(version=9))
    second.close()
    with pytest.raises(OzoraError, match="version 9"):
        Store(url)
    with pytest.raises(OzoraError, match="sqlite or postgresql"):
        Store("mysql://x/y")


def test_a_failed_transaction_leaves_nothing(store):
    with pytest.raises(ZeroDivisionError), store.write() as connection:
        connection.exec_driver_sql("DELETE FROM versions")
        raise ZeroDivisionError
    assert put(store).id and Store(str(store.url)).version == (2, 2)


@SQLITE
def test_those_who_wait_for_the_writer_share_one_commit_and_no_fault(store):
    store.one_at_a_time = lambda connection, name: time.sleep(0.01)  # so that all have come meanwhile
    wanted = [job(prompt=f"{number}") for number in range(8)]
    bounds = [replace(ROOMY, queue=0 if number == 3 else 100) for number in range(8)]

    def commits():
        return watching.exec_driver_sql("PRAGMA data_version").scalar()

    def ask(one, bound):
        try:
            return admit(store, [one], bound).jobs[0].id
        except RefusedError as refused:
            return refused.reason

    with Store(str(store.url)).read() as watching, ThreadPoolExecutor(8) as threads:
        watching.exec_driver_sql("ROLLBACK")
        with store.write():
            before = commits()
            told = [threads.submit(ask, *pair) for pair in zip(wanted, bounds, strict=True)]
            time.sleep(0.3)
        found = [one.result() for one in told]
        assert commits() - before == 1
    assert found[3] == "queue" and look(store, wanted[3].id) is None
    assert all(look(store, name).prompt == str(number) for number, name in enumerate(found) if number != 3)


@SQLITE
def test_what_cannot_be_committed_is_told_to_all_and_leaves_nothing(store):
    def breaks(connection):
        connection.execute(insert(versions).values(version=7))
        connection.exec_driver_sql("ROLLBACK")  # as the database does by itself when the disk is full

    with pytest.raises(sqlite3.OperationalError):
        store.write_together(breaks)
    assert put(store).id and Store(str(store.url)).version == (len(MIGRATIONS),) * 2


def test_cancel_stops_a_running_film_within_a_step(serving):
    own = serving()
    video = own.create("a slow ball", num_frames=200)
    while own.http.get(f"/videos/{video['id']}").json()["status"] != "in_progress":
        time.sleep(0.02)
    began = time.monotonic()
    assert own.http.post(f"/videos/{video['id']}/cancel").json()["status"] == "in_progress"
    ended = own.finished(video["id"])
    assert time.monotonic() - began < 3 and ended["error"]["code"] == "cancelled"
    assert set(ended) >= {"id", "prompt", "error"} and ended["status"] == "failed"
    gone = own.create("a slow ball", num_frames=200)
    while own.http.get(f"/videos/{gone['id']}").json()["status"] != "in_progress":
        time.sleep(0.02)
    assert own.http.delete(f"/videos/{gone['id']}").json()["deleted"]
    after = own.create()
    assert own.finished(after["id"])["status"] == "completed"  # the worker is free again
    tidy(own.house)
    data = own.house.settings.data
    assert {path.name for path in (data / "videos").iterdir()} == {after["id"]}
    assert not list((data / "work").iterdir())


def test_retries_of_the_client_make_one_job(serving):
    own = serving(worker=False)
    body = {"prompt": "x", "size": "96x64"}
    first = own.http.post("/videos", json=body, headers={"x-stainless-retry-count": "0"}).json()
    form = {name: (None, value) for name, value in body.items()}
    again = own.http.post("/videos", files=form, headers={"x-stainless-retry-count": "1"}).json()
    assert again["id"] == first["id"]
    keyed = [
        own.http.post("/videos", json=body, headers={"idempotency-key": "k"}).json()["id"] for _ in range(2)
    ]
    assert keyed[0] == keyed[1] != first["id"]
    other = own.http.post("/videos", json={**body, "prompt": "y"}, headers={"idempotency-key": "k"})
    assert other.status_code == 409 and other.json()["error"]["code"] == "idempotency_key_reuse"
    assert other.headers["x-should-retry"] == "false"
    assert len(own.http.get("/videos").json()["data"]) == 2


def test_full_queues_and_rates_say_when_to_come_back(serving):
    own = serving(worker=False, queue_limit=2)
    own.create("1"), own.create("2")
    full = own.http.post("/videos", json={"prompt": "3"})
    assert full.status_code == 429 and full.json()["error"]["code"] == "queue_full"
    assert 1 <= int(full.headers["retry-after"]) <= 120 and full.headers["retry-after-ms"].isdigit()
    other = serving(worker=False, folder=own.house.settings.data, rate_per_minute=2)
    limited = other.http.post("/videos", json={"prompt": "3"})
    assert limited.json()["error"]["code"] == "rate_limit_exceeded"
    assert limited.headers["x-ratelimit-remaining-requests"] == "0"


def test_two_servers_answer_for_each_other(serving, tmp_path):
    one = serving(worker=False, folder=tmp_path / "shared")
    two = serving(folder=tmp_path / "shared")
    video = one.create()
    assert one.finished(video["id"])["status"] == "completed"
    films = {own.http.get(f"/videos/{video['id']}/content").content for own in (one, two)}
    assert len(films) == 1 and films.pop()[4:8] == b"ftyp"


def test_films_expire_and_their_files_go(serving):
    own = serving(keep_hours=0.001)
    video = own.finished(own.create()["id"])
    assert video["expires_at"] - video["completed_at"] in (3, 4)
    assert own.http.get(f"/videos/{video['id']}/content").status_code == 200
    with own.house.store.write() as connection:
        connection.exec_driver_sql(f"UPDATE jobs SET expires = {now() - micros(1)}")
    gone = own.http.get(f"/videos/{video['id']}/content")
    assert gone.status_code == 404 and gone.json()["error"]["code"] == "video_expired"
    tidy(own.house)
    assert not (own.house.settings.data / "videos" / video["id"]).exists()
    assert own.http.get(f"/videos/{video['id']}").json()["status"] == "completed"
    remix = own.http.post(f"/videos/{video['id']}/remix", json={"prompt": "y"})
    assert remix.json()["error"]["code"] == "video_expired"


def test_events_tell_the_whole_story(serving):
    own = serving()
    video = own.create("a slow ball", num_frames=8)
    told = []
    with own.http.stream("GET", f"/videos/{video['id']}/events") as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        lines = list(stream.iter_lines())
    for kind, data in zip(lines[::3], lines[1::3], strict=True):
        told.append((kind.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    assert told[-1][0] == "video.completed" and told[-1][1]["progress"] == 100
    progress = [event["progress"] for _, event in told]
    assert progress == sorted(progress) and {kind for kind, _ in told[:-1]} == {"video.progress"}


def test_quotes_usage_and_receipts(serving):
    own = serving()
    body = {"prompt": "x", "size": "1280x720", "seconds": "8", "n": 2}
    quote = own.http.post("/videos/quote", json=body).json()
    assert (quote["film_seconds"], quote["parts"], quote["native_size"]) == (16.0, 2, "96x64")
    assert quote["compute_seconds"] is None and "no film" in quote["basis"]
    video = own.finished(own.create(seed=3)["id"])
    quote = own.http.post("/videos/quote", json=body).json()
    assert quote["compute_seconds"] > 0 and quote["basis"].startswith("1 films")
    # Sixteen drafts for two films take as long as two films more; seconds of film they are none.
    drafted = own.http.post("/videos/quote", json={**body, "num_candidates": 16}).json()
    assert drafted["compute_seconds"] == pytest.approx(2 * quote["compute_seconds"], abs=0.2)
    assert drafted["film_seconds"] == 16.0
    assert own.http.post("/videos/quote", json={**body, "sise": 1}).status_code == 400
    usage = own.http.get("/usage").json()
    assert usage["videos"] == 1 and usage["film_seconds"] == round(5 / 12, 3)
    receipt = own.http.get(f"/videos/{video['id']}/receipt").json()
    assert receipt["attempts"] == 1 and receipt["wall_seconds"] > 0
    assert own.http.get("/queue").json()["queued"] == 0
    meters = own.http.get(f"{own.url}/metrics").text
    assert 'ozora_jobs_admitted_total{verb="create"} 1.0' in meters
    assert "ozora_request_seconds_bucket" in meters


def test_a_server_is_ready_when_a_worker_is(serving):
    own = serving(worker=False, worker_grace=0.2)
    assert own.http.get(f"{own.url}/health").status_code == 200
    assert own.http.get(f"{own.url}/ready").json()["error"]["code"] == "no_worker"
    time.sleep(0.3)
    nobody = own.http.post("/videos", json={"prompt": "x"})
    assert nobody.status_code == 503 and nobody.json()["error"]["code"] == "no_worker"
    own.start_worker()
    ends = time.monotonic() + 10
    while own.http.get(f"{own.url}/ready").status_code != 200:
        assert time.monotonic() < ends
