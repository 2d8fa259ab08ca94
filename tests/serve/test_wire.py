"""What is understood on the wire, and what is refused: field by field, encoding by encoding."""

import base64
import io
import json
import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from sqlalchemy import select

from ozora.media.clip import Clip
from ozora.media.video import write_clip
from ozora.serve.housekeeping import tidy
from ozora.serve.store.tables import jobs
from ozora.serve.wire.body import expand
from ozora.serve.wire.errors import ApiError


def png(width=96, height=64):
    out = io.BytesIO()
    Image.new("RGB", (width, height), (9, 200, 90)).save(out, "PNG")
    return out.getvalue()


def data_url(data):
    return "data:image/png;base64," + base64.b64encode(data).decode()


@pytest.fixture
def quiet(serving):
    """A server without a worker: what is accepted stays queued and can be looked at."""
    return serving(worker=False)


KEYS = {
    "id", "object", "model", "status", "progress", "created_at", "completed_at", "expires_at", "prompt",
    "size", "seconds", "remixed_from_video_id", "error",
}  # fmt: skip


def test_every_encoding_means_the_same(quiet):
    fields = {"prompt": "a ball", "seconds": "2", "size": "96x64", "seed": "5", "guidance_scale": "2.5"}
    plain = {**fields, "seed": 5, "guidance_scale": 2.5, "seconds": 2}
    replies = [
        quiet.http.post("/videos", json=plain),
        quiet.http.post("/videos", data=fields),
        quiet.http.post("/videos", files={name: (None, value) for name, value in fields.items()}),
        quiet.http.post("/videos", content=json.dumps(plain)),
        quiet.http.post("/videos", json={"prompt": "a ball", "extra_body": plain}),
    ]
    for reply in replies:
        video = reply.json()
        assert reply.status_code == 200 and set(video) >= KEYS, reply.text
        same = {name: video[name] for name in ("prompt", "seconds", "size", "seed", "model", "status")}
        assert same == {
            "prompt": "a ball", "seconds": "2", "size": "96x64", "seed": 5, "model": "sora-2",
            "status": "queued",        }  # fmt: skip
        assert isinstance(video["progress"], int) and video["progress"] == 0
        assert video["object"] == "video" and video["error"] is None


def test_defaults_are_those_of_the_contract(quiet):
    video = quiet.http.post("/videos", json={"prompt": "x"}).json()
    assert (video["model"], video["size"], video["seconds"]) == ("sora-2", "720x1280", "4")
    for seconds in ("4", "8", "12", "16", "20"):
        for size in ("720x1280", "1280x720", "1024x1792", "1792x1024", "1080x1920", "1920x1080"):
            asked = {"prompt": "x", "seconds": seconds, "size": size, "model": "sora-2-pro-2025-10-06"}
            assert quiet.http.post("/videos", json=asked).json()["size"] == size


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        ({}, None),
        ({"quality": "high"}, "high"),
        ({"quality": "auto"}, "standard"),
        ({"quality": "hd", "model": "sora-2-pro"}, "high"),
        ({"model": "sora-2-pro-2025-10-06"}, "best"),
        ({"model": "sora-2-pro", "num_inference_steps": 3}, None),
    ],
)
def test_a_quality_is_called_by_its_name_or_by_that_of_the_better_model(quiet, values, meant):
    name = quiet.http.post("/videos", json={"prompt": "a ball", **values}).json()["id"]
    with quiet.house.store.read() as connection:
        order = connection.scalar(select(jobs.c.order).where(jobs.c.id == name))
    assert order.get("quality") == meant


