import json

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.errors import OzoraError
from ozora.media import Clip
from ozora.media.colour import to_yuv420
from ozora.media.video import read_clip, read_metadata, write_clip

KNOWN = {"ozora": "0.1.0", "prompt": 'a "red" fox, 雪 – dusk', "seed": 2**63, "settings": {"steps": 4}}


def moving_picture(length=30, height=64, width=112):
    y, x = np.mgrid[0:height, 0:width]
    waves = [
        np.stack(
            [
                128 + 100 * np.sin(x / 20 + t / 5),
                128 + 100 * np.cos(y / 15 + t / 9),
                128 + 90 * np.sin((x + y) / 30),
            ],
            -1,
        )
        for t in range(length)
    ]
    return np.stack(waves).astype(np.uint8)


def signal_to_noise(one, other):
    return 10 * np.log10(255**2 / max(1e-9, np.mean((one.astype(float) - other.astype(float)) ** 2)))


def test_film_survives_the_round_trip(tmp_path):
    clip = Clip(moving_picture(), 12, KNOWN)
    path = write_clip(clip, tmp_path / "a.mp4")
    back = read_clip(path)
    assert back.frames.shape == clip.frames.shape and back.fps == 12
    assert signal_to_noise(back.frames, clip.frames) > 40
    assert dict(back.metadata) == KNOWN == read_metadata(path)
    assert [found.name for found in tmp_path.iterdir()] == ["a.mp4"]


def test_file_is_what_every_player_expects(tmp_path):
    path = write_clip(Clip(moving_picture(), 12), tmp_path / "a.mp4")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        context = stream.codec_context
        assert (context.name, context.profile, context.pix_fmt) == ("h264", "High", "yuv420p")
        tags = context.color_primaries, context.color_trc, context.colorspace, context.color_range
        assert [int(tag) for tag in tags] == [1, 1, 1, 1]  # BT.709 three times, limited range
        frames = list(container.decode(stream))
    assert [index for index, frame in enumerate(frames) if frame.key_frame] == [0, 12, 24]
    assert [float(frame.time) for frame in frames] == pytest.approx([index / 12 for index in range(30)])
    content = path.read_bytes()
    assert 0 < content.find(b"moov") < content.find(b"mdat")


def test_same_clip_same_bytes_and_a_sidecar_beside_it(tmp_path):
    clip = Clip(moving_picture(9), 12, KNOWN)
    one = write_clip(clip, tmp_path / "one.mp4", sidecar=True)
    two = write_clip(clip, tmp_path / "two.mp4")
    assert one.read_bytes() == two.read_bytes()
    assert json.loads((tmp_path / "one.json").read_text()) == KNOWN
    assert not (tmp_path / "two.json").exists()


@settings(max_examples=15, deadline=None)
@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_flat_colours_come_back_within_rounding(tmp_path_factory, colour):
    path = tmp_path_factory.mktemp("flat") / "flat.mp4"
    write_clip(Clip(np.full((2, 32, 32, 3), colour, np.uint8)), path)
    assert np.abs(read_clip(path).frames.astype(int) - colour).max() <= 4


def test_conversion_meets_the_standards_own_points():
    def flat(*colour):
        planes = to_yuv420(np.full((2, 2, 3), colour, np.uint8)).reshape(-1)
        return int(planes[0]), int(planes[4]), int(planes[5])

    assert flat(0, 0, 0) == (16, 128, 128)
    assert flat(255, 255, 255) == (235, 128, 128)
    assert flat(255, 0, 0) == (63, 102, 240)
    assert flat(0, 0, 255) == (32, 240, 118)


@pytest.mark.parametrize("rate", [1, 12, 23.976, 29.97, 60])
def test_rates_survive(tmp_path, rate):
    path = write_clip(Clip(moving_picture(4), rate), tmp_path / "a.mp4")
    assert read_clip(path).fps == pytest.approx(rate, abs=2e-3)


def test_odd_sides_are_refused_and_nothing_is_left(tmp_path):
    for shape in ((2, 31, 32, 3), (2, 32, 31, 3)):
        with pytest.raises(OzoraError, match=r"^size: got '\d+x\d+', allowed: even"):
            write_clip(Clip(np.zeros(shape, np.uint8)), tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())


def test_reading_stops_where_asked(tmp_path):
    path = write_clip(Clip(moving_picture(20), 12), tmp_path / "a.mp4")
    assert len(read_clip(path, max_frames=5)) == 5
    with pytest.raises(OzoraError, match="max_frames"):
        read_clip(path, max_frames=0)


def test_turned_films_are_read_upright(tmp_path):
    frames = np.zeros((3, 32, 64, 3), np.uint8)
    frames[:, :, :32] = 255  # left half white
    upright, turned = tmp_path / "a.mp4", tmp_path / "b.mp4"
    write_clip(Clip(frames), upright)
    with av.open(str(upright)) as source, av.open(str(turned), "w") as target:
        stream = target.add_stream_from_template(source.streams.video[0])
        stream.set_display_rotation(90)
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
    read = read_clip(turned).frames
    assert read.shape == (3, 64, 32, 3)
    with av.open(str(turned)) as container:
        rotation = next(container.decode(video=0)).rotation
    # Turned a quarter counter-clockwise, the white left half comes to lie at the bottom.
    white_half = read[1, 34:] if rotation == 90 else read[1, :30]
    assert white_half.min() > 240


@pytest.mark.parametrize("content", [None, b"", b"not a film at all", b"\0\0\0\x18ftypisom" + b"\0" * 200])
def test_what_is_no_film_gives_one_sentence(tmp_path, content):
    path = tmp_path / "a.mp4"
    if content is not None:
        path.write_bytes(content)
    for read in (read_clip, read_metadata):
        with pytest.raises(OzoraError, match=r"^film: .*\.$"):
            read(path)


def test_foreign_films_have_no_metadata_of_ours(tmp_path):
    path = tmp_path / "a.mkv"
    with av.open(str(path), "w") as container:
        container.metadata["comment"] = "shot on a phone"
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 50, 30, "yuv420p"
        for frame in moving_picture(3, 30, 50):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    assert read_metadata(path) == {}
    assert read_clip(path).frames.shape == (3, 30, 50, 3)
