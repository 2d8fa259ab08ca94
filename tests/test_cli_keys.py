"""`ozora keys`, `ozora serve --check` and `ozora worker` as people use and misuse them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def ozora(command_line: Call, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run a command line whose data folder is ``data``; returns exit code, stdout and stderr."""
    monkeypatch.setenv("OZORA_DATA", "data")
    for name in ("OZORA_STORE", "OZORA_BLOBS", "OZORA_SERVE"):
        monkeypatch.delenv(name, raising=False)

    return command_line


def test_a_key_is_shown_once_listed_without_its_secret_and_removed_once(ozora: Call, tmp_path: Path) -> None:
    code, key, err = ozora("keys", "add", " mine ", "--rate", 5, "--budget", 60, "--model", "tiny")
    assert code == 0 and re.fullmatch(r"sk-ozora-[0-9a-f]{16}-[\w-]{43}\n", key) and "shown once" in err
    secret = key.strip().split("-", 3)[3]
    code, out, _ = ozora("keys", "list")
    told = r"key_[0-9a-f]{16}  mine  since \d{4}-\d\d-\d\d  5 films a minute; 60 s a month; tiny\n"
    assert code == 0 and re.fullmatch(told, out)
    kept = b"".join(path.read_bytes() for path in (tmp_path / "data").iterdir())
    assert secret.encode() not in kept and secret not in out
    for name in ("mine", "mine  "):
        code, out, err = ozora("keys", "add", name)
        assert (code, out) == (2, "") and err == "name: got 'mine', allowed: a name that no other key has.\n"
    assert ozora("keys", "remove", "mine")[:2] == (0, "mine is out of use\n")
    code, _, err = ozora("keys", "remove", "mine")
    assert code == 2 and err == "key: got 'mine', allowed: the id or the name of a key in use.\n"
    assert ozora("keys", "list")[:2] == (0, "")
    code, again, _ = ozora("keys", "add", "mine")
    assert code == 0 and again != key


def test_wrong_keys_are_refused_and_not_made(ozora: Call) -> None:
    for arguments, said in (
        ([""], "name: got '', allowed: 1 to 80 characters"), (["  "], "name: got '', allowed: 1 to 80"),
        (["x" * 81], "allowed: 1 to 80 characters that can be printed."),
        (["a\nb"], "allowed: 1 to 80 characters that can be printed."),
        (["a", "--rate", 0], "'--rate'"), (["a", "--rate", "x"], "'--rate'"),
        (["a", "--budget", -1], "'--budget'"), (["a", "--budget", "nan"], "'--budget'"),
        (["a", "--budget", "inf"], "budget: got 'inf', allowed: a number of seconds, or no --budget"),
        ([], "name"),
    ):  # fmt: skip
        code, out, err = ozora("keys", "add", *arguments)
        assert (code, out, err.count("\n")) == (2, "", 1) and said in err, (arguments, err)
    assert ozora("keys", "list")[:2] == (0, "")


def test_records_that_cannot_be_opened_are_refused_and_stay(ozora: Call, tmp_path: Path) -> None:
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "ozora.db").write_bytes(b"not a database" * 100)
    (tmp_path / "file").write_text("mine")
    for options, said in (
        (["--data", "file"], "data: got 'file', allowed: a folder that can be written"),
        (["--data", "/proc/x"], "data: got '/proc/x', allowed: a folder that can be written"),
        (["--data", "bad"], "store: sqlite:///bad/ozora.db cannot be opened (file is not a database)."),
        (["--store", "nonsense"], "store: got 'nonsense', allowed: a URL such as sqlite:///ozora.db."),
        (["--store", "mysql://x/y"], "store: got 'mysql', allowed: sqlite or postgresql."),
        (["--store", "sqlite:////proc/x.db"], "store: sqlite:////proc/x.db cannot be opened"),
    ):
        for command in (["list"], ["add", "a"], ["remove", "a"]):
            code, out, err = ozora("keys", *command, *options)
            assert (code, out, err.count("\n")) == (2, "", 1) and said in err, err
    assert (tmp_path / "bad" / "ozora.db").read_bytes() == b"not a database" * 100
    assert (tmp_path / "file").read_text() == "mine"