@pytest.mark.parametrize(
    ("values", "code", "param"),
    [
        ({}, "missing_required_parameter", "prompt"),
        ({"prompt": ""}, "invalid_value", "prompt"),
        ({"prompt": "   "}, "invalid_value", "prompt"),
        ({"prompt": "x" * 32_001}, "invalid_value", "prompt"),
        ({"prompt": 7}, "invalid_type", "prompt"),
        ({"prompt": "a\0b"}, "invalid_value", "prompt"),
        ({"prompt": "a\ud800b"}, "invalid_value", "prompt"),
        ({"seconds": "0"}, "invalid_value", "seconds"),
        ({"seconds": "21"}, "invalid_value", "seconds"),
        ({"seconds": "4.5"}, "invalid_value", "seconds"),
        ({"seconds": [4]}, "invalid_type", "seconds"),
        ({"seconds": 1e400}, "invalid_value", None),
        ({"size": "big"}, "invalid_value", "size"),
        ({"size": "97x64"}, "invalid_value", "size"),
        ({"size": "4096x64"}, "invalid_value", "size"),
        ({"size": "96x64", "width": 96, "height": 64}, "invalid_value", "width"),
        ({"width": 96}, "missing_required_parameter", "height"),
        ({"aspect_ratio": "wide"}, "invalid_value", "aspect_ratio"),
        ({"model": "sora-9"}, "model_not_found", "model"),
        ({"promt": "x"}, "unknown_parameter", "promt"),
        ({"seed": -1}, "invalid_value", "seed"),
        ({"seed": 2**53}, "invalid_value", "seed"),
        ({"seed": "5"}, "invalid_type", "seed"),
        ({"seed": True}, "invalid_type", "seed"),
        ({"seed": 2**53 - 1, "n": 2}, "invalid_value", "seed"),
        ({"n": 9}, "invalid_value", "n"),
        ({"steps": 0}, "invalid_value", "steps"),
        ({"steps": 4, "num_inference_steps": 4}, "invalid_value", "num_inference_steps"),
        ({"guidance": 0.5}, "invalid_value", "guidance"),
        ({"quality": "ultra"}, "invalid_value", "quality"),
        ({"quality": 7}, "invalid_type", "quality"),
        ({"fps": 24}, "unsupported_parameter", "fps"),
        ({"num_frames": 24, "seconds": "4"}, "invalid_value", "num_frames"),
        ({"best_of": 2, "n": 3}, "invalid_value", "num_candidates"),
        ({"num_candidates": 2, "seconds": "20"}, "invalid_value", "num_candidates"),
        ({"draft": True, "seconds": "8"}, "invalid_value", "draft"),
        ({"loop": True, "num_frames": 13}, "invalid_value", "num_frames"),
        ({"loop": True, "draft": True}, "invalid_value", "draft"),
        ({"storyboard": []}, "invalid_value", "storyboard"),
        ({"storyboard": [{"at": 1, "prompt": "x"}]}, "invalid_value", "storyboard"),
        ({"storyboard": [{"at": 0}, {"at": 2, "promt": "x"}]}, "unknown_parameter", "storyboard[1].promt"),
        ({"keyframes": [{"seconds": 1}]}, "missing_required_parameter", "keyframes[0].image"),
        ({"keyframes": [{"seconds": 9, "image": data_url(png())}]}, "invalid_value", "keyframes[0].seconds"),
        ({"last_frame": data_url(png(64, 64))}, "invalid_image", "last_frame"),
        ({"loras": [{"name": "x", "scale": 1}]}, "unsupported_parameter", "loras"),
        ({"generate_audio": True}, "unsupported_parameter", "generate_audio"),
        ({"metadata": {"a": 1}}, "invalid_type", "metadata[a]"),
        ({"metadata": {str(n): "x" for n in range(17)}}, "invalid_value", "metadata"),
        ({"characters": [{"id": "char_1"}]}, "character_not_found", "characters"),
        ({"characters": [{"id": "a"}] * 3}, "invalid_value", "characters"),
        ({"input_reference": "picture"}, "invalid_type", "input_reference"),
        ({"input_reference": {}}, "invalid_value", "input_reference"),
        ({"input_reference": {"image_url": "x", "file_id": "y"}}, "invalid_value", "input_reference"),
        ({"input_reference": {"path": "/etc/passwd"}}, "unknown_parameter", "input_reference.path"),
        ({"input_reference": {"file_id": "file_1"}}, "file_not_found", "input_reference.file_id"),
        ({"input_reference": {"image_url": "file:///etc/passwd"}}, "invalid_image", None),
        ({"input_reference": {"image_url": "http://127.0.0.1/x.png"}}, "invalid_image", None),
        ({"input_reference": {"image_url": "data:image/png;base64,!!"}}, "invalid_image", None),
        ({"input_reference": {"image_url": data_url(b"GIF89a")}}, "invalid_image", None),
        ({"input_reference": {"image_url": data_url(png()[:60])}}, "invalid_image", None),
        ({"input_reference": {"image_url": data_url(png(64, 64))}}, "invalid_image", "input_reference"),
        ({"callback_url": "http://example.com/hook"}, "invalid_value", "callback_url"),
        ({"callback_url": "https://127.0.0.1/hook"}, "invalid_value", "callback_url"),
        ({"output_path": "/tmp/x"}, "unknown_parameter", "output_path"),
    ],
    ids=str,
)  # fmt: skip
def test_nothing_wrong_is_accepted(live, values, code, param):
    body = {"prompt": "a ball", "size": "96x64", **values} if values else {}
    if "width" in values or "aspect_ratio" in values:
        body = {**body, "size": values.get("size")}
    reply = live.http.post("/videos", content=json.dumps(body), headers={"content-type": "application/json"})
    error = reply.json()["error"]
    assert reply.status_code == (404 if code.endswith("_not_found") else 400), reply.text
    assert set(error) == {"message", "type", "param", "code"} and error["type"] == "invalid_request_error"
    assert error["code"] == code and (param is None or error["param"] == param)
    assert live.http.get("/queue").json()["yours"]["queued"] == 0


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b"[" * 100_000, "application/json"),
        (b'{"prompt": NaN}', "application/json"),
        (b"\xff\xfe\x00", "application/json"),
        (b"prompt", "text/csv"),
        (b"--x\r\ngarbage", "multipart/form-data; boundary=x"),
        (b"nothing", "multipart/form-data"),
        (b"prompt[a]=1&prompt=2", "application/x-www-form-urlencoded"),
        (b"a[[]=1", "application/x-www-form-urlencoded"),
    ],
)
def test_broken_bodies_are_refused_in_the_envelope(live, body, kind):
    reply = live.http.post("/videos", content=body, headers={"content-type": kind})
    assert reply.status_code == 400 and set(reply.json()["error"]) == {"message", "type", "param", "code"}


