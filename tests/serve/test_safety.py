"""Who may call, what may be reached, what is never told."""

import http.server
import json
import logging
import re
import socket
import threading

import openai
import pytest

from ozora.cli import run
from ozora.errors import OzoraError
from ozora.serve.fetch import FetchError, check_address, fetch, public
from ozora.serve.logs import JsonLines
from ozora.serve.server import check_exposure, open_house
from ozora.serve.store.keys import add_key, check_key, remove_key

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "100.64.0.1",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "fe80::1%eth0",
        "nonsense",        "192.0.2.1", "198.18.0.1", "240.0.0.1",
    ],
)  # fmt: skip
def test_only_public_addresses_are_reached(address):
    assert not public(address)
    with pytest.raises(FetchError):
        check_address("https://example.com/x.png", ask=lambda host, port: [address])
    # One bad address among good ones is enough: which one a connection takes is not ours to say.
    with pytest.raises(FetchError):
        check_address("https://example.com/x.png", ask=lambda host, port: ["93.184.215.14", address])


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd", "gopher://x/", "ftp://example.com/x", "http://", "https://user:pw@example.com/",
        "https://example.com:22/", "http://[::1]/", "http://2130706433/", "http://0x7f.1/",
        "javascript:alert(1)",        "http://localhost/", "//example.com", "http://[bad/", "https://example.com:99999/",
    ],
)  # fmt: skip
def test_odd_addresses_are_refused(url):
    real = {"2130706433": "127.0.0.1", "0x7f.1": "127.0.0.1", "localhost": "127.0.0.1", "::1": "::1"}
    with pytest.raises(FetchError):
        check_address(url, ask=lambda host, port: [real.get(host, "93.184.215.14")])


def test_the_connection_goes_to_the_address_that_was_checked():
    assert public("93.184.215.14") and public("2606:2800:21f:cb07:6820:80da:af6b:8b2c")
    target = check_address("https://example.com/a?b#c", ask=lambda host, port: ["93.184.215.14"])
    assert target.pinned == "https://93.184.215.14:443/a?b" and target.host_header == "example.com"
    with pytest.raises(FetchError, match="https"):
        check_address("http://example.com/", only_https=True, ask=lambda host, port: ["93.184.215.14"])
    six = check_address(
        "http://example.com/", ask=lambda host, port: ["2606:2800:21f:cb07:6820:80da:af6b:8b2c"]
    )
    assert six.pinned.startswith("http://[2606:")


def secret_of(text):
    return text.removeprefix("sk-ozora-").partition("-")[2]


