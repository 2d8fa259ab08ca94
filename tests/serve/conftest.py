"""A whole server for every test that wants one: real sockets, real store, real worker, real files."""

import contextlib
import os
import socket
import sys
import threading
import time
import warnings
from pathlib import Path

import httpx
import pytest
import uvicorn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
warnings.filterwarnings("ignore", category=DeprecationWarning, module="openai")

from stores import store_url  # noqa: E402

from ozora.serve.app import create_app  # noqa: E402
from ozora.serve.batches.keeping import keeping  # noqa: E402
from ozora.serve.server import open_house  # noqa: E402
from ozora.serve.settings import Settings  # noqa: E402
from ozora.serve.worker import Worker  # noqa: E402


def painted(folder, **values):
    """Settings of a small, quick server in a folder."""
    quick = {"renderer": "painter:Painter", "poll_ms": 20, "heartbeat": 0.2, "lease": 5, "drain": 1}
    return Settings(data=folder, **{"store": store_url(folder), **quick, **values})


def free_port():
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        return trial.getsockname()[1]


class Live:
    """A server in a thread of this process, and a worker in another if it is wanted."""

    def __init__(self, settings, *, worker=True):
        self.house = open_house(settings)
        app = create_app(self.house, lambda app: keeping(self.house))
        self.server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None))
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        while not self.server.started:
            time.sleep(0.01)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.http = httpx.Client(base_url=f"{self.url}/v1", timeout=30)
        self.worker = self.crew = None
        if worker:
            self.start_worker()

    def start_worker(self):
        self.worker = Worker(self.house.settings, f"test-{time.monotonic_ns()}")
        self.crew = threading.Thread(target=self.worker.run, daemon=True)
        self.crew.start()

    def client(self, key="sk-none", **options):
        from openai import OpenAI

        return OpenAI(base_url=f"{self.url}/v1", api_key=key, **options)

    def create(self, prompt="a red ball", **values):
        reply = self.http.post("/videos", json={"prompt": prompt, "size": "96x64", "num_frames": 5, **values})
        assert reply.status_code == 200, reply.text
        return reply.json()

    def finished(self, name, within=30):
        ends = time.monotonic() + within
        while (video := self.http.get(f"/videos/{name}").json())["status"] not in ("completed", "failed"):
            assert time.monotonic() < ends, video
            time.sleep(0.02)
        return video

    def stop(self):
        if self.worker is not None:
            self.worker.stop()
            self.crew.join(10)
        self.server.should_exit = True
        self.thread.join(10)
        self.http.close()
        self.house.store.close()


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """One server with one worker for a module's tests."""
    found = Live(painted(tmp_path_factory.mktemp("live")))
    yield found
    found.stop()


@pytest.fixture
def serving(tmp_path):
    """Start servers of one's own: ``serving(worker=False, queue_limit=2)``; all stop with the test."""
    with contextlib.ExitStack() as stack:

        def start(*, worker=True, folder=None, **values):
            found = Live(painted(folder or tmp_path / "data", **values), worker=worker)
            stack.callback(found.stop)
            return found

        yield start


@pytest.fixture
def environment():
    """What a server or worker in a process of its own needs to find our code and the painter."""
    source = Path(__file__).resolve().parents[2] / "src"
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(source), str(HERE)]), "PYTHONUNBUFFERED": "1"}


class Mailbox:
    """A receiver of webhooks: answers as told, keeps what came."""

    def __init__(self):
        import http.server

        box = self
        self.letters, self.answers = [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                box.letters.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(box.answers.pop(0) if box.answers else 204)
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def mailbox():
    """A receiver of webhooks on this machine."""
    box = Mailbox()
    yield box
    box.server.shutdown()
