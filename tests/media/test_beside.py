import threading
import time

import numpy as np
import pytest

from ozora.errors import OzoraError
from ozora.media import Clip
from ozora.media.beside import WAITING_FRAMES, FilmBeside
from ozora.media.video import read_clip, write_clip

SIZE = {"width": 48, "height": 32, "fps": 12, "metadata": {"ozora": "0"}}


def pictures(length):
    return np.random.default_rng(0).integers(0, 255, (length, 32, 48, 3), np.uint8)


def encoders():
    return [thread for thread in threading.enumerate() if thread.name == "ozora-encoder"]


def test_a_film_written_beside_has_the_bytes_of_one_written_at_once(tmp_path):
    frames = pictures(3 * WAITING_FRAMES)
    with FilmBeside(tmp_path / "a.mp4", **SIZE) as film:
        for part in np.array_split(frames, 7):
            film.add(part)
        assert not (tmp_path / "a.mp4").exists()  # whole or not there
        film.finish()
    whole = write_clip(Clip(frames, 12, {"ozora": "0"}), tmp_path / "b.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == whole.read_bytes()
    assert not encoders()


def test_who_stops_on_the_way_leaves_nothing_behind(tmp_path):
    with pytest.raises(KeyboardInterrupt), FilmBeside(tmp_path / "a.mp4", **SIZE) as film:
        film.add(pictures(9))
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir()) and not encoders()


def test_an_older_film_of_that_name_stays_until_the_new_one_is_whole(tmp_path):
    path = write_clip(Clip(pictures(2), 12), tmp_path / "a.mp4")
    before = path.read_bytes()
    with pytest.raises(OzoraError), FilmBeside(path, **SIZE) as film:
        film.add(pictures(9))
        raise OzoraError("stopped")
    assert path.read_bytes() == before and [found.name for found in tmp_path.iterdir()] == ["a.mp4"]


def test_what_fails_in_the_encoder_is_told_to_whoever_adds_or_finishes(tmp_path):
    odd = {**SIZE, "width": 49}
    with pytest.raises(OzoraError, match="49x32"), FilmBeside(tmp_path / "a.mp4", **odd) as film:
        for _ in range(WAITING_FRAMES):
            film.add(pictures(9))
        raise AssertionError("nobody said that the film cannot be written")
    with pytest.raises(OzoraError, match=r"^size: got"), FilmBeside(tmp_path / "b.mp4", **odd) as film:
        film.add(pictures(1))
        film.finish()
    assert not list(tmp_path.iterdir()) and not encoders()


def test_few_frames_wait_for_a_slow_encoder(tmp_path, monkeypatch):
    held = threading.Event()
    from ozora.media import video

    def slow(frame, convert=video.to_yuv420):
        held.wait(5)
        return convert(frame)

    monkeypatch.setattr(video, "to_yuv420", slow)
    added = 0
    with FilmBeside(tmp_path / "a.mp4", **SIZE) as film:

        def feed():
            nonlocal added
            for frame in pictures(3 * WAITING_FRAMES):
                film.add(frame[None])
                added += 1

        feeder = threading.Thread(target=feed)
        feeder.start()
        time.sleep(0.5)
        assert added <= WAITING_FRAMES + 1
        held.set()
        feeder.join()
        film.finish()
    assert len(read_clip(tmp_path / "a.mp4")) == 3 * WAITING_FRAMES
