"""OpenSSH's Ed25519 keys, held against what ``ssh-keygen`` and ``cryptography`` write."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from ledger.format import openssh
from ledger.format.keys import PublicKey, SecretKey
from ledger.format.openssh import OpenSSHError

SEED = bytes(range(32))


def written(passphrase: bytes | None = None) -> tuple[bytes, PublicKey]:
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    protection = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, protection)
    return pem, SecretKey(SEED).public


@given(st.binary(min_size=32, max_size=32), st.sampled_from(["", "ada@host", "two words"]))
def test_a_line_round_trips(raw: bytes, comment: str) -> None:
    public = PublicKey(raw)
    assert openssh.parse_public(openssh.public_line(public, comment)) == public


def test_a_line_is_the_one_that_others_write() -> None:
    pem, public = written()
    loaded = serialization.load_ssh_private_key(pem, None)
    line = loaded.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    assert openssh.public_line(public) == line.decode()


def test_the_head_of_a_private_key() -> None:
    for word in (None, b"correct horse"):
        pem, public = written(word)
        assert openssh.is_private(pem)
        assert openssh.parse_private_head(pem) == openssh.PrivateHead(public, word is not None)
    assert not openssh.is_private(b"-----BEGIN PRIVATE KEY-----\n")


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
@pytest.mark.parametrize("word", ["", "correct horse"])
def test_what_ssh_keygen_writes(tmp_path: Path, word: str) -> None:
    file = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", word, "-C", "a b", "-f", str(file)], check=True)
    head = openssh.parse_private_head(file.read_bytes())
    assert head.encrypted == bool(word)
    assert head.public == openssh.parse_public(file.with_suffix(".pub").read_text())


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")
def test_another_kind_of_key_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ecdsa", "-N", "", "-f", str(file)], check=True)
    with pytest.raises(OpenSSHError, match="ecdsa-sha2-nistp256"):
        openssh.parse_private_head(file.read_bytes())
    with pytest.raises(OpenSSHError, match="is ssh-ed25519, base64"):
        openssh.parse_public(file.with_suffix(".pub").read_text())


@pytest.mark.parametrize(
    "line",
    [
        "",
        "ssh-ed25519",
        "ssh-rsa AAAA",
        "ssh-ed25519 ???",
        "ssh-ed25519 AAAA",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5",
        "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAAQA=",
    ],
)
def test_malformed_lines(line: str) -> None:
    with pytest.raises(OpenSSHError):
        openssh.parse_public(line)


@given(st.data())
def test_no_cut_of_a_private_key_does_more_than_fail(data: st.DataObject) -> None:
    pem, _ = written()
    at = data.draw(st.integers(0, len(pem) - 1))
    cut = pem[:at] + data.draw(st.binary(max_size=2)) + pem[at + 1 :]
    try:
        head = openssh.parse_private_head(cut)
    except OpenSSHError:
        return
    assert len(head.public.raw) == 32
