"""The ledger: what is written stays written, and any change is found and named."""

from __future__ import annotations

import hashlib
import json
import tempfile
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ozora.errors import OzoraError
from ozora.rights.ledger import EMPTY_ROOT, Entry, Ledger


def digest(number: int) -> str:
    return hashlib.sha256(str(number).encode()).hexdigest()


def entries(count: int) -> list[Entry]:
    return [Entry("ozora.world", "own", digest(i), f"clip {i}") for i in range(count)]


def test_an_empty_ledger_has_the_empty_root(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    assert ledger.root() == EMPTY_ROOT
    assert ledger.verify() == 0


def test_one_by_one_and_all_at_once_give_the_same_file(tmp_path: Path) -> None:
    single, batch = Ledger(tmp_path / "a.jsonl"), Ledger(tmp_path / "b.jsonl")
    for entry in entries(5):
        single.append(entry.source, entry.licence, entry.content_hash, entry.note)
    batch.append_all(entries(5))
    assert single.path.read_bytes() == batch.path.read_bytes()
    assert single.root() == batch.root() != EMPTY_ROOT


def test_reopening_continues_the_chain(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger(path).append_all(entries(2))
    again = Ledger(path)
    row = again.append("ozora.world", "own", digest(9))
    assert row.index == 2
    assert again.verify() == 3
    assert Ledger(path).root() == row.hash


@pytest.mark.parametrize("field", ["source", "licence", "content_hash", "note", "previous", "hash"])
def test_a_changed_field_is_found_and_its_row_named(tmp_path: Path, field: str) -> None:
    path = tmp_path / "ledger.jsonl"
    Ledger(path).append_all(entries(4))
    lines = path.read_text().splitlines()
    row = json.loads(lines[1])
    row[field] = digest(77)
    lines[1] = json.dumps(row)
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(OzoraError, match="row 2"):
        Ledger(path).verify()


@settings(max_examples=30, deadline=None)
@given(count=st.integers(2, 8), data=st.data())
def test_a_dropped_or_swapped_row_breaks_the_chain(count: int, data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.jsonl"
        ledger = Ledger(path)
        ledger.append_all(entries(count))
        lines = path.read_text().splitlines(keepends=True)
        victim = data.draw(st.integers(0, count - 1))
        other = data.draw(st.integers(0, count - 1))
        changed = [line for i, line in enumerate(lines) if i != victim]
        if other != victim:
            changed = list(lines)
            changed[victim], changed[other] = changed[other], changed[victim]
        path.write_text("".join(changed))
        with pytest.raises(OzoraError, match=f"row {min(victim, other) + 1}"):
            ledger.verify()


def test_a_half_written_last_row_is_dropped_with_a_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "ledger.jsonl"
    ledger = Ledger(path)
    ledger.append_all(entries(3))
    root = ledger.root()
    with path.open("a") as file:
        file.write('{"index":3,"source":"ozo')
    again = Ledger(path)
    assert "half-written" in caplog.text
    assert (again.verify(), again.root()) == (3, root)


def test_many_threads_make_one_unbroken_chain(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")

    def work(start: int) -> None:
        for number in range(start, start + 10):
            ledger.append("ozora.world", "own", digest(number))

    threads = [threading.Thread(target=work, args=(i * 10,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.verify() == 60
    assert {row.content_hash for row in ledger.rows()} == {digest(i) for i in range(60)}


def test_a_licence_outside_the_list_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl")
    with pytest.raises(OzoraError, match=r"licence.*all rights reserved.*CC0-1\.0"):
        ledger.append_all([*entries(2), Entry("somewhere", "all rights reserved", digest(3))])
    with pytest.raises(OzoraError, match="content_hash"):
        ledger.append("ozora.world", "own", "abc")
    assert len(ledger) == 0
    assert not ledger.path.exists()