def test_bracket_fields_as_node_sends_them(serving):
    own = serving()
    fields = [
        ("prompt", "a ball"), ("size", "96x64"), ("num_frames", "5"), ("metadata[take]", "3"), ("n", "1")
    ]
    form = {name: (None, value) for name, value in fields}
    reply = own.http.post("/videos", files={**form, "input_reference[image_url]": (None, data_url(png()))})
    assert reply.json()["metadata"] == {"take": "3"}, reply.text
    video = own.finished(reply.json()["id"])
    content = own.http.get(f"/videos/{video['id']}/content").content
    path = own.house.settings.data / "film.mp4"
    path.write_bytes(content)
    from ozora.media.video import read_clip

    assert abs(read_clip(path).frames[0].astype(int) - [9, 200, 90]).mean() < 4


def test_files_are_told_by_their_bytes_and_json_text_is_understood(live):
    part = ("upload", png(), "application/octet-stream")
    form = {"prompt": "a ball", "size": "96x64", "num_frames": "5", "metadata": '{"a": "b"}'}
    reply = live.http.post("/videos", data=form, files={"input_reference": part})
    assert reply.status_code == 200 and reply.json()["metadata"] == {"a": "b"}, reply.text
    lying = ("picture.png", b"not a picture", "image/png")
    reply = live.http.post("/videos", data=form, files={"input_reference": lying})
    assert reply.json()["error"]["code"] == "invalid_image"
    text = {**form, "input_reference": json.dumps({"image_url": data_url(png())})}
    assert live.http.post("/videos", data=text).status_code == 200


