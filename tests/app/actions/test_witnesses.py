"""Witnesses through the commands: a file in, a file out, on two machines that share nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.app.story import ORIGIN, Shell

WITNESS = "witness.example.com/ada"


@pytest.fixture
def key(shell: Shell) -> str:
    """The ledger's verifier key."""
    return shell.ok("key", "show").out.strip()


class Away:
    """Another machine, with a home of its own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.shell = Shell(folder)
        self._monkeypatch = monkeypatch
        folder.mkdir()

    def __call__(self, *words: str) -> Shell:
        with self._monkeypatch.context() as context:
            context.setenv("XDG_CONFIG_HOME", str(self.shell.root / "config"))
            self.said = self.shell(*words)
        return self.shell

    def ok(self, *words: str) -> str:
        self(*words)
        assert self.said.code == 0, self.said
        return self.said.out


@pytest.fixture
def away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, key: str) -> Away:
    """The witness's machine, which watches the ledger."""
    made = Away(tmp_path / "witness", monkeypatch)
    made.ok("witness", "init", WITNESS)
    made.ok("witness", "trust", key)
    return made


@pytest.fixture
def witness_key(away: Away) -> str:
    import json

    found: str = json.loads(away.ok("witness", "show", "--json"))["witnesses"][0]["key"]
    return found


def cosigned(shell: Shell, away: Away, *words: str) -> None:
    shell.ok("witness", "request", "-o", "request.txt", *words)
    shutil.move(shell.root / "request.txt", away.shell.root / "request.txt")
    away.ok("witness", "cosign", "request.txt", "-o", "cosigned.txt")
    shutil.move(away.shell.root / "cosigned.txt", shell.root / "cosigned.txt")


def policy(shell: Shell, key: str, witness_key: str) -> str:
    (shell.root / "policy").write_text(f"log {key}\nwitness w1 {witness_key}\ngroup g all w1\nquorum g\n")
    return "policy"


def test_a_witness_vouches_again_and_again(shell: Shell, away: Away, key: str, witness_key: str) -> None:
    cosigned(shell, away)
    said = shell.json("--as", "ada", "witness", "add", "cosigned.txt", "--key", witness_key)
    assert said["witnesses"] == [WITNESS]
    assert [each["type"] for each in said["events"]] == ["ledger.witnessed"]
    assert said["events"][0]["subject"] == f"ledger/{ORIGIN}"
    shell.ok("--as", "mia", "alerts", "ack", "drift")
    cosigned(shell, away)
    second = shell.json("--as", "ada", "witness", "add", "cosigned.txt")
    assert second["size"] == said["size"] + 2
    report = shell.json("verify", "--policy", policy(shell, key, witness_key))
    assert report["ok"]
    assert report["checked"]["witnessed"] == second["size"]
    again = shell("--as", "ada", "witness", "add", "cosigned.txt")
    assert again.code == 1
    assert "no new cosignature" in again.err


def test_a_policy_is_met_by_a_ledger_and_a_proof_or_not(shell: Shell, away: Away, key: str, witness_key: str) -> None:
    file = policy(shell, key, witness_key)
    shell.ok("prove", "3", "-o", "bare.tlog-proof")
    for words in (("verify", "--policy", file), ("verify", "bare.tlog-proof", "--policy", file)):
        said = shell(*words)
        assert said.code == 1
        assert "quorum g is not met" in said.out
    cosigned(shell, away)
    shell.ok("--as", "ada", "witness", "add", "cosigned.txt", "--policy", file)
    shell.ok("verify", "--policy", file)
    shell.ok("prove", "3", "-o", "vouched.tlog-proof")
    document = shell.json("verify", "vouched.tlog-proof", "--policy", file)
    assert document["cosigned"] == ["w1"]
    assert "cosigned by w1" in shell.ok("verify", "vouched.tlog-proof", "--policy", file).out
    (shell.root / "bad").write_text("quorum nobody\n")
    assert shell("verify", "--policy", "bad").code == 2


def test_a_bundle_rests_on_what_a_quorum_vouched_for(shell: Shell, away: Away, key: str, witness_key: str) -> None:
    file = policy(shell, key, witness_key)
    said = shell("bundle", "early", "--policy", file)
    assert said.code == 2
    assert "no stored checkpoint meets the policy" in said.err
    cosigned(shell, away)
    shell.ok("--as", "ada", "witness", "add", "cosigned.txt", "--policy", file)
    vouched = shell.json("bundle", "vouched", "--policy", file)
    newest = shell.json("bundle", "newest")
    assert newest["size"] == vouched["size"] + 1
    shell.ok("verify", "vouched", "--policy", file)
    shell.ok("verify", "newest", "--key", key)
    assert "quorum g is not met" in shell("verify", "newest", "--policy", file).out
    assert len(list((shell.root / "newest/checkpoints").iterdir())) == 1


