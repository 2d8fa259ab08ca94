"""`ozora weights` and `ozora evaluate` as people use and misuse them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., tuple[int, str, str]]
Contents = Callable[[Path], dict[str, bytes]]
PARTS = ("autoencoder", "transformer", "text")


@pytest.fixture
def ozora(command_line: Call, tiny_weights: Path) -> Call:
    """Run a command line in a folder with the weights `mine`; returns exit code, stdout and stderr."""
    shutil.copytree(tiny_weights, "mine")

    return command_line


def assembly(folder: Path, out: object = "o") -> list[object]:
    """A command line that assembles the exports in a folder."""
    exports = [word for part in PARTS for word in (f"--{part}", folder / f"{part}.safetensors")]
    return ["weights", "assemble", out, *exports, "--cells", "3x2,2x2", "--latents", 4]


def change(*keys: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Sets a value somewhere in a manifest; None deletes it."""

    def apply(manifest: dict[str, Any]) -> None:
        for key in keys[:-1]:
            manifest = manifest[key]
        manifest[keys[-1]] = value
        if value is None:
            del manifest[keys[-1]]

    return apply


WRONG_MANIFESTS = {
    "another format": (change("format", value=9), "mine has format 9, and this Ozora reads format 1."),
    "no parts": (change("parts", value={}), "mine lacks autoencoder and transformer and text."),
    "another file": (change("parts", "text", value="x.safetensors"), "has no checksum of x.safetensors."),
    "no files": (change("files", value={}), "has no checksum of "),
    "a list of files": (change("files", value=[]), "has no checksum of "),
    "a file of nobody": (change("files", "x.safetensors", value="0"), "mine/x.safetensors is missing."),
    "no grid": (change("grid", value=None), "the manifest's grid cannot be read"),
    "cells in words": (change("grid", "cells", value="x"), "the manifest's grid cannot be read"),
    "no frames": (change("grid", "latents", value=0), "the manifest's grid makes no sense"),
    "steps in words": (change("sampling", "steps", value="x"), "mine/weights.json cannot be read"),
    "no steps": (change("sampling", "steps", value=0), "steps: got '0', allowed: 1 or more."),
    "another sampling": (change("sampling", value={"x": 1}), "mine/weights.json cannot be read"),
}


@pytest.mark.parametrize(("apply", "said"), WRONG_MANIFESTS.values(), ids=WRONG_MANIFESTS.keys())
def test_a_manifest_that_was_edited_wrongly_is_refused(
    ozora: Call, tmp_path: Path, apply: Callable[[dict[str, Any]], None], said: str
) -> None:
    path = tmp_path / "mine" / "weights.json"
    manifest = json.loads(path.read_text())
    apply(manifest)
    path.write_text(json.dumps(manifest))
    code, out, err = ozora("weights", "check", "mine")
    assert (code, out, err.count("\n")) == (2, "", 1) and said in err, err


def test_weights_that_are_none_are_refused(ozora: Call, tmp_path: Path) -> None:
    (tmp_path / "mine" / "text.safetensors").unlink()
    for name, said in (
        ("mine", "weights: mine/text.safetensors is missing."),
        ("mine/weights.json", "is no folder of weights"), ("", "is no folder of weights"),
    ):  # fmt: skip
        code, out, err = ozora("weights", "check", name)
        assert (code, out, err.count("\n")) == (2, "", 1) and said in err
    for damaged in (b"\xff", b"[]", b"{", b""):
        (tmp_path / "mine" / "weights.json").write_bytes(damaged)
        code, out, err = ozora("weights", "check", "mine")
        assert (code, out) == (2, "") and err.startswith("weights: mine/weights.json cannot be read (")


def test_weights_are_assembled_twice_into_the_same_folder(
    ozora: Call, tmp_path: Path, contents: Contents
) -> None:
    code, first, _ = ozora(*assembly(tmp_path / "mine"))
    assert code == 0 and first.startswith("o ") and "every checksum is right" in first
    code, second, _ = ozora(*assembly(tmp_path / "mine"), "--name", "[fox]", "--steps", 2, "--guidance", 1)
    assert code == 0 and second.startswith("[fox] ") and "standard: 2 steps, guidance 1\n" in second
    assert second.split()[1] == first.split()[1] == ozora("weights", "check", "o")[1].split()[1]
    manifest = json.loads((tmp_path / "o" / "weights.json").read_text())
    assert (manifest["name"], manifest["sampling"]["steps"]) == ("[fox]", 2)
    assert sorted(contents(tmp_path / "o")) == ["autoencoder.safetensors", "text.safetensors",
                                                "transformer.safetensors", "weights.json"]  # fmt: skip


