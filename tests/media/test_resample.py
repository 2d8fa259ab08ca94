from fractions import Fraction

import av
import numpy as np
import pytest

from ozora.errors import OzoraError
from ozora.media import Clip
from ozora.media.resample import LARGEST_SIDE, read_at
from ozora.media.video import write_clip


def film(path, times, *, codec="libx264", pixels="yuv420p", sound=False, size=(64, 48)):
    """A film whose frame i is the grey 8 + 4 i, on screen from ``times[i]`` seconds on."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=24)
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        stream.codec_context.time_base = Fraction(1, 1000)
        voice = container.add_stream("aac", rate=44100) if sound else None
        for number, second in enumerate(times):
            grey = np.full((size[1], size[0], 3), 8 + 4 * number, np.uint8)
            picture = av.VideoFrame.from_ndarray(grey, format="rgb24").reformat(format=pixels)
            picture.pts, picture.time_base = round(second * 1000), Fraction(1, 1000)
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
        if voice is not None:
            tone = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
            tone.sample_rate, tone.pts = 44100, 0
            container.mux(voice.encode(tone))
            container.mux(voice.encode(None))
    return path


def shown(clip):
    """Which frame of the film is on screen in each frame of the clip."""
    return [round((frame.mean() - 8) / 4) for frame in clip.frames]


@pytest.mark.parametrize(("rate", "every"), [(24, 2), (12, 1), (48, 4)])
def test_steady_rates_become_the_model_s(tmp_path, rate, every):
    clip, notes = read_at(
        film(tmp_path / "a.mp4", [n / rate for n in range(32)]), 12, seconds=60, field="source"
    )
    assert shown(clip) == list(range(0, 32, every)) and clip.fps == 12
    assert (rate == 12) == (notes == ())


def test_an_unsteady_rate_shows_each_frame_as_long_as_it_was_shown(tmp_path):
    times = [0, 0.25, 0.5, 0.51, 0.52, 0.53, 1.0]
    clip, _ = read_at(film(tmp_path / "a.mp4", times), 12, seconds=60, field="source")
    assert shown(clip)[:13] == [0, 0, 0, 1, 1, 1, 2, 5, 5, 5, 5, 5, 6]


def test_slow_films_hold_their_frames(tmp_path):
    clip, _ = read_at(film(tmp_path / "a.mp4", [0, 0.5, 1.0]), 12, seconds=60, field="source")
    assert shown(clip)[:12] == [0] * 6 + [1] * 6


def test_sound_is_left_out_with_a_note_and_ten_bits_become_eight(tmp_path):
    path = film(
        tmp_path / "a.mp4", [n / 12 for n in range(9)], codec="libx265", pixels="yuv420p10le", sound=True
    )
    clip, notes = read_at(path, 12, seconds=60, field="source")
    assert shown(clip) == list(range(9)) and clip.frames.dtype == np.uint8
    assert any("sound" in note for note in notes)


def test_large_films_come_small_and_long_ones_stop(tmp_path):
    path = film(tmp_path / "a.mp4", [n / 12 for n in range(30)], size=(2 * LARGEST_SIDE, LARGEST_SIDE))
    clip, _ = read_at(path, 12, seconds=1, field="source")
    assert (clip.width, clip.height) == (LARGEST_SIDE, LARGEST_SIDE // 2) and 12 <= len(clip) <= 13


def test_what_cannot_be_read_names_the_field(tmp_path):
    whole = write_clip(Clip(np.zeros((40, 64, 64, 3), np.uint8)), tmp_path / "whole.mp4").read_bytes()
    sound = tmp_path / "sound.mp4"
    with av.open(str(sound), "w") as container:
        voice = container.add_stream("aac", rate=44100)
        tone = av.AudioFrame.from_ndarray(np.zeros((2, 1024), np.float32), format="fltp", layout="stereo")
        tone.sample_rate, tone.pts = 44100, 0
        container.mux(voice.encode(tone))
        container.mux(voice.encode(None))
    bad = {"text.mp4": b"a fox", "cut.mp4": whole[: len(whole) * 3 // 4], "head.mp4": whole[:600]}
    for name, content in bad.items():
        (tmp_path / name).write_bytes(content)
    for name in (*bad, "none.mp4", "sound.mp4"):
        with pytest.raises(OzoraError, match=r"^before: [^\n]*\.$"):
            read_at(tmp_path / name, 12, seconds=60, field="before")
