"""Decisions signed on another machine: what is carried there, and what is taken back."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from ledger import keyfiles
from ledger.format import decision, dsse
from ledger.format.keys import SecretKey
from ledger.keystore import Keystore
from tests.app.story import ORIGIN, Shell, request_number


@pytest.fixture
def number(shell: Shell) -> str:
    return request_number(shell)


@pytest.fixture
def laptop(shell: Shell, tmp_path: Path) -> Shell:
    """Another machine: no ledger on it."""
    (tmp_path / "laptop").mkdir()
    return Shell(tmp_path / "laptop")


def carried(shell: Shell, laptop: Shell, *words: str) -> bytes:
    """The statement, written beside the ledger and carried to the laptop."""
    shell.ok(*words, "--statement-only", "-o", "s.json")
    for name in ("s.json", "s.json.pae"):
        shutil.move(shell.root / name, laptop.root / name)
    return (laptop.root / "s.json").read_bytes()


@pytest.mark.parametrize("verdict", ["approve", "reject"])
def test_there_and_back(shell: Shell, laptop: Shell, number: str, verdict: str) -> None:
    before = shell.bytes()
    reason = ("--reason", "seen; “fine”")
    data = carried(shell, laptop, "--as", "jon", verdict, number, *reason)
    assert shell.bytes() == before
    assert (laptop.root / "s.json.pae").read_bytes() == dsse.pae(decision.PAYLOAD_TYPE, data)
    signed = laptop.json("sign", "s.json", "-o", "e.json", "--yes")
    assert (signed["signer"], signed["verdict"], signed["origin"]) == ("jon", verdict, ORIGIN)
    shutil.copy(laptop.root / "e.json", shell.root)
    said = shell.json(verdict, number, "--signed", "e.json")
    assert said["event"]["actor"] == "jon"
    assert base64.b64decode(said["decision"]["statement"]) == data
    shell.ok("verify")


def test_the_statement_is_printed_byte_for_byte(shell: Shell, number: str) -> None:
    out = shell.ok("--as", "jon", "approve", number, "--statement-only").out
    stated = decision.parse(out.encode())
    assert decision.statement(stated).decode() == out
    assert (stated.signer, stated.verdict, stated.origin) == ("jon", "approve", ORIGIN)
    assert stated.checkpoint is not None


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_openssl_is_enough_to_sign(shell: Shell, laptop: Shell, number: str, tmp_path: Path) -> None:
    """The other machine needs no Assay: any Ed25519 signer over the bytes of the .pae file."""
    data = carried(shell, laptop, "--as", "jon", "approve", number)
    key = Keystore().unlock("jon", lambda _: b"correct horse")
    assert isinstance(key, SecretKey)
    pem = tmp_path / "jon.pem"
    pem.write_bytes(keyfiles.save(key, None))
    subprocess.run(
        ["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", pem, "-in", "s.json.pae", "-out", "sig"],
        cwd=laptop.root,
        check=True,
    )
    envelope = {
        "payload": base64.b64encode(data).decode(),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [{"keyid": "", "sig": base64.b64encode((laptop.root / "sig").read_bytes()).decode()}],
    }
    (shell.root / "e.json").write_text(json.dumps(envelope))
    shell.ok("approve", number, "--signed", "e.json")
    shell.ok("verify")


def test_a_decision_counts_once_and_on_its_own_request_alone(shell: Shell, laptop: Shell, number: str) -> None:
    carried(shell, laptop, "--as", "jon", "approve", number)
    laptop.ok("sign", "s.json", "-o", "e.json", "--yes")
    shutil.copy(laptop.root / "e.json", shell.root)
    second = str(shell.json("--as", "lea", "request", "fx-vol@2")["request"]["seq"])
    assert f"on request {number}, not on request {second}" in shell("approve", second, "--signed", "e.json").err
    assert f"`assay approve {number} --signed`" in shell("reject", number, "--signed", "e.json").err
    shell.ok("approve", number, "--signed", "e.json")
    replayed = shell("approve", number, "--signed", "e.json")
    assert replayed.code == 1
    assert "has decided on request" in replayed.err


def test_a_forged_or_changed_decision_is_refused(shell: Shell, laptop: Shell, number: str) -> None:
    data = carried(shell, laptop, "--as", "jon", "approve", number)
    stranger = dsse.sign(data, decision.PAYLOAD_TYPE, [SecretKey.generate()])
    laptop.ok("sign", "s.json", "-o", "e.json", "--yes")
    own = json.loads((laptop.root / "e.json").read_text())
    changed = {**own, "payload": base64.b64encode(data.replace(b'"jon"', b'"mia"')).decode()}
    for envelope in (stranger, changed):
        (shell.root / "e.json").write_text(json.dumps(envelope))
        said = shell("approve", number, "--signed", "e.json")
        assert said.code == 1, said
        assert "the signature is not by a key of" in said.err


def test_what_is_no_decision(shell: Shell, laptop: Shell, number: str) -> None:
    for text in ("{}", "nonsense", "[]", '{"payload": 3}', '{"payload": "AAAA"}'):
        (shell.root / "e.json").write_text(text)
        said = shell("approve", number, "--signed", "e.json")
        assert said.code == 2
        assert "this is no signed decision" in said.err
    (laptop.root / "s.json").write_text("{}")
    said = laptop("sign", "s.json", "--yes")
    assert said.code == 2
    assert "is no statement to sign" in said.err


def test_options_that_do_not_go_together(shell: Shell, number: str) -> None:
    assert shell("--as", "jon", "approve", number, "--statement-only", "--signed", "e.json").code == 2
    assert "goes with --statement-only" in shell("--as", "jon", "approve", number, "--yes", "-o", "x").err
    assert "needs a reason" in shell("--as", "jon", "reject", number, "--yes").err


def test_nobody_is_there_to_be_asked(shell: Shell, laptop: Shell, number: str) -> None:
    carried(shell, laptop, "--as", "jon", "approve", number)
    said = laptop("sign", "s.json")
    assert said.code == 2
    assert "--yes signs without asking" in said.err
