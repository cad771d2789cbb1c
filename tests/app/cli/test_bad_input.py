"""Bad input: one clear line, exit code 2, and nothing changed."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.cli.failures import failure
from app.cli.main import main
from ledger.store.schema import REVISION
from tests.app.story import Said, Shell, copied, home

NOBODY = 65534
WRITING = ("--as", "lea", "artifact", "register", "new.csv", "--kind", "dataset")
EVERY_WAY = [("log",), ("verify",), ("overview",), ("rebuild",), ("checkpoint",), WRITING]


def one_line(said: Said, *fragments: str, code: int = 2) -> None:
    assert said.code == code, said
    assert said.out == ""
    assert said.err.startswith("assay: ")
    assert said.err.count("\n") == 1
    assert said.err.endswith("\n")
    for fragment in fragments:
        assert fragment in said.err, said.err


@pytest.fixture
def ready(shell: Shell) -> Shell:
    """The story's workspace, with a file to register."""
    (shell.root / "new.csv").write_text("a\n")
    return shell


@pytest.mark.parametrize("words", EVERY_WAY, ids=lambda words: words[-1])
def test_no_workspace(empty: Shell, words: tuple[str, ...]) -> None:
    one_line(empty(*words), f"{empty.root} is not in a workspace", "assay init")
    assert empty.bytes() == {}


@pytest.mark.parametrize("words", EVERY_WAY, ids=lambda words: words[-1])
def test_a_workspace_without_its_ledger(ready: Shell, words: tuple[str, ...]) -> None:
    ready.ledger.unlink()
    one_line(ready(*words), "there is no ledger at")
    assert not ready.ledger.exists()


@pytest.mark.parametrize("words", EVERY_WAY, ids=lambda words: words[-1])
@pytest.mark.parametrize("content", [b"", b"plain text\n", b"\x00" * 5000, b"SQLite format 3\x00" + b"\x01" * 4096])
def test_a_file_that_is_no_ledger(ready: Shell, words: tuple[str, ...], content: bytes) -> None:
    ready.ledger.write_bytes(content)
    before = ready.bytes()
    said = ready(*words)
    assert said.code in ((1, 2) if words == ("verify",) else (2,))
    assert "Traceback" not in said.err
    assert ready.bytes() == before
    if said.code == 2:
        one_line(said, str(ready.ledger.name))


@pytest.mark.parametrize("words", EVERY_WAY, ids=lambda words: words[-1])
def test_a_database_of_something_else(ready: Shell, words: tuple[str, ...]) -> None:
    ready.ledger.unlink()
    with sqlite3.connect(ready.ledger) as connection:
        connection.execute("CREATE TABLE notes (text)")
    connection.close()
    before = ready.bytes()
    one_line(ready(*words), "no Assay ledger")
    assert ready.bytes() == before


@pytest.mark.parametrize("words", EVERY_WAY, ids=lambda words: words[-1])
def test_a_ledger_of_a_newer_version(ready: Shell, words: tuple[str, ...]) -> None:
    with sqlite3.connect(ready.ledger) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = ready.bytes()
    said = ready(*words)
    if words == ("verify",):  # Whoever alters the mark must not keep an audit from finding the rest.
        assert said.code == 1
        assert "newer Assay" in said.out
        assert REVISION in said.out
    else:
        one_line(said, "newer Assay", REVISION)
    assert ready.bytes() == before


@pytest.mark.parametrize("words", [("overview",), ("log",), ("artifact", "list")], ids=lambda words: words[-1])
def test_a_moment_before_the_first_event(ready: Shell, words: tuple[str, ...]) -> None:
    first = ready.json("log", "-n", "0")["events"][0]["at"][:10]
    one_line(ready(*words, "--at", "1999-01-01"), "1999-01-01 is before the first event", first)


def test_a_proof_whose_beginning_is_damaged(ready: Shell) -> None:
    proof = ready.ok("prove", "4").out
    (ready.root / "p").write_text("x" + proof)
    one_line(ready("verify", "p"), "neither a ledger", "nor a proof", "beginning is damaged")


def test_a_place_where_no_file_can_be_made(ready: Shell) -> None:
    one_line(ready("artifact", "restore", "fx-vol@1", "-o", "/proc/x"), "no file can be made in that folder")