def test_files_are_kept_and_can_be_first_frames(live):
    client = live.client()
    kept = client.files.create(file=("a/../picture.png", png()), purpose="vision")
    assert kept.bytes == len(png())
    assert client.files.content(kept.id).read() == png()
    assert kept.id in [file.id for file in client.files.list(purpose="vision")]
    made = live.create(input_reference={"file_id": kept.id})
    assert live.finished(made["id"])["status"] == "completed"
    assert client.files.delete(kept.id).deleted and client.files.list().data == []
    short = client.files.create(
        file=b"x", purpose="user_data", expires_after={"anchor": "created_at", "seconds": 3600}
    )
    assert short.expires_at - short.created_at == 3600
    with live.house.store.write() as connection:
        connection.exec_driver_sql("UPDATE files SET expires = 1 WHERE expires IS NOT NULL")
    assert live.http.get(f"/files/{short.id}").status_code == 404
    tidy(live.house)
    assert not list((live.house.settings.data / "files").glob(f"{short.id}/*"))


def test_errors_look_the_same_everywhere(live):
    for method, path, status in (
        ("GET", "/v1/nothing", 404), ("PUT", "/v1/videos", 405), ("GET", "/v1/videos/..%2f..%2fetc", 404),
        ("GET", "/v1/videos/%00", 404), ("GET", "/v1/videos?limit=101", 400), (
            "GET", "/v1/videos?limit=x", 400
        ),
        ("GET", "/v1/videos?order=up", 400), ("GET", "/v1/videos?after=video_1", 400),
        ("GET", "/v1/videos/video_1/content?variant=0", 400), ("POST", "/v1/videos/video_1/remix", 400),
        ("GET", "/v1/models/gpt", 404), ("GET", "/v1/videos/characters/char_1", 404),
    ):  # fmt: skip
        reply = live.http.request(method, f"{live.url}{path}")
        error = reply.json()["error"]
        assert (reply.status_code, set(error)) == (status, {"message", "type", "param", "code"}), reply.text
        assert isinstance(error["code"], str) and reply.headers["x-request-id"].startswith("req_")
        assert reply.headers["openai-version"] and reply.headers["openai-processing-ms"].isdigit()


def test_the_document_describes_every_operation(live):
    document = live.http.get(f"{live.url}/openapi.json").json()
    schemas = document["components"]["schemas"]
    names = {operation["operationId"] for path in document["paths"].values() for operation in path.values()}
    assert {
        "createVideo", "listVideos", "getVideo", "deleteVideo", "getVideoContent", "remixVideo", "editVideo",
        "extendVideo", "createVideoCharacter", "getVideoCharacter", "listModels", "quoteVideo", "cancelVideo",
    } <= names  # fmt: skip
    used = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert used <= set(schemas) and "422" not in json.dumps(list(document["paths"].values()))
    body = document["paths"]["/v1/videos"]["post"]["requestBody"]["content"]
    assert set(body) == {"application/json", "multipart/form-data"}
    fields = body["application/json"]["schema"]["properties"]
    assert fields["seed"]["maximum"] == 2**53 - 1 and fields["prompt"]["maxLength"] == 32_000


def test_poll_header_is_whole_milliseconds_until_the_end(serving):
    own = serving(worker=False, poll_ms=2000)
    video = own.create()
    waiting = own.http.get(f"/videos/{video['id']}")
    assert waiting.headers["openai-poll-after-ms"] == "2000" and waiting.json()["status"] == "queued"
    assert waiting.json()["queue_position"] == 0
    refused = own.http.get(f"/videos/{video['id']}/content")
    assert refused.status_code == 400 and refused.json()["error"]["code"] == "video_not_ready"
    own.start_worker()
    own.finished(video["id"])
    assert "openai-poll-after-ms" not in own.http.get(f"/videos/{video['id']}").headers


def test_three_prefixes_and_two_ways_to_send_a_key(live):
    video = live.create()
    for prefix in ("/v1", "/openai/v1", ""):
        reply = live.http.get(f"{live.url}{prefix}/videos/{video['id']}", headers={"api-key": "anything"})
        assert reply.json()["id"] == video["id"]


def test_pages(quiet):
    made = [quiet.create(f"ball {number}")["id"] for number in range(5)]
    first = quiet.http.get("/videos", params={"limit": 2}).json()
    assert [video["id"] for video in first["data"]] == made[:2:-1] and first["has_more"]
    assert (first["first_id"], first["last_id"], first["object"]) == (made[4], made[3], "list")
    rest = quiet.http.get("/videos", params={"limit": 3, "after": made[3]}).json()
    assert [video["id"] for video in rest["data"]] == made[2::-1] and not rest["has_more"]
    rising = quiet.http.get("/videos", params={"order": "asc"}).json()
    assert [video["id"] for video in rising["data"]] == made
    empty = quiet.http.get("/videos", params={"limit": 0}).json()
    assert empty["data"] == [] and empty["last_id"] is None and empty["has_more"]


