"""Each network's training at toy size, from footage to weights that load: the whole chain in seconds."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from shutil import copy

import pytest
import torch
from PIL import Image

from ozora.errors import OzoraError
from ozora.model.autoencoder import Autoencoder
from ozora.model.checkpoint import load_into, load_weights, save_weights
from ozora.model.probe import Probe, ProbeConfig
from ozora.model.text import TEXT_SIZES, TextConfig, TextEncoder, encode
from ozora.model.transformer import Transformer, TransformerConfig
from ozora.rights.ledger import Ledger
from ozora.train.banks import FootageBank
from ozora.train.latents import LatentBank, cell_shares, encode_footage
from ozora.train.loop import Report, train
from ozora.train.tasks import export, load_autoencoder
from ozora.world import concepts

TINY_STAGES = ("stages.0.batch=2", "stages.1.batch=2", "stages.2.batch=1")


@pytest.fixture(scope="module")
def autoencoder(stills: Path, clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """An autoencoder after four steps on pictures and five-frame clips."""
    return train(
        "micro_autoencoder",
        out=tmp_path_factory.mktemp("autoencoder"),
        footage=[stills, clips],
        steps=4,
        overrides=[*TINY_STAGES, "stages.2.frames=5", "statistics_clips=8", "sample_every=0.9"],
        device="cpu",
        quiet=True,
    )


@pytest.fixture(scope="module")
def latents(autoencoder: Report, stills: Path, clips: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All toy footage as latents."""
    out = tmp_path_factory.mktemp("latents") / "latents.safetensors"
    bank = FootageBank([stills, clips])
    return encode_footage(load_autoencoder(autoencoder.weights), bank, out, moments=0)


