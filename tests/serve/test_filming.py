"""The director behind the server: every verb, whole films, and latents that outlive a crash."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from ozora.director.understanding.recaption import caption_for
from ozora.media.clip import Clip
from ozora.media.video import measure, read_clip, write_clip
from ozora.serve.render.deliver import deliver
from ozora.serve.render.drafts import STATE
from ozora.serve.render.filming import DirectorRenderer, place
from ozora.serve.render.order import Card, Given, Order, nearest
from ozora.serve.settings import Settings


@pytest.fixture(scope="module")
def renderer(tiny_weights):
    return DirectorRenderer(Settings(weights=str(tiny_weights)))


def film(renderer, folder, order, given=None):
    folder.mkdir(parents=True, exist_ok=True)
    told = []
    shown = []

    def tell(share, preview=None):
        told.append(share)
        if preview is not None:
            shown.append(preview)

    rendered = renderer.render(order, given or Given(), folder, tell)
    assert told == sorted(told) and told[0] >= 0 and told[-1] == 1
    assert all(frames.ndim == 4 and frames.shape[-1] == 3 for frames in shown)
    made = deliver(rendered.clip, order, folder, tell)
    width, height, fps, seconds = measure(folder / "video.mp4")
    assert (width, height, round(seconds * fps)) == (order.width, order.height, made["num_frames"])
    return rendered, made


CREATE = Order("create", "a red fox", 96, 64, 12, 3)


def test_films_longer_and_larger_than_the_model_makes_them(renderer, tmp_path):
    assert renderer.card().frames == 13 and renderer.card().sizes == ((96, 64), (64, 64))
    order = dataclasses.replace(CREATE, width=192, height=320, frames=31)
    rendered, made = film(renderer, tmp_path / "a", order)
    assert made["num_frames"] == 31 and made["native_size"] == "64x64" and made["fps"] == 12
    assert rendered.receipt["seconds"]["denoise"] > 0
    film(renderer, tmp_path / "b", order)
    assert (tmp_path / "a" / "video.mp4").read_bytes() == (tmp_path / "b" / "video.mp4").read_bytes()
    for name, size in (("thumbnail.webp", (192, 320)), ("spritesheet.jpg", None)):
        picture = Image.open(tmp_path / "a" / name)
        assert size is None or picture.size == size


def test_a_quality_by_name_decides_who_films_and_in_how_many_steps(tiny_student, tmp_path):
    taught = DirectorRenderer(Settings(weights=str(tiny_student)))
    assert (taught.card().steps, taught.card().guidance) == (4, 1.0)
    steps = {}
    for quality in (None, "draft", "best"):
        folder = tmp_path / str(quality)
        film(taught, folder, dataclasses.replace(CREATE, quality=quality))
        settings = json.loads((folder / "native.json").read_text())["settings"]
        steps[quality] = settings["steps"], settings["guidance"]
    assert steps == {None: (4, 1.0), "draft": (2, 1.0), "best": (3, 2.0)}


def test_verbs_begin_with_the_film_s_own_latents(renderer, tmp_path):
    first, _ = film(renderer, tmp_path / "first", CREATE)
    given = Given(source=tmp_path / "first" / "native.mp4")
    longer = dataclasses.replace(CREATE, verb="extend", before=12, frames=12)
    extended, made = film(renderer, tmp_path / "longer", longer, given)
    assert made["num_frames"] == 24
    assert np.array_equal(extended.clip.frames[:9], first.clip.frames[:9])  # kept to the bit
    for verb in ("remix", "edit"):
        changed, made = film(
            renderer, tmp_path / verb, dataclasses.replace(CREATE, verb=verb, prompt="a ball"), given
        )
        assert made["num_frames"] == 12
        assert not np.array_equal(changed.clip.frames, first.clip.frames)
    weak = dataclasses.replace(CREATE, verb="remix", prompt="a ball", strength=0.1)
    near, _ = film(renderer, tmp_path / "weak", weak, given)

    def far(one):
        return np.abs(one.clip.frames[:12].astype(int) - first.clip.frames[:12]).mean()

    assert far(near) < far(changed)


def test_anybody_s_film_can_be_extended_and_edited(renderer, tmp_path):
    across = np.linspace(0, 250, 60, dtype=np.uint8)
    frames = np.repeat(np.tile(across[:, None], (1, 40))[None, :, :, None], 30, axis=0).repeat(3, axis=-1)
    path = write_clip(Clip(frames, 24), tmp_path / "mine.mp4")  # 40 x 60 pixels, 30 frames at 24 a second
    given = Given(source=path)
    longer = Order("extend", "a fox", 40, 60, 12, 1, before=15, exact=False)
    _, made = film(renderer, tmp_path / "longer", longer, given)
    assert 24 <= made["num_frames"] <= 27
    first = read_clip(tmp_path / "longer" / "video.mp4").frames[0]
    assert first.shape == (60, 40, 3)
    _, made = film(
        renderer, tmp_path / "edited", Order("edit", "a fox", 40, 60, 15, 1, exact=False), given
    )
    assert made["num_frames"] == 13


def test_a_given_picture_begins_the_film(renderer, tmp_path):
    Image.fromarray(np.full((128, 96, 3), (250, 20, 20), np.uint8)).save(tmp_path / "image", "PNG")
    order = dataclasses.replace(CREATE, width=96, height=128)
    plain, _ = film(renderer, tmp_path / "plain", order)
    pinned, _ = film(renderer, tmp_path / "pinned", order, Given(image=tmp_path / "image"))
    assert not np.array_equal(plain.clip.frames[0], pinned.clip.frames[0])


def test_a_crash_while_decoding_does_not_cost_the_denoising(renderer, tmp_path, monkeypatch):
    whole, _ = film(renderer, tmp_path / "whole", CREATE)
    work = tmp_path / "work"
    work.mkdir()

    class KilledError(Exception):
        pass

    def dies(share, preview=None):
        if share > 0.75:  # denoising is behind, decoding has begun
            raise KilledError

    with pytest.raises(KilledError):
        renderer.render(CREATE, Given(), work, dies)
    assert [path.name for path in work.iterdir()] == [".native.mp4.take"]
    monkeypatch.setattr(renderer.backend, "go_on", lambda *_, **__: 1 / 0)
    again, _ = film(renderer, work, CREATE)
    assert np.array_equal(again.clip.frames, whole.clip.frames)
    assert any("earlier run" in note for note in again.receipt["notes"])


def test_what_is_laid_into_a_native_frame_is_cut_out_again():
    picture = np.random.default_rng(0).integers(0, 255, (64, 36, 3), np.uint8)
    order = Order("create", "x", 36, 64, 1, 0)
    laid = place(picture, order, (112, 64))
    assert laid.shape == (64, 112, 3) and np.array_equal(laid[:, 38:74], picture)
    assert nearest(((224, 128), (128, 224), (128, 128)), 720, 1280) == (128, 224)


def test_short_films_are_an_error_and_not_a_lie(tmp_path):
    from ozora.errors import OzoraError

    clip = Clip(np.zeros((5, 64, 96, 3), np.uint8), 12)
    with pytest.raises(OzoraError, match="5 of the 6 frames"):
        deliver(clip, Order("create", "x", 96, 64, 6, 0), tmp_path, lambda share: None)
    assert not list(tmp_path.iterdir())
    assert Card("m", "h", ((96, 64),), 12, 49, 4, 1.0).fps == 12


def test_a_loop_a_storyboard_and_keyframes(renderer, tmp_path):
    looped, made = film(renderer, tmp_path / "loop", dataclasses.replace(CREATE, verb="loop", frames=24))
    assert made["num_frames"] == len(looped.clip) == 24  # nothing of a loop is cut off
    for name, colour in (("still-0", (250, 20, 20)), ("still-1", (20, 20, 250)), ("card-1", (20, 250, 20))):
        Image.fromarray(np.full((64, 96, 3), colour, np.uint8)).save(tmp_path / name, "PNG")
    pictures = {name: tmp_path / name for name in ("still-0", "still-1", "card-1")}
    plain, _ = film(renderer, tmp_path / "plain", CREATE)
    pinned, _ = film(
        renderer, tmp_path / "pinned", dataclasses.replace(CREATE, stills=(0.5, None)),
        Given(pictures=pictures),
    )  # fmt: skip
    assert not np.array_equal(plain.clip.frames[-1], pinned.clip.frames[-1])
    cards = ({"at": 0, "words": "a fox"}, {"at": 1, "words": "a ball", "transition": "cut"})
    board = dataclasses.replace(CREATE, verb="storyboard", frames=24, cards=cards)
    told, made = film(renderer, tmp_path / "board", board)
    assert made["num_frames"] == 24 and len(told.clip.metadata["settings"]["openings"]) == 2
    read = [part["caption"] for part in told.clip.metadata["parts"]]
    assert read == [caption_for(f"{board.prompt}, {card['words']}") for card in cards] and all(read)
    cards = (cards[0], {**cards[1], "picture": "card-1"})
    shown, _ = film(
        renderer, tmp_path / "shown", dataclasses.replace(board, cards=cards), Given(pictures=pictures)
    )
    assert np.array_equal(shown.clip.frames[:12], told.clip.frames[:12])
    assert not np.array_equal(shown.clip.frames[13:], told.clip.frames[13:])
    assert Order.from_json(json.loads(json.dumps(board.to_json()))) == board


def test_the_best_of_some_is_the_film_of_its_seed(renderer, tmp_path):
    best, _ = film(renderer, tmp_path / "best", dataclasses.replace(CREATE, candidates=3))
    seeds = [row["seed"] for row in best.about["candidates"]]
    assert sorted(seeds) == [3, 4, 5] and best.about["seed"] == seeds[0]
    alone, _ = film(renderer, tmp_path / "alone", dataclasses.replace(CREATE, seed=seeds[0]))
    assert np.array_equal(best.clip.frames, alone.clip.frames)


def test_a_draft_and_its_final(renderer, tmp_path):
    draft, made = film(renderer, tmp_path / "draft", dataclasses.replace(CREATE, draft=True, candidates=2))
    assert made["num_frames"] == 12 and draft.about["draft"]
    assert draft.about["seed"] == draft.about["candidates"][0]["seed"]
    kept = tmp_path / "kept"
    kept.mkdir()
    for name, path in draft.keep.items():
        path.rename(kept / name)
    given = Given(draft=kept / STATE)
    final = dataclasses.replace(CREATE, verb="finalize", seed=draft.about["seed"])
    whole, _ = film(renderer, tmp_path / "final", final, given)
    alone, _ = film(renderer, tmp_path / "alone", dataclasses.replace(CREATE, seed=draft.about["seed"]))
    assert np.array_equal(whole.clip.frames, alone.clip.frames)
    assert not np.array_equal(whole.clip.frames[:12], draft.clip.frames[:12])
    lifted, _ = film(renderer, tmp_path / "lift", dataclasses.replace(final, way="lift", steps=2), given)
    assert not np.array_equal(lifted.clip.frames, whole.clip.frames)


def test_a_whole_server_with_the_director(serving, tiny_weights, monkeypatch):
    from ozora.serve.settings import DIRECTOR

    # Tiny films are over before anybody would look for a preview: shown at once, and looked for often.
    monkeypatch.setattr("ozora.serve.worker.SHOW", 0.0)
    monkeypatch.setattr("ozora.serve.routes.extras.LOOK", 0.01)
    own = serving(renderer=DIRECTOR, weights=str(tiny_weights))
    video = own.finished(own.create("a red fox", num_frames=9, seed=1)["id"])
    assert video["status"] == "completed", video
    remixed = own.http.post(f"/videos/{video['id']}/remix", json={"prompt": "a ball", "seed": 1}).json()
    assert own.finished(remixed["id"])["status"] == "completed"
    body = {"prompt": "it runs on", "seconds": "1", "video": {"id": video["id"]}}
    longer = own.finished(own.http.post("/videos/extensions", json=body).json()["id"])
    assert (longer["status"], longer["seconds"]) == ("completed", "1.75")
    data = own.house.settings.data / "videos" / longer["id"]
    assert {"video.mp4", "native.mp4", "native.latents.safetensors"} <= {path.name for path in data.iterdir()}
    body = {"prompt": "one becomes the other", "first": {"id": video["id"]}, "second": {"id": remixed["id"]}}
    blended = own.finished(own.http.post("/videos/blends", json=body).json()["id"])
    assert (blended["status"], blended["num_frames"]) == ("completed", 9), blended
    assert blended["blended_from_video_ids"] == [video["id"], remixed["id"]]
    draft = own.create("a red fox", num_frames=9, draft=True, num_candidates=4)
    with own.http.stream("GET", f"/videos/{draft['id']}/events") as stream:
        told = "\n".join(stream.iter_lines())
    draft = own.finished(draft["id"])
    assert draft["draft"] and len(draft["candidates"]) == 4, draft
    assert 'event: video.preview\ndata: {"id"' in told and "data:image/webp;base64,UklGR" in told
    with own.house.store.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM previews").scalar() == 0
    final = own.http.post(f"/videos/{draft['id']}/finalize", json={"size": "192x128"}).json()
    final = own.finished(final["id"])
    assert (final["status"], final["size"], final["seed"]) == ("completed", "192x128", draft["seed"]), final
    assert final["finalized_from_video_id"] == draft["id"]
    refused = own.http.post(f"/videos/{final['id']}/finalize", json={})
    assert refused.json()["error"]["code"] == "invalid_value"
    shot = own.finished(own.create(
        "a fox", num_frames=24, storyboard=[{"at": 0, "prompt": "it runs"}, {"at": 1, "transition": "cut"}],
    )["id"])  # fmt: skip
    assert (shot["status"], shot["num_frames"]) == ("completed", 24), shot
    assert own.http.get(f"/videos/{video['id']}/receipt").json()["reading"]["subject"][0] in ("fox", "ball")