def test_wrong_options_of_assemble_leave_the_weights_that_are_there_as_they_are(
    ozora: Call, tmp_path: Path, contents: Contents
) -> None:
    (tmp_path / "junk.safetensors").write_bytes(b"junk")
    assert ozora(*assembly(tmp_path / "mine"))[0] == 0
    before = contents(tmp_path)
    for options, said in (
        (["--fps", 0], "the manifest's grid makes no sense"), (["--latents", 0], "grid makes no sense"),
        (["--steps", 0], "steps: got '0', allowed: 1 or more."),
        (["--guidance", "nan"], "guidance: got 'nan', allowed: 1 (none) or more."),
        (["--guidance", -3], "guidance: got '-3.0', allowed: 1 (none) or more."),
        (["--shift", 0], "shift: got '0.0', allowed: more than 0."),
        (["--shift", "inf"], "shift: got 'inf', allowed: more than 0."),
        (["--scales", "2,4,1"], "scales: 4 needs a refiner"), (["--scales", ""], "scales: got '', allowed: "),
        (["--cells", "0x0"], "cells: got '0x0', allowed: grids such as 7x4,4x7."),
        (["--cells", "3x2,,2x2"], "cells: got '3x2,,2x2', allowed"),
        (["--text", "none"], "none is not there."),
        (["--text", "junk.safetensors"], "junk.safetensors is damaged or not a safetensors file"),
    ):  # fmt: skip
        code, out, err = ozora(*assembly(tmp_path / "mine"), *options)
        assert (code, out, err.count("\n")) == (2, "", 1) and said in err, (options, err)
        assert contents(tmp_path) == before, options


def test_weights_assembled_in_the_folder_of_their_own_exports_lose_none(
    ozora: Call, tmp_path: Path, contents: Contents
) -> None:
    before = {name: held for name, held in contents(tmp_path).items() if name.endswith(".safetensors")}
    for folder in (Path("mine"), tmp_path / "mine", Path("mine/../mine")):
        code, _, err = ozora(*assembly(folder, "mine"))
        assert (code, err) == (0, "")
        after = contents(tmp_path)
        assert {name: held for name, held in after.items() if name.endswith(".safetensors")} == before
        assert not any(".assembled-" in name for name in after)


def test_a_folder_that_cannot_be_filled_is_refused(ozora: Call, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for out, said in (
        ("notes.txt", "out: got 'notes.txt', allowed: a folder, and notes.txt is a file."),
        ("/proc/x", "out: got '/proc/x', allowed: a folder that can be written, and here the system says"),
    ):
        code, shown, err = ozora(*assembly(tmp_path / "mine", out))
        assert (code, shown, err.count("\n")) == (2, "", 1) and err.startswith(said), err
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_an_evaluation_is_refused_before_a_film_is_made(
    ozora: Call, tmp_path: Path, contents: Contents
) -> None:
    (tmp_path / "junk.safetensors").write_bytes(b"junk")
    before = contents(tmp_path)
    for options, said in (
        (["--limit", 1], "'--limit'"), (["--steps", 0], "steps: got '0', allowed: 1 to 100."),
        (["--quality", "great"], "quality: got 'great', allowed: draft"),
        (["--prompts", "none.json"], "prompts: got 'none.json', allowed: first, a readable JSON file"),
        (["--prompts", "seed:x"], "prompts: got 'seed:x', allowed: seed:N or seed:N:count"),
        (["--prompts", "mine/weights.json"], "allowed: a JSON list of one or more prompts."),
        (["--probe", "junk.safetensors"], "weights: junk.safetensors is damaged"),
        (["--eyes", "none"], "weights: none is not there."), (["--seed", -1], "seed: got '-1', allowed: 0"),
        (["--out", "junk.safetensors"], "out: got 'junk.safetensors', allowed: a folder, and junk.safeten"),
        (["--out", "/proc/x"], "out: got '/proc/x', allowed: a folder that can be written"),
        (["--weights", "nowhere"], "weights: nowhere is no folder of weights"),
    ):  # fmt: skip
        code, out, err = ozora("evaluate", "--weights", "mine", "--limit", 2, *options)
        assert (code, out, err.count("\n")) == (2, "", 1) and said in err, (options, err)
        assert contents(tmp_path) == before, options