def test_an_older_copy_is_not_vouched_for(shell: Shell, away: Away, key: str, witness_key: str, tmp_path: Path) -> None:
    shutil.copy(shell.ledger, tmp_path / "backup.db")
    shell.ok("--as", "mia", "alerts", "ack", "drift")
    cosigned(shell, away)
    for each in shell.ledger.parent.glob("ledger.db-*"):
        each.unlink()
    shutil.copy(tmp_path / "backup.db", shell.ledger)
    shell.ok("witness", "request", "-o", "request.txt")
    shutil.move(shell.root / "request.txt", away.shell.root / "request.txt")
    away("witness", "cosign", "request.txt")
    assert away.said.code == 1
    assert "it is an older one, or the log was cut" in away.said.err
    refused = shell("--as", "ada", "witness", "add", "cosigned.txt", "--key", witness_key)
    assert refused.code == 1
    assert "it is an older copy" in refused.err


def test_a_forked_ledger_is_convicted(shell: Shell, away: Away, key: str, tmp_path: Path) -> None:
    """The ledger's key is in both copies' hands: whoever signs two histories hands the witness the proof."""
    twin = tmp_path / "twin"
    shutil.copytree(shell.root, twin)
    shell.ok("--as", "mia", "alerts", "ack", "drift", "--note", "one")
    cosigned(shell, away)
    for memory in (tmp_path / "home").rglob("*.signed"):
        memory.unlink()
    other = Shell(twin)
    other.ok("--as", "mia", "alerts", "ack", "drift", "--note", "two")
    other.ok("witness", "request", "-o", "request.txt", "--old", str(len(other.json("log", "-n", "0")["events"])))
    shutil.move(twin / "request.txt", away.shell.root / "request.txt")
    away("witness", "cosign", "request.txt")
    assert away.said.code == 1
    assert "it has been forked" in away.said.err
    (proof,) = away.shell.root.rglob("*.misbehaviour.json")
    shutil.copy(proof, shell.root / "proof.misbehaviour.json")
    said = shell("verify", "proof.misbehaviour.json", "--key", key)
    assert said.code == 1
    assert "signed two histories" in said.out
    document = shell("verify", "proof.misbehaviour.json", "--key", key, "--json").document
    assert [each["kind"] for each in document["findings"]] == ["forked"]
    (shell.root / "proof.misbehaviour.json").write_bytes(proof.read_bytes().replace(b"newer", b"never"))
    assert shell("verify", "proof.misbehaviour.json", "--key", key).code == 2


def test_a_ledger_that_was_forked_convicts_itself(shell: Shell, key: str, tmp_path: Path) -> None:
    """Two copies with the ledger's key went on apart: with the one's checkpoint the other gives the proof."""
    twin = Shell(Path(shutil.copytree(shell.root, tmp_path / "twin")))
    shell.ok("--as", "mia", "alerts", "ack", "drift", "--note", "one")
    shell.ok("checkpoint", "-o", "kept.txt")
    for memory in (tmp_path / "home").rglob("*.signed"):
        memory.unlink()
    twin.ok("--as", "mia", "alerts", "ack", "drift", "--note", "two")
    twin.ok("--as", "lea", "request", "fx-vol@2")
    kept = str(shell.root / "kept.txt")
    said = twin("verify", "--checkpoint", kept, "--misbehaviour", "proof.misbehaviour.json")
    assert said.code == 1
    assert "forked" in said.out
    assert "signed two histories" in shell("verify", str(twin.root / "proof.misbehaviour.json"), "--key", key).out
    assert "--misbehaviour FILE keeps the proof" in twin("verify", "--checkpoint", kept).out


def test_what_is_not_vouched_for(shell: Shell, away: Away, key: str, witness_key: str) -> None:
    said = shell("--as", "ada", "witness", "add", "assay.toml", "--key", witness_key)
    assert said.code == 1
    assert "no cosigned checkpoint" in said.err
    shell.ok("checkpoint", "-o", "plain.txt")
    assert "a cosignature counts only under a key" in shell("--as", "ada", "witness", "add", "plain.txt").err
    assert "no new cosignature" in shell("--as", "ada", "witness", "add", "plain.txt", "--key", witness_key).err
    assert shell("witness", "request", "--old", "999").code == 2
    assert shell("witness", "request", "--old", "-1").code == 2


def test_witnesses_here(empty: Shell) -> None:
    assert "there is no witness here" in empty.ok("witness", "show").out
    assert "say which witness" in empty("witness", "cosign", "x").err
    for name in ("w/1", "w/2"):
        empty.ok("witness", "init", name)
    assert "w/1, w/2" in empty("witness", "cosign", "x").err
    assert "cannot be a witness's name" in empty("witness", "init", "a b").err
    assert [each["name"] for each in empty.json("witness", "show")["witnesses"]] == ["w/1", "w/2"]
    assert "assay witness init w/3" in empty("witness", "show", "w/3").err
