"""Secret keys on disk: people's, in several forms and several at a time; the ledger's and its memory; witnesses'."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from ledger import keyfiles
from ledger.errors import InputError, KeyUnavailable
from ledger.format import openssh
from ledger.format.keys import PublicKey, SecretKey
from ledger.keystore import DEMO_FOLDER, Keystore, open_file

WORD = b"correct horse"

needs_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="ssh-keygen is not installed")


def answer(_: str) -> bytes:
    return WORD


@pytest.fixture
def store(tmp_path: Path) -> Keystore:
    return Keystore(tmp_path / "keys")


def ssh_key(folder: Path, word: str = "", kind: str = "ed25519") -> Path:
    file = folder / f"id_{kind}"
    subprocess.run(["ssh-keygen", "-q", "-t", kind, "-N", word, "-C", "ada@host", "-f", str(file)], check=True)
    return file


def test_a_key_is_kept_for_its_owner_alone(store: Keystore) -> None:
    public = store.make_person("ada", WORD)
    file = store.folder / "people" / "ada.pem"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert store.is_encrypted("ada")
    assert store.public("ada") == public
    secret = store.unlock("ada", answer)
    assert public.verify(secret.sign(b"m"), b"m")
    assert WORD not in file.read_bytes()


def test_a_wrong_passphrase_and_nobody_to_ask(store: Keystore) -> None:
    store.make_person("ada", WORD)
    with pytest.raises(KeyUnavailable, match="a wrong passphrase"):
        store.unlock("ada", lambda _: b"wrong")
    with pytest.raises(KeyUnavailable, match="ASSAY_PASSPHRASE_FILE"):
        store.unlock("ada")


def test_a_key_is_never_overwritten(store: Keystore) -> None:
    store.make_person("ada")
    with pytest.raises(InputError, match="never overwritten"):
        store.make_person("ada")
    store.make_witness("w.example/1")
    with pytest.raises(InputError, match="never overwritten"):
        store.make_witness("w.example/1")


def test_several_keys_of_one_person(store: Keystore) -> None:
    first = store.make_person("ada")
    second = store.make_person("ada", WORD, another=True)
    store.make_person("ada.b")
    assert store.held("ada") == [first, second]
    assert store.public("ada") == second
    assert store.unlock("ada", answer).public == second
    assert store.unlock("ada", answer, among={str(first)}).public == first
    assert store.unlock("ada", answer, among={str(second)}).public == second
    # None of them counts: what lies here is offered all the same, and the ledger's rules say what is wrong with it.
    assert store.unlock("ada", answer, among=set()).public == second


def test_an_absent_key(store: Keystore) -> None:
    for look in (store.public, store.is_encrypted, store.unlock):
        with pytest.raises(KeyUnavailable, match=r"no secret key of ada.*assay people add ada"):
            look("ada")
    assert not store.has_person("ada")
    with pytest.raises(KeyUnavailable, match="assay witness init w"):
        store.witness("w")


@needs_ssh_keygen
@pytest.mark.parametrize("word", ["", WORD.decode()])
def test_an_openssh_key_serves_as_it_is(store: Keystore, tmp_path: Path, word: str) -> None:
    file = ssh_key(tmp_path, word)
    public = store.adopt("ada", file)
    assert public == openssh.parse_public(file.with_suffix(".pub").read_text())
    assert store.is_encrypted("ada") == bool(word)
    assert (store.folder / "people" / "ada.pem").read_bytes() == file.read_bytes()
    secret = store.unlock("ada", answer)
    assert secret.public == public
    assert public.verify(secret.sign(b"m"), b"m")
    with pytest.raises(InputError, match="already"):
        store.adopt("ada", file)
    (store.folder / "people" / "ada.pub").unlink()
    assert store.public("ada") == public


@needs_ssh_keygen
def test_what_is_no_ed25519_key_is_not_adopted(store: Keystore, tmp_path: Path) -> None:
    (tmp_path / "noise").write_bytes(b"\x00noise")
    for file in (ssh_key(tmp_path, kind="ecdsa"), tmp_path / "noise", tmp_path / "absent"):
        with pytest.raises(InputError):
            store.adopt("ada", file)
    assert not store.has_person("ada")


def test_an_encrypted_pem_is_adopted_with_its_public_half_beside(store: Keystore, tmp_path: Path) -> None:
    secret = SecretKey.generate()
    file = tmp_path / "key.pem"
    file.write_bytes(keyfiles.save(secret, WORD))
    with pytest.raises(InputError, match="no Ed25519 secret key"):
        store.adopt("ada", file)
    (tmp_path / "key.pem.pub").write_text(f"{secret.public}\n")
    assert store.adopt("ada", file) == secret.public
    assert store.unlock("ada", answer).public == secret.public


def test_a_demo_key_says_that_it_is_one(tmp_path: Path) -> None:
    store = Keystore.for_ledger(tmp_path / "ledger.db", tmp_path / DEMO_FOLDER)
    public = store.make_person("ada")
    assert (store.folder / "people" / "ada.pem").read_bytes().startswith(b"# DEMO KEY")
    assert store.unlock("ada").public == public


def test_the_ledgers_key_and_its_memory(store: Keystore) -> None:
    verifier = store.make_ledger("example.com/l")
    secret = store.ledger(verifier)
    assert secret is not None
    assert secret.public.raw == verifier.public
    assert store.last_signed(verifier) is None
    left = store.folder / "ledgers" / f"{verifier.id.hex()}.signed.4711.new"
    left.write_text("{")
    with store.signing(verifier):
        store.remember_signed(verifier, 7, "ab" * 32)
    assert store.last_signed(verifier) == (7, "ab" * 32)
    assert not left.exists(), "what a killed process left is swept"
    (store.folder / "ledgers" / f"{verifier.id.hex()}.signed").write_text("{}")
    with pytest.raises(KeyUnavailable, match="does not say what was signed last"):
        store.last_signed(verifier)


def test_what_cannot_be_kept_is_not_signed(store: Keystore) -> None:
    verifier = store.make_ledger("example.com/l")
    (store.folder / "ledgers" / f"{verifier.id.hex()}.signed").mkdir()
    with pytest.raises(KeyUnavailable, match=r"cannot keep what is signed at .*; nothing was signed"):
        store.remember_signed(verifier, 7, "ab" * 32)


def test_another_key_under_the_ledgers_name_is_noticed(store: Keystore) -> None:
    verifier = store.make_ledger("example.com/l")
    place = store.folder / "ledgers" / f"{verifier.id.hex()}.pem"
    place.write_bytes(keyfiles.save(SecretKey.generate(), None))
    with pytest.raises(KeyUnavailable, match="is not the key that example"):
        store.ledger(verifier)
    place.write_bytes(b"noise")
    with pytest.raises(KeyUnavailable, match="cannot be used as the ledger's key"):
        store.ledger(verifier)


def test_witnesses(store: Keystore) -> None:
    assert store.witnesses() == []
    key = store.make_witness("w.example/1")
    secret, folder = store.witness("w.example/1")
    assert (key.type, key.public, key.name) == (0x04, secret.public.raw, "w.example/1")
    assert folder.parent == store.folder / "witnesses"
    assert store.witnesses() == ["w.example/1"]


def test_a_key_in_a_file(tmp_path: Path) -> None:
    secret = SecretKey.generate()
    file = tmp_path / "key.pem"
    file.write_bytes(keyfiles.save(secret, WORD))
    assert open_file(file, "ada", answer).public == secret.public
    (tmp_path / "key.pub").write_text(openssh.public_line(secret.public, "ada"))
    with pytest.raises(KeyUnavailable, match="no ssh-agent runs here"):
        open_file(tmp_path / "key.pub", "ada", answer)
    (tmp_path / "bad.pub").write_text("ssh-ed25519 AAAA")
    with pytest.raises(KeyUnavailable, match="ends within"):
        open_file(tmp_path / "bad.pub", "ada", answer)
    with pytest.raises(KeyUnavailable, match="cannot be read"):
        open_file(tmp_path / "absent", "ada", answer)


def test_a_public_key_beside_that_is_none(store: Keystore) -> None:
    public = store.make_person("ada", WORD)
    beside = store.folder / "people" / "ada.pub"
    beside.write_text("noise")
    with pytest.raises(KeyUnavailable, match="is no public key"):
        store.public("ada")
    beside.unlink()
    with pytest.raises(KeyUnavailable, match="is missing"):
        store.public("ada")
    beside.write_text(str(public))
    assert isinstance(store.public("ada"), PublicKey)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written(tmp_path: Path) -> None:
    (tmp_path / "shut").mkdir(mode=0o500)
    with pytest.raises(KeyUnavailable, match="cannot keep a key"):
        Keystore(tmp_path / "shut" / "keys").make_person("ada")


def test_a_disk_that_fills_up_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "memory"
    keyfiles.replace(place, b"before")
    written = os.write

    def short(descriptor: int, data: bytes) -> int:
        if len(data) < 4:
            raise OSError(28, "No space left on device")
        return written(descriptor, bytes(data[:4]))

    monkeypatch.setattr(os, "write", short)
    keyfiles.replace(place, b"in two parts")
    assert place.read_bytes() == b"in two parts"
    with pytest.raises(OSError, match="No space left"):
        keyfiles.replace(place, b"too long by one")
    assert place.read_bytes() == b"in two parts"
    assert [each.name for each in tmp_path.iterdir()] == ["memory"]
