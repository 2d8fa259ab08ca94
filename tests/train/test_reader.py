"""The reader learns what made-up latents show, and says which latents it reads."""

import json
from dataclasses import asdict

import pytest
import torch
from safetensors.torch import save_file

from ozora.errors import OzoraError
from ozora.model.checkpoint import load_weights
from ozora.model.reader import Reader, ReaderConfig
from ozora.train.loop import train
from ozora.train.reader import AXES, hazy
from ozora.world.sampling import sample_shot


@pytest.fixture
def latents(tmp_path):
    """Twenty-four short films whose subject is written all over their latents."""
    shots = [sample_shot(seed, subject=("fox", "ball")[seed % 2]) for seed in range(24)]
    generator = torch.Generator().manual_seed(0)
    films = 0.3 * torch.randn(24, 2, 4, 4, 7, generator=generator)
    films[::2, :, 0] += 1.5
    films[1::2, :, 1] += 1.5
    told = {
        "shots": json.dumps({"2.4.7": [shot.to_json() for shot in shots]}),
        "fps": "12", "ledger_root": "0" * 64, "autoencoder": "a" * 64,
    }  # fmt: skip
    shares = torch.zeros(24, 2, 2, 4, 7, dtype=torch.uint8)
    save_file({"2.4.7": films, "2.4.7.shares": shares}, tmp_path / "latents.safetensors", told)
    return tmp_path / "latents.safetensors", films


def test_it_learns_to_see_who_is_there(latents, tmp_path):
    path, films = latents
    stages = ("stages.0.frames=2", "stages.0.batch=12", "stages.1.frames=2", "stages.1.batch=12",
        "width=32", "optimiser.rate=1e-2")
    train("micro_reader", out=tmp_path / "run", latents=[path], steps=25, overrides=stages, quiet=True)
    tensors, metadata = load_weights(tmp_path / "run" / "reader.safetensors")
    assert metadata["autoencoder"] == "a" * 64 and metadata["ledger_root"] == "0" * 64
    reader = Reader(ReaderConfig.from_json(metadata["config"]))
    reader.load_state_dict(tensors)
    assert [axis for axis, _ in reader.config.axes] == list(AXES)
    assert dict(reader.config.axes)["subject"] == ("fox", "ball")  # only what the footage shows
    seen = [reader.read(films[number : number + 1])["subject"] for number in range(24)]
    right = sum((("fox", "ball")[number % 2]) == max(each, key=each.get) for number, each in enumerate(seen))
    assert right >= 22
    assert all(sum(each.values()) == pytest.approx(1, abs=1e-4) for each in seen)


def test_it_reads_films_of_any_length_and_grid_and_minds_the_first_frame():
    torch.manual_seed(0)
    reader = Reader(ReaderConfig(4, (("subject", ("fox", "ball")),), 8))
    for length, high, wide in ((1, 4, 7), (13, 4, 7), (3, 7, 4), (2, 9, 16)):
        shares = reader.read(torch.randn(1, length, 4, high, wide))["subject"]
        assert sum(shares.values()) == pytest.approx(1, abs=1e-5)
    film = torch.randn(1, 2, 4, 4, 7)
    assert reader.read(film) != reader.read(film.flip(1))
    assert ReaderConfig.from_json(json.loads(json.dumps(asdict(reader.config)))) == reader.config


def test_haze_keeps_a_film_a_film():
    generator = torch.Generator().manual_seed(0)
    films = torch.randn(8, 3, 4, 4, 7, generator=generator)
    assert torch.allclose(hazy(films[:, :1], 0.0, generator), films[:, :1])
    hazed = hazy(films, 0.5, generator)
    assert hazed.shape == films.shape and 0.1 < float((hazed - films).square().mean()) < 2


def test_training_on_nothing_is_refused(tmp_path):
    with pytest.raises(OzoraError, match=r"^latents: got 'nothing'"):
        train("micro_reader", out=tmp_path / "run", steps=1, quiet=True)
