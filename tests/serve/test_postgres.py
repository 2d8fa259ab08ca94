"""PostgreSQL in particular: races that SQLite has not, and a database that dies in mid-film.

The rest of these tests runs on it with OZORA_TEST_STORE=throwaway (or the URL of a database).
"""

import json
import threading
import time

import pytest
from stores import Postgres, missing, schema_url
from test_jobs import ROOMY, job

from conftest import Live, painted
from ozora.serve.store import jobs, queue
from ozora.serve.store.engine import Store
from ozora.serve.store.jobs import admit

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())


@pytest.fixture(scope="module")
def database():
    found = Postgres().start()
    yield found
    found.remove()


def at_once(count, call):
    """What ``call(number)`` returns in so many threads that begin together."""
    gate, results = threading.Barrier(count), []

    def work(number):
        gate.wait()
        results.append(call(number))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == count
    return results


def test_servers_that_start_together_make_the_tables_once(database, tmp_path):
    url = schema_url(database.url, tmp_path)
    stores = at_once(5, lambda number: Store(url))
    assert sorted(store.version for store in stores)[0][0] == 0
    made = admit(stores[0], [job()], ROOMY).jobs[0]
    assert all(jobs.find(store, None, made.id).prompt == "x" for store in stores)
    # A worker's loop and its heartbeat both say for the first time that it lives.
    at_once(8, lambda number: queue.report_worker(stores[number % 5], "w", "m", ready=True) or True)
    assert len(queue.live_workers(stores[0], 60)) == 1
    for store in stores:
        store.close()


def test_servers_and_workers_race_and_every_job_is_claimed_once_or_cancelled(database, tmp_path):
    url = schema_url(database.url, tmp_path)
    stores = [Store(url) for _ in range(4)]
    made = [admit(stores[0], [job(prompt=str(number))], ROOMY).jobs[0].id for number in range(48)]
    taken = []

    def work(number):
        store = stores[number]
        if number == 3:
            for name in made[::3]:
                queue.cancel(store, "ann", name)
            return True
        while (found := queue.claim(store, f"w{number}", lease=30, most_attempts=3)) is not None:
            taken.append(found.id)
            done = queue.complete(store, found, seconds="1", made={}, receipt={}, keep_hours=1)
            if not done:
                assert queue.fail_held(store, found, "cancelled", "x")
        return True

    at_once(4, work)
    assert len(taken) == len(set(taken)) and set(taken) >= set(made) - set(made[::3])
    ended = {name: jobs.find(stores[0], None, name) for name in made}
    assert {found.status for found in ended.values()} <= {"completed", "failed"}
    for name in made[::3]:  # asked to stop in time, or completed before
        assert ended[name].status == "completed" or ended[name].error_code == "cancelled"
    for store in stores:
        store.close()


def test_a_film_outlives_its_database(database, tmp_path):
    url = schema_url(database.url, tmp_path)
    one = Live(painted(tmp_path, store=url))
    two = Live(painted(tmp_path, store=url), worker=False)
    try:
        video = one.create("a slow ball", num_frames=10)
        while two.http.get(f"/videos/{video['id']}").json()["status"] != "in_progress":
            time.sleep(0.02)
        database.stop()
        told = two.http.get(f"/videos/{video['id']}")
        assert told.status_code == 503 and told.json()["error"]["code"] == "store_unreachable"
        assert told.headers["retry-after"] == "1" and "postgres" not in told.text
        refused = one.http.post("/videos", json={"prompt": "x", "size": "96x64", "num_frames": 5})
        assert refused.status_code == 503
        time.sleep(1)
        database.start()
        assert two.finished(video["id"])["status"] == "completed"
        assert jobs.find(two.house.store, None, video["id"]).attempts == 1
        later = two.create()
        assert one.finished(later["id"])["status"] == "completed"
        assert len(one.http.get("/videos").json()["data"]) == 2
    finally:
        two.stop()
        one.stop()


def test_text_that_postgresql_does_not_take(database, tmp_path):
    own = Live(painted(tmp_path, store=schema_url(database.url, tmp_path)), worker=False)
    try:
        for text in ("a\x00b", "a\ud800b", "😀" * 9, "x" * 32_000):
            labels = {"prompt": "x", "metadata": {"k": text[:500]}}
            bodies = {"prompt": text}, labels, {"prompt": "x", "model": text}
            sent = {"headers": {"content-type": "application/json"}}
            replies = [own.http.post("/videos", content=json.dumps(body), **sent) for body in bodies]
            assert all(reply.status_code < 500 for reply in replies), [reply.text for reply in replies]
        for asked in ("videos?after=a%00b", "videos?after=%ff", "files?purpose=%00", "files?after=a%00b"):
            assert own.http.get(f"{own.url}/v1/{asked}").status_code in (200, 400), asked
    finally:
        own.stop()