@pytest.fixture(scope="module")
def transformer(autoencoder: Report, latents: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A transformer after three steps."""
    return train(
        "micro_transformer",
        out=tmp_path_factory.mktemp("transformer"),
        latents=[latents],
        autoencoder=autoencoder.weights,
        steps=3,
        overrides=[
            *TINY_STAGES,
            "stages.1.frames=2",
            "stages.2.frames=2",
            "sample_steps=1",
            "sample_every=0.9",
        ],
        device="cpu",
        quiet=True,
    )


def test_the_autoencoder_export_normalises_its_latents_and_names_its_ledger(
    autoencoder: Report, stills: Path, clips: Path
) -> None:
    network = load_autoencoder(autoencoder.weights)
    bank = FootageBank([stills, clips])
    latents = network.normalise(network.distribution(bank.take(5, 32, 64, range(3)).small).mean)
    assert float(latents.mean((0, 1, 3, 4)).abs().mean()) < 1
    assert 0.4 < float(latents.std((0, 1, 3, 4)).mean()) < 2.5
    _, facts = load_weights(autoencoder.weights)
    roots = [Ledger(folder / "ledger.jsonl").root() for folder in (stills, clips)]
    assert facts["ledger_root"] == "+".join(roots)
    assert facts["steps"] == 4
    assert facts["measures"]["psnr"] > 0


def test_a_decoder_only_run_moves_pictures_but_not_latents(
    autoencoder: Report, stills: Path, tmp_path: Path
) -> None:
    report = train(
        "micro_autoencoder",
        out=tmp_path,
        footage=[stills],
        start=autoencoder.weights.parent,
        steps=3,
        overrides=["stages.0.until=1.0", "stages.0.batch=2", "decoder_only=true", "sample_every=0.9"],
        device="cpu",
        quiet=True,
    )
    before, after = (load_autoencoder(weights) for weights in (autoencoder.weights, report.weights))
    picture = torch.rand(1, 1, 3, 32, 48) * 2 - 1
    assert torch.allclose(before.encode(picture), after.encode(picture), atol=1e-5)
    latents = before.encode(picture)
    assert not torch.allclose(before.decode(latents), after.decode(latents), atol=1e-3)


def test_sheets_show_what_was_filmed_beside_what_was_given_back(autoencoder: Report) -> None:
    sheets = sorted((autoencoder.out / "samples").glob("*.png"))
    assert sheets[-1].name == "0000004.png"
    with Image.open(sheets[-1]) as sheet:
        assert sheet.height == 4 * (32 + 16)  # both sizes in two rows, filmed and given back
        assert sheet.width == 3 * 3 * 64


def test_latents_hold_every_clip_and_its_mirror_image(
    latents: Path, autoencoder: Report, clips: Path
) -> None:
    bank = LatentBank(latents)
    assert bank.counts() == {(1, 1, 2): 12, (2, 1, 2): 6}
    network, film = load_autoencoder(autoencoder.weights), FootageBank(clips).take(5, 32, 64, range(3))
    batch = bank.draw(torch.Generator().manual_seed(0), 32, 2)
    for clean, number in zip(batch.clean, batch.shots, strict=True):
        for side in (film, film.mirrored()):
            if bank.shots[number] in side.shots:
                which = side.shots.index(bank.shots[number])
                exact = network.encode(side.small[which : which + 1])[0]
                if torch.allclose(clean, exact, atol=2e-2, rtol=2e-2):
                    break
        else:
            raise AssertionError("a latent does not belong to its shot")
    assert batch.seconds[0].tolist() == pytest.approx([0, 1 / 3])


def test_the_beginning_of_a_clip_serves_as_a_picture(latents: Path) -> None:
    bank = LatentBank(latents)
    shots = set(bank.draw(torch.Generator().manual_seed(0), 200, 1).shots)
    assert len(shots) == 18
    with pytest.raises(OzoraError, match="at most 2"):
        bank.draw(torch.Generator(), 1, 3)


def test_frames_of_films_that_show_their_subject_serve_as_pictures(
    autoencoder: Report, clips: Path, tmp_path: Path
) -> None:
    network, footage = load_autoencoder(autoencoder.weights), FootageBank(clips)
    film = footage.take(5, 32, 64, range(3))
    seen = (film.ids == 1).float().mean((2, 3)) > 0.005  # (B, T): no shot of three of these has a cut
    bank = LatentBank(encode_footage(network, footage, tmp_path / "latents.safetensors", moments=2))
    pictures = 2 * int(seen[:, [2, 3]].sum())
    assert pictures > 0 and bank.counts() == {(1, 1, 2): pictures, (2, 1, 2): 6}
    batch = bank.draw(torch.Generator().manual_seed(0), 16, 2)
    covered = cell_shares(torch.cat([film.ids, film.mirrored().ids]), (1, 2))
    shots = [*film.shots, *film.mirrored().shots]
    for shares, number in zip(batch.shares, batch.shots, strict=True):
        assert torch.allclose(shares, covered[shots.index(bank.shots[number])], atol=1 / 255)


def test_footage_at_full_size_has_four_times_the_cells(
    autoencoder: Report, clips: Path, tmp_path: Path
) -> None:
    network, footage = load_autoencoder(autoencoder.weights), FootageBank(clips)
    out = tmp_path / "latents.safetensors"
    bank = LatentBank(encode_footage(network, footage, out, mirror=False, moments=0, full_size=True))
    assert bank.counts() == {(2, 2, 4): 3}
    film = footage.take(5, 32, 64, range(3))
    expected = network.normalise(network.distribution(film.large).mean)  # (3, 2, C, 2, 4)
    batch = bank.draw(torch.Generator().manual_seed(0), 8, 2)
    assert torch.allclose(batch.clean, expected[batch.shots], atol=5e-3)  # kept in float16
    assert torch.allclose(batch.shares, cell_shares(film.who, (2, 4))[batch.shots], atol=1 / 255)


def test_weights_that_ship_are_a_start_though_their_lessons_stayed_behind(
    transformer: Report, latents: Path, tmp_path: Path
) -> None:
    shipped, words = tmp_path / "shipped", tmp_path / "text.safetensors"
    shipped.mkdir()
    copy(transformer.weights.parent / "text.safetensors", shipped)
    tensors, about = load_weights(transformer.out / "transformer.safetensors")
    save_weights(shipped / "transformer.safetensors", tensors, {**about, "ledger_root": "earlier+footage"})
    other = TextEncoder(replace(TEXT_SIZES["micro"], out_width=256).with_axes(concepts.FIELDS))
    export(other, words, kind="text", config=asdict(other.config), ledger_root="", facts={})

    def begun(name: str, text: Path | None) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
        still = [*TINY_STAGES, "stages.2.frames=2", "optimiser.rate=0", "optimiser.matrix_rate=0"]
        run = train(
            "micro_transformer", out=tmp_path / name, latents=[latents], start=shipped, text=text, steps=1,
            overrides=still, device="cpu", quiet=True,
        )  # fmt: skip
        return load_weights(run.weights)[0], load_weights(run.out / "text.safetensors")[0]

    def roots(name: str) -> set[str]:
        return set(load_weights(tmp_path / name / "transformer.safetensors")[1]["ledger_root"].split("+"))

    theirs = load_weights(shipped / "transformer.safetensors")[0]
    spoken, named = load_weights(shipped / "text.safetensors")[0], load_weights(words)[0]
    for (film, text), expected in ((begun("as", None), spoken), (begun("anew", words), named)):
        assert all(torch.allclose(film[name], theirs[name], atol=1e-5) for name in theirs)
        assert all(torch.allclose(text[name], expected[name], atol=1e-5) for name in expected)
    ours = LatentBank(latents).ledger_root().split("+")
    assert roots("as") == roots("anew") == {"earlier", "footage", *ours}
    train(
        "micro_transformer", out=tmp_path / "on", latents=[latents], resume=tmp_path / "as", steps=2,
        overrides=[*TINY_STAGES, "stages.2.frames=2"], device="cpu", quiet=True,
    )  # fmt: skip
    assert roots("on") == roots("as")


def test_files_that_are_no_latents_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"nothing")
    with pytest.raises(OzoraError, match="ozora encode"):
        LatentBank(tmp_path / "x.safetensors")


def test_the_transformer_run_ends_in_two_files_that_film(transformer: Report, latents: Path) -> None:
    tensors, facts = load_weights(transformer.out / "transformer.safetensors")
    config = TransformerConfig(**{**facts["config"], "routed": tuple(facts["config"]["routed"])})
    network = Transformer(config)
    load_into(network, tensors, transformer.weights)
    words, text_facts = load_weights(transformer.out / "text.safetensors")
    text = TextEncoder(TextConfig.from_dict(text_facts["config"]))
    load_into(text, words, transformer.out)
    output = network(
        torch.randn(1, 2, config.channels, 1, 2),
        torch.ones(1, 2),
        torch.zeros(1, 2, dtype=torch.bool),
        torch.tensor([[0.0, 1 / 3]]),
        encode(text.eval(), ["a fox"]),
    )
    assert output.clean.shape == (1, 2, config.channels, 1, 2)
    assert facts["ledger_root"] == LatentBank(latents).ledger_root()
    assert (transformer.out / "samples" / "0000003.png").exists()


def test_stages_of_the_transformer_go_from_pictures_to_clips(transformer: Report) -> None:
    told = [json.loads(line) for line in (transformer.out / "losses.jsonl").read_text().splitlines()]
    frames = [line["frames"] for line in told if "frames" in line]
    assert frames == sorted(frames)
    assert frames[0] == 1
    assert frames[-1] == 2


def test_a_text_encoder_of_another_width_is_refused(latents: Path, tmp_path: Path) -> None:
    config = TextConfig(out_width=64)
    path = export(
        TextEncoder(config),
        tmp_path / "text.safetensors",
        kind="text",
        config=asdict(config),
        ledger_root="",
        facts={},
    )
    with pytest.raises(OzoraError, match="width 64"):
        train("micro_transformer", out=tmp_path / "x", latents=[latents], text=path, steps=1, quiet=True)


def test_the_probe_learns_from_clips_and_through_the_autoencoder(
    autoencoder: Report, stills: Path, clips: Path, tmp_path: Path
) -> None:
    report = train(
        "micro_probe",
        out=tmp_path,
        footage=[stills, clips],
        autoencoder=autoencoder.weights,
        steps=2,
        overrides=[*TINY_STAGES, "stages.1.frames=5", "stages.2.frames=5", "decoded_share=1.0"],
        device="cpu",
        quiet=True,
    )
    tensors, facts = load_weights(report.weights)
    probe = Probe(ProbeConfig.from_json(facts["config"]))
    load_into(probe, tensors, report.weights)
    answers = probe.predict(FootageBank(clips).take(5, 32, 64, range(3)).small)
    assert all(torch.allclose(p.sum(-1), torch.ones(3), atol=1e-5) for p in answers.values())
    assert set(report.measures) == {f"clean_{name}" for name in ("loss", *answers)}


def test_weights_of_another_shape_are_refused_with_the_tensor_that_does_not_fit(autoencoder: Report) -> None:
    tensors, _ = load_weights(autoencoder.weights)
    network = Autoencoder(load_autoencoder(autoencoder.weights).config)
    tensors["mean"] = torch.zeros(3)
    with pytest.raises(OzoraError, match=r"mean \(3,\)"):
        load_into(network, tensors, autoencoder.weights)