def test_who_may_not_sign_and_why(ready: Shell) -> None:
    (request,) = ready.json("approvals")["requests"]
    for who, why in (("nobody", "nobody called nobody is enrolled"), ("lea", "lea trained")):
        said = ready("--as", who, "approve", str(request["seq"]), "--yes")
        assert said.code == 1
        assert why in said.err
    assert "may sign: jon, mia" in ready("gate", "fx-vol@1", "--to", "prod").out


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
@pytest.mark.parametrize("words", [("verify",), ("log", "-n", "0"), WRITING], ids=lambda words: words[-1])
def test_a_truncated_ledger(ready: Shell, words: tuple[str, ...], share: float) -> None:
    whole = ready.ledger.read_bytes()
    ready.ledger.write_bytes(whole[: int(len(whole) * share)])
    before = ready.ledger.read_bytes()
    said = ready(*words)
    assert said.code in (1, 2), said
    assert "Traceback" not in said.err
    assert said.code == 1 or said.err.count("\n") == 1
    assert ready.ledger.read_bytes() == before


def test_a_locked_ledger_is_read_and_not_written(ready: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.store.sqlite.BUSY_SECONDS", 0.05)
    size = ready.json("verify")["size"]
    holder = sqlite3.connect(ready.ledger, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    try:
        assert ready.json("log", "-n", "1")["events"]
        one_line(ready(*WRITING), "locked by another process")
    finally:
        holder.execute("ROLLBACK")
        holder.close()
    assert ready.json("verify")["size"] == size
    assert ready(*WRITING).code == 0


@pytest.fixture
def unprivileged(ready: Shell, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """The workspace where permissions bind: root becomes somebody else, in a folder that they may enter."""
    base = Path(tempfile.mkdtemp())
    copied(ready.root.parent, base / "all")
    home(base / "all" / "home", monkeypatch)
    try:
        base.chmod(0o755)
        if os.geteuid() == 0:
            for place in (base, *base.rglob("*")):
                os.chown(place, NOBODY, NOBODY, follow_symlinks=False)
            os.setresuid(NOBODY, NOBODY, 0)
        yield Shell(base / "all" / "work")
    finally:
        os.setresuid(-1, os.getresuid()[2], -1)
        os.setresuid(os.geteuid(), -1, -1)
        shutil.rmtree(base)


def test_a_read_only_folder_is_read_and_not_written(unprivileged: Shell) -> None:
    folder = unprivileged.ledger.parent
    before = unprivileged.bytes()
    for file in (*folder.rglob("*"), folder):
        file.chmod(0o555 if file.is_dir() else 0o444)
    try:
        assert unprivileged.json("verify")["ok"]
        assert unprivileged.json("log")["events"]
        one_line(unprivileged("--as", "mia", "alerts", "ack", "drift"), "permissions")
        one_line(unprivileged(*WRITING), "permissions")
    finally:
        for file in (folder, *folder.rglob("*")):
            file.chmod(0o755 if file.is_dir() else 0o644)
    assert unprivileged.bytes() == before


def test_init_where_nothing_may_be_written(unprivileged: Shell) -> None:
    (unprivileged.root / "shut").mkdir(mode=0o555)
    before = unprivileged.bytes()
    one_line(unprivileged("--as", "ada", "init", "shut"), "permissions")
    one_line(unprivileged("--as", "ada", "init", "shut/new"), "permissions")
    assert unprivileged.bytes() == before


def test_a_ledger_that_may_not_be_read(unprivileged: Shell) -> None:
    unprivileged.ledger.chmod(0)
    one_line(unprivileged("log"), "permissions")
    one_line(unprivileged("verify"), "permissions")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("lg",), "did you mean log"),
        (("verfy", "--json"), "did you mean verify"),
        (("artifact",), "needs one of"),
        (("artifact", "lst"), "did you mean list"),
        (("people", "zzzz"), "there are list, add"),
        (("zzzz",), "`assay --help` lists them"),
        (("log", "--cuont", "3"), "did you mean --count"),
        (("log", "--jso"), "did you mean --json"),
        (
            ("alerts", "ack", "x", "--action", "y"),
            "there is no option --action for `assay alerts ack`; it takes --note;",
        ),
        (("log", "-n"), "expected one argument"),
        (("log", "-n", "x"), "whole number"),
        (("log", "extra"), "does not take 'extra'"),
        (("runs", "shw"), "did you mean runs show"),
        (("artifact", "register", "x"), "needs --kind"),
        (("artifact", "register", "x", "--kind", "modle"), "did you mean model"),
        (("show",), "needs REF"),
        (("completion", "tcsh"), "choose from bash, zsh, fish"),
        (("--leger", "x", "log"), "did you mean --ledger"),
        (("gate", "x", "--to"), "expected one argument"),
        (("approve", "x", "--yes"), "no request's number"),
        (("approve", "9" * 40), "no request's number"),
        (("help", "frobnicate"), "no command"),
    ],
)
def test_a_wrong_command_line_says_what_was_perhaps_meant(shell: Shell, words: tuple[str, ...], says: str) -> None:
    said = shell("--as", "jon", *words) if not words[0].startswith("-") else shell(*words)
    if "--json" in words:
        assert says in said.document["error"]
    else:
        one_line(said, says)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("show", "fx-vlo"), "model/fx-hedging/fx-vol"),
        (("artifact", "show", "ecb-rate5"), "dataset/fx-hedging/ecb-rates"),
        (("lineage", "fx-vol@champoin"), "fx-vol@challenger"),
        (("show", "fx-vol@9"), "fx-vol@2"),
        (("runs", "show", "zz"), "no run begins with"),
        (("show", "run/7c1e55ab"), "run/7c1e55aa"),
        (("show", "alert/drft-2008-09-17"), "alert/drift-2008-09-17"),
        (("show", "person/adda"), "person/ada"),
        (("show", "seq:99999"), "the log holds 0 to"),
        (("show", "monitor/none"), "no event is about"),
        (("show", ""), ""),
        (("show", "-x"), ""),
        (("--as", "jon", "approve", "0", "--yes"), "is no request"),
        (("--as", "jon", "alerts", "ack", "nothing"), "alert/nothing"),
        (("gate", "fx-vol@1", "--to", "prd"), "did you mean 'prod'"),
        (("--as", "lea", "deploy", "fx-vol@1", "--to", "moon"), "no environment 'moon'"),
        (("--as", "lea", "deploy", "ecb-rates", "--to", "dev"), "is no model"),
        (("--as", "lea", "artifact", "register", "absent", "--kind", "model"), "there is no file or folder"),
        (("artifact", "restore", "ecb-rates", "-o", "no/such/folder"), "does not exist"),
        (("verify", "absent.db"), "there is no"),
        (("verify", "."), "neither a workspace"),
        (("verify", "--checkpoint", "absent"), "absent"),
        (("--ledger", "absent.db", "log"), "there is no ledger"),
        (("--ledger", "postgresql://host/db", "log"), "SQLite files alone"),
        (("-C", "absent", "log"), "absent"),
        (("--as", "a b", "whoami"), "cannot be somebody's name"),
        (("--as", "", "alerts", "ack", "drift"), "cannot be somebody's name"),
    ],
)
def test_what_does_not_exist(shell: Shell, words: tuple[str, ...], says: str) -> None:
    if words == ("verify", "."):
        (shell.root / "assay.toml").rename(shell.root / "gone.toml")
    before = shell.bytes()
    one_line(shell(*words), says)
    assert shell.bytes() == before


