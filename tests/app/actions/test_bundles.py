"""``assay bundle``, ``assay verify DIR`` and ``assay backup``."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import ledger
from ledger.events.ledgers import LedgerVerified
from tests.app.story import ORIGIN, Shell


@pytest.fixture
def key(shell: Shell) -> str:
    """The ledger's verifier key."""
    return shell.ok("key", "show").out.strip()


def kinds(document: dict[str, list[dict[str, object]]]) -> set[tuple[object, object]]:
    return {(each["kind"], each["seq"]) for each in document["findings"]}


def test_a_bundle_is_verified_in_two_ways(shell: Shell, key: str, tmp_path: Path) -> None:
    said = shell.json("bundle", "audit", "--artifact", "ecb-rates", "--artifact", "fx-vol@2")
    assert (said["origin"], said["key"], said["findings"]) == (ORIGIN, key, [])
    assert said["artifacts"] == ["dataset/fx-hedging/ecb-rates@1", "model/fx-hedging/fx-vol@2"]
    away = Shell(tmp_path)
    shutil.move(shell.root / "audit", tmp_path / "audit")
    report = away.json("verify", "audit", "--key", key)
    assert report["ok"]
    assert (report["origin"], report["size"], report["root"]) == (ORIGIN, said["size"], said["root"])
    assert report["checked"]["artifacts"] == 2
    assert report["checked"]["decisions"] >= 3
    assert report["vouched"]
    script = [sys.executable, "-I", str(tmp_path / "audit/verify.py"), "--key", key]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    text = (tmp_path / "audit/report.md").read_text()
    assert "dataset/fx-hedging/ecb-rates@1" in text
    assert "found nothing: the record is intact" in text


def test_without_a_key_a_bundle_vouches_for_itself_alone(shell: Shell, key: str) -> None:
    shell.ok("bundle", "audit")
    said = shell.ok("verify", "audit")
    assert "unvouched" in said.out
    assert not shell.json("verify", "audit")["vouched"]
    other = shell("verify", "audit", "--key", str(_stranger()))
    assert other.code == 1
    assert "signature" in other.out
    (shell.root / "audit/keys/ledger.vkey").unlink()
    assert shell("verify", "audit").code == 2


def _stranger() -> object:
    from ledger.format.keys import SecretKey, VerifierKey

    return VerifierKey.ed25519(ORIGIN, SecretKey.generate().public)


def test_one_subject_with_its_artifact(shell: Shell, key: str) -> None:
    said = shell.json("bundle", "about", "--subject", "fx-vol@2", "--artifact", "fx-vol@2")
    assert said["subject"] == "model/fx-hedging/fx-vol@2"
    assert 5 < said["events"] < said["size"]
    report = shell.json("verify", "about", "--key", key)
    assert report["ok"]
    assert not report["complete"]
    assert report["checked"]["proofs"] == said["events"]
    assert report["checked"]["artifacts"] == 1
    assert shell.json("bundle", "one", "--subject", "seq:0")["subject"] == f"ledger/{ORIGIN}"
    assert shell("bundle", "none", "--subject", "nothing").code == 2
    assert not (shell.root / "none").exists()


def test_a_damaged_bundle(shell: Shell, key: str) -> None:
    shell.ok("bundle", "audit", "--artifact", "fx-vol@2")
    (entries,) = (shell.root / "audit/tile/entries").rglob("*.p/*")
    (hashes,) = (shell.root / "audit/tile/0").rglob("*.p/*")
    (artifact,) = (shell.root / "audit/artifacts").iterdir()
    (inside,) = artifact.iterdir()
    changes: list[tuple[Path, bytes, bytes, tuple[str, int | None]]] = [
        (entries, b'"actor":"lea"', b'"actor":"mia"', ("edited", 7)),
        (inside, b"0.1", b"0.2", ("edited", None)),
    ]
    for path, old, new, expected in changes:
        before = path.read_bytes()
        assert old in before
        path.write_bytes(before.replace(old, new, 1))
        said = shell("verify", "audit", "--key", key, "--json")
        assert (said.code, kinds(said.document)) == (1, {expected})
        path.write_bytes(before)
    before = hashes.read_bytes()
    hashes.write_bytes(bytes([before[0] ^ 1, *before[1:]]))
    assert kinds(shell("verify", "audit", "--key", key, "--json").document) == {("tree", 0)}
    hashes.write_bytes(before)
    (shell.root / "audit/tile/0/007").write_bytes(before)
    assert kinds(shell("verify", "audit", "--key", key, "--json").document) == {("tree", None)}
    (shell.root / "audit/tile/0/007").unlink()
    shell.ok("verify", "audit", "--key", key)
    (shell.root / "audit/checkpoint").write_text("nonsense")
    assert kinds(shell("verify", "audit", "--key", key, "--json").document) == {("malformed", None)}


