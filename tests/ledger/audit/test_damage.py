"""Bytes of the file itself: whatever changes a row, the schema or a setting is found; nothing makes verification fail."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

import ledger
from ledger import LedgerError
from ledger.audit.report import KINDS

SEED = int(os.environ.get("ASSAY_SEED", "20261123"))


@pytest.fixture
def copy(told: Path, tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    shutil.copy(told / "ledger.db", path)
    return path


def content(path: Path) -> object:
    """All that a reader can learn from the file: every row, the schema, the settings; or the error that it gets."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro&immutable=1", uri=True)) as connection:
            connection.text_factory = bytes
            return list(_content(connection))
    except (sqlite3.DatabaseError, UnicodeDecodeError) as error:  # an error's own words may repeat what is no text
        return str(error)


def _content(connection: sqlite3.Connection) -> Iterator[object]:
    schema = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master").fetchall()
    yield schema
    for kind, name, _, _ in schema:
        if kind == b"table" and name.decode("utf-8", "ignore").encode() == name:
            yield connection.execute(f'SELECT * FROM "{name.decode()}"').fetchall()
    for pragma in ("application_id", "user_version"):
        yield connection.execute(f"PRAGMA {pragma}").fetchone()


def verified(path: Path) -> list[str]:
    try:
        found = ledger.verify(path).findings
    except LedgerError as error:
        return ["refused"] if "\n" not in str(error) else []
    assert all(each.kind in KINDS and "\n" not in each.detail for each in found)
    return [each.kind for each in found]


def flip_and_verify(copy: Path, flips: int, seed: str) -> int:
    """Flip one byte at a time; returns how many of the flips changed what a reader learns."""
    random = Random(seed)
    before, whole = content(copy), copy.read_bytes()
    changed = 0
    for _ in range(flips):
        at = random.randrange(len(whole)) if random.random() < 0.9 else random.randrange(512)
        byte = whole[at] ^ 1 << random.randrange(8)
        with copy.open("r+b") as file:
            file.seek(at)
            file.write(bytes([byte]))
        different = content(copy) != before
        changed += different
        assert verified(copy) or not different, (seed, at, byte)
        with copy.open("r+b") as file:
            file.seek(at)
            file.write(whole[at : at + 1])
        for beside in copy.parent.glob("ledger.db-*"):
            beside.unlink()
    return changed


def test_flipped_bytes(copy: Path) -> None:
    assert flip_and_verify(copy, 250, f"{SEED}") > 60


@pytest.mark.slow
@pytest.mark.parametrize("part", range(20))
def test_many_flipped_bytes(copy: Path, part: int) -> None:
    flip_and_verify(copy, 1000, f"{SEED} {part}")


@pytest.mark.parametrize("page", [1, 2, 3, 10, 40])
@pytest.mark.parametrize("fill", [b"\x00", b"\xff", b"random"])
def test_a_page_overwritten(copy: Path, page: int, fill: bytes) -> None:
    junk = Random(page).randbytes(4096) if fill == b"random" else fill * 4096
    before = content(copy)
    with copy.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(junk)
    assert verified(copy) or content(copy) == before


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_a_file_cut_off(copy: Path, share: float) -> None:
    whole = copy.read_bytes()
    copy.write_bytes(whole[: int(len(whole) * share)])
    assert verified(copy)


def test_a_file_that_ends_too_late(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes() + bytes(8192))
    assert verified(copy) in ([], ["damaged"])


def test_an_unreadable_stretch_is_one_finding(copy: Path) -> None:
    """A leaf page of the events' table in ruins: what lies beyond it is verified all the same."""
    with closing(sqlite3.connect(copy)) as connection:
        root = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'events'").fetchone()[0]
    with copy.open("r+b") as file:
        file.seek((root - 1) * 4096)
        header = file.read(4096)
        assert header[0] == 5
        cell = int.from_bytes(header[12 + 20 : 12 + 22], "big")
        leaf = int.from_bytes(header[cell : cell + 4], "big")
        file.seek((leaf - 1) * 4096)
        file.write(b"\xee" * 4096)
    found = ledger.verify(copy).findings
    assert [each.kind for each in found] == ["damaged"]
    assert found[0].seq is not None
    assert found[0].detail.startswith("the file cannot be read here (up to ")
