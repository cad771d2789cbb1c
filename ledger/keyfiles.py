"""Ed25519 secret keys as files: PKCS#8 in PEM, and OpenSSH's own form; either may be encrypted by a passphrase."""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.format import openssh
from ledger.format.errors import FormatError
from ledger.format.keys import PublicKey, SecretKey


def is_encrypted(data: bytes) -> bool:
    """Whether opening the key in a file's bytes takes a passphrase."""
    if openssh.is_private(data):
        try:
            return openssh.parse_private_head(data).encrypted
        except FormatError:
            return False
    return b"ENCRYPTED" in data


def public_half(data: bytes) -> PublicKey | None:
    """The public key that belongs to the secret one in a file's bytes; ``None`` where only the passphrase tells."""
    if openssh.is_private(data):
        try:
            return openssh.parse_private_head(data).public
        except FormatError:
            return None
    try:
        return None if is_encrypted(data) else load(data, None).public
    except ValueError:
        return None


def load(data: bytes, passphrase: bytes | None) -> SecretKey:
    """The key in a file's bytes.

    Raises:
        ValueError: the passphrase is wrong, or this is no Ed25519 key.
    """
    try:
        if openssh.is_private(data):
            key = serialization.load_ssh_private_key(data, passphrase)
        else:
            key = serialization.load_pem_private_key(data, passphrase)  # type: ignore[assignment]
    except (UnsupportedAlgorithm, TypeError) as error:
        raise ValueError(str(error)) from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return SecretKey.from_seed(key.private_bytes_raw())


def save(secret: SecretKey, passphrase: bytes | None) -> bytes:
    """A key as PKCS#8 in PEM, encrypted where a passphrase is given."""
    key = Ed25519PrivateKey.from_private_bytes(secret.seed)
    protection: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    )
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)


def replace(path: Path, data: bytes) -> None:
    """Put ``data`` at ``path`` in one step, on the disk when this returns, readable by its owner alone.

    Raises:
        OSError: it cannot be written; what was there before is there still, and nothing beside it.
    """
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        try:
            rest = memoryview(data)
            while rest:  # a disk that is nearly full takes a part, and refuses the next
                rest = rest[os.write(descriptor, rest) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
