"""Files that are named to be written: whole or not at all, and never what Assay keeps."""

from __future__ import annotations

import errno
import os
import stat
from contextlib import closing
from pathlib import Path

import pytest

from app.actions import outputs
from app.actions.context import Context
from tests.app.story import Shell, request_number

WRITES = (
    ("checkpoint",),
    ("prove", "3"),
    ("key", "show"),
    ("export", "inventory"),
    ("witness", "request"),
)


@pytest.mark.parametrize("words", WRITES, ids=" ".join)
@pytest.mark.parametrize(
    ("output", "said"),
    [
        (".assay/ledger.db", "is kept by Assay itself"),
        (".assay/objects", "is a folder; name a file in it"),
        (".assay/new", "is kept by Assay itself"),
        ("assay.toml", "is kept by Assay itself"),
        ("link", "is kept by Assay itself"),
        ("absent/file", "there is no folder"),
        ("", "cannot be a file's name"),
    ],
)
def test_what_is_kept_is_not_written_over(shell: Shell, words: tuple[str, ...], output: str, said: str) -> None:
    shell.ok("witness", "request") if words == ("witness", "request") else None
    (shell.root / "link").symlink_to(".assay/ledger.db")
    shell.ok("checkpoint")
    before = shell.bytes()
    refused = shell("--as", "ada", *words, "-o", output)
    assert (refused.code, refused.out, refused.err.count("\n")) == (2, "", 1)
    assert said in refused.err
    assert shell.bytes() == before


def test_another_ledger_than_the_workspace_s_is_kept_too(shell: Shell, tmp_path: Path) -> None:
    shell.ok("backup", str(tmp_path / "copy.db"))
    before = (tmp_path / "copy.db").read_bytes()
    for name in ("copy.db", "copy.db-wal"):
        refused = shell("--ledger", str(tmp_path / "copy.db"), "key", "show", "-o", str(tmp_path / name))
        assert "is kept by Assay itself" in refused.err
    assert (tmp_path / "copy.db").read_bytes() == before


def test_a_statement_and_what_is_signed_of_it_are_written(shell: Shell) -> None:
    said = shell.ok("--as", "jon", "approve", request_number(shell), "--statement-only", "-o", "out.json")
    assert "`assay sign out.json` signs it" in said.out
    assert (shell.root / "out.json.pae").read_bytes().endswith((shell.root / "out.json").read_bytes())


def test_a_file_is_replaced_whole_with_its_mode(shell: Shell) -> None:
    goal = shell.root / "out.txt"
    goal.write_text("before, and longer than what comes")
    goal.chmod(0o640)
    with closing(Context(start=shell.root)) as context:
        assert outputs.write(context, "out.txt", "after") == goal
    assert goal.read_text() == "after"
    assert stat.S_IMODE(goal.stat().st_mode) == 0o640


def test_what_cannot_be_written_leaves_what_was_there(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    goal = shell.root / "out.txt"
    goal.write_text("before")

    def full(file: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with closing(Context(start=shell.root)) as context, pytest.raises(OSError, match="No space left") as caught:
        outputs.write(context, "out.txt", b"after")
    assert caught.value.filename == str(goal)
    assert goal.read_text() == "before"
    assert not list(shell.root.glob(".assay-*"))


def test_a_pipe_and_an_open_stream_are_written_to_as_they_are(shell: Shell, tmp_path: Path) -> None:
    with (tmp_path / "stream").open("w+b", buffering=0) as stream, closing(Context(start=shell.root)) as context:
        stream.write(b"first ")
        outputs.write(context, f"/dev/fd/{stream.fileno()}", b"second")
        stream.write(b" third")
        outputs.write(context, "/dev/null", b"nothing")
    assert (tmp_path / "stream").read_bytes() == b"first second third"
