"""Checkpoints without asking: every command that recorded something signs its head, or says why it could not."""

from __future__ import annotations

import shutil
from pathlib import Path

import ledger
from ledger.format.checkpoint import parse_body
from ledger.format.note import parse
from tests.app.story import Shell


def signed(shell: Shell) -> int:
    """The size of the newest checkpoint."""
    with ledger.open(shell.ledger, read_only=True) as book:
        note = book.last_checkpoint()
        assert note is not None
        return parse_body(parse(note.encode()).text).size


def size(shell: Shell) -> int:
    with ledger.open(shell.ledger, read_only=True) as book:
        return book.size


def test_a_new_ledger_is_signed(empty: Shell) -> None:
    empty.ok("--as", "ada", "init", "--origin", "example.com/l", "--project", "p")
    assert signed(empty) == size(empty) == 1


def test_a_command_that_records_signs(shell: Shell) -> None:
    before = size(shell)
    shell.ok("--as", "mia", "alerts", "ack", "drift")
    assert signed(shell) == size(shell) == before + 1


def test_a_command_that_reads_signs_nothing(shell: Shell) -> None:
    before = shell.bytes()
    shell.ok("log")
    shell.ok("verify")
    assert shell.bytes() == before


def test_who_holds_no_key_records_and_is_told(shell: Shell, tmp_path: Path) -> None:
    before = signed(shell)
    shutil.rmtree(next((tmp_path / "home").rglob("ledgers")))
    said = shell.ok("--as", "mia", "alerts", "ack", "drift")
    assert "recorded; the head is not signed yet: the key of" in said.err
    assert "Traceback" not in said.err
    assert signed(shell) == before < size(shell)


def test_a_restored_backup_is_not_signed_over(shell: Shell, tmp_path: Path) -> None:
    shutil.copy(shell.ledger, tmp_path / "backup.db")
    shell.ok("--as", "mia", "alerts", "ack", "drift")
    before = signed(shell)
    for leftover in shell.ledger.parent.glob("ledger.db-*"):
        leftover.unlink()
    shutil.copy(tmp_path / "backup.db", shell.ledger)
    said = shell("--as", "lea", "request", "fx-vol@2")
    assert said.code == 2
    assert "recorded, but the head was not signed" in said.err
    assert "assay continue --new-origin" in said.err
    assert signed(shell) < before
