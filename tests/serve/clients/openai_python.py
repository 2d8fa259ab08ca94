"""Every step a program takes with the openai client for Python, of any version; prints them as JSON."""

import base64
import io
import json
import os
import struct
import sys
import warnings
import zlib

warnings.simplefilter("ignore")
import openai  # noqa: E402

client = openai.OpenAI(max_retries=0)
steps = {}
SMALL = {"size": "96x64", "seconds": "4"}


def step(name):
    def run(call):
        try:
            call()
            steps[name] = "ok"
        except Exception as error:
            steps[name] = f"{type(error).__name__}: {str(error)[:200]}"
        return call

    return run


def png(width, height):
    rows = b"".join(b"\0" + bytes((200, 30, 60)) * width for _ in range(height))
    parts = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)), (
            b"IDAT", zlib.compress(rows)
        ), (b"IEND", b"")
    ]
    chunks = (struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


made = {}


@step("create_and_poll")
def _():
    made["first"] = client.videos.create_and_poll(prompt="a ball", model="sora-2", **SMALL)
    assert made["first"].status == "completed" and made["first"].seconds == "4"


@step("content")
def _():
    for variant, magic in (("video", b"ftyp"), ("thumbnail", b"WEBP"), ("spritesheet", b"\xff\xd8\xff")):
        assert magic in client.videos.download_content(made["first"].id, variant=variant).read()[:16]


@step("list")
def _():
    assert made["first"].id in [video.id for video in client.videos.list(limit=1)]


@step("first frame as a file")
def _():
    video = client.videos.create(
        prompt="a ball", input_reference=("first.png", io.BytesIO(png(96, 64))), **SMALL
    )
    assert client.videos.poll(video.id).status == "completed"


@step("first frame as bytes")
def _():
    assert client.videos.create(prompt="a ball", input_reference=png(96, 64), **SMALL).status == "queued"


@step("first frame as an address")
def _():
    url = "data:image/png;base64," + base64.b64encode(png(96, 64)).decode()
    body = {"input_reference": {"image_url": url}}
    assert client.videos.create(prompt="a ball", extra_body=body, **SMALL).id


@step("extra fields")
def _():
    body = {"seed": 4, "negative_prompt": "fog", "metadata": {"take": "1"}, "n": 2, "steps": 3}
    video = client.videos.create(prompt="a ball", extra_body=body, **SMALL)
    assert video.seed == 4 and video.metadata == {"take": "1"} and len(video.video_ids) == 2


@step("remix")
def _():
    assert client.videos.remix(made["first"].id, prompt="a cube").remixed_from_video_id == made["first"].id


if not os.environ.get("OZORA_REAL"):  # only the tests' painter knows words that it refuses

    @step("failed job is a video")
    def _():
        video = client.videos.create_and_poll(prompt="this is refused", **SMALL)
        assert video.status == "failed" and video.error.code == "invalid_input"


@step("errors")
def _():
    try:
        client.videos.retrieve("video_123")
    except openai.NotFoundError as error:
        assert error.code == "video_not_found" and error.request_id
    else:
        raise AssertionError("found")


if hasattr(client.videos, "edit"):

    @step("edit by id")
    def _():
        body = {"video": {"id": made["first"].id}}
        assert client.videos.edit(prompt="a cube", video=openai.omit, extra_body=body).status == "queued"

    @step("edit an upload")
    def _():
        data = client.videos.download_content(made["first"].id).read()
        assert client.videos.edit(prompt="a cube", video=data).status == "queued"

    @step("extend by id")
    def _():
        body = {"video": {"id": made["first"].id}}
        video = client.videos.extend(prompt="on", seconds="4", video=openai.omit, extra_body=body)
        assert video.seconds == "8"

    @step("character")
    def _():
        try:
            client.videos.create_character(
                name="Mossy", video=client.videos.download_content(made["first"].id).read()
            )
        except openai.BadRequestError as error:
            # The painter's ball need not be anything the probe knows; the refusal says so.
            assert error.param == "video"


if hasattr(client, "webhooks"):

    @step("webhook endpoints")
    def _():
        body = {"name": "n", "url": "https://93.184.215.14/hook", "event_types": ["video.completed"]}
        found = client.post("/webhook_endpoints", cast_to=object, body=body)
        assert found["signing_secret"].startswith("whsec_")
        if hasattr(client.webhooks, "list"):
            assert found["id"] in [endpoint.id for endpoint in client.webhooks.list()]
            assert client.webhooks.rotate_secret(
                found["id"], keep_old_secret_active_for_24_hours=True
            ).signing_secret
            assert client.webhooks.delete(found["id"]).deleted


@step("models")
def _():
    assert "sora-2" in [model.id for model in client.models.list()]


@step("delete")
def _():
    gone = client.videos.delete(made["first"].id)
    assert gone.deleted is True and gone.object == "video.deleted"


print(json.dumps(steps))
sys.exit(0)