@pytest.fixture
def site():
    """A web server on this machine: pictures, redirects, too much."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            where = self.path.partition("?")[0]
            if where == "/picture":
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"\x89PNG" + b"x" * 1000)
            elif where.startswith("/to/"):
                self.send_response(302)
                self.send_header("location", self.path.partition("?")[2])
                self.end_headers()
            else:
                self.send_response(404)
                self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


def test_fetching_stays_within_its_bounds(site):
    home, trusted = f"http://pictures.test:{site}", ("127.0.0.1",)
    names = {"pictures.test": "127.0.0.1", "inside.test": "10.0.0.7"}

    def get(path, **options):
        return fetch(
            f"{home}{path}", **{"most": 5000, "trusted": trusted, **options}, ask=lambda h, p: [names[h]]
        )

    assert get("/picture").startswith(b"\x89PNG")
    assert get(f"/to/x?{home}/picture").startswith(b"\x89PNG")
    with pytest.raises(FetchError, match="public"):
        get("/to/x?http://inside.test/latest/meta-data")
    with pytest.raises(FetchError, match="http and https"):
        get("/to/x?file:///etc/passwd")
    with pytest.raises(FetchError, match="redirects"):
        get("/to/x?/to/x?/to/x?/to/x?/to/x")
    with pytest.raises(FetchError, match="bytes"):
        get("/picture", most=100)
    with pytest.raises(FetchError, match="404"):
        get("/nothing")
    with pytest.raises(FetchError):
        get("/picture", trusted=())


def test_keys_are_kept_as_hashes_and_checked_whole(serving):
    own = serving(worker=False)
    store = own.house.store
    key, text = add_key(store, "ann", rate_per_minute=5, budget=10, models=["sora-2"])
    assert check_key(store, text) == key
    wrong = ["", "x", text[:-1], text + "x", text.replace("sk-", "pk-"), text.swapcase()]
    wrong += ["sk-ozora-é-é", "sk-ozora-"]
    assert [check_key(store, other) for other in wrong] == [None] * len(wrong)
    raw = b"".join(path.read_bytes() for path in own.house.settings.data.glob("ozora.db*"))
    if not store.sqlite:
        with store.read() as connection:
            raw = repr(connection.exec_driver_sql("SELECT * FROM keys").all()).encode()
    assert secret_of(text).encode() not in raw and key.name.encode() in raw
    assert remove_key(store, "ann") and not remove_key(store, "ann") and check_key(store, text) is None


def test_one_key_cannot_see_what_another_made(serving):
    own = serving()
    store = own.house.store
    ann, bob = (own.client(add_key(store, name)[1], max_retries=0) for name in ("ann", "bob"))
    with pytest.raises(openai.AuthenticationError) as stranger:
        own.client("sk-ozora-wrong-key", max_retries=0).videos.list()
    assert stranger.value.code == "invalid_api_key"
    video = ann.videos.create_and_poll(prompt="x", size="96x64", seconds="1")
    calls = [
        lambda: bob.videos.retrieve(video.id), lambda: bob.videos.download_content(video.id),
        lambda: bob.videos.delete(video.id), lambda: bob.videos.remix(video.id, prompt="y"),
        lambda: bob.videos.edit(prompt="y", video=openai.omit, extra_body={"video": {"id": video.id}}),
        lambda: bob.post(f"/videos/{video.id}/cancel", cast_to=object),
        lambda: bob.get(f"/videos/{video.id}/receipt", cast_to=object),
        lambda: bob.get(f"/videos/{video.id}/events", cast_to=object),
        lambda: next(iter(bob.videos.list(after=video.id))),
    ]  # fmt: skip
    for call in calls:
        with pytest.raises((openai.NotFoundError, openai.BadRequestError)) as refused:
            call()
        assert refused.value.code in ("video_not_found", "invalid_value")
    assert list(bob.videos.list()) == [] and ann.videos.retrieve(video.id).status == "completed"
    assert own.http.get(f"{own.url}/metrics").status_code == 401
    assert own.http.get(f"{own.url}/health").status_code == 200
    assert own.http.get("/videos", headers={"api-key": "sk-ozora-no-no"}).status_code == 401


def test_a_key_s_models_and_budget_hold(serving):
    own = serving(worker=False)
    client = own.client(add_key(own.house.store, "ann", budget=5, models=["sora-2"])[1], max_retries=0)
    with pytest.raises(openai.PermissionDeniedError) as model:
        client.videos.create(prompt="x", model="sora-2-pro")
    assert model.value.code == "model_not_allowed"
    client.videos.create(prompt="x")
    with pytest.raises(openai.RateLimitError, match="budget") as spent:
        client.videos.create(prompt="x")
    assert spent.value.code == "insufficient_quota"
    assert spent.value.response.headers["x-should-retry"] == "false"
    quote = client.post("/videos/quote", cast_to=object, body={"prompt": "x"})
    assert quote["budget_left"] == 1.0


def test_without_keys_only_this_machine_may_call(serving, tmp_path):
    own = serving(worker=False)
    for host in ("evil.example", f"evil.example:{own.port}", "127.0.0.1.evil.example"):
        reply = own.http.get("/videos", headers={"host": host})
        assert reply.status_code == 403 and reply.json()["error"]["code"] == "host_not_allowed"
    for host in ("localhost", f"127.0.0.1:{own.port}", "[::1]:80"):
        assert own.http.get("/videos", headers={"host": host}).status_code == 200
    house = open_house(own.house.settings.with_values({"host": "0.0.0.0"}))
    with pytest.raises(OzoraError, match="ozora keys add"):
        check_exposure(house)
    add_key(house.store, "ann")
    check_exposure(house)
    house.store.close()


def test_the_command_line_of_keys_and_checks(tmp_path, capfd):
    def call(*arguments):
        code = run([*arguments, "--data", str(tmp_path / "data")])
        return code, *capfd.readouterr()

    code, text, _ = call("keys", "add", "film school", "--rate", "9", "--budget", "60", "--model", "sora-2")
    assert code == 0 and re.fullmatch(r"sk-ozora-[0-9a-f]{16}-[\w-]{43}\n", text)
    assert call("keys", "add", "film school")[0] == 2
    listed = call("keys", "list")[1]
    assert "film school" in listed and "9 films a minute; 60 s a month; sora-2" in listed
    assert secret_of(text.strip()) not in listed
    assert call("keys", "remove", "film school")[0] == 0 and call("keys", "list")[1] == ""
    assert call("keys", "remove", "film school")[0] == 2

    painted = ("--renderer", "painter:Painter")
    code, out, _ = call("serve", "--check", "--port", "0", *painted)
    assert code == 0 and "painter" in out and "anybody on this machine" in out
    code, _, err = call("serve", "--check", "--host", "0.0.0.0", *painted)
    assert code == 2 and err.startswith("host: got '0.0.0.0'") and len(err.splitlines()) == 1
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = call("serve", "--check", "--port", str(taken.getsockname()[1]), *painted)
        assert code == 2 and err.startswith("port:")
    for wrong in (("--store", "mysql://x"), ("--renderer", "no.such:Thing"), ("--workers", "-1")):
        code, _, err = call("serve", "--check", *wrong)
        assert code == 2 and len(err.strip().splitlines()) == 1, err
    (tmp_path / "file").write_text("")
    assert run(["serve", "--check", "--data", str(tmp_path / "file")]) == 2


def test_no_secret_and_no_path_is_told(serving, caplog):
    own = serving()
    caplog.set_level(logging.DEBUG, logger="ozora.serve")
    _, text = add_key(own.house.store, "ann")
    head = {"authorization": f"Bearer {text}"}
    made = own.http.post(
        "/videos", headers=head, json={"prompt": "my broken secret plan", "size": "96x64"}
    ).json()
    while (
        video := own.http.get(f"/videos/{made['id']}?k={text}", headers=head).json()
    )["status"] != "failed":
        pass
    told = "\n".join(JsonLines().format(record) for record in caplog.records)
    assert all(json.loads(line)["event"] for line in told.splitlines())
    assert '"event": "request"' in told and "job broke" in told
    for secret in (text, secret_of(text), "secret plan"):
        assert secret not in told
    listed = own.http.get("/videos", headers=head).text + json.dumps(video)
    assert str(own.house.settings.data) not in listed and "a secret detail" not in listed


def test_our_own_mistakes_are_a_500_in_the_envelope(serving, monkeypatch, caplog):
    own = serving(worker=False)
    monkeypatch.setattr("ozora.serve.store.jobs.find", lambda *_: 1 / 0)
    reply = own.http.get("/videos/video_1")
    assert reply.status_code == 500 and reply.json()["error"]["type"] == "server_error"
    assert "ZeroDivision" not in reply.text
    name = reply.headers["x-request-id"]
    assert any(record.exc_info and record.request_id == name for record in caplog.records)


def test_blobs_stay_in_their_folder(tmp_path):
    from ozora.serve.blobs.folder import FolderBlobs

    blobs = FolderBlobs(tmp_path / "data")
    for name in ("../x", "/etc/passwd", "videos/../../x", ""):
        with pytest.raises(OzoraError):
            blobs.put(name, b"x")
    blobs.put("videos/a/x", b"1")
    assert blobs.copy("videos/a/x", "videos/b/y") and not blobs.copy("videos/a/none", "videos/b/z")
    blobs.drop("videos/a")
    assert blobs.path("videos/a/x") is None and blobs.path("videos/b/y").read_bytes() == b"1"
