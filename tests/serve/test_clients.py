"""Unmodified clients against a whole server: what programs written for the Videos API do."""

import asyncio
import io
import json

import av
import numpy as np
import openai
import pytest
from openai import AsyncOpenAI, omit
from PIL import Image
from standardwebhooks import Webhook

from ozora.media.video import measure, read_clip, write_clip

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def client(live):
    return live.client()


def picture(width, height, colour=(200, 30, 60), kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (width, height), colour).save(out, kind)
    return out.getvalue()


def film(client, **values):
    values = {"prompt": "a red ball", "size": "96x64", "seconds": "1", **values}
    return client.videos.create_and_poll(**values)


def test_create_poll_download_as_a_program_for_sora_does(client, tmp_path):
    video = client.videos.create_and_poll(prompt="a red ball", model="sora-2", seconds="1", size="720x1280")
    assert (video.status, video.progress, video.error) == ("completed", 100, None)
    assert (video.model, video.size, video.seconds) == ("sora-2", "720x1280", "1")
    assert video.expires_at > video.completed_at >= video.created_at
    path = tmp_path / "film.mp4"
    client.videos.download_content(video.id).write_to_file(path)
    assert measure(path) == (720, 1280, 12.0, 1.0)
    assert video.fps == 12 and video.num_frames == 12 and video.native_size == "96x64"
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")  # plays while it is still being loaded


def test_three_variants_have_the_right_bytes(client):
    video = film(client)
    begins = {"video": b"ftyp", "thumbnail": b"WEBP", "spritesheet": b"\xff\xd8\xff"}
    kinds = {"video": "video/mp4", "thumbnail": "image/webp", "spritesheet": "image/jpeg"}
    for variant, magic in begins.items():
        reply = client.videos.with_raw_response.download_content(video.id, variant=variant)
        assert magic in reply.content[:16] and reply.headers["content-type"] == kinds[variant]
    grid = {name: reply.headers[f"x-sprite-{name}"] for name in ("columns", "rows", "width", "height")}
    sheet = Image.open(io.BytesIO(client.videos.download_content(video.id, variant="spritesheet").read()))
    assert sheet.size == (int(grid["columns"]) * int(grid["width"]), int(grid["rows"]) * int(grid["height"]))
    assert reply.headers["x-sprite-seconds"] == "0,0.5"


def test_a_failed_job_is_a_video_and_not_an_exception(client):
    video = film(client, prompt="this is refused here")
    assert video.status == "failed" and video.error.code == "invalid_input"
    assert "nobody can paint" in video.error.message
    broken = film(client, prompt="this is broken inside")
    assert broken.error.code == "server_error" and "secret" not in broken.error.message
    assert film(client, prompt="this is huge").error.code == "out_of_memory"
    with pytest.raises(openai.BadRequestError) as refused:
        client.videos.download_content(video.id)
    assert refused.value.code == "video_failed"


def test_deleting_while_listing_goes_through_all_of_them(serving):
    own = serving(worker=False)
    made = {own.create(f"ball {number}")["id"] for number in range(13)}
    seen = set()
    for video in own.client().videos.list(limit=3):
        gone = own.client().videos.delete(video.id)
        assert gone.deleted and gone.object == "video.deleted" and gone.id == video.id
        seen.add(video.id)
    assert seen == made and list(own.client().videos.list()) == []
    with pytest.raises(openai.NotFoundError) as missing:
        own.client().videos.delete(next(iter(made)))
    assert missing.value.code == "video_not_found"


def test_a_given_picture_is_the_first_frame_whatever_the_shape(client, tmp_path):
    for size in ((96, 64), (64, 96), (120, 60)):
        shown = f"{size[0]}x{size[1]}"
        video = film(client, size=shown, input_reference=picture(*size))
        assert video.status == "completed"
        client.videos.download_content(video.id).write_to_file(tmp_path / "film.mp4")
        frames = read_clip(tmp_path / "film.mp4").frames
        assert frames.shape[1:3] == (size[1], size[0])
        assert abs(frames[0].astype(int) - [200, 30, 60]).mean() < 4
        assert abs(frames[-1].astype(int) - [200, 30, 60]).mean() > 20