def test_size_of_bodies_is_bounded_also_when_it_is_not_told(serving):
    own = serving(worker=False, most_body=2**17)
    begins = b'--q\r\ncontent-disposition: form-data; name="prompt"\r\n\r\n'

    def endless():
        yield begins
        for _ in range(64):
            yield b"x" * 2**14

    for body in (begins + b"x" * 2**18, endless()):
        kind = {"content-type": "multipart/form-data; boundary=q"}
        reply = own.http.post("/videos", content=body, headers=kind)
        assert reply.status_code == 413 and reply.json()["error"]["code"] == "file_too_large"


def test_strict_servers_film_only_what_the_model_films(serving):
    own = serving(worker=False, strict=True)
    reply = own.http.post("/videos", json={"prompt": "x", "size": "1280x720"})
    assert reply.status_code == 400 and "96x64" in reply.json()["error"]["message"]
    assert own.http.post("/videos", json={"prompt": "x", "seconds": "8"}).status_code == 400
    assert own.http.post("/videos", json={"prompt": "x"}).json()["size"] == "96x64"


def test_films_that_are_sent_are_opened_before_they_are_accepted(live, tmp_path):
    film = write_clip(Clip(paint(12), 12), tmp_path / "film.mp4").read_bytes()
    for data in (b"not a film", film[: len(film) // 3], png()):
        sent = {"video": ("film.mp4", data, "video/mp4")}
        reply = live.http.post("/videos/edits", data={"prompt": "x"}, files=sent)
        assert reply.status_code == 400 and reply.json()["error"]["param"] == "video", reply.text
    short = write_clip(Clip(paint(2), 12), tmp_path / "short.mp4").read_bytes()
    reply = live.http.post("/videos/edits", data={"prompt": "x"}, files={"video": short})
    assert reply.status_code == 400 and "at least" in reply.json()["error"]["message"]
    sent = live.http.post("/videos/extensions", data={"prompt": "x", "seconds": "20"}, files={"video": film})
    assert sent.status_code == 200 and sent.json()["seconds"] == "21"


def paint(count):
    import numpy as np

    return np.tile(np.arange(count, dtype=np.uint8)[:, None, None, None] * 9, (1, 64, 96, 3))


keys = st.text("abcxyz", min_size=1, max_size=3)
values = st.text("0123456789 é", max_size=5)
trees = st.dictionaries(
    keys, values | st.dictionaries(keys, values, min_size=1, max_size=3)
    | st.lists(values, min_size=1, max_size=3) | st.lists(
        st.fixed_dictionaries({"k": values}), min_size=1, max_size=3
    ),
    max_size=4,
)  # fmt: skip


def to_pairs(tree):
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from ((f"{name}[{key}]", child) for key, child in value.items())
        elif isinstance(value, list):
            for child in value:
                yield (f"{name}[][k]", child["k"]) if isinstance(child, dict) else (f"{name}[]", child)
        else:
            yield name, value


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
@given(trees)
def test_bracket_names_give_back_the_tree_they_came_from(tree):
    assert expand(list(to_pairs(tree))) == tree


@given(st.lists(st.tuples(st.text("a[]0k.", max_size=8), st.just("v")), max_size=6))
def test_any_names_are_a_tree_or_a_refusal(pairs):
    try:
        json.dumps(expand(pairs))
    except ApiError as refused:
        assert refused.status == 400


def test_items_of_several_keys():
    pairs = [("l[][a]", "1"), ("l[][b]", "2"), ("l[][a]", "3"), ("m[1][a]", "y"), ("m[0][a]", "x")]
    assert expand(pairs) == {"l": [{"a": "1", "b": "2"}, {"a": "3"}], "m": [{"a": "x"}, {"a": "y"}]}
