"""``assay prove`` and ``assay verify`` of what left the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.story import ORIGIN, Shell


@pytest.fixture
def key(shell: Shell) -> str:
    """The ledger's verifier key."""
    import ledger

    with ledger.open(shell.ledger, read_only=True) as book:
        return str(book.verifier)


def test_a_proof_verifies_without_the_ledger(shell: Shell, key: str, tmp_path: Path) -> None:
    shell.ok("prove", "3", "-o", "three.tlog-proof")
    away = tmp_path / "away"
    away.mkdir()
    (shell.root / "three.tlog-proof").rename(away / "three.tlog-proof")
    (away / "ledger.vkey").write_text(f"{key}\n")
    elsewhere = Shell(away)
    for given in (key, "ledger.vkey"):
        said = elsewhere.ok("verify", "three.tlog-proof", "--key", given)
        assert "proven" in said.out
        assert ORIGIN in said.out
    document = elsewhere.json("verify", "three.tlog-proof", "--key", key)
    assert document["ok"]
    assert document["event"]["seq"] == 3
    assert document["index"] == 3


def test_a_proof_is_printed_as_it_is(shell: Shell, key: str) -> None:
    text = shell.ok("prove", "seq:0").out
    assert shell.json("prove", "0")["proof"] == text
    (shell.root / "zero").write_text(text)
    assert shell.ok("verify", "zero", "--key", key)


def test_a_checkpoint_is_signed_where_none_covers_the_event(shell: Shell, key: str) -> None:
    size = len(shell.json("log", "-n", "0")["events"])
    proof = shell.json("prove", str(size - 1))
    assert proof["size"] == size
    said = shell("prove", str(size))
    assert said.code == 2
    assert f"the log holds 0 to {size - 1}" in said.err


def test_a_changed_proof_is_a_finding(shell: Shell, key: str) -> None:
    text = shell.ok("prove", "3").out
    (shell.root / "p.tlog-proof").write_text(text.replace("index 3", "index 2"))
    said = shell("verify", "p.tlog-proof", "--key", key)
    assert said.code == 1
    assert "not proven" in said.out
    assert "edited" in said.out
    (shell.root / "p.tlog-proof").write_text("nonsense")
    assert shell("verify", "p.tlog-proof", "--key", key).code == 1


def test_a_proof_needs_a_key(shell: Shell, key: str) -> None:
    shell.ok("prove", "3", "-o", "p.tlog-proof")
    for words in ((), ("--key", "nonsense"), ("--key", "a+b"), ("--key", key, "--record")):
        said = shell("verify", "p.tlog-proof", *words)
        assert said.code == 2, words
        assert said.err.startswith("assay: ")
    said = shell("prove", "three")
    assert said.code == 2
    assert "is no event's number" in said.err


def test_a_ledger_may_be_held_against_several_keys(shell: Shell, key: str) -> None:
    shell.ok("verify", "--key", key)
    other = key.replace(ORIGIN, "example.com/other")
    assert shell("verify", "--key", other).code == 2


def test_proving_what_is_signed_writes_nothing_to_the_ledger(shell: Shell, key: str, tmp_path: Path) -> None:
    before = shell.bytes()
    shell.ok("prove", "3", "-o", str(tmp_path / "three.tlog-proof"))
    assert shell.bytes() == before


class TestSince:
    def test_what_is_new(self, shell: Shell) -> None:
        shell.ok("checkpoint", "-o", "kept")
        size = shell.json("verify")["size"]
        shell.ok("--as", "mia", "alerts", "ack", "drift")
        said = shell.ok("verify", "--since", "kept")
        assert "intact" in said.out
        assert f"not checked\n    events 0 to {size - 2}: that the tree over them has the signed root" in said.out
        document = shell.json("verify", "--since", "kept")
        assert (document["size"], document["checked"]["events"]) == (size + 1, 2)
        assert len(document["unchecked"]) == 2

    def test_a_checkpoint_that_is_none(self, shell: Shell, key: str) -> None:
        (shell.root / "other").write_text("nonsense")
        shell.ok("prove", "3", "-o", "p.tlog-proof")
        for words in (("other",), ("absent",), ("other", "p.tlog-proof", "--key", key), ("other", "--record")):
            said = shell("verify", "--since", *words)
            assert (said.code, said.err.count("\n")) == (2, 1), said
            assert said.err.startswith("assay: ")
