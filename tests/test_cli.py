"""The command as people type it: real arguments, real exit codes, real files."""

import io
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from ozora.cli import run
from ozora.cli.exploring import half_blocks
from ozora.cli.stopping import gentle_stop
from ozora.director.take import Phase
from ozora.media.images import read_image
from ozora.media.video import read_clip, read_metadata
from ozora.model.checkpoint import save_weights
from ozora.model.eyes import Eyes
from ozora.model.probe import Probe, probe_config
from ozora.train.eyes import eyes_config
from ozora.world import concepts
from ozora.world.sampling import sample_shot


@pytest.fixture
def ozora(tiny_weights, tmp_path, monkeypatch, capfd):
    """Run a command line in an empty folder; returns exit code, stdout and stderr."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments):
        if arguments[:1] == ("generate",) and "--weights" not in arguments:
            arguments = (*arguments, "--weights", str(tiny_weights))
        code = run([str(argument) for argument in arguments])
        return code, *capfd.readouterr()

    return call


def files(folder):
    return sorted(str(found.relative_to(folder)) for found in folder.rglob("*"))


def test_the_issue_s_own_command(ozora, tmp_path):
    prompt = "a red fox runs across a snowy field at dusk"
    code, out, _ = ozora("generate", prompt, "-o", "fox.mp4", "--seed", 1)
    assert code == 0 and "fox.mp4" in out and "seed 1" in out
    assert files(tmp_path) == ["fox.json", "fox.latents.safetensors", "fox.mp4"]
    assert read_clip("fox.mp4").frames.shape == (13, 64, 96, 3)
    assert ozora("generate", prompt, "-o", "same.mp4", "--seed", 1, "--no-keep-latents")[0] == 0
    assert not (tmp_path / "same.latents.safetensors").exists()
    assert (tmp_path / "same.mp4").read_bytes() == (tmp_path / "fox.mp4").read_bytes()
    assert ozora("generate", "--from", "fox.mp4", "-o", "again.mp4")[0] == 0
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "fox.mp4").read_bytes()


def test_every_option_arrives(ozora, tmp_path):
    Image.fromarray(np.full((64, 96, 3), 90, np.uint8)).save("first.png")
    code, _, err = ozora(
        "generate", "a fox", "-o", "fox.mp4", "--seconds", 0.5, "--size", "512x512", "--fps", 24, "--seed", 7,
        "--steps", 2, "--guidance", 1.5, "--negative", "fog", "--image", "first.png", "--count", 2,
        "--keep-latents", "--threads", 1, "--precision", "float32",
    )  # fmt: skip
    assert code == 0
    assert "512x512 → 64x64" in err and "24 fps → 12 fps" in err
    assert files(tmp_path) == sorted(
        [
            "first.png",
            *(f"fox-{n}.{ending}" for n in (1, 2) for ending in ("mp4", "json", "latents.safetensors")),
        ]
    )
    known = read_metadata("fox-2.mp4")
    assert (known["seed"], known["negative"], set(known["given"])) == (8, "fog", {"image"})
    assert known["settings"] == {
        "size": "64x64", "frames": 9, "fps": 12, "steps": 2, "guidance": 1.5, "threads": 1,
        "precision": "float32",
    }  # fmt: skip


def test_a_length_in_the_words_is_the_film_s(ozora, tmp_path):
    code, _, err = ozora("generate", "a 2s clip of a red ball", "-o", "ball.mp4")
    assert code == 0 and "2 s, as the words say" in err
    assert len(read_clip("ball.mp4").frames) == 25
    said = ozora("generate", "a 2s clip of a red ball", "-o", "brief.mp4", "--seconds", 1)[2]
    assert len(read_clip("brief.mp4").frames) == 13 and "as the words say" not in said
    ozora("generate", "a 2s clip of a red ball", "-o", "plain.mp4", "--as-is")
    assert len(read_clip("plain.mp4").frames) == 13  # as long as these weights film unasked
    assert ozora("generate", "--from", "ball.mp4", "-o", "again.mp4")[0] == 0
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "ball.mp4").read_bytes()


def test_what_cannot_be_filmed_is_told_before_the_film_is_made(ozora):
    _, _, err = ozora("generate", "a dozen red balls, 2 minutes", "-o", "balls.mp4")
    told = " ".join(err.split())
    assert "count: 12 (at most 5 of one kind are in one picture); taken: 5" in told
    assert "seconds: 120 (a clip lasts more than 0 and at most 60 seconds); left open" in told


def test_a_picture_and_a_name_from_the_prompt(ozora, tmp_path):
    assert ozora("generate", "a fox", "-o", "fox.png")[0] == 0
    assert read_image("fox.png").frames.shape == (1, 64, 96, 3)
    assert ozora("generate", "A red fox, running!")[0] == 0
    assert ozora("generate", "A red fox, running!")[0] == 0
    assert {"a-red-fox-running.mp4", "a-red-fox-running-2.mp4"} <= set(files(tmp_path))


BAD = {
    "empty prompt": (["generate", "", "-o", "x.mp4"], "prompt"),
    "blank prompt": (["generate", "  \n", "-o", "x.mp4"], "prompt"),
    "no prompt": (["generate", "-o", "x.mp4"], "prompt"),
    "40 000 characters": (["generate", "x" * 40_000, "-o", "x.mp4"], "40000"),
    "size 13x7": (["generate", "a fox", "--size", "13x7", "-o", "x.mp4"], "size"),
    "size 4000x4000": (["generate", "a fox", "--size", "4000x4000", "-o", "x.mp4"], "size"),
    "zero seconds": (["generate", "a fox", "--seconds", "0", "-o", "x.mp4"], "seconds"),
    "an hour": (["generate", "a fox", "--seconds", "3600", "-o", "x.mp4"], "seconds"),
    "words for a number": (["generate", "a fox", "--steps", "many", "-o", "x.mp4"], "steps"),
    "unknown option": (["generate", "a fox", "--sted", "3"], "--sted"),
    "unknown command": (["generte", "a fox"], "generte"),
    "unreadable image": (["generate", "a fox", "--image", "broken.png", "-o", "x.mp4"], "image"),
    "missing image": (["generate", "a fox", "--image", "none.png", "-o", "x.mp4"], "image"),
    "missing weights": (["generate", "a fox", "-o", "x.mp4", "--weights", "nowhere"], "weights"),
    "damaged weights": (["generate", "a fox", "-o", "x.mp4", "--weights", "damaged"], "checksum|SHA-256"),
    "missing folder": (["generate", "a fox", "-o", "no/such/x.mp4"], "output"),
    "unwritable output": (["generate", "a fox", "-o", "/proc/x.mp4"], "output"),
    "folder as output": (["generate", "a fox", "-o", "damaged"], "output"),
    "unknown ending": (["generate", "a fox", "-o", "x.mov"], "output"),
    "from nothing": (["generate", "--from", "none.mp4", "-o", "x.mp4"], "film"),
    "unknown subject": (["world", "film", "dragon.json", "-o", "x.mp4"], "dragon"),
    "shot is no JSON": (["world", "film", "broken.png", "-o", "x.mp4"], "shot"),
    "film of odd size": (["world", "film", "fox.json", "-o", "x.mp4", "--size", "65x64"], "size"),
    "sheet as film": (["world", "sheet", "-o", "x.mp4"], "output"),
    "check no footage": (["world", "check", "nowhere"], "footage"),
    "unknown recipe": (["train", "nano", "--out", "run"], "nano"),
    "unknown override": (["train", "micro_text", "--out", "run", "--set", "shoots=3"], "shoots"),
    "training on nothing": (["train", "micro_autoencoder", "--out=run", "--footage", "nowhere"], "nowhere"),
    "resuming nothing": (["train", "micro_text", "--out", "run", "--resume", "nowhere"], "nowhere"),
    "resuming no film": (["resume", "fox.mp4"], "resume"),
    "no such draft": (["finish", "fox"], "take"),
    "no such take": (["mark", "fox", "accepted"], "take"),
    "no drafts": (["explore", "a fox", "--drafts", "0"], "drafts"),
    "odd budget": (["generate", "a fox", "--budget", "cheap", "-o", "x.mp4"], "budget"),
    "nowhere to explore": (["explore", "a fox", "--folder", "no/such"], "folder"),
    "check nothing": (["weights", "check", "nowhere"], "weights"),
    "bad cells": (
        ["weights", "assemble", "o", "--cells", "7", "--autoencoder=a", "--transformer=b", "--text=c"],
        "cells",
    ),
    "bad scales": (
        ["weights", "assemble", "o", "--scales", "3", "--autoencoder=a", "--transformer=b", "--text=c"],
        "scales",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "word"), BAD.values(), ids=BAD.keys())
def test_bad_input_gives_one_sentence_code_2_and_no_file(ozora, tiny_weights, tmp_path, arguments, word):
    shot = sample_shot(0, subject="fox").to_json()
    (tmp_path / "fox.json").write_text(json.dumps(shot))
    shot["subjects"][0]["kind"] = "dragon"
    (tmp_path / "dragon.json").write_text(json.dumps(shot))
    (tmp_path / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    damaged = shutil.copytree(tiny_weights, tmp_path / "damaged") / "text.safetensors"
    content = bytearray(damaged.read_bytes())
    content[-1] ^= 255
    damaged.write_bytes(content)
    before = files(tmp_path)
    code, out, err = ozora(*arguments)
    assert code == 2 and out == ""
    assert err.endswith((".\n", "?\n")) and err.count("\n") == 1 and len(err) < 400, err
    assert "Traceback" not in err and re.search(word, err), err
    assert files(tmp_path) == before


def test_help_and_version(ozora):
    code, out, err = ozora()
    assert code == 0 and "generate" in out + err and "world" in out + err
    assert ozora("--version")[1].startswith("ozora 0.")
    assert "--from" in ozora("generate", "--help", "--weights", "x")[1]


def test_weights_check_tells_what_is_filmed(ozora, tiny_weights):
    code, out, _ = ozora("weights", "check", tiny_weights)
    assert code == 0 and "96x64, 64x64" in out and "13 frames at 12 fps" in out


def test_world_sample_film_and_sheet(ozora, tmp_path):
    assert ozora("world", "sample", "--seed", 3, "-o", "shot.json")[0] == 0
    shot = json.loads((tmp_path / "shot.json").read_text())
    shot["seconds"], shot["cuts"] = 0.4, []
    (tmp_path / "shot.json").write_text(json.dumps(shot))
    code, out, _ = ozora(
        "world", "film", "shot.json", "-o", "shot.mp4", "--size", "64x36", "--depth", "--ids"
    )
    assert code == 0 and "shot.depth.mp4" in out
    assert files(tmp_path) == ["shot.depth.mp4", "shot.ids.mp4", "shot.json", "shot.mp4"]
    film = read_clip("shot.mp4")
    assert film.frames.shape == (5, 36, 64, 3) and film.metadata["shot"]["subjects"] == shot["subjects"]
    assert (
        ozora("world", "sheet", "-o", "sheet.png", "--count", 2, "--size", "64x36", "--supersample", 1)[0]
        == 0
    )
    assert read_image("sheet.png").frames.shape[2] > 128


def test_ctrl_c_keeps_the_takes_and_resume_finishes_them(ozora, tiny_weights, tmp_path):
    arguments = ["generate", "a fox", "-o", "fox.mp4", "--count", "3", "--seed", "1"]
    assert ozora(*arguments)[0] == 0
    whole = [(tmp_path / f"fox-{number}.mp4").read_bytes() for number in (1, 2, 3)]
    for left in tmp_path.iterdir():
        left.unlink()
    running = subprocess.Popen(
        [sys.executable, "-m", "ozora", *arguments, "--weights", str(tiny_weights)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # A shell that runs the tests in the background has them ignore Ctrl-C, and so would this child.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    assert running.stdout is not None and "fox-1.mp4" in running.stdout.readline()
    running.send_signal(signal.SIGINT)
    _, err = running.communicate(timeout=60)
    assert running.returncode == 130, err
    assert "Stopping after this step" in err and err.endswith("finishes the takes that were begun there.\n")
    waiting = [name for name in files(tmp_path) if name.startswith(".")]
    assert ".fox-3.mp4.take" in waiting and not [name for name in waiting if name.endswith(".part")]
    code, out, _ = ozora("resume")
    assert code == 0 and out.count(".mp4") == len(waiting)
    assert [(tmp_path / f"fox-{number}.mp4").read_bytes() for number in (1, 2, 3)] == whole
    assert ozora("resume")[1] == "no take waits in .\n"


def test_from_footage_to_latents(ozora, tiny_weights, tmp_path):
    shoot = ("world", "shoot", "footage", "--clips", 2, "--size", "64x64", "--frames", 5)
    code, out, _ = ozora(*shoot)
    assert code == 0 and "2 clips, ledger root" in out
    before = files(tmp_path)
    assert (
        ozora(*shoot)[:2] == (code, out) and files(tmp_path) == before
    )  # started again, nothing is left to do
    assert "2 clips, each as its ledger knows it" in ozora("world", "check", "footage")[1]
    code, out, _ = ozora("world", "truth", "footage")
    assert code == 0 and "truth of 1 shards" in out and "footage/truth-00000.safetensors" in files(tmp_path)
    weights = tiny_weights / "autoencoder.safetensors"
    assert ozora("encode", "footage", "--autoencoder", weights, "-o", "latents.safetensors")[0] == 0
    assert "latents.safetensors" in files(tmp_path)


def test_evaluate_scores_with_a_probe(ozora, tiny_weights, tmp_path):
    probe = Probe(replace(probe_config(concepts.FIELDS), channels=(8, 8, 8)))
    told = {"network": "probe", "config": probe.config.to_json()}
    save_weights(tmp_path / "probe.safetensors", probe.state_dict(), told)
    arguments = (
        "evaluate",
        "--weights",
        tiny_weights,
        "--probe",
        "probe.safetensors",
        "--limit",
        2,
        "--out",
        "s",
    )
    code, out, err = ozora(*arguments)
    assert code == 0, err
    assert "subject" in out and "2 films" in out
    assert {"s/scorecard.json", "s/films.png"} <= set(files(tmp_path))
    assert ozora("evaluate", "--weights", tiny_weights, "--probe", "none.safetensors")[0] == 2
    eyes = Eyes(eyes_config("micro"))
    told = {"network": "eyes", "config": eyes.config.to_json(), "purpose": "evaluation"}
    save_weights(tmp_path / "eyes.safetensors", eyes.state_dict(), told)
    code, _, err = ozora(*arguments, "--eyes", "eyes.safetensors")
    assert code == 2 and "calibration" in err  # who was not tried may not judge


def test_a_mistyped_command_is_answered_by_a_question(ozora):
    code, _, err = ozora("genrate", "a fox")
    assert code == 2 and err.endswith("Did you mean 'generate'?\n") and err.count("\n") == 1


def test_explore_finish_takes_mark_show_remove(ozora, tiny_weights, tmp_path):
    weights = ("--weights", tiny_weights)
    code, out, err = ozora("explore", "a red fox", "--drafts", 3, "--seed", 5, "--threads", 1, *weights)
    assert code == 0, err
    names = re.findall(r"red-fox-\d", out)
    assert sorted(set(names)) == ["red-fox-1", "red-fox-2", "red-fox-3"]
    assert out.count("seed") == 3 and "score" in out
    assert "takes/red-fox-sheet.png" in out and "ozora finish" in err
    code, out, err = ozora("finish", "red-fox-2")
    assert code == 0 and "takes/red-fox-2-final.mp4" in out, err
    assert ozora("generate", "a red fox", "--seed", 6, "--threads", 1, "-o", "whole.mp4")[0] == 0
    final = (tmp_path / "takes" / "red-fox-2-final.mp4").read_bytes()
    assert final == (tmp_path / "whole.mp4").read_bytes()
    assert ozora("mark", "red-fox-2-final", "accepted")[0] == 0
    code, out, _ = ozora("takes", "mark=accepted")
    assert "red-fox-2-final" in out and "red-fox-1" not in out and "for each accepted second" in out
    assert "finished as red-fox-2-final" in ozora("show", "red-fox-2")[1]
    assert ozora("remove", "red-fox-1", "red-fox-9")[0] == 2 and ozora("show", "red-fox-1")[0] == 0
    assert ozora("remove", "red-fox-1", "red-fox-3")[0] == 0
    assert not list((tmp_path / "takes").glob("red-fox-[13]*"))


def test_quotes_and_budgets_on_the_command_line(ozora, tmp_path):
    code, out, err = ozora("generate", "a fox", "-o", "fox.mp4", "--quote")
    assert code == 0 and re.search(r"about [\d.]+ s .* MiB .* Wh, [\d.]+ USD", out), err
    assert files(tmp_path) == []
    code, out, err = ozora("generate", "a fox", "-o", "fox.mp4", "--budget", "0.001s")
    assert code == 2 and err.startswith("budget: ") and files(tmp_path) == []
    assert ozora("generate", "a fox", "-o", "fox.mp4", "--budget", "5min")[0] == 0
    assert "learned from 2 runs" in ozora("generate", "a fox", "--quote")[1]


@pytest.fixture
def foreground():
    """A shell that runs the tests in the background has them ignore Ctrl-C, which is respected."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_ctrl_c_once_asks_and_twice_stops(foreground):
    with gentle_stop() as stopping:
        watched = stopping.watch(lambda phase: None)
        watched(Phase("denoise", 1, 3))
        os.kill(os.getpid(), signal.SIGINT)
        assert stopping.asked
        with pytest.raises(KeyboardInterrupt):
            watched(Phase("denoise", 2, 3))
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            signal.sigtimedwait([], 1)
    assert signal.getsignal(signal.SIGINT) is not stopping


def test_previews_are_two_pixels_a_character():
    frame = np.zeros((4, 3, 3), np.uint8)
    frame[0, 0], frame[1, 0] = (255, 0, 0), (0, 0, 255)
    text = half_blocks(frame)
    assert text.plain == "▀▀▀\n▀▀▀"
    console = Console(force_terminal=True, color_system="truecolor", width=40, file=io.StringIO())
    console.print(text)
    assert "38;2;255;0;0" in console.file.getvalue() and "48;2;0;0;255" in console.file.getvalue()
