"""Keys through the commands: adopting, rotating, revoking; the ledger's own; a copy that goes on under a new name."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

import ledger
from ledger.keystore import Keystore
from tests.app.story import ORIGIN, Shell, request_number

NEW = "example.com/restored"

needs_openssh = pytest.mark.skipif(
    not all(shutil.which(each) for each in ("ssh-agent", "ssh-add", "ssh-keygen")), reason="OpenSSH is not installed"
)


def keys_of(shell: Shell, name: str) -> list[str]:
    people = shell.json("people", "list")["people"]
    found: list[str] = next(each["keys"] for each in people if each["name"] == name)
    return found


def openssh_key(folder: Path, word: str = "") -> Path:
    file = folder / "id_ed25519"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", word, "-C", "jon@host", "-f", str(file)], check=True)
    return file


def test_a_key_is_rotated_without_a_moment_in_which_none_counts(shell: Shell) -> None:
    number = request_number(shell)
    shell.ok("--as", "jon", "approve", number, "--yes")
    (before,) = keys_of(shell, "jon")
    said = shell.json("--as", "ada", "people", "rotate", "jon", "--reason", "new laptop")
    assert [each["type"] for each in said["events"]] == ["key.enrolled", "key.revoked"]
    (after,) = keys_of(shell, "jon")
    assert after != before
    second = shell.json("--as", "lea", "request", "fx-vol@2")["request"]["seq"]
    shell.ok("--as", "jon", "approve", str(second), "--yes")
    shell.ok("verify")


def test_an_administrator_rotates_their_own_key(shell: Shell) -> None:
    shell.ok("--as", "ada", "people", "rotate", "ada")
    shell.ok("--as", "ada", "people", "add", "zoe")
    shell.ok("verify")


def test_a_revoked_key_signs_nothing_more(shell: Shell) -> None:
    number = request_number(shell)
    shell.ok("--as", "ada", "people", "revoke", "jon", "--reason", "left the firm")
    assert keys_of(shell, "jon") == []
    said = shell("--as", "jon", "approve", number, "--yes")
    assert said.code == 1
    assert "not by a key of jon that is valid" in said.err
    shell.ok("verify")


def test_only_administrators_and_never_the_last_key(shell: Shell) -> None:
    barred = [("people", "revoke", "mia"), ("people", "rotate", "mia"), ("people", "add", "eve"), ("key", "rotate")]
    for words in (*barred, ("continue", "--new-origin", NEW)):
        said = shell("--as", "jon", *words)
        assert said.code == 1, "a refusal"
        assert "does not administer" in said.err
        assert "--as one of ada" in said.err
    said = shell("--as", "ada", "people", "revoke", "ada")
    assert said.code == 2
    assert "last administrator" in said.err
    assert "not enrolled" in shell("--as", "ada", "people", "revoke", "nobody").err
    assert "is no valid key of jon" in shell("--as", "ada", "people", "revoke", "jon", "--key", "A" * 43 + "=").err
    assert "is no public key" in shell("--as", "ada", "people", "rotate", "jon", "--key", "absent.pub").err


@needs_openssh
@pytest.mark.parametrize("word", ["", "correct horse"])
def test_an_openssh_key_is_adopted_enrolled_and_signs(shell: Shell, tmp_path: Path, word: str) -> None:
    file = openssh_key(tmp_path, word)
    shell.ok("people", "adopt", "zoe", str(file))
    shell.ok("--as", "ada", "people", "add", "zoe", "--role", "risk_officer")
    shell.ok("--as", "zoe", "approve", request_number(shell), "--yes")
    shell.ok("verify")


@needs_openssh
def test_a_key_in_a_file_signs_without_being_kept(shell: Shell, tmp_path: Path) -> None:
    file = openssh_key(tmp_path, "correct horse")
    shell.ok("--as", "ada", "people", "add", "zoe", "--role", "risk_officer", "--key", str(file.with_suffix(".pub")))
    number = request_number(shell)
    assert shell("--as", "zoe", "approve", number, "--yes").code == 2
    shell.ok("--as", "zoe", "approve", number, "--yes", "--with", str(file))
    shell.ok("verify")


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An agent of the test's own; returns the public half of the key that it holds."""
    place = tmp_path / "agent"
    running = subprocess.Popen(["ssh-agent", "-D", "-a", str(place)], stdout=subprocess.DEVNULL)
    while not place.exists() and running.poll() is None:
        os.sched_yield()
    monkeypatch.setenv("SSH_AUTH_SOCK", str(place))
    file = openssh_key(tmp_path)
    subprocess.run(["ssh-add", "-q", str(file)], check=True, stderr=subprocess.DEVNULL)
    file.unlink()
    yield file.with_suffix(".pub")
    running.terminate()
    running.wait(10)


@needs_openssh
def test_the_agent_signs(shell: Shell, agent: Path) -> None:
    line = agent.read_text().strip()
    shell.ok("--as", "ada", "people", "add", "zoe", "--role", "risk_officer", "--key", line)
    shell.ok("--as", "zoe", "approve", request_number(shell), "--yes")
    shell.ok("verify")


def test_the_ledgers_key_is_shown_and_rotated(shell: Shell) -> None:
    first = shell.ok("key", "show").out.strip()
    assert first.startswith(f"{ORIGIN}+")
    document = shell.json("--as", "ada", "key", "rotate", "--reason", "yearly")
    shell.ok("--as", "mia", "alerts", "ack", "drift")
    shown = shell.json("key", "show")
    assert shown["key"] == document["key"] != first
    assert [each["key"] for each in shown["keys"]] == [first, document["key"]]
    shell.ok("verify", "--key", first, "--key", document["key"])
    shell.ok("key", "show", "-o", "ledger.vkey")
    shell.ok("prove", "3", "-o", "p.tlog-proof")
    shell.ok("verify", "p.tlog-proof", "--key", "ledger.vkey")


def test_a_restored_backup_goes_on_under_a_new_name(shell: Shell, tmp_path: Path) -> None:
    old = shell.ok("key", "show").out.strip()
    shutil.copy(shell.ledger, tmp_path / "backup.db")
    shell.ok("--as", "mia", "alerts", "ack", "drift")
    shell.ok("checkpoint", "-o", "lost.checkpoint")
    for each in shell.ledger.parent.glob("ledger.db-*"):
        each.unlink()
    shutil.copy(tmp_path / "backup.db", shell.ledger)
    assert "assay continue --new-origin" in shell("checkpoint").err
    document = shell.json("--as", "ada", "continue", "--new-origin", NEW, "--reason", "the disk was lost")
    assert document["origin"] == NEW
    assert shell.json("checkpoint")["origin"] == NEW
    shell.ok("--as", "lea", "request", "fx-vol@2")
    shell.ok("verify", "--key", document["key"])
    shell.ok("verify", "--key", old)
    said = shell("verify", "--checkpoint", "lost.checkpoint")
    assert said.code == 1
    assert f"was signed by {ORIGIN}, from which this copy parted after" in said.out
    said = shell("--as", "ada", "continue", "--new-origin", ORIGIN)
    assert said.code == 2
    assert "was called" in said.err
    with ledger.open(shell.ledger, read_only=True) as book:
        assert book.origin == NEW


def test_adopting_needs_no_ledger(empty: Shell, tmp_path: Path) -> None:
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    file = openssh_key(tmp_path)
    key = empty.json("people", "adopt", "ada", str(file))["key"]
    assert str(Keystore().public("ada")) == key
