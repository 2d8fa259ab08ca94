import json
import shutil

import pytest

from ozora.backends.backend import Sampling
from ozora.backends.embedded import EmbeddedBackend
from ozora.backends.grid import Grid, parse_cells
from ozora.backends.machine import core_share, tune_machine
from ozora.backends.weights import (
    MANIFEST,
    assemble,
    check,
    find_eyes,
    find_perception_eyes,
    find_weights,
)
from ozora.errors import WeightsError
from ozora.model.checkpoint import load_weights
from ozora.model.eyes import load_eyes


@pytest.fixture
def copy(tiny_weights, tmp_path):
    return shutil.copytree(tiny_weights, tmp_path / "copy")


def test_a_whole_folder_passes_and_says_what_it_is(tiny_weights, copy):
    card = check(copy).card
    assert card == check(tiny_weights).card
    assert (card.name, card.recipe, card.ledger_root, len(card.hash)) == ("tiny", "tiny", "0" * 64, 64)
    assert card.sampling == Sampling(steps=3, guidance=2.0)
    assert card.grid.sizes() == [(96, 64), (64, 64)] and card.grid.frames == 13


@pytest.mark.parametrize("part", ["autoencoder", "transformer", "text"])
def test_one_flipped_bit_or_a_missing_file_is_found_before_loading(copy, part):
    path = copy / f"{part}.safetensors"
    whole = bytearray(path.read_bytes())
    whole[len(whole) // 2] ^= 1
    path.write_bytes(whole)
    with pytest.raises(WeightsError, match=rf"^weights: .*{part}\.safetensors is damaged \(.*\)\.$"):
        EmbeddedBackend(copy)
    path.unlink()
    with pytest.raises(WeightsError, match=rf"^weights: .*{part}\.safetensors is missing\.$"):
        EmbeddedBackend(copy)


@pytest.mark.parametrize(
    "change",
    [
        lambda known: known.pop("files"),
        lambda known: known.pop("sampling"),
        lambda known: known.update(format=99),
        lambda known: known["parts"].pop("text"),
        lambda known: known["grid"].update(cells=["7by4"]),
        lambda known: known["grid"].update(fps=0),
        lambda known: known["grid"].update(scales=[3]),
        lambda known: known.update(files=[1]),
    ],
)
def test_a_broken_manifest_gives_one_sentence(copy, change):
    known = json.loads((copy / MANIFEST).read_text())
    change(known)
    (copy / MANIFEST).write_text(json.dumps(known))
    with pytest.raises(WeightsError, match=r"^weights: [^\n]*\.$"):
        check(copy)


def test_no_folder_and_no_json_give_one_sentence(copy, tmp_path):
    (copy / MANIFEST).write_text("{")
    for folder in (copy, tmp_path / "nowhere"):
        with pytest.raises(WeightsError, match=r"^weights: [^\n]*\.$"):
            check(folder)


def test_networks_that_do_not_fit_their_description_are_refused(copy):
    parts = {"autoencoder": "autoencoder", "transformer": "text", "text": "transformer"}
    swapped = {part: copy / f"{name}.safetensors" for part, name in parts.items()}
    assemble(copy.parent / "swapped", **swapped, grid=check(copy).card.grid)
    with pytest.raises(WeightsError, match=r"^weights: transformer of .* does not fit"):
        EmbeddedBackend(copy.parent / "swapped").load()


def test_assembling_again_replaces_and_an_unreadable_export_leaves_the_old(copy, tmp_path):
    parts = {part: copy / f"{part}.safetensors" for part in ("autoencoder", "transformer", "text")}
    (tmp_path / "cut").write_bytes(parts["text"].read_bytes()[:100])
    out = tmp_path / "out"
    before = assemble(out, **parts, grid=Grid(((7, 4),))).card
    with pytest.raises(WeightsError):
        assemble(out, **{**parts, "text": tmp_path / "cut"}, grid=Grid(((7, 4),)))
    assert check(out).card == before and before.name == "out"
    assert assemble(out, **parts, grid=Grid(((5, 5),)), name="new").card.grid.cells == ((5, 5),)


def test_a_path_wins_over_a_shipped_name(copy):
    assert find_weights(copy) == copy
    assert find_weights(str(copy)) == copy


def test_grids_survive_json_and_cells_are_read_strictly():
    grid = Grid(((7, 4), (4, 7)), fps=12, latents=13)
    assert Grid.from_json(json.loads(json.dumps(grid.to_json()))) == grid
    assert (grid.frames, grid.seconds, grid.sizes(1)) == (49, 4.0, [(112, 64), (64, 112)])
    for text in ("7", "0x4", "7x4x1", "7 x 4", ""):
        with pytest.raises(ValueError, match="not of the form"):
            parse_cells(text)


def test_container_limits_are_read_as_whole_cores(tmp_path):
    limits = tmp_path / "cpu.max"
    for text, share in (("150000 100000", 2), ("50000 100000", 1), ("max 100000", None), ("", None)):
        limits.write_text(text)
        assert core_share(limits) == share
    assert core_share(tmp_path / "none") is None


def test_tuning_the_machine_twice_is_the_same():
    assert tune_machine() is tune_machine()


def test_of_the_eyes_that_ship_one_copy_judges_and_another_teaches():
    judge, teacher = find_eyes(), find_perception_eyes()
    assert judge is not None
    assert load_eyes(judge, "evaluation").config.name != load_eyes(teacher, "perception").config.name
    for path, other in ((judge, "perception"), (teacher, "evaluation")):
        with pytest.raises(WeightsError, match=other):
            load_eyes(path, other)
    seeds = [load_weights(path)[1]["settings"]["seed"] for path in (judge, teacher)]
    assert seeds[0] != seeds[1]


def test_a_name_that_is_no_weights_is_told_which_are() -> None:
    with pytest.raises(WeightsError, match=r"wid is no folder .* by name there are: .*micro.*wide"):
        check(find_weights("wid"))
