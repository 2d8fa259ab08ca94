"""Workers that Ray places. benchmarks/cluster.py kills far more than the one test here that needs Ray."""

import time
from contextlib import closing
from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as some

from ozora.cli import run
from ozora.serve.cluster import Device, devices
from ozora.serve.store import jobs, queue
from ozora.serve.store.engine import Store

WITHOUT_RAY = pytest.mark.skipif(find_spec("ray") is None, reason="needs ray (pip install 'ozora[cluster]')")

MACHINES = some.lists(
    some.tuples(some.booleans(), some.integers(0, 8), some.integers(0, 64)), max_size=6
)


def told(alive, gpus, processors):
    return {"Alive": alive, "Resources": {"GPU": float(gpus), "CPU": float(processors), "memory": 1e9}}


@given(MACHINES, some.integers(0, 8))
def test_every_device_has_its_worker_and_no_machine_more_than_it_holds(machines, workers):
    found = devices([told(*machine) for machine in machines], workers)
    alive = [(gpus, processors) for here, gpus, processors in machines if here]
    assert sum(count for device, count in found.items() if device.gpus) == sum(gpus for gpus, _ in alive)
    plain = [processors for gpus, processors in alive if not gpus]
    filming = [processors for processors in plain if processors and workers]
    count = sum(count for device, count in found.items() if not device.gpus)
    assert count == sum(min(workers, processors) for processors in filming)
    for gpus, processors in alive:
        held = devices([told(True, gpus, processors)], workers)
        assert sum(device.processors * count for device, count in held.items()) <= processors


def test_what_a_worker_asks_for():
    machines = [told(True, 2, 16), told(True, 0, 8), told(False, 4, 8), told(True, 0, 0), told(True, 0, 8)]
    assert devices(machines, 1) == {Device(1, 8): 2, Device(0, 8): 2}
    assert devices(machines, 4) == {Device(1, 8): 2, Device(0, 2): 8}
    assert devices(machines, 0) == {Device(1, 8): 2}


@pytest.mark.skipif(find_spec("ray") is not None, reason="ray is installed")
def test_without_ray_one_sentence_says_how_to_get_it(tmp_path, capsys):
    for command in (("serve", "--check", "--port", "0"), ("serve",), ("worker",)):
        assert run([*command, "--data", str(tmp_path), "--cluster", "auto"]) == 2
        said = capsys.readouterr().err
        assert "pip install 'ozora[cluster]'" in said and "Traceback" not in said


@pytest.fixture(scope="module")
def nodes():
    """A head that films nothing, and two nodes of one processor."""
    from processes import ENVIRONMENT
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", ENVIRONMENT["PYTHONPATH"])
        patch.setenv("RAY_worker_niceness", "0")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        quiet = {"include_dashboard": False, "object_store_memory": 80 * 2**20}
        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **quiet})
        yield cluster, [cluster.add_node(num_cpus=1, **quiet) for _ in range(2)]
        cluster.shutdown()


@WITHOUT_RAY
def test_a_node_dies_in_mid_film_and_the_film_is_finished_elsewhere(nodes, tmp_path, capsys):
    from processes import Served

    cluster, alive = nodes
    checked = ["serve", "--check", "--port", "0", "--data", str(tmp_path / "data"), "--renderer"]
    assert run([*checked, "painter:Painter", "--cluster", cluster.address]) == 0
    assert "2 machines with 2 workers" in capsys.readouterr().out
    assert run([*checked, "painter:Painter", "--cluster", "127.0.0.1:1"]) == 2
    assert "HOST:PORT" in capsys.readouterr().err

    served = Served(tmp_path / "data", "--cluster", cluster.address, "--drain", "1", lease=15).start()
    try:
        wish = {"prompt": "a slow ball", "size": "96x64", "num_frames": 20}
        served.wait(within=120)
        first = served.create("first", seed=1, **wish)
        whole = served.finished(first) and served.http.get(f"/videos/{first}/content").content
        with closing(Store(served.store or f"sqlite:///{served.folder}/ozora.db")) as store:
            while len(queue.live_workers(store, 5)) < 2:
                time.sleep(0.1)
            names = [served.create(f"again {number}", seed=1, **wish) for number in range(2)]
            while any(jobs.find(store, None, name).status == "queued" for name in names):
                time.sleep(0.1)
            time.sleep(1)
            cluster.remove_node(alive[0], allow_graceful=False)
            ended = [served.finished(name) for name in names]
            attempts = [jobs.find(store, None, name).attempts for name in names]
        assert [video["status"] for video in ended] == ["completed"] * 2 and sorted(attempts) == [1, 2]
        assert {served.http.get(f"/videos/{name}/content").content for name in names} == {whole}
    finally:
        assert served.stop(60) in (0, -15)
