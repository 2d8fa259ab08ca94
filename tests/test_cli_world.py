"""`ozora world`, `encode`, `plan` and `train` as people use and misuse them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from safetensors import safe_open

from ozora.media.images import read_image
from ozora.media.video import read_clip
from ozora.world.sampling import sample_shot

Call = Callable[..., tuple[int, str, str]]
SHOOT = ("world", "shoot", "footage", "--size", "64x64", "--frames", 5)


@pytest.fixture
def ozora(command_line: Call) -> Call:
    """Run a command line in a folder with a short shot; returns exit code, stdout and stderr."""
    shot = {**sample_shot(3).to_json(), "seconds": 0.4, "cuts": []}
    Path("shot.json").write_text(json.dumps(shot))

    return command_line


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(ozora: Call, tmp_path: Path, arguments: list[object], said: str) -> None:
    """The command says one sentence with these words, and every file is as it was."""
    before = contents(tmp_path)
    code, out, err = ozora(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1) and said in err, (arguments, err)
    assert err.endswith((".\n", "?\n")) and contents(tmp_path) == before, arguments


SHOT_FIELDS = {
    "seconds": ("x", "seconds: got 'x', allowed: more than 0"),
    "fps": (0, "fps: got '0', allowed: a whole number from 1 to 60."),
    "seed": (-1, "seed: got '-1', allowed: a whole number from 0"),
    "subjects": ([3], "subjects[0]: got '3', allowed: an object with kind"),
    "camera": (3, "camera: got '3', allowed: an object with move"),
    "place": ("moon", "place: got 'moon', allowed: "),
    "weather": (None, "weather: got 'None', allowed: one of clear"),
    "cuts": (["x"], "cuts[0]: got 'x', allowed: an object with at, camera."),
    "colour": ("red", "shot field: got 'colour', allowed: subjects"),
}


@pytest.mark.parametrize("field", SHOT_FIELDS)
def test_a_wrong_field_of_a_shot_is_named(ozora: Call, tmp_path: Path, field: str) -> None:
    value, said = SHOT_FIELDS[field]
    shot = json.loads((tmp_path / "shot.json").read_text())
    (tmp_path / "wrong.json").write_text(json.dumps({**shot, field: value}))
    refused(ozora, tmp_path, ["world", "film", "wrong.json", "-o", "x.mp4", "--size", "64x36"], said)


def test_a_film_of_the_world_is_refused_before_it_is_filmed(ozora: Call, tmp_path: Path) -> None:
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "x.depth.mp4").mkdir()
    for arguments, said in (
        (["none.json"], "shot file: got 'none.json (No such file or directory)'"),
        (["broken.json"], "shot file: got 'broken.json (not JSON, line 1)', allowed: a JSON file of a shot."),
        (["list.json"], "shot: got '[]', allowed: an object with subjects"),
        (["shot.json", "--size", 64], "size: got '64', allowed: width x height in pixels"),
        (["shot.json", "--supersample", 5], "supersample: got '5', allowed: 1 to 4."),
        (["shot.json", "--device", "tpu"], "device: got 'tpu', allowed: cpu"),
        (["shot.json", "--depth"], "output: got 'x.depth.mp4', allowed: a file, and this is a folder."),
        (["shot.json", "-o", "x.png"], "output: got 'x.png', allowed: a name ending in .mp4."),
        (["shot.json", "-o", "/proc/x.mp4"], "output: got '/proc/x.mp4', allowed: a path that can be"),
    ):
        refused(ozora, tmp_path, ["world", "film", "-o", "x.mp4", *arguments], said)


def test_a_shot_that_was_drawn_is_filmed_with_its_caption(ozora: Call, tmp_path: Path) -> None:
    code, out, _ = ozora("world", "film", "shot.json", "-o", "shot.mp4", "--size", "64x36")
    film = read_clip("shot.mp4")
    assert code == 0 and out == f"shot.mp4  5 frames: {film.metadata['prompt']}\n"
    assert film.frames.shape == (5, 36, 64, 3) and film.metadata["shot"]["seconds"] == 0.4
    assert not list(tmp_path.glob("shot.*.mp4"))  # depth and ids only where they are asked for


def test_a_sample_is_the_same_in_a_file_and_on_the_screen_in_every_language(
    ozora: Call, tmp_path: Path
) -> None:
    code, shown, english = ozora("world", "sample", "--seed", 4)
    assert code == 0 and json.loads(shown) == sample_shot(4).to_json()
    code, out, german = ozora("world", "sample", "--seed", 4, "--language", "de", "-o", "a.json")
    assert (code, out) == (0, "a.json\n") and (tmp_path / "a.json").read_text() == shown
    assert english != german and [line[:8] for line in english.splitlines() if line[:6].strip()]
    for options, said in (
        (["--seed", -1], "'--seed'"), (["--seed", "x"], "'--seed'"),
        (["--language", "xx"], "language: got 'xx', allowed: en, zh"),
        (["-o", "."], "output: got '.', allowed: a file, and this is a folder."),
        (["-o", "no/a.json"], "output: got 'no/a.json', allowed: a file in a folder that exists"),
    ):  # fmt: skip
        refused(ozora, tmp_path, ["world", "sample", *options], said)


def test_a_sheet_shows_as_many_moments_as_asked(ozora: Call, tmp_path: Path) -> None:
    small = ("--size", "64x36", "--supersample", 1)
    sheet = ("world", "sheet", "-o", "s.png", "--count", 1, *small)
    code, out, _ = ozora(*sheet, "--seed", 5)
    assert (code, out) == (0, "s.png  1 shots, seeds 5 to 5\n")
    one = read_image("s.png").frames
    assert ozora(*sheet, "--seed", 5, "--frames", 3)[0] == 0
    three = read_image("s.png").frames
    assert three.shape[2] > 2 * one.shape[2] and one.std() > 1
    for options, said in (
        (["-o", "s.png", "--count", 0], "'--count'"), (["-o", "s.png", "--frames", 9], "'--frames'"),
        (["-o", "s.png", "--columns", 0], "'--columns'"), (["-o", "s.gif"], "output: got 's.gif', allowed"),
        (["-o", "s.png", "--size", "63x36"], "size: got '63x36', allowed: even sides"),
    ):  # fmt: skip
        refused(ozora, tmp_path, ["world", "sheet", *options], said)


def test_footage_grows_and_goes_on_but_is_never_mixed(ozora: Call, tmp_path: Path) -> None:
    code, out, _ = ozora(*SHOOT, "--clips", 1)
    assert code == 0 and out.startswith("footage  1 clips, ledger root ")
    code, out, _ = ozora(*SHOOT, "--clips", 2)
    assert code == 0 and len((tmp_path / "footage" / "ledger.jsonl").read_text().splitlines()) == 2
    refused(ozora, tmp_path, [*SHOOT, "--seed", 9], "seed: got '9', allowed: 0, as the folder footage began.")
    for options, said in (
        (["new", "--frames", 0], "frames: got '0', allowed: 1, 5, 9"),
        (["new", "--frames", 6], "frames: got '6', allowed: 1, 5, 9"),
        (["new", "--size", "66x64"], "size: got '66x64', allowed: multiples of 32"),
        (["new", "--clips", 0], "'--clips'"), (["new", "--workers", 0], "'--workers'"),
        (["new", "--device", "tpu"], "device: got 'tpu', allowed: cpu"),
        (["shot.json"], "out: got 'shot.json', allowed: a folder, and shot.json is a file."),
        (["/proc/x"], "out: got '/proc/x', allowed: a folder that can be written"),
    ):  # fmt: skip
        refused(ozora, tmp_path, ["world", "shoot", *options], said)
        assert not (tmp_path / "new").exists()


def test_footage_that_was_damaged_is_found_out(ozora: Call, tmp_path: Path, tiny_weights: Path) -> None:
    assert ozora(*SHOOT, "--clips", 2)[0] == 0
    shard = tmp_path / "footage" / "shard-00000.safetensors"
    whole, changed = shard.read_bytes(), bytearray(shard.read_bytes())
    changed[-70_000] ^= 1
    shard.write_bytes(changed)
    refused(ozora, tmp_path, ["world", "check", "footage"], "in shard-00000.safetensors is not the one in")
    encode = ["encode", "footage", "--autoencoder", tiny_weights / "autoencoder.safetensors", "-o"]
    for damaged in (whole[: len(whole) // 2], b""):
        shard.write_bytes(damaged)
        for command in (
            ["world", "check", "footage"], ["world", "truth", "footage"], [*encode, "l.safetensors"],
            [*SHOOT, "--clips", 2],
            ["train", "micro_autoencoder", "--footage", "footage", "--out", "run", "--device", "cpu"],
        ):  # fmt: skip
            refused(ozora, tmp_path, command, "got 'footage/shard-00000.safetensors', allowed: a whole shard")
    shard.unlink()
    assert ozora(*SHOOT, "--clips", 2)[0] == 0 and shard.read_bytes() == whole
    assert ozora("world", "check", "footage")[:2] == (0, "footage  2 clips, each as its ledger knows it\n")
    for folder in ("nowhere", "shot.json", "."):
        refused(ozora, tmp_path, ["world", "check", folder], f"footage: got '{folder}', allowed: a folder")


def test_latents_are_of_as_many_clips_as_were_shot(ozora: Call, tmp_path: Path, tiny_weights: Path) -> None:
    assert ozora(*SHOOT, "--clips", 2)[0] == 0
    network = tiny_weights / "autoencoder.safetensors"
    encode = ("encode", "footage", "--autoencoder", network, "-o", "l.safetensors")
    for options, clips, said in (
        (["--no-mirror"], 2, "2 clips\n"),
        ([], 4, "2 clips, and their mirror images\n"),
    ):
        assert ozora(*encode, *options)[:2] == (0, f"l.safetensors  {said}")
        with safe_open(tmp_path / "l.safetensors", "pt") as opened:
            assert clips in {opened.get_tensor(name).shape[0] for name in opened.keys()}  # noqa: SIM118
    (tmp_path / "junk.safetensors").write_bytes(b"junk")
    for arguments, said in (
        (["footage", "--autoencoder", "none"], "weights: none is not there."),
        (["footage", "--autoencoder", "junk.safetensors"], "junk.safetensors is damaged or not"),
        (["footage", "--autoencoder", tiny_weights / "text.safetensors"], "allowed: weights of an autoenc"),
        (["nowhere", "--autoencoder", network], "footage: got 'nowhere', allowed: a folder that `ozora"),
        (["footage", "--autoencoder", network, "-o", "footage"], "output: got 'footage', allowed: a file"),
    ):
        refused(ozora, tmp_path, ["encode", "-o", "x.safetensors", *arguments], said)


def test_a_plan_that_makes_no_sense_is_refused(ozora: Call, tmp_path: Path) -> None:
    for change, said in (
        ("x", "override: got 'x', allowed: field=value"), ("=3", "override: got '=3', allowed: field=value"),
        ("devices=many", "override devices: got 'many', allowed: a whole number."),
        ("devices=0", "override devices: got '0', allowed: more than 0."),
        ("minutes=-1", "override minutes: got '-1', allowed: more than 0."),
        ("minutes=nan", "override minutes: got 'nan', allowed: a whole number."),
        ("cells=3", "override cells: got '3', allowed: 2 values"),
        ("cells=0,4", "override cells: got '0', allowed: more than 0."),
        ("machine.price=cheap", "override machine.price: got 'cheap', allowed: a number."),
    ):  # fmt: skip
        refused(ozora, tmp_path, ["plan", "micro_text", "--set", change], said)
    refused(ozora, tmp_path, ["plan", "nano"], "recipe: got 'nano', allowed: ")
    code, out, _ = ozora("plan", "micro_text", "--set", "minutes=8", "--set", "machine.price=3")
    assert code == 0 and "0.1 device hours at 3.00 USD: 0.40 USD." in out


def test_a_training_that_cannot_end_well_does_not_begin(ozora: Call, tmp_path: Path) -> None:
    for options, said in (
        (["--minutes", 0], "minutes: got '0.0', allowed: more than 0."),
        (["--minutes", "nan"], "minutes: got 'nan', allowed: more than 0."),
        (["--pause", "inf"], "pause: got 'inf', allowed: more than 0."),
        (["--steps", 0], "steps: got '0', allowed: 1 or more."),
        (["--steps", 1, "--device", "tpu"], "device: got 'tpu', allowed: cpu"),
        (["--steps", 1, "--out", "shot.json"], "out: got 'shot.json', allowed: a folder, and shot.json is a"),
        (["--steps", 1, "--out", "/proc/x"], "out: got '/proc/x', allowed: a folder that can be written"),
        (["--minutes", "long"], "'--minutes'"),
    ):
        refused(ozora, tmp_path, ["train", "micro_text", "--out", "run", *options], said)
        assert not (tmp_path / "run").exists()