def test_remix_edit_extend_and_character(client, tmp_path):
    first = film(client, extra_body={"seed": 5})
    remixed = client.videos.poll(client.videos.remix(first.id, prompt="a blue ball").id)
    assert remixed.remixed_from_video_id == first.id and remixed.prompt == "a blue ball"
    assert (remixed.size, remixed.seconds, remixed.model) == (first.size, first.seconds, first.model)
    by_id = {"video": {"id": first.id}}
    edited = client.videos.poll(client.videos.edit(prompt="a green ball", video=omit, extra_body=by_id).id)
    assert edited.edited_from_video_id == first.id and edited.remixed_from_video_id is None
    longer = client.videos.extend(prompt="it rolls on", seconds="2", video=omit, extra_body=by_id)
    assert longer.seconds == "3"
    longer = client.videos.poll(longer.id)
    client.videos.download_content(longer.id).write_to_file(tmp_path / "long.mp4")
    assert measure(tmp_path / "long.mp4") == (96, 64, 12.0, 3.0)
    client.videos.download_content(first.id).write_to_file(tmp_path / "first.mp4")
    before, after = read_clip(tmp_path / "first.mp4").frames, read_clip(tmp_path / "long.mp4").frames
    assert abs(before.astype(int) - after[:12].astype(int)).mean() < 3

    uploaded = client.videos.edit(prompt="a green ball", video=(tmp_path / "first.mp4").read_bytes())
    assert client.videos.poll(uploaded.id).status == "completed"
    grown = client.videos.extend(prompt="on", seconds="1", video=(tmp_path / "first.mp4").open("rb"))
    grown = client.videos.poll(grown.id)
    client.videos.download_content(grown.id).write_to_file(tmp_path / "grown.mp4")
    assert measure(tmp_path / "grown.mp4")[3] == float(grown.seconds) == 2.0


def test_a_character_stands_for_what_its_film_shows(client, tmp_path):
    from ozora.media.clip import Clip
    from ozora.world.film import film as shoot
    from ozora.world.sampling import sample_shot

    shot = sample_shot(105)
    assert (shot.subjects[0].kind, shot.subjects[0].colour) == ("cube", "red")
    frames = shoot(shot, 112, 64, frames=range(24)).frames.numpy()
    path = write_clip(Clip(frames, 12), tmp_path / "cube.mp4")
    made = client.videos.create_character(name="Mossy", video=path.read_bytes())
    assert made.id.startswith("char_") and made.name == "Mossy" and made.words.endswith("cube")
    assert client.videos.get_character(made.id).created_at == made.created_at
    video = film(client, prompt="the Mossy spins", extra_body={"characters": [{"id": made.id}]})
    assert video.prompt == "the Mossy spins" and video.revised_prompt == f"a {made.words} spins"
    with pytest.raises(openai.BadRequestError, match="does not mention"):
        film(client, prompt="a dog runs", extra_body={"characters": [{"id": made.id}]})
    with pytest.raises(openai.NotFoundError):
        client.videos.get_character("char_123")


def test_async_client_raw_and_streaming_responses(live):
    async def run():
        client = AsyncOpenAI(base_url=f"{live.url}/v1", api_key="x")
        raw = await client.videos.with_raw_response.create(prompt="a ball", seconds="1", size="96x64")
        assert raw.headers["x-request-id"].startswith("req_") and int(
            raw.headers["openai-processing-ms"]
        ) >= 0
        assert raw.headers["x-ratelimit-limit-requests"] == "600"
        video = await client.videos.poll(raw.parse().id)
        async with client.videos.with_streaming_response.download_content(video.id) as streamed:
            parts = [part async for part in streamed.iter_bytes(1000)]
        assert b"ftyp" in parts[0][:12] and len(parts) > 1
        return [video.id async for video in client.videos.list(limit=2)]

    assert len(asyncio.run(run())) > 2