def test_nobody_is_named(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    one_line(shell("alerts", "ack", "drift"), "--as NAME", "ASSAY_ACTOR", "config.toml")


def test_a_hostile_reference_cannot_draw(shell: Shell) -> None:
    said = shell("show", "\x1b[2J\n\u202eevil")
    one_line(said, "\\x1b[2J", "\\u202e")
    assert "\x1b" not in said.err


@given(st.lists(st.text(max_size=12), max_size=5))
@example(["--at"])
@example(["-"])
@example(["--", "log"])
@example(["\ud800"])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_words_end_in_words(empty: Shell, words: list[str]) -> None:
    if any(word in ("-C", "init", "demo", "run") for word in words):
        return
    said = empty(*words)
    assert said.code in (0, 1, 2)
    assert "this should not happen" not in said.err


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "the disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "x"), "read-only: x"),
        (PermissionError(errno.EACCES, "Permission denied", "x"), "you may not use x"),
        (OSError(errno.EIO, "Input/output error", "x"), "the system refused: x: Input/output error"),
        (sqlite3.DatabaseError("file is not a database"), "ledger.db"),
        (MemoryError(), "not enough memory"),
        (RecursionError("deep\nline"), "this should not happen: RecursionError: deep"),
    ],
)
def test_what_the_system_says_is_one_line(error: BaseException, says: str) -> None:
    found = failure(error, Path("ledger.db"))
    assert says in found.message
    assert "\n" not in found.message
    assert found.code == 2