def test_a_damaged_bundle_of_one_subject(shell: Shell, key: str) -> None:
    shell.ok("bundle", "about", "--subject", "fx-vol@2")
    path = shell.root / "about/proofs/0.tlog-proof"
    before = path.read_text()
    path.write_text(before.replace("index 0", "index 1"))
    assert kinds(shell("verify", "about", "--key", key, "--json").document) == {("edited", 1)}
    path.write_text((shell.root / "about/proofs/1.tlog-proof").read_text())
    assert kinds(shell("verify", "about", "--key", key, "--json").document) == {("reordered", 1)}


def test_a_checkpoint_kept_elsewhere_is_held_against_a_bundle(shell: Shell, key: str) -> None:
    shell.ok("bundle", "audit")
    shell.ok("--as", "mia", "alerts", "ack", "drift")
    shell.ok("checkpoint", "-o", "later.txt")
    said = shell("verify", "audit", "--key", key, "--checkpoint", "later.txt", "--json")
    assert {kind for kind, _ in kinds(said.document)} == {"truncated"}


def test_what_cannot_be_written(shell: Shell) -> None:
    (shell.root / "there").mkdir()
    (shell.root / "there/file").touch()
    assert "exists already" in shell("bundle", "there").err
    assert "does not exist" in shell("bundle", "no/where").err
    assert "exists already" in shell("backup", "there/file").err
    assert "does not exist" in shell("backup", "no/where.db").err


def test_a_backup_is_one_verified_file(shell: Shell, key: str, tmp_path: Path) -> None:
    said = shell.json("backup", "copy.db", "--objects")
    assert said["ok"]
    assert said["objects"] > 0
    assert not list(shell.root.glob("copy.db-*"))
    with sqlite3.connect(shell.root / "copy.db") as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()
    shell.ok("verify", "copy.db", "--key", key)
    shutil.move(shell.root / "copy.db", tmp_path / "ledger.db")
    shutil.move(shell.root / "objects", tmp_path / "objects")
    shell.ok("--ledger", str(tmp_path / "ledger.db"), "artifact", "check")


def test_a_backup_while_others_write(shell: Shell) -> None:
    stop = threading.Event()
    written = 0

    def write() -> None:
        nonlocal written
        with ledger.open(shell.ledger) as book:
            while not stop.is_set():
                book.record(LedgerVerified("0" * 64, 1, True), subject=f"ledger/{ORIGIN}", actor="ada")
                written += 1

    thread = threading.Thread(target=write)
    thread.start()
    try:
        sizes = [shell.json("backup", f"copy{n}.db")["size"] for n in range(3)]
    finally:
        stop.set()
        thread.join()
    assert sizes == sorted(sizes)
    assert written > 10
    for n in range(3):
        shell.ok("verify", f"copy{n}.db")


def test_a_damaged_ledger_is_backed_up_as_it_is_and_told(shell: Shell) -> None:
    connection = sqlite3.connect(shell.ledger)
    connection.execute("DROP TRIGGER events_keep_update")
    connection.execute("UPDATE events SET actor = 'nobody' WHERE seq = 3")
    connection.commit()
    connection.close()
    said = shell("backup", "copy.db", "--json")
    assert said.code == 1
    assert ("columns", 3) in kinds(said.document)
    assert shell("verify", "copy.db").code == 1
