"""A copy taken while others append is of one moment, whole, and verifies."""

from __future__ import annotations

import errno
import os
import shutil
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

import ledger
from ledger.errors import InputError, LedgerError
from ledger.store import backup
from tests.ledger.store.operations import BATCH
from tests.ledger.store.tracing import ROOT

_WRITER = """
import sys
import time
from pathlib import Path
from tests.ledger.store.operations import BATCH, observation, open_ledger, say
book = open_ledger(Path(sys.argv[1]))
say("ready")
while True:
    book.record_many([observation(n) for n in range(BATCH)])
"""


def test_while_another_process_writes(begun: Path, tmp_path: Path) -> None:
    folder = tmp_path / "ledger"
    shutil.copytree(begun, folder)
    path = folder / "ledger.db"
    command = [sys.executable, "-c", _WRITER, str(folder)]
    sizes = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        try:
            assert writer.stdout is not None
            assert writer.stdout.readline() == "ready\n"
            for n in range(5):
                copy = tmp_path / f"{n}.db"
                backup.copy(path, copy)
                found = ledger.verify(copy)
                assert found.findings == []
                sizes.append(found.size)
                _wait_until_larger(path, found.size, writer)
        finally:
            writer.kill()
    # Batches are in a copy whole or not at all, and every copy begins as the ledger does.
    assert all(size % BATCH == 1 for size in sizes)
    assert sizes == sorted(set(sizes))
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]
    with ledger.open(path, read_only=True) as book:
        for n, size in enumerate(sizes):
            with ledger.open(tmp_path / f"{n}.db", read_only=True) as copied:
                assert [each.body for each in copied.events()] == [each.body for each in book.events(0, size)]


def _wait_until_larger(path: Path, size: int, writer: subprocess.Popen[str]) -> None:
    with ledger.open(path, read_only=True) as book:
        while book.size <= size:
            assert writer.poll() is None, "the writer has ended"
            time.sleep(0.01)


def test_a_copy_goes_on_as_a_ledger(told: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    backup.copy(told / "ledger.db", copy)
    assert [each.name for each in tmp_path.iterdir()] == ["copy.db"]
    with ledger.open(copy, keys=told / "keys", read_only=True) as book:
        assert book.size == 209


def test_what_may_not_last_is_not_there(told: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy itself is synced and the folder's list of names cannot be: there is no copy, and it can be tried again."""
    sync = os.fsync

    def of_files_only(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EIO, "Input/output error")
        sync(descriptor)

    copy = tmp_path / "copy.db"
    with monkeypatch.context() as patched:
        patched.setattr("ledger.store.placing.os.fsync", of_files_only)
        with pytest.raises(LedgerError, match=r"cannot write .*copy\.db: Input/output error"):
            backup.copy(told / "ledger.db", copy)
    assert list(tmp_path.iterdir()) == []
    backup.copy(told / "ledger.db", copy)


@pytest.mark.parametrize("there", ["file", "folder", "link"])
def test_nothing_is_overwritten(told: Path, tmp_path: Path, there: str) -> None:
    target = tmp_path / "copy.db"
    if there == "file":
        target.write_bytes(b"old")
    elif there == "folder":
        target.mkdir()
    else:
        target.symlink_to(tmp_path / "nowhere")
    with pytest.raises(InputError, match="exists already; a backup overwrites nothing"):
        backup.copy(told / "ledger.db", target)
    assert [each.name for each in tmp_path.iterdir()] == ["copy.db"]


def test_where_it_cannot_be(told: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"the folder .* does not exist"):
        backup.copy(told / "ledger.db", tmp_path / "absent" / "copy.db")
    with pytest.raises(InputError, match="there is no ledger at"):
        backup.copy(tmp_path / "absent.db", tmp_path / "copy.db")
    (tmp_path / "text").write_text("no ledger")
    with pytest.raises(LedgerError, match="is not a ledger"):
        backup.copy(tmp_path / "text", tmp_path / "copy.db")
    assert [each.name for each in tmp_path.iterdir()] == ["text"]
