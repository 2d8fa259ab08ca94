"""A folder of takes is the library: found, marked, removed and copied as files."""

import json
import shutil

import pytest

from ozora import Ozora, OzoraError
from ozora.director.latents import kept_path, save_latents
from ozora.director.library import Library


@pytest.fixture(scope="module")
def films(tiny_weights, tmp_path_factory):
    """Three films in a folder, made once; each test gets a copy, which is what exporting means."""
    folder, ozora = tmp_path_factory.mktemp("films"), Ozora(tiny_weights)
    for name, prompt, seed in (("fox", "a red fox", 1), ("ball", "a blue ball in a meadow", 2)):
        take = ozora.generate(prompt, seed=seed, seconds=1)
        take.save(folder / f"{name}.mp4")
        save_latents(kept_path(folder / f"{name}.mp4"), take.latents, take.clip.metadata)
    ozora.generate("a fox in the snow", seed=3, still=True).save(folder / "snow.png")
    return folder


@pytest.fixture
def library(films, tmp_path):
    return Library(shutil.copytree(films, tmp_path / "copied"))


def found(library, *words):
    return sorted(entry.name for entry in library.search(words))


def test_lists_and_searches_by_words_and_fields(library):
    assert found(library) == ["ball", "fox", "snow"]
    assert found(library, "FOX") == ["fox", "snow"] and found(library, "fox", "snow") == ["snow"]
    assert found(library, "seed=2") == ["ball"] and found(library, "seed=2", "fox") == []
    assert found(library, "frames=1") == ["snow"] and found(library, "kind=final") == found(library)
    with pytest.raises(OzoraError, match=r"^search: got 'colr=red', allowed: words, or one of .*seed"):
        library.search(["colr=red"])
    assert Library(library.folder / "nowhere").entries() == []


def test_each_take_knows_its_files_and_costs(library):
    fox = library.get("fox.mp4")
    assert {path.name for path in fox.files} == {"fox.mp4", "fox.json", "fox.latents.safetensors"}
    assert library.get("fox.latents.safetensors").name == library.get("takes/fox.json").name == "fox"
    assert fox.spent > 0 and fox.spent_cpu > 0 and fox.seconds == pytest.approx(13 / 12)
    with pytest.raises(OzoraError, match=r"^take: got 'dog', allowed: the name of a take"):
        library.get("dog")


def test_marks_stay_with_the_take_and_make_the_cost_of_an_accepted_second(library):
    film = (library.folder / "fox.mp4").read_bytes()
    assert library.costs().per_accepted_second(1.0) is None
    library.mark("fox", "accepted")
    library.mark("ball", "rejected")
    assert found(library, "mark=accepted") == ["fox"]
    costs = library.costs()
    spent = sum(entry.spent for entry in library.entries())
    assert (costs.takes, costs.accepted) == (3, 1) and costs.spent == pytest.approx(spent)
    assert costs.per_accepted_second(costs.spent) == pytest.approx(spent / (13 / 12))
    library.mark("fox", "none")
    assert library.costs().accepted == 0 and (library.folder / "fox.mp4").read_bytes() == film
    with pytest.raises(OzoraError, match=r"^mark: got 'good', allowed: accepted, rejected, none\."):
        library.mark("fox", "good")
    assert json.loads((library.folder / "fox.json").read_text())["prompt"] == "a red fox"


def test_removing_deletes_a_take_and_nothing_else(library):
    (library.folder / "fox.txt").write_text("notes")
    before = {path.name for path in library.folder.iterdir()}
    assert len(library.remove("fox")) == 3
    assert before - {path.name for path in library.folder.iterdir()} == {
        "fox.mp4", "fox.json", "fox.latents.safetensors",
    }  # fmt: skip
    assert found(library) == ["ball", "snow"]


def test_strangers_in_the_folder_are_passed_over(library):
    folder = library.folder
    whole = json.loads((folder / "fox.json").read_text())
    strangers = {
        "broken.json": "{", "list.json": "[1]", "shot.json": '{"subjects": []}', "bytes.json": "\udcff",
        "gone.json": json.dumps(whole), "odd.json": json.dumps({**whole, "settings": 7}),
        ".hidden.json": json.dumps(whole), "seedless.json": json.dumps({**whole, "seed": "x"}),
        "receipt.json": json.dumps({**whole, "receipt": [1], "take": "?"}),
    }  # fmt: skip
    for name, text in strangers.items():
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    for name in ("odd", "seedless", "receipt"):
        shutil.copy(folder / "fox.mp4", folder / f"{name}.mp4")
    (folder / "folder.json").mkdir()
    assert set(found(library)) - {"receipt"} == {"ball", "fox", "snow"}


def test_a_film_beside_somebody_else_s_json_is_found_too(library, tiny_weights):
    (library.folder / "dusk.json").write_text('{"subjects": []}')
    Ozora(tiny_weights).generate("a fox at dusk", seed=1, still=True).save(library.folder / "dusk.png")
    assert (library.folder / "dusk.png.json").exists()
    assert library.get("dusk").film == library.folder / "dusk.png"
    library.remove("dusk")
    assert {path.name for path in library.folder.glob("dusk*")} == {"dusk.json"}


def test_lineage_survives_copying(library, tmp_path):
    child = library.get("ball")
    library.change(child, kind="final", parents=["fox"])
    copied = Library(shutil.copytree(library.folder, tmp_path / "elsewhere"))
    assert [entry.name for entry in copied.children("fox")] == ["ball"]
    assert copied.get("ball").parents == ("fox",) and found(copied, "parent=fox") == ["ball"]


def test_new_names_are_free_of_every_file_that_is_there(library):
    assert library.free_name("A red, red fox!") == "red-red-fox"
    (library.folder / "red-red-fox-3.draft.safetensors").write_bytes(b"")
    assert library.free_name("A red, red fox!") == "red-red-fox-take2"
    (library.folder / ".red-red-fox-take2-final.mp4.take").write_bytes(b"")
    assert library.free_name("A red, red fox!") == "red-red-fox-take3"
    assert library.free_name("The!!!") == "take"