def test_errors_become_the_client_s_own_exceptions(live):
    client = live.client(max_retries=0)
    with pytest.raises(openai.BadRequestError) as unknown:
        film(client, extra_body={"promt": "typo"})
    assert unknown.value.code == "unknown_parameter" and unknown.value.param == "promt"
    assert unknown.value.request_id.startswith("req_")
    with pytest.raises(openai.NotFoundError) as model:
        film(client, model="sora-9")
    assert model.value.code == "model_not_found"
    with pytest.raises(openai.NotFoundError) as lost:
        client.videos.retrieve("video_123")
    assert lost.value.code == "video_not_found"
    with pytest.raises(openai.NotFoundError) as path:
        client.get("/nothing/here", cast_to=object)
    assert path.value.code == "unknown_url"
    assert {"sora-2", "sora-2-pro", "painter"} <= {model.id for model in client.models.list()}
    assert client.models.retrieve("sora-2").served_model == "painter"


def test_n_films_are_n_jobs_with_seeds_counting_up(client):
    video = film(client, extra_body={"n": 3, "seed": 7})
    assert len(video.video_ids) == 3 and video.video_ids[0] == video.id
    others = [client.videos.poll(name) for name in video.video_ids]
    assert [other.seed for other in others] == [7, 8, 9] and len({other.group_id for other in others}) == 1
    films = [client.videos.download_content(name).read() for name in video.video_ids]
    assert len(set(films)) == 3


def test_same_seed_same_bytes(client):
    one, two = (film(client, extra_body={"seed": 11}) for _ in range(2))
    assert one.id != two.id
    assert client.videos.download_content(one.id).read() == client.videos.download_content(two.id).read()


def test_webhooks_are_verified_by_both_libraries(live, mailbox, monkeypatch):
    client = live.client()
    monkeypatch.setattr(live.house, "settings", live.house.settings.with_values({"trusted": ("127.0.0.1",)}))
    made = client.post(
        "/webhook_endpoints", cast_to=object,
        body={"name": "box", "url": mailbox.url, "event_types": ["video.completed", "video.failed"]},
    )  # fmt: skip
    video = film(client, extra_body={"callback_url": mailbox.url})
    failed = film(client, prompt="refused")
    from ozora.serve.callbacks import deliver_due

    deliver_due(live.house.store, ("127.0.0.1",))
    assert len(mailbox.letters) == 3
    for headers, body in mailbox.letters:
        told = json.loads(body)
        secret = made["signing_secret"]
        try:
            event = client.webhooks.unwrap(body, headers, secret=secret)
        except openai.InvalidWebhookSignatureError:
            secret = video.callback_secret
            event = client.webhooks.unwrap(body, headers, secret=secret)
        assert Webhook(secret).verify(body, headers)["id"] == told["id"] == event.id
        assert headers["webhook-id"] == told["id"]
        wanted = {"video.completed": video.id, "video.failed": failed.id}
        assert event.data.id == wanted[event.type]
        with pytest.raises(openai.InvalidWebhookSignatureError):
            client.webhooks.unwrap(body + " ", headers, secret=secret)
    client.delete(f"/webhook_endpoints/{made['id']}", cast_to=object)


def test_downloads_go_on_where_they_stopped(live, client):
    video = film(client)
    whole = live.http.get(f"/videos/{video.id}/content")
    part = live.http.get(f"/videos/{video.id}/content", headers={"range": "bytes=100-199"})
    assert part.status_code == 206 and part.content == whole.content[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole.content)}"
    assert whole.headers["etag"] and whole.headers["accept-ranges"] == "bytes"
    assert video.id in whole.headers["content-disposition"]
    with av.open(io.BytesIO(whole.content)) as opened:
        assert np.isclose(float(opened.streams.video[0].average_rate), video.fps)
