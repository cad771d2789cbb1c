"""In a real terminal: colour, the question before a signature, Ctrl-C, a passphrase that is typed."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pexpect
import pytest

from tests.app.story import Shell, request_number

ROOT = Path(__file__).parents[3]


def terminal(shell: Shell, *words: str, **environ: str) -> pexpect.spawn:
    """A command in a pseudo-terminal of 120 columns."""
    variables = {**os.environ, "TERM": "xterm-256color", "PYTHONPATH": str(ROOT), **environ}
    return pexpect.spawn(
        sys.executable,
        ["-m", "app.cli", "-C", str(shell.root), *words],
        env={name: item for name, item in variables.items() if item},
        encoding="utf-8",
        dimensions=(36, 120),
        timeout=60,
    )


def finished(child: pexpect.spawn) -> tuple[int | None, str]:
    """The exit code, and all that was printed since the last expectation."""
    child.expect(pexpect.EOF)
    child.close()
    return child.exitstatus, child.before or ""


def test_states_are_painted_and_can_be_left_plain(shell: Shell) -> None:
    _, painted = finished(terminal(shell, "verify"))
    assert "\x1b[32m✓ intact\x1b[0m" in painted
    for words, environ in (((), {"NO_COLOR": "1"}), ((), {"TERM": "dumb"}), (("--plain",), {})):
        code, plain = finished(terminal(shell, "verify", *words, **environ))
        assert code == 0
        assert "✓ intact" in plain
        assert "\x1b[3" not in plain


def test_a_terminal_without_utf8(shell: Shell) -> None:
    code, said = finished(terminal(shell, "verify", PYTHONIOENCODING="ascii", PYTHONUTF8="0"))
    assert code == 0
    assert "+ intact" in said
    assert said.isascii()


def test_an_approval_shows_its_bytes_and_wants_the_hash(shell: Shell) -> None:
    number = request_number(shell)
    before = shell.json("verify")["head"]
    child = terminal(shell, "--as", "jon", "approve", number)
    child.expect("sha256 ([0-9a-f]{64})")
    assert '"verdict":"approve"' in child.before
    fingerprint = child.match[1]
    child.expect("Type the last 4 characters of the hash to sign: ")
    child.sendline("zzzz")
    code, said = finished(child)
    assert code == 2
    assert "nothing was signed" in said
    assert shell.json("verify")["head"] == before

    child = terminal(shell, "--as", "jon", "approve", number)
    child.expect("sha256 ([0-9a-f]{64})")
    assert child.match[1] != fingerprint  # the moment of signing is in it
    fingerprint = child.match[1]
    child.expect("to sign: ")
    child.sendline(fingerprint[-4:])
    code, said = finished(child)
    assert code == 0
    assert "jon approved" in said
    (decision,) = shell.json("approvals")["requests"][0]["decisions"]
    assert decision["signer"] == "jon"


def test_ctrl_c_at_the_question_signs_nothing(shell: Shell) -> None:
    before = shell.json("verify")["head"]
    child = terminal(shell, "--as", "jon", "approve", request_number(shell))
    child.expect("to sign: ")
    child.sendintr()
    code, said = finished(child)
    assert code == 130
    assert said.strip().endswith("assay: interrupted")
    assert "Traceback" not in said
    assert shell.json("verify")["head"] == before


def test_a_typed_passphrase_opens_the_key_and_is_not_echoed(shell: Shell) -> None:
    child = terminal(shell, "--as", "jon", "approve", request_number(shell), "--yes", ASSAY_PASSPHRASE_FILE="")
    child.expect("Passphrase of jon's key: ")
    child.sendline("correct horse")
    code, said = finished(child)
    assert code == 0, said
    assert "correct horse" not in said
    assert "jon approved" in said


def test_a_new_key_asks_twice(empty: Shell) -> None:
    child = terminal(empty, "--as", "ada", "init", "--origin", "example.com/x", ASSAY_PASSPHRASE_FILE="")
    child.expect("New passphrase of ada's key: ")
    child.sendline("one")
    child.expect("Again: ")
    child.sendline("two")
    code, said = finished(child)
    assert code == 2
    assert "the two passphrases differ" in said
    assert empty.bytes() == {}


@pytest.mark.parametrize("answer", ["", "\x04"])
def test_no_passphrase_is_no_signature(shell: Shell, answer: str) -> None:
    child = terminal(shell, "--as", "jon", "approve", request_number(shell), "--yes", ASSAY_PASSPHRASE_FILE="")
    child.expect("Passphrase of jon's key: ")
    child.send(answer or "\n")
    code, said = finished(child)
    assert code == 2
    assert re.search(r"assay: .*passphrase", said)
