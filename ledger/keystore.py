"""Secret keys on disk: the ledger's own, and people's.

They lie in the user's configuration folder, files of mode 0600, a person's encrypted by a passphrase; never in the
workspace, but for the demo's, which say so in their first line.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.errors import InputError, KeyUnavailable
from ledger.format import names
from ledger.format.keys import PublicKey, SecretKey, VerifierKey

DEMO_FOLDER = "demo-keys"
DEMO_MARK = "# DEMO KEY: not encrypted, known to anyone who has this folder. Never use it for anything real.\n"

Passphrase = Callable[[str], bytes]
"""Asks for the passphrase of the named person's key."""


def default_folder() -> Path:
    """``keys`` in the user's configuration folder, as the platform has it."""
    from platformdirs import user_config_path

    return user_config_path("assay", appauthor=False) / "keys"


class Keystore:
    """A folder of secret keys: ``people/<name>.pem`` and ``ledgers/<key id>.pem``."""

    def __init__(self, folder: Path | None, *, demo: bool = False) -> None:
        """Args: the folder, made when first needed, the user's where ``None``; whether its keys are a demo's."""
        self._folder = folder
        self.demo = demo

    @cached_property
    def folder(self) -> Path:
        """Where the keys lie. Whoever only reads a ledger never asks where the user's are."""
        return self._folder or default_folder()

    @classmethod
    def for_ledger(cls, path: Path, folder: Path | None = None) -> Keystore:
        """The keys that go with a ledger's file: ``folder``, else a demo's keys beside it, else the user's."""
        if folder is not None:
            return cls(folder, demo=folder.name == DEMO_FOLDER)
        beside = path.parent / DEMO_FOLDER
        return cls(beside, demo=True) if beside.is_dir() else cls(None)

    def has_person(self, name: str) -> bool:
        """Whether a secret key of ``name`` lies here."""
        return self._person(name).exists()

    def make_person(self, name: str, passphrase: bytes | None = None) -> PublicKey:
        """Make and keep a key for ``name``, encrypted where a passphrase is given.

        Raises:
            InputError: there is one already.
        """
        path = self._person(name)
        if path.exists():
            raise InputError(f"{path} holds a key of {name} already; a key is never overwritten")
        secret = SecretKey.generate()
        self._write(path, secret, passphrase)
        return secret.public

    def public(self, name: str) -> PublicKey:
        """The public part of a person's key, readable without the passphrase."""
        path = self._person(name).with_suffix(".pub")
        try:
            return PublicKey.parse(path.read_text().strip())
        except FileNotFoundError:
            raise self._absent(name) from None
        except ValueError as error:
            raise KeyUnavailable(f"{path} is no public key: {error}") from None

    def is_encrypted(self, name: str) -> bool:
        """Whether opening the key of ``name`` takes a passphrase."""
        return b"ENCRYPTED" in self._read(self._person(name), name)

    def unlock(self, name: str, passphrase: Passphrase | None = None) -> SecretKey:
        """The secret key of ``name``.

        Args:
            name: the person or automation identity.
            passphrase: asked for only where the key is encrypted.

        Raises:
            KeyUnavailable: there is none, or the passphrase is wrong or cannot be asked for.
        """
        path = self._person(name)
        data = self._read(path, name)
        word: bytes | None = None
        if b"ENCRYPTED" in data:
            if passphrase is None:
                raise KeyUnavailable(
                    f"the key of {name} is encrypted; set ASSAY_PASSPHRASE_FILE or run this in a terminal to be asked"
                )
            word = passphrase(name)
        try:
            return _load(data, word)
        except (ValueError, UnsupportedAlgorithm):
            raise KeyUnavailable(f"{path} does not open: a wrong passphrase, or no Ed25519 key") from None

    def make_ledger(self, origin: str) -> VerifierKey:
        """Make and keep the key of a new ledger; returns its verifier key."""
        secret = SecretKey.generate()
        verifier = VerifierKey.ed25519(origin, secret.public)
        self._write(self._ledger(verifier), secret, None)
        return verifier

    def ledger(self, verifier: VerifierKey) -> SecretKey | None:
        """The secret key behind a ledger's verifier key, or ``None`` where it is not held here."""
        path = self._ledger(verifier)
        if not path.exists():
            return None
        try:
            secret = _load(path.read_bytes(), None)
        except (ValueError, UnsupportedAlgorithm, OSError) as error:
            raise KeyUnavailable(f"{path} cannot be used as the ledger's key: {error}") from None
        if secret.public.raw != verifier.public:
            raise KeyUnavailable(f"{path} is not the key that {verifier.name} names; put the right one back")
        return secret

    @contextmanager
    def signing(self, verifier: VerifierKey) -> Iterator[None]:
        """Hold a ledger's key to oneself: no other process compares, signs and remembers within the block.

        The writers' lock does not suffice: two copies of a ledger have one key and a lock each.
        """
        path = self._ledger(verifier).with_suffix(".lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise KeyUnavailable(f"cannot lock the key at {path}: {error.strerror}") from None
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def last_signed(self, verifier: VerifierKey) -> tuple[int, str] | None:
        """The size and root (hex) of the last checkpoint that was signed with a ledger's key, or ``None``."""
        path = self._ledger(verifier).with_suffix(".signed")
        try:
            state = json.loads(path.read_text())
            return int(state["size"]), str(state["root"])
        except FileNotFoundError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            raise KeyUnavailable(
                f"{path} does not say what was signed last ({error}); restore it before signing"
            ) from None

    def remember_signed(self, verifier: VerifierKey, size: int, root: str) -> None:
        """Keep, durably and before the signature is handed out, what was signed last."""
        path = self._ledger(verifier).with_suffix(".signed")
        _replace(path, json.dumps({"root": root, "size": size}).encode() + b"\n")

    def _person(self, name: str) -> Path:
        return self.folder / "people" / f"{names.quote(name)}.pem"

    def _ledger(self, verifier: VerifierKey) -> Path:
        return self.folder / "ledgers" / f"{verifier.id.hex()}.pem"

    def _read(self, path: Path, name: str) -> bytes:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            raise self._absent(name) from None
        except OSError as error:
            raise KeyUnavailable(f"{path} cannot be read: {error.strerror}") from None

    def _absent(self, name: str) -> KeyUnavailable:
        return KeyUnavailable(f"there is no secret key of {name} in {self.folder}; `assay people add {name}` makes one")

    def _write(self, path: Path, secret: SecretKey, passphrase: bytes | None) -> None:
        key = Ed25519PrivateKey.from_private_bytes(secret.seed)
        protection: serialization.KeySerializationEncryption = (
            serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
        )
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
        mark = DEMO_MARK.encode() if self.demo else b""
        public = f"{secret.public}\n".encode()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            _replace(path.with_suffix(".pub"), public)
            _replace(path, mark + pem)
        except OSError as error:
            raise KeyUnavailable(f"cannot keep a key at {path}: {error.strerror}") from None


def _load(data: bytes, passphrase: bytes | None) -> SecretKey:
    key = serialization.load_pem_private_key(data, passphrase)
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return SecretKey.from_seed(key.private_bytes_raw())


def _replace(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` in one step, on the disk when this returns, readable by its owner alone."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.write(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