WRONG_SETTINGS = {
    "--port": (99999, "port: got '99999', allowed: 0 to 65535."),
    "--workers": (65, "workers: got '65', allowed: 0 to 64."),
    "--queue": (0, "queue-limit: got '0', allowed: 1 to"),
    "--rate": (0, "rate-per-minute: got '0', allowed: 1 to"),
    "--keep-hours": ("nan", "keep-hours: got 'nan', allowed: 0.001 to"),
    "--lease": (0, "lease: got '0.0', allowed: 1 to 3600."),
    "--drain": (-1, "drain: got '-1.0', allowed: 0 to 3600."),
}


@pytest.mark.parametrize("option", WRONG_SETTINGS)
def test_a_server_with_a_wrong_limit_is_refused_and_makes_no_folder(
    ozora: Call, tmp_path: Path, option: str
) -> None:
    value, said = WRONG_SETTINGS[option]
    code, out, err = ozora("serve", "--check", option, value)
    assert (code, out, err.count("\n")) == (2, "", 1) and err.startswith(said), err
    assert list(tmp_path.iterdir()) == []


def test_a_check_says_what_is_right_up_to_what_is_not(
    ozora: Call, tmp_path: Path, tiny_weights: Path
) -> None:
    check = ("serve", "--check", "--port", 0, "--weights", tiny_weights)
    code, out, err = ozora(*check)
    names = [line.split()[0] for line in out.splitlines()]
    assert code == 0 and not err and names == ["data", "store", "blobs", "model", "keys", "address"]
    assert "tiny" in out and "96x64, 64x64" in out and "none; anybody on this machine may call" in out
    ozora("keys", "add", "mine")
    assert "keys     1; needed to call" in ozora(*check)[1]
    ozora("keys", "remove", "mine")
    for options, said in (
        (["--host", "0.0.0.0"], "host: got '0.0.0.0', which other machines reach, and there are no API keys"),
        (["--weights", "nowhere"], "weights: nowhere is no folder of weights"),
        (["--blobs", "http://x"], "blobs: got 'http://x', allowed: s3://BUCKET or s3://BUCKET/PREFIX."),
        (["--renderer", "nonsense"], "renderer: got 'nonsense', allowed: module:Class that can be imported"),
        (["--renderer", "os:path"], "renderer: got 'os:path', allowed: module:Class that can be imported"),
    ):
        code, out, err = ozora(*check, *options)
        assert code == 2 and err.count("\n") == 1 and err.startswith(said), err
        assert out.startswith("data     ") and "address" not in out and "Traceback" not in out


def test_a_worker_refuses_what_it_cannot_work_with(
    ozora: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for options, said in (
        (["--data", "/proc/x"], "data: got '/proc/x', allowed: a folder that can be written"),
        (["--weights", "nowhere"], "weights: nowhere is no folder of weights"),
        (["--lease", 0], "lease: got '0.0', allowed: 1 to 3600."),
        (["--workers", 99], "workers: got '99', allowed: 0 to 64."),
    ):
        code, out, err = ozora("worker", *options)
        assert (code, out, err.count("\n")) == (2, "", 1) and err.startswith(said), err
    for left, said in (
        ("{", "OZORA_SERVE: cannot be read as settings"), ('{"x": 1}', "settings: got 'x', allowed: "),
        ('{"port": "x"}', "OZORA_SERVE: cannot be read as settings"),
    ):  # fmt: skip
        monkeypatch.setenv("OZORA_SERVE", left)
        code, out, err = ozora("worker")
        assert (code, out, err.count("\n")) == (2, "", 1) and err.startswith(said), err