def test_a_full_disk_under_the_ledger_records_nothing(ready: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite itself says that it is full: the file may not grow by a page."""
    import ledger.opening

    ready.ok("rebuild")
    connect = ledger.opening.connect
    size = ready.json("verify")["size"]

    def cramped(path: Path) -> sqlite3.Connection:
        connection = connect(path)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    monkeypatch.setattr("ledger.opening.connect", cramped)
    note = "x" * 60_000
    said = ready("--as", "mia", "alerts", "ack", "drift", "--note", note)
    one_line(said, "the disk", "is full", "nothing was recorded")
    monkeypatch.undo()
    assert ready.json("verify")["size"] == size


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_that_is_full(shell: Shell) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", "-C", str(shell.root), "log"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert done.returncode == 2
    assert done.stderr == "assay: the disk is full; free some space and try again\n"


def test_a_reader_that_leaves_is_no_error(shell: Shell) -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(
        [sys.executable, "-m", "app.cli", "-C", str(shell.root), "log"], stdout=write, stderr=subprocess.PIPE, text=True
    )
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_ctrl_c_is_one_line(shell: Shell, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("app.actions.events.log", interrupted)
    assert main(["-C", str(shell.root), "log"]) == 130
    assert capsys.readouterr().err == "assay: interrupted\n"


def test_what_should_not_happen_is_one_line_and_a_traceback_on_request(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("app.actions.events.log", broken)
    one_line(shell("log"), "this should not happen: ZeroDivisionError", "ASSAY_DEBUG=1")
    monkeypatch.setenv("ASSAY_DEBUG", "1")
    assert "Traceback" in shell("log").err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("log", "--at=--"), "argument --at: '--' is no value"),
        (("log", "--at", "9999-12-31"), "'9999-12-31' is no moment"),
        (("log", "--at", "0001-01-01T00:00:00+14:00"), "is no moment"),
        (("artifact", "list", "-n", "9" * 400), "is no number that can be counted with"),
        (("agent", "--once", "--every", "nan"), "'nan' is no number that can be counted with"),
        (("agent", "--once", "--every", "inf"), "'inf' is no number that can be counted with"),
        (("show", "a\x00b"), "holds a zero byte"),
    ],
)
def test_values_that_mean_nothing(ready: Shell, words: tuple[str, ...], said: str) -> None:
    one_line(ready(*words), said)


@pytest.mark.parametrize("word", ["x" * 60_000, "\u202e" * 60_000, "ä b " * 20_000])
def test_an_error_that_repeats_what_was_given_can_be_read(ready: Shell, word: str) -> None:
    said = ready("show", word)
    one_line(said, "characters)")
    assert len(said.err) < 30_000, "each hidden character is spelled"
    assert "\u202e" not in said.err


def test_deep_files_are_refused_at_once(ready: Shell) -> None:
    (ready.root / "deep").write_text("[" * 50_000)
    one_line(ready("policy", "check", "deep"), "deep, line 1: too deeply nested")
    one_line(ready("canary", "judge", "deep"), "deep cannot be read as JSON")


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_are_no_error(ready: Shell, closed: str) -> None:
    """Nothing that is opened instead of them is written into."""
    for words, code in ((("--as", "lea", *WRITING[2:]), 0), (("show", "nothing"), 2), (("verify",), 0)):
        command = f'"$0" -m app.cli -C "$1" {" ".join(words)} {closed}'
        done = subprocess.run(
            ["/bin/sh", "-c", command, sys.executable, str(ready.root)],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == code, (done, words)
        assert "should not happen" not in done.stdout + done.stderr
    assert ready.json("verify")["ok"]
